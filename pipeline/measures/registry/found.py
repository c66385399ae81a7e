"""What a formula gives back, and the ways in which it can have nothing to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.intervals import wilson

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Found:
    """A value with its base, or the reason (a code) why there is none; eligible: what would be the base if all were known."""

    value: float = np.nan
    n: float = np.nan
    numerator: float = np.nan
    denominator: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    reason: str | None = None
    eligible: float = np.nan
    unit: str | None = None  # where it follows from the records (a currency)


@dataclass(frozen=True)
class Asked:
    """Of whom and when: the filters of a computation."""

    subject: str | None = None
    year: int | None = None
    as_of: pd.Timestamp | None = None
    where: Mapping[str, Any] | None = None


def missing(reason: str) -> Found:
    """No value, and why."""
    return Found(reason=reason)


def share(part: float, whole: float, eligible: float = np.nan) -> Found:
    """A share in percent with Wilson's interval."""
    if not whole > 0:
        return Found(n=0, numerator=0, denominator=0, reason="no_base", eligible=eligible)
    low, high = wilson(part, whole)
    return Found(100 * part / whole, whole, part, whole, 100 * float(low), 100 * float(high), eligible=eligible)


def quotient(top: float, bottom: float, scale: float = 1.0, n: float | None = None) -> Found:
    """A quotient without an interval: of whole counts, which are not a sample."""
    if not bottom > 0:
        return missing("no_base")
    return Found(scale * top / bottom, bottom if n is None else n, top, bottom)


def table_of(tables: Tables, name: str, columns: tuple[str, ...] = ()) -> pd.DataFrame | str:
    """A table, or the reason why it cannot serve: it is not there, is empty or lacks a column."""
    table = tables.get(name)
    if table is None or table.empty:
        return f"no_{name}"
    absent = next((c for c in columns if c not in table.columns), None)
    return f"no_column_{absent}" if absent else table
