"""Which of the ten modes of cooperation a stay is, from what its record says, by rules that can be read and tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.measures.partnerships import partner_institution
from pipeline.measures.stay_counts import VIRTUAL
from pipeline.measures.yearly import require

MODES = (
    "joint_training",
    "dual_degree",
    "joint_research",
    "exchange",
    "short_programme",
    "research_visit",
    "conference",
    "lecture",
    "degree",
    VIRTUAL,
)
UNCLASSIFIED, STATED = "unclassified", "stated"
FEW_DAYS = 0.35  # months: ten days
SHORT = 3.0  # months: Eurostat's least length of credit mobility
LONG = 12.0  # months: UIS's least length of degree mobility
DEGREE = 24.0  # months: no exchange, and no year abroad, is as long
SEASON = frozenset({12, 1, 2, 6, 7, 8})  # months in which winter and summer programmes begin
RECORDED = 0.8  # of a direction's long stays with a visa on record, from which on a missing visa says something


@dataclass(frozen=True)
class Rule:
    """One rule: the mode of the stays for which `holds` is true and that no rule before it took.

    Attributes
    ----------
    id
        Stands in the column rule of what it decided.
    mode
        The mode that it gives; empty for the rule that reads it from the agreement.
    says
        The rule in words, for docs/modes.md.
    holds
        Facts about the stays (`facts`) to a yes or no each; unknown is no.
    """

    id: str
    mode: str
    says: str
    holds: Callable[[pd.DataFrame], pd.Series]


RULES: tuple[Rule, ...] = (
    Rule(
        "online",
        VIRTUAL,
        "the record says that it was online",
        lambda f: f["online"],
    ),
    Rule(
        "agreement",
        "",
        "the agreement on record for the stay is about one mode: that mode",
        lambda f: f["agreement_mode"].isin(MODES),
    ),
    Rule(
        "two_degrees",
        "dual_degree",
        "two degrees were awarded",
        lambda f: f["degrees"].ge(2),
    ),
    Rule(
        "degree_without_partner",
        "degree",
        "a degree was awarded and no partner institution is on record",
        lambda f: f["degrees"].ge(1) & ~f["partner"],
    ),
    Rule(
        "degree_with_partner",
        "dual_degree",
        "a degree was awarded, a partner institution is on record and the stay lasted less than 24 months, as half of a dual degree does",
        lambda f: f["degrees"].ge(1) & f["partner"] & f["months"].lt(DEGREE),
    ),
    Rule(
        "degree_length",
        "degree",
        "24 months or more at ISCED 6 to 8, or more than 12 months without a partner institution: no credit stay is as long",
        lambda f: f["tertiary"] & (f["months"].ge(DEGREE) | (f["months"].gt(LONG) & ~f["partner"])),
    ),
    Rule(
        "no_crossing",
        VIRTUAL,
        "more than ten days without visa and grant, where the records of that direction give a visa for four in five of such stays",
        lambda f: f["months"].gt(FEW_DAYS) & f["visas_recorded"] & ~f["visa"] & ~f["grant"],
    ),
    Rule(
        "few_days",
        "conference",
        "ten days at most and no credits (a lecture cannot be told from a conference by its record: only where it is stated)",
        lambda f: f["months"].le(FEW_DAYS) & ~f["credits"],
    ),
    Rule(
        "short_with_credits",
        "short_programme",
        "under 3 months, with credits",
        lambda f: f["months"].lt(SHORT) & f["credits"],
    ),
    Rule(
        "short_in_season",
        "short_programme",
        "under 3 months, begun in summer (June to August) or winter (December to February)",
        lambda f: f["months"].lt(SHORT) & f["season"] & ~f["research"],
    ),
    Rule(
        "short_taught",
        "short_programme",
        "under 3 months, below doctoral level, without a sign of research",
        lambda f: f["months"].lt(SHORT) & f["taught"] & ~f["research"],
    ),
    Rule(
        "supervised_for_credit",
        "joint_training",
        "credits, and supervision on both sides on record",
        lambda f: f["credits"] & f["dual_supervised"],
    ),
    Rule(
        "laboratory",
        "joint_research",
        "no credits, signs of research, with a partner that has a joint laboratory or whose agreements are about joint research only",
        lambda f: ~f["credits"] & f["research"] & f["laboratory"],
    ),
    Rule(
        "joint_paper",
        "joint_research",
        "no credits, supervision on both sides and a joint publication",
        lambda f: ~f["credits"] & f["dual_supervised"] & f["papers"].ge(1),
    ),
    Rule(
        "research_stay",
        "research_visit",
        "no credits, signs of research (supervision on record, or publications), 12 months at most",
        lambda f: ~f["credits"] & f["research"] & f["months"].le(LONG),
    ),
    Rule(
        "year_for_credit",
        "exchange",
        "3 to 12 months, with credits",
        lambda f: f["months"].between(SHORT, LONG) & f["credits"],
    ),
    Rule(
        "long_with_partner",
        "joint_training",
        "12 to 24 months with a partner institution",
        lambda f: f["months"].between(LONG, DEGREE, inclusive="neither") & f["partner"],
    ),
    Rule(
        "term_with_partner",
        "exchange",
        "3 to 12 months with a partner institution, without a sign of research",
        lambda f: f["months"].between(SHORT, LONG) & f["partner"],
    ),
)


def classify_modes(stays: pd.DataFrame, agreements: pd.DataFrame | None = None, blind: bool = False) -> pd.DataFrame:
    """The mode of each stay: as stated, else by the first of `RULES` that holds.

    Parameters
    ----------
    stays
        The processed stays; columns that are missing make the rules that need them hold for none.
    agreements
        The processed agreements, for the mode of a stay's agreement and the joint laboratories of its partner.
    blind
        Shut the eyes to the stated mode, to see how far the rules agree with it (`agreement_with_stated`).

    Returns
    -------
    pandas.DataFrame
        With the index of `stays`: mode_stated (null: not stated), mode (of MODES, or "unclassified"), rule ("stated", the id
        of the rule that decided, or null) and reason (null, or why no rule could: no_length, no_partner, no_sign).

    Examples
    --------
    >>> stays = pd.DataFrame({"direction": "outbound", "mode": ["exchange", None, None, None], "months": [5.0, 0.2, 30.0, None], "level": "7"})
    >>> classify_modes(stays)[["mode", "rule", "reason"]].values.tolist()
    [['exchange', 'stated', None], ['conference', 'few_days', None], ['degree', 'degree_length', None], ['unclassified', None, 'no_length']]
    """
    require(stays, ("direction", "mode"), "stays")
    known = facts(stays, agreements)
    stated = stays["mode"].astype("object").where(stays["mode"].isin(MODES), None)
    mode, rule = pd.Series(None, stays.index, dtype="object"), pd.Series(None, stays.index, dtype="object")
    if not blind:
        mode, rule = stated.copy(), rule.mask(stated.notna(), STATED)
    for each in RULES:
        taken = each.holds(known).fillna(False).astype(bool) & mode.isna()
        mode = mode.mask(taken, known["agreement_mode"] if not each.mode else each.mode)
        rule = rule.mask(taken, each.id)
    why = np.select([known["months"].isna(), ~known["partner"]], ["no_length", "no_partner"], "no_sign")
    reason = pd.Series(why, stays.index, dtype="object").where(mode.isna(), None)
    return pd.DataFrame(
        {
            "mode_stated": stated,
            "mode": mode.where(mode.notna(), UNCLASSIFIED),
            "rule": rule.where(rule.notna(), None),
            "reason": reason,
        }
    )


def facts(stays: pd.DataFrame, agreements: pd.DataFrame | None = None) -> pd.DataFrame:
    """What the rules look at: yes or no (unknown is no) and numbers (unknown is null).

    Returns
    -------
    pandas.DataFrame
        months, degrees, papers (numbers); online, partner, credits, dual_supervised, research, season, tertiary, taught,
        visa, grant, visas_recorded, laboratory; agreement_mode.

    Examples
    --------
    >>> stays = pd.DataFrame({"direction": "inbound", "mode": None, "home_institution": ["A", None], "dual_supervised": [True, None]})
    >>> facts(stays)[["partner", "research"]].values.tolist()
    [[True, True], [False, False]]
    """

    def column(name: str) -> pd.Series:
        return stays[name] if name in stays else pd.Series(None, stays.index, dtype="object")

    def number(name: str) -> pd.Series:
        return pd.to_numeric(column(name)).astype(float)

    known = pd.DataFrame(index=stays.index)
    months, papers, level = number("months"), number("joint_publications"), column("level").astype("object")
    ends = {c: column(c) for c in ("home_institution", "host_institution")}
    partner = partner_institution(pd.DataFrame({"direction": stays["direction"], **ends}))
    supervised = column("dual_supervised").astype("boolean")
    visa = column("visa_applied").notna() | column("visa_result").notna()
    known["months"], known["degrees"], known["papers"] = months, number("degrees_awarded"), papers
    known["online"] = column("online").astype("boolean").fillna(False)
    known["partner"] = partner.notna()
    known["credits"] = number("credits_attempted").gt(0)
    known["dual_supervised"] = supervised.fillna(False)
    known["research"] = supervised.notna() | papers.notna()
    known["season"] = pd.to_datetime(column("start")).dt.month.isin(SEASON)
    known["tertiary"], known["taught"] = level.isin(["6", "7", "8"]), level.isin(["5", "6", "7"])
    known["visa"], known["grant"] = visa, number("grant_amount").gt(0)
    long = months.gt(FEW_DAYS)
    recorded = visa.where(long).astype(float).groupby(stays["direction"]).transform("mean")
    known["visas_recorded"] = recorded.ge(RECORDED)
    known["agreement_mode"], known["laboratory"] = None, False
    if agreements is not None and len(agreements):
        by_id = agreements.drop_duplicates("agreement_id").set_index("agreement_id")["mode"]
        known["agreement_mode"] = column("agreement_id").map(by_id).astype("object")
        known["laboratory"] = partner.isin(_research_partners(agreements))
    return known


def _research_partners(agreements: pd.DataFrame) -> set[str]:
    """Partners with a joint laboratory, or whose agreements are about joint research only."""
    by = agreements.dropna(subset=["partner"]).groupby("partner")
    only = by["mode"].agg(lambda modes: bool(modes.eq("joint_research").all()))
    laboratory = (
        by["joint_laboratory"].agg(lambda flags: bool(flags.eq(True).any()))
        if "joint_laboratory" in agreements
        else only
    )
    return set(only.index[only | laboratory])
