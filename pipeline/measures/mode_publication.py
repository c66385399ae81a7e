"""The tables about modes, made fit to be published beside the annual series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.measures.disclosure.gate import as_policy
from pipeline.settings import Disclosure

TENS = 10


def published_modes(
    profile: pd.DataFrame, moves: pd.DataFrame, record: pd.DataFrame, policy: Disclosure | None = None
) -> dict[str, pd.DataFrame]:
    """The three tables as they may be published.

    Bases are rounded to tens and percentages to whole ones (of moves to one decimal; others to three figures), for exact ones would stand beside those of
    the annual series; a value on fewer than minimum_base, and a share of or of all but 1 to minimum_count − 1 people, is null.

    Parameters
    ----------
    profile, moves, record
        As `profile_of_modes`, `mode_transitions` and `rule_record` give them.
    policy
        As for `protect`.

    Returns
    -------
    dict of pandas.DataFrame
        mode_profile, mode_transitions, mode_rules, each with status ("C": something is hidden) and without k.

    Examples
    --------
    >>> moves = pd.DataFrame({"from_mode": "exchange", "to": "degree", "students": [104], "k": [3], "share": [2.9], "median_months": [24.0]})
    >>> from pipeline.measures.mode_profiles import PROFILE
    >>> empty = pd.DataFrame(columns=PROFILE), pd.DataFrame(columns=["by", "group", "k", "n", "share"])
    >>> published_modes(empty[0], moves, empty[1])["mode_transitions"][["students", "share", "status"]].values.tolist()
    [[nan, nan, 'C']]
    """
    chosen = as_policy(policy)
    people = profile["unit"].eq("%") & profile["indicator"].ne("credit_recognition")
    return {
        "mode_profile": _rounded(profile, "n", ["value", "lower", "upper"], people, chosen),
        "mode_transitions": _rounded(
            moves, "students", ["share", "median_months"], pd.Series(True, moves.index), chosen, 1
        ),
        "mode_rules": _rounded(record, "n", ["share"], pd.Series(True, record.index), chosen),
    }


def _rounded(
    table: pd.DataFrame, base: str, values: list[str], people: pd.Series, policy: Disclosure, digits: int = 0
) -> pd.DataFrame:
    """The base to tens, percentages to `digits`, others to three figures; null on small bases and where a few people would show."""
    n, k = table[base].astype(float), table["k"].astype(float)
    few = k.between(1, policy.minimum_count - 1) | (n - k).between(1, policy.minimum_count - 1)
    hidden = (n.lt(policy.minimum_base) & n.gt(0)) | (people & few)
    result = table.drop(columns="k").assign(**{base: (n / TENS).round() * TENS})
    count = table["indicator"].eq("stays") if "indicator" in table else pd.Series(False, table.index)
    for column in values:
        figures = table[column].astype(float)
        plain = figures.map(lambda v: float(f"{v:.3g}")).where(~people, figures.round(digits))
        result[column] = plain.where(~count, result[base]).where(~hidden)
    result[base] = result[base].where(~hidden)
    return result.assign(status=np.where(hidden, "C", "A"))
