"""Indicators of partnerships, research, barriers, funding and events against figures worked out by hand on ten partners."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.measures.registry import indicators
from pipeline.measures.yearly_indicators import indicator_history

HOME = "Home University"
COUNTRY = {"P2": "KOR", "P3": "JPN"}
UNKNOWN = (
    *("credits_attempted", "credits_recognised", "dual_supervised", "language_entry", "degrees_awarded"),
    *("joint_publications", "grant_amount", "currency", "student_key", "visa_result", "funder", "home_field"),
)


def stays(partner: str, year: int, mode: str, number: int = 10, **given: object) -> list[dict[str, object]]:
    """So many stays of an academic year, from the partner or (direction="outbound") to it."""
    other = COUNTRY.get(partner, "DEU")
    row: dict[str, object] = dict.fromkeys(UNKNOWN) | {
        "source": "u",
        "direction": "inbound",
        "origin": other,
        "destination": "CHN",
        "home_institution": partner,
        "host_institution": HOME,
        "mode": mode,
        "level": "8",
        "field": "07",
        "start": pd.Timestamp(year - 1, 9, 1),
        "end": pd.Timestamp(year, 6, 30),
        "year": year,
        "academic_year": f"{year - 1}/{year % 100}",
        "months": 6.0,
        "outcome": "completed",
    }
    if given.get("direction") == "outbound":
        row |= {"origin": "CHN", "destination": other, "home_institution": HOME, "host_institution": partner}
    return [row | given | {"student_key": given.get("student_key") or f"{partner}-{year}-{i}"} for i in range(number)]


def keyed(rows: list[dict[str, object]], keys: list[str]) -> list[dict[str, object]]:
    return [row | {"student_key": key} for row, key in zip(rows, keys, strict=True)]


EXCHANGE = {"credits_attempted": 30, "funder": "government"}
VIRTUAL = [f"v{i}" for i in range(25)]
OUT = stays("P9", 2024, "joint_training", 30, direction="outbound", funder="self", level="6")
ROWS = [
    # 2022/23: ten exchange stays from each of P0 to P7; 40 paid by a government, 20 by a foundation, 20 by nobody
    *keyed(stays("P0", 2023, "exchange", **EXCHANGE, credits_recognised=30), ["v10", *map(str, range(9))]),
    *stays("P1", 2023, "exchange", **EXCHANGE, credits_recognised=15),
    *stays("P2", 2023, "exchange", **EXCHANGE, credits_recognised=24),
    *stays("P3", 2023, "exchange", **EXCHANGE, credits_recognised=18),
    *stays("P4", 2023, "exchange", funder="foundation"),
    *stays("P5", 2023, "exchange", funder="foundation"),
    *stays("P6", 2023, "exchange", funder="self"),
    *stays("P7", 2023, "exchange", funder="self"),
    # and 25 students online, of whom five come afterwards (one had come before)
    *keyed(stays("P8", 2023, "virtual", 25, start=pd.Timestamp(2022, 10, 1)), VIRTUAL),
    # 2023/24: research with P2 to P7, a dual degree with P8 and P9, and thirty who go to P9
    *stays("P2", 2024, "joint_research", joint_publications=1, dual_supervised=True, language_entry="B1")
    + stays("P3", 2024, "joint_research", joint_publications=2, dual_supervised=True, language_entry="A2")
    + stays("P4", 2024, "joint_research", joint_publications=0, dual_supervised=False, language_entry="C1")
    + stays("P5", 2024, "research_visit", joint_publications=0, language_entry="6.5")
    + stays("P6", 2024, "research_visit", joint_publications=0, funder="government")
    + stays("P7", 2024, "research_visit"),
    *keyed(
        stays("P8", 2024, "dual_degree", level="7", degrees_awarded=2, credits_attempted=60, credits_recognised=45),
        [*VIRTUAL[:5], *map(str, range(20, 25))],
    ),
    *stays("P9", 2024, "dual_degree", level="7", degrees_awarded=1, credits_attempted=60, credits_recognised=60),
    *keyed(OUT, [f"o{i % 24}" for i in range(30)]),
]
ALL = pd.DataFrame(ROWS)
NOW = ALL["year"].eq(2024)


def of(partner: str) -> pd.Series:
    return NOW & ALL["home_institution"].eq(partner)


for name, column, value in (
    ("P3", "outcome", "withdrawn"),
    *(("P3", c, v) for c, v in (("field", "09"), ("home_field", "07"))),
    *(("P4", c, v) for c, v in (("field", "05"), ("home_field", "07"))),
    *(("P6", c, "05") for c in ("field", "home_field")),
    *((p, c, v) for p in ("P2", "P3", "P4") for c, v in (("grant_amount", 3000.0), ("currency", "CNY"))),
    *(("P5", c, v) for c, v in (("grant_amount", 600.0), ("currency", "EUR"))),
):
    ALL.loc[of(name), column] = value
GOING = ALL.index[NOW & ALL["direction"].eq("outbound")]
ALL.loc[GOING[:10], "months"] = 12.0
ALL.loc[GOING[:6], "outcome"] = "withdrawn"
AGREEMENTS = pd.DataFrame(
    [
        ("P0", "exchange", "2019-01-01", "2024-01-01"),
        ("P0", "exchange", "2024-01-01", "2029-01-01"),  # renewed
        ("P1", "exchange", "2019-01-01", "2024-01-01"),
        ("P1", "joint_research", "2024-01-01", "2029-01-01"),  # another mode
        ("P2", "exchange", "2019-01-01", "2024-08-31"),
        ("P2", "exchange", "2022-01-01", None),  # one without an end
        ("P3", "exchange", "2019-01-01", "2024-01-01"),
        ("P3", "exchange", "2024-10-01", "2029-01-01"),  # after the year
        ("P4", "exchange", "2019-01-01", "2023-09-01"),
        ("P5", "exchange", "2019-01-01", "2023-08-31"),  # the year before
    ],
    columns=["partner", "mode", "signed", "expires"],
).assign(source="u", signed=lambda t: pd.to_datetime(t["signed"]), expires=lambda t: pd.to_datetime(t["expires"]))
EVENTS = pd.DataFrame(
    [
        *(("lecture", "P0", True), ("lecture", "P0", True), ("lecture", "P1", False), ("lecture", None, False)),
        *(("workshop", None, i == 0) for i in range(4)),
        *(("course", "P3", False), ("course", None, False)),
        *(("language_corner", None, None) for _ in range(2)),
    ],
    columns=["kind", "partner", "online"],
).assign(source="u", start=pd.Timestamp(2024, 3, 1), hours=2.0, participants=20, outgoing=10)
CONTEXT = pd.DataFrame({"source": ["u", "u", "other"], "year": [2024, 2023, 2024], "value": [600, 1, 1]}).assign(
    indicator="students_enrolled", country="CHN"
)
TABLES = {"stays": ALL.convert_dtypes(), "agreements": AGREEMENTS, "events": EVENTS, "context": CONTEXT}

# 110 stays crossed a border in 2023/24: 80 in (60 of research, 20 dual degrees) and 30 out.
BY_HAND: dict[str, float] = {
    "partner_retention": 100 * 6 / 8,  # P2 to P7 of P0 to P7
    "multi_mode_partners": 100 * 7 / 10,  # P2 to P7 have exchanges and research, P9 dual degrees and joint training
    "partnership_depth": 20 * 2 * 2,  # six of ten have 20 stays, 2 years and 2 modes; three 10, 1 and 1
    "agreement_renewal": 100 * 2 / 5,  # P0 and P2 of P0 to P4
    "partner_courses_per_100": 100 * 4 / 110,  # three lectures and a course
    "lectures_held": 4,
    "lecture_partners": 2,
    "online_event_share": 100 * 3 / 10,  # of two it is not known
    "recognition_spread": 95 - 63.75,  # of 50, 60, 75, 80, 100 and 100
    "dual_degree_recognition": 100 * (450 + 600) / 1200,
    "joint_training_months": (10 * 12 + 20 * 6) / 30,
    "graduate_share": 100 * 80 / 110,
    "degree_mobility_share": 100 * 20 / 110,
    "research_partners_published": 100 * 2 / 5,  # P2 and P3; of P7 it is not known
    "publishing_countries": 2,
    "dual_supervised_publications_per_100": 100 * 30 / 20,
    "cross_field_publications_per_100": 100 * 20 / 20,  # P3 and P4
    "challenge_publications_per_100": 100 * 20 / 30,  # P3, P4 and P6
    "language_below_b2": 100 * 20 / 30,  # P2 and P3; 6.5 is no level of the CEFR
    "withdrawal_below_b2": 100 * 10 / 20,
    "withdrawal_unfunded": 100 * 6 / 30,
    "both_degrees_award": 100 * 10 / 20,
    "virtual_followed": 100 * 5 / 25,
    "students_abroad_share": 100 * 24 / 600,  # six of them twice
    "funding_lost": 100 * 20 / 60,
    "grant_per_month": 3000 / 6,  # the grants in euros are another currency
}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_the_indicator_is_what_comes_out_by_hand(name: str) -> None:
    row = indicators.compute(name, TABLES, subject="u", year=2024).iloc[0]
    assert row["reason"] is None
    assert row["value"] == pytest.approx(BY_HAND[name])
    if pd.notna(row["lower"]):
        assert row["lower"] <= row["value"] <= row["upper"]


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_in_a_year_without_records_it_is_a_stated_gap(name: str) -> None:
    row = indicators.compute(name, TABLES, subject="u", year=2010).iloc[0]
    assert pd.isna(row["value"])
    assert row["reason"].startswith("no_")


def test_a_reach_that_goes_back_before_the_records_is_said() -> None:
    history = indicator_history(TABLES, "u", 2024, years=2).set_index(["indicator", "year"])
    assert history.loc[("partner_retention", 2023), "reason"] == "short_record"
    assert history.loc[("partner_retention", 2024), "value"] == 75
    assert history.loc[("partnership_depth", 2024), "reason"] == "short_record"


def test_the_history_gives_each_indicator_the_same_as_when_it_is_computed_alone() -> None:
    history = indicator_history(TABLES, "u", 2024, years=1).set_index("indicator")
    told = history.loc[list(BY_HAND), ["value", "reason"]]
    known = told[told["reason"].isna()]["value"].astype(float)
    assert known.to_dict() == pytest.approx({n: BY_HAND[n] for n in known.index})
    assert set(told.index[told["reason"].eq("short_record")]) == {
        n for n in BY_HAND if indicators[n].arguments.get("years", 1) > 2
    }


def test_numbers_of_events_are_open_and_those_of_few_people_are_hidden() -> None:
    history = indicator_history(TABLES, "u", 2024, years=1).set_index("indicator")
    assert history.loc["lectures_held", ["shown", "status"]].tolist() == [4, "A"]
    few = TABLES | {
        "stays": TABLES["stays"][~TABLES["stays"]["funder"].eq("self").fillna(False) | (TABLES["stays"].index % 2 == 0)]
    }
    assert (
        indicator_history(few, "u", 2024, years=1).set_index("indicator").loc["withdrawal_unfunded", "reason"]
        == "small_base"
    )


def test_an_amount_has_the_currency_in_which_most_was_paid() -> None:
    row = indicators.compute("grant_per_month", TABLES, subject="u", year=2024).iloc[0]
    assert row["unit"] == "CNY"
