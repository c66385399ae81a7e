"""Which stays and which totals belong together: stays that ended in a window, the profile of a mode, the panel of an outlook."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.outcome_kinds import language_band
from pipeline.measures.outcomes import outcome_rates
from pipeline.measures.stay_counts import begun
from pipeline.measures.yearly import require, series, subjects

WHOLE = ["level", "mode", "funding"]
BREAKDOWNS = ("mode", "direction", "funder", "level", "language")  # of the outcomes in a brief
POOL = 120  # other series to learn from, the longest: more cost time and teach little


def ended_stays(stays: pd.DataFrame, year: int, window: int = 3) -> pd.DataFrame:
    """The stays that ended in the academic years `year − window + 1` to `year`, whenever they began.

    Counting by the year in which a stay ended keeps early leavers of recent years from standing for all who began then. A stay
    without an end date counts in the academic year in which it began; ongoing stays are left out. Virtual stays are among them, and
    set apart by `outcome_rates`. The column `ended` has the academic year in which each ended, and `language`, where the stays tell the level at
    entry, its band.

    Examples
    --------
    >>> stays = pd.DataFrame({"year": [2021, 2024], "outcome": ["completed", "ongoing"],
    ...     "end": pd.to_datetime(["2023-07-01", "2026-07-01"]), "visa_result": "granted"})
    >>> ended_stays(stays, 2024).index.tolist()
    [0]
    """
    require(stays, ("year", "end", "outcome"), "stays")
    if window < 1:
        raise InputError("window", f"{window} academic years is not a window.", "Give 1 or more.")
    end = pd.to_datetime(stays["end"])
    left = (end.dt.year + (end.dt.month >= 9).astype(float)).where(end.notna(), stays["year"].astype(float))
    inside = left.between(year - window + 1, year) & stays["outcome"].ne("ongoing").fillna(True)
    found = begun(stays.assign(ended=left.astype("Int64"))[inside])
    return found.assign(language=language_band(found)) if "language_entry" in found else found


def all_outcomes(stays: pd.DataFrame, by: Iterable[str] = BREAKDOWNS) -> pd.DataFrame:
    """`outcome_rates` by each of several columns, one under the other, the line for all stays once.

    Examples
    --------
    >>> stays = pd.DataFrame({"mode": ["exchange", "virtual"], "level": "7", "outcome": "completed"})
    >>> all_outcomes(stays, ["mode", "level"]).query("indicator == 'completion'")["group"].tolist()
    ['all', 'exchange', 'virtual', '7']
    """
    tables = [outcome_rates(stays, column) for column in by]
    if not tables:
        return outcome_rates(stays, None)
    first, *rest = tables
    return pd.concat([first, *(table[table["group"].ne("all")] for table in rest)], ignore_index=True)


def mode_profile(stays: pd.DataFrame, year: int) -> pd.DataFrame:
    """Each mode's stays of a year, in both directions: how many, how long, with how many partner countries.

    Returns
    -------
    pandas.DataFrame
        publisher (the source), direction, mode, year, stays, median_months (over the stays that have both dates), n_months, countries.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "mode": "exchange", "year": 2024, "months": [4.0, 6.0, None],
    ...     "origin": ["KOR", "KOR", "DEU"], "destination": "CHN"})
    >>> mode_profile(stays, 2024).iloc[0].to_dict()
    {'publisher': 'u', 'direction': 'inbound', 'mode': 'exchange', 'year': 2024, 'stays': 3, 'median_months': 5.0, 'n_months': 2, 'countries': 2}
    """
    require(stays, ("source", "direction", "mode", "year", "months", "origin", "destination"), "stays")
    rows = begun(stays[stays["year"].eq(year)])
    inbound = rows["direction"].eq("inbound")
    rows = rows.assign(partner=rows["origin"].where(inbound, rows["destination"]), mode=rows["mode"].fillna("unknown"))
    table = rows.groupby(["source", "direction", "mode", "year"], sort=True).agg(
        stays=("mode", "size"),
        median_months=("months", "median"),
        n_months=("months", "count"),
        countries=("partner", "nunique"),
    )
    return table.reset_index().rename(columns={"source": "publisher"})


def outlook_panel(counts: pd.DataFrame, own: pd.DataFrame, subject: str, year: int) -> pd.DataFrame:
    """Yearly totals for `pipeline.outlook`: the subject's, and those of all others as experience to learn from.

    Parameters
    ----------
    counts
        The processed counts.
    own
        The subject's series.
    subject
        Its id, so that its counts are not taken twice.
    year
        Nothing later is used.

    Returns
    -------
    pandas.DataFrame
        unit (the series_id; for others after their reporter and a colon), year, value, status (a B, a break in series, is
        a level shift to the models, not growth). "More than" figures are left out: they are bounds, not values.
    """
    frames = [own]
    for country in subjects(counts)["id"]:
        if country != subject:
            other = series(counts, country, ("world",))
            frames.append(other.assign(series_id=country + ":" + other["series_id"]))
    kept = ["series_id", "partner", "year", "value", "status", "exactness", *WHOLE]
    rows = pd.concat([f[kept] for f in frames])
    rows = rows[rows["partner"].eq("WLD") & rows["year"].le(year) & rows["exactness"].ne("at_least")]
    rows = rows[(rows["level"].eq("all") & rows["mode"].eq("all") & rows["funding"].eq("all")) & rows["value"].notna()]
    rows = rows.rename(columns={"series_id": "unit"})[["unit", "year", "value", "status"]]
    length = rows[~rows["unit"].isin(own["series_id"])].groupby("unit").size()
    longest = length.sort_values(ascending=False, kind="stable").index[:POOL]
    return rows[rows["unit"].isin(own["series_id"]) | rows["unit"].isin(longest)].reset_index(drop=True)
