"""Partners and agreements, one formula each: in force on a day, alive, places and their use, depth. Registry and alliance database share them."""

from __future__ import annotations

import pandas as pd

from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import require

DORMANT_YEARS = 2  # academic years without a stay after which a partner is dormant
DEPTH_YEARS = 5
DIRECTIONS = {"inbound": "quota_in", "outbound": "quota_out"}


def partner_institution(rows: pd.DataFrame) -> pd.Series:
    """The institution at the other end: the home of inbound, the host of outbound stays.

    >>> stays = pd.DataFrame({"direction": ["inbound", "outbound"], "home_institution": ["A", "U"], "host_institution": ["U", "B"]})
    >>> partner_institution(stays).tolist()
    ['A', 'B']
    """
    return _other_end(rows, "home_institution", "host_institution")


def partner_country(rows: pd.DataFrame) -> pd.Series:
    """The country at the other end.

    >>> partner_country(pd.DataFrame({"direction": ["outbound"], "origin": ["CHN"], "destination": ["KOR"]})).tolist()
    ['KOR']
    """
    return _other_end(rows, "origin", "destination")


def _other_end(rows: pd.DataFrame, whence: str, where: str) -> pd.Series:
    """What inbound stays come from and outbound ones go to; null where the direction is not known."""
    inbound = rows["direction"].eq("inbound").fillna(False).astype(bool)
    return rows[whence].where(inbound, rows[where]).where(rows["direction"].notna())


def year_end(year: int) -> pd.Timestamp:
    """The last day of the academic year that ends in `year`.

    >>> year_end(2024)
    Timestamp('2024-08-31 00:00:00')
    """
    return pd.Timestamp(year, 8, 31)


def in_force(agreements: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Which agreements are signed and have not expired on a day; one without a date is taken to be.

    >>> agreements = pd.DataFrame({"signed": ["2020-01-01", "2025-01-01"], "expires": [None, "2030-01-01"]})
    >>> in_force(agreements, pd.Timestamp("2024-08-31")).tolist()
    [True, False]
    """
    require(agreements, ("signed", "expires"), "agreements")
    signed, expires = pd.to_datetime(agreements["signed"]), pd.to_datetime(agreements["expires"])
    return (signed.le(day) | signed.isna()) & (expires.gt(day) | expires.isna())


def lapses_within(agreements: pd.DataFrame, day: pd.Timestamp, months: int) -> pd.Series:
    """Which agreements expire after the day and not later than so many months from it; null where no end is known.

    >>> agreements = pd.DataFrame({"expires": ["2025-02-28", "2025-03-01", "2024-08-31", None]})
    >>> lapses_within(agreements, pd.Timestamp("2024-08-31"), 6).tolist()
    [True, False, False, <NA>]
    """
    expires = pd.to_datetime(agreements["expires"])
    true = expires.gt(day) & expires.le(day + pd.DateOffset(months=months))
    return true.astype("boolean").mask(expires.isna())


def alive(stays: pd.DataFrame, last: int, years: int = DORMANT_YEARS) -> set[str]:
    """The partner institutions with a stay across a border in the last `years` academic years up to `last`.

    >>> stays = pd.DataFrame({"direction": "inbound", "home_institution": ["A", "B"], "host_institution": "U", "mode": "exchange", "year": [2024, 2022]})
    >>> sorted(alive(stays, 2024))
    ['A']
    """
    require(stays, ("direction", "mode", "year", "home_institution", "host_institution"), "stays")
    recent = physical(begun(stays))
    recent = recent[recent["year"].between(last - years + 1, last)]
    return set(partner_institution(recent).dropna())


def places_used(stays: pd.DataFrame, agreements: pd.DataFrame) -> pd.DataFrame:
    """The places that each agreement grants and the stays under it, each way.

    Parameters
    ----------
    stays
        Of one academic year.
    agreements
        Those in force, with agreement_id, quota_in, quota_out.

    Returns
    -------
    pandas.DataFrame
        agreement_id, direction, places (null: none stated), used (stays across a border that began under the agreement);
        two rows an agreement.

    Examples
    --------
    >>> stays = pd.DataFrame({"direction": ["inbound", "inbound"], "agreement_id": ["A1", "A1"], "mode": "exchange"})
    >>> agreements = pd.DataFrame({"agreement_id": ["A1"], "quota_in": [1], "quota_out": [4]})
    >>> places_used(stays, agreements)[["direction", "places", "used"]].values.tolist()
    [['inbound', 1.0, 2], ['outbound', 4.0, 0]]
    """
    require(agreements, ("agreement_id", *DIRECTIONS.values()), "agreements")
    require(stays, ("agreement_id", "direction", "mode"), "stays")
    used = physical(begun(stays)).groupby(["agreement_id", "direction"]).size()
    frames = []
    for direction, quota in DIRECTIONS.items():
        key = pd.MultiIndex.from_arrays([agreements["agreement_id"], [direction] * len(agreements)])
        frames.append(
            pd.DataFrame(
                {
                    "agreement_id": agreements["agreement_id"].to_numpy(),
                    "direction": direction,
                    "places": pd.to_numeric(agreements[quota]).astype(float).to_numpy(),
                    "used": used.reindex(key, fill_value=0).astype(int).to_numpy(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def depth(stays: pd.DataFrame, last: int, years: int = DEPTH_YEARS) -> pd.DataFrame:
    """How deep the exchange with each partner institution is: stays × years × modes, with its parts.

    Parameters
    ----------
    stays
        The processed stays of one source.
    last, years
        The academic years up to `last` that are looked at.

    Returns
    -------
    pandas.DataFrame
        partner (the index), stays (across a border), years_active (of `years`), modes (as stated), depth (their product: a
        single large year of one mode is no depth); the deepest first.

    Examples
    --------
    >>> stays = pd.DataFrame({"direction": "inbound", "home_institution": ["A", "A", "A", "B"], "host_institution": "U",
    ...     "mode": ["exchange", "degree", "exchange", "exchange"], "year": [2023, 2024, 2024, 2024]})
    >>> depth(stays, 2024).loc["A"].tolist()
    [3, 2, 2, 12]
    """
    rows = physical(begun(stays))
    rows = rows[rows["year"].between(last - years + 1, last)]
    by = rows.groupby(partner_institution(rows).rename("partner"))
    table = pd.DataFrame(
        {"stays": by.size(), "years_active": by["year"].nunique(), "modes": by["mode"].nunique()}
    ).astype(int)
    table["depth"] = table["stays"] * table["years_active"] * table["modes"].clip(lower=1)
    return table.sort_values(["depth", "stays"], ascending=False, kind="stable")
