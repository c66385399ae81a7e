"""Erasmus Without Paper: answers of the APIs for interinstitutional agreements (IIA) and outgoing mobilities, as XML.

Versions 6 and 7 of IIA and 1 to 3 of outgoing mobilities differ in namespaces, in how the academic years of an agreement are given, and in
whether a mobility's particulars stand in a `nomination`; elements are therefore looked up by their local names. Institutions are known by their SCHAC id
("uw.edu.pl"), whose last part is their country. Whose data they are says `institution` in the source card; without it, they are those of
the institution that answered: the first partner of an agreement, the sender of a mobility. Names, addresses and pictures of people are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable
from pipeline.sources.xml import children, first, lines, local, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from lxml.etree import _Element as Element

LAYOUT = "Erasmus Without Paper (IIA and outgoing mobilities, XML)"
ABOUT = Card(
    title="Erasmus Without Paper",
    publisher="the institution's own system, by Erasmus Without Paper",
    licence="internal",
    url="https://developers.erasmuswithoutpaper.eu/",
    origin_basis="prior_education",
)
AGREEMENTS, MOBILITIES = "iias-get-response", ("omobilities-get-response", "mobilities-get-response")
_MOBILITY = ("student-mobility", "student-mobility-for-studies")
_STUDIES, _TRAINEESHIP = "student-studies-mobility-spec", "student-traineeship-mobility-spec"
_NO_COUNTRY = {"edu", "org", "com", "net", "int", "eu", "info", "cat", "academy", "university"}
_SAME_AS = {"uk": "GBR", "ac": None, "su": "RUS"}
_OUTCOMES = {"live": "ongoing", "recognized": "completed"}
_NO_STAY = {"cancelled": "the mobility was cancelled", "rejected": "the nomination was rejected"}
_GENDERS = {"1": "male", "2": "female"}  # ISO 5218; 0 is not known, 9 not applicable
Record = dict[str, str | None]


def recognise(file: SourceFile) -> bool:
    """Whether the outermost element is an answer of one of the two APIs."""
    return file.root in (AGREEMENTS, *MOBILITIES)


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Agreements of an IIA answer, stays of an answer on mobilities."""
    agreements = file.root == AGREEMENTS
    names = ("iia",) if agreements else _MOBILITY
    own = about.institution or (None if agreements else _only_receiver(file))
    found = [
        (element.sourceline, _agreement(element, about) if agreements else _stay(element, own, about))
        for element in children(file.path, names)
    ]
    if not found:
        raise InputError(file.path, f"holds no {names[0]}.", "Ask for the ids that you want, and save that answer.")
    table = "agreements" if agreements else "stays"
    yield RawTable(source, table, file.name, _frame([row for _, row in found], [at for at, _ in found]), card=about)


def _frame(rows: list[Record], at: list[int | None]) -> object:
    from pipeline.sources.workbook import frame

    names = [name for name in rows[0] if name != "refused"]
    return frame({name: [row[name] for row in rows] for name in names}, lines(at), [row["refused"] for row in rows])


def country_of(hei: str | None, about: Card) -> str | None:
    """The country of an institution by its SCHAC id, or by `countries` of the source card; its id where neither says it.

    Examples
    --------
    >>> country_of("uw.edu.pl", Card()), country_of("ox.ac.uk", Card()), country_of("ceu.edu", Card())
    ('PL', 'GBR', 'ceu.edu')
    >>> country_of("ceu.edu", Card(countries={"ceu.edu": "AUT"}))
    'AUT'
    """
    if hei is None or hei.lower() in about.countries:
        return None if hei is None else about.countries[hei.lower()]
    last = hei.lower().rpartition(".")[2]
    if last in _SAME_AS:
        return _SAME_AS[last] or hei
    return last.upper() if len(last) == 2 and last not in _NO_COUNTRY else hei


def _agreement(iia: Element, about: Card) -> Record:
    partners = {text(p, "hei-id") or "": p for p in iia.iterfind("{*}partner")}
    own = next((hei for hei in partners if not about.institution or _same(hei, about.institution)), None)
    other = next((hei for hei in partners if hei != own), None)
    specs = list(_specs(iia))
    mode = "exchange" if specs and local(specs[0]) == _STUDIES else None
    return {
        "agreement_id": text(partners[own], "iia-id", "iia-code") if own is not None else None,
        "partner": other,
        "country": country_of(other, about),
        "mode": mode,
        "signed": max((s for p in partners.values() if (s := text(p, "signing-date"))), default=None),
        "expires": _last_day(iia, about),
        "quota_in": _places(specs, other, own),
        "quota_out": _places(specs, own, other),
        "refused": _no_agreement(iia, own, about),
    }


def _no_agreement(iia: Element, own: str | None, about: Card) -> str | None:
    if own is None:
        return f"{about.institution} is not a partner of the agreement"
    if text(iia, "in-effect") in ("false", "0"):
        return "a draft: the agreement is not in effect"
    ended = text(iia, "terminated-as-a-whole")
    return "the agreement was terminated" if ended in ("true", "1") else None


def _specs(iia: Element) -> Iterator[Element]:
    """The conditions for students: those of studies, or where there is none those of traineeships."""
    for name in (_STUDIES, _TRAINEESHIP):
        there = list(iia.iter("{*}" + name))
        yield from there
        if there:
            return


def _places(specs: list[Element], sender: str | None, receiver: str | None) -> str | None:
    """Students a year from one partner to the other; unknown where a number is missing or said to be not yet defined."""
    numbers = []
    for spec in specs:
        if not (_same(text(spec, "sending-hei-id"), sender) and _same(text(spec, "receiving-hei-id"), receiver)):
            continue
        given = first(spec, "mobilities-per-year")
        if given is None or given.get("not-yet-defined") in ("true", "1") or not (text(given) or "").isdecimal():
            return None
        numbers.append(int(text(given) or 0))
    return str(sum(numbers)) if numbers else None


def _last_day(iia: Element, about: Card) -> str | None:
    """The month in which the last academic year of an agreement ends."""
    years = []
    for name in ("receiving-last-academic-year-id", "receiving-academic-year-id"):
        years += [text(e) or "" for e in iia.iter("{*}" + name)]
    ends = [year[-4:] for year in years if year[-4:].isdecimal() and len(year) == 9]
    if not ends:
        return None
    month = about.academic_year_starts - 1
    return f"{max(ends)}-{month:02d}" if month else f"{int(max(ends)) - 1}-12"


def _stay(mobility: Element, own: str | None, about: Card) -> Record:
    sending, receiving = first(mobility, "sending-hei"), first(mobility, "receiving-hei")
    home, host = text(sending, "hei-id"), text(receiving, "hei-id")
    inbound = own is not None and _same(host, own)
    student = first(mobility, "student")
    status = text(mobility, "status") or ""
    start = text(mobility, "actual-arrival-date", "planned-arrival-date")
    return {
        "student_id": text(student, "global-id") or f"{home}|{text(mobility, 'omobility-id', 'mobility-id')}",
        "direction": "inbound" if inbound else "outbound",
        "origin": country_of(home, about),
        "destination": country_of(host, about),
        "home_institution": home,
        "host_institution": host,
        "agreement_id": text(receiving if inbound else sending, "iia-id"),
        "mode": _mode(mobility),
        "level": text(mobility, "eqf-level-studied-at-departure", "eqf-level-studied-at-nomination"),
        "field": text(mobility, "nominee-isced-f-code", "agreement-isced-f-code"),
        "start": start,
        "end": text(mobility, "actual-departure-date", "planned-departure-date"),
        "gender": _GENDERS.get(text(student, "gender") or ""),
        "birth_year": (text(student, "birth-date") or "")[:4] or None,
        "outcome": _OUTCOMES.get(status),
        "refused": _NO_STAY.get(status) or _no_stay(mobility, own, home, host, start),
    }


def _no_stay(mobility: Element, own: str | None, home: str | None, host: str | None, start: str | None) -> str | None:
    if own is not None and not (_same(home, own) or _same(host, own)):
        return f"{own} neither sends nor receives the student"
    if start is None:
        term = text(mobility, "sending-academic-term-ewp-id", "receiving-academic-year-id") or "no term"
        return f"no day of arrival, planned or actual (only {term})"
    return None


def _mode(mobility: Element) -> str | None:
    """An exchange, or a short programme by its attributes; a traineeship is neither."""
    kind, attributes = text(mobility, "activity-type"), text(mobility, "activity-attributes") or ""
    if local(mobility) == _MOBILITY[0] and kind and "studies" not in kind:
        return None
    return "short_programme" if attributes.startswith("short") or "blended" in attributes else "exchange"


def _only_receiver(file: SourceFile) -> str | None:
    """The institution that receives all students of a file whose senders differ: then the file is a receiver's collection."""
    senders, receivers = set(), set()
    for mobility in children(file.path, _MOBILITY):
        senders.add(text(first(mobility, "sending-hei"), "hei-id"))
        receivers.add(text(first(mobility, "receiving-hei"), "hei-id"))
    return receivers.pop() if len(receivers) == 1 and len(senders) > 1 else None


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.lower() == other.lower()
