"""What is not known is a stated gap and never a zero: the whole registry on absent, empty and partial tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from pipeline.measures.registry import indicators
from tests.test_measures_further import TABLES as INSTITUTION
from tests.test_measures_indicators import TABLES as MORE

UNIVERSITY, CHINA, STATES = ({"subject": s, "year": y} for s, y in (("u", 2024), ("CHN", 2018), ("USA", 2018)))
PUBLISHED = ("published_number", "published_ratio", "enrolment_rate")


def tables() -> dict[str, pd.DataFrame]:
    """Tables on which every indicator has a value, or nearly: those of both sets of hand-computed cases together."""
    both = ("stays", "agreements", "events", "context")
    wide = {n: pd.concat([MORE[n], INSTITUTION[n]], ignore_index=True) for n in both}
    return {n: t.convert_dtypes() for n, t in (MORE | wide).items()}


FULL = tables()


def asked(name: str) -> dict[str, Any]:
    if indicators[name].method not in PUBLISHED:
        return UNIVERSITY
    return STATES if name == "practical_training_share" else CHINA


def computed(name: str, given: dict[str, pd.DataFrame]) -> tuple[float, float, str | None]:
    """Value, base and reason."""
    row = indicators.compute(name, given, **asked(name)).iloc[0]
    assert pd.isna(row["value"]) == (row["reason"] is not None), f"{name}: a value or a reason, never both or neither"
    return float(row["value"]), float(row["n"]), row["reason"]


def kind(name: str) -> tuple[str, ...]:
    """What an indicator reads: its formula, the outcome or test asked for, the columns by which stays are picked."""
    one = indicators[name]
    picked = [c for key in ("where", "among", "base") for c in one.arguments.get(key, {})]
    return (one.method, *(str(one.arguments.get(k)) for k in ("which", "test", "of", "flag", "column", "per")), *picked)


COLUMNS = [(table, column) for table in FULL for column in FULL[table].columns]


@pytest.fixture(scope="module")
def before() -> dict[str, tuple[float, float, str | None]]:
    """Every indicator's value, base and reason on the full tables."""
    return {name: computed(name, FULL) for name in indicators}


@pytest.fixture(scope="module")
def read(before: dict[str, tuple[float, float, str | None]]) -> dict[str, list[str]]:
    """By table, one indicator of each kind that reads it."""
    kinds = {kind(name): name for name in indicators if not pd.isna(before[name][0])}
    found: dict[str, list[str]] = {table: [] for table in FULL}
    for name in kinds.values():
        if computed(name, {"stays": FULL["stays"]}) == before[name]:
            found["stays"].append(name)  # and nothing else, as most
            continue
        for table in FULL:
            if computed(name, {k: t for k, t in FULL.items() if k != table})[0] != before[name][0]:
                found[table].append(name)
    return found


OFTEN = ("source", "direction", "year", "mode", "outcome", "visa_result", "origin", "destination")  # read by most
AT_ONCE = 8  # columns taken away together, to see which of them may matter


@pytest.fixture(scope="module")
def readers(before: dict, read: dict[str, list[str]]) -> dict[tuple[str, str], list[str]]:
    """By table and column, the indicators that may read it: those that change when it goes along with seven others."""
    found: dict[tuple[str, str], list[str]] = {place: [] for place in COLUMNS}
    for table, names in read.items():
        columns = sorted(FULL[table].columns, key=lambda c: c not in OFTEN)
        for part in (columns[i : i + AT_ONCE] for i in range(0, len(columns), AT_ONCE)):
            without = FULL | {table: FULL[table].drop(columns=part)}
            moved = [name for name in names if repr(computed(name, without)) != repr(before[name])]
            for column in part:
                found[table, column] = moved
    return found


def test_columns_are_read(readers: dict[tuple[str, str], list[str]]) -> None:
    assert sum(map(bool, readers.values())) > 50


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{t}-{c}" for t, c in COLUMNS])
def test_a_column_that_is_absent_or_empty_never_becomes_a_zero(table: str, column: str, before, readers) -> None:
    whole = FULL[table]
    absent = FULL | {table: whole.drop(columns=column)}
    empty = FULL | {table: whole.assign(**{column: pd.Series(pd.NA, whole.index, whole[column].dtype)})}
    for name in readers[table, column]:
        value, n, _ = before[name]
        without = computed(name, absent)
        if repr(without) == repr(before[name]):
            continue  # it does not read the column
        for found, base, reason in (without, computed(name, empty)):
            assert found != 0 or value == 0 or base < n, f"{name}: {column} unknown, and yet 0"
            assert reason is None or reason.startswith("no_") or reason in ("small_base", "only_more_than"), reason
