"""From raw files to briefs: the whole run behind `mobility reports`, and what it would do behind `mobility plan`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from pipeline.run import survey
from pipeline.run.execution import Execution, Result, side_by_side
from pipeline.run.index import write_index
from pipeline.run.journal import Record
from pipeline.run.lock import only_run
from pipeline.run.plan import Choice, Planner, Step, brief_tasks, wanted
from pipeline.run.progress import Progress
from pipeline.run.raw import forget_others, sources
from pipeline.run.tasks import Task, clean_task, survey_task
from pipeline.run.workspace import Context

USER_ERRORS = ("InputError", "SettingsError")


@dataclass(frozen=True)
class Report:
    """What a run of `reports` did."""

    result: Result
    index: Path
    forgotten: list[str]  # sources that were in the clean tables and are no longer in the raw folders

    @property
    def exit_code(self) -> int:
        """0: everything is up to date; 2: all that failed is for the user to mend; 1: something else failed."""
        if not self.result.failed:
            return 0
        mendable = all(r.error.startswith(USER_ERRORS) or r.problem == "input" for _, r in self.result.failed)
        return 2 if mendable else 1


def reports(here: Context, choice: Choice, jobs: int | None = None, console: Console | None = None) -> Report:
    """Make every brief asked for that is out of date, and what it needs before.

    Parameters
    ----------
    here
        Folders and settings.
    choice
        Subjects, year, languages; empty for those of mobility.toml.
    jobs
        Notebooks side by side; by default as many as cores and memory allow.
    console
        Where progress is shown.

    Returns
    -------
    Report
        Failed tasks are named in it, not raised; the others are finished.

    Raises
    ------
    InputError, SettingsError
        If the raw folders, mobility.toml or the choice are wrong; before anything is run.
    """
    here.check_places()
    with only_run(here.processed), only_run(here.reports):
        _sweep(here)
        planner = Planner(here)
        stage = here.processed / f".stage-{os.getpid()}"
        found = sources(here, planner.checksums)
        cleaning = _cleaning(here, choice, found, stage)
        known = _known(here)
        foreseen = brief_tasks(here, choice, known, stage) if known and _covers(here, choice, known) else []
        result = Result()
        console = console or Console()
        progress = Progress(console, expected=_durations(planner, [*cleaning, *foreseen]))
        progress.add({t.id: t.title for t in foreseen})
        forgotten = forget_others(here, set(found))
        count = side_by_side(jobs, max(len(cleaning), len(foreseen)) or 1)
        with progress, Execution(planner, progress, count, stage) as execution:
            execution.run(cleaning, result)
            briefs = _briefs(here, choice, result, stage)
            progress.only({t.id: t.title for t in briefs})
            execution.run(briefs, result)
        planner.checksums.remember()
        return Report(result, write_index(here), forgotten)


def plan(here: Context, choice: Choice) -> Iterator[Step]:
    """What `reports` would do: each task with the reason why it would run, empty when it is up to date.

    Parameters
    ----------
    here, choice
        As for `reports`.

    Raises
    ------
    InputError, SettingsError
        If the raw folders, mobility.toml or the choice are wrong.
    """
    here.check_places()
    planner = Planner(here)
    stage = here.processed / ".stage"
    known = _known(here)
    tasks = _cleaning(here, choice, sources(here, planner.checksums), stage)
    if known and _covers(here, choice, known):
        tasks += brief_tasks(here, choice, known, stage)
    yield from planner.steps(tasks)
    planner.checksums.remember()


def explain_failures(result: Result, root: Path) -> Iterator[str]:
    """One paragraph for each failed task: which notebook, which cell, what went wrong, where the log is."""
    for task, record in result.failed:
        place = ""
        if record.problem == "notebook":
            place = record.notebook + (f", cell {record.cell}" if record.cell else "")
        elif record.problem == "brief":
            place = f"{record.notebook}, setting the page"
        elif record.problem == "kernel":
            place = f"{record.notebook}, no cell was run"
        yield f"{task.title} failed ({place or record.problem}): {record.error.strip()}\n  log: {root / record.log}"


def _cleaning(here: Context, choice: Choice, found: dict[str, Path], stage: Path) -> list[Task]:
    wanted(here, choice, found)
    return [*(clean_task(here, name, folder, stage) for name, folder in found.items()), survey_task(here, found, stage)]


def _briefs(here: Context, choice: Choice, result: Result, stage: Path) -> list[Task]:
    """The briefs of the subjects, known for sure only after cleaning; none of those whose source could not be cleaned."""
    known = survey.read(here.processed) or {}
    subjects = [s.id for s in wanted(here, choice)]
    unknown = [s for s in subjects if s not in known] if result.failed else []
    for subject in unknown:
        result.left_out.append((f"brief {subject}", result.failed[0][0].title))
    subjects = [s for s in subjects if s not in unknown]
    return brief_tasks(here, replace(choice, subjects=tuple(subjects)), known, stage) if subjects else []


def _known(here: Context) -> dict[str, survey.Known]:
    """Whom the last survey found; one that is damaged or found nobody is forgotten, so that it is made again."""
    known = survey.read(here.processed)
    if not known:
        (here.processed / survey.FILE).unlink(missing_ok=True)
    return known or {}


def _covers(here: Context, choice: Choice, known: dict[str, survey.Known]) -> bool:
    return all(s.id in known for s in wanted(here, choice))


def _durations(planner: Planner, tasks: list[Task]) -> dict[str, float]:
    found: dict[str, Record | None] = {t.id: planner.journal.get(t.record, t.id) for t in tasks}
    return {id_: sum(r.seconds.values()) for id_, r in found.items() if r is not None and r.seconds}


def _sweep(here: Context) -> None:
    """Remove what a run that was killed left behind; the lock says that no other is at work."""
    for folder in here.processed.glob(".stage-*"):
        shutil.rmtree(folder)
    for base in (here.processed, here.reports):
        for part in (*base.rglob(".*.part"), *base.rglob(".*.parquet.*.tmp")):
            part.unlink()
