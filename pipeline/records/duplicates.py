"""Rows that tell of one stay twice become one row; two real stays stay two.

Rows of one source, whatever their file, tell of one stay when student, direction, partner country and start are the same. Where a row has only the
month of its start, it tells of the stay with the same month, of the same mode if several started then; two rows that both have only a month, and
two known modes that differ, are two stays. The first row in the order of file and line is kept and its gaps are filled from the others in that order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from pipeline.records.engine import Engine
from pipeline.records.stays import months_between

STAY = ("student_key", "direction", "partner", "ym")
ORDER = ("file_no", "line")
_NOT_FILLED = {
    "student_key",
    "direction",
    "origin",
    "destination",
    "partner",
    "ym",
    "year",
    "academic_year",
    "start",
    "start_n",
    "start_by_month",
} | set(ORDER)
_DERIVED = {"end_n", "months"}  # filled, but not counted as what an office left out


@dataclass
class Merged:
    """`kept`: the rows that stand; `merged`: file_no, line of the others and into_file_no, into_line; `filled`: column -> gaps filled; `kept_for_it`: frames to forget."""

    kept: nw.LazyFrame
    merged: nw.LazyFrame | None
    filled: dict[str, int]
    kept_for_it: tuple[nw.LazyFrame, ...] = ()


def merge_duplicates(rows: nw.LazyFrame, engine: Engine, fill: Iterable[str] | None = None) -> Merged:
    """Merge the rows that tell of one stay.

    Parameters
    ----------
    rows
        Conformed stays with `partner`, `ym` (months since year 0), `start_n` (day number), `start_by_month`, `file_no` and `line`.
    engine
        Where the rows live.
    fill
        Columns whose gaps are filled; by default all that can be.
    """
    rows = rows.with_columns(slot=nw.lit(""))
    several = engine.keep(rows.group_by(*STAY).agg(_n=nw.len()).filter(nw.col("_n") > 1).drop("_n"))
    if not len(engine.arrow(several.head(1))):
        return Merged(rows, None, {}, (several,))
    alone = rows.join(several, on=list(STAY), how="anti")
    names = rows.collect_schema().names()
    filled = [c for c in names if c not in _NOT_FILLED and (fill is None or c in set(fill))]
    together = _anchored(rows.join(several, on=list(STAY), how="semi"))
    together = engine.keep(_ranked(together, filled))
    first = together.filter(nw.col("_rank") == 1)
    counts = engine.arrow(
        first.select(
            *((nw.col(c).is_null() & ~nw.col(f"_fill_{c}").is_null()).cast(nw.Int64).sum().alias(c) for c in filled)
        )
    )
    kept = first.with_columns(
        *(nw.col(f"_fill_{c}").alias(c) for c in filled),
        start=nw.col("_start"),
        start_n=nw.col("_anchor"),
        start_by_month=nw.col("_by_month"),
    )
    lasted = months_between(nw.col("start_n"), nw.col("end_n"))
    possible = nw.col("end_n") >= nw.col("start_n")  # the end may come from a row that has only the month of the start
    kept = kept.with_columns(
        end=nw.when(possible).then(nw.col("end")),
        months=nw.when(possible).then(lasted).when(nw.col("end_n").is_null()).then(nw.col("months")),
    )
    merged = together.filter(nw.col("_rank") > 1).select(
        *ORDER, into_file_no=nw.col("_into_file_no"), into_line=nw.col("_into_line")
    )
    numbers: dict[str, Any] = {c: counts[c][0].as_py() or 0 for c in filled}
    return Merged(
        nw.concat([alone.select(names), kept.select(names)]),
        merged,
        {c: int(n) for c, n in numbers.items() if n and c not in _DERIVED},
        (several, together),
    )


def _anchored(rows: nw.LazyFrame) -> nw.LazyFrame:
    """Add `_anchor`, the day to which each row's start belongs, and `slot`, the mode that tells apart rows that have only a month."""
    rows = rows.with_columns(
        _mode=nw.col("mode").fill_null(""),
        _exact=nw.when(~nw.col("start_by_month")).then(nw.col("start_n")),
        _open=nw.when(~nw.col("start_by_month") & nw.col("mode").is_null()).then(nw.col("start_n")),
        _month_mode=nw.when(nw.col("start_by_month")).then(nw.col("mode")),
    )
    rows = rows.with_columns(
        _same_mode=nw.col("_exact").min().over(*STAY, "_mode"),
        _no_mode=nw.col("_open").min().over(*STAY),
        _any=nw.col("_exact").min().over(*STAY),
        _first_mode=nw.col("_month_mode").min().over(*STAY),
    )
    by_mode = nw.coalesce(nw.col("_same_mode"), nw.col("_no_mode"))
    day = (
        nw.when(~nw.col("start_by_month"))
        .then(nw.col("start_n"))
        .when(nw.col("_mode") != "")
        .then(by_mode)
        .otherwise(nw.col("_any"))
    )
    rows = rows.with_columns(_day=day)
    mode = nw.coalesce(nw.col("mode"), nw.col("_first_mode"), nw.lit(""))
    rows = rows.with_columns(
        _anchor=nw.coalesce(nw.col("_day"), nw.col("start_n")),
        slot=nw.when(nw.col("_day").is_null()).then(mode).otherwise(nw.lit("")),
    )
    return rows.drop("_mode", "_open", "_month_mode", "_same_mode", "_no_mode", "_any", "_first_mode")


def _ranked(rows: nw.LazyFrame, fill: Iterable[str]) -> nw.LazyFrame:
    """Add the place of each row within its stay, the kept row's place in the files, and for each column to fill the first value at or after the row."""
    key = ("student_key", "direction", "partner", "_anchor", "slot")
    order = list(ORDER)
    rows = rows.with_columns(_one=nw.lit(1))
    rows = rows.with_columns(
        *(nw.col(c).fill_null(strategy="backward").over(*key, order_by=order).alias(f"_fill_{c}") for c in fill),
        _rank=nw.col("_one").cum_sum().over(*key, order_by=order).cast(nw.Int64),
        _exact_start=nw.when(~nw.col("_exact").is_null()).then(nw.col("start")),
    )
    first = nw.col("_rank") == 1
    return rows.with_columns(
        _into_file_no=nw.when(first).then(nw.col("file_no")).max().over(*key).cast(nw.Int64),
        _into_line=nw.when(first).then(nw.col("line")).max().over(*key).cast(nw.Int64),
        _start=nw.coalesce(nw.col("_exact_start").max().over(*key), nw.col("start")),
        _by_month=nw.col("_exact").max().over(*key).is_null(),
    )
