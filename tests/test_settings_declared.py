"""Scenarios and policy events in mobility.toml: what is read, and one clear line for each mistake."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipeline import settings
from pipeline.errors import SettingsError
from pipeline.run.tasks import shown_declared
from pipeline.run.workspace import context

SCENARIO = """
[[scenarios]]
name = { en = "It closes", zh = "关闭" }
subject = "u"
direction = "outbound"
partner = ["USA", "GBR"]
kind = "closes"
from_year = 2026
"""
EVENT = """
[[events]]
label = "A rule"
subjects = ["u", "CHN"]
countries = ["KOR", "eu"]
date = 2016-07-13
kind = "visa_rule"
direction = "inbound"
source = "A gazette"
"""


def read(folder: Path, text: str) -> settings.Settings:
    path = folder / "mobility.toml"
    path.write_text(text, encoding="utf-8")
    return settings.load(path)


def test_what_is_declared_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, SCENARIO + EVENT)
    (scenario,), (event,) = found.declared("u")
    assert (scenario.name_zh, scenario.partners, scenario.by) == ("关闭", ("USA", "GBR"), None)
    assert (event.label_en, event.label_zh, event.date) == ("A rule", "A rule", dt.date(2016, 7, 13))
    assert found.declared("CHN") == ([], [event])
    assert found.declared("USA") == ([], [])


@pytest.mark.parametrize(
    ("date", "academic", "year"),
    [
        ("2016-07-13", True, 2017),
        ("2016-09-01", True, 2017),
        ("2016-10-01", True, 2018),
        ("2016-01-01", False, 2016),
        ("2016-07-13", False, 2017),
    ],
)
def test_an_event_is_first_seen_in_the_year_that_begins_after_it(
    tmp_path: Path, date: str, academic: bool, year: int
) -> None:
    (event,) = read(tmp_path, EVENT.replace("2016-07-13", date)).events
    assert event.first_year(academic) == year


@pytest.mark.parametrize(
    ("text", "old", "new", "says"),
    [
        (SCENARIO, 'kind = "closes"', 'kind = "close"', "scenarios 1, kind.*Did you mean closes"),
        (SCENARIO, "from_year = 2026", 'from_year = "2026"', "from_year: expected a whole number"),
        (SCENARIO, "from_year = 2026", "from = 2026", "from: no such setting. Did you mean from_year"),
        (SCENARIO, '["USA", "GBR"]', '"usa"', "'usa' is not a country's code"),
        (SCENARIO, 'direction = "outbound"\n', "", "direction: missing beside partner"),
        (SCENARIO, 'direction = "outbound"', 'direction = "out"', "direction: 'out' is not one of"),
        (SCENARIO, ', zh = "关闭"', "", "name: has no zh"),
        (SCENARIO, 'subject = "u"\n', "", "subject: missing"),
        (SCENARIO, 'kind = "closes"', 'kind = "closes"\nby = 2', "by: what closes has no size"),
        (SCENARIO, 'kind = "closes"', 'kind = "scales"', "by: expected a number from 0 to 100, found None"),
        (SCENARIO, 'kind = "closes"', 'kind = "grows"\nby = 5', "0.05 is 5 % a year"),
        (SCENARIO, SCENARIO, SCENARIO + SCENARIO, "stands there twice"),
        (EVENT, "date = 2016-07-13\n", "", "year or date: both are missing"),
        (EVENT, "date = 2016-07-13", "date = 2016-07-13\nyear = 2017", "both are there"),
        (EVENT, "2016-07-13", '"2016-07-13"', "expected a day without quotes"),
        (EVENT, '"KOR", "eu"', '"Korea"', "neither a code nor a group"),
        (EVENT, '"KOR", "eu"', "", "countries: the list is empty"),
        (EVENT, '"visa_rule"', '"visa rule"', "Did you mean visa_rule"),
        (EVENT, 'source = "A gazette"', "", "source: missing"),
        ("", "", "scenarios = 3", "scenarios: expected tables like"),
    ],
)
def test_each_mistake_gets_one_line_with_file_entry_and_key(
    tmp_path: Path, text: str, old: str, new: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says) as told:
        read(tmp_path, text.replace(old, new, 1) if text else new)
    assert str(told.value).startswith(str(tmp_path / "mobility.toml"))
    assert "\n" not in str(told.value)


def test_only_the_subjects_own_trends_depend_on_what_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "mobility.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    first = context({}, tmp_path)
    path.write_text(SCENARIO.replace("2026", "2027"), encoding="utf-8")
    second = context({}, tmp_path)
    assert shown_declared(first, "u") != shown_declared(second, "u")
    assert shown_declared(first, "CHN") == shown_declared(second, "CHN") == []


def test_the_projects_own_file_declares_something_for_each_subject(root: Path) -> None:
    found = settings.load(root / "mobility.toml")
    for subject in found.subjects:
        scenarios, events = found.declared(subject.id)
        assert scenarios, subject.id
        assert events, subject.id
