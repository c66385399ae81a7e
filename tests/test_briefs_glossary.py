"""The page defines the indicators that it shows, as the registry does, and its tables link to them; the workbook lists them."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest

from pipeline.briefs import blocks
from pipeline.briefs.annual.results_of_stays import LISTED, NAMES
from pipeline.briefs.document import Document
from pipeline.briefs.glossary import indicators_shown, with_glossary
from pipeline.briefs.markup_html import block_html
from pipeline.briefs.words import Words
from pipeline.briefs.workbook import workbook_bytes
from pipeline.measures.registry import indicators

SHOWN = ("net_flow", "completion_rate")


def document(language: str, names: tuple[str, ...] = SHOWN) -> Document:
    w = Words(language)
    columns = [blocks.Column("name", w("Indicator")), blocks.Column("value", w("Value"), kind="number")]
    rows = [{"name": indicators[n].name(language), "value": blocks.Num(5, "5")} for n in names]
    table = blocks.Table("t", "T", columns, [*rows, {"name": "something else", "value": blocks.Num(1, "1")}])
    beside = blocks.Columns(table, blocks.Paragraph("x"))
    cover = blocks.Cover("k", "t", "s", language)
    return Document(cover.to_json(), [blocks.Section("s", "S").to_json(), beside.to_json()])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_in_tables_lead_to_the_registrys_definitions(language: str) -> None:
    page = "".join(block_html(block) for block in with_glossary(document(language)).blocks)
    for name in SHOWN:
        one = indicators[name]
        (link,) = re.findall(rf'<a class="term" href="#([a-z-]+)">{re.escape(one.name(language))}</a>', page)
        assert f'<div id="{link}"><dt>{one.name(language)}</dt><dd>{one.definition(language)}</dd></div>' in page
    assert page.count('class="term"') == page.count('id="indicator-') == len(SHOWN)
    assert Words(language)("Indicators in this brief, and what they mean") in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_outcomes_with_shorter_names_lead_to_their_indicators(language: str) -> None:
    w = Words(language)
    columns = [blocks.Column("what", w("Outcome"))]
    rows = [{"what": w(NAMES[outcome])} for outcome in LISTED]
    cover = blocks.Cover("k", "t", "s", language).to_json()
    for table, expected in (("outcomes-all", set(LISTED)), ("another", set())):
        shown = indicators_shown(Document(cover, [blocks.Table(table, "T", columns, rows).to_json()]))
        assert {one.arguments.get("which") for one in shown} >= expected - {"dual_supervised"}
        assert bool(shown) is bool(expected) or {one.name(language) for one in shown} <= {w(NAMES[o]) for o in LISTED}
        assert all(one.arguments.get("which") in LISTED for one in shown)


def test_a_brief_without_indicators_has_no_glossary() -> None:
    plain = document("en", ())
    assert with_glossary(plain) is plain
    assert "Definitions" not in openpyxl.load_workbook(io.BytesIO(workbook_bytes(plain))).sheetnames


def test_names_tell_indicators_apart_in_each_language() -> None:
    for language in ("en", "zh"):
        assert len({one.name(language) for one in indicators.values()}) == len(indicators)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_workbook_defines_them_on_a_sheet_of_its_own(language: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(document(language))))
    sheet = book[Words(language)("Definitions")]
    told = {row[0]: row[1:3] for row in sheet.iter_rows(values_only=True)}
    for name in SHOWN:
        one = indicators[name]
        assert told[one.name(language)] == (one.definition(language), name)
    assert [one.id for one in indicators_shown(document(language))] == list(SHOWN)
