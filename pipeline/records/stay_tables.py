"""The stays of one source, from raw tables to written tables: conformed, judged, merged and written batch by batch.

A batch holds all rows of its students, so that duplicates meet; nothing but counts, names of institutions and places of duplicates is ever held in
Python, whatever the number of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.records import checks, contracts, stay_books
from pipeline.records.conform import BAD, RAW, Column, Conformed, literals
from pipeline.records.duplicates import merge_duplicates
from pipeline.records.engine import BATCH, part_name, with_constants
from pipeline.records.institutions import NAMED, Writing, with_one_name
from pipeline.records.schema import STAYS, arrow_schema
from pipeline.records.stay_books import FILE_NO
from pipeline.records.stays import CODES, IMPLAUSIBLE_AGE, READ, REASONS, STUDENT, conform_stays
from pipeline.sources.table import LINE, REFUSED, RawTable

if TYPE_CHECKING:
    from pipeline.records.books import Book
    from pipeline.records.source import Work

_COLUMNS = (STUDENT, *READ)
_MADE = {"stay_id", "source", "file", "origin_basis"}
_HELPERS = ("partner", "start_n", "end_n", "ym")
_ORDER = (FILE_NO, LINE)
_WORKED_ON = {"start", "end", "academic_year", "year", "start_by_month", "mode"}  # by which rows are merged and parted
_KINDS = {name: kind for name, (kind, _) in STAYS.items()} | {FILE_NO: "int"}
_UNLIKE = object()  # equal to no value


def clean_stays(work: Work, raw: Sequence[RawTable]) -> None:
    """Clean all raw tables of stays of a source; `work` has what came of it."""
    engine = work.engine
    tables = sorted(raw, key=lambda t: t.file)
    codes = CODES if any(c.name in t.given for c in CODES for t in tables) else ()
    columns = (*_COLUMNS, *codes)
    done = [conform_stays(table, engine, codes) for table in tables]
    same = _the_same(done)
    batches = engine.batches(_alike(done, columns, same), "student_key", -(-sum(d.n for d in done) // BATCH))
    parts = [with_constants(batch, literals(same, _KINDS)) for batch in batches]
    books = stay_books.open_books(done, parts, engine)
    _write_books(work, done, parts, columns)
    for part in parts:
        work.register.add_writings(part.filter(nw.col(BAD).is_null()), engine)
    names = work.register.names()
    given = {c for t in tables for c in t.given if c in STAYS} | {"months", "end_n"}
    fixed = _as_written(same, names)
    if one_file := engine.literals and len(tables) == 1:
        fixed |= _provenance(tables[0], work.source)
    against: Counter[str] = Counter()
    folder = work.staging.path("stays")
    folder.mkdir()
    merged: list[pa.Table] = []
    filled: Counter[str] = Counter()
    for number, batch in enumerate(batches):
        whole = _standing(with_constants(batch, literals(same, _KINDS)))
        found = merge_duplicates(with_one_name(whole, names, engine), engine, given, fixed)
        kept = _identified(with_constants(found.kept, literals(fixed, _KINDS)), work)
        if not one_file:
            kept = kept.join(engine.table(_files(tables, work.source)), on=FILE_NO, how="left")
        written = engine.write_by(
            kept, folder, arrow_schema("stays"), ("year", *_ORDER), "academic_year", number, literals(fixed, _KINDS)
        )
        if written.implementation.is_duckdb():
            contracts.hold_relation("stays", nw.to_native(written))
        else:
            contracts.hold_files("stays", sorted(folder.glob(part_name("*", number))))
        work.register.add_stays(written, engine)
        against.update(checks.stays_against(written, engine))
        filled.update(found.filled)
        if found.merged is not None:
            merged.append(engine.arrow(found.merged.sort(*_ORDER)))
        for frame in (batch, written, *found.kept_for_it):
            engine.forget(frame)
    work.filled = dict(filled)
    work.checks += checks.stays_checks(against, all(t.card.synthetic for t in tables))
    _write_merged(work, books, tables, merged)
    work.books += books
    if not against["n"]:
        folder.rmdir()
    work.rows["stays"] = against["n"]


def _the_same(done: Sequence[Conformed]) -> dict[str, Any]:
    """Columns that have one value in all rows of all files: they are left out of what is kept, sorted and joined, and put back as literals."""
    same = {
        name: value
        for name, value in done[0].constant.items()
        if name in STAYS and name not in _WORKED_ON and all(d.constant.get(name, _UNLIKE) == value for d in done)
    }
    return same | ({FILE_NO: 0} if len(done) == 1 and done[0].constant else {})


def _as_written(same: Mapping[str, Any], names: Mapping[Writing, str]) -> dict[str, Any]:
    """Those of them that are written as they stand: an institution may have got another name."""
    renamed = {writing.written for writing, name in names.items() if writing.written != name}
    return {column: value for column, value in same.items() if column not in NAMED or value not in renamed}


def _alike(done: Sequence[Conformed], columns: Sequence[Column], same: Container[str]) -> list[nw.LazyFrame]:
    """The frames of all files with the same columns: values that are not all the same, helpers, `bad`, and the texts of which the books tell."""
    values = [name for name in STAYS if name not in _MADE and name != LINE and name not in same]
    values += [c.name for c in columns if c in CODES]
    told = [stay_books.texts_to_tell(d, columns, REASONS) for d in done]
    texts = sorted({name for each in told for name in each})
    frames = []
    for place, (d, own) in enumerate(zip(done, told, strict=True)):
        nothing = nw.lit(None).cast(nw.String)
        frames.append(
            d.frame.select(
                *([] if FILE_NO in same else [nw.lit(place).cast(nw.Int64).alias(FILE_NO)]),
                *(nw.col(c) for c in (LINE, BAD, REFUSED, *values, *_HELPERS)),
                *(own.get(name, nothing).alias(name) for name in texts),
            )
        )
    return frames


def _standing(rows: nw.LazyFrame) -> nw.LazyFrame:
    """The rows that are not rejected, without what only books need."""
    names = rows.collect_schema().names()
    return rows.filter(nw.col(BAD).is_null()).select(
        *(n for n in names if n not in (BAD, REFUSED) and not n.startswith(RAW))
    )


def _identified(rows: nw.LazyFrame, work: Work) -> nw.LazyFrame:
    """Add `stay_id`."""
    parts = ("student_key", "direction", "partner", "start_n", "slot")
    text = nw.concat_str(nw.lit(work.source), *(nw.col(p).cast(nw.String) for p in parts), separator="|")
    return work.engine.digest(rows.with_columns(_about=text), "_about", "stay_id").drop("_about", "slot")


def _provenance(table: RawTable, source: str) -> dict[str, Any]:
    return {"source": source, "file": table.file, "origin_basis": table.card.origin_basis or None}


def _files(tables: Sequence[RawTable], source: str) -> pa.Table:
    return pa.table(
        {
            FILE_NO: pa.array(range(len(tables)), pa.int64()),
            "source": pa.array([source] * len(tables), pa.string()),
            "file": pa.array([t.file for t in tables], pa.string()),
            "table": pa.array([t.table for t in tables], pa.string()),
            "origin_basis": pa.array([t.card.origin_basis or None for t in tables], pa.string()),
        }
    )


def _write_books(
    work: Work, done: Sequence[Conformed], parts: Sequence[nw.LazyFrame], columns: Sequence[Column]
) -> None:
    """Rejected rows and unresolved values, each in one file in the order of file and line."""
    engine = work.engine
    files = engine.table(_files([d.table for d in done], work.source))
    found = {
        "rejected": [stay_books.rejected(done, part, columns, REASONS, engine) for part in parts],
        "unresolved": [
            rows
            for part in parts
            if (rows := stay_books.unresolved(done, part, columns, {"birth_year": IMPLAUSIBLE_AGE}, engine)) is not None
        ],
    }
    for table, frames in found.items():
        if frames:
            path = work.staging.work / f"stays-{table}.parquet"
            rows = nw.concat(frames).join(files, on=FILE_NO, how="left")
            engine.write(rows, path, arrow_schema(table), (*_ORDER, "column"))
            work.parts[table].append(path)


def _write_merged(work: Work, books: list[Book], tables: Sequence[RawTable], merged: Sequence[pa.Table]) -> None:
    """The places of duplicates, with the names of their files; the books lose them."""
    files = pa.array([t.file for t in tables], pa.string())
    for rows in merged:
        n = rows.num_rows
        work.parts["merged"].append(
            pa.table(
                {
                    "source": pa.array([work.source] * n, pa.string()),
                    "table": pa.array(["stays"] * n, pa.string()),
                    "file": files.take(rows[FILE_NO].combine_chunks()),
                    "line": rows[LINE],
                    "into_file": files.take(rows["into_file_no"].combine_chunks()),
                    "into_line": rows["into_line"],
                }
            )
        )
        for count in pc.value_counts(rows[FILE_NO]).to_pylist():
            books[count["values"]].merged += count["counts"]
            books[count["values"]].kept -= count["counts"]
