"""What came of the stays: shares, rates and means by any breakdown, each with its base and interval."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.intervals import garwood, mean_interval, missing_bounds, ratio_interval, wilson
from pipeline.measures.outcome_kinds import OUTCOMES, Outcome
from pipeline.measures.stay_counts import physical
from pipeline.measures.yearly import require

COLUMNS = [
    "indicator",
    "group_by",
    "group",
    "n",
    "k",
    "value",
    "lower",
    "upper",
    "unit",
    "missing",
    "lowest",
    "highest",
]
TOTAL = "all"


def outcome_rates(
    stays: pd.DataFrame,
    by: str | list[str] | None = "mode",
    indicators: Iterable[str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """What came of the stays, over all of them and by group.

    Parameters
    ----------
    stays
        The processed stays of the years and source wanted.
    by
        A column ("mode", "funder", "direction", …) or several (groups "a|b"), or None for the whole only.
    indicators
        Of OUTCOMES; all by default. One whose columns the stays lack is left out.
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        indicator, group_by, group ("all" first), n (the base: stays of which it is known), k (successes, or the sum of
        what is counted; null for means), value, lower, upper, unit, missing (stays that belong in the base but of which
        it is not known), lowest, highest (what the value of all would be if the missing had none, or all, of it: Manski's
        bounds; null for means, and upwards for publications). Ongoing stays are in no base of an outcome. Virtual stays
        are in none either, but for their own groups where `by` names the mode. Shares: Wilson; recognised credits:
        linearised ratio over students; publications: Garwood; means: Student. value is null where n is 0. Differences
        between groups are associations: groups differ in more than their name.

    Raises
    ------
    InputError
        When the column to group by is not there.

    Examples
    --------
    >>> stays = pd.DataFrame({"mode": "exchange", "outcome": ["completed"] * 9 + ["withdrawn", "ongoing", "unknown"]})
    >>> outcome_rates(stays, by=None, indicators=["completion"])[["n", "k", "value", "lower", "upper", "missing"]].round(1)
        n    k  value  lower  upper  missing
    0  10  9.0   90.0   59.6   98.2        1
    """
    chosen = list(OUTCOMES) if indicators is None else list(indicators)
    unknown = [i for i in chosen if i not in OUTCOMES]
    if unknown:
        raise KeyError(f"no such outcome: {unknown[0]}; known: {', '.join(OUTCOMES)}")
    columns = [by] if isinstance(by, str) else list(by or [])
    require(stays, columns, "stays")
    group_by = "|".join(columns) or TOTAL
    labels = None
    if columns and len(stays):
        first, *others = (stays[c].astype("object").where(stays[c].notna(), "unknown").astype(str) for c in columns)
        labels = reduce(lambda done, other: done.str.cat(other, sep="|"), others, first)
    rows: list[dict[str, Any]] = []
    for outcome in (OUTCOMES[i] for i in chosen):
        if not set(outcome.needs) <= set(stays.columns):
            continue
        base = outcome.base(stays)
        whole = _physical(base)
        rows.append(measure(outcome, whole, level) | {"group_by": group_by, "group": TOTAL})
        base = base if "mode" in columns else whole
        if labels is not None:
            rows += [
                measure(outcome, part, level) | {"group_by": group_by, "group": str(group)}
                for group, part in base.groupby(labels.reindex(base.index), sort=True)
            ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"n": "Int64", "missing": "Int64"})


def _physical(rows: pd.DataFrame) -> pd.DataFrame:
    return physical(rows) if "mode" in rows else rows


def measure(outcome: Outcome, base: pd.DataFrame, level: float = 0.95) -> dict[str, Any]:
    """One outcome on the rows of its base: n, k, value, lower, upper, unit, missing, lowest, highest."""
    values = pd.to_numeric(outcome.value(base)).astype(float)
    known = values.notna()
    weights = outcome.per(base) if outcome.per is not None else None
    if weights is not None:
        known &= weights.notna()
    values = values[known]
    n = len(values)
    found: dict[str, Any] = {"indicator": outcome.id, "n": n, "missing": int((~known).sum()), "unit": outcome.unit}
    found |= {"k": np.nan if outcome.kind == "mean" or n == 0 else float(values.sum())}
    found |= dict(zip(("lowest", "highest"), _bounds(outcome.kind, values, weights, known), strict=True))
    if n == 0:
        return found | dict.fromkeys(("value", "lower", "upper"), np.nan)
    return found | dict(
        zip(("value", "lower", "upper"), _estimate(outcome.kind, values, weights, known, level), strict=True)
    )


def _estimate(
    kind: str, values: pd.Series, weights: pd.Series | None, known: pd.Series, level: float
) -> tuple[float, float, float]:
    n, total = len(values), float(values.sum())
    if kind == "share":
        low, high = wilson(total, n, level)
        return 100 * total / n, 100 * float(low), 100 * float(high)
    if kind == "rate":
        low, high = garwood(total, n / 100, level)
        return 100 * total / n, float(low), float(high)
    if kind == "ratio" and weights is not None:
        ratio, lower, upper = ratio_interval(values, weights[known], level)
        return (
            100 * ratio,
            100 * max(0.0, lower) if lower == lower else lower,
            100 * min(1.0, upper) if upper == upper else upper,
        )
    return mean_interval(values, level)


def _bounds(kind: str, values: pd.Series, weights: pd.Series | None, known: pd.Series) -> tuple[float, float]:
    """The value with the missing counted as none and as all; null where there is no such end, or nothing at all is known."""
    n, gaps, total = len(values), int((~known).sum()), float(values.sum())
    if n == 0 or kind == "mean":
        return np.nan, np.nan
    if kind == "share":
        low, high = missing_bounds(n, total, gaps)
        return 100 * low, 100 * high
    if kind == "ratio" and weights is not None:
        if weights.isna().any():
            return np.nan, np.nan
        whole, unknown = float(weights.sum()), float(weights[~known].sum())
        return 100 * total / whole, 100 * (total + unknown) / whole
    return 100 * total / (n + gaps), np.nan if gaps else 100 * total / n
