"""OECD: enrolment of international students by country of school and of origin, as a table of names.

From the OECD's data set on the mobility of students (EDU_ENRL_MOBILE), turned there into one line a pair of countries and year. Zeros are given as such; there are no flags.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = "OECD enrolment of international students by origin"
ABOUT = Card(
    title="Enrolment of international students by origin",
    publisher="OECD",
    licence="OECD terms and conditions; CC BY 4.0 from July 2024 on",
    url="https://data-explorer.oecd.org/",
)
HEADINGS = frozenset(("country_of_school", "country_of_origin", "year", "total_intl_students"))
NOTE = "students who crossed a border to study in tertiary education; for some countries foreign citizens instead"


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of the enrolment table."""
    return file.headings >= HEADINGS


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Stocks by destination and origin."""
    from pipeline.sources.delimited import literal
    from pipeline.sources.publishers import records

    rows = records(
        file, connection
    ).select(f"""
        country_of_school AS reporter, country_of_origin AS origin, country_of_school AS destination, 'inbound' AS direction,
        year AS period, 'all' AS level, 'stock' AS measure, total_intl_students AS value, 'students' AS unit,
        CASE WHEN total_intl_students IS NULL THEN 'M' ELSE 'A' END AS status,
        {literal(about.publisher)} AS publisher, {literal(about.title)} AS title, {literal(about.url)} AS url, {literal(NOTE)} AS note, line, refused""")
    # The table names both Congos, the other one in full, so that the short name can only be this one.
    codes = {"origin": {"Congo": "COG"}}
    yield RawTable(source, "counts", file.name, rows, codes=codes, card=about, connection=connection)
