"""The study's framework, idea by idea: what is measured of it, by which tests it is held, where the briefs show it, what is not measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from pipeline.errors import InputError, did_you_mean

NUMBER = 32  # ideas of the study
KEYS = {"en", "zh", "tests", "shown", "gap"}


@dataclass(frozen=True)
class Idea:
    """One idea: its number and names, tests (path::name), where it is shown (brief#id), and the stated gap."""

    number: int
    en: str
    zh: str
    tests: tuple[str, ...]
    shown: tuple[str, ...]
    gap: str


@dataclass(frozen=True)
class Framework:
    """All ideas; parts by the number of their first idea; what the briefs call the blocks that ideas point to."""

    ideas: tuple[Idea, ...]
    parts: dict[int, tuple[str, str]]
    anchors: dict[str, str]


@cache
def framework() -> Framework:
    """The framework of framework.yml.

    Raises
    ------
    InputError
        Names the idea and what is wrong with it.

    Examples
    --------
    >>> framework().ideas[15].zh
    '量化考核指标'
    """
    file = files("pipeline.measures.registry").joinpath("framework.yml")
    given = yaml.safe_load(file.read_text(encoding="utf-8"))
    anchors = {str(k): str(v) for k, v in given["anchors"].items()}
    ideas = tuple(_idea(int(number), entry, anchors) for number, entry in given["ideas"].items())
    if [i.number for i in ideas] != list(range(1, NUMBER + 1)):
        raise InputError("framework.yml", f"expected the ideas 1 to {NUMBER} in their order.")
    return Framework(ideas, {int(p["first"]): (p["en"], p["zh"]) for p in given["parts"]}, anchors)


def _idea(number: int, entry: dict[str, Any], anchors: dict[str, str]) -> Idea:
    where = f"framework.yml: {number}"
    for key in entry:
        if key not in KEYS:
            raise InputError(where, f"{key}: no such key.", did_you_mean(key, KEYS))
    shown = tuple(entry.get("shown", ()))
    for anchor in shown:
        if anchor not in anchors:
            raise InputError(where, f"{anchor}: is not among the anchors.", did_you_mean(anchor, anchors))
    if not shown and "gap" not in entry:
        raise InputError(where, "is neither shown nor a gap.", "Say where a brief shows it, or what it would need.")
    return Idea(number, entry["en"], entry["zh"], tuple(entry.get("tests", ())), shown, entry.get("gap", ""))
