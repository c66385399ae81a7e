"""Publishers whose files are recognised by their shape and need no source card.

To add one: write a module beside `uis.py` with the four names below, and add it to `MODULES`. docs/your-own-data.md shows how.

`LAYOUT`
    What `mobility sources` calls the layout.
`ABOUT`
    The `Card` of the publisher.
`recognise(file)`
    Whether a `SourceFile` has this layout: by its headings or sheets, never by its name.
`read(file, about, source, connection)`
    Its `RawTable`s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

MODULES = (
    "uis",
    "open_doors",
    "open_doors_levels",
    "china_panel",
    "oecd",
    "world_bank",
    "world_bank_wide",
    "uis_bulk",
    "uis_labels",
    "uis_api",
    "oecd_stat",
    "oecd_sdmx",
    "eurostat",
    "eurostat_csv",
    "erasmus_plus",
    "erasmus_2008",
    "ewp",
)


class Publisher(Protocol):
    """What each module of `MODULES` offers."""

    LAYOUT: str
    ABOUT: Card

    def recognise(self, file: SourceFile) -> bool:
        """Whether the file has this layout."""
        ...

    def read(self, file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
        """The tables of the file."""
        ...


def publishers() -> tuple[Publisher, ...]:
    """All publishers that are known, in the order in which they are asked."""
    return tuple(cast(Publisher, import_module(f"pipeline.sources.{name}")) for name in MODULES)


def recognised(file: SourceFile) -> Publisher | None:
    """The publisher whose layout a file has, if any."""
    return next((publisher for publisher in publishers() if publisher.recognise(file)), None)


def about(publisher: Publisher, given: Card | None) -> Card:
    """The publisher's card, with what the folder's own source.yml adds (title, licence, date of retrieval …)."""
    if given is None:
        return replace(publisher.ABOUT, layout=publisher.LAYOUT)
    texts = {
        key: getattr(given, key)
        for key in ("title", "publisher", "licence", "url", "retrieved", "origin_basis", "institution")
        if getattr(given, key)
    }
    known = replace(publisher.ABOUT, layout=publisher.LAYOUT, synthetic=given.synthetic, **texts)
    return replace(known, name=given.name, countries=given.countries, academic_year_starts=given.academic_year_starts)


def records(file: SourceFile, connection: DuckDBPyConnection) -> DuckDBPyRelation:
    """The records of a text file under its own headings (lower case), with `line` and `refused`.

    Raises
    ------
    InputError
        If there is none.
    """
    from pipeline.sources import lines

    return lines.under_headings(file, connection)
