"""What a series says in one line: the latest figure, its change, its growth, whether it is the highest yet."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.exactness import reading_bounds, worst
from pipeline.measures.yearly import KEY, require

COLUMNS = [
    "series_id",
    *KEY,
    "year",
    "period",
    "value",
    "exactness",
    "previous_period",
    "previous",
    "change",
    "pct",
    "approx",
    "cagr",
    "cagr_from",
    "is_record",
    "record_since",
    "n_years",
    "status",
    "title",
    "url",
    "note",
]
LONGEST_STRETCH = 10  # years of compound growth
SHORTEST_STRETCH = 2
BREAK_COLUMNS = ("country", "first_year", "kind")
DIRECTIONS = ("inbound", "outbound")
INBOUND_KINDS = ("definition", "policy")  # of events that say nothing else


def headline(
    series: pd.DataFrame, year: int, breaks: pd.DataFrame | None = None, country: str | None = None
) -> pd.DataFrame:
    """The headline of each series at a year, or at its last year before.

    Parameters
    ----------
    series
        As from `series` or `stay_series`.
    year
        Nothing later is looked at.
    breaks
        Known events (columns country, first_year, last_year, kind, applies_to); compound growth never crosses the start
        or the end of one of kind "definition" that concerns the series. With `country` only that country's and the
        world's count. Years of status B in the series itself are breaks too.
    country
        The subject, for choosing among the breaks.

    Returns
    -------
    pandas.DataFrame
        One row a series with a figure. `previous`, `change` and `pct` (percent) only against the directly preceding
        year; null when either figure is "more than", `approx` when either is rounded. `cagr` (percent a year) from
        `cagr_from` over the longest unbroken run of at most ten years, null under two. `is_record`: higher than every
        figure of the series before; null when an inexact earlier figure could have been higher. `record_since`: for a
        record the first year of the series, else the last year that was higher when it is not the year before. `n_years`:
        figures of the series up to that year.

    Examples
    --------
    >>> table = pd.DataFrame({"series_id": "s", "direction": "inbound", "measure": "stock", "level": "all", "mode": "all",
    ...     "funding": "all", "partner": "WLD", "publisher": "P", "year": [2024, 2025], "period": ["2023/24", "2024/25"],
    ...     "value": [1126690.0, 1177766.0], "status": "A", "exactness": "exact", "title": "", "url": "", "note": ""})
    >>> headline(table, 2025)[["value", "change", "pct", "is_record"]].round(1)
           value   change  pct  is_record
    0  1177766.0  51076.0  4.5       True
    """
    require(series, ("series_id", *KEY, "year", "period", "value", "status", "exactness"), "series")
    rows = []
    known = series[series["value"].notna() & series["year"].le(year)]
    for series_id, one in known.groupby("series_id", sort=True):
        one = one.sort_values("year").reset_index(drop=True)
        rows.append({"series_id": series_id, **_headline(one, _break_years(one.iloc[-1], breaks, country))})
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"approx": "boolean", "is_record": "boolean", "cagr_from": "Int64", "record_since": "Int64"})


def _headline(one: pd.DataFrame, breaks: set[int]) -> dict[str, Any]:
    last = one.iloc[-1]
    kept = [*KEY, "year", "period", "value", "exactness", "status", "title", "url", "note"]
    found: dict[str, Any] = {k: last.get(k) for k in kept}
    found |= {"n_years": len(one), "approx": pd.NA}
    found |= _change(one)
    start = growth_start(one, breaks)
    if start is not None:
        first = one.loc[one["year"].eq(start)].iloc[0]
        span = int(last["year"]) - start
        found |= {"cagr": 100 * ((last["value"] / first["value"]) ** (1 / span) - 1), "cagr_from": start}
    return found | _record(one)


def _change(one: pd.DataFrame) -> dict[str, Any]:
    last = one.iloc[-1]
    if len(one) < 2 or one["year"].iloc[-2] != last["year"] - 1:
        return {}
    before = one.iloc[-2]
    found: dict[str, Any] = {"previous_period": before["period"], "previous": before["value"]}
    exactness = worst(last["exactness"], before["exactness"])
    found["approx"] = exactness != "exact"
    if exactness != "at_least":
        found["change"] = last["value"] - before["value"]
        found["pct"] = 100 * found["change"] / before["value"] if before["value"] > 0 else np.nan
    return found


def growth_start(one: pd.DataFrame, breaks: Collection[int] = ()) -> int | None:
    """The first year of the longest unbroken run that ends at the last row: consecutive, no break inside, ends exact enough.

    Parameters
    ----------
    one
        One series' figures in the order of the years.
    breaks
        Years that are not comparable with the year before.
    """
    years = one["year"].astype(int).tolist()
    last = years[-1]
    if one["exactness"].iloc[-1] == "at_least":
        return None
    start = None
    for place in range(len(years) - 2, -1, -1):
        row, later = one.iloc[place], one.iloc[place + 1]
        broken = later["status"] == "B" or years[place + 1] in breaks or years[place] != years[place + 1] - 1
        if broken or last - years[place] > LONGEST_STRETCH:
            break
        if row["exactness"] != "at_least" and row["value"] > 0 and last - years[place] >= SHORTEST_STRETCH:
            start = years[place]
    return start


def _record(one: pd.DataFrame) -> dict[str, Any]:
    if len(one) < 2:
        return {"is_record": pd.NA, "record_since": pd.NA}
    value = one["value"].iloc[-1]
    earlier = one.iloc[:-1]
    low, high = reading_bounds(earlier["value"], earlier["exactness"])
    if (low >= value).any():
        higher = int(earlier.loc[low >= value, "year"].max())
        alone = higher == int(earlier["year"].iloc[-1])
        return {"is_record": False, "record_since": pd.NA if alone else higher}
    if (high >= value).any():
        return {"is_record": pd.NA, "record_since": pd.NA}
    return {"is_record": True, "record_since": int(one["year"].iloc[0])}


def _break_years(row: pd.Series, breaks: pd.DataFrame | None, country: str | None) -> set[int]:
    """The years in which the series of `row` is not comparable with the year before."""
    if breaks is None or breaks.empty:
        return set()
    require(breaks, BREAK_COLUMNS, "breaks")
    rows = breaks[breaks["kind"].eq("definition")]
    if country is not None:
        rows = rows[rows["country"].isin([country, "WLD"])]
    if "applies_to" in rows:
        text = rows["applies_to"].fillna("").str.strip()
        rows = rows[[concerns(a, row, "definition") for a in text]]
    years = {int(y) for y in rows["first_year"].dropna()}
    if "last_year" in rows:
        ended = rows["last_year"].notna() & rows["last_year"].gt(rows["first_year"])
        years |= {int(y) + 1 for y in rows.loc[ended, "last_year"]}
    return years


def concerns(applies_to: str, row: pd.Series, kind: str = "") -> bool:
    """Whether an event concerns a series.

    `applies_to` names the series' publisher, its measure or both ("P/stock"), with "inbound/" or "outbound/" before it where one
    direction is meant, or a direction alone. Where it is empty, a shock concerns both directions, but a definition or a policy
    only students coming in: a country's visa rules and census say nothing of those who leave it.

    >>> series = pd.Series({"publisher": "IIE Open Doors", "measure": "stock", "direction": "outbound"})
    >>> concerns("IIE Open Doors/stock", series), concerns("inbound/IIE Open Doors/stock", series)
    (True, False)
    >>> concerns("", series, "shock"), concerns("", series, "definition")
    (True, False)
    """
    publisher, measure = str(row["publisher"]), str(row["measure"])
    direction = str(row.get("direction", ""))
    meant, _, rest = applies_to.strip().partition("/")
    if meant not in DIRECTIONS:
        meant, rest = "", applies_to.strip()
    if not meant and not rest and kind in INBOUND_KINDS:
        meant = "inbound"
    if meant and direction in DIRECTIONS and direction != meant:
        return False
    return rest in {"", publisher, measure, f"{publisher}/{measure}"}
