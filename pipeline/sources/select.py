"""From all columns of a file to the project's columns: the same step for text in DuckDB and for sheets in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError, did_you_mean
from pipeline.sources.card import normal
from pipeline.sources.delimited import literal
from pipeline.sources.workbook import Grid, frame

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyRelation

MORE = "the row has more cells than there are headings"


@dataclass(frozen=True)
class Selection:
    """Which column of the file (by place) is which column of the table, what is constant, and which rows are no records.

    `total_rows` holds (place, regular expression, name of the column): rows that match are refused.
    """

    columns: Mapping[str, int]
    constants: Mapping[str, str] = field(default_factory=dict)
    total_rows: Sequence[tuple[int, str, str]] = ()

    def reason(self, name: str, pattern: str) -> str:
        """Why a row that matches is refused."""
        return f"not a record by the source card: {name} matches {pattern}"


def places(where: object, headings: Sequence[str | None], wanted: Mapping[str, str], line: int) -> dict[str, int]:
    """The place of each heading of `wanted` (heading -> column of the table), as column -> place.

    Raises
    ------
    InputError
        If a heading is missing or stands twice.
    """
    found: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        found.setdefault(normal(heading or ""), []).append(place)
    chosen = {}
    for heading, column in wanted.items():
        there = found.get(normal(heading), [])
        if len(there) != 1:
            raise _heading_error(where, heading, [h for h in headings if h and h.strip()], line, len(there))
        chosen[column] = there[0]
    return chosen


def _heading_error(where: object, heading: str, headings: Sequence[str], line: int, times: int) -> InputError:
    if times:
        return InputError(
            where, f"the heading {heading!r} stands {times} times in line {line}.", "Rename one of them in the file."
        )
    shown = [" ".join(h.split()) for h in headings]
    listed = ", ".join(shown) if shown else "none"
    hint = did_you_mean(heading, shown) if shown else "Mend header_row in source.yml."
    hint = "" if hint.startswith("Known") else f" {hint}"
    todo = f"Headings found: {listed}.{hint} Mend columns or header_row in source.yml."
    return InputError(where, f"the heading {heading!r} is not in line {line}.", todo)


def of_relation(records: DuckDBPyRelation, selection: Selection) -> DuckDBPyRelation:
    """The selected columns of a relation with columns c0 … cN, more and line."""
    refusals = [f"WHEN trim(more) <> '' THEN {literal(MORE)}"]
    for place, pattern, name in selection.total_rows:
        reason = literal(selection.reason(name, pattern))
        refusals.append(f"WHEN regexp_matches(c{place}, {literal(pattern)}) THEN {reason}")
    parts = [f"nullif(c{place}, '') AS \"{column}\"" for column, place in selection.columns.items()]
    parts += [f'{literal(value)}::VARCHAR AS "{column}"' for column, value in selection.constants.items()]
    return records.select(", ".join([*parts, "line", f"CASE {' '.join(refusals)} END AS refused"]))


def of_grid(grid: Grid, first: int, selection: Selection) -> pd.DataFrame:
    """The selected columns of a sheet's rows from the 0-based row `first` on, without blank rows."""
    rows = [
        (line, row) for line, row in enumerate(grid[first:], first + 1) if any(cell and cell.strip() for cell in row)
    ]
    columns: dict[str, Sequence[Any]] = {
        column: [row[place] if place < len(row) else None for _, row in rows]
        for column, place in selection.columns.items()
    }
    columns |= {column: [value] * len(rows) for column, value in selection.constants.items()}
    patterns = [
        (place, re.compile(pattern), selection.reason(name, pattern)) for place, pattern, name in selection.total_rows
    ]
    refused = [
        next(
            (reason for place, pattern, reason in patterns if place < len(row) and pattern.search(row[place] or "")),
            None,
        )
        for _, row in rows
    ]
    return frame(columns, [line for line, _ in rows], refused)
