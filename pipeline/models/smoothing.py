"""Exponential smoothing of many short series at once, its parameters found by search of all that they may be.

Histories are right-aligned, (P, L) with NaN before a series starts. All series go through the recursion together, once for each
setting of the parameters: first a grid over the whole of their range, then finer and finer ones around the best of it. So no
series is left in a local minimum, and a panel of hundreds of series takes a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

_LEVEL, _SHARE, _DAMPING = np.linspace(0, 1, 11), np.linspace(0, 1, 6), np.linspace(0, 1, 5)
_DAMPING_RANGE = (0.8, 0.995)  # as usual: less is no trend, more is no damping
_ROUNDS = 9  # of halving the distance between settings: to below a thousandth of their range
_AT_ONCE = 64  # series, so that what is reckoned with stays in the processor's cache


@dataclass(frozen=True)
class Smoothed:
    """What least squares found.

    Attributes
    ----------
    alpha, beta, phi : (P,) smoothing of the level, of the trend (at most alpha), and damping
    level, trend : (P,) the states after the last year
    sse : (P,) sum of squared one-step errors
    """

    alpha: Array
    beta: Array
    phi: Array
    level: Array
    trend: Array
    sse: Array


def simple(z: Array) -> Smoothed:
    """Simple exponential smoothing that starts at the first value.

    Examples
    --------
    >>> found = simple(np.array([[np.nan, 1.0, 2, 3, 4]]))
    >>> found.alpha.round(3), found.level.round(3)
    (array([1.]), array([4.]))
    """
    none = np.zeros(len(z))
    return _searched(z, none, np.stack(np.meshgrid(_LEVEL, [0.0], [0.0]), axis=-1).reshape(-1, 3), trended=False)


def damped(z: Array, start_trend: Array) -> Smoothed:
    """Damped additive trend (Holt) that starts at the first value with the trend given, (P,).

    Level l and trend b after a value y: ``l' = l + φ b + α e``, ``b' = φ b + α β e`` with ``e = y − l − φ b``; 0 ≤ β ≤ α ≤ 1 and
    0.8 ≤ φ ≤ 0.995.

    References
    ----------
    Gardner & McKenzie (1985), Management Science 31(10); Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing.

    Examples
    --------
    >>> found = damped(np.array([[10.0, 12, 11, 15, 14, 18]]), np.array([1.0]))
    >>> bool(found.beta <= found.alpha), bool(0.8 <= found.phi <= 0.995), (found.level + found.phi * found.trend).round(1)
    (True, True, array([16.9]))
    """
    grid = np.stack(np.meshgrid(_LEVEL, _SHARE, _DAMPING), axis=-1).reshape(-1, 3)
    return _searched(z, start_trend, grid, trended=True)


def _searched(z: Array, start_trend: Array, grid: Array, trended: bool) -> Smoothed:
    if not len(z):
        return Smoothed(*(np.empty(0) for _ in range(6)))
    parts = [
        _search(z[i : i + _AT_ONCE], start_trend[i : i + _AT_ONCE], grid, trended) for i in range(0, len(z), _AT_ONCE)
    ]
    return Smoothed(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _search(z: Array, start_trend: Array, grid: Array, trended: bool) -> tuple[Array, ...]:
    """The best setting of each series: of the grid, then of ever smaller cubes around the best so far."""
    settings = np.broadcast_to(grid, (len(z), *grid.shape))
    steps = np.array([_LEVEL[1], _SHARE[1], _DAMPING[1]]) * ([1, 1, 1] if trended else [1, 0, 0])
    side = np.linspace(-1, 1, 5)
    cube = np.stack(np.meshgrid(*([side] * 3 if trended else [side, [0.0], [0.0]])), axis=-1).reshape(-1, 3)
    rows = np.arange(len(z))
    for turn in range(_ROUNDS + 1):
        found = _run(z, start_trend, settings, trended)
        best = np.argmin(found[-1], axis=1)
        if turn < _ROUNDS:
            settings = np.clip(settings[rows, best][:, None] + cube * steps * 0.5**turn, 0, 1)
    alpha, beta, phi = _parameters(settings[rows, best], trended)
    return alpha, beta, phi, *(state[rows, best] for state in found)


def _parameters(settings: Array, trended: bool) -> tuple[Array, Array, Array]:
    """Places in the unit cube, (..., 3), as alpha, beta and phi."""
    alpha, share, damping = np.moveaxis(settings, -1, 0)
    low, high = _DAMPING_RANGE
    return alpha, alpha * share, low + (high - low) * damping if trended else np.zeros_like(alpha)


def _run(z: Array, start_trend: Array, settings: Array, trended: bool) -> tuple[Array, Array, Array]:
    """Last level and trend and sum of squared errors, (P, G), of each series under each of its settings (P, G, 3)."""
    alpha, beta, phi = _parameters(settings, trended)
    first = np.argmax(~np.isnan(z), axis=1)[:, None]
    gain = alpha * beta
    level, trend, sse = np.zeros_like(alpha), np.zeros_like(alpha), np.zeros_like(alpha)
    values = np.nan_to_num(z)
    for t in range(z.shape[1]):
        x = values[:, t][:, None]
        starts = first == t
        if starts.any():
            level, trend = np.where(starts, x, level), np.where(starts, start_trend[:, None], trend)
        moved = phi * trend
        error = np.where(first <= t, x - level - moved, 0.0)
        level = level + moved + alpha * error
        trend = moved + gain * error
        sse += error**2
    return level, trend, sse
