"""Do a model's assumptions hold? Errors of earlier outlooks by horizon, and whether series erred together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.errors import InputError

_NEEDED = ("unit", "origin", "horizon", "actual", "median", "naive", "lower_80", "upper_80", "lower_95", "upper_95")
_DRAWS = 999


def error_checks(tested: pd.DataFrame) -> pd.DataFrame:
    """Mean error and coverage of earlier outlooks, one horizon after the other.

    Parameters
    ----------
    tested : as `pipeline.backtest` gives

    Returns
    -------
    Frame of horizon, n, units, bias (mean of actual less median, in units of each series' usual yearly change), bias_lower and bias_upper (95 %, from the
    means of calendar years that were foretold, as errors of one year go together; null with fewer than three), above (share of actual values above
    the median), held_80, held_95 (shares).

    Raises
    ------
    InputError
        A column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "a", "origin": [2018, 2019, 2020], "horizon": 1, "actual": [11.0, 12, 13], "median": [10.0, 11, 12],
    ...     "naive": [10.0, 11, 12], "lower_80": 9.0, "upper_80": 12.0, "lower_95": 8.0, "upper_95": 14.0})
    >>> error_checks(frame)[["bias", "above", "held_80"]].round(2).values.tolist()
    [[1.0, 1.0, 0.67]]
    """
    rows = _scaled(tested)
    out = []
    for horizon in sorted(rows["horizon"].astype(int).unique()):
        part = rows[rows["horizon"] == horizon]
        by_year = part.groupby(part["origin"] + part["horizon"])["error"].mean()
        half = np.nan
        if len(by_year) >= 3:
            half = float(stats.t.ppf(0.975, len(by_year) - 1) * by_year.std(ddof=1) / np.sqrt(len(by_year)))
        bias = float(by_year.mean())
        held = {
            f"held_{level}": part["actual"].between(part[f"lower_{level}"], part[f"upper_{level}"]).mean()
            for level in (80, 95)
        }
        out.append(
            {"horizon": horizon, "n": len(part), "units": part["unit"].nunique(), "bias": bias}
            | {"bias_lower": bias - half, "bias_upper": bias + half, "above": (part["error"] > 0).mean(), **held}
        )
    columns = ["horizon", "n", "units", "bias", "bias_lower", "bias_upper", "above", "held_80", "held_95"]
    return pd.DataFrame(out, columns=columns)


def shared_errors(tested: pd.DataFrame, seed: int = 0) -> dict[str, float]:
    """Whether series erred in the same direction in the same year, beyond chance.

    Parameters
    ----------
    tested : as `pipeline.backtest` gives; only errors one year ahead count
    seed : of the permutations

    Returns
    -------
    pairs (of series with at least three years in common), correlation (mean over the pairs), p (share of 999 permutations of each
    series' own errors over its years with so high a mean); nan without such pairs.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> year = rng.normal(size=12)
    >>> frame = pd.DataFrame([(u, 2000 + t, 1, year[t] + rng.normal(0, 0.3), 0.0, 0.0) for u in "abcd" for t in range(12)],
    ...     columns=["unit", "origin", "horizon", "actual", "median", "naive"]).assign(lower_80=0, upper_80=0, lower_95=0, upper_95=0)
    >>> found = shared_errors(frame)
    >>> found["pairs"], found["correlation"] > 0.7, found["p"] < 0.01
    (6, True, True)
    """
    rows = _scaled(tested)
    wide = rows[rows["horizon"] == 1].pivot(index="origin", columns="unit", values="error").to_numpy(dtype=float)
    wide = wide[:, (~np.isnan(wide)).sum(axis=0) >= 3]
    real, pairs = _mean_correlation(wide)
    if not pairs:
        return {"pairs": 0, "correlation": np.nan, "p": np.nan}
    rng = np.random.default_rng(seed)
    draws = [_mean_correlation(_shuffled(wide, rng))[0] for _ in range(_DRAWS)]
    return {
        "pairs": pairs,
        "correlation": real,
        "p": float((np.sum(np.array(draws) >= real) + 1) / (_DRAWS + 1)),
    }


def _scaled(tested: pd.DataFrame) -> pd.DataFrame:
    if missing := [c for c in _NEEDED if c not in tested.columns]:
        raise InputError("tested", f"has no column {', '.join(missing)}.", "Give what pipeline.backtest returned.")
    near = tested[tested["horizon"] == tested["horizon"].min()]
    change = (near["actual"] - near["naive"]).abs().groupby(near["unit"]).mean()
    scale = tested["unit"].map(change[change > 0]).astype(float)
    rows = tested.copy(deep=False)
    rows.attrs = {}
    return rows.assign(error=(tested["actual"] - tested["median"]) / scale).dropna(subset=["error"])


def _mean_correlation(wide: np.ndarray) -> tuple[float, int]:
    """The mean over pairs of columns of the mean product of their errors, in root mean squares, over years in common."""
    there = ~np.isnan(wide)
    size = np.sqrt(np.nanmean(wide**2, axis=0)) if wide.size else np.empty(0)
    z = np.where(there, wide / np.where(size > 0, size, 1), 0.0)
    years = there.T.astype(float) @ there
    above = np.triu(years >= 3, 1)
    if not above.any():
        return np.nan, 0
    return float(((z.T @ z)[above] / years[above]).mean()), int(above.sum())


def _shuffled(wide: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    out = wide.copy()
    for column in out.T:
        there = ~np.isnan(column)
        column[there] = rng.permutation(column[there])
    return out
