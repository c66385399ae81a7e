"""The ten modes side by side: what each is like, what students move on to, and how far the rules agree with what is stated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.modes import MODES, UNCLASSIFIED, classify_modes
from pipeline.measures.outcome_kinds import OUTCOMES
from pipeline.measures.outcomes import measure
from pipeline.measures.partnerships import partner_country, partner_institution
from pipeline.measures.stay_counts import begun
from pipeline.measures.yearly import require

WINDOW = 5  # academic years
FOLLOWED = 2  # years after which a student has had time to come again
STATE, UNIVERSITY, SOCIETY, SELF = "state", "university", "society", "self"
FUNDERS = {
    "government": STATE,
    "university": UNIVERSITY,
    "host_university": UNIVERSITY,
    "foundation": SOCIETY,
    "employer": SOCIETY,
    "joint_fund": SOCIETY,
    "self": SELF,
    "none": SELF,
}
SHOWN_OUTCOMES = (
    "completion",
    "credit_recognition",
    "degree_award",
    "both_degrees",
    "publications_per_100",
    "dual_supervised",
)
PROFILE = ["mode", "indicator", "value", "lower", "upper", "k", "n", "unit", "currency"]
MOVES = ["from_mode", "to", "students", "k", "share", "median_months"]
PAPER = "joint_publication"
RANK = {mode: i for i, mode in enumerate((*MODES, UNCLASSIFIED))}


def classified(stays: pd.DataFrame, agreements: pd.DataFrame, source: str) -> pd.DataFrame:
    """The stays of one source with mode as `classify_modes` gives it, beside mode_stated, rule and reason.

    >>> stays = pd.DataFrame({"source": "u", "direction": "outbound", "mode": [None], "months": [0.2]})
    >>> classified(stays, pd.DataFrame(), "u")[["mode_stated", "mode", "rule"]].values.tolist()
    [[None, 'conference', 'few_days']]
    """
    own = stays[stays["source"].eq(source)]
    if len(agreements) and "source" in agreements:
        agreements = agreements[agreements["source"].eq(source)]
    return own.drop(columns="mode").join(classify_modes(own, agreements))


def profile_of_modes(stays: pd.DataFrame, year: int, window: int = WINDOW) -> pd.DataFrame:
    """What each mode is like, over the stays that began in the last years.

    Parameters
    ----------
    stays
        As `classified` gives them.
    year, window
        The academic years up to `year`.

    Returns
    -------
    pandas.DataFrame
        mode, indicator, value, lower, upper (95 %, where it is an estimate), k, n (the base), unit, currency; unprotected.
        Indicators: stays, median_months, partners, countries; funded_state, funded_university, funded_society, funded_self
        (percent of known funders); the outcomes SHOWN_OUTCOMES; cost_per_credit: grants over recognised credits of the
        stays with both, in each currency by itself (amounts of two currencies are never added).

    Examples
    --------
    >>> stays = pd.DataFrame({"direction": "inbound", "mode": "exchange", "year": 2024, "months": [5.0, 6.0], "origin": "KOR",
    ...     "destination": "CHN", "home_institution": "A", "host_institution": "U", "funder": ["self", "government"],
    ...     "grant_amount": [None, 3000.0], "currency": [None, "CNY"], "credits_recognised": [10.0, 30.0]})
    >>> table = profile_of_modes(stays, 2024).set_index("indicator")
    >>> table.loc[["stays", "median_months", "funded_state", "cost_per_credit"], "value"].tolist()
    [2.0, 5.5, 50.0, 100.0]
    """
    require(stays, ("direction", "mode", "year", "months", "origin", "destination", "funder"), "stays")
    rows = begun(stays)
    rows = rows[rows["year"].between(year - window + 1, year)]
    found: list[dict[str, Any]] = []
    for mode, part in sorted(rows.groupby("mode"), key=lambda pair: RANK[str(pair[0])]):
        for entry in (*_volume(part), *_funding(part), *_outcomes(part, stays), *_cost(part)):
            found.append({"mode": mode} | entry)
    return pd.DataFrame(found, columns=PROFILE)


def _volume(part: pd.DataFrame) -> Iterator[dict[str, Any]]:
    n, months = len(part), part["months"].astype(float).dropna()
    yield {"indicator": "stays", "value": float(n), "n": n, "unit": "stays"}
    yield {"indicator": "median_months", "value": months.median(), "n": len(months), "unit": "months"}
    if {"home_institution", "host_institution"} <= set(part.columns):
        partners = partner_institution(part).dropna()
        yield {
            "indicator": "partners",
            "value": float(partners.nunique()) if len(partners) else np.nan,
            "n": len(partners),
            "unit": "partners",
        }
    countries = partner_country(part).dropna()
    yield {"indicator": "countries", "value": float(countries.nunique()), "n": len(countries), "unit": "partners"}


def _funding(part: pd.DataFrame) -> Iterator[dict[str, Any]]:
    kinds = part["funder"].map(FUNDERS).dropna()
    for kind in dict.fromkeys(FUNDERS.values()):
        k, n = int(kinds.eq(kind).sum()), len(kinds)
        yield {"indicator": f"funded_{kind}", "value": 100 * k / n if n else np.nan, "k": k, "n": n, "unit": "%"}


def _outcomes(part: pd.DataFrame, all_stays: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for name in SHOWN_OUTCOMES:
        outcome = OUTCOMES[name]
        if set(outcome.needs) <= set(all_stays.columns):
            row = measure(outcome, outcome.base(part))
            if row["n"]:
                yield {c: row[c] for c in ("indicator", "value", "lower", "upper", "k", "n", "unit")}


def _cost(part: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if not {"grant_amount", "currency", "credits_recognised"} <= set(part.columns):
        return
    amount, credit = (pd.to_numeric(part[c]).astype(float) for c in ("grant_amount", "credits_recognised"))
    both = part[amount.gt(0) & credit.gt(0) & part["currency"].notna()]
    for currency, rows in both.groupby("currency"):
        value = float(amount[rows.index].sum() / credit[rows.index].sum())
        entry = {"indicator": "cost_per_credit", "value": value, "n": len(rows), "unit": "amount", "currency": currency}
        yield entry


def mode_transitions(stays: pd.DataFrame, year: int, followed: int = FOLLOWED) -> pd.DataFrame:
    """What students of one mode go on to: a later stay of another mode, or a joint publication.

    Parameters
    ----------
    stays
        As `classified` gives them, with student_key and start.
    year
        Nothing that began after its academic year counts.
    followed
        Only students whose first stay of the mode began at least so many academic years before are in the base: later
        ones have hardly had the time.

    Returns
    -------
    pandas.DataFrame
        from_mode, to (a mode, or "joint_publication": of a stay of the same mode or a later one), students (the base), k (of
        them who went on), share (percent), median_months (from the start of the first stay to that of the next); unprotected.
        One student counts once a pair. Association only: who comes again was often minded to before.

    Examples
    --------
    >>> stays = pd.DataFrame({"student_key": ["a", "a", "b"], "mode": ["exchange", "degree", "exchange"], "year": [2019, 2021, 2019],
    ...     "start": pd.to_datetime(["2018-09-01", "2020-09-01", "2018-09-01"])})
    >>> mode_transitions(stays, 2024)[["from_mode", "to", "students", "k", "share", "median_months"]].values.tolist()
    [['exchange', 'degree', 2, 1, 50.0, 24.0]]
    """
    require(stays, ("student_key", "mode", "year", "start"), "stays")
    rows = begun(stays)
    rows = rows[rows["year"].le(year) & rows["start"].notna() & rows["mode"].ne(UNCLASSIFIED)]
    rows = rows.sort_values("start", kind="stable")
    first = rows.drop_duplicates(["student_key", "mode"])
    first = first[first["year"].le(year - followed)]
    pairs = first[["student_key", "mode", "start"]].merge(rows, on="student_key", suffixes=("", "_next"))
    pairs = pairs[pairs["mode_next"].ne(pairs["mode"]) & pairs["start_next"].gt(pairs["start"])]
    pairs = pairs.drop_duplicates(["student_key", "mode", "mode_next"])
    months = (pairs["start_next"] - pairs["start"]).dt.days / 30.4375
    base = first.groupby("mode").size()
    by = months.groupby([pairs["mode"].rename("from_mode"), pairs["mode_next"].rename("to")])
    moved = pd.DataFrame({"k": by.size(), "median_months": by.median().round(0)}).reset_index()
    moved = moved.assign(students=moved["from_mode"].map(base))
    table = pd.concat([moved, _papers(first, rows)], ignore_index=True)
    table["share"] = 100 * table["k"].astype(float) / table["students"].astype(float)
    order = table.assign(_a=table["from_mode"].map(RANK), _b=-table["k"]).sort_values(["_a", "_b", "to"], kind="stable")
    return order[MOVES].astype({"students": int, "k": int}).reset_index(drop=True)


def _papers(first: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Students of a mode of whom a joint publication is on record, of this or a later stay; base: those of whose first stay it is known."""
    if "joint_publications" not in rows:
        return pd.DataFrame(columns=["from_mode", "to", "students", "k"])
    known_first = first[first["joint_publications"].notna()][["student_key", "mode", "start"]]
    both = known_first.merge(
        rows[["student_key", "start", "joint_publications"]], on="student_key", suffixes=("", "_next")
    )
    both = both[both["start_next"].ge(both["start"])]
    papers = pd.to_numeric(both["joint_publications"]).astype(float)
    most = papers.groupby([both["mode"], both["student_key"]]).max()
    known = most.groupby(level=0).agg(students="size", k=lambda m: int(m.ge(1).sum()))
    return known.rename_axis("from_mode").reset_index().assign(to=PAPER)


def agreement_with_stated(stays: pd.DataFrame, agreements: pd.DataFrame | None = None) -> pd.DataFrame:
    """How the rules, blind to the stated mode, class the stays whose mode is stated.

    Returns
    -------
    pandas.DataFrame
        mode_stated, mode, rule, n: a confusion matrix in long form, by rule; unprotected.

    Examples
    --------
    >>> stays = pd.DataFrame({"direction": "outbound", "mode": ["conference", "lecture"], "months": 0.2})
    >>> agreement_with_stated(stays)[["mode_stated", "mode", "n"]].values.tolist()
    [['conference', 'conference', 1], ['lecture', 'conference', 1]]
    """
    blind = classify_modes(stays, agreements, blind=True)
    blind = blind[blind["mode_stated"].notna()].assign(rule=blind["rule"].fillna(UNCLASSIFIED))
    return blind.groupby(["mode_stated", "mode", "rule"], as_index=False).size().rename(columns={"size": "n"})


def rule_record(confusion: pd.DataFrame) -> pd.DataFrame:
    """From the confusion matrix: how often the rules find a stated mode, how often a mode that they give is the stated one, and of each rule.

    Returns
    -------
    pandas.DataFrame
        by ("all", "all_without_agreement", "mode" and "given": of the stays of a stated and of a given mode; "rule"), group, k, n,
        share (percent).

    Examples
    --------
    >>> confusion = pd.DataFrame({"mode_stated": ["conference", "lecture"], "mode": "conference", "rule": "few_days", "n": [3, 1]})
    >>> rule_record(confusion).query("by == 'all'")[["k", "n", "share"]].values.tolist()
    [[3.0, 4.0, 75.0]]
    """
    table = confusion.assign(k=confusion["n"].where(confusion["mode"].eq(confusion["mode_stated"]), 0))
    apart = table[table["rule"].ne("agreement")]
    frames = [
        part[["k", "n"]].sum().to_frame().T.assign(by=name, group="all")
        for name, part in (("all", table), ("all_without_agreement", apart))
    ]
    for name, column in (("mode", "mode_stated"), ("given", "mode"), ("rule", "rule")):
        frames.append(table.groupby(column)[["k", "n"]].sum().rename_axis("group").reset_index().assign(by=name))
    found = pd.concat(frames, ignore_index=True).astype({"k": int, "n": int})
    found["share"] = 100 * found["k"] / found["n"].where(found["n"].gt(0))
    return found[["by", "group", "k", "n", "share"]]
