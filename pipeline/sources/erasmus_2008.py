"""Erasmus student mobility data of the European Commission, academic years 2008/09 to 2013/14: one file a year, one row a student.

Headings run together ("COUNTRYCODEOFHOMEINSTITUTION") or have underscores ("HOME_INSTITUTION_CTRY_CDE", 2012/13) or other names
("SendingCountry", 2013/14). No column holds the academic year: it is that in which most stays of a file began. The stay of a
student on a placement is in the country of the enterprise. Belgium stands as BENL, BEFR and BEDE, Greece as EL or GR, the United Kingdom as UK; "???" and "-" are unknown. Levels: S short cycle, 1 bachelor's, 2 master's, 3 doctoral.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pipeline.sources.card import normal
from pipeline.sources.erasmus_plus import ERASMUS_CODE, first_row, of_sheet, text
from pipeline.sources.file import SourceFile
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

LAYOUT = "Erasmus student mobility, 2008/09 to 2013/14"
ABOUT = Card(
    title="Erasmus student mobility (Lifelong Learning Programme)",
    publisher="European Commission (Erasmus)",
    licence="reuse with acknowledgement (Commission Decision 2011/833/EU)",
    url="https://data.europa.eu/data/datasets?keywords=erasmus",
    origin_basis="prior_education",
)
HEADINGS = {  # what is read -> how it is headed, letters only
    "origin": r"country(code)?ofhomeinstitution|homeinstitution(ctry|country)(cde|cd|code)?|sendingcountry(code)?",
    "destination": r"country(code)?ofhostinstitution|hostinstitution(ctry|country)(cde|cd|code)?|receivingcountry(code)?",
    "placement": r"country(code)?of(work)?placement|(work)?placement(enterprise)?(ctry|country)(cde|cd|code)?",
    "level": r"levelstudy|studylevel|studentstudylevel(cde|code)",
    "type": r"mobilitytype(cde|code)?",
    "study_start": r"studystartdate",
    "placement_start": r"placementstartdate",
    "home_erasmus_code": r"homeinstitution(cde|cd|code)?|sendingpartnererasmusid",
    "host_erasmus_code": r"hostinstitution(cde|cd|code)?|hostingpartnererasmusid",
}
_NEEDED = ("origin", "destination", "level", "type", "study_start")
OF_2013 = frozenset(("sendingpartnererasmusid", "hostingpartnererasmusid", "sendingcountry", "receivingcountry"))
"""Headings of the edition of 2013/14 alone, by which its academic year is known."""

NOTE = "students of higher education on an Erasmus stay abroad, for studies or a placement"
BELGIUM = dict.fromkeys(("BENL", "BEFR", "BEDE"), "BEL")
FIRST_MONTH = 8  # an academic year's stays begin from August on
ONE_YEAR = 0.7  # of the dated stays of a file must begin in one academic year for the file to be that year's
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def recognise(file: SourceFile) -> bool:
    """Whether the headings are those of the student data, in a text file or on a sheet."""
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


def _has(headings: Iterable[str]) -> bool:
    written = frozenset(headings)
    there = found(written)
    return written >= OF_2013 or all(name in there for name in _NEEDED)


def _table(rows: DuckDBPyRelation, name: str, about: Card, source: str, connection: DuckDBPyConnection) -> RawTable:
    from pipeline.sources.delimited import literal

    there = found(rows.columns)
    columns = {wanted: text(there.get(wanted)) for wanted in HEADINGS}
    began = f"coalesce({_month(columns['study_start'])}, {_month(columns['placement_start'])})"
    first = f"((({began}) - {FIRST_MONTH - 1}) // 12)"  # years of the common era: month numbers are from 0
    whole = 2013 if set(rows.columns) >= OF_2013 else _year_of_file(rows, first)
    year = str(whole) if whole is not None else first
    host = columns["destination"]
    level = f"upper(trim({columns['level']}))"
    counts = rows.select(f"""
        upper(coalesce({columns["origin"]}, '???')) AS origin,
        upper(coalesce(CASE WHEN {host} IS NULL OR regexp_matches({host}, '^[ ?-]*$') THEN {columns["placement"]} ELSE {host} END, '???')) AS destination,
        {year} || '/' || lpad((({year} + 1) % 100)::VARCHAR, 2, '0') AS period,
        CASE {level} WHEN 'S' THEN '5' WHEN '1' THEN '6' WHEN '2' THEN '7' WHEN '3' THEN '8'
             ELSE CASE WHEN regexp_matches({level}, '^[ ?-]*$') THEN NULL ELSE {columns["level"]} END END AS level,
        'credit' AS measure, '1' AS value, 'students' AS unit, {literal(about.publisher)} AS publisher,
        {literal(about.title)} AS title, {literal(about.url)} AS url, {literal(NOTE)} AS note,
        {"".join(_house(name, columns[name]) for name in HEADINGS if name in there and name.endswith("code"))} line, refused""")
    codes = {"origin": BELGIUM, "destination": BELGIUM}
    return RawTable(source, "counts", name, counts, codes=codes, card=about, counted="records", connection=connection)


def _house(name: str, column: str) -> str:
    from pipeline.sources.delimited import literal

    return f"CASE WHEN regexp_matches({column}, {literal(ERASMUS_CODE)}) THEN {column} END AS {name}, "


def found(headings: Iterable[str]) -> dict[str, str]:
    """What is read -> the heading.

    Examples
    --------
    >>> found(["home_institution_ctry_cde", "countrycodeofhostinstitution"])
    {'origin': 'home_institution_ctry_cde', 'destination': 'countrycodeofhostinstitution'}
    """
    letters = {re.sub("[^a-z]", "", normal(heading)): heading for heading in sorted(headings)}
    pairs = ((name, [h for h in letters if re.fullmatch(shape, h)]) for name, shape in HEADINGS.items())
    return {name: letters[fits[0]] for name, fits in pairs if fits}


def _month(column: str) -> str:
    """SQL: the months from year 0 to a date written as 09-2008, Sep-08, 2008-09-01, 01/09/2008 or 01-Sep-08; null for anything else."""
    names = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(_MONTHS, 1))
    name = f"CASE lower(regexp_extract({column}, '[A-Za-z]{{3}}')) {names} END"
    last = f"regexp_extract({column}, '(?:[0-9]{{2}})?[0-9]{{2}}\\s*$')::INTEGER"
    of_century = f"(CASE WHEN {last} < 100 THEN 2000 + {last} ELSE {last} END)"
    middle = f"regexp_extract({column}, '([0-9]{{1,2}})[-/.]([0-9]{{4}})\\s*$', 1)::INTEGER"
    ahead = f"regexp_extract({column}, '^\\s*[0-9]{{4}}[-/.]([0-9]{{1,2}})', 1)::INTEGER"
    return f"""CASE
        WHEN regexp_matches({column}, '^\\s*([0-9]{{1,2}}[-/. ])?[A-Za-z]{{3}}[a-z]*[-/. ]+([0-9]{{2}})?[0-9]{{2}}\\s*$') THEN {of_century} * 12 + {name} - 1
        WHEN regexp_matches({column}, '^\\s*([0-9]{{1,2}}[-/.])?(0?[1-9]|1[0-2])[-/.][0-9]{{4}}\\s*$') THEN {last} * 12 + {middle} - 1
        WHEN regexp_matches({column}, '^\\s*[0-9]{{4}}[-/.](0?[1-9]|1[0-2])([-/. T]|$)')
            THEN regexp_extract({column}, '[0-9]{{4}}')::INTEGER * 12 + {ahead} - 1 END"""


def _year_of_file(rows: DuckDBPyRelation, first: str) -> int | None:
    """The year in which the academic year of a file begins; None when its stays began in several."""
    years = rows.aggregate(f"{first} AS began, count(*) AS n", first).fetchall()
    dated = {int(began): int(n) for began, n in years if began is not None}
    if not dated:
        return None
    top = max(dated, key=lambda began: (dated[began], -began))
    return top if dated[top] >= ONE_YEAR * sum(dated.values()) else None
