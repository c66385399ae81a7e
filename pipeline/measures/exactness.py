"""How far a printed figure may lie from the count behind it: exact, rounded, or "more than"."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

ORDER = {"exact": 0, "rounded": 1, "at_least": 2}


def _step(value: float) -> float:
    """The place of the last digit that is not zero: 441,000 was read to the thousand."""
    if value == 0 or not float(value).is_integer():
        return 0.0
    step = 1.0
    while value % (step * 10) == 0:
        step *= 10
    return step


def reading_bounds(values: pd.Series, exactness: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The lowest and the highest count that a publisher could have printed so.

    Parameters
    ----------
    values, exactness
        Figures, and for each "exact", "rounded" or "at_least". A rounded figure stands for half a step of its last
        digit either way; "more than" reaches up to the next step, at most a tenth above.

    >>> low, high = reading_bounds(pd.Series([492185.0, 441000.0, 440000.0]), pd.Series(["exact", "rounded", "at_least"]))
    >>> low.tolist(), high.tolist()
    ([492185.0, 440500.0, 440000.0], [492185.0, 441500.0, 450000.0])
    """
    steps = pd.Series([_step(v) if pd.notna(v) else np.nan for v in values], index=values.index)
    rounded, least = exactness.eq("rounded"), exactness.eq("at_least")
    low = values - (steps / 2).where(rounded, 0.0)
    high = values + (steps / 2).where(rounded, 0.0) + steps.clip(upper=values / 10).where(least, 0.0)
    return low, high


def worst(*marks: Any) -> str:
    """The least exact of several marks; what is not marked counts as exact.

    >>> worst("exact", "at_least", None)
    'at_least'
    """
    return max((m if m in ORDER else "exact" for m in marks), key=ORDER.__getitem__)
