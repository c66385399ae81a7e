"""The page of the framework points to indicators, tests and blocks of briefs that are there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from pipeline.measures.registry import indicators
from pipeline.measures.registry.document import document, framework_document
from pipeline.measures.registry.framework import NUMBER, Idea, framework
from tests.test_measures_further import BY_HAND as FURTHER
from tests.test_measures_indicators import BY_HAND

IDEAS = framework().ideas
SCORECARD = {16, 17}  # all indicators together


@cache
def names_in(path: Path) -> frozenset[str]:
    """The tests of a file, those of classes with the class's name before theirs."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(n for n in names if n.rpartition("::")[2].startswith("test_"))


@pytest.mark.parametrize("idea", IDEAS, ids=[str(i.number) for i in IDEAS])
def test_an_idea_has_indicators_that_are_held_by_tests(idea: Idea, root: Path) -> None:
    own = indicators.serving(idea.number)
    assert own or idea.number in SCORECARD
    assert all(i.id in BY_HAND or i.id in FURTHER for i in own)
    for test in idea.tests:
        file, _, name = test.partition("::")
        assert (root / file).is_file(), test
        assert name in names_in(root / file), test
    assert own or idea.tests


@pytest.mark.parametrize("idea", IDEAS, ids=[str(i.number) for i in IDEAS])
def test_a_gap_says_what_it_would_need(idea: Idea) -> None:
    assert idea.shown or idea.gap
    assert not idea.gap or len(idea.gap) > 40
    assert any("\u4e00" <= c <= "\u9fff" for c in idea.zh)


def test_ideas_named_by_indicators_are_those_of_the_study() -> None:
    named = {idea for one in indicators.values() for idea in one.ideas}
    assert named | SCORECARD == set(range(1, NUMBER + 1))


def test_both_pages_are_current(root: Path) -> None:
    told = "run: python -m pipeline.measures.registry.document"
    assert (root / "docs" / "framework.md").read_text(encoding="utf-8") == framework_document(), told
    assert (root / "docs" / "indicators.md").read_text(encoding="utf-8") == document(), told
