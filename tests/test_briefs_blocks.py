"""Blocks: each shows itself as HTML and carries all its data; what a reader could not read is refused when it is made."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.briefs import blocks, charts
from pipeline.briefs.blocks import MIME
from pipeline.briefs.words import UNKNOWN, Words

EN = Words("en")
CHART = charts.bars(pd.DataFrame({"name": ["India", "China"], "value": [363019.0, 265919.0]}), words=EN)
SPARK = charts.sparkline(pd.DataFrame({"year": [2023, 2024], "value": [1.0, 2.0]}), words=EN)
COLUMNS = [
    blocks.Column("name", "Indicator"),
    blocks.Column("value", "2024/25", kind="number"),
    blocks.Column("change", "Change", kind="change"),
    blocks.Column("trend", "Ten years", kind="spark"),
]
ROWS: list[Any] = [
    {"name": "All", "value": blocks.Num(1177766, "1,177,766"), "change": "−1.0%", "trend": blocks.Spark(SPARK)},
    {"name": blocks.Swatch("#12436D", "New"), "value": None, "change": blocks.Num(np.int64(2), "+2%")},
]
TABLE = blocks.Table(
    "glance", "At a glance", COLUMNS, ROWS, caption="Read across.", source="Source: IIE", notes=["A note."]
)
FIGURE = blocks.Figure("origins", "Largest origins", CHART, caption="From 0.", source="Source: IIE")
ALL = [
    blocks.Cover("Annual brief", "Record total", "United States, 2024/25"),
    blocks.Finding("total-2025", "**1,177,766 students** were counted.", "Base: all", "IIE, 2024/25"),
    blocks.Section("volumes", "Several stories", "Not one."),
    blocks.Paragraph("Running text."),
    FIGURE,
    TABLE,
    blocks.Note("Read with care", "It is not a cause."),
    blocks.Columns(FIGURE, [blocks.Paragraph("Beside."), TABLE], ratio=0.6),
    blocks.Definitions([("Stock", "Who is enrolled.")]),
    blocks.Provenance([("Made by", "student-mobility")]),
    blocks.Sources(["Records", ("Open Doors", "https://opendoorsdata.org")]),
]


class Reader(HTMLParser):
    """Collects tags, attributes and text, and whether every element is closed."""

    VOID = ("img", "source", "br")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def html_of(block: blocks.Block) -> Reader:
    reader = Reader(block._repr_mimebundle_()["text/html"])
    assert reader.open == []
    return reader


@pytest.mark.parametrize("block", ALL, ids=lambda b: b.block_type)
class TestEvery:
    def test_shows_itself_and_carries_its_data(self, block):
        bundle = block._repr_mimebundle_()
        assert set(bundle) == {"text/html", "text/plain", MIME}
        assert json.loads(json.dumps(bundle[MIME], allow_nan=False)) == bundle[MIME]
        assert bundle[MIME]["type"] == block.block_type
        assert html_of(block).text.strip()

    def test_its_short_form_names_it(self, block):
        assert re.fullmatch(rf"<{type(block).__name__} .*>", repr(block))


class TestText:
    @pytest.mark.parametrize("make", [blocks.Paragraph, lambda t: blocks.Finding("x", t), lambda t: blocks.Note("", t)])
    def test_only_bold_is_markup(self, make):
        block = make("**R&D** <b>x</b> *y* _z_ #w $v$ [l](http://m)")
        reader = html_of(block)
        assert [tag for tag, _ in reader.tags if tag in ("b", "em", "a", "i")] == []
        assert len(reader.all("strong")) == 1
        assert "R&D <b>x</b> *y* _z_ #w $v$ [l](http://m)" in reader.text

    def test_an_address_that_is_no_web_address_is_no_link(self):
        reader = html_of(blocks.Sources([("Bad", "javascript:alert(1)"), ("Good", "https://example.org")]))
        assert [a["href"] for a in reader.all("a")] == ["https://example.org"]


class TestFigure:
    def test_has_alternative_text_from_its_data(self):
        data = FIGURE.to_json()
        assert data["alt"] == "Bar chart, largest first. India 363,019; China 265,919."
        assert data["data"] == {"columns": ["Name", "Value"], "rows": [["India", 363019], ["China", 265919]]}
        assert [img["alt"] for img in html_of(FIGURE).all("img")] == [data["alt"]]

    def test_is_drawn_for_the_width_it_gets_and_for_a_telephone(self):
        def width(svg: str) -> float:
            return float(re.search(r'width="([\d.]+)pt"', svg)[1]) * 25.4 / 72  # type: ignore[index]

        beside = blocks.Columns(FIGURE, TABLE, ratio=0.5).to_json(170)
        assert width(FIGURE.to_json(170)["svg"]["page"]) == pytest.approx(170, abs=0.1)
        assert width(beside["left"][0]["svg"]["page"]) == pytest.approx(81, abs=0.1)
        assert width(FIGURE.to_json(170)["svg"]["narrow"]) == pytest.approx(90, abs=0.1)

    @pytest.mark.parametrize("alt", ["", "   "])
    def test_without_alternative_text_is_refused(self, alt):
        with pytest.raises(ValueError, match=r"alternative text \(alt\)"):
            blocks.Figure("x", "Title", CHART, alt=alt)

    def test_characters_no_font_has_are_reported(self):
        chart = charts.bars(pd.DataFrame({"name": ["𰻝"], "value": [1.0]}), words=EN)
        assert blocks.Figure("x", "Title", chart).to_json()["missing_glyphs"] == ["𰻝"]


class TestTable:
    def test_headings_and_rows_are_told_to_a_screen_reader(self):
        reader = html_of(TABLE)
        scopes = [th["scope"] for th in reader.all("th")]
        assert scopes == ["col"] * 4 + ["row"] * 2
        assert len(reader.all("caption")) == len(reader.all("thead")) == 1
        assert reader.all("img")[0]["alt"] == "From 1 in 2023 to 2 in 2024; highest 2 in 2024, lowest 1 in 2023."

    def test_unknown_is_a_dash_with_no_value(self):
        cell = TABLE.to_json()["rows"][1][1]
        assert cell == {"text": UNKNOWN, "unknown": True}
        assert TABLE.to_json()["rows"][1][3]["text"] == UNKNOWN

    def test_a_number_keeps_its_value_beside_how_it_is_written(self):
        rows = TABLE.to_json()["rows"]
        assert rows[0][1] == {"text": "1,177,766", "value": 1177766}
        assert rows[1][2] == {"text": "+2%", "value": 2}

    def test_a_fall_is_marked_by_sign_and_class(self):
        falls = [td for td in html_of(TABLE).all("td") if "fall" in str(td.get("class"))]
        assert len(falls) == 1

    def test_alignment_follows_the_kind(self):
        assert [c.align for c in COLUMNS] == ["left", "right", "right", "center"]

    @pytest.mark.parametrize(
        ("columns", "rows", "says"),
        [
            ([], ROWS, "needs columns and rows"),
            (COLUMNS, [], "needs columns and rows"),
            (COLUMNS[:2], [{"name": "All", "value": 5}], "column value: 5 is neither words nor a Num"),
        ],
    )
    def test_what_could_not_be_read_is_refused(self, columns, rows, says):
        with pytest.raises(ValueError, match=says):
            blocks.Table("x", "Title", columns, rows).to_json()


class TestRefused:
    @pytest.mark.parametrize("name", ["Total", "total 2025", "2025", "総数", ""])
    def test_an_id_that_is_no_anchor_or_file_name(self, name):
        with pytest.raises(ValueError, match="is not an id"):
            blocks.Finding(name, "Text.")

    @pytest.mark.parametrize(
        "make",
        [
            lambda: blocks.Cover("k", " ", "s"),
            lambda: blocks.Finding("x", ""),
            lambda: blocks.Section("x", ""),
            lambda: blocks.Note("Title", ""),
            lambda: blocks.Figure("x", "", CHART),
            lambda: blocks.Table("x", "", COLUMNS, ROWS),
        ],
    )
    def test_a_block_without_its_words(self, make):
        with pytest.raises(ValueError, match="needs"):
            make()

    def test_kinds_and_ratios_that_are_not_there(self):
        with pytest.raises(ValueError, match="care, method or gap"):
            blocks.Note("t", "x", kind="danger")
        with pytest.raises(ValueError, match="not a kind of column"):
            blocks.Column("a", "A", kind="money")
        with pytest.raises(ValueError, match=r"0\.2 and 0\.8"):
            blocks.Columns(FIGURE, TABLE, ratio=0.95)


class TestFrames:
    def test_missing_is_null_and_whole_numbers_are_whole(self):
        frame = pd.DataFrame({"a": [1.0, None], "b": pd.array([True, None], "boolean"), "c": ["x", None]})
        assert blocks.frame_json(frame) == {"columns": ["a", "b", "c"], "rows": [[1, True, "x"], [None, None, None]]}
        assert blocks.frame_json(None) is None
