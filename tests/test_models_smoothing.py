"""Exponential smoothing of many series at once, held against statsmodels, which takes one at a time."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

from pipeline.models import smoothing
from pipeline.models.candidates import damped_ets, theta


def series(n: int = 24, years: int = 17) -> np.ndarray:
    """Random walks with drift, right-aligned; every third starts later."""
    rng = np.random.default_rng(3)
    z = np.exp((rng.normal(0.03, 0.03, (n, 1)) + rng.normal(0, 0.12, (n, years))).cumsum(axis=1))
    z[::3, :6] = np.nan
    return z


def of_statsmodels(y: np.ndarray, start_trend: float | None = None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = {"initialization_method": "known", "initial_level": y[0]}
        if start_trend is None:
            return SimpleExpSmoothing(y, **known).fit()
        return ExponentialSmoothing(y, trend="add", damped_trend=True, initial_trend=start_trend, **known).fit()


def test_the_recursions_are_those_of_statsmodels() -> None:
    z = series()
    start = np.linspace(-0.1, 0.2, len(z))
    found = smoothing.damped(z, start)
    for i, row in enumerate(z):
        y = row[~np.isnan(row)]
        model = ExponentialSmoothing(
            y, trend="add", damped_trend=True, initialization_method="known", initial_level=y[0], initial_trend=start[i]
        )
        twin = model.fit(found.alpha[i], found.beta[i], damping_trend=found.phi[i], optimized=False)
        assert twin.sse == pytest.approx(found.sse[i])
        ahead = found.level[i] + found.trend[i] * np.cumsum(found.phi[i] ** np.arange(1, 4))
        np.testing.assert_allclose(twin.forecast(3), ahead)


def test_no_smaller_sum_of_squares_is_found_by_statsmodels() -> None:
    z = series()
    start = np.zeros(len(z))
    simple, damped = smoothing.simple(z), smoothing.damped(z, start)
    known = [row[~np.isnan(row)] for row in z]
    of_simple = simple.sse / [of_statsmodels(y).sse for y in known]
    of_damped = damped.sse / [of_statsmodels(y, 0.0).sse for y in known]
    assert of_simple.max() < 1 + 1e-4
    assert np.median(of_damped) < 1 + 1e-4
    assert of_damped.max() < 1.03  # many minima: now one, now the other finds the lower


def test_parameters_stay_in_their_ranges() -> None:
    found = smoothing.damped(series(), np.zeros(24))
    assert ((found.beta >= 0) & (found.beta <= found.alpha) & (found.alpha <= 1)).all()
    assert ((found.phi >= 0.8) & (found.phi <= 0.995)).all()


@pytest.mark.parametrize("method", [theta, damped_ets])
def test_a_series_forecasts_the_same_alone_among_many_and_in_thousands(method) -> None:
    z = series(80)
    together = method(z, 3)
    for i in (0, 1, 70):
        np.testing.assert_allclose(method(z[i : i + 1], 3), together[i : i + 1])
    np.testing.assert_allclose(method(z * 1000, 3), together * 1000, rtol=1e-9)


def test_theta_has_half_the_slope_of_the_line() -> None:
    z = series(4)
    for row, ahead in zip(z, theta(z, 3), strict=True):
        y = row[~np.isnan(row)]
        np.testing.assert_allclose(np.diff(ahead), np.polyfit(np.arange(len(y)), y, 1)[0] / 2)


def test_nothing_in_nothing_out() -> None:
    assert smoothing.simple(np.empty((0, 5))).alpha.shape == (0,)
    assert damped_ets(np.empty((0, 5)), 3).shape == (0, 3)
