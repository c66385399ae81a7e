"""Open Doors (Institute of International Education): international students in the United States by place of origin and academic level.

Like `open_doors`, with two heading rows: academic years above the levels. Before 2006/07 "Other" holds non-degree students and those in
optional practical training (OPT) together; the first year told apart carries the status B, a break in the series.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources import open_doors as base
from pipeline.sources.card import normal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable
from pipeline.sources.workbook import Grid

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = "Open Doors, places of origin by academic level"
ABOUT = Card(
    title="International Students by Place of Origin and Academic Level",
    publisher=base.ABOUT.publisher,
    licence=base.ABOUT.licence,
    url=base.ABOUT.url,
)
KINDS = {  # heading without hyphens and spaces -> level, measure, note
    "undergraduate": ("5-6", "stock", "undergraduate students, without optional practical training"),
    "graduate": ("7-8", "stock", "graduate students, without optional practical training"),
    "other": ("all", "other_stock", "non-degree students and optional practical training together"),
    "nondegree": ("all", "non_degree_stock", "non-degree students"),
    "opt": ("all", "practical_training", "optional practical training after or during a degree"),
}
_TOLD_APART = ("non_degree_stock", "practical_training")


def recognise(file: SourceFile) -> bool:
    """Whether a sheet has levels beside "Place of Origin" and academic years in the row above."""
    return any(_columns(grid) for grid in file.sheets.values())


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """One row a cell of a year and level."""
    for grid in file.sheets.values():
        head, columns = base.heading_row(grid), _columns(grid)
        if head is None or not columns:
            continue
        split = _first_year_told_apart(columns)
        cells = []
        for line, origin, row in base.places(grid, head):
            for column, (period, kind) in columns.items():
                level, measure, note = KINDS[kind]
                status = "B" if measure in _TOLD_APART and period == split else "A"
                cells.append(base.cell(line, origin, period, row[column], level, measure, note, status))
        yield RawTable(
            source, "counts", file.name, base.counts(cells, about, base.title(grid)), card=about, counted="cells"
        )


def _columns(grid: Grid) -> dict[int, tuple[str, str]]:
    """Column -> period and kind; a year stands above the first of its columns."""
    head = base.heading_row(grid)
    if not head:
        return {}
    columns: dict[int, tuple[str, str]] = {}
    period = None
    for i, (above, heading) in enumerate(zip(grid[head - 1], grid[head], strict=True)):
        period = above.strip() if above and base.is_period(above) else period
        kind = re.sub(r"[\s-]", "", normal(heading or ""))
        if period and kind in KINDS:
            columns[i] = period, kind
    return columns


def _first_year_told_apart(columns: dict[int, tuple[str, str]]) -> str | None:
    """The first year whose "Other" is told apart, if earlier years are not."""
    together = [period for period, kind in columns.values() if kind == "other"]
    apart = [period for period, kind in columns.values() if kind in ("nondegree", "opt")]
    return min(apart) if together and apart else None
