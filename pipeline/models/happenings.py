"""What is known to have happened in a year to a line of figures: known breaks and shocks, and policy events that were declared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pipeline.declared import PolicyEvent
from pipeline.measures.headlines import concerns
from pipeline.models.declared_events import concerned_countries

LASTING = 2  # years from the first that may show it in which a declared event is named
OTHER_WAY = {"inbound": "outbound", "outbound": "inbound"}


@dataclass(frozen=True)
class Happenings:
    """Known and declared events of a subject.

    Attributes
    ----------
    known
        From `known_breaks`.
    declared
        The subject's events of mobility.toml.
    country
        The subject's alpha-3 code; None for an institution.

    Examples
    --------
    >>> from pipeline.models import known_breaks
    >>> line = {"about": "country", "country": "KOR", "direction": "inbound", "publisher": "P", "measure": "stock", "period": "2020"}
    >>> Happenings(known_breaks()).of(line, 2020)["events_en"]
    'COVID-19 pandemic'
    """

    known: pd.DataFrame
    declared: tuple[PolicyEvent, ...] = field(default=())
    country: str | None = None

    def of(self, line: dict[str, Any], year: int) -> dict[str, Any]:
        """What of a year concerns a line.

        Parameters
        ----------
        line
            about, country (of the partner), direction, publisher, measure, period.
        year
            The year.

        Returns
        -------
        dict
            events_en, events_zh (labels joined with ";"), redefined (a change of definition is among them).

        Raises
        ------
        SettingsError
            A declared event names a group of countries that is not known.
        """
        found = [e for e in self._in(year) if self._concerns(e, line)]
        labels = [(str(e["label_en"]), str(e["label_zh"])) for e in found]
        labels += [(e.label_en, e.label_zh) for e in self.declared if self._shows(e, line, year)]
        labels = list(dict.fromkeys(labels))
        return {
            "events_en": ";".join(en for en, _ in labels),
            "events_zh": ";".join(zh for _, zh in labels),
            "redefined": any(e["kind"] == "definition" for e in found),
        }

    def _in(self, year: int) -> list[dict[str, Any]]:
        first, last = (pd.to_numeric(self.known[c]).astype(int) for c in ("first_year", "last_year"))
        return [
            {str(k): v for k, v in e.items()} for e in self.known[first.le(year) & last.ge(year)].to_dict("records")
        ]

    def _concerns(self, event: dict[str, Any], line: dict[str, Any]) -> bool:
        """Of the world and the subject whatever bears on the series; of the partner what bears on those who go there, or leave it."""
        where, kind, applies = event["country"], event["kind"], str(event["applies_to"])
        if where in ("WLD", self.country):
            return concerns(applies, pd.Series(line), kind)
        there = {"publisher": "", "measure": "", "direction": OTHER_WAY.get(line["direction"], "")}
        return bool(where == line["country"] and kind != "definition" and concerns(applies, pd.Series(there), kind))

    def _shows(self, event: PolicyEvent, line: dict[str, Any], year: int) -> bool:
        if line["about"] == "outcome" or line["direction"] not in ("all", event.direction):
            return False
        first = event.first_year("/" in str(line["period"]))
        if not first <= year < first + LASTING:
            return False
        partner = line["country"]
        members = concerned_countries(event.countries, first, f"mobility.toml, event {event.label_en!r}")
        return partner is None or partner in members
