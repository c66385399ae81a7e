"""UNESCO Institute for Statistics: the bulk download (OPRI and SDG), millions of rows of all indicators, with its files of labels and metadata.

`…_DATA_NATIONAL.csv` (indicator_id, country_id, year, value, magnitude, qualifier) and `…_DATA_REGIONAL.csv` (region_id) hold the figures; `…_LABEL.csv` says what an
indicator is, and so which country of origin it counts ("Inbound internationally mobile students from Europe: Students from Serbia, both sexes (number)"); `…_METADATA.csv`
holds the notes of countries. Rows of indicators that the project does not use are refused with that reason, so that they are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources import lines, uis, uis_labels
from pipeline.sources.delimited import literal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable
from pipeline.sources.uis_labels import ABOUT as ABOUT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

LAYOUT = "UIS bulk download (CSV)"
NATIONAL = frozenset(("indicator_id", "country_id", "year", "value", "magnitude", "qualifier"))
REGIONAL = NATIONAL - {"country_id"} | {"region_id"}
CONTEXT = {  # indicators used beside the counts -> what they are
    "25053": "enrolment in tertiary education, all programmes, both sexes",
    "E.5T8": "enrolment in tertiary education, both sexes",
    "SAP.5T8": "population of the age for tertiary education, both sexes",
    "200343": "population of the age for tertiary education, both sexes",
    "GER.5T8": "gross enrolment ratio, tertiary, both sexes",
    "MOR.5T8.40510": "outbound mobility ratio, all regions, both sexes",
    "MSEP.5T8": "inbound mobility rate, both sexes",
    "GOER.5T8.40510": "gross outbound enrolment ratio, all regions, both sexes",
}


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of the national or regional data."""
    return file.headings >= NATIONAL or file.headings >= REGIONAL


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Counts, the few indicators of context that are used, and all else as refused."""
    labels = uis_labels.beside(file)
    rows = lines.under_headings(file, connection)
    place = "country_id" if "country_id" in rows.columns else "region_id"
    rows = rows.select(
        f"indicator_id AS indicatorid, {place} AS geounit, year, value, qualifier, magnitude, line, refused"
    )
    used = ", ".join(map(literal, CONTEXT))
    context = rows.filter(f"indicatorid IN ({used})")
    if context.limit(1).fetchall():
        yield RawTable(
            source, "context", file.name, context.select(uis.context(about)), card=about, connection=connection
        )
    rest = rows.filter(f"indicatorid IS NULL OR indicatorid NOT IN ({used})")
    if rest.limit(1).fetchall():
        counts = _counts(rest, file, about, labels, connection)
        yield RawTable(source, "counts", file.name, counts, card=about, connection=connection)


def _counts(
    rows: DuckDBPyRelation, file: SourceFile, about: Card, labels: dict[str, str], connection: DuckDBPyConnection
) -> DuckDBPyRelation:
    known = connection.from_arrow(uis_labels.indicators(labels))
    notes = connection.from_arrow(uis_labels.notes(file, known.fetchall()))
    joined = (
        rows.set_alias("r")
        .join(known.set_alias("k"), "r.indicatorid = k.indicator", how="left")
        .join(
            notes.set_alias("n"),
            "r.indicatorid = n.n_indicator AND r.geounit = n.n_place AND r.year = n.n_year",
            how="left",
        )
    )
    return joined.select(f"{uis.counts(about, 'k', 'n.remark', uis_labels.unused(bool(labels)))}").order("line")
