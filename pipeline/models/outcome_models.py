"""What came of stays, compared: differences between groups with what else differs held equal.

Groups differ in more than their name; every difference here is an association, never a cause.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.errors import InputError, did_you_mean
from pipeline.models import effects


def outcome_differences(
    stays: pd.DataFrame,
    outcome: str,
    by: str,
    controls: Sequence[str] = (),
    cluster: str = "partner",
    reference: str | None = None,
    weight: str | None = None,
) -> pd.DataFrame:
    """Differences in an outcome's rate between groups, as average marginal effects of a logistic model.

    Parameters
    ----------
    stays : one row a stay; rows where the outcome, group, a control or the cluster is unknown are left out and counted
    outcome : a yes/no column (boolean or 0/1), or shares from 0 to 1 (fractional logit, by quasi-likelihood)
    by : the groups
    controls : columns to hold equal: text as categories, numbers as they are
    cluster : column within which stays go together; "partner", where there is no such column, is the institution at the other end
        (host of outbound stays, home of inbound ones), or its country where no institution is on record
    reference : the group to compare with; by default (or when it cannot be compared) the largest
    weight : column of what each stay counts for (credits attempted, for the share of them that is recognised)

    Returns
    -------
    Frame of group, reference, n, k, rate (k of n), difference (0.041 is 4.1 points more than the reference's, had all stays the
    same controls), lower, upper (95 %, t with clusters − 1 degrees of freedom), p, p_holm (Holm's correction).
    ``attrs["left_out"]`` counts rows, and lists groups too small or without variation; ``attrs["clusters"]`` counts clusters.

    Raises
    ------
    InputError
        A column is missing, the outcome is neither yes/no nor a share, fewer than two groups can be compared, or the model cannot be fitted.

    References
    ----------
    Norton & Dowd (2018), Health Services Research 53(2), on marginal effects; Papke & Wooldridge (1996), Journal of Applied Econometrics
    11(6), on shares; Holm (1979), Scandinavian Journal of Statistics 6(2); Cameron & Miller (2015), Journal of Human Resources 50(2), on
    clustered errors.

    Examples
    --------
    >>> rows = [("exchange", k % 5 > 0, f"p{k % 12}") for k in range(120)] + [("degree", k % 5 > 1, f"p{k % 11}") for k in range(100)]
    >>> stays = pd.DataFrame(rows, columns=["mode", "completed", "partner"])
    >>> outcome_differences(stays, "completed", "mode")[["group", "difference"]].round(2).values.tolist()
    [['degree', -0.2]]
    """
    model = outcome_model(stays, outcome, by, controls, cluster, reference, weight)
    return effects.table(model)


def outcome_model(
    stays: pd.DataFrame,
    outcome: str,
    by: str,
    controls: Sequence[str] = (),
    cluster: str = "partner",
    reference: str | None = None,
    weight: str | None = None,
) -> effects.Fitted:
    """The fitted model behind `outcome_differences`, for `check_model`."""
    y = _numbers(stays, outcome)
    if not y.dropna().between(0, 1).all():
        raise InputError(
            "stays",
            f"{outcome} is not a yes/no column, nor one of shares from 0 to 1.",
            "Give true and false, or 1 and 0; leave unknown ones empty.",
        )
    heavy = _numbers(stays, weight) if weight else None
    return effects.fit(effects.choose(stays, y, by, controls, cluster, reference, weight=heavy), "logit")


def count_differences(
    stays: pd.DataFrame,
    outcome: str,
    by: str,
    controls: Sequence[str] = (),
    cluster: str = "partner",
    reference: str | None = None,
    exposure: str | None = None,
    per: float = 100.0,
) -> pd.DataFrame:
    """Differences in a number of events (joint publications) per 100 stays, as average marginal effects of a Poisson model.

    Parameters
    ----------
    stays, by, controls, cluster, reference : as for `outcome_differences`
    outcome : a column of counts, 0 or more
    exposure : column of what the events are counted on (months of the stay): the expected number is proportional to it, and stays
        are compared at the same exposure; by default every stay counts alike
    per : stays to which the differences refer

    Returns
    -------
    As `outcome_differences`; k is the number of events, rate and difference are per `per` stays.

    Raises
    ------
    InputError
        A column is missing, the outcome has negative numbers, fewer than two groups can be compared, or the model cannot be fitted.

    Notes
    -----
    Poisson quasi-likelihood: only the mean has to be right. Counts that vary more than Poisson's are met by the clustered errors.

    References
    ----------
    Gourieroux, Monfort & Trognon (1984), Econometrica 52(3); Cameron & Trivedi (2013), Regression Analysis of Count Data, ch. 3.

    Examples
    --------
    >>> rows = [("exchange", k % 4 == 0, f"p{k % 12}") for k in range(120)] + [("degree", k % 2, f"p{k % 11}") for k in range(100)]
    >>> stays = pd.DataFrame(rows, columns=["mode", "papers", "partner"]).astype({"papers": int})
    >>> count_differences(stays, "papers", "mode")[["group", "rate", "difference"]].round(2).values.tolist()
    [['degree', 50.0, 25.0]]
    """
    return effects.table(count_model(stays, outcome, by, controls, cluster, reference, exposure), per)


def count_model(
    stays: pd.DataFrame,
    outcome: str,
    by: str,
    controls: Sequence[str] = (),
    cluster: str = "partner",
    reference: str | None = None,
    exposure: str | None = None,
) -> effects.Fitted:
    """The fitted model behind `count_differences`, for `check_model`."""
    y = _numbers(stays, outcome)
    if (y < 0).any():
        raise InputError("stays", f"{outcome} has numbers below 0.", "Give counts; leave unknown ones empty.")
    on = _numbers(stays, exposure) if exposure else None
    return effects.fit(
        effects.choose(stays, y, by, controls, cluster, reference, exposure=on, at_most_one=False), "poisson"
    )


def _numbers(stays: pd.DataFrame, name: str) -> pd.Series:
    """A column as numbers, unknown ones null."""
    if name not in stays.columns:
        raise InputError("stays", f"have no column {name}.", did_you_mean(name, map(str, stays.columns)))
    column = stays[name].astype("object")
    plain = column.map(lambda v: int(v) if isinstance(v, (bool, np.bool_)) else v)
    numbers = pd.to_numeric(plain, errors="coerce").astype(float)
    if (numbers.isna() & column.notna()).any():
        raise InputError(
            "stays",
            f"{name} is not a yes/no column and not of numbers.",
            "Leave unknown ones empty; write numbers as numbers.",
        )
    return numbers
