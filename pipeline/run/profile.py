"""The profile of one partner, made as the briefs are: cleaned first, by notebook 6, as web page and PDF."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pipeline.errors import SettingsError, did_you_mean
from pipeline.run import survey
from pipeline.run.execution import Execution, Result, side_by_side
from pipeline.run.index import write_index
from pipeline.run.lock import only_run
from pipeline.run.plan import Choice, Planner, chosen
from pipeline.run.progress import Progress
from pipeline.run.raw import sources
from pipeline.run.survey import FILE as SUBJECTS
from pipeline.run.tasks import PROFILE, Task, clean_task, notebook_job, own_tables, survey_task
from pipeline.run.workspace import Context

FILES = {"html": "profile.{}.html", "pdf": "profile.{}.pdf"}


def profile(
    here: Context,
    subject: str,
    partner: str,
    year: int | None = None,
    languages: Iterable[str] = (),
    console: Console | None = None,
) -> tuple[Result, Path]:
    """Make the profile of one partner of an institution, and clean its source before where that is out of date.

    Parameters
    ----------
    here
        Folders and settings.
    subject
        The name of a source with stays.
    partner
        An institution's name or id, or an alpha-3 code.
    year
        By default the latest with data.
    languages
        By default those of mobility.toml.
    console
        Where progress is shown.

    Returns
    -------
    Result, Path
        How it went, and the folder of the profile.

    Raises
    ------
    InputError, SettingsError
        If the subject, partner or year is unknown; before the notebook is run.
    """
    with only_run(here.processed), only_run(here.reports):
        planner, result = Planner(here), Result()
        stage = here.processed / f".stage-{os.getpid()}"
        found = sources(here, planner.checksums)
        if subject not in found:
            raise SettingsError(f"subject {subject}", "is no source in the raw folders.", did_you_mean(subject, found))
        cleaning = [clean_task(here, subject, found[subject], stage), survey_task(here, found, stage)]
        cleaning[1] = replace(cleaning[1], after=(f"clean:{subject}",))
        with Progress(console or Console()) as progress, Execution(planner, progress, side_by_side(1, 2), stage) as run:
            run.run(cleaning, result)
            if result.failed:
                return result, here.reports
            known = survey.read(here.processed) or {}
            ((_, when, wanted),) = chosen(here, Choice((subject,), year, tuple(languages)), known)
            tasks, folder = profile_tasks(here, subject, partner, when, wanted, stage)
            run.run(tasks, result)
        planner.checksums.remember()
        write_index(here)
        return result, folder


def profile_tasks(
    here: Context, subject: str, partner: str, year: int, languages: Iterable[str], stage: Path
) -> tuple[list[Task], Path]:
    """A task for each language, and the folder that they fill.

    Raises
    ------
    SettingsError
        If the partner is not on record.
    """
    from pipeline.briefs.partner.found import resolve
    from pipeline.records import load

    whom, id_ = resolve(
        partner, load(here.processed, "institutions", source=subject), load(here.processed, "stays", source=subject)
    )
    folder = here.report(subject, year) / "partners" / slug(whom.institution, whom.country)
    made = []
    for language in languages:
        name = f"profile:{subject}:{id_}:{year}:{language}"
        parameters = {"subject": subject, "partner": id_, "year": year, "language": language}
        job = notebook_job(here, name, PROFILE, parameters, stage, folder, f".{language}")
        job = replace(job, briefs={format_: str(folder / file.format(language)) for format_, file in FILES.items()})
        made.append(
            Task(
                id=name,
                title=f"profile {whom.institution or whom.country} {year} {language}",
                record=folder / "run.json",
                job=job,
                files=(*own_tables(here, subject), here.root / "requirements.lock", here.processed / SUBJECTS),
                code=("pipeline.briefs",),
            )
        )
    return made, folder


def slug(name: str, country: str) -> str:
    """The name of a partner's folder; letters that are not Latin are kept, as file systems do.

    >>> slug("École d'Été", "FRA"), slug("示例大学", "CHN"), slug("", "KOR")
    ('ecole-d-ete-fra', '示例大学-chn', 'kor')
    """
    marks = unicodedata.normalize("NFKD", f"{name} {country}").casefold()
    plain = "".join(c for c in marks if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", re.sub(r"[\W_]+", "-", plain).strip("-"))
