"""An .xlsx workbook whose bytes are the same everywhere: only what the format asks for, fixed dates, a fixed order of parts."""

from __future__ import annotations

import struct
import zlib
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from dates import serial
from deflate import deflate

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DATE_STYLE, TITLE_STYLE = 1, 2
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="14"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="14" applyNumberFormat="1"/>'
    '<xf fontId="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)

Value = str | int | float | date


def column_letters(number: int) -> str:
    """The letters of a column, counted from 1.

    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Workbook:
    """Sheets of rows, then one file."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {}
        self._sheets: list[tuple[str, str]] = []

    def add_sheet(self, name: str, rows: list[list[Value]], titles: int = 0) -> None:
        """Add a sheet; the first `titles` rows are merged over its whole width."""
        width = max(len(row) for row in rows)
        letters = [column_letters(number + 1) for number in range(width)]
        body = "".join(self._row(number, row, letters, number <= titles) for number, row in enumerate(rows, start=1))
        merged = "".join(f'<mergeCell ref="A{n}:{letters[-1]}{n}"/>' for n in range(1, titles + 1))
        merged = f'<mergeCells count="{titles}">{merged}</mergeCells>' if merged else ""
        sheet = f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{merged}</worksheet>'
        self._sheets.append((name, sheet))

    def _row(self, number: int, row: list[Value], letters: list[str], title: bool) -> str:
        cells = "".join(self._cell(f"{letters[i]}{number}", value, title) for i, value in enumerate(row) if value != "")
        return f'<row r="{number}">{cells}</row>' if cells else ""

    def _cell(self, place: str, value: Value, title: bool) -> str:
        if isinstance(value, date):
            return f'<c r="{place}" s="{DATE_STYLE}"><v>{serial(value)}</v></c>'
        if not isinstance(value, str):
            return f'<c r="{place}"><v>{value}</v></c>'
        index = self._strings.setdefault(value, len(self._strings))
        style = f' s="{TITLE_STYLE}"' if title else ""
        return f'<c r="{place}"{style} t="s"><v>{index}</v></c>'

    def save(self, path: Path) -> None:
        """Write the file."""
        strings = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self._strings)
        names = [f"sheet{number}.xml" for number in range(1, len(self._sheets) + 1)]
        parts = {
            "[Content_Types].xml": _content_types(names),
            "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
            "xl/workbook.xml": _book([name for name, _ in self._sheets]),
            "xl/_rels/workbook.xml.rels": _relations(
                [("worksheet", f"worksheets/{name}") for name in names]
                + [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
            ),
            "xl/styles.xml": STYLES,
            "xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{MAIN}" uniqueCount="{len(self._strings)}">{strings}</sst>',
        }
        parts |= {f"xl/worksheets/{name}": sheet for name, (_, sheet) in zip(names, self._sheets, strict=True)}
        path.write_bytes(_zip({name: text.encode("utf-8") for name, text in parts.items()}))


def _content_types(sheets: list[str]) -> str:
    parts = [("workbook.xml", "sheet.main"), ("styles.xml", "styles"), ("sharedStrings.xml", "sharedStrings")]
    parts += [(f"worksheets/{name}", "worksheet") for name in sheets]
    overrides = "".join(f'<Override PartName="/xl/{p}" ContentType="{SHEET_TYPE}.{kind}+xml"/>' for p, kind in parts)
    return (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relations(targets: list[tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{items}</Relationships>'


def _book(names: list[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, start=1)
    )
    return f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>'


def _zip(parts: dict[str, bytes]) -> bytes:
    """A zip archive with every time set to the first that the format knows."""
    body, directory = bytearray(), bytearray()
    for name, data in parts.items():
        packed, label = deflate(data), name.encode("ascii")
        # version 2.0, no flags, deflated, 1 January 1980 00:00, checksum, sizes, length of the name, no extra field
        common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, zlib.crc32(data), len(packed), len(data), len(label), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + label
        body += b"PK\x03\x04" + common + label + packed
    count = len(parts)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)
