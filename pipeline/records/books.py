"""The books of one raw table: what was read, rejected and left unresolved, each row and value with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import narwhals as nw

from pipeline.records.conform import BAD, PROBLEM, RAW, Column, Conformed
from pipeline.records.engine import Engine
from pipeline.sources.table import LINE, REFUSED

if TYPE_CHECKING:
    import pyarrow as pa

WITHHELD = "student_id"
WRITTEN = {"student_key": WITHHELD}  # value column -> the column as written


@dataclass
class Book:
    """One raw table's part of the ledger.

    `rejected` and `unresolved` are lists of rows of `schema.REJECTED`; `refused` holds line and reason of the rows that the reader refused, in
    columns, as a bulk download has millions of them; `elsewhere` counts rejected rows that are told of elsewhere.
    """

    source: str
    file: str
    table: str
    counted: str
    read: int
    rejected: list[dict[str, Any]] = field(default_factory=list)
    unresolved: list[dict[str, Any]] = field(default_factory=list)
    changes: list[tuple[str, str, int]] = field(default_factory=list)
    merged: int = 0
    kept: int = 0
    refused: pa.Table | None = None
    elsewhere: int = 0

    @property
    def n_rejected(self) -> int:
        """How many rows are not kept."""
        return self.elsewhere + len(self.rejected) + (self.refused.num_rows if self.refused is not None else 0)

    def rejected_rows(self, schema: pa.Schema) -> pa.Table:
        """All rows that are not kept; when the reader refused some, in the order of `line`."""
        import pyarrow as pa

        listed = pa.Table.from_pylist(self.rejected, schema=schema)
        if self.refused is None:
            return listed
        same = {"source": self.source, "file": self.file, "table": self.table, "column": ""}
        known = {"line": self.refused[LINE], "reason": self.refused[REFUSED]}
        n = self.refused.num_rows
        columns = [
            known[f.name].cast(f.type) if f.name in known else pa.repeat(pa.scalar(same.get(f.name), f.type), n)
            for f in schema
        ]
        return pa.concat_tables([pa.table(columns, schema=schema), listed]).sort_by("line")

    def reject(self, line: int, column: str, value: str | None, reason: str, suggestions: str = "") -> None:
        """Write a row into the list of the rejected."""
        self.rejected.append(self._entry(line, column, value, reason, suggestions))

    def leave_unresolved(self, line: int, column: str, value: str | None, reason: str, suggestions: str = "") -> None:
        """Write a value into the list of those that were left null."""
        self.unresolved.append(self._entry(line, column, value, reason, suggestions))

    def _entry(self, line: int, column: str, value: str | None, reason: str, suggestions: str) -> dict[str, Any]:
        return {
            "source": self.source,
            "file": self.file,
            "table": self.table,
            "line": line,
            "column": column,
            "value": None if column == WITHHELD else value,
            "reason": reason,
            "suggestions": suggestions or None,
        }

    def ledger(self) -> dict[str, Any]:
        """The line of the ledger."""
        return {
            "source": self.source,
            "file": self.file,
            "table": self.table,
            "counted": self.counted,
            "rows_read": self.read,
            "rows_kept": self.kept,
            "rows_rejected": self.n_rejected,
            "rows_merged": self.merged,
        }


def open_book(
    done: Conformed,
    columns: Sequence[Column],
    rules: Mapping[str, tuple[str, str]],
    engine: Engine,
    implausible: Mapping[str, str] | None = None,
) -> Book:
    """Count the rows of a conformed and judged table and list the rejected rows and unresolved values.

    Parameters
    ----------
    done
        Its frame has `bad`.
    columns
        As they were read.
    rules
        Name of a rule in `bad` -> (column to name, reason).
    engine
        Where the rows live.
    implausible
        Column -> reason, where a value was understood but cannot be.
    """
    table = done.table
    states = engine.arrow(done.frame.group_by(BAD).agg(n=nw.len()))
    counts = dict(zip(states[BAD].to_pylist(), states["n"].to_pylist(), strict=True))
    book = Book(table.source, table.file, table.table, table.counted, int(sum(counts.values())), refused=done.refused)
    book.read += done.refused.num_rows if done.refused is not None else 0
    if len(counts) - (None in counts):
        _rejected(book, done, columns, rules, engine)
    _unresolved(book, done, columns, engine, implausible or {})
    book.changes = list(done.changes)
    book.kept = book.read - book.n_rejected
    return book


def _rejected(
    book: Book, done: Conformed, columns: Sequence[Column], rules: Mapping[str, tuple[str, str]], engine: Engine
) -> None:
    names = [WRITTEN.get(c.name, c.name) for c in columns if c.required] + [column for column, _ in rules.values()]
    there = [name for name in dict.fromkeys(names) if name in done.table.given and name != WITHHELD]
    if done.refused is None:
        refused = engine.arrow(done.frame.filter(nw.col(BAD) == REFUSED).select(LINE, REFUSED))
        book.refused = refused if refused.num_rows else None
    others = done.frame.filter(~nw.col(BAD).is_null() & (nw.col(BAD) != REFUSED))
    rows = engine.arrow(others.select(LINE, BAD, *(RAW + n for n in there)).sort(LINE))
    for row in rows.to_pylist():
        bad = row[BAD]
        if bad in rules:
            column, reason = rules[bad]
            book.reject(row[LINE], column, row.get(RAW + column), reason)
        else:
            column = WRITTEN.get(bad, bad)
            value = row.get(RAW + column)
            book.reject(row[LINE], column, value, *done.reasons(column, value))


def _unresolved(
    book: Book, done: Conformed, columns: Sequence[Column], engine: Engine, implausible: Mapping[str, str]
) -> None:
    there = set(done.frame.collect_schema().names())
    doubtful = [c.name for c in columns if not c.required and PROBLEM + c.name in there]
    if not doubtful:
        return
    flags = [nw.col(PROBLEM + name).fill_null(False) for name in doubtful]
    given = [name for name in doubtful if name in done.table.given]
    rows = done.frame.filter(nw.col(BAD).is_null() & nw.any_horizontal(*flags, ignore_nulls=True))
    found: pa.Table = engine.arrow(
        rows.select(LINE, *(PROBLEM + n for n in doubtful), *(RAW + n for n in given)).sort(LINE)
    )
    for row in found.to_pylist():
        for name in given:
            if row[PROBLEM + name]:
                value = row[RAW + name]
                reason, near = done.reasons(name, value)
                book.leave_unresolved(
                    row[LINE], name, value, implausible.get(name, reason) if reason == "missing" else reason, near
                )
