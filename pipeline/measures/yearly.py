"""Yearly series of published counts: one series a definition and publisher, never two publishers in one line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import pandas as pd

from pipeline.errors import InputError, did_you_mean
from pipeline.measures.exactness import ORDER
from pipeline.measures.publishers import families, role_rank

KEY = ["direction", "measure", "level", "mode", "funding", "partner", "publisher"]
COLUMNS = ["series_id", *KEY, "title", "url", "year", "period", "value", "status", "exactness", "note"]
NEEDED = [
    "reporter",
    "origin",
    "destination",
    "origin_kind",
    "destination_kind",
    "direction",
    "year",
    "period",
    "level",
    "mode",
    "measure",
    "funding",
    "value",
    "status",
    "exactness",
    "publisher",
    "published",
    "title",
    "url",
    "note",
]
# The measures that can stand for "all students", the widest first: what a brief of a country opens with.
MAIN_MEASURES = ("stock", "enrolled_stock", "degree_stock")


def require(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Refuse a frame that lacks columns.

    Raises
    ------
    InputError
        Names the table and the first missing column, with the nearest one found.
    """
    for column in columns:
        if column not in frame.columns:
            raise InputError(what, f"has no column {column}.", did_you_mean(column, map(str, frame.columns)))


def with_partner(counts: pd.DataFrame) -> pd.DataFrame:
    """Add partner and partner_kind: the origin of inbound counts, the destination of outbound ones."""
    inbound = counts["direction"].eq("inbound")
    return counts.assign(
        partner=counts["origin"].where(inbound, counts["destination"]),
        partner_kind=counts["origin_kind"].where(inbound, counts["destination_kind"]),
    )


def one_a_cell(rows: pd.DataFrame) -> pd.DataFrame:
    """One figure for each cell (definition, partner, publisher family, year) where a publisher printed several.

    A figure that is there comes before a missing one, an exact before a rounded, a rounded before "more than"; then
    the latest published; then the later period of the year; then the order of the rows.
    """
    ranked = rows.assign(
        _missing=rows["value"].isna(),
        _exact=rows["exactness"].map(ORDER).fillna(0),
        _published=rows["published"].fillna("").astype(str),
        _period=rows["period"].fillna("").astype(str),
    )
    cell = ["reporter", *KEY, "year"]
    ranked = ranked.sort_values(
        [*cell, "_missing", "_exact", "_published", "_period"],
        ascending=[True] * len(cell) + [True, True, False, False],
        kind="stable",
    )
    return ranked.drop_duplicates(cell).drop(columns=["_missing", "_exact", "_published", "_period"])


def series_ids(keys: pd.DataFrame) -> pd.Series:
    """A readable id for each row of key columns, unique for each distinct key; parts that are "all" are left out."""
    distinct = keys.drop_duplicates()
    slugs = {tuple(row): _slug(row) for row in distinct.itertuples(index=False, name=None)}
    taken: dict[str, int] = {}
    for slug in slugs.values():
        taken[slug] = taken.get(slug, 0) + 1
    ids = {k: s if taken[s] == 1 else f"{s}-{_digest(k)}" for k, s in slugs.items()}
    return pd.Series([ids[row] for row in keys.itertuples(index=False, name=None)], index=keys.index, dtype="str")


def _slug(key: tuple[str, ...]) -> str:
    parts = [str(part) for part in key if str(part) not in {"all", "WLD"}]
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(parts).lower()).strip("-")
    return slug if "-".join(parts).isascii() else f"{slug}-{_digest(key)}"


def _digest(key: tuple[str, ...]) -> str:
    return hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=3).hexdigest()


def series(counts: pd.DataFrame, subject: str, partner_kinds: tuple[str, ...] = ("world", "region")) -> pd.DataFrame:
    """Every yearly series that the subject reports, one series_id a definition and publisher family.

    Parameters
    ----------
    counts
        The processed counts.
    subject
        The reporter, an alpha-3 code.
    partner_kinds
        "world" for totals, "region" for the publisher's own regions (each its own series), "country" for single partners.

    Returns
    -------
    pandas.DataFrame
        COLUMNS, sorted by series_id and year; a missing figure stays a row with a null value and its status.

    Examples
    --------
    >>> counts = pd.DataFrame({
    ...     "reporter": "CHN", "origin": "WLD", "destination": "CHN", "origin_kind": "world", "destination_kind": "country",
    ...     "direction": "inbound", "year": [2017, 2017, 2018], "period": ["2017", "2017", "2018"], "level": "all",
    ...     "mode": "all", "measure": "stock", "funding": "all", "value": [489000.0, 489172.0, 492185.0], "status": "A",
    ...     "exactness": ["rounded", "exact", "exact"], "publisher": "MOE (China)", "published": "2019-04-12",
    ...     "title": "", "url": "", "note": ""})
    >>> series(counts, "CHN")[["series_id", "year", "value"]]
                       series_id  year     value
    0  inbound-stock-moe-china  2017  489172.0
    1  inbound-stock-moe-china  2018  492185.0
    """
    require(counts, NEEDED, "counts")
    rows = with_partner(counts[counts["reporter"].eq(subject) & counts["year"].notna()])
    rows = rows[rows["partner_kind"].isin(partner_kinds)]
    rows = rows.assign(
        publisher=families(rows["publisher"]), **{c: rows[c].fillna("all") for c in ("level", "mode", "funding")}
    )
    rows = one_a_cell(rows)
    rows = rows.assign(series_id=series_ids(rows[KEY]), year=rows["year"].astype(int))
    return rows.sort_values(["series_id", "year"])[COLUMNS].reset_index(drop=True)


def main_series(table: pd.DataFrame, direction: str = "inbound") -> str | None:
    """The series_id that a brief of a country opens with: the widest total of a national publisher, the longest first.

    None when the table has no total of all students in that direction.
    """
    whole = (table[["level", "mode", "funding"]] == "all").all(axis=1)
    totals = table[
        table["direction"].eq(direction)
        & table["measure"].isin(MAIN_MEASURES)
        & whole
        & table["partner"].eq("WLD")
        & table["value"].notna()
    ]
    if totals.empty:
        return None
    found = totals.groupby("series_id").agg(
        measure=("measure", "first"), publisher=("publisher", "first"), n=("year", "size")
    )
    found["role"] = found["publisher"].map(role_rank)
    found["width"] = found["measure"].map(MAIN_MEASURES.index)
    return str(found.sort_values(["role", "width", "n"], ascending=[True, True, False]).index[0])


def latest_year(counts: pd.DataFrame, subject: str) -> int:
    """The last year of the subject's main inbound total; of its outbound one when it reports no inbound total.

    Raises
    ------
    InputError
        When the subject reports no total at all.
    """
    table = series(counts, subject, ("world",))
    for direction in ("inbound", "outbound"):
        main = main_series(table, direction)
        if main is not None:
            return int(table.loc[table["series_id"].eq(main) & table["value"].notna(), "year"].max())
    raise InputError(subject, "no published total of its students, inbound or outbound.", "Add one to data/raw.")


def subjects(counts: pd.DataFrame, stays: pd.DataFrame | None = None) -> pd.DataFrame:
    """Whom a brief can be about: countries with published totals, institutions (sources) with stays.

    Returns
    -------
    pandas.DataFrame
        id, kind (country, institution), first_year, latest_year: for a country those of its main inbound total (its
        outbound one when it has none); for an institution those of its complete academic years.
    """
    found = []
    for country, totals in _totals(counts).groupby("reporter", sort=True):
        for direction in ("inbound", "outbound"):
            main = main_series(totals, direction)
            if main is not None:
                years = totals.loc[totals["series_id"].eq(main), "year"]
                found.append((country, "country", int(years.min()), int(years.max())))
                break
    if stays is not None and len(stays):
        from pipeline.measures.stay_counts import complete_year

        for source, rows in stays.groupby("source", sort=True):
            found.append((source, "institution", int(rows["year"].min()), complete_year(rows)))
    return pd.DataFrame(found, columns=["id", "kind", "first_year", "latest_year"])


def _totals(counts: pd.DataFrame) -> pd.DataFrame:
    """The figures of all students that countries report, each with its series_id: the rows that `main_series` chooses from."""
    require(counts, NEEDED, "counts")
    rows = with_partner(counts)
    reporter_kind = rows["destination_kind"].where(rows["direction"].eq("inbound"), rows["origin_kind"])
    whole = (rows[["level", "mode", "funding"]].fillna("all") == "all").all(axis=1)
    rows = rows[
        reporter_kind.eq("country")
        & rows["partner_kind"].eq("world")
        & rows["measure"].isin(MAIN_MEASURES)
        & rows["value"].notna()
        & rows["year"].notna()
        & whole
    ]
    rows = rows.assign(publisher=families(rows["publisher"]), **dict.fromkeys(("level", "mode", "funding"), "all"))
    rows = rows.drop_duplicates(["reporter", *KEY, "year"])
    return rows.assign(series_id=series_ids(rows[KEY]))
