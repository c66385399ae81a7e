"""Does a yearly figure move more than chance? A line through a few years, with the chance of each year and of neighbouring years in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

LEAST_YEARS = 6
_MOST_LINKED = 0.8  # a correlation of neighbouring years above it leaves nothing to be tested


@dataclass(frozen=True)
class Trend:
    """The fitted line's ends, their difference with its 95 % interval, and the probability of as large a one by chance."""

    first: float
    last: float
    change: float
    lower: float
    upper: float
    p: float
    years: int


def trend_test(years: ArrayLike, values: ArrayLike, errors: ArrayLike, percent: bool = True) -> Trend | None:
    """A line through yearly figures, and whether it rises or falls more than chance lets it.

    Parameters
    ----------
    years, values : of the figures
    errors : standard error of each by the chance of its own year
    percent : shares from 0 to 100 are fitted as log-odds, so that the line stays between these; other figures as they are

    Returns
    -------
    Trend, or None with fewer than six years. Years are weighted by their errors. Where they scatter round the line more than these
    say (never less), the interval is widened by as much, and again for years that take after the one before: by (1 + r) / (1 − r) of
    its square, r being the correlation of neighbouring distances from the line, no less than 0. Student's t with two years fewer. Of
    14 years without a trend 5 in 100 are called one at r = 0, 9 at r = 0.3, 17 at r = 0.5 (23 without the last step).

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, section 4.5, on scatter; Santer et al. (2000), Journal of Geophysical
    Research 105(D6), on linked years.

    Examples
    --------
    >>> found = trend_test(range(2015, 2025), [10, 11, 13, 12, 15, 16, 18, 17, 20, 21], [1.0] * 10)
    >>> round(found.first), round(found.last), found.p < 0.001
    (10, 21, True)
    >>> trend_test([2023, 2024], [1, 2], [1, 1]) is None
    True
    """
    x, y, e = (np.asarray(a, dtype=float) for a in (years, values, errors))
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(e) & (e > 0)
    x, y, e = x[known], y[known], e[known]
    if len(x) < LEAST_YEARS or np.ptp(x) == 0:
        return None
    if percent:
        share = np.clip(y / 100, 0.002, 0.998)
        y, e = np.log(share / (1 - share)), e / 100 / (share * (1 - share))
    slope, middle, error, free = _line(x, y, e)
    far = float(stats.t.ppf(0.975, free)) * error

    def at(year: float, by: float = slope) -> float:
        z = middle[1] + by * (year - middle[0])
        return float(100 / (1 + np.exp(-z))) if percent else float(z)

    def change(by: float) -> float:
        return at(x.max(), by) - at(x.min(), by)

    p = float(2 * stats.t.sf(abs(slope) / error, free)) if error > 0 else float(slope == 0)
    low, high = sorted((change(slope - far), change(slope + far)))
    return Trend(at(x.min()), at(x.max()), change(slope), low, high, p, len(x))


def _line(x: np.ndarray, y: np.ndarray, e: np.ndarray) -> tuple[float, tuple[float, float], float, float]:
    """Slope, weighted middle, the slope's standard error and its degrees of freedom."""
    w = 1 / e**2
    centre, level = float(np.average(x, weights=w)), float(np.average(y, weights=w))
    spread = float(np.sum(w * (x - centre) ** 2))
    slope = float(np.sum(w * (x - centre) * (y - level)) / spread)
    rest = (y - level - slope * (x - centre)) / e
    n = len(x)
    scatter = max(float(np.sum(rest**2)) / (n - 2), 1.0)
    linked = float(np.clip(np.sum(rest[1:] * rest[:-1]) / max(float(np.sum(rest**2)), 1e-12), 0, _MOST_LINKED))
    wider = scatter * (1 + linked) / (1 - linked)
    return slope, (centre, level), float(np.sqrt(wider / spread)), n - 2.0
