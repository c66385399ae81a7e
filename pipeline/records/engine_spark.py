"""Spark, for a cluster: the same expressions on a session of one's own or by Spark Connect.

What is kept is written as Parquet into the work folder, which driver and executors must share; so plans stay short and nothing is computed twice.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa

from pipeline.errors import SettingsError
from pipeline.records.engine import DIGITS, Engine, part_name, text_frame, with_constants, write_batches
from pipeline.sources.delimited import literal

if TYPE_CHECKING:
    from pipeline.sources.table import RawTable

LOCAL = "local[*]"
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


class Spark(Engine):
    """Data frames of a Spark session.

    Parameters
    ----------
    address
        A master ("local[2]", "spark://host:7077", "yarn") or a Spark Connect server ("sc://host:15002").

    Raises
    ------
    SettingsError
        If pyspark is not installed, or there is no Spark at the address.
    """

    name = "spark"

    def __init__(self, address: str | None = None) -> None:
        import duckdb

        self.session = _session(address or LOCAL)
        self.connection = duckdb.connect()
        self.connection.execute("set preserve_insertion_order = false")
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._folder: Path | None = None
        self._numbers = itertools.count()

    def work_in(self, folder: Path) -> None:
        self._folder = folder

    def _place(self, kind: str) -> Path:
        if self._folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="mobility-")
            self._folder = Path(self._temporary.name)
        return self._folder / f"{kind}_{next(self._numbers)}.parquet"

    def _read(self, place: Path, schema: Any = None) -> Any:
        reader = self.session.read if schema is None else self.session.read.schema(schema)
        return reader.parquet(place.resolve().as_uri())

    def take(self, table: RawTable) -> nw.LazyFrame:
        place = self._place("taken")
        if table.connection is None:
            rows = text_frame(table.rows)
            write_batches(place, rows.schema, [rows])
        else:
            table.connection.execute(f"copy ({table.rows.sql_query()}) to {literal(str(place))} (format parquet)")
        return nw.from_native(self._read(place))

    def table(self, table: pa.Table) -> nw.LazyFrame:
        from pyspark.sql import functions

        place = self._place("table")
        write_batches(place, table.schema.remove_metadata(), [table])
        return nw.from_native(functions.broadcast(self._read(place)))

    def keep(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        native, place = nw.to_native(frame), self._place("kept")
        native.write.parquet(place.resolve().as_uri())
        return nw.from_native(self._read(place, native.schema))

    def digest(self, frame: nw.LazyFrame, text: str, into: str) -> nw.LazyFrame:
        from pyspark.sql import functions as f

        return nw.from_native(nw.to_native(frame).withColumn(into, f.substring(f.sha2(f.col(text), 256), 1, DIGITS)))

    def arrow(self, frame: nw.LazyFrame) -> pa.Table:
        found: pa.Table = nw.to_native(frame).toArrow()
        return found.cast(pa.schema([(f.name, _plain(f.type)) for f in found.schema]))

    def write(self, frame: nw.LazyFrame, path: Path, schema: pa.Schema, order: Sequence[str]) -> None:
        place = self._place("sorted")
        columns = [f.name for f in schema]
        nw.to_native(frame).orderBy(*order).select(*columns).write.parquet(place.resolve().as_uri())
        write_batches(path, schema, _pieces(sorted(place.glob("*.parquet"))))

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
        from pyspark.sql import functions as f

        place, columns = self._place("parts"), [f_.name for f_ in schema]
        rows = nw.to_native(with_constants(frame, constant)).repartition(by).sortWithinPartitions(by, *order)
        rows = rows.select(*columns, f.col(by).alias("_by"))
        rows.write.partitionBy("_by").parquet(place.resolve().as_uri())
        values = (
            [row[0] for row in self._read(place).select(by).distinct().collect()] if any(place.glob("_by=*")) else []
        )
        for value in values:
            parts = sorted(place.glob(f"_by={_escaped(value)}/*.parquet"))
            write_batches(folder / part_name(value, number), schema, _pieces(parts))
        return frame if not values else nw.from_native(self._read(place).drop("_by"))

    def distinct(self, frame: nw.LazyFrame, columns: Sequence[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {name: {} for name in columns}
        counts = [
            frame.select(text=nw.col(name))
            .filter(~nw.col("text").is_null())
            .group_by("text")
            .agg(n=nw.len())
            .select(place=nw.lit(place), text=nw.col("text"), n=nw.col("n").cast(nw.Int64))
            for place, name in enumerate(columns)
        ]
        for row in self.arrow(nw.concat(counts)).to_pylist() if counts else ():
            found[columns[row["place"]]][row["text"]] = row["n"]
        return found

    def look_up(self, frame: nw.LazyFrame, tables: Mapping[str, pa.Table]) -> nw.LazyFrame:
        native = nw.to_native(frame)
        for name, table in tables.items():
            native = native.join(nw.to_native(self.table(table)), on=name, how="left")
        return nw.from_native(native)


def _session(address: str) -> Any:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise SettingsError(
            "engine",
            "pyspark is not installed.",
            "Run `pip install 'student-mobility[spark]'` (Java 17), or use duckdb.",
        ) from None
    remote = address.startswith("sc://")
    builder = SparkSession.builder.remote(address) if remote else SparkSession.builder.master(address)
    if not remote:
        builder = builder.appName("student-mobility").config("spark.ui.enabled", "false")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
        builder = builder.config(
            "spark.buffer.pageSize", "2m"
        )  # each of the many small tables that are joined takes a page
    try:
        session = builder.getOrCreate()
        for key, value in _SETTINGS.items():
            session.conf.set(key, value)
    except (PySparkException, RuntimeError, OSError, ImportError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SettingsError(
            "spark", f"there is no Spark at {address}: {reason}", "Mend `spark` in mobility.toml."
        ) from None
    return session


def _pieces(files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    for file in files:
        with pq.ParquetFile(file) as opened:
            yield from opened.iter_batches()


def _plain(kind: pa.DataType) -> pa.DataType:
    """The project's type for one of Spark's."""
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _escaped(value: str) -> str:
    """A value as Spark writes it into the name of a partition's folder."""
    return value.replace("/", "%2F")
