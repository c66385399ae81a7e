"""How long until a degree: Kaplan–Meier with ongoing stays censored."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.errors import InputError, did_you_mean

LEAST = 10  # stays a group needs for a curve


def time_to_event(
    stays: pd.DataFrame, months: str = "months", event: str = "event", by: str | None = None
) -> pd.DataFrame:
    """Share of stays that have reached the event by each month.

    Parameters
    ----------
    stays : ``months`` from the start to the event, or to the last that is known; ``event`` true where it happened, false where the
        stay is still on or was lost to sight (censored). Rows with either unknown, or not longer than 0, are left out and counted.
    by : groups; None takes all together

    Returns
    -------
    Frame of group, month, at_risk, share, lower, upper (95 %, log-log scale). ``attrs["median"]`` is a frame of group, n, events, median, lower,
    upper (null where the curve does not get there); ``attrs["left_out"]`` counts rows.

    Raises
    ------
    InputError
        A column is missing.

    Notes
    -----
    Assumes that what censors a stay says nothing of its time to the event; those who leave without a degree break it, and should be
    handed in as censored only with that said.

    References
    ----------
    Kaplan & Meier (1958), JASA 53(282); Brookmeyer & Crowley (1982), Biometrics 38(1), for the median.

    Examples
    --------
    >>> stays = pd.DataFrame({"months": [12, 12, 12, 24, 24, 24, 36, 36, 48, 48], "event": [True] * 8 + [False] * 2})
    >>> curve = time_to_event(stays)
    >>> curve[["month", "share"]].round(2).values.tolist(), float(curve.attrs["median"]["median"][0])
    ([[12.0, 0.3], [24.0, 0.6], [36.0, 0.8]], 24.0)
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    columns = [months, event, *([by] if by else [])]
    if missing := [c for c in columns if c not in stays.columns]:
        raise InputError("stays", f"have no column {missing[0]}.", did_you_mean(missing[0], map(str, stays.columns)))
    data = stays[columns].dropna()
    data = data[data[months].astype(float) > 0]
    groups = data.groupby(by, observed=True, sort=True) if by else [("all", data)]
    curves, medians, small = [], [], []
    for name, rows in groups:
        if len(rows) < LEAST:
            small.append(str(name))
            continue
        happened = rows[event].astype(bool).astype(int).to_numpy()
        if not happened.any():
            medians.append((str(name), len(rows), 0, np.nan, np.nan, np.nan))
            continue
        curve = SurvfuncRight(rows[months].astype(float).to_numpy(), happened)
        lower, upper = _log_log(curve.surv_prob, curve.surv_prob_se)
        at = {"group": str(name), "month": curve.surv_times, "at_risk": curve.n_risk, "share": 1 - curve.surv_prob}
        curves.append(pd.DataFrame({**at, "lower": 1 - upper, "upper": 1 - lower}))
        share = 1 - curve.surv_prob
        half, early, late = (_reached(curve.surv_times, line) for line in (share, 1 - lower, 1 - upper))
        medians.append((str(name), len(rows), int(happened.sum()), half, early, late))
    out = (
        pd.concat(curves, ignore_index=True)
        if curves
        else pd.DataFrame(columns=["group", "month", "at_risk", "share", "lower", "upper"])
    )
    out.attrs["median"] = pd.DataFrame(medians, columns=["group", "n", "events", "median", "lower", "upper"])
    out.attrs["left_out"] = {"unknown": len(stays) - len(data), "too_small": small}
    return out


def _reached(months: np.ndarray, share: np.ndarray) -> float:
    """The first month with half of all; null where the curve does not get there."""
    there = np.flatnonzero(share >= 0.5 - 1e-12)
    return float(months[there[0]]) if len(there) else np.nan


def _log_log(survival: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % bounds of a survival curve on the log(−log) scale, which stay between 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 1.959964 * error / (survival * np.abs(np.log(survival)))
        lower, upper = survival ** np.exp(spread), survival ** np.exp(-spread)
    known = (survival > 0) & (survival < 1)
    return np.where(known, lower, survival), np.where(known, upper, survival)
