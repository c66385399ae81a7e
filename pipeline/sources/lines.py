"""The records of a text file as a relation: the step that all readers of delimited text share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sources import delimited, select
from pipeline.sources.by_card import no_rows
from pipeline.sources.card import normal
from pipeline.sources.file import SourceFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation


def all_of(file: SourceFile, connection: DuckDBPyConnection, form: delimited.Layout | None = None) -> DuckDBPyRelation:
    """All records: columns c0 … cN, more and line (`delimited.relation`).

    Raises
    ------
    InputError
        If there is none.
    """
    rows = delimited.relation(connection, file.text, form or file.layout)
    if not rows.limit(1).fetchall():
        raise no_rows(file.path)
    return rows


def under_headings(
    file: SourceFile, connection: DuckDBPyConnection, form: delimited.Layout | None = None
) -> DuckDBPyRelation:
    """All records under their headings (lower case, the first of those that are alike), with `line` and `refused`."""
    known = form or file.layout
    places: dict[str, int] = {}
    for place, heading in enumerate(known.headings):
        if heading.strip():
            places.setdefault(normal(heading), place)
    return under(file, connection, places, known)


def under(
    file: SourceFile, connection: DuckDBPyConnection, places: dict[str, int], form: delimited.Layout | None = None
) -> DuckDBPyRelation:
    """All records, their columns named by `places` (name -> place of the column), with `line` and `refused`."""
    return select.of_relation(all_of(file, connection, form), select.Selection(places, {}))
