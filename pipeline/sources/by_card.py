"""Read the files that a source card describes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError, SettingsError
from pipeline.sources import delimited, parquet, select, workbook
from pipeline.sources.card import SourceCard, TableCard, normal
from pipeline.sources.file import SourceFile
from pipeline.sources.select import Selection
from pipeline.sources.table import RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def files_of(card: SourceCard, table: TableCard, files: Sequence[SourceFile]) -> list[SourceFile]:
    """The files that one entry of a card means, in the order of their names.

    Parameters
    ----------
    card, table
        The card and its entry.
    files
        All files of the source's folder.

    Raises
    ------
    InputError
        If there is none.
    """
    folder = card.path.parent
    named = folder / table.file
    if named.exists() or not any(c in table.file for c in "*?["):
        file = next((f for f in files if f.path == named), SourceFile(named, table.file))
        file.check()
        return [file]
    wanted = {path for path in folder.glob(table.file) if path.is_file()}
    found = sorted((f for f in files if f.path in wanted), key=lambda f: f.name)
    if not found:
        raise InputError(
            named, "no file has a name like that.", f"Put the file in place, or mend file in {card.path.name}."
        )
    return found


def read(
    card: SourceCard, source: str, files: Sequence[SourceFile], connection: DuckDBPyConnection
) -> Iterator[RawTable]:
    """All tables of a card, file by file."""
    pairs = [(table, file) for table in card.tables for file in files_of(card, table, files)]
    times = Counter((table.table, file.path) for table, file in pairs)
    for table, file in pairs:
        file.check()
        _check_sum(card, table, file, sum(t is table for t, _ in pairs))
        for sheet, rows in _rows(card, table, file, connection):
            name = (
                f"{file.name}#{sheet}"
                if sheet and (times[table.table, file.path] > 1 or table.sheet != sheet)
                else file.name
            )
            yield RawTable(
                source,
                table.table,
                name,
                rows,
                table.codes,
                card.about,
                connection=None if sheet else connection,
                stored=file.is_parquet or (not sheet and delimited.is_large(file.text)),
            )


def _check_sum(card: SourceCard, table: TableCard, file: SourceFile, n_files: int) -> None:
    relative = file.path.relative_to(card.path.parent).as_posix()
    expected = (
        table.sha256.get(relative)
        or table.sha256.get(file.path.name)
        or (table.sha256.get("") if n_files == 1 else None)
    )
    if expected is None:
        return
    actual = file.sha256()
    if actual != expected:
        problem = f"is not the file that {card.path.name} describes: its sha256 is {actual}, the card has {expected}."
        raise InputError(
            file.path,
            problem,
            "Put the file in place again, or, if it was meant to change, write the new sha256 into the card.",
        )


def _rows(
    card: SourceCard, table: TableCard, file: SourceFile, connection: DuckDBPyConnection
) -> Iterator[tuple[str | None, Any]]:
    if not file.is_workbook:
        yield None, _text_rows(card, table, file, connection)
        return
    for sheet in workbook.sheet_names(file.path, table.sheet):
        where = f"{file.path} (sheet {sheet})"
        grid = workbook.grids(file.path)[sheet]
        headings = grid[table.header_row - 1] if table.header_row <= len(grid) else []
        rows = select.of_grid(grid, table.header_row, _selection(card, table, where, headings))
        if rows.empty:
            raise no_rows(where)
        yield sheet, rows


def _text_rows(card: SourceCard, table: TableCard, file: SourceFile, connection: DuckDBPyConnection) -> Any:
    form = None if file.is_parquet else delimited.layout(file.text, table.encoding, table.delimiter, table.header_row)
    headings = form.headings if form else parquet.headings(file.path)
    selection = _selection(card, table, file.path, headings)
    _check_patterns(card, table, connection)
    records = (
        delimited.relation(connection, file.text, form) if form else parquet.relation(connection, file.path, headings)
    )
    rows = select.of_relation(records, selection)
    if not rows.limit(1).fetchall():
        raise no_rows(file.path)
    return rows


def no_rows(where: object) -> InputError:
    """The error of a file whose heading nothing follows."""
    return InputError(
        where, "has no rows below the heading.", "Put the file in place again, or mend header_row in source.yml."
    )


def _selection(card: SourceCard, table: TableCard, where: str | Path, headings: Sequence[str | None]) -> Selection:
    columns = select.places(where, headings, table.columns, table.header_row)
    total_rows = []
    for name, pattern in table.skip_rows_matching.items():
        place = columns.get(name)
        if place is None:
            by_heading = {normal(h): h for h in table.columns}
            heading = by_heading.get(normal(name), name)
            place = select.places(where, headings, {heading: name}, table.header_row)[name]
        total_rows.append((place, pattern, name))
    return Selection(columns, table.constants, total_rows)


def _check_patterns(card: SourceCard, table: TableCard, connection: DuckDBPyConnection) -> None:
    import duckdb

    for name, pattern in table.skip_rows_matching.items():
        try:
            connection.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            problem = (
                f"skip_rows_matching.{name}: {pattern!r} is not a regular expression that DuckDB knows ({reason})."
            )
            raise SettingsError(card.path, problem, "Write it without look-ahead and back-references.") from None
