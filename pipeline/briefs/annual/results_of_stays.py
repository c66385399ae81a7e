"""What came of the stays, said with the base and the interval of every rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.facts import first, records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.catalogue import N_
from pipeline.measures.outcome_kinds import ENDED
from pipeline.measures.stay_counts import CAME, VIRTUAL

if TYPE_CHECKING:
    from pipeline.briefs.annual.institution_facts import InstitutionFacts

NAMES = {
    "completion": N_("Completed"),
    "withdrawal": N_("Withdrew"),
    "extension": N_("Extended"),
    "credit_recognition": N_("Credits recognised"),
    "full_recognition": N_("All credits recognised"),
    "degree_award": N_("Degree awarded"),
    "publications_per_100": N_("Joint publications per 100 stays"),
    "language_gain": N_("Language gain, CEFR levels"),
    "satisfaction": N_("Satisfaction, 1 to 5"),
    "visa_refusal": N_("Visas refused"),
    "visa_days": N_("Days to the visa decision"),
    "unfunded": N_("Self-funded"),
    "funded_share": N_("Funded by others"),
    "dual_supervised": N_("Supervised on both sides"),
}
WINDOW = 3  # academic years of ends, as in notebook 4
# Whole-group table, in its order; the rest say the same in another way.
LISTED = (
    "completion",
    "withdrawal",
    "extension",
    "credit_recognition",
    "degree_award",
    "publications_per_100",
    "language_gain",
    "satisfaction",
    "visa_days",
    "unfunded",
    "dual_supervised",
)


def outcome_rows(brief: InstitutionFacts, group_by: str, indicator: str | None = None) -> pd.DataFrame:
    """Rows of the outcomes: of all stays ("all"), or by a column."""
    table = brief.facts.table("outcomes")
    if table.empty:
        return table
    rows = (
        table[table["group"].eq("all")]
        if group_by == "all"
        else table[table["group_by"].eq(group_by) & table["group"].ne("all")]
    )
    return rows[rows["indicator"].eq(indicator)] if indicator else rows


def said(brief: InstitutionFacts, value: Any, unit: str) -> str:
    """A value in its unit."""
    w = brief.w
    return w.percent(value) if unit == "%" else w.number(value, 2 if unit in ("cefr_levels", "points") else 1)


def window(brief: InstitutionFacts) -> str:
    """The academic years in which the stays ended."""
    w = brief.w
    first = w.period(brief.period_like(brief.main_id, brief.facts.year - WINDOW + 1), short=True)
    return w("{first} to {last}", first=first, last=w.period(brief.total.period))


def outcome_finding(brief: InstitutionFacts, indicator: str) -> blocks.Finding | None:
    """Completion of all stays, with recognised credits."""
    w = brief.w
    row = first(outcome_rows(brief, "all", indicator))
    if row is None or not known(row.value):
        return None
    text = w(
        "**{value} of the stays that ended were completed** (95% interval {low} to {high}).",
        value=w.percent(row.value),
        low=w.percent(row.lower),
        high=w.percent(row.upper),
    )
    credit = first(outcome_rows(brief, "all", "credit_recognition"))
    if credit is not None and known(credit.value):
        text = brief.join(
            text, w("{value} of the credits attempted abroad were recognised.", value=w.percent(credit.value))
        )
    base = w(
        "Base: {n} stays, virtual ones apart, that ended in {window} and whose end is known; of {missing} it is not.",
        n=row.n,
        window=window(brief),
        missing=row.missing if known(row.missing) else w("some"),
    )
    evidence = ended_evidence(brief)
    return blocks.Finding(indicator, text, base=base, source=brief.source(), evidence=evidence)


def ended_evidence(brief: InstitutionFacts, **where: Any) -> list[blocks.Evidence]:
    """The clean rows behind `ended_stays` whose end is known, virtual ones apart: by date, and by year where no date is."""
    year = brief.facts.year
    shared = {"source": brief.facts.subject, "mode": {"not": [VIRTUAL]}}
    dated = {"end": {"from": f"{year - WINDOW}-09-01", "to": f"{year}-08-31"}}
    undated = {"end": [None], "year": list(range(year - WINDOW + 1, year + 1))}
    came = {"outcome": [o for o in ENDED if o in CAME]}
    left = {"outcome": [o for o in ENDED if o not in CAME], "visa_result": {"not": ["refused"]}}
    return [
        {"table": "stays", "where": shared | end | known | where} for end in (dated, undated) for known in (came, left)
    ]


def outcome_blocks(brief: InstitutionFacts) -> list[blocks.Block]:
    """The section: all outcomes in a table, completion and recognition by mode, completion by funder."""
    w = brief.w
    lead = w(
        "Stays that ended in {window}. A difference between groups is an association: who takes part in a mode, and with what funding, differs too.",
        window=window(brief),
    )
    found: list[blocks.Block] = [blocks.Section("outcomes", w("What came of the stays"), lead), overall_table(brief)]
    figures = [
        dots_figure(brief, "completion", "mode", w("Completed, by mode")),
        dots_figure(brief, "credit_recognition", "mode", w("Credits recognised, by mode")),
        dots_figure(brief, "completion", "funder", w("Completed, by funder")),
        dots_figure(brief, "publications_per_100", "mode", w("Joint publications per 100 stays, by mode")),
    ]
    made = [figure for figure in figures if figure is not None]
    pairs = [made[i : i + 2] for i in range(0, len(made), 2)]
    return found + [blocks.Columns(pair[0], pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]


def overall_table(brief: InstitutionFacts) -> blocks.Table:
    """Every outcome of all stays together."""
    w = brief.w
    rows: list[dict[str, blocks.Cell]] = []
    by_id = {r.indicator: r for r in records(outcome_rows(brief, "all"))}
    for indicator in LISTED:
        r = by_id.get(indicator)
        if r is None or not known(r.value):
            continue
        rows.append(
            {
                "what": w(NAMES[indicator]),
                "value": blocks.Num(r.value, said(brief, r.value, r.unit)),
                "interval": w.range(said(brief, r.lower, r.unit), said(brief, r.upper, r.unit)),
                "n": blocks.Num(r.n, w.number(r.n)),
                "missing": blocks.Num(r.missing, w.number(r.missing)) if known(r.missing) else None,
            }
        )
    columns = [
        blocks.Column("what", w("Outcome")),
        blocks.Column("value", w("Value"), kind="number"),
        blocks.Column("interval", w("95% interval"), align="right"),
        blocks.Column("n", w("Base (n)"), kind="number"),
        blocks.Column("missing", w("Not known"), kind="number"),
    ]
    notes = [
        w(
            "Base: the stays to which the outcome applies and of which it is known; those of which it is not known are counted beside it and are in no rate."
        )
    ]
    return blocks.Table(
        "outcomes-all",
        w("Outcomes of all stays that ended in {window}", window=window(brief)),
        columns,
        rows,
        notes=notes,
        source=brief.source(),
    )


def dots_figure(brief: InstitutionFacts, indicator: str, by: str, title: str) -> blocks.Figure | None:
    """An outcome by group, with intervals; None when fewer than three groups may be shown."""
    w, rows = brief.w, outcome_rows(brief, by, indicator)
    rows = rows[rows["group"].ne("unknown")] if len(rows) else rows
    shown = rows[rows["value"].notna()] if len(rows) else rows
    if len(shown) < 3:
        return None
    name = w.mode if by == "mode" else w.funder
    shown = shown.sort_values("value", ascending=False)
    frame = pd.DataFrame(
        {
            "label": [w.capital(name(g)) for g in shown["group"]],
            "value": shown["value"].tolist(),
            "lower": shown["lower"].tolist(),
            "upper": shown["upper"].tolist(),
            "n": [int(n) for n in shown["n"]],
        }
    )
    overall = first(outcome_rows(brief, "all", indicator))
    percent = bool(shown["unit"].iloc[0] == "%")
    line = (
        {
            "overall": float(overall.value),
            "overall_label": w("all stays {value}", value=said(brief, overall.value, overall.unit)),
        }
        if overall is not None and known(overall.value)
        else {}
    )
    chart = charts.dots(frame, words=w, percent=percent, **line)
    hidden = len(rows) - len(shown)
    caption = w("Dot: rate; bar: 95% interval; n: stays in the base.")
    if hidden:
        caption = brief.join(
            caption,
            w(
                "{n} group is not shown, for few stays or to protect another.",
                "{n} groups are not shown, for few stays or to protect another.",
                n=hidden,
            ),
        )
    return blocks.Figure(f"{indicator.replace('_', '-')}-{by}", title, chart, caption=caption, source=brief.source())
