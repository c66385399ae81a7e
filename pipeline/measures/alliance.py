"""The alliance database: every agreement and every partner institution of a source, with what asks for attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.country_groups import groups
from pipeline.measures.exchange import balance
from pipeline.measures.outcome_kinds import OUTCOMES
from pipeline.measures.partnerships import (
    DEPTH_YEARS,
    DORMANT_YEARS,
    alive,
    depth,
    in_force,
    lapses_within,
    partner_country,
    partner_institution,
    places_used,
    year_end,
)
from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import require

HORIZONS = (6, 12, 24)  # months to the end of an agreement
UNDER = 0.5  # a share of the places below which they are little used
ONE_WAY_STAYS = 5  # exchange stays in the window from which on "all in one direction" says something
ONE_WAY_YEARS = 3
AGREEMENTS = [
    "agreement_id",
    "partner",
    "country",
    "mode",
    "signed",
    "expires",
    "state",
    "due",
    "successor",
    "used_after_expiry",
    "quota_in",
    "quota_out",
    "used_in",
    "used_out",
    "use_in",
    "use_out",
    "joint_laboratory",
    "recognised",
    "rank_band",
    "belt_and_road",
]
PARTNERS = [
    "partner",
    "country",
    "agreements",
    "modes_agreed",
    "next_expiry",
    "due",
    "without_agreement",
    "lapsed_used",
    "dormant",
    "places",
    "used",
    "use",
    "one_way",
    "exchange_in",
    "exchange_out",
    "rank_band",
    "belt_and_road",
    "joint_laboratory",
    "dual_supervised_k",
    "dual_supervised_n",
    "stays",
    "years_active",
    "modes",
    "depth",
]


@dataclass(frozen=True)
class Alliance:
    """The two tables, and the day and academic year that they are of."""

    agreements: pd.DataFrame
    partners: pd.DataFrame
    as_of: pd.Timestamp
    year: int


def alliance_database(
    stays: pd.DataFrame, agreements: pd.DataFrame, source: str, year: int, as_of: pd.Timestamp | None = None
) -> Alliance:
    """The alliance database of one source.

    Parameters
    ----------
    stays, agreements
        The processed tables; only the rows of `source` count.
    year
        The last full academic year, named by the year in which it ends: of the use of places, and the last of the years
        of dormancy (2), one-way exchange (3) and depth (5).
    as_of
        The day on which agreements are in force, due or lapsed; by default the last of that academic year.

    Returns
    -------
    Alliance
        `agreements`, one row each: state (in_force, lapsed, not_yet), due (the shortest of 6, 12, 24 months within which one in
        force expires), successor (the id of a later agreement with the same partner about the same mode that runs on), used_after_expiry (stays
        of its mode with its partner in the last two academic years, after it lapsed and with none in its place), used_in, used_out (stays across a border in `year`), use_in,
        use_out (the ratio to the quota, null without one). `partners`, one row an institution with an agreement or a stay:
        agreements (in force), modes_agreed, next_expiry and due (the first of those without a successor), without_agreement (stays in the last two years, none in force),
        dormant (an agreement in force, no stay in the last two), places and used (of agreements with a quota), use, one_way
        (the direction, where five or more exchange stays of three years all went one way), rank_band (the latest on record),
        dual_supervised_k of _n stays, and depth with its parts: stays, years_active, modes. Counts are of people: unprotected.

    Raises
    ------
    InputError
        When the source has no agreement.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "home_institution": ["A", "A"], "host_institution": "U", "origin": "KOR",
    ...     "destination": "CHN", "mode": "exchange", "agreement_id": "A1", "year": 2024, "start": pd.Timestamp("2023-09-01")})
    >>> agreements = pd.DataFrame({"source": "u", "agreement_id": ["A1", "B1"], "partner": ["A", "B"], "country": ["KOR", "LAO"], "mode": "exchange",
    ...     "signed": pd.Timestamp("2020-01-01"), "expires": pd.to_datetime(["2025-01-01", "2027-01-01"]), "quota_in": [1, 2], "quota_out": [None, 2]})
    >>> found = alliance_database(stays, agreements, "u", 2024)
    >>> found.agreements[["agreement_id", "state", "due", "use_in"]].values.tolist()
    [['A1', 'in_force', 6, 2.0], ['B1', 'in_force', <NA>, 0.0]]
    >>> found.partners[["partner", "dormant", "belt_and_road", "depth"]].values.tolist()
    [['A', False, True, 2], ['B', True, True, 0]]
    """
    require(agreements, ("source", "agreement_id", "partner", "country", "mode", "signed", "expires"), "agreements")
    own = agreements[agreements["source"].eq(source)].drop_duplicates("agreement_id")
    if own.empty:
        raise InputError(
            source, "no agreement on record.", "Put its agreements into the raw folder (docs/your-own-data.md)."
        )
    mine = stays[stays["source"].eq(source)]
    day = pd.Timestamp(as_of) if as_of is not None else year_end(year)
    table = _agreements(own, mine, year, day)
    return Alliance(table, _partners(table, mine, year), day, year)


def _agreements(own: pd.DataFrame, stays: pd.DataFrame, year: int, day: pd.Timestamp) -> pd.DataFrame:
    table = own.reindex(columns=[*dict.fromkeys([*own.columns, *AGREEMENTS])]).reset_index(drop=True)
    signed, table["expires"] = pd.to_datetime(table["signed"]), pd.to_datetime(table["expires"])
    force = in_force(table, day)
    table["state"] = np.select([force, signed.gt(day)], ["in_force", "not_yet"], "lapsed")
    due = pd.Series(pd.NA, table.index, dtype="Int64")
    for months in sorted(HORIZONS, reverse=True):
        due = due.mask(force & lapses_within(table, day, months).fillna(False), months)
    table["due"] = due
    table["successor"] = _successors(table, day)
    table["used_after_expiry"] = _used_after_expiry(table, stays, year)
    used = places_used(stays[stays["year"].eq(year)], table).set_index(["direction", "agreement_id"])
    for side, direction in (("in", "inbound"), ("out", "outbound")):
        part = used.loc[direction].reindex(table["agreement_id"]).reset_index()
        table[f"used_{side}"] = part["used"]
        table[f"use_{side}"] = (part["used"] / part["places"].where(part["places"].gt(0))).where(force)
    table["belt_and_road"] = table["country"].isin(groups()["belt_and_road"].members())
    order = table.assign(_s=table["state"].map({"in_force": 0, "not_yet": 1, "lapsed": 2}))
    return order.sort_values(["_s", "expires", "agreement_id"], kind="stable")[AGREEMENTS].reset_index(drop=True)


def _used_after_expiry(table: pd.DataFrame, stays: pd.DataFrame, year: int) -> pd.Series:
    """Stays of the last two years with the partner and of the mode of a lapsed agreement, begun after its end and with no later one there."""
    recent = physical(begun(stays))
    recent = recent[recent["year"].between(year - DORMANT_YEARS + 1, year)]
    recent = recent.assign(partner=partner_institution(recent))[["partner", "mode", "start"]].dropna()
    open_ = table.loc[table["state"].eq("in_force"), ["partner", "mode"]].drop_duplicates().assign(open=True)
    lapsed = table[table["state"].eq("lapsed")].sort_values("expires", kind="stable")
    lapsed = lapsed.groupby(["partner", "mode"]).tail(1).merge(open_, on=["partner", "mode"], how="left")
    lapsed = lapsed.loc[lapsed["open"].isna(), ["agreement_id", "partner", "mode", "expires"]]
    late = lapsed.merge(recent, on=["partner", "mode"])
    after = late.loc[pd.to_datetime(late["start"]).gt(late["expires"]), "agreement_id"].value_counts()
    return table["agreement_id"].map(after).fillna(0).astype(int)


def _successors(table: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """The agreement with the same partner about the same mode that runs longest after each one's end; null: none."""
    far = pd.Timestamp.max.floor("D")
    ends = table["expires"].fillna(far)
    best = (
        table.assign(_end=ends)[ends.gt(day)].sort_values(["_end", "agreement_id"]).groupby(["partner", "mode"]).tail(1)
    )
    last = best.set_index(["partner", "mode"])[["agreement_id", "_end"]]
    key = pd.MultiIndex.from_frame(table[["partner", "mode"]])
    found = last.reindex(key).set_index(table.index)
    return found["agreement_id"].where(found["_end"].gt(ends), None)


def _partners(table: pd.DataFrame, stays: pd.DataFrame, year: int) -> pd.DataFrame:
    force = table[table["state"].eq("in_force")]
    deep = depth(stays, year, DEPTH_YEARS)
    lively = alive(stays, year, DORMANT_YEARS)
    names = pd.Index(sorted(set(table["partner"].dropna()) | lively | set(deep.index)), name="partner")
    by, open_ends = force.groupby("partner"), force[force["successor"].isna()].groupby("partner")
    found = pd.DataFrame(index=names)
    found["country"] = _countries(table, stays).reindex(names)
    found["agreements"] = by.size().reindex(names, fill_value=0)
    found["modes_agreed"] = by["mode"].agg(lambda m: "|".join(sorted(set(m.dropna())))).reindex(names, fill_value="")
    found["next_expiry"] = open_ends["expires"].min().reindex(names)
    found["due"] = open_ends["due"].min().reindex(names).astype("Int64")
    active = names.isin(lively)
    found["without_agreement"] = active & found["agreements"].eq(0)
    found["lapsed_used"] = table.groupby("partner")["used_after_expiry"].sum().reindex(names, fill_value=0).astype(int)
    found["dormant"] = ~active & found["agreements"].gt(0)
    found = found.join(_use(force)).join(_one_way(stays, year))
    found["rank_band"] = _latest(table, "rank_band").reindex(names)
    found["belt_and_road"] = found["country"].isin(groups()["belt_and_road"].members())
    found["joint_laboratory"] = (
        by["joint_laboratory"].agg(lambda f: bool(f.eq(True).any())).reindex(names, fill_value=False)
    )
    found = found.join(_supervised(stays, year)).join(deep)
    counts = ["stays", "years_active", "modes", "depth", "exchange_in", "exchange_out"]
    counts += ["dual_supervised_k", "dual_supervised_n"]
    found[counts] = found[counts].fillna(0).astype(int)
    order = found.sort_values(["depth", "agreements"], ascending=False, kind="stable")
    return order.reset_index()[PARTNERS]


def _countries(table: pd.DataFrame, stays: pd.DataFrame) -> pd.Series:
    """The country of each partner: of its agreements, else of most of its stays' other end."""
    agreed = table.dropna(subset=["partner", "country"]).drop_duplicates("partner").set_index("partner")["country"]
    seen = pd.DataFrame({"partner": partner_institution(stays), "country": partner_country(stays)}).dropna()
    most = seen.value_counts().reset_index().drop_duplicates("partner").set_index("partner")["country"]
    return agreed.combine_first(most)


def _latest(table: pd.DataFrame, column: str) -> pd.Series:
    """The last value on record by the date of signature."""
    rows = table.dropna(subset=["partner", column]).sort_values("signed", kind="stable")
    return rows.groupby("partner")[column].last()


def _use(force: pd.DataFrame) -> pd.DataFrame:
    """Places and their use over the agreements that state a quota, both directions together."""
    sides = [
        force[["partner", f"quota_{s}", f"used_{s}"]].set_axis(["partner", "places", "used"], axis=1)
        for s in ("in", "out")
    ]
    both = pd.concat(sides).dropna(subset=["places"])
    sums = both.groupby("partner")[["places", "used"]].sum().astype(float)
    return sums.assign(use=sums["used"] / sums["places"].where(sums["places"].gt(0)))


def _one_way(stays: pd.DataFrame, year: int) -> pd.DataFrame:
    """Exchange stays of the last three years each way, and the direction where all of five or more went one way."""
    recent = stays[stays["year"].between(year - ONE_WAY_YEARS + 1, year)]
    table = balance(recent, by="institution", modes=("exchange",)).set_index("partner")
    total = table["inbound"] + table["outbound"]
    only = np.where(table["inbound"].eq(0), "outbound", np.where(table["outbound"].eq(0), "inbound", ""))
    way = pd.Series(only, table.index, dtype="object").where(total.ge(ONE_WAY_STAYS) & (only != ""), None)
    return pd.DataFrame({"one_way": way, "exchange_in": table["inbound"], "exchange_out": table["outbound"]})


def _supervised(stays: pd.DataFrame, year: int) -> pd.DataFrame:
    """Stays of known supervision, and those supervised on both sides, of the last five years."""
    if "dual_supervised" not in stays:
        return pd.DataFrame(columns=["dual_supervised_k", "dual_supervised_n"])
    spec = OUTCOMES["dual_supervised"]
    base = spec.base(stays[stays["year"].between(year - DEPTH_YEARS + 1, year)])
    answers = spec.value(base).dropna()
    by = answers.groupby(partner_institution(base).reindex(answers.index))
    return pd.DataFrame({"dual_supervised_k": by.sum(), "dual_supervised_n": by.size()})
