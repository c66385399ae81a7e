"""Processed tables on disk: a folder a table; of each source a Parquet file, of stays a folder with files by academic year."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError, did_you_mean
from pipeline.records.publish import files
from pipeline.records.schema import TABLES, arrow_schema, empty, typed

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_ATTEMPTS = 5  # to read a table that is being replaced


def folder(processed: Path | str, table: str) -> Path:
    """Where a table lies."""
    if table not in TABLES:
        raise InputError(table, "is not a processed table.", did_you_mean(table, TABLES))
    return Path(processed) / f"{table}.parquet"


def load(processed: Path | str, table: str, columns: Sequence[str] | None = None, **equals: Any) -> pd.DataFrame:
    """Read a processed table.

    Parameters
    ----------
    processed
        The folder of processed tables.
    table
        Its name, "stays" for example. A single Parquet file or a folder of them.
    columns
        Only these, in this order.
    **equals
        Only rows in which the column has this value, or one of these when it is a list, tuple or set.

    Returns
    -------
    pandas.DataFrame
        With the types of `schema.TABLES`; without rows if nothing was cleaned into this table.

    Raises
    ------
    InputError
        If there is no such table, no such column, or the file cannot be read.
    """
    folder(processed, table)
    for name in (*(columns or ()), *equals):
        if name not in TABLES[table]:
            raise InputError(f"{table}.{name}", "no such column.", did_you_mean(name, TABLES[table]))
    wanted = list(columns or TABLES[table])
    for attempt in range(1, _ATTEMPTS + 1):
        found = files(Path(processed), table)
        if not found:
            return empty(table)[wanted]
        try:
            return _read(found, table, wanted, equals).to_pandas()
        except FileNotFoundError:  # new tables took the place of these meanwhile
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _read(found: Sequence[Path], table: str, wanted: list[str], equals: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.dataset as ds

    schema = arrow_schema(table)
    condition = None
    for name, value in equals.items():
        chosen = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
        test = ds.field(name).isin(pa.array(chosen, schema.field(name).type))
        condition = test if condition is None else condition & test
    order = [name for name in ("source", "file", "line") if name in schema.names] if table == "stays" else []
    read = [*wanted, *(name for name in order if name not in wanted)]
    try:
        rows = ds.dataset([str(f) for f in found], schema=schema).to_table(columns=read, filter=condition)
    except FileNotFoundError:
        raise
    except (pa.ArrowInvalid, OSError) as error:
        where = found[0].parent if len(found) > 1 else found[0]
        raise InputError(where, f"cannot be read as Parquet: {error}.", "Run `mobility clean` again.") from None
    return rows.sort_by([(name, "ascending") for name in order]).select(wanted) if order else rows


def write(processed: Path | str, table: str, source: str, rows: pd.DataFrame | pa.Table | pa.RecordBatchReader) -> int:
    """Write one source's part of a table under a temporary name, then give it its own; without rows, remove what was there.

    Returns
    -------
    int
        Number of rows.
    """
    import pandas as pd
    import pyarrow as pa

    from pipeline.records.engine import write_batches

    path = folder(processed, table) / f"{source}.parquet"
    schema = arrow_schema(table)
    if isinstance(rows, pd.DataFrame):
        rows = pa.Table.from_pandas(typed(rows, table), schema=schema, preserve_index=False)
    reader = rows if isinstance(rows, pa.RecordBatchReader) else rows.to_reader()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        n = write_batches(temporary, schema, reader)
        if n:
            _remove(path)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if not n:
        remove(processed, table, source)
    return n


def remove(processed: Path | str, table: str, source: str) -> None:
    """Remove one source's part of a table, and the table's folder when it was the last."""
    path = folder(processed, table)
    part = path / f"{source}.parquet"
    _remove(part)
    part.unlink(missing_ok=True)
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)


def sources(processed: Path | str) -> list[str]:
    """The sources that were cleaned whole: those with a ledger."""
    return sorted(f.stem for f in files(Path(processed), "ledger"))


def describe(processed: Path | str) -> None:
    """Write datapackage.json (Frictionless Data), which says what each table and column holds."""
    kinds = {"text": "string", "int": "integer", "float": "number", "bool": "boolean", "date": "datetime"}
    resources = []
    for table, columns in TABLES.items():
        paths = sorted(f.relative_to(processed).as_posix() for f in files(Path(processed), table))
        if paths:
            fields = [
                {"name": name, "type": kinds[kind], "description": meaning} for name, (kind, meaning) in columns.items()
            ]
            resources.append({"name": table, "path": paths, "format": "parquet", "schema": {"fields": fields}})
    path = Path(processed) / "datapackage.json"
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps({"name": "student-mobility", "resources": resources}, ensure_ascii=False, indent=1) + "\n"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
