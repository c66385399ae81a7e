"""The gate that every table made from people's records passes before it is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import InputError, SettingsError, did_you_mean
from pipeline.measures.disclosure.cells import Cell, Key, add_rests, key_of, records, sums, take_apart
from pipeline.measures.disclosure.layouts import STATUS, SUMMARIES, Layout, layout_of
from pipeline.measures.disclosure.rounding import round_tables
from pipeline.measures.disclosure.suppress import Hiding, NothingLeftError
from pipeline.settings import Disclosure

SOLVABLE = 4  # so many unknowns are not had from their sum and the sum of their squares
Tables = Mapping[str, pd.DataFrame]


def as_policy(policy: Disclosure | Mapping[str, Any] | None) -> Disclosure:
    """The policy as given: settings, a mapping of some of their keys, or None for the defaults.

    >>> as_policy({"minimum_count": 3}).minimum_count
    3
    """
    if policy is None or isinstance(policy, Disclosure):
        return policy or Disclosure()
    known = Disclosure.__dataclass_fields__
    for key in policy:
        if key not in known:
            raise SettingsError("disclosure", f"{key}: no such setting.", did_you_mean(key, known))
    chosen = replace(Disclosure(), **policy)
    if chosen.method not in ("suppress", "round"):
        raise SettingsError("disclosure", f"method: expected suppress or round, found {chosen.method!r}.")
    return chosen


def protect(
    tables: pd.DataFrame | Tables,
    policy: Disclosure | Mapping[str, Any] | None = None,
    layouts: Mapping[str, Layout] | Layout | None = None,
) -> Any:
    """Hide or round what would give a person away.

    Parameters
    ----------
    tables
        A frame of counts, or several by name. Those with the names of the project's results (series, headline, partners,
        balance, outcomes) are known; others are read by their columns (`layout_of`). Tables protected together are
        protected against one another: a cell that stands in two of them is hidden in both.
    policy
        pipeline.settings.Disclosure or a mapping of its keys. Method "suppress": counts of 1 to minimum_count − 1, and
        rates on fewer than minimum_base, are hidden, and of the rest the cheapest cells without which these could be
        worked out from totals; a 0 stays a 0. Method "round": counts to the nearest multiple of base, halves up, and
        percentages on fewer than 22.5 and means on 7 or fewer hidden, after the rule of HESA.
    layouts
        For tables with a layout of their own: one Layout, or by name.

    Returns
    -------
    pandas.DataFrame or dict of pandas.DataFrame
        The same rows and columns, hidden numbers null and their row's `status` "C" (a cross-table has no such column);
        what follows from a hidden number (share, growth, rank, interval) is null too. What is not hidden is unchanged.

    Notes
    -----
    Threshold rule and complementary suppression: Hundepool et al. (2012), Statistical Disclosure Control, ch. 4. After
    each round an attacker's bounds are computed by integer programming; hiding goes on until those on every cell of fewer
    than minimum_count are at least as far apart as 1 and minimum_count − 1, and no other hidden cell is exact.

    Examples
    --------
    >>> stays = pd.DataFrame({"country": ["KOR", "DEU", "FRA", "total"], "stays": [40, 3, 9, 52]})
    >>> protect(stays, {"minimum_count": 5})
      country  stays status
    0     KOR   40.0      A
    1     DEU    NaN      C
    2     FRA    NaN      C
    3   total   52.0      A
    """
    chosen = as_policy(policy)
    single = isinstance(tables, pd.DataFrame)
    named: dict[str, pd.DataFrame] = {"": tables} if isinstance(tables, pd.DataFrame) else dict(tables)
    given = {"": layouts} if isinstance(layouts, Layout) else dict(layouts or {})
    known = {n: given.get(n) or given.get("") or layout_of(n, t) for n, t in named.items() if len(t)}
    empty = {n: t.copy() for n, t in named.items() if not len(t)}
    work = {n: named[n].reset_index(drop=True) for n in known}
    if chosen.method == "round":
        done = round_tables(work, known, chosen)
    else:
        cells = hide(work, known, chosen)
        done = {n: _blank(n, t, known[n], cells, chosen) for n, t in work.items()}
        for n, layout in known.items():
            if layout.summary_of:
                done[n] = _summary(work[n], layout, done.get(layout.summary_of))
    result = {n: done[n].set_axis(named[n].index) if n in done else empty[n] for n in named}
    return result[""] if single else result


def hide(tables: Tables, layouts: Mapping[str, Layout], policy: Disclosure) -> dict[Key, Cell]:
    """The cells of the tables, with those hidden that the policy hides and those that these need."""
    cells = take_apart(tables, layouts)
    found = add_rests(cells, layouts, sums(cells, layouts))
    for cell in cells.values():
        base = cells.get(cell.above) if cell.above is not None else None
        small = cell.people and 1 <= cell.value < policy.minimum_count
        cell.forced = base is not None and base.value < policy.minimum_base
        cell.sensitive = small or cell.forced
        cell.hidden |= cell.sensitive or not cell.places or np.isnan(cell.value)
    try:
        Hiding(cells, found, max(1.0, policy.minimum_count - 2.0)).run()
    except NothingLeftError:  # a table too small for any part of it to be shown
        for cell in cells.values():
            cell.hidden = True
    return cells


def _blank(
    name: str, table: pd.DataFrame, layout: Layout, cells: Mapping[Key, Cell], policy: Disclosure
) -> pd.DataFrame:
    """The table with its hidden numbers, and what follows from them, taken out."""
    hidden = {place for cell in cells.values() if cell.hidden for place in cell.places}
    result = table.copy()
    marked = np.zeros(len(table), bool)
    columns = [c for c in (*layout.counts, *layout.amounts) if c in table]
    for column in dict.fromkeys(columns):
        gone = np.array([(name, row, column) in hidden for row in range(len(table))])
        result[column] = _without(result[column], gone)
        marked |= gone
    for column, base in layout.bases.items():
        if column in table:
            gone = (marked & table[column].notna().to_numpy()) if not layout.wide else marked
            if base in table and not layout.wide:
                gone = gone | (table[base].lt(policy.minimum_base) & table[base].gt(0)).fillna(False).to_numpy(bool)
            result[column] = _without(result[column], gone)
    for column, (plus, minus) in layout.differences.items():
        if column in table:
            result[column] = _without(result[column], (result[plus].isna() | result[minus].isna()).to_numpy())
    for column, fixed in layout.refers.items():
        if column in table:
            gone = np.array([_is_hidden(cells, key_of(r, layout, column, fixed)) for r in records(table)])
            result[column] = _without(result[column], gone)
    return result if layout.wide else _with_status(result, marked)


def _summary(table: pd.DataFrame, layout: Layout, listed: pd.DataFrame | None) -> pd.DataFrame:
    """HHI and its like rounded; null where one to three cells of the list are hidden, for these could be solved for.

    Raises
    ------
    InputError
        When the list that it sums up is not there: without it nobody can tell what may be shown.
    """
    if listed is None:
        raise InputError(
            "concentration", f"is protected only beside {layout.summary_of}.", "Pass both tables in one call."
        )
    keys = [d for d in layout.dims if d in table and d in listed]
    gone = listed["value"].isna().groupby([listed[k] for k in keys]).sum()
    hidden = pd.MultiIndex.from_frame(table[keys]).map(lambda key: gone.get(key, 0)).to_numpy()
    result = table.copy()
    for column in [c for c in SUMMARIES if c in table]:
        result[column] = table[column].round(1 if column.endswith(("number", "share")) else 3)
        result[column] = result[column].mask((hidden > 0) & (hidden < SOLVABLE))
    return _with_status(result, (hidden > 0) & (hidden < SOLVABLE))


def _is_hidden(cells: Mapping[Key, Cell], key: Key) -> bool:
    return key in cells and cells[key].hidden


def _without(column: pd.Series, gone: np.ndarray) -> pd.Series:
    if not gone.any():
        return column
    numpy_integers = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu"
    return (column.astype("float64") if numpy_integers else column).mask(gone)


def _with_status(table: pd.DataFrame, marked: np.ndarray) -> pd.DataFrame:
    status = table[STATUS].astype("object") if STATUS in table else pd.Series("A", index=table.index, dtype="object")
    return table.assign(**{STATUS: status.mask(marked, "C")})
