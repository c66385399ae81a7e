"""Delimited text of any encoding and size, as a DuckDB relation whose rows know their line.

A plain file (UTF-8, every record on one line) is read by DuckDB itself and streams. Anything else (another encoding, quoted line breaks,
blank lines, stray quotation marks) goes through one temporary copy first.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.sources import encoding as enc

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

DELIMITERS = (",", "\t", ";", "|")
BATCH = 50_000  # records a batch of the temporary copy
_END = (
    "\x00end\x00"  # a record of our own after the last one; if it is not read back, a quotation mark was never closed
)
_SPARE = 8  # cells beyond the last heading that a plain file may have in a record
_BLANK_LINE = re.compile(rb"\n\r?\n")


@dataclass(frozen=True)
class Layout:
    """Where the headings of a text file stand and how its cells are parted."""

    encoding: str
    delimiter: str
    header_row: int  # 1-based physical line
    headings: tuple[str, ...]
    first_line: int  # the line after the heading


@lru_cache(maxsize=1)
def _temporary() -> tempfile.TemporaryDirectory[str]:
    """A folder for copies that goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="mobility-")


def _new_file(suffix: str) -> Path:
    with tempfile.NamedTemporaryFile(dir=_temporary().name, suffix=suffix, delete=False) as file:
        return Path(file.name)


def layout(path: Path, encoding: str = enc.DETECT, delimiter: str | None = None, header_row: int = 1) -> Layout:
    """Look at the head of a text file.

    Parameters
    ----------
    path, encoding
        The file and its encoding, or "detect".
    delimiter
        What parts the cells; by default the likeliest of comma, tab, semicolon and bar in the heading row.
    header_row
        1-based line of the headings.

    Raises
    ------
    InputError
        If the file is empty, ends before the heading row, or has bytes that are not of the encoding.
    """
    known = enc.detect(path) if encoding == enc.DETECT else encoding
    pieces = (block.decode() for block in enc.utf8_blocks(path, known))
    lines = islice(chain.from_iterable(_lines(piece) for piece in pieces), header_row - 1, None)
    first = next(lines, None)
    if first is None:
        what = "is empty." if header_row == 1 else f"ends before its heading row (line {header_row})."
        raise InputError(path, what, "Put the file in place again, or mend header_row in source.yml.")
    parted = delimiter or likeliest_delimiter(first)
    reader = csv.reader(chain([first.lstrip("\ufeff")], lines), delimiter=parted)
    headings = tuple(next(reader))
    return Layout(known, parted, header_row, headings, header_row + reader.line_num)


def _lines(text: str) -> list[str]:
    """Physical lines by line feed or carriage return alone, with their ends (str.splitlines parts at more than that)."""
    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text)


def likeliest_delimiter(line: str) -> str:
    """The delimiter that occurs most often outside quotation marks.

    Examples
    --------
    >>> likeliest_delimiter('name;"a,b,c";year')
    ';'
    """
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)


def relation(connection: DuckDBPyConnection, path: Path, form: Layout) -> DuckDBPyRelation:
    """All records of a file as text.

    Returns
    -------
    DuckDBPyRelation
        Columns `c0` … `cN` (one a heading, text, null when empty), `more` (what stands beyond the last heading) and `line` (where the record
        begins), in the order of the file, blank records left out.

    Raises
    ------
    InputError
        If bytes are not of the encoding or a quotation mark is never closed.
    """
    text, plain = _as_utf8(path, form)
    if plain:
        records = _read_by_duckdb(connection, text, form)
    else:
        records = connection.read_parquet(str(_copy(path, text, form)))
    cells = [f"c{i}" for i in range(len(form.headings))] + ["more"]
    written = " OR ".join(f"trim({c}, ' \t\u3000\u00a0') <> ''" for c in cells)
    return records.filter(written)


def _as_utf8(path: Path, form: Layout) -> tuple[Path, bool]:
    """The file itself or a copy in UTF-8, checked to its end, and whether DuckDB can read it record by line."""
    check = _PlainCheck(form.delimiter, len(form.headings))
    if form.encoding in ("utf-8", "utf-8-sig"):
        for block in enc.utf8_blocks(path, form.encoding):
            check.add(block)
        return path, check.plain
    copy = _new_file(".csv")
    with copy.open("wb") as file:
        for block in enc.utf8_blocks(path, form.encoding):
            check.add(block)
            file.write(block)
    return copy, check.plain


class _PlainCheck:
    """Whether every reader would part a file alike: each record on one line, no blank line but at the end, quotation marks around whole
    cells only, no bare carriage return, no record far longer than the headings."""

    def __init__(self, delimiter: str, width: int) -> None:
        self.plain, self._blank_at_end = delimiter.isascii(), False
        self._delimiter = delimiter.encode()
        self._not_delimiter = bytes(byte for byte in range(256) if byte not in delimiter.encode() + b"\n")
        self._too_many = delimiter.encode() * (width + _SPARE)

    def add(self, block: bytes) -> None:
        """Look at the next block of whole lines."""
        body = block.rstrip(b"\r\n")
        if not self.plain or not body:
            self._blank_at_end = self._blank_at_end or not body
            return
        starts_blank = block[:1] in (b"\n", b"\r")
        self.plain = not (self._blank_at_end or starts_blank or _BLANK_LINE.search(body) or self._has_oddities(block))
        self._blank_at_end = block[len(body) :].count(b"\n") > 1

    def _has_oddities(self, block: bytes) -> bool:
        if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
            return True
        if b'"' in block and not _quotes_whole_cells(block, self._delimiter[0]):
            return True
        return self._too_many in block.translate(None, delete=self._not_delimiter)


def _quotes_whole_cells(block: bytes, delimiter: int) -> bool:
    """Whether quotation marks come in pairs on one line, each pair around a whole cell (or doubled within one)."""
    import numpy as np

    text = np.frombuffer(b"\n" + block + b"\n", dtype=np.uint8)
    marks = np.flatnonzero(text == ord('"'))
    if marks.size % 2:
        return False
    opening, closing = marks[::2], marks[1::2]
    before, after = text[opening - 1], text[closing + 1]
    parted_before = (before == delimiter) | (before == ord("\n")) | (before == ord('"'))
    parted_after = (after == delimiter) | (after == ord("\n")) | (after == ord("\r")) | (after == ord('"'))
    ends = np.flatnonzero(text == ord("\n"))
    on_one_line = np.searchsorted(ends, opening) == np.searchsorted(ends, closing)
    return bool(parted_before.all() and parted_after.all() and on_one_line.all())


def literal(text: str) -> str:
    """A text as an SQL literal.

    Examples
    --------
    >>> literal("Côte d'Ivoire")
    "'Côte d''Ivoire'"
    """
    return "'" + text.replace("'", "''") + "'"


def _read_by_duckdb(connection: DuckDBPyConnection, path: Path, form: Layout) -> DuckDBPyRelation:
    cells, spare = [f"c{i}" for i in range(len(form.headings))], [f"more{i}" for i in range(_SPARE)]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in cells + spare)
    beyond = ", ".join(f"nullif(trim({name}), '')" for name in spare)
    return connection.sql(
        f"SELECT {', '.join(cells)}, coalesce({beyond}) AS more, {form.first_line - 1} + row_number() OVER () AS line FROM read_csv("
        f"{literal(str(path))}, auto_detect=false, header=false, skip={form.first_line - 1}, delim={literal(form.delimiter)}, quote='\"', "
        f"escape='\"', null_padding=true, strict_mode=false, max_line_size=16777216, columns={{{columns}}})"
    )


def _copy(path: Path, text: Path, form: Layout) -> Path:
    """The records, parted by Python's csv reader, in a Parquet file with the line on which each begins."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    width = len(form.headings)
    names = [f"c{i}" for i in range(width)] + ["more"]
    schema = pa.schema([(name, pa.string()) for name in names] + [("line", pa.int64())])
    copy = _new_file(".parquet")
    with pq.ParquetWriter(copy, schema, compression="zstd") as writer:
        records = _records(path, text, form)
        while batch := list(islice(records, BATCH)):
            columns: list[list[Any]] = [[] for _ in range(width + 2)]
            for line, cells in batch:
                _add(columns, cells, width, line)
            writer.write_table(
                pa.table([pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
            )
    return copy


def _add(columns: list[list[Any]], cells: Sequence[str], width: int, line: int) -> None:
    for i in range(width):
        columns[i].append((cells[i] or None) if i < len(cells) else None)
    beyond = [cell.strip() for cell in cells[width:] if cell.strip()]
    columns[width].append(beyond[0] if beyond else None)
    columns[width + 1].append(line)


def _records(path: Path, text: Path, form: Layout) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(1 << 24)
    heading = form.first_line - form.header_row
    with text.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(chain(islice(file, form.header_row - 1, None), [_END]), delimiter=form.delimiter)
        begins, cells = 1, [""]
        try:
            for cells in reader:
                line, begins = begins, reader.line_num + 1
                if line > heading and cells != [_END] and any(cell.strip() for cell in cells):
                    yield form.header_row - 1 + line, cells
        except csv.Error as error:
            raise InputError(path, f"line {form.header_row - 1 + begins}: {error}.", "Mend that record.") from None
    if cells != [_END]:
        problem = f"line {form.header_row - 1 + line}: a quotation mark that opens in this record is never closed."
        raise InputError(path, problem, "Close or remove it.")
