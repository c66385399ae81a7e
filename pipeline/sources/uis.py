"""UNESCO Institute for Statistics: the CSV download of the UIS Data Browser (OPRI).

One line an indicator, place and year; places are alpha-3 codes or named regions ("SDG: World"), which are not countries. The indicators
of student mobility become counts, others context. A value with magnitude NA does not apply and is missing though a 0 stands there; NIL is nil or negligible.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = "UIS Data Browser (CSV)"
ABOUT = Card(
    title="Internationally mobile students (UIS Data Browser, Other Policy Relevant Indicators)",
    publisher="UNESCO UIS",
    licence="CC BY 3.0 IGO",
    url="https://databrowser.uis.unesco.org/",
    origin_basis="prior_education",
)
HEADINGS = frozenset(("indicatorid", "geounit", "year", "value", "qualifier", "magnitude"))
WORLD = "SDG: World"
INDICATORS = {  # id -> direction, measure, title, note
    "26637": (
        "inbound",
        "stock",
        "Total inbound internationally mobile students, both sexes (number)",
        "students enrolled in tertiary education who crossed a border for it; short exchanges are not counted",
    ),
    "OE.5T8.40510": (
        "outbound",
        "stock",
        "Total outbound internationally mobile tertiary students studying abroad, all countries, both sexes (number)",
        "added up from what host countries report",
    ),
    "MENF.5T8": (
        "inbound",
        "net_flow",
        "Net flow of internationally mobile students (inbound - outbound), both sexes (number)",
        "inbound less outbound",
    ),
}


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of the UIS download."""
    return file.headings >= HEADINGS


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """The counts, and the other indicators as context."""
    from pipeline.sources.publishers import records

    rows = records(file, connection)
    known = ", ".join(f"'{key}'" for key in INDICATORS)
    counts = rows.filter(f"indicatorid IN ({known})")
    others = rows.filter(f"indicatorid IS NULL OR indicatorid NOT IN ({known})")
    if counts.limit(1).fetchall():
        yield RawTable(source, "counts", file.name, counts.select(_counts(about)), card=about, connection=connection)
    if others.limit(1).fetchall():
        yield RawTable(source, "context", file.name, others.select(_context(about)), card=about, connection=connection)


def _counts(about: Card) -> str:
    from pipeline.sources.delimited import literal

    place = f"CASE WHEN geounit = {literal(WORLD)} THEN 'WLD' WHEN regexp_full_match(geounit, '[A-Z]{{3}}') THEN geounit ELSE 'region:' || geounit END"
    notes = (
        "CASE qualifier WHEN 'UIS_EST' THEN 'UIS estimate' WHEN 'NAT_EST' THEN 'national estimate' ELSE qualifier END"
    )
    sizes = "CASE magnitude WHEN 'NIL' THEN 'nil or negligible' WHEN 'NA' THEN 'does not apply' ELSE magnitude END"
    return f"""
        {place} AS reporter,
        CASE WHEN {_by_indicator(0)} = 'inbound' THEN 'WLD' ELSE {place} END AS origin,
        CASE WHEN {_by_indicator(0)} = 'inbound' THEN {place} ELSE 'WLD' END AS destination,
        {_by_indicator(0)} AS direction, year AS period, 'all' AS level, {_by_indicator(1)} AS measure,
        CASE WHEN magnitude = 'NA' THEN NULL ELSE value END AS value, 'students' AS unit,
        CASE WHEN value IS NULL OR magnitude = 'NA' THEN 'M' WHEN qualifier IN ('UIS_EST', 'NAT_EST') THEN 'E' ELSE 'A' END AS status,
        {literal(about.publisher)} AS publisher, {_by_indicator(2)} AS title, {literal(about.url)} AS url,
        concat_ws('; ', {notes}, {sizes}, {_by_indicator(3)}) AS note, line, refused"""


def _by_indicator(place: int) -> str:
    from pipeline.sources.delimited import literal

    cases = " ".join(f"WHEN {literal(key)} THEN {literal(facts[place])}" for key, facts in INDICATORS.items())
    return f"CASE indicatorid {cases} END"


def _context(about: Card) -> str:
    from pipeline.sources.delimited import literal

    return f"""
        CASE WHEN regexp_full_match(geounit, '[A-Z]{{3}}') THEN geounit ELSE 'region:' || geounit END AS country,
        year AS period, indicatorid AS indicator, CASE WHEN magnitude = 'NA' THEN NULL ELSE value END AS value,
        {literal(about.publisher)} AS publisher, line, refused"""
