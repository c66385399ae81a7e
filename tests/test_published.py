"""The figures and events that ship with the project: complete, sourced, and of known kinds."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pycountry
import pytest

Rows = list[dict[str, str]]


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def figures(root: Path) -> Rows:
    return read(root / "data" / "raw" / "published" / "figures.csv")


@pytest.fixture(scope="module")
def breaks(root: Path) -> Rows:
    return read(root / "pipeline" / "models" / "breaks.csv")


def is_country(code: str) -> bool:
    return code == "WLD" or pycountry.countries.get(alpha_3=code) is not None


def test_all_801_figures_are_there_each_with_its_page(figures: Rows) -> None:
    assert len(figures) == 801
    for row in figures:
        assert re.match(r"https?://[^ ]+\.[^ ]+", row["source_url"]), row
        assert row["source_title"], row
        assert row["publisher"], row
        assert int(row["students"]) > 0, row
        assert row["exactness"] in {"exact", "rounded", "at_least"}, row


def test_countries_are_codes_and_no_cell_of_a_publisher_stands_twice(figures: Rows) -> None:
    cells = Counter()
    for row in figures:
        assert is_country(row["reporter"]), row
        assert is_country(row["partner"]) or row["partner"].startswith("region:"), row
        cells[tuple(row[k] for k in ("reporter", "direction", "period", "measure", "level", "partner", "funding", "publisher"))] += 1  # fmt: skip
    assert max(cells.values()) == 1


@pytest.mark.parametrize(
    ("period", "measure", "level", "funding", "students"),
    [
        ("2018", "stock", "all", "all", 492185),
        ("2018", "degree_stock", "all", "all", 258122),
        ("2018", "non_degree_stock", "all", "all", 234063),
        ("2018", "scholarship", "all", "government", 63041),
    ],
)
def test_china_2018(figures: Rows, period: str, measure: str, level: str, funding: str, students: int) -> None:
    found = [
        int(row["students"])
        for row in figures
        if (row["reporter"], row["direction"], row["partner"]) == ("CHN", "inbound", "WLD")
        and (row["period"], row["measure"], row["level"]) == (period, measure, level)
        and row["funding"] == funding
        and row["publisher"] == "MOE (China)"
    ]
    assert found == [students]


def test_open_doors_enrolled_and_practical_training_make_the_total(figures: Rows) -> None:
    of = {
        (row["measure"], row["level"]): int(row["students"])
        for row in figures
        if (row["reporter"], row["direction"], row["partner"], row["period"]) == ("USA", "inbound", "WLD", "2024/25")
    }
    assert of["stock", "all"] == of["enrolled_stock", "all"] + of["practical_training", "all"] == 1_177_766


def test_events_are_of_known_kinds_with_both_labels_and_a_source(breaks: Rows, figures: Rows) -> None:
    assert len(breaks) > 20
    publishers = {row["publisher"] for row in figures} | {"OECD", "UNESCO UIS"}
    for row in breaks:
        assert is_country(row["country"]), row
        assert 1945 < int(row["first_year"]) <= int(row["last_year"]) < 2030, row
        assert row["kind"] in {"shock", "definition", "policy"}, row
        assert re.search("[\u4e00-\u9fff]", row["label_zh"]), row
        assert not re.search("[\u4e00-\u9fff]", row["label_en"]), row
        assert row["source"], row
        assert row["source_url"].startswith("http"), row
        assert len(row["label_en"]) <= 70, row
        narrowed = row["applies_to"].removeprefix("inbound").removeprefix("outbound").removeprefix("/")
        assert not narrowed or narrowed.split("/")[0] in publishers, row


def test_a_change_of_definition_names_the_publisher_it_belongs_to(breaks: Rows) -> None:
    assert all(row["applies_to"] for row in breaks if row["kind"] == "definition")


def test_the_break_of_2020_and_the_definition_changes_of_the_default_subjects_are_known(breaks: Rows) -> None:
    known = {(row["country"], row["kind"], row["first_year"]) for row in breaks}
    assert {("WLD", "shock", "2020"), ("CHN", "shock", "2020"), ("CHN", "shock", "2003")} <= known
    assert {("USA", "definition", "2021"), ("USA", "definition", "2007"), ("CHN", "definition", "2003")} <= known
