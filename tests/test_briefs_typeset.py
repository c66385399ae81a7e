"""The PDF's layout: room for columns by what they hold, and pages that are set tighter only where that saves one."""

from __future__ import annotations

import io
import json
from typing import Any

import pikepdf
import pytest

from pipeline.briefs import blocks
from pipeline.briefs.document import BriefError, Document
from pipeline.briefs.render import pdf_data
from pipeline.briefs.typeset import TIGHTNESS, column_widths, fitting, laid_out, typeset

LINES = "A paragraph of running text that goes on long enough to fill more than one line of the page. " * 2


def brief(first: int, second: int) -> dict[str, Any]:
    """The data of a brief with so many paragraphs before and after its first section."""
    cover = blocks.Cover("Annual brief", "Title", "Subtitle").to_json()
    text = blocks.Paragraph(LINES).to_json()
    section = blocks.Section("section", "Section").to_json()
    return pdf_data(Document(cover, [text] * first + [section] + [text] * second))[0]


def pages(data: dict[str, Any]) -> int:
    with pikepdf.open(io.BytesIO(typeset(data))) as pdf:
        return len(pdf.pages)


def tightness(data: dict[str, Any]) -> float:
    return float(json.loads(fitting(data)["brief.json"])["tightness"])


def test_short_brief_is_set_with_its_ordinary_spacing() -> None:
    assert tightness(brief(6, 12)) == TIGHTNESS[0] == 1


def test_last_page_with_a_few_lines_is_saved_by_a_tighter_setting() -> None:
    lengths = range(20, 32)
    chosen = {n: (tightness(brief(4, n)), pages(brief(4, n))) for n in lengths}
    tight = [n for n, (factor, _) in chosen.items() if factor < 1]
    assert tight
    assert all(chosen[n][1] == 1 for n in tight)
    after = max(tight) + 1
    assert chosen[after] == (1, 2), "a page that cannot be saved is not set tighter"
    counts = [count for _, count in chosen.values()]
    assert counts == sorted(counts)


def test_what_comes_before_the_first_section_is_kept_on_the_first_page_where_it_fits() -> None:
    factors = [tightness(brief(n, 20)) for n in range(20, 30)]
    assert factors[0] == 1
    assert any(factor < 1 for factor in factors)


def number(text: str) -> dict[str, str]:
    return {"text": text}


def test_long_texts_share_the_room_that_numbers_leave() -> None:
    columns = [{"kind": "text", "label": "Name"}, {"kind": "number", "label": "n"}, {"kind": "note", "label": "What"}]
    long = "enrolled and practical training, on a temporary visa"
    widths = column_widths(columns, [[number("Students in all programmes"), number("1,177,766"), number(long)]])
    assert widths[1] == 0
    assert widths[2] > widths[0] > 0


def test_short_columns_share_the_width_by_their_longest_text_or_heading() -> None:
    columns = [{"kind": "text", "label": "年份"}, {"kind": "number", "label": "95% interval held"}]
    assert column_widths(columns, [[number("2019"), number("67%")]]) == [8, 21]


def test_beside_a_figure_headings_of_numbers_make_room_for_names() -> None:
    columns = [
        {"kind": "text", "label": "Group"},
        *({"kind": "number", "label": "Share of outbound"} for _ in range(2)),
    ]
    widths = column_widths(
        columns, [[number("Shanghai Cooperation Organisation"), number("2.2%"), number("≥ 77.1%")]], 0.5
    )
    assert widths[1] == widths[2] < len("Share of outbound")
    assert widths[0] > widths[1]


def test_many_short_columns_take_what_they_need_and_the_first_the_rest() -> None:
    columns = [{"kind": "text", "label": "Mode"}, *({"kind": "number", "label": "median months"} for _ in range(6))]
    assert column_widths(columns, [[number("Exchange")] + [number("7.0")] * 6]) == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(("rows", "breakable"), [(10, False), (40, True)])
def test_only_a_long_table_may_be_broken(rows: int, breakable: bool) -> None:
    table = blocks.Table("t", "Table", [blocks.Column("name", "Name")], [{"name": "India"}] * rows)
    side_by_side = blocks.Columns(blocks.Paragraph("Text."), table).to_json()
    assert laid_out(side_by_side)["right"][0]["breakable"] is breakable


def test_what_typst_refuses_is_an_error_in_one_line() -> None:
    figure = {"type": "figure", "id": "f", "title": "F", "level": 2, "alt": "Alt", "caption": "", "source": ""}
    broken = brief(1, 1)
    broken["blocks"].append({**figure, "svg": {"page": "no drawing"}})
    with pytest.raises(BriefError, match=r"^the PDF: was refused by Typst: failed to parse SVG[^\n]*$"):
        typeset(broken)


def test_a_heading_that_goes_to_the_next_page_does_not_take_the_end_of_the_first_part_with_it() -> None:
    cover = blocks.Cover("Annual brief", "Title", "Subtitle").to_json()
    text = blocks.Paragraph(LINES).to_json()
    section = blocks.Section("section", "Section").to_json()
    columns = [blocks.Column("a", "A")]
    table = blocks.Table("t", "Table", columns, [{"a": str(n)} for n in range(14)], source="S").to_json() | {"level": 3}
    data = pdf_data(Document(cover, [text] * 20 + [section, table]))[0]
    assert pages(data) == 2, "the table and its heading do not fit on the first page"
    assert tightness(data) == 1, "the first part does, and nothing is gained by setting it tighter"


def test_headings_of_numbers_break_into_lines_before_the_first_column_does() -> None:
    columns = [{"kind": "text", "label": "Mode"}] + [{"kind": "number", "label": "median months of stays"}] * 6
    widths = column_widths(columns, [[number("Degree programme")] + [number("1,328")] * 6])
    assert widths[0] == 20
    assert all(width == 10 for width in widths[1:])


def test_a_tall_table_of_few_rows_may_go_on_on_the_next_page_and_a_short_one_may_not() -> None:
    from pipeline.briefs.typeset import laid_out

    columns = [{"kind": kind, "label": kind} for kind in ("text", "note", "number")]
    wordy = [[{"text": "words of some length " * 9}, {"text": "what to check next " * 9}, {"text": "1"}]] * 10
    brief = [[{"text": "a word"}, {"text": "another"}, {"text": "1"}]] * 10
    table = {"type": "table", "columns": columns}
    assert laid_out({**table, "rows": wordy})["breakable"]
    assert not laid_out({**table, "rows": brief})["breakable"]
