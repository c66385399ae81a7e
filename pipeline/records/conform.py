"""Every column read once by its distinct texts, and joined back to the rows.

A file with ten million rows has a few thousand different dates and a few hundred countries, so each distinct text is read once, in plain Python,
and the rows meet the result in a join. Two engines cannot read a text differently, and every change is counted as it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import pyarrow as pa

from pipeline.records.engine import Engine
from pipeline.records.reading import ColumnReader, Reading
from pipeline.sources.table import LINE, REFUSED, RawTable

RAW, PROBLEM, BAD = "raw_", "problem_", "bad"
APART = 50_000  # refused rows from which on they are set aside before any column is read
TYPES = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.timestamp("us")}
_NARWHALS: dict[str, Any] = {
    "text": nw.String,
    "int": nw.Int64,
    "float": nw.Float64,
    "bool": nw.Boolean,
    "date": nw.Datetime("us"),
}
_OF_ARROW = {arrow: _NARWHALS[name] for name, arrow in TYPES.items()}


@dataclass(frozen=True)
class Column:
    """How one column is read.

    Attributes
    ----------
    name
        Of the text column and of the value that it becomes.
    type
        "text", "int", "float", "bool" or "date".
    reader
        Given the raw table (its card, its codes), the reader of the column's distinct texts.
    required
        A row without a value here is rejected.
    extra
        Names and types of further columns that come with the value (`Reading.extra`).
    """

    name: str
    type: str
    reader: Callable[[RawTable], ColumnReader]
    required: bool = False
    extra: tuple[tuple[str, str], ...] = ()


@dataclass
class Conformed:
    """The rows of one raw table under the project's types, and what was done to get there.

    `frame` has the values; `raw_<column>` what was written; `problem_<column>`, where a column has texts that were not understood, whether this is one.
    """

    table: RawTable
    frame: nw.LazyFrame
    rows: nw.LazyFrame  # as written
    n: int = 0  # of them
    readings: dict[str, Mapping[str, Reading]] = field(default_factory=dict)
    changes: list[tuple[str, str, int]] = field(default_factory=list)  # rule, column, rows
    refused: pa.Table | None = None  # line and reason of rows that the reader refused, where they were set aside
    constant: dict[str, Any] = field(
        default_factory=dict
    )  # columns of `frame` known to have one value in all rows, where the engine takes literals

    def reasons(self, column: str, text: str | None) -> tuple[str, str]:
        """Why a text has no value, and suggestions."""
        found = self.readings.get(column, {}).get(text) if text is not None else None
        return (found.problem or "missing", found.suggestions) if found else ("missing", "")


def conform(
    table: RawTable, columns: Sequence[Column], engine: Engine, carry: Sequence[str] = (), apart: int = APART
) -> Conformed:
    """Read all columns of a raw table.

    Parameters
    ----------
    table
        As its reader gave it; columns that it lacks are null.
    columns
        The columns of the processed table, required ones first, in the order in which a row is judged.
    engine
        Where the rows live.
    carry
        Text columns that are only carried along, as `raw_<column>`.
    apart
        From how many rows on, of those that the reader refused, they are set aside; 0 for never.

    Returns
    -------
    Conformed
        As many rows as the raw table has, those in `refused` included.
    """
    given = set(table.given)
    base = engine.take(table)
    present = [name for name in (*carry, *(c.name for c in columns)) if name in given]
    raw = [nw.col(name).cast(nw.String).alias(RAW + name) for name in present]
    base = base.select(*raw, nw.col(LINE).cast(nw.Int64), _refused_text(base))
    refused = engine.arrow(base.filter(~nw.col(REFUSED).is_null()).select(LINE, REFUSED)) if apart else None
    if refused is not None and refused.num_rows <= apart:
        refused = None
    if refused is not None:
        base = engine.keep(base.filter(nw.col(REFUSED).is_null()))
    done = Conformed(table, base, base, refused=refused)
    there = [column for column in columns if column.name in given]
    distinct = engine.distinct(base, [RAW + column.name for column in there])
    done.n = int(engine.arrow(base.select(nw.len()))["len"][0].as_py())
    known: dict[str, pa.Table] = {}
    for column in there:
        counts = distinct[RAW + column.name]
        found = _read(done, column, counts)
        if engine.literals and list(counts.values()) == [done.n]:
            values = {f.name: (found[f.name][0].as_py(), f.type) for f in found.schema if f.name != RAW + column.name}
            done.constant |= {name: value for name, (value, _) in values.items()}
            done.frame = done.frame.with_columns(
                **{name: nw.lit(v).cast(_OF_ARROW[t]) for name, (v, t) in values.items()}
            )
        else:
            known[RAW + column.name] = found
    absent = [pair for c in columns if c.name not in given for pair in ((c.name, c.type), *c.extra)]
    if absent and engine.literals:
        done.constant |= {name: None for name, _ in absent}
        done.frame = done.frame.with_columns(**{name: nw.lit(None).cast(_NARWHALS[kind]) for name, kind in absent})
    elif absent:  # nulls of each type: no engine finds anything in an empty table
        known[LINE] = pa.schema([(LINE, pa.int64()), *((name, TYPES[kind]) for name, kind in absent)]).empty_table()
    done.frame = engine.look_up(done.frame, known)
    return done


def literals(constant: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, nw.Expr]:
    """Columns that have one value in all rows; `types` has the type of each."""
    return {name: nw.lit(value).cast(_NARWHALS[types[name]]) for name, value in constant.items()}


def _refused_text(frame: nw.LazyFrame) -> nw.Expr:
    """The reader's own reason to refuse a row, as text."""
    if REFUSED in frame.collect_schema().names():
        return nw.col(REFUSED).cast(nw.String)
    return nw.lit(None).cast(nw.String).alias(REFUSED)


def _read(done: Conformed, column: Column, counts: Mapping[str, int]) -> pa.Table:
    """Read the distinct texts of a column, note the changes, and give the table by which the values are looked up."""
    texts = sorted(counts)
    readings = column.reader(done.table)(texts)
    done.readings[column.name] = readings
    rules: dict[str, int] = {}
    for text in texts:
        if rule := readings[text].rule:
            rules[rule] = rules.get(rule, 0) + counts[text]
    done.changes += [(rule, column.name, n) for rule, n in sorted(rules.items())]
    return _lookup(column, texts, readings)


def _lookup(column: Column, texts: Sequence[str], readings: Mapping[str, Reading]) -> pa.Table:
    found = [readings[text] for text in texts]
    arrays: dict[str, pa.Array] = {RAW + column.name: pa.array(texts, pa.string())}
    arrays[column.name] = pa.array([r.value for r in found], TYPES[column.type])
    for place, (name, kind) in enumerate(column.extra):
        arrays[name] = pa.array([r.extra[place] if len(r.extra) > place else None for r in found], TYPES[kind])
    if any(r.problem for r in found):
        arrays[PROBLEM + column.name] = pa.array([bool(r.problem) for r in found], pa.bool_())
    return pa.table(arrays)


def judge(done: Conformed, columns: Iterable[Column], rules: Sequence[tuple[str, nw.Expr]]) -> nw.LazyFrame:
    """Add `bad`: the first thing for which a row is rejected, null for a row that is kept.

    "refused" (by the reader), else the first required column without a value, else the name of the first rule that holds.
    """
    tests = [(REFUSED, ~nw.col(REFUSED).is_null())]
    tests += [(c.name, nw.col(c.name).is_null()) for c in columns if c.required]
    tests += list(rules)
    bad: Any = nw.when(tests[0][1]).then(nw.lit(tests[0][0]))
    for name, test in tests[1:]:
        bad = bad.when(test).then(nw.lit(name))
    return done.frame.with_columns(bad.otherwise(nw.lit(None).cast(nw.String)).alias(BAD))
