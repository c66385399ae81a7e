"""What the notebook on outcomes leaves: differences between groups, rates of partners, the models' checks; all fit to be published.

A difference is shown only between groups whose rates the protected outcomes show, beside those same numbers; numbers of stays that stand in no other
table are rounded to tens. So nothing here tells more of a few people than the outcomes do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.disclosure import Layout, protect
from pipeline.measures.outcome_kinds import DEGREE_MODES, OUTCOMES
from pipeline.measures.stay_counts import physical
from pipeline.models.effects import Fitted, table, with_partner
from pipeline.models.outcome_checks import check_model
from pipeline.models.outcome_models import count_model, outcome_model
from pipeline.models.shrinkage import shrunk_rates
from pipeline.settings import Disclosure

ASKED = ("completion", "credit_recognition", "degree_award", "both_degrees", "publications_per_100")
# What is held equal: programme is the mode, that of degrees by level and year of end, for who left early fills the recent years.
CONTROLS: dict[str, tuple[str, ...]] = {
    "mode": ("level", "direction", "funder", "ended"),
    "funder": ("programme", "level", "direction", "ended"),
    "language": ("programme", "level", "direction", "ended", "funder"),
}
REFERENCE = {"mode": "exchange", "funder": "self", "language": "B2"}
OF_PARTNERS = ("completion", "full_recognition")
RECORDED = 0.5  # of a mode's stays: where fewer have a number of publications, the mode does not record them
DIGITS = {"clusters": 0, "events_per_parameter": 0, "left_out_pct": 0, "calibration_gap": 1, "dispersion": 2}
COLUMNS = ["outcome", "by", "group", "reference", "n", "k", "rate", "difference", "lower", "upper", "p_holm", "unit",
           "controls", "clusters", "reason"]  # fmt: skip
_PARTNERS = Layout(
    dims=("indicator", "partner"),
    counts={"n": {}, "k": {}},
    parts={"k": "n"},
    bases=dict.fromkeys(("rate", "shrunk", "lower", "upper"), "n"),
    aliases={"indicator": {}},  # k is a part of n, by its own name
    people={"indicator": OF_PARTNERS},
    universe="outcomes_of_partners",
)


@dataclass(frozen=True)
class Compared:
    """The differences, the checks of the models behind them, and the models themselves (not to be published)."""

    differences: pd.DataFrame
    checks: pd.DataFrame
    models: Mapping[tuple[str, str], Fitted]


def about_tens(number: float) -> int:
    """A number of stays rounded to tens.

    >>> about_tens(1234)
    1230
    """
    return int(round(number, -1))


def compare_outcomes(ended: pd.DataFrame, outcomes: pd.DataFrame) -> Compared:
    """Differences in what came of stays by mode, funder and language at entry, with the checks of each model.

    Parameters
    ----------
    ended
        From `ended_stays`.
    outcomes
        The protected outcomes of the same stays.

    Returns
    -------
    Compared
        differences: outcome, by, group, reference, n, k, rate (those of the protected outcomes), difference, lower, upper (percentage points,
        or per 100 stays), p_holm, unit, controls (what is held equal, with ";"), clusters, reason (why there is no difference: hidden, too_small, no_variation,
        no_model). Recognised credits: fractional logit, a stay counting for the credits it attempted. Publications: Poisson, of the modes that record them.
        checks: outcome, by, check, value, limit, holds, and stays (used, to tens); values are rounded.

    Notes
    -----
    The mode of a degree programme is taken by level and year of end where the mode is held equal: of the newest beginners only those who
    left early have ended, so that how many were completed depends on when their intake was large.
    """
    ended = prepared(ended)
    parts, checks, models = [], [], {}
    for outcome in ASKED:
        for by, controls in CONTROLS.items():
            if not {by, *controls} <= set(ended.columns) or not set(OUTCOMES[outcome].needs) <= set(ended.columns):
                continue
            shown = outcomes[
                outcomes["indicator"].eq(outcome) & outcomes["group_by"].eq(by) & outcomes["group"].ne("all")
            ]
            try:
                model = model_of(ended, outcome, by, controls)
            except InputError:
                parts.append(_without_model(shown, outcome, by))
                continue
            models[outcome, by] = model
            parts.append(_fit_to_publish(model, shown, outcome, by, controls))
            used = about_tens(len(model.rows.y))
            checks.append(_rounded(check_model(model)).assign(outcome=outcome, by=by, stays=used))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    checked = (
        pd.concat(checks, ignore_index=True) if checks else pd.DataFrame(columns=["check", "value", "limit", "holds"])
    )
    order = ["outcome", "by", "check", "value", "limit", "holds", "stays"]
    return Compared(found.reindex(columns=COLUMNS), checked.reindex(columns=order), models)


def _rounded(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks with their values rounded, so that no number of stays follows from them."""
    values = [round(v, DIGITS.get(c, 3)) for c, v in zip(checks["check"], checks["value"], strict=True)]
    return checks.assign(value=values)


def prepared(ended: pd.DataFrame) -> pd.DataFrame:
    """The stays with partner, year of end as a category, and programme: what the controls of every comparison need.

    >>> ended = pd.DataFrame({"mode": ["degree", "exchange"], "level": "7", "ended": 2024})
    >>> prepared(ended)["programme"].tolist()
    ['degree|7|2024', 'exchange']
    """
    year = ended["ended"].astype("string").astype("object")
    programme = ended["mode"].astype("object")
    degree = ended["mode"].isin(DEGREE_MODES[:1]) & ended["level"].notna() & year.notna()
    split = programme + "|" + ended["level"].astype("object") + "|" + year
    return with_partner(ended).assign(ended=year, programme=programme.where(~degree, split))


def model_of(ended: pd.DataFrame, outcome: str, by: str, controls: tuple[str, ...]) -> Fitted:
    """The model of one outcome by one breakdown, on the base that the outcome has in `outcome_rates`.

    Raises
    ------
    InputError
        When there are not two groups to compare, or no model can be fitted.
    """
    spec = OUTCOMES[outcome]
    base = spec.base(ended)
    base = base if by == "mode" else physical(base)
    value = spec.value(base)
    reference = REFERENCE[by]
    if spec.kind == "rate":
        known = value.notna().groupby(base["mode"].astype("object")).mean()
        inside = base["mode"].isin(known.index[known >= RECORDED])
        return count_model(base[inside].assign(y=value[inside]), "y", by, controls, reference=reference)
    if spec.per is not None:
        per = spec.per(base)
        return outcome_model(base.assign(y=value / per, w=per), "y", by, controls, reference=reference, weight="w")
    return outcome_model(base.assign(y=value), "y", by, controls, reference=reference)


def _fit_to_publish(
    model: Fitted, shown: pd.DataFrame, outcome: str, by: str, controls: tuple[str, ...]
) -> pd.DataFrame:
    """Differences beside the protected numbers of the same groups; null where either group's rate is hidden."""
    spec = OUTCOMES[outcome]
    found = table(model, 100.0).set_index("group")
    reference = model.rows.groups[0]
    open_ = set(shown.loc[shown["value"].notna(), "group"])
    rows = []
    for row in shown.to_dict("records"):
        group = str(row["group"])
        if group in (reference, "unknown"):
            continue
        cell: dict[str, Any] = {"group": group, "n": row["n"], "k": row["k"], "rate": row["value"], "reason": None}
        if not {group, reference} <= open_:
            cell["reason"] = "hidden" if row["n"] != 0 else "too_small"
        elif group in found.index:
            cell |= {str(c): v for c, v in found.loc[group, ["difference", "lower", "upper", "p_holm"]].items()}
        else:
            cell["reason"] = "no_variation" if group in model.rows.left_out["no_variation"] else "too_small"
        rows.append(cell)
    fixed = {"outcome": outcome, "by": by, "reference": reference, "unit": "points" if spec.unit == "%" else spec.unit}
    return pd.DataFrame(rows).assign(**fixed, controls=";".join(controls), clusters=model.clusters)


def _without_model(shown: pd.DataFrame, outcome: str, by: str) -> pd.DataFrame:
    kept = shown[shown["group"].ne("unknown")].rename(columns={"value": "rate"})
    return kept[["group", "n", "k", "rate"]].assign(outcome=outcome, by=by, reason="no_model")


def partner_rates(ended: pd.DataFrame, policy: Disclosure | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Completion and full recognition of each partner institution, small ones drawn towards the rate of all.

    Parameters
    ----------
    ended
        From `ended_stays`.
    policy
        As for `protect`.

    Returns
    -------
    (partner_rates, partner_spread)
        partner_rates: indicator, partner, n, k, rate, shrunk, lower, upper (percent, shrunken ones without decimals, and n to tens), side (above, below, of the
        rate of all partners, null where the interval holds it), status; protected, sorted by shrunk. partner_spread: indicator, partners, overall (rate of
        all, to whole percent), weight (how many stays the common rate is worth), above, below (partners whose interval is clear of it, shown or not).

    Notes
    -----
    Rates are not adjusted for modes and levels, in which partners differ.
    """
    rows, spread = [], []
    institution = ended["home_institution"].where(ended["direction"].eq("inbound"), ended["host_institution"])
    for indicator in OF_PARTNERS:
        spec = OUTCOMES[indicator]
        if not set(spec.needs) <= set(ended.columns):
            continue
        base = physical(spec.base(ended))
        value = spec.value(base)
        known = value.notna() & institution.reindex(base.index).notna()
        if not known.any():
            continue
        sums = value[known].groupby(institution.reindex(base.index)[known].astype(str)).agg(["size", "sum"])
        groups = sums.reset_index(names="group").rename(columns={"size": "n", "sum": "k"})
        drawn = shrunk_rates(groups)
        overall = 100 * float(drawn["k"].sum() / drawn["n"].sum())
        percent = {c: 100 * drawn[c] for c in ("rate", "shrunk", "lower", "upper")}
        drawn = drawn.assign(**percent, indicator=indicator).rename(columns={"group": "partner"})
        whole = {
            "partner": "all",
            "n": drawn["n"].sum(),
            "k": drawn["k"].sum(),
            "rate": overall,
            "indicator": indicator,
        }
        rows.append(pd.concat([drawn, pd.DataFrame([whole])], ignore_index=True))
        spread.append(
            {
                "indicator": indicator,
                "partners": len(drawn),
                "overall": overall,
                "weight": round(float(drawn.attrs["weight"])),
                "above": int((drawn["lower"] > overall).sum()),
                "below": int((drawn["upper"] < overall).sum()),
            }
        )
    if not rows:
        return pd.DataFrame(), pd.DataFrame()
    safe = protect({"partner_rates": pd.concat(rows, ignore_index=True)}, policy, {"partner_rates": _PARTNERS})[
        "partner_rates"
    ]
    wide = pd.DataFrame(spread)
    return _sided(safe, wide), wide.assign(overall=wide["overall"].round())


def _sided(safe: pd.DataFrame, spread: pd.DataFrame) -> pd.DataFrame:
    """The protected partners without their total, rounded, with the side of the mean on which they lie."""
    safe = safe[safe["partner"].ne("all")].copy()
    overall = safe["indicator"].map(spread.set_index("indicator")["overall"])
    side = np.select([safe["lower"] > overall, safe["upper"] < overall], ["above", "below"], "")
    safe["side"] = pd.Series(side, index=safe.index, dtype="object").where(side != "", None)
    for column in ("shrunk", "lower", "upper"):
        safe[column] = safe[column].round()
    safe = safe.assign(n=safe["n"].round(-1)).drop(columns=["k", "rate"])
    order = ["indicator", "partner", "n", "shrunk", "lower", "upper", "side", "status"]
    return safe[order].sort_values(["indicator", "shrunk", "partner"], ascending=[True, False, True], ignore_index=True)
