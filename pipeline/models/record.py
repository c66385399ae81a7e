"""The models' own track record: how far off they were, and how often their intervals held."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.errors import InputError


def track_record(backtest: pd.DataFrame) -> pd.DataFrame:
    """Errors and coverage of a backtest, for each unit and for all of them together.

    Parameters
    ----------
    backtest : what `pipeline.backtest` gave: unit, origin, horizon, actual, median, bounds, naive

    Returns
    -------
    Frame of unit (null for the pooled line, which comes last), n, error and naive_error (mean absolute error; in units of the values
    for a unit; pooled, the mean of the units' ratios to their mean absolute naive error one year ahead), and
    held_80, held_95, … (share of actual values inside the interval, 0 to 1).

    Raises
    ------
    InputError
        A column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "A", "origin": 2020, "horizon": [1, 2], "actual": [10.0, 12], "median": [11.0, 12],
    ...     "lower_80": [9.0, 9], "upper_80": [13.0, 11], "naive": [8.0, 8]})
    >>> track_record(frame).drop(columns="unit").iloc[0].to_dict()
    {'n': 2.0, 'error': 0.5, 'naive_error': 3.0, 'held_80': 0.5}
    """
    needed = {"unit", "horizon", "actual", "median", "naive"}
    if missing := sorted(needed - set(backtest.columns)):
        raise InputError("backtest", f"has no column {', '.join(missing)}.", "Give what pipeline.backtest returned.")
    levels = [column.removeprefix("lower_") for column in backtest.columns if column.startswith("lower_")]
    rows = backtest[["unit", "horizon"]].copy()
    rows["error"] = (backtest["actual"] - backtest["median"]).abs()
    rows["naive_error"] = (backtest["actual"] - backtest["naive"]).abs()
    held = [f"held_{level}" for level in levels]
    for level in levels:
        rows[f"held_{level}"] = (
            backtest["actual"].between(backtest[f"lower_{level}"], backtest[f"upper_{level}"]).astype(float)
        )
    by_unit = rows.groupby("unit", sort=False, observed=True)
    record = by_unit[["error", "naive_error", *held]].mean().reset_index()
    record.insert(1, "n", by_unit.size().to_numpy())
    if record.empty:
        return record
    nearest = rows[rows["horizon"] == rows["horizon"].min()].groupby("unit", observed=True)["naive_error"].mean()
    scale = rows["unit"].map(nearest).astype(float)
    scale = scale.where(scale > 0)
    pooled = {
        "unit": [None],
        "n": [len(rows)],
        "error": [float((rows["error"] / scale).mean())],
        "naive_error": [float((rows["naive_error"] / scale).mean())],
        **{column: [float(np.mean(rows[column]))] for column in held},
    }
    last = pd.DataFrame(pooled).astype({"unit": record["unit"].dtype})
    return pd.concat([record, last], ignore_index=True)
