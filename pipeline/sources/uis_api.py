"""UNESCO Institute for Statistics: the answer of its API as JSON (api.uis.unesco.org/api/public/data/indicators).

One object with `records`, each with indicatorId, geoUnit, year, value, magnitude and qualifier as in the Data Browser's CSV, and, when asked for, `indicatorMetadata` with the
indicators' names. JSON has no lines that mean anything: `line` is the place of the record, from 1 on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.sources import uis, uis_labels
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

LAYOUT = "UIS API (JSON)"
ABOUT = uis.ABOUT
_KEYS = ("indicatorId", "geoUnit", "year", "value", "qualifier", "magnitude")
_HEAD = 1 << 16
MOST = 1 << 30  # bytes; the API gives at most 100,000 records at once


def recognise(file: SourceFile) -> bool:
    """Whether the first part of the file has the keys of the API's records."""
    if not file.is_json:
        return False
    with file.path.open("rb") as text:
        head = text.read(_HEAD)
    return b'"records"' in head and all(
        f'"{key}"'.encode() in head for key in ("indicatorId", "geoUnit", "year", "value")
    )


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """The counts, and the other indicators as context."""
    answer = _answer(file)
    rows = connection.from_arrow(_table(file, answer["records"]))
    labels = {
        str(entry.get("indicatorCode") or entry.get("indicatorId")): str(
            entry.get("name") or entry.get("indicatorName") or ""
        )
        for entry in answer.get("indicatorMetadata") or ()
        if isinstance(entry, dict)
    }
    known = connection.from_arrow(uis_labels.indicators(labels))
    joined = rows.set_alias("r").join(known.set_alias("k"), "r.indicatorid = k.indicator", how="left")
    counts = joined.filter("k.indicator IS NOT NULL")
    others = joined.filter("k.indicator IS NULL")
    if counts.limit(1).fetchall():
        chosen = counts.select(uis.counts(about, "k")).order("line")
        yield RawTable(source, "counts", file.name, chosen, card=about, connection=connection)
    if others.limit(1).fetchall():
        yield RawTable(
            source,
            "context",
            file.name,
            others.select(uis.context(about)).order("line"),
            card=about,
            connection=connection,
        )


def _answer(file: SourceFile) -> dict[str, Any]:
    if file.path.stat().st_size > MOST:
        raise InputError(file.path, "is larger than any answer of the API.", "Get the bulk download instead.")
    try:
        with file.path.open(encoding="utf-8-sig") as text:
            answer = json.load(text, parse_float=str, parse_int=str)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(file.path, f"is not whole JSON ({error}).", "Get the file again.") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
        raise InputError(file.path, "has no list of records.", "Get the file again.")
    if not answer["records"]:
        raise InputError(file.path, "has no records.", "Ask for an indicator, place or year that has data.")
    return answer


def _table(file: SourceFile, records: list[Any]) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, list[str | None]] = {key.lower(): [] for key in _KEYS}
    for number, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise InputError(file.path, f"record {number} is no object.", "Get the file again.")
        for key in _KEYS:
            value = record.get(key)
            columns[key.lower()].append(None if value in (None, "") else str(value))
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    arrays["line"] = pa.array(range(1, len(records) + 1), pa.int64())
    arrays["refused"] = pa.array([None] * len(records), pa.string())
    return pa.table(arrays)
