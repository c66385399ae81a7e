"""Published counts: one row a publisher's cell. Directions, periods and levels in one form; what is rounded and what is missing stays marked as such."""

from __future__ import annotations

from collections.abc import Hashable

from pipeline.records.books import Book
from pipeline.records.conform import RAW, Column, Conformed
from pipeline.records.engine import Engine
from pipeline.records.institutions import Register
from pipeline.records.numbers import AT_LEAST, EXACT, ROUNDED, number_of
from pipeline.records.places import any_place
from pipeline.records.reading import ColumnReader, Reading, each
from pipeline.records.settle import Row
from pipeline.records.small import SmallTable, period_column, rows_of
from pipeline.records.stays import simple
from pipeline.records.tally import RECORDS, tally
from pipeline.records.words import by_codes, level_of, text_of, word_of
from pipeline.sources.table import RawTable

NO_DIRECTION = ("programmes", "recognition_agreements")
_TEXTS = ("unit", "publisher", "title", "url", "published", "note")


def count_level(text: str) -> Reading:
    """A level of a published count: "5" to "8", or several together.

    >>> [count_level(t).value for t in ("all", "7-8", "undergraduate", "博士")]
    ['all', '7-8', '5-6', '8']
    """
    found = word_of("count_level")(text)
    return level_of(text) if found.problem else found


def _value(table: RawTable) -> ColumnReader:
    """A number with its exactness; a text that is no number has the value NaN, by which its row is rejected."""

    def read(text: str) -> Reading:
        found = number_of(text)
        return found._replace(value=float("nan")) if found.problem else found

    return each(by_codes(table.codes.get("value", {}), read))


def _place(name: str) -> Column:
    return Column(name, "text", any_place(name), extra=((f"{name}_kind", "text"),))


SPEC = SmallTable(
    columns=(
        period_column(),
        simple("measure", "text", word_of("measure"), required=True),
        simple("direction", "text", word_of("direction")),
        *(_place(name) for name in ("reporter", "origin", "destination", "partner")),
        simple("level", "text", count_level),
        simple("mode", "text", word_of("mode")),
        simple("funding", "text", word_of("funding")),
        Column("value", "float", _value, extra=(("written_exactness", "text"),)),
        simple("status", "text", word_of("status")),
        simple("exactness", "text", word_of("exactness")),
        *(simple(name, "text", text_of) for name in _TEXTS),
    ),
    rules=(),
    key=lambda row: None if row.get(RECORDS) is not None else cell(row),
    contradicts=lambda first, other: contradicts(first, other),
)


def counts_of(table: RawTable, engine: Engine, register: Register | None = None) -> tuple[list[Row], Book]:
    """The cells of a raw table of counts, whole (`complete`), and the table's book; cells that cannot be completed are rejected."""
    if table.counted == RECORDS:
        return tally(table, engine, register)
    rows, book, done = rows_of(table, SPEC, engine)
    book.unresolved = []
    whole = []
    for row in rows:
        column, reason = complete(row)
        if not column:
            whole.append(row)
            _note_unresolved(book, done, row)
            continue
        blamed = next((name for name in (column, "partner") if row.get(RAW + name) is not None), column)
        value = row.get(RAW + blamed)
        known, near = done.reasons(blamed, value) if value is not None else (reason, "")
        book.reject(row["line"], blamed, value, known, near)
        book.kept -= 1
    return whole, book


def _note_unresolved(book: Book, done: Conformed, row: Row) -> None:
    for name in (c.name for c in SPEC.columns):
        if (value := row.pop(RAW + name, None)) is not None:
            book.leave_unresolved(row["line"], name, value, *done.reasons(name, value))


def complete(row: Row) -> tuple[str, str]:
    """Fill in what a cell's other columns say, in place.

    Returns
    -------
    tuple of str
        Column and reason for which the cell cannot stand; two empty texts when it can.
    """
    if row["direction"] is None and row["measure"] not in NO_DIRECTION:
        return "direction", "missing"
    inbound = row["direction"] != "outbound"
    ours, theirs = ("destination", "origin") if inbound else ("origin", "destination")
    for name, other in ((ours, "reporter"), (theirs, "partner"), ("reporter", ours)):
        if row[name] is None and row[other] is not None:
            row[name], row[f"{name}_kind"] = row[other], row[f"{other}_kind"]
    for name in ("origin", "destination", "reporter"):
        if row[name] is None:
            return name, "missing"
    value, written = row["value"], row["written_exactness"]
    if value is not None and value != value:
        return "value", "not a number"
    if value is not None and value < 0 and row["measure"] != "net_flow":
        return "value", "a count below 0"
    row["status"] = "M" if value is None and row["status"] != "C" else row["status"] or "A"
    row["exactness"] = row["exactness"] or (written if written in (ROUNDED, AT_LEAST) else EXACT)
    row |= {name: row[name] or "all" for name in ("level", "mode", "funding")}
    row["unit"] = row["unit"] or ("students" if row["measure"] not in NO_DIRECTION else row["measure"])
    return "", ""


def cell(row: Row) -> Hashable:
    """What makes a count one cell: all that it is a count of, and who counted."""
    names = (
        "reporter",
        "origin",
        "destination",
        "direction",
        "year",
        "period",
        "level",
        "mode",
        "measure",
        "funding",
        "unit",
        "publisher",
    )
    return tuple(row[name] for name in names)


def contradicts(first: Row, other: Row) -> str:
    """ "value" when two figures of one cell cannot both be right, else "".

    >>> exact = {"value": 442773.0, "exactness": "exact"}
    >>> contradicts(exact, {"value": 440000.0, "exactness": "rounded"}), contradicts(exact, {"value": 442774.0, "exactness": "exact"})
    ('', 'value')
    """
    if first["value"] is None or other["value"] is None or first["value"] == other["value"]:
        return ""
    return "" if _agrees(first, other) or _agrees(other, first) else "value"


def _agrees(fine: Row, coarse: Row) -> bool:
    """Whether a rounded or "more than" figure fits a finer one: by less than one unit of its last digit that is not 0."""
    if coarse["exactness"] == EXACT or (fine["exactness"] != EXACT and _unit(fine["value"]) > _unit(coarse["value"])):
        return False
    difference = fine["value"] - coarse["value"]
    if coarse["exactness"] == AT_LEAST:
        return 0 <= difference < _unit(coarse["value"])
    return abs(difference) < _unit(coarse["value"])


def _unit(value: float) -> float:
    """The place value of the last digit that is not 0: of 440,000 it is 10,000."""
    unit = 1.0
    while value and value % (unit * 10) == 0:
        unit *= 10
    return unit


def finest_first(row: Row) -> tuple[bool, bool, float]:
    """Orders the figures of one cell: known before missing, exact before rounded, finer before coarser."""
    value = row["value"]
    return (
        value is None,
        row["exactness"] != EXACT,
        _unit(value) if value is not None and row["exactness"] != EXACT else 0.0,
    )
