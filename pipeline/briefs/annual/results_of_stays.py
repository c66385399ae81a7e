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
    "completion": N_("Completed on time"),
    "withdrawal": N_("Withdrew"),
    "extension": N_("Extended"),
    "credit_recognition": N_("Credits recognised"),
    "full_recognition": N_("All credits recognised"),
    "degree_award": N_("Degree awarded"),
    "both_degrees": N_("Both degrees awarded, of dual degrees"),
    "publications_per_100": N_("Joint publications per 100 stays"),
    "language_gain": N_("Language gain, CEFR levels"),
    "satisfaction": N_("Satisfaction, 1 to 5"),
    "visa_refusal": N_("Visas refused"),
    "visa_days": N_("Days to the visa decision"),
    "unfunded": N_("Self-funded"),
    "funded_share": N_("Funded by others"),
    "dual_supervised": N_("Supervised on both sides"),
}
FIGURES_BY = ("mode", "funder")
# The stays that were taken up, as `measures.begun` has them: no refused visa, or one that came to something all the same.
BEGUN = [{"visa_result": {"not": ["refused"]}}, {"outcome": list(CAME)}]
WINDOW = 3  # academic years of ends, as in notebook 4
# Whole-group table, in its order; the rest say the same in another way.
LISTED = (
    "completion",
    "withdrawal",
    "extension",
    "credit_recognition",
    "degree_award",
    "both_degrees",
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
        "**{value} of the stays that ended were completed on time** (95% interval {low} to {high}).",
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
    ended = {"source": brief.facts.subject, "mode": {"not": [VIRTUAL]}, "outcome": list(ENDED), "any": BEGUN}
    dated = {"end": {"from": f"{year - WINDOW}-09-01", "to": f"{year}-08-31"}}
    undated = {"end": [None], "year": list(range(year - WINDOW + 1, year + 1))}
    return [{"table": "stays", "where": ended | end | where} for end in (dated, undated)]


def outcome_blocks(brief: InstitutionFacts) -> list[blocks.Block]:
    """The section: all outcomes in a table, completion and recognition by mode, completion by funder."""
    w = brief.w
    lead = w(
        "Stays that ended in {window}. A difference between groups is an association: who takes part in a mode, and with what funding, differs too.",
        window=window(brief),
    )
    found: list[blocks.Block] = [blocks.Section("outcomes", w("What came of the stays"), lead), overall_table(brief)]
    figures = [
        dots_figure(brief, "completion", "mode", w("Completed on time, by mode")),
        dots_figure(brief, "credit_recognition", "mode", w("Credits recognised, by mode")),
        dots_figure(brief, "completion", "funder", w("Completed on time, by funder")),
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
                "bounds": bounds(brief, r),
            }
        )
    columns = [
        blocks.Column("what", w("Outcome")),
        blocks.Column("value", w("Value"), kind="number"),
        blocks.Column("interval", w("95% interval"), align="right"),
        blocks.Column("n", w("Base (n)"), kind="number"),
        blocks.Column("missing", w("Not known"), kind="number"),
        blocks.Column("bounds", w("Range if unknowns counted"), align="right"),
    ]
    notes = [
        w(
            "Base: the stays to which the outcome applies and of which it is known; those of which it is not known are counted beside it and are in no rate. Virtual stays are in none of them."
        ),
        w(
            "Last column: what the value would be if none, or all, of those not known had the outcome; the truth lies between. –: it has no such end."
        ),
    ]
    return blocks.Table(
        "outcomes-all",
        w("Outcomes of all stays that ended in {window}", window=window(brief)),
        columns,
        rows,
        notes=notes,
        source=brief.source(),
    )


def bounds(brief: InstitutionFacts, row: Any) -> str | None:
    """What the unknown could make of a value, from none to all; None where there are no such ends."""
    if not known(row.lowest) or not known(row.highest):
        return None
    return brief.w.range(said(brief, row.lowest, row.unit), said(brief, row.highest, row.unit))


def reach(brief: InstitutionFacts, indicator: str) -> tuple[float, float] | None:
    """The scale that all figures of an outcome share: what their dots and bars need."""
    rows = [outcome_rows(brief, by, indicator) for by in FIGURES_BY]
    shown = pd.concat([r[r["value"].notna() & r["group"].ne("unknown")] for r in rows if len(r)] or [pd.DataFrame()])
    return (float(shown["lower"].min()), float(shown["upper"].max())) if len(shown) else None


def dots_figure(brief: InstitutionFacts, indicator: str, by: str, title: str) -> blocks.Figure | None:
    """An outcome by group, with intervals; None when fewer than three groups may be shown."""
    w, rows = brief.w, outcome_rows(brief, by, indicator)
    shown = rows[rows["value"].notna() & rows["group"].ne("unknown")] if len(rows) else rows
    if len(shown) < 3:
        return None
    shown = shown.sort_values("value", ascending=False)
    frame = pd.DataFrame(
        {
            "label": [w.capital(group_name(brief, by, g)) for g in shown["group"]],
            "value": shown["value"].tolist(),
            "lower": shown["lower"].tolist(),
            "upper": shown["upper"].tolist(),
            "n": [int(n) for n in shown["n"]],
        }
    )
    overall = first(outcome_rows(brief, "all", indicator))
    percent = bool(shown["unit"].iloc[0] == "%")
    line: dict[str, Any] = (
        {
            "overall": float(overall.value),
            "overall_label": w("all stays {value}", value=said(brief, overall.value, overall.unit)),
        }
        if overall is not None and known(overall.value)
        else {}
    )
    chart = charts.dots(frame, words=w, percent=percent, reach=reach(brief, indicator), **line)
    parts = [w("Dot: rate; bar: 95% interval; n: stays in the base.")]
    if not chart.from_zero:
        parts.append(w("The axis does not begin at 0."))
    if "virtual" in set(shown["group"]):
        parts.append(w("Virtual stays are not among all stays."))
    caption = brief.join(*parts, *absent(brief, by, rows))
    return blocks.Figure(f"{indicator.replace('_', '-')}-{by}", title, chart, caption=caption, source=brief.source())


def absent(brief: InstitutionFacts, by: str, rows: pd.DataFrame) -> list[str]:
    """Sentences on the groups that a figure does not show: hidden ones by name, and stays whose group is not stated."""
    w, found = brief.w, []
    hidden = rows[rows["value"].isna() & ~rows["n"].eq(0).fillna(False) & rows["group"].ne("unknown")]
    if len(hidden):
        names = w.list([group_name(brief, by, g) for g in hidden["group"]])
        found.append(
            w("Not shown, since one of the two answers is too rare or would give another away: {names}.", names=names)
        )
    none = first(rows[rows["group"].eq("unknown")])
    if none is not None and known(none.n) and none.n:
        found.append(
            w(
                "{n} stay is not shown, for its group is not stated.",
                "{n} stays are not shown, for their group is not stated.",
                n=none.n,
            )
        )
    elif none is not None and not known(none.n):
        found.append(w("Stays whose group is not stated are not shown."))
    return found


def group_name(brief: InstitutionFacts, by: str, group: str) -> str:
    """A group in words: a mode, a funder, a band of language levels."""
    w = brief.w
    if by == "language":
        return {"A": w("A1 or A2"), "B1": "B1", "B2": "B2", "C": w("C1 or C2")}.get(group, group)
    return w.mode(group) if by == "mode" else w.funder(group)
