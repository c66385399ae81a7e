"""What the alliance database asks for: actions by partner, opportunities, sums by mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.alliance import HORIZONS, UNDER, Alliance
from pipeline.measures.country_groups import groups

BAND = "1-200"  # the rank band that the study asks for
LEAST_PLACES = 5  # with fewer, little used says nothing
LEAST_GAP = 5.0  # students a year: a smaller shortfall is no opportunity
LAPSES, LAPSED_USED, NO_AGREEMENT = "lapses", "lapsed_used", "without_agreement"
OVER, UNDER_USED, DORMANT, ONE_WAY = "over_used", "under_used", "dormant", "one_way"
KINDS = (LAPSES, LAPSED_USED, NO_AGREEMENT, OVER, DORMANT, ONE_WAY, UNDER_USED)
ACTIONS = ["action", "partner", "country", "date", "months", "detail", "rank_band", "belt_and_road", "depth"]
BELOW, IDLE, NONE_YET = "below_expected", "idle_partner", "no_agreement"
OPPORTUNITIES = [
    "kind",
    "country",
    "partner",
    "direction",
    "actual",
    "expected",
    "gap",
    "agreements",
    "rank_band",
    "belt_and_road",
]
SUMMARY = [
    "group",
    "in_force",
    "end_known",
    "due_6",
    "due_12",
    "due_24",
    "renewed",
    "with_places",
    "over",
    "under",
    "places",
    "used",
    "use",
]
PARTNER_SUMS = [
    "partners",
    "dormant",
    "one_way",
    "lapsed_used",
    "without_agreement",
    "in_band",
    "belt_and_road",
    "laboratories",
]


def actions(found: Alliance, within: int = 12) -> pd.DataFrame:
    """What to do next, partner by partner: the kinds in the order of their urgency, in each the deepest partner first.

    Parameters
    ----------
    found
        As `alliance_database` gives it.
    within
        Months within which an end is due for renewal.

    Returns
    -------
    pandas.DataFrame
        action (lapses: an agreement in force ends within so many months and none follows; lapsed_used: stays go on in a mode whose
        agreement has lapsed; without_agreement; over_used: more stays than places; dormant; one_way; under_used: fewer than half of five or more
        places), partner, country, date (of the end), months (the horizon), detail (modes, or the direction), rank_band,
        belt_and_road, depth.

    Examples
    --------
    >>> agreements = pd.DataFrame({"agreement_id": ["A1"], "partner": "A", "mode": "exchange", "state": "in_force", "due": [6], "successor": None,
    ...     "expires": pd.to_datetime(["2025-01-01"]), "used_after_expiry": 0})
    >>> partners = pd.DataFrame({"partner": ["A"], "country": "KOR", "without_agreement": False, "dormant": True, "one_way": None, "places": [4.0],
    ...     "used": [0.0], "use": [0.0], "modes_agreed": "exchange", "rank_band": None, "belt_and_road": True, "depth": 0})
    >>> actions(Alliance(agreements, partners, pd.Timestamp("2024-08-31"), 2024))[["action", "months", "detail"]].values.tolist()
    [['lapses', 6, 'exchange'], ['dormant', <NA>, 'exchange']]
    """
    agreements, partners = found.agreements, found.partners
    due = agreements[agreements["due"].le(within).fillna(False) & agreements["successor"].isna()]
    late = agreements[agreements["used_after_expiry"].gt(0)]
    frames = [_by_partner(LAPSES, due), _by_partner(LAPSED_USED, late)]
    under = partners["use"].lt(UNDER) & partners["places"].ge(LEAST_PLACES) & ~partners["dormant"]
    for kind, chosen, detail in (
        (NO_AGREEMENT, partners["without_agreement"], None),
        (OVER, partners["use"].gt(1), "modes_agreed"),
        (DORMANT, partners["dormant"], "modes_agreed"),
        (ONE_WAY, partners["one_way"].notna(), "one_way"),
        (UNDER_USED, under, "modes_agreed"),
    ):
        rows = partners.loc[chosen.fillna(False).astype(bool), ["partner"]]
        frames.append(rows.assign(action=kind, detail=partners.loc[rows.index, detail] if detail else ""))
    table = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True).reindex(
        columns=[*ACTIONS[:2], "date", "months", "detail"]
    )
    known = partners.set_index("partner")[["country", "rank_band", "belt_and_road", "depth"]]
    table = table.join(known, on="partner").astype({"months": "Int64", "date": "datetime64[us]"})
    order = table.assign(_k=table["action"].map(KINDS.index), _d=-table["depth"])
    return order.sort_values(["_k", "_d", "partner"], kind="stable")[ACTIONS].reset_index(drop=True)


def _by_partner(kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    by = rows.sort_values("expires", kind="stable").groupby("partner")
    table = by.agg(
        date=("expires", "first"), months=("due", "min"), detail=("mode", lambda m: "|".join(sorted(set(m))))
    )
    return table.reset_index().assign(action=kind)


def opportunities(found: Alliance, expected: pd.DataFrame | None = None, band: str = BAND) -> pd.DataFrame:
    """Where more could be done: countries with fewer stays than expected, partners of rank or on the Belt and Road that lie idle.

    Parameters
    ----------
    found
        As `alliance_database` gives it.
    expected
        The table expected_flows of notebook 3 (direction, partner, actual, expected, verdict), protected; None: not made.
    band
        The rank band that counts.

    Returns
    -------
    pandas.DataFrame
        kind (below_expected: fewer stays than the gravity model's interval has; idle_partner: an agreement in force, no stay in
        two years, in the rank band or a Belt and Road country; no_agreement: a Belt and Road country without an agreement in
        force, with stays below the expected), country, partner, direction, actual, expected, gap (expected − actual), agreements (in force in the country), rank_band, belt_and_road.
        An expectation is a pattern among countries, no target.

    Examples
    --------
    >>> partners = pd.DataFrame({"partner": ["A"], "country": "KOR", "agreements": 1, "dormant": True, "rank_band": "1-200", "belt_and_road": True})
    >>> flows = pd.DataFrame({"direction": "inbound", "partner": ["LAO"], "actual": [2.0], "expected": [20.0], "verdict": "fewer"})
    >>> opportunities(Alliance(pd.DataFrame(), partners, pd.Timestamp("2024-08-31"), 2024), flows)[["kind", "country", "gap"]].values.tolist()
    [['below_expected', 'LAO', 18.0], ['no_agreement', 'LAO', 18.0], ['idle_partner', 'KOR', nan]]
    """
    partners, road = found.partners, groups()["belt_and_road"].members()
    per_country = partners.groupby("country")["agreements"].sum()
    frames = []
    if expected is not None and len(expected):
        flows = expected.loc[expected["actual"].notna(), ["direction", "partner", "actual", "expected", "verdict"]]
        flows = flows.rename(columns={"partner": "country"})
        flows = flows.assign(gap=flows["expected"] - flows["actual"], belt_and_road=flows["country"].isin(road))
        flows = flows.assign(agreements=flows["country"].map(per_country).fillna(0).astype(int))
        flows = flows[flows["gap"].ge(LEAST_GAP)].sort_values("gap", ascending=False, kind="stable")
        frames.append(flows[flows["verdict"].eq("fewer")].assign(kind=BELOW))
        frames.append(flows[flows["belt_and_road"] & flows["agreements"].eq(0)].assign(kind=NONE_YET))
    wanted = partners["rank_band"].eq(band) | partners["belt_and_road"]
    idle = partners[partners["dormant"] & wanted.fillna(False)]
    frames.append(idle[["country", "partner", "agreements", "rank_band", "belt_and_road"]].assign(kind=IDLE))
    table = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
    return table.reindex(columns=OPPORTUNITIES)


def alliance_sums(found: Alliance, band: str = BAND) -> pd.DataFrame:
    """Agreements in force by mode, those that end soon, and the use of their places; and the partners, in the row "all".

    Returns
    -------
    pandas.DataFrame
        group ("all" or a mode), in_force, end_known, due_6, due_12, due_24 (each with those before; the same that the indicator renewals_due counts), renewed (of due_24: with a
        successor on record), with_places (directions of agreements with a quota), over and under (of them: more stays than
        places, fewer than half), places, used, use (percent, the indicator quota_use); partners (with an agreement in force), dormant,
        one_way, lapsed_used, without_agreement, in_band, belt_and_road, laboratories (partners, in the row "all" only).

    Examples
    --------
    >>> from pipeline.measures.alliance import PARTNERS, AGREEMENTS
    >>> agreements = pd.DataFrame({"mode": ["exchange"], "state": "in_force", "due": [6], "successor": None, "expires": pd.to_datetime(["2025-01-01"]),
    ...     "quota_in": [4], "used_in": [1], "quota_out": [None], "used_out": [3]}).reindex(columns=AGREEMENTS)
    >>> found = Alliance(agreements, pd.DataFrame(columns=PARTNERS), pd.Timestamp("2024-08-31"), 2024)
    >>> alliance_sums(found)[["group", "in_force", "due_24", "under", "use"]].values.tolist()
    [['all', 1, 1, 1, 25.0], ['exchange', 1, 1, 1, 25.0]]
    """
    force = found.agreements[found.agreements["state"].eq("in_force")]
    rows = [_sums("all", force)] + [_sums(str(mode), part) for mode, part in force.groupby("mode")]
    table = pd.DataFrame(rows, columns=SUMMARY)
    partners = found.partners
    own = partners[partners["agreements"].gt(0)]
    number = {
        "partners": len(own),
        "dormant": own["dormant"].eq(True).sum(),
        "one_way": partners["one_way"].notna().sum(),
        "lapsed_used": partners["lapsed_used"].gt(0).sum(),
        "without_agreement": partners["without_agreement"].eq(True).sum(),
        "in_band": own["rank_band"].eq(band).sum(),
        "belt_and_road": own["belt_and_road"].eq(True).sum(),
        "laboratories": own["joint_laboratory"].eq(True).sum(),
    }
    for column in PARTNER_SUMS:
        table[column] = pd.Series([int(number[column])] + [pd.NA] * (len(table) - 1), dtype="Int64")
    return table


def _sums(group: str, force: pd.DataFrame) -> dict[str, Any]:
    due, renewed = force["due"], force["successor"].notna() & force["due"].notna()
    sums: dict[str, Any] = {"group": group, "in_force": len(force), "end_known": int(force["expires"].notna().sum())}
    sums |= {f"due_{m}": int(due.le(m).fillna(False).sum()) for m in HORIZONS}
    both = pd.concat([force[[f"quota_{s}", f"used_{s}"]].set_axis(["places", "used"], axis=1) for s in ("in", "out")])
    both = both.dropna(subset=["places"]).astype(float)
    sums |= {"renewed": int(renewed.sum()), "with_places": len(both)}
    sums |= {"over": int(both["used"].gt(both["places"]).sum())}
    sums |= {"under": int(both["used"].lt(UNDER * both["places"]).sum())}
    places, used = float(both["places"].sum()), float(both["used"].sum())
    return sums | {"places": places, "used": used, "use": 100 * used / places if places else np.nan}
