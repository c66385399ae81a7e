"""Outlook and its backtest: one procedure, run from the last known year or from earlier ones with what was known then.

At every origin the forecast is a weighted mean of three members (`pipeline.models.candidates`), the weights
(`pipeline.models.combine`) and the interval quantiles (`pipeline.models.intervals`) learnt from forecasts of all units that had
come true by that calendar year. Nothing after the origin is looked at, neither the unit's own future nor another unit's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import SettingsError
from pipeline.models import candidates, combine, intervals
from pipeline.models.panel import MIN_OBSERVED, Histories, Panel, histories, read_panel

Array = np.ndarray

_POWER = 0.75  # working scale of errors: between counts' square root and the scale as it is
_LEAN = 1.0  # years that the typical change of all series is worth beside a series' own
_TYPICAL_CHANGE = 0.05  # of a series' size: what is typical where nothing has moved
_RECENCY = 0.65  # a year's weight in a series' recent yearly change, against the year after it


@dataclass(frozen=True)
class _Run:
    """Forecasts from every origin of every unit: members, medians, what came, and errors on the working scale."""

    panel: Panel
    known: Histories
    members: Array  # (P, H, K)
    weights: Array  # (Y, K) by origin year
    median: Array  # (P, H)
    actual: Array  # (P, H)
    spread: Array  # (P,) yearly change on the working scale
    scores: Array  # (P, H)


def outlook(panel: pd.DataFrame, horizon: int = 3, levels: Sequence[int] = (80, 95)) -> pd.DataFrame:
    """Forecast each unit beyond its last known year, with intervals.

    Parameters
    ----------
    panel : frame of ``unit``, ``year``, ``value``; units may differ in length and miss years; zeros and negative values are fine.
        An optional column ``status`` marks breaks in series (SDMX status B): a shift of level, never read as growth.
    horizon : years ahead
    levels : coverage of the intervals, in per cent

    Returns
    -------
    Frame of unit, year, median, lower_L and upper_L for each level, method (the weights of the members).
    ``attrs["without"]`` lists the units that get no forecast, as records of unit and reason code (``too_short``: fewer than 5 known
    years since the last hole of more than two).

    Raises
    ------
    InputError, SettingsError
        The frame or a setting is not as described.

    Notes
    -----
    See docs/models.md for method, assumptions, literature and the measured record.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "A", "year": range(2012, 2024), "value": [10.0 * k for k in range(10, 22)]})
    >>> ahead = outlook(frame)
    >>> ahead[["unit", "year"]].values.tolist(), bool((ahead.lower_95 < ahead.lower_80).all())
    ([['A', 2024], ['A', 2025], ['A', 2026]], True)
    """
    horizon, levels = _checked(horizon, levels)
    run = _run(read_panel(panel), horizon)
    picked = _last_origin(run.known)
    frame = _forecast_frame(run, picked, levels).drop(columns=["origin", "horizon", "actual", "naive"])
    return _finished(frame, run, picked, "too_short")


def backtest(panel: pd.DataFrame, horizon: int = 3, origins: int = 5, levels: Sequence[int] = (80, 95)) -> pd.DataFrame:
    """Forecast each unit's recent past from data up to each origin only, and set it beside what came.

    Parameters
    ----------
    panel, horizon, levels : as for `outlook`
    origins : how many of the last possible origins of each unit: known years with ``horizon`` years of the unit's span after them

    Returns
    -------
    Frame of unit, origin, horizon, actual, median, lower_L, upper_L, naive (the last known value); one row for each
    known actual of the same definition as its origin. ``attrs["without"]`` lists units with no possible origin.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "A", "year": range(2012, 2024), "value": [10.0 * k for k in range(10, 22)]})
    >>> backtest(frame, horizon=2, origins=1)[["origin", "horizon", "actual", "naive"]].values.tolist()
    [[2021.0, 1.0, 200.0, 190.0], [2021.0, 2.0, 210.0, 190.0]]
    """
    horizon, levels = _checked(horizon, levels)
    if not (isinstance(origins, (int, np.integer)) and origins >= 1):
        raise SettingsError("origins", f"is {origins!r}, not a whole number of at least 1.", "Try origins=5.")
    run = _run(read_panel(panel), horizon)
    picked = _last_tested(run, horizon, int(origins))
    frame = _forecast_frame(run, picked, levels).drop(columns=["year", "method"])
    frame = frame[frame["actual"].notna()].reset_index(drop=True)
    return _finished(frame, run, picked, "too_short")


def _checked(horizon: int, levels: Sequence[int]) -> tuple[int, list[int]]:
    if not (isinstance(horizon, (int, np.integer)) and 1 <= horizon <= 30):
        raise SettingsError("horizon", f"is {horizon!r}, not a whole number of years from 1 to 30.", "Try horizon = 3.")
    bad = [level for level in levels if not 0 < level < 100]
    if bad or not len(levels):
        raise SettingsError("levels", f"are {list(levels)!r}, not per cent between 0 and 100.", "Try levels=(80, 95).")
    return int(horizon), sorted(set(levels))


_RECENT: dict[
    tuple, _Run
] = {}  # outlook and backtest of one panel are usually asked for together, and share their work
_KEPT = 2


def _run(panel: Panel, horizon: int) -> _Run:
    key = (
        panel.values.tobytes(),
        panel.values.shape,
        panel.breaks.tobytes(),
        panel.years.tobytes(),
        tuple(panel.units),
        str(panel.dtype),
        horizon,
    )
    if key not in _RECENT:
        while len(_RECENT) >= _KEPT:
            _RECENT.pop(next(iter(_RECENT)))
        _RECENT[key] = _forecast_everywhere(panel, horizon)
    return _RECENT[key]


def _forecast_everywhere(panel: Panel, horizon: int) -> _Run:
    known = histories(panel)
    members = candidates.point_forecasts(known.values, known.signed, known.unit, known.origin, horizon)
    due = known.origin[:, None] + np.arange(1, horizon + 1)
    inside = due < len(panel.years)
    actual = np.where(inside, panel.values[known.unit[:, None], np.where(inside, due, 0)], np.nan)
    actual[_redefined(panel, known, due, inside)] = np.nan
    last = known.values[:, -1] if len(known) else np.empty(0)
    change = np.nanmean(np.abs(np.diff(known.values, axis=1)), axis=1) if len(known) else np.empty(0)
    weights = combine.learnt_weights(members, last, change, actual, known.origin, np.arange(len(panel.years)))
    median = np.einsum("phk,pk->ph", members, weights[known.origin])
    spread = _spread(known)
    scores = (_working(actual, known.signed) - _working(median, known.signed)) / spread[:, None]
    return _Run(panel, known, members, weights, median, actual, spread, scores)


def _redefined(panel: Panel, known: Histories, due: Array, inside: Array) -> Array:
    """(P, H) true where a break in series lies between the origin and the year ahead: the outcome answers another question."""
    if not panel.breaks.any():
        return np.zeros(due.shape, dtype=bool)
    so_far = np.cumsum(panel.breaks, axis=1)
    then = so_far[known.unit[:, None], np.where(inside, due, 0)]
    return inside & (then > so_far[known.unit, known.origin][:, None])


def _working(y: Array, signed: Array) -> Array:
    return np.where(signed[:, None], y, np.maximum(y, 0) ** _POWER)


def _back(z: Array, signed: Array) -> Array:
    return np.where(signed[:, None], z, np.maximum(z, 0) ** (1 / _POWER))


def _spread(known: Histories) -> Array:
    """Yearly change on the working scale: geometric mean of the plain mean and one that favours recent years.

    It leans a little to what is typical of all series by then, so that a series that has not moved yet is not thought unable to.
    """
    if not len(known):
        return np.empty(0)
    z = _working(known.values, known.signed)
    change = np.abs(np.diff(z, axis=1))
    recency = np.where(np.isnan(change), 0.0, _RECENCY ** np.arange(change.shape[1])[::-1])
    recent = np.nansum(change * recency, axis=1) / recency.sum(axis=1)
    own = np.sqrt(np.nanmean(change, axis=1) * recent)
    size = np.nanmean(np.abs(z), axis=1)
    typical = np.empty(len(z))
    for year in np.unique(known.origin):
        so_far = (known.origin <= year) & (size > 0)
        now = known.origin == year
        typical[now] = (np.median((own / np.maximum(size, 1e-300))[so_far]) if so_far.any() else 0.0) or _TYPICAL_CHANGE
        size[now & (size == 0)] = size[so_far].min() / 100 if so_far.any() else 1.0  # only zeros: as small as they come
    years = np.sum(~np.isnan(change), axis=1)
    return (years * own + _LEAN * typical * size) / (years + _LEAN)


def _last_origin(known: Histories) -> Array:
    if not len(known):
        return np.empty(0, dtype=int)
    ends = np.flatnonzero(np.append(known.unit[1:] != known.unit[:-1], True))
    return ends


def _last_tested(run: _Run, horizon: int, origins: int) -> Array:
    span_end = np.array([np.flatnonzero(~np.isnan(row))[-1] for row in run.panel.values], dtype=int)
    possible = run.known.origin + horizon <= span_end[run.known.unit] if len(run.known) else np.empty(0, dtype=bool)
    possible &= ~np.isnan(run.actual).all(axis=1)
    picked = np.flatnonzero(possible)
    newest_first = (
        pd.Series(run.known.unit[picked][::-1]).groupby(run.known.unit[picked][::-1]).cumcount().to_numpy()[::-1]
    )
    return picked[newest_first < origins]


def _bounds(run: _Run, picked: Array, levels: list[int]) -> Array:
    """(N, H, 2·L) bounds on the scale of the data, lower ones from the widest level inwards, then upper ones."""
    known, horizon = run.known, run.median.shape[1]
    tails = np.array([(100 - level) / 200 for level in levels[::-1]])
    probabilities = np.concatenate([tails, 1 - tails[::-1]])
    offset = np.zeros((len(picked), horizon, len(probabilities)))
    year = np.arange(1, horizon + 1)
    came = ~np.isnan(run.scores)
    seen: dict[tuple[int, int], tuple[Array, Array, Array]] = {}
    done: dict[tuple[int, int, int], Array] = {}
    for i, p in enumerate(picked):
        now, length = int(known.origin[p]), int(known.length[p])
        for h in year:
            if (now, h) not in seen:
                use = came[:, h - 1] & (known.origin + h <= now)
                seen[now, h] = run.scores[use, h - 1], known.origin[use], known.length[use]
            if (now, h, length) not in done:
                done[now, h, length] = intervals.calibrated(*seen[now, h], length, int(h), probabilities)
            offset[i, h - 1] = done[now, h, length] * run.spread[p]
    half = len(levels)
    offset[:, :, :half] = np.minimum.accumulate(
        np.minimum(offset[:, :, :half], 0), axis=1
    )  # never narrower further ahead
    offset[:, :, half:] = np.maximum.accumulate(np.maximum(offset[:, :, half:], 0), axis=1)
    signed = known.signed[picked]
    centre = _working(run.median[picked], signed)
    flat = (centre[:, :, None] + offset).reshape(len(picked), horizon * len(probabilities))
    return _back(flat, signed).reshape(offset.shape)


def _forecast_frame(run: _Run, picked: Array, levels: list[int]) -> pd.DataFrame:
    horizon = run.median.shape[1]
    n = len(picked)
    units = pd.Series(run.panel.units, dtype=run.panel.dtype)
    origin = np.repeat(run.panel.years[run.known.origin[picked]] if n else np.empty(0, dtype=int), horizon)
    ahead = np.tile(np.arange(1, horizon + 1), n)
    columns: dict[str, object] = {
        "unit": units.iloc[np.repeat(run.known.unit[picked], horizon)].reset_index(drop=True),
        "origin": origin,
        "horizon": ahead,
        "year": origin + ahead,
        "actual": run.actual[picked].ravel(),
        "median": run.median[picked].ravel(),
    }
    bounds = _bounds(run, picked, levels).reshape(n * horizon, 2 * len(levels))
    for k, level in enumerate(levels):
        columns[f"lower_{level}"] = bounds[:, len(levels) - 1 - k]
        columns[f"upper_{level}"] = bounds[:, len(levels) + k]
    columns["naive"] = np.repeat(run.members[picked, 0, 0], horizon)  # the first member is no change
    text = {
        year: " + ".join(f"{w:.2f} {name}" for w, name in zip(run.weights[year], candidates.NAMES, strict=True))
        for year in np.unique(run.known.origin[picked])
    }
    columns["method"] = [text[year] for year in np.repeat(run.known.origin[picked], horizon)]
    return pd.DataFrame(columns)


def _finished(frame: pd.DataFrame, run: _Run, picked: Array, reason: str) -> pd.DataFrame:
    some = set(run.known.unit[picked].tolist())
    without = [{"unit": unit, "reason": reason} for k, unit in enumerate(run.panel.units) if k not in some]
    frame.attrs["without"] = (
        without  # plain records: pandas compares attrs when frames are merged, and cannot compare frames
    )
    frame.attrs["least_years"] = MIN_OBSERVED
    return frame
