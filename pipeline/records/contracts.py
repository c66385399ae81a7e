"""The contract of each processed table, checked with pandera on the distinct values of each column when the table is written.

Cleaning itself rejects, merges and explains; a broken contract is therefore a fault of the program and stops it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.records.codes import ERASMUS_PATTERN, ROR_PATTERN
from pipeline.records.countries import codes
from pipeline.records.schema import PANDAS, TABLES
from pipeline.records.words import vocabularies

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FEW = (
    5_000  # rows that are read into memory when files are checked: sooner done than asking the database of every column
)

_WORDS = {
    "direction": "direction",
    "mode": "mode",
    "gender": "gender",
    "outcome": "outcome",
    "visa_result": "visa_result",
    "currency": "currency",
}
_VOCABULARY: dict[str, dict[str, str]] = {
    "stays": _WORDS | {"level": "level", "field": "field", "home_field": "field"},
    "counts": {
        "direction": "direction",
        "measure": "measure",
        "funding": "funding",
        "status": "status",
        "exactness": "exactness",
    },
    "agreements": {"mode": "mode"},
    "events": {"kind": "event_kind"},
}
_REQUIRED = {
    "stays": (
        "stay_id",
        "student_key",
        "direction",
        "origin",
        "destination",
        "start",
        "academic_year",
        "year",
        "start_by_month",
        "source",
        "file",
        "line",
    ),
    "counts": (
        *(
            "reporter",
            "origin",
            "destination",
            "origin_kind",
            "destination_kind",
            "year",
            "period",
            "level",
            "mode",
            "measure",
        ),
        *("funding", "unit", "status", "exactness", "source", "file", "line"),
    ),
    "agreements": ("partner", "country", "institution_id", "source", "file", "line"),
    "institutions": ("institution_id", "name", "country", "stays", "agreements", "source"),
    "suggestions": ("written", "country", "institution", "score", "times", "source"),
    "events": ("kind", "start", "source", "file", "line"),
    "context": ("country", "year", "period", "indicator", "source", "file", "line"),
    "rejected": ("source", "file", "table", "line", "column", "reason"),
    "unresolved": ("source", "file", "table", "line", "column", "reason"),
    "merged": ("source", "file", "table", "line", "into_file", "into_line"),
    "changes": ("source", "file", "rule", "column", "rows"),
    "checks": ("source", "check"),
    "ledger": ("source", "file", "table", "counted", "rows_read", "rows_kept", "rows_rejected", "rows_merged"),
}
_BOUNDS: dict[str, dict[str, tuple[float, float]]] = {
    "stays": {
        "months": (0, 121),
        "birth_year": (1860, 2049),
        "grant_amount": (0, 1e8),
        "credits_attempted": (0, 600),
        "credits_recognised": (0, 600),
        "year": (1950, 2050),
    },
    "counts": {"year": (1850, 2101)},
    "agreements": {"quota_in": (0, 1e6), "quota_out": (0, 1e6)},
    "suggestions": {"score": (0, 99), "times": (1, 1e12)},
    "context": {"year": (1850, 2101)},
    "ledger": dict.fromkeys(("rows_read", "rows_kept", "rows_rejected", "rows_merged"), (0, 1000000000000.0)),
}
_UNIQUE = {"stays": ("stay_id",), "institutions": ("institution_id",)}
_PLACE = r"^(?:[A-Z]{3}|region:.+|former:.+|_X(?::.+)?)$"


@cache
def contract(table: str) -> Any:
    """The pandera schema of a table.

    >>> contract("stays").columns["direction"].checks[0].statistics
    {'allowed_values': ['inbound', 'outbound']}
    """
    import pandera.pandas as pandera

    return pandera.DataFrameSchema(
        {
            name: pandera.Column(
                PANDAS[kind],
                list(_column_checks(table, name)),
                nullable=name not in _REQUIRED[table],
                unique=False,
                name=name,
            )
            for name, (kind, _) in TABLES[table].items()
        },
        name=table,
    )


def _column_checks(table: str, name: str) -> Iterator[Any]:
    from pandera.pandas import Check

    if name in _VOCABULARY.get(table, {}):
        yield Check.isin(list(vocabularies()[_VOCABULARY[table][name]]))
    if name in _BOUNDS.get(table, {}):
        yield Check.in_range(*_BOUNDS[table][name])
    if name in ("origin", "destination", "country", "reporter") and table in (
        "stays",
        "agreements",
        "institutions",
        "suggestions",
        "events",
    ):
        yield Check.isin(sorted(codes()))
    elif name in ("origin", "destination", "country", "reporter"):
        yield Check.str_matches(_PLACE)
    if name == "academic_year":
        yield Check.str_matches(r"^[0-9]{4}(?:/[0-9]{2})?$")
    if name in ("ror", "erasmus_code"):
        one = (ROR_PATTERN if name == "ror" else ERASMUS_PATTERN).strip("^$")
        yield Check.str_matches(f"^{one}(?:; {one})*$")
    if name == "student_key":
        yield Check.str_matches(r"^[0-9a-f]{16}$")
    if name == "start_by_month":
        yield Check.isin([True, False])


def hold(table: str, rows: pa.Table) -> None:
    """Check the distinct values of every column of a table against its contract, and that what identifies a row does so.

    Raises
    ------
    pandera.errors.SchemaError
        Names the column and the values that break the contract.
    ValueError
        If an id occurs twice.
    """
    if not rows.num_rows:
        return
    schema = contract(table)
    for name, column in schema.columns.items():
        distinct = rows[name].unique()
        if name in _UNIQUE.get(table, ()) and len(distinct) != rows.num_rows:
            raise ValueError(f"{table}.{name}: {rows.num_rows - len(distinct)} values occur more than once")
        if column.checks or (not column.nullable and distinct.null_count):
            column.validate(distinct.to_pandas().astype(column.dtype.type).rename(name).to_frame())


def hold_files(table: str, files: Sequence[Path]) -> None:
    """Check Parquet files against a table's contract; more than a few thousand rows are not read into memory (`hold_relation`).

    Raises
    ------
    pandera.errors.SchemaError, ValueError
        As `hold`.
    """
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    if sum(pq.read_metadata(f).num_rows for f in files) <= FEW:
        if files:
            hold(table, pa.concat_tables([pq.read_table(f, partitioning=None) for f in files]))
        return
    with duckdb.connect(config={"memory_limit": "1GiB"}) as connection:
        hold_relation(table, connection.read_parquet([str(f) for f in files]))


def hold_relation(table: str, rows: Any) -> None:
    """Check rows in DuckDB against a table's contract.

    Of a column with a vocabulary the distinct values are looked at, of one with bounds the least and the greatest, of one with a pattern those that do
    not match it.

    Parameters
    ----------
    table
        Its name.
    rows
        A relation that can be read several times at little cost; columns beyond those of the table are not looked at.

    Raises
    ------
    pandera.errors.SchemaError, ValueError
        As `hold`.
    """
    if rows.shape[0] <= FEW:
        hold(table, rows.select(*contract(table).columns).to_arrow_table())
        return
    required = _REQUIRED[table]
    nulls = ", ".join(f'count(*) - count("{name}")' for name in required)
    missing = dict(zip(required, rows.query("kept", f"select {nulls} from kept").fetchall()[0], strict=True))
    for name, column in contract(table).columns.items():
        values = _witnesses(rows, name, column) + ([None] if missing.get(name) else [])
        if column.checks or missing.get(name):
            column.validate(_series(values, column.dtype.type).rename(name).to_frame())
    for name in _UNIQUE.get(table, ()):
        for value in (f'hash("{name}")', f'"{name}"'):  # the digest is quicker, and cannot miss one
            asked = f"select count(*) - count(distinct {value}) from kept"
            again = int(rows.query("kept", asked).fetchall()[0][0])
            if not again:
                break
        else:
            raise ValueError(f"{table}.{name}: {again} values occur more than once")


def _witnesses(rows: Any, name: str, column: Any) -> list[Any]:
    """The values of a column that decide whether it keeps its checks, without null."""
    wanted = []
    for check in column.checks:
        if check.name == "in_range":
            wanted.append(f'select unnest([min("{name}"), max("{name}")]) from kept')
        elif check.name == "str_matches":
            pattern = str(check.statistics["pattern"]).replace("'", "''")
            wanted.append(f'(select "{name}" from kept where not regexp_matches("{name}", \'{pattern}\') limit 5)')
        else:
            wanted.append(f'select distinct "{name}" from kept')
    found = rows.query("kept", " union all ".join(wanted)).fetchall() if wanted else []
    return [value for (value,) in found if value is not None]


def _series(values: list[Any], kind: Any) -> pd.Series:
    import pandas as pd

    return pd.Series(values, dtype=object).astype(kind)
