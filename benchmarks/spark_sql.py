"""The hand-written SQL of cleaning.sql, transpiled to Spark by sqlglot, to hold the project's cleaning on Spark against (needs sqlglot and pyspark).

Each table of the script is written as Parquet and read again, as the project's engine does with what it keeps; DuckDB parts the CSV into cells for both.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.records.engine_spark import LOCAL, _session

_FUNCTIONS = {"HASH(": "XXHASH64(", "ERROR(": "RAISE_ERROR("}  # Spark's hash has 32 bits, DuckDB's 64


def statements(script: str) -> Iterator[tuple[str, str, list[str]]]:
    """(what, query, where to): "table", "view" and "copy" with the query in Spark's dialect, macros put in; of a copy also its columns to part by."""
    import sqlglot
    from sqlglot import exp

    macros: dict[str, tuple[list[str], Any]] = {}

    def put_in(node: Any) -> Any:
        if isinstance(node, exp.Chr):  # Spark's chr knows 256 characters
            return exp.Literal.string(chr(int(node.expressions[0].name)))
        if isinstance(node, exp.ByteString):
            return exp.Literal.string(node.name)
        if isinstance(node, exp.Anonymous) and node.name.lower() in macros:
            names, body = macros[node.name.lower()]
            given = dict(zip(names, node.expressions, strict=True))
            return exp.paren(
                body.copy().transform(
                    lambda n: given[n.name].copy() if isinstance(n, exp.Column) and n.name in given else n
                )
            ).transform(put_in)
        return node

    for parsed in sqlglot.parse(script, read="duckdb"):
        if isinstance(parsed, exp.Create) and parsed.kind == "MACRO":
            function = parsed.this
            macros[function.this.name.lower()] = (
                [p.name for p in function.expressions],
                parsed.expression.transform(put_in),
            )
        elif isinstance(parsed, exp.Create):
            yield str(parsed.kind).lower(), _spark(parsed.expression.transform(put_in)), [parsed.this.name]
        elif isinstance(parsed, exp.Copy):
            query = parsed.this.this if isinstance(parsed.this, exp.Subquery) else parsed.this
            yield (
                "copy",
                _spark(query.transform(put_in)),
                [n.name for n in parsed.args["files"][0].find_all(exp.Literal) if n.name],
            )
        elif isinstance(parsed, exp.Select):
            yield "look", _spark(parsed.transform(put_in)), []


def _spark(query: Any) -> str:
    text = str(query.sql(dialect="spark"))
    for one, other in _FUNCTIONS.items():
        text = text.replace(one, other)
    return text


def by_spark_sql(script: str, words: Any, raw: Path, out: Path) -> float:
    """Seconds that the transpiled script takes, the start of the session not counted."""
    import duckdb
    import pyarrow.parquet as pq

    session = _session(LOCAL)
    session.sql("select 1").collect()
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        work = Path(temporary)
        start = time.perf_counter()
        pq.write_table(words, work / "words.parquet")
        session.read.parquet(str(work / "words.parquet")).createOrReplaceTempView("words")
        for what, query, names in statements(script):
            if names == ["cells"]:
                place = work / "cells.parquet"
                csv = raw / "stays.csv"
                reads = f"read_csv('{csv}', all_varchar = true, header = true)"
                duckdb.sql(
                    f"copy (select row_number() over () + 1 as line, * from {reads}) to '{place}' (format parquet)"
                )
                session.read.parquet(str(place)).createOrReplaceTempView("cells")
            elif what == "table":
                place = work / f"{names[0]}.parquet"
                session.sql(query).write.parquet(str(place))
                session.read.parquet(str(place)).createOrReplaceTempView(names[0])
            elif what == "view":
                session.sql(query).createOrReplaceTempView(names[0])
            elif what == "copy":
                writer = session.sql(query).write.mode("overwrite")
                name = names[0].strip("/")
                if name == "stays.parquet":
                    writer = writer.partitionBy("academic_year")
                writer.parquet(str(out / name))
            else:
                session.sql(query).collect()
        return time.perf_counter() - start
