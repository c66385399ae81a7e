"""Students in China by origin, 2010-2018: a panel compiled from the Ministry of Education's yearbooks and World Bank series.

One row an origin and year, measures across. The largest origins (Korea, United States, Japan, India, France, Germany, United Kingdom) are not
in it: its sum is far below the national total and no ranking of origins can rest on it. The column headed GDP_per_capita holds whole GDP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pipeline.sources.card import normal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable
from pipeline.sources.workbook import Grid, frame

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

LAYOUT = "China by origin (panel)"
ABOUT = Card(
    title="Students in China by origin, 2010-2018 (panel compiled from the Ministry of Education's yearbooks)",
    publisher="Ministry of Education of China (panel)",
    licence="",
    url="https://github.com/peijin0405/Machine-Learning-Analysis-of-International-Student-Mobility",
    origin_basis="citizenship",
)
NOTE = "131 origins without the largest: never a total"
PLACE, YEAR = "country name", "year"
COUNTS = {  # heading -> level, measure, funding
    "stu_ctc": ("all", "stock", "all"),
    "stu_undergra": ("5-6", "stock", "all"),
    "stu_postgra": ("7-8", "stock", "all"),
    "stu_degree": ("all", "degree_stock", "all"),
    "stu_non_degree": ("all", "non_degree_stock", "all"),
    "scholarship_num_ctc": ("all", "scholarship", "government"),
}
PAIRS = {  # heading -> indicator, unit: of China and the origin together
    "distance": ("distance", "km"),
    "value_of_trade": ("trade", "US$"),
    "academic_recognition": ("degrees_recognised", "1 = yes"),
}
ORIGINS = {  # heading -> indicator, unit: of the origin alone
    "gdp_per_capita": ("gdp", "US$"),
    "unemployment": ("unemployment", "%"),
    "enrol_higheredu": ("tertiary_enrolment_ratio", "%"),
    "outbound_higheredu": ("outbound_students", "students"),
    "stu_teacher_ratio": ("students_per_teacher", ""),
    "financial_percapital": ("education_spending_per_head", ""),
    "rd_number": ("researchers", ""),
}


def recognise(file: SourceFile) -> bool:
    """Whether a sheet's first row has the panel's headings."""
    return any(_has_headings(grid) for grid in file.sheets.values())


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """One row a cell: counts, then context."""
    for grid in file.sheets.values():
        if _has_headings(grid):
            yield RawTable(source, "counts", file.name, _counts(grid, about), card=about, counted="cells")
            yield RawTable(source, "context", file.name, _context(grid, about), card=about, counted="cells")


def _has_headings(grid: Grid) -> bool:
    return bool(grid) and {PLACE, YEAR, *COUNTS} <= {normal(text or "") for text in grid[0]}


def _cells(grid: Grid, wanted: Iterable[str]) -> Iterator[tuple[int, str | None, str | None, str, str | None]]:
    """Line, origin, year, heading and value of each cell in the wanted columns."""
    column = {normal(text): i for i, text in enumerate(grid[0]) if text}
    for line, row in enumerate(grid[1:], 2):
        if any(cell and cell.strip() for cell in row):
            for heading in wanted:
                if heading in column:
                    yield line, row[column[PLACE]], row[column[YEAR]], heading, row[column[heading]]


def _counts(grid: Grid, about: Card) -> pd.DataFrame:
    cells = list(_cells(grid, COUNTS))
    constants = {
        "reporter": "CHN",
        "destination": "CHN",
        "direction": "inbound",
        "unit": "students",
        "publisher": about.publisher,
        "title": about.title,
        "url": about.url,
        "note": NOTE,
    }
    columns: dict[str, list[str | None]] = {name: [value] * len(cells) for name, value in constants.items()}
    columns["origin"] = [origin for _, origin, _, _, _ in cells]
    columns["period"] = [year for _, _, year, _, _ in cells]
    columns["value"] = [value for *_, value in cells]
    columns["status"] = ["M" if value is None else "A" for *_, value in cells]
    for i, name in enumerate(("level", "measure", "funding")):
        columns[name] = [COUNTS[heading][i] for _, _, _, heading, _ in cells]
    return frame(columns, [line for line, *_ in cells])


def _context(grid: Grid, about: Card) -> pd.DataFrame:
    facts = PAIRS | ORIGINS
    cells = list(_cells(grid, facts))
    return frame(
        {
            "country": ["CHN" if heading in PAIRS else origin for _, origin, _, heading, _ in cells],
            "origin": [origin if heading in PAIRS else None for _, origin, _, heading, _ in cells],
            "period": [year for _, _, year, _, _ in cells],
            "indicator": [facts[heading][0] for _, _, _, heading, _ in cells],
            "value": [value for *_, value in cells],
            "unit": [facts[heading][1] or None for _, _, _, heading, _ in cells],
            "publisher": [about.publisher] * len(cells),
        },
        [line for line, *_ in cells],
    )
