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


OUTCOMES = "outcomes-all"  # the table whose rows are outcomes, called by shorter names with their units


def of_outcome(outcome: str) -> Indicator | None:
    """The indicator that is an outcome of all stays.

    >>> found = of_outcome("unfunded")
    >>> found.id if found else None
    'unfunded_share'
    """
    from pipeline.measures.registry.registry import indicators

    whole = (one for one in indicators.values() if one.arguments == {"which": outcome} and one.method == "outcome")
    return next(whole, None)


class _Names:
    """The indicators by what rows of tables are called, in the language of a brief."""

    def __init__(self, language: str) -> None:
        from pipeline.briefs.annual.results_of_stays import NAMES
        from pipeline.measures.registry.registry import indicators

        w = Words(language)
        self._all = {one.name(language): one for one in indicators.values()}
        self._outcomes = {w(name): one for key, name in NAMES.items() if (one := of_outcome(key)) is not None}

    def of(self, table: Data, row: list[Data]) -> Indicator | None:
        """The indicator that a row of a table is about."""
        said = plain(row[0]["text"])
        return self._all.get(said) or (self._outcomes.get(said) if table["id"] == OUTCOMES else None)


def indicators_shown(document: Document) -> list[Indicator]:
    """The indicators by whose names rows of the brief's tables are called, in the order of the registry."""
    from pipeline.measures.registry.registry import indicators

    names = _Names(document.language)
    called = {one.id for t in document.of_type("table") for row in t["rows"] if (one := names.of(t, row)) is not None}
    return [one for one in indicators.values() if one.id in called]


def with_glossary(document: Document) -> Document:
    """The brief with a last section that defines the indicators it shows, and links to them in the first column of its tables."""
    shown = indicators_shown(document)
    if not shown:
        return document
    names, w = _Names(document.language), Words(document.language)
    items = [[one.name(document.language), one.definition(document.language)] for one in shown]
    glossary: list[Data] = [
        {"type": "section", "id": SECTION, "title": w("Indicators in this brief, and what they mean"), "lead": ""},
        {"type": "definitions", "items": items, "anchors": [anchor(one) for one in shown]},
    ]
    return Document(document.cover, [*(_linked(block, names) for block in document.blocks), *glossary])


def _linked(block: Data, names: _Names) -> Data:
    if block["type"] == "columns":
        return block | {side: [_linked(inner, names) for inner in block[side]] for side in ("left", "right")}
    if block["type"] != "table":
        return block
    rows = []
    for row in block["rows"]:
        one = names.of(block, row)
        rows.append(row if one is None else [row[0] | {"href": f"#{anchor(one)}"}, *row[1:]])
    return block | {"rows": rows}
