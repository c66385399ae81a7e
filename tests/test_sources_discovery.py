"""Which folders are sources, what is passed over, and what is asked about a stranger's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.sources import discover, draft_card, summary

UIS = "indicatorId,geoUnit,year,value,qualifier,magnitude\n26637,USA,2023,956923.125,,\n"


def put(folder: Path, name: str = "download.csv", text: str = UIS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_each_folder_with_data_is_a_source(tmp_path: Path) -> None:
    put(tmp_path / "raw" / "uis")
    put(tmp_path / "raw" / "nested" / "2024")
    put(tmp_path / "raw" / "prose", "README.md", "nothing to read")
    (tmp_path / "raw" / "empty").mkdir()
    found = discover([tmp_path / "raw"])
    assert [source.name for source in found] == ["nested", "uis"]
    assert next(found[0].tables()).file == "nested/2024/download.csv"
    assert found[1].files == (tmp_path / "raw" / "uis" / "download.csv",)


def test_a_raw_folder_that_itself_holds_data_is_a_source_too(tmp_path: Path) -> None:
    put(tmp_path / "raw")
    put(tmp_path / "raw" / "inner")
    found = discover([tmp_path / "raw"])
    assert [(source.name, next(source.tables()).file) for source in found] == [
        ("raw", "download.csv"),
        ("inner", "inner/download.csv"),
    ]


def test_folders_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    for raw in ("one", "two", "three"):
        put(tmp_path / raw / "uis")
    names = [
        source.name for source in discover([tmp_path / "one", tmp_path / "two", tmp_path / "three", tmp_path / "one"])
    ]
    assert names == ["uis", "uis-2", "uis-3"]


def test_what_programs_leave_behind_is_passed_over(tmp_path: Path) -> None:
    source = put(tmp_path / "raw" / "uis")
    for name in (
        "~$download.xlsx",
        ".DS_Store",
        ".hidden.csv",
        "README.txt",
        "SOURCE.md",
        "LICENSE",
        "notes.md",
        "scan.pdf",
    ):
        (source / name).write_bytes(b"\0\1")
    put(source / ".ipynb_checkpoints", "copy.csv", "a,b\n1,2\n")
    (only,) = discover([tmp_path / "raw"])
    assert [path.name for path in only.files] == ["download.csv"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "strange.csv",
            "a,b\n1,2\n",
            r"strange\.csv: the layout is not known \(expected a source card, or one of: UIS .*Run `mobility new-source .*strange\.csv`",
        ),
        ("packed.zip", "PK", r"packed\.zip: files of kind \.zip are not read\. Unpack it"),
        ("empty.csv", "", r"empty\.csv: is empty"),
    ],
)
def test_a_file_that_nothing_recognises_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    put(tmp_path / "raw" / "x", name, text)
    with pytest.raises(InputError, match=message):
        discover([tmp_path / "raw"])


def test_a_card_can_add_to_a_known_layout_and_ignore_the_rest(tmp_path: Path) -> None:
    source = put(tmp_path / "raw" / "uis")
    put(source, "strange.csv", "a,b\n1,2\n")
    put(source, "source.yml", 'licence: CC BY\nretrieved: 2024-10-01\nignore: ["str*.csv"]\n')
    (found,) = discover([tmp_path / "raw"])
    (table,) = found.tables()
    assert (table.card.licence, table.card.retrieved, table.card.publisher) == ("CC BY", "2024-10-01", "UNESCO UIS")
    assert found.card == table.card


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_raw_folder_must_be_a_folder(tmp_path: Path, kind: str) -> None:
    where = tmp_path / "raw"
    if kind == "file":
        where.write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="raw: "):
        discover([where])


def test_an_unknown_engine(tmp_path: Path) -> None:
    put(tmp_path / "raw" / "uis")
    with pytest.raises(SettingsError, match=r"'duckbd' is not an engine\. Did you mean duckdb\?"):
        next(discover([tmp_path / "raw"])[0].tables("duckbd"))


def test_the_summary_counts_rows_and_periods(tmp_path: Path) -> None:
    put(tmp_path / "raw" / "uis", text=UIS + "MENF.5T8,FRA,2001,5,,\n")
    (line,) = summary(discover([tmp_path / "raw"])).to_dict("records")
    assert line == {
        "source": "uis",
        "file": "uis/download.csv",
        "recognised_as": "UIS Data Browser (CSV)",
        "table": "counts",
        "rows": 2,
        "refused": 0,
        "first": "2001",
        "last": "2023",
        "synthetic": False,
    }


def test_dates_that_are_slips_do_not_make_the_span(tmp_path: Path, root: Path) -> None:
    raw = root / "data" / "raw" / "example-university"
    lines = summary(discover([raw]))
    stays = lines[lines["table"] == "stays"]
    assert (stays["first"].min(), stays["last"].max()) == ("2010", "2024")
    assert stays["synthetic"].all()
    assert (stays["refused"] > 0).all()


def test_a_draft_reads_back_once_it_is_completed(tmp_path: Path) -> None:
    source = put(
        tmp_path / "raw" / "office",
        "inbound.csv",
        "学号,国籍,入学日期,离校日期,性别,备注\n1,日本,2019年9月,2020年1月,男,无\n",
    )
    draft = draft_card(source / "inbound.csv")
    assert "# 备注: ?   # not placed; 无" in draft
    assert "# still needed: destination" in draft
    (source / "source.yml").write_text(draft, encoding="utf-8")
    with pytest.raises(SettingsError, match="table stays needs destination"):
        discover([tmp_path / "raw"])
    (source / "source.yml").write_text(draft.replace("# constants", "constants"), encoding="utf-8")
    (table,) = discover([tmp_path / "raw"])[0].tables("pandas")
    assert table.given == ("student_id", "origin", "start", "end", "gender", "destination", "direction")
    assert table.rows.loc[0, "direction"] == "inbound"


@pytest.mark.parametrize(
    "name",
    ["inbound-2010-2013.csv", "inbound-2019-2024.csv", "outbound-2010-2015.xlsx", "agreements.csv", "events.csv"],
)
def test_drafts_place_what_the_examples_own_card_places(root: Path, name: str) -> None:
    from fnmatch import fnmatchcase

    from pipeline.sources import card

    folder = root / "data" / "raw" / "example-university"
    entry = next(t for t in card.load(folder / "source.yml").tables if fnmatchcase(name, t.file))
    drafted = draft_card(folder / name)
    import yaml

    found = yaml.load(drafted, Loader=yaml.BaseLoader)["tables"][0]
    assert found["table"] == entry.table
    assert int(found["header_row"]) == entry.header_row
    assert found.get("direction") == entry.direction
    assert found["columns"] == dict(entry.columns)


def test_a_draft_of_counts(tmp_path: Path) -> None:
    put(tmp_path, "figures.csv", "Reporting table\nYear;Country of origin;Number of students;Flag\n2019;Japan;12;x\n")
    drafted = draft_card(tmp_path / "figures.csv")
    for line in (
        "table: counts",
        "header_row: 2",
        'delimiter: ";"',
        "Year: period",
        "Country of origin: origin",
        "Number of students: value",
    ):
        assert line in drafted


def test_drafting_from_what_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the file is missing"):
        draft_card(tmp_path / "none.csv")
    put(tmp_path, "packed.zip", "PK")
    with pytest.raises(InputError, match="Unpack it"):
        draft_card(tmp_path / "packed.zip")
