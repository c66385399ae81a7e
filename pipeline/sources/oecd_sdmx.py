"""OECD Data Explorer: students by country of study and of origin as SDMX-CSV, codes with or without labels (csvfile, csvfilewithlabels).

The data flows of Education at a Glance share their dimensions (REF_AREA, EDUCATION_LEV, MEASURE, ORIGIN, MOBILITY, SEX …); a row that breaks down by one that is not used is
refused, as is one that counts all students or foreign citizens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources import oecd_tables, sdmx_csv
from pipeline.sources.delimited import literal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = "OECD mobile students (SDMX-CSV)"
ABOUT = oecd_tables.ABOUT
_NEEDED = frozenset(("education_lev", "origin", sdmx_csv.TIME, sdmx_csv.VALUE))
_AREAS = ("ref_area", "country", "destination")
_NUMBERS = ("NR", "NUMBER", "PS", "PER", "PERS", "STUD", "ST", "PU", "H", "_Z")  # units that count persons
_READ = ("education_lev", "measure", "origin", "mobility", "unit_measure", "unit", "sex")
_WHOLE = {"inst_type_edu": ("INST_EDU",), "statistical_operation": ("SUM", "_Z", "OBS")}


def recognise(file: SourceFile) -> bool:
    """Whether it is SDMX-CSV with the OECD's dimensions of students by level and origin."""
    found = {sdmx_csv.concept(heading) for heading in file.headings}
    return found >= _NEEDED and bool(found & set(_AREAS))


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Stocks, entrants and graduates by country of study, origin, level and year."""
    rows = sdmx_csv.records(file, connection)
    area = next(name for name in _AREAS if name in rows.columns)
    marked = oecd_tables.with_refused(rows, _tests(rows.columns, sdmx_csv.dimensions(file.layout.headings), area))
    names = oecd_tables.labelled(rows.columns)
    flags = sdmx_csv.flags(rows.columns)
    number = sdmx_csv.number(sdmx_csv.VALUE)
    scaled = f"CASE WHEN coalesce(unit_mult, '0') = '0' THEN {number} ELSE ({number}::DOUBLE * pow(10, unit_mult::INTEGER))::VARCHAR END"
    value = scaled if "unit_mult" in rows.columns else number
    kind = oecd_tables.measure("measure") if "measure" in rows.columns else "'stock'"
    final = marked.select(f"""
        {oecd_tables.destination(area)} AS reporter, {oecd_tables.origin("origin", sdmx_csv.quoted(names) if names else None)} AS origin,
        {oecd_tables.destination(area)} AS destination, 'inbound' AS direction, {sdmx_csv.TIME} AS period,
        {oecd_tables.level("education_lev")} AS level, {kind} AS measure, {value} AS value, 'students' AS unit,
        {sdmx_csv.status(number, flags)} AS status, {oecd_tables.publication(about)},
        concat_ws('; ', {sdmx_csv.meanings(flags)}, {literal(oecd_tables.NOTE)}) AS note, line, refused""")
    yield RawTable(source, "counts", file.name, final, card=about, connection=connection)


def _tests(columns: list[str], dimensions: list[str], area: str) -> dict[str, str]:
    tests = oecd_tables.refused_when(columns)
    if "measure" in columns:
        tests[f"{oecd_tables.measure('measure')} IS NULL"] = (
            "'a measure that is not used: ' || coalesce(measure, 'none')"
        )
    if "mobility" in columns:
        tests["mobility IS NULL OR NOT regexp_matches(upper(mobility), '^(MOB|INT|M$|MS|I$|_Z$)')"] = (
            "'counts not only mobile students: ' || coalesce(mobility, 'mobility not told')"
        )
    for unit in ("unit_measure", "unit"):
        if unit in columns:
            numbers = ", ".join(map(literal, _NUMBERS))
            tests[f"{unit} IS NOT NULL AND upper({unit}) NOT IN ({numbers})"] = f"'a unit that is not used: ' || {unit}"
    flow = next((name for name in ("structure_id", "dataflow") if name in columns), None)
    if flow and "mobility" not in columns:
        tests[f"NOT regexp_matches(upper(coalesce({flow}, '')), 'MOB')"] = (
            f"'a data flow that counts not only mobile students: ' || coalesce({flow}, 'none is named')"
        )
    other = [name for name in dimensions if name not in (*_READ, area)]
    for name, whole in _WHOLE.items():
        if name in other:
            other.remove(name)
            allowed = ", ".join(map(literal, (*sdmx_csv.TOTALS, *whole)))
            tests[f"{name} IS NOT NULL AND upper({name}) NOT IN ({allowed})"] = (
                f"{literal(f'a breakdown by {name} that is not used: ')} || {name}"
            )
    return tests | sdmx_csv.not_total(other, ())
