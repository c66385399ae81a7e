"""The few things that differ between engines; everything else is written once with narwhals.

An engine holds lazy narwhals frames. It takes a publisher's rows and small lookup tables, keeps a result so that it is not computed twice, hands
rows on in batches that fit into memory, digests a column of texts, and writes Parquet. `Pandas` is here; `DuckDB` (the default) and `Spark` have
modules of their own.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa

from pipeline.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from pipeline.sources.table import RawTable

DIGITS = 16  # of a digest: 64 bits, so that 10 million texts share one by a chance of 3 in a million
BATCH = 2_500_000  # rows of stays that are merged and written at a time
# Columns of which nearly every row has its own value: a dictionary of them is of no use.
ROWS_OWN = {"stay_id", "student_key", "line"}
LEVEL = 1  # of zstd: as quick to write as snappy, two thirds of its size


def digest(text: str) -> str:
    """The first digits of a text's SHA-256.

    >>> digest("a")
    'ca978112ca1bbdca'
    """
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


class Engine(ABC):
    """What the cleaning needs of an engine. What is not abstract is written for any engine; an engine may know a quicker way."""

    name = ""
    literals = True  # whether a literal is a column of the same type as one from a table
    connection: Any = None  # the DuckDB connection on which delimited text is read; None: read into memory

    def work_in(self, folder: Path) -> None:  # noqa: B027 - nothing to do for an engine that works in memory
        """Give the engine a folder for what does not fit into memory."""

    @abstractmethod
    def take(self, table: RawTable) -> nw.LazyFrame:
        """A publisher's rows, which can then be read several times at little cost."""

    @abstractmethod
    def table(self, table: pa.Table) -> nw.LazyFrame:
        """A small table, to be joined."""

    @abstractmethod
    def keep(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """The same rows, computed once."""

    def forget(self, frame: nw.LazyFrame) -> None:  # noqa: B027 - memory is freed with the frame
        """Free what was kept."""

    @abstractmethod
    def digest(self, frame: nw.LazyFrame, text: str, into: str) -> nw.LazyFrame:
        """A column `into` with the SHA-256 of column `text`, its first digits."""

    @abstractmethod
    def arrow(self, frame: nw.LazyFrame) -> pa.Table:
        """The rows in memory."""

    @abstractmethod
    def write(self, frame: nw.LazyFrame, path: Path, schema: pa.Schema, order: Sequence[str]) -> None:
        """One Parquet file of exactly this schema, in this order; it may be one without rows."""

    @abstractmethod
    def write_by(
        self,
        frame: nw.LazyFrame,
        folder: Path,
        schema: pa.Schema,
        order: Sequence[str],
        by: str,
        number: int,
        constant: Mapping[str, nw.Expr],
    ) -> nw.LazyFrame:
        """The rows of each value of the text column `by` in a file of its own, `part_name(value, number)`; the rows as they were written.

        Each file is in `order`. This is best led by a number that tells the values of `by` apart, so that an engine that sorts all rows at once has those of
        one value together. `constant` are columns that are the same in all rows, which are not to be sorted with them.
        """

    def batches(self, frames: Sequence[nw.LazyFrame], by: str, number: int) -> list[nw.LazyFrame]:
        """The rows of all frames in at most `number` batches, all rows of one value of `by` in one batch; each can be read several times."""
        return [self.keep(nw.concat(frames))]

    def distinct(self, frame: nw.LazyFrame, columns: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each column its distinct texts (without null) and how often they occur."""
        found = {}
        for name in columns:
            counts = self.arrow(frame.filter(~nw.col(name).is_null()).group_by(name).agg(n=nw.len()))
            found[name] = dict(zip(counts[name].to_pylist(), map(int, counts["n"].to_pylist()), strict=True))
        return found

    def look_up(self, frame: nw.LazyFrame, tables: Mapping[str, pa.Table]) -> nw.LazyFrame:
        """Join to each column of the mapping the table that has a column of that name; what is not found is null."""
        for name, table in tables.items():
            frame = frame.join(self.table(table), on=name, how="left")
        return frame


def part_name(value: str, number: int) -> str:
    """The file of one value's rows of one batch.

    >>> part_name("2023/24", 0)
    '2023-24-000.parquet'
    """
    return f"{value.replace('/', '-')}-{number:03d}.parquet"


def with_constants(frame: nw.LazyFrame, constant: Mapping[str, nw.Expr]) -> nw.LazyFrame:
    """The frame with further columns, if there are any."""
    return frame.with_columns(**constant) if constant else frame


def text_frame(rows: Any) -> pa.Table:
    """A pandas frame of texts and one `line` as Arrow; a column without any text is still one of texts."""
    texts = {name: pa.string() for name in rows.columns if name != "line"}
    schema = pa.schema([(name, texts.get(name, pa.int64())) for name in rows.columns])
    return pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(None)


def fit(table: pa.Table, schema: pa.Schema, constant: Mapping[str, pa.Scalar] = MappingProxyType({})) -> pa.Table:
    """A table with exactly the columns and types of a schema; those in `constant` have one value in all rows."""
    columns = [
        _repeated(constant[f.name].cast(f.type), table.num_rows) if f.name in constant else table[f.name].cast(f.type)
        for f in schema
    ]
    return pa.table(columns, names=schema.names)


def _repeated(value: pa.Scalar, rows: int) -> pa.Array:
    """A column of one value; texts as a dictionary of one, which is written without looking at each."""
    if value.is_valid and pa.types.is_string(value.type):
        return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.array([value]))
    return pa.repeat(value, rows)


def write_batches(
    path: Path,
    schema: pa.Schema,
    tables: Iterable[pa.Table | pa.RecordBatch],
    constant: Mapping[str, pa.Scalar] = MappingProxyType({}),
) -> int:
    """One Parquet file of tables that come one after the other, with further columns of one value; the number of rows."""
    import pyarrow.parquet as pq

    nothing = fit(schema.empty_table(), schema, constant)
    rows = 0
    with pq.ParquetWriter(
        path,
        nothing.schema,
        compression="zstd",
        compression_level=LEVEL,
        use_dictionary=[name for name in schema.names if name not in ROWS_OWN],
        store_schema=False,
    ) as writer:
        writer.add_key_value_metadata(schema.metadata or {})
        for table in tables:
            whole = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
            writer.write_table(fit(whole, schema, constant))
            rows += whole.num_rows
    return rows


class Pandas(Engine):
    """Frames in memory, on Arrow's types."""

    name = "pandas"
    literals = False

    def take(self, table: RawTable) -> nw.LazyFrame:
        return self.table(text_frame(table.frame()))

    def table(self, table: pa.Table) -> nw.LazyFrame:
        import pandas as pd

        return nw.from_native(table.to_pandas(types_mapper=pd.ArrowDtype)).lazy()

    def keep(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        return frame.collect().lazy()

    def digest(self, frame: nw.LazyFrame, text: str, into: str) -> nw.LazyFrame:
        import pandas as pd

        native = nw.to_native(frame.collect())
        codes, distinct = pd.factorize(native[text])
        values = pa.array([*map(digest, distinct), None], pa.string())
        column = pd.Series(
            pd.arrays.ArrowExtensionArray(values.take(pa.array(codes % len(values)))), index=native.index
        )
        return nw.from_native(native.assign(**{into: column})).lazy()

    def arrow(self, frame: nw.LazyFrame) -> pa.Table:
        native = nw.to_native(frame.collect())
        return pa.Table.from_pandas(native, preserve_index=False).replace_schema_metadata(None)

    def write(self, frame: nw.LazyFrame, path: Path, schema: pa.Schema, order: Sequence[str]) -> None:
        write_batches(path, schema, [self.arrow(frame.sort(*order))])

    def write_by(
        self,
        frame: nw.LazyFrame,
        folder: Path,
        schema: pa.Schema,
        order: Sequence[str],
        by: str,
        number: int,
        constant: Mapping[str, nw.Expr],
    ) -> nw.LazyFrame:
        import pyarrow.compute as pc

        rows = self.arrow(with_constants(frame, constant).sort(*order))
        for value in pc.unique(rows[by]).to_pylist():
            part = rows.filter(pc.equal(rows[by], value))
            write_batches(folder / part_name(value, number), schema, [part])
        return self.table(rows)

    def distinct(self, frame: nw.LazyFrame, columns: Sequence[str]) -> dict[str, dict[str, int]]:
        native = nw.to_native(frame.collect())
        return {name: {str(text): int(n) for text, n in native[name].value_counts().items()} for name in columns}

    def look_up(self, frame: nw.LazyFrame, tables: Mapping[str, pa.Table]) -> nw.LazyFrame:
        import pandas as pd

        native = nw.to_native(frame.collect())
        added: dict[str, Any] = {}
        for name, table in tables.items():
            place = pd.Index(table[name].to_pandas().astype(object)).get_indexer(native[name].astype(object))
            where = pa.array(place, mask=place < 0)
            for other in table.column_names:
                if other != name:
                    values = table[other].combine_chunks().take(where)
                    added[other] = pd.Series(pd.arrays.ArrowExtensionArray(values), index=native.index)
        return nw.from_native(pd.concat([native, pd.DataFrame(added, index=native.index)], axis=1)).lazy()


def engine_of(name: str | Engine, spark: str | None = None) -> Engine:
    """The engine of a name; `spark` is the address of Spark.

    Raises
    ------
    SettingsError
        If there is no such engine, or it is not installed.
    """
    if not isinstance(name, str):
        return name
    if name == "pandas":
        return Pandas()
    if name == "duckdb":
        from pipeline.records.engine_duckdb import DuckDB

        return DuckDB()
    if name == "spark":
        from pipeline.records.engine_spark import Spark

        return Spark(spark)
    raise SettingsError("engine", f"{name!r} is not an engine.", did_you_mean(name, ["duckdb", "pandas", "spark"]))
