"""Intervals for small numbers: Wilson for shares, Garwood for counts, Student for means, linearised for ratios; bounds for gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pipeline.errors import InputError

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]


def wilson(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Wilson's score interval of a proportion.

    Parameters
    ----------
    k, n
        Successes and trials, numbers or arrays that broadcast; where n is 0 or missing the bounds are missing.
    level
        Coverage, 0.95 by default.

    Returns
    -------
    (lower, upper)
        Proportions from 0 to 1.

    Raises
    ------
    ValueError
        If a k is below 0 or above its n, or the level is not between 0 and 1.

    Notes
    -----
    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209–212.

    Examples
    --------
    >>> low, high = wilson(81, 100)
    >>> round(float(low), 4), round(float(high), 4)
    (0.7222, 0.8749)
    """
    z = _z(level)
    k, n = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    if np.any((k < 0) | (k > n)):
        raise ValueError("wilson: expected 0 <= k <= n")
    n = np.where(n > 0, n, np.nan)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # At the ends the interval touches 0 and 1 exactly; rounding may leave it a hair off.
    lower = np.where(k == 0, np.where(np.isnan(n), np.nan, 0.0), np.clip(centre - half, 0, 1))
    upper = np.where(k == n, 1.0, np.clip(centre + half, 0, 1))
    return lower, upper


def garwood(k: ArrayLike, exposure: ArrayLike = 1.0, level: float = 0.95) -> Bounds:
    """Garwood's exact interval of a Poisson rate: events per unit of exposure.

    Parameters
    ----------
    k, exposure
        Events and what they are counted on; where the exposure is 0 or missing the bounds are missing.

    Notes
    -----
    F. Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437–442. Publications of one stay
    are seldom independent: for such counts read the interval as the narrowest that can be meant.

    Examples
    --------
    >>> low, high = garwood(10)
    >>> round(float(low), 3), round(float(high), 3)
    (4.795, 18.39)
    """
    _z(level)
    k, exposure = np.broadcast_arrays(np.asarray(k, float), np.asarray(exposure, float))
    if np.any(k < 0):
        raise ValueError("garwood: expected k >= 0")
    exposure = np.where(exposure > 0, exposure, np.nan)
    tail = (1 - level) / 2
    lower = np.where(k == 0, 0.0, stats.chi2.ppf(tail, 2 * np.where(k == 0, 1, k)) / 2)
    upper = stats.chi2.ppf(1 - tail, 2 * (k + 1)) / 2
    return lower / exposure, upper / exposure


def mean_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """The mean of a sample with Student's interval; bounds are missing under two values.

    Examples
    --------
    >>> [round(v, 3) for v in mean_interval([1, 2, 3, 4])]
    [2.5, 0.446, 4.554]
    """
    _z(level)
    sample = np.asarray(values, float)
    sample = sample[~np.isnan(sample)]
    if sample.size == 0:
        return np.nan, np.nan, np.nan
    mean = float(sample.mean())
    if sample.size == 1:
        return mean, np.nan, np.nan
    half = float(stats.t.ppf((1 + level) / 2, sample.size - 1) * sample.std(ddof=1) / np.sqrt(sample.size))
    return mean, mean - half, mean + half


def ratio_interval(numerator: ArrayLike, denominator: ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """The ratio of two sums over the same units, with the linearised interval; bounds are missing under two units.

    Credits recognised per credit attempted: students, not credits, are the independent units.

    Notes
    -----
    W. G. Cochran (1977), Sampling Techniques, 3rd ed., section 6.4.

    Examples
    --------
    >>> [round(v, 3) for v in ratio_interval([10, 20, 30], [20, 30, 30])]
    [0.75, 0.134, 1.366]
    """
    _z(level)
    top, bottom = np.asarray(numerator, float), np.asarray(denominator, float)
    if bottom.size == 0 or bottom.sum() <= 0:
        return np.nan, np.nan, np.nan
    ratio = float(top.sum() / bottom.sum())
    n = bottom.size
    if n == 1:
        return ratio, np.nan, np.nan
    residual = top - ratio * bottom
    error = np.sqrt((residual**2).sum() / (n - 1) / n) / bottom.mean()
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * error)
    return ratio, ratio - half, ratio + half


def missing_bounds(n: float, k: float, missing: float) -> tuple[float, float]:
    """Lowest and highest rate there can be, whatever the missing outcomes were (Manski's worst-case bounds).

    Parameters
    ----------
    n, k, missing
        Known outcomes, those of them with the property, and outcomes that are not known.

    Raises
    ------
    InputError
        When they do not fit together.

    Notes
    -----
    C. F. Manski (1990), Nonparametric bounds on treatment effects, American Economic Review 80(2), 319–323.

    Examples
    --------
    >>> missing_bounds(80, 60, 20)
    (0.6, 0.8)
    """
    if missing < 0 or not 0 <= k <= n:
        raise InputError(
            "outcome", f"k = {k}, n = {n}, missing = {missing} do not fit together.", "0 ≤ k ≤ n and missing ≥ 0."
        )
    total = n + missing
    return (k / total, (k + missing) / total) if total else (np.nan, np.nan)


def _z(level: Any) -> float:
    if not 0 < level < 1:
        raise ValueError(f"expected a level between 0 and 1, found {level}")
    return float(stats.norm.ppf((1 + level) / 2))
