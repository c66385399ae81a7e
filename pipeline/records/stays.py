"""Stays: one student's one mobility period. How each column is read, which rows cannot be right, and what follows from the dates."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Sequence

import narwhals as nw

from pipeline.records.codes import erasmus_code_of, ror_of
from pipeline.records.conform import PROBLEM, RAW, Column, Conformed, conform, judge
from pipeline.records.dates import academic_year, date_of
from pipeline.records.engine import Engine
from pipeline.records.numbers import between
from pipeline.records.places import one_country
from pipeline.records.pseudonyms import add_student_key
from pipeline.records.reading import ColumnReader, Reading, each
from pipeline.records.words import by_codes, field_of, level_of, text_of, word_of, yes_or_no
from pipeline.sources.table import RawTable

LONGEST = 120  # months of one stay; longer ones have a wrong date
YOUNGEST, OLDEST = 14, 90  # age in the year of the start
_DAYS_A_MONTH = 30.4375
_EPOCH = dt.date(1970, 1, 1)


def simple(name: str, type_: str, read: Callable[[str], Reading], required: bool = False) -> Column:
    """A column whose texts are read one by one, the card's codes first."""
    return Column(name, type_, lambda table: each(by_codes(table.codes.get(name, {}), read)), required)


def _start(table: RawTable) -> ColumnReader:
    def read(text: str) -> Reading:
        found = date_of(text)
        if found.value is None:
            return found
        day: dt.date = found.value
        label, year = academic_year(day, table.card.academic_year_starts)
        return found._replace(
            value=_midnight(day), extra=(*found.extra, (day - _EPOCH).days, day.year * 12 + day.month, label, year)
        )

    return each(read)


def end_of(table: RawTable) -> ColumnReader:
    """Reads a last day; where only the month is given, the month's last. `extra` is (month only?, day number)."""

    def read(text: str) -> Reading:
        found = date_of(text)
        if found.value is None:
            return found
        day: dt.date = found.value
        if found.extra[0]:
            day = day.replace(day=calendar.monthrange(day.year, day.month)[1])
            found = found._replace(rule="month only: last day taken")
        return found._replace(value=_midnight(day), extra=(*found.extra, (day - _EPOCH).days))

    return each(read)


def date_column(name: str, required: bool = False) -> Column:
    """A column of dates."""

    def read(text: str) -> Reading:
        found = date_of(text)
        return found if found.value is None else found._replace(value=_midnight(found.value))

    return Column(name, "date", lambda table: each(read), required)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day)


def _country(name: str) -> Column:
    return Column(name, "text", one_country(name), required=True)


STUDENT = Column("student_key", "text", lambda table: each(text_of), required=True)
READ = (
    simple("direction", "text", word_of("direction"), required=True),
    _country("origin"),
    _country("destination"),
    Column(
        "start",
        "date",
        _start,
        True,
        (("start_by_month", "bool"), ("start_n", "int"), ("ym", "int"), ("academic_year", "text"), ("year", "int")),
    ),
    Column("end", "date", end_of, extra=(("end_by_month", "bool"), ("end_n", "int"))),
    *(simple(name, "text", text_of) for name in ("home_institution", "host_institution", "agreement_id")),
    simple("mode", "text", word_of("mode")),
    simple("level", "text", level_of),
    simple("field", "text", field_of),
    simple("home_field", "text", field_of),
    simple("months", "float", between(0, LONGEST)),
    simple("gender", "text", word_of("gender")),
    simple("birth_year", "int", between(1900, 2049, whole=True)),
    simple("funder", "text", word_of("funder", open_ended=True)),
    simple("grant_amount", "float", between(0, 1e8)),
    simple("currency", "text", word_of("currency")),
    *(simple(name, "text", text_of) for name in ("language_test", "language_entry", "language_exit")),
    simple("credits_attempted", "float", between(0, 600)),
    simple("credits_recognised", "float", between(0, 600)),
    simple("dual_supervised", "bool", yes_or_no),
    date_column("visa_applied"),
    date_column("visa_decided"),
    simple("visa_result", "text", word_of("visa_result")),
    simple("outcome", "text", word_of("outcome")),
    simple("degrees_awarded", "int", between(0, 10, whole=True)),
    simple("joint_publications", "int", between(0, 1000, whole=True)),
    simple("satisfaction", "float", between(0, 100)),
)
CODES = tuple(
    simple(f"{side}_{name}", "text", read)
    for side in ("home", "host")
    for name, read in (("ror", ror_of), ("erasmus_code", erasmus_code_of))
)
"""Identifiers of institutions: they go into the register, not into the table of stays."""
REASONS = {
    "same_country": ("destination", "origin and destination are the same country"),
    "end_before_start": ("end", "the stay ends before it starts"),
    "too_long": ("end", f"the stay would last longer than {LONGEST} months"),
}
IMPLAUSIBLE_AGE = f"age at the start would not be {YOUNGEST} to {OLDEST}"


def conform_stays(table: RawTable, engine: Engine, more: Sequence[Column] = ()) -> Conformed:
    """Read a raw table of stays (with columns that the table of stays has not), judge its rows and derive what follows from the dates.

    The frame of the result has `bad` (see `conform.judge`), all columns of `schema.STAYS` but `stay_id` and the provenance, and for finding
    duplicates `start_n` (day number), `ym` (months since year 0), `partner` (the country that is not ours).
    """
    done = conform(table, (*READ, *more), engine, carry=("student_id",), apart=0)
    if "student_id" in table.given:
        done.frame = add_student_key(done.frame, RAW + "student_id", engine, done.rows)
    else:
        done.frame = done.frame.with_columns(student_key=nw.lit(None).cast(nw.String))
    frame = judge(done, (STUDENT, *READ), _rules())
    age = nw.col("ym") // 12 - nw.col("birth_year")
    implausible = ((age < YOUNGEST) | (age > OLDEST)).fill_null(False)
    names = frame.collect_schema().names()
    known = nw.col(PROBLEM + "birth_year").fill_null(False) if PROBLEM + "birth_year" in names else nw.lit(False)
    for derived in ("birth_year", "months"):
        done.constant.pop(derived, None)
    done.frame = frame.with_columns(
        (known | implausible).alias(PROBLEM + "birth_year"),
        birth_year=nw.when(~implausible).then(nw.col("birth_year")),
        months=nw.coalesce(months_between(nw.col("start_n"), nw.col("end_n")), nw.col("months")),
        partner=nw.when(nw.col("direction") == "inbound").then(nw.col("origin")).otherwise(nw.col("destination")),
    )
    return done


def months_between(start_n: nw.Expr, end_n: nw.Expr) -> nw.Expr:
    """Months from the first to the last day (day numbers), both included, to a tenth."""
    return ((end_n - start_n + 1) / _DAYS_A_MONTH).round(1)


def _rules() -> list[tuple[str, nw.Expr]]:
    length = nw.col("end_n") - nw.col("start_n")
    return [
        ("same_country", nw.col("origin") == nw.col("destination")),
        ("end_before_start", length < 0),
        ("too_long", length > LONGEST * _DAYS_A_MONTH + 1),
    ]
