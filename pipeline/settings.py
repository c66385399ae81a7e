"""mobility.toml, the one settings file: subjects, years, languages, folders, thresholds, scenarios, policy events and targets."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pipeline import aims, checking, declared
from pipeline.aims import Peers, Scorecard, Target
from pipeline.declared import PolicyEvent, Scenario
from pipeline.errors import SettingsError

FILE_NAME = "mobility.toml"
LANGUAGES = ("en", "zh")
ENGINES = ("duckdb", "pandas", "spark")


@dataclass(frozen=True)
class Subject:
    """Whom a brief is about: an alpha-3 country code or the name of a source with stays."""

    id: str
    year: int | None = None  # None: the latest year of its data
    languages: tuple[str, ...] = ()  # empty: those of the project


@dataclass(frozen=True)
class Disclosure:
    """The rule that keeps a person from being recognised in a published table (see pipeline.protect)."""

    method: str = "suppress"  # suppress: hide small cells and what would give them away; round: to a multiple of base
    minimum_count: int = 5  # a cell of 1 to minimum_count - 1 people is not shown
    minimum_base: int = 20  # a rate on fewer people is not shown
    base: int = 5  # of rounding


@dataclass(frozen=True)
class Settings:
    """What mobility.toml says; every path is absolute."""

    root: Path
    raw: tuple[Path, ...]
    processed: Path
    reports: Path
    subjects: tuple[Subject, ...]
    languages: tuple[str, ...] = LANGUAGES
    engine: str = "duckdb"
    spark: str = ""  # where Spark is: a master or a Spark Connect server (sc://host:15002); empty: on this machine
    horizon: int = 3
    disclosure: Disclosure = field(default_factory=Disclosure)
    scenarios: tuple[Scenario, ...] = ()
    events: tuple[PolicyEvent, ...] = ()
    targets: tuple[Target, ...] = ()
    peers: tuple[Peers, ...] = ()
    scorecard: Scorecard = field(default_factory=Scorecard)

    def declared(self, subject: str) -> tuple[list[Scenario], list[PolicyEvent]]:
        """The scenarios and policy events of a subject."""
        return [s for s in self.scenarios if s.subject == subject], [e for e in self.events if subject in e.subjects]

    def aimed(self, subject: str) -> tuple[list[Target], tuple[str, ...]]:
        """The targets of a subject, and its peers."""
        own = next((p.peers for p in self.peers if p.subject == subject), ())
        return [t for t in self.targets if t.subject == subject], own


def find_root(start: Path | None = None) -> Path:
    """The nearest folder at or above `start` (the working folder) with a mobility.toml.

    Raises
    ------
    SettingsError
        If there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise SettingsError(here, f"no {FILE_NAME} here or in a folder above.", "Run the command inside the project.")


def load(path: Path | None = None) -> Settings:
    """Read mobility.toml and check every key and value.

    Parameters
    ----------
    path
        The file; by default the one found from the working folder upwards.

    Raises
    ------
    SettingsError
        Names the file, the key and what was expected.
    """
    path = path or find_root() / FILE_NAME
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(path, "the file is missing.", "Give the path of a mobility.toml.") from None
    except UnicodeDecodeError:
        raise SettingsError(path, "is not UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(
            path, f"cannot be read ({error.strerror}).", "Check the file and its permissions."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, f"is not valid TOML: {error}.", "Mend that line.") from None
    return _settings(path, given)


def _settings(path: Path, given: dict[str, Any]) -> Settings:
    root = path.resolve().parent
    checking.only(path, "", given, {f.name for f in fields(Settings)} - {"root"})
    raw = checking.strings(path, "raw", given.get("raw", ["data/raw"]))
    languages = checking.choices(path, "languages", given.get("languages", list(LANGUAGES)), LANGUAGES)
    engine = checking.choices(path, "engine", [given.get("engine", "duckdb")], ENGINES)[0]
    subjects = checking.tables(path, "subjects", given.get("subjects", []), "an id")
    for key, chosen in (("raw", raw), ("languages", languages)):
        if not chosen:
            raise SettingsError(path, f"{key}: the list is empty.", "Name at least one, or leave the key out.")
    return Settings(
        root=root,
        raw=tuple(_folder(path, "raw", r) for r in raw),
        processed=_folder(path, "processed", given.get("processed", "data/processed")),
        reports=_folder(path, "reports", given.get("reports", "reports")),
        subjects=_subjects(path, subjects),
        languages=languages,
        engine=engine,
        spark=checking.text(path, "spark", given["spark"]) if "spark" in given else "",
        horizon=checking.integer(path, "horizon", given.get("horizon", 3), 1, 10),
        disclosure=_disclosure(path, given.get("disclosure", {})),
        scenarios=declared.scenarios(path, given.get("scenarios", [])),
        events=declared.events(path, given.get("events", [])),
        targets=aims.targets(path, given.get("targets", [])),
        peers=aims.peers(path, given.get("peers", [])),
        scorecard=aims.scorecard(path, given.get("scorecard", {})),
    )


def _folder(path: Path, key: str, value: object) -> Path:
    text = checking.text(path, key, value)
    if "\0" in text:
        raise SettingsError(path, f"{key}: {text!r} cannot be the name of a folder.", "Mend it.")
    return (path.resolve().parent / text).resolve()


def _subjects(path: Path, given: list[dict[str, Any]]) -> tuple[Subject, ...]:
    subjects = tuple(_subject(path, s) for s in given)
    twice = sorted(id_ for id_, n in Counter(s.id for s in subjects).items() if n > 1)
    if twice:
        raise SettingsError(
            path, f"subjects: {twice[0]!r} stands there twice.", "Keep one; --year makes the brief of another year."
        )
    return subjects


def _subject(path: Path, given: dict[str, Any]) -> Subject:
    checking.only(path, "subjects.", given, {f.name for f in fields(Subject)})
    if "id" not in given:
        raise SettingsError(
            path, "subjects: an entry has no id.", 'Write id = "CHN" or the name of a folder in data/raw.'
        )
    year = given.get("year")
    return Subject(
        id=checking.text(path, "subjects.id", given["id"]),
        year=None if year is None else checking.integer(path, "subjects.year", year, 1900, 2100),
        languages=checking.choices(path, "subjects.languages", given.get("languages", []), LANGUAGES),
    )


def _disclosure(path: Path, given: dict[str, Any]) -> Disclosure:
    checking.only(path, "disclosure.", given, {f.name for f in fields(Disclosure)})
    default = Disclosure()
    return Disclosure(
        method=checking.choices(
            path, "disclosure.method", [given.get("method", default.method)], ("suppress", "round")
        )[0],
        minimum_count=checking.integer(
            path, "disclosure.minimum_count", given.get("minimum_count", default.minimum_count), 1, 1000
        ),
        minimum_base=checking.integer(
            path, "disclosure.minimum_base", given.get("minimum_base", default.minimum_base), 1, 1000
        ),
        base=checking.integer(path, "disclosure.base", given.get("base", default.base), 1, 1000),
    )
