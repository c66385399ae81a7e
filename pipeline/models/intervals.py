"""Intervals whose width is learnt from the errors that the same forecasts made before: conformal, pooled over series.

A forecast's error is measured on a working scale (a power of the value; the value itself for series with negative values)
in units of its series' own yearly change. The errors of all series at all earlier origins, horizon by horizon, give the
quantiles, lower and upper apart; errors made from histories of similar length count more. Two things stand in for what those errors
cannot show:

- a heavy-tailed prior, worth a number of independent errors. Its share is large where few errors are known (a single
  short series) and small where many are; errors of series that move together, or of years that overlap, are worth fewer than their
  number. It is wider for short histories, whose own yearly change is ill known;
- a common shock. Where series err together in ordinary years (many origins at one destination, say), a year unlike any
  seen would move them all at once, and thousands of past errors hold no hint of its size. The extra spread rises with how much
  of the error the series share. A small panel cannot show that its series share nothing, so it is not believed to: the
  measured share is drawn to a prior one, the more so the less the panel can tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

Array = np.ndarray

_LENGTH_KERNEL = 0.4  # on log years of history
_GROWTH = 0.7  # unseen errors grow with the horizon to this power
_CAP = 3.0  # yearly changes a year ahead: errors beyond it do not count further as shared ones
_SHOCK_POINTS = 15
_CAUTIOUS = 0.1  # correlation of errors of one year where too few are known to measure it


@dataclass(frozen=True)
class Prior:
    """What stands in for the unseen, in units of a series' yearly change one year ahead.

    Attributes
    ----------
    worth, df, spread : the prior for errors: independent errors it is worth, Student t degrees of freedom, scale for long histories
    short : the scale's square grows by this over the years of history
    shock, shock_df : the common shock: scale for series that share all of their error, degrees of freedom
    half : the shared part of the error at which the shock has 0.7 of that scale
    together, sure : the shared part believed where nothing can be measured, and the inverse of that belief's variance
    """

    worth: float = 100.0
    df: float = 2.2
    spread: float = 0.66
    short: float = 2.5
    shock: float = 1.15
    shock_df: float = 2.0
    half: float = 0.08
    together: float = 0.015
    sure: float = 200.0

    def errors(self, horizon: int, length: float, size: int = 200) -> Array:
        """Evenly spaced quantiles of the prior for errors at a horizon, of a history of ``length`` years."""
        return _student(size, self.df) * self.spread * np.sqrt(1 + self.short / length) * horizon**_GROWTH

    def common(self, ordinary: float, horizon: int) -> Array:
        """Evenly spaced quantiles of the common shock where a part ``ordinary`` of the error is shared."""
        scale = self.shock * np.sqrt(ordinary / (ordinary + self.half))
        return _student(_SHOCK_POINTS, self.shock_df) * scale * horizon**_GROWTH


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
    ordinary : the same with outlying years drawn in, and drawn to its prior by what the panel can tell
    """

    correlation: float
    ordinary: float


def shared(scores: Array, origin: Array, cap: float, prior: Prior = PRIOR) -> Shared:
    """Measure how far errors of one origin year go together.

    Parameters
    ----------
    scores : (N,) errors; origin : (N,) the year each was made in; cap : larger errors are cut to it

    References
    ----------
    Donner (1986), International Statistical Review 54(1), on the intraclass correlation and its large-sample variance.

    Examples
    --------
    >>> together = np.repeat([1.0, -1, 2, -2], 50) + np.tile([0.1, 0, -0.1, 0.05, -0.05], 40)
    >>> shared(together, np.repeat([1, 2, 3, 4], 50), 3.0).ordinary > 0.9
    True
    >>> shared(together[:4], np.array([1, 2, 3, 4]), 3.0).ordinary == PRIOR.together  # one series cannot tell
    True
    """
    clipped = np.clip(scores, -cap, cap)
    _, group = np.unique(origin, return_inverse=True)
    size = np.bincount(group)
    years, n = len(size), len(clipped)
    if years < 2 or n <= years:
        return Shared(_CAUTIOUS, prior.together)
    mean = np.bincount(group, clipped) / size
    typical = (n - (size**2).sum() / n) / (years - 1)
    within = np.sum((clipped - mean[group]) ** 2) / (n - years) + 1e-12
    apart = mean - np.median(mean)
    limit = 2 * 1.4826 * np.median(np.abs(apart))
    every, calm = (
        _intraclass(np.sum(size * between**2) / (years - 1) / within, typical)
        for between in (mean - clipped.mean(), np.clip(apart, -limit, limit))
    )
    believed = max(calm, prior.together)
    error = 2 * (1 - believed) ** 2 * (1 + (typical - 1) * believed) ** 2 / (typical * (years - 1))
    told = max(typical - 1, 0.0) / error  # the inverse of the variance of the measured share
    ordinary = (prior.sure * prior.together + told * calm) / (prior.sure + told)
    few = years < 4 or n < 3 * years
    return Shared(_CAUTIOUS if few else every, float(ordinary))


def _intraclass(ratio: float, size: float) -> float:
    return float(max((ratio - 1) / (ratio - 1 + size), 0.0))


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
    array([-1.7,  1.7])
    """
    values = prior.errors(horizon, for_length)
    weights = np.full(len(values), prior.worth / len(values))
    ordinary = prior.together
    near = np.exp(-0.5 * (np.log(length / for_length) / _LENGTH_KERNEL) ** 2)
    if len(scores) >= 2 and near.sum() > 1e-9:
        together = shared(scores, made, _CAP * horizon, prior)
        ordinary = together.ordinary
        per_year = len(scores) / len(np.unique(made))
        effective = near.sum() ** 2 / (near**2).sum() / (1 + (per_year - 1) * together.correlation)
        effective /= horizon  # errors of consecutive origins h years ahead share all but one of their years
        values = np.concatenate([scores, values])
        weights = np.concatenate([near / near.sum() * effective, weights])
    values = (values[:, None] + prior.common(ordinary, horizon)).ravel()
    return weighted_quantile(values, np.repeat(weights, _SHOCK_POINTS), levels)
