"""Cleaning, measured: the default engine against hand-written SQL that does the same work, against pandas, and against Spark.

    python -m benchmarks cleaning [--rows 1000000] [--kind csv] [--engines sql,duckdb,pandas] [--repeat 2] [--seed 7]
    python -m benchmarks cleaning --rows 1000000,10000000,100000000 --kind parquet --engines duckdb --repeat 1

Every run is a process of its own (imports and the start of a Spark session are not timed, reading and writing are). Engines take turns, so that a busy
machine is busy for all; the best of the repeats counts. The ratio is to the first engine, the SQL of cleaning.sql unless told otherwise; "cpu" is the
processor time, which other work on the machine changes less. "Same rows" compares every kept stay and every rejected line with the first engine's.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import messy_stays

ENGINES = ("sql", "duckdb", "pandas", "spark-sql", "spark")
COMPARED = (
    "line",
    "origin",
    "start",
    '"end"',
    "mode",
    "level",
    "gender",
    "birth_year",
    "funder",
    "grant_amount",
    "months",
)


def peak_memory() -> int | None:
    """Peak memory of this process in bytes, where the system tells it."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def by_sql(raw: Path, out: Path, dialect: str = "duckdb") -> float:
    """Seconds that the hand-written SQL takes."""
    import duckdb
    import pyarrow as pa

    words = {
        "country": messy_stays.COUNTRIES,
        "mode": messy_stays.MODES,
        "level": messy_stays.LEVELS,
        "gender": messy_stays.SEXES,
        "funder": messy_stays.FUNDERS,
    }
    rows = {
        (kind, text.strip().lower(), code)
        for kind, codes in words.items()
        for code, texts in codes.items()
        for text in texts
        if code
    }
    table = pa.table(dict(zip(("kind", "text", "code"), map(list, zip(*sorted(rows), strict=True)), strict=True)))
    script = (Path(__file__).parent / "cleaning.sql").read_text(encoding="utf-8")
    if dialect == "spark":
        from benchmarks.spark_sql import by_spark_sql

        for name, value in (("$line", "1"), ("$rows", "t"), ("$out", "''")):
            script = script.replace(name, value)
        return by_spark_sql(script, table, raw, out)
    csv = raw / "stays.csv"
    place = "'" + str(csv if csv.exists() else raw / "stays.parquet").replace("'", "''") + "'"
    line = "row_number() over () + 1" if csv.exists() else "file_row_number + 1"
    reads = (
        f"read_csv({place}, all_varchar = true, header = true)"
        if csv.exists()
        else f"read_parquet({place}, file_row_number = true)"
    )
    for name, value in (("$line", line), ("$rows", reads), ("$out", "'" + str(out).replace("'", "''") + "'")):
        script = script.replace(name, value)
    start = time.perf_counter()
    connection = duckdb.connect()
    connection.register("given", table)
    connection.execute("create table words as select * from given")
    connection.execute(script)
    return time.perf_counter() - start


def by_project(raw: Path, out: Path, engine: str) -> float:
    """Seconds that the project's cleaning takes."""
    import pandas  # noqa: F401  (imports are not timed)
    import pandera.pandas  # noqa: F401

    from pipeline.records import clean
    from pipeline.records.engine import engine_of

    where = engine_of(engine)
    start = time.perf_counter()
    clean(raw, engine=where, out=out)
    return time.perf_counter() - start


def one_run(engine: str, raw: Path, out: Path) -> None:
    """Run once and print what was measured, as JSON."""
    before = cpu_time()
    if engine in ("sql", "spark-sql"):
        seconds = by_sql(raw, out, "duckdb" if engine == "sql" else "spark")
    else:
        seconds = by_project(raw, out, engine)
    print(json.dumps({"seconds": seconds, "cpu": cpu_time() - before, "peak": peak_memory()}))


def cpu_time() -> float:
    """Processor seconds of this process and of the children that ended."""
    return sum(os.times()[:4])


def measure(engines: list[str], raw: Path, folder: Path, repeat: int) -> dict[str, dict[str, float]]:
    """The best of several runs of each engine, each in a fresh process; engines take turns."""
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in engines}
    for _ in range(repeat):
        for engine in engines:
            out = folder / f"out-{engine}"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            command = [
                sys.executable,
                "-m",
                "benchmarks.cleaning",
                "--one",
                engine,
                "--raw",
                str(raw),
                "--out",
                str(out),
            ]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs[engine].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        engine: {what: min(run[what] or 0.0 for run in found) for what in ("seconds", "cpu", "peak")}
        for engine, found in runs.items()
    }


def fingerprint(out: Path) -> tuple[int, int, str]:
    """Numbers of kept and rejected rows, and one hash over all their compared values, whatever their order."""
    import duckdb

    def table(name: str) -> str:
        path = out / f"{name}.parquet"
        return f"read_parquet('{path}/**/*.parquet')" if path.is_dir() else f"read_parquet('{path}')"

    cells = ", '|', ".join(f"coalesce({column}::varchar, '')" for column in COMPARED)
    cells = cells.replace("start::", "start::date::").replace('"end"::', '"end"::date::')
    for number in ("grant_amount", "birth_year", "months"):
        cells = cells.replace(f"{number}::varchar", f"{number}::double::varchar")
    kept = duckdb.sql(f"select count(*), sum(hash(concat({cells}))::hugeint) from {table('stays')}").fetchall()[0]
    gone = duckdb.sql(f"select count(*), sum(hash(line::bigint)::hugeint) from {table('rejected')}").fetchall()[0]
    return int(kept[0]), int(gone[0]), f"{kept[1]}/{gone[1]}"


def main(argv: list[str]) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks cleaning", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument(
        "--rows", default="1000000", help="how many; several numbers, parted by commas, one after the other"
    )
    parser.add_argument("--kind", choices=messy_stays.KINDS, default="csv", help="of the file of stays")
    parser.add_argument("--engines", default="sql,duckdb,pandas", help=f"which of {', '.join(ENGINES)}")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="for the files; by default a temporary one")
    parser.add_argument("--one", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--raw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.one:
        one_run(given.one, given.raw, given.out)
        return 0
    status = 0
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
    print(
        f"{'rows':>12} {'':>7} {'seconds':>9} {'ratio':>6} {'cpu':>9} {'ratio':>6} {'µs/row':>7} {'peak MB':>8} {'kept':>12} {'rejected':>10}  same rows"
    )
    for rows in map(int, given.rows.split(",")):
        with tempfile.TemporaryDirectory(prefix="mobility-bench-", dir=given.folder) as temporary:
            raw = Path(temporary) / "messy"
            messy_stays.write(raw, rows, given.seed, given.kind)
            engines = [name for name in given.engines.split(",") if name in ENGINES]
            status = max(status, report(measure(engines, raw, Path(temporary), given.repeat), Path(temporary), rows))
    return status


def report(found: dict[str, dict[str, float]], folder: Path, rows: int) -> int:
    """Print a line an engine; 1 if an engine gives other rows than the first."""
    first = next(iter(found))
    marks = {engine: fingerprint(folder / f"out-{engine}") for engine in found}
    for engine, best in found.items():
        kept, rejected, mark = marks[engine]
        ratios = {what: best[what] / found[first][what] for what in ("seconds", "cpu")}
        print(
            f"{rows:12,} {engine:>7} {best['seconds']:9.2f} {ratios['seconds']:6.2f} {best['cpu']:9.2f} {ratios['cpu']:6.2f} "
            f"{best['seconds'] / rows * 1e6:7.2f} {best['peak'] / 1e6:8,.0f} {kept:12,} {rejected:10,}  "
            f"{'yes' if mark == marks[first][2] else 'NO'}",
            flush=True,
        )
    return int(any(mark != marks[first][2] for _, _, mark in marks.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
