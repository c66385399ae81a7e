"""Source cards: what they say is done, and what they say wrongly is named with its file and key."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.sources import RawTable, discover

CARD = """
title: Office of international affairs
publisher: Example
licence: internal
retrieved: 2024-10-01
origin_basis: citizenship
academic_year_starts: 8
tables:
  - table: stays
    file: {file}
    direction: inbound
    columns: {{学号: student_id, 国籍: origin, 入学日期: start}}
    constants: {{destination: CHN}}
"""
CSV = "学号,国籍,入学日期,备注\n01,日本,2019年9月,x\n02,,2019/9/1,\n"


def folder(tmp_path: Path, card: str, **files: bytes | str) -> Path:
    """A raw folder with one source; in names of files _ stands for a dot."""
    source = tmp_path / "raw" / "office"
    source.mkdir(parents=True)
    (source / "source.yml").write_text(card, encoding="utf-8")
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (source / name.replace("_", ".")).write_bytes(data)
    return tmp_path / "raw"


def tables(raw: Path, engine: str = "pandas") -> list[RawTable]:
    return [table for source in discover([raw]) for table in source.tables(engine)]


def refuse(raw: Path) -> str:
    """The one line with which the folder is refused."""
    with pytest.raises((InputError, SettingsError)) as caught:
        tables(raw)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
@pytest.mark.parametrize("code", ["utf-8", "gb18030"])
def test_a_card_reads_an_offices_file(tmp_path: Path, engine: str, code: str) -> None:
    raw = folder(tmp_path, CARD.format(file="a.csv"), a_csv=CSV.encode(code))
    (table,) = tables(raw, engine)
    assert (table.source, table.table, table.file, table.counted) == ("office", "stays", "office/a.csv", "rows")
    assert (table.card.publisher, table.card.academic_year_starts, table.card.synthetic) == ("Example", 8, False)
    assert table.given == ("student_id", "origin", "start", "destination", "direction")
    rows = table.frame()
    assert rows["student_id"].tolist() == ["01", "02"]
    assert rows["start"].tolist() == ["2019年9月", "2019/9/1"]
    assert rows["origin"].isna().tolist() == [False, True]
    assert rows["line"].tolist() == [2, 3]
    assert rows["refused"].isna().all()
    assert set(rows["destination"]) == {"CHN"}


def test_text_columns_are_text_in_memory_even_when_empty(tmp_path: Path) -> None:
    raw = folder(tmp_path, CARD.format(file="a.csv"), a_csv="学号,国籍,入学日期\n1,,2019\n")
    rows = tables(raw)[0].rows
    assert {str(dtype) for name, dtype in rows.dtypes.items() if name != "line"} == {"str"}
    assert str(rows["line"].dtype) == "int64"


def test_headings_are_compared_without_width_case_and_space(tmp_path: Path) -> None:
    card = CARD.format(file="a.csv").replace("国籍: origin", "Country of Origin: origin")
    raw = folder(tmp_path, card, a_csv="学号, ＣＯＵＮＴＲＹ  of\u00a0origin ,入学日期\n1,日本,2019\n")
    assert tables(raw)[0].rows["origin"].tolist() == ["日本"]


def test_a_pattern_reads_every_file_it_fits(tmp_path: Path) -> None:
    raw = folder(tmp_path, CARD.format(file='"in-*.csv"'), **{"in-1_csv": CSV, "in-2_csv": CSV})
    assert [table.file for table in tables(raw)] == ["office/in-1.csv", "office/in-2.csv"]


def test_rows_that_are_no_records_are_refused_with_a_reason(tmp_path: Path) -> None:
    card = CARD.format(file="a.csv") + '    skip_rows_matching: {学号: "^合计"}\n'
    raw = folder(tmp_path, card, a_csv="学号,国籍,入学日期\n1,日本,2019\n合计,,2\n2,韩国,2019,多,余\n")
    for engine in ("pandas", "duckdb"):
        rows = tables(raw, engine)[0].frame()
        assert rows["line"].tolist() == [2, 3, 4]
        assert rows["refused"].isna().tolist() == [True, False, False]
        assert "学号 matches ^合计" in rows["refused"][1]
        assert "more cells than there are headings" in rows["refused"][2]


def workbook(path: Path, **sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path / "made.xlsx")
    return (path / "made.xlsx").read_bytes()


def test_a_workbook_with_title_rows_dates_and_blank_rows(tmp_path: Path) -> None:
    import datetime as dt

    rows = [
        ["来华学生"],
        [],
        ["学号", "国籍", "入学日期"],
        [1001, "日本", dt.datetime(2019, 9, 1)],
        [None, None, None],
        [1002.0, "韩国", 43709],
        ["合计", 2, None],
    ]
    card = (
        CARD.format(file="b.xlsx")
        + '    header_row: 3\n    sheet: 名单\n    skip_rows_matching: {student_id: "合计"}\n'
    )
    raw = folder(tmp_path, card, b_xlsx=workbook(tmp_path, 名单=rows, 说明=[["x"]]))
    (table,) = tables(raw, "duckdb")
    assert table.file == "office/b.xlsx"
    assert table.rows["student_id"].tolist() == ["1001", "1002", "合计"]
    assert table.rows["start"].tolist()[:2] == ["2019-09-01", "43709"]
    assert table.rows["line"].tolist() == [4, 6, 7]
    assert table.rows["refused"].isna().tolist() == [True, True, False]


def test_a_workbook_is_known_by_its_bytes(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["学号", "国籍", "入学日期"], [1, "日本", 2019]]
    raw = folder(tmp_path, CARD.format(file="b.xls"), b_xls=workbook(tmp_path, 名单=rows))
    assert tables(raw)[0].rows["origin"].tolist() == ["日本"]


def test_a_value_in_cells_merged_downwards_stands_in_each_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["学号", "国籍", "入学日期"], [1, "日本", 2019], [2, None, 2020], [3, "韩国", 2021]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    book.save(tmp_path / "merged.xlsx")
    raw = folder(tmp_path, CARD.format(file="b.xlsx"), b_xlsx=(tmp_path / "merged.xlsx").read_bytes())
    assert tables(raw)[0].rows["origin"].tolist() == ["日本", "日本", "韩国"]


def test_two_sheets_of_one_workbook_are_told_apart(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["学号", "国籍", "入学日期"], [1, "日本", 2019]]
    card = CARD.format(file="b.xlsx") + '    sheet: "20*"\n'
    raw = folder(tmp_path, card, b_xlsx=workbook(tmp_path, **{"2018": rows, "2019": rows, "notes": [["x"]]}))
    assert [table.file for table in tables(raw)] == ["office/b.xlsx#2018", "office/b.xlsx#2019"]


def test_a_checksum_is_held(tmp_path: Path) -> None:
    good = hashlib.sha256(CSV.encode()).hexdigest()
    raw = folder(tmp_path, CARD.format(file="a.csv") + f"    sha256: {good}\n", a_csv=CSV)
    assert len(tables(raw)) == 1
    (raw / "office" / "a.csv").write_text(CSV + "3,法国,2020\n", encoding="utf-8")
    message = refuse(raw)
    assert "a.csv: is not the file that source.yml describes" in message
    assert "write the new sha256" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("publisher:", "publiser:"), r"source.yml: publiser: no such key. Did you mean publisher?"),
        (("direction: inbound", "directoin: inbound"), "tables[1].directoin: no such key. Did you mean direction?"),
        (("direction: inbound", "direction: in"), "tables[1].direction: 'in' is not known."),
        (("table: stays", "table: stay"), "tables[1].table: 'stay' is not known. Did you mean stays?"),
        (("国籍: origin", "国籍: orgin"), "tables[1].columns.国籍: 'orgin' is not known. Did you mean origin?"),
        (("国籍: origin", "国籍: start"), "'国籍' and '入学日期' are both said to be start."),
        (("destination: CHN", "origin: CHN"), "constants.origin: origin is also read from the column '国籍'."),
        (("    constants: {destination: CHN}", ""), "table stays needs destination. Name the heading"),
        (
            ("    direction: inbound", "    direction: inbound\n    encoding: latin-99"),
            "tables[1].encoding: 'latin-99' is not an encoding",
        ),
        (
            ("    direction: inbound", "    direction: inbound\n    header_row: 0"),
            "header_row: expected a whole number from 1 to 10000, found '0'.",
        ),
        (
            ("    direction: inbound", "    direction: inbound\n    delimiter: ';;'"),
            "delimiter: expected one character (or tab), found ';;'.",
        ),
        (
            ("    direction: inbound", "    direction: inbound\n    sha256: abc"),
            "sha256: expected 64 hexadecimal digits, found 'abc'.",
        ),
        (
            ("    direction: inbound", "    direction: inbound\n    codes: {sex: {男: male}}"),
            "codes.sex: 'sex' is not known.",
        ),
        (
            ("    direction: inbound", "    direction: inbound\n    skip_rows_matching: {学号: '('}"),
            "'(' is not a regular expression",
        ),
        (("licence: internal", "synthetic: maybe"), "synthetic: expected true or false, found 'maybe'."),
        (("2024-10-01", "last week"), "retrieved: expected a date like 2024-10-01, found 'last week'."),
        (("citizenship", "passport"), "origin_basis: 'passport' is not known."),
        (("licence: internal", "title: again"), "line 4: the key 'title' occurs twice."),
        (("title: Office", "title: [Office"), "is not valid YAML"),
        (("    file: a.csv", ""), "tables[1].file: is missing."),
    ],
)
def test_a_wrong_card_is_named_with_its_key(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    card = CARD.format(file="a.csv")
    assert change[0] in card
    raw = folder(tmp_path, card.replace(*change, 1), a_csv=CSV)
    text = refuse(raw)
    assert "source.yml" in text
    assert message in text


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "a.csv: the file is missing. Put the file in place"),
        ({"a_csv": ""}, "a.csv: is empty."),
        ({"a_csv": "学号,国籍,入学日期\n\n,,\n"}, "a.csv: has no rows below the heading."),
        (
            {"a_csv": "学号,国 家,入学日期\n1,日本,2019\n"},
            "the heading '国籍' is not in line 1. Headings found: 学号, 国 家, 入学日期.",
        ),
        ({"a_csv": "学号,国籍,国籍,入学日期\n1,日本,韩国,2019\n"}, "the heading '国籍' stands 2 times in line 1."),
        ({"a_csv": "学号,国籍,入学日期\n1,日本,2019\n", "b_csv": "x,y\n1,2\n"}, "b.csv: the layout is not known"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    assert message in refuse(folder(tmp_path, CARD.format(file="a.csv"), **files))


def test_the_nearest_heading_is_offered(tmp_path: Path) -> None:
    card = CARD.format(file="a.csv").replace("国籍: origin", "Nationality: origin")
    text = refuse(folder(tmp_path, card, a_csv="学号,Nationalty,入学日期\n1,日本,2019\n"))
    assert "Did you mean Nationalty?" in text


def test_bytes_that_are_not_of_the_encoding_are_named_with_the_line(tmp_path: Path) -> None:
    card = CARD.format(file="a.csv") + "    encoding: utf-8\n"
    text = refuse(
        folder(tmp_path, card, a_csv="学号,国籍,入学日期\n1,".encode() + "日本".encode("gb18030") + b",2019\n")
    )
    assert "line 2: byte 0xC8 is not utf-8" in text


def test_a_folder_where_a_file_was_expected(tmp_path: Path) -> None:
    raw = folder(tmp_path, CARD.format(file="a.csv"))
    (raw / "office" / "a.csv").mkdir()
    assert "a.csv: is a folder, a file was expected." in refuse(raw)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = folder(tmp_path, CARD.format(file="a.csv"), a_csv=CSV)
    opened = Path.open

    def guarded(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", guarded)
    assert "a.csv: cannot be read (Permission denied)." in refuse(raw)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 cut short", "cannot be read as a workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "is encrypted or no Excel workbook of this kind"),
        (b"<html><table></table></html>", "cannot be read as a workbook"),
    ],
)
def test_a_damaged_or_encrypted_workbook(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refuse(folder(tmp_path, CARD.format(file="b.xlsx"), b_xlsx=content))


@pytest.mark.parametrize(
    ("extra", "message"),
    [("", "has several sheets: one, two. Name one"), ("    sheet: tow\n", "has no sheet 'tow'. Did you mean two?")],
)
def test_which_sheet_is_meant_must_be_clear(tmp_path: Path, extra: str, message: str) -> None:
    rows: list[list[Any]] = [["学号", "国籍", "入学日期"], [1, "日本", 2019]]
    raw = folder(tmp_path, CARD.format(file="b.xlsx") + extra, b_xlsx=workbook(tmp_path, one=rows, two=rows))
    assert message in refuse(raw)


def test_codes_stay_as_written(tmp_path: Path) -> None:
    card = CARD.format(file="a.csv") + "    codes: {gender: {01: male, 女: female}, dual_supervised: {yes: no}}\n"
    (table,) = tables(folder(tmp_path, card, a_csv=CSV))
    assert table.codes == {"gender": {"01": "male", "女": "female"}, "dual_supervised": {"yes": "no"}}


def test_an_expression_that_duckdb_does_not_know(tmp_path: Path) -> None:
    card = CARD.format(file="a.csv") + '    skip_rows_matching: {学号: "(?=合计)x"}\n'
    assert "is not a regular expression that DuckDB knows" in refuse(folder(tmp_path, card, a_csv=CSV))
