"""One job in a process of its own: execute a notebook and render it, or compute a small table.

The job is described by a file (`Job`), its end by another (`Outcome`); on the way it tells its events. Everything is written
under a temporary name or into the job's own folder first and moved to its place when whole: an old good output stays
where it is when the new run fails.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import MobilityError
from pipeline.run.jobs import RESULTS, Job, Outcome
from pipeline.run.kernels import ForkProvisioner, RunKernelManager
from pipeline.run.parameters import cells as read_cells
from pipeline.run.workspace import STAGE, context

KERNEL_ATTEMPTS = 3
Tell = Callable[..., None]


class JobError(Exception):
    """A job that cannot be finished, with what to report."""

    def __init__(self, problem: str, error: str, cell: int | None = None) -> None:
        super().__init__(error)
        self.problem, self.error, self.cell = problem, error, cell


def run(path: Path, tell: Tell) -> int:
    """Do the job described in a file.

    Parameters
    ----------
    path
        The file that `Job.write` left.
    tell
        Called with events by name: `cell` and `of` as a notebook goes on, `step` for what comes after.

    Returns
    -------
    int
        0 when done, 1 when failed; `Job.outcome` has the details.
    """
    job = Job.read(path)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", force=True)
    os.environ.update(job.env)
    if job.notebook and job.results:
        os.environ[STAGE] = str(Path(job.stage) / RESULTS)
    outcome = Outcome()
    try:
        _call(job, outcome) if job.call else _notebook(job, outcome, tell)
        outcome.status = "done"
    except JobError as failure:
        logging.error("%s", failure.error)
        outcome.problem, outcome.error, outcome.cell = failure.problem, failure.error, failure.cell
    except BaseException as error:
        outcome.problem, outcome.error = "program", f"{type(error).__name__}: {error}"
        raise
    finally:
        outcome.peak = max(_peak(), outcome.peak or 0) or None
        outcome.write(job.outcome)
    return 0 if outcome.status == "done" else 1


def _call(job: Job, outcome: Outcome) -> None:
    from pipeline.run.survey import write

    here = context()
    try:
        with _timed(outcome, "compute"):
            outcome.outputs = [str(write(here.processed, here.raw))]
    except MobilityError as error:
        raise JobError("input", str(error)) from error


def _notebook(job: Job, outcome: Outcome, tell: Tell) -> None:
    executed = Path(job.stage) / "executed.ipynb"
    notebook = _execute(job, executed, outcome, tell)
    tables = Path(job.stage) / RESULTS
    moves = {tables / p.name: Path(job.results) / p.name for p in sorted(tables.glob("*.parquet"))}
    if job.results and not moves:
        raise JobError("notebook", "ran to its end but left no result tables.")
    if job.briefs:
        tell(step="brief")
        with _timed(outcome, "render"):
            moves |= render(job, notebook, outcome)
    for source, target in (moves | {executed: Path(job.executed)}).items():
        put(source, target)
        outcome.outputs.append(str(target))
    _failed(job).unlink(missing_ok=True)
    if job.produces:
        folder, pattern = job.produces
        made = sorted(Path(folder).glob(pattern))
        if not made:
            raise JobError("notebook", f"ran to its end but left nothing like {pattern} in {folder}.")
        outcome.outputs += map(str, made)


def _execute(job: Job, executed: Path, outcome: Outcome, tell: Tell) -> Any:
    """Run the notebook by papermill; again when its kernel never started."""
    for attempt in range(1, KERNEL_ATTEMPTS + 1):
        outcome.attempts = attempt
        started = threading.Event()
        try:
            with _timed(outcome, "execute"):
                return _papermill(job, executed, outcome, tell, started)
        except (RuntimeError, OSError) as error:
            if started.is_set():
                put(executed, _failed(job))
                raise JobError("notebook", f"the kernel died ({error}); was there enough memory?") from error
            logging.warning("attempt %d: the kernel did not start: %s", attempt, error)
            last = error
    raise JobError("kernel", f"the kernel did not start in {KERNEL_ATTEMPTS} attempts: {last}") from last


def _papermill(job: Job, executed: Path, outcome: Outcome, tell: Tell, started: threading.Event) -> Any:
    import papermill
    from papermill.exceptions import PapermillExecutionError

    managers: list[RunKernelManager] = []

    class Manager(RunKernelManager):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            managers.append(self)

    total = len(read_cells(Path(job.notebook)))
    try:
        return papermill.execute_notebook(
            job.notebook,
            str(executed),
            job.parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            log_output=True,
            request_save_on_cell_execute=False,
            kernel_manager_class=Manager,
            on_notebook_start=lambda **_: started.set(),
            on_cell_start=lambda cell_index, **_: tell(cell=min(cell_index + 1, total), of=total),
        )
    except PapermillExecutionError as error:
        put(executed, _failed(job))
        cell = _committed_number(Path(job.notebook), error.source)
        raise JobError("notebook", f"{error.ename}: {error.evalue}".rstrip(": "), cell) from error
    finally:
        peaks = [m.provisioner.peak for m in managers if isinstance(m.provisioner, ForkProvisioner)]
        outcome.peak = max([outcome.peak or 0, *(p for p in peaks if p)])


def render(job: Job, notebook: Any, outcome: Outcome) -> dict[Path, Path]:
    """Write each format of the brief into the stage; where each file is, and where it belongs."""
    from nbconvert.exporters.base import get_exporter

    moves = {}
    for name, target in job.briefs.items():
        try:
            content, resources = get_exporter(f"mobility_{name}")().from_notebook_node(notebook)
        except MobilityError as error:
            raise JobError("brief", f"{name}: {error}") from error
        staged = Path(job.stage) / Path(target).name
        staged.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        outcome.replaced = sorted({*outcome.replaced, *resources.get("replaced", ())})
        moves[staged] = Path(target)
    if job.downloads:
        from pipeline.briefs.document import read_document
        from pipeline.briefs.downloads import write_data

        rows = write_data(read_document(notebook), Path(job.stage) / "data")
        moves |= {path: Path(job.downloads) / path.name for path in rows}
        moves |= result_tables(job)
    return moves


def result_tables(job: Job) -> dict[Path, Path]:
    """The result tables as CSV, free of any language: what `mobility audit` attacks and others can build on."""
    import pandas as pd

    moves = {}
    for source in sorted(Path(job.tables).glob("*.parquet")) if job.tables else []:
        table = pd.read_parquet(source)
        if table.empty:
            continue
        staged = Path(job.stage) / "tables" / f"{source.stem}.csv"
        staged.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(staged, index=False, lineterminator="\n")
        moves[staged] = Path(job.downloads) / "tables" / staged.name
    return moves


def put(source: Path, target: Path) -> None:
    """Move a file to its place, on any disk, so that the place never holds half of it."""
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.move(source, part)
    part.replace(target)


def _failed(job: Job) -> Path:
    return Path(job.executed).with_suffix(".failed.ipynb")


def _committed_number(notebook: Path, source: str) -> int | None:
    """The number of a cell in the notebook as committed: papermill puts one of its own before it."""
    return next((n for n, c in enumerate(read_cells(notebook), 1) if c["source"] == source), None)


@contextmanager
def _timed(outcome: Outcome, what: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        outcome.seconds[what] = round(outcome.seconds.get(what, 0) + time.perf_counter() - start, 3)


def _peak() -> int:
    """Peak resident memory in bytes of this process or a child; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * max(resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main(argv: list[str]) -> int:
    """Where there is no fork: `python -m pipeline.run.worker JOB EVENTS`, with the events as lines of JSON in a file."""
    with Path(argv[1]).open("a", encoding="utf-8") as events:

        def tell(**event: object) -> None:
            print(json.dumps(event), file=events, flush=True)

        return run(Path(argv[0]), tell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
