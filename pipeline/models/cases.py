"""Cases: which figures of a year moved beyond what the years before gave to expect, and what speaks for and against an explanation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.case_lines import COUNTRY, INSTITUTION, LINES, MODE, OUTCOME, PEOPLE, SUBJECT
from pipeline.measures.yearly import require
from pipeline.models.forecast import outlook
from pipeline.models.happenings import Happenings
from pipeline.models.log_odds import LogOdds
from pipeline.models.panel import MIN_OBSERVED

SMALL = 50  # people, the year before or in the base: of fewer, chance alone moves much
FEWEST_PEERS = 3
BEFORE = 3  # years whose mean coverage is the usual one
POOLS = ((SUBJECT, MODE), (COUNTRY, INSTITUTION), (OUTCOME,))  # lines from whose errors one learns about another
REACH = {"points": (1.0, 5.0)}  # a mean of points cannot leave its scale
BOUNDS = ["median", "lower_95", "upper_95"]
KEY = ["about", "name", "direction", "publisher", "measure"]
COLUMNS = [*KEY, "country", "unit", "year", "period", "value", "previous", "pct", "expected", "lower", "upper", "beyond", "departure", "side", "rank", "since", "back",
           "peers_pct", "peers", "alike_pct", "events_en", "events_zh", "definition", "inexact", "small", "n", "coverage", "coverage_before", "better"]  # fmt: skip


def change_cases(
    lines: pd.DataFrame, year: int, happenings: Happenings, experience: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What each line did in a year, what was to be expected, and the evidence for and against an explanation of what lies beyond.

    Parameters
    ----------
    lines
        From `published_lines`, `stay_lines` or `outcome_lines`.
    year
        Whose change is looked at; later years are not used.
    happenings
        Known and declared events.
    experience
        Other yearly totals to learn from (unit, year, value, status), as for `outlook`; only their years before `year` are used.

    Returns
    -------
    pandas.DataFrame
        One row a line that may be told, has figures of the year and the year before, and five years to learn from: about, name, direction, publisher, measure, country, unit, year, period, value, previous, pct (null
        of what is no number of people); expected, lower, upper (95 %): the outlook made of the years before alone; beyond (value − expected), departure (beyond over the reach of the interval on that side: past ±1 it lies outside), side (above,
        below, within), rank within about and unit (1 the farthest above, −1 the farthest below); since (the year from which it has moved the same way), back (it comes back to where an earlier year was); peers_pct, peers, alike_pct: median
        change of the others of its kind and direction (of a subject: of its partner countries), how many, the share that moved the same way at least half as much;
        events_en, events_zh (known and declared ones, with ";"); definition (a new definition), inexact (a rounded figure), small (fewer than 50 people), n (base, of outcomes), coverage, coverage_before (percent known, in the
        year and on the mean of three before); better (the side that is better, of outcomes). Numbers are given to the line's step; bounds are rounded outwards, and side is what the numbers given say. Evidence, not causes.

    Raises
    ------
    InputError
        A column is missing.

    Notes
    -----
    Percentages are expected as log-odds (`LogOdds`). Totals and modes, partners, outcomes: each is one panel, from whose errors the width of its intervals is learnt.

    Examples
    --------
    >>> from pipeline.measures import published_lines
    >>> from pipeline.models import Happenings, known_breaks
    >>> part = [pd.DataFrame({"partner": p, "year": range(2010, 2020), "value": [100.0 + g * k for k in range(10)]}) for p, g in (("KOR", 2), ("DEU", 3), ("FRA", 1))]
    >>> rows = pd.concat(part).assign(series_id="s", direction="inbound", publisher="P", measure="stock", level="all", mode="all", funding="all", status="A", exactness="exact")
    >>> rows.loc[rows.partner.eq("DEU") & rows.year.eq(2019), "value"] = 300.0
    >>> found = change_cases(published_lines(rows.assign(period=rows.year.astype(str)), 2019), 2019, Happenings(known_breaks()))
    >>> found.loc[found["rank"].eq(1), ["name", "side", "since"]].values.tolist()
    [['DEU', 'above', 2011]]
    """
    require(lines, tuple(LINES), "lines")
    rows = lines[lines["year"].le(year) & lines["value"].notna()]
    rows = rows.assign(line=rows.groupby(KEY, dropna=False, sort=False).ngroup()).sort_values(["line", "year"])
    pools = [rows[rows["about"].isin(pool)] for pool in POOLS]
    expected = [_expected(pool, year, experience) for pool in pools if len(pool)]
    ahead = {int(str(k)): v for table in expected for k, v in table.to_dict("index").items()}
    kept = [(int(str(k)), part) for k, part in rows.groupby("line", sort=False)]
    found = [_case(part, year, ahead[k], happenings) for k, part in kept if k in ahead and _judged(part, year)]
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.DataFrame([row | _peers(found, row) for row in found])
    return _ranked(table)[COLUMNS]


def _judged(part: pd.DataFrame, year: int) -> bool:
    return bool(part["told"].iloc[-1]) and {year, year - 1} <= set(part["year"])


def _expected(rows: pd.DataFrame, year: int, experience: pd.DataFrame | None) -> pd.DataFrame:
    """The outlook of the year from what was known before it, by line."""
    before = rows[rows["year"].lt(year)]
    before = before[before.groupby("line")["year"].transform("size").ge(MIN_OBSERVED)]
    scales: dict[int, LogOdds] = {}
    panel = []
    for line, part in before.groupby("line", sort=False):
        value = part["value"].astype(float)
        if part["unit"].iloc[0] == "%":
            scales[int(str(line))] = scale = LogOdds.of(value, part["n"])
            value = scale.entered(value, part["n"])
        panel.append(
            pd.DataFrame({"unit": f"line:{line}", "year": part["year"], "value": value, "status": part["status"]})
        )
    if not panel:
        return pd.DataFrame(columns=BOUNDS)
    if experience is not None:
        past = experience[experience["year"].lt(year)]
        panel.append(past.assign(unit="learnt:" + past["unit"].astype(str))[["unit", "year", "value", "status"]])
    ahead = outlook(pd.concat(panel, ignore_index=True), 1)
    ahead = ahead[ahead["year"].eq(year) & ahead["unit"].str.startswith("line:")]
    ahead = ahead.set_index(ahead["unit"].str.removeprefix("line:").astype(int))[BOUNDS].astype(float)
    for line in ahead.index.intersection(list(scales)):
        ahead.loc[[line]] = scales[int(line)].back(ahead.loc[[line]])
    return ahead


def _case(part: pd.DataFrame, year: int, ahead: dict[Any, Any], happenings: Happenings) -> dict[str, Any]:
    """One line's case, but for what its peers did."""
    last, line = part.iloc[-1], part.set_index("year")["value"].astype(float)
    step, people = float(last["step"]), last["unit"] == PEOPLE
    value, previous, expected = (_to(v, step) for v in (line[year], line[year - 1], ahead["median"]))
    least, most = REACH.get(str(last["unit"]), (0.0, np.inf))
    lower = max(_to(ahead["lower_95"], step, np.floor), least)
    upper = min(_to(ahead["upper_95"], step, np.ceil), most)
    row = {c: last[c] for c in [*KEY, "country", "unit", "period", "better", "coverage"]}
    row |= {
        "year": year,
        "value": value,
        "previous": previous,
        "pct": 100 * (value / previous - 1) if people and previous > 0 else np.nan,
    }
    row |= {"expected": expected, "lower": lower, "upper": upper, "beyond": _to(value - expected, step)}
    row |= {
        "departure": _departure(value, expected, lower, upper, step),
        "side": "above" if value > upper else "below" if value < lower else "within",
    }
    happened = happenings.of({str(k): v for k, v in last.items()}, year)
    redefined = bool(happened.pop("redefined")) or last["status"] == "B"
    usual = pd.to_numeric(part.loc[part["year"].between(year - BEFORE, year - 1), "coverage"]).mean()
    base = previous if people else float(last["n"])
    return row | happened | {
        "since": _since(line), "back": _comes_back(line), "definition": redefined, "small": bool(base < SMALL),
        "inexact": bool(part.loc[part["year"].ge(year - 1), "exactness"].ne("exact").any()),
        "n": np.nan if people else base, "coverage_before": round(float(usual)) if usual == usual else np.nan,
    }  # fmt: skip


def _half_up(x: float) -> float:
    return float(np.floor(x + 0.5))


def _to(value: float, step: float, rounding: Any = _half_up) -> float:
    """A number to a step, halves up as in `protect`; a bound that is a step but for the error of arithmetic stays one."""
    return round(float(rounding(round(float(value) / step, 6))) * step, 6)


def _departure(value: float, expected: float, lower: float, upper: float, step: float) -> float:
    """How far a value lies from what was expected, in reaches of the interval on that side, which is a step at least."""
    reach = upper - expected if value >= expected else expected - lower
    return (value - expected) / max(reach, step)


def _since(line: pd.Series) -> int:
    """The first year of the run of changes of one sign that goes on to the last year."""
    steps = np.sign(line.dropna().diff().dropna())
    turned = steps.index[steps.ne(steps.iloc[-1])]
    later = steps.index[steps.index > turned[-1]] if len(turned) else steps.index
    return int(later[0])


def _comes_back(line: pd.Series) -> bool:
    """Whether the run of changes only leads back to where an earlier year was, before what the run makes up for."""
    values, start = line.dropna(), _since(line)
    before = values[values.index < start].to_numpy(dtype=float)[:-1]
    if not len(before):
        return False
    last, previous = values.to_numpy(dtype=float)[[-1, -2]]
    return bool(last <= before.max() if last > previous else last >= before.min())


def _peers(cases: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, Any]:
    """What the others did: those of its kind in its direction; of a subject its partner countries, of an outcome nobody."""
    kind = COUNTRY if row["about"] == SUBJECT else row["about"]
    alike = (kind, row["direction"], row["measure"])
    others = [
        c["pct"] for c in cases if (c["about"], c["direction"], c["measure"]) == alike and c["name"] != row["name"]
    ]
    others, own = [float(p) for p in others if np.isfinite(p)], float(row["pct"])
    if len(others) < FEWEST_PEERS or not np.isfinite(own):
        return {"peers_pct": np.nan, "peers": len(others), "alike_pct": np.nan}
    moved = [p * np.sign(own) >= abs(own) / 2 if own else p == 0 for p in others]
    return {
        "peers_pct": float(np.median(others)),
        "peers": len(others),
        "alike_pct": round(100 * float(np.mean(moved))),
    }


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Of each kind and unit, those above what was expected as 1, 2, …, those below as −1, −2, …; the farthest above first."""
    kind = [table["about"], table["unit"]]
    up = table["beyond"].where(table["beyond"].gt(0)).groupby(kind).rank(ascending=False, method="first")
    down = table["beyond"].where(table["beyond"].lt(0)).groupby(kind).rank(method="first")
    table = table.assign(rank=up.fillna(-down).fillna(0).astype(int), _kind=np.arange(len(table)))
    first = table.groupby(kind, sort=False)["_kind"].transform("min")
    return table.assign(_kind=first).sort_values(
        ["_kind", "beyond"], ascending=[True, False], kind="stable", ignore_index=True
    )
