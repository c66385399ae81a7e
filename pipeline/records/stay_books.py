"""The books of all stays of one source, kept in the engine: rejected rows and unresolved values by the million are no lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import pyarrow as pa

from pipeline.records.books import WITHHELD, WRITTEN, Book
from pipeline.records.conform import BAD, PROBLEM, RAW, Column, Conformed
from pipeline.records.engine import Engine
from pipeline.sources.table import LINE, REFUSED

FILE_NO = "file_no"
Rules = Mapping[str, tuple[str, str]]  # name of a rule in `bad` -> (column to name, reason)
_OUT = (FILE_NO, LINE, "column", "value", "reason", "suggestions")


def texts_to_tell(done: Conformed, columns: Sequence[Column], rules: Rules) -> dict[str, Any]:
    """The columns of texts as written of which books may tell, each null in the rows of which it will not."""
    there = set(done.frame.collect_schema().names())
    told = {}
    for column in columns:
        name = WRITTEN.get(column.name, column.name)
        if name not in done.table.given or name == WITHHELD:
            continue
        tests = [nw.col(PROBLEM + column.name).fill_null(False)] if PROBLEM + column.name in there else []
        tests += [(nw.col(BAD) == rule).fill_null(False) for rule, (named, _) in rules.items() if named == name]
        if tests:
            told[RAW + name] = nw.when(reduce(or_, tests)).then(nw.col(RAW + name))
    return told


def open_books(done: Sequence[Conformed], parts: Sequence[nw.LazyFrame], engine: Engine) -> list[Book]:
    """The books of the files, with how many rows were read and rejected; `kept` is what is not rejected."""
    books = [Book(d.table.source, d.table.file, d.table.table, d.table.counted, 0) for d in done]
    for part in parts:
        counts = engine.arrow(part.group_by(FILE_NO, BAD).agg(n=nw.len()))
        for row in counts.to_pylist():
            book = books[row[FILE_NO]]
            book.read += int(row["n"])
            book.elsewhere += int(row["n"]) if row[BAD] is not None else 0
    for book, d in zip(books, done, strict=True):
        book.changes = list(d.changes)
        book.kept = book.read - book.elsewhere
    return books


def rejected(
    done: Sequence[Conformed], part: nw.LazyFrame, columns: Sequence[Column], rules: Rules, engine: Engine
) -> nw.LazyFrame:
    """Rejected rows: file_no, line, column, value, reason, suggestions."""
    there = set(part.collect_schema().names())
    bad = nw.col(BAD)
    column, value, reason = (
        nw.when(bad == REFUSED).then(nw.lit("")),
        None,
        nw.when(bad == REFUSED).then(nw.col(REFUSED)),
    )
    for state, name in [(c.name, WRITTEN.get(c.name, c.name)) for c in columns if c.required] + [
        (rule, named) for rule, (named, _) in rules.items()
    ]:
        column = column.when(bad == state).then(nw.lit(name))
        if state in rules:
            reason = reason.when(bad == state).then(nw.lit(rules[state][1]))
        if RAW + name in there:
            written = nw.when(bad == state) if value is None else value.when(bad == state)
            value = written.then(nw.col(RAW + name))
    nothing = nw.lit(None).cast(nw.String)
    rows = part.filter(~bad.is_null()).select(
        FILE_NO,
        LINE,
        column=column.otherwise(nothing),
        value=nothing if value is None else value.otherwise(nothing),
        said=reason.otherwise(nothing),
    )
    rows = rows.join(_problems(done, engine), on=[FILE_NO, "column", "value"], how="left")
    why = nw.coalesce(nw.col("said"), nw.col("problem"), nw.lit("missing"))
    near = nw.when(nw.col("said").is_null()).then(nw.col("suggestions"))
    return rows.with_columns(reason=why, suggestions=near).select(*_OUT)


def unresolved(
    done: Sequence[Conformed],
    part: nw.LazyFrame,
    columns: Sequence[Column],
    implausible: Mapping[str, str],
    engine: Engine,
) -> nw.LazyFrame | None:
    """Values of optional columns that were left null in rows that stand, as `rejected`; None where there can be none."""
    there = set(part.collect_schema().names())
    doubtful = [c.name for c in columns if not c.required and RAW + c.name in there]
    if not doubtful:
        return None
    some = ~nw.all_horizontal(*(nw.col(RAW + name).is_null() for name in doubtful), ignore_nulls=True)
    rows = engine.keep(part.filter(nw.col(BAD).is_null() & some).select(FILE_NO, LINE, *(RAW + n for n in doubtful)))
    lines = [
        rows.filter(~nw.col(RAW + name).is_null()).select(
            FILE_NO,
            LINE,
            column=nw.lit(name),
            value=nw.col(RAW + name),
            otherwise=nw.lit(implausible.get(name, "missing")),
        )
        for name in doubtful
    ]
    found = nw.concat(lines).join(_problems(done, engine), on=[FILE_NO, "column", "value"], how="left")
    return found.with_columns(reason=nw.coalesce(nw.col("problem"), nw.col("otherwise"))).select(*_OUT)


def _problems(done: Sequence[Conformed], engine: Engine) -> nw.LazyFrame:
    """Every text that was not understood, with why."""
    found = [
        (place, column, text, reading.problem, reading.suggestions or None)
        for place, d in enumerate(done)
        for column, readings in d.readings.items()
        for text, reading in readings.items()
        if reading.problem
    ]
    kinds = (pa.int64(), *(pa.string(),) * 4)
    names = (FILE_NO, "column", "value", "problem", "suggestions")
    arrays = [pa.array([row[i] for row in found], kind) for i, kind in enumerate(kinds)]
    return engine.table(pa.table(arrays, names=list(names)))
