"""Rounding of counts after the rule of HESA, the alternative to hiding them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.measures.disclosure.layouts import STATUS, Layout
from pipeline.settings import Disclosure

PERCENT_BASE = 22.5  # a percentage on fewer is not published
MEAN_BASE = 7  # a mean on so many or fewer is not published


def round_half_up(values: pd.Series, base: int) -> pd.Series:
    """Counts to the nearest multiple of base, halves up (2.5 becomes 5, not 0 as by banker's rounding).

    >>> round_half_up(pd.Series([0, 2, 3, 7.5, 12]), 5).tolist()
    [0.0, 0.0, 5.0, 10.0, 10.0]
    """
    return (values.astype("float64") / base + 0.5).floordiv(1) * base


def round_tables(
    tables: Mapping[str, pd.DataFrame], layouts: Mapping[str, Layout], policy: Disclosure
) -> dict[str, pd.DataFrame]:
    """Every count rounded on its own, so that parts need not add up to totals; rates come from exact counts.

    Notes
    -----
    HESA's standard rounding methodology: https://www.hesa.ac.uk/support/data-intelligence
    """
    return {name: _rounded(table, layouts[name], policy.base) for name, table in tables.items()}


def _rounded(table: pd.DataFrame, layout: Layout, base: int) -> pd.DataFrame:
    result = table.copy()
    marked = np.zeros(len(table), bool)
    for column in layout.counts:
        if column in table:
            result[column] = round_half_up(table[column], base)
    means = np.zeros(len(table), bool)
    for part in layout.parts:
        if part in table and layout.amounts:
            means |= table[part].isna().to_numpy()
    for column, on in layout.bases.items():
        if column in table and on in table:
            size = table[on].astype("float64").to_numpy()
            gone = np.where(means, size <= MEAN_BASE, size < PERCENT_BASE) & table[column].notna().to_numpy()
            result[column] = result[column].mask(gone)
            marked |= gone
    for column, (plus, minus) in layout.differences.items():
        if column in table:
            result[column] = (result[plus] - result[minus]).where(table[column].notna())
    if layout.wide:
        return result
    status = table[STATUS].astype("object") if STATUS in table else pd.Series("A", index=table.index, dtype="object")
    return result.assign(**{STATUS: status.mask(marked, "C")})
