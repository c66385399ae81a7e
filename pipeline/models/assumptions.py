"""The scenarios that mobility.toml declares, each carried into the total it bears on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.declared import Scenario
from pipeline.errors import SettingsError, did_you_mean
from pipeline.measures.publishers import role_rank
from pipeline.measures.splitting import sums
from pipeline.measures.yearly import main_series
from pipeline.models.what_if import carried

COLUMNS = [
    "name_en", "name_zh", "kind", "from_year", "by", "direction", "partners", "measure", "series_id", "year", "median",
    "lower_80", "upper_80", "lower_95", "upper_95", "base", "base_lower_80", "base_upper_80", "reason",
]  # fmt: skip
_SIDES = ["lower_80", "upper_80", "lower_95", "upper_95"]


@dataclass(frozen=True)
class Grounds:
    """What scenarios stand on.

    Attributes
    ----------
    series : the subject's totals and partners, as `measures.series` gives
    parts : as `measures.parts` gives
    outlook, tested : of totals and parts, with ``unit``; the outlook adds up
    year : of the brief
    """

    series: pd.DataFrame
    parts: pd.DataFrame
    outlook: pd.DataFrame
    tested: pd.DataFrame
    year: int


def scenarios(declared: Iterable[Scenario], on: Grounds) -> pd.DataFrame:
    """Each declared scenario beside the outlook of the total it bears on.

    Parameters
    ----------
    declared : the subject's scenarios of mobility.toml
    on : outlook and what it is made of

    Returns
    -------
    One row a scenario and year of the outlook: its name, kind, from_year, by, direction, partners (joined by a space) and measure as declared; series_id of
    the total; median and bounds with the scenario; base, base_lower_80 and base_upper_80 without it. A scenario without numbers is one row with a reason:
    ``past`` (it begins in years that are known already), ``beyond`` (after the last year of the outlook), ``no_outlook`` (of its total), ``no_part`` (a
    partner has no outlook of its own: too few students, too short a series, or the publisher's partners do not add up to a total).

    Raises
    ------
    SettingsError
        A partner or measure is not in the data of that direction.
    """
    rows = [row for one in declared for row in _rows(one, on)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(one: Scenario, on: Grounds) -> list[dict[str, Any]]:
    told: dict[str, Any] = {
        "name_en": one.name_en, "name_zh": one.name_zh, "kind": one.kind, "from_year": one.from_year, "by": one.by,
        "direction": one.direction, "partners": " ".join(one.partners), "measure": one.measure,
    }  # fmt: skip
    total = _total(one, on)
    if total is None:
        return [{**told, "reason": "no_outlook"}]
    told |= {"series_id": total}
    ahead = on.outlook[on.outlook["unit"].eq(total)]
    if ahead.empty:
        return [{**told, "reason": "no_outlook"}]
    if one.from_year < ahead["year"].min():
        return [{**told, "reason": "past"}]
    if one.from_year > ahead["year"].max():
        return [{**told, "reason": "beyond"}]
    units = _units(one, total, on)
    if units is None:
        return [{**told, "reason": "no_part"}]
    rule = {"kind": one.kind, "from_year": one.from_year} | ({} if one.by is None else {"by": one.by})
    after = carried(on.outlook, on.tested, sums(on.parts), [{"unit": unit, **rule} for unit in units], _last_known(on))
    now = after[after["unit"].eq(total)].sort_values("year")
    was = ahead.set_index("year")
    return [
        {**told, "year": int(row["year"]), "median": row["median"], **{s: row[s] for s in _SIDES}}
        | {"base": was.loc[row["year"], "median"]}
        | {f"base_{s}": was.loc[row["year"], s] for s in _SIDES[:2]}
        for row in now.to_dict("records")
    ]


def _total(one: Scenario, on: Grounds) -> str | None:
    """The series that the scenario bears on."""
    rows = on.series[on.series["partner"].eq("WLD") & on.series["value"].notna()]
    rows = rows[(rows[["level", "mode", "funding"]] == "all").all(axis=1)]
    stays = rows[rows["measure"].eq("stays")]
    measure = one.measure or ("stays" if len(stays) else None)
    if one.measure is not None and one.measure not in set(rows["measure"]):
        hint = did_you_mean(one.measure, set(rows["measure"].astype(str)))
        raise SettingsError(_where(one), f"measure: no total of {one.measure!r} is at hand.", hint)
    if measure is None:
        way = [one.direction] if one.direction else ["inbound", "outbound"]
        return next((m for d in way if (m := main_series(rows, d)) is not None), None)
    found = rows[rows["measure"].eq(measure)]
    direction = one.direction or ("all" if measure == "stays" else "inbound")
    found = found[found["direction"].eq(direction)]
    if found.empty:
        return None
    ids = found.groupby("series_id").agg(publisher=("publisher", "first"), n=("year", "size"))
    ids["role"] = ids["publisher"].map(role_rank)
    return str(ids.sort_values(["role", "n"], ascending=[True, False]).index[0])


def _units(one: Scenario, total: str, on: Grounds) -> list[str] | None:
    if not one.partners:
        return [total]
    there = on.series[on.series["direction"].eq(str(one.direction)) & on.series["partner"].str.fullmatch("[A-Z]{3}")]
    codes = set(there["partner"]) - {"WLD"}
    own = on.parts[on.parts["total"].eq(total) & on.parts["by"].eq("partner")]
    units = dict(zip(own["part"], own["unit"], strict=True))
    for code in one.partners:
        if codes and code not in codes:
            hint = did_you_mean(code, set(units) - {"others"} or codes)
            raise SettingsError(_where(one), f"partner: there is no {one.direction} figure of {code!r}.", hint)
    chosen = [units.get(code) for code in one.partners]
    return [u for u in chosen if u] if all(u and u in set(on.outlook["unit"]) for u in chosen) else None


def _last_known(on: Grounds) -> dict[str, tuple[int, float]]:
    """The last known year and value of every unit."""
    totals = on.series[on.series["series_id"].isin(on.outlook["unit"]) & on.series["value"].notna()]
    rows = pd.concat([totals.rename(columns={"series_id": "unit"}), on.parts])[["unit", "year", "value"]]
    rows = rows[rows["year"].le(on.year)].sort_values("year").drop_duplicates("unit", keep="last")
    return {str(r["unit"]): (int(r["year"]), float(r["value"])) for r in rows.to_dict("records")}


def _where(one: Scenario) -> str:
    return f"mobility.toml, scenario {one.name_en!r} of {one.subject}"
