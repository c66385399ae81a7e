"""All tables of one source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.records import aliases, checks, contracts
from pipeline.records.books import Book
from pipeline.records.counts import SPEC, counts_of, finest_first
from pipeline.records.engine import Engine, write_batches
from pipeline.records.institutions import Register, Writing
from pipeline.records.publish import Staging
from pipeline.records.schema import arrow_schema
from pipeline.records.settle import Row, settle
from pipeline.records.small import SMALL, SmallTable, rows_of
from pipeline.records.stay_tables import clean_stays
from pipeline.records.suggestions import suggested
from pipeline.records.tally import records_in, summed
from pipeline.sources.table import RawTable

if TYPE_CHECKING:
    from pipeline.sources.discovery import Source


class Work:
    """What is gathered while one source is cleaned."""

    def __init__(self, source: str, engine: Engine, staging: Staging, confirmed: aliases.Aliases) -> None:
        self.source, self.engine, self.staging = source, engine, staging
        self.books: list[Book] = []
        self.merged: list[dict[str, Any]] = []
        self.checks: list[checks.Check] = []
        self.filled: dict[str, int] = {}
        self.register = Register(confirmed)
        self.rows: dict[str, int] = {}  # of the ledger: in each table
        self.parts: dict[str, list[Path | pa.Table]] = defaultdict(
            list
        )  # of rejected, unresolved and merged, from stays

    def add(self, table: str, rows: pa.Table) -> None:
        """Write a table, if it keeps its contract; one without rows is not there."""
        contracts.hold(table, rows)
        self.rows[table] = rows.num_rows
        if rows.num_rows:
            write_batches(self.staging.path(table), arrow_schema(table), [rows])

    def add_parts(self, table: str, rows: pa.Table) -> None:
        """Write a table of parts that are on disk or in memory, and these rows after them."""
        if not self.parts[table]:
            self.add(table, rows)
            return
        contracts.hold(table, rows)
        path = self.staging.path(table)
        if not write_batches(
            path, arrow_schema(table), (p for part in [*self.parts[table], rows] for p in _pieces(part))
        ):
            path.unlink()
        contracts.hold_files(table, self.staging.made(table))


def _pieces(part: Path | pa.Table) -> Iterator[pa.Table | pa.RecordBatch]:
    import pyarrow.parquet as pq

    if isinstance(part, pa.Table):
        yield part
        return
    with pq.ParquetFile(part) as file:
        yield from file.iter_batches()


def process(source: Source, engine: Engine, staging: Staging) -> None:
    """Clean one source: its tables are written into the staging folder.

    Parameters
    ----------
    source, engine, staging
        What is cleaned, where its rows live meanwhile, and where the tables go.

    Raises
    ------
    ArithmeticError
        If the ledger does not balance.
    InputError
        If a file of the source, or its `aliases.csv`, cannot be read as what it is.
    """
    engine.work_in(staging.work)
    work = Work(source.name, engine, staging, aliases.read(source.folder))
    raw: dict[str, list[RawTable]] = defaultdict(list)
    for table in source.tables(engine="duckdb" if engine.connection else "pandas", connection=engine.connection):
        raw[table.table].append(table)
    if raw["agreements"]:
        agreements = _small(work, raw["agreements"], "agreements", lambda t: _of_partners(work, t), SMALL["agreements"])
        work.register.add_agreements(map(_writing, agreements))
    if raw["counts"]:  # before the register is asked anything: records name institutions
        rows = _small(
            work, raw["counts"], "counts", lambda t: counts_of(t, engine, work.register), SPEC, finest_first, summed
        )
    if raw["stays"]:
        clean_stays(work, raw["stays"])
    if raw["agreements"]:
        for row in agreements:
            partner = work.register.of(_writing(row))
            row["institution_id"], row["partner"] = partner.id, partner.name
        work.add("agreements", _arrow("agreements", agreements))
    if raw["events"]:
        events = _small(work, raw["events"], "events", lambda t: _of_partners(work, t), SMALL["events"])
        for row in events:
            if row["partner"] and row["country"]:
                row["partner"] = work.register.name_of(row["country"], row["written"])
        work.add("events", _arrow("events", events))
    if raw["context"]:
        context = _small(
            work, raw["context"], "context", lambda t: rows_of(t, SMALL["context"], engine)[:2], SMALL["context"]
        )
        work.add("context", _arrow("context", context))
    if raw["counts"]:
        counts = _arrow("counts", rows)
        work.add("counts", counts)
        work.rows["counts"] = records_in(counts)
        work.checks += checks.counts_checks(counts.to_pandas())
    work.add("institutions", _arrow("institutions", work.register.table(source.name)))
    work.add("suggestions", _arrow("suggestions", suggested(work.register, source.name)))
    work.checks += work.register.checks()
    _close(work)


def _of_partners(work: Work, table: RawTable) -> tuple[list[Row], Book]:
    """The rows of agreements or events; `partner` is the name that an analyst confirmed, where one did, and `written` what stands there."""
    rows, book, _ = rows_of(table, SMALL[table.table], work.engine)
    for row in rows:
        row["written"] = row["partner"]
        if row["partner"] and row["country"]:
            row["partner"] = work.register.aliases.name(row["country"], row["partner"]) or row["partner"]
    return rows, book


def _writing(row: Row) -> Writing:
    return Writing(row["country"], row["written"], row["ror"] or "", row["erasmus_code"] or "")


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


def _arrow(table: str, rows: Iterable[dict[str, Any]]) -> pa.Table:
    schema = arrow_schema(table)
    names = [f.name for f in schema]
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema=schema)


def _close(work: Work) -> None:
    """Write the books, once they balance."""
    by_table: dict[str, int] = defaultdict(int)
    for book in work.books:
        by_table[book.table] += book.kept
        if book.read != book.kept + book.n_rejected + book.merged or book.kept < 0:
            raise ArithmeticError(
                f"{book.file}: {book.read} rows read, {book.kept} kept, {book.n_rejected} rejected, {book.merged} merged"
            )
    for name, n in by_table.items():
        if work.rows[name] != n:
            raise ArithmeticError(f"{work.source}: the ledger says {n} rows of {name}, the table has {work.rows[name]}")
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
    if confirmed := work.register.confirmed():
        rule = {"rule": "institution by a confirmed alias", "column": "institution", "rows": confirmed}
        changes.append({"source": work.source, "file": "", **rule})
    told = [
        {"source": work.source, "check": name, "holds": holds, "detail": detail} for name, holds, detail in work.checks
    ]
    schema = arrow_schema("rejected")
    rejected = pa.concat_tables([schema.empty_table(), *(b.rejected_rows(schema) for b in work.books)])
    work.add_parts("rejected", rejected)
    work.add_parts("unresolved", _arrow("unresolved", (entry for b in work.books for entry in b.unresolved)))
    work.add_parts("merged", _arrow("merged", work.merged))
    work.add("changes", _arrow("changes", changes))
    work.add("checks", _arrow("checks", told))
    work.add("ledger", _arrow("ledger", ledger))
