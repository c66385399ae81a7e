"""Processed tables on disk: a folder a table, a Parquet file a source, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError, did_you_mean
from pipeline.records.schema import TABLES, arrow_schema, empty, typed

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


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
    import pyarrow as pa
    import pyarrow.dataset as ds

    path = folder(processed, table)
    for name in (*(columns or ()), *equals):
        if name not in TABLES[table]:
            raise InputError(f"{table}.{name}", "no such column.", did_you_mean(name, TABLES[table]))
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.is_file() else []
    wanted = list(columns or TABLES[table])
    if not files:
        return empty(table)[wanted]
    condition = None
    for name, value in equals.items():
        chosen = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
        test = ds.field(name).isin(pa.array(chosen, arrow_schema(table).field(name).type))
        condition = test if condition is None else condition & test
    try:
        read = ds.dataset([str(f) for f in files], schema=arrow_schema(table)).to_table(
            columns=wanted, filter=condition
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(path, f"cannot be read as Parquet: {error}.", "Run `mobility clean` again.") from None
    return read.to_pandas()


def write(processed: Path | str, table: str, source: str, rows: pd.DataFrame | pa.Table | pa.RecordBatchReader) -> int:
    """Write one source's part of a table under a temporary name, then give it its own; without rows, remove what was there.

    Returns
    -------
    int
        Number of rows.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder(processed, table) / f"{source}.parquet"
    schema = arrow_schema(table)
    if isinstance(rows, pd.DataFrame):
        rows = pa.Table.from_pandas(typed(rows, table), schema=schema, preserve_index=False)
    reader = rows if isinstance(rows, pa.RecordBatchReader) else rows.to_reader()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    n = 0
    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(_fit(batch, schema))
                n += batch.num_rows
        if n:
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if not n:
        remove(processed, table, source)
    return n


def _fit(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([batch.column(f.name).cast(f.type) for f in schema], schema=schema)


def remove(processed: Path | str, table: str, source: str) -> None:
    """Remove one source's part of a table, and the table's folder when it was the last."""
    path = folder(processed, table)
    (path / f"{source}.parquet").unlink(missing_ok=True)
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()


def sources(processed: Path | str) -> list[str]:
    """The sources that were cleaned whole: those with a ledger."""
    return sorted(f.stem for f in folder(processed, "ledger").glob("*.parquet"))


def describe(processed: Path | str) -> None:
    """Write datapackage.json (Frictionless Data), which says what each table and column holds."""
    kinds = {"text": "string", "int": "integer", "float": "number", "bool": "boolean", "date": "datetime"}
    resources = []
    for table, columns in TABLES.items():
        files = sorted(f.relative_to(processed).as_posix() for f in folder(processed, table).glob("*.parquet"))
        if files:
            fields = [
                {"name": name, "type": kinds[kind], "description": meaning} for name, (kind, meaning) in columns.items()
            ]
            resources.append({"name": table, "path": files, "format": "parquet", "schema": {"fields": fields}})
    path = Path(processed) / "datapackage.json"
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps({"name": "student-mobility", "resources": resources}, ensure_ascii=False, indent=1) + "\n"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
