"""Forecasts that add up: directions, partners and levels of study to their totals (minimum-trace reconciliation)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from pipeline.errors import InputError

Sums = Sequence[tuple[str, Sequence[str]]]
_LEAST_ORIGINS = 3  # common to all units, for a covariance of their errors
_BOUNDS = ("lower_", "upper_")


def reconcile(forecasts: pd.DataFrame, tested: pd.DataFrame, total: str, parts: list[str]) -> pd.DataFrame:
    """`coherent` for one total and its parts.

    Examples
    --------
    >>> forecasts = pd.DataFrame({"unit": ["all", "a", "b"], "year": 2025, "median": [100.0, 50, 44], "lower_80": 0.0, "upper_80": 200.0})
    >>> tested = pd.DataFrame({"unit": ["all", "a", "b"], "origin": 2020, "horizon": 1, "actual": 1.0, "median": 1.0})
    >>> after = reconcile(forecasts, tested, "all", ["a", "b"]).set_index("unit")["median"]
    >>> bool(np.isclose(after["all"], after["a"] + after["b"])), bool(94 < after["all"] < 100)
    (True, True)
    """
    return coherent(forecasts, tested, [(total, parts)])


def coherent(forecasts: pd.DataFrame, tested: pd.DataFrame, sums: Sums, fixed: Collection[str] = ()) -> pd.DataFrame:
    """Change medians as little as their track record allows so that all sums hold in every year.

    Parameters
    ----------
    forecasts : as `pipeline.outlook` gives, with every total and part as units
    tested : as `pipeline.backtest` gives for the same units: their errors say which forecasts deserve to move
    sums : totals, each with the units that are all of it; one total may be split in several ways, and parts be totals themselves
    fixed : units that keep their forecasts (they have to add up among themselves); the others move to them

    Returns
    -------
    The rows of these units, coherent medians, bounds moved with them. Where no forecast is negative, none becomes so; bounds are each
    unit's own and do not add up.

    Raises
    ------
    InputError
        A unit is missing in either frame.

    Notes
    -----
    MinT with a shrunk covariance of errors one year ahead, as a projection on the sums (Wickramasuriya, Athanasopoulos & Hyndman 2019, JASA
    114(526); shrinkage by Schäfer & Strimmer 2005). With fewer than 3 common origins the covariance is diagonal, in proportion to squared forecasts.

    Examples
    --------
    >>> forecasts = pd.DataFrame({"unit": ["t", "a", "b", "x", "y"], "year": 2025, "median": [10.0, 6, 6, 3, 8]})
    >>> tested = forecasts.assign(origin=2020, horizon=1, actual=1.0)
    >>> after = coherent(forecasts, tested, [("t", ["a", "b"]), ("t", ["x", "y"])]).set_index("unit")["median"]
    >>> bool(np.isclose(after["a"] + after["b"], after["x"] + after["y"]))
    True
    """
    units = _units(sums)
    for frame, name in ((forecasts, "forecasts"), (tested, "tested")):
        if missing := [u for u in units if u not in set(frame["unit"])]:
            raise InputError(
                name, f"have no unit {', '.join(map(str, missing))}.", "Forecast the total and every part."
            )
    errors = _errors(tested, units)
    rules = _rules(sums, units)
    free = np.array([unit not in fixed for unit in units], dtype=float)
    forecasts = forecasts.copy(deep=False)
    forecasts.attrs = {}
    bounds = [c for c in forecasts.columns if c.startswith(_BOUNDS)]
    out = []
    for _, rows in forecasts[forecasts["unit"].isin(units)].groupby("year", sort=True):
        rows = rows.set_index("unit").reindex(units)
        base = rows["median"].to_numpy(dtype=float)
        if np.isnan(base).any():
            raise InputError(
                "forecasts", "lack a unit in some year.", "Give the total and every part for the same years."
            )
        after = _projected(base, _covariance(errors, base) * np.outer(free, free), rules)
        moved = rows.assign(median=after)
        floor = 0.0 if (base >= 0).all() else -np.inf
        moved[bounds] = np.maximum(rows[bounds].to_numpy(dtype=float) + (after - base)[:, None], floor)
        out.append(moved.reset_index())
    return pd.concat(out, ignore_index=True)[list(forecasts.columns)]


def coherent_backtest(tested: pd.DataFrame, sums: Sums) -> pd.DataFrame:
    """The same reconciliation from every origin, with no error that had not come true by then.

    Parameters
    ----------
    tested : as `pipeline.backtest` gives
    sums : as for `coherent`

    Returns
    -------
    The rows of the units in `sums`, as far as at an origin and horizon all of them were forecast; coherent medians, bounds moved with them.

    Examples
    --------
    >>> tested = pd.DataFrame({"unit": ["t", "a", "b"], "origin": 2020, "horizon": 1, "actual": [9.0, 4, 5], "median": [10.0, 6, 6]})
    >>> coherent_backtest(tested, [("t", ["a", "b"])])["median"].round(1).tolist()
    [11.2, 5.6, 5.6]
    """
    units = _units(sums)
    own = tested[tested["unit"].isin(units)].copy()
    own.attrs = {}
    out = [own.iloc[:0]]
    for (origin, _), rows in own.groupby(["origin", "horizon"], sort=True):
        if set(rows["unit"]) != set(units):
            continue
        before = own[own["origin"] + own["horizon"] <= origin]
        if not set(units) <= set(before["unit"]):
            before = own.assign(actual=np.nan)  # nothing known by then: the covariance is by size
        out.append(coherent(rows.assign(year=rows["origin"]), before, sums).drop(columns="year"))
    return pd.concat(out, ignore_index=True)[list(tested.columns)]


def round_sums(values: pd.Series, sums: Sums, step: float = 1.0) -> pd.Series:
    """Round numbers of units that add up so that they still do: what is left over goes where most was cut off.

    Parameters
    ----------
    values : by unit
    sums : as for `coherent`, totals before the totals among their parts
    step : multiples of it are given

    Examples
    --------
    >>> round_sums(pd.Series({"t": 10.0, "a": 3.4, "b": 3.3, "c": 3.3}), [("t", ["a", "b", "c"])]).tolist()
    [10.0, 4.0, 3.0, 3.0]
    """
    out = (values / step).round()
    for total, parts in sums:
        exact = values[list(parts)] / step
        whole = np.floor(exact + 1e-9)
        missing = int(out[total] - whole.sum())
        for unit in (exact - whole).sort_values(ascending=missing < 0, kind="stable").index[: abs(missing)]:
            whole[unit] += 1 if missing > 0 else -1
        out[list(parts)] = whole
    return out * step


def _units(sums: Sums) -> list[str]:
    return list(dict.fromkeys(unit for total, parts in sums for unit in (total, *parts)))


def _rules(sums: Sums, units: list[str]) -> np.ndarray:
    """(S, U): a row a sum, 1 at its total and −1 at its parts."""
    place = {unit: k for k, unit in enumerate(units)}
    rules = np.zeros((len(sums), len(units)))
    for row, (total, parts) in zip(rules, sums, strict=True):
        row[place[total]] = 1.0
        row[[place[part] for part in parts]] = -1.0
    return rules


def _errors(tested: pd.DataFrame, units: list[str]) -> np.ndarray:
    near = tested[tested["horizon"] == 1]
    wide = near.assign(error=near["actual"] - near["median"]).pivot(index="origin", columns="unit", values="error")
    return wide.reindex(columns=units).dropna().to_numpy()


def _projected(base: np.ndarray, covariance: np.ndarray, rules: np.ndarray) -> np.ndarray:
    """The nearest forecasts, by the covariance, for which all rules hold and, where none was negative, none is."""
    fixed = np.zeros(len(base), dtype=bool)
    after = base
    for _ in range(len(base)):
        held = np.vstack([rules, np.eye(len(base))[fixed]])
        spread = covariance @ held.T
        after = base - spread @ np.linalg.pinv(held @ spread, hermitian=True) @ (held @ base)
        below = (after < -1e-9 * max(float(np.abs(base).max()), 1e-9)) & ~fixed
        if (base < 0).any() or not below.any():
            break
        fixed |= below
    return np.maximum(after, 0) if (base >= 0).all() else after


def _covariance(errors: np.ndarray, base: np.ndarray) -> np.ndarray:
    if len(errors) < _LEAST_ORIGINS:
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
