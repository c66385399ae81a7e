"""Balance of an exchange: stays in and stays out, partner by partner."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import require

COLUMNS = [
    "partner",
    "inbound",
    "outbound",
    "net",
    "ratio",
    "inbound_share",
    "measure",
    "publisher",
    "year",
    "by",
    "modes",
]


def balance(
    stays: pd.DataFrame, by: str = "country", year: int | None = None, modes: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Stays in and out by partner, virtual ones left out.

    Parameters
    ----------
    stays
        The processed stays of one source.
    by
        "country" or "institution" (rows without a partner institution are left out).
    year
        Of the academic year's end; None for all years.
    modes
        Only these modes, for instance ("exchange",): a degree programme is not owed a stay in return. Empty: all.

    Returns
    -------
    pandas.DataFrame
        partner, inbound, outbound, net (inbound − outbound), ratio (the smaller over the larger, 1 is even, 0 one-way),
        inbound_share (percent of both), and what the table is of: measure ("stays"), publisher (the source), year (null
        for all), by, modes ("all", or those chosen); sorted by the number of stays.

    Examples
    --------
    >>> stays = pd.DataFrame({"direction": ["inbound", "inbound", "outbound"], "origin": ["KOR", "KOR", "CHN"],
    ...     "destination": ["CHN", "CHN", "KOR"], "mode": "exchange", "year": 2024})
    >>> balance(stays)[["partner", "inbound", "outbound", "net", "ratio", "inbound_share"]]
      partner  inbound  outbound  net  ratio  inbound_share
    0     KOR        2         1    1    0.5      66.666667
    """
    ends = {"country": ("origin", "destination"), "institution": ("home_institution", "host_institution")}
    if by not in ends:
        raise ValueError(f"by: expected country or institution, found {by!r}")
    came_from, went_to = ends[by]
    require(stays, ("direction", "mode", "year", came_from, went_to), "stays")
    rows = physical(begun(stays))
    if year is not None:
        rows = rows[rows["year"].eq(year)]
    if modes:
        rows = rows[rows["mode"].isin(modes)]
    partner = rows[came_from].where(rows["direction"].eq("inbound"), rows[went_to])
    table = pd.crosstab(partner, rows["direction"]).reindex(columns=["inbound", "outbound"], fill_value=0)
    table = table.rename_axis(index="partner", columns=None).reset_index()
    larger, both = table[["inbound", "outbound"]].max(axis=1), table["inbound"] + table["outbound"]
    table["net"] = table["inbound"] - table["outbound"]
    table["ratio"] = table[["inbound", "outbound"]].min(axis=1) / larger
    table["inbound_share"] = 100 * table["inbound"] / both
    sources = sorted(set(stays["source"].dropna())) if "source" in stays else []
    table = table.assign(
        measure="stays",
        publisher=sources[0] if len(sources) == 1 else "",
        year=pd.array([year] * len(table), dtype="Int64"),
        by=by,
        modes="|".join(modes) or "all",
    )
    order = np.lexsort((table["partner"].astype(str), -both))
    return table.iloc[order].reset_index(drop=True)[COLUMNS]


def reciprocity(balance: pd.DataFrame) -> float:
    """The share of stays that are matched by one in the other direction with the same partner, 0 to 1; null without stays.

    Twice the sum of the smaller directions over all stays: 1 when every partner is even, 0 when all are one-way.

    >>> reciprocity(pd.DataFrame({"inbound": [2, 0], "outbound": [1, 3]}))
    0.3333333333333333
    """
    all_stays = float((balance["inbound"] + balance["outbound"]).sum())
    matched = 2 * float(balance[["inbound", "outbound"]].min(axis=1).sum())
    return matched / all_stays if all_stays else float("nan")
