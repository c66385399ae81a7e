"""The data files of the registry, read and checked: data/<actor>.yml, and data/<actor>-….yml where one grew long."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from importlib.resources import files
from typing import Any

import yaml

from pipeline.errors import InputError, did_you_mean

ACTORS = ("state", "society", "university", "supervisor", "student")
UNITS = (
    "students",
    "%",
    "ratio",
    "index",
    "partners",
    "agreements",
    "per_100",
    "cefr_levels",
    "points",
    "days",
    "hours",
    "months",
    "stays",
    "events",
    "currency",
)
BETTER = ("higher", "lower", "neither")


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Attributes
    ----------
    id, en, zh
        Its name, for code and in each language.
    definition_en, definition_zh
        In one sentence.
    formula, numerator, denominator
        The same as a formula and its parts, in words.
    unit, better
        Of UNITS and BETTER; better says which way is to be wished for, if any.
    actor
        Of ACTORS: whose doing it shows most.
    ideas
        Numbers of the study's ideas that it serves (docs/framework.md).
    source
        Whose definition it is: UIS, OECD, Eurostat, Open Doors, … or own.
    minimum_n
        On fewer it is not stated.
    method, arguments
        The formula that computes it.
    countries
        Alpha-3 codes of the only ones in which there is such a thing; empty: all.
    """

    id: str
    en: str
    zh: str
    definition_en: str
    definition_zh: str
    formula: str
    numerator: str
    denominator: str
    unit: str
    better: str
    actor: str
    ideas: tuple[int, ...]
    source: str
    minimum_n: int
    method: str
    arguments: dict[str, Any] = field(default_factory=dict)
    countries: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """The name in "en" or "zh"."""
        return self.zh if language == "zh" else self.en

    def definition(self, language: str) -> str:
        """The definition in "en" or "zh"."""
        return self.definition_zh if language == "zh" else self.definition_en


def read_catalogue() -> dict[str, Indicator]:
    """All indicators by id, in the order of the actors and their files.

    Raises
    ------
    InputError
        Names the file, the indicator and what is wrong with it.
    """
    found: dict[str, Indicator] = {}
    folder = files("pipeline.measures.registry").joinpath("data")
    by_name = sorted((f for f in folder.iterdir() if f.name.endswith(".yml")), key=lambda f: f.name)
    for actor in ACTORS:
        for file in (f for f in by_name if f.name.removesuffix(".yml").partition("-")[0] == actor):
            for name, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items():
                if name in found:
                    raise InputError(file.name, f"{name}: is there twice.", "Give each indicator its own id.")
                found[name] = _indicator(f"{file.name}: {name}", name, actor, entry)
    return found


def _indicator(where: str, name: str, actor: str, entry: dict[str, Any]) -> Indicator:
    known = {f.name for f in fields(Indicator)} - {"id", "actor"}
    for key in entry:
        if key not in known:
            raise InputError(where, f"{key}: no such key.", did_you_mean(key, known))
    for key in known - {"arguments", "countries"}:
        if key not in entry:
            raise InputError(where, f"has no {key}.", "See the others.")
    for key, allowed in (("unit", UNITS), ("better", BETTER)):
        if entry[key] not in allowed:
            raise InputError(where, f"{key}: {entry[key]!r} is none of {', '.join(allowed)}.")
    return Indicator(**(entry | {"id": name, "actor": actor, "ideas": tuple(entry["ideas"])} | _countries(entry)))


def _countries(entry: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {"countries": tuple(entry.get("countries", ()))}
