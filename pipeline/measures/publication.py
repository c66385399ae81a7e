"""Everything that is counted of an institution's stays, together, so that it can be protected together."""

from __future__ import annotations

import pandas as pd

from pipeline.measures.cohorts import mode_profile
from pipeline.measures.diversity import concentration
from pipeline.measures.exchange import balance
from pipeline.measures.headlines import headline
from pipeline.measures.ranking import partners
from pipeline.measures.stay_counts import stay_series


def counted(stays: pd.DataFrame, source: str, year: int, breaks: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """The counts of an institution for one year: series, headline, partners, concentration, balance, profile.

    They share their totals and modes, so a number hidden in one must be hidden in all: hand the whole to `protect`, and
    take from the result what is wanted. The same stays give the same tables, whoever asks.

    Parameters
    ----------
    stays
        The processed stays.
    source, year
        The institution and the year in which the academic year ends; nothing later is in the tables.
    breaks
        As for `headline`.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "origin": ["KOR"] * 9 + ["DEU"] * 3,
    ...     "destination": "CHN", "mode": "exchange", "level": "7", "year": 2024, "academic_year": "2023/24", "months": 5.0})
    >>> tables = counted(stays, "u", 2024)
    >>> list(tables)
    ['series', 'headline', 'partners', 'concentration', 'balance', 'profile']
    >>> from pipeline.measures import protect
    >>> protect(tables)["balance"]["inbound"].isna().tolist()
    [True, True]
    """
    own = stays[stays["source"].eq(source)]
    series = stay_series(own, source)
    series = series[series["year"].le(year)].reset_index(drop=True)
    ranked = partners(own, source, year)
    return {
        "series": series,
        "headline": headline(series, year, breaks),
        "partners": ranked,
        "concentration": concentration(ranked),
        "balance": balance(own, year=year),
        "profile": mode_profile(own, year),
    }
