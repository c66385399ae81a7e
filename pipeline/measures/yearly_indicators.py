"""Every indicator that is about a subject, year by year, with what of it may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.cohorts import ended_stays
from pipeline.measures.disclosure.gate import as_policy
from pipeline.measures.registry.catalogue import Indicator
from pipeline.measures.registry.registry import Registry, indicators
from pipeline.settings import Disclosure

YEARS = 8  # academic years of the past, the last one among them
OF_COUNTRIES = ("published_number", "published_ratio", "enrolment_rate")
OF_AGREEMENTS = (
    "agreement_number",
    "agreement_share",
    "dormant_share",
    "agreement_renewal",
)  # numbers of partners and contracts, not of people
OF_EVENTS = ("event_count", "event_online_share")  # numbers of events, which are announced
ENDED = {
    *("completion", "withdrawal", "extension", "degree_award", "both_degrees"),
    *("credit_recognition", "full_recognition", "publications_per_100", "language_gain", "satisfaction"),
}
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0)  # percentage points
TENS = 10
UNREAD = ["stay_id", "file", "line", "origin_basis", "gender", "birth_year", "language_test", "start_by_month"]
COLUMNS = [
    *("indicator", "year", "value", "n", "numerator", "denominator", "lower", "upper", "unit", "reason", "eligible"),
    *("counted_by", "shown", "shown_lower", "shown_upper", "shown_n", "coverage", "status"),
]


def applicable(institution: bool, registry: Registry = indicators, country: str = "") -> list[Indicator]:
    """The indicators that are about an institution, from its records, or about a country, from published counts.

    Those that exist in a few countries only are about these alone.

    >>> [i.id for i in applicable(False)][:2]
    ['inbound_students', 'outbound_entrants']
    """
    about = [i for i in registry.values() if (i.method in OF_COUNTRIES) != institution]
    return [i for i in about if not (country and i.countries) or country in i.countries]


def counts_ended(indicator: Indicator) -> bool:
    """Whether an indicator is about stays that are over, and so is counted by the year in which they ended.

    >>> counts_ended(indicators["completion_rate"]), counts_ended(indicators["visa_days"])
    (True, False)
    """
    return indicator.method == "outcome" and indicator.arguments.get("which") in ENDED


def indicator_history(
    tables: Mapping[str, pd.DataFrame],
    subject: str,
    year: int,
    policy: Disclosure | None = None,
    years: int = YEARS,
    published: pd.DataFrame | None = None,
    registry: Registry = indicators,
) -> pd.DataFrame:
    """Every indicator that is about a subject, for each of the last `years` years.

    Parameters
    ----------
    tables
        stays, counts, agreements, events, context by name; those that there are.
    subject
        A source with stays, or an alpha-3 code with counts.
    year
        The last one; an academic year is the year in which it ends.
    policy
        As for `protect`: what is hidden in the columns shown.
    years
        How many.
    published
        The protected series of the subject (table "series"); numbers of stays are shown as there, and without it not at all.
    registry
        Of indicators.

    Returns
    -------
    pandas.DataFrame
        One row an indicator and year: the columns of `indicators.compute` (exact, not to be published), counted_by (began, ended,
        in_force, published), and what may be: shown, shown_lower, shown_upper, shown_n (to tens), coverage (percent of the stays that it
        is about of which it is known), status ("C": hidden). Indicators of stays that are over are counted by the year in
        which these ended, so that early leavers of the newest year do not stand for all who began in it.

    Notes
    -----
    A share of people is rounded so that a step stands for minimum_count people at least; it is hidden on fewer than
    minimum_base, or where it tells of 1 to minimum_count − 1 people with the property or without it.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "origin": "KOR", "destination": "CHN", "mode": "exchange", "year": 2024, "outcome": "completed",
    ...     "funder": ["self"] * 10 + ["government"] * 33, "end": pd.Timestamp(2024, 1, 31), "academic_year": "2023/24", "level": "7"})
    >>> table = indicator_history({"stays": stays}, "u", 2024, years=1).set_index("indicator")
    >>> table.loc["unfunded_share", ["value", "shown", "shown_n"]].round(1).tolist()
    [23.3, 20.0, 40.0]
    """
    chosen = as_policy(policy)
    stays = tables.get("stays")
    institution = stays is not None and len(stays) > 0 and bool(stays["source"].eq(subject).any())
    wanted = applicable(institution, registry, "" if institution else subject)
    cut = _institution_slices if institution else _country_slices
    found = []
    for one_year, of_method in cut(tables, subject, year, years):
        for one in wanted:
            slice_, counted_by = of_method(one)
            if institution and _looks_back(one) and _short(tables, subject, one_year, one):
                found.append(
                    {
                        "indicator": one.id,
                        "unit": one.unit,
                        "reason": "short_record",
                        "year": one_year,
                        "counted_by": counted_by,
                    }
                )
                continue
            row = registry.compute(one.id, slice_, subject=subject, year=one_year)
            found.append({str(k): v for k, v in row.iloc[0].items()} | {"year": one_year, "counted_by": counted_by})
    table = pd.DataFrame(found).reindex(columns=COLUMNS)
    return _with_shown(table, chosen, published, registry)


def _institution_slices(tables: Mapping[str, pd.DataFrame], subject: str, year: int, years: int) -> Iterable[Any]:
    """For each year: a function that gives an indicator its tables, cut to the years that it reads."""
    stays = tables["stays"]
    own = stays[stays["source"].eq(subject)].drop(columns=UNREAD, errors="ignore")
    rest = {n: t for n, t in tables.items() if n not in ("stays", "counts")}
    over = ended_stays(own, year, years).assign(year=lambda t: t["ended"]) if {"end", "outcome"} <= set(own) else own
    first = int(own["year"].min())
    for one_year in range(max(first, year - years + 1), year + 1):
        now, ended = (t[t["year"].eq(one_year)] for t in (own, over))
        before = own[own["year"].between(one_year - 4, one_year)]

        def of(one: Indicator, now: Any = now, ended: Any = ended, before: Any = before) -> tuple[dict[str, Any], str]:
            if counts_ended(one):
                return rest | {"stays": ended}, "ended"
            wide = _looks_back(one)
            return rest | {"stays": before if wide else now}, "in_force" if one.method in OF_AGREEMENTS else "began"

        yield one_year, of


def _country_slices(tables: Mapping[str, pd.DataFrame], subject: str, year: int, years: int) -> Iterable[Any]:
    counts = tables.get("counts", pd.DataFrame())
    rest = {"context": tables["context"]} if "context" in tables else {}
    own = counts[counts["reporter"].eq(subject) & counts["year"].notna()] if len(counts) else counts
    if len(own):
        own = own[own["origin_kind"].eq("world") | own["destination_kind"].eq("world")]
    for one_year in range(year - years + 1, year + 1):
        now = own[own["year"].eq(one_year)] if len(own) else own
        slice_ = rest | {"counts": now if len(now) else counts.head(0)}
        if not len(now) and len(counts):  # the table is there, the figure is not
            slice_["counts"] = counts.head(1).assign(reporter="", year=-1)
        yield one_year, lambda one, slice_=slice_: (slice_, "published")


def _looks_back(one: Indicator) -> bool:
    return one.method in ("partner_number", "dormant_share") or int(one.arguments.get("years", 1)) > 1


def _short(tables: Mapping[str, pd.DataFrame], subject: str, year: int, one: Indicator) -> bool:
    """Whether the records begin after the first year that an indicator looks back to."""
    stays = tables["stays"]
    reach = int(one.arguments.get("years", 2 if one.method == "dormant_share" else 1))
    return year - reach + 1 < int(stays.loc[stays["source"].eq(subject), "year"].min())


def _with_shown(
    table: pd.DataFrame, policy: Disclosure, published: pd.DataFrame | None, registry: Registry
) -> pd.DataFrame:
    rows = []
    for record in table.to_dict("records"):
        row = {str(k): v for k, v in record.items()}
        one = registry[str(row["indicator"])]
        if row["counted_by"] == "published" or one.method in OF_AGREEMENTS + OF_EVENTS:
            shown = _open(row)
        elif one.method == "stay_number":
            shown = _as_published(row, one, published)
        else:
            shown = _of_people(row, one, policy)
        rows.append(row | shown)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"reason": "object"})


def _coverage(row: Mapping[str, Any]) -> float:
    eligible = row["eligible"]
    return float(np.floor(100 * row["n"] / eligible + 0.5)) if eligible > 0 else np.nan


def _open(row: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers that are nobody's: of contracts and partners, and of what is published."""
    names = {"shown": "value", "shown_lower": "lower", "shown_upper": "upper", "shown_n": "n"}
    return {new: row[old] for new, old in names.items()} | {"coverage": _coverage(row), "status": "A"}


HIDDEN: dict[str, Any] = dict.fromkeys(("shown", "shown_lower", "shown_upper", "shown_n", "coverage"), np.nan)


def _as_published(row: Mapping[str, Any], one: Indicator, published: pd.DataFrame | None) -> dict[str, Any]:
    """A number of stays as the protected series has it."""
    if published is None or published.empty:
        return HIDDEN | {"status": "C"}
    (direction,) = one.arguments["base"]["direction"]
    rows = published[published["direction"].eq(direction) & published["year"].eq(row["year"])]
    for column in ("level", "mode", "funding"):
        rows = rows[rows[column].eq("all")]
    rows = rows[rows["partner"].eq("WLD")]
    value = float(rows["value"].iloc[0]) if len(rows) else np.nan
    return HIDDEN | {"shown": value, "status": "C" if np.isnan(value) else "A"}


def _of_people(row: Mapping[str, Any], one: Indicator, policy: Disclosure) -> dict[str, Any]:
    if pd.isna(row["value"]):
        return HIDDEN | {"status": "A"}
    n, k = float(row["n"]), float(row["numerator"])
    of_events = one.method == "event_number"
    share = row["unit"] == "%"
    few = 1 <= k < policy.minimum_count or (share and 1 <= n - k < policy.minimum_count)
    if ((share or of_events) and few) or (not of_events and n < policy.minimum_base):
        return HIDDEN | {"status": "C"}
    numbers = [row["value"], row["lower"], row["upper"]]
    if share:
        numbers = [coarse(v, n, policy.minimum_count) for v in numbers]
    elif one.unit != "partners" and not of_events:
        numbers = [_figures(v) for v in numbers]
    tens = n if of_events else float(np.floor(n / TENS + 0.5) * TENS)
    return dict(zip(("shown", "shown_lower", "shown_upper"), numbers, strict=True)) | {
        "shown_n": tens,
        "coverage": _coverage(row),
        "status": "A",
    }


def _figures(value: float) -> float:
    """Two decimals under 10, one under 100, else whole."""
    return round(value, 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0)


def coarse(share: float, n: float, people: int) -> float:
    """A percentage rounded so that a step stands for so many people at least; what is not 0 (or 100) does not become it.

    Examples
    --------
    >>> coarse(23.26, 43, 5), coarse(1.77, 2488, 5), coarse(0.1, 2488, 5), coarse(0.0, 43, 5)
    (20.0, 2.0, 0.5, 0.0)
    """
    if np.isnan(share):
        return share
    step = next((s for s in STEPS if s * n / 100 >= people), STEPS[-1])
    rounded = np.floor(share / step + 0.5) * step
    rounded = max(rounded, step) if share > 0 else 0.0
    rounded = min(rounded, 100 - step) if share < 100 else 100.0
    return float(round(rounded, 1))


def peer_values(
    tables: Mapping[str, pd.DataFrame],
    peers: Iterable[str],
    year: int,
    policy: Disclosure | None = None,
    published: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """What may be shown of each peer's indicators of a year: peer, indicator, value; only what is known."""
    given = published or {}
    found = []
    for peer in peers:
        table = indicator_history(tables, peer, year, replace(as_policy(policy)), 1, given.get(peer))
        found.append(table.assign(peer=peer, value=table["shown"]))
    if not found:
        return pd.DataFrame(columns=["peer", "indicator", "value"])
    return pd.concat(found, ignore_index=True)[["peer", "indicator", "value"]].dropna()
