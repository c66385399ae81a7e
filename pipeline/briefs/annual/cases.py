"""Cases: which figures of the year moved beyond the expected, and what speaks for and against an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.case_words import case_name, case_sentence, grounds, written
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.results_of_stays import BEGUN
from pipeline.measures.case_lines import COUNTRY, INSTITUTION, MODE, OUTCOME, PEOPLE, SUBJECT
from pipeline.measures.publishers import labels_of
from pipeline.measures.stay_counts import VIRTUAL

if TYPE_CHECKING:
    from pipeline.briefs.annual.looking_ahead import LookingAhead

LISTED = 6  # rows of the figure and the table
TOLD = 4  # in a sentence of their own
CHANCE = 0.05


def case_blocks(brief: LookingAhead) -> list[blocks.Block]:
    """The section: a sentence for what moved beyond the expected, a figure and a table; one line where nothing did; nothing where nothing was looked at."""
    w, table = brief.w, case_table(brief)
    if table.empty:
        return []
    title = w("Cases: what moved beyond the expected")
    outside = table[table["side"].ne("within")]
    n = len(table)
    if outside.empty:
        text = w(
            "**Nothing moved beyond the expected**: {n} figure looked at lies within the 95% interval made from the years before.",
            "**Nothing moved beyond the expected**: all {n} figures looked at lie within the 95% intervals made from the years before.",
            n=n,
        )
        return [
            blocks.Section("cases", title),
            blocks.Finding("cases.none", text, base=_looked(brief, table), evidence=brief.main_evidence()),
        ]
    lead = w(
        "{n} of {whole} figures looked at lies outside the 95% interval made from the years before; by chance alone it would be about {chance}. Grounds, not causes.",
        "{n} of {whole} figures looked at lie outside the 95% intervals made from the years before; by chance alone it would be about {chance}. Grounds, not causes.",
        n=len(outside),
        whole=w.number(n),
        chance=w.number(max(1, round(CHANCE * n))),
    )
    findings: list[blocks.Block] = [_finding(brief, row, k) for k, row in enumerate(_told(outside), 1)]
    shown = _listed(table)
    figure = _figure(brief, shown)
    beside = [blocks.Columns(figure, findings, ratio=0.48)] if figure is not None else findings
    return [blocks.Section("cases", title, lead), *beside, _table(brief, table, shown)]


def case_table(brief: LookingAhead) -> pd.DataFrame:
    """The cases of the year, those outside and the farthest out first."""
    parts = [brief.facts.table(name) for name in ("cases", "outcome_cases")]
    parts = [part for part in parts if len(part) and "about" in part]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    order = table.assign(_out=table["side"].ne("within"), _far=table["departure"].abs())
    return order.sort_values(["_out", "_far"], ascending=False, kind="stable", ignore_index=True).drop(
        columns=["_out", "_far"]
    )


def _told(outside: pd.DataFrame) -> list[Any]:
    """One of each kind first, then the farthest out."""
    order = outside.assign(_place=outside.groupby("about").cumcount()).sort_values("_place", kind="stable")
    return records(order.head(TOLD))


def _listed(table: pd.DataFrame) -> pd.DataFrame:
    """The farthest out, inside or outside, from the most above to the most below."""
    return table.head(LISTED).sort_values("departure", ascending=False, kind="stable")


def _looked(brief: LookingAhead, table: pd.DataFrame) -> str:
    """What was looked at."""
    w = brief.w
    names = {
        SUBJECT: w("totals"),
        COUNTRY: w("partner countries"),
        INSTITUTION: w("partner institutions"),
        MODE: w("modes of cooperation"),
        OUTCOME: w("outcomes"),
    }
    n = table["about"].value_counts()
    told = [w("{name} ({n})", name=name, n=int(n[kind])) for kind, name in names.items() if kind in n]
    return w("Looked at: {names}; those with five years of figures before, that may be shown.", names=w.list(told))


def _finding(brief: LookingAhead, row: Any, place: int) -> blocks.Finding:
    text = brief.join(case_sentence(brief, row), grounds(brief, row))
    before = brief.w.period(brief.period_like(brief.main_id, int(row.year) - 1))
    base = brief.w("Expected: what the figures up to {before} led one to expect, with its 95% interval.", before=before)
    return blocks.Finding(f"cases.{place}", text, base=base, evidence=case_evidence(brief, row))


def case_evidence(brief: LookingAhead, row: Any) -> list[blocks.Evidence]:
    """The clean rows behind a case: those of its whole line up to the year."""
    first, last = int(brief.facts.table("series")["year"].min()), int(row.year)
    if row.about == OUTCOME:
        where: dict[str, Any] = {"source": brief.facts.subject, "mode": {"not": [VIRTUAL]}, "any": BEGUN}
        dated = {"end": {"from": f"{last - 1}-09-01", "to": f"{last}-08-31"}}
        return [{"table": "stays", "where": where | end} for end in (dated, {"end": [None], "year": last})]
    end = "origin" if row.direction == "inbound" else "destination"
    if row.measure != "stays":
        where = {
            "reporter": brief.country,
            "direction": row.direction,
            "measure": row.measure,
            "level": "all",
            "mode": "all",
            "funding": "all",
            end: row.name,
        }
        return [
            {
                "table": "counts",
                "where": where | {"publisher": labels_of(row.publisher), "year": {"from": first, "to": last}},
            }
        ]
    kept: dict[str, Any] = {
        "source": brief.facts.subject,
        "year": {"from": first, "to": last},
        "mode": {"not": [VIRTUAL]},
        "any": BEGUN,
    }
    if row.direction != "all":
        kept["direction"] = row.direction
    if row.about == MODE:
        kept["mode"] = row.name
    elif row.about == COUNTRY:
        kept[end] = row.name
    elif row.about == INSTITUTION:
        kept["home_institution" if row.direction == "inbound" else "host_institution"] = row.name
    return [{"table": "stays", "where": kept}]


def _figure(brief: LookingAhead, shown: pd.DataFrame) -> blocks.Figure | None:
    """What was against what was expected, of the numbers of people."""
    w = brief.w
    rows = shown[shown["unit"].eq(PEOPLE) & shown["expected"].gt(0)]
    if rows.empty:
        return None
    names = [case_name(brief, row) for row in records(rows)]
    frame = rows[["expected", "lower", "upper"]].assign(actual=rows["value"], name=names).reset_index(drop=True)
    chart = charts.against(frame, words=w)
    caption = w(
        "Dot: the year, as a multiple of what was expected (1). Bar: the 95% interval. Blue: above it; orange: below; grey: within."
    )
    period = w.period(brief.period_like(brief.main_id, brief.facts.year))
    return blocks.Figure("cases-figure", w("Against the expected, {period}", period=period), chart, caption=caption)


def _table(brief: LookingAhead, table: pd.DataFrame, shown: pd.DataFrame) -> blocks.Table:
    w = brief.w
    rows = [_row(brief, row) for row in records(shown)]
    columns = [
        blocks.Column("what", w("Figure")),
        blocks.Column("value", w("Observed"), kind="number"),
        blocks.Column("expected", w("Expected"), kind="number"),
        blocks.Column("range", w("95% interval"), align="right"),
        blocks.Column("beyond", w("Beyond"), kind="number"),
        blocks.Column("side", w("Verdict")),
        blocks.Column("since", w("This way since"), align="right"),
        blocks.Column("alike", w("Others alike"), kind="number"),
    ]
    notes = [
        w(
            "The {n} farthest from what was expected, for their interval. Expected: the outlook made of the years before alone. Others alike: share of the others of their kind and direction (of totals: of partner countries) that moved the same way at least half as much.",
            n=len(rows),
        ),
        _looked(brief, table),
    ]
    if shown["about"].eq(INSTITUTION).any():
        notes.append(w("Partner institutions to tens."))
    return blocks.Table("cases-table", w("The figures farthest from the expected"), columns, rows, notes=notes)


def _row(brief: LookingAhead, row: Any) -> dict[str, blocks.Cell]:
    w = brief.w
    sides = {"above": w("▲ above"), "below": w("▼ below"), "within": w("● within")}
    return {
        "what": case_name(brief, row),
        "value": blocks.Num(row.value, written(brief, row.value, row.unit)),
        "expected": blocks.Num(row.expected, written(brief, row.expected, row.unit)),
        "range": w.range(written(brief, row.lower, row.unit), written(brief, row.upper, row.unit)),
        "beyond": blocks.Num(row.beyond, written(brief, row.beyond, row.unit, signed=True)),
        "side": sides[row.side],
        "since": w.period(brief.period_like(brief.main_id, int(row.since)), short=True),
        "alike": blocks.Num(row.alike_pct, w.percent(row.alike_pct, digits=0)) if known(row.alike_pct) else None,
    }
