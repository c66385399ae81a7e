"""Setting a brief's data as PDF by Typst: how wide columns are, which tables stay whole, how tight the pages are set.

A brief is first set with its ordinary spacing. When its first page does not hold all that comes before the first section, or its
last page would be nearly empty, it is set again a little tighter, and the setting with the fewest pages is kept.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.briefs import fonts
from pipeline.briefs.document import BriefError, Data
from pipeline.briefs.markup import plain

TEMPLATE = Path(__file__).parent / "templates" / "brief.typ"
STANDARD = "ua-1"
KEPT_WHOLE = 16  # a table of so many rows, or of so many lines as follow, is not broken over pages
KEPT_LINES = 24
NARROW_CELL = 22  # letters that fit a column which takes only the width it needs
LINE = 100  # letters that fit a line of a table over the whole page
TIGHT = 1.2  # of LINE: what a line holds when one column takes what the others leave, most letters being narrow
HALF = 0.7  # of the page; in less, headings of numbers break into lines to leave room for names
GAP = 4  # letters between two columns
TIGHTNESS = (1.0, 0.92, 0.84, 0.76)  # of the spacing; at the last, text is 9.3 instead of 10 points
ENOUGH = 130.0  # mm from the top: a last page filled so far is no waste


def _length(text: str) -> int:
    return sum(2 if ord(char) >= 0x2E80 else 1 for char in plain(text))


def column_widths(columns: Sequence[Data], rows: Sequence[Sequence[Data]], share: float = 1.0) -> list[float]:
    """What share of the width each column of a table gets; 0 takes what it needs.

    Where all texts are short, columns share the width by their longest text. Otherwise numbers and short words take what they need, and
    longer texts share the rest by the root of their length. Beside something else (`share` is what the table has of the page), what
    numbers need is their own width and that of the longest word over them.

    >>> columns = [{"kind": "text", "label": "Origin"}, {"kind": "number", "label": "2024/25"}]
    >>> column_widths(columns, [[{"text": "India"}, {"text": "363,019"}]])
    [10.0, 11.0]
    """
    cells = [max(_length(row[place].get("text", "")) for row in rows) for place in range(len(columns))]
    natural = [max(cell, _length(column["label"])) + GAP for cell, column in zip(cells, columns, strict=True)]
    free = [c["kind"] in ("text", "note") and n > NARROW_CELL for c, n in zip(columns, cells, strict=True)]
    if any(free) and share < HALF:
        words = [max(map(_length, column["label"].split() or [""])) for column in columns]
        needed = [max(cell, word) + GAP for cell, word in zip(cells, words, strict=True)]
        left = LINE * share - sum(n for n, is_free in zip(needed, free, strict=True) if not is_free)
        return [max(left / sum(free), n / 2) if is_free else float(n) for n, is_free in zip(needed, free, strict=True)]
    if any(free):
        return [round(math.sqrt(min(n, 160)), 2) if is_free else 0.0 for n, is_free in zip(cells, free, strict=True)]
    if sum(natural) > LINE * share:  # headings break into lines before the first column does
        words = [max(map(_length, column["label"].split() or [""])) for column in columns]
        needed = [max(cell, word) + GAP for cell, word in zip(cells, words, strict=True)]
        if sum(natural) > TIGHT * LINE * share >= sum(needed):
            return [float(n) for n in needed]
        return [1.0] + [0.0] * (len(columns) - 1)
    return [float(n) for n in natural]


def lines_in(columns: Sequence[Data], rows: Sequence[Sequence[Data]], share: float = 1.0) -> int:
    """About how many lines the rows of a table take, cells broken to their columns' widths.

    >>> columns = [{"kind": "text", "label": "Signal"}, {"kind": "note", "label": "Check next"}]
    >>> lines_in(columns, [[{"text": "Visas refused"}, {"text": "Papers asked for " * 20}]] * 3)
    12
    """
    widths = column_widths(columns, rows, share)
    cells = [[_length(cell.get("text", "")) for cell in row] for row in rows]
    fixed = sum(max(column) + GAP for column, width in zip(zip(*cells, strict=True), widths, strict=True) if not width)
    room = max(TIGHT * LINE * share - fixed, 1)
    letters = [max(room * width / sum(widths) - GAP, 1) if width else math.inf for width in widths]
    return sum(max(1, *(math.ceil(n / most) for n, most in zip(row, letters, strict=True))) for row in cells)


def kept_together(blocks: Sequence[Data]) -> list[Data]:
    """The blocks, with those marked that must not be parted from the next: findings and notes between a section's heading and its first picture.

    >>> [b.get("sticky", False) for b in kept_together([{"type": "section"}, {"type": "finding"}, {"type": "table"}])]
    [False, True, False]
    """
    out = [dict(block) for block in blocks]
    for start in (n for n, block in enumerate(out) if block["type"] == "section"):
        between = list(itertools.takewhile(lambda block: block["type"] in ("finding", "note"), out[start + 1 :]))
        after = start + 1 + len(between)
        if after < len(out) and out[after]["type"] in ("figure", "table", "columns"):
            for block in between:
                block["sticky"] = True
    return out


def laid_out(block: Data, share: float = 1.0) -> Data:
    """A block with what the template must know of its layout; `share` is what it has of the page's width."""
    if block["type"] == "columns":
        left, right = share * block["ratio"], share * (1 - block["ratio"])
        return {
            **block,
            "left": [laid_out(inner, left) for inner in block["left"]],
            "right": [laid_out(inner, right) for inner in block["right"]],
        }
    if block["type"] == "table":
        widths = column_widths(block["columns"], block["rows"], share)
        long = len(block["rows"]) > KEPT_WHOLE or lines_in(block["columns"], block["rows"], share) > KEPT_LINES
        return {**block, "widths": widths, "breakable": long}
    return block


def _files(data: Data, tightness: float) -> dict[str, bytes]:
    said = json.dumps({**data, "tightness": tightness}, ensure_ascii=False)
    return {"main.typ": TEMPLATE.read_bytes(), "brief.json": said.encode()}


def _ends(files: dict[str, bytes]) -> tuple[int, int, float]:
    """The page on which the first part ends, the last page, and how many millimetres of that are filled."""
    import typst

    query: Any = typst.query  # its types leave out a dictionary of files
    found = query(files, "<end>", field="value", font_paths=[fonts.FOLDER], ignore_system_fonts=True)
    front, last = json.loads(found)
    return front[0], last[0], last[1]


def fitting(data: Data) -> dict[str, bytes]:
    """The files for Typst, with the loosest spacing that gives the fewest pages."""
    loose = _files(data, TIGHTNESS[0])
    front, pages, filled = _ends(loose)
    if front == 1 and filled > ENOUGH:
        return loose
    tightest = _files(data, TIGHTNESS[-1])
    best = sum(_ends(tightest)[:2])
    if best == front + pages:
        return loose
    between = (_files(data, tightness) for tightness in TIGHTNESS[1:-1])
    return next((files for files in between if sum(_ends(files)[:2]) == best), tightest)


def typeset(data: Data) -> bytes:
    """A brief's data as a tagged PDF; the same bytes for the same data.

    Parameters
    ----------
    data
        What `render.pdf_data` gives.

    Raises
    ------
    BriefError
        When Typst refuses it, be it for PDF/UA-1.
    """
    import typst

    compile_files: Any = typst.compile  # its types leave out a dictionary of files
    try:
        pdf = compile_files(
            fitting(data), font_paths=[fonts.FOLDER], ignore_system_fonts=True, pdf_standards=[STANDARD], timestamp=0
        )
    except RuntimeError as error:  # typst.TypstError is one; a query raises the plain error
        message = str(getattr(error, "message", error)).removeprefix("failed to compile document: ")
        hints = " ".join(getattr(error, "hints", None) or ())
        raise BriefError("the PDF", f"was refused by Typst: {message}.", hints) from error
    return bytes(pdf)
