"""The rows of a brief to take away: an accessible workbook in its language, and a CSV file for each table and figure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import openpyxl
import pandas as pd
import pytest
from nbconvert.exporters.base import get_exporter

from pipeline.briefs import blocks, charts
from pipeline.briefs.document import BriefError, Document, levelled, read_document
from pipeline.briefs.downloads import UNKNOWN, csv_files, sheets, write_data
from pipeline.briefs.words import Words
from pipeline.briefs.workbook import workbook_bytes, write_workbook

SERIES = pd.DataFrame({"year": [2024, 2025], "value": [1126690.0, 1177766.0], "period": ["2023/24", "2024/25"]})
SAID = {
    "en": ("Record total", "At a glance", "Indicator", "Change", "All students", "New students", "Read with care"),
    "zh": ("总数创新高", "主要指标", "指标", "变化", "学生总数", "新生", "阅读提示"),
}


def parts(language: str, synthetic: str | None = None) -> list[blocks.Block]:
    title, glance, indicator, change, all_, new, care = SAID[language]
    words = Words(language)
    columns = [
        blocks.Column("name", indicator),
        blocks.Column("now", "2024/25", kind="number"),
        blocks.Column("change", change, kind="change"),
        blocks.Column("line", "…", kind="spark"),
    ]
    spark = blocks.Spark(charts.sparkline(SERIES, words=words))
    rows: list[dict[str, blocks.Cell]] = [
        {
            "name": f"**{all_}**",
            "now": blocks.Num(1177766, "1,177,766"),
            "change": blocks.Num(4.5, "+4.5%"),
            "line": spark,
        },
        {"name": new, "now": None, "change": blocks.Num(-7.2, "−7.2%"), "line": None},
    ]
    figure = blocks.Figure("total", title, charts.trend(SERIES, words=words), source="IIE", data=SERIES)
    return [
        blocks.Cover("Brief", title, "2024/25", language=language, synthetic=synthetic),
        blocks.Finding("one", title),
        blocks.Columns(figure, blocks.Table("glance", glance, columns, rows, notes=["R&D <b>"], source="IIE")),
        blocks.Note(care, "IIE."),
    ]


def document(language: str = "en", synthetic: str | None = None) -> Document:
    cover, *rest = (block.to_json() for block in parts(language, synthetic))
    return Document(cover, levelled(rest))


def notebook(made: Sequence[blocks.Block]) -> dict[str, Any]:
    outputs = [{"output_type": "display_data", "data": block._repr_mimebundle_()} for block in made]
    return {"cells": [{"cell_type": "code", "outputs": [output]} for output in outputs]}


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module", params=["en", "zh"])
def book(request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param, opened(workbook_bytes(document(request.param)))


class TestWorkbook:
    def test_has_cover_contents_and_a_sheet_for_each_table_and_figure(self, book):
        language, found = book
        names = {"en": ["Cover", "Contents", "Figure 1", "Table 1"], "zh": ["封面", "目录", "图1", "表1"]}
        assert found.sheetnames == names[language]
        assert found.worksheets[0]["A1"].value == SAID[language][0]

    def test_contents_lead_to_every_sheet(self, book):
        _, found = book
        contents = found.worksheets[1]
        links = [contents.cell(row, 1) for row in range(5, contents.max_row + 1)]
        assert [cell.value for cell in links] == found.sheetnames[2:]
        assert [cell.hyperlink.location for cell in links] == [f"'{name}'!A1" for name in found.sheetnames[2:]]

    def test_each_sheet_holds_one_marked_table_without_merged_or_empty_cells(self, book):
        _, found = book
        for page in found.worksheets[1:]:
            assert len(page.tables) == 1
            assert not page.merged_cells.ranges
            (table,) = page.tables.values()
            assert all(cell.value not in (None, "") for row in page[table.ref] for cell in row)

    def test_numbers_are_numbers_and_the_unknown_is_a_symbol_that_the_cover_explains(self, book):
        _, found = book
        page = found.worksheets[3]
        (table,) = page.tables.values()
        rows = [[cell.value for cell in row] for row in page[table.ref]]
        assert rows[1][1:] == [1177766, 4.5]
        assert rows[2][1:] == [UNKNOWN, -7.2]
        assert any(str(cell.value).startswith(UNKNOWN) for cell in found.worksheets[0]["A"])

    def test_headings_carry_the_unit_and_drawings_are_left_out(self, book):
        language, found = book
        page = found.worksheets[3]
        (table,) = page.tables.values()
        headings = [cell.value for cell in page[table.ref][0]]
        assert headings == [SAID[language][2], "2024/25", f"{SAID[language][3]} (%)"]

    def test_says_above_the_table_what_is_said_below_it_in_the_brief(self, book):
        language, found = book
        page = found.worksheets[3]
        assert [page.cell(row, 1).value for row in (1, 3, 4)] == [SAID[language][1], "R&D <b>", "IIE"]

    def test_bold_marks_do_not_show(self, book):
        language, found = book
        page = found.worksheets[3]
        assert SAID[language][4] in [cell.value for cell in page["A"]]

    def test_a_formula_in_the_data_stays_text(self):
        made = document()
        made.blocks[1]["right"][0]["rows"][0][0]["text"] = "=1+1"
        page = opened(workbook_bytes(made)).worksheets[3]
        cell = next(cell for cell in page["A"] if cell.value == "=1+1")
        assert cell.data_type != "f"

    def test_made_up_data_is_named_on_the_cover(self):
        cover = opened(workbook_bytes(document("zh", "本简报由合成数据生成。"))).worksheets[0]
        assert cover["A3"].value == "本简报由合成数据生成。"

    def test_is_the_same_for_the_same_brief(self):
        assert workbook_bytes(document()) == workbook_bytes(document())

    def test_an_unfinished_brief_is_refused_and_leaves_the_old_file(self, tmp_path):
        path = tmp_path / "tables.en.xlsx"
        write_workbook(notebook(parts("en")), path)
        before = path.read_bytes()
        with pytest.raises(BriefError, match="has no finding"):
            write_workbook(notebook([p for p in parts("en") if not isinstance(p, blocks.Finding)]), path)
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["tables.en.xlsx"]

    def test_nbconvert_knows_it(self):
        content, resources = get_exporter("mobility_xlsx")().from_notebook_node(notebook(parts("en")))
        assert opened(content).sheetnames[0] == "Cover"
        assert resources["output_extension"] == ".xlsx"


def test_every_door_of_the_room_opens():
    import pipeline.briefs as room

    assert all(getattr(room, name) is not None for name in room.__all__)


class TestData:
    def test_a_file_for_each_table_and_figure_in_the_language(self):
        assert list(csv_files(document("zh"))) == ["total.zh.csv", "glance.zh.csv"]

    def test_rows_come_back_as_they_were(self, tmp_path):
        made = write_data(document(), tmp_path / "data")
        assert [path.name for path in made] == ["total.en.csv", "glance.en.csv"]
        pd.testing.assert_frame_equal(pd.read_csv(made[0], encoding="utf-8-sig"), SERIES, check_dtype=False)

    def test_the_unknown_is_empty_never_0(self, tmp_path):
        path = write_data(document(), tmp_path)[1]
        assert pd.read_csv(path, encoding="utf-8-sig")["2024/25"].isna().tolist() == [False, True]

    def test_chinese_headings_are_read_by_spreadsheets(self, tmp_path):
        path = write_data(document("zh"), tmp_path)[1]
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        assert path.read_text(encoding="utf-8-sig").startswith("指标,")

    def test_headings_that_stand_twice_are_told_apart(self):
        data = pd.DataFrame([[1, 2]], columns=["Share", "Share"])
        figure = blocks.Figure("two", "Two", charts.trend(SERIES, words=Words("en")), data=data)
        read = read_document(notebook([*parts("en"), figure]))
        assert sheets(read)[-1].columns == ["Share", "Share 2"]
