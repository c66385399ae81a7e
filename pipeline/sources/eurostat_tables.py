"""Eurostat's tables on mobile students and graduates from abroad: what each counts, and how its codes are read, whatever the file's form.

Source: the UOE data collection (UNESCO, OECD, Eurostat). A mobile student is enrolled in another country than that of prior education, for the whole degree: credit
mobility, as in Erasmus+, is not in these tables (Eurostat has it for graduates, in educ_uoe_mobc). Not every country can tell prior education: some give residence or citizenship.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from pipeline.sources import sdmx_csv
from pipeline.sources.delimited import literal
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

ABOUT = Card(
    title="Mobile students and graduates from abroad (Eurostat, UOE data collection)",
    publisher="Eurostat",
    licence="CC BY 4.0 (Commission Decision 2011/833/EU on reuse)",
    url="https://ec.europa.eu/eurostat/databrowser/explore/all/popul?subtheme=educ.educ_mob",
    origin_basis="prior_education",
)
_MOBILE = "Mobile students from abroad enrolled"
_GRADUATES = "Degree mobile graduates from abroad"
TABLES = {  # code -> (measure, title)
    "educ_uoe_mobs01": ("degree_stock", f"{_MOBILE} by education level, sex and field of education"),
    "educ_uoe_mobs02": ("degree_stock", f"{_MOBILE} by education level, sex and country of origin"),
    "educ_uoe_mobs03": (
        "degree_stock",
        "Share of mobile students from abroad enrolled by education level, sex and country of origin",
    ),
    "educ_uoe_mobg01": ("graduates", f"{_GRADUATES} by education level, sex and field of education"),
    "educ_uoe_mobg02": ("graduates", f"{_GRADUATES} by education level, sex and country of origin"),
    "educ_uoe_mobg03": (
        "graduates",
        "Share of degree mobile graduates from abroad by education level, sex and country of origin",
    ),
}
LEVELS = {"ED5-8": "all", "ED5": "5", "ED6": "6", "ED7": "7", "ED8": "8", "ED5_6": "5-6", "ED7_8": "7-8"}
WORLD = ("TOTAL", "WORLD", "WRL_THR")
REGIONS = {
    "AFR": "region:Africa",
    "AME": "region:America",
    "AMR": "region:America",
    "ASI": "region:Asia",
    "EUR": "region:Europe",
    "OCE": "region:Oceania",
    "EFTA": "region:EFTA",
    "UNK": "Unspecified",
    "NRP": "No response, Unspecified",
    "OTH": "Other, Unspecified",
    "STLS": "Stateless",
    "CN_X_HK": "CHN",  # China without Hong Kong, which has a code of its own
    "AN": "Netherlands Antilles",
    "CS": "Serbia and Montenegro",
}
NOTE = "enrolled or graduated for the whole degree in another country than that of prior education; credit mobility is not counted"
_NEEDED = frozenset(("unit", "isced11", "sex", "geo"))
_LISTED = (
    "freq",
    "unit",
    "isced11",
    "sex",
    "partner",
    "geo",
    "period",
    "value",
    "flags",
    "unreadable",
    "dataset",
    "line",
    "refused",
)


def known(dimensions: Collection[str], code: str) -> bool:
    """Whether a table with these dimensions is one of mobile students; `code` is what the file or its name says it is.

    A table by field of education without its code could as well hold all graduates (educ_uoe_grad02): it is not guessed at.

    Examples
    --------
    >>> dims = ("freq", "unit", "isced11", "sex", "partner", "geo")
    >>> known(dims, ""), known(dims, "educ_uoe_enra05"), known(("unit", "isced11", "iscedf13", "sex", "geo"), "educ_uoe_mobs01")
    (True, False, True)
    """
    if not set(dimensions) >= _NEEDED:
        return False
    return code in TABLES if code else "partner" in dimensions


def tables(
    cells: DuckDBPyRelation,
    about: Card,
    source: str,
    file: str,
    counted: str,
    connection: DuckDBPyConnection,
) -> Iterator[RawTable]:
    """Counts and shares of a relation with one row an observation.

    Parameters
    ----------
    cells
        Columns: the table's dimensions, period, value (text or null), flags (lower-case letters, "" for none), unreadable (what stands in a
        cell that is neither a number nor missing), dataset (the table's code in lower case), line, refused.
    about, source, file, counted, connection
        As for `RawTable`.
    """
    extra = [name for name in cells.columns if name not in _LISTED]
    partner = "partner" if "partner" in cells.columns else "'TOTAL'"
    tests = {
        "unreadable IS NOT NULL": "'not a number: ' || unreadable",
        "sex IS NOT NULL AND sex <> 'T'": "'by sex: the project counts all together'",
        f"isced11 NOT IN ({', '.join(map(literal, LEVELS))})": "'a level of education that is not used: ' || isced11",
        "freq IS NOT NULL AND freq <> 'A'": "'not a yearly figure'",
        **sdmx_csv.not_total(extra, ()),
        "unit NOT IN ('NR', 'PC') OR unit IS NULL": "'a unit that is not used: ' || coalesce(unit, 'none')",
    }
    if "freq" not in cells.columns:
        del tests["freq IS NOT NULL AND freq <> 'A'"]
    # what does not apply is missing, whatever is written there
    cells = cells.select(
        f"* REPLACE (CASE WHEN flags = 'z' THEN NULL ELSE value END AS value, {sdmx_csv.refusals(tests)} AS refused)"
    )
    for table, rows, columns in (
        ("counts", cells.filter("unit IS DISTINCT FROM 'PC'"), _counts(about, partner)),
        ("context", cells.filter("unit = 'PC'"), _context(about, partner)),
    ):
        if rows.limit(1).fetchall():
            yield RawTable(
                source, table, file, rows.select(columns), card=about, counted=counted, connection=connection
            )


def _place(column: str) -> str:
    return sdmx_csv.place(column, WORLD, REGIONS)


def _by_dataset(place: int) -> str:
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(facts[place])}" for code, facts in TABLES.items())
    return f"CASE dataset {cases} END"


def _level() -> str:
    return (
        f"CASE isced11 {' '.join(f'WHEN {literal(code)} THEN {literal(level)}' for code, level in LEVELS.items())} END"
    )


def _counts(about: Card, partner: str) -> str:
    return f"""
        {_place("geo")} AS reporter, {_place(partner)} AS origin, {_place("geo")} AS destination, 'inbound' AS direction, period,
        {_level()} AS level, {_by_dataset(0)} AS measure, value, 'students' AS unit, {sdmx_csv.status("value", "flags")} AS status,
        {literal(about.publisher)} AS publisher, CASE WHEN refused IS NULL THEN {_by_dataset(1)} || ' (' || dataset || ')' END AS title,
        CASE WHEN refused IS NULL THEN 'https://ec.europa.eu/eurostat/databrowser/view/' || dataset || '/default/table' END AS url,
        CASE WHEN refused IS NULL THEN concat_ws('; ', {sdmx_csv.meanings("flags")}, {literal(NOTE)}) END AS note, line, refused"""


def _context(about: Card, partner: str) -> str:
    return f"""
        {_place("geo")} AS country, {_place(partner)} AS origin, period, dataset || ':' || isced11 AS indicator, value,
        '%' AS unit, {literal(about.publisher)} AS publisher, line, refused"""
