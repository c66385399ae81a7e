"""DuckDB, the default engine: rows stream, and what does not fit into its memory limit goes to disk."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa

from pipeline.records.engine import DIGITS, LEVEL, Engine, part_name, text_frame, with_constants, write_batches
from pipeline.sources.delimited import literal

if TYPE_CHECKING:
    from pipeline.sources.table import RawTable

MEMORY = 2 << 30  # bytes that DuckDB may use before it goes to disk; the process as a whole needs about as much again
BUFFERED = 122_880  # rows of all batches together that wait to be written: a row group; DuckDB's own half million fill the memory at 10 million rows


class DuckDB(Engine):
    """Relations on one connection.

    Parameters
    ----------
    connection
        By default a new one of its own, within `memory`.
    memory
        In bytes; by default 2 GiB, or half of the machine's where that is less.
    """

    name = "duckdb"

    def __init__(self, connection: Any = None, memory: int | None = None) -> None:
        import duckdb

        self.connection = connection if connection is not None else duckdb.connect()
        self.connection.execute("set preserve_insertion_order = false")
        self.connection.execute(f"set partitioned_write_flush_threshold = {BUFFERED}")
        if connection is None:
            self.connection.execute(f"set memory_limit = '{(memory or _memory()) >> 20} MiB'")
        self._numbers = itertools.count()
        self._kept: dict[int, str] = {}
        self._folder: Path | None = None

    def work_in(self, folder: Path) -> None:
        if self._folder is None:
            self.connection.execute(f"set temp_directory = {literal(str(folder / 'spilled'))}")
        self._folder = folder

    def take(self, table: RawTable) -> nw.LazyFrame:
        if table.connection is None:
            return self.table(text_frame(table.rows))
        rows = nw.from_native(table.rows)
        return rows if table.stored else self.keep(rows)

    def table(self, table: pa.Table) -> nw.LazyFrame:
        name = self._new("table")
        self._create(name, table)
        return nw.from_native(self.connection.table(name))

    def _create(self, name: str, table: pa.Table) -> None:
        self.connection.register("given", table)
        self.connection.execute(f"create table {name} as from given")
        self.connection.unregister("given")

    def _new(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers)}"

    def keep(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        name = self._new("kept")
        nw.to_native(frame).create(name)
        kept = nw.from_native(self.connection.table(name))
        self._kept[id(kept)] = name
        return kept

    def forget(self, frame: nw.LazyFrame) -> None:
        if name := self._kept.pop(id(frame), None):
            self.connection.execute(f"drop table {name}")

    def digest(self, frame: nw.LazyFrame, text: str, into: str) -> nw.LazyFrame:
        return nw.from_native(nw.to_native(frame).project(f'*, left(sha256("{text}"), {DIGITS}) as "{into}"'))

    def arrow(self, frame: nw.LazyFrame) -> pa.Table:
        return nw.to_native(frame.collect(backend="pyarrow"))

    def batches(self, frames: Sequence[nw.LazyFrame], by: str, number: int) -> list[nw.LazyFrame]:
        """One batch is a table in memory; several are Parquet files by the digest of `by`, so that each is read from its own files."""
        if number <= 1 or self._folder is None:
            return super().batches(frames, by, number)
        folder = self._folder / self._new("batches")
        folder.mkdir()
        for place, frame in enumerate(frames):
            self.connection.execute(
                f"copy (select *, hash({_name(by)}) % {number} as part from ({nw.to_native(frame).sql_query()})) "
                f"to {literal(str(folder / f'frame_{place}'))} (format parquet, partition_by (part), compression zstd, "
                f"compression_level {LEVEL})"
            )
        files = [sorted(map(str, folder.glob(f"*/part={part}/*.parquet"))) for part in range(number)]
        return [nw.from_native(self.connection.read_parquet(f, hive_partitioning=False)) for f in files if f]

    def write(self, frame: nw.LazyFrame, path: Path, schema: pa.Schema, order: Sequence[str]) -> None:
        write_batches(path, schema, nw.to_native(frame.sort(*order)).to_arrow_reader(BUFFERED))

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
        """Rows are sorted once, and each file is a stretch of them."""
        table, ordered = self._new("written"), [name for name in order if name not in constant]
        columns = list(dict.fromkeys([*(name for name in schema.names if name not in constant), *ordered]))
        query = nw.to_native(frame.select(*columns)).sql_query()
        self.connection.execute("set preserve_insertion_order = true")
        try:
            self.connection.execute(
                f"create table {table} as select * from ({query}) order by {', '.join(map(_name, ordered))}"
            )
            rows = with_constants(nw.from_native(self.connection.table(table)), constant)
            values = [v for (v,) in self.connection.execute(f"select distinct {_name(by)} from {table}").fetchall()]
            one_row = self.arrow(rows.select(*constant).head(1)) if constant else {}
            same = {name: one_row[name][0] for name in constant if name in schema.names and values}

            def one(value: str) -> None:
                with self.connection.cursor() as cursor:
                    found = cursor.sql(f"from {table} where {_name(by)} = {literal(value)}")
                    write_batches(folder / part_name(value, number), schema, found.to_arrow_reader(BUFFERED), same)

            threads = int(self.connection.execute("select current_setting('threads')").fetchall()[0][0])
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(one, values))
        finally:
            self.connection.execute("set preserve_insertion_order = false")
        self._kept[id(rows)] = table
        return rows

    def distinct(self, frame: nw.LazyFrame, columns: Sequence[str]) -> dict[str, dict[str, int]]:
        if not columns:
            return {}
        rows = nw.to_native(frame)  # noqa: F841 - the query below names it
        parts = [
            f"select {i} as place, {_name(c)} as text, count(*) as n from rows where {_name(c)} is not null group by all"
            for i, c in enumerate(columns)
        ]
        found: dict[str, dict[str, int]] = {name: {} for name in columns}
        for place, text, n in self.connection.sql(" union all ".join(parts)).fetchall():
            found[columns[place]][text] = n
        return found

    def look_up(self, frame: nw.LazyFrame, tables: Mapping[str, pa.Table]) -> nw.LazyFrame:
        view = self._new("rows")
        nw.to_native(frame).create_view(view)
        selected, joined = [f"{view}.*"], [view]
        for name, table in tables.items():
            known = self._new("known")
            self._create(known, table)
            selected += [f"{known}.{_name(c)}" for c in table.column_names if c != name]
            joined.append(f"left join {known} on {view}.{_name(name)} = {known}.{_name(name)}")
        return nw.from_native(self.connection.sql(f"select {', '.join(selected)} from {' '.join(joined)}"))


def _memory() -> int:
    import psutil

    return min(MEMORY, int(psutil.virtual_memory().total) // 2)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
