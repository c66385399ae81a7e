"""Who goes where: partner countries of a subject in a year, ranked, with shares that say what they are shares of."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from pipeline.measures.exactness import worst
from pipeline.measures.publishers import families, publisher
from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import NEEDED, one_a_cell, require, with_partner

LIST_KEY = ["direction", "measure", "level", "mode", "funding", "publisher"]
COLUMNS = [
    "direction",
    "measure",
    "publisher",
    "level",
    "mode",
    "funding",
    "year",
    "period",
    "partner",
    "kind",
    "value",
    "exactness",
    "previous_year",
    "previous",
    "change",
    "pct",
    "approx",
    "share",
    "share_base",
    "rank",
    "total",
    "coverage",
    "partial",
    "title",
    "url",
    "note",
]
SHORTEST_LIST = 3  # fewer partners in a publication are a remark, not a ranking
WHOLE = 0.98  # a list that covers less of its total is partial
RANKED = 0.3  # a list that covers less of its total may lack the largest partners: no ranks


def partners(table: pd.DataFrame, subject: str, year: int, kind: str = "country") -> pd.DataFrame:
    """The partner countries of a subject, one ranking for each direction, measure, level and publisher.

    Parameters
    ----------
    table
        The processed counts, for a subject that is an alpha-3 code; the processed stays (recognised by their stay_id or
        mode and source without a value), for one that is the name of a source.
    subject, year
        Each list is that of its last year up to `year` with at least three partners (for stays, of the last year).
    kind
        "country", or "region" for the publisher's own regions, which are never mixed with countries.

    Returns
    -------
    pandas.DataFrame
        `share` in percent, of the publisher's total where it prints one for the same definition and year (share_base
        "total"), else of what is listed ("listed"). `coverage`: listed / total, 0 to 1; `partial`: the list covers less
        than 98 % of it, null when no total is known. `previous`: the same partner in previous_year, the last earlier year
        in which at least half of the list's partners have a figure. `rank` is null when the list covers under 30 % of its
        total, for it may then lack the largest. Sorted within each list by rank; ties share a rank.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "origin": ["KOR", "KOR", "DEU", "FRA"],
    ...     "destination": "CHN", "mode": "exchange", "year": 2024, "academic_year": "2023/24"})
    >>> partners(stays, "u", 2024)[["partner", "value", "share", "rank"]]
      partner  value  share  rank
    0     KOR    2.0   50.0     1
    1     DEU    1.0   25.0     2
    2     FRA    1.0   25.0     2
    """
    published = "value" in table.columns
    counts = table if published else stays_as_counts(table, subject)
    require(counts, NEEDED, "counts")
    rows = counts[counts["reporter"].eq(subject) & counts["year"].le(year) & counts["value"].notna()]
    rows = with_partner(rows)
    rows = rows.assign(
        publisher=families(rows["publisher"]), **{c: rows[c].fillna("all") for c in ("level", "mode", "funding")}
    )
    rows = one_a_cell(rows[rows["partner_kind"].isin([kind, "world"])])
    lists = [
        ranked
        for key, part in rows[rows["partner_kind"].eq(kind)].groupby(LIST_KEY, sort=True)
        if (ranked := _ranked(part, _totals(rows, key), SHORTEST_LIST if published else 1)) is not None
    ]
    if not lists:
        return pd.DataFrame(columns=COLUMNS)
    result = pd.concat(lists, ignore_index=True)
    return result[COLUMNS].astype(
        {"rank": "Int64", "previous_year": "Int64", "approx": "boolean", "partial": "boolean"}
    )


def regions(counts: pd.DataFrame, subject: str, year: int) -> pd.DataFrame:
    """As `partners`, for the publisher's own regions ("region:Asia")."""
    return partners(counts, subject, year, kind="region")


def _totals(rows: pd.DataFrame, key: tuple[Hashable, ...]) -> pd.Series:
    """World totals by year of the same definition and publisher, or of the publisher that counts the whole."""
    wanted = dict(zip(LIST_KEY, key, strict=True))
    world = rows[rows["partner_kind"].eq("world")]
    for source in (wanted["publisher"], publisher(str(wanted["publisher"])).totals):
        same = world[LIST_KEY].eq(pd.Series(wanted | {"publisher": source})).all(axis=1)
        if source and same.any():
            return world[same].set_index("year")["value"]
    return pd.Series(dtype=float)


def _ranked(part: pd.DataFrame, totals: pd.Series, shortest: int) -> pd.DataFrame | None:
    sizes = part.groupby("year")["partner"].nunique()
    sizes = sizes[sizes.ge(shortest)]
    if sizes.empty:
        return None
    year = int(sizes.index.max())
    listed = part[part["year"].eq(year)].copy()
    listed["rank"] = listed["value"].rank(method="min", ascending=False)
    total, total_listed = totals.get(year, np.nan), listed["value"].sum()
    base = total if total > 0 else total_listed
    listed["share"] = 100 * listed["value"] / base if base > 0 else np.nan
    listed["share_base"] = "total" if total > 0 else "listed"
    listed["total"] = total
    listed["coverage"] = total_listed / total if total > 0 else np.nan
    listed["partial"] = (listed["coverage"] < WHOLE) if total > 0 else pd.NA
    listed["kind"] = listed["partner_kind"]
    if listed["kind"].eq("region").all():  # regions may overlap: their sum says nothing
        listed["coverage"] = np.nan
        listed["partial"] = pd.NA
    elif listed["coverage"].lt(RANKED).any():
        listed["rank"] = np.nan
    listed = _with_previous(listed, part[part["year"].lt(year)])
    # A partner that fell to nothing is news; one that never was is not.
    listed = listed[listed["value"].gt(0) | listed["previous"].gt(0)]
    return listed.sort_values(["value", "partner"], ascending=[False, True])


def _with_previous(listed: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    same = earlier[earlier["partner"].isin(listed["partner"])]
    present = same.groupby("year")["partner"].nunique()
    years = present[present * 2 >= len(listed)].index
    if years.empty:
        empty = listed.assign(previous=np.nan, change=np.nan, pct=np.nan)
        empty[["previous_year", "approx"]] = pd.NA
        return empty
    before = same[same["year"].eq(years.max())].set_index("partner")
    listed["previous_year"] = int(years.max())
    listed["previous"] = listed["partner"].map(before["value"])
    marks = [worst(a, b) for a, b in zip(listed["exactness"], listed["partner"].map(before["exactness"]), strict=True)]
    known = listed["previous"].notna() & pd.Series([m != "at_least" for m in marks], index=listed.index)
    listed["change"] = (listed["value"] - listed["previous"]).where(known)
    listed["pct"] = (100 * listed["change"] / listed["previous"]).where(known & listed["previous"].gt(0))
    approx = pd.Series([m != "exact" for m in marks], index=listed.index, dtype="boolean")
    listed["approx"] = approx.where(listed["previous"].notna())
    return listed


def stays_as_counts(stays: pd.DataFrame, source: str) -> pd.DataFrame:
    """An institution's physical stays as counts by partner country and academic year, with world totals.

    A partner is the origin of inbound and the destination of outbound stays. The records are whole, so a partner that
    had a stay in any year has true zeros in the others.
    """
    require(stays, ("source", "direction", "origin", "destination", "mode", "year", "academic_year"), "stays")
    rows = physical(begun(stays[stays["source"].eq(source) & stays["year"].notna()]))
    rows = rows.assign(partner=rows["origin"].where(rows["direction"].eq("inbound"), rows["destination"]))
    periods = rows.groupby("year")["academic_year"].first()
    wide = rows.groupby(["direction", "partner", "year"]).size().unstack("year", fill_value=0)
    grid = wide.reset_index().melt(id_vars=["direction", "partner"], var_name="year", value_name="value")
    world = rows.groupby(["direction", "year"]).size().rename("value").reset_index().assign(partner="WLD")
    table = pd.concat([grid, world], ignore_index=True)
    inbound = table["direction"].eq("inbound")
    is_world = table["partner"].eq("WLD").map({True: "world", False: "country"})
    return table.assign(
        reporter=source,
        origin=table["partner"].where(inbound, source),
        destination=table["partner"].where(~inbound, source),
        origin_kind=is_world.where(inbound, "institution"),
        destination_kind=is_world.where(~inbound, "institution"),
        period=table["year"].map(periods),
        value=table["value"].astype(float),
        measure="stays",
        publisher=source,
        status="A",
        exactness="exact",
        **dict.fromkeys(("level", "mode", "funding"), "all"),
        published="",
        title=source,
        url="",
        note="excludes_virtual",
    ).drop(columns="partner")
