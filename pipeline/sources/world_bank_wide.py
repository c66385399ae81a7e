"""World Bank: indicators in the wide layouts, one line a country and series, one column a year.

Three downloads share it: the whole of the World Development Indicators (WDICSV.csv of WDI_CSV.zip), a single indicator (API_….csv, with four lines of title above the
headings) and the DataBank's extract, whose years read "2013 [YR2013]" and whose last lines name the data base. The whole download holds some 1,500 series: from a file of more
than `MANY` series only those of `USED` are read, and each line of another series is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources import delimited, lines, world_bank
from pipeline.sources.card import normal
from pipeline.sources.delimited import literal
from pipeline.sources.file import SourceFile
from pipeline.sources.select import MORE
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

LAYOUT = "World Bank indicators, wide (CSV)"
ABOUT = world_bank.ABOUT
MANY = 100  # series; who picks indicators by hand takes fewer
TITLE_LINES = 10
USED = (  # covariates of flows and rates
    *("SE.TER.ENRL", "SE.TER.ENRR", "SP.TER.TOTL.IN", "SE.XPD.TERT.ZS", "SE.XPD.CTER.ZS", "SE.XPD.TERT.PC.ZS"),
    *("SE.XPD.TOTL.GD.ZS", "SL.UEM.ADVN.ZS", "SL.UEM.TOTL.ZS", "SP.POP.TOTL", "SP.POP.GROW", "SP.POP.1564.TO"),
    *("NY.GDP.MKTP.CD", "NY.GDP.MKTP.KD", "NY.GDP.MKTP.KD.ZG", "NY.GDP.MKTP.PP.CD", "NY.GDP.PCAP.CD", "NY.GDP.PCAP.KD"),
    *("NY.GDP.PCAP.KD.ZG", "NY.GDP.PCAP.PP.CD", "NY.GDP.PCAP.PP.KD", "PA.NUS.FCRF", "FP.CPI.TOTL.ZG", "EN.POP.DNST"),
    *("SP.URB.GROW", "SP.RUR.TOTL.ZG", "IT.NET.USER.ZS", "GB.XPD.RSDV.GD.ZS", "IP.JRN.ARTC.SC", "SM.POP.NETM"),
)
_CODES = (("country code", "indicator code", "indicator name"), ("country code", "series code", "series name"))
_YEAR = re.compile(r"(\d{4})(?: \[yr\d{4}\])?")


def recognise(file: SourceFile) -> bool:
    """Whether the headings, below the lines of title where there are any, are those of a wide download."""
    return _form(file) is not None


def _form(file: SourceFile) -> delimited.Layout | None:
    """The layout of the file, its headings sought below the title that a single indicator's download has."""
    if not file.headings or file.is_workbook:
        return None
    if not file.headings & {"data source", "country code"}:
        return None
    for row in (1, *(range(2, TITLE_LINES) if "data source" in file.headings else ())):
        form = delimited.layout(file.text, header_row=row, delimiter=file.layout.delimiter)
        found = set(map(normal, form.headings))
        if any(found >= set(names) for names in _CODES) and any(_YEAR.fullmatch(h) for h in found):
            return form
    return None


def read(file: SourceFile, about: Card, source: str, connection: DuckDBPyConnection) -> Iterator[RawTable]:
    """Covariates cell by cell; lines of series that are not used by whole lines."""
    form = _form(file)
    assert form is not None
    headings = [normal(heading) for heading in form.headings]
    code, series, name = next(names for names in _CODES if set(names) <= set(headings))
    place = {column: f"nullif(trim(c{headings.index(column)}), '')" for column in (code, series, name)}
    years = {found[1]: i for i, heading in enumerate(headings) if (found := _YEAR.fullmatch(heading))}
    rows = lines.all_of(
        file, connection, form
    ).select(f"""* EXCLUDE more, {place[code]} AS code, {place[series]} AS series, {place[name]} AS name,
        CASE WHEN trim(more) <> '' THEN {literal(MORE)} WHEN {place[code]} IS NULL OR {place[series]} IS NULL THEN 'not a record: no country or series' END AS refused""")
    refused = rows.filter("refused IS NOT NULL")
    whole = rows.filter("refused IS NULL")
    ((series_there,),) = whole.aggregate("count(DISTINCT series) AS n").fetchall()
    if series_there > MANY:
        used = f"series IN ({', '.join(map(literal, USED))})"
        others = whole.filter(f"NOT {used}").select(
            "* REPLACE ('a series that the project does not use: ' || series AS refused)"
        )
        refused, whole = refused.union(others), whole.filter(used)
    if whole.limit(1).fetchall():
        yield RawTable(
            source,
            "context",
            file.name,
            _melted(whole, years, about),
            card=about,
            counted="cells",
            connection=connection,
        )
    if refused.limit(1).fetchall():
        left = refused.select("code AS country, NULL::VARCHAR AS period, series AS indicator, line, refused").order(
            "line"
        )
        yield RawTable(source, "context", file.name, left, card=about, connection=connection)


def _melted(rows: DuckDBPyRelation, years: dict[str, int], about: Card) -> DuckDBPyRelation:
    pairs = ", ".join(f"struct_pack(period := {literal(year)}, cell := trim(c{i}))" for year, i in years.items())
    cells = rows.select(f"code, series, name, unnest([{pairs}]) AS pair, line, refused")
    return cells.select(f"""code AS country, pair.period AS period, series AS indicator,
        CASE WHEN pair.cell IN ('..', '') THEN NULL ELSE pair.cell END AS value,
        {world_bank.UNIT.format(name="name")} AS unit, {literal(about.publisher)} AS publisher, line, refused""")
