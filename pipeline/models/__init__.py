"""What pattern, what next, how sure: trends and outlook, breaks, flows, outcomes, networks.

Every door is imported when it is first used, so that importing the room is cheap.
"""

from __future__ import annotations

from pipeline.doors import doors

_DOORS = {
    "pairs": "pipeline.models.geography",
    "outlook": "pipeline.models.forecast",
    "backtest": "pipeline.models.forecast",
    "track_record": "pipeline.models.record",
    "breaks": "pipeline.models.events",
    "gravity": "pipeline.models.flows",
    "network": "pipeline.models.webs",
    "with_covariates": "pipeline.models.covariates",
    "study_flows": "pipeline.models.expectations",
    "shown_expected": "pipeline.models.expectations",
    "country_flows": "pipeline.models.subject_flows",
    "institution_flows": "pipeline.models.subject_flows",
    "country_network": "pipeline.models.subject_flows",
    "star_network": "pipeline.models.subject_flows",
    "reconcile": "pipeline.models.coherence",
    "event_study": "pipeline.models.policy",
    "scenario": "pipeline.models.what_if",
    "carried": "pipeline.models.what_if",
    "scenarios": "pipeline.models.assumptions",
    "Grounds": "pipeline.models.assumptions",
    "coherent": "pipeline.models.coherence",
    "coherent_backtest": "pipeline.models.coherence",
    "adding_up": "pipeline.models.hierarchy",
    "shown_parts": "pipeline.models.hierarchy",
    "whole_people": "pipeline.models.hierarchy",
    "check_sums": "pipeline.models.hierarchy",
    "round_sums": "pipeline.models.coherence",
    "policy_events": "pipeline.models.declared_events",
    "error_checks": "pipeline.models.diagnostics",
    "shared_errors": "pipeline.models.diagnostics",
    "outcome_differences": "pipeline.models.outcome_models",
    "count_differences": "pipeline.models.outcome_models",
    "shrunk_rates": "pipeline.models.shrinkage",
    "check_model": "pipeline.models.outcome_checks",
    "compare_outcomes": "pipeline.models.outcome_tables",
    "partner_rates": "pipeline.models.outcome_tables",
    "barriers": "pipeline.models.barrier_study",
    "theme_outlook": "pipeline.models.themes_ahead",
    "change_cases": "pipeline.models.cases",
    "Happenings": "pipeline.models.happenings",
    "trend_test": "pipeline.models.trend_tests",
    "time_to_degree": "pipeline.models.degrees",
    "missing_bounds": "pipeline.measures.intervals",
    "time_to_event": "pipeline.models.durations",
    "known_breaks": "pipeline.models.events",
}
__all__ = sorted(_DOORS)
__getattr__, __dir__ = doors(__name__, _DOORS)
