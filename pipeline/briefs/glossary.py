"""The indicators that a brief shows, each with its definition in the registry: for the page, whose tables link to them, and the workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.briefs.document import Data, Document
from pipeline.briefs.markup import plain
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    from pipeline.measures.registry.catalogue import Indicator

SECTION = "indicators-shown"


def anchor(indicator: Indicator) -> str:
    """Where the page defines an indicator.

    >>> from pipeline.measures.registry import indicators
    >>> anchor(indicators["net_flow"])
    'indicator-net-flow'
    """
    return "indicator-" + indicator.id.replace("_", "-")


def _names(document: Document) -> dict[str, Indicator]:
    from pipeline.measures.registry.registry import indicators

    return {one.name(document.language): one for one in indicators.values()}


def indicators_shown(document: Document) -> list[Indicator]:
    """The indicators by whose names rows of the brief's tables are called, in the order of the registry."""
    called = {plain(row[0]["text"]) for table in document.of_type("table") for row in table["rows"]}
    return [one for name, one in _names(document).items() if name in called]


def with_glossary(document: Document) -> Document:
    """The brief with a last section that defines the indicators it shows, and links to them in the first column of its tables."""
    shown = indicators_shown(document)
    if not shown:
        return document
    names, w = _names(document), Words(document.language)
    items = [[one.name(document.language), one.definition(document.language)] for one in shown]
    glossary: list[Data] = [
        {"type": "section", "id": SECTION, "title": w("Indicators in this brief, and what they mean"), "lead": ""},
        {"type": "definitions", "items": items, "anchors": [anchor(one) for one in shown]},
    ]
    return Document(document.cover, [*(_linked(block, names) for block in document.blocks), *glossary])


def _linked(block: Data, names: dict[str, Indicator]) -> Data:
    if block["type"] == "columns":
        return block | {side: [_linked(inner, names) for inner in block[side]] for side in ("left", "right")}
    if block["type"] != "table":
        return block
    rows = []
    for row in block["rows"]:
        one = names.get(plain(row[0]["text"]))
        rows.append(row if one is None else [row[0] | {"href": f"#{anchor(one)}"}, *row[1:]])
    return block | {"rows": rows}
