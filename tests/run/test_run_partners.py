"""`mobility partners`: the office's list on the screen and as CSV, and what must not leave the house."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.errors import InputError, MobilityError, SettingsError
from pipeline.records import clean
from pipeline.run import survey

STAYS = "Student,To,Partner,From,Until,Mode,Agreement\n" + "".join(
    f"S{n},France,Alder University,{2018 + n % 3}-09-05,{2019 + n % 3}-06-30,exchange,AG1\n" for n in range(24)
)
STAYS += "T1,Kenya,=Baobab University,2020-09-05,2021-06-30,exchange,\n"
AGREEMENTS = """\
No,Partner,Country,Form,Signed,Until,In,Out,Band
AG1,Alder University,France,exchange,2015-01-01,2021-12-31,5,2,1-200
AG2,Birch University,Laos,exchange,2015-01-01,2030-12-31,5,5,
"""
CARD = """\
title: Register of a test university (made up)
name: {en: Test University, zh: 测试大学}
publisher: Test University
synthetic: true
tables:
  - table: stays
    file: stays.csv
    direction: outbound
    constants: {origin: CHN, home_institution: Test University}
    columns: {Student: student_id, To: destination, Partner: host_institution, From: start, Until: end, Mode: mode, Agreement: agreement_id}
  - table: agreements
    file: agreements.csv
    columns: {"No": agreement_id, Partner: partner, Country: country, Form: mode, Signed: signed, Until: expires, In: quota_in, Out: quota_out, Band: rank_band}
"""


@pytest.fixture
def office(tmp_path: Path, enter: Callable[[Path], Path]) -> Path:
    """A project with one institution's clean stays and agreements; the working folder is in it."""
    raw = tmp_path / "data/raw/uni"
    raw.mkdir(parents=True)
    (tmp_path / "mobility.toml").write_text('[[subjects]]\nid = "uni"\n', encoding="utf-8")
    for name, text in (("stays.csv", STAYS), ("agreements.csv", AGREEMENTS), ("source.yml", CARD)):
        (raw / name).write_text(text, encoding="utf-8")
    clean([raw.parent], out=tmp_path / "data/processed")
    survey.write(tmp_path / "data/processed", [raw.parent])
    return enter(tmp_path)


def told(*arguments: str) -> str:
    """What the command prints on a wide screen; its error where it has one."""
    done = CliRunner(env={"COLUMNS": "250"}).invoke(cli.app, ["partners", "uni", *arguments])
    if isinstance(done.exception, MobilityError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def line(text: str, words: str) -> str:
    """The line that holds these words."""
    return next(each for each in text.splitlines() if words in each)


def test_the_office_sees_its_numbers_and_what_to_do(office: Path) -> None:
    text = told()
    assert "In force: 2 agreements with 2 partners" in text
    alder = line(text, "Alder University")
    assert "8/7" in alder  # eight stays of the last year under AG1 on seven places a year
    assert "Renew: Exchange: ends 31 Dec 2021" in text
    assert "Birch University, Laos: an agreement, but no stay in two academic years." in text
    assert "For the office" in text
    assert "Expected flows are not at hand" in text


def test_agreements_instead_of_partners_and_in_chinese(office: Path) -> None:
    text = told("--agreements", "--language", "zh")
    assert "院校联盟数据库" in text
    assert "来校：使用/名额" in text
    assert "6个月内" in line(text, "AG1")
    assert "8/2" in line(text, "AG1")


def test_only_all_shows_partners_about_whom_there_is_nothing_to_do(office: Path) -> None:
    later = ("--as-of", "2021-01-01")
    assert "Baobab" not in told("--year", "2020")
    assert "Baobab" in told("--all", *later)


def test_public_leaves_no_number_of_people(office: Path) -> None:
    text = told("--public", "--all", "--csv", "public.csv")
    assert "Without numbers of people" in text
    assert "8/7" not in text
    table = pd.read_csv(office / "public.csv")
    assert not {"used", "stays", "depth", "exchange_out"} & set(table.columns)


def test_the_csv_keeps_codes_and_cannot_be_computed_by_a_spreadsheet(office: Path) -> None:
    told("--csv", "list.csv")
    assert (office / "list.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(office / "list.csv").set_index("country")
    assert table.loc["FRA", ["places", "used", "stays"]].tolist() == [7, 8, 24]
    assert table.loc["KEN", "partner"] == "'=Baobab University"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--csv", "reports/list.csv"), "would hold numbers of people"),
        (("--csv", "data/raw/list.csv"), "lies in the raw folder"),
        (("--csv", "nowhere/list.csv"), "its folder is not there"),
        (("--csv", "data"), "is a folder"),
        (("--year", "1999"), "the records are of 2019 to 2021"),
        (("--as-of", "31.8.2021"), "is no date"),
        (("--language", "fr"), "is not one of en, zh"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(office: Path, arguments: tuple[str, ...], problem: str) -> None:
    (office / "reports").mkdir()
    with pytest.raises(SettingsError, match=problem):
        told(*arguments)
    assert not list(office.rglob("list.csv"))


def test_an_unknown_subject_and_tables_that_are_not_there(office: Path) -> None:
    done = CliRunner().invoke(cli.app, ["partners", "unii"])
    assert isinstance(done.exception, SettingsError)
    assert "Did you mean uni?" in str(done.exception)
    (office / "data/processed/subjects.json").unlink()
    with pytest.raises(InputError, match="no clean tables"):
        told()
