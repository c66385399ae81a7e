"""The ten modes in depth: partners, who pays, cost of a recognised credit, and what students went on to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.measures.mode_profiles import FOLLOWED, PAPER, WINDOW
from pipeline.measures.modes import UNCLASSIFIED
from pipeline.measures.stay_counts import VIRTUAL

if TYPE_CHECKING:
    from pipeline.briefs.annual.institution_facts import InstitutionFacts

MOVES = 4  # of the most frequent moves, in the sentence
PAYERS = ("funded_state", "funded_university", "funded_society", "funded_self")


def modes_blocks(brief: InstitutionFacts) -> list[blocks.Block]:
    """The table of the modes, what students went on to, and how the modes were told; nothing where they were not profiled."""
    if brief.facts.table("mode_profile").empty:
        return []
    made = (_table(brief), _moves(brief), _rules(brief))
    return [block for block in made if block is not None]


def _table(brief: InstitutionFacts) -> blocks.Table | None:
    w, table = brief.w, brief.facts.table("mode_profile")
    wide = table.pivot_table(index="mode", columns="indicator", values="value", aggfunc="first", sort=False)
    wide = wide.reindex(columns=["stays", "partners", *PAYERS])
    wide = wide[wide["stays"].notna() & (wide.index != UNCLASSIFIED)].sort_values("stays", ascending=False)
    if wide.empty:
        return None
    cost = table[table["indicator"].eq("cost_per_credit") & table["value"].notna()]
    rows = []
    for mode, values in wide.iterrows():
        row: dict[str, Any] = {
            "mode": w.capital(w.mode(mode)),
            "stays": blocks.Num(values["stays"], w.number(values["stays"])),
        }
        for key in ("partners", *PAYERS):
            value = values[key]
            written = w.percent(value, digits=0) if key in PAYERS else w.number(value)
            row[key] = blocks.Num(value, written) if known(value) else None
        paid = records(cost[cost["mode"].eq(str(mode))])
        written = "; ".join(f"{w.number(r.value)} {r.currency} (n {w.number(r.n)})" for r in paid)
        row["cost"] = blocks.Num(paid[0].value if len(paid) == 1 else None, written) if paid else None
        rows.append(row)
    columns = [
        blocks.Column("mode", w("Mode")),
        blocks.Column("stays", w("Stays, about"), kind="number"),
        blocks.Column("partners", w("Partners"), kind="number"),
        blocks.Column("funded_state", w("By the state"), kind="number"),
        blocks.Column("funded_university", w("By universities"), kind="number"),
        blocks.Column("funded_society", w("By society"), kind="number"),
        blocks.Column("funded_self", w("Self-funded"), kind="number"),
        blocks.Column("cost", w("Grant per credit"), kind="number"),
    ]
    first = w.period(brief.period_like(brief.main_id, brief.facts.year - WINDOW + 1), short=True)
    notes = [
        w(
            "Stays to tens; shares of stays of known funding. Society: foundations, employers, joint funds. Grant per recognised credit: of the stays with both on record, each currency by itself. –: not on record, or few stays."
        )
    ]
    title = w("The modes in depth, stays that began in {first} to {last}", first=first, last=brief.period)
    return blocks.Table("modes-in-depth", title, columns, rows, notes=notes, source=brief.source())


def _moves(brief: InstitutionFacts) -> blocks.Finding | None:
    """What students of a mode went on to."""
    w, table = brief.w, brief.facts.table("mode_transitions")
    table = table[table["share"].notna()] if len(table) else table
    if table.empty:
        return None
    papers = table[table["to"].eq(PAPER)].sort_values("share", ascending=False)
    moved = table[table["to"].ne(PAPER) & table["from_mode"].ne(VIRTUAL)].sort_values("share", ascending=False)
    parts = []
    if len(moved):
        told = [
            w(
                "{share} from {one} to {other} (of {n})",
                share=w.percent(r.share),
                one=w.mode(r.from_mode),
                other=w.mode(r.to),
                n=w.number(r.students),
            )
            for r in records(moved.head(MOVES))
        ]
        parts.append(
            w("**Few students come back for another mode**: at most {told}.", told=w("; ").join(told))
            if moved["share"].iloc[0] < 10
            else w("**Students who came back for another mode**: {told}.", told=w("; ").join(told))
        )
    if len(papers):
        told = [
            w("{mode} {share} (of {n})", mode=w.mode(r.from_mode), share=w.percent(r.share), n=w.number(r.students))
            for r in records(papers.head(MOVES))
        ]
        parts.append(w("With a joint publication, then or later: {told}.", told=w("; ").join(told)))
    base = w(
        "Base: students whose first stay of the mode began {n} or more academic years before the end of {period}, to tens. Who comes again was often minded to before: an association.",
        n=FOLLOWED,
        period=brief.period,
    )
    evidence = brief.evidence(list(range(int(brief.facts.line(brief.main_id)["year"].min()), brief.facts.year + 1)))
    return blocks.Finding("modes.moves", brief.join(*parts), base=base, source=brief.source(), evidence=evidence)


def _rules(brief: InstitutionFacts) -> blocks.Note | None:
    """How the modes were told, and how far the rules can be trusted."""
    w, table = brief.w, brief.facts.table("mode_rules")
    if table.empty:
        return None
    share = table.set_index(["by", "group"])["share"]
    whole, apart = (share.get((by, "all")) for by in ("all", "all_without_agreement"))
    if not known(whole):
        return None
    given = share[share.index.get_level_values("by") == "mode"].dropna().droplevel("by").sort_values()
    weak = [w.mode(mode) for mode, value in given.items() if value < 80]
    text = brief.join(
        w(
            "A mode is taken as the office stated it; where it is not stated, rules read the record: the agreement, degrees, length, credits, season, supervision."
        ),
        w(
            "Hidden from the rules, {share} of the stated modes are found again ({apart} without the agreement’s help).",
            share=w.percent(whole, digits=0),
            apart=w.percent(apart, digits=0),
        )
        if known(apart)
        else w("Hidden from the rules, {share} of the stated modes are found again.", share=w.percent(whole, digits=0)),
        w("Least well told: {modes}.", modes=w.list(weak)) if weak else "",
    )
    return blocks.Note(w("How the modes were told"), text, "method")
