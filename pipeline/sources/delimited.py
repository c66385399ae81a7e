"""Delimited text of any encoding and size, as a DuckDB relation whose rows know their line.

A plain file (UTF-8, every record on one line) is read by DuckDB itself. Anything else (another encoding, quoted line breaks, blank lines, stray
quotation marks) goes through one temporary copy first. Of a large file there always is such a copy, as Parquet, so that it can be read several times.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.sources import encoding as enc
from pipeline.sources.plain import SPARE, PlainCheck, lines_below

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

DELIMITERS = (",", "\t", ";", "|")
LONGEST_HEADING = 131_072  # characters; a longer one is a file without columns
BATCH = 50_000  # records a batch of the temporary copy
LARGE = 1 << 25  # bytes from which on the records of a file are copied
_END = (
    "\x00end\x00"  # a record of our own after the last one; if it is not read back, a quotation mark was never closed
)


@dataclass(frozen=True)
class Layout:
    """Where the headings of a text file stand and how its cells are parted."""

    encoding: str
    delimiter: str
    header_row: int  # 1-based physical line
    headings: tuple[str, ...]
    first_line: int  # the line after the heading

    @property
    def cells(self) -> list[str]:
        """The names of the headings' columns in a relation: c0, c1 …"""
        return [f"c{i}" for i in range(len(self.headings))]


@lru_cache(maxsize=1)
def _temporary() -> tempfile.TemporaryDirectory[str]:
    """A folder for copies that goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="mobility-")


def new_folder() -> Path:
    """An empty folder that goes when the process ends."""
    return Path(tempfile.mkdtemp(dir=_temporary().name))


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
    csv.field_size_limit(LONGEST_HEADING)  # the limit is the whole process's, and reading records raises it
    reader = csv.reader(chain([first.lstrip("\ufeff")], lines), delimiter=parted)
    try:
        headings = tuple(next(reader))
    except csv.Error as error:
        problem = f"line {header_row} cannot be a row of headings: {error}."
        raise InputError(path, problem, "Save the table as CSV or as an Excel workbook.") from None
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
    large = is_large(path)
    if large and form.encoding in ("utf-8", "utf-8-sig") and (copy := _parted_by_duckdb(connection, path, form)):
        return _without_blank(_of_copy(connection, copy, form), form)
    text, check = _as_utf8(path, form)
    if not check.plain:
        return connection.read_parquet(str(_copy(path, text, form)))
    records = _read_by_duckdb(connection, text, form, check.long_records)
    if check.blank_records:
        records = _filled(records, form)
    if large:
        copy = _new_file(".parquet")
        records.write_parquet(str(copy), compression="zstd")
        return connection.read_parquet(str(copy))
    return records


def is_large(path: Path) -> bool:
    """Whether the relation of a file reads a copy of its records, at little cost each time."""
    return path.stat().st_size >= LARGE


def _filled(records: DuckDBPyRelation, form: Layout) -> DuckDBPyRelation:
    """The records in which anything stands."""
    return records.filter(" OR ".join(f"{_trimmed(c)} <> ''" for c in [*form.cells, "more"]))


def _without_blank(records: DuckDBPyRelation, form: Layout) -> DuckDBPyRelation:
    """The same as `_filled`, sooner read where no record is blank: of most rows one column then tells that."""
    blank = " AND ".join(f"({c} IS NULL OR {_trimmed(c)} = '')" for c in [*form.cells, "more"])
    return _filled(records, form) if records.filter(blank).limit(1).fetchall() else records


def _trimmed(cell: str) -> str:
    return f"trim({cell}, ' \t\u3000\u00a0')"


def _parted_by_duckdb(connection: DuckDBPyConnection, path: Path, form: Layout) -> Path | None:
    """A Parquet copy of the cells, made on all cores, if DuckDB finds nothing odd in the file and each of its records stands on one line.

    DuckDB then stops at anything that another reader could take otherwise (bytes that are no UTF-8, stray quotation marks, too few or too many cells), and as
    many records as lines tell that there is neither a line break within a cell nor a blank line. None otherwise: then the file is looked at more closely.
    """
    import duckdb
    import pyarrow.parquet as pq

    if not form.delimiter.isascii():
        return None

    def stop_in_doubt(looked: Future[int | None]) -> None:
        if looked.exception() or looked.result() is None:
            connection.interrupt()

    copy = _new_file(".parquet")
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in form.cells)
    before = connection.execute("select current_setting('preserve_insertion_order')").fetchall()[0][0]
    connection.execute("set preserve_insertion_order = true")
    try:
        with ThreadPoolExecutor(1) as meanwhile:
            looked = meanwhile.submit(lines_below, path, form.first_line, form.delimiter)
            looked.add_done_callback(stop_in_doubt)
            connection.execute(
                f"copy (from read_csv({literal(str(path))}, auto_detect=false, header=false, skip={form.first_line - 1}, "
                f"delim={literal(form.delimiter)}, quote='\"', escape='\"', strict_mode=true, max_line_size=16777216, columns={{{columns}}})) "
                f"to {literal(str(copy))} (format parquet, compression zstd, compression_level 1)"
            )
    except duckdb.Error:
        return None
    finally:
        connection.execute(f"set preserve_insertion_order = {str(before).lower()}")
    return copy if pq.read_metadata(copy).num_rows == looked.result() else None


def _of_copy(connection: DuckDBPyConnection, copy: Path, form: Layout) -> DuckDBPyRelation:
    return connection.sql(
        f"SELECT {', '.join(form.cells)}, NULL::VARCHAR AS more, {form.first_line} + file_row_number AS line "
        f"FROM read_parquet({literal(str(copy))}, file_row_number=true)"
    )


def _as_utf8(path: Path, form: Layout) -> tuple[Path, PlainCheck]:
    """The file itself or a copy in UTF-8, looked at to its end."""
    check = PlainCheck(form.delimiter, len(form.headings))
    if form.encoding in ("utf-8", "utf-8-sig"):
        for block in enc.utf8_blocks(path, form.encoding):
            check.add(block)
        return path, check
    copy = _new_file(".csv")
    with copy.open("wb") as file:
        for block in enc.utf8_blocks(path, form.encoding):
            check.add(block)
            file.write(block)
    return copy, check


def literal(text: str) -> str:
    """A text as an SQL literal.

    Examples
    --------
    >>> literal("Côte d'Ivoire")
    "'Côte d''Ivoire'"
    """
    return "'" + text.replace("'", "''") + "'"


def _read_by_duckdb(connection: DuckDBPyConnection, path: Path, form: Layout, long: bool) -> DuckDBPyRelation:
    spare = [f"more{i}" for i in range(SPARE)]
    filled = ", ".join(f"nullif(trim({name}), '')" for name in spare)
    beyond = f"coalesce({filled})" if long else "NULL::VARCHAR"
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in [*form.cells, *spare])
    return connection.sql(
        f"SELECT {', '.join(form.cells)}, {beyond} AS more, {form.first_line - 1} + row_number() OVER () AS line FROM read_csv("
        f"{literal(str(path))}, auto_detect=false, header=false, skip={form.first_line - 1}, delim={literal(form.delimiter)}, quote='\"', "
        f"escape='\"', null_padding=true, strict_mode=false, max_line_size=16777216, columns={{{columns}}})"
    )


def _copy(path: Path, text: Path, form: Layout) -> Path:
    """The records, parted by Python's csv reader, in a Parquet file with the line on which each begins."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    width = len(form.headings)
    schema = pa.schema([(name, pa.string()) for name in [*form.cells, "more"]] + [("line", pa.int64())])
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
