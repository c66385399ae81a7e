"""Whether a text file is so plain that every reader parts it alike, found at the speed of the disk."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.sources.encoding import blocks

LOOKED_AT = 8  # bytes of each record, before a pattern looks at the whole of it
SPARE = 8  # cells beyond the last heading that a record of a plain file may have


class PlainCheck:
    """Looks at a file's blocks of whole lines, UTF-8, one after the other.

    Attributes
    ----------
    plain
        Each record on one line, no blank line but at the end, quotation marks around whole cells only, no bare carriage return, no record more
        than `SPARE` cells longer than the headings: DuckDB then reads what Python's csv reader reads, and the nth record is on the nth line.
    blank_records, long_records
        Whether a plain file may hold records of empty cells only, and records with more cells than headings.
    """

    def __init__(self, delimiter: str, width: int) -> None:
        import numpy as np

        self.plain, self.blank_records, self.long_records = delimiter.isascii(), False, False
        self._blank_at_end = False
        self._delimiter = delimiter.encode()
        self._not_delimiter = bytes(byte for byte in range(256) if byte not in self._delimiter + b"\n")
        self._long, self._too_long = self._delimiter * width, self._delimiter * (width + SPARE)
        empty = rb'[ \t"\r\xc2\xa0\xe3\x80%b]*\n' % re.escape(self._delimiter)
        self._empty = re.compile(empty)
        self._may_be_empty = np.isin(np.arange(256), list(b' \t"\r\xc2\xa0\xe3\x80\n' + self._delimiter))

    def add(self, block: bytes) -> None:
        """Look at the next block."""
        body = block.rstrip(b"\r\n")
        if not self.plain or not body:
            self._blank_at_end = self._blank_at_end or not body
            return
        starts_blank = block[:1] in (b"\n", b"\r")
        blank_line = self._blank_at_end or starts_blank or b"\n\n" in body or b"\n\r\n" in body
        bare_return = b"\r" in block and block.count(b"\r") != block.count(b"\r\n")
        self.plain = not (blank_line or bare_return or self._has_odd_marks(block) or self._is_too_long(block))
        self.blank_records = self.blank_records or self._has_empty_record(body + b"\n")
        self._blank_at_end = block[len(body) :].count(b"\n") > 1

    def _has_odd_marks(self, block: bytes) -> bool:
        return b'"' in block and not quotes_whole_cells(block, self._delimiter[0])

    def _is_too_long(self, block: bytes) -> bool:
        delimiters = block.translate(None, delete=self._not_delimiter)
        self.long_records = self.long_records or self._long in delimiters
        return self._too_long in delimiters

    def _has_empty_record(self, block: bytes) -> bool:
        import numpy as np

        text = np.frombuffer(block, dtype=np.uint8)
        begins = np.flatnonzero(text == ord("\n")) + 1
        begins[1:], begins[:1] = begins[:-1], 0  # of the records, the block ends with the last one
        for _ in range(
            LOOKED_AT
        ):  # the pattern is slow on the many records of which a glance tells that they hold something
            first = text[begins]
            if (first == ord("\n")).any():
                return True
            begins = begins[self._may_be_empty[first]] + 1
        return any(self._empty.match(block, at) for at in map(int, begins))


def quotes_whole_cells(block: bytes, delimiter: int) -> bool:
    """Whether quotation marks come in pairs on one line, each pair around a whole cell (or doubled within one).

    Examples
    --------
    >>> [quotes_whole_cells(text.encode(), ord(",")) for text in ('"a,b",c', '"x ""y"" z",c', '"a"b,c')]
    [True, True, False]
    """
    import numpy as np

    text = np.frombuffer(b"\n" + block + b"\n", dtype=np.uint8)
    told = np.flatnonzero((text == ord('"')) | (text == ord("\n")))  # marks and ends of lines
    is_end = text[told] == ord("\n")
    marks = told[~is_end]
    if marks.size % 2:
        return False
    at_ends = np.flatnonzero(is_end)
    on_one_line = not ((at_ends - np.arange(at_ends.size)) % 2).any()  # an even number of marks before each end
    parts = np.zeros(256, dtype=bool)
    parts[[delimiter, ord("\n"), ord('"')]] = True
    parted_before = parts[text[marks[::2] - 1]]
    parts[ord("\r")] = True
    parted_after = parts[text[marks[1::2] + 1]]
    return bool(on_one_line and parted_before.all() and parted_after.all())


def lines_below(path: Path, first_line: int, delimiter: str) -> int | None:
    """How many lines there are below the headings, without blank ones at the end; None where there is doubt about that or about a cell."""
    lines, last = 0, b""
    with path.open("rb") as file:
        for block, _ in blocks(file):
            if _is_doubtful(b"\n\n" + block + b"\n\n", delimiter.encode()):
                return None
            lines += block.count(b"\n")
            last = block
    body = last.rstrip(b"\r\n")
    return lines - last[len(body) :].count(b"\n") + 1 - (first_line - 1) if body else None


def _is_doubtful(block: bytes, delimiter: bytes) -> bool:
    """Bare carriage returns; spaces between a mark and the end of its cell, which DuckDB leaves out."""
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        return True
    if b'"' not in block:
        return False
    import numpy as np

    text = np.frombuffer(block, dtype=np.uint8)
    spaces = np.flatnonzero(text == ord(" "))
    before_mark, after_mark = spaces[text[spaces + 1] == ord('"')], spaces[text[spaces - 1] == ord('"')]
    begins = np.isin(text[after_mark - 2], [delimiter[0], ord("\n")])
    ends = np.isin(text[before_mark + 2], [delimiter[0], ord("\n"), ord("\r")])
    return not (begins.all() and ends.all())
