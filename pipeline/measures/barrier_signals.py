"""Signals of what stands in the way: for each of five challenges, what the records can show, observation by observation.

An observation is a stay, a partner, an agreement or a side of one, with a numerator `y` and a denominator `w`; a signal over any set of
them is Σy / Σw. So every signal has one definition for a year, a country, a field or a funder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.measures.cohorts import ended_stays
from pipeline.measures.exchange import balance
from pipeline.measures.outcome_kinds import CEFR, OUTCOMES, language_steps
from pipeline.measures.partnerships import (
    DIRECTIONS,
    DORMANT_YEARS,
    alive,
    in_force,
    lapses_within,
    partner_country,
    partner_institution,
    places_used,
    year_end,
)
from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import require

CHALLENGES = ("language", "systems", "resources", "law", "management")
REQUIRED = "B2"  # CEFR: what most programmes taught in the language ask for at entry
MONTHS = 12  # within which an agreement is about to lapse
SLOW = 30  # days to a decision on a visa from which on it counts as slow
USED = ["direction", "origin", "destination", "home_institution", "host_institution", "agreement_id", "mode", "field", "funder", "year", "start", "end",
        "months", "grant_amount", "currency", "language_entry", "language_exit", "credits_attempted", "credits_recognised", "visa_applied", "visa_decided",
        "visa_result", "outcome"]  # fmt: skip
COLUMNS = ["year", "y", "w", "country", "field", "funder", "mode"]
# What records of stays, agreements and events do not hold, by challenge: code -> challenge.
NOT_RECORDED = {
    "course_language": "language",
    "time_to_recognition": "systems",
    "grade_conversion": "systems",
    "cost_of_living": "resources",
    "data_protection": "law",
    "intellectual_property": "law",
    "disputes": "management",
}


@dataclass(frozen=True)
class Books:
    """The records of one source, up to a year."""

    stays: pd.DataFrame
    agreements: pd.DataFrame
    year: int

    @property
    def years(self) -> list[int]:
        """The academic years in which stays began, up to the last one asked for."""
        known = self.stays["year"].dropna().astype(int)
        return sorted(y for y in known.unique().tolist() if y <= self.year)


@dataclass(frozen=True)
class Signal:
    """One signal.

    `unit`: "%" (0 to 100), "days", or "currency" (of grants, per month). `worse` says which way is a barrier. `about` is what is
    counted: stays (people), partners, agreements or places. `pooled`: years may be taken together; the others are states on a day.
    """

    id: str
    challenge: str
    unit: str
    worse: str
    about: str
    observe: Callable[[Books], pd.DataFrame]
    pooled: bool = True

    @property
    def scale(self) -> float:
        """What Σy / Σw is multiplied by."""
        return 100.0 if self.unit == "%" else 1.0


def value_of(y: pd.Series, w: pd.Series, scale: float = 1.0) -> tuple[float, float]:
    """Σy / Σw, and its standard error (linearised); both null without observations.

    Of shares without variation (none or all) the error is that of half an observation more on either side.

    References
    ----------
    Cochran (1977), Sampling Techniques, section 6.3, on ratios.

    Examples
    --------
    >>> value, error = value_of(pd.Series([1.0, 0.0, 0.0, 1.0]), pd.Series(1.0, range(4)), 100)
    >>> round(value), round(error, 1)
    (50, 28.9)
    """
    n, whole = len(y), float(w.sum())
    if n < 2 or not whole > 0:
        return (scale * float(y.sum()) / whole, np.nan) if whole > 0 else (np.nan, np.nan)
    ratio = float(y.sum()) / whole
    error = float(np.sqrt(np.square(y - ratio * w).sum() * n / (n - 1)) / whole)
    if error == 0 and scale == 100.0:
        near = (ratio * n + 0.5) / (n + 1)
        error = float(np.sqrt(near * (1 - near) / (n + 1)))
    return scale * ratio, scale * error


def below_requirement(stays: pd.DataFrame, required: str = REQUIRED) -> pd.Series:
    """Whether the language level at entry lies below the one required; null where it is not known.

    >>> below_requirement(pd.DataFrame({"language_entry": ["B1", "C1", None, "6.5"]})).tolist()
    [1.0, 0.0, nan, nan]
    """
    level = stays["language_entry"].map(CEFR).astype(float)
    return level.lt(CEFR[required]).astype(float).where(level.notna())


def _of_stays(rows: pd.DataFrame, y: pd.Series, w: pd.Series | None = None, year: str = "year") -> pd.DataFrame:
    weight = pd.Series(1.0, rows.index) if w is None else w
    table = pd.DataFrame({"year": rows[year], "y": y, "w": weight, "country": partner_country(rows)})
    for column in ("field", "funder", "mode"):
        table[column] = rows.get(column, None)
    known = table["year"].notna() & table["y"].notna() & table["w"].gt(0)
    return table[known].astype({"year": int, "y": float, "w": float}).reset_index(drop=True)


def _ended(books: Books) -> pd.DataFrame:
    """Stays across a border that ended, each with the academic year of its end."""
    return physical(ended_stays(books.stays, books.year, 1000))


def _outcome(which: str, books: Books, rows: pd.DataFrame, year: str) -> pd.DataFrame:
    base = OUTCOMES[which].base(rows)
    return _of_stays(base, OUTCOMES[which].value(base), year=year)


def _language_gap(books: Books) -> pd.DataFrame:
    rows = physical(begun(books.stays))
    return _of_stays(rows, below_requirement(rows))


def _no_gain(books: Books) -> pd.DataFrame:
    rows = _ended(books)
    steps = language_steps(rows)
    below_top = rows["language_entry"].ne("C2")  # who enters at the top has no level to gain
    return _of_stays(rows, steps.le(0).astype(float).where(steps.notna() & below_top), year="ended")


def _credits_lost(books: Books) -> pd.DataFrame:
    rows = OUTCOMES["credit_recognition"].base(_ended(books))
    attempted, recognised = (rows[c].astype(float) for c in ("credits_attempted", "credits_recognised"))
    return _of_stays(rows, (attempted - recognised).clip(lower=0), attempted, year="ended")


def _not_in_full(books: Books) -> pd.DataFrame:
    table = _outcome("full_recognition", books, _ended(books), "ended")
    return table.assign(y=1 - table["y"])


def _unfunded(books: Books) -> pd.DataFrame:
    return _outcome("unfunded", books, physical(books.stays), "year")


def main_currency(stays: pd.DataFrame) -> str:
    """The currency in which most grants are on record; "" where none is.

    >>> main_currency(pd.DataFrame({"grant_amount": [1.0, 2.0, None], "currency": ["CNY", "CNY", "EUR"]}))
    'CNY'
    """
    currency = stays.loc[stays["grant_amount"].gt(0), "currency"].dropna()
    return str(currency.mode().iloc[0]) if len(currency) else ""


def _grants(books: Books) -> pd.DataFrame:
    rows = physical(begun(books.stays))
    rows = rows[rows["grant_amount"].gt(0) & rows["currency"].eq(main_currency(books.stays))]
    rows = rows[rows["outcome"].ne("withdrawn").fillna(True)]  # a grant for months that were not stayed
    return _of_stays(rows, rows["grant_amount"], rows["months"].astype(float))


def _withdrawn_unfunded(books: Books) -> pd.DataFrame:
    rows = _ended(books)
    return _outcome("withdrawal", books, rows[rows["funder"].isin(["self", "none"])], "ended")


def _refusals(books: Books) -> pd.DataFrame:
    return _outcome("visa_refusal", books, physical(books.stays), "year")


def _visa_days(books: Books) -> pd.DataFrame:
    return _outcome("visa_days", books, physical(books.stays), "year")


def _in_force(books: Books, year: int) -> pd.DataFrame:
    return books.agreements[in_force(books.agreements, year_end(year))]


def _by_year(books: Books, one: Callable[[Books, int], pd.DataFrame]) -> pd.DataFrame:
    """Observations of agreements in each year that has stays enough before it to tell what is dormant."""
    parts = [one(books, year).assign(year=year) for year in books.years[DORMANT_YEARS - 1 :]]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return table.reindex(columns=COLUMNS).astype({"y": float, "w": float})


def _lapsing(books: Books, year: int) -> pd.DataFrame:
    rows = _in_force(books, year)
    rows = rows[rows["expires"].notna()]
    soon = lapses_within(rows, year_end(year), MONTHS).astype(float)
    return pd.DataFrame({"y": soon, "w": 1.0, "country": rows["country"], "mode": rows["mode"]})


def _dormant(books: Books, year: int) -> pd.DataFrame:
    rows = _in_force(books, year).dropna(subset=["partner"]).drop_duplicates("partner")
    asleep = ~rows["partner"].isin(alive(books.stays, year))
    return pd.DataFrame({"y": asleep.astype(float), "w": 1.0, "country": rows["country"]})


def _unused_places(books: Books, year: int) -> pd.DataFrame:
    rows = _in_force(books, year).drop_duplicates("agreement_id")
    used = places_used(books.stays[books.stays["year"].eq(year)], rows).dropna(subset=["places"])
    about = rows.set_index("agreement_id")[["country", "mode"]]
    used = used[used["places"].gt(0)].join(about, on="agreement_id")
    free = (used["places"] - used["used"]).clip(lower=0)
    return pd.DataFrame({"y": free, "w": used["places"], "country": used["country"], "mode": used["mode"]})


def _unmatched(books: Books, year: int) -> pd.DataFrame:
    stays = books.stays[books.stays["year"].eq(year)]
    table = balance(stays, by="institution", modes=("exchange",))
    seen = pd.DataFrame({"partner": partner_institution(stays), "country": partner_country(stays)}).dropna()
    country = seen.drop_duplicates("partner").set_index("partner")["country"]
    both = (table["inbound"] + table["outbound"]).astype(float)
    gap = (table["inbound"] - table["outbound"]).abs().astype(float)
    return pd.DataFrame({"y": gap, "w": both, "country": table["partner"].map(country)})


SIGNALS: dict[str, Signal] = {
    s.id: s
    for s in (
        Signal("language_gap", "language", "%", "higher", "stays", _language_gap),
        Signal("no_language_gain", "language", "%", "higher", "stays", _no_gain),
        Signal("credits_not_recognised", "systems", "%", "higher", "stays", _credits_lost),
        Signal("not_in_full", "systems", "%", "higher", "stays", _not_in_full),
        Signal("unfunded", "resources", "%", "higher", "stays", _unfunded),
        Signal("grant_per_month", "resources", "currency", "lower", "stays", _grants),
        Signal("withdrawn_unfunded", "resources", "%", "higher", "stays", _withdrawn_unfunded),
        Signal("visa_refusal", "law", "%", "higher", "stays", _refusals),
        Signal("visa_days", "law", "days", "higher", "stays", _visa_days),
        Signal("lapsing", "law", "%", "higher", "agreements", lambda b: _by_year(b, _lapsing), pooled=False),
        Signal("dormant", "management", "%", "higher", "partners", lambda b: _by_year(b, _dormant), pooled=False),
        Signal("unused_places", "management", "%", "higher", "places", lambda b: _by_year(b, _unused_places)),
        Signal("unmatched", "management", "%", "higher", "exchanges", lambda b: _by_year(b, _unmatched)),
    )
}
NEEDS: dict[str, tuple[str, ...]] = {
    "language_gap": ("language_entry",),
    "no_language_gain": ("language_entry", "language_exit"),
    "credits_not_recognised": ("credits_attempted", "credits_recognised"),
    "not_in_full": ("credits_attempted", "credits_recognised"),
    "unfunded": ("funder",),
    "grant_per_month": ("grant_amount", "currency", "months"),
    "withdrawn_unfunded": ("funder",),
    "visa_refusal": ("visa_applied", "visa_result"),
    "visa_days": ("visa_applied", "visa_decided"),
    "unmatched": ("home_institution", "host_institution"),
    "dormant": ("home_institution", "host_institution"),
    "unused_places": ("agreement_id",),
}
OF_AGREEMENTS: dict[str, tuple[str, ...]] = {
    "lapsing": ("partner", "country", "mode", "signed", "expires"),
    "dormant": ("partner", "country", "mode", "signed", "expires"),
    "unused_places": ("agreement_id", "country", "mode", "signed", "expires", *DIRECTIONS.values()),
}


def signal_observations(
    stays: pd.DataFrame, agreements: pd.DataFrame, source: str, year: int, signal: str
) -> pd.DataFrame | str:
    """The observations of one signal, or the reason (a code) why there are none.

    Parameters
    ----------
    stays, agreements
        The processed tables; only the rows of `source` count.
    year
        The last academic year (named by its end) of the observations. A stay counts in the year in which it began; of what
        came of it, in the year in which it ended.
    signal
        Of SIGNALS.

    Returns
    -------
    pandas.DataFrame or str
        year, y, w, country (of the partner), field, funder, mode; the signal is Σy / Σw (times 100 in percent). Or no_column_…, no_stays, no_agreements, no_observations.

    Raises
    ------
    KeyError
        No such signal.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "origin": "KOR", "destination": "CHN", "mode": "exchange", "year": 2024,
    ...     "language_entry": ["B1", "C1", None]})
    >>> signal_observations(stays, pd.DataFrame(), "u", 2024, "language_gap")[["year", "y", "w", "country"]].values.tolist()
    [[2024, 1.0, 1.0, 'KOR'], [2024, 0.0, 1.0, 'KOR']]
    """
    spec = SIGNALS[signal]
    require(stays, ("source", "direction", "origin", "destination", "mode", "year"), "stays")
    own = stays[stays["source"].eq(source)]
    own = own[own["year"].le(year).fillna(False)]
    agreed = agreements[agreements["source"].eq(source)] if "source" in agreements else agreements
    absent = next((c for c in NEEDS.get(signal, ()) if c not in own), None)
    absent = absent or next((c for c in OF_AGREEMENTS.get(signal, ()) if c not in agreed and len(agreed)), None)
    if own.empty or absent:
        return f"no_column_{absent}" if absent and len(own) else "no_stays"
    if signal in OF_AGREEMENTS and agreed.empty:
        return "no_agreements"
    found = spec.observe(Books(own[[c for c in USED if c in own]], agreed, year))
    found = found[found["year"].le(year)]
    return found.reset_index(drop=True) if len(found) else "no_observations"
