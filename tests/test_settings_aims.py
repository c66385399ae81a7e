"""Targets, peers and the scorecard in mobility.toml: what is read, and one clear line for each mistake."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pipeline import indicators, settings
from pipeline.aims import Scorecard, known_indicators
from pipeline.errors import SettingsError
from pipeline.run.checksums import settings_that_matter
from pipeline.run.tasks import shown_aims
from pipeline.run.workspace import context

TARGET = """
[[targets]]
indicator = "completion_rate"
subject = "u"
year = 2026
value = 92.5
by = "at least"
"""
PEERS = '[[peers]]\nsubject = "u"\npeers = ["v", "w"]\n'


def read(folder: Path, text: str) -> settings.Settings:
    path = folder / "mobility.toml"
    path.write_text(text, encoding="utf-8")
    return settings.load(path)


def test_what_is_aimed_at_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, TARGET + PEERS + "[scorecard]\ncomposite = true\nweights = { completion_rate = 2 }\n")
    (target,), peers = found.aimed("u")
    assert (target.indicator, target.year, target.value, target.by) == ("completion_rate", 2026, 92.5, "at least")
    assert peers == ("v", "w")
    assert found.aimed("v") == ([], ())
    assert found.scorecard == Scorecard(True, weights={"completion_rate": 2.0})
    assert read(tmp_path, "").scorecard.composite is False


def test_the_ids_are_those_of_the_registry() -> None:
    assert sorted(known_indicators()) == sorted(indicators)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TARGET.replace("completion_rate", "completion_rat"), "targets 1, indicator: 'completion_rat' is no indicator"),
        (TARGET.replace('"at least"', '"above"'), "by: 'above' is not one of at least, at most"),
        (TARGET.replace("92.5", '"92"'), "targets 1, value: expected a number"),
        (TARGET.replace("92.5", "true"), "targets 1, value: expected a number"),
        (TARGET.replace("year = 2026\n", ""), "targets 1, year: missing"),
        (TARGET.replace("year", "yaer"), "targets 1, yaer: no such setting. Did you mean year"),
        (TARGET + TARGET, "completion_rate of u for 2026 stands there twice"),
        (PEERS.replace('"v"', '"u"'), "peers 1, peers: expected others than u"),
        (PEERS.replace('["v", "w"]', "[]"), "peers 1, peers: expected others"),
        (PEERS + PEERS, "peers: u stands there twice"),
        ('[[peers]]\nsubject = "u"\n', "peers 1, peers: missing"),
        ('[scorecard]\ncomposite = "all"\n', "scorecard.composite: expected a list"),
        ('[scorecard]\ncomposite = ["completion_rate"]\n', "scorecard.composite: expected two indicators"),
        ('[scorecard]\ncomposite = ["x_rate", "y"]\n', "scorecard.composite: 'x_rate' is no indicator"),
        ('[scorecard]\nnormalisation = "rank"\n', "scorecard.normalisation: 'rank' is not one of min_max, z_score"),
        ("[scorecard]\nweights = { completion_rate = 0 }\n", "scorecard.weights.completion_rate: expected a number"),
        ("[scorecard]\nweights = { completion = 1 }\n", "scorecard.weights.completion: no such setting"),
        ("scorecard = 3\n", "scorecard: expected a table"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_target_makes_only_its_subjects_outcomes_out_of_date(tmp_path: Path) -> None:
    plain = context({}, Path(__file__).parent)
    plain = dataclasses.replace(plain, settings=read(tmp_path, ""))
    aimed = dataclasses.replace(plain, settings=read(tmp_path, TARGET))
    assert shown_aims(plain, "u") != shown_aims(aimed, "u")
    assert shown_aims(plain, "CHN") == shown_aims(aimed, "CHN")
    assert settings_that_matter(plain.settings) == settings_that_matter(aimed.settings)
