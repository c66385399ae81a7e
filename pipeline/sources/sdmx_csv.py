"""SDMX-CSV, the exchange format of statistical offices: one line an observation, one column a dimension or attribute.

Versions 1 and 2, with codes or labels or both (SDMX-CSV field guide): the first columns name the data flow (DATAFLOW; STRUCTURE, STRUCTURE_ID, ACTION …), then
dimensions, TIME_PERIOD, OBS_VALUE and attributes. With labels, a label's column stands after its code's, or both in one cell, "ED6: Bachelor".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.sources import lines
from pipeline.sources.card import normal
from pipeline.sources.delimited import literal
from pipeline.sources.file import SourceFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

TIME, VALUE = "time_period", "obs_value"
TOTALS = ("_T", "T", "TOTAL", "_Z", "ALL", "TOT")
TOTAL_FIRST = {"freq": ("A", "A1"), "time_format": ("P1Y",)}  # dimensions whose one value that is used is no total
FLAGS = {  # Eurostat's and SDMX's (CL_OBS_STATUS) observation flags
    "b": "break in the series",
    "c": "confidential",
    "d": "definition differs",
    "e": "estimated",
    "f": "forecast",
    "i": "imputed",
    "l": "missing; data exist but were not collected",
    "m": "missing; data cannot exist",
    "n": "not significant",
    "p": "provisional",
    "q": "missing; suppressed",
    "r": "revised",
    "s": "estimated by the publisher",
    "u": "low reliability",
    "x": "included in another category",
    "z": "not applicable",
}


_CODE = re.compile("[A-Z0-9_]+|[a-z0-9_]+")
_FLOW = ("dataflow", "structure", "structure_id", "structure_name", "action", "last update", "last_update")


def concept(heading: str) -> str:
    """The concept that a heading names, without its label.

    Examples
    --------
    >>> concept("TIME_PERIOD: Time"), concept(" LAST UPDATE ")
    ('time_period', 'last update')
    """
    return normal(heading.split(":")[0])


def concepts(headings: Iterable[str]) -> dict[str, int]:
    """Concept -> the first place at which it stands (a label that is spelt like its code comes after it).

    Examples
    --------
    >>> concepts(["COUNTRY", "Country", "YEAR", "Year"])
    {'country': 0, 'year': 2}
    """
    found: dict[str, int] = {}
    for place, heading in enumerate(headings):
        if heading.strip():
            found.setdefault(concept(heading), place)
    return found


def dimensions(headings: Sequence[str]) -> list[str]:
    """The dimensions: the columns before TIME_PERIOD that are codes, neither labels nor what names the data flow.

    Examples
    --------
    >>> dimensions(["STRUCTURE_ID", "ACTION", "REF_AREA", "Reference area", "SEX", "Sex", "TIME_PERIOD", "OBS_VALUE"])
    ['ref_area', 'sex']
    """
    codes = [h.split(":")[0].strip() for h in headings]
    until = next((i for i, code in enumerate(codes) if normal(code) == TIME), len(codes))
    return [normal(c) for c in codes[:until] if _CODE.fullmatch(c) and normal(c) not in _FLOW]


def records(file: SourceFile, connection: DuckDBPyConnection) -> DuckDBPyRelation:
    """The records under their concepts, with `line` and `refused`; the label after a code in one cell is cut off.

    Raises
    ------
    InputError
        If there is none.
    """
    places = concepts(file.layout.headings)
    rows = lines.under(file, connection, places)
    both = [heading for heading in file.layout.headings if ":" in heading]
    if not both:
        return rows
    whole = {VALUE, "dataflow", "structure_id", "last update"}
    cut = ", ".join(
        quoted(c) if c in whole else f"trim(split_part({quoted(c)}, ':', 1)) AS {quoted(c)}" for c in places
    )
    return rows.select(f"{cut}, line, refused")


def quoted(name: str) -> str:
    """A column's name for SQL.

    Examples
    --------
    >>> quoted("last update")
    '"last update"'
    """
    return '"' + name.replace('"', '""') + '"'


def status(value: str, flags: str) -> str:
    """SQL: the observation status (A E P B M C) of a value and its flags in lower case; where several flags stand, the gravest counts."""
    return f"""CASE WHEN regexp_matches({flags}, '[cq]') THEN 'C' WHEN {value} IS NULL THEN 'M'
        WHEN regexp_matches({flags}, 'b') THEN 'B' WHEN regexp_matches({flags}, '[efis]') THEN 'E' WHEN regexp_matches({flags}, 'p') THEN 'P' ELSE 'A' END"""


def flags(columns: Sequence[str]) -> str:
    """SQL: the flags of a row as lower-case letters, "" for none; of the status of confidentiality only that it is not free."""
    parts = [f"coalesce(lower({name}), '')" for name in ("obs_flag", "obs_status") if name in columns]
    parts += [
        f"CASE WHEN upper({name}) IN ('C', 'D', 'N', 'S') THEN 'c' ELSE '' END"
        for name in ("conf_status", "obs_conf")
        if name in columns
    ]
    return " || ".join(parts) or "''"


def number(column: str) -> str:
    """SQL: the number that a cell begins with, as text; null where there is none (":", "NaN")."""
    return f"nullif(regexp_extract({column}, '^\\s*(-?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?)', 1), '')"


def unreadable(column: str) -> str:
    """SQL: what stands in a cell that is neither a number nor marked as missing, flags or none; else null."""
    return f"""CASE WHEN NOT regexp_full_match({column}, '\\s*(?:-?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?|:|NaN|-)?\\s*[a-zA-Z]{{0,4}}\\s*')
        THEN {column} WHEN regexp_full_match({column}, '\\s*[a-zA-Z]+\\s*') AND NOT regexp_full_match({column}, '\\s*(?:[bcdefnprsuz]|NaN)\\s*') THEN {column} END"""


def meanings(flags: str) -> str:
    """SQL: what the flags say, in words."""
    cases = ", ".join(f"CASE WHEN contains({flags}, '{f}') THEN {literal(says)} END" for f, says in FLAGS.items())
    return f"nullif(concat_ws('; ', {cases}), '')"


def refusals(tests: Mapping[str, str]) -> str:
    """SQL: the reader's own reason, else that of the first test (condition -> reason as SQL) that holds.

    Examples
    --------
    >>> refusals({"sex <> 'T'": "'by sex'"})
    "CASE WHEN refused IS NOT NULL THEN refused WHEN sex <> 'T' THEN 'by sex' END"
    """
    cases = " ".join(f"WHEN {condition} THEN {reason}" for condition, reason in tests.items())
    return f"CASE WHEN refused IS NOT NULL THEN refused {cases} END"


def not_total(columns: Sequence[str], known: Iterable[str]) -> dict[str, str]:
    """Tests for rows that break down by a dimension which the project adds up: all columns but the known ones must be at their total.

    Labels' columns and attributes are to be among the known.
    """
    tests = {}
    for name in columns:
        if name not in set(known):
            allowed = ", ".join(literal(t) for t in (*TOTALS, *TOTAL_FIRST.get(name, ())))
            column = quoted(name)
            tests[f"{column} IS NOT NULL AND upper({column}) NOT IN ({allowed})"] = (
                f"{literal(f'a breakdown by {name} that is not used: ')} || {column}"
            )
    return tests


def place(column: str, world: Iterable[str], names: Mapping[str, str]) -> str:
    """SQL: a place code as records reads it: the world, a country's code, or a region.

    Parameters
    ----------
    column
        SQL of the code.
    world
        Codes of all places together.
    names
        Code -> what to write for it (regions, the unknown rest).
    """
    cases = [f"WHEN {column} IN ({', '.join(map(literal, world))}) THEN 'WLD'"]
    cases += [f"WHEN {column} = {literal(code)} THEN {literal(name)}" for code, name in names.items()]
    cases.append(f"WHEN {column} = 'NA' THEN 'NAM'")  # Namibia's alpha-2 code, elsewhere "not available"
    return f"CASE {' '.join(cases)} WHEN regexp_full_match({column}, '[A-Z]{{2,3}}') THEN {column} ELSE 'region:' || {column} END"
