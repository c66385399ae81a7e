"""What would run, and why: the tasks of a run against the record of the last one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SettingsError, did_you_mean
from pipeline.run import survey
from pipeline.run.checksums import Checksums
from pipeline.run.journal import Journal
from pipeline.run.tasks import Task, inputs, subject_tasks
from pipeline.run.workspace import Context
from pipeline.settings import LANGUAGES, Subject


@dataclass(frozen=True)
class Choice:
    """What the command line asks for; empty means what mobility.toml says."""

    subjects: tuple[str, ...] = ()
    year: int | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A line of the plan."""

    task: Task
    reason: str  # empty: up to date


class Planner:
    """Decides what is out of date.

    Parameters
    ----------
    here
        Folders and settings.
    """

    def __init__(self, here: Context) -> None:
        self.here = here
        self.journal = Journal()
        self.checksums = Checksums(here.processed / ".checksums.json")

    def inputs(self, task: Task) -> dict[str, str]:
        """The checksums of what a task reads."""
        return inputs(task, self.here, self.checksums)

    def reason(self, task: Task) -> str:
        """Why a task has to run, in a few words; empty when its outputs are as good as new.

        Parameters
        ----------
        task
            Its inputs are compared with those of its last run.
        """
        last = self.journal.get(task.record, task.id)
        if last is None:
            return "never made"
        if last.status != "done":
            return "failed last time"
        gone = [p for p in last.outputs if not (self.here.root / p).exists()]
        if gone:
            return f"{gone[0]} is missing"
        return _difference(last.inputs, self.inputs(task))

    def steps(self, tasks: Iterable[Task]) -> Iterator[Step]:
        """Each task with its reason; one whose predecessor runs is looked at again when that has ended."""
        running: set[str] = set()
        for task in tasks:
            reason = self.reason(task)
            before = [n for n in (*task.needs, *task.after) if n in running]
            if reason or before:
                running.add(task.id)
            yield Step(task, reason or (f"if {before[0].replace(':', ' ')} changes what it reads" if before else ""))


def _nothing_about(here: Context, subject: str, known: Iterable[str]) -> tuple[str, str]:
    """Why there are no data about a subject, and what to do: its rows were all rejected, or its name is not right."""
    rejected = here.processed / "rejected.parquet" / f"{subject}.parquet"
    if not rejected.is_file():
        return "there are no data about it.", did_you_mean(subject, known)
    return (
        "there are no data about it: every row that tells of students was rejected.",
        f"The reasons, row by row, are in {rejected}, and counted in notebook 1 as it was run ({here.processed / 'notebooks'}).",
    )


def chosen(here: Context, choice: Choice, known: Mapping[str, survey.Known]) -> list[tuple[str, int, tuple[str, ...]]]:
    """Subject, year and languages of each brief to make.

    Parameters
    ----------
    here
        Folders and settings.
    choice
        What the command line asks for.
    known
        Whom there are data about.

    Raises
    ------
    SettingsError
        If there are no data about a subject, or none for a year.
    """
    found = []
    for subject in wanted(here, choice):
        if subject.id not in known:
            raise SettingsError(f"subject {subject.id}", *_nothing_about(here, subject.id, known))
        about = known[subject.id]
        year = choice.year or subject.year or about.latest_year
        if not about.first_year <= year <= about.latest_year:
            raise SettingsError(
                f"subject {subject.id}",
                f"there are no data for {year}.",
                f"Choose a year from {about.first_year} to {about.latest_year}.",
            )
        found.append((subject.id, year, choice.languages or subject.languages or here.settings.languages))
    return found


def wanted(here: Context, choice: Choice, sources: Iterable[str] = ()) -> list[Subject]:
    """The subjects asked for, with what mobility.toml says about each.

    Raises
    ------
    SettingsError
        If `sources` is given and a name can be neither a country nor a source: known before anything is cleaned.
    """
    configured = {s.id: s for s in here.settings.subjects}
    if not choice.subjects and not configured:
        raise SettingsError(
            here.root / "mobility.toml", "no subjects.", 'Add [[subjects]] with id = "CHN" or a source.'
        )
    subjects = [configured.get(id_, Subject(id_)) for id_ in choice.subjects or configured]
    names = set(sources)
    for subject in subjects if names else ():
        if subject.id not in names and not _is_country(subject.id):
            raise SettingsError(
                f"subject {subject.id}",
                "is neither a country's three-letter code nor a source in the raw folders.",
                _likely(subject.id, names | {s for s in configured if _is_country(s)}),
            )
    return subjects


def check_languages(languages: Iterable[str]) -> tuple[str, ...]:
    """The languages, if the project has them.

    Raises
    ------
    SettingsError
        If it does not.
    """
    for language in languages:
        if language not in LANGUAGES:
            raise SettingsError(f"language {language}", "there are no words for it.", did_you_mean(language, LANGUAGES))
    return tuple(languages)


def brief_tasks(here: Context, choice: Choice, known: Mapping[str, survey.Known], stage: Path) -> list[Task]:
    """The tasks of all briefs asked for; those of an institution need its own source, cleaned."""
    made = []
    for subject, year, languages in chosen(here, choice, known):
        needs = ("survey", f"clean:{subject}") if known[subject].kind == "institution" else ("survey",)
        made += subject_tasks(here, known[subject], year, languages, stage, needs)
    return made


def _likely(id_: str, known: set[str]) -> str:
    """What may be meant; a code in small letters first."""
    return f"Did you mean {id_.upper()}?" if _is_country(id_.upper()) else did_you_mean(id_, known)


def _is_country(code: str) -> bool:
    import pycountry

    return code == "XKX" or (pycountry.countries.get(alpha_3=code) is not None and code.isupper())


def _difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The inputs that differ, the first by name.

    >>> _difference({"a.csv": "1", "b.csv": "2"}, {"a.csv": "9", "c.csv": "3"})
    'a.csv changed, and 2 more'
    """
    changes = [f"{n} changed" for n in now if n in before and now[n] != before[n]]
    changes += [f"{n} is new" for n in now if n not in before] + [f"{n} is gone" for n in before if n not in now]
    return "" if not changes else changes[0] + (f", and {len(changes) - 1} more" if len(changes) > 1 else "")
