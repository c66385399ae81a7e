"""Iterate over the indicators, look one up, compute it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import pandas as pd

from pipeline.errors import SettingsError, did_you_mean
from pipeline.measures.registry import further_formulas as further
from pipeline.measures.registry import other_formulas as other
from pipeline.measures.registry import stay_formulas as of_stays
from pipeline.measures.registry.catalogue import Indicator, read_catalogue
from pipeline.measures.registry.found import Asked, Found, Tables

COLUMNS = ["indicator", "value", "n", "numerator", "denominator", "lower", "upper", "unit", "reason", "eligible"]
FORMULAS: dict[str, Callable[..., Found]] = {
    "stay_number": of_stays.stay_number,
    "stay_share": of_stays.stay_share,
    "stay_mean": of_stays.stay_mean,
    "outcome": of_stays.outcome,
    "partner_number": of_stays.partner_number,
    "partner_concentration": of_stays.partner_concentration,
    "matched_share": of_stays.matched_share,
    "published_number": other.published_number,
    "published_ratio": other.published_ratio,
    "enrolment_rate": other.enrolment_rate,
    "agreement_number": other.agreement_number,
    "agreement_share": other.agreement_share,
    "dormant_share": other.dormant_share,
    "quota_use": other.quota_use,
    "event_number": other.event_number,
    "event_hours_per_outgoing": other.event_hours_per_outgoing,
    "funder_number": other.funder_number,
    "partner_retention": further.partner_retention,
    "partner_depth": further.partner_depth,
    "published_partners": further.published_partners,
    "publishing_countries": further.publishing_countries,
    "funding_lost": further.funding_lost,
    "grant_per_month": further.grant_per_month,
    "recognition_spread": further.recognition_spread,
    "agreement_renewal": further.agreement_renewal,
    "event_count": further.event_count,
    "event_online_share": further.event_online_share,
    "partner_events_per_100": further.partner_events_per_100,
    "virtual_followed": further.virtual_followed,
    "students_abroad": further.students_abroad,
}
FILTERS = (
    "subject",
    "year",
    "as_of",
    "direction",
    "mode",
    "level",
    "field",
    "funder",
    "origin",
    "destination",
    "gender",
)


class Registry(Mapping[str, Indicator]):
    """The indicators by id.

    Examples
    --------
    >>> indicators["inbound_mobility_rate"].source
    'UIS'
    >>> len(indicators) >= 40
    True
    """

    @cached_property
    def _all(self) -> dict[str, Indicator]:
        return read_catalogue()

    def __getitem__(self, id: str) -> Indicator:
        if id not in self._all:
            raise KeyError(f"no indicator {id!r}. {did_you_mean(id, self._all)}")
        return self._all[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def of(self, actor: str) -> list[Indicator]:
        """Those of one actor: state, society, university, supervisor or student."""
        return [i for i in self._all.values() if i.actor == actor]

    def serving(self, idea: int) -> list[Indicator]:
        """Those that serve one of the study's ideas, by its number."""
        return [i for i in self._all.values() if idea in i.ideas]

    def compute(self, id: str, tables: Tables, **filters: Any) -> pd.DataFrame:
        """One indicator from the processed tables.

        Parameters
        ----------
        id
            Of the registry.
        tables
            stays, counts, agreements, events, context by name; those that the indicator does not need may be absent.
        filters
            subject (an alpha-3 code, or the name of a source), year (the year in which an academic year ends), as_of (a
            date, for agreements), or columns of the stays with a value or a list of values (direction, mode, level …).

        Returns
        -------
        pandas.DataFrame
            One row: indicator, value, n (its base), numerator, denominator, lower, upper (95 %), unit (an amount has its currency), reason, eligible (the
            base if nothing were unknown; n over it is the coverage; null where that has no meaning). Where there is no
            value, reason says why: no_stays, no_column_…, no_base, small_base, no_figure, no_enrolment … The value is then null, never 0.

        Raises
        ------
        KeyError
            No such indicator.
        SettingsError
            No such filter.

        Examples
        --------
        >>> indicators.compute("completion_rate", {})[["value", "reason"]]
           value    reason
        0    NaN  no_stays
        """
        indicator = self[id]
        for key in filters:
            if key not in FILTERS:
                raise SettingsError(f"indicator {id}", f"{key}: no such filter.", did_you_mean(key, FILTERS))
        where = {k: v for k, v in filters.items() if k not in ("subject", "year", "as_of") and v is not None}
        asked = Asked(filters.get("subject"), filters.get("year"), filters.get("as_of"), where)
        found = FORMULAS[indicator.method](tables, asked, **indicator.arguments)
        if found.reason is None and found.n < indicator.minimum_n:
            found = Found(n=found.n, reason="small_base", eligible=found.eligible)
        numbers = (found.value, found.n, found.numerator, found.denominator, found.lower, found.upper)
        unit = found.unit or indicator.unit
        return pd.DataFrame([(id, *numbers, unit, found.reason, found.eligible)], columns=COLUMNS)

    def compute_all(self, tables: Tables, **filters: Any) -> pd.DataFrame:
        """Every indicator, one row each, in the order of the registry."""
        return pd.concat([self.compute(id, tables, **filters) for id in self], ignore_index=True)


indicators = Registry()
