"""What an analyst declares in mobility.toml beside the data: scenarios (what if) and policy events (what was done)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import checking
from pipeline.errors import SettingsError

DIRECTIONS = ("inbound", "outbound")
SCENARIO_KINDS = ("closes", "scales", "grows")
EVENT_KINDS = ("visa_rule", "recognition", "agreement", "closure", "funding", "fees", "programme", "other")
_CODE = "ISO 3166-1 alpha-3 codes such as KOR"
SCHOOL_YEAR_STARTS = 9  # month in which an academic year begins that ends in the next calendar year


@dataclass(frozen=True)
class Scenario:
    """One assumption about the years ahead, named as an analyst would name it."""

    name_en: str
    name_zh: str
    subject: str
    kind: str  # of SCENARIO_KINDS
    from_year: int  # the first year assumed; an academic year is the year in which it ends
    by: float | None = None  # scales: a factor; grows: a yearly rate
    direction: str | None = None  # None: the main series
    partners: tuple[str, ...] = ()  # alpha-3 codes; none: the whole direction
    measure: str | None = None  # of a country's counts; None: the main one


@dataclass(frozen=True)
class PolicyEvent:
    """A measure that concerned some partner countries from a time on, and may show beside the others."""

    label_en: str
    label_zh: str
    subjects: tuple[str, ...]
    countries: tuple[str, ...]  # alpha-3 codes and names of groups (groups.yml)
    kind: str  # of EVENT_KINDS
    direction: str
    source: str
    url: str = ""
    year: int | None = None  # the first year that may show it
    date: dt.date | None = None

    def first_year(self, academic: bool) -> int:
        """The first year of a series that may show the event: as declared, else the first one that begins on or after its date.

        Examples
        --------
        >>> event = PolicyEvent("a", "b", ("CHN",), ("KOR",), "visa_rule", "inbound", "c", date=dt.date(2016, 7, 1))
        >>> event.first_year(academic=True), event.first_year(academic=False)
        (2017, 2017)
        """
        if self.year is not None:
            return self.year
        assert self.date is not None  # one of the two is there, or the file was refused
        if academic:
            return self.date.year + 1 + int((self.date.month, self.date.day) > (SCHOOL_YEAR_STARTS, 1))
        return self.date.year + int((self.date.month, self.date.day) > (1, 1))


_SCENARIO_KEYS = {"name", "subject", "direction", "partner", "measure", "kind", "from_year", "by"}
_EVENT_KEYS = {"label", "subjects", "countries", "year", "date", "kind", "direction", "source", "url"}


def scenarios(path: Path, value: object) -> tuple[Scenario, ...]:
    """The [[scenarios]] of a file.

    Raises
    ------
    SettingsError
        Names file, entry, key, what was expected and what to do.
    """
    given = checking.tables(path, "scenarios", value, "a name and a subject")
    made = tuple(_scenario(path, f"scenarios {place}, ", one) for place, one in enumerate(given, 1))
    seen: set[tuple[str, str]] = set()
    for one in made:
        if (one.subject, one.name_en) in seen:
            raise SettingsError(
                path, f"scenarios: {one.name_en!r} stands there twice for {one.subject}.", "Give each its own name."
            )
        seen.add((one.subject, one.name_en))
    return made


def _scenario(path: Path, at: str, given: dict[str, Any]) -> Scenario:
    checking.only(path, at, given, _SCENARIO_KEYS)
    _needed(path, at, given, ("name", "subject", "kind", "from_year"))
    kind = checking.choice(path, f"{at}kind", given["kind"], SCENARIO_KINDS)
    name_en, name_zh = _both(path, f"{at}name", given["name"])
    partners = _codes(path, f"{at}partner", given.get("partner", []))
    direction = given.get("direction")
    if direction is not None:
        direction = checking.choice(path, f"{at}direction", direction, DIRECTIONS)
    elif partners:
        raise SettingsError(
            path, f"{at}direction: missing beside partner.", f"Write one of {', '.join(DIRECTIONS)}: which way they go."
        )
    measure = given.get("measure")
    return Scenario(
        name_en=name_en,
        name_zh=name_zh,
        subject=checking.text(path, f"{at}subject", given["subject"]),
        kind=kind,
        from_year=checking.integer(path, f"{at}from_year", given["from_year"], 1900, 2100),
        by=_by(path, f"{at}by", kind, given.get("by")),
        direction=direction,
        partners=partners,
        measure=None if measure is None else checking.text(path, f"{at}measure", measure),
    )


def _by(path: Path, key: str, kind: str, value: object) -> float | None:
    if kind == "closes":
        if value is not None:
            raise SettingsError(path, f"{key}: what closes has no size.", "Leave by out, or write kind = 'scales'.")
        return None
    if kind == "scales":
        return checking.number(path, key, value, 0, 100, "It is a factor: 2 doubles, 0.5 halves.")
    return checking.number(path, key, value, -0.99, 1, "It is a yearly rate: 0.05 is 5 % a year.")


def events(path: Path, value: object) -> tuple[PolicyEvent, ...]:
    """The [[events]] of a file.

    Raises
    ------
    SettingsError
        Names file, entry, key, what was expected and what to do.
    """
    given = checking.tables(path, "events", value, "a label and countries")
    return tuple(_event(path, f"events {place}, ", one) for place, one in enumerate(given, 1))


def _event(path: Path, at: str, given: dict[str, Any]) -> PolicyEvent:
    checking.only(path, at, given, _EVENT_KEYS)
    _needed(path, at, given, ("label", "subjects", "countries", "kind", "direction", "source"))
    if ("year" in given) == ("date" in given):
        problem = "both are there" if "year" in given else "both are missing"
        raise SettingsError(path, f"{at}year or date: {problem}.", "Write one: year = 2018 or date = 2018-05-01.")
    date = given.get("date")
    if date is not None and (not isinstance(date, dt.date) or isinstance(date, dt.datetime)):
        raise SettingsError(path, f"{at}date: expected a day without quotes, found {date!r}.", "Write 2018-05-01.")
    label_en, label_zh = _both(path, f"{at}label", given["label"])
    subjects = checking.strings(path, f"{at}subjects", given["subjects"])
    countries = checking.strings(path, f"{at}countries", given["countries"])
    for key, chosen in (("subjects", subjects), ("countries", countries)):
        if not chosen:
            raise SettingsError(path, f"{at}{key}: the list is empty.", "Name at least one.")
    for item in countries:
        if not (item.isascii() and (item.islower() or _is_code(item))):
            raise SettingsError(
                path, f"{at}countries: {item!r} is neither a code nor a group.", f"Write {_CODE}, or a group's name."
            )
    return PolicyEvent(
        label_en=label_en,
        label_zh=label_zh,
        subjects=subjects,
        countries=countries,
        kind=checking.choice(path, f"{at}kind", given["kind"], EVENT_KINDS),
        direction=checking.choice(path, f"{at}direction", given["direction"], DIRECTIONS),
        source=checking.text(path, f"{at}source", given["source"]),
        url=checking.text(path, f"{at}url", given["url"]) if "url" in given else "",
        year=checking.integer(path, f"{at}year", given["year"], 1900, 2100) if "year" in given else None,
        date=date,
    )


def _needed(path: Path, at: str, given: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key not in given:
            raise SettingsError(path, f"{at}{key}: missing.", "See the examples in docs/running.md.")


def _both(path: Path, key: str, value: object) -> tuple[str, str]:
    """A text in English and Chinese; one text stands for both."""
    if isinstance(value, str):
        return (checking.text(path, key, value),) * 2
    checking.only(path, f"{key}.", value, {"en", "zh"})
    assert isinstance(value, dict)
    for language in ("en", "zh"):
        if language not in value:
            raise SettingsError(path, f"{key}: has no {language}.", 'Write { en = "...", zh = "..." } or one text.')
    return checking.text(path, f"{key}.en", value["en"]), checking.text(path, f"{key}.zh", value["zh"])


def _codes(path: Path, key: str, value: object) -> tuple[str, ...]:
    codes = checking.strings(path, key, [value] if isinstance(value, str) else value)
    for code in codes:
        if not _is_code(code):
            raise SettingsError(path, f"{key}: {code!r} is not a country's code.", f"Write {_CODE}.")
    return codes


def _is_code(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()
