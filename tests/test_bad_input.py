"""What careless and hostile users hand in: one line that says what to do, and nothing that was there is damaged."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pandas as pd
import pytest

from pipeline import cli, settings
from pipeline.briefs.annual.facts import Facts
from pipeline.errors import InputError, MobilityError, SettingsError, did_you_mean
from pipeline.measures import audit
from pipeline.records import clean, load
from pipeline.run import survey
from pipeline.run.checksums import Checksums
from pipeline.run.journal import Journal, Record
from pipeline.run.lock import only_run
from pipeline.run.plan import Choice, chosen
from pipeline.run.workspace import check_place, context
from pipeline.sources import discover, draft_card

HEADINGS = "Student,Country,From,To\n"
ROW = "S1,France,2019/9/1,2020/6/30\n"
CARD = """\
title: A test university (made up)
synthetic: true
tables:
  - table: stays
    file: stays.csv
    direction: inbound
    constants: {destination: CHN}
    columns: {Student: student_id, Country: origin, From: start, To: end}
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    (folder / "uni").mkdir(parents=True)
    (folder / "uni/source.yml").write_text(CARD, encoding="utf-8")
    return folder


def settings_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "mobility.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('raw = ["a\\u0000b"]', "raw: 'a\\x00b' cannot be the name of a folder"),
        ('processed = "a\\u0000b"', "processed: 'a\\x00b' cannot be the name of a folder"),
        ("raw = []", "raw: the list is empty"),
        ("languages = []", "languages: the list is empty"),
        ('[[subjects]]\nid = "CHN"\n[[subjects]]\nid = "CHN"\nyear = 2017', "'CHN' stands there twice"),
    ],
)
def test_settings_that_cannot_be_meant_are_named_with_their_key(tmp_path, text, said):
    with pytest.raises(SettingsError, match=r"mobility\.toml") as caught:
        settings.load(settings_file(tmp_path, text))
    assert said in str(caught.value)


def test_settings_saved_by_notepad_are_read(tmp_path):
    assert settings.load(settings_file(tmp_path, b"\xef\xbb\xbfhorizon = 5\n")).horizon == 5


def test_settings_that_are_a_folder_are_named(tmp_path):
    (tmp_path / "mobility.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(tmp_path / "mobility.toml")


def test_no_card_is_drafted_of_a_file_that_is_no_table(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# Notes\n\nFirst, some text, with commas.\nThen a line.\n\n- and a list\n", encoding="utf-8")
    with pytest.raises(InputError, match="no table was recognised"):
        draft_card(path)
    path.write_text("Colour;Shape\nred;round\nblue;square\n", encoding="utf-8")
    assert "Colour: ?" in draft_card(path), "headings that nobody knows are still headings"


def test_a_subject_whose_every_row_is_bad_is_told_where_the_reasons_are(tmp_path):
    settings_file(tmp_path, 'raw = ["raw"]\n[[subjects]]\nid = "uni"\n')
    (tmp_path / "raw/uni").mkdir(parents=True)
    (tmp_path / "raw/uni/source.yml").write_text(CARD, encoding="utf-8")
    (tmp_path / "raw/uni/stays.csv").write_text(HEADINGS + "S1,Nowhereland,x,y\n", encoding="utf-8")
    here = context({}, tmp_path)
    clean([tmp_path / "raw"], engine="pandas", out=here.processed)
    survey.write(here.processed, here.raw)
    with pytest.raises(SettingsError, match="every row that tells of students was rejected") as caught:
        chosen(here, Choice(), survey.read(here.processed))
    assert str(Path("rejected.parquet/uni.parquet")) in str(caught.value)


def test_a_damaged_clean_table_is_to_be_cleaned_again_and_a_damaged_result_to_be_made_again(tmp_path):
    (tmp_path / "stays.parquet").mkdir()
    (tmp_path / "stays.parquet/uni.parquet").write_bytes(b"garbage")
    with pytest.raises(InputError, match="mobility clean"):
        load(tmp_path, "stays")
    (tmp_path / "headline.parquet").write_bytes(b"garbage")
    with pytest.raises(InputError, match="Delete it, and run `mobility reports` again"):
        Facts.load(tmp_path, "CHN", 2018)


def test_a_message_is_one_line_whatever_the_file_is_called():
    said = str(MobilityError("a\nb\x1b[31m.csv", "is empty.", "Mend it\u2028now."))
    assert said == r"a\nb\x1b[31m.csv: is empty. Mend it\u2028now."
    assert str(MobilityError("数据　表.csv", "is empty.")) == "数据　表.csv: is empty."


def test_no_one_is_asked_whether_they_meant_what_they_wrote():
    assert did_you_mean("chn", ["chn", "CHN", "chnx"]) == "Did you mean chnx?"
    assert did_you_mean("chn", []) == "There is nothing to choose from."


@pytest.mark.parametrize("inside", ["uni", ".", "uni/new/deep"])
def test_nothing_is_written_into_a_raw_folder(raw, inside):
    with pytest.raises(SettingsError, match="lies in the raw folder"):
        check_place("--out", (raw / inside).resolve(), [raw])


def test_a_file_where_a_folder_should_be_is_named(tmp_path, raw):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="file is a file, a folder was expected"):
        check_place("processed", tmp_path / "file/tables", [raw])
    with pytest.raises(InputError, match="cannot be written to"), only_run(tmp_path / "file/tables"):
        pass
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1]", b'"x"', b"{}", b'{"runs": [1]}', b'{"runs": {"a": 1}}', b""])
def test_a_damaged_memory_of_past_runs_is_as_good_as_none(tmp_path, content):
    (tmp_path / "run.json").write_bytes(content)
    (tmp_path / survey.FILE).write_bytes(content)
    journal = Journal()
    assert journal.tasks(tmp_path / "run.json") == {}
    journal.put(tmp_path / "run.json", "a", Record("done", {}, []))
    assert Journal().get(tmp_path / "run.json", "a") == Record("done", {}, [])
    assert not survey.read(tmp_path)
    assert len(Checksums(tmp_path / "run.json").file(tmp_path / survey.FILE)) == 20


def test_a_record_of_the_wrong_types_is_as_good_as_none(tmp_path):
    (tmp_path / "run.json").write_text('{"runs": {"a": {"status": "done", "inputs": 1, "outputs": [2]}}}')
    assert Journal().get(tmp_path / "run.json", "a") is None


def test_a_file_without_columns_is_named_with_its_line(raw):
    path = raw / "uni/stays.csv"
    path.write_text("x" * 200_000, encoding="utf-8")
    with pytest.raises(InputError, match=r"stays.csv: line 1 cannot be a row of headings"):
        list(discover([raw])[0].tables())
    with pytest.raises(InputError, match=r"stays.csv: is not a table"):
        draft_card(path)


def test_a_pipe_in_place_of_a_file_is_not_waited_for(raw):
    os.mkfifo(raw / "uni/stays.csv")
    with pytest.raises(InputError, match=r"stays.csv: is a pipe or a device"):
        discover([raw])[0].tables()


def test_a_damaged_cell_of_megabytes_is_one_rejected_row_and_costs_no_time(raw, tmp_path):
    (raw / "uni/stays.csv").write_text(HEADINGS + f"S0,{'France' * 300_000},2019/9/1,\n" + ROW, encoding="utf-8")
    began = time.perf_counter()
    cleaned = clean([raw], out=tmp_path / "out")
    assert time.perf_counter() - began < 20
    assert len(cleaned.stays) == len(cleaned.rejected) == 1


def test_an_audit_of_what_was_never_published_names_the_file(tmp_path):
    (tmp_path / "gb.csv").write_bytes("国家,人数\n法国,3\n".encode("gb18030"))
    with pytest.raises(InputError, match=r"gb.csv: cannot be read as a published table"):
        audit(tmp_path)
    (tmp_path / "gb.csv").rename(tmp_path / "gb.parquet")
    with pytest.raises(InputError, match=r"gb.parquet: cannot be read as a published table"):
        audit(tmp_path)
    (tmp_path / "gb.parquet").unlink()
    pd.DataFrame({"country": ["KOR"], "stays": [9]}).to_csv(tmp_path / "good.csv", index=False)
    assert audit(tmp_path).empty


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_full_or_closed_disk_is_said_in_one_line(monkeypatch, capsys, number):
    def full() -> None:
        raise OSError(number, os.strerror(number), "reports/brief.en.html")

    monkeypatch.setattr(cli, "app", full)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"mobility: reports/brief.en.html: {os.strerror(number)}. Make room")
    assert said.count("\n") == 1


def test_other_failures_of_the_system_keep_their_traceback(monkeypatch):
    def fails() -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    with pytest.raises(OSError, match="input/output"):
        cli.main()
