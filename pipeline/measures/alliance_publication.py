"""The alliance database as it may be published: without numbers of people."""

from __future__ import annotations

import pandas as pd

from pipeline.measures.alliance import UNDER, Alliance
from pipeline.measures.alliance_actions import (
    KINDS,
    LAPSED_USED,
    LEAST_PLACES,
    NO_AGREEMENT,
    OVER,
    UNDER_USED,
    actions,
    alliance_sums,
)
from pipeline.measures.disclosure.gate import as_policy
from pipeline.settings import Disclosure


def published_alliance(found: Alliance, policy: Disclosure | None = None) -> dict[str, pd.DataFrame]:
    """The alliance database without numbers of people, as it may be published.

    Agreements and partners keep what is not about people (names of institutions, dates, places agreed, bands, groups,
    laboratories) and say yes or no where at least minimum_count people, or none, are behind it; else it is null. No number of stays is left: the sums of
    partners would stand beside those of their countries. Shares rest on minimum_base stays and are whole percentages.

    Parameters
    ----------
    found
        As `alliance_database` gives it.
    policy
        As for `protect`.

    Returns
    -------
    dict of pandas.DataFrame
        alliance_agreements, alliance_partners, alliance_actions, alliance_sums.

    Examples
    --------
    >>> from pipeline.measures.alliance import PARTNERS, AGREEMENTS
    >>> partners = pd.DataFrame({"partner": ["A"], "use": [1.5], "places": [2.0], "used": [3.0], "agreements": 1, "dormant": False}).reindex(columns=PARTNERS)
    >>> found = Alliance(pd.DataFrame(columns=AGREEMENTS), partners, pd.Timestamp("2024-08-31"), 2024)
    >>> published_alliance(found)["alliance_partners"][["partner", "over_used"]].values.tolist()
    [['A', <NA>]]
    """
    chosen = as_policy(policy)
    sums = alliance_sums(found).drop(columns="places").assign(as_of=found.as_of)
    sums["use"] = sums["use"].round(0).where(sums["used"].ge(chosen.minimum_base) | sums["used"].eq(0))
    agreements, partners = _public_agreements(found, chosen), _public_partners(found, chosen)
    todo = actions(found)
    todo = todo[_may_be_told(todo, partners)]
    place = todo["partner"].map(partners.reset_index().set_index("partner")["index"])
    todo = todo.assign(_kind=todo["action"].map(KINDS.index), _place=place).sort_values(
        ["_kind", "_place"], kind="stable"
    )
    return {
        "alliance_agreements": agreements,
        "alliance_partners": partners,
        "alliance_actions": todo.drop(columns=["depth", "_kind", "_place"]).reset_index(drop=True),
        "alliance_sums": sums.drop(columns="used"),
    }


def _flag(true: pd.Series, people: pd.Series, policy: Disclosure) -> pd.Series:
    """Yes or no; null where it speaks of 1 to minimum_count − 1 people."""
    few = people.astype(float).between(1, policy.minimum_count - 1)
    return true.astype("boolean").mask(few.fillna(True) & true.notna())


def _public_agreements(found: Alliance, policy: Disclosure) -> pd.DataFrame:
    table = found.agreements
    late = _flag(table["used_after_expiry"].gt(0), table["used_after_expiry"], policy)
    gone = ["used_in", "used_out", "use_in", "use_out", "used_after_expiry"]
    return table.drop(columns=gone).assign(lapsed_used=late)


def _public_partners(found: Alliance, policy: Disclosure) -> pd.DataFrame:
    table = found.partners
    numbers = table[["places", "used", "use", "stays", "dual_supervised_k", "dual_supervised_n"]].astype(float)
    k, n = numbers["dual_supervised_k"], numbers["dual_supervised_n"]
    clear = n.ge(policy.minimum_base) & ~k.between(1, policy.minimum_count - 1)
    clear &= ~(n - k).between(1, policy.minimum_count - 1)
    under = (numbers["use"].lt(UNDER) & numbers["places"].ge(LEAST_PLACES)).where(numbers["use"].notna())
    deep = numbers["stays"].ge(policy.minimum_base)
    gone = [
        "places",
        "used",
        "use",
        "exchange_in",
        "exchange_out",
        "dual_supervised_k",
        "dual_supervised_n",
        "stays",
        "depth",
    ]
    public = table.drop(columns=gone).assign(
        without_agreement=_flag(table["without_agreement"], numbers["stays"], policy),
        lapsed_used=_flag(table["lapsed_used"].gt(0), table["lapsed_used"], policy),
        over_used=_flag(numbers["use"].gt(1).where(numbers["use"].notna()), numbers["used"], policy),
        under_used=_flag(under, numbers["used"], policy),
        dual_supervised_pct=(100 * k / n.where(n.gt(0))).round(0).where(clear),
        depth_rank=table["depth"].astype(float).rank(ascending=False, method="min").where(deep),
    )
    public = public.assign(years_active=table["years_active"].where(deep), modes=table["modes"].where(deep))
    return public.sort_values(["depth_rank", "partner"], kind="stable").reset_index(drop=True)  # order tells depth, too


def _may_be_told(todo: pd.DataFrame, partners: pd.DataFrame) -> pd.Series:
    """Which actions the published flags of their partner bear out."""
    flags = partners.set_index("partner")
    told = pd.Series(True, todo.index)
    for kind in (LAPSED_USED, NO_AGREEMENT, OVER, UNDER_USED):
        mine = todo["action"].eq(kind)
        yes = todo.loc[mine, "partner"].map(flags[kind]).fillna(False).astype(bool)
        told = told.mask(mine, yes.reindex(todo.index))
    return told.astype(bool)
