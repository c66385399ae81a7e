"""Every indicator against a figure worked out by hand on a small world, or printed by its publisher."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pipeline
from pipeline.errors import SettingsError
from pipeline.measures.registry import ACTORS, indicators
from pipeline.measures.registry.catalogue import _indicator
from pipeline.measures.registry.document import document
from tests.test_measures_further import BY_HAND as FURTHER

HOME, NOVA, LUNA = "Home University", "Nova University", "Luna Institute"


def stay(number: int, **given: object) -> list[dict[str, object]]:
    """So many equal stays of the academic year 2023/24, by default completed exchanges from Nova in Korea."""
    row: dict[str, object] = {
        "source": "u",
        "direction": "inbound",
        "origin": "KOR",
        "destination": "CHN",
        "home_institution": NOVA,
        "host_institution": HOME,
        "agreement_id": None,
        "mode": "exchange",
        "level": "7",
        "field": "07",
        "home_field": "07",
        "start": pd.Timestamp(2023, 9, 1),
        "year": 2024,
        "academic_year": "2023/24",
        "months": 6.0,
        "funder": "government",
        "credits_attempted": None,
        "credits_recognised": None,
        "dual_supervised": None,
        "language_entry": None,
        "language_exit": None,
        "visa_applied": None,
        "visa_decided": None,
        "visa_result": None,
        "outcome": "completed",
        "degrees_awarded": None,
        "joint_publications": None,
        "satisfaction": None,
    }
    if given.get("direction") == "outbound":
        row |= {"origin": "CHN", "destination": "DEU", "home_institution": HOME, "host_institution": LUNA}
    return [row | given] * number


# 100 stays of 2023/24: 50 in from Korea, 10 in from Germany, 30 out to Germany, 10 virtual; and a refused visa.
ROWS = [
    *stay(
        30,
        agreement_id="A1",
        credits_attempted=30,
        credits_recognised=30,
        visa_applied=pd.Timestamp(2023, 6, 1),
        visa_decided=pd.Timestamp(2023, 6, 11),
        visa_result="granted",
    ),
    *stay(10, outcome="withdrawn", credits_attempted=30, credits_recognised=15, funder="self", field="05"),
    *stay(10, outcome="extended", mode="joint_training", level="8", dual_supervised=True, funder="foundation"),
    *stay(10, origin="DEU", home_institution=LUNA, mode="degree", months=36.0, outcome="ongoing", funder="self"),
    *stay(
        20,
        direction="outbound",
        mode="joint_research",
        agreement_id="A2",
        joint_publications=1,
        level="8",
        satisfaction=4,
        funder="joint_fund",
        dual_supervised=False,
    ),
    *stay(
        8, direction="outbound", agreement_id="A2", months=2.0, language_entry="B1", language_exit="B2", satisfaction=5
    ),
    *stay(
        2,
        direction="outbound",
        months=2.0,
        credits_attempted=20,
        credits_recognised=20,
        language_entry="B1",
        language_exit="C1",
    ),
    *stay(10, mode="virtual", funder="university", months=1.0),
    *stay(
        1,
        visa_applied=pd.Timestamp(2023, 6, 1),
        visa_decided=pd.Timestamp(2023, 7, 11),
        visa_result="refused",
        outcome="withdrawn",
    ),
]
EARLIER = [r | {"year": y, "academic_year": f"{y - 1}/{y % 100}"} for y in range(2020, 2024) for r in stay(1)]
AGREEMENTS = pd.DataFrame(
    {
        "agreement_id": ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8"],
        "source": "u",
        "partner": [
            NOVA,
            LUNA,
            "Asleep College",
            "New College",
            NOVA,
            "Gone College",
            "Fifth College",
            "Sixth College",
        ],
        "signed": pd.to_datetime(["2020-01-01"] * 5 + ["2010-01-01"] + ["2020-01-01"] * 2),
        "expires": pd.to_datetime(
            ["2025-01-31", "2027-01-01", "2026-01-01", "2026-01-01", None, "2024-01-01", "2024-12-01", "2026-01-01"]
        ),
        "quota_in": pd.array([40, None, 5, None, None, 100, None, None], dtype="Int64"),
        "quota_out": pd.array([None, 30, 5, None, None, 100, None, None], dtype="Int64"),
        "joint_laboratory": pd.array([True, False, False, None, False, True, False, None], dtype="boolean"),
        "recognised": pd.array([True, True, False, False, False, True, None, None], dtype="boolean"),
        "rank_band": ["1-200", "201-500", "1-200", None, "1-200", "1-200", "201-500", "501-1000"],
    }
)
EVENTS = pd.DataFrame(
    {
        "source": "u",
        "kind": ["lecture", "lecture", "workshop", "language_corner", "coaching", "writing_course", "lecture"],
        "start": pd.to_datetime(
            ["2023-10-01", "2024-08-31", "2024-01-01", "2024-02-01", "2024-03-01", "2024-03-02", "2024-09-01"]
        ),
        "hours": [2.0, 2.0, 4.0, 2.0, 1.0, 20.0, 2.0],
        "participants": pd.array([100, 50, 20, 30, 5, None, 999], dtype="Int64"),
        "outgoing": pd.array([10, 5, 12, 6, 1, None, 99], dtype="Int64"),
    }
)


def counted(measure: str, value: float, publisher: str = "MOE (China)", **other: str) -> dict[str, object]:
    row = {"reporter": "CHN", "direction": "inbound", "level": "all", "funding": "all"} | other
    inbound = row["direction"] == "inbound"
    return row | {
        "measure": measure,
        "value": value,
        "publisher": publisher,
        "origin": "WLD" if inbound else row["reporter"],
        "destination": row["reporter"] if inbound else "WLD",
        "origin_kind": "world" if inbound else "country",
        "destination_kind": "country" if inbound else "world",
        "year": 2018,
        "period": "2018",
        "mode": "all",
        "status": "A",
        "exactness": "exact",
        **dict.fromkeys(("published", "title", "url", "note"), ""),
    }


COUNTS = pd.DataFrame(
    [
        counted("stock", 492185),
        counted("degree_stock", 258122),
        counted("degree_stock", 85062, level="7-8"),
        counted("scholarship", 63041, funding="government"),
        counted("entrants", 662100, direction="outbound"),
        counted("returned", 519400, direction="outbound"),
        counted("recognition_agreements", 58),
        counted("programmes", 2447),
        counted("stock", 178000, "UNESCO UIS"),
        counted("net_flow", -815000, "UNESCO UIS"),
        counted("stock", 1177766, "IIE Open Doors", reporter="USA"),
        counted("practical_training", 294253, "IIE Open Doors", reporter="USA"),
    ]
)
CONTEXT = pd.DataFrame(
    {
        "country": "CHN",
        "year": 2018,
        "indicator": ["SE.TER.ENRL", "SP.TER.TOTL.IN"],
        "value": [44_500_000.0, 89_000_000.0],
    }
)
TABLES = {
    "stays": pd.DataFrame(ROWS + EARLIER).convert_dtypes(),
    "agreements": AGREEMENTS,
    "events": EVENTS,
    "counts": COUNTS,
    "context": CONTEXT,
}
CHINA, STATES, UNIVERSITY = (
    {"subject": "CHN", "year": 2018},
    {"subject": "USA", "year": 2018},
    {"subject": "u", "year": 2024},
)

# 60 stays in (50 Korea, 10 Germany), 30 out (all Germany), none of them virtual; 90 physical and 10 virtual ones.
BY_HAND: dict[str, tuple[dict[str, object], float]] = {
    "inbound_students": (CHINA, 492185),
    "outbound_entrants": (CHINA, 662100),
    "return_ratio": (CHINA, 100 * 519400 / 662100),
    "inbound_mobility_rate": (CHINA, 0.4),  # 178,000 of 44,500,000
    "outbound_mobility_ratio": (CHINA, 100 * 993 / 44500),  # 178,000 + 815,000 abroad
    "net_flow": (CHINA, -815000),
    "net_flow_ratio": (CHINA, -100 * 815 / 44500),
    "gross_outbound_enrolment_ratio": (CHINA, 100 * 993 / 89000),
    "students_per_national_abroad": (CHINA, 178 / 993),
    "degree_share": (CHINA, 52.44),  # as the ministry prints it
    "postgraduate_share": (CHINA, 100 * 85062 / 258122),
    "scholarship_share": (CHINA, 12.81),  # as the ministry prints it
    "practical_training_share": (STATES, 100 * 294253 / 1177766),
    "recognition_agreements": (CHINA, 58),
    "joint_programmes": (CHINA, 2447),
    "visa_refusal": (UNIVERSITY, 100 / 31),
    "visa_days": (UNIVERSITY, (30 * 10 + 40) / 31),
    "government_funded_share": (UNIVERSITY, 100 * 40 / 90),  # 30 + 8 + 2 of the 90 that are not virtual
    "belt_and_road_share": (UNIVERSITY, 100 * 50 / 90),  # Korea is one, Germany is not
    "society_funded_share": (UNIVERSITY, 100 * 30 / 90),  # 10 by foundations, 20 by a joint fund
    "joint_fund_share": (UNIVERSITY, 100 * 20 / 90),
    "funder_diversity": (UNIVERSITY, 80**2 / (40**2 + 10**2 + 20**2 + 10**2)),
    "global_challenge_share": (UNIVERSITY, 100 * 10 / 90),
    "publications_per_100": (UNIVERSITY, 100),
    "inbound_stays": (UNIVERSITY, 60),
    "outbound_stays": (UNIVERSITY, 30),
    "partner_institutions": (UNIVERSITY, 2),
    "partner_countries": (UNIVERSITY, 2),
    "lasting_partners": (UNIVERSITY, 1),  # Nova alone has a stay in each year from 2020 to 2024
    "origin_concentration": (UNIVERSITY, (50**2 + 10**2) / 60**2),
    "destination_concentration": (UNIVERSITY, 1),
    "origin_diversity": (UNIVERSITY, -(5 / 6) * math.log(5 / 6) - (1 / 6) * math.log(1 / 6)),
    "exchange_reciprocity": (UNIVERSITY, 0),  # Nova only sends, Luna only receives
    "quota_use": (UNIVERSITY, 100 * (30 + 28) / (40 + 5 + 30 + 5)),
    "agreements_in_force": (UNIVERSITY, 7),
    "renewals_due": (UNIVERSITY, 100 * 2 / 6),  # A1 and A7 of the six with an end
    "dormant_partners": (UNIVERSITY, 100 * 4 / 6),  # all but Nova and Luna
    "joint_laboratories": (UNIVERSITY, 1),
    "recognised_agreements": (UNIVERSITY, 40),
    "partners_in_rank_band": (UNIVERSITY, 40),  # Nova and Asleep of five; New has no rank
    "stays_in_rank_band": (UNIVERSITY, 100 * 50 / 90),
    "credit_recognition": (UNIVERSITY, 100 * (900 + 150 + 40) / (900 + 300 + 40)),
    "full_recognition": (UNIVERSITY, 100 * 32 / 42),
    "joint_training_share": (UNIVERSITY, 100 * 10 / 90),
    "dual_degree_share": (UNIVERSITY, 0),
    "exchange_share": (UNIVERSITY, 100 * 50 / 90),
    "short_programme_share": (UNIVERSITY, 0),
    "conference_share": (UNIVERSITY, 0),
    "virtual_share": (UNIVERSITY, 10),
    "lecture_reach": (UNIVERSITY, 150),
    "dual_supervision": (UNIVERSITY, 100 * 10 / 30),
    "joint_research_share": (UNIVERSITY, 100 * 20 / 90),
    "research_visit_share": (UNIVERSITY, 0),
    "research_publications_per_100": (UNIVERSITY, 100),
    "writing_hours": (UNIVERSITY, 21),
    "completion_rate": (UNIVERSITY, 100 * 60 / 80),  # 30 + 20 + 10 of those that ended and are not virtual
    "withdrawal_rate": (UNIVERSITY, 100 * 10 / 80),
    "extension_rate": (UNIVERSITY, 100 * 10 / 80),
    "language_gain": (UNIVERSITY, (8 * 1 + 2 * 2) / 10),
    "satisfaction": (UNIVERSITY, (20 * 4 + 8 * 5) / 28),
    "unfunded_share": (UNIVERSITY, 100 * 20 / 90),
    "funded_share": (UNIVERSITY, 100 * 70 / 90),
    "doctoral_share": (UNIVERSITY, 100 * 30 / 90),
    "credit_mobility_share": (UNIVERSITY, 20),  # 2 of 10 by their credits
    "cross_field_share": (UNIVERSITY, 100 * 10 / 90),
    "mean_months": (UNIVERSITY, (40 * 6 + 10 * 6 + 10 * 36 + 20 * 6 + 10 * 2) / 90),
    "preparation_hours": (UNIVERSITY, (4 * 12 + 2 * 6) / 30),
    "degree_award": (UNIVERSITY, math.nan),  # tried below: here no degree has ended
}
FEW = {"language_gain", "credit_mobility_share"}  # rest on 10 stays here, fewer than they are stated on


def test_there_is_a_case_by_hand_for_every_indicator() -> None:
    assert set(BY_HAND) | set(FURTHER) == set(indicators)
    assert not set(BY_HAND) & set(FURTHER)
    assert len(indicators) >= 40


@pytest.mark.parametrize("name", [n for n in BY_HAND if n != "degree_award"])
def test_the_indicator_is_what_comes_out_by_hand(name: str) -> None:
    filters, expected = BY_HAND[name]
    tables = TABLES
    if name in FEW:  # ten times the same stays: the same value, on a base that is large enough
        tables = TABLES | {"stays": pd.concat([TABLES["stays"]] * 10, ignore_index=True)}
        assert indicators.compute(name, TABLES, **filters)["reason"].item() == "small_base"
    row = indicators.compute(name, tables, **filters).iloc[0]
    assert row["reason"] is None
    assert row["value"] == pytest.approx(expected, abs=0.005 if name in {"degree_share", "scholarship_share"} else 1e-9)
    if pd.notna(row["lower"]):
        assert row["lower"] <= row["value"] <= row["upper"]


def test_degrees_are_awarded_to_those_who_ended_a_degree() -> None:
    rows = stay(15, mode="degree", degrees_awarded=1) + stay(
        10, mode="dual_degree", degrees_awarded=0, outcome="withdrawn"
    )
    tables = {"stays": pd.DataFrame(rows + stay(9, degrees_awarded=0)).convert_dtypes()}
    assert indicators.compute("degree_award", tables)["value"].item() == 60
    assert indicators.compute("degree_award", TABLES, **UNIVERSITY)["reason"].item() == "no_base"


@pytest.mark.parametrize("name", sorted(indicators))
def test_without_its_tables_an_indicator_has_a_reason_and_no_zero(name: str) -> None:
    row = indicators.compute(name, {}, subject="CHN", year=2018).iloc[0]
    assert pd.isna(row["value"])
    assert row["reason"].startswith("no_")


@pytest.mark.parametrize(
    "name", sorted(i for i in indicators if indicators[i].method in {"outcome", "stay_share", "stay_mean"})
)
def test_a_column_that_the_source_lacks_is_a_stated_gap(name: str) -> None:
    bare = TABLES["stays"][["source", "direction", "mode", "year", "academic_year"]].assign(
        origin=None, destination=None
    )
    bare["mode"] = None
    row = indicators.compute(name, {"stays": bare}, **UNIVERSITY).iloc[0]
    assert pd.isna(row["value"])
    assert row["reason"].startswith("no_")


def test_filters_narrow_the_stays_and_misspelt_ones_are_refused() -> None:
    korea = indicators.compute("completion_rate", TABLES, **UNIVERSITY, direction="inbound", mode=["exchange"]).iloc[0]
    assert korea[["n", "value"]].tolist() == [40, 75]
    virtual = indicators.compute("completion_rate", TABLES, **UNIVERSITY, mode="virtual").iloc[0]
    assert (virtual["n"], virtual["reason"]) == (10, "small_base")  # a mode of its own, in no other base
    assert indicators.compute("completion_rate", TABLES, subject="u", year=1999)["reason"].item() == "no_stays"
    with pytest.raises(SettingsError, match="Did you mean direction"):
        indicators.compute("completion_rate", TABLES, directon="inbound")
    with pytest.raises(KeyError, match="Did you mean completion_rate"):
        indicators["completion_rat"]


def test_reciprocity_matches_institutions() -> None:
    rows = stay(15) + stay(5, direction="outbound", destination="KOR", host_institution=NOVA)
    row = indicators.compute("exchange_reciprocity", {"stays": pd.DataFrame(rows)}).iloc[0]
    assert row["value"] == 50


def test_figures_that_are_only_more_than_make_no_ratio() -> None:
    counts = COUNTS.assign(exactness=np.where(COUNTS["measure"].eq("degree_stock"), "at_least", "exact"))
    assert indicators.compute("degree_share", {"counts": counts}, **CHINA)["reason"].item() == "only_more_than"


def test_every_actor_and_nearly_every_idea_of_the_study_has_indicators() -> None:
    assert all(indicators.of(actor) for actor in ACTORS)
    without = {idea for idea in range(1, 33) if not indicators.serving(idea)}
    assert without == {16, 17}  # the scorecard itself: all indicators together
    assert all(i.en != i.zh and any("\u4e00" <= c <= "\u9fff" for c in i.zh + "") for i in indicators.values())
    assert not any(c in i.definition_zh for i in indicators.values() for c in ",;()")


def test_a_badly_written_indicator_is_named() -> None:
    with pytest.raises(pipeline.errors.InputError, match="Did you mean formula"):
        _indicator("state.yml: x", "x", "state", {"formule": "1"})


def test_all_can_be_computed_at_once() -> None:
    table = indicators.compute_all(TABLES, **UNIVERSITY)
    assert table["indicator"].tolist() == list(indicators)
    assert (table["value"].isna() == table["reason"].notna()).all()


def test_the_page_of_indicators_is_current(root: Path) -> None:
    page = (root / "docs" / "indicators.md").read_text(encoding="utf-8")
    assert page == document(), "run: python -m pipeline.measures.registry.document"


def test_importing_the_doors_is_cheap() -> None:
    code = "import sys, pipeline.measures; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
