"""Scenarios that an analyst sets, shown beside the outlook: what would follow if, not what is likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import SettingsError, did_you_mean
from pipeline.models.coherence import Sums

KINDS = ("closes", "scales", "grows")
_KEYS = {"unit", "kind", "from_year", "by"}


Known = Mapping[str, tuple[int, float]]


def scenario(outlook: pd.DataFrame, rules: Sequence[Mapping[str, object]], known: Known | None = None) -> pd.DataFrame:
    """Apply an analyst's assumptions to an outlook.

    Parameters
    ----------
    outlook : as `pipeline.outlook` gives
    rules : each has ``unit`` ("*" is every unit), ``kind``, ``from_year``, and ``by``:
        closes (the flow is 0 from that year), scales (times ``by``: 2 for a doubled quota), grows (by ``by`` a year, 0.05 is 5 %, from the median of
        the year before, or the last known value, or else the first forecast; the interval keeps its proportion to the median)
    known : last known year and value by unit

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
                out.loc[rows.index, columns] = _grown(out, rows, first, by, columns, known or {})
        out.loc[touched, "assumed"] = True
    return out


def carried(
    outlook: pd.DataFrame,
    tested: pd.DataFrame,
    sums: Sums,
    rules: Sequence[Mapping[str, object]],
    known: Known | None = None,
) -> pd.DataFrame:
    """A scenario on parts, carried into the totals that they are parts of.

    Parameters
    ----------
    outlook : as `models.coherent` gives: parts that add up to their totals
    tested : as `pipeline.backtest` gives for the same units: how their errors go together
    sums : as for `models.coherent`
    rules, known : as for `scenario`

    Returns
    -------
    As `scenario`, and every total above a changed part is moved by the change of that part, unless a rule sets it itself; ``assumed`` is true for
    those that a rule set, ``moved`` for the totals.

    Notes
    -----
    A total whose part is multiplied by f errs by its own error and f − 1 times that of the part. So the half-width of its new interval, on either
    side, is the root of the quadratic form of these widths with the correlations of errors between a total and its parts, and among parts: pooled
    over all pairs, origins and horizons in `tested`, because one pair has too few. Without three errors of a pair the wider of no and full
    correlation is taken. Nothing else is assumed to change: students of a partner who closes do not turn up elsewhere.

    Examples
    --------
    >>> ahead = pd.DataFrame({"unit": ["t", "a", "b"], "year": 2026, "median": [100.0, 40, 60], "lower_80": [80.0, 30, 45], "upper_80": [120.0, 50, 75]})
    >>> none = pd.DataFrame(columns=["unit", "origin", "horizon", "actual", "median"])
    >>> after = carried(ahead, none, [("t", ["a", "b"])], [{"unit": "a", "kind": "closes", "from_year": 2026}])
    >>> after[["median", "lower_80"]].round(1).values.tolist()
    [[60.0, 37.6], [0.0, 0.0], [60.0, 45.0]]
    """
    after = scenario(outlook, rules, known)
    set_ = set(after.loc[after["assumed"], "unit"])
    after = after.assign(moved=False)
    shared = _shared(tested, sums)
    for total in dict.fromkeys(total for total, _ in sums):
        below = sorted(_below(total, sums) & set_) if total not in set_ else []
        if below:
            _move(after, outlook, total, below, shared)
    return after


@dataclass(frozen=True)
class _Shared:
    """Correlations of errors, None where they are not known."""

    total_part: float | None
    part_part: float | None


def _below(total: str, sums: Sums) -> set[str]:
    """All units that a total is made of, however deep."""
    found: set[str] = set()
    open_ = [total]
    while open_:
        top = open_.pop()
        for name, parts in sums:
            if name == top:
                open_ += [p for p in parts if p not in found]
                found |= set(parts)
    return found


def _move(after: pd.DataFrame, before: pd.DataFrame, total: str, below: list[str], shared: _Shared) -> None:
    sides = [c for c in before.columns if c.startswith(("lower_", "upper_"))]
    old = before.set_index(["unit", "year"])
    new = after.set_index(["unit", "year"])
    for index, row in after[after["unit"] == total].iterrows():
        year = row["year"]
        there = [p for p in below if (p, year) in new.index and bool(new.loc[(p, year), "assumed"])]
        if not there:
            continue
        was = np.array([float(old.loc[(p, year), "median"]) for p in there])
        change = np.array([float(new.loc[(p, year), "median"]) for p in there]) - was
        factor = np.divide(change, was, out=np.zeros_like(was), where=was != 0)
        middle = float(row["median"])
        after.loc[index, "median"] = middle + change.sum()
        for side in sides:
            widths = np.abs([float(old.loc[(p, year), side]) for p in there] - was)
            half = _half_width(abs(float(row[side]) - middle), factor * widths, shared)
            bound = middle + change.sum() + (half if side.startswith("upper_") else -half)
            after.loc[index, side] = bound if min(was.min(), middle) < 0 else max(bound, 0.0)
        after.loc[index, "moved"] = True


def _half_width(own: float, extra: np.ndarray, shared: _Shared) -> float:
    """The root of the quadratic form, the widest over correlations that are not known."""
    widest = 0.0
    for up in (0.0, 1.0) if shared.total_part is None else (shared.total_part,):
        for across in (0.0, 1.0) if shared.part_part is None else (shared.part_part,):
            pairs = extra.sum() ** 2 - (extra**2).sum()
            square = own**2 + (extra**2).sum() + 2 * up * own * extra.sum() + across * pairs
            widest = max(widest, float(square))
    return float(np.sqrt(widest))


def _shared(tested: pd.DataFrame, sums: Sums) -> _Shared:
    if tested.empty:
        return _Shared(None, None)
    rows = tested.assign(error=tested["actual"] - tested["median"])
    wide = rows.pivot(index=["origin", "horizon"], columns="unit", values="error")
    z = wide / np.sqrt((wide**2).mean())
    up, across = [], []
    for total, parts in sums:
        known = [p for p in parts if p in z]
        if total in z:
            up += [_together(z[total], z[p]) for p in known]
        across += [_together(z[p], z[q]) for k, p in enumerate(known) for q in known[k + 1 :]]
    return _Shared(_mean(up), _mean(across))


def _together(a: pd.Series, b: pd.Series) -> float:
    product = (a * b).dropna()
    return float(product.mean()) if len(product) >= 3 else np.nan


def _mean(values: list[float]) -> float | None:
    known = [v for v in values if not np.isnan(v)]
    return float(np.clip(np.mean(known), -1, 1)) if known else None


def _grown(
    out: pd.DataFrame, rows: pd.DataFrame, first: int, by: float, columns: list[str], known: Known
) -> pd.DataFrame:
    unit = rows["unit"].iloc[0]
    earlier = out[(out["unit"] == unit) & (out["year"] < first)].sort_values("year")
    if len(earlier):
        year, value = earlier.iloc[-1][["year", "median"]]
    else:
        year, value = known.get(str(unit)) or rows.sort_values("year").iloc[0][["year", "median"]]
    target = value * (1 + by) ** (rows["year"] - year)
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
