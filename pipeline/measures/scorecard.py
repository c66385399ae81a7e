"""The scorecard: each indicator of a subject against its own past, its target and its peers; and what became of last year's warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.aims import Target
from pipeline.measures.registry.registry import Registry, indicators

BEFORE = 3  # years of the past that a value is held against, as far as there are figures
FEWEST = 4  # earlier changes from which the usual one is taken
LEVEL = 0.95
BETTER, STEADY, WORSE, UNKNOWN, NOT_JUDGED = "better", "steady", "worse", "unknown", "not_judged"
MET, MISSED, OPEN = "met", "missed", "open"
HIDDEN = "hidden"
COLUMNS = [
    *("indicator", "actor", "unit", "better", "counted_by", "year", "value", "lower", "upper", "n", "coverage"),
    *("reason", "before", "before_years", "last", "basis", "verdict", "against_last"),
    *("target", "target_by", "target_year", "target_state", "peers", "peer_median", "peer_rank", "status"),
]
FOLLOWED = [
    *("indicator", "then", "then_verdict", "then_target", "target", "target_by", "target_year"),
    *("now", "now_verdict", "now_target", "since", "n", "unit", "status"),
]


def scorecard_of(
    history: pd.DataFrame,
    year: int,
    targets: Sequence[Target] = (),
    peers: pd.DataFrame | None = None,
    registry: Registry = indicators,
) -> pd.DataFrame:
    """Each indicator of a year against its own past, its target and its peers.

    Parameters
    ----------
    history
        From `indicator_history`.
    year
        The year judged; later ones are not looked at.
    targets
        Of the subject.
    peers
        From `peer_values`, of the same year.
    registry
        Of indicators.

    Returns
    -------
    pandas.DataFrame
        One row an indicator, in the order of the actors; numbers as they may be shown. before is the mean of up to three years before, of those whose figure may
        be shown (before_years tells how many), last the year before. verdict: better, steady or worse than before, where one way is better
        (not_judged where none is; unknown where there is nothing to judge by); against_last the same against the year before alone.
        basis says how chance was told: "interval" (the 95 % interval of the difference, from those of the years, leaves out 0), "usual"
        (a count of everyone: the difference is larger than 95 % of such differences of earlier years would be) or null. target_state: met,
        missed (its year has come), open (not reached, its year has not come). peer_rank: 1 is best, ties share the better rank; only where one way is better.
        reason says why there is no value ("hidden": on too few people).

    Notes
    -----
    Interval of a difference from the two intervals: square-and-add (R. G. Newcombe, 1998, Statistics in Medicine 17, 873–890, method 10; for any
    intervals G. Y. Zou and A. Donner, 2008, Statistics in Medicine 27, 1693–1702). The mean of several years has its interval by the same rule. One in
    twenty of all judgements would fall out of its interval by chance alone.

    Examples
    --------
    >>> history = pd.DataFrame({"indicator": "completion_rate", "year": [2022, 2023, 2024], "value": [80.0, 82.0, 90.0], "lower": [77.0, 79.0, 88.0],
    ...     "upper": [83.0, 85.0, 92.0], "n": 500.0, "unit": "%", "reason": None, "counted_by": "ended", "coverage": 99.0, "status": "A"})
    >>> history = history.assign(shown=history.value, shown_lower=history.lower, shown_upper=history.upper, shown_n=history.n)
    >>> scorecard_of(history, 2024, [Target("completion_rate", "u", 2024, 95, "at least")])[["value", "before", "verdict", "target_state"]]
       value  before verdict target_state
    0   90.0    81.0  better       missed
    """
    others = peers if peers is not None else pd.DataFrame(columns=["peer", "indicator", "value"])
    known = set(history["indicator"])
    rows = []
    for one in registry.values():
        if one.id not in known:
            continue
        own = history[history["indicator"].eq(one.id) & history["year"].le(year)].set_index("year")
        if year not in own.index:
            continue
        now = own.loc[year]
        own = own[own["unit"].eq(now["unit"])]  # amounts of another currency are no past of these
        row: dict[str, Any] = {
            "indicator": one.id,
            "actor": one.actor,
            "unit": now["unit"],
            "better": one.better,
            "year": year,
        }
        row |= {
            "counted_by": now["counted_by"],
            "coverage": now["coverage"],
            "n": now["shown_n"],
            "status": now["status"],
        }
        row |= {"value": now["shown"], "lower": now["shown_lower"], "upper": now["shown_upper"]}
        row["reason"] = HIDDEN if now["status"] == "C" else now["reason"] if pd.notna(now["reason"]) else None
        row |= _against_past(own, year, one.better)
        row |= _against_target(row["value"], [t for t in targets if t.indicator == one.id], year)
        row |= _against_peers(row["value"], others[others["indicator"].eq(one.id)], one.better)
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def followed_up(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """What became of the warnings of the year before: indicators that were worse, or short of their target.

    Parameters
    ----------
    before, now
        Two scorecards, the second of the year after the first, from one history.

    Returns
    -------
    pandas.DataFrame
        indicator, then (the value that gave warning), then_verdict, then_target (state), target, target_by, target_year, now, now_verdict, now_target,
        since (better, steady, worse against the year of the warning), n, unit, status.

    Examples
    --------
    >>> row = {"indicator": "visa_days", "value": 24.0, "verdict": "worse", "target_state": None, "against_last": "steady"}
    >>> later = row | {"value": 22.0, "verdict": "steady", "against_last": "better"}
    >>> frames = [pd.DataFrame([r]).reindex(columns=COLUMNS) for r in (row, later)]
    >>> followed_up(*frames)[["indicator", "then", "now", "now_verdict", "since"]].values.tolist()
    [['visa_days', 24.0, 22.0, 'steady', 'better']]
    """
    warned = before[before["verdict"].eq(WORSE) | before["target_state"].isin([MISSED, OPEN])]
    later = now.set_index("indicator")
    rows = []
    for old in warned.to_dict("records"):
        new = later.loc[old["indicator"]]
        row = {"indicator": old["indicator"], "then": old["value"], "then_verdict": old["verdict"]}
        row |= {"then_target": old["target_state"], "now": new["value"], "now_verdict": new["verdict"]}
        row |= {"now_target": new["target_state"], "since": new["against_last"], "status": new["status"]}
        kept = new if pd.notna(new["target"]) else old
        rows.append(
            row | {c: kept[c] for c in ("target", "target_by", "target_year")} | {c: new[c] for c in ("n", "unit")}
        )
    return pd.DataFrame(rows, columns=FOLLOWED)


def _against_past(own: pd.DataFrame, year: int, better: str) -> dict[str, Any]:
    past = own[own.index < year]
    near = past[(past.index >= year - BEFORE) & past["value"].notna() & past["status"].ne("C")]
    last = past["shown"].get(year - 1, np.nan)
    before = _plain_mean(near["shown"]) if len(near) else np.nan
    found = {"before": before, "before_years": len(near), "last": last, "basis": None}
    if better not in ("higher", "lower"):
        return found | {"verdict": NOT_JUDGED, "against_last": NOT_JUDGED}
    now = own.loc[year]
    if now["status"] == "C" or pd.isna(now["value"]):
        return found | {"verdict": UNKNOWN, "against_last": UNKNOWN}
    basis, verdict = _judged(now, near, past, better)
    previous = near[near.index == year - 1]
    return found | {"basis": basis, "verdict": verdict, "against_last": _judged(now, previous, past, better)[1]}


def _plain_mean(values: pd.Series) -> float:
    mean = float(values.mean())
    return round(mean, 2 if abs(mean) < 10 else 1) if np.isfinite(mean) else np.nan


def _judged(now: pd.Series, near: pd.DataFrame, past: pd.DataFrame, better: str) -> tuple[str | None, str]:
    """How chance was told, and better, steady, worse or unknown."""
    if near.empty:
        return None, UNKNOWN
    basis, bounds = "interval", _difference(now, near)
    if bounds is None:
        basis, bounds = "usual", _unusual(now, near, past)
    if bounds is None:
        return None, UNKNOWN
    low, high = bounds
    rose, fell = low > 0, high < 0
    if not (rose or fell):
        return basis, STEADY
    return basis, BETTER if rose == (better == "higher") else WORSE


def _difference(now: pd.Series, near: pd.DataFrame) -> tuple[float, float] | None:
    """The interval of the value less the mean of the years before, by square-and-add; None where a year has no interval."""
    ends = near[["lower", "upper"]].astype(float)
    if pd.isna(now["lower"]) or pd.isna(now["upper"]) or ends.isna().any(axis=None):
        return None
    values, m = near["value"].astype(float), len(near)
    mean = float(values.mean())
    below = float(np.sqrt(((values - ends["lower"]) ** 2).sum())) / m
    above = float(np.sqrt(((ends["upper"] - values) ** 2).sum())) / m
    change = float(now["value"]) - mean
    low = change - float(np.hypot(now["value"] - now["lower"], above))
    return low, change + float(np.hypot(now["upper"] - now["value"], below))


def _unusual(now: pd.Series, near: pd.DataFrame, past: pd.DataFrame) -> tuple[float, float] | None:
    """The difference less and plus what is usual: Student's quantile times the root mean square of such differences of earlier years."""
    reach = len(near) if near.index.max() - near.index.min() + 1 == len(near) else BEFORE
    known = {int(str(y)): float(v) for y, v in past["value"].items() if pd.notna(v)}
    changes = []
    for year, value in known.items():
        earlier = [v for y, v in known.items() if year - reach <= y < year]
        if earlier:
            changes.append(value - float(np.mean(earlier)))
    if len(changes) < FEWEST:
        return None
    usual = float(stats.t.ppf((1 + LEVEL) / 2, len(changes)) * np.sqrt(np.mean(np.square(changes))))
    change = float(now["value"]) - float(near["value"].astype(float).mean())
    return change - usual, change + usual


def _against_target(value: float, targets: Sequence[Target], year: int) -> dict[str, Any]:
    """The next target that is due, else the last one that was."""
    ahead = [t for t in targets if t.year >= year]
    chosen = min(ahead, key=lambda t: t.year) if ahead else max(targets, key=lambda t: t.year, default=None)
    if chosen is None:
        return {"target": np.nan, "target_by": None, "target_year": np.nan, "target_state": None}
    state = UNKNOWN if pd.isna(value) else MET if chosen.met(value) else MISSED if chosen.year <= year else OPEN
    return {"target": chosen.value, "target_by": chosen.by, "target_year": chosen.year, "target_state": state}


def _against_peers(value: float, peers: pd.DataFrame, better: str) -> dict[str, Any]:
    values = peers["value"].astype(float)
    if values.empty:
        return {"peers": 0, "peer_median": np.nan, "peer_rank": np.nan}
    rank = np.nan
    if pd.notna(value) and better in ("higher", "lower"):
        rank = 1 + int((values.gt(value) if better == "higher" else values.lt(value)).sum())
    return {"peers": len(values), "peer_median": float(values.median()), "peer_rank": rank}
