"""The rows behind a brief, to take away: every table and the data of every figure, as frames of plain values and as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.briefs.document import Data, Document
from pipeline.briefs.markup import plain
from pipeline.briefs.markup_html import csv_text

UNKNOWN = "[x]"  # the symbol of the UK's statistical service for a value that is not available


@dataclass(frozen=True)
class Sheet:
    """The rows of a table or figure: headings and values (None: not known), and what is said about them."""

    id: str
    kind: str  # "table" or "figure"
    title: str
    columns: list[str]
    rows: list[list[Any]]
    remarks: list[str]

    @property
    def data(self) -> Data:
        """Headings and rows, as blocks carry them."""
        return {"columns": self.columns, "rows": self.rows}


def sheets(document: Document) -> list[Sheet]:
    """The data of a brief, in the order of reading; figures without data are left out."""
    found = []
    for block in document.walk():
        if block["type"] == "table":
            found.append(_of_table(block))
        elif block["type"] == "figure" and block.get("data") and block["data"]["rows"]:
            data = block["data"]
            columns = unique([str(name) for name in data["columns"]])
            remarks = [plain(text) for text in (block["caption"], block["source"]) if text]
            found.append(Sheet(block["id"], "figure", plain(block["title"]), columns, data["rows"], remarks))
    return found


def _of_table(block: Data) -> Sheet:
    kept = [i for i, column in enumerate(block["columns"]) if column["kind"] != "spark"]
    names = [_heading(block, i) for i in kept]
    rows = [[_value(row[i]) for i in kept] for row in block["rows"]]
    remarks = [plain(text) for text in (block["caption"], *block["notes"], block["source"]) if text]
    return Sheet(block["id"], "table", plain(block["title"]), unique(names), rows, remarks)


def _heading(block: Data, place: int) -> str:
    """The heading of a column, with its unit where the cells carry it."""
    label = plain(block["columns"][place]["label"])
    numbers = [row[place]["text"] for row in block["rows"] if row[place].get("value") is not None]
    return f"{label} (%)" if numbers and all(text.endswith("%") for text in numbers) and "%" not in label else label


def _value(cell: Data) -> Any:
    if cell.get("unknown"):
        return None
    return cell["value"] if "value" in cell else plain(cell["text"])


def unique(names: list[str]) -> list[str]:
    """Headings with a number where one stands twice or is empty.

    >>> unique(["Year", "Value", "Value", ""])
    ['Year', 'Value', 'Value 2', 'Column 4']
    """
    out: list[str] = []
    for place, name in enumerate(names, 1):
        name = name or f"Column {place}"
        taken = {other.casefold() for other in out}
        n, tried = 2, name
        while tried.casefold() in taken:
            n, tried = n + 1, f"{name} {n}"
        out.append(tried)
    return out


def csv_files(document: Document) -> dict[str, str]:
    """CSV text by file name, `<id>.<language>.csv`: one file a table or figure, unknown values empty."""
    return {f"{sheet.id}.{document.language}.csv": csv_text(sheet.data) for sheet in sheets(document)}


def write_data(document: Document, folder: Path) -> list[Path]:
    """Write the CSV files of a brief into a folder, as UTF-8 that spreadsheets recognise; gives their paths.

    Parameters
    ----------
    document
        A brief, from `document.read_document`.
    folder
        Made when it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, text in csv_files(document).items():
        path = folder / name
        part = path.with_name(f".{name}.part")
        part.write_bytes(text.encode("utf-8-sig"))
        part.replace(path)
        made.append(path)
    return made
