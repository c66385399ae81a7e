"""How far flows scatter about their expectation, and the interval for one flow that follows."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.optimize import nnls

Array = np.ndarray


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
