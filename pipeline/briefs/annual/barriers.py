"""What stands in the way: signals of five challenges, where they concentrate, and what to check next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.results_of_stays import ended_evidence
from pipeline.briefs.catalogue import N_
from pipeline.measures.barrier_signals import MONTHS, REQUIRED

if TYPE_CHECKING:
    from pipeline.briefs.annual.institution_facts import InstitutionFacts

NAMED = 3  # groups in a cell
CHALLENGES = {
    "language": N_("Language and culture"),
    "systems": N_("Academic systems"),
    "resources": N_("Resources"),
    "law": N_("Law and policy"),
    "management": N_("Management"),
}
SIGNALS = {
    "language_gap": N_("Language below {level} at entry"),
    "no_language_gain": N_("No language level gained"),
    "credits_not_recognised": N_("Credits not recognised"),
    "not_in_full": N_("Stays without full recognition"),
    "recognition_spread": N_("Spread between partners in full recognition"),
    "unfunded": N_("Self-funded stays"),
    "grant_per_month": N_("Grant per month"),
    "withdrawn_unfunded": N_("Self-funded stays broken off"),
    "visa_refusal": N_("Visas refused"),
    "visa_days": N_("Days to the visa decision"),
    "lapsing": N_("Agreements that lapse within {months} months"),
    "dormant": N_("Partners under agreement without a stay in two years"),
    "unused_places": N_("Agreed places left empty"),
    "unmatched": N_("Exchange stays without one in return"),
}
NEXT = {
    "language_gap": N_("Entry requirements, and language courses before departure"),
    "no_language_gain": N_("Language courses during the stay, and its length"),
    "credits_not_recognised": N_("Learning agreements and tables of conversion with these partners"),
    "not_in_full": N_("Whether courses were agreed before the stay"),
    "recognition_spread": N_("Workload and marks of the partners farthest apart"),
    "unfunded": N_("Which grants reach these students, and when"),
    "grant_per_month": N_("The grant beside the cost of living at the host"),
    "withdrawn_unfunded": N_("Reasons given on leaving; a hardship fund"),
    "visa_refusal": N_("Papers asked for, and reasons given for refusals"),
    "visa_days": N_("When letters of admission and nomination go out"),
    "lapsing": N_("Which to renew, who decides, by when"),
    "dormant": N_("Whether to revive or end each of them"),
    "unused_places": N_("Whether places are known, and in fields that are wanted"),
    "unmatched": N_("Whether balance is agreed, and over how many years"),
}
# What the records do not hold, and what it would take.
GAPS = {
    "course_language": N_("the level each programme asks for (its language and entry requirement)"),
    "time_to_recognition": N_("how long recognition takes (its date)"),
    "grade_conversion": N_("how marks are converted (marks abroad and at home)"),
    "cost_of_living": N_("grants against need (cost of living at each host)"),
    "data_protection": N_("transfers of personal data (a register of them and of incidents)"),
    "intellectual_property": N_("intellectual property (terms of ownership in each agreement)"),
    "disputes": N_("disputes and complaints (a log with date, partner and end)"),
}


def barrier_blocks(brief: InstitutionFacts) -> list[blocks.Block]:
    """The section; nothing where no signal may be shown."""
    w, table = brief.w, brief.facts.table("barriers")
    shown = table[table["value"].notna()] if len(table) else table
    if shown.empty:
        return []
    lead = w(
        "Signals of five challenges. Each says where to look, not who is to blame: what goes together need not follow from each other."
    )
    found: list[blocks.Block] = [blocks.Section("barriers", w("What stands in the way"), lead)]
    made = (_movement(brief, shown), _links(brief, shown), *_tables(brief, shown), _gaps(brief, table))
    return found + [block for block in made if block is not None]


def _tables(brief: InstitutionFacts, shown: pd.DataFrame) -> list[blocks.Table]:
    """The signals in two tables, so that neither asks for a page of its own."""
    w = brief.w
    studies = shown["challenge"].isin(["language", "systems", "resources"])
    titles = (("barriers-studies", w("Signals: language, academic systems, resources"), shown[studies]),
              ("barriers-partners", w("Signals: law and policy, management"), shown[~studies]))  # fmt: skip
    return [_table(brief, id, title, rows) for id, title, rows in titles if len(rows)]


def _name(brief: InstitutionFacts, signal: str) -> str:
    return brief.w(SIGNALS[signal], level=REQUIRED, months=MONTHS)


def _said(brief: InstitutionFacts, value: float, unit: str) -> str:
    w = brief.w
    if unit == "%":
        return w.percent(value, digits=0)
    if unit == "days":
        return w("{n} days", n=w.number(value, 1))
    if unit == "points":
        return w.points(value, signed=False, digits=0)
    return f"{w.number(value)} {unit}"


def _period(brief: InstitutionFacts, year: float) -> str:
    return brief.w.period(brief.period_like(brief.main_id, int(year)), short=True)


def _movement(brief: InstitutionFacts, shown: pd.DataFrame) -> blocks.Finding:
    """Which signals move more than chance."""
    w = brief.w
    told = []
    for row in records(shown[shown["trend"].isin(["rises", "falls"])].sort_values("q", kind="stable")):
        name = _name(brief, row.signal)
        told.append(
            w("{signal}, rising ({ends})", signal=name[:1].lower() + name[1:], ends=_ends(brief, row))
            if row.trend == "rises"
            else w("{signal}, falling ({ends})", signal=name[:1].lower() + name[1:], ends=_ends(brief, row))
        )
    tested = shown[shown["q"].notna()]
    if told:
        text = w("**Rising or falling over the years, beyond chance**: {told}.", told=w("; ").join(told))
        if len(tested) > len(told):
            text = brief.join(text, w("The other signals show no trend beyond chance."))
    elif len(tested):
        text = w("**No signal moves more than chance lets it.**")
    else:
        text = w("**The records are too short to tell a trend of any signal**: six years would be needed.")
    base = w(
        "A line through the values of all years rises or falls; single years may go the other way. Of trends called so, one in ten may be chance."
    )
    if len(tested):
        first, last = tested["trend_from"].min(), tested["last_year"].max()
        span = w("{first} to {last}.", first=_period(brief, first), last=_period(brief, last))
        base = brief.join(base, span)
    return blocks.Finding("barriers.trends", text, base=base, source=brief.source(), evidence=brief.main_evidence())


def _ends(brief: InstitutionFacts, row: Any) -> str:
    """The first and the last value of a signal that may be shown, each with its year."""
    w, table = brief.w, brief.facts.table("barrier_years")
    line = table[table["signal"].eq(row.signal) & table["value"].notna() & table["year"].le(brief.facts.year)]
    line = line[line["year"].ge(row.trend_from)].sort_values("year")
    ends = [
        w("{value} in {period}", value=_said(brief, r.value, row.unit), period=_period(brief, r.year))
        for r in records(line.iloc[[0, -1]])
    ]
    return str(w(", ").join(ends))


def _links(brief: InstitutionFacts, shown: pd.DataFrame) -> blocks.Finding | None:
    """How stays with a barrier were completed against those without."""
    w, rows = brief.w, shown[shown["difference"].notna()]
    if rows.empty:
        return None
    clear = rows[(rows["diff_lower"] > 0) | (rows["diff_upper"] < 0)]
    names = {
        "language_gap": w("with language below {level} at entry", level=REQUIRED),
        "unfunded": w("that students paid themselves"),
        "visa_days": w("whose visa took a month or more"),
    }
    told = [_link(brief, row, names[row.signal]) for row in records(clear)]
    still = [names[s] for s in rows["signal"] if s not in set(clear["signal"])]
    parts = (
        [w("**Completed against comparable stays without the barrier**: {told}.", told=w("; ").join(told))]
        if told
        else []
    )
    if still:
        parts.append(w("No difference beyond chance: stays {names}.", names=w.list(still)))
    base = w(
        "Held equal: mode, level, direction and year of end; for language and visa, who paid, too. An association."
    )
    return blocks.Finding(
        "barriers.completion", brief.join(*parts), base=base, source=brief.source(), evidence=ended_evidence(brief)
    )


def _link(brief: InstitutionFacts, row: Any, name: str) -> str:
    w = brief.w
    low, high = sorted((abs(row.diff_lower), abs(row.diff_upper)))
    numbers = {
        "points": w.points(abs(row.difference), signed=False),
        "low": w.number(low, 1),
        "high": w.number(high, 1),
    }
    if row.difference < 0:
        return w("stays {name} {points} less often ({low} to {high})", name=name, **numbers)
    return w("stays {name} {points} more often ({low} to {high})", name=name, **numbers)


def _table(brief: InstitutionFacts, id: str, title: str, shown: pd.DataFrame) -> blocks.Table:
    w = brief.w
    rows: list[dict[str, blocks.Cell]] = []
    for row in records(shown):
        rows.append(
            {
                "challenge": w(CHALLENGES[row.challenge]),
                "signal": _name(brief, row.signal),
                "value": blocks.Num(row.value, _said(brief, row.value, row.unit)),
                "n": blocks.Num(row.n, w.number(row.n)),
                "trend": _trend(brief, row),
                "where": _where(brief, row.signal, row.unit),
                "next": w(NEXT[row.signal]),
            }
        )
    columns = [
        blocks.Column("challenge", w("Challenge"), kind="note"),
        blocks.Column("signal", w("Signal")),
        blocks.Column("value", w("Value"), kind="number"),
        blocks.Column("n", w("Base"), kind="number"),
        blocks.Column("trend", w("Trend")),
        blocks.Column("where", w("Stands out in")),
        blocks.Column("next", w("Check next"), kind="note"),
    ]
    first = _period(brief, shown["first_year"].min())
    notes = [
        w(
            "Stays of {first} to {last}; what came of them, by the year in which they ended; agreements and partners at the end of the last year. Base: stays to tens, agreements, partners or places. Stands out in: groups whose value, shrunk towards that of all, is worse beyond chance (95%). Places left empty: of each agreement by itself; over-use of another does not fill them.",
            first=first,
            last=_period(brief, brief.facts.year),
        )
    ]
    return blocks.Table(id, title, columns, rows, notes=notes, source=brief.source())


def _trend(brief: InstitutionFacts, row: Any) -> str:
    w = brief.w
    if row.trend == "rises":
        return w("▲ rising")
    if row.trend == "falls":
        return w("▼ falling")
    return w("● no trend") if row.trend == "chance" else w("○ too short")


def _where(brief: InstitutionFacts, signal: str, unit: str) -> str | None:
    """The clearest groups: one of each breakdown first, then the next ones."""
    w, table = brief.w, brief.facts.table("barrier_where")
    rows = table[table["signal"].eq(signal)] if len(table) else table
    if rows.empty:
        return None
    order = rows.assign(_place=rows.groupby("by").cumcount()).sort_values("_place", kind="stable").head(NAMED)
    names = {"country": w.country, "field": w.field, "funder": w.funder, "mode": w.mode}
    told = [
        w("{group} {value}", group=names[r.by](r.group), value=_said(brief, r.shrunk, unit)) for r in records(order)
    ]
    return w.capital(w("; ").join(told))


def _gaps(brief: InstitutionFacts, table: pd.DataFrame) -> blocks.Note | None:
    w = brief.w
    named = [w(GAPS[s]) for s in table.loc[table["reason"].eq("not_recorded"), "signal"] if s in GAPS]
    hidden = [_name(brief, s) for s in table.loc[table["status"].eq("C"), "signal"]]
    absent = table["reason"].notna() & table["signal"].isin(list(SIGNALS))
    without = [_name(brief, s) for s in table.loc[absent, "signal"]]
    parts = [
        w("Not in these records, with what would be needed: {names}.", names=w("; ").join(named)) if named else "",
        w("Not on record here: {names}.", names=w("; ").join(without)) if without else "",
        w("Not shown, for few people: {names}.", names=w("; ").join(hidden)) if hidden else "",
    ]
    text = brief.join(*parts)
    return blocks.Note(w("What cannot be measured"), text, "gap") if text and known(text) else None
