"""Cleaning against hand-written SQL that does the same work: the same rows kept, rejected and merged, on any engine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROWS = 12_000


@pytest.fixture(scope="module")
def bench(root: Path, tmp_path_factory: pytest.TempPathFactory):
    """The benchmark's module, its messy rows, and what the SQL makes of them."""
    sys.path.insert(0, str(root))
    try:
        from benchmarks import cleaning, messy_stays
    finally:
        sys.path.remove(str(root))
    folder = tmp_path_factory.mktemp("oracle")
    messy_stays.write(folder / "messy", ROWS)
    (folder / "sql").mkdir()
    cleaning.by_sql(folder / "messy", folder / "sql")
    return cleaning, folder


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_the_same_rows_as_by_hand(bench, engine: str) -> None:
    cleaning, folder = bench
    cleaning.by_project(folder / "messy", folder / engine, engine)
    by_hand, ours = cleaning.fingerprint(folder / "sql"), cleaning.fingerprint(folder / engine)
    assert ours == by_hand
    kept, rejected, _ = ours
    assert rejected > ROWS * 0.02
    assert ROWS - kept - rejected > ROWS * 0.03  # merged


def test_messy_rows_are_the_same_from_the_same_seed(bench, tmp_path: Path) -> None:
    from benchmarks import messy_stays

    again = messy_stays.write(tmp_path / "again", ROWS)
    assert again.read_bytes() == (bench[1] / "messy" / "stays.csv").read_bytes()
    other = messy_stays.write(tmp_path / "other", ROWS, seed=8)
    assert other.read_bytes() != again.read_bytes()
