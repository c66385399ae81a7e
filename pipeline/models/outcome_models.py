"""What came of stays, compared: differences between groups with what else differs held equal, small groups shrunk, gaps bounded.

Groups differ in more than their name; every difference here is an association, never a cause.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special, stats

from pipeline.errors import InputError, did_you_mean

LEAST = 10  # stays a group needs to be compared
_REFERENCE_COLUMNS = ["group", "reference", "n", "k", "rate", "difference", "lower", "upper", "p", "p_holm"]


def outcome_differences(
    stays: pd.DataFrame, outcome: str, by: str, controls: Sequence[str] = (), cluster: str = "partner"
) -> pd.DataFrame:
    """Differences in an outcome's rate between groups, as average marginal effects of a logistic model.

    Parameters
    ----------
    stays : one row a stay; rows where the outcome, group, a control or the cluster is unknown are left out and counted
    outcome : a yes/no column (boolean or 0/1)
    by : the groups; the largest is the reference
    controls : columns to hold equal: text as categories, numbers as they are
    cluster : column within which stays go together; "partner", where there is no such column, is the institution at the other end
        (host of outbound stays, home of inbound ones)

    Returns
    -------
    Frame of group, reference, n, k, rate (observed share), difference (0.041 is 4.1 points more than the reference's, had all stays the
    same controls), lower, upper (95 %, t with clusters − 1 degrees of freedom), p, p_holm (Holm's correction).
    ``attrs["left_out"]`` counts rows, and lists groups too small or without variation; ``attrs["clusters"]`` counts clusters.

    Raises
    ------
    InputError
        A column is missing, the outcome is not yes/no, or fewer than two groups can be compared.

    References
    ----------
    Norton & Dowd (2018), Health Services Research 53(2), on marginal effects; Holm (1979), Scandinavian Journal of Statistics 6(2);
    Cameron & Miller (2015), Journal of Human Resources 50(2), on clustered errors.

    Examples
    --------
    >>> rows = [("exchange", k % 5 > 0, f"p{k % 12}") for k in range(120)] + [("degree", k % 5 > 1, f"p{k % 11}") for k in range(100)]
    >>> stays = pd.DataFrame(rows, columns=["mode", "completed", "partner"])
    >>> outcome_differences(stays, "completed", "mode")[["group", "difference"]].round(2).values.tolist()
    [['degree', -0.2]]
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    columns = [outcome, by, *controls, cluster]
    stays = _with_partner(stays) if cluster == "partner" else stays
    if missing := [c for c in columns if c not in stays.columns]:
        raise InputError("stays", f"have no column {missing[0]}.", did_you_mean(missing[0], map(str, stays.columns)))
    data = stays[columns].dropna().reset_index(drop=True)
    y = _yes_no(data[outcome], outcome)
    group = data[by].astype(str)
    counts = pd.DataFrame({"n": y.groupby(group).size(), "k": y.groupby(group).sum().astype(int)})
    small = counts["n"] < LEAST
    flat = ~small & ((counts["k"] == 0) | (counts["k"] == counts["n"]))
    kept = counts[~small & ~flat].sort_values("n", ascending=False, kind="stable")
    if len(kept) < 2:
        raise InputError(
            "stays",
            f"{by} has {len(kept)} groups that can be compared, not two.",
            f"A group needs {LEAST} stays and both outcomes.",
        )
    inside = group.isin(kept.index).to_numpy()
    data = data[inside].reset_index(drop=True)
    answer, member = y[inside].to_numpy(), group[inside].to_numpy()
    reference, *others = kept.index
    design = pd.concat(
        [pd.DataFrame({g: (member == g).astype(float) for g in others}), _controls(data, controls)], axis=1
    )
    x = np.column_stack([np.ones(len(answer)), design.to_numpy()])
    clusters = pd.factorize(data[cluster].astype(str))[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", (PerfectSeparationWarning, ConvergenceWarning))
        try:
            fit = sm.Logit(answer, x).fit(disp=0, maxiter=200, cov_type="cluster", cov_kwds={"groups": clusters})
        except (np.linalg.LinAlgError, PerfectSeparationWarning, ConvergenceWarning) as error:
            raise InputError(
                "stays", f"{outcome} cannot be modelled by {by} with these controls ({error}).", "Take fewer controls."
            ) from None
    effects = [_marginal(fit, x, 1 + place, range(1, 1 + len(others))) for place in range(len(others))]
    df = max(clusters.max(), 1)
    table = pd.DataFrame(effects, columns=["difference", "error"])
    half = stats.t.ppf(0.975, df) * table["error"]
    table = table.assign(
        lower=table["difference"] - half,
        upper=table["difference"] + half,
        p=2 * stats.t.sf(np.abs(table["difference"] / table["error"]), df),
    )
    picked = kept.loc[others].reset_index(names="group")
    out = pd.concat([picked, table], axis=1).assign(
        reference=reference, rate=lambda f: f["k"] / f["n"], p_holm=holm(table["p"].to_numpy())
    )
    out = out[_REFERENCE_COLUMNS]
    out.attrs["left_out"] = {
        "unknown": len(stays) - len(stays[columns].dropna()),
        "too_small": sorted(counts.index[small]),
        "no_variation": sorted(counts.index[flat]),
    }
    out.attrs["clusters"] = int(clusters.max()) + 1
    return out


def _with_partner(stays: pd.DataFrame) -> pd.DataFrame:
    if "partner" in stays.columns or not {"direction", "home_institution", "host_institution"} <= set(stays.columns):
        return stays
    return stays.assign(
        partner=stays["host_institution"].where(stays["direction"].eq("outbound"), stays["home_institution"])
    )


def _yes_no(column: pd.Series, name: str) -> pd.Series:
    values = pd.to_numeric(
        column.astype(object).map(lambda v: int(v) if isinstance(v, (bool, np.bool_)) else v), errors="coerce"
    )
    if not values.isin([0, 1]).all():
        raise InputError(
            "stays", f"{name} is not a yes/no column.", "Give true and false, or 1 and 0; leave unknown ones empty."
        )
    return values.astype(float)


def _controls(data: pd.DataFrame, controls: Sequence[str]) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    for name in controls:
        column = data[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = column.astype(float)
            parts.append(((values - values.mean()) / (values.std() or 1.0)).rename(name).to_frame())
        else:
            parts.append(pd.get_dummies(column.astype(str), prefix=name, drop_first=True).astype(float))
    frame = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=data.index)
    independent = [c for c in frame if frame[c].std() > 0]
    return frame[independent]


def _marginal(fit: object, x: np.ndarray, place: int, group_places: Sequence[int] | range) -> tuple[float, float]:
    """Mean difference in probability between one group and the reference, and its error by the delta method."""
    beta, covariance = np.asarray(fit.params), np.asarray(fit.cov_params())  # type: ignore[attr-defined]
    base = x.copy()
    base[:, list(group_places)] = 0
    there = base.copy()
    there[:, place] = 1
    p1, p0 = special.expit(there @ beta), special.expit(base @ beta)
    gradient = ((p1 * (1 - p1))[:, None] * there - (p0 * (1 - p0))[:, None] * base).mean(axis=0)
    return float((p1 - p0).mean()), float(np.sqrt(gradient @ covariance @ gradient))


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction for several comparisons; unknown stays unknown.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return out


def shrunk_rates(groups: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Rates of small groups drawn towards the mean of all, the more the smaller they are (hierarchical beta-binomial).

    Parameters
    ----------
    groups : group, n, k
    level : of the credible interval

    Returns
    -------
    The frame with rate, shrunk (posterior mean), lower, upper. ``attrs["weight"]`` is how many stays the common rate is worth
    (posterior median).

    Raises
    ------
    InputError
        A column is missing, or k is not between 0 and n.

    Notes
    -----
    What the groups have in common is itself uncertain: its posterior is summed over a grid, with the prior
    ``weight ** -3/2`` of the reference. Plugging in one estimate (plain empirical Bayes) gave intervals far too narrow in simulation.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, section 5.3; Morris (1983), JASA 78(381), on empirical Bayes.

    Examples
    --------
    >>> groups = pd.DataFrame({"group": list("abcd"), "n": [200, 180, 220, 3], "k": [150, 120, 180, 0]})
    >>> shrunk_rates(groups).shrunk.round(2).tolist()[0], bool(shrunk_rates(groups).shrunk[3] > 0.2)
    (0.75, True)
    """
    if missing := [c for c in ("group", "n", "k") if c not in groups.columns]:
        raise InputError("groups", f"have no column {', '.join(missing)}.", "Give group, n and k.")
    n, k = groups["n"].to_numpy(dtype=float), groups["k"].to_numpy(dtype=float)
    if ((k < 0) | (k > n)).any():
        raise InputError(
            "groups", "have a k that is not between 0 and n.", "k counts the stays with the outcome among n."
        )
    mean, weight, chance = _common_rate(n, k)
    a, b = mean * weight + k[:, None], (1 - mean) * weight + (n - k)[:, None]
    at = np.linspace(0, 1, 201)
    below = (
        np.stack([chance @ special.betainc(a[g][:, None], b[g][:, None], at) for g in range(len(n))])
        if len(n)
        else np.empty((0, 201))
    )
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        out = groups.assign(rate=np.where(n > 0, k / n, np.nan), shrunk=(a / (a + b)) @ chance)
    out = out.assign(
        lower=[np.interp(tail, row, at) for row in below], upper=[np.interp(1 - tail, row, at) for row in below]
    )
    order = np.argsort(weight)
    out.attrs["weight"] = float(np.interp(0.5, np.cumsum(chance[order]), weight[order]))
    return out


def _common_rate(n: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posterior of the groups' common mean and its weight in stays: grid points and their chances."""
    mean, log_weight = (
        axis.ravel()
        for axis in np.meshgrid(special.expit(np.linspace(-6, 6, 73)), np.linspace(np.log(1), np.log(2000), 13))
    )
    weight = np.exp(log_weight)
    a, b = mean * weight, (1 - mean) * weight
    log_chance = (
        np.log(mean * (1 - mean)) - log_weight / 2
    )  # uniform in the mean, weight ** -3/2, on this grid of logits and logs
    for successes, size in zip(k, n, strict=True):
        log_chance = log_chance + special.betaln(successes + a, size - successes + b) - special.betaln(a, b)
    chance = np.exp(log_chance - log_chance.max())
    keep = chance > 1e-3
    return mean[keep], weight[keep], chance[keep] / chance[keep].sum()
