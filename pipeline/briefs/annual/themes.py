"""Themes of the outlook: flows, joint research, recognition, virtual, cross-disciplinary; what each does, and where it may go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.facts import first, records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.catalogue import N_
from pipeline.models.trend_tests import LEAST_YEARS

if TYPE_CHECKING:
    from pipeline.briefs.annual.looking_ahead import LookingAhead

THEMES = {
    "flows": N_("Flows"),
    "joint_research": N_("Joint research"),
    "recognition": N_("Recognition"),
    "virtual": N_("Virtual exchange"),
    "cross_disciplinary": N_("Across disciplines"),
}
INDICATORS = {
    "inbound": N_("Inbound stays"),
    "outbound": N_("Outbound stays"),
    "level_6": N_("Stays at bachelor level"),
    "level_7": N_("Stays at master’s level"),
    "level_8": N_("Stays at doctoral level"),
    "joint_research_stays": N_("Joint research stays"),
    "publications": N_("Joint publications per 100 stays"),
    "credits_recognised": N_("Credits recognised (%)"),
    "recognised_agreements": N_("Agreements with mutual recognition (%)"),
    "virtual_stays": N_("Virtual stays"),
    "online_events": N_("Events held online"),
    "cross_field": N_("Stays in another field than at home (%)"),
}
DRAWN = (
    "joint_research_stays",
    "publications",
    "credits_recognised",
    "recognised_agreements",
    "virtual_stays",
    "cross_field",
)
LEAST_DRAWN = 4  # years


def theme_blocks(brief: LookingAhead) -> list[blocks.Block]:
    """The section; nothing where the analysis left no indicator of a theme."""
    w, trends = brief.w, brief.facts.table("theme_trends")
    if trends.empty:
        return []
    lead = w(
        "Where cooperation may deepen: each theme by what the records show of it, its movement, and its outlook if past patterns go on."
    )
    found: list[blocks.Block] = [blocks.Section("themes", w("Themes of the outlook"), lead), _table(brief, trends)]
    figure = _figure(brief)
    found += [figure] if figure is not None else []
    short = trends[trends["reason"].eq("too_short")]
    absent = [w(THEMES[t]) for t in THEMES if t not in set(trends["theme"])]
    parts = []
    if len(short):
        names = w.list([_name(brief, i) for i in short["indicator"]])
        parts.append(w("Fewer than {n} years on record, too few for an outlook: {names}.", n=LEAST_YEARS, names=names))
    if absent:
        parts.append(w("Nothing on record: {names}.", names=w.list(absent)))
    return found + ([blocks.Note(w("No outlook"), brief.join(*parts), "gap")] if parts else [])


def _name(brief: LookingAhead, indicator: str) -> str:
    return brief.w(INDICATORS[indicator])


def _said(brief: LookingAhead, value: float, unit: str) -> str:
    w = brief.w
    return w.percent(value, digits=0) if unit == "%" else w.number(value, 1 if unit == "per_100" else 0)


def _table(brief: LookingAhead, trends: pd.DataFrame) -> blocks.Table:
    w = brief.w
    rows = [_row(brief, row) for row in records(trends)]
    columns = [
        blocks.Column("theme", w("Theme"), kind="note"),
        blocks.Column("what", w("Indicator")),
        blocks.Column("now", w.period(brief.period_like(brief.main_id, brief.facts.year), short=True), kind="number"),
        blocks.Column("trend", w("Trend")),
        blocks.Column("ahead", w("Outlook, 80% interval"), align="right"),
    ]
    end = _end(brief)
    notes = [
        w(
            "Stays to tens. Trend: a line through all years on record, weighed against chance; years that take after the one before count for less. Outlook for {period}; shares are forecast as log-odds. Inbound and outbound: the outlook above.",
            period=w.period(brief.period_like(brief.main_id, end)),
        ),
        *_record(brief),
    ]
    return blocks.Table("themes-table", w("Themes: latest, trend, outlook"), columns, rows, notes=notes)


def _row(brief: LookingAhead, row: Any) -> dict[str, blocks.Cell]:
    w, table = brief.w, brief.facts.table("themes")
    mine = table[table["indicator"].eq(row.indicator)]
    now = first(mine[mine["year"].eq(brief.facts.year) & mine["value"].notna()])
    signs = {"rises": w("▲ rising"), "falls": w("▼ falling"), "chance": w("● no trend")}
    return {
        "theme": w(THEMES[row.theme]),
        "what": _name(brief, row.indicator),
        "now": blocks.Num(now.value, _said(brief, now.value, row.unit)) if now is not None else None,
        "trend": signs.get(row.trend, w("○ too short")),
        "ahead": _ahead(brief, row, mine),
    }


def _end(brief: LookingAhead) -> int:
    table = brief.facts.table("themes")
    ahead = table[table["median"].notna()] if "median" in table else table.head(0)
    return int(ahead["year"].max()) if len(ahead) else brief.facts.year + brief.here.settings.horizon


def _ahead(brief: LookingAhead, row: Any, mine: pd.DataFrame) -> str | None:
    w = brief.w
    if row.theme == "flows":
        figure = brief.facts.figure("stays", row.indicator) if row.indicator in ("inbound", "outbound") else None
        future = brief.series_outlook(figure.series_id) if figure is not None else None
        if future is None:
            return None
        last = records(future.sort_values("year"))[-1]
        return w.range(brief.round(last.lower_80), brief.round(last.upper_80))
    ahead = mine[mine["median"].notna()] if "median" in mine else mine.head(0)
    last = first(ahead.sort_values("year").tail(1))
    if last is None or not known(last.lower_80):
        return None
    digits = 1 if row.unit == "per_100" else 0
    return w.range(last.lower_80, last.upper_80, percent=row.unit == "%", digits=digits)


def _record(brief: LookingAhead) -> list[str]:
    """How earlier outlooks of these series held."""
    w, told = brief.w, []
    names = {"%": w("of shares"), "counts": w("of numbers")}
    for row in records(brief.facts.table("theme_record")):
        told.append(
            w("{kind} {held} ({n})", kind=names[row.unit], held=w.percent(100 * row.held_80, digits=0), n=int(row.n))
        )
    return [w("Earlier 80% intervals held: {told}.", told=w("; ").join(told))] if told else []


def _figure(brief: LookingAhead) -> blocks.Figure | None:
    w, table = brief.w, brief.facts.table("themes")
    lines = []
    for indicator in DRAWN:
        rows = table[table["indicator"].eq(indicator) & table["value"].notna()].sort_values("year")
        if len(rows) < LEAST_DRAWN or not rows["value"].gt(0).any():
            continue
        period = [brief.period_like(brief.main_id, int(y)) for y in rows["year"]]
        data = pd.DataFrame({"year": rows["year"].astype(int), "value": rows["value"], "period": period})
        lines.append(charts.Line(_name(brief, indicator), data))
    if not lines:
        return None
    caption = w("Each on its own axis from 0. Years with few people are left out.")
    chart = charts.panels(lines, words=w, columns=3, changes=False)
    return blocks.Figure("themes-figure", w("Themes year by year"), chart, caption=caption)
