"""What went with a declared event: treated units beside the others, before and after, with a check that they ran alike before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import InputError

LEAST_CONTROLS = 10
LEAST_BEFORE = 3
_PLACEBOS = 2000
_LEVEL = 0.05


@dataclass(frozen=True)
class EventStudy:
    """An event study.

    Attributes
    ----------
    path : relative_year (0 is the event's first year), difference (treated minus others, log points relative to the year before the event), lower, upper
        (where 95 % of placebo events lie, centred on the difference)
    after : mean difference after the event, as a ratio minus 1 (0.12: 12 % more than the others' path)
    lower, upper : where 95 % of placebo events' mean differences lie, as ratios minus 1
    p : how rare so large a mean difference is among placebo events
    pre_trend_p : how rare so large a departure before the event is; a small one says that the units did not run alike
    verdict : "association", "none_seen", "not_alike_before" or "cannot_tell"
    reason : why the data cannot tell, a code
    treated, others : how many units were compared
    """

    path: pd.DataFrame
    after: float
    p: float
    pre_trend_p: float
    verdict: str
    reason: str = ""
    lower: float = np.nan
    upper: float = np.nan
    treated: int = 0
    others: int = 0


def event_study(
    panel: pd.DataFrame, treated: Sequence[str], year: int, before: int = 5, after: int = 3, seed: int = 0
) -> EventStudy:
    """Compare the path of treated units with that of all others around an event.

    Parameters
    ----------
    panel : unit, year, value > 0; only units known in every year of the window are compared
    treated : units that the event concerns; year : its first year; before, after : years of the window (after counts the event's year)

    Returns
    -------
    EventStudy

    Raises
    ------
    InputError
        A column is missing or no treated unit is in the panel.

    Notes
    -----
    Difference-in-differences in logs on the year before the event; inference by placebo: the event is given to random sets of as many other units
    (Abadie, Diamond & Hainmueller 2010, JASA 105(490)), so no distribution is assumed. It needs other units that the event did not touch; who was
    treated is rarely chance, so what is found is an association.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame([(f"u{k}", y, float(np.exp(5 + 0.03 * (y - 2010) + rng.normal(0, 0.02) + 0.3 * (k < 3 and y >= 2018))))
    ...     for k in range(30) for y in range(2010, 2022)], columns=["unit", "year", "value"])
    >>> study = event_study(frame, ["u0", "u1", "u2"], 2018)
    >>> study.verdict, bool(0.25 < study.after < 0.45)
    ('association', True)
    """
    if missing := [c for c in ("unit", "year", "value") if c not in panel.columns]:
        raise InputError("panel", f"has no column {', '.join(missing)}.", "Give unit, year, value.")
    window = np.arange(year - before, year + after)
    table = panel[panel["value"] > 0].pivot(index="unit", columns="year", values="value").reindex(columns=window)
    if not set(treated) & set(panel["unit"]):
        raise InputError("treated", "names no unit of the panel.", "Use the names in its unit column.")
    if (table.notna().sum(axis=0) == 0).any():
        return _cannot("window_not_covered")
    known = table.dropna()
    mine = known.index.isin(list(treated))
    if not mine.any():
        return _cannot("treated_not_complete")
    if (~mine).sum() < max(LEAST_CONTROLS, 3 * int(mine.sum())):
        return _cannot("too_few_others")
    if before < LEAST_BEFORE:
        return _cannot("too_few_years_before")
    logs = np.log(known.to_numpy())
    relative = logs - logs[:, [before - 1]]
    real = relative[mine].mean(axis=0) - relative[~mine].mean(axis=0)
    placebo = _placebos(relative[~mine], int(mine.sum()), seed)
    effect, departure = real[before:].mean(), _before_size(real[None, :], before)[0]
    p = _rarity(np.abs(placebo[:, before:].mean(axis=1)), abs(effect))
    pre = _rarity(_before_size(placebo, before), departure)
    spread = np.quantile(placebo, [0.025, 0.975], axis=0)
    path = pd.DataFrame(
        {"relative_year": window - year, "difference": real, "lower": real - spread[1], "upper": real - spread[0]}
    )
    verdict = "not_alike_before" if pre < _LEVEL else "association" if p < _LEVEL else "none_seen"
    low, high = np.expm1(np.quantile(placebo[:, before:].mean(axis=1), [0.025, 0.975]))
    sizes = int(mine.sum()), int((~mine).sum())
    return EventStudy(path, float(np.expm1(effect)), p, pre, verdict, "", float(low), float(high), *sizes)


def _cannot(reason: str) -> EventStudy:
    empty = pd.DataFrame(columns=["relative_year", "difference", "lower", "upper"])
    return EventStudy(empty, np.nan, np.nan, np.nan, "cannot_tell", reason)


def _placebos(others: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Differences for random sets of other units against the rest of them."""
    rng = np.random.default_rng(seed)
    n = len(others)
    picks = np.argsort(rng.random((_PLACEBOS, n)), axis=1)[:, :size]
    total = others.sum(axis=0)
    inside = others[picks].sum(axis=1)
    return inside / size - (total - inside) / (n - size)


def _before_size(paths: np.ndarray, before: int) -> np.ndarray:
    return np.sqrt((paths[:, : before - 1] ** 2).mean(axis=1))


def _rarity(placebo: np.ndarray, real: float) -> float:
    return float((np.sum(placebo >= real) + 1) / (len(placebo) + 1))
