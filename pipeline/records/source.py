"""All tables of one source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa

from pipeline.records import checks, contracts
from pipeline.records.books import Book, open_book
from pipeline.records.conform import BAD
from pipeline.records.counts import SPEC, counts_of, finest_first
from pipeline.records.duplicates import merge_duplicates
from pipeline.records.engine import Engine
from pipeline.records.institutions import Register, identifier, with_one_name
from pipeline.records.schema import STAYS, TABLES, arrow_schema
from pipeline.records.settle import Row, settle
from pipeline.records.small import SMALL, SmallTable, rows_of
from pipeline.records.stays import IMPLAUSIBLE_AGE, READ, REASONS, STUDENT, conform_stays
from pipeline.records.tally import records_in, summed
from pipeline.sources.table import RawTable

if TYPE_CHECKING:
    from pipeline.sources.discovery import Source

_MADE = {"stay_id", "source", "file", "origin_basis"}
_HELPERS = ("partner", "start_n", "end_n", "ym", "file_no")


class Work:
    """What is gathered while one source is cleaned."""

    def __init__(self, source: str, engine: Engine) -> None:
        self.source, self.engine = source, engine
        self.books: list[Book] = []
        self.merged: list[dict[str, Any]] = []
        self.checks: list[checks.Check] = []
        self.filled: dict[str, int] = {}
        self.register = Register()
        self.tables: dict[str, pa.Table] = {}

    def add(self, table: str, rows: pa.Table) -> None:
        """Take a finished table, if it keeps its contract."""
        contracts.hold(table, rows)
        self.tables[table] = rows


def process(source: Source, engine: Engine) -> dict[str, pa.Table]:
    """Clean one source.

    Returns
    -------
    dict
        Table name -> rows, with the Parquet schema of `schema.TABLES`; a table without rows is left out.

    Raises
    ------
    ArithmeticError
        If the ledger does not balance.
    """
    work = Work(source.name, engine)
    raw: dict[str, list[RawTable]] = defaultdict(list)
    for table in source.tables(engine=engine.name, connection=engine.connection):
        raw[table.table].append(table)
    if raw["agreements"]:
        agreements = _small(
            work,
            raw["agreements"],
            "agreements",
            lambda t: rows_of(t, SMALL["agreements"], engine)[:2],
            SMALL["agreements"],
        )
        work.register.add_agreements((row["country"], row["partner"]) for row in agreements)
    if raw["stays"]:
        _stays(work, raw["stays"])
    if raw["agreements"]:
        names = work.register.names()
        for row in agreements:
            row["institution_id"] = identifier(row["country"], row["partner"])
            row["partner"] = names[(row["country"], row["partner"])]
        work.add("agreements", _arrow("agreements", agreements))
    for name in ("events", "context"):
        if raw[name]:
            rows = _small(work, raw[name], name, lambda t, n=name: rows_of(t, SMALL[n], engine)[:2], SMALL[name])  # type: ignore[misc]
            work.add(name, _arrow(name, rows))
    if raw["counts"]:
        rows = _small(work, raw["counts"], "counts", lambda t: counts_of(t, engine), SPEC, finest_first, summed)
        work.add("counts", _arrow("counts", rows))
        work.checks += checks.counts_checks(work.tables["counts"].to_pandas())
    work.add("institutions", _arrow("institutions", work.register.table(source.name)))
    return _closed(work)


def _small(
    work: Work,
    raw: Iterable[RawTable],
    name: str,
    read: Callable[[RawTable], tuple[list[Row], Book]],
    spec: SmallTable,
    better: Callable[[Row], Any] | None = None,
    whole: Callable[[list[Row]], list[Row]] = list,
) -> list[Row]:
    """The rows of all raw tables of one kind, settled; their books are closed."""
    rows: list[Row] = []
    books: dict[int, Book] = {}
    for table in sorted(raw, key=lambda t: t.file):
        found, book = read(table)
        work.books.append(book)
        books |= {id(row): book for row in found}
        rows += found
    done = settle(whole(rows), spec.key, spec.contradicts, better)
    for row, column, reason in done.rejected:
        value = row[column]
        books[id(row)].reject(row["line"], column, f"{value:.15g}" if isinstance(value, float) else str(value), reason)
        books[id(row)].kept -= 1
    for row, into in done.merged:
        books[id(row)].merged += 1
        books[id(row)].kept -= 1
        work.merged.append(_merged(work.source, name, row["file"], row["line"], into["file"], into["line"]))
    return sorted(done.kept, key=lambda row: (row["file"], row["line"]))


def _merged(source: str, table: str, file: str, line: int, into_file: str, into_line: int) -> dict[str, Any]:
    return {
        "source": source,
        "table": table,
        "file": file,
        "line": line,
        "into_file": into_file,
        "into_line": into_line,
    }


def _stays(work: Work, raw: Iterable[RawTable]) -> None:
    engine = work.engine
    parts, books = [], []
    tables = sorted(raw, key=lambda t: t.file)
    for place, table in enumerate(tables):
        done = conform_stays(table, engine)
        book = open_book(done, (STUDENT, *READ), REASONS, engine, {"birth_year": IMPLAUSIBLE_AGE})
        books.append(book)
        basis = table.card.origin_basis or None
        rows = done.frame.filter(nw.col(BAD).is_null()).with_columns(
            file_no=nw.lit(place).cast(nw.Int64), origin_basis=nw.lit(basis).cast(nw.String)
        )
        parts.append(rows.select(*(name for name in STAYS if name not in _MADE), "origin_basis", *_HELPERS))
    found = merge_duplicates(nw.concat(parts), engine, {c for t in tables for c in t.given} | {"months", "end_n"})
    kept = engine.keep(_identified(found.kept, work))
    if found.merged is not None:
        for row in engine.arrow(found.merged.sort("file_no", "line")).to_pylist():
            books[row["file_no"]].merged += 1
            books[row["file_no"]].kept -= 1
            into = tables[row["into_file_no"]].file
            work.merged.append(
                _merged(work.source, "stays", tables[row["file_no"]].file, row["line"], into, row["into_line"])
            )
    work.filled = found.filled
    work.books += books
    work.register.add_stays(kept, engine)
    kept = with_one_name(kept, work.register.names(), engine)
    work.checks += checks.stays_checks(kept, engine, all(t.card.synthetic for t in tables))
    rows = engine.arrow(
        kept.sort("file_no", "line").select(*(n for n in STAYS if n not in ("source", "file")), "file_no")
    )
    work.add("stays", _with_files(rows, [t.file for t in tables], work.source))


def _identified(rows: nw.LazyFrame, work: Work) -> nw.LazyFrame:
    """Add `stay_id`."""
    parts = ("student_key", "direction", "partner", "start_n", "slot")
    text = nw.concat_str(nw.lit(work.source), *(nw.col(p).cast(nw.String) for p in parts), separator="|")
    return work.engine.digest(rows.with_columns(_about=text), "_about", "stay_id").drop("_about", "slot")


def _with_files(rows: pa.Table, files: list[str], source: str) -> pa.Table:
    schema = arrow_schema("stays")
    names = pa.array(files, pa.string())
    columns = {
        "source": pa.array([source] * rows.num_rows, pa.string()),
        "file": names.take(rows["file_no"].combine_chunks()),
    }
    return pa.table(
        [columns[f.name] if f.name in columns else rows[f.name].cast(f.type) for f in schema], schema=schema
    )


def _arrow(table: str, rows: Iterable[dict[str, Any]]) -> pa.Table:
    schema = arrow_schema(table)
    names = [f.name for f in schema]
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema=schema)


def _closed(work: Work) -> dict[str, pa.Table]:
    """The tables with the books, once these balance."""
    by_table: dict[str, int] = defaultdict(int)
    for book in work.books:
        by_table[book.table] += book.kept
        if book.read != book.kept + book.n_rejected + book.merged or book.kept < 0:
            raise ArithmeticError(
                f"{book.file}: {book.read} rows read, {book.kept} kept, {book.n_rejected} rejected, {book.merged} merged"
            )
    for name, n in by_table.items():
        table = work.tables[name]
        there = records_in(table) if name == "counts" else table.num_rows
        if there != n:
            raise ArithmeticError(f"{work.source}: the ledger says {n} rows of {name}, the table has {there}")
    ledger = [book.ledger() for book in work.books]
    work.checks += checks.ledger_checks(ledger)
    changes = [
        {"source": work.source, "file": b.file, "rule": rule, "column": column, "rows": n}
        for b in work.books
        for rule, column, n in b.changes
    ]
    changes += [
        {"source": work.source, "file": "", "rule": "gap filled from a duplicate", "column": c, "rows": n}
        for c, n in sorted(work.filled.items())
    ]
    told = [
        {"source": work.source, "check": name, "holds": holds, "detail": detail} for name, holds, detail in work.checks
    ]
    schema = arrow_schema("rejected")
    work.add("rejected", pa.concat_tables([schema.empty_table(), *(b.rejected_rows(schema) for b in work.books)]))
    work.add("unresolved", _arrow("unresolved", (entry for b in work.books for entry in b.unresolved)))
    work.add("merged", _arrow("merged", work.merged))
    work.add("changes", _arrow("changes", changes))
    work.add("checks", _arrow("checks", told))
    work.add("ledger", _arrow("ledger", ledger))
    return {name: work.tables[name] for name in TABLES if name in work.tables and work.tables[name].num_rows}
