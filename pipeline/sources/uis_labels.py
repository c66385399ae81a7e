"""UIS bulk download: its files of labels, countries, regions and metadata. They hold no figures; the data are read with what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.sources import lines, uis
from pipeline.sources.delimited import literal
from pipeline.sources.file import SourceFile, is_data
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

LAYOUT = "UIS bulk download: labels and metadata"
ABOUT = Card(
    title="UIS bulk data download (Other Policy Relevant Indicators, SDG 4)",
    publisher="UNESCO UIS",
    licence="CC BY-SA 3.0 IGO",
    url="https://databrowser.uis.unesco.org/resources/bulk",
    origin_basis="prior_education",
)
LABELS = frozenset(("indicator_id", "indicator_label_en"))
METADATA = frozenset(("indicator_id", "country_id", "type", "metadata"))
_SHAPES = (LABELS, METADATA, frozenset(("country_id", "country_name_en")), frozenset(("region_id", "country_id")))
_ORIGIN = re.compile(
    r"inbound internationally mobile students from ([^:]+?)(?:: students from (.+?))?, both sexes \(number\)", re.I
)
_PRIOR = ("Sudan (pre-secession)",)  # places that no country of today stands for


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of such a file."""
    return any(file.headings >= shape for shape in _SHAPES) and "value" not in file.headings


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Nothing: there are no figures in it."""
    return iter(())


def beside(file: SourceFile) -> dict[str, str]:
    """Indicator -> label, from the files of labels in the same folder.

    Raises
    ------
    InputError
        If one of them cannot be read.
    """
    found: dict[str, str] = {}
    for sibling in _siblings(file, LABELS):
        rows = _rows(sibling).filter("indicator_id IS NOT NULL AND indicator_label_en IS NOT NULL")
        found |= dict(rows.select("trim(indicator_id), trim(indicator_label_en)").fetchall())
    return found


def _siblings(file: SourceFile, shape: frozenset[str]) -> list[SourceFile]:
    paths = sorted(path for path in file.path.parent.iterdir() if path != file.path and path.is_file())
    others = (SourceFile(path, path.name) for path in paths if is_data(path) and path.stat().st_size)
    texts = (f for f in others if not (f.foreign or f.is_workbook or f.is_xml or f.is_json))
    return [f for f in texts if f.headings >= shape and "value" not in f.headings]


def _rows(file: SourceFile) -> DuckDBPyRelation:
    import duckdb

    return lines.under_headings(file, duckdb.connect())


def origin(label: str) -> str | None:
    """The origin that an indicator counts, as records reads it; None if it counts none.

    Examples
    --------
    >>> origin("Inbound internationally mobile students from Europe: Students from the Netherlands, both sexes (number)")
    'the Netherlands'
    >>> origin("Inbound internationally mobile students from Africa: Students from unknown countries, both sexes (number)")
    'Africa, Unspecified'
    >>> origin("Inbound internationally mobile students from Africa, both sexes (number)"), origin("Repeaters, female (number)")
    ('region:Africa', None)
    """
    found = _ORIGIN.fullmatch(label.strip())
    if not found:
        return None
    region, country = found.groups()
    if country is None:
        return f"region:{region}"
    if re.search("unknown|unspecified", country, re.I):
        return f"{region}, Unspecified"
    if country in ("the Congo", "Congo"):  # the other one is always given in full
        return "COG"
    return f"region:{country}" if country in _PRIOR else country


def indicators(labels: dict[str, str]) -> pa.Table:
    """The indicators that count mobile students: indicator, direction, measure, origin (null where it is the reporting country), title, note."""
    import pyarrow as pa

    rows = [
        {"indicator": key, "k_direction": facts[0], "k_measure": facts[1], "k_title": facts[2], "k_note": facts[3]}
        for key, facts in uis.INDICATORS.items()
    ]
    for key, label in labels.items():
        if key not in uis.INDICATORS and (place := origin(label)):
            note = uis.INDICATORS["26637"][3]
            rows.append(
                {
                    "indicator": key,
                    "k_direction": "inbound",
                    "k_measure": "stock",
                    "k_origin": place,
                    "k_title": label,
                    "k_note": note,
                }
            )
    names = ("indicator", "k_direction", "k_measure", "k_origin", "k_title", "k_note")
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))


def notes(file: SourceFile, known: Sequence[Sequence[Any]]) -> pa.Table:
    """What the metadata beside a data file say of a figure: n_indicator, n_place, n_year, remark; one row each."""
    import pyarrow as pa

    wanted = ", ".join(literal(row[0]) for row in known) or "NULL"
    found: dict[tuple[str, str, str], list[str]] = {}
    for sibling in _siblings(file, METADATA):
        rows = _rows(sibling).filter(f"indicator_id IN ({wanted}) AND metadata IS NOT NULL").order("line")
        year = "year" if "year" in rows.columns else "''"
        told = rows.select(
            f"indicator_id, coalesce(country_id, ''), coalesce({year}, ''), coalesce(type, 'Note'), metadata"
        )
        for indicator, country, when, kind, text in told.fetchall():
            entry = f"{kind}: {' '.join(text.split())}"
            if entry not in found.setdefault((indicator, country, when), []):
                found[indicator, country, when].append(entry)
    remarks = [
        {"n_indicator": i, "n_place": p, "n_year": y, "remark": "; ".join(texts)} for (i, p, y), texts in found.items()
    ]
    names = ("n_indicator", "n_place", "n_year", "remark")
    return pa.Table.from_pylist(remarks, schema=pa.schema([(name, pa.string()) for name in names]))


def unused(labelled: bool) -> str:
    """SQL: why a row of an indicator that is not used is refused."""
    text = "an indicator that the project does not use"
    if not labelled:
        text += " (or a country of origin that the file of labels, which is not in the folder, would tell)"
    return f"{literal(text + ': ')} || coalesce(indicatorid, 'none')"
