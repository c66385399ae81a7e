"""OECD: what its tables on mobile students count and how their codes are read, whether they come from OECD.Stat or the Data Explorer.

Enrolments, new entrants and graduates by country of study and of origin, from the same UOE collection as Eurostat's and UIS's tables. International students crossed a border to
study; where a country cannot tell them, the OECD gives foreign citizens instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipeline.sources import sdmx_csv
from pipeline.sources.delimited import literal
from pipeline.sources.table import Card

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

ABOUT = Card(
    title="Enrolment of international students by origin",
    publisher="OECD",
    licence="OECD terms and conditions; CC BY 4.0 from July 2024 on",
    url="https://data-explorer.oecd.org/",
)
NOTE = "students who crossed a border to study in tertiary education; for some countries foreign citizens instead"
LEVELS = {
    "ISCED11_5T8": "all",
    "ISCED11_5": "5",
    "ISCED11_6": "6",
    "ISCED11_7": "7",
    "ISCED11_8": "8",
    "ISCED11_5_6": "5-6",
    "ISCED11_7_8": "7-8",
}
WORLD = ("_T", "W", "WLD", "WXD", "TOTAL")
REGIONS = {
    "TOT": "region:All countries of the table (OECD)",
    "OTO": "region:OECD",
    "OECD": "region:OECD",
    "OEU": "region:OECD Europe",
    "OECDE": "region:OECD Europe",
    "EU22": "region:EU22",
    "EU25": "region:EU25",
    "EU27_2020": "region:EU27_2020",
    "G20": "region:G20",
    "_X": "Unspecified",
    "_U": "Unknown, Unspecified",
    "_Z": "Not applicable, Unspecified",
    "002": "region:Africa",
    "009": "region:Oceania",
    "013": "region:Central America",
    "019": "region:America",
    "021": "region:Northern America",
    "142": "region:Asia",
    "150": "region:Europe",
    "419": "region:Latin America and the Caribbean",
}
MEASURES = (("ENRL", "stock"), ("ENT", "entrants"), ("NENT", "entrants"), ("NEW", "entrants"), ("GRAD", "graduates"))


def origin(codes: str, names: str | None) -> str:
    """SQL: the origin as records reads it; a region that only its label tells goes by that, as does a rest that is not specified."""
    known = sdmx_csv.place(codes, ("TOT", *WORLD), {c: n for c, n in REGIONS.items() if c != "TOT"})
    if names is None:
        return known
    listed = ", ".join(map(literal, (*WORLD, *REGIONS)))
    unknown = "(?:not specified|unspecified|unknown)"
    return f"""CASE WHEN {codes} NOT IN ({listed}) AND regexp_matches({names}, '(?i){unknown}') THEN regexp_replace({names}, '(?i)[ ,:(-]*{unknown}\\)?', '') || ', Unspecified'
        WHEN {codes} NOT IN ({listed}) AND NOT regexp_full_match({codes}, '[A-Z]{{2,3}}') THEN 'region:' || {names} ELSE {known} END"""


def destination(codes: str) -> str:
    """SQL: the country of study as records reads it; the sum over the countries of the table is not the world."""
    return sdmx_csv.place(codes, WORLD, REGIONS)


def level(codes: str) -> str:
    """SQL: the project's level."""
    return f"CASE {codes} {' '.join(f'WHEN {literal(c)} THEN {literal(to)}' for c, to in LEVELS.items())} END"


def measure(codes: str) -> str:
    """SQL: the project's measure by the code of OECD's measure; null when it is none that is used."""
    return (
        f"CASE {' '.join(f'WHEN starts_with(upper({codes}), {literal(c)}) THEN {literal(m)}' for c, m in MEASURES)} END"
    )


def refused_when(columns: Iterable[str]) -> dict[str, str]:
    """Conditions for which a row is refused, with reasons, that both layouts share."""
    levels = ", ".join(map(literal, LEVELS))
    found = {
        f"education_lev IS NULL OR education_lev NOT IN ({levels})": _reason(
            "a level that is not used: ", "education_lev"
        )
    }
    if "sex" in columns:
        found["sex IS NOT NULL AND sex NOT IN ('_T', 'T', 'TOT')"] = "'by sex: the project counts all together'"
    return found


def _reason(text: str, column: str) -> str:
    return f"{literal(text)} || coalesce({column}, 'none')"


def publication(about: Card) -> str:
    """SQL: publisher, title, url."""
    return f"{literal(about.publisher)} AS publisher, {literal(about.title)} AS title, {literal(about.url)} AS url"


def with_refused(rows: DuckDBPyRelation, tests: dict[str, str]) -> DuckDBPyRelation:
    """The rows with what is refused marked."""
    return rows.select(f"* REPLACE ({sdmx_csv.refusals(tests)} AS refused)")


def labelled(headings: Sequence[str]) -> str | None:
    """The heading under which the names of origins stand, if the file has one."""
    names = (
        "country of origin",
        "origin label",
        "origin country",
        "country of origin label",
        "reference area (origin)",
    )
    return next((h for h in headings if h in names), None)
