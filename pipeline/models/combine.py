"""Weights of the members of a combination, learnt across all series from what had come true by each origin."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

Array = np.ndarray

PRIOR = np.array([0.15, 0.35, 0.50])  # no change, robust trend, mean of trends: where there is nothing to learn from
PRIOR_WORTH = 40  # forecasts
_CAP = 10.0  # mean yearly changes a year ahead: how far one forecast can count
_LEAST = 30


def simplex_weights(members: Array, actual: Array, prior: Array, strength: float) -> Array:
    """Weights ≥ 0 with sum 1 that minimise the mean absolute error plus ``strength`` times the squared distance to a prior.

    Solved by iteratively reweighted least squares, each step a non-negative least-squares problem.

    Parameters
    ----------
    members : (N, K) forecasts, (N,) actual values, both as changes from the last value in units of the series' yearly change
    prior : (K,) weights to lean to; strength : penalty

    References
    ----------
    Granger & Ramanathan (1984), Journal of Forecasting 3(2); Lawson & Hanson (1995), Solving Least Squares Problems.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> members = rng.normal(size=(500, 2))
    >>> simplex_weights(members, members @ [0.3, 0.7], np.array([0.5, 0.5]), 1e-6).round(2)
    array([0.3, 0.7])
    """
    k = len(prior)
    weights = prior.copy()
    heavy = 1e3  # holds the sum at 1
    for _ in range(60):
        q = 1 / np.maximum(np.abs(actual - members @ weights), 0.05)
        gram = (members * q[:, None]).T @ members / len(actual) + (strength + 1e-9) * np.eye(k)
        side = (members * q[:, None]).T @ actual / len(actual) + (strength + 1e-9) * prior
        root = np.linalg.cholesky(gram)
        fresh = nnls(np.vstack([root.T, np.full(k, heavy)]), np.concatenate([np.linalg.solve(root, side), [heavy]]))[0]
        fresh /= fresh.sum()
        if np.abs(fresh - weights).max() < 1e-4:
            return fresh
        weights = fresh
    return weights


def learnt_weights(members: Array, last: Array, change: Array, actual: Array, origin: Array, years: Array) -> Array:
    """The weights that could be known at each of ``years``: from forecasts whose target year is not after it.

    Parameters
    ----------
    members : (P, H, K) forecasts; last, change : (P,) last value and mean absolute yearly change at the origin
    actual : (P, H) what came, NaN where unknown; origin : (P,) year index; years : (T,) year indices

    Returns
    -------
    (T, K) weights
    """
    horizon = members.shape[1]
    ahead = np.arange(1, horizon + 1)
    scale = np.where(change > 0, change, np.nan)[:, None]
    cap = _CAP * ahead
    y = np.clip((actual - last[:, None]) / scale, -cap, cap)
    x = np.clip((members - last[:, None, None]) / scale[:, :, None], -cap[:, None], cap[:, None])
    due = origin[:, None] + ahead
    usable = ~np.isnan(y)
    out = np.tile(PRIOR, (len(years), 1))
    for i, year in enumerate(years):
        pick = usable & (due <= year)
        n = int(pick.sum())
        if n >= _LEAST:
            out[i] = simplex_weights(x[pick], y[pick], PRIOR, PRIOR_WORTH / n)
    return out
