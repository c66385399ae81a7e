"""Eurostat: the tables on mobile students and graduates from abroad as SDMX-CSV; the file names its table in every row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources import eurostat_tables, sdmx_csv
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = "Eurostat mobile students and graduates (SDMX-CSV)"
ABOUT = eurostat_tables.ABOUT
_NEEDED = frozenset(("unit", "isced11", "sex", "geo", sdmx_csv.TIME, sdmx_csv.VALUE))


def recognise(file: SourceFile) -> bool:
    """Whether it is SDMX-CSV with Eurostat's dimensions of students by level and country."""
    found = {sdmx_csv.concept(heading) for heading in file.headings}
    return found >= _NEEDED and bool(found & {"dataflow", "structure_id"}) and "origin" not in found


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Counts (unit NR) and shares (unit PC, as context); a row of another table is refused."""
    rows = sdmx_csv.records(file, connection)
    flow = "structure_id" if "structure_id" in rows.columns else "dataflow"
    code = f"lower(regexp_extract({flow}, '([A-Za-z]+_[A-Za-z0-9_]+)\\(', 1))"
    dimensions = ", ".join(sdmx_csv.dimensions(file.layout.headings))
    known = ", ".join(f"'{name}'" for name in eurostat_tables.TABLES)
    cells = rows.select(f"""{dimensions}, {sdmx_csv.TIME} AS period, {sdmx_csv.number(sdmx_csv.VALUE)} AS value,
        {sdmx_csv.flags(rows.columns)} AS flags, {sdmx_csv.unreadable(sdmx_csv.VALUE)} AS unreadable, {code} AS dataset, line,
        CASE WHEN refused IS NOT NULL THEN refused WHEN coalesce({code}, '') NOT IN ({known})
            THEN 'not a table of mobile students: ' || coalesce({flow}, 'none is named') END AS refused""")
    yield from eurostat_tables.tables(cells, about, source, file.name, "rows", connection)
