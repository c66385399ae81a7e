"""Breaks that short yearly series show by themselves: a change of pace, and a single unusual year, with small-sample evidence.

Both look at logarithmic yearly changes. The tests are exploratory: with 10 to 25 years their power is low, so silence is no proof of
calm; and what they find is dated, not explained.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

_LEAST = 8  # changes
_TRIM = 3  # changes on either side of a change of pace
_DRAWS = 1999
_LEVEL = 0.05
_TAILS = 4.0  # degrees of freedom of the changes when nothing breaks: heavier than normal


def yearly_growth(values: pd.Series) -> pd.Series:
    """Log changes between consecutive years with positive values, by the later year.

    >>> yearly_growth(pd.Series([100.0, 110, 121], index=[2018, 2019, 2021])).round(3).to_dict()
    {2019: 0.095}
    """
    ordered = values[values > 0].sort_index()
    years = ordered.index.to_numpy()
    change = np.diff(np.log(ordered.to_numpy()))
    return pd.Series(change, index=years[1:])[np.diff(years) == 1]


def change_of_pace(growth: np.ndarray, seed: int = 0) -> tuple[int, float, float]:
    """The supremum of F for one shift in the mean of growth, and its permutation probability.

    Permuting the changes keeps their own distribution, so the probability is right in samples of any size when changes are exchangeable.

    Returns
    -------
    place of the first change of the new pace, F, p

    References
    ----------
    Andrews (1993), Econometrica 61(4); Hušková & Antoch (2003), Detection of structural changes in regression, on permutation.

    Examples
    --------
    >>> growth = np.array([0.08, 0.09, 0.10, 0.08, 0.09, 0.01, 0.0, 0.02, 0.01, 0.0])
    >>> place, f, p = change_of_pace(growth)
    >>> place, f > 100, p < 0.05
    (5, True, True)
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(growth, (_DRAWS, 1)), axis=1)
    f = _f_by_place(np.vstack([growth, shuffled]))
    top = f.max(axis=1)
    p = float((np.sum(top[1:] >= top[0] * (1 - 1e-9)) + 1) / (_DRAWS + 1))
    return int(f[0].argmax()) + _TRIM, float(top[0]), p


def _f_by_place(x: np.ndarray) -> np.ndarray:
    n = x.shape[1]
    places = np.arange(_TRIM, n - _TRIM + 1)
    total, square = x.sum(axis=1, keepdims=True), (x**2).sum(axis=1, keepdims=True)
    left = np.cumsum(x, axis=1)[:, places - 1]
    within = square - left**2 / places - (total - left) ** 2 / (n - places)
    whole = square - total**2 / n
    return (whole - within) / np.maximum(within / (n - 2), 1e-12 * np.maximum(whole, 1e-300))


def unusual_year(growth: np.ndarray) -> tuple[int, float, float]:
    """The change farthest from the median, in units of the median absolute deviation, and its simulated probability.

    The probability is that of so large a largest distance among as many changes drawn from Student's t with 4 degrees of freedom.

    Returns
    -------
    place, distance, p

    Examples
    --------
    >>> place, distance, p = unusual_year(np.array([0.05, 0.06, 0.04, 0.05, 0.07, 0.05, -0.4, 0.06, 0.05]))
    >>> place, p < 0.05
    (6, True)
    """
    distance = _distance(growth[None, :])[0]
    null = _null_distances(len(growth))
    top = float(distance.max())
    return int(distance.argmax()), top, float((np.sum(null >= top) + 1) / (len(null) + 1))


def _distance(x: np.ndarray) -> np.ndarray:
    apart = np.abs(x - np.median(x, axis=1, keepdims=True))
    return apart / np.maximum(np.median(apart, axis=1, keepdims=True), 1e-6)


@lru_cache(maxsize=64)
def _null_distances(n: int) -> np.ndarray:
    draws = np.random.default_rng(n).standard_t(_TAILS, (4 * _DRAWS, n))
    return _distance(draws).max(axis=1)


def found_breaks(growth: pd.Series) -> list[dict]:
    """Breaks in a series' yearly changes, as events of kind ``found``, with the evidence as their source.

    >>> found_breaks(pd.Series([0.05, 0.04, 0.06, 0.05, 0.05], index=range(2015, 2020)))
    []
    """
    found: list[dict] = []
    x = growth.to_numpy()
    if len(x) < _LEAST:
        return found
    years = growth.index.to_numpy()
    place, distance, p = unusual_year(x)
    if p < _LEVEL / 2:  # two looks at one series
        source = f"largest distance from the median change: {distance:.1f} median deviations, p = {p:.3f}, n = {len(x)}"
        found.append(_event(int(years[place]), "unusual change", "异常变动", source, p))
        x, years = np.delete(x, place), np.delete(years, place)
    place, f, p = change_of_pace(x)
    if p < _LEVEL / 2:
        source = f"sup-F = {f:.1f}, p = {p:.3f} by permutation, n = {len(x)}"
        found.append(_event(int(years[place]), "change of pace", "增速转变", source, p))
    return found


def _event(year: int, label_en: str, label_zh: str, source: str, p: float) -> dict:
    event = dict.fromkeys(("country", "applies_to", "source_url"), "")
    return {
        **event,
        "first_year": year,
        "last_year": year,
        "kind": "found",
        "label_en": label_en,
        "label_zh": label_zh,
        "source": source,
        "p": p,
    }
