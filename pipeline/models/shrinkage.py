"""Rates of small groups, drawn towards what all groups have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from pipeline.errors import InputError


def shrunk_rates(groups: pd.DataFrame, level: float = 0.95, wanted: Sequence[bool] | None = None) -> pd.DataFrame:
    """Rates of small groups drawn towards the mean of all, the more the smaller they are (hierarchical beta-binomial).

    Parameters
    ----------
    groups : group, n, k
    level : of the credible interval
    wanted : for which groups; the interval is what takes time, and is null for the others

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
    asked = np.ones(len(n), bool) if wanted is None else np.asarray(wanted, dtype=bool)
    nothing = np.full(201, np.nan)
    below = [chance @ special.betainc(a[g][:, None], b[g][:, None], at) if asked[g] else nothing for g in range(len(n))]
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        out = groups.assign(rate=np.where(n > 0, k / n, np.nan), shrunk=(a / (a + b)) @ chance)
    out = out.assign(
        lower=[np.interp(tail, row, at) if known else np.nan for row, known in zip(below, asked, strict=True)],
        upper=[np.interp(1 - tail, row, at) if known else np.nan for row, known in zip(below, asked, strict=True)],
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


def spread_between(groups: pd.DataFrame) -> float:
    """How far the rates of groups lie apart beyond chance: their standard deviation (posterior median), of the model of `shrunk_rates`.

    Parameters
    ----------
    groups : n, k

    Examples
    --------
    >>> alike = pd.DataFrame({"n": [100] * 20, "k": [50, 48, 52, 47, 53] * 4})
    >>> apart = pd.DataFrame({"n": [100] * 20, "k": [30, 40, 50, 60, 70] * 4})
    >>> spread_between(alike) < 0.05, 0.1 < spread_between(apart) < 0.2
    (True, True)
    """
    mean, weight, chance = _common_rate(groups["n"].to_numpy(dtype=float), groups["k"].to_numpy(dtype=float))
    spread = np.sqrt(mean * (1 - mean) / (weight + 1))
    order = np.argsort(spread)
    return float(np.interp(0.5, np.cumsum(chance[order]), spread[order]))


def shrunk_means(groups: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Means of small groups drawn towards that of all, the more the less sure they are (hierarchical normal model).

    Parameters
    ----------
    groups : group, value, error (standard error of the value)
    level : of the credible interval

    Returns
    -------
    The frame with shrunk (posterior mean), lower, upper; groups without a value or an error are left out.

    Notes
    -----
    The groups' own standard deviation has a flat prior and is summed over a grid; the interval takes in its uncertainty.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, section 5.4.

    Examples
    --------
    >>> groups = pd.DataFrame({"group": list("abcd"), "value": [20.0, 22.0, 21.0, 60.0], "error": [1.0, 1.0, 1.0, 40.0]})
    >>> shrunk_means(groups).shrunk.round().tolist()[0], bool(shrunk_means(groups).shrunk[3] < 25)
    (20.0, True)
    """
    if missing := [c for c in ("group", "value", "error") if c not in groups.columns]:
        raise InputError("groups", f"have no column {', '.join(missing)}.", "Give group, value and error.")
    known = groups[groups["value"].notna() & groups["error"].gt(0)].reset_index(drop=True)
    if known.empty:
        return known.assign(shrunk=[], lower=[], upper=[])
    y, v = known["value"].to_numpy(dtype=float), np.square(known["error"].to_numpy(dtype=float))
    tau = np.linspace(0, 4 * float(np.std(y)) + 1e-9, 101)[:, None]
    weight = 1 / (v[None, :] + tau**2)
    total = weight.sum(axis=1, keepdims=True)
    common = (weight * y).sum(axis=1, keepdims=True) / total
    log_chance = (np.log(weight) - weight * (y - common) ** 2).sum(axis=1) / 2 - np.log(total[:, 0]) / 2
    chance = np.exp(log_chance - log_chance.max())
    chance = (chance / chance.sum())[:, None]
    own = tau**2 / (v[None, :] + tau**2)  # how much a group's own value counts
    middle = own * y + (1 - own) * common
    variance = own * v[None, :] + (1 - own) ** 2 / total
    shrunk = (chance * middle).sum(axis=0)
    spread = np.sqrt((chance * (variance + (middle - shrunk) ** 2)).sum(axis=0))
    far = float(special.ndtri((1 + level) / 2))
    return known.assign(shrunk=shrunk, lower=shrunk - far * spread, upper=shrunk + far * spread)
