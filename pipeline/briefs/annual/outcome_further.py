"""Further on outcomes: partners that stand out, time to degree, and how the models held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.results_of_stays import NAMES
from pipeline.briefs.catalogue import N_

if TYPE_CHECKING:
    from pipeline.briefs.annual.institution_facts import InstitutionFacts

CHECKS = {
    "clusters": N_("the number of partners"),
    "events_per_parameter": N_("cases for each coefficient"),
    "left_out_pct": N_("stays left out because something is not known"),
    "link_p": N_("the form of the model (link test)"),
    "calibration_p": N_("calibration in tenths"),
    "dispersion": N_("spread of the counts"),
    "unknown_pct": N_("stays whose end is not known"),
    "alike_p": N_("earlier and later beginners alike (log-rank test)"),
}


def partner_blocks(brief: InstitutionFacts) -> list[blocks.Block]:
    """Partners whose rate is clear of that of all; one sentence where none is."""
    w, spread, rates = brief.w, brief.facts.table("partner_spread"), brief.facts.table("partner_rates")
    if spread.empty:
        return []
    found: list[blocks.Block] = []
    for row in records(spread):
        name, overall = w(NAMES[row.indicator]), w.percent(row.overall, digits=0)
        clear = rates[rates["indicator"].eq(row.indicator) & rates["side"].notna() & rates["shrunk"].notna()]
        if row.above + row.below == 0:
            text = w(
                "{name}, by partner: none of {n} partner institutions departs from the rate of all ({overall}) by more than chance allows.",
                name=name,
                n=row.partners,
                overall=overall,
            )
            found.append(blocks.Paragraph(text))
        elif len(clear):
            found.append(_partner_table(brief, row, clear, name, overall))
    return found


def _partner_table(brief: InstitutionFacts, row: Any, clear: pd.DataFrame, name: str, overall: str) -> blocks.Table:
    w = brief.w
    sides = {"above": w("above"), "below": w("below")}
    lines: list[dict[str, blocks.Cell]] = [
        {
            "partner": str(r.partner),
            "side": sides[r.side],
            "shrunk": blocks.Num(r.shrunk, w.percent(r.shrunk, digits=0)),
            "interval": w.range(r.lower, r.upper, percent=True),
            "n": blocks.Num(r.n, w("about {n}", n=int(r.n))),
        }
        for r in records(clear)
    ]
    columns = [
        blocks.Column("partner", w("Partner institution")),
        blocks.Column("side", w("Against the rate of all")),
        blocks.Column("shrunk", w("Rate, shrunk towards all"), kind="number"),
        blocks.Column("interval", w("95% interval"), align="right"),
        blocks.Column("n", w("Stays"), kind="number"),
    ]
    notes = [
        w(
            "Of {n} partners, {above} lie clearly above and {below} clearly below the rate of all ({overall}); named are those whose numbers may be shown. Rates of few stays are drawn towards that of all. Modes and levels differ between partners and are not held equal here.",
            n=row.partners,
            above=row.above,
            below=row.below,
            overall=overall,
        )
    ]
    title = w("{name}: partners that stand out", name=name)
    return blocks.Table(
        f"partners-{row.indicator.replace('_', '-')}", title, columns, lines, notes=notes, source=brief.source()
    )


def curve_figure(brief: InstitutionFacts) -> blocks.Figure | None:
    """Time to degree of degree programmes by level, and of dual degrees."""
    w, table = brief.w, brief.facts.table("time_to_degree")
    if table.empty:
        return None
    levels = table[table["group_by"].eq("level")]
    dual = table[table["group_by"].eq("mode") & table["group"].eq("dual_degree")]
    rows = pd.concat([levels, dual]) if len(levels) else table
    if rows.empty:
        return None

    def label(row: Any) -> str:
        return w.capital(w.level(row.group)) if row.group_by == "level" else w.capital(w.mode(row.group))

    chart = charts.curves(rows.assign(label=[label(r) for r in records(rows)]), words=w)
    medians = brief.facts.table("time_to_degree_median")
    keys = set(zip(rows["group_by"], rows["group"], strict=True))
    halves = [
        w("{name} {n} months", name=label(r), n=int(r.median))
        for r in records(medians)
        if (r.group_by, r.group) in keys and known(r.median)
    ]
    parts = [
        w(
            "Share of those who began in the last ten academic years with their degree, by months since the start; steps of six months, band: 95% interval (Kaplan–Meier). Ongoing stays are censored; those who left without a degree stay in the base. Rounded to protect individuals."
        )
    ]
    if halves:
        parts.append(w("Half had it after: {halves}.", halves=w.list(halves)))
    return blocks.Figure(
        "time-to-degree", w("Time to degree"), chart, caption=brief.join(*parts), source=brief.source()
    )


def checks_note(brief: InstitutionFacts) -> blocks.Note | None:
    """Which checks the models of this section pass, and which not."""
    w, table = brief.w, brief.facts.table("model_checks")
    if table.empty:
        return None
    names = {"funder": w("by funder"), "language": w("by language at entry"), "mode": w("by mode")}
    parts = []
    for by, name in names.items():
        rows = table[table["outcome"].eq("completion") & table["by"].eq(by)]
        if len(rows):
            parts.append(_checked(brief, name, rows))
    degrees = table[table["outcome"].eq("time_to_degree")]
    if len(degrees):
        parts.append(_checked(brief, w("time to degree"), degrees))
    if not parts:
        return None
    text = brief.join(
        w(
            "Logistic models, average differences, errors clustered by partner; checked for form, calibration, number of partners and of cases, and what is left out."
        ),
        *parts,
    )
    return blocks.Note(w("How these models held"), text, "method")


def _checked(brief: InstitutionFacts, name: str, rows: pd.DataFrame) -> str:
    w = brief.w
    asked = rows[rows["holds"].notna()]
    failed = asked[~asked["holds"].astype(bool)]
    if failed.empty:
        return w("{name}: all {n} checks hold.", name=w.capital(name), n=len(asked))
    what = w.list([w(CHECKS[c]) for c in dict.fromkeys(failed["check"]) if c in CHECKS])
    return w(
        "{name}: {n} of {all} checks hold; not so: {what}. Read it with more doubt.",
        name=w.capital(name),
        n=len(asked) - len(failed),
        all=len(asked),
        what=what,
    )
