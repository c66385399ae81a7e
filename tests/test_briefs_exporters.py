"""A finished brief as a page and as a PDF: accessible, self-contained, the same bytes twice; an unfinished one is refused."""

from __future__ import annotations

import io
import itertools
import re
from html.parser import HTMLParser
from typing import Any

import nbformat
import pandas as pd
import pikepdf
import pytest

from pipeline.briefs import blocks, charts
from pipeline.briefs.checks import leftover, problems
from pipeline.briefs.document import BriefError, read_document
from pipeline.briefs.exporters import BriefHTMLExporter, BriefPDFExporter
from pipeline.briefs.words import Words

ORIGINS = (("IND", 363019, 331602), ("CHN", 265919, 277398), ("KOR", 42293, 43149), ("CAN", 29903, 28998))
SAID = {
    "en": {
        "kicker": "Annual brief",
        "title": "Record total, but fewer students are arriving",
        "subtitle": "International students in the United States, 2024/25",
        "finding": "**1,177,766 students** were counted in 2024/25.",
        "section": "Where they come from",
        "text": "R&D <b>is</b> #strong[text], $x$ and @ref, not markup.",
        "table": "Largest origins",
        "heads": ("Origin", "2024/25", "Change"),
        "synthetic": "Synthetic data: these students do not exist.",
    },
    "zh": {
        "kicker": "年度简报",
        "title": "总数创新高，但新生在减少",
        "subtitle": "美国的国际学生：2024/25 学年",
        "finding": "2024/25 学年共有 **1,177,766 名**国际学生。",
        "section": "生源地",
        "text": "其中 <b>与</b> #strong[字] 只是文字。",
        "table": "主要生源地",
        "heads": ("生源地", "2024/25 学年", "变化"),
        "synthetic": "模拟数据：其中的学生并不存在。",
    },
}


def parts(language: str = "en", synthetic: bool = False, rows: int = 4) -> list[blocks.Block]:
    """A small finished brief of published figures."""
    w, said = Words(language), SAID[language]
    frame = pd.DataFrame([{"name": w.country(c), "value": v, "previous": p} for c, v, p in ORIGINS])
    chart = charts.bars(frame, words=w)
    kinds = ("text", "number", "change")
    columns = [blocks.Column(k, h, kind=k) for k, h in zip(kinds, said["heads"], strict=True)]
    cells = [
        {
            "text": w.country(code),
            "number": blocks.Num(now, w.number(now)),
            "change": blocks.Num(100 * (now / was - 1), w.percent(100 * (now / was - 1), signed=True)),
        }
        for code, now, was in ORIGINS * (rows // len(ORIGINS))
    ]
    banner = said["synthetic"] if synthetic else None
    return [
        blocks.Cover(said["kicker"], said["title"], said["subtitle"], language=language, synthetic=banner),
        blocks.Finding("total", said["finding"], base=w.period("2024/25"), source="IIE"),
        blocks.Section("origins", said["section"]),
        blocks.Columns(blocks.Figure("largest", said["table"], chart, source="IIE"), blocks.Paragraph(said["text"])),
        blocks.Table("table", said["table"], columns, cells),
        blocks.Sources([("IIE", "https://opendoorsdata.org/data/international-students/")]),
    ]


def notebook(shown: list[blocks.Block], *more: Any) -> Any:
    """An executed notebook with the blocks, each shown by a cell of its own; `more` are further outputs."""
    made = nbformat.v4.new_notebook()
    outputs = [nbformat.v4.new_output("display_data", data=block._repr_mimebundle_()) for block in shown]
    for output in [*outputs, *more]:
        cell = nbformat.v4.new_code_cell("secret_code = 1")
        cell.outputs = [output]
        made.cells.append(cell)
    return made


def html(shown: list[blocks.Block]) -> str:
    return str(BriefHTMLExporter().from_notebook_node(notebook(shown))[0])


def pdf(shown: list[blocks.Block]) -> bytes:
    content = BriefPDFExporter().from_notebook_node(notebook(shown))[0]
    assert isinstance(content, bytes)
    return content


@pytest.fixture(scope="module", params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def page(language: str) -> str:
    return html(parts(language, synthetic=True))


@pytest.fixture(scope="module")
def paper(language: str) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf(parts(language, synthetic=True, rows=80))))


class Reader(HTMLParser):
    """Tags with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


# The page --------------------------------------------------------------------------------------------------------------


def test_page_has_one_title_landmarks_and_language(page: str, language: str) -> None:
    read = Reader(page)
    assert read.all("html")[0]["lang"] == {"en": "en-GB", "zh": "zh-CN"}[language]
    assert [len(read.all(name)) for name in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    skip = next(a for a in read.all("a") if a.get("class") == "skip")
    assert f'id="{str(skip["href"])[1:]}"' in page
    assert SAID[language]["synthetic"] in page


def test_headings_of_the_page_skip_no_level(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(page).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_page_fetches_nothing_and_runs_nothing(page: str) -> None:
    read = Reader(page)
    assert not read.all("script", "link", "iframe")
    loaded = [str(a.get("src") or a.get("srcset")) for a in read.all("img", "source")]
    assert loaded
    assert all(address.startswith("data:") for address in loaded)
    assert all(
        address.startswith('"data:') or address.startswith("data:") for address in re.findall(r"url\(([^)]*)\)", page)
    )


def test_page_shows_no_code_and_no_markup_of_a_text(page: str, language: str) -> None:
    assert "secret_code" not in page
    assert "<b>" not in page
    assert "#strong[" in page
    assert "<strong>1,177,766" in page


def test_every_picture_of_the_page_has_a_text_and_two_widths(page: str, language: str) -> None:
    read = Reader(page)
    assert all(str(image.get("alt", "")).strip() for image in read.all("img"))
    assert [source["media"] for source in read.all("source")] == ["(max-width: 40rem)"]
    assert Words(language).country("IND") in str(read.all("img")[0]["alt"])


def test_ids_of_the_page_are_unique_and_its_links_lead_somewhere(page: str) -> None:
    read = Reader(page)
    ids = [str(attributes["id"]) for _, attributes in read.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    inside = [str(a["href"])[1:] for a in read.all("a") if str(a.get("href")).startswith("#")]
    assert set(inside) <= set(ids)


def test_chinese_page_carries_the_characters_it_shows() -> None:
    assert '@font-face { font-family: "Brief Han"' in html(parts("zh"))
    assert "@font-face" not in html(parts("en"))


# The PDF ---------------------------------------------------------------------------------------------------------------


def elements(paper: pikepdf.Pdf) -> list[Any]:
    """The elements of a PDF's structure, in the order of reading."""
    found: list[Any] = []

    def walk(node: Any) -> None:
        if isinstance(node, pikepdf.Dictionary):
            if "/S" in node and node.get("/Type") != "/MCR":
                found.append(node)
            kids = node.get("/K", [])
            for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
                walk(kid)

    walk(paper.Root.StructTreeRoot)
    return found


def test_pdf_is_tagged_and_says_what_it_is(paper: pikepdf.Pdf, language: str) -> None:
    assert bool(paper.Root.MarkInfo.Marked)
    assert str(paper.Root.Lang) == {"en": "en-GB", "zh": "zh-CN"}[language]
    assert bool(paper.Root.ViewerPreferences.DisplayDocTitle)
    with paper.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == SAID[language]["title"]
        assert metadata["dc:creator"] == ["student-mobility"]


def test_pdf_has_headings_an_outline_and_header_cells(paper: pikepdf.Pdf, language: str) -> None:
    kinds = [str(element.S) for element in elements(paper)]
    assert kinds.count("/H1") == 1
    assert kinds.index("/H1") < kinds.index("/H2") < kinds.index("/H3")
    assert kinds.count("/TH") >= 3
    assert "/THead" in kinds
    assert "/P" in kinds
    with paper.open_outline() as outline:
        assert outline.root[0].title == SAID[language]["title"]
        assert SAID[language]["section"] in [item.title for item in outline.root[0].children]


def test_every_figure_of_the_pdf_has_its_alternative_text(paper: pikepdf.Pdf, language: str) -> None:
    texts = [str(element.get("/Alt", "")) for element in elements(paper) if element.S == "/Figure"]
    assert texts
    assert all(texts)
    assert any(Words(language).country("IND") in text and "363,019" in text for text in texts)


def shown(paper: pikepdf.Pdf, page: int) -> str:
    """The text of a page, from its glyphs by way of their fonts' maps to Unicode."""
    resources, text, maps = paper.pages[page].Resources, "", {}
    for name, font in resources.Font.items():
        pairs = re.findall(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>", font.ToUnicode.read_bytes())
        maps[name] = {int(code, 16): bytes.fromhex(value.decode()).decode("utf-16-be") for code, value in pairs}
    current: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(paper.pages[page]):
        if str(operator) == "Tf":
            current = maps[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            strings = operands[0] if str(operator) == "TJ" else operands
            for piece in strings:
                if isinstance(piece, pikepdf.String):
                    raw = bytes(piece)
                    text += "".join(current[int.from_bytes(raw[i : i + 2])] for i in range(0, len(raw), 2))
    return text


def test_text_of_the_pdf_can_be_read_out(paper: pikepdf.Pdf, language: str) -> None:
    first = shown(paper, 0).replace(" ", "")
    for key in ("title", "finding", "text"):
        assert SAID[language][key].replace("**", "").replace(" ", "") in first


def test_long_table_repeats_its_head_and_every_page_its_banner_and_number(paper: pikepdf.Pdf, language: str) -> None:
    pages = [shown(paper, n).replace(" ", "") for n in range(len(paper.pages))]
    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        assert f"{number}/{len(pages)}" in text
        assert SAID[language]["synthetic"].replace(" ", "") in text
    with_rows = [text for text in pages if text.count("363,019") > 1]
    assert len(with_rows) > 1
    assert all(SAID[language]["heads"][0] in text for text in with_rows)


@pytest.mark.parametrize("more", [6, 7])
def test_long_brief_says_on_its_first_page_where_its_sections_are(more: int, language: str) -> None:
    sections = [
        block
        for n in range(more)
        for block in (blocks.Section(f"more-{n}", f"Section{n}"), blocks.Paragraph("Some words. " * 250))
    ]
    made = pikepdf.open(io.BytesIO(pdf([*parts(language), *sections])))
    contents = shown(made, 0).replace(" ", "").partition(Words(language)("Contents"))[2]
    if more < 7:  # with the brief's own section they are fewer than eight
        assert not contents
        return
    told = {int(n): int(page) for n, page in re.findall(r"Section([0-9])([0-9]+)", contents)}
    assert sorted(told) == list(range(more)), contents
    for n, page in told.items():
        assert f"Section{n}" in shown(made, page - 1).replace(" ", "")


def test_pdf_is_a4(paper: pikepdf.Pdf) -> None:
    box = [float(side) for side in paper.pages[0].MediaBox]
    assert box[2] - box[0] == pytest.approx(210 / 25.4 * 72, abs=0.5)
    assert box[3] - box[1] == pytest.approx(297 / 25.4 * 72, abs=0.5)


# Both ------------------------------------------------------------------------------------------------------------------


def test_same_blocks_give_the_same_bytes() -> None:
    assert html(parts("zh")) == html(parts("zh"))
    assert pdf(parts("zh")) == pdf(parts("zh"))


def test_character_that_no_font_has_is_marked_and_reported() -> None:
    rare = [*parts("zh"), blocks.Paragraph("陕西的𰻝𰻝面。")]
    content, resources = BriefPDFExporter().from_notebook_node(notebook(rare))
    assert resources["replaced"] == ["𰻝"]
    paper = pikepdf.open(io.BytesIO(content))
    assert "陕西的〓〓面" in shown(paper, len(paper.pages) - 1)


def test_nbconvert_finds_the_exporters_by_name() -> None:
    from nbconvert.exporters.base import get_exporter

    assert get_exporter("mobility_html") is BriefHTMLExporter
    assert get_exporter("mobility_pdf") is BriefPDFExporter


def test_no_figure_leaks_into_another_brief() -> None:
    one, other = html(parts("en")), html(parts("zh"))
    pictures = [set(re.findall(r"data:image/svg\+xml;base64,[^\"]+", text)) for text in (one, other)]
    assert all(pictures)
    assert not pictures[0] & pictures[1]


# What is refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exporter", [BriefHTMLExporter, BriefPDFExporter])
def test_notebook_without_a_cover_is_refused(exporter: Any) -> None:
    with pytest.raises(BriefError, match=r"needs one Cover as its first block; it has none"):
        exporter().from_notebook_node(notebook(parts()[1:]))


@pytest.mark.parametrize(
    ("kind", "missing"), [(blocks.Finding, "finding"), (blocks.Columns, "figure"), (blocks.Table, "table")]
)
def test_brief_without_findings_figures_or_tables_is_refused(kind: type[blocks.Block], missing: str) -> None:
    lacking = [block for block in parts() if not isinstance(block, kind)]
    with pytest.raises(BriefError, match=f"the brief: has no {missing}"):
        html(lacking)


def test_cell_that_failed_is_named() -> None:
    error = nbformat.v4.new_output("error", ename="KeyError", evalue="'value'", traceback=[])
    with pytest.raises(BriefError, match=r"cell 7: ended with an error \(KeyError: 'value'\)"):
        read_document(notebook(parts(), error))


def test_output_that_is_no_block_is_left_out() -> None:
    warning = nbformat.v4.new_output("stream", name="stderr", text="FutureWarning: do not print this")
    document = read_document(notebook(parts(), warning))
    assert len(document.blocks) == len(parts()) - 1
    content = BriefHTMLExporter().from_notebook_node(notebook(parts(), warning))[0]
    assert "FutureWarning" not in content


def said(block: blocks.Block) -> list[str]:
    return [str(problem) for problem in problems(read_document(notebook([*parts(), block])))]


@pytest.mark.parametrize(
    "text", ["Up by nan%.", "None came.", "⟦Not translated⟧", "{n} students came.", "TODO: say why", "**Not closed."]
)
def test_what_no_reader_should_see_is_refused(text: str) -> None:
    found = said(blocks.Finding("more", text))
    assert len(found) == 1
    assert found[0].startswith("finding 'more': says ")


@pytest.mark.parametrize(
    "text",
    ["None of them left.", "Students of Nanjing and of Trinidad", "Infrastructure in Nantes"],
)
def test_words_that_look_like_leftovers_are_let_through(text: str) -> None:
    assert leftover(text) is None
    assert said(blocks.Finding("more", text)) == []


def test_leftover_in_a_cell_of_a_table_is_found() -> None:
    table = blocks.Table("other", "Other", [blocks.Column("name", "Name")], [{"name": "nan"}])
    assert said(table) == [
        "table 'other': says 'nan': a missing value written out. Mend the sentence or its catalogue."
    ]


def test_section_with_nothing_under_it_is_refused() -> None:
    assert said(blocks.Section("empty", "Nothing follows")) == [
        "section 'empty': is a heading with nothing under it. Leave the section out, or say why it is empty."
    ]


def test_id_that_stands_twice_is_refused() -> None:
    assert said(blocks.Finding("origins", "Again.")) == [
        "finding 'origins': has an id that another block has. Give each block its own."
    ]
