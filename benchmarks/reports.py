"""`make reports` on the data that ship: from nothing, and again with nothing changed, in one run.

Works in a copy of the committed project, so that reports/ and data/processed/ here are left alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(argv: list[str]) -> int:
    """Print seconds of the first and the second run, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
        env = {**os.environ, "PYTHONPATH": str(copy)}
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "pipeline.cli", "reports", *argv],
                cwd=copy,
                env=env,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            seconds.append(time.perf_counter() - began)
    first, second = seconds
    print(f"from nothing     {first:7.1f} s\nnothing changed  {second:7.1f} s\nratio            {first / second:7.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
