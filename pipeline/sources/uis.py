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
    from pipeline.sources import lines, uis_labels

    rows = lines.under_headings(file, connection)
    known = connection.from_arrow(uis_labels.indicators(uis_labels.beside(file)))
    joined = rows.set_alias("r").join(known.set_alias("k"), "r.indicatorid = k.indicator", how="left")
    found = joined.filter("k.indicator IS NOT NULL")
    others = joined.filter("k.indicator IS NULL")
    if found.limit(1).fetchall():
        chosen = found.select(counts(about, "k")).order("line")
        yield RawTable(source, "counts", file.name, chosen, card=about, connection=connection)
    if others.limit(1).fetchall():
        chosen = others.select(context(about)).order("line")
        yield RawTable(source, "context", file.name, chosen, card=about, connection=connection)


_COUNTRY = "regexp_full_match(geounit, '[A-Z]{3}')"


def counts(about: Card, known: str, remark: str = "NULL", unused: str = "NULL") -> str:
    """SQL: the columns of counts.

    Parameters
    ----------
    about
        The publisher.
    known
        Alias of the indicators (`uis_labels.indicators`) that are joined to the rows.
    remark
        SQL of what the metadata say of a figure.
    unused
        SQL of the reason why a row of another indicator is refused.
    """
    from pipeline.sources.delimited import literal

    place = (
        f"CASE WHEN geounit = {literal(WORLD)} THEN 'WLD' WHEN {_COUNTRY} THEN geounit ELSE 'region:' || geounit END"
    )
    notes = (
        "CASE qualifier WHEN 'UIS_EST' THEN 'UIS estimate' WHEN 'NAT_EST' THEN 'national estimate' ELSE qualifier END"
    )
    sizes = "CASE magnitude WHEN 'NIL' THEN 'nil or negligible' WHEN 'NA' THEN 'does not apply' ELSE magnitude END"
    inbound = f"coalesce({known}.k_direction, 'inbound') = 'inbound'"
    return f"""
        {place} AS reporter,
        CASE WHEN {inbound} THEN coalesce({known}.k_origin, 'WLD') ELSE {place} END AS origin,
        CASE WHEN {inbound} THEN {place} ELSE 'WLD' END AS destination,
        {known}.k_direction AS direction, year AS period, 'all' AS level, {known}.k_measure AS measure,
        {_VALUE} AS value, 'students' AS unit,
        CASE WHEN {_VALUE} IS NULL THEN 'M' WHEN qualifier IN ('UIS_EST', 'NAT_EST') THEN 'E' ELSE 'A' END AS status,
        {literal(about.publisher)} AS publisher, {known}.k_title AS title, {literal(about.url)} AS url,
        CASE WHEN {known}.indicator IS NOT NULL THEN concat_ws('; ', {notes}, {sizes}, {remark}, {known}.k_note) END AS note, line,
        CASE WHEN refused IS NOT NULL THEN refused WHEN {known}.indicator IS NULL THEN {unused} END AS refused"""


_VALUE = "CASE WHEN magnitude = 'NA' THEN NULL ELSE value END"


def context(about: Card) -> str:
    """SQL: the columns of context."""
    from pipeline.sources.delimited import literal

    return f"""
        CASE WHEN {_COUNTRY} THEN geounit ELSE 'region:' || geounit END AS country,
        year AS period, indicatorid AS indicator, {_VALUE} AS value,
        {literal(about.publisher)} AS publisher, line, refused"""
