"""What goes with completion: differences between groups with the rest held equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.facts import first
from pipeline.briefs.annual.outcome_further import checks_note, partner_blocks
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.results_of_stays import ended_evidence, group_name
from pipeline.briefs.catalogue import N_

if TYPE_CHECKING:
    from pipeline.briefs.annual.institution_facts import InstitutionFacts

SURE = 0.05  # a difference is told of when its p, corrected for all groups compared, is below
LEAST_GROUPS = 2  # in a figure
# Who paid, in the middle of a sentence.
PAYERS = {
    "government": N_("a government"),
    "university": N_("the sending university"),
    "host_university": N_("the host university"),
    "foundation": N_("a foundation"),
    "employer": N_("an employer"),
    "joint_fund": N_("a joint fund"),
    "erasmus": N_("Erasmus+"),
}
LEVELS = {"A": ["A1", "A2"], "B1": ["B1"], "B2": ["B2"], "C": ["C1", "C2"]}


def difference_blocks(brief: InstitutionFacts) -> list[blocks.Block]:
    """The section: findings, figures of adjusted differences, partners, checks; nothing where there is no model."""
    w = brief.w
    findings = [f for by in ("funder", "language") if (f := difference_finding(brief, by)) is not None]
    figures = [figure for by in ("funder", "language", "mode") if (figure := gaps_figure(brief, by)) is not None]
    partners = partner_blocks(brief)
    if not (figures or partners):
        return []
    lead = w(
        "Differences between groups with the rest held equal, by models of the stays that ended. They say what goes together, not what follows from what: people choose their funding, mode and time, and are chosen."
    )
    found: list[blocks.Block] = [blocks.Section("goes-with", w("What goes with completion"), lead), *findings]
    none = quiet(brief, {f.id for f in findings})
    found += [blocks.Paragraph(none)] if none else []
    found += _laid_out(figures)
    found += partners
    note = checks_note(brief)
    return found + ([note] if note is not None else [])


def _laid_out(figures: list[blocks.Figure]) -> list[blocks.Block]:
    """The short ones side by side, the one of modes beneath."""
    if len(figures) < 2:
        return list(figures)
    return [blocks.Columns(figures[0], figures[1]), *figures[2:]]


def difference_rows(brief: InstitutionFacts, by: str, outcome: str = "completion") -> pd.DataFrame:
    """The differences that may be shown, of one outcome by one breakdown."""
    table = brief.facts.table("differences")
    if table.empty:
        return table
    return table[table["outcome"].eq(outcome) & table["by"].eq(by) & table["difference"].notna()]


def difference_finding(brief: InstitutionFacts, by: str) -> blocks.Finding | None:
    """The difference that is surest, in a sentence; None when none stands out after correction for the others."""
    w, rows = brief.w, difference_rows(brief, by)
    sure = rows[rows["p_holm"].lt(SURE)] if len(rows) else rows
    if sure.empty:
        return None
    row = first(sure.sort_values("p_holm", kind="stable"))
    assert row is not None
    more = row.difference > 0
    low, high = sorted((abs(row.lower), abs(row.upper)))
    reference = first(
        brief.facts.table("outcomes").query("indicator == 'completion' and group_by == @by and group == @row.reference")
    )
    if reference is None or not known(reference.n):
        return None
    numbers = {
        "points": w.points(abs(row.difference), signed=False),
        "low": w.number(low, 1),
        "high": w.number(high, 1),
    }
    text = _funder_text(brief, row, more, numbers) if by == "funder" else _language_text(brief, row, more, numbers)
    base = w(
        "Base: {n} and {others} stays; expected from a model of about {used} stays with {clusters} partners. An association.",
        n=row.n,
        others=reference.n,
        used=used(brief, by),
        clusters=row.clusters,
    )
    column = (
        {"funder": [row.group, row.reference]}
        if by == "funder"
        else {"language_entry": LEVELS[row.group] + LEVELS[row.reference]}
    )
    return blocks.Finding(
        f"difference-{by}", text, base=base, source=brief.source(), evidence=ended_evidence(brief, **column)
    )


def _funder_text(brief: InstitutionFacts, row: Any, more: bool, numbers: dict[str, str]) -> str:
    w = brief.w
    payer = w(PAYERS[row.group]) if row.group in PAYERS else w.funder(row.group)
    if row.reference == "self":
        if more:
            return w(
                "**Stays funded by {payer} were completed {points} more often than self-funded ones** of the same mode, level, direction and year (95% interval {low} to {high}).",
                payer=payer,
                **numbers,
            )
        return w(
            "**Stays funded by {payer} were completed {points} less often than self-funded ones** of the same mode, level, direction and year (95% interval {low} to {high}).",
            payer=payer,
            **numbers,
        )
    other = w(PAYERS[row.reference]) if row.reference in PAYERS else w.funder(row.reference)
    if more:
        return w(
            "**Stays funded by {payer} were completed {points} more often than those funded by {other}**, of the same mode, level, direction and year (95% interval {low} to {high}).",
            payer=payer,
            other=other,
            **numbers,
        )
    return w(
        "**Stays funded by {payer} were completed {points} less often than those funded by {other}**, of the same mode, level, direction and year (95% interval {low} to {high}).",
        payer=payer,
        other=other,
        **numbers,
    )


def _language_text(brief: InstitutionFacts, row: Any, more: bool, numbers: dict[str, str]) -> str:
    w = brief.w
    names = {"level": group_name(brief, "language", row.group), "other": group_name(brief, "language", row.reference)}
    if more:
        return w(
            "**Students whose language was at {level} at the start completed their stays {points} more often than those at {other}**, of the same mode, level, direction, funder and year (95% interval {low} to {high}).",
            **names,
            **numbers,
        )
    return w(
        "**Students whose language was at {level} at the start completed their stays {points} less often than those at {other}**, of the same mode, level, direction, funder and year (95% interval {low} to {high}).",
        **names,
        **numbers,
    )


def quiet(brief: InstitutionFacts, told: set[str]) -> str:
    """A sentence on the breakdowns in which no group stands out."""
    w = brief.w
    names = {"funder": w("funders"), "language": w("levels of language")}
    silent = [names[by] for by in names if f"difference-{by}" not in told and len(difference_rows(brief, by))]
    if not silent:
        return ""
    return w(
        "Among {names}, none stands out once the rest is held equal and the number of comparisons is allowed for.",
        names=w.list(silent),
    )


def used(brief: InstitutionFacts, by: str, outcome: str = "completion") -> Any:
    """How many stays a model used, to tens."""
    table = brief.facts.table("model_checks")
    row = first(table[table["outcome"].eq(outcome) & table["by"].eq(by)]) if len(table) else None
    return int(row.stays) if row is not None else brief.w("some")


def gaps_figure(brief: InstitutionFacts, by: str) -> blocks.Figure | None:
    """Adjusted differences of completion by group; None when fewer than two may be shown."""
    w, rows = brief.w, difference_rows(brief, by)
    if len(rows) < LEAST_GROUPS:
        return None
    rows = rows.sort_values("difference", ascending=False)
    frame = pd.DataFrame(
        {
            "label": [w.capital(group_name(brief, by, g)) for g in rows["group"]],
            "value": rows["difference"].tolist(),
            "lower": rows["lower"].tolist(),
            "upper": rows["upper"].tolist(),
            "clear": rows["p_holm"].lt(SURE).tolist(),
        }
    )
    reference = group_name(brief, by, str(rows["reference"].iloc[0]))
    title = {
        "funder": w("Completed, by funder: difference from {reference}", reference=reference),
        "language": w("Completed, by language at entry: difference from {reference}", reference=reference),
        "mode": w("Completed, by mode: difference from {reference}", reference=reference),
    }[by]
    both = [difference_rows(brief, b) for b in ("funder", "language")]
    shared = pd.concat([b for b in both if len(b)]) if by != "mode" and any(len(b) for b in both) else rows
    chart = charts.gaps(
        frame, words=w, reference=reference, reach=(float(shared["lower"].min()), float(shared["upper"].max()))
    )
    caption = brief.join(
        w(
            "Percentage points; bar: 95% interval. Full dot: stands out after correction for all groups compared (Holm)."
        ),
        w("Held equal: {controls}.", controls=w.list(_controls(brief, str(rows["controls"].iloc[0])))),
        *_not_compared(brief, by),
    )
    return blocks.Figure(
        f"difference-figure-{by}",
        title,
        chart,
        caption=caption,
        source=brief.source(),
    )


def _controls(brief: InstitutionFacts, joined: str) -> list[str]:
    w = brief.w
    names = {
        "programme": w("mode"),
        "mode": w("mode"),
        "level": w("level of study"),
        "direction": w("direction"),
        "ended": w("year of end"),
        "funder": w("funder"),
    }
    return [names.get(name, name) for name in joined.split(";")]


def _not_compared(brief: InstitutionFacts, by: str) -> Iterator[str]:
    """Which groups have no difference, and why."""
    w, table = brief.w, brief.facts.table("differences")
    rows = table[table["outcome"].eq("completion") & table["by"].eq(by) & table["difference"].isna()]
    for reason, text in (
        ("hidden", N_("Not shown, since one of the two answers is too rare or would give another away: {names}.")),
        ("no_variation", N_("All were completed, so that no model can compare them: {names}.")),
        ("too_small", N_("Too few to compare: {names}.")),
    ):
        groups = rows.loc[rows["reason"].eq(reason), "group"]
        if len(groups):
            yield w(text, names=w.list([group_name(brief, by, g) for g in groups]))
