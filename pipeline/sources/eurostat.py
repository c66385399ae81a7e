"""Eurostat: mobile students and graduates from abroad (educ_uoe_mobs, educ_uoe_mobg) as TSV with flags, the layout of the bulk download.

The first column joins the dimensions ("freq,unit,isced11,sex,partner,geo\\TIME_PERIOD"), then comes one column a year; a cell is a number, a colon where there
is none, and letters that flag it: "12 b", ": c". The file does not name its table: when another table has the same dimensions, the name that Eurostat gives the file does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources import delimited, eurostat_tables, lines, sdmx_csv
from pipeline.sources.file import SourceFile
from pipeline.sources.select import MORE
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

LAYOUT = "Eurostat mobile students and graduates (TSV)"
ABOUT = eurostat_tables.ABOUT
_FIRST = re.compile(r"[\w ,]+\\\s*(?:time|time_period)\s*", re.IGNORECASE)


def recognise(file: SourceFile) -> bool:
    """Whether the first heading joins the dimensions of a table of mobile students."""
    if file.is_workbook or not any("\\" in heading for heading in file.headings):
        return False
    dimensions = _dimensions(_form(file))
    return bool(dimensions) and eurostat_tables.known(dimensions, _code(file))


def _form(file: SourceFile) -> delimited.Layout:
    return delimited.layout(file.text, delimiter="\t")


def _dimensions(form: delimited.Layout) -> tuple[str, ...]:
    first = form.headings[0]
    if not _FIRST.fullmatch(first):
        return ()
    return tuple(name.strip().lower() for name in first.split("\\")[0].split(","))


def _code(file: SourceFile) -> str:
    found = re.search(r"educ_uoe_[a-z]+\d*", file.path.name.lower())
    return found[0] if found else ""


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Counts (unit NR) and shares (unit PC, as context), cell by cell."""
    form = _form(file)
    cells = _melted(file, form, connection)
    code = _code(file) or ("educ_uoe_mobs02" if "partner" in _dimensions(form) else "educ_uoe_mobs01")
    cells = cells.select(f"*, {delimited.literal(code)} AS dataset")
    yield from eurostat_tables.tables(cells, about, source, file.name, "cells", connection)


def _melted(file: SourceFile, form: delimited.Layout, connection: DuckDBPyConnection) -> DuckDBPyRelation:
    """One row a cell: the dimensions, period, value, flags, line and refused."""
    rows = lines.all_of(file, connection, form)
    parts = ", ".join(
        f"nullif(trim(split_part(c0, ',', {place})), '') AS {name}" for place, name in enumerate(_dimensions(form), 1)
    )
    years = ", ".join(
        f"struct_pack(period := {delimited.literal(heading.strip())}, cell := c{place})"
        for place, heading in enumerate(form.headings)
        if place and heading.strip()
    )
    refused = f"CASE WHEN trim(more) <> '' THEN {delimited.literal(MORE)} END"
    melted = rows.select(f"{parts}, unnest([{years}]) AS pair, line, {refused} AS refused")
    names = ", ".join(_dimensions(form))
    return melted.select(f"""{names}, pair.period AS period, {sdmx_csv.number("pair.cell")} AS value,
        lower(regexp_extract(coalesce(pair.cell, ''), '([a-zA-Z]*)\\s*$', 1)) AS flags, {sdmx_csv.unreadable("pair.cell")} AS unreadable, line, refused""")
