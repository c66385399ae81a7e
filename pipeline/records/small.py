"""Agreements, events and context: how each column is read, and when two rows are one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from pipeline.records.books import Book, open_book
from pipeline.records.codes import erasmus_code_of, ror_of
from pipeline.records.conform import BAD, PROBLEM, RAW, Column, Conformed, conform, judge
from pipeline.records.dates import period_of
from pipeline.records.engine import Engine
from pipeline.records.numbers import between, number_of
from pipeline.records.places import any_place, one_country
from pipeline.records.reading import ColumnReader, Reading, each
from pipeline.records.settle import Row
from pipeline.records.stays import date_column, end_of, simple
from pipeline.records.text import plain
from pipeline.records.words import text_of, word_of, yes_or_no
from pipeline.sources.table import LINE, RawTable

if TYPE_CHECKING:
    import pyarrow as pa

_COUNT = between(0, 1_000_000, whole=True)
Rules = tuple[tuple[str, nw.Expr, tuple[str, str]], ...]


@dataclass(frozen=True)
class SmallTable:
    """How a small table is read: its columns, rules (name, expression, (column, reason)), key and what contradicts."""

    columns: tuple[Column, ...]
    rules: Rules
    key: Callable[[Row], Hashable]
    contradicts: Callable[[Row, Row], str]


def rows_of(table: RawTable, spec: SmallTable, engine: Engine) -> tuple[list[Row], Book, Conformed]:
    """The rows of a raw table that are not rejected, as dicts in the order of `line`, the table's book, and how its texts were read.

    A row also holds, as `raw_<column>`, each text that was not understood.
    """
    done = conform(table, spec.columns, engine)
    done.frame = engine.keep(judge(done, spec.columns, [(name, test) for name, test, _ in spec.rules]))
    book = open_book(done, spec.columns, {name: told for name, _, told in spec.rules}, engine)
    values = [name for c in spec.columns for name in (c.name, *(extra for extra, _ in c.extra))]
    there = set(done.frame.collect_schema().names())
    raw = [
        nw.when(nw.col(PROBLEM + c.name)).then(nw.col(RAW + c.name)).alias(RAW + c.name)
        for c in spec.columns
        if PROBLEM + c.name in there
    ]
    kept = engine.arrow(done.frame.filter(nw.col(BAD).is_null()).select(LINE, *values, *raw).sort(LINE, *values))
    return _dicts(kept, {"source": table.source, "file": table.file}), book, done


def _dicts(rows: pa.Table, same: Row) -> list[Row]:
    """The rows as dicts, with what is the same in all; equal texts are one object, as a large table repeats few of them."""
    import pyarrow as pa

    columns: list[list[Any]] = []
    for column in rows.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            coded = column.combine_chunks().dictionary_encode()
            texts = [*coded.dictionary.to_pylist(), None]
            columns.append([texts[code] for code in coded.indices.fill_null(len(texts) - 1).to_pylist()])
        else:
            columns.append(column.to_pylist())
    names = (*rows.column_names, *same)
    rest = tuple(same.values())
    return [dict(zip(names, (*values, *rest), strict=True)) for values in zip(*columns, strict=True)]


def differs(columns: Sequence[str]) -> Callable[[Row, Row], str]:
    """The first of the columns in which two rows have two known values that are not the same."""

    def found(first: Row, other: Row) -> str:
        for name in columns:
            if first[name] is not None and other[name] is not None and _same(first[name]) != _same(other[name]):
                return name
        return ""

    return found


def _same(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def _agreement(row: Row) -> Hashable:
    if row["agreement_id"]:
        return (row["agreement_id"], row["rank_year"])
    return (plain(row["partner"]), row["country"], row["mode"], row["signed"], row["rank_year"])


def _event(row: Row) -> Hashable:
    return row["event_id"] or (row["kind"], plain(row["title"] or ""), row["start"], plain(row["partner"] or ""))


def _context(row: Row) -> Hashable:
    return (row["country"], row["origin"], row["period"], row["indicator"], row["unit"], row["publisher"])


def _period(table: RawTable) -> ColumnReader:
    def read(text: str) -> Reading:
        found = period_of(text)
        return found if found.value is None else found._replace(value=text_of(text).value, extra=(found.value,))

    return each(read)


def period_column(required: bool = True) -> Column:
    """The period as published, with its `year`."""
    return Column("period", "text", _period, required, (("year", "int"),))


AGREEMENTS = SmallTable(
    columns=(
        simple("partner", "text", text_of, required=True),
        Column("country", "text", one_country("country"), required=True),
        simple("ror", "text", ror_of),
        simple("erasmus_code", "text", erasmus_code_of),
        simple("agreement_id", "text", text_of),
        simple("mode", "text", word_of("mode")),
        date_column("signed"),
        Column("expires", "date", end_of, extra=(("_by_month", "bool"), ("_day", "int"))),
        simple("quota_in", "int", _COUNT),
        simple("quota_out", "int", _COUNT),
        simple("joint_laboratory", "bool", yes_or_no),
        simple("recognised", "bool", yes_or_no),
        simple("rank_band", "text", text_of),
        simple("rank_year", "int", between(1990, 2100, whole=True)),
    ),
    rules=(
        ("expired", nw.col("expires") < nw.col("signed"), ("expires", "the agreement expires before it is signed")),
    ),
    key=_agreement,
    contradicts=differs(
        (
            "partner",
            "country",
            "ror",
            "erasmus_code",
            "mode",
            "signed",
            "expires",
            "quota_in",
            "quota_out",
            "joint_laboratory",
            "recognised",
            "rank_band",
        )
    ),
)
EVENTS = SmallTable(
    columns=(
        simple("kind", "text", word_of("event_kind"), required=True),
        date_column("start", required=True),
        simple("event_id", "text", text_of),
        simple("title", "text", text_of),
        date_column("end"),
        simple("hours", "float", between(0, 10_000)),
        simple("partner", "text", text_of),
        Column("country", "text", one_country("country")),
        simple("online", "bool", yes_or_no),
        simple("participants", "int", _COUNT),
        simple("outgoing", "int", _COUNT),
    ),
    rules=(
        ("end_before_start", nw.col("end") < nw.col("start"), ("end", "the event ends before it starts")),
        (
            "more_outgoing",
            nw.col("outgoing") > nw.col("participants"),
            ("outgoing", "more people going abroad than participants"),
        ),
    ),
    key=_event,
    contradicts=differs(("kind", "title", "start", "end", "hours", "country", "online", "participants", "outgoing")),
)
CONTEXT = SmallTable(
    columns=(
        Column("country", "text", any_place("country"), True, (("country_kind", "text"),)),
        period_column(),
        simple("indicator", "text", text_of, required=True),
        Column("origin", "text", any_place("origin")),
        simple("value", "float", lambda text: number_of(text)),
        simple("unit", "text", text_of),
        simple("publisher", "text", text_of),
    ),
    rules=(),
    key=_context,
    contradicts=differs(("value",)),
)
SMALL = {"agreements": AGREEMENTS, "events": EVENTS, "context": CONTEXT}
