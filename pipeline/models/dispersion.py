"""How far flows scatter about their expectation, and the interval for one flow that follows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import nnls

Array = np.ndarray
ALIKE = 0.05  # of the fitted flows: those of like expectation, from which an interval's reach is taken
FEWEST_ALIKE = 200  # of them at least; with fewer flows the gamma interval stands


def spread(value: Array, mean: Array, parameters: int) -> tuple[float, float]:
    """Variance as ``a·mean + b·mean²``: Poisson scatter with overdispersion, and scatter in proportion to size.

    Least squares of the squared residuals on the mean, both ≥ 0, made up for the degrees of freedom that ``parameters`` took.

    References
    ----------
    Cameron & Trivedi (2013), Regression Analysis of Count Data, section 3.3.

    Examples
    --------
    >>> mean = np.linspace(10, 1000, 20_000)
    >>> value = np.random.default_rng(0).poisson(mean)
    >>> a, b = spread(value, mean, 0)
    >>> round(a, 1), round(b, 2)
    (1.0, 0.0)
    """
    free = max(1 - parameters / len(value), 0.05)
    positive = mean > 0
    x, squared = mean[positive], (value - mean)[positive] ** 2 / free / mean[positive]
    weight = 1 / np.maximum(x, x.mean() * 1e-3)  # a squared residual scatters with its own mean
    a, b = nnls(np.column_stack([np.ones_like(x), x]) * weight[:, None], squared * weight)[0]
    return float(a), float(b)


def flow_interval(mean: Array, a: float, b: float, whole: bool) -> tuple[Array, Array]:
    """95 % interval for a flow of that mean and variance ``a·mean + b·mean²``: gamma, from 0 upwards, skewed as flows are.

    Parameters
    ----------
    whole : flows are whole numbers, and so are the bounds, drawn outwards

    Examples
    --------
    >>> lower, upper = flow_interval(np.array([0.3, 100.0]), 1.0, 0.0, whole=True)
    >>> lower.tolist(), upper.tolist()
    ([0.0, 81.0], [2.0, 121.0])
    """
    variance = a * mean + b * mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        shape, scale = mean**2 / variance, variance / mean
        narrow = variance <= 1e-12 * mean**2
        lower = np.where(narrow, mean, stats.gamma.ppf(0.025, shape, scale=scale))
        upper = np.where(narrow, mean, stats.gamma.ppf(0.975, shape, scale=scale))
    lower, upper = np.where(mean > 0, lower, mean), np.where(mean > 0, upper, mean)
    return (np.floor(lower), np.ceil(upper)) if whole else (lower, upper)


def calibrated(
    mean: Array, lower: Array, upper: Array, value: Array, mean_fitted: Array, whole: bool
) -> tuple[Array, Array]:
    """Bounds that hold 95 % of the fitted flows of like expectation, 2.5 % beyond each: where there are enough of them.

    Flows have heavier tails than a gamma distribution: of 8,000 pairs of the OECD's table 13 % lay above its upper bound, none below its lower one. So where 400 or more
    flows were fitted, the bounds are the expectation times the quantiles of observed over expected among the flows of like expectation (a moving window).

    Parameters
    ----------
    mean, lower, upper : (M,) expectations and their gamma bounds; value, mean_fitted : (N,) the flows that the model was fitted on
    whole : bounds are whole numbers, drawn outwards

    References
    ----------
    Romano, Patterson & Candès (2019), Conformalized quantile regression, NeurIPS; Vovk (2012) on calibration by groups.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fitted = np.exp(rng.uniform(2, 6, 4000))
    >>> seen = fitted * np.exp(rng.normal(-0.5, 1, 4000))
    >>> low, high = calibrated(fitted, *flow_interval(fitted, 1.0, 0.5, whole=False), seen, fitted, whole=False)
    >>> float(np.mean(seen < low).round(3)), float(np.mean(seen > high).round(3))
    (0.024, 0.025)
    """
    there = mean_fitted > 0
    n = int(there.sum())
    if n < 2 * FEWEST_ALIKE:
        return lower, upper
    size = max(FEWEST_ALIKE, round(ALIKE * n))
    order = np.argsort(mean_fitted[there], kind="stable")
    fitted = mean_fitted[there][order]
    ratio = pd.Series(value[there][order] / fitted).rolling(size, center=True, min_periods=size // 2)
    at = np.log(np.where(mean > 0, mean, fitted[0]))
    reach = [np.interp(at, np.log(fitted), ratio.quantile(level).to_numpy()) for level in (0.025, 0.975)]
    low, high = np.minimum(mean * reach[0], mean), np.maximum(mean * reach[1], mean)
    return (np.floor(low), np.ceil(high)) if whole else (low, high)
