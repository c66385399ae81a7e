"""Intervals whose width is learnt from the errors that the same forecasts made before: conformal, pooled over series.

A forecast's error is measured on a working scale (a power of the value; the value itself for series with negative values)
in units of its series' own yearly change. The errors of all series at all earlier origins, horizon by horizon, give the
quantiles, lower and upper apart; errors made from histories of similar length count more. Two things stand in for what those errors
cannot show:

- a heavy-tailed prior, worth a number of independent errors. Its share is large where few errors are known (a single
  short series) and small where many are; errors of series that move together are worth fewer than their number;
- a common shock. Where series err together in ordinary years (many origins at one destination, say), a year unlike any
  seen would move them all at once, and thousands of past errors hold no hint of its size. The extra spread is in
  proportion to how much of the error the series demonstrably share, and nil where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

Array = np.ndarray

_LENGTH_KERNEL = 0.4  # on log years of history
_GROWTH = 0.7  # unseen errors grow with the horizon to this power
_CAP = 3.0  # yearly changes a year ahead: errors beyond it do not count further as shared ones
_SURE = 0.95  # series must move together beyond chance at this level
_SHOCK_POINTS = 15


@dataclass(frozen=True)
class Prior:
    """What stands in for the unseen, in units of a series' yearly change one year ahead.

    Attributes
    ----------
    worth, df, spread : the prior for errors: independent errors it is worth, Student t degrees of freedom, scale
    shock, shock_df : the common shock: scale for series that share all of their error, degrees of freedom
    """

    worth: float = 100.0
    df: float = 2.2
    spread: float = 0.73
    shock: float = 4.25
    shock_df: float = 2.0

    def errors(self, horizon: int, size: int = 200) -> Array:
        """Evenly spaced quantiles of the prior for errors at a horizon."""
        return _student(size, self.df) * self.spread * horizon**_GROWTH


PRIOR = Prior()


def _student(size: int, df: float) -> Array:
    return np.asarray(stats.t.ppf((np.arange(size) + 0.5) / size, df))


def weighted_quantile(values: Array, weights: Array, levels: Array) -> Array:
    """Quantiles of a weighted sample, interpolated between its points.

    >>> weighted_quantile(np.array([1.0, 2, 3]), np.array([1.0, 1, 2]), np.array([0.5]))
    array([2.33333333])
    """
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    at = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    return np.interp(levels, at, values)


@dataclass(frozen=True)
class Shared:
    """How far series err together within an origin year (one-way analysis of variance).

    Attributes
    ----------
    correlation : intraclass correlation, all years counted in full
    ordinary : the same with outlying years drawn in, and only the part that is beyond chance
    """

    correlation: float
    ordinary: float


def shared(scores: Array, origin: Array, cap: float) -> Shared:
    """Measure how far errors of one origin year go together.

    Parameters
    ----------
    scores : (N,) errors; origin : (N,) the year each was made in; cap : larger errors are cut to it

    References
    ----------
    Donner (1986), International Statistical Review 54(1), on the intraclass correlation and its F test.

    Examples
    --------
    >>> together = np.repeat([1.0, -1, 2, -2], 5) + np.tile([0.1, 0, -0.1, 0.05, -0.05], 4)
    >>> shared(together, np.repeat([1, 2, 3, 4], 5), 3.0).ordinary > 0.9
    True
    """
    clipped = np.clip(scores, -cap, cap)
    _, group = np.unique(origin, return_inverse=True)
    size = np.bincount(group)
    years, n = len(size), len(clipped)
    if years < 4 or n < 3 * years:  # too few to tell: a cautious middle, and no common shock
        return Shared(0.1, 0.0)
    mean = np.bincount(group, clipped) / size
    typical = size.mean()
    within = np.sum((clipped - mean[group]) ** 2) / (n - years) + 1e-12
    ratio = np.sum(size * (mean - clipped.mean()) ** 2) / (years - 1) / within
    apart = mean - np.median(mean)
    limit = 2 * 1.4826 * np.median(np.abs(apart))
    calm = typical * np.sum(np.clip(apart, -limit, limit) ** 2) / (years - 1) / within
    beyond = max(calm / float(stats.f.ppf(_SURE, years - 1, n - years)) - 1, 0.0)
    return Shared(float(max((ratio - 1) / (ratio - 1 + typical), 0.0)), float(beyond / (beyond + typical)))


def calibrated(
    scores: Array, made: Array, length: Array, for_length: float, horizon: int, levels: Array, prior: Prior = PRIOR
) -> Array:
    """Quantiles of the scaled error ``horizon`` years ahead for a history of ``for_length`` years.

    Parameters
    ----------
    scores : (N,) earlier scaled errors at this horizon; made : (N,) origin of each; length : (N,) years of history behind each
    levels : probabilities, rising

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World; Barber, Candès, Ramdas & Tibshirani (2023), Annals of
    Statistics 51(2), on weighted conformal quantiles; Kish (1965), Survey Sampling, on the effective size of clustered samples.

    Examples
    --------
    >>> nothing = np.array([])
    >>> calibrated(nothing, nothing, nothing, 10, 1, np.array([0.1, 0.9])).round(1)
    array([-1.3,  1.3])
    """
    unseen = prior.errors(horizon)
    if len(scores) < 2:
        return np.quantile(unseen, levels)
    near = np.exp(-0.5 * (np.log(length / for_length) / _LENGTH_KERNEL) ** 2)
    if near.sum() < 1e-9:
        return np.quantile(unseen, levels)
    together = shared(scores, made, _CAP * horizon)
    per_year = len(scores) / len(np.unique(made))
    effective = near.sum() ** 2 / (near**2).sum() / (1 + (per_year - 1) * together.correlation)
    values = np.concatenate([scores, unseen])
    weights = np.concatenate([near / near.sum() * effective, np.full(len(unseen), prior.worth / len(unseen))])
    if together.ordinary > 0:
        size = min(prior.shock * np.sqrt(together.ordinary), 1.0)  # at most a usual year's change
        shock = _student(_SHOCK_POINTS, prior.shock_df) * size * horizon**_GROWTH
        values = (values[:, None] + shock).ravel()
        weights = np.repeat(weights, _SHOCK_POINTS)
    return weighted_quantile(values, weights, levels)
