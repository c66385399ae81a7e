"""How long a light notebook takes with an ordinary kernel and with a forked one, measured in turns in one run.

    python -m benchmarks kernels [--runs N]

The notebook imports the stack and prints a line. "papermill command" is what people do without this project: a new
process, an ordinary kernel; "ordinary" is the project's worker without fork; "forked" is what `mobility reports` does,
its server's start told apart, as one server serves all notebooks of a run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from pipeline.run.forking import FORK_IS_SAFE, ForkedProcess, ForkServer
from pipeline.run.jobs import Job
from pipeline.run.protocol import ADDRESS

CELLS = "import pandas, matplotlib.pyplot, statsmodels.api, seaborn", "print(x)"


def main(argv: list[str]) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kernels")
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args(argv).runs
    if not FORK_IS_SAFE:
        print("forking is not used on this system: nothing to compare")
        return 0
    with tempfile.TemporaryDirectory() as name:
        _measure(Path(name), runs)
    return 0


def _measure(folder: Path, runs: int) -> None:
    notebook = _notebook(folder / "n.ipynb")
    job = Job(
        "bench", str(folder), str(folder), notebook=str(notebook), parameters={"x": 2}, executed=str(folder / "o.ipynb")
    )
    began = time.perf_counter()
    with ForkServer(folder / "log") as server:
        _forked(job, server.address, folder)
        first = time.perf_counter() - began
        seconds: dict[str, list[float]] = {"papermill command": [], "ordinary": [], "forked": []}
        for _ in range(runs):
            seconds["papermill command"].append(_timed(_papermill, notebook, folder))
            seconds["ordinary"].append(_timed(_ordinary, job, folder))
            seconds["forked"].append(_timed(_forked, job, server.address, folder))
    middle = {name: statistics.median(s) for name, s in seconds.items()}
    print(f"{'':20}{'median':>9}{'lowest':>9}{'times as long':>15}")
    for name, s in seconds.items():
        print(f"{name:20}{middle[name]:8.2f}s{min(s):8.2f}s{middle[name] / middle['forked']:15.1f}")
    print(f"The first forked notebook, with the server's start: {first:.2f} s, once a run. Runs of each: {runs}.")


def _notebook(path: Path) -> Path:
    cells = [
        nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        *map(nbformat.v4.new_code_cell, CELLS),
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path


def _timed(run, *args) -> float:
    began = time.perf_counter()
    run(*args)
    return time.perf_counter() - began


def _papermill(notebook: Path, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--no-progress-bar",
        "-p",
        "x",
        "2",
        str(notebook),
        str(folder / "p.ipynb"),
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)


def _ordinary(job: Job, folder: Path) -> None:
    argv = [str(job.write(folder / "job.json")), str(folder / "events")]
    env = {k: v for k, v in os.environ.items() if k != ADDRESS}
    subprocess.run(
        [sys.executable, "-m", "pipeline.run.worker", *argv], check=True, capture_output=True, cwd=folder, env=env
    )


def _forked(job: Job, address: str, folder: Path) -> None:
    env = os.environ | {ADDRESS: address}
    process = ForkedProcess.start(
        address, "job", [str(job.write(folder / "job.json"))], env, str(folder), str(folder / "log")
    )
    if process.wait(120) != 0:
        raise RuntimeError((folder / "log").read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
