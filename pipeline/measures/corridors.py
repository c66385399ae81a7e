"""Flows from country to country and year to year: the tables on which a gravity model and a network view stand."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from pipeline.measures.publishers import families
from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import NEEDED, one_a_cell, require, with_partner

KEY = ["publisher", "direction", "measure", "level"]
FLOWS = ["origin", "destination", "year", "value", "status"]
TABLES = [*KEY, "origins", "destinations", "first_year", "last_year", "flows"]


def _between_countries(counts: pd.DataFrame) -> pd.DataFrame:
    require(counts, NEEDED, "counts")
    rows = counts.assign(**{c: counts[c].fillna("all") for c in ("level", "mode", "funding")})
    rows = rows.assign(publisher=families(rows["publisher"]))
    whole = rows["mode"].eq("all") & rows["funding"].eq("all")
    countries = rows["origin_kind"].eq("country") & rows["destination_kind"].eq("country")
    students = rows["unit"].fillna("students").eq("students") if "unit" in rows else True
    return rows[whole & countries & students & rows["origin"].ne(rows["destination"])]


def flow_tables(counts: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """Which tables of flows between countries the published counts hold.

    Parameters
    ----------
    counts
        The processed counts.
    year
        Nothing later counts; None for all.

    Returns
    -------
    pandas.DataFrame
        One row a publisher, direction (which end reports), measure and level: origins, destinations (with a known flow), first_year, last_year, flows;
        the widest first.

    Examples
    --------
    >>> counts = pd.DataFrame({"reporter": "USA", "origin": ["CHN", "IND"], "destination": "USA", "origin_kind": "country",
    ...     "destination_kind": "country", "direction": "inbound", "year": 2024, "period": "2024", "level": "all", "mode": "all",
    ...     "measure": "stock", "funding": "all", "value": [5.0, 7.0], "status": "A", "exactness": "exact", "publisher": "P",
    ...     "title": "", "url": "", "published": "", "note": ""})
    >>> flow_tables(counts)[["publisher", "origins", "destinations", "flows"]].values.tolist()
    [['P', 2, 1, 2]]
    """
    rows = _between_countries(counts)
    rows = rows[rows["value"].notna() & (rows["year"].le(year) if year is not None else True)]
    if rows.empty:
        return pd.DataFrame(columns=TABLES)
    found = rows.groupby(KEY, observed=True).agg(
        origins=("origin", "nunique"),
        destinations=("destination", "nunique"),
        first_year=("year", "min"),
        last_year=("year", "max"),
        flows=("value", "size"),
    )
    found = found.reset_index().sort_values(["flows", *KEY], ascending=[False, *[True] * len(KEY)])
    return found[TABLES].reset_index(drop=True)


def published_flows(
    counts: pd.DataFrame, publisher: str, measure: str = "stock", level: str = "all", direction: str = "inbound"
) -> pd.DataFrame:
    """The flows between countries in one publisher's table of one measure and level.

    Parameters
    ----------
    counts
        The processed counts.
    publisher, measure, level, direction
        As in `flow_tables`; two of them are never in one table.

    Returns
    -------
    pandas.DataFrame
        origin, destination, year, value (students; null where the publisher gives none), status. A pair that is not listed has no row: it is
        unknown, not 0. Regions, the world, unspecified rest and a country's own students are left out.
    """
    rows = _between_countries(counts)
    for column, wanted in zip(KEY, (publisher, direction, measure, level), strict=True):
        rows = rows[rows[column].eq(wanted)]
    rows = one_a_cell(with_partner(rows))
    rows = rows.sort_values(["origin", "destination", "year"])
    return rows.drop_duplicates(["origin", "destination", "year"])[FLOWS].reset_index(drop=True)


def stay_flows(stays: pd.DataFrame, source: str, year: int, countries: Iterable[str]) -> pd.DataFrame:
    """An institution's stays as flows: every country, each way, in every academic year, with the zeros.

    Parameters
    ----------
    stays
        The processed stays; only the rows of `source` count. Virtual stays and those that a refused visa kept from beginning do not.
    source
        The institution.
    year
        Of the last academic year's end.
    countries
        Alpha-3 codes of all countries with which there could have been an exchange: the office recorded every year, so that one
        without a stay has a true 0. More countries on record are added.

    Returns
    -------
    pandas.DataFrame
        direction, partner, origin, destination (the institution's own country at one end), year, value, unprotected: numbers of people
        pass the gate before they are shown. Empty where no home country is on record.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": ["inbound", "inbound", "outbound"], "origin": ["KOR", "KOR", "CHN"],
    ...     "destination": ["CHN", "CHN", "DEU"], "mode": "exchange", "year": 2024})
    >>> flows = stay_flows(stays, "u", 2024, ["KOR", "DEU", "CHN"])
    >>> flows[["direction", "partner", "value"]].values.tolist()
    [['inbound', 'DEU', 0.0], ['inbound', 'KOR', 2.0], ['outbound', 'DEU', 1.0], ['outbound', 'KOR', 0.0]]
    """
    require(stays, ("source", "direction", "origin", "destination", "mode", "year"), "stays")
    rows = stays[stays["source"].eq(source) & stays["year"].notna() & stays["year"].le(year)]
    rows = physical(begun(rows))
    inbound = rows["direction"].eq("inbound")
    home = rows["destination"].where(inbound, rows["origin"]).mode()
    columns = ["direction", "partner", "origin", "destination", "year", "value"]
    if home.empty:
        return pd.DataFrame(columns=columns)
    own = str(home.iloc[0])
    rows = rows.assign(partner=rows["origin"].where(inbound, rows["destination"]), year=rows["year"].astype(int))
    rows = rows[rows["partner"].notna() & rows["partner"].ne(own)]
    partners = sorted({*countries, *rows["partner"]} - {own})
    frames = []
    for direction, part in rows.groupby("direction"):
        years = range(int(part["year"].min()), year + 1)
        grid = pd.MultiIndex.from_product([partners, years], names=["partner", "year"])
        counted = part.groupby(["partner", "year"]).size().reindex(grid, fill_value=0).astype(float)
        frame = counted.rename("value").reset_index().assign(direction=direction)
        ends = ("partner", own) if direction == "inbound" else (own, "partner")
        for column, end in zip(("origin", "destination"), ends, strict=True):
            frame[column] = frame["partner"] if end == "partner" else end
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
