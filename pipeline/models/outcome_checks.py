"""What an outcome model assumes, held against the data: calibration, link, dispersion, clusters, what is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.errors import InputError
from pipeline.models.effects import Fitted, fit, independent

TENTHS = 10
# Check, whether its value has to be at least or at most this, and how much.
LIMITS: dict[str, tuple[str, float]] = {
    "clusters": ("least", 30.0),
    "events_per_parameter": ("least", 10.0),
    "left_out_pct": ("most", 20.0),
    "link_p": ("least", 0.05),
    "calibration_p": ("least", 0.05),
    "dispersion": ("most", 1.5),
}


def check_model(model: Fitted) -> pd.DataFrame:
    """Hold a model's assumptions against the data it was fitted on.

    Parameters
    ----------
    model
        From `outcome_model` or `count_model`.

    Returns
    -------
    pandas.DataFrame
        check, value, limit, holds (null where there is nothing to hold). Checks: clusters (30 or more: intervals rest on them);
        events_per_parameter (stays with the rarer outcome, or events, for each coefficient: 10 or more); left_out_pct (stays that are in
        no comparison because something of them is not known); link_p (Pregibon's link test: the square of the linear predictor
        added, errors clustered); calibration_p (tenths of the stays by what was expected: Hosmer and Lemeshow for yes/no outcomes, for others χ² with the spread seen in each
        tenth) and calibration_gap (the farthest tenth, in points or events per 100 stays; it has no limit); dispersion (counts: Pearson's χ² per degree of freedom; 1 is Poisson's. More is met by
        the clustered errors, and only said).

    References
    ----------
    Pregibon (1980), Applied Statistics 29(1); Hosmer, Lemeshow & Sturdivant (2013), Applied Logistic Regression, ch. 5; Peduzzi et al.
    (1996), Journal of Clinical Epidemiology 49(12), on events per variable; Cameron & Miller (2015) on few clusters.

    Examples
    --------
    >>> from pipeline.models.outcome_models import outcome_model
    >>> rows = [("exchange", k % 5 > 0, f"p{k % 12}") for k in range(120)] + [("degree", k % 5 > 1, f"p{k % 11}") for k in range(100)]
    >>> stays = pd.DataFrame(rows, columns=["mode", "completed", "partner"])
    >>> check_model(outcome_model(stays, "completed", "mode")).query("check == 'clusters'")[["value", "holds"]].values.tolist()
    [[12.0, False]]
    """
    rows = model.rows
    missing = rows.left_out["unknown"]
    found: dict[str, float] = {
        "clusters": float(model.clusters),
        "events_per_parameter": _events(model) / model.x.shape[1],
        "left_out_pct": 100 * missing / (missing + float(rows.counts["n"].sum())),
        "link_p": _link(model),
    }
    found |= _calibration(model)
    if model.family == "poisson":
        found["dispersion"] = float(((rows.y - model.mean) ** 2 / model.mean).sum() / (len(rows.y) - model.x.shape[1]))
    table = pd.DataFrame({"check": list(found), "value": list(found.values())})
    table["limit"] = [LIMITS[c][1] if c in LIMITS else np.nan for c in table["check"]]
    table["holds"] = pd.array([_holds(c, v) for c, v in found.items()], dtype="boolean")
    return table


def _holds(check: str, value: float) -> bool | None:
    if check not in LIMITS or np.isnan(value):
        return None
    way, limit = LIMITS[check]
    return value >= limit if way == "least" else value <= limit


def _events(model: Fitted) -> float:
    y = model.rows.y
    return float(y.sum() if model.family == "poisson" else min(y.sum(), len(y) - y.sum()))


def _link(model: Fitted) -> float:
    """The p of the squared linear predictor; null where the model has but two different predictions."""
    eta = model.x @ model.beta
    square = (eta - eta.mean()) ** 2
    if not independent(np.column_stack([model.x, square])):
        return float("nan")
    try:
        wider = fit(model.rows, model.family, square)
    except InputError:  # the wider model has no finite fit: nothing can be said of the link
        return float("nan")
    t = wider.beta[-1] / np.sqrt(wider.covariance[-1, -1])
    return float(2 * stats.t.sf(abs(t), model.df))


def _calibration(model: Fitted) -> dict[str, float]:
    """Observed against expected in tenths of the stays by what was expected."""
    rows, mean = model.rows, model.mean
    each = mean / rows.exposure if model.family == "poisson" else mean
    tenth = pd.Series(np.minimum(pd.Series(each).rank(method="average", pct=True) * TENTHS, TENTHS - 1e-9) // 1)
    off = (rows.y - mean) * rows.weight
    values = {"off": off, "square": off**2, "m": mean * rows.weight, "w": rows.weight}
    parts = pd.DataFrame(values).groupby(tenth).sum()
    gap = float(100 * (parts["off"] / parts["w"]).abs().max())
    if len(parts) < 4:
        return {"calibration_gap": gap}
    yes_no = model.family == "logit" and (rows.weight == 1).all() and np.isin(rows.y, (0.0, 1.0)).all()
    spread = parts["m"] * (1 - parts["m"] / parts["w"]) if yes_no else parts["square"]
    chi = float((parts["off"] ** 2 / spread).sum())
    return {"calibration_p": float(stats.chi2.sf(chi, len(parts) - 2)), "calibration_gap": gap}
