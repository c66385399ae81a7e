"""Forecasts that add up: partners to the total, levels of study too (minimum-trace reconciliation)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.errors import InputError


def reconcile(forecasts: pd.DataFrame, tested: pd.DataFrame, total: str, parts: list[str]) -> pd.DataFrame:
    """Change medians as little as their track record allows so that parts sum to the total in every year.

    Parameters
    ----------
    forecasts : as `pipeline.outlook` gives, with the total and all parts as units
    tested : as `pipeline.backtest` gives for the same units: their errors say which forecasts deserve to move
    total, parts : names of units; parts are all of the total

    Returns
    -------
    The rows of these units, coherent medians, bounds moved with them. Medians of parts stay at 0 or above; bounds are each unit's own and do not add up.

    Raises
    ------
    InputError
        A unit is missing in either frame.

    Notes
    -----
    MinT with a shrunk covariance of errors one year ahead (Wickramasuriya, Athanasopoulos & Hyndman 2019, JASA 114(526); shrinkage by Schäfer &
    Strimmer 2005). With fewer than 3 common origins the covariance is diagonal, in proportion to squared forecasts.

    Examples
    --------
    >>> forecasts = pd.DataFrame({"unit": ["all", "a", "b"], "year": 2025, "median": [100.0, 50, 44], "lower_80": 0.0, "upper_80": 200.0})
    >>> tested = pd.DataFrame({"unit": ["all", "a", "b"], "origin": 2020, "horizon": 1, "actual": 1.0, "median": 1.0})
    >>> after = reconcile(forecasts, tested, "all", ["a", "b"]).set_index("unit")["median"]
    >>> bool(np.isclose(after["all"], after["a"] + after["b"])), bool(94 < after["all"] < 100)
    (True, True)
    """
    units = [total, *parts]
    for frame, name in ((forecasts, "forecasts"), (tested, "tested")):
        if missing := [u for u in units if u not in set(frame["unit"])]:
            raise InputError(
                name, f"have no unit {', '.join(map(str, missing))}.", "Forecast the total and every part."
            )
    near = tested[tested["horizon"] == 1]
    errors = (
        near.assign(error=near["actual"] - near["median"])
        .pivot(index="origin", columns="unit", values="error")
        .reindex(columns=units)
        .dropna()
    )
    summing = np.vstack([np.ones(len(parts)), np.eye(len(parts))])
    out = []
    for _, rows in forecasts[forecasts["unit"].isin(units)].groupby("year", sort=True):
        rows = rows.set_index("unit").reindex(units)
        base = rows["median"].to_numpy(dtype=float)
        if np.isnan(base).any():
            raise InputError(
                "forecasts", "lack a unit in some year.", "Give the total and every part for the same years."
            )
        weight = np.linalg.pinv(_covariance(errors.to_numpy(), base), hermitian=True)
        bottom = np.linalg.pinv(summing.T @ weight @ summing, hermitian=True) @ (summing.T @ weight @ base)
        bottom = np.maximum(bottom, 0) if (base >= 0).all() else bottom
        shift = summing @ bottom - base
        bounds = [c for c in rows.columns if c.startswith(("lower_", "upper_"))]
        moved = rows.assign(median=base + shift)
        floor = 0.0 if (base >= 0).all() else -np.inf
        moved[bounds] = np.maximum(rows[bounds].to_numpy(dtype=float) + shift[:, None], floor)
        out.append(moved.reset_index())
    return pd.concat(out, ignore_index=True)[list(forecasts.columns)]


def _covariance(errors: np.ndarray, base: np.ndarray) -> np.ndarray:
    if len(errors) < 3:
        return np.diag(np.maximum(base**2, 1e-9 * max(float((base**2).max()), 1e-9)))
    n = len(errors)
    plain = errors.T @ errors / n
    scale = np.sqrt(np.maximum(np.diag(plain), 1e-9 * max(float(np.diag(plain).max()), 1e-9)))
    z = errors / scale
    correlation = z.T @ z / n
    products = z[:, :, None] * z[:, None, :]
    variance = ((products - correlation) ** 2).sum(axis=0) / (n * (n - 1))
    off = ~np.eye(len(base), dtype=bool)
    shrink = float(np.clip(variance[off].sum() / max((correlation[off] ** 2).sum(), 1e-12), 0, 1))
    mixed = np.where(off, (1 - shrink) * correlation, 1.0)
    return mixed * np.outer(scale, scale)
