"""World Bank: selected World Development Indicators, one line a country, series and year. A value ".." is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = "World Bank indicators (CSV)"
ABOUT = Card(
    title="World Development Indicators",
    publisher="World Bank",
    licence="CC BY 4.0",
    url="https://databank.worldbank.org/source/world-development-indicators",
)
UNIT = (
    r"nullif(regexp_extract({name}, '\(([^()]*)\)\s*$', 1), '')"  # SQL: the unit in the last brackets of a series' name
)
HEADINGS = frozenset(("country", "country_code", "series_name", "series_code", "year", "value"))


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of the indicator table."""
    return file.headings >= HEADINGS


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Covariates by country and year; the unit stands in the last brackets of the series' name."""
    from pipeline.sources.delimited import literal
    from pipeline.sources.publishers import records

    rows = records(file, connection).select(f"""
        country_code AS country, year AS period, series_code AS indicator, CASE WHEN value = '..' THEN NULL ELSE value END AS value,
        {UNIT.format(name="series_name")} AS unit, {literal(about.publisher)} AS publisher, line, refused""")
    yield RawTable(source, "context", file.name, rows, card=about, connection=connection)
