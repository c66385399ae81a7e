"""The composite of the scorecard, where one is asked for: never without the range of its ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.catalogue import N_
from pipeline.measures.registry.registry import indicators

if TYPE_CHECKING:
    from pipeline.briefs.annual.brief import Brief

NAMED = 3
WAYS = {
    "min_max": N_("min-max (worst 1, best 100)"),
    "z_score": N_("z-scores (mean 100, standard deviation 10)"),
    "arithmetic": N_("arithmetic mean"),
    "geometric": N_("geometric mean"),
}


def composite_blocks(brief: Brief) -> list[blocks.Block]:
    """The table of ranks with their ranges, and how it was made; nothing where no composite was asked for or could be made."""
    table = brief.facts.table("composite")
    if table.empty or not table["score"].notna().any():
        return []
    return [_table(brief, table), _how(brief, table, brief.facts.table("composite_parts"))]


def _unit(brief: Brief, unit: str, of: str) -> str:
    w = brief.w
    if of == "years":
        return w.period(brief.period_like(brief.main_id, int(unit)), short=True)
    if unit == brief.facts.subject:
        return brief.subject_name()
    return w.country(unit) if len(unit) == 3 and unit.isupper() else unit


def _table(brief: Brief, table: pd.DataFrame) -> blocks.Table:
    w, rows = brief.w, []
    for r in records(table):
        row: dict[str, blocks.Cell] = {"unit": _unit(brief, str(r.unit), str(r.of))}
        row["known"] = blocks.Num(r.known, w.percent(r.known, digits=0))
        if known(r.score):
            row["score"] = blocks.Num(r.score, w.number(r.score, 1))
            row["rank"] = blocks.Num(r.rank, w.number(r.rank))
            row["range"] = w("{best} to {worst}", best=w.number(r.rank_best), worst=w.number(r.rank_worst))
            row["most"] = w("{best} to {worst}", best=w.number(r.rank_5), worst=w.number(r.rank_95))
            row["first"] = blocks.Num(r.first, w.percent(r.first, digits=0))
        rows.append(row)
    years = str(table["of"].iloc[0]) == "years"
    columns = [
        blocks.Column("unit", w("Year") if years else w("Subject")),
        blocks.Column("score", w("Composite"), kind="number"),
        blocks.Column("rank", w("Rank"), kind="number"),
        blocks.Column("range", w("Ranks under all that was tried"), align="right"),
        blocks.Column("most", w("under 90% of the weights"), align="right"),
        blocks.Column("first", w("First under"), kind="number"),
        blocks.Column("known", w("Weight known"), kind="number"),
    ]
    note = w(
        "Where two ranges overlap, which of the two is ahead hangs on weights and method, not on the data alone. Made from the values shown in this brief."
    )
    return blocks.Table("scorecard-composite", w("Composite, with the range of its ranks"), columns, rows, notes=[note])


def _how(brief: Brief, table: pd.DataFrame, parts: pd.DataFrame) -> blocks.Note:
    w, how = brief.w, records(table)[0]
    used = parts[parts["weight"].notna()].sort_values("rank_shift", ascending=False)
    names = [
        w(
            "{name} ({weight})",
            name=indicators[r.indicator].name(w.language),
            weight=w.percent(100 * r.weight, digits=0),
        )
        for r in records(used)
    ]
    text = brief.join(
        w(
            "After the handbook of OECD and JRC: {normalisation}, {aggregation}; weights {names}.",
            normalisation=w(WAYS[how.normalisation]),
            aggregation=w(WAYS[how.aggregation]),
            names=w.list(names),
        ),
        w(
            "Tried: {draws} sets of weights drawn evenly from all that add up to 1, each indicator left out in turn, both normalisations and both means: {tried} rankings in all.",
            draws=how.draws,
            tried=how.tried,
        ),
        w(
            "Ranks move most when these are left out: {names}.",
            names=w.list([indicators[i].name(w.language) for i in used["indicator"].head(NAMED)]),
        ),
        w("What is not known of a unit has its weight shared out among the rest; under two thirds known, no score."),
    )
    return blocks.Note(w("How the composite is made"), text, "method")
