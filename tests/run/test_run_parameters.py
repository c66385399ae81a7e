"""A notebook's parameters are checked before a kernel starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.run.parameters import check, read

CELL = 'subject: str\nyear: int = 2018\nlanguage = "en"\nshare = 0.5\nnested: list[str] = []\npartner: str | None = None\nfull = True\n'


@pytest.fixture
def path(tmp_path: Path, make_notebook) -> Path:
    return make_notebook(tmp_path / "n.ipynb", CELL, "1 + 1")


def test_types_and_defaults_come_from_the_cell(path):
    found = read(path)
    assert {n: p.type for n, p in found.items()} == {
        "subject": "str",
        "year": "int",
        "language": "str",
        "share": "float",
        "nested": "list",
        "partner": "str",
        "full": "bool",
    }
    assert found["subject"].required
    assert not found["year"].required
    assert found["partner"].optional


def test_defaults_fill_what_is_not_given(path):
    assert check(path, {"subject": "CHN", "share": 1})["year"] == 2018
    assert check(path, {"subject": "CHN", "share": 1})["share"] == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"subject": "CHN", "langauge": "zh"}, "no parameter 'langauge'. Did you mean language?"),
        ({"year": 2018}, "subject is missing"),
        ({"subject": "CHN", "year": "2018"}, "year: expected a whole number, found '2018'"),
        ({"subject": "CHN", "year": True}, "year: expected a whole number, found True"),
        ({"subject": None}, "subject: expected a text, found None"),
        ({"subject": "CHN", "nested": "a"}, "nested: expected a list, found 'a'"),
        ({"subject": "CHN", "full": 1}, "full: expected true or false, found 1"),
        ({"subject": "CHN", "partner": 3}, "partner: expected a text or nothing, found 3"),
    ],
)
def test_wrong_parameters_are_named(path, given, message):
    with pytest.raises(SettingsError) as error:
        check(path, given)
    assert message in str(error.value)
    assert "n.ipynb" in str(error.value)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("import os\nyear = 1", "line 1 of the `parameters` cell is not an assignment"),
        ("year = 1\nyear =", "line 2 of the `parameters` cell is not Python"),
        ("year = max(1, 2)", "year: the default is not a literal"),
        ("year = None", "year: its type cannot be told"),
        ("year: int = 'a'", "year: the default 'a' is not a whole number"),
        ("year: datetime = 1", "year: the type datetime is not known"),
    ],
)
def test_a_cell_that_holds_something_else_is_refused(tmp_path, make_notebook, cell, message):
    with pytest.raises(InputError) as error:
        read(make_notebook(tmp_path / "n.ipynb", cell))
    assert message in str(error.value)


def test_a_notebook_without_the_cell_or_no_notebook_is_refused(tmp_path):
    (tmp_path / "none.ipynb").write_text('{"cells": [], "nbformat": 4}', encoding="utf-8")
    (tmp_path / "text.ipynb").write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match="has 0 cells tagged `parameters`"):
        read(tmp_path / "none.ipynb")
    with pytest.raises(InputError, match="is not a notebook"):
        read(tmp_path / "text.ipynb")
    with pytest.raises(InputError, match="the notebook is missing"):
        read(tmp_path / "gone.ipynb")
