"""The alliance database as rows of words: for the office's screen and for a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs.annual.alliance import ACTIONS, said
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known, place
from pipeline.briefs.words import UNKNOWN
from pipeline.measures.alliance_actions import BELOW, IDLE, NONE_YET

if TYPE_CHECKING:
    from pipeline.briefs.words import Words


def summary_lines(w: Words, whole: Any) -> list[str]:
    """The sums in a few lines.

    Parameters
    ----------
    whole
        The row "all" of `alliance_sums`.

    Examples
    --------
    >>> from types import SimpleNamespace as Row
    >>> from pipeline.briefs.words import Words
    >>> row = Row(in_force=3, partners=2, end_known=3, due_6=1, due_12=1, due_24=2, renewed=0, use=50.0, over=1, under=2, with_places=4, dormant=1, one_way=0,
    ...     lapsed_used=0, without_agreement=0, laboratories=1)
    >>> summary_lines(Words("en"), row)[0]
    'In force: 3 agreements with 2 partners, 1 of them with a joint laboratory.'
    """
    use = w.percent(whole.use, digits=0) if known(whole.use) else UNKNOWN
    return [
        w(
            "In force: {n} agreements with {m} partners, {labs} of them with a joint laboratory.",
            n=whole.in_force,
            m=whole.partners,
            labs=whole.laboratories,
        ),
        w(
            "Of {n} whose end is on record, {six} end in 6 months, {twelve} in 12, {two} in 24; {renewed} have a successor.",
            n=whole.end_known,
            six=whole.due_6,
            twelve=whole.due_12,
            two=whole.due_24,
            renewed=whole.renewed,
        ),
        w(
            "Places taken: {use}; of {n} directions of an agreement {over} over-used, {under} under half used.",
            use=use,
            n=whole.with_places,
            over=whole.over,
            under=whole.under,
        ),
        w(
            "Partners: {dormant} dormant, {one} one-way, {late} used after a lapse, {none} without an agreement.",
            dormant=whole.dormant,
            one=whole.one_way,
            late=whole.lapsed_used,
            none=whole.without_agreement,
        ),
    ]


def partner_rows(w: Words, partners: pd.DataFrame, todo: pd.DataFrame, everyone: bool = False) -> pd.DataFrame:
    """The partners with what to do about each, under headings in the language.

    Parameters
    ----------
    partners, todo
        As `alliance_database` and `actions` give them, or their public edition.
    everyone
        Also those about whom there is nothing to do.

    Examples
    --------
    >>> from pipeline.briefs.words import Words
    >>> partners = pd.DataFrame({"partner": ["A", "B"], "country": "KOR", "agreements": [1, 0], "next_expiry": [None, None], "rank_band": "1-200", "belt_and_road": True})
    >>> todo = pd.DataFrame({"action": ["dormant"], "partner": ["A"], "detail": "exchange", "date": [None], "months": [None]})
    >>> partner_rows(Words("en"), partners, todo)["To do"].tolist()
    ['Revive or end: no stay in two academic years (exchange)']
    """
    remarks: dict[str, list[str]] = {}
    for r in records(todo):
        remarks.setdefault(r.partner, []).append(w("{what}: {why}", what=w(ACTIONS[r.action]), why=said(w, r)))
    rows = []
    for r in records(partners if everyone else partners[partners["partner"].isin(list(remarks))]):
        row = {
            w("Partner institution"): str(r.partner),
            w("Country or region"): w.country(r.country),
            w("In force"): w.number(r.agreements),
            w("Next end"): pd.Timestamp(r.next_expiry).date().isoformat() if known(r.next_expiry) else UNKNOWN,
        }
        if "used" in partners:
            row[w("Used/places")] = f"{r.used:.0f}/{r.places:.0f}" if known(r.places) else UNKNOWN
            row[w("Stays, 5 years")] = w.number(r.stays)
            row[w("Depth")] = w.number(r.depth)
        row[w("Rank band")] = str(r.rank_band) if known(r.rank_band) else UNKNOWN
        row[w("Belt and Road")] = w("yes") if r.belt_and_road else w("no")
        row[w("To do")] = w("; ").join(remarks.get(r.partner, []))
        rows.append(row)
    return pd.DataFrame(rows)


def agreement_rows(w: Words, agreements: pd.DataFrame) -> pd.DataFrame:
    """The agreements in force, and lapsed ones that are still used, under headings in the language.

    >>> from pipeline.briefs.words import Words
    >>> from pipeline.measures.alliance import AGREEMENTS
    >>> row = {"agreement_id": "A1", "partner": "A", "country": "KOR", "mode": "exchange", "state": "in_force", "due": 6, "quota_in": 2, "used_in": 3}
    >>> agreement_rows(Words("en"), pd.DataFrame([row], columns=AGREEMENTS)).iloc[0][["Agreement", "In: used/places", "Ends in"]].tolist()
    ['A1', '3/2', '6 months']
    """
    late = (
        agreements["used_after_expiry"].gt(0)
        if "used_after_expiry" in agreements
        else agreements["lapsed_used"].eq(True)
    )
    rows = []
    for r in records(agreements[agreements["state"].eq("in_force") | late.fillna(False)]):
        row = {
            w("Agreement"): str(r.agreement_id),
            w("Partner institution"): str(r.partner),
            w("Country or region"): w.country(r.country),
            w("Mode"): w.mode(r.mode),
            w("End"): pd.Timestamp(r.expires).date().isoformat() if known(r.expires) else UNKNOWN,
            w("Ends in"): w("lapsed")
            if r.state != "in_force"
            else w("{n} months", n=r.due)
            if known(r.due)
            else UNKNOWN,
            w("Successor"): str(r.successor) if known(r.successor) else UNKNOWN,
        }
        if "used_in" in agreements:
            row[w("In: used/places")] = _use(r.used_in, r.quota_in)
            row[w("Out: used/places")] = _use(r.used_out, r.quota_out)
        row[w("Joint laboratory")] = w("yes") if known(r.joint_laboratory) and r.joint_laboratory else UNKNOWN
        rows.append(row)
    return pd.DataFrame(rows)


def _use(used: Any, places: Any) -> str:
    return f"{used if known(used) else UNKNOWN}/{places if known(places) else UNKNOWN}"


def opportunity_lines(w: Words, table: pd.DataFrame) -> list[str]:
    """Where more could be done, a line each.

    >>> from pipeline.briefs.words import Words
    >>> table = pd.DataFrame({"kind": ["below_expected"], "country": ["KOR"], "direction": ["inbound"], "actual": [2.0], "expected": [20.0], "partner": [None], "agreements": [1]})
    >>> opportunity_lines(Words("en"), table)
    ['South Korea, inbound: 2 where 20 were expected; agreements in force: 1.']
    """
    lines = []
    for r in records(table[table["kind"].isin([BELOW, NONE_YET])].drop_duplicates(["country", "direction"])):
        lines.append(
            w(
                "{country}, {direction}: {n} where {m} were expected; agreements in force: {agreements}.",
                country=w.capital(place(w, r.country)),
                direction=w.direction(r.direction),
                n=w.number(r.actual),
                m=w.number(r.expected),
                agreements=w.number(r.agreements),
            )
        )
    idle = table[table["kind"].eq(IDLE)]
    lines += [
        w(
            "{partner}, {country}: an agreement, but no stay in two academic years.",
            partner=r.partner,
            country=w.country(r.country),
        )
        for r in records(idle)
    ]
    return lines


def headings(w: Words) -> dict[str, str]:
    """The titles of the list and its parts, and what a reader must know of it."""
    return {
        "title": w("Alliance database"),
        "todo": w("What needs action"),
        "all": w("All partners"),
        "agreements": w("Agreements in force, and lapsed ones still used"),
        "opportunities": w("Where more could be done"),
        "office": w("For the office: numbers of people as they are. Use --public before anything leaves the house."),
        "public": w("Without numbers of people: what may be published."),
        "no_results": w("Expected flows are not at hand: mobility reports makes them."),
    }
