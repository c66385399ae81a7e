"""Rows that tell of one stay twice become one row; two real stays stay two.

Rows of one source, whatever their file, tell of one stay when student, direction, partner country and start are the same. Where a row has only the
month of its start, it tells of the stay with the same month, of the same mode if several started then; two rows that both have only a month, and
two known modes that differ, are two stays. The first row in the order of file and line is kept and its gaps are filled from the others in that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from pipeline.records.engine import Engine
from pipeline.records.stays import months_between

STAY = ("student_key", "direction", "partner", "ym")
ORDER = ("file_no", "line")
_LINES = 1 << 40  # more than a file has: a row's place is its file's number times this, and its line
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


def merge_duplicates(
    rows: nw.LazyFrame, engine: Engine, fill: Iterable[str] | None = None, constant: Iterable[str] = ()
) -> Merged:
    """Merge the rows that tell of one stay.

    Parameters
    ----------
    rows
        Conformed stays with `partner`, `ym` (months since year 0), `start_n` (day number), `start_by_month`, `file_no` and `line`.
    engine
        Where the rows live.
    fill
        Columns whose gaps are filled; by default all that can be.
    constant
        Columns that are the same in all rows; `kept` is without them.
    """
    same = set(constant)
    names = [name for name in rows.collect_schema().names() if name not in same]
    key = [name for name in STAY if name not in same]
    rows = rows.with_columns(_place=nw.col("file_no") * _LINES + nw.col("line")).select(*names, "_place")
    several = rows.group_by(*key).agg(_n=nw.len(), _group=nw.col("_place").min())
    several = engine.keep(several.filter(nw.col("_n") > 1).drop("_n"))
    if not len(engine.arrow(several.head(1))):
        return Merged(rows.with_columns(slot=nw.lit("")).drop("_place"), None, {}, (several,))
    alone = rows.join(several, on=key, how="anti").with_columns(slot=nw.lit(""))
    together = engine.keep(rows.join(several, on=key, how="inner"))
    anchored = engine.keep(_anchored(together))
    filled = [c for c in names if c not in _NOT_FILLED and (fill is None or c in set(fill))]
    first = anchored.filter(nw.col("_place") == nw.col("_first")).join(_first_values(anchored, filled), on="_first")
    first = engine.keep(first)
    counts = engine.arrow(
        first.select(
            *((nw.col(c).is_null() & ~nw.col(f"_fill_{c}").is_null()).cast(nw.Int64).sum().alias(c) for c in filled)
        )
    )
    kept = first.with_columns(
        *(nw.col(f"_fill_{c}").alias(c) for c in filled),
        start=nw.coalesce(nw.col("_start"), nw.col("start")),
        start_n=nw.col("_anchor"),
        start_by_month=nw.col("_start").is_null(),
    )
    lasted = months_between(nw.col("start_n"), nw.col("end_n"))
    possible = nw.col("end_n") >= nw.col("start_n")  # the end may come from a row that has only the month of the start
    kept = kept.with_columns(
        end=nw.when(possible).then(nw.col("end")),
        months=nw.when(possible).then(lasted).when(nw.col("end_n").is_null()).then(nw.col("months")),
    )
    later = anchored.filter(nw.col("_place") != nw.col("_first"))
    places = {"": nw.col("_place"), "into_": nw.col("_first")}
    files = {prefix: place // _LINES for prefix, place in places.items()}
    merged = later.select(
        *(file.cast(nw.Int64).alias(f"{prefix}file_no") for prefix, file in files.items()),
        *((places[prefix] - file * _LINES).cast(nw.Int64).alias(f"{prefix}line") for prefix, file in files.items()),
    )
    numbers: dict[str, Any] = {c: counts[c][0].as_py() or 0 for c in filled}
    return Merged(
        nw.concat([alone.select(*names, "slot"), kept.select(*names, "slot")]),
        merged,
        {c: int(n) for c, n in numbers.items() if n and c not in _DERIVED},
        (several, together, anchored, first),
    )


def _anchored(rows: nw.LazyFrame) -> nw.LazyFrame:
    """Rows of one student, country and month (`_group`) with the stay of each.

    Adds `_anchor`, the day to which a row's start belongs, `slot`, the mode that tells apart rows that have only a month, and of the stay that is made out by
    these `_first`, the place of its first row, and `_start`, its exact start (null where only a month is known).
    """
    by_month = nw.col("start_by_month")
    rows = rows.with_columns(
        _mode=nw.col("mode").fill_null(""),
        _exact=nw.when(~by_month).then(nw.col("start_n")),
        _exact_start=nw.when(~by_month).then(nw.col("start")),
        _open=nw.when(~by_month & nw.col("mode").is_null()).then(nw.col("start_n")),
        _month_mode=nw.when(by_month).then(nw.col("mode")),
    )
    same_mode = rows.group_by("_group", "_mode").agg(_same_mode=nw.col("_exact").min())
    of_group = rows.group_by("_group").agg(
        _no_mode=nw.col("_open").min(), _any=nw.col("_exact").min(), _first_mode=nw.col("_month_mode").min()
    )
    rows = rows.join(same_mode, on=["_group", "_mode"], how="left").join(of_group, on="_group", how="left")
    by_mode = nw.coalesce(nw.col("_same_mode"), nw.col("_no_mode"))
    day = nw.when(~by_month).then(nw.col("start_n")).when(nw.col("_mode") != "").then(by_mode).otherwise(nw.col("_any"))
    rows = rows.with_columns(_day=day)
    mode = nw.coalesce(nw.col("mode"), nw.col("_first_mode"), nw.lit(""))
    rows = rows.with_columns(
        _anchor=nw.coalesce(nw.col("_day"), nw.col("start_n")),
        slot=nw.when(nw.col("_day").is_null()).then(mode).otherwise(nw.lit("")),
    )
    stay = ["_group", "_anchor", "slot"]
    stays = rows.group_by(*stay).agg(_first=nw.col("_place").min(), _start=nw.col("_exact_start").max())
    rows = rows.join(stays, on=stay, how="left")
    return rows.drop(
        *("_mode", "_exact", "_exact_start", "_open", "_month_mode", "_same_mode", "_no_mode", "_any", "_first_mode"),
        *("_day", "_group"),
    )


def _first_values(rows: nw.LazyFrame, columns: Sequence[str]) -> nw.LazyFrame:
    """For each stay (`_first`) the first known value of each column in the order of the files, as `_fill_<column>`."""
    known = rows.with_columns(
        *(nw.when(~nw.col(c).is_null()).then(nw.col("_place")).alias(f"_at_{c}") for c in columns)
    )
    places = known.group_by("_first").agg(*(nw.col(f"_at_{c}").min().alias(f"_at_{c}") for c in columns))
    there = rows.join(places, on="_first", how="left")
    there = there.select(
        "_first",
        *(nw.when(nw.col("_place") == nw.col(f"_at_{c}")).then(nw.col(c)).alias(f"_fill_{c}") for c in columns),
    )
    return there.group_by("_first").agg(*(nw.col(f"_fill_{c}").max().alias(f"_fill_{c}") for c in columns))
