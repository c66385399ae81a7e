"""A panel of yearly series, as the models want it: checked, one row a unit, one column a year, unknown as NaN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import InputError

MIN_OBSERVED = 5  # fewer known years than this and there is nothing to learn a trend from
MAX_MISSING_RUN = 2  # a longer hole in a series starts it anew
BREAK = "B"  # SDMX observation status: not comparable with the years before

Array = np.ndarray


@dataclass(frozen=True)
class Panel:
    """Yearly values of many units.

    Attributes
    ----------
    units : list of the units, as the caller names them
    years : (Y,) consecutive calendar years
    values : (U, Y) float, NaN where a value is unknown
    dtype : the dtype of the caller's unit column, given back in results
    breaks : (U, Y) true where a known value follows another definition than the known value before it
    """

    units: list
    years: Array
    values: Array
    dtype: Any
    breaks: Array


def read_panel(frame: pd.DataFrame, where: str = "panel") -> Panel:
    """Check a frame of unit, year, value and lay it out by unit and year.

    Parameters
    ----------
    frame : columns ``unit`` (any label), ``year`` (whole calendar years), ``value`` (numbers; missing is unknown).
        Order does not matter; years may be missing; other columns are ignored, but for an optional ``status``: B marks
        a break in series (SDMX), a year whose definition differs from that of the years before.
    where : how to name the frame in an error.

    Raises
    ------
    InputError
        A column is missing, a year is not whole, a value is not a finite number, or a unit has two values in a year.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": ["a", "a"], "year": [2020, 2022], "value": [5, 7]})
    >>> read_panel(frame).values
    array([[ 5., nan,  7.]])
    """
    missing = [column for column in ("unit", "year", "value") if column not in frame.columns]
    if missing:
        raise InputError(where, f"has no column {', '.join(missing)}.", "Give a frame of unit, year, value.")
    years, values = _numbers(frame["year"], "year", where), _numbers(frame["value"], "value", where)
    known = frame["unit"].notna().to_numpy() & ~np.isnan(years) & ~np.isnan(values)
    if np.isinf(values[known]).any():
        raise InputError(where, "has an infinite value.", "Leave unknown values empty.")
    if (years[known] % 1 != 0).any() or (np.abs(years[known]) > 9999).any():
        raise InputError(where, "has a year that is not a whole calendar year.", "Give years as integers, e.g. 2024.")
    tidy = pd.DataFrame(
        {"unit": frame["unit"].to_numpy()[known], "year": years[known].astype(int), "value": values[known]}
    )
    twice = tidy[tidy.duplicated(["unit", "year"])]
    if len(twice):
        unit, year = twice.iloc[0][["unit", "year"]]
        raise InputError(where, f"has two values for unit {unit} in {year}.", "Keep one series a unit.")
    if tidy.empty:
        return Panel([], np.array([], dtype=int), np.empty((0, 0)), frame["unit"].dtype, np.zeros((0, 0), dtype=bool))
    units = list(pd.unique(tidy["unit"]))
    grid = np.arange(tidy["year"].min(), tidy["year"].max() + 1)
    row = pd.Index(units).get_indexer(tidy["unit"])
    table = np.full((len(units), len(grid)), np.nan)
    table[row, tidy["year"].to_numpy() - grid[0]] = tidy["value"].to_numpy()
    return Panel(units, grid, table, frame["unit"].dtype, _breaks(frame, units, years - grid[0], table))


def _breaks(frame: pd.DataFrame, units: list, column: Array, table: Array) -> Array:
    """(U, Y) breaks in series as the frame's status marks them; `column` is each row's place among the years."""
    out = np.zeros(table.shape, dtype=bool)
    if "status" not in frame.columns:
        return out
    row = pd.Index(units).get_indexer(frame["unit"])
    marked = frame["status"].eq(BREAK).fillna(False).to_numpy(dtype=bool)
    inside = marked & (row >= 0) & (column >= 0) & (column < table.shape[1])
    out[row[inside], column[inside].astype(int)] = True
    return _at_known(out, ~np.isnan(table))


def _at_known(breaks: Array, known: Array) -> Array:
    """Breaks moved to the first known year from them on; none at a unit's first known year, before which there is nothing."""
    out = np.zeros_like(breaks)
    for u in range(len(breaks)):
        places = np.flatnonzero(known[u])
        at = np.searchsorted(places, np.flatnonzero(breaks[u]))
        out[u, places[at[(at > 0) & (at < len(places))]]] = True
    return out


def _numbers(column: pd.Series, name: str, where: str) -> Array:
    try:
        return pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(where, f"has a {name} that is not a number ({error}).", "Clean the column first.") from None


@dataclass(frozen=True)
class Histories:
    """What was known of each unit at each possible origin, laid out for models that run on all of them at once.

    Attributes
    ----------
    unit, origin : (P,) row and column of the panel: the unit, and the last year that may be looked at
    values : (P, L) history right-aligned, spliced at breaks in series, holes of up to ``MAX_MISSING_RUN`` years filled in a straight
        line, NaN before it starts
    length : (P,) years of history, filled ones included
    observed : (P,) known years among them
    """

    unit: Array
    origin: Array
    values: Array
    length: Array
    observed: Array

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def signed(self) -> Array:
        """(P,) true where a negative value is among what was known: such a series keeps its own scale."""
        return np.nanmin(self.values, axis=1) < 0 if len(self) else np.zeros(0, dtype=bool)


def histories(panel: Panel) -> Histories:
    """Every (unit, observed year) with at least ``MIN_OBSERVED`` known years up to it, and only what lies up to it.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "a", "year": range(2010, 2018), "value": [3, 4, 5, None, 7, 8, 9, 9]})
    >>> known = histories(read_panel(frame))
    >>> known.origin, known.values[0]
    (array([5, 6, 7]), array([nan, nan,  3.,  4.,  5.,  6.,  7.,  8.]))
    """
    width = panel.values.shape[1]
    unit, origin, rows, observed = [], [], [], []
    for u, series in enumerate(panel.values):
        known = np.flatnonzero(~np.isnan(series))
        start = 0
        for k, year in enumerate(known):
            if k and year - known[k - 1] > MAX_MISSING_RUN + 1:
                start = k
            if k - start + 1 < MIN_OBSERVED:
                continue
            span = known[start : k + 1]
            history = spliced(series[span], span, panel.breaks[u, span])
            filled = np.interp(np.arange(span[0], year + 1), span, history)
            rows.append(np.concatenate([np.full(width - len(filled), np.nan), filled]))
            unit.append(u)
            origin.append(year)
            observed.append(len(span))
    values = np.array(rows) if rows else np.empty((0, width))
    length = np.sum(~np.isnan(values), axis=1)
    return Histories(
        np.array(unit, dtype=int), np.array(origin, dtype=int), values, length, np.array(observed, dtype=int)
    )


def spliced(values: Array, years: Array, breaks: Array) -> Array:
    """A history with its breaks in series taken out: earlier years put on the footing of the latest definition.

    At a break, the years before it are multiplied so that the change across it is the median yearly change of the other years:
    the jump is a shift of level, of which nothing is learnt about growth. A history with negative values is shifted by a
    constant. A break next to a zero is left as it is, since no ratio can be told.

    Parameters
    ----------
    values, years, breaks : (N,) known values, their years, and true where a value follows another definition than the one before

    References
    ----------
    Perron (1989), Econometrica 57(6), on level shifts that are mistaken for trends.

    Examples
    --------
    >>> spliced(np.array([100.0, 110, 121, 266.2]), np.arange(4), np.array([False, False, False, True])).round(1)
    array([200. , 220. , 242. , 266.2])
    """
    at = np.flatnonzero(breaks[1:]) + 1
    if not len(at):
        return values
    out, steps = values.copy(), np.diff(years)
    plain = ~breaks[1:]
    if values.min() < 0:
        change = np.diff(values) / steps
        typical = float(np.median(change[plain])) if plain.any() else 0.0
        for i in at:
            out[:i] += values[i] - values[i - 1] - typical * steps[i - 1]
        return out
    positive = (values[1:] > 0) & (values[:-1] > 0)
    growth = np.diff(np.log(np.where(values > 0, values, 1.0))) / steps
    plain &= positive
    typical = float(np.median(growth[plain])) if plain.any() else 0.0
    for i in at[positive[at - 1]]:
        out[:i] *= np.exp((growth[i - 1] - typical) * steps[i - 1])
    return out
