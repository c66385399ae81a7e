"""Erasmus+ mobility raw data of the European Commission, 2014 to 2023: one file a year or call, one row for one or several participants.

The files cover all of key action 1. Students and doctoral candidates of higher education are credit mobility; staff, and learners of schools, vocational
and adult education and of youth work, are counted under measures of their own. Headings vary: countries stand as codes ("DE") in the editions up to
2019 and as "DE - Germany" since, "Participants" is "Actual Participants (…)" in some. Unknown is "-", "???" or "??? - ? Unknown ?".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.sources.card import normal
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable
from pipeline.sources.workbook import Grid

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

LAYOUT = "Erasmus+ mobility raw data, 2014 to 2023"
ABOUT = Card(
    title="Erasmus+ mobility raw data (key action 1)",
    publisher="European Commission (Erasmus+)",
    licence="CC BY 4.0",
    url="https://data.europa.eu/data/datasets/erasmus-mobility-raw-data",
    origin_basis="prior_education",
)
HEADINGS = {  # what is read -> how it is headed, over the years
    "year": r"academic year",
    "activity": r"activity( \(mob\))?",
    "level": r"education level",
    "profile": r"participant profile",
    "field": r"field",
    "origin": r"sending country( code)?",
    "destination": r"receiving country( code)?",
    "participants": r"(actual )?participants( \(.*\))?",
    "home_institution": r"sending organi[sz]ation",
    "home_erasmus_code": r"sending organi[sz]ation erasmus code",
    "host_institution": r"receiving organi[sz]ation",
    "host_erasmus_code": r"receiving organi[sz]ation erasmus code",
}
SIDES = ("home", "host")
_NEEDED = ("year", "activity", "profile", "origin", "destination", "participants")
MEASURES = {  # measure -> unit, note
    "credit": ("students", "students of higher education on a funded stay abroad, for studies or a traineeship"),
    "staff": ("staff", "staff of schools, universities and other bodies on a funded stay abroad"),
    "other_learners": ("learners", "learners outside higher education: schools, vocational and adult education, youth"),
}
_CODE = r"^\s*([A-Za-z]{2}) - .*"
_UNKNOWN = r"^\s*[?-]|unknown|not classified|^isced[ -]?[0-4]\b|^isced[ -]?9\b"
ERASMUS_CODE = r"^\s*[A-Za-z]{1,3} *[A-Za-z'.-]+[0-9]{2,3}\s*$"
"""What may be an Erasmus code; the organisations of other columns and lines are companies, schools and youth clubs."""

_STUDENTS = r"^\s*he-.*sm[st]\b|student mobility|doctoral"
_STAFF = r"staff|^\s*[a-z]+-.*st[at]\b"


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of the raw data, in a text file or on a sheet."""
    return _has(file.headings) or any(_has(first_row(grid)) for grid in file.sheets.values())


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Rows to be summed by origin, destination, year and level."""
    from pipeline.sources.publishers import records

    if not file.is_workbook:
        yield _table(records(file, connection), file.name, about, source, connection)
        return
    sheets = [(name, grid) for name, grid in file.sheets.items() if _has(first_row(grid))]
    for name, grid in sheets:
        rows = of_sheet(f"{file.path} (sheet {name})", grid, connection)
        yield _table(rows, f"{file.name}#{name}" if len(sheets) > 1 else file.name, about, source, connection)


def found(headings: Iterable[str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What is read -> the heading, of those of `wanted` that are there.

    Examples
    --------
    >>> found({"sending country", "field of education"}, HEADINGS)
    {'origin': 'sending country'}
    """
    ordered = sorted(headings)
    pairs = ((name, next((h for h in ordered if re.fullmatch(shape, h)), None)) for name, shape in wanted.items())
    return {name: heading for name, heading in pairs if heading is not None}


def of_sheet(where: str, grid: Grid, connection: DuckDBPyConnection) -> DuckDBPyRelation:
    """The records of a sheet whose first row holds the headings, as a relation like that of a text file.

    Raises
    ------
    InputError
        If there is none.
    """
    from pipeline.sources import select
    from pipeline.sources.by_card import no_rows

    headings = {normal(h): place for place, h in enumerate(grid[0]) if h and h.strip()}
    frame = select.of_grid(grid, 1, select.Selection(headings))
    if frame.empty:
        raise no_rows(where)
    return connection.from_df(frame.astype({name: object for name in frame.columns if name != "line"}))


def text(heading: str | None) -> str:
    """A column by its heading as SQL; null when the file has none."""
    return '"' + heading.replace('"', '""') + '"' if heading else "NULL::VARCHAR"


def first_row(grid: Grid) -> frozenset[str]:
    """The headings of a sheet, in the form in which they are compared."""
    return frozenset(normal(cell) for cell in grid[0] if cell) if grid else frozenset()


def _has(headings: frozenset[str]) -> bool:
    there = found(headings, HEADINGS)
    return all(name in there for name in _NEEDED)


def _table(rows: DuckDBPyRelation, name: str, about: Card, source: str, connection: DuckDBPyConnection) -> RawTable:
    there = found(rows.columns, HEADINGS)
    counts = rows.select(_counts(there, about)).select(
        f"* EXCLUDE (line, refused), {_by_measure(0)} AS unit, {_by_measure(1)} AS note, line, refused"
    )
    houses = ", ".join(_house(side) for side in SIDES if f"{side}_erasmus_code" in there)
    counts = counts.select(f"* REPLACE ({houses})") if houses else counts
    codes = {"origin": {"TP": "TLS"}, "destination": {"TP": "TLS"}}  # a code that ISO withdrew
    return RawTable(source, "counts", name, counts, codes=codes, card=about, counted="records", connection=connection)


def _counts(there: Mapping[str, str], about: Card) -> str:
    from pipeline.sources.delimited import literal

    column = {name: text(there.get(name)) for name in HEADINGS}
    activity, profile, field = (f"lower(coalesce({column[name]}, ''))" for name in ("activity", "profile", "field"))
    measure = f"""CASE WHEN {profile} LIKE '%staff%' THEN 'staff'
        WHEN regexp_matches({activity}, {literal(_STUDENTS)}) THEN 'credit'
        WHEN regexp_matches({activity}, {literal(_STAFF)}) THEN 'staff'
        WHEN {field} = 'higher education' THEN 'credit' ELSE 'other_learners' END"""

    def place(name: str) -> str:
        return f"regexp_replace(coalesce({column[name]}, '???'), {literal(_CODE)}, '\\1')"

    level = column["level"]
    return f"""
        {place("origin")} AS origin, {place("destination")} AS destination, {column["year"]} AS period,
        CASE WHEN regexp_matches(lower({level}), '^isced[ -]?[5-8]') THEN regexp_extract({level}, '[5-8]')
             WHEN regexp_matches(lower({level}), {literal(_UNKNOWN)}) THEN NULL ELSE {level} END AS level,
        {measure} AS measure, {column["participants"]} AS value, {literal(about.publisher)} AS publisher,
        {literal(about.title)} AS title, {literal(about.url)} AS url,
        {"".join(f"{text(there.get(name))} AS {name}, " for name in _houses(there))} line, refused"""


def _houses(there: Mapping[str, str]) -> list[str]:
    return [
        f"{side}_{what}"
        for side in SIDES
        if f"{side}_erasmus_code" in there
        for what in ("institution", "erasmus_code")
    ]


def _house(side: str) -> str:
    """Universities of students, known by their Erasmus code: name and code of any other organisation are left out."""
    from pipeline.sources.delimited import literal

    is_one = f"measure = 'credit' AND regexp_matches({side}_erasmus_code, {literal(ERASMUS_CODE)})"
    return ", ".join(
        f"CASE WHEN {is_one} THEN {name} END AS {name}" for name in (f"{side}_institution", f"{side}_erasmus_code")
    )


def _by_measure(place: int) -> str:
    from pipeline.sources.delimited import literal

    cases = " ".join(f"WHEN {literal(name)} THEN {literal(facts[place])}" for name, facts in MEASURES.items())
    return f"CASE measure {cases} END"
