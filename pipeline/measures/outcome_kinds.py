"""What can come of a stay: each outcome with the stays that it is about, and what is read of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from pipeline.measures.stay_counts import begun

Rows = Callable[[pd.DataFrame], pd.DataFrame]
Values = Callable[[pd.DataFrame], pd.Series]

CEFR = {"A1": 1, "A2": 2, "B1": 3, "B2": 4, "C1": 5, "C2": 6}
ENDED = ("completed", "withdrawn", "extended")
SUPERVISED_MODES = ("joint_training", "dual_degree", "joint_research", "research_visit")
DEGREE_MODES = ("degree", "dual_degree")


@dataclass(frozen=True)
class Outcome:
    """One way of reading the stays.

    `base` gives the rows that the indicator is about, virtual stays among them (`outcome_rates` sets these apart); of these, rows where `value` is null are missing, not failures.
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


def language_band(stays: pd.DataFrame) -> pd.Series:
    """The band of the language level at entry: A (A1, A2), B1, B2, C (C1, C2); null where it is not known or not a CEFR level.

    Examples
    --------
    >>> language_band(pd.DataFrame({"language_entry": ["A2", "B1", "C2", None]})).tolist()
    ['A', 'B1', 'C', None]
    """
    levels = stays["language_entry"].where(stays["language_entry"].isin(list(CEFR)))
    bands = {level: level if level.startswith("B") else level[0] for level in CEFR}
    return levels.map(bands).astype("object").where(levels.notna(), None)


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
            "both_degrees",
            "share",
            "%",
            _of_modes(_ended, ("dual_degree",)),
            lambda r: _flag(_number("degrees_awarded")(r).ge(2), r["degrees_awarded"].notna()),
            needs=("outcome", "mode", "degrees_awarded"),
        ),
        Outcome(
            "publications_per_100",
            "rate",
            "per_100",
            _ended,
            _number("joint_publications"),
            needs=("outcome", "joint_publications"),
        ),
        Outcome(
            "language_gain",
            "mean",
            "cefr_levels",
            _ended,
            language_steps,
            needs=("outcome", "language_entry", "language_exit"),
        ),
        Outcome("satisfaction", "mean", "points", _ended, _number("satisfaction"), needs=("outcome", "satisfaction")),
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
