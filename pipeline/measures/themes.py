"""Indicators of the outlook's themes, year by year: flows, joint research, recognition, virtual, cross-disciplinary."""

from __future__ import annotations

import pandas as pd

from pipeline.measures.barrier_signals import value_of
from pipeline.measures.cohorts import ended_stays
from pipeline.measures.outcome_kinds import OUTCOMES
from pipeline.measures.partnerships import in_force, year_end
from pipeline.measures.stay_counts import VIRTUAL, begun, physical
from pipeline.measures.yearly import require

THEMES = ("flows", "joint_research", "recognition", "virtual", "cross_disciplinary")
COUNT, PERCENT, RATE = "stays", "%", "per_100"
COLUMNS = ["theme", "indicator", "unit", "year", "value", "error", "n", "k"]


def theme_series(
    stays: pd.DataFrame, agreements: pd.DataFrame, events: pd.DataFrame, source: str, year: int
) -> pd.DataFrame:
    """The indicators of each theme of one source, year by year.

    Parameters
    ----------
    stays, agreements, events
        The processed tables; only the rows of `source` count.
    year
        The last academic year, named by its end.

    Returns
    -------
    pandas.DataFrame
        theme, indicator, unit (stays, events, %, per_100), year, value, error (standard error; null for counts), n (base), k (yes of n, for percentages of stays).
        flows: inbound, outbound, and all of each level; joint_research: joint research stays, joint publications per 100 stays that ended; recognition: credits recognised, agreements in
        force with recognition; virtual: stays, online events; cross_disciplinary: stays in another field than that at home. An indicator without anything on record has no row; a year without
        stays in the midst of others is a true 0.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "mode": ["exchange", "exchange", "virtual"], "level": "7", "year": 2024, "field": "07",
    ...     "home_field": ["07", "04", "07"]})
    >>> theme_series(stays, pd.DataFrame(), pd.DataFrame(), "u", 2024)[["indicator", "value"]].values.tolist()
    [['inbound', 2.0], ['level_7', 2.0], ['virtual_stays', 1.0], ['cross_field', 50.0]]
    """
    require(stays, ("source", "direction", "mode", "level", "year"), "stays")
    own = stays[stays["source"].eq(source) & stays["year"].le(year).fillna(False)]
    if own.empty:
        return pd.DataFrame(columns=COLUMNS)
    agreed, held = (t[t["source"].eq(source)] if "source" in t else t for t in (agreements, events))
    span = list(range(int(own["year"].min()), year + 1))
    rows = begun(own)
    parts = [*_flows(physical(rows), span), *_research(own, rows, span, year), *_recognised(own, agreed, span, year)]
    parts += [*_virtual(rows, held, span), *_crossed(physical(rows))]
    kept = [part for part in parts if len(part) and part["value"].fillna(0).ne(0).any()]
    return pd.concat(kept, ignore_index=True)[COLUMNS] if kept else pd.DataFrame(columns=COLUMNS)


def _counted(theme: str, name: str, years: pd.Series, span: list[int], unit: str = COUNT) -> pd.DataFrame:
    n = years.dropna().astype(int).value_counts().reindex(span, fill_value=0)
    table = pd.DataFrame({"year": span, "value": n.to_numpy(dtype=float), "n": n.to_numpy(dtype=float)})
    return table.assign(theme=theme, indicator=name, unit=unit, error=None, k=None)


def _shared(theme: str, name: str, y: pd.Series, w: pd.Series, years: pd.Series, unit: str = PERCENT) -> pd.DataFrame:
    known = y.notna() & w.gt(0) & years.notna()
    rows = []
    for one, index in years[known].astype(int).groupby(years[known].astype(int)).groups.items():
        value, error = value_of(y[index].astype(float), w[index].astype(float), 100.0)
        yes = float(y[index].gt(0).sum())
        rows.append((theme, name, unit, int(str(one)), value, error, float(len(index)), yes))
    return pd.DataFrame(rows, columns=COLUMNS)


def _flows(rows: pd.DataFrame, span: list[int]) -> list[pd.DataFrame]:
    ways = [_counted("flows", d, rows.loc[rows["direction"].eq(d), "year"], span) for d in ("inbound", "outbound")]
    return ways + [_counted("flows", f"level_{k}", rows.loc[rows["level"].eq(k), "year"], span) for k in "678"]


def _research(own: pd.DataFrame, rows: pd.DataFrame, span: list[int], year: int) -> list[pd.DataFrame]:
    joint = physical(rows)
    found = [
        _counted("joint_research", "joint_research_stays", joint.loc[joint["mode"].eq("joint_research"), "year"], span)
    ]
    if {"joint_publications", "end", "outcome"} <= set(own.columns):
        base = OUTCOMES["publications_per_100"].base(physical(ended_stays(own, year, 1000)))
        papers = OUTCOMES["publications_per_100"].value(base)
        found.append(_shared("joint_research", "publications", papers, pd.Series(1.0, base.index), base["ended"], RATE))
    return found


def _recognised(own: pd.DataFrame, agreed: pd.DataFrame, span: list[int], year: int) -> list[pd.DataFrame]:
    found = []
    if {"credits_attempted", "credits_recognised", "end", "outcome"} <= set(own.columns):
        base = OUTCOMES["credit_recognition"].base(physical(ended_stays(own, year, 1000)))
        got, tried = (base[c].astype(float) for c in ("credits_recognised", "credits_attempted"))
        found.append(_shared("recognition", "credits_recognised", got, tried, base["ended"]))
    if {"recognised", "signed", "expires"} <= set(agreed.columns):
        flags = [agreed.loc[in_force(agreed, year_end(y)), "recognised"].dropna() for y in span]
        answers = pd.concat([f.astype(float) for f in flags], ignore_index=True)
        years = pd.Series([y for y, f in zip(span, flags, strict=True) for _ in range(len(f))], dtype="Int64")
        found.append(_shared("recognition", "recognised_agreements", answers, pd.Series(1.0, answers.index), years))
    return found


def _virtual(rows: pd.DataFrame, held: pd.DataFrame, span: list[int]) -> list[pd.DataFrame]:
    found = [_counted("virtual", "virtual_stays", rows.loc[rows["mode"].eq(VIRTUAL), "year"], span)]
    if {"online", "start"} <= set(held.columns) and len(held):
        start = pd.to_datetime(held["start"])
        ends = (start.dt.year + start.dt.month.ge(9)).astype("Int64")
        first = int(ends.min())
        online = ends[held["online"].eq(True).fillna(False)]
        found.append(_counted("virtual", "online_events", online, [y for y in span if y >= first], "events"))
    return found


def _crossed(rows: pd.DataFrame) -> list[pd.DataFrame]:
    if not {"field", "home_field"} <= set(rows.columns):
        return []
    known = rows[rows["field"].notna() & rows["home_field"].notna()]
    other = known["field"].ne(known["home_field"]).astype(float)
    return [_shared("cross_disciplinary", "cross_field", other, pd.Series(1.0, known.index), known["year"])]
