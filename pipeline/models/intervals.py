"""Intervals whose width is learnt from the errors that the same forecasts made before: conformal, pooled over series.

A forecast's error is measured on the working scale (square root; the scale as it is for series with negative values) in
units of its series' own yearly change. The errors of all series at all earlier origins, horizon by horizon, give the
quantiles, lower and upper apart. Two things temper them: errors made from histories of similar length count more, and a heavy-tailed
prior stands in for what has not been seen. The prior's share falls with the *effective* number of errors: when
all series err together in a year (a common shock), a thousand errors are worth few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

Array = np.ndarray

_LENGTH_KERNEL = 0.4  # on log years of history


@dataclass(frozen=True)
class Prior:
    """A Student t that stands in for unseen errors: its worth in independent errors, tails and spread at one year ahead."""

    worth: float = 20.0
    df: float = 3.0
    spread: float = 2.0
    growth: float = 0.7  # the spread grows with horizon to this power

    def sample(self, horizon: int, size: int = 200) -> Array:
        """Evenly spaced quantiles of the prior at a horizon."""
        at = (np.arange(size) + 0.5) / size
        return np.asarray(stats.t.ppf(at, self.df)) * self.spread * horizon**self.growth


PRIOR = Prior()


def weighted_quantile(values: Array, weights: Array, levels: Array) -> Array:
    """Quantiles of a weighted sample, interpolated between its points.

    >>> weighted_quantile(np.array([1.0, 2, 3]), np.array([1.0, 1, 2]), np.array([0.5]))
    array([2.33333333])
    """
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    at = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    return np.interp(levels, at, values)


def shared_part(scores: Array, origin: Array, cap: float) -> float:
    """Intraclass correlation of errors within an origin year: the part that all series share (one-way analysis of variance).

    >>> shared_part(np.array([1.0, 1.1, 0, 0.1, -1, -1.1]), np.array([1, 1, 2, 2, 3, 3]), 3.0) > 0.9
    True
    """
    clipped = np.clip(scores, -cap, cap)
    _, group = np.unique(origin, return_inverse=True)
    size = np.bincount(group)
    if len(size) < 3:
        return 0.1
    mean = np.bincount(group, clipped) / size
    within = np.sum((clipped - mean[group]) ** 2) / max(len(clipped) - len(size), 1)
    between = np.sum(size * (mean - clipped.mean()) ** 2) / (len(size) - 1)
    typical = size.mean()
    return float(max((between - within) / (between + (typical - 1) * within + 1e-300), 0.0))


def calibrated(
    scores: Array, made: Array, length: Array, for_length: float, horizon: int, levels: Array, prior: Prior = PRIOR
) -> Array:
    """Quantiles of the scaled error ``horizon`` years ahead for a history of ``for_length`` years.

    Parameters
    ----------
    scores : (N,) earlier scaled errors at this horizon; made : (N,) origin of each; length : (N,) years of history behind each
    levels : probabilities, rising
    """
    stand_in = prior.sample(horizon)
    if len(scores) < 2:
        return np.quantile(stand_in, levels)
    near = np.exp(-0.5 * (np.log(length / for_length) / _LENGTH_KERNEL) ** 2)
    per_year = len(scores) / len(np.unique(made))
    rho = shared_part(scores, made, 3.0 * horizon)
    effective = near.sum() ** 2 / (near**2).sum() / (1 + (per_year - 1) * rho) if near.sum() > 0 else 0.0
    weights = np.concatenate(
        [near / max(near.sum(), 1e-300) * effective, np.full(len(stand_in), prior.worth / len(stand_in))]
    )
    return weighted_quantile(np.concatenate([scores, stand_in]), weights, levels)
