"""Scenarios that an analyst sets, shown beside the outlook: what would follow if, not what is likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from pipeline.errors import SettingsError, did_you_mean

KINDS = ("closes", "scales", "grows")
_KEYS = {"unit", "kind", "from_year", "by"}


def scenario(outlook: pd.DataFrame, rules: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Apply an analyst's assumptions to an outlook.

    Parameters
    ----------
    outlook : as `pipeline.outlook` gives
    rules : each has ``unit`` ("*" is every unit), ``kind``, ``from_year``, and ``by``:
        closes (the flow is 0 from that year), scales (times ``by``: 2 for a doubled quota), grows (from the median of the year before, or of
        the first forecast year, by ``by`` a year: 0.05 is 5 %; the interval keeps its proportion to the median)

    Returns
    -------
    The outlook's rows changed as told, in the given order of rules, with column ``assumed`` true where a rule set them.

    Raises
    ------
    SettingsError
        A rule is not as described.

    Examples
    --------
    >>> ahead = pd.DataFrame({"unit": "a", "year": [2026, 2027], "median": [100.0, 110], "lower_80": [80.0, 88], "upper_80": [120.0, 132]})
    >>> scenario(ahead, [{"unit": "a", "kind": "scales", "from_year": 2027, "by": 2}])[["median", "upper_80", "assumed"]].values.tolist()
    [[100.0, 120.0, False], [220.0, 264.0, True]]
    """
    columns = ["median", *(c for c in outlook.columns if c.startswith(("lower_", "upper_")))]
    out = outlook.assign(assumed=False)
    for place, rule in enumerate(rules, 1):
        kind, unit, first, by = _checked(rule, f"scenario, rule {place}", set(outlook["unit"].astype(str)))
        touched = (out["year"] >= first) & ((out["unit"].astype(str) == unit) | (unit == "*"))
        if kind == "closes":
            out.loc[touched, columns] = 0.0
        elif kind == "scales":
            out.loc[touched, columns] *= by
        else:
            for _, rows in out[touched].groupby("unit", observed=True):
                out.loc[rows.index, columns] = _grown(out, rows, first, by, columns)
        out.loc[touched, "assumed"] = True
    return out


def _grown(out: pd.DataFrame, rows: pd.DataFrame, first: int, by: float, columns: list[str]) -> pd.DataFrame:
    earlier = out[(out["unit"] == rows["unit"].iloc[0]) & (out["year"] < first)].sort_values("year")
    anchor = earlier.iloc[-1] if len(earlier) else rows.sort_values("year").iloc[0]
    target = anchor["median"] * (1 + by) ** (rows["year"] - anchor["year"])
    factor = (target / rows["median"]).where(rows["median"] != 0, 0.0)
    return rows[columns].mul(factor, axis=0)


def _checked(rule: Mapping[str, object], where: str, units: set[str]) -> tuple[str, str, int, float]:
    if unknown := sorted(set(rule) - _KEYS):
        raise SettingsError(where, f"{unknown[0]!r} is not a key of a rule.", did_you_mean(unknown[0], _KEYS))
    kind, unit, first, by = rule.get("kind"), str(rule.get("unit", "")), rule.get("from_year"), rule.get("by")
    if kind not in KINDS:
        raise SettingsError(where, f"kind is {kind!r}.", did_you_mean(str(kind), KINDS))
    if unit != "*" and unit not in units:
        raise SettingsError(where, f"{unit!r} has no outlook.", did_you_mean(unit, units | {"*"}))
    if not isinstance(first, int):
        raise SettingsError(where, f"from_year is {first!r}, not a year.", "Write e.g. from_year = 2027.")
    if kind != "closes" and not (isinstance(by, (int, float)) and (by >= 0 if kind == "scales" else by > -1)):
        raise SettingsError(
            where, f"by is {by!r}.", "scales takes a factor of 0 or more, grows a yearly rate such as 0.05."
        )
    return str(kind), unit, first, float(by) if isinstance(by, (int, float)) else 0.0
