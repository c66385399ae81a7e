"""Point forecasts of many short yearly series at once: no change, robust damped trends, and an ensemble of trends.

All functions take histories right-aligned, (P, L) with NaN before a series starts, and give (P, H). They are equivariant to
the unit of measurement: thousands of students forecast as students do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from pipeline.models import smoothing

Array = np.ndarray
Scale = tuple[Callable[[Array], Array], Callable[[Array], Array]]

_GRID = np.array(
    list(itertools.product((0.2, 0.4, 0.6, 0.8, 1.0), (0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0), (0.7, 0.8, 0.9, 0.95, 1.0)))
)
_CLIP = 1.5  # an innovation moves the trend by at most this many mean yearly changes
_LOG_OFFSET = 0.02  # of a series' mean, so that zeros have a logarithm
NAMES = ("no_change", "robust_trend", "trend_mean")


def logarithm(values: Array) -> Scale:
    """Log with an offset of 2 % of each series' mean, and its inverse, floored at 0."""
    mean = np.nanmean(values, axis=1, keepdims=True)
    offset = _LOG_OFFSET * np.where(mean > 0, mean, 1.0)
    return (lambda y: np.log(np.maximum(y, 0) + offset)), (
        lambda z: np.maximum(np.expm1(np.minimum(z - np.log(offset), 700)) * offset, 0)
    )


def square_root(values: Array) -> Scale:
    """Square root, which steadies counts' variance, and its inverse (negative roots are 0)."""
    return (lambda y: np.sqrt(np.maximum(y, 0))), (lambda z: np.maximum(z, 0) ** 2)


def identity(values: Array) -> Scale:
    """The scale as it is."""
    return (lambda y: y), (lambda z: z)


def robust_damped_trend(z: Array, horizon: int) -> Array:
    """Damped Holt smoothing, averaged over a grid of parameters, with innovations clipped where they drive the trend.

    Each of 175 (level, trend, damping) settings is run through every series; settings are weighted by
    ``(mean absolute one-step error) ** -(n - 1)``, the profile likelihood under Laplace errors, so that a short series
    is not handed to one lucky setting. A jump moves the level in full but the trend by at most ``1.5`` mean yearly changes.

    Parameters
    ----------
    z : (P, L) histories on the working scale
    horizon : years ahead

    References
    ----------
    Gardner & McKenzie (1985), Management Science 31(10); Gelper, Fried & Croux (2010), Journal of Forecasting 29(3).

    Examples
    --------
    >>> robust_damped_trend(np.array([[1.0, 2, 3, 4, 5, 6, 7, 8]]), 2).round(1)
    array([[ 9., 10.]])
    """
    alpha, beta, phi = (column[None, :] for column in _GRID.T)
    change = np.diff(z, axis=1)
    size = np.nanmean(np.abs(change), axis=1)[:, None] + 1e-300
    first = np.argmax(~np.isnan(z), axis=1)
    level = np.zeros((len(z), len(_GRID)))
    trend, loss = level.copy(), level.copy()
    start_trend = _early_trend(z)[:, None]
    for t in range(z.shape[1]):
        x = z[:, t][:, None]
        starts, runs = (first == t)[:, None], (first < t)[:, None]
        forecast = level + phi * trend
        error = np.where(runs, x - forecast, 0.0)
        loss += np.abs(error)
        level = np.where(runs, forecast + alpha * error, np.where(starts, x, level))
        trend = np.where(
            runs,
            phi * trend + alpha * beta * np.clip(error, -_CLIP * size, _CLIP * size),
            np.where(starts, start_trend, trend),
        )
    steps = (z.shape[1] - 1 - first)[:, None]
    log_weight = -steps * np.log(loss / np.maximum(steps, 1) + 1e-3 * size)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    damping = np.cumsum(phi[0][:, None] ** np.arange(1, horizon + 1), axis=1)
    return (weight * level).sum(axis=1)[:, None] + (weight * trend) @ damping


def drift(z: Array, horizon: int, middle: Callable[..., Array] = np.nanmean) -> Array:
    """Random walk with drift: the last value plus the mean (or median) yearly change times the years ahead.

    >>> drift(np.array([[2.0, 3, 7]]), 2), drift(np.array([[2.0, 3, 7, 8]]), 1, np.nanmedian)
    (array([[ 9.5, 12. ]]), array([[9.]]))
    """
    return z[:, -1:] + middle(np.diff(z, axis=1), axis=1)[:, None] * np.arange(1, horizon + 1)


def recent_trend(z: Array, horizon: int, damping: float = 0.8, clip: float = 2.0) -> Array:
    """The last value plus the mean of the last two yearly changes, damped; a change counts up to twice the mean absolute one.

    >>> recent_trend(np.array([[0.0, 1, 2, 3]]), 2)
    array([[4. , 4.8]])
    """
    change = np.diff(z, axis=1)
    limit = clip * np.nanmean(np.abs(change), axis=1, keepdims=True)
    recent = np.clip(change[:, -2:], -limit, limit).mean(axis=1)
    return z[:, -1:] + recent[:, None] * np.cumsum(damping ** np.arange(horizon))


def common_growth(z: Array, unit: Array, origin: Array, horizon: int) -> Array:
    """The last value grown at the rate common to all units: the median over units of their median yearly change.

    At each origin only histories that end at or before it count, the latest one of each unit.
    """
    own = np.nanmedian(np.diff(z, axis=1), axis=1)
    rate = np.empty(len(z))
    latest: dict[int, float] = {}
    for year in np.unique(origin):
        here = np.flatnonzero(origin == year)
        latest.update(zip(unit[here].tolist(), own[here].tolist(), strict=True))
        rate[here] = np.median(list(latest.values()))
    return z[:, -1:] + rate[:, None] * np.arange(1, horizon + 1)


def theta(z: Array, horizon: int) -> Array:
    """Theta method: simple exponential smoothing with half the slope of the least-squares line as drift.

    References
    ----------
    Assimakopoulos & Nikolopoulos (2000), International Journal of Forecasting 16(4); Hyndman & Billah (2003), same, 19(2).

    Examples
    --------
    >>> theta(np.array([[np.nan, 1.0, 2, 3, 4]]), 2)
    array([[4.5, 5. ]])
    """
    fit = smoothing.simple(z)
    known = ~np.isnan(z)
    n = known.sum(axis=1)
    time = np.cumsum(known, axis=1) - (n[:, None] + 1) / 2
    slope = np.nansum(np.where(known, time, 0.0) * np.nan_to_num(z), axis=1) / (n * (n**2 - 1) / 12)
    alpha = np.maximum(fit.alpha, 0.05)
    steps = np.arange(horizon) + ((1 - (1 - alpha) ** n) / alpha)[:, None]
    return np.where(_moves(z), fit.level[:, None] + slope[:, None] / 2 * steps, z[:, -1:])


def damped_ets(z: Array, horizon: int) -> Array:
    """Damped additive trend by exponential smoothing, fitted by least squares; it starts at the median of the first four changes.

    >>> damped_ets(np.array([[3.0, 3, 3], [1, 2, 3]]), 2).round(1)
    array([[3. , 3. ],
           [3.2, 3.5]])
    """
    fit = smoothing.damped(z, _early_trend(z))
    ahead = np.cumsum(fit.phi[:, None] ** np.arange(1, horizon + 1), axis=1)
    return np.where(_moves(z), fit.level[:, None] + fit.trend[:, None] * ahead, z[:, -1:])


def _moves(z: Array) -> Array:
    """(P, 1) false where a series has always had one value."""
    return (np.nanmax(z, axis=1) > np.nanmin(z, axis=1))[:, None]


def _early_trend(z: Array) -> Array:
    """(P,) median of a series' first four changes."""
    first = np.argmax(~np.isnan(z), axis=1)[:, None]
    change = np.diff(z, axis=1)
    places = np.minimum(first + np.arange(4), change.shape[1] - 1)
    return np.median(np.take_along_axis(change, places, axis=1), axis=1)


def point_forecasts(y: Array, signed: Array, unit: Array, origin: Array, horizon: int) -> Array:
    """The three members of the combination, on the scale of the data.

    Parameters
    ----------
    y : (P, L) histories; signed : (P,) true where a unit has negative values; unit, origin : (P,); horizon : years ahead

    Returns
    -------
    (P, horizon, 3) : no change, robust damped trend (mean over levels, roots and logs), and the mean of six trends:
        drift in levels, median drift in logs, theta in logs, damped ETS in levels, growth common to all units, recent trend in roots.
        Units with negative values are modelled on the scale as it is.
    """
    out = np.empty((len(y), horizon, len(NAMES)))
    for group in (np.flatnonzero(~signed), np.flatnonzero(signed)):
        if not len(group):
            continue
        z = y[group]
        size = np.nanmean(np.abs(z), axis=1, keepdims=True)
        nothing = size[:, 0] == 0  # only zeros so far
        size[nothing] = 1.0
        z = z / size
        nonnegative = not signed[group[0]]
        out[group] = _members(z, nonnegative, unit[group], origin[group], horizon) * size[:, :, None]
        out[group[nothing]] = 0.0
    return out


def _members(z: Array, nonnegative: bool, unit: Array, origin: Array, horizon: int) -> Array:
    root, log = (square_root(z), logarithm(z)) if nonnegative else (identity(z), identity(z))
    (to_root, from_root), (to_log, from_log) = root, log
    logs = to_log(z)
    trends = [
        drift(z, horizon),
        from_log(drift(logs, horizon, np.nanmedian)),
        from_log(theta(logs, horizon)),
        damped_ets(z, horizon),
        from_log(common_growth(logs, unit, origin, horizon)),
        from_root(recent_trend(to_root(z), horizon)),
    ]
    robust = np.mean([back(robust_damped_trend(there(z), horizon)) for there, back in (identity(z), root, log)], axis=0)
    no_change = np.repeat(z[:, -1:], horizon, axis=1)
    members = np.stack([no_change, robust, np.mean(trends, axis=0)], axis=2)
    return np.maximum(members, 0) if nonnegative else members
