"""UIS bulk download: its files of labels, countries, regions and metadata. They hold no figures; the data are read with what they say."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.sources import uis
from pipeline.sources.card import normal
from pipeline.sources.delimited import literal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

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
    return {
        row["indicator_id"]: row["indicator_label_en"]
        for path in _siblings(file, LABELS)
        for row in _rows(path)
        if row.get("indicator_id") and row.get("indicator_label_en")
    }


def _siblings(file: SourceFile, shape: frozenset[str]) -> list[Path]:
    others = (
        SourceFile(path, path.name)
        for path in sorted(file.path.parent.iterdir())
        if path != file.path and path.is_file()
    )
    texts = (
        f
        for f in others
        if f.path.suffix.lower() in (".csv", ".gz") and not f.foreign and not f.path.name.startswith(".")
    )
    return [f.text for f in texts if f.path.stat().st_size and f.headings >= shape and "value" not in f.headings]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(text):
            yield {
                normal(key): (value or "").strip()
                for key, value in row.items()
                if isinstance(key, str) and not isinstance(value, list)
            }


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

    wanted = {row[0] for row in known}
    found: dict[tuple[str, str, str], list[str]] = {}
    for path in _siblings(file, METADATA):
        for row in _rows(path):
            if row.get("indicator_id") in wanted and row.get("metadata"):
                key = (row["indicator_id"], row.get("country_id", ""), row.get("year", ""))
                text = f"{row.get('type') or 'Note'}: {' '.join(row['metadata'].split())}"
                if text not in found.setdefault(key, []):
                    found[key].append(text)
    rows = [
        {"n_indicator": i, "n_place": p, "n_year": y, "remark": "; ".join(texts)} for (i, p, y), texts in found.items()
    ]
    names = ("n_indicator", "n_place", "n_year", "remark")
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))


def unused(labelled: bool) -> str:
    """SQL: why a row of an indicator that is not used is refused."""
    text = "an indicator that the project does not use"
    if not labelled:
        text += " (or a country of origin that the file of labels, which is not in the folder, would tell)"
    return f"{literal(text + ': ')} || coalesce(indicatorid, 'none')"
