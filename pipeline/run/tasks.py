"""The graph: a cleaning for each source, a survey of whom there are data about, three analyses, then a brief a language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.run.checksums import (
    Checksums,
    code,
    code_of,
    digest,
    files_below,
    notebook_source,
    settings_that_matter,
    shown,
)
from pipeline.run.jobs import Job
from pipeline.run.parameters import check
from pipeline.run.survey import FILE as SUBJECTS
from pipeline.run.survey import Known
from pipeline.run.workspace import Context

CLEAN, BRIEF, PROFILE = "1-clean.ipynb", "5-annual-brief.ipynb", "6-partner-profile.ipynb"
ANALYSES = {"trends": "2-trends.ipynb", "flows": "3-flows.ipynb", "outcomes": "4-outcomes.ipynb"}
OWN_ONLY = (
    "stays",
    "agreements",
    "institutions",
    "events",
    "rejected",
    "unresolved",
    "changes",
)  # of the subject's source
SHARED = ("counts", "context", "ledger")  # of all sources
CARD = "source.yml"
FILES = {"html": "brief.{}.html", "pdf": "brief.{}.pdf", "xlsx": "tables.{}.xlsx"}  # by format, for a language


@dataclass(frozen=True)
class Task:
    """Something to make: from which inputs, after which others, and the job that makes it."""

    id: str
    title: str  # "brief CHN 2018 zh"
    record: Path  # the journal's file
    job: Job
    needs: tuple[str, ...] = ()  # tasks that must have gone well before
    after: tuple[str, ...] = ()  # tasks that must have ended before, well or not
    files: tuple[Path, ...] = ()  # inputs: files
    folders: tuple[Path, ...] = ()  # inputs: everything below
    code: tuple[str, ...] = ()  # inputs: modules beside those that the notebook imports
    facts: dict[str, Any] = field(default_factory=dict)  # inputs: values


def inputs(task: Task, here: Context, checksums: Checksums) -> dict[str, str]:
    """The checksums of all that a task reads, by path or name; what is not there is left out."""
    found = {shown(f, here.root): checksums.file(f) for f in task.files if f.is_file()}
    for folder in task.folders:
        if folder.is_dir():
            found |= checksums.folder(folder, here.root)
    if task.job.notebook:
        notebook = Path(task.job.notebook)
        found[shown(notebook, here.root)] = notebook_source(notebook)
        found |= code_of(notebook, checksums, task.code)
    else:
        found |= code(frozenset(task.code), checksums)
    facts = {"parameters": task.job.parameters, "settings": settings_that_matter(here.settings), **task.facts}
    return found | {name: digest(value) for name, value in facts.items()}


def clean_task(here: Context, name: str, folder: Path, stage: Path) -> Task:
    """Cleaning of one source, by notebook 1."""
    notebook = here.root / "notebooks" / CLEAN
    job = Job(
        id=f"clean:{name}",
        stage=str(stage / f"clean-{name}"),
        cwd=str(notebook.parent),
        env=here.environment(),
        notebook=str(notebook),
        parameters=check(notebook, {"source": name}),
        executed=str(here.processed / "notebooks" / f"1-clean.{name}.ipynb"),
        produces=[str(here.processed), f"*.parquet/{name}.parquet"],
    )
    return Task(
        id=job.id,
        title=f"cleaning {name}",
        record=here.processed / "runs.json",
        job=job,
        folders=(folder,),
        files=(here.root / "requirements.lock",),
        facts={"engine": here.settings.engine},
    )


def survey_task(here: Context, sources: Mapping[str, Path], stage: Path) -> Task:
    """Whom there are data about, and for which years."""
    job = Job(
        id="survey",
        stage=str(stage / "survey"),
        cwd=str(here.root),
        env=here.environment(),
        call="survey",
    )
    return Task(
        id="survey",
        title="survey of the clean tables",
        record=here.processed / "runs.json",
        job=job,
        after=tuple(f"clean:{name}" for name in sources),
        files=tuple(folder / CARD for folder in sources.values()),
        folders=tuple(here.processed / f"{t}.parquet" for t in ("counts", "stays")),
        code=("pipeline.run.survey",),
        facts={"sources": sorted(sources)},
    )


def subject_tasks(
    here: Context, about: Known, year: int, languages: Iterable[str], stage: Path, needs: tuple[str, ...] = ()
) -> list[Task]:
    """The analyses of a subject and year, and its brief in each language.

    Parameters
    ----------
    here
        Folders and settings.
    about, year
        Whom and when the brief is about.
    languages
        Of the brief.
    stage
        Folder for what is not whole yet.
    needs
        Tasks that go before.
    """
    subject = about.id
    report, results = here.report(subject, year), here.results(subject, year)
    lock = (here.root / "requirements.lock",)
    tables = own_tables(here, subject)
    tables += [f for raw in here.raw for f in sorted(raw.glob("*.csv"))]  # what users add to the known breaks
    made = []
    for name, file in ANALYSES.items():
        job = notebook_job(here, f"{name}:{subject}:{year}", file, {"subject": subject, "year": year}, stage, report)
        job = replace(job, results=str(results))
        facts, read = {}, tables
        if name == "trends":
            facts = {"scenarios and events": shown_declared(here, subject)}
        elif name == "outcomes":
            facts = {"targets, peers and scorecard": shown_aims(here, subject)}
            read = [
                *tables,
                *(f for p in here.settings.aimed(subject)[1] for f in own_tables(here, p) if f not in tables),
            ]
        made.append(
            Task(job.id, f"{name} {subject} {year}", report / "run.json", job, needs, files=(*read, *lock), facts=facts)
        )
    for language in languages:
        parameters = {"subject": subject, "year": year, "language": language}
        job = notebook_job(here, f"brief:{subject}:{year}:{language}", BRIEF, parameters, stage, report, f".{language}")
        files = {format_: str(report / name.format(language)) for format_, name in FILES.items()}
        job = replace(job, briefs=files, downloads=str(report / "data"), tables=str(results))
        made.append(
            Task(
                id=job.id,
                title=f"brief {subject} {year} {language}",
                record=report / "run.json",
                job=job,
                needs=tuple(t.id for t in made if not t.job.briefs),
                files=(*lock, here.processed / SUBJECTS),
                folders=(results,),
                code=("pipeline.briefs",),
                facts={"what is known of the subject": asdict(about)},
            )
        )
    return made


def shown_declared(here: Context, subject: str) -> list[str]:
    """What mobility.toml declares for a subject, as text."""
    scenarios, events = here.settings.declared(subject)
    return [repr(one) for one in (*scenarios, *events)]


def shown_aims(here: Context, subject: str) -> list[str]:
    """What mobility.toml says of a subject's scorecard, as text."""
    targets, peers = here.settings.aimed(subject)
    return [*(repr(one) for one in targets), repr(peers), repr(here.settings.scorecard)]


def notebook_job(
    here: Context, id_: str, file: str, parameters: dict[str, Any], stage: Path, report: Path, suffix: str = ""
) -> Job:
    """The job that runs a notebook with these parameters, checked, and keeps it executed below `report`."""
    notebook = here.root / "notebooks" / file
    return Job(
        id=id_,
        stage=str(stage / id_.replace(":", "-")),
        cwd=str(notebook.parent),
        env=here.environment(),
        notebook=str(notebook),
        parameters=check(notebook, parameters),
        executed=str(report / "notebooks" / f"{notebook.stem}{suffix}.ipynb"),
    )


def own_tables(here: Context, subject: str) -> list[Path]:
    """The clean tables that a subject's notebooks read: those of all sources, and its own."""
    tables = [f for t in SHARED for f in _table_files(here, t)]
    return tables + [f for t in OWN_ONLY for f in _table_files(here, t) if _is_of(f, here.processed, subject)]


def _is_of(file: Path, processed: Path, source: str) -> bool:
    """Whether a file of a table is one source's (a file, or one in a folder of that name), or a table of all sources in one file."""
    return len(parts := file.relative_to(processed).parts) == 1 or parts[1] == f"{source}.parquet"


def _table_files(here: Context, table: str) -> list[Path]:
    place = here.processed / f"{table}.parquet"
    return list(files_below(place)) if place.is_dir() else [place] if place.is_file() else []
