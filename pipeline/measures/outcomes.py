"""What came of the stays: shares, rates and means by any breakdown, each with its base and interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.intervals import garwood, mean_interval, ratio_interval, wilson
from pipeline.measures.stay_counts import begun
from pipeline.measures.yearly import require

Rows = Callable[[pd.DataFrame], pd.DataFrame]
Values = Callable[[pd.DataFrame], pd.Series]

COLUMNS = ["indicator", "group_by", "group", "n", "k", "value", "lower", "upper", "unit", "missing"]
TOTAL = "all"
CEFR = {"A1": 1, "A2": 2, "B1": 3, "B2": 4, "C1": 5, "C2": 6}
ENDED = ("completed", "withdrawn", "extended")
SUPERVISED_MODES = ("joint_training", "dual_degree", "joint_research", "research_visit")
DEGREE_MODES = ("degree", "dual_degree")


@dataclass(frozen=True)
class Outcome:
    """One way of reading the stays.

    `base` gives the rows that the indicator is about; of these, rows where `value` is null are missing, not failures.
    Kinds: share (value true or false; percent), ratio (sum of value over sum of `per`; percent), rate (sum of value per
    100 stays), mean.
    """

    id: str
    kind: str
    unit: str
    base: Rows
    value: Values
    per: Values | None = None
    needs: tuple[str, ...] = ()


def _outcome_is(name: str) -> Values:
    """True or false for stays that ended, null for the unknown."""

    def value(rows: pd.DataFrame) -> pd.Series:
        return _flag(rows["outcome"].eq(name), rows["outcome"].isin(ENDED))

    return value


def _flag(true: pd.Series, known: pd.Series) -> pd.Series:
    return true.fillna(False).astype(float).where(known.fillna(False))


def _ended(rows: pd.DataFrame) -> pd.DataFrame:
    """Begun stays that are over, or of which it is not known whether they are."""
    rows = begun(rows)
    return rows[rows["outcome"].ne("ongoing").fillna(True)]


def _of_modes(select: Rows, modes: Iterable[str]) -> Rows:
    wanted = list(modes)

    def base(rows: pd.DataFrame) -> pd.DataFrame:
        rows = select(rows)
        return rows[rows["mode"].isin(wanted)]

    return base


def language_steps(rows: pd.DataFrame) -> pd.Series:
    """CEFR levels gained from entry to exit; null where a level is missing or not a CEFR level.

    >>> language_steps(pd.DataFrame({"language_entry": ["B1", "B2", "6.5"], "language_exit": ["C1", None, "7"]})).tolist()
    [2.0, nan, nan]
    """
    entry, leave = (rows[c].map(CEFR).astype(float) for c in ("language_entry", "language_exit"))
    return leave - entry


def _visa_days(rows: pd.DataFrame) -> pd.Series:
    days = (pd.to_datetime(rows["visa_decided"]) - pd.to_datetime(rows["visa_applied"])).dt.days.astype(float)
    return days.where(days.ge(0))


def _unfunded(rows: pd.DataFrame) -> pd.Series:
    return _flag(rows["funder"].isin(["self", "none"]), rows["funder"].notna() & rows["funder"].ne("unknown"))


def _number(column: str) -> Values:
    return lambda rows: pd.to_numeric(rows[column]).astype(float)


def _credits(rows: pd.DataFrame) -> pd.DataFrame:
    rows = _ended(rows)
    return rows[pd.to_numeric(rows["credits_attempted"]).gt(0).fillna(False)]


OUTCOMES: dict[str, Outcome] = {
    o.id: o
    for o in (
        Outcome("completion", "share", "%", _ended, _outcome_is("completed"), needs=("outcome",)),
        Outcome("withdrawal", "share", "%", _ended, _outcome_is("withdrawn"), needs=("outcome",)),
        Outcome("extension", "share", "%", _ended, _outcome_is("extended"), needs=("outcome",)),
        Outcome(
            "credit_recognition",
            "ratio",
            "%",
            _credits,
            _number("credits_recognised"),
            _number("credits_attempted"),
            needs=("outcome", "credits_attempted", "credits_recognised"),
        ),
        Outcome(
            "full_recognition",
            "share",
            "%",
            _credits,
            lambda r: _flag(r["credits_recognised"].ge(r["credits_attempted"]), r["credits_recognised"].notna()),
            needs=("outcome", "credits_attempted", "credits_recognised"),
        ),
        Outcome(
            "degree_award",
            "share",
            "%",
            _of_modes(_ended, DEGREE_MODES),
            lambda r: _flag(_number("degrees_awarded")(r).gt(0), r["degrees_awarded"].notna()),
            needs=("outcome", "mode", "degrees_awarded"),
        ),
        Outcome(
            "publications_per_100",
            "rate",
            "per_100",
            _ended,
            _number("joint_publications"),
            needs=("joint_publications",),
        ),
        Outcome(
            "language_gain", "mean", "cefr_levels", _ended, language_steps, needs=("language_entry", "language_exit")
        ),
        Outcome("satisfaction", "mean", "points", _ended, _number("satisfaction"), needs=("satisfaction",)),
        Outcome(
            "visa_refusal",
            "share",
            "%",
            lambda r: r[r["visa_applied"].notna() | r["visa_result"].notna()],
            lambda r: _flag(r["visa_result"].eq("refused"), r["visa_result"].isin(["granted", "refused"])),
            needs=("visa_applied", "visa_result"),
        ),
        Outcome(
            "visa_days",
            "mean",
            "days",
            lambda r: r[r["visa_applied"].notna()],
            _visa_days,
            needs=("visa_applied", "visa_decided"),
        ),
        Outcome("unfunded", "share", "%", begun, _unfunded, needs=("funder",)),
        Outcome("funded_share", "share", "%", begun, lambda r: 1 - _unfunded(r), needs=("funder",)),
        Outcome(
            "dual_supervised",
            "share",
            "%",
            _of_modes(begun, SUPERVISED_MODES),
            lambda r: _flag(r["dual_supervised"].eq(True), r["dual_supervised"].notna()),
            needs=("mode", "dual_supervised"),
        ),
    )
}


def outcome_rates(
    stays: pd.DataFrame,
    by: str | list[str] | None = "mode",
    indicators: Iterable[str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """What came of the stays, over all of them and by group.

    Parameters
    ----------
    stays
        The processed stays of the years and source wanted.
    by
        A column ("mode", "funder", "direction", …) or several (groups "a|b"), or None for the whole only.
    indicators
        Of OUTCOMES; all by default. One whose columns the stays lack is left out.
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        indicator, group_by, group ("all" first), n (the base: stays of which it is known), k (successes, or the sum of
        what is counted; null for means), value, lower, upper, unit, missing (stays that belong in the base but of which
        it is not known). Ongoing stays are in no base of an outcome. Shares: Wilson; recognised credits: linearised
        ratio over students; publications: Garwood; means: Student. value is null where n is 0. Differences between
        groups are associations: groups differ in more than their name.

    Raises
    ------
    InputError
        When the column to group by is not there.

    Examples
    --------
    >>> stays = pd.DataFrame({"mode": "exchange", "outcome": ["completed"] * 9 + ["withdrawn", "ongoing", "unknown"]})
    >>> outcome_rates(stays, by=None, indicators=["completion"])[["n", "k", "value", "lower", "upper", "missing"]].round(1)
        n    k  value  lower  upper  missing
    0  10  9.0   90.0   59.6   98.2        1
    """
    chosen = list(OUTCOMES) if indicators is None else list(indicators)
    unknown = [i for i in chosen if i not in OUTCOMES]
    if unknown:
        raise KeyError(f"no such outcome: {unknown[0]}; known: {', '.join(OUTCOMES)}")
    columns = [by] if isinstance(by, str) else list(by or [])
    require(stays, columns, "stays")
    group_by = "|".join(columns) or TOTAL
    labels = (
        stays[columns].astype("object").where(stays[columns].notna(), "unknown").astype(str).agg("|".join, axis=1)
        if columns and len(stays)
        else None
    )
    rows: list[dict[str, Any]] = []
    for outcome in (OUTCOMES[i] for i in chosen):
        if not set(outcome.needs) <= set(stays.columns):
            continue
        base = outcome.base(stays)
        rows.append(measure(outcome, base, level) | {"group_by": group_by, "group": TOTAL})
        if labels is not None:
            rows += [
                measure(outcome, part, level) | {"group_by": group_by, "group": str(group)}
                for group, part in base.groupby(labels.reindex(base.index), sort=True)
            ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"n": "Int64", "missing": "Int64"})


def measure(outcome: Outcome, base: pd.DataFrame, level: float = 0.95) -> dict[str, Any]:
    """One outcome on the rows of its base: n, k, value, lower, upper, unit, missing."""
    values = pd.to_numeric(outcome.value(base)).astype(float)
    known = values.notna()
    weights = outcome.per(base) if outcome.per is not None else None
    if weights is not None:
        known &= weights.notna()
    values = values[known]
    n = len(values)
    found: dict[str, Any] = {"indicator": outcome.id, "n": n, "missing": int((~known).sum()), "unit": outcome.unit}
    found |= {"k": np.nan if outcome.kind == "mean" or n == 0 else float(values.sum())}
    if n == 0:
        return found | dict.fromkeys(("value", "lower", "upper"), np.nan)
    return found | dict(
        zip(("value", "lower", "upper"), _estimate(outcome.kind, values, weights, known, level), strict=True)
    )


def _estimate(
    kind: str, values: pd.Series, weights: pd.Series | None, known: pd.Series, level: float
) -> tuple[float, float, float]:
    n, total = len(values), float(values.sum())
    if kind == "share":
        low, high = wilson(total, n, level)
        return 100 * total / n, 100 * float(low), 100 * float(high)
    if kind == "rate":
        low, high = garwood(total, n / 100, level)
        return 100 * total / n, float(low), float(high)
    if kind == "ratio" and weights is not None:
        ratio, lower, upper = ratio_interval(values, weights[known], level)
        return (
            100 * ratio,
            100 * max(0.0, lower) if lower == lower else lower,
            100 * min(1.0, upper) if upper == upper else upper,
        )
    return mean_interval(values, level)
