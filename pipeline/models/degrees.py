"""Time to degree of the stays that aim at one: of all who began, how many had it by each month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.outcome_kinds import DEGREE_MODES, ENDED
from pipeline.measures.stay_counts import begun
from pipeline.measures.yearly import require
from pipeline.models.durations import time_to_event

MONTH = 365.25 / 12  # days
YEARS = 10  # academic years of beginners
EVERY = 6  # months between the points that are kept
ENOUGH, FOLLOWED = 100, 20  # stays a curve needs at its start, and at each of its points
STEPS = (1, 2, 5, 10)  # percent, of which one is what a curve is rounded to
GROUPS = ["group_by", "group"]


@dataclass(frozen=True)
class TimeToDegree:
    """Curves, medians and checks, fit to be published."""

    curves: pd.DataFrame
    medians: pd.DataFrame
    checks: pd.DataFrame


def degree_times(stays: pd.DataFrame, year: int, years: int = YEARS) -> pd.DataFrame:
    """The stays of degree programmes with the months to the degree, or to the day until which they were followed.

    Parameters
    ----------
    stays
        The processed stays of one source.
    year
        They are followed to the end of this academic year (31 August), or to the last day on record before it.
    years
        Academic years of beginners, up to `year`.

    Returns
    -------
    pandas.DataFrame
        The stays with `months_followed` and `degree` (true where it was awarded by then). A stay that ended without one is followed to
        the last day too: it stays among those who began, for it will not have a degree. Both are null where the end is not known, or the day of it.

    Notes
    -----
    When everyone's last day is known, keeping those who cannot have the event any more in the base to that day makes the Kaplan–Meier
    curve the share of all beginners with the event (Fine & Gray 1999, JASA 94(446), on the subdistribution), which taking them out as censored would
    overstate.

    Examples
    --------
    >>> stays = pd.DataFrame({"mode": "degree", "start": pd.Timestamp("2020-09-01"), "year": 2021, "visa_result": "granted",
    ...     "outcome": ["completed", "withdrawn", "ongoing", None], "degrees_awarded": [1, 0, None, None],
    ...     "end": pd.to_datetime(["2023-06-30", "2021-01-31", "2025-06-30", "2023-06-30"])})
    >>> degree_times(stays, 2024)[["months_followed", "degree"]].values.tolist()
    [[34.0, True], [34.0, False], [34.0, False], [nan, nan]]
    """
    require(stays, ("mode", "start", "end", "year", "outcome", "degrees_awarded"), "stays")
    rows = begun(stays[stays["mode"].isin(DEGREE_MODES) & stays["year"].between(year - years + 1, year)])
    start, end = pd.to_datetime(rows["start"]), pd.to_datetime(rows["end"])
    last = min(pd.Timestamp(year=year, month=8, day=31), last_day(stays))
    awarded = rows["degrees_awarded"].gt(0).fillna(rows["outcome"].eq("completed").fillna(False)).astype(bool)
    known = rows["outcome"].isin([*ENDED, "ongoing"]) & start.notna() & ~(awarded & end.isna())
    done = awarded & end.le(last)
    days = (end.where(done, last) - start).dt.days
    months = np.ceil((days / MONTH).astype(float).to_numpy())
    known &= months > 0
    return rows.assign(
        months_followed=pd.Series(months, rows.index).where(known),
        degree=done.astype("object").where(known, np.nan),
    )


def last_day(stays: pd.DataFrame) -> pd.Timestamp:
    """The last day of which the records tell: on which a stay began or ended (a planned end of an ongoing stay is not one)."""
    ended = stays.loc[stays["outcome"].isin(ENDED), "end"]
    day = pd.to_datetime(pd.concat([stays["start"], ended])).max()
    if pd.isna(day):
        raise InputError("stays", "no stay with a date.", "Check the dates in the source.")
    return pd.Timestamp(day)


def time_to_degree(stays: pd.DataFrame, year: int, least: int = 5, years: int = YEARS) -> TimeToDegree:
    """Share of beginners with their degree, month by month, by mode and (degree programmes) by level.

    Parameters
    ----------
    stays, year, years
        As for `degree_times`.
    least
        Fewer people than this are not to be told from a curve: it is rounded so that a step stands for at least so many.

    Returns
    -------
    TimeToDegree
        curves: group_by (mode, level), group, month (every sixth), share, lower, upper (percent; 95 %, log-log scale), at_risk (to tens), of groups of 100 stays or
        more, as far as 20 are followed. medians: group_by, group, n, with_degree (to tens), median, lower, upper (months; null where the
        half is not reached). checks: outcome, by, group, check (followed_pct: beginners followed to a degree or an end; unknown_pct: of whom the end or its day is not known; alike_p: log-rank
        test of earlier against later beginners, who are censored most), value, limit, holds.
    """
    rows = degree_times(stays, year, years)
    parts = [("mode", str(m), rows[rows["mode"].eq(m)]) for m in DEGREE_MODES]
    degree = rows[rows["mode"].eq(DEGREE_MODES[0])]
    parts += [("level", str(level), part) for level, part in degree.groupby("level", observed=True)]
    curves, medians, checks = [], [], []
    for group_by, group, part in parts:
        known = part.dropna(subset=["months_followed"])
        if len(known) < ENOUGH or not known["degree"].astype(bool).any():
            continue
        curve = time_to_event(known, "months_followed", "degree")
        curves.append(
            _thinned(curve, known["months_followed"].to_numpy(float), least).assign(group_by=group_by, group=group)
        )
        row = curve.attrs["median"].iloc[0].to_dict() | {"group_by": group_by, "group": group}
        medians.append(row | {"n": round(row["n"], -1), "with_degree": round(row["events"], -1)})
        checks += [{"outcome": "time_to_degree", "by": group_by, "group": group, **c} for c in _checks(part, known)]
    columns = [*GROUPS, "n", "with_degree", "median", "lower", "upper"]
    return TimeToDegree(
        _framed(
            pd.concat(curves) if curves else pd.DataFrame(), [*GROUPS, "month", "share", "lower", "upper", "at_risk"]
        ),
        _framed(pd.DataFrame(medians), columns),
        _framed(pd.DataFrame(checks), ["outcome", "by", "group", "check", "value", "limit", "holds", "stays"]),
    )


def _framed(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table.reindex(columns=columns).reset_index(drop=True)


def _thinned(curve: pd.DataFrame, followed: np.ndarray, least: int) -> pd.DataFrame:
    """The curve at every sixth month, rounded to steps of at least so many people, while enough are followed."""
    months = np.arange(0, followed.max() + 1, EVERY)
    at_risk = (followed[None, :] >= months[:, None]).sum(axis=1)
    place = np.searchsorted(curve["month"], months, side="right") - 1
    step = next((s for s in STEPS if s * len(followed) >= 100 * least), STEPS[-1])
    columns = {
        c: np.where(place >= 0, 100 * curve[c].to_numpy()[place.clip(min=0)], 0.0) for c in ("share", "lower", "upper")
    }
    rounded = {c: step * np.round(v / step) for c, v in columns.items()}
    table = pd.DataFrame({"month": months.astype(int), **rounded, "at_risk": np.round(at_risk.astype(float), -1)})
    return table[(at_risk >= FOLLOWED) & (months <= curve["month"].max() + 2 * EVERY)]


def _checks(part: pd.DataFrame, known: pd.DataFrame) -> list[dict[str, object]]:
    """What the curve assumes, held against the records."""
    unknown, used = 100 * (1 - len(known) / len(part)), round(len(known), -1)
    followed = 100 * float((known["degree"].astype(bool) | known["outcome"].isin(ENDED)).mean())
    p = _alike(known)
    found: list[dict[str, object]] = [
        {"check": "followed_pct", "value": round(followed), "limit": np.nan, "holds": None},
        {"check": "unknown_pct", "value": round(unknown, 1), "limit": 10.0, "holds": bool(unknown <= 10)},
        {"check": "alike_p", "value": p, "limit": 0.05, "holds": None if np.isnan(p) else bool(p >= 0.05)},
    ]
    return [check | {"stays": used} for check in found]


def _alike(known: pd.DataFrame) -> float:
    """Log-rank p of the earlier half of beginners against the later."""
    from statsmodels.duration.survfunc import survdiff

    late = known["year"].astype(float).gt(known["year"].astype(float).median()).to_numpy()
    event = known["degree"].astype(bool).to_numpy()
    if not (event[late].any() and event[~late].any()):
        return float("nan")
    return float(survdiff(known["months_followed"].to_numpy(float), event.astype(int), late.astype(int))[1])
