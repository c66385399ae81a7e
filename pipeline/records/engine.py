"""The few things that differ between engines; everything else is written once with narwhals.

`Pandas` and `DuckDB` hold lazy narwhals frames. Each can take a publisher's rows, take a small lookup table, keep a result so that it is not
computed twice, digest a column of texts, and give a result as Arrow.
"""

from __future__ import annotations

import hashlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from pipeline.errors import SettingsError, did_you_mean

DIGITS = 16  # of a digest: 64 bits, so that 10 million texts share one by a chance of 3 in a million


def digest(text: str) -> str:
    """The first digits of a text's SHA-256.

    >>> digest("a")
    'ca978112ca1bbdca'
    """
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


class Engine(ABC):
    """What the cleaning needs of an engine. `distinct` and `look_up` are written for any engine; an engine may know a quicker way."""

    name = ""
    connection: Any = None

    @abstractmethod
    def take(self, rows: Any) -> nw.LazyFrame:
        """A publisher's rows (pandas frame or DuckDB relation)."""

    @abstractmethod
    def table(self, table: pa.Table) -> nw.LazyFrame:
        """A small table, to be joined."""

    @abstractmethod
    def keep(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """The same rows, computed once."""

    @abstractmethod
    def digest(self, frame: nw.LazyFrame, text: str, into: str) -> nw.LazyFrame:
        """A column `into` with the SHA-256 of column `text`, its first digits."""

    @abstractmethod
    def arrow(self, frame: nw.LazyFrame) -> pa.Table:
        """The rows in memory."""

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


def _arrow_of(rows: Any) -> pa.Table:
    """A pandas frame of texts and one `line` as Arrow; a column without any text is still one of texts."""
    texts = {name: pa.string() for name in rows.columns if name != "line"}
    schema = pa.schema([(name, texts.get(name, pa.int64())) for name in rows.columns])
    return pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(None)


class Pandas(Engine):
    """Frames in memory, on Arrow's types."""

    name = "pandas"

    def take(self, rows: Any) -> nw.LazyFrame:
        return self.table(_arrow_of(rows))

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


class DuckDB(Engine):
    """Relations on one connection: streamed, and spilled to disk when memory is short."""

    name = "duckdb"

    def __init__(self, connection: Any = None) -> None:
        import duckdb

        self.connection = connection if connection is not None else duckdb.connect()
        self.connection.execute("set preserve_insertion_order = false")
        self._numbers = itertools.count()
        self._alive: list[pa.Table] = []

    def take(self, rows: Any) -> nw.LazyFrame:
        import pandas as pd

        if isinstance(rows, pd.DataFrame):
            return self.table(_arrow_of(rows))
        return nw.from_native(rows)

    def table(self, table: pa.Table) -> nw.LazyFrame:
        self._alive.append(table)
        return nw.from_native(self.connection.from_arrow(table))

    def keep(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        name = f"kept_{next(self._numbers)}"
        nw.to_native(frame).create(name)
        return nw.from_native(self.connection.table(name))

    def digest(self, frame: nw.LazyFrame, text: str, into: str) -> nw.LazyFrame:
        return nw.from_native(nw.to_native(frame).project(f'*, left(sha256("{text}"), {DIGITS}) as "{into}"'))

    def arrow(self, frame: nw.LazyFrame) -> pa.Table:
        return nw.to_native(frame.collect(backend="pyarrow"))

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
        view = f"rows_{next(self._numbers)}"
        nw.to_native(frame).create_view(view)
        selected, joined = [f"{view}.*"], [view]
        for name, table in tables.items():
            known = f"known_{next(self._numbers)}"
            self.connection.register(known, table)
            selected += [f"{known}.{_name(c)}" for c in table.column_names if c != name]
            joined.append(f"left join {known} on {view}.{_name(name)} = {known}.{_name(name)}")
        return nw.from_native(self.connection.sql(f"select {', '.join(selected)} from {' '.join(joined)}"))


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def engine_of(name: str | Engine) -> Engine:
    """The engine of a name.

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
        return DuckDB()
    if name == "spark":
        raise SettingsError("engine", "spark does not clean yet.", "Use duckdb (files larger than memory) or pandas.")
    raise SettingsError("engine", f"{name!r} is not an engine.", did_you_mean(name, ["duckdb", "pandas", "spark"]))
