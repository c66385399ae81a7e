"""How concentrated a list of partners is; refused when the list leaves out part of the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.measures.publishers import publisher
from pipeline.measures.ranking import LIST_KEY, RANKED
from pipeline.measures.yearly import require

COLUMNS = [
    *LIST_KEY,
    "year",
    "period",
    "n_partners",
    "hhi",
    "hhi_lower",
    "hhi_upper",
    "effective_number",
    "shannon",
    "top5_share",
    "coverage",
    "reason",
]
TOP = 5
ENOUGH = 0.95  # a list that covers less of its total is too partial for HHI and Shannon


def concentration(partners: pd.DataFrame) -> pd.DataFrame:
    """Concentration of each list of partners.

    Parameters
    ----------
    partners
        As from `partners`.

    Returns
    -------
    pandas.DataFrame
        `hhi`: the sum of squared shares, 0 to 1; `effective_number`: 1 / hhi, so many partners of equal size would be as
        concentrated; `shannon`: −Σ s ln s; `top5_share` in percent of the total. When the list covers under 95 % of the
        total, or no total is known for a list that is an extract, hhi, effective_number and shannon are null and `reason`
        says "partial_list" or "unknown_total"; for a list of the largest partners hhi_lower and hhi_upper bound the HHI
        (what is not listed may be many small partners or few as large as the smallest listed). `top5_share` is null for
        extracts and for lists that cover under 30 % of the total: they may lack the largest partners.

    Notes
    -----
    HHI after Herfindahl (1950) and Hirschman (1964); entropy after Shannon (1948).

    Examples
    --------
    >>> listed = pd.DataFrame({"direction": "inbound", "measure": "stays", "level": "all", "mode": "all", "funding": "all",
    ...     "publisher": "u", "year": 2024, "period": "2023/24", "partner": ["A", "B", "C"], "value": [50.0, 25.0, 25.0],
    ...     "total": 100.0})
    >>> concentration(listed)[["hhi", "effective_number", "top5_share"]].round(3)
         hhi  effective_number  top5_share
    0  0.375             2.667       100.0
    """
    require(partners, (*LIST_KEY, "year", "period", "value", "total"), "partners")
    rows = []
    for key, part in partners.groupby([*LIST_KEY, "year"], sort=True):
        rows.append(dict(zip([*LIST_KEY, "year"], key, strict=True)) | {"period": part["period"].iloc[0]} | _one(part))
    return pd.DataFrame(rows, columns=COLUMNS)


def _one(part: pd.DataFrame) -> dict[str, float | int | str | None]:
    values = part["value"].dropna().sort_values(ascending=False)
    total, listed = part["total"].iloc[0], values.sum()
    found: dict[str, float | int | str | None] = {"n_partners": int(values.gt(0).sum()), "reason": None}
    largest = publisher(part["publisher"].iloc[0]).role != "extract"
    known = pd.notna(total) and total > 0
    base = max(total, listed) if known else listed
    found["coverage"] = listed / total if known else np.nan
    if base <= 0:
        return found | {"reason": "no_students"}
    shares = values[values > 0] / base
    largest &= bool(known and listed / total >= RANKED)
    if largest and len(shares) >= TOP:
        found["top5_share"] = 100 * shares.head(TOP).sum()
    if known and listed / total >= ENOUGH:
        return found | _whole(shares / shares.sum())
    found["reason"] = "partial_list" if known else "unknown_total"
    if largest:
        rest, smallest = max(0.0, 1 - shares.sum()), shares.min()
        full, left = divmod(rest, smallest)
        found["hhi_lower"] = float((shares**2).sum())
        found["hhi_upper"] = float((shares**2).sum() + full * smallest**2 + left**2)
    return found


def _whole(shares: pd.Series) -> dict[str, float]:
    hhi = float((shares**2).sum())
    return {
        "hhi": hhi,
        "hhi_lower": hhi,
        "hhi_upper": hhi,
        "effective_number": 1 / hhi,
        "shannon": float(-(shares * np.log(shares)).sum()),
        "top5_share": 100 * float(shares.head(TOP).sum()),
    }
