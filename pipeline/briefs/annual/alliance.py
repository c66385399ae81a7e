"""Partners and agreements: what ends soon, what lies idle, what is over- and under-used, and what to do first."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known, place
from pipeline.briefs.catalogue import N_
from pipeline.measures.alliance_actions import BELOW, IDLE, LAPSED_USED, LAPSES, NO_AGREEMENT, NONE_YET

if TYPE_CHECKING:
    from pipeline.briefs.annual.institution_facts import InstitutionFacts
    from pipeline.briefs.words import Words

# The rows of each kind that the table of a brief has at most, in its order.
SHOWN = {
    "lapses": 4,
    "lapsed_used": 2,
    "without_agreement": 1,
    "over_used": 2,
    "dormant": 2,
    "one_way": 1,
    "under_used": 1,
}
MOST = 12
NAMED = 4
ACTIONS = {
    "lapses": N_("Renew"),
    "lapsed_used": N_("Agree anew"),
    "without_agreement": N_("Agree"),
    "over_used": N_("More places"),
    "dormant": N_("Revive or end"),
    "one_way": N_("Balance"),
    "under_used": N_("Fill places"),
}


WHY = {
    "over_used": N_("more stays than places"),
    "under_used": N_("fewer than half of the places taken"),
    "dormant": N_("no stay in two academic years"),
    "without_agreement": N_("stays, but no agreement in force"),
}


def alliance_blocks(brief: InstitutionFacts) -> list[blocks.Block]:
    """The section, its findings and two tables; nothing where no agreements are on record."""
    w, sums = brief.w, brief.facts.table("alliance_sums")
    if sums.empty:
        return []
    whole = records(sums[sums["group"].eq("all")])[0]
    lead = w(
        "At the end of {period}, {n} agreements with {m} partner institutions were in force; {band} of the partners are ranked 1 to 200, {road} are in Belt and Road countries, {labs} have a joint laboratory.",
        period=brief.period,
        n=whole.in_force,
        m=whole.partners,
        band=whole.in_band,
        road=whole.belt_and_road,
        labs=whole.laboratories,
    )
    made = [_renewals(brief, whole), _places(brief, whole), _idle(brief, whole), _opportunities(brief)]
    found: list[blocks.Block] = [blocks.Section("alliance", w("Partners and agreements"), lead)]
    found += [finding for finding in made if finding is not None]
    found.append(_sums_table(brief, sums))
    todo = _todo_table(brief)
    return [*found, todo] if todo is not None else found


def day_of(whole: Any) -> dt.date:
    """The day on which agreements are in force."""
    return pd.Timestamp(whole.as_of).date()


def _in_force(brief: InstitutionFacts, whole: Any, **where: Any) -> list[blocks.Evidence]:
    """The agreements in force: by their end, or without one."""
    day = day_of(whole)
    shared = {"source": brief.facts.subject, "signed": {"to": day.isoformat()}}
    later = {"expires": {"from": (day + dt.timedelta(days=1)).isoformat()}}
    if "expires" in where:
        return [{"table": "agreements", "where": shared | where}]
    return [{"table": "agreements", "where": shared | end | where} for end in (later, {"expires": [None]})]


def _renewals(brief: InstitutionFacts, whole: Any) -> blocks.Finding | None:
    w, day = brief.w, day_of(whole)
    if not whole.end_known:
        return None
    text = w(
        "**{k} of {n} agreements end within twelve months** ({six} of them within six; {two} within twenty-four). A successor is on record for {renewed} of the {two}.",
        k=whole.due_12,
        n=whole.end_known,
        six=whole.due_6,
        two=whole.due_24,
        renewed=whole.renewed,
    )
    base = w(
        "Base: {n} agreements in force on {day} whose end is on record; of {m} it is not.",
        n=whole.end_known,
        day=day,
        m=whole.in_force - whole.end_known,
    )
    ends = {
        "from": (day + dt.timedelta(days=1)).isoformat(),
        "to": (pd.Timestamp(day) + pd.DateOffset(months=12)).date().isoformat(),
    }
    evidence = _in_force(brief, whole, expires=ends)
    return blocks.Finding("alliance.renewals", text, base=base, source=_source(brief), evidence=evidence)


def decisions_finding(brief: InstitutionFacts) -> blocks.Finding | None:
    """What asks for a decision, for the first page; None without agreements."""
    w, sums = brief.w, brief.facts.table("alliance_sums")
    if sums.empty:
        return None
    whole = records(sums[sums["group"].eq("all")])[0]
    told = [
        w("{n} agreement ends within twelve months", "{n} agreements end within twelve months", n=n)
        for n in [whole.due_12]
        if known(n) and n
    ]
    told += [
        w("with {n} partner students go on under a lapsed agreement", "with {n} partners students go on under lapsed agreements", n=n)
        for n in [whole.lapsed_used]
        if known(n) and n
    ]  # fmt: skip
    told += [
        w("{n} partner with an agreement had no stay in two academic years", "{n} partners with an agreement had no stay in two academic years", n=n)
        for n in [whole.dormant]
        if known(n) and n
    ]  # fmt: skip
    if not told:
        return None
    text = w("**To be decided**: {told}.", told=w("; ").join(told))
    return blocks.Finding("alliance.decisions", text, source=_source(brief), evidence=_in_force(brief, whole))


def _places(brief: InstitutionFacts, whole: Any) -> blocks.Finding | None:
    w = brief.w
    if not known(whole.use) or not whole.with_places:
        return None
    text = w(
        "**Stays came to {use} of the places agreed for the year**, which does not mean that the places were filled: in {over} of {n} directions of an agreement more students moved than there were places, in {under} fewer than half as many.",
        use=w.percent(whole.use, digits=0),
        over=whole.over,
        n=whole.with_places,
        under=whole.under,
    )
    base = w(
        "Base: stays under agreements in force with a quota that began in {period}, inbound and outbound, virtual ones apart.",
        period=brief.period,
    )
    evidence = _in_force(brief, whole)
    return blocks.Finding("alliance.places", text, base=base, source=_source(brief), evidence=evidence)


def _idle(brief: InstitutionFacts, whole: Any) -> blocks.Finding | None:
    w = brief.w
    if not whole.partners:
        return None
    text = w(
        "**{d} of {n} partners with an agreement in force had no stay in two academic years.** With {late} partners students go on in a mode whose agreement has lapsed; with {one} all exchange of three years went one way.",
        d=whole.dormant,
        n=whole.partners,
        late=whole.lapsed_used,
        one=whole.one_way,
    )
    base = w("Base: {n} partner institutions; one way: five exchange stays or more.", n=whole.partners)
    evidence = _in_force(brief, whole)
    return blocks.Finding("alliance.idle", text, base=base, source=_source(brief), evidence=evidence)


def _opportunities(brief: InstitutionFacts) -> blocks.Finding | None:
    """Where more could be done: countries below what is expected, and idle partners of rank or on the Belt and Road."""
    w, table = brief.w, brief.facts.table("opportunities")
    if table.empty:
        return None
    parts = []
    below, none_yet, idle = (table[table["kind"].eq(kind)] for kind in (BELOW, NONE_YET, IDLE))
    for rows, inbound, outbound in (
        (
            below,
            N_("Fewer come from {names} than distance, language and size would lead one to expect."),
            N_("Fewer go to {names} than distance, language and size would lead one to expect."),
        ),
        (
            none_yet,
            N_("No agreement is in force with {names}, Belt and Road countries from which fewer come than expected."),
            N_("No agreement is in force with {names}, Belt and Road countries to which fewer go than expected."),
        ),
    ):
        for direction, sentence in (("inbound", inbound), ("outbound", outbound)):
            names = rows.loc[rows["direction"].eq(direction), "country"].drop_duplicates().head(NAMED)
            if len(names):
                parts.append(w(sentence, names=w.list([place(w, c) for c in names])))
    if len(idle):
        named = w.list(idle["partner"].head(NAMED).tolist())
        parts.append(
            w(
                "Of {n} partners ranked 1 to 200 or in a Belt and Road country that had no stay in two academic years, the first are {names}.",
                n=len(idle),
                names=named,
            )
            if len(idle) > NAMED
            else w(
                "Ranked 1 to 200 or in a Belt and Road country, without a stay in two academic years: {names}.",
                names=named,
            )
        )
    if not parts:
        return None
    text = brief.join(w("**Where more could be done.**"), *parts)
    base = w(
        "Expected: by the gravity model; a pattern among countries, no target. Named where no agreement is in force: five students short or more, be it within the interval."
    )
    years = {"year": brief.facts.year, "source": brief.facts.subject}
    evidence: list[blocks.Evidence] = [
        {"table": "agreements", "where": {"source": brief.facts.subject, "country": sorted(set(table["country"]))}},
        {
            "table": "stays",
            "where": years | {"origin": sorted(set(table.loc[table["direction"].eq("inbound"), "country"]))},
        },
        {
            "table": "stays",
            "where": years | {"destination": sorted(set(table.loc[table["direction"].eq("outbound"), "country"]))},
        },
    ]
    evidence = [e for e in evidence if all(v for v in e["where"].values())]
    return blocks.Finding("alliance.opportunities", text, base=base, source=_source(brief), evidence=evidence)


def _source(brief: InstitutionFacts) -> str:
    return brief.w("Source: agreements and stays of {name}, {period}", name=brief.name(), period=brief.period)


def _sums_table(brief: InstitutionFacts, sums: pd.DataFrame) -> blocks.Table:
    """Agreements in force by mode, those that end soon and the use of their places."""
    w, rows = brief.w, []
    for r in records(sums.sort_values("in_force", ascending=False, kind="stable")):
        name = w("All agreements") if r.group == "all" else w.capital(w.mode(r.group))
        row: dict[str, blocks.Cell] = {"mode": name}
        for key in ("in_force", "due_6", "due_12", "due_24", "over", "under"):
            value = getattr(r, key)
            row[key] = blocks.Num(value, w.number(value))
        row["use"] = blocks.Num(r.use, w.percent(r.use, digits=0)) if known(r.use) else None
        rows.append(row)
    columns = [
        blocks.Column("mode", w("Mode")),
        blocks.Column("in_force", w("In force"), kind="number"),
        blocks.Column("due_6", w("End in 6 months"), kind="number"),
        blocks.Column("due_12", w("End in 12 months"), kind="number"),
        blocks.Column("due_24", w("End in 24 months"), kind="number"),
        blocks.Column("use", w("Places taken"), kind="number"),
        blocks.Column("over", w("Over-used"), kind="number"),
        blocks.Column("under", w("Under half used"), kind="number"),
    ]
    note = w(
        "Ends in 12 months include those in 6, and so on. Over-used, under half used: directions (inbound, outbound) of agreements with more stays than places, or with fewer than half; not people."
    )
    return blocks.Table(
        "alliance-agreements", w("Agreements in force, by mode"), columns, rows, notes=[note], source=_source(brief)
    )


def chosen_actions(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a brief: the first of each kind, most urgent kinds first, twelve at most; partners of rank or road first among the dormant.

    >>> table = pd.DataFrame({"action": ["dormant"] * 3, "rank_band": [None, None, "1-200"], "belt_and_road": [False, True, False]})
    >>> chosen_actions(table).index.tolist()
    [1, 2]
    """
    wanted = table["rank_band"].eq("1-200") | table["belt_and_road"].eq(True)
    later = table["action"].eq("dormant") & ~wanted
    if "months" in table:
        later |= table["months"].fillna(0).gt(6)
    order = table.assign(_later=later, _n=range(len(table)), _k=table["action"].map(list(SHOWN).index))
    order = order.sort_values(["_k", "_later", "_n"])
    kept = pd.concat([order[order["action"].eq(kind)].head(most) for kind, most in SHOWN.items()])
    return kept.head(MOST).drop(columns=["_later", "_n", "_k"])


def said(w: Words, row: Any, modes: bool = True) -> str:
    """Why a partner asks for action, in words; with the modes that it is about, or without where they are many.

    >>> from types import SimpleNamespace as Row
    >>> from pipeline.briefs.words import Words
    >>> said(Words("en"), Row(action="one_way", detail="inbound", date=None, months=None))
    'exchange: all come, nobody goes'
    >>> row = Row(action="dormant", detail="exchange|degree")
    >>> said(Words("en"), row), said(Words("en"), row, modes=False)
    ('no stay in two academic years (exchange and degree programme)', 'no stay in two academic years')
    """
    if row.action == "one_way":
        return w("exchange: all come, nobody goes") if row.detail == "inbound" else w("exchange: all go, nobody comes")
    named = w.list([w.mode(m) for m in str(row.detail or "").split("|") if m])
    if row.action in (LAPSES, LAPSED_USED):
        day = w.date(pd.Timestamp(row.date).date(), short=True)
        if row.action == LAPSES:
            return w("{modes}: ends {day}", modes=w.capital(named), day=day)
        return w("{modes}: lapsed {day}", modes=w.capital(named), day=day)
    text = w(WHY[row.action])
    return w("{text} ({modes})", text=text, modes=named) if modes and row.action != NO_AGREEMENT else text


def _todo_table(brief: InstitutionFacts) -> blocks.Table | None:
    """What needs action, with the names of partner institutions."""
    w, table = brief.w, brief.facts.table("alliance_actions")
    if table.empty:
        return None
    kept = chosen_actions(table)
    rows: list[dict[str, blocks.Cell]] = [
        {
            "action": w(ACTIONS[r.action]),
            "partner": str(r.partner),
            "country": w.country(r.country),
            "why": w.capital(said(w, r, modes=False)),
            "band": str(r.rank_band).replace("-", "–") if known(r.rank_band) else None,
        }
        for r in records(kept)
    ]
    columns = [
        blocks.Column("action", w("To do")),
        blocks.Column("partner", w("Partner institution")),
        blocks.Column("country", w("Country or region")),
        blocks.Column("why", w("Why")),
        blocks.Column("band", w("Rank band"), align="right"),
    ]
    notes = [
        w("Renew: no successor is on record. Agree anew: students still move in that mode."),
        w(
            "The first {k} of {n} entries that may be shown; within each kind the deepest partnerships first (stays × years × modes of five years). The office has the whole list.",
            k=len(kept),
            n=len(table),
        ),
    ]
    return blocks.Table("alliance-actions", w("What needs action"), columns, rows, notes=notes, source=_source(brief))
