"""How much? Tables in, tables out: series, partners, rates, indicators, and the gate that protects people in them."""

from __future__ import annotations

from pipeline.doors import doors

# A module must not bear the name of a door: importing it would put the module in the door's place.
_DOORS = {
    "subjects": "pipeline.measures.yearly",
    "latest_year": "pipeline.measures.yearly",
    "series": "pipeline.measures.yearly",
    "stay_series": "pipeline.measures.stay_counts",
    "complete_year": "pipeline.measures.stay_counts",
    "headline": "pipeline.measures.headlines",
    "partners": "pipeline.measures.ranking",
    "regions": "pipeline.measures.ranking",
    "concentration": "pipeline.measures.diversity",
    "balance": "pipeline.measures.exchange",
    "reciprocity": "pipeline.measures.exchange",
    "rates": "pipeline.measures.enrolment",
    "flow_tables": "pipeline.measures.corridors",
    "published_flows": "pipeline.measures.corridors",
    "stay_flows": "pipeline.measures.corridors",
    "groups": "pipeline.measures.country_groups",
    "group_shares": "pipeline.measures.country_groups",
    "outcome_rates": "pipeline.measures.outcomes",
    "ended_stays": "pipeline.measures.cohorts",
    "all_outcomes": "pipeline.measures.cohorts",
    "mode_profile": "pipeline.measures.cohorts",
    "outlook_panel": "pipeline.measures.cohorts",
    "wilson": "pipeline.measures.intervals",
    "garwood": "pipeline.measures.intervals",
    "mean_interval": "pipeline.measures.intervals",
    "counted": "pipeline.measures.publication",
    "parts": "pipeline.measures.splitting",
    "partner_series": "pipeline.measures.splitting",
    "sums": "pipeline.measures.splitting",
    "Few": "pipeline.measures.splitting",
    "protect": "pipeline.measures.disclosure",
    "audit": "pipeline.measures.disclosure",
    "Layout": "pipeline.measures.disclosure",
    "indicators": "pipeline.measures.registry",
    "classify_modes": "pipeline.measures.modes",
    "classified": "pipeline.measures.mode_profiles",
    "profile_of_modes": "pipeline.measures.mode_profiles",
    "mode_transitions": "pipeline.measures.mode_profiles",
    "agreement_with_stated": "pipeline.measures.mode_profiles",
    "rule_record": "pipeline.measures.mode_profiles",
    "published_modes": "pipeline.measures.mode_publication",
    "alliance_database": "pipeline.measures.alliance",
    "opportunities": "pipeline.measures.alliance_actions",
    "published_alliance": "pipeline.measures.alliance_publication",
}
__all__ = sorted(_DOORS)
__getattr__, __dir__ = doors(__name__, _DOORS)
