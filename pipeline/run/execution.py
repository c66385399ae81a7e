"""Runs a graph of tasks, each in a process of its own, as many side by side as the machine can hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from pipeline.run.checksums import shown
from pipeline.run.forking import FORK_IS_SAFE, ForkedProcess, ForkError, ForkServer
from pipeline.run.jobs import Outcome
from pipeline.run.journal import Record, versions
from pipeline.run.plan import Planner
from pipeline.run.progress import Progress
from pipeline.run.protocol import ADDRESS, ONE_THREAD
from pipeline.run.tasks import Task

PAUSE = 0.03  # seconds between looks at the running tasks
MEMORY_EACH = 1.0e9  # bytes that a notebook may need, kernel and worker together


class Worker(Protocol):
    """A process that does a job."""

    def poll(self) -> int | None: ...
    def take_events(self) -> list[dict[str, object]]: ...
    def kill(self) -> None: ...
    def close(self) -> None: ...


class OrdinaryProcess:
    """A worker started the ordinary way, where there is no fork; its events come through a file."""

    def __init__(self, argv: list[str], env: dict[str, str], cwd: str, log: Path, events: Path) -> None:
        self._events, self._read = events, 0
        events.touch()
        command = [sys.executable, "-P", "-m", "pipeline.run.worker", *argv, str(events)]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def take_events(self) -> list[dict[str, object]]:
        """What it has told since the last call."""
        import json

        with self._events.open(encoding="utf-8") as file:
            file.seek(self._read)
            lines = file.readlines()
        whole = [line for line in lines if line.endswith("\n")]
        self._read += sum(len(line.encode()) for line in whole)
        return [json.loads(line) for line in whole]

    def kill(self) -> None:
        """End it; its kernel ends itself when it sees that its parent is gone."""
        self._process.kill()

    def close(self) -> None:
        """Wait for its end."""
        self._process.wait()


@dataclass
class Result:
    """How a run went."""

    made: list[Task] = field(default_factory=list)
    fresh: list[Task] = field(default_factory=list)
    failed: list[tuple[Task, Record]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # title, and that of the task that failed before it
    not_made: dict[str, str] = field(default_factory=dict)  # by id: the task that failed, itself or one before it


class Execution:
    """Runs tasks; a context manager that ends every process it started and leaves nothing half-written.

    Parameters
    ----------
    planner
        Decides what is out of date, and keeps the journal.
    progress
        Told how it goes.
    jobs
        How many tasks side by side.
    stage
        The run's folder for what is not whole yet.
    fork
        Whether to fork workers and kernels.
    """

    def __init__(self, planner: Planner, progress: Progress, jobs: int, stage: Path, fork: bool = FORK_IS_SAFE) -> None:
        self.planner, self.progress, self.jobs, self.stage = planner, progress, jobs, stage
        self._fork = fork
        self._server: ForkServer | None = None
        self._running: dict[str, tuple[Task, Worker, dict[str, str]]] = {}

    def __enter__(self) -> Execution:
        return self

    def __exit__(self, *_: object) -> None:
        for _task, worker, _inputs in self._running.values():
            worker.kill()
            worker.close()
        if self._server is not None:
            self._server.__exit__()
        shutil.rmtree(self.stage, ignore_errors=True)

    def run(self, tasks: Iterable[Task], result: Result) -> None:
        """Make what is out of date; a task whose predecessor failed is left out, the others are finished.

        Parameters
        ----------
        tasks
            In an order in which each comes after what it needs.
        result
            Gets how each task went.
        """
        waiting = {t.id: t for t in tasks}
        self.progress.add({t.id: t.title for t in waiting.values()})
        while waiting or self._running:
            for task in list(waiting.values()):
                self._advance(task, waiting, result)
            for task, worker, read in list(self._running.values()):
                for event in worker.take_events():
                    self.progress.at(task.id, event)
                if worker.poll() is not None:
                    self._end(task, worker, read, result)
            if self._running:
                time.sleep(PAUSE)

    def _advance(self, task: Task, waiting: dict[str, Task], result: Result) -> None:
        """Start a waiting task, or find that it need not or cannot be made."""
        if any(n in waiting or n in self._running for n in (*task.needs, *task.after)):
            return
        missing = next((n for n in task.needs if n in result.not_made), None)
        if missing is not None:
            del waiting[task.id]
            cause = result.not_made[missing]
            result.left_out.append((task.title, cause))
            result.not_made[task.id] = cause
            self.progress.end(task.id, "left out", f"it needs {cause}")
            return
        if len(self._running) >= self.jobs:
            return
        del waiting[task.id]
        reason = self.planner.reason(task)
        if not reason:
            result.fresh.append(task)
            self.progress.fresh(task.id)
            return
        self.progress.begin(task.id, reason)
        read = self.planner.inputs(task)
        self._running[task.id] = (task, self._start(task), read)

    def _start(self, task: Task) -> Worker:
        stage, log = Path(task.job.stage), self._log(task)
        stage.mkdir(parents=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        job, env = stage / "job.json", dict(os.environ)
        if self._fork:
            address = self._address()
            replace(task.job, env=task.job.env | {ADDRESS: address}).write(job)
            try:
                return ForkedProcess.start(address, "job", [str(job)], env | ONE_THREAD, task.job.cwd, str(log))
            except ForkError as error:
                self._fork = False
                self.progress.console.print(
                    f"Forking does not work here ({error}); ordinary processes, a little slower."
                )
        task.job.write(job)
        return OrdinaryProcess([str(job)], env | ONE_THREAD, task.job.cwd, log, stage / "events.jsonl")

    def _address(self) -> str:
        """That of the fork server: the one named in the environment, or one of this run's own, started when first needed."""
        if given := os.environ.get(ADDRESS):
            return given
        if self._server is None:
            self._server = ForkServer(self.planner.here.processed / "logs" / "kernels.log").__enter__()
        return self._server.address

    def _end(self, task: Task, worker: Worker, read: dict[str, str], result: Result) -> None:
        del self._running[task.id]
        outcome = Outcome.read(task.job.outcome) or Outcome(
            problem="program", error=f"the worker ended with code {worker.poll()} (killed, or out of memory?)"
        )
        worker.close()
        record = self._record(task, outcome, read)
        self.planner.journal.put(task.record, task.id, record)
        shutil.rmtree(task.job.stage, ignore_errors=True)
        if outcome.status == "done":
            result.made.append(task)
            self.progress.end(task.id, "done")
        else:
            result.failed.append((task, record))
            result.not_made[task.id] = task.title
            self.progress.end(task.id, "failed", first_line(outcome.error))

    def _record(self, task: Task, outcome: Outcome, read: dict[str, str]) -> Record:
        root = self.planner.here.root
        before = self.planner.journal.get(task.record, task.id)
        outputs = kept = before.outputs if before else []
        if outcome.status == "done":
            outputs = [shown(Path(p), root) for p in outcome.outputs]
            for path in set(kept) - set(outputs):
                (root / path).unlink(missing_ok=True)  # a table that this analysis no longer has
        return Record(
            status=outcome.status,
            inputs=read,
            outputs=outputs,
            notebook=task.job.notebook and Path(task.job.notebook).name,
            parameters=task.job.parameters,
            seconds=outcome.seconds,
            peak_memory=outcome.peak,
            attempts=outcome.attempts,
            replaced_characters=outcome.replaced,
            problem=outcome.problem,
            cell=outcome.cell,
            error=outcome.error,
            log=shown(self._log(task), root),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=versions(),
        )

    def _log(self, task: Task) -> Path:
        return self.planner.here.processed / "logs" / f"{task.id.replace(':', '-')}.log"


def first_line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def side_by_side(asked: int | None, tasks: int) -> int:
    """How many tasks to run at once: no more than cores, memory and tasks allow, unless asked for."""
    if asked is not None:
        return max(1, asked)
    import psutil

    memory = int(psutil.virtual_memory().available // MEMORY_EACH)
    return max(1, min(os.cpu_count() or 1, memory, tasks))
