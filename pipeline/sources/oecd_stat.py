"""OECD.Stat's download of EDU_ENRL_MOBILE: one line a country, sex, origin, level and year, codes with or without labels; a figure's flags stand in letters.

A year 9999 repeats each country's latest year; totals over the countries of the table (TOT, OTO, OEU) are regions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources import lines, oecd_tables, sdmx_csv
from pipeline.sources.delimited import literal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = "OECD.Stat EDU_ENRL_MOBILE (CSV)"
ABOUT = oecd_tables.ABOUT
HEADINGS = frozenset(("country", "sex", "origin", "education_lev", "year", "value"))


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of the download."""
    return file.headings >= HEADINGS


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Stocks by country of study, origin, level and year."""
    rows = lines.under_headings(file, connection)
    names = oecd_tables.labelled(rows.columns)
    flags = "lower(coalesce(\"flag codes\", ''))" if "flag codes" in rows.columns else "''"
    tests = {"year = '9999'": "'the latest year a second time (year 9999)'", **oecd_tables.refused_when(rows.columns)}
    rows = oecd_tables.with_refused(rows, tests).select(f"""
        {oecd_tables.destination("country")} AS reporter, {oecd_tables.origin("origin", sdmx_csv.quoted(names) if names else None)} AS origin,
        {oecd_tables.destination("country")} AS destination, 'inbound' AS direction, year AS period, {oecd_tables.level("education_lev")} AS level,
        'stock' AS measure, CASE WHEN value IN ('..', ':') THEN NULL ELSE value END AS value, 'students' AS unit,
        {sdmx_csv.status("nullif(nullif(value, '..'), ':')", flags)} AS status, {oecd_tables.publication(about)},
        concat_ws('; ', {sdmx_csv.meanings(flags)}, {literal(oecd_tables.NOTE)}) AS note, line, refused""")
    yield RawTable(source, "counts", file.name, rows, card=about, connection=connection)
