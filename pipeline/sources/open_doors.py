"""Open Doors (Institute of International Education): international students in the United States by place of origin, selected years.

A cross-tabulated sheet: places down, academic years across, then percentages. Upper-case rows and the heads of blocks (a name after a blank row, with
its members below) are regions, sums of the rows that follow. "-" means no data, never 0. WORLD TOTAL is the check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pipeline.sources.card import normal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable
from pipeline.sources.workbook import Grid, frame

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

LAYOUT = "Open Doors, all places of origin"
ABOUT = Card(
    title="International Students by Place of Origin, Selected Years",
    publisher="IIE Open Doors",
    licence="© Institute of International Education; cite the source",
    url="https://opendoorsdata.org/",
)
PLACE = "place of origin"
TOTAL = "WORLD TOTAL"
MISSING = "-"
NOTE = "students enrolled in the United States, optional practical training (OPT) included"
_PERIOD = re.compile(r"\d{4}/\d{2}")
_QUOTED = re.compile(r'["“]([^"”]+)["”]')
_NOT_A_PLACE = ("note:", "suggested citation:")


class Cell(NamedTuple):
    """One published figure."""

    line: int
    origin: str
    period: str
    value: str | None
    level: str
    measure: str
    status: str
    note: str


def recognise(file: SourceFile) -> bool:
    """Whether a sheet has "Place of Origin" and academic years in one row."""
    return any((head := heading_row(grid)) is not None and _years(grid[head]) for grid in file.sheets.values())


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """One row a cell of the years' columns."""
    for grid in file.sheets.values():
        head = heading_row(grid)
        if head is not None and (years := _years(grid[head])):
            cells = [
                cell(line, origin, period, row[column], "all", "stock", NOTE)
                for line, origin, row in places(grid, head)
                for column, period in years.items()
            ]
            yield RawTable(source, "counts", file.name, counts(cells, about, title(grid)), card=about, counted="cells")


def heading_row(grid: Grid) -> int | None:
    """The 0-based row with the heading "Place of Origin"."""
    return next((i for i, row in enumerate(grid[:10]) if any(normal(text or "") == PLACE for text in row)), None)


def _years(row: list[str | None]) -> dict[int, str]:
    return {i: text.strip() for i, text in enumerate(row) if text and _PERIOD.fullmatch(text.strip())}


def is_period(text: str | None) -> bool:
    """Whether a heading is an academic year such as 2024/25."""
    return bool(text and _PERIOD.fullmatch(text.strip()))


def title(grid: Grid) -> str:
    """The table's title: as its "Suggested citation" quotes it, else the first text of the sheet."""
    texts = [" ".join(text.split()) for row in grid for text in row if text]
    quoted = (_QUOTED.search(text) for text in texts if text.lower().startswith(_NOT_A_PLACE[1]))
    return next((match[1].rstrip(" .") for match in quoted if match), next(iter(texts), ""))


def places(grid: Grid, head: int) -> Iterator[tuple[int, str, list[str | None]]]:
    """The rows of places below the heading, each with its 1-based line and its origin; notes below the total are layout."""
    column = next(i for i, text in enumerate(grid[head]) if normal(text or "") == PLACE)
    names = [" ".join((row[column] or "").split()) for row in grid]
    for i in range(head + 1, len(grid)):
        if names[i] and not names[i].lower().startswith(_NOT_A_PLACE):
            before, after = names[i - 1], names[i + 1] if i + 1 < len(names) else ""
            yield i + 1, _origin(names[i], is_head=not before and bool(after)), grid[i]
        if names[i] == TOTAL:
            return


def _origin(name: str, is_head: bool) -> str:
    if name == TOTAL:
        return "WLD"
    return f"region:{name}" if is_head or name.isupper() else name


def cell(
    line: int, origin: str, period: str, value: str | None, level: str, measure: str, note: str, status: str = "A"
) -> Cell:
    """A cell; without a figure its value is missing."""
    given = (value or "").strip()
    if given in ("", MISSING):
        return Cell(line, origin, period, None, level, measure, "M", note)
    return Cell(line, origin, period, given, level, measure, status, note)


def counts(cells: list[Cell], about: Card, heading: str) -> pd.DataFrame:
    """Cells as rows of counts of the United States."""
    n = len(cells)
    constants = {
        "reporter": "USA",
        "destination": "USA",
        "direction": "inbound",
        "unit": "students",
        "publisher": about.publisher,
        "title": f"{heading} (Open Doors)" if heading else about.title,
        "url": about.url,
    }
    texts = {
        name: [getattr(c, name) for c in cells]
        for name in ("origin", "period", "level", "measure", "value", "status", "note")
    }
    return frame({**texts, **{name: [value] * n for name, value in constants.items()}}, [c.line for c in cells])
