"""The result tables of the scorecard, from the clean tables to what may be published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.aims import Scorecard
from pipeline.measures.composite import ranked_composite
from pipeline.measures.disclosure.gate import protect
from pipeline.measures.publication import counted
from pipeline.measures.registry.registry import indicators
from pipeline.measures.scorecard import followed_up, scorecard_of
from pipeline.measures.yearly_indicators import YEARS, indicator_history, peer_values
from pipeline.settings import Settings

OF_A_COUNTRY = 5  # years: published figures stand alone, and have no usual change to be told from
PAST = ["indicator", "year", "value", "lower", "upper", "n", "coverage", "unit", "reason", "status"]


def scorecard_results(
    tables: Mapping[str, pd.DataFrame], subject: str, year: int, settings: Settings
) -> dict[str, pd.DataFrame]:
    """The scorecard of a subject and year as it may be published, and what goes with it.

    Parameters
    ----------
    tables
        stays, counts, agreements, events, context by name; of the stays those of the subject and its peers.
    subject, year
        Whom and when.
    settings
        Targets, peers, composite and the disclosure policy.

    Returns
    -------
    dict of pandas.DataFrame
        scorecard (as `scorecard_of`), scorecard_past (the values shown, year by year), scorecard_followed (as `followed_up`), and where a composite
        is asked for and can be made composite and composite_parts (as `Composite`, with of: years or peers, and how it was made).

    Examples
    --------
    >>> from pathlib import Path
    >>> counts = pd.DataFrame(columns=["reporter", "year", "origin_kind", "destination_kind"])
    >>> here = Settings(Path("."), (), Path("."), Path("."), ())
    >>> scorecard_results({"counts": counts}, "CHN", 2018, here)["scorecard"]["reason"].unique().tolist()
    ['no_counts']
    """
    policy = settings.disclosure
    targets, peers = settings.aimed(subject)
    stays = tables.get("stays", pd.DataFrame())
    institution = len(stays) > 0 and bool(stays["source"].eq(subject).any())
    published = {s: protect(counted(stays, s, year), policy)["series"] for s in (subject, *peers) if _has(stays, s)}
    years = YEARS if institution else OF_A_COUNTRY
    history = indicator_history(tables, subject, year, policy, years, published.get(subject))
    others = peer_values(tables, [p for p in peers if _has(stays, p) == institution], year, policy, published)
    now = scorecard_of(history, year, targets, others)
    past = history.drop(columns=["value", "lower", "upper", "n"])
    past = past.rename(
        columns={f"shown{c}": n for c, n in (("", "value"), ("_lower", "lower"), ("_upper", "upper"), ("_n", "n"))}
    )
    found = {
        "scorecard": now,
        "scorecard_past": past[PAST],
        "scorecard_followed": followed_up(scorecard_of(history, year - 1, targets), now),
    }
    return found | _composite(past, others, subject, year, settings.scorecard)


def _has(stays: pd.DataFrame, source: str) -> bool:
    return len(stays) > 0 and bool(stays["source"].eq(source).any())


def _composite(
    past: pd.DataFrame, others: pd.DataFrame, subject: str, year: int, asked: Scorecard
) -> dict[str, pd.DataFrame]:
    """Of the subject among its peers where there are two or more, else of its years; of what is shown."""
    if not asked.composite:
        return {}
    if others["peer"].nunique() > 1:
        own = past[past["year"].eq(year) & past["value"].notna()].assign(peer=subject)
        of, long, unit = "peers", pd.concat([own[["peer", "indicator", "value"]], others]), "peer"
    else:
        of, long, unit = "years", past, "year"
    wide = long.pivot(index=unit, columns="indicator", values="value")
    judged = [i for i in indicators if i in wide and indicators[i].better != "neither"]
    chosen = judged if isinstance(asked.composite, bool) else [i for i in asked.composite if i in wide]
    made = ranked_composite(wide, chosen, asked.weights, asked.normalisation, asked.aggregation)
    if made is None:
        return {}
    facts: dict[str, Any] = {"of": of, **made.how}
    scores = made.scores.assign(unit=made.scores["unit"].astype(str), **facts)
    return {"composite": scores, "composite_parts": made.parts}
