"""The tables of a brief as an accessible workbook: cover, contents, then one table a sheet, with its remarks above it.

It follows the UK Analysis Function's guidance on releasing statistics in spreadsheets: one marked-up table a sheet, no merged or empty
cells, symbols explained, text before the table, everything readable from the first column. Written with XlsxWriter: the
gptables library built for that guidance refuses cells without a Latin letter or digit, hence any Chinese name.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.briefs.document import Document
from pipeline.briefs.downloads import UNKNOWN, Sheet, sheets
from pipeline.briefs.glossary import indicators_shown
from pipeline.briefs.markup import plain
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    from pipeline.measures.registry.catalogue import Indicator

WIDEST, NARROWEST, PAGE = 48, 9, 90  # characters
NO_DATE = dt.datetime(1980, 1, 1)  # the first day that a zip file knows: the same brief gives the same bytes


class _Writer:
    """Writes one brief into a workbook."""

    def __init__(self, book: Any, document: Document) -> None:
        self.book, self.document, self.words = book, document, Words(document.language)
        self.formats = {
            "title": book.add_format({"bold": True, "font_size": 16, "font_color": "#12436D", "text_wrap": True}),
            "heading": book.add_format({"bold": True, "font_size": 13, "font_color": "#12436D"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "plain": book.add_format({}),
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "head_right": book.add_format(
                {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "align": "right"}
            ),
            "symbol": book.add_format({"align": "right"}),
            "link": book.add_format({"font_color": "#0B4F9E", "underline": 1}),
        }
        self.names = self._sheet_names(sheets(document))
        self.defined = indicators_shown(document)

    def _sheet_names(self, found: list[Sheet]) -> list[tuple[str, Sheet]]:
        counts = {"table": 0, "figure": 0}
        named = []
        for sheet in found:
            counts[sheet.kind] += 1
            n = str(counts[sheet.kind])
            named.append(
                (self.words("Table {n}", n=n) if sheet.kind == "table" else self.words("Figure {n}", n=n), sheet)
            )
        return named

    def write(self) -> None:
        """All sheets."""
        self._cover()
        self._contents()
        for name, sheet in self.names:
            self._sheet(name, sheet)
        if self.defined:
            self._sheet(self.words("Definitions"), _definitions(self.defined, self.words))

    def _cover(self) -> None:
        w, cover = self.words, self.document.cover
        page = self.book.add_worksheet(w("Cover"))
        page.hide_gridlines(2)
        page.set_column(0, 0, PAGE)
        lines: list[tuple[str, str]] = [(plain(cover["title"]), "title"), (plain(cover["subtitle"]), "text")]
        if cover["synthetic"]:
            lines.append((plain(cover["synthetic"]), "heading"))
        lines += [
            (w("What this workbook holds"), "heading"),
            (
                w(
                    "The tables of the brief, and the data of its figures, one a sheet. The sheet of contents lists them."
                ),
                "text",
            ),
            (w("Symbols"), "heading"),
            (w("{symbol}: not known, not published, or does not apply. It never means 0.", symbol=UNKNOWN), "text"),
            (w("“{text}”: kept back, so that nobody can be recognised.", text=w("not shown")), "text"),
        ]
        for note in self.document.of_type("note"):
            if note["kind"] == "care":
                lines += [(plain(note["title"]).rstrip(".。"), "heading"), (plain(note["text"]), "text")]
        for row, (text, style) in enumerate(line for line in lines if line[0]):
            page.write_string(row, 0, text, self.formats[style])

    def _contents(self) -> None:
        w = self.words
        page = self.book.add_worksheet(w("Contents"))
        page.hide_gridlines(2)
        page.write_string(0, 0, w("Contents"), self.formats["title"])
        page.write_string(
            1, 0, w("This sheet contains one table, with links to the other sheets."), self.formats["plain"]
        )
        columns = [w("Sheet"), w("What it shows")]
        listed = [(name, sheet.title) for name, sheet in self.names]
        if self.defined:
            listed.append((w("Definitions"), _definitions(self.defined, w).title))
        last = 3 + len(listed)
        options = {
            "columns": [{"header": c, "header_format": self.formats["head"]} for c in columns],
            "name": "contents",
        }
        page.add_table(3, 0, last, 1, {**options, "autofilter": False, "style": None})
        for row, (name, title) in enumerate(listed, 4):
            page.write_url(row, 0, f"internal:'{name}'!A1", self.formats["link"], name)
            page.write_string(row, 1, title, self.formats["text"])
        page.set_column(0, 0, 14)
        page.set_column(1, 1, PAGE)

    def _sheet(self, name: str, sheet: Sheet) -> None:
        page = self.book.add_worksheet(name)
        page.hide_gridlines(2)
        page.write_string(
            0, 0, sheet.title, self.book.add_format({"bold": True, "font_size": 14, "font_color": "#12436D"})
        )
        about = [self.words("This sheet contains one table."), *sheet.remarks]
        for row, text in enumerate(about, 1):
            page.write_string(row, 0, text, self.formats["plain"])
        top = len(about) + 2
        numeric = [_numeric(sheet, place) for place in range(len(sheet.columns))]
        headers = [
            {"header": name, "header_format": self.formats["head_right" if number else "head"]}
            for name, number in zip(sheet.columns, numeric, strict=True)
        ]
        options = {"columns": headers, "name": _table_name(sheet), "autofilter": False, "style": None}
        page.add_table(top, 0, top + len(sheet.rows), len(sheet.columns) - 1, options)
        for place, number in enumerate(numeric):
            self._column(page, sheet, place, number, top)

    def _column(self, page: Any, sheet: Sheet, place: int, number: bool, top: int) -> None:
        values = [row[place] for row in sheet.rows]
        style = self.book.add_format({"num_format": _number_format(values)}) if number else self.formats["text"]
        for row, value in enumerate(values, top + 1):
            if value is None:
                page.write_string(row, place, UNKNOWN, self.formats["symbol"] if number else self.formats["text"])
            elif isinstance(value, int | float) and not isinstance(value, bool):
                page.write_number(row, place, value, style)
            else:
                page.write_string(row, place, str(value), self.formats["symbol"] if number else self.formats["text"])
        longest = max([_width(sheet.columns[place]) / (1 if number else 1.6), *(_width(str(v)) for v in values)])
        page.set_column(place, place, min(max(longest * 1.15 + 2, NARROWEST), WIDEST))


def _definitions(shown: Sequence[Indicator], w: Words) -> Sheet:
    """The indicators of the brief as the registry defines them."""
    rows: list[list[Any]] = [[one.name(w.language), one.definition(w.language), one.id] for one in shown]
    columns = [w("Indicator"), w("What it means"), w("Id in the registry")]
    return Sheet("definitions", "table", w("Indicators in this brief, and what they mean"), columns, rows, [])


def _numeric(sheet: Sheet, place: int) -> bool:
    return any(isinstance(row[place], int | float) and not isinstance(row[place], bool) for row in sheet.rows)


def _number_format(values: list[Any]) -> str:
    """How a column of numbers is shown: whole with separators, or with as many decimals as it needs, up to two.

    >>> _number_format([1177766, None]), _number_format([4.5, 3]), _number_format([0.125])
    ('#,##0', '#,##0.0', '#,##0.00')
    """
    numbers = [float(v) for v in values if isinstance(v, int | float)]
    if all(n.is_integer() for n in numbers):
        return "#,##0"
    one_is_enough = all(abs(n) >= 1 or round(n, 1) == n for n in numbers if n)
    return "#,##0.0" if one_is_enough else "#,##0.00"


def _width(text: str) -> int:
    return max(sum(2 if ord(c) >= 0x2E80 else 1 for c in line) for line in text.split("\n")) if text else 0


def _table_name(sheet: Sheet) -> str:
    return f"{sheet.kind}_" + "".join(c if c.isalnum() else "_" for c in sheet.id)


def workbook_bytes(document: Document) -> bytes:
    """The workbook of a brief.

    Parameters
    ----------
    document
        A brief, from `document.read_document`.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    cover = document.cover
    properties = {
        "title": plain(cover["title"]),
        "subject": plain(cover["subtitle"]),
        "author": cover["author"],
        "created": NO_DATE,
    }
    book.set_properties(properties)
    _Writer(book, document).write()
    book.close()
    return out.getvalue()


def write_workbook(notebook: Mapping[str, Any], path: Path) -> Path:
    """Write the workbook of a brief beside it, whole or not at all.

    Parameters
    ----------
    notebook
        An executed notebook whose outputs carry blocks.
    path
        The file to write, `tables.<language>.xlsx`.

    Raises
    ------
    BriefError
        When the notebook is not a finished brief.
    """
    from pipeline.briefs.render import finished

    part = path.with_name(f".{path.name}.part")
    part.write_bytes(workbook_bytes(finished(notebook)))
    part.replace(path)
    return path
