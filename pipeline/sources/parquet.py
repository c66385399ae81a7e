"""Parquet files that a source card describes, as DuckDB relations: columns are read only where they are asked for, so nothing is copied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.sources.delimited import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

SUFFIX = ".parquet"


def headings(path: Path) -> list[str]:
    """The names of a file's columns.

    Raises
    ------
    InputError
        If it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(path, f"cannot be read as Parquet: {reason}", "Put the file in place again.") from None


def head(path: Path, rows: int) -> list[list[str | None]]:
    """The headings and the first rows, as text."""
    import duckdb

    names = headings(path)
    with duckdb.connect() as connection:
        found = relation(connection, path, names).limit(rows).fetchall()
    return [list(names), *(list(row[: len(names)]) for row in found)]


def relation(connection: DuckDBPyConnection, path: Path, names: Sequence[str]) -> DuckDBPyRelation:
    """All rows as text.

    Returns
    -------
    DuckDBPyRelation
        Columns `c0` … `cN` (one a heading), `more` (always null) and `line` (the number of the row, from 1), as `delimited.relation` has them.
    """
    cells = ", ".join('"' + name.replace('"', '""') + f'"::VARCHAR AS c{place}' for place, name in enumerate(names))
    return connection.sql(
        f"SELECT {cells}, NULL::VARCHAR AS more, file_row_number + 1 AS line "
        f"FROM read_parquet({literal(str(path))}, file_row_number=true)"
    )
