"""mobility.toml, the one settings file: subjects, years, languages, folders, thresholds."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pipeline.errors import SettingsError, did_you_mean

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
    horizon: int = 3
    disclosure: Disclosure = field(default_factory=Disclosure)


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
    _only(path, "", given, {f.name for f in fields(Settings)} - {"root"})
    raw = _strings(path, "raw", given.get("raw", ["data/raw"]))
    languages = _choices(path, "languages", given.get("languages", list(LANGUAGES)), LANGUAGES)
    engine = _choices(path, "engine", [given.get("engine", "duckdb")], ENGINES)[0]
    subjects = given.get("subjects", [])
    if not isinstance(subjects, list) or not all(isinstance(s, dict) for s in subjects):
        raise SettingsError(path, "subjects: expected tables like [[subjects]] with an id.")
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
        horizon=_integer(path, "horizon", given.get("horizon", 3), 1, 10),
        disclosure=_disclosure(path, given.get("disclosure", {})),
    )


def _folder(path: Path, key: str, value: object) -> Path:
    text = _text(path, key, value)
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
    _only(path, "subjects.", given, {f.name for f in fields(Subject)})
    if "id" not in given:
        raise SettingsError(
            path, "subjects: an entry has no id.", 'Write id = "CHN" or the name of a folder in data/raw.'
        )
    year = given.get("year")
    return Subject(
        id=_text(path, "subjects.id", given["id"]),
        year=None if year is None else _integer(path, "subjects.year", year, 1900, 2100),
        languages=_choices(path, "subjects.languages", given.get("languages", []), LANGUAGES),
    )


def _disclosure(path: Path, given: dict[str, Any]) -> Disclosure:
    _only(path, "disclosure.", given, {f.name for f in fields(Disclosure)})
    default = Disclosure()
    return Disclosure(
        method=_choices(path, "disclosure.method", [given.get("method", default.method)], ("suppress", "round"))[0],
        minimum_count=_integer(
            path, "disclosure.minimum_count", given.get("minimum_count", default.minimum_count), 1, 1000
        ),
        minimum_base=_integer(
            path, "disclosure.minimum_base", given.get("minimum_base", default.minimum_base), 1, 1000
        ),
        base=_integer(path, "disclosure.base", given.get("base", default.base), 1, 1000),
    )


def _only(path: Path, prefix: str, given: object, known: set[str]) -> None:
    if not isinstance(given, dict):
        raise SettingsError(path, f"{prefix.rstrip('.')}: expected a table.")
    for key in given:
        if key not in known:
            raise SettingsError(path, f"{prefix}{key}: no such setting.", did_you_mean(key, known))


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(path, f"{key}: expected a text, found {value!r}.")
    return value


def _strings(path: Path, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SettingsError(path, f'{key}: expected a list of texts like ["..."], found {value!r}.')
    return tuple(_text(path, key, v) for v in value)


def _choices(path: Path, key: str, value: object, known: tuple[str, ...]) -> tuple[str, ...]:
    chosen = _strings(path, key, value)
    for item in chosen:
        if item not in known:
            raise SettingsError(path, f"{key}: {item!r} is not one of {', '.join(known)}.", did_you_mean(item, known))
    return chosen


def _integer(path: Path, key: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(path, f"{key}: expected a whole number from {low} to {high}, found {value!r}.")
    return value
