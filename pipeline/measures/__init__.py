"""How much? Tables in, tables out: series, partners, rates, indicators, and the gate that protects people in them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# A module must not bear the name of a door: importing it would put the module in the door's place.
_DOORS = {
    "subjects": "yearly",
    "latest_year": "yearly",
    "series": "yearly",
    "stay_series": "stay_counts",
    "complete_year": "stay_counts",
    "headline": "headlines",
    "partners": "ranking",
    "regions": "ranking",
    "concentration": "diversity",
    "balance": "exchange",
    "reciprocity": "exchange",
    "rates": "enrolment",
    "groups": "country_groups",
    "group_shares": "country_groups",
    "outcome_rates": "outcomes",
    "ended_stays": "cohorts",
    "all_outcomes": "cohorts",
    "mode_profile": "cohorts",
    "outlook_panel": "cohorts",
    "wilson": "intervals",
    "garwood": "intervals",
    "mean_interval": "intervals",
    "counted": "publication",
    "protect": "disclosure",
    "audit": "disclosure",
    "Layout": "disclosure",
    "indicators": "registry",
}
__all__ = sorted(_DOORS)


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(f"pipeline.measures.{_DOORS[name]}"), name)
    raise AttributeError(f"module 'pipeline.measures' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
