"""Cleaning, measured: the default engine against the pandas engine and against hand-written SQL that does the same work.

    python -m benchmarks cleaning [--rows 1000000] [--engines duckdb,sql,pandas] [--repeat 3] [--seed 7]

Every run is a process of its own (imports are not timed, reading and writing are); the best of the repeats counts. The ratio is to the SQL
of cleaning.sql. "Same rows" compares every kept stay and every rejected line with the SQL's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import messy_stays

ENGINES = ("sql", "duckdb", "pandas")
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


def by_sql(raw: Path, out: Path) -> float:
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
    for name, value in (("$file", raw / "stays.csv"), ("$out", out)):
        script = script.replace(name, "'" + str(value).replace("'", "''") + "'")
    start = time.perf_counter()
    connection = duckdb.connect()
    connection.register("given", table)
    connection.execute("create table words as select * from given")
    connection.execute(script)
    return time.perf_counter() - start


def by_project(raw: Path, out: Path, engine: str) -> float:
    """Seconds that the project's cleaning takes."""
    import pandas  # noqa: F401  (imports are not timed)

    from pipeline.records import clean

    start = time.perf_counter()
    clean(raw, engine=engine, out=out)
    return time.perf_counter() - start


def one_run(engine: str, raw: Path, out: Path) -> None:
    """Run once and print what was measured, as JSON."""
    seconds = by_sql(raw, out) if engine == "sql" else by_project(raw, out, engine)
    print(json.dumps({"seconds": seconds, "peak": peak_memory()}))


def measure(engine: str, raw: Path, out: Path, repeat: int) -> dict[str, float | None]:
    """The best of several runs, each in a fresh process."""
    runs = []
    for _ in range(repeat):
        out.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.cleaning", "--one", engine, "--raw", str(raw), "--out", str(out)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return min(runs, key=lambda run: run["seconds"])


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
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engines", default=",".join(ENGINES), help="which of sql, duckdb, pandas")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--one", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--raw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.one:
        one_run(given.one, given.raw, given.out)
        return 0
    engines = [name for name in ENGINES if name in given.engines.split(",")]
    with tempfile.TemporaryDirectory(prefix="mobility-bench-") as temporary:
        raw = Path(temporary) / "messy"
        path = messy_stays.write(raw, given.rows, given.seed)
        print(f"{given.rows:,} messy rows, {path.stat().st_size / 1e6:,.0f} MB, best of {given.repeat}")
        print(
            f"{'':>8} {'seconds':>8} {'ratio':>6} {'rows/s':>11} {'peak MB':>8} {'kept':>11} {'rejected':>9}  same rows"
        )
        return report(engines, raw, Path(temporary), given.rows, given.repeat)


def report(engines: list[str], raw: Path, folder: Path, rows: int, repeat: int) -> int:
    """Print a line an engine; 1 if an engine gives other rows than the first."""
    base, status = None, 0
    for engine in engines:
        out = folder / f"out-{engine}"
        best = measure(engine, raw, out, repeat)
        kept, rejected, mark = fingerprint(out)
        base = base or (best["seconds"], mark)
        seconds = float(best["seconds"] or 0.0)
        peak = f"{best['peak'] / 1e6:,.0f}" if best["peak"] else "unknown"
        same = "yes" if mark == base[1] else "NO"
        status = max(status, int(same == "NO"))
        ratio = seconds / float(base[0] or 1.0)
        print(
            f"{engine:>8} {seconds:8.2f} {ratio:6.2f} {rows / seconds:11,.0f} {peak:>8} {kept:11,} {rejected:9,}  {same}",
            flush=True,
        )
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
