"""What stands in the way: each signal's value, its trend, where it concentrates and what goes with it; fit to be published."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.measures.barrier_signals import (
    NOT_RECORDED,
    SIGNALS,
    Signal,
    main_currency,
    signal_observations,
    value_of,
)
from pipeline.measures.cohorts import ended_stays
from pipeline.measures.disclosure.gate import as_policy
from pipeline.measures.intervals import wilson
from pipeline.measures.outcome_kinds import OUTCOMES
from pipeline.measures.partnerships import partner_institution
from pipeline.measures.stay_counts import physical
from pipeline.models.barrier_links import link
from pipeline.models.shrinkage import shrunk_means, shrunk_rates, spread_between
from pipeline.models.trend_tests import trend_test
from pipeline.settings import Disclosure

WINDOW = 3  # academic years of which a signal's value is
SPREAD = "recognition_spread"
PLACES = ("country", "field", "funder", "mode")
MOST = 3  # groups named in each breakdown
FALSE = 0.1  # the share of the trends called so that may be chance
OWN = {"unfunded": "funder", "withdrawn_unfunded": "funder"}  # a breakdown by what makes the signal says nothing
ROW = ["challenge", "signal", "value", "lower", "upper", "n", "unit", "about", "worse", "first_year", "last_year", "trend_from", "trend_years", "from_value",
       "to_value", "q", "trend", "outcome", "difference", "diff_lower", "diff_upper", "controls", "no_link", "reason", "status"]  # fmt: skip
YEARS = ["signal", "year", "value", "n", "status"]
WHERE = ["signal", "by", "group", "n", "shrunk", "lower", "upper", "overall"]
PEOPLE = ("stays", "places", "exchanges")


def barriers(
    stays: pd.DataFrame,
    agreements: pd.DataFrame,
    source: str,
    year: int,
    policy: Disclosure | None = None,
    window: int = WINDOW,
) -> dict[str, pd.DataFrame]:
    """The barrier signals of one source: what stands in the way, so far as the records show it.

    Parameters
    ----------
    stays, agreements
        The processed tables.
    source, year
        Whose, and the last academic year (named by its end).
    policy
        As for `protect`.
    window
        Academic years over which a signal's value is taken; signals that are a state on a day (dormant, lapsing) are of the last day of `year`.

    Returns
    -------
    dict of pandas.DataFrame
        barriers: a row a signal, and one for each thing that the records do not hold (reason not_recorded): challenge, signal, value, lower, upper (95 %), n (to tens),
        unit (%, days, points, or a currency a month), about (what is counted), worse (higher, lower), first_year, last_year; trend (rises, falls, chance, too_short) from
        the fitted from_value in trend_from to to_value in last_year over trend_years, q (Benjamini and Hochberg's share of
        false ones, over all signals); outcome, difference (points of completion between
        the stays with and without the barrier, the controls held equal), diff_lower, diff_upper, or no_link, a code why there is none; reason; status.
        barrier_years: the signal year by year. barrier_where: the groups (by country, field, funder, mode) on the worse side whose interval, drawn towards
        all, is clear of the whole's; at most three a breakdown. Percentages are whole; what rests on fewer than minimum_base, or on 1 to minimum_count − 1 people
        with or without, is null with status C.

    Notes
    -----
    Places and matched exchanges are counted as if each were filled or not by itself. An association is no cause.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "origin": "KOR", "destination": "CHN", "home_institution": "A", "host_institution": "U",
    ...     "mode": "exchange", "year": 2024, "language_entry": ["B1"] * 15 + ["C1"] * 25})
    >>> made = barriers(stays, pd.DataFrame(), "u", 2024)
    >>> made["barriers"].set_index("signal").loc["language_gap", ["value", "n"]].astype(int).tolist()
    [38, 40]
    >>> made["barriers"].set_index("signal").loc["dormant", "reason"]
    'no_agreements'
    """
    chosen = as_policy(policy)
    rows, years, where = [], [], []
    currency = main_currency(stays) if {"grant_amount", "currency"} <= set(stays.columns) else ""
    ended = _ended(stays, source, year, window)
    for signal in SIGNALS.values():
        found = signal_observations(stays, agreements, source, year, signal.id)
        about = {"challenge": signal.challenge, "signal": signal.id, "about": signal.about, "worse": signal.worse}
        about |= {"unit": currency or "currency" if signal.unit == "currency" else signal.unit}
        if isinstance(found, str):
            rows.append(about | {"reason": found})
            continue
        span = found[found["year"].between(year - window + 1, year) if signal.pooled else found["year"].eq(year)]
        line = _by_year(found, signal, chosen)
        rows.append(about | _value(span, signal, chosen) | _trend(line, signal) | link(ended, signal.id, chosen))
        years.append(line[YEARS])
        where.append(_where(span, signal, chosen))
        if signal.id == "not_in_full":
            spread, past = _spread(stays, source, year, window)
            rows.append(spread)
            years.append(past)
    rows += [{"challenge": c, "signal": s, "reason": "not_recorded"} for s, c in NOT_RECORDED.items()]
    table = pd.DataFrame(rows).reindex(columns=ROW)
    by_year = pd.concat(years, ignore_index=True) if years else pd.DataFrame(columns=YEARS)
    places = pd.concat([w for w in where if len(w)], ignore_index=True) if any(map(len, where)) else None
    return {
        "barriers": _judged(table),
        "barrier_years": by_year.reindex(columns=YEARS),
        "barrier_where": places if places is not None else pd.DataFrame(columns=WHERE),
    }


def _ended(stays: pd.DataFrame, source: str, year: int, window: int) -> pd.DataFrame:
    if not {"end", "outcome"} <= set(stays.columns):
        return pd.DataFrame()
    return physical(ended_stays(stays[stays["source"].eq(source)], year, window))


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """With the probabilities of all signals set against each other (Benjamini and Hochberg), and what they say of each trend."""
    q = _among_all(table["q"].to_numpy(dtype=float))
    up = table["to_value"].astype(float) > table["from_value"].astype(float)
    said = np.where(q < FALSE, np.where(up, "rises", "falls"), "chance")
    told = pd.Series(said, table.index, dtype="object").where(table["trend"].isna(), table["trend"])
    told = told.where(table["reason"].isna() & table["about"].notna(), None)
    return table.assign(q=q.round(3), trend=told)


def _among_all(p: np.ndarray) -> np.ndarray:
    """The least share of false ones at which each test would be believed; unknown stays unknown."""
    out = np.full(len(p), np.nan)
    known = np.isfinite(p)
    if known.any():
        out[known] = stats.false_discovery_control(p[known])
    return out


def _hidden(y: pd.Series, w: pd.Series, signal: Signal, policy: Disclosure) -> bool:
    """Whether few people stand behind a value, have what it counts, or have it not."""
    if signal.about not in PEOPLE:
        return False
    if len(y) < policy.minimum_base or float(w.sum()) < policy.minimum_base:
        return True
    if signal.unit != "%":
        return False
    with_it = int(y.gt(0).sum()) if signal.about == "stays" else float(y.sum())
    without = int(y.lt(w).sum()) if signal.about == "stays" else float((w - y).sum())
    return any(0 < k < policy.minimum_count for k in (with_it, without))


def _rounded(value: float, signal: Signal) -> float:
    """Whole percentages and days to one decimal; amounts to three figures."""
    if not np.isfinite(value):
        return np.nan
    if signal.unit == "currency":
        return float(f"{value:.3g}")
    return float(round(value, 0 if signal.unit == "%" else 1))


def _base(n: int, signal: Signal) -> float:
    return float(round(n, -1)) if signal.about in PEOPLE else float(n)


def _yes_no(table: pd.DataFrame) -> bool:
    return bool(table["w"].eq(1).all() and table["y"].isin([0, 1]).all())


def _value(span: pd.DataFrame, signal: Signal, policy: Disclosure) -> dict[str, Any]:
    if span.empty:
        return {"reason": "no_observations"}
    found: dict[str, Any] = {"first_year": int(span["year"].min()), "last_year": int(span["year"].max()), "status": "A"}
    y, w = span["y"], span["w"]
    if _hidden(y, w, signal, policy):
        return found | {"status": "C"}
    value, error = value_of(y, w, signal.scale)
    low, high = value - 1.96 * error, value + 1.96 * error
    if _yes_no(span) and signal.unit == "%":
        low, high = (100 * float(b) for b in wilson(float(y.sum()), len(y)))
    if signal.unit == "%":
        low, high = max(low, 0.0), min(high, 100.0)
    n = float(w.sum()) if signal.about in ("places", "exchanges") else len(y)
    numbers = {"value": value, "lower": low, "upper": high}
    return found | {k: _rounded(v, signal) for k, v in numbers.items()} | {"n": _base(int(n), signal)}


def _by_year(found: pd.DataFrame, signal: Signal, policy: Disclosure) -> pd.DataFrame:
    """The signal of each year, rounded, with the error of the chance in it."""
    rows = []
    for year, part in found.groupby("year"):
        hidden = _hidden(part["y"], part["w"], signal, policy)
        value, error = value_of(part["y"], part["w"], signal.scale)
        n = float(part["w"].sum()) if signal.about in ("places", "exchanges") else len(part)
        row = {
            "signal": signal.id,
            "year": int(str(year)),
            "value": _rounded(value, signal),
            "exact": value,
            "error": error,
        }
        row |= {"n": _base(int(n), signal), "status": "A"}
        rows.append(
            row | {"value": np.nan, "exact": np.nan, "error": np.nan, "n": np.nan, "status": "C"} if hidden else row
        )
    return pd.DataFrame(rows)


def _trend(line: pd.DataFrame, signal: Signal) -> dict[str, Any]:
    kept = line[line["exact"].notna()]
    found = trend_test(kept["year"], kept["exact"], kept["error"], signal.unit == "%")
    if found is None:
        return {"trend": "too_short", "trend_years": len(kept)}
    ends = {"from_value": _rounded(found.first, signal), "to_value": _rounded(found.last, signal)}
    return ends | {"trend_from": int(kept["year"].min()), "trend_years": found.years, "q": found.p}


def _where(span: pd.DataFrame, signal: Signal, policy: Disclosure) -> pd.DataFrame:
    """Groups on the worse side that are clear of the whole."""
    parts = []
    for by in PLACES:
        known = span[span[by].notna()]
        groups = {str(g): part for g, part in known.groupby(by)}
        if len(groups) < 3 or OWN.get(signal.id) == by:
            continue
        open_ = [not _hidden(part["y"], part["w"], signal, policy) for part in groups.values()]
        overall = value_of(known["y"], known["w"], signal.scale)[0]
        if overall == 0 or (signal.unit == "%" and overall == 100):  # none, or all: nowhere more than elsewhere
            continue
        drawn = _drawn(groups, signal, open_)
        worse = drawn["lower"].gt(overall) if signal.worse == "higher" else drawn["upper"].lt(overall)
        clear = drawn[worse & drawn["group"].map(dict(zip(groups, open_, strict=True)))]
        clear = clear.sort_values(["shrunk", "group"], ascending=[signal.worse == "lower", True]).head(MOST)
        for column in ("shrunk", "lower", "upper"):
            clear = clear.assign(**{column: [_rounded(float(v), signal) for v in clear[column]]})
        n = [
            _base(int(groups[g]["w"].sum() if signal.about in ("places", "exchanges") else len(groups[g])), signal)
            for g in clear["group"]
        ]
        parts.append(clear.assign(signal=signal.id, by=by, n=n, overall=_rounded(overall, signal))[WHERE])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=WHERE)


def _drawn(groups: dict[str, pd.DataFrame], signal: Signal, open_: list[bool]) -> pd.DataFrame:
    """The signal of each group, drawn towards all: a beta-binomial of yes and no, a normal model of the rest."""
    if signal.unit == "%" and all(_yes_no(part) for part in groups.values()):
        counts = [(g, len(part), part["y"].sum()) for g, part in groups.items()]
        drawn = shrunk_rates(pd.DataFrame(counts, columns=["group", "n", "k"]), wanted=open_)
        return drawn.assign(**{c: 100 * drawn[c] for c in ("shrunk", "lower", "upper")})
    ratio = {g: float(part["y"].sum() / part["w"].sum()) for g, part in groups.items()}
    rest = sum(float(np.square(part["y"] - ratio[g] * part["w"]).sum()) for g, part in groups.items())
    free = max(sum(map(len, groups.values())) - len(groups), 1)
    spread = np.sqrt(rest / free)  # of one observation about its group, alike in all
    numbers = [
        (g, signal.scale * ratio[g], signal.scale * spread * np.sqrt(len(p)) / float(p["w"].sum()))
        for g, p in groups.items()
    ]
    return shrunk_means(pd.DataFrame(numbers, columns=["group", "value", "error"]))


def _counts(table: pd.DataFrame) -> pd.DataFrame:
    by = table.groupby("group")["k"]
    return pd.DataFrame({"n": by.size(), "k": by.sum()})


def _spread(stays: pd.DataFrame, source: str, year: int, window: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """How far full recognition of credits lies apart between partners, beyond chance: in the window, and year by year."""
    rows = physical(ended_stays(stays[stays["source"].eq(source)], year, 1000))
    base = OUTCOMES["full_recognition"].base(rows)
    table = pd.DataFrame(
        {"k": OUTCOMES["full_recognition"].value(base), "year": base["ended"], "group": partner_institution(base)}
    )
    table = table.dropna().astype({"k": float, "year": int})
    about: dict[str, Any] = {"challenge": "systems", "signal": SPREAD, "about": "partners", "unit": "points"}
    about |= {"worse": "higher", "no_link": "of_partners"}
    lines = []
    for one, part in table.groupby("year"):
        groups = _counts(part)
        if len(groups) >= 10:
            value = 100 * spread_between(groups)
            lines.append(
                (SPREAD, int(str(one)), round(value), value, value / np.sqrt(2 * (len(groups) - 1)), len(groups), "A")
            )
    line = pd.DataFrame(lines, columns=["signal", "year", "value", "exact", "error", "n", "status"])
    recent = table[table["year"].between(year - window + 1, year)]
    groups = _counts(recent)
    if len(groups) < 10:
        return about | {"reason": "no_observations"}, line[YEARS]
    as_points = Signal(SPREAD, "systems", "points", "higher", "partners", lambda books: pd.DataFrame())
    about |= {"value": float(round(100 * spread_between(groups))), "n": float(len(groups)), "status": "A"}
    about |= {"first_year": int(recent["year"].min()), "last_year": int(recent["year"].max())}
    return about | _trend(line, as_points), line[YEARS]
