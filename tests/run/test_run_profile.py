"""`mobility profile`: one partner's profile made from a clean start, made again only when it must be, and listed on the index page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.errors import InputError, SettingsError
from pipeline.run.profile import profile, profile_tasks, slug
from pipeline.run.workspace import Context

NOTEBOOK = """\
import pandas as pd
from IPython.display import display
from pipeline.briefs import Column, Cover, Figure, Finding, Section, Table, Words, trend
words = Words(language)
title = {"en": f"{partner}: as many stays as before", "zh": f"{partner}：交流人次不变"}[language]
heading = {"en": "How many", "zh": "人数"}[language]
display(Cover(title, title, str(year), language=language))
display(Finding("total", title + {"en": ".", "zh": "。"}[language], base=str(year), source=heading))
display(Section("how-many", heading, title))
line = pd.DataFrame({"year": [2018, 2019], "value": [3.0, 4.0]})
display(Figure("line", heading, trend(line, words=words), source=heading, alt=heading))
display(Table("rows", heading, [Column("year", heading)], [{"year": str(year)}], source=heading))
"""


@pytest.fixture
def ready(here: Context, make_notebook, one_server) -> Context:
    """The small project with a notebook for profiles, nothing cleaned yet."""
    parameters = 'subject = "uni"\npartner = "FRA"\nyear = 2019\nlanguage = "en"'
    make_notebook(here.root / "notebooks/6-partner-profile.ipynb", parameters, NOTEBOOK)
    return here


def test_is_made_from_a_clean_start_in_both_languages_and_then_left_alone(ready: Context, screen) -> None:
    result, folder = profile(ready, "uni", "FRA", 2019, console=screen)
    assert [record.error for _, record in result.failed] == []
    assert folder == ready.reports / "2019/uni/partners/fra"
    assert {f"profile.{end}" for end in ("en.html", "en.pdf", "zh.html", "zh.pdf")} <= {
        f.name for f in folder.iterdir()
    }
    assert "FRA：交流人次不变" in (folder / "profile.zh.html").read_text(encoding="utf-8")
    runs = json.loads((folder / "run.json").read_text(encoding="utf-8"))["runs"]
    assert sorted(runs) == ["profile:uni:FRA:2019:en", "profile:uni:FRA:2019:zh"]
    assert runs["profile:uni:FRA:2019:zh"]["parameters"]["partner"] == "FRA"

    index = (ready.reports / "index.html").read_text(encoding="utf-8")
    assert (
        '<a class="title" href="2019/uni/partners/fra/profile.en.html" hreflang="en">FRA: as many stays as before</a>'
        in index
    )
    assert "2019/uni/partners/fra/profile.zh.pdf" in index
    assert "Partner profile" in index

    before = (folder / "profile.en.pdf").stat().st_mtime_ns
    again, _ = profile(ready, "uni", "FRA", 2019, console=screen)
    assert again.fresh
    assert not again.made
    assert (folder / "profile.en.pdf").stat().st_mtime_ns == before


def test_takes_the_latest_year_and_one_language_when_asked(ready: Context, screen) -> None:
    result, folder = profile(ready, "uni", "KEN", languages=("en",), console=screen)
    assert [record.error for _, record in result.failed] == []
    assert folder.parts[-4:] == ("2021", "uni", "partners", "ken")
    assert sorted(f.name for f in folder.glob("profile.*")) == ["profile.en.html", "profile.en.pdf"]


@pytest.mark.parametrize(
    ("subject", "partner", "year", "said"),
    [
        ("unii", "FRA", None, "Did you mean uni?"),
        ("uni", "DEU", None, "DEU"),
        ("uni", "FRA", 1999, "there are no data for 1999"),
    ],
)
def test_what_is_not_on_record_is_named_before_a_notebook_runs(
    ready: Context, screen, subject: str, partner: str, year: int | None, said: str
) -> None:
    with pytest.raises((SettingsError, InputError)) as caught:
        profile(ready, subject, partner, year, console=screen)
    assert said in str(caught.value)
    assert not list(ready.reports.glob("*/*/partners"))


def test_the_command_says_where_the_profile_is(ready: Context) -> None:
    done = CliRunner().invoke(cli.app, ["profile", "uni", "FRA", "--year", "2019", "--language", "en"])
    assert done.exit_code == 0
    assert f"Profile: {ready.reports / '2019/uni/partners/fra'}" in done.output.replace("\n", "")


def test_partners_of_one_name_in_two_countries_have_folders_of_their_own() -> None:
    assert slug("Saint Mary's", "IRL") != slug("Saint Mary's", "CAN")
    assert slug("../..", "FRA") == "fra"
    assert Path(slug("a/b\\c", "FRA")).parts == ("a-b-c-fra",)


def test_a_profile_is_made_again_when_its_words_change(ready: Context, screen, tmp_path: Path) -> None:
    profile(ready, "uni", "FRA", 2019, languages=("en",), console=screen)
    tasks, folder = profile_tasks(ready, "uni", "FRA", 2019, ("en",), tmp_path)
    assert [task.record for task in tasks] == [folder / "run.json"]
    assert all("pipeline.briefs" in task.code for task in tasks)
    assert any(f.name == "uni.parquet" for f in tasks[0].files)
