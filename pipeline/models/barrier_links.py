"""How a barrier goes with completion: stays with it against stays without, what else differs held equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.barrier_signals import SLOW, below_requirement
from pipeline.measures.outcome_kinds import OUTCOMES
from pipeline.models.effects import table
from pipeline.models.outcome_models import outcome_model
from pipeline.models.outcome_tables import CONTROLS, prepared
from pipeline.settings import Disclosure

OUTCOME = "completion"
ALL = CONTROLS["language"]
# Why there is no such comparison.
NO_LINK = {
    "no_language_gain": "is_outcome",
    "credits_not_recognised": "is_outcome",
    "not_in_full": "is_outcome",
    "withdrawn_unfunded": "is_outcome",
    "grant_per_month": "of_length",  # who leaves early has fewer months: a higher grant per month by that alone
    "visa_refusal": "never_begun",
    "dormant": "of_partners",
    "unused_places": "of_partners",
    "unmatched": "of_partners",
}


def _unfunded(stays: pd.DataFrame) -> pd.Series:
    return OUTCOMES["unfunded"].value(stays)


def _slow(stays: pd.DataFrame) -> pd.Series:
    days = OUTCOMES["visa_days"].value(stays)
    return days.ge(SLOW).astype(float).where(days.notna())


FLAGS: dict[str, tuple[Callable[[pd.DataFrame], pd.Series], tuple[str, ...], tuple[str, ...]]] = {
    "language_gap": (below_requirement, ALL, ("language_entry",)),
    "unfunded": (_unfunded, CONTROLS["funder"], ("funder",)),
    "visa_days": (_slow, ALL, ("visa_applied", "visa_decided")),
}


def link(ended: pd.DataFrame, signal: str, policy: Disclosure) -> dict[str, Any]:
    """The difference in completion between the stays with a barrier and those without, in points, or the reason why there is none.

    Parameters
    ----------
    ended
        Stays across a border that ended, of `ended_stays`.
    signal
        Of `measures.barrier_signals.SIGNALS`.
    policy
        Both groups need minimum_base stays, and minimum_count that were completed and that were not.

    Returns
    -------
    dict
        outcome, difference, diff_lower, diff_upper, controls; or no_link: is_outcome, of_length, never_begun, of_partners, not_recorded, too_few, no_model.

    Examples
    --------
    >>> link(pd.DataFrame(), "visa_refusal", Disclosure())
    {'no_link': 'never_begun'}
    """
    if signal not in FLAGS:
        return {"no_link": NO_LINK.get(signal, "of_partners")}
    flag, controls, needs = FLAGS[signal]
    columns = {*needs, "mode", "level", "direction", "funder", "end", "outcome", "home_institution", "host_institution"}
    if not columns <= set(ended.columns):
        return {"no_link": "not_recorded"}
    base = prepared(OUTCOMES[OUTCOME].base(ended))
    has = flag(base)
    rows = base.assign(y=OUTCOMES[OUTCOME].value(base), barrier=has.map({1.0: "with", 0.0: "without"}))
    try:
        model = outcome_model(rows, "y", "barrier", controls, reference="without")
    except InputError:
        return {"no_link": "no_model"}
    counts = model.rows.counts.reindex(["with", "without"])
    ends = pd.concat([counts["k"], counts["n"] - counts["k"]], axis=1)
    if not (counts["n"].ge(policy.minimum_base).all() and ends.ge(policy.minimum_count).all(axis=None)):
        return {"no_link": "too_few"}
    found = table(model, 100.0).set_index("group")
    if "with" not in found.index:
        return {"no_link": "no_model"}
    numbers = found[["difference", "lower", "upper"]].astype(float).round(1).to_dict("index")["with"]
    named = dict(zip(("difference", "diff_lower", "diff_upper"), numbers.values(), strict=True))
    return {"outcome": OUTCOME, **named, "controls": ";".join(controls)}
