"""A cleaning killed at random moments: what readers find afterwards, and where the next run ends.

    python -m benchmarks killed [--rows 200000] [--times 20] [--seed 7]

The processed tables of one version of the rows are there when the cleaning of another version starts; it is killed (SIGKILL) after a random share of the time
that it takes undisturbed. Then all tables must be those of the old or of the new version, never of both, and the next run must end with
what an undisturbed one gives.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import messy_stays

_CLEAN = "import sys; from pipeline.records import clean; clean(sys.argv[1], out=sys.argv[2])"


def contents(out: Path) -> str:
    """A digest of all rows of all tables, as a reader gets them."""
    import pandas as pd

    from pipeline.records import store
    from pipeline.records.schema import TABLES

    found = hashlib.sha256()
    for table in TABLES:
        rows = store.load(out, table)
        found.update(table.encode() + str(len(rows)).encode())
        found.update(pd.util.hash_pandas_object(rows.astype(str), index=False).to_numpy().tobytes())
    return found.hexdigest()


def clean(raw: Path, out: Path, kill_after: float | None = None) -> float:
    """Clean in a process of its own; the seconds it took."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", _CLEAN, str(raw), str(out)])
    try:
        status = process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return time.perf_counter() - start
    if status:
        raise RuntimeError(f"the cleaning failed with status {status}")
    return time.perf_counter() - start


def main(argv: list[str]) -> int:
    """Kill, look, finish, compare; 1 if anything was ever half done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks killed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="mobility-killed-") as temporary:
        folder = Path(temporary)
        digests = {}
        for version, seed in (("old", given.seed), ("new", given.seed + 1)):
            messy_stays.write(folder / version / "messy", given.rows, seed)
            lasts = clean(folder / version / "messy", folder / f"out-{version}")
            digests[contents(folder / f"out-{version}")] = version
        dice = random.Random(given.seed)
        print(f"{given.rows:,} rows, {lasts:.1f} s undisturbed; killed at {given.times} moments")
        faults = 0
        for number in range(1, given.times + 1):
            out = folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(folder / "out-old", out)
            moment = dice.uniform(0.02, 1.02)
            clean(folder / "new" / "messy", out, kill_after=moment * lasts)
            seen = digests.get(contents(out), "A MIXTURE")
            clean(folder / "new" / "messy", out)
            ends = digests.get(contents(out), "SOMETHING ELSE")
            left = " ".join(p.name for p in out.glob(".cleaning")) or "nothing"
            faults += seen not in ("old", "new") or ends != "new" or left != "nothing"
            print(
                f"{number:3}  killed at {moment:4.0%}  readers see: {seen:9}  next run ends with: {ends:14}  left behind: {left}",
                flush=True,
            )
    print("never half done" if not faults else f"{faults} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
