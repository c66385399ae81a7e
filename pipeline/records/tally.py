"""Counts made of records: each row of a file stands for one or several people, and cells of counts are summed from them.

A programme's raw data (one row a mobility, with the number of participants) have no reporting country: a student who goes from Germany to Spain is
one of Germany's outbound and one of Spain's inbound students. Each row that is kept is therefore in exactly one cell of level "all" of either
direction, and where its level is known in one cell of that level too. `records` says how many rows a cell sums; the ledger counts rows of the file.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import narwhals as nw

from pipeline.errors import InputError
from pipeline.records.books import Book, open_book
from pipeline.records.conform import BAD, Column, conform, judge
from pipeline.records.dates import academic_year_of, period_of
from pipeline.records.engine import Engine
from pipeline.records.institutions import NAMED, Register
from pipeline.records.numbers import between
from pipeline.records.places import any_place
from pipeline.records.reading import ColumnReader, Reading, each
from pipeline.records.settle import Row
from pipeline.records.stays import CODES, simple
from pipeline.records.words import level_of, text_of, word_of
from pipeline.sources.table import LINE, RawTable

RECORDS = "records"
"""What `RawTable.counted` says of a table whose rows are to be summed, and the column that says how many rows a cell sums."""

MOST = 10_000  # participants of one row; more is a slip
_TEXTS = ("unit", "publisher", "title", "url", "published", "note")
_KEY = ("year", "period", "origin", "origin_kind", "destination", "destination_kind", "measure", *_TEXTS)
_SAME = {"same_country": ("destination", "origin and destination are the same country")}
_CELL = ("direction", "origin", "destination", "year", "level", "measure", "unit", "publisher")


def _period(table: RawTable) -> ColumnReader:
    """Academic years in one writing, so that two files of one year are summed."""

    def read(text: str) -> Reading:
        found = academic_year_of(text)
        year = period_of(text)
        if found.value is None:
            found = year._replace(value=text_of(text).value if year.value is not None else None)
        return found if found.value is None else found._replace(extra=(year.value,))

    return each(read)


def _country(name: str) -> Column:
    return Column(name, "text", any_place(name), True, ((f"{name}_kind", "text"),))


COLUMNS = (
    Column("period", "text", _period, True, (("year", "int"),)),
    simple("measure", "text", word_of("measure"), required=True),
    _country("origin"),
    _country("destination"),
    simple("value", "float", between(0, MOST), required=True),
    simple("level", "text", level_of),
    *(simple(name, "text", text_of) for name in _TEXTS),
)


_HOUSES = (*(simple(name, "text", text_of) for name in NAMED), *CODES)
"""Institutions of the records, where the table gives Erasmus codes: the cells name none, but the register knows them."""


def tally(table: RawTable, engine: Engine, register: Register | None = None) -> tuple[list[Row], Book]:
    """The cells of a raw table of records, and the table's book, which counts its rows.

    Parameters
    ----------
    table
        A raw table of counts whose `counted` is "records": origin, destination, period, measure, value (people in the row) and, where known, level.
    engine
        Where the rows live; nothing but the cells and the names of institutions leaves it.
    register
        Where institutions are noted, if the table has `home_erasmus_code` or `host_erasmus_code`.

    Returns
    -------
    tuple
        Cells as `counts.complete` gives them, with `records`, in a fixed order; `line` is the first line of a cell's records.
    """
    named = register is not None and any(column.name in table.given for column in CODES)
    columns = (*COLUMNS, *_HOUSES) if named else COLUMNS
    done = conform(table, columns, engine)
    country = nw.col("origin_kind") == "country"
    rules = [("same_country", (nw.col("origin") == nw.col("destination")) & country)]
    done.frame = engine.keep(judge(done, columns, rules))
    book = open_book(done, columns, _SAME, engine)
    good = done.frame.filter(nw.col(BAD).is_null())
    if named:
        between_countries = country & (nw.col("destination_kind") == "country")
        register.add_writings(good.filter(between_countries), engine)  # type: ignore[union-attr]
    cells = _sums(good, _KEY, engine) + _sums(good.filter(~nw.col("level").is_null()), (*_KEY, "level"), engine)
    rows = [_completed(cell, direction, table) for cell in cells for direction in ("inbound", "outbound")]
    return sorted(rows, key=lambda row: (row["line"], *(str(row[name]) for name in _CELL))), book


def _sums(rows: nw.LazyFrame, key: Sequence[str], engine: Engine) -> list[dict[str, Any]]:
    summed = rows.group_by(*key).agg(value=nw.col("value").sum(), records=nw.len(), line=nw.col(LINE).min())
    return list(engine.arrow(summed).to_pylist())


def _completed(cell: dict[str, Any], direction: str, table: RawTable) -> Row:
    from pipeline.records.counts import complete

    nothing = dict.fromkeys(
        ("reporter", "reporter_kind", "partner", "partner_kind", "level", "mode", "funding", "status", "exactness")
    )
    row = {**nothing, "written_exactness": None, **cell}
    row |= {
        "direction": direction,
        "records": int(cell["records"]),
        "line": int(cell["line"]),
        "source": table.source,
        "file": table.file,
    }
    complete(row)
    return row


def cell_of(row: Row) -> Hashable:
    """What makes cells of several files one: all but the writing of the period and the notes."""
    return tuple(row[name] for name in _CELL)


def summed(rows: Sequence[Row]) -> list[Row]:
    """Rows of counts in which the cells of records that several files give are one each; published figures stay as they are.

    Raises
    ------
    InputError
        If two files give the very same cells: then one is a copy, and everything would be counted twice.

    Examples
    --------
    >>> cell = dict.fromkeys(_CELL, "x") | {"records": 2, "value": 3.0, "line": 2}
    >>> [row["value"] for row in summed([cell | {"file": "a"}, cell | {"file": "b", "line": 7}])]
    [6.0]
    """
    _no_copies(rows)
    done: dict[Hashable, Row] = {}
    for place, row in enumerate(rows):
        about: Hashable = ("as published", place) if row.get(RECORDS) is None else cell_of(row)
        if about in done:
            done[about]["value"] += row["value"]
            done[about][RECORDS] += row[RECORDS]
        else:
            done[about] = row
    return list(done.values())


def _no_copies(rows: Sequence[Row]) -> None:
    files: dict[str, list[Hashable]] = {}
    for row in rows:
        if row.get(RECORDS) is not None:
            files.setdefault(row["file"], []).append((cell_of(row), row["value"], row[RECORDS], row["line"]))
    seen: dict[frozenset[Hashable], str] = {}
    for file, cells in files.items():
        first = seen.setdefault(frozenset(cells), file)
        if first != file:
            raise InputError(
                file, f"holds the same records as {first}: all would be counted twice.", "Remove one of the two."
            )


def records_in(rows: Any) -> int:
    """How many rows of files an Arrow table of counts tells of: one each, of a cell of records those that it sums, each record once."""
    import pyarrow.compute as pc

    of_records = pc.is_valid(rows[RECORDS])
    once = pc.and_(pc.equal(rows["level"], "all"), pc.equal(rows["direction"], "outbound"))
    total = pc.sum(rows.filter(pc.and_(of_records, once))[RECORDS]).as_py() or 0
    return int(total) + rows.num_rows - int(pc.sum(of_records).as_py() or 0)
