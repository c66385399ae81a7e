"""The ten modes: each rule on a stay made for it, the rules' record against the example's truth, profiles and moves worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import measures
from pipeline.measures.mode_profiles import agreement_with_stated, mode_transitions, profile_of_modes, rule_record
from pipeline.measures.mode_publication import published_modes
from pipeline.measures.modes import MODES, RULES, UNCLASSIFIED, classify_modes
from pipeline.records import Cleaned

AGREEMENTS = pd.DataFrame(
    {
        "agreement_id": ["AG1", "LAB1", "EX1"],
        "partner": ["A", "Lab", "Lab"],
        "mode": ["dual_degree", "joint_research", "exchange"],
        "joint_laboratory": pd.array([None, True, None], dtype="boolean"),
    }
)
# A stay made for each rule: what its record says beyond an outbound stay at master's level with a visa.
MADE: dict[str, dict[str, object]] = {
    "online": {"online": True, "months": 5.0, "host_institution": "B", "credits_attempted": 10.0},
    "agreement": {"agreement_id": "AG1", "months": 5.0, "host_institution": "A", "credits_attempted": 10.0},
    "two_degrees": {"degrees_awarded": 2, "months": 12.0, "host_institution": "B"},
    "degree_without_partner": {"degrees_awarded": 1, "months": 20.0},
    "degree_with_partner": {"degrees_awarded": 1, "months": 14.0, "host_institution": "B"},
    "degree_length": {"months": 36.0, "host_institution": "B"},
    "no_crossing": {"months": 4.0, "credits_attempted": 10.0, "host_institution": "B", "visa_applied": None},
    "few_days": {"months": 0.2, "start": "2021-04-12"},
    "short_with_credits": {"months": 2.0, "credits_attempted": 6.0, "start": "2021-04-12"},
    "short_in_season": {"months": 1.0, "start": "2021-07-05", "level": None},
    "short_taught": {"months": 1.0, "start": "2021-04-12"},
    "supervised_for_credit": {
        "months": 9.0,
        "credits_attempted": 20.0,
        "dual_supervised": True,
        "host_institution": "B",
    },
    "laboratory": {"months": 9.0, "dual_supervised": False, "host_institution": "Lab"},
    "joint_paper": {"months": 9.0, "dual_supervised": True, "joint_publications": 1, "host_institution": "B"},
    "research_stay": {"months": 9.0, "joint_publications": 0, "host_institution": "B"},
    "year_for_credit": {"months": 9.0, "credits_attempted": 30.0, "host_institution": "B"},
    "long_with_partner": {"months": 15.0, "credits_attempted": 30.0, "host_institution": "B"},
    "term_with_partner": {"months": 5.0, "host_institution": "B"},
}


def records(*rows: dict[str, object]) -> pd.DataFrame:
    """Outbound stays at master's level with a visa, the mode not stated, but for what each row says."""
    usual = {
        "direction": "outbound",
        "mode": None,
        "level": "7",
        "home_institution": "U",
        "host_institution": None,
        "start": "2021-09-01",
        "visa_applied": "2021-05-01",
        "visa_result": None,
        "agreement_id": None,
        "months": None,
        "credits_attempted": None,
        "degrees_awarded": None,
        "joint_publications": None,
        "dual_supervised": None,
        "grant_amount": None,
        "online": None,
    }
    table = pd.DataFrame([usual | row for row in rows])
    return table.astype({"dual_supervised": "boolean", "online": "boolean", "months": float}).assign(
        start=pd.to_datetime(table["start"])
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
class TestRule:
    def test_takes_the_stay_made_for_it(self, rule):
        company = [{"months": 5.0, "host_institution": "B"}] * 9  # with visas, so that one without says something
        found = classify_modes(records(MADE[rule.id], *company), AGREEMENTS).iloc[0]
        assert found["rule"] == rule.id
        assert found["mode"] == (rule.mode or "dual_degree")
        assert found["reason"] is None

    def test_is_written_down(self, rule, root: Path):
        line = next(
            r for r in (root / "docs" / "modes.md").read_text(encoding="utf-8").splitlines() if f"`{rule.id}`" in r
        )
        assert rule.says in line


class TestClassify:
    def test_every_mode_is_stated_or_found_but_a_lecture_is_only_ever_stated(self):
        found = {rule.mode for rule in RULES if rule.mode}
        assert set(MODES) - found == {"lecture"}

    def test_what_is_stated_stands_whatever_the_rules_say(self):
        stays = records({"mode": "exchange", "months": 40.0})
        assert classify_modes(stays)[["mode", "rule"]].to_numpy().tolist() == [["exchange", "stated"]]
        assert classify_modes(stays, blind=True)["mode"].tolist() == ["degree"]

    def test_a_stay_that_no_rule_takes_is_unclassified_with_its_reason(self):
        found = classify_modes(
            records(
                {},
                {"months": 6.0},
                {"months": 2.0, "level": "8", "start": "2021-04-01", "host_institution": "B"},
            )
        )
        assert found["mode"].tolist() == [UNCLASSIFIED] * 3
        assert found["rule"].isna().all()
        assert found["reason"].tolist() == ["no_length", "no_partner", "no_sign"]

    def test_nothing_but_direction_and_mode_is_enough_to_answer(self):
        found = classify_modes(pd.DataFrame({"direction": ["inbound"], "mode": ["no such mode"]}))
        assert found["mode"].tolist() == [UNCLASSIFIED]
        assert found["mode_stated"].tolist() == [None]

    def test_a_missing_visa_says_nothing_where_visas_are_not_recorded(self):
        rows = [{"months": 4.0, "credits_attempted": 10.0, "host_institution": "B", "visa_applied": None}] * 5
        assert set(classify_modes(records(*rows))["rule"]) == {"year_for_credit"}

    def test_the_order_of_the_stays_does_not_matter(self):
        stays = records(*MADE.values())
        shuffled = stays.sample(frac=1, random_state=1)
        pd.testing.assert_frame_equal(
            classify_modes(stays, AGREEMENTS), classify_modes(shuffled, AGREEMENTS).loc[stays.index]
        )


class TestRecordAgainstTruth:
    """The rules see the cleaned records of the example, without the mode; the truth is what the generator wrote."""

    @pytest.fixture(scope="class")
    def judged(self, example_cleaned: Cleaned, example_made: Path) -> pd.DataFrame:
        cleaned = example_cleaned
        rows = pd.read_csv(example_made / "truth" / "rows.csv", dtype=str).astype({"line": "Int64"})
        truth = pd.read_csv(example_made / "truth" / "stays.csv", dtype=str).set_index("stay_id")["mode"]
        stays = cleaned.stays.merge(
            rows.assign(truth=rows["stay_id"].map(truth))[["file", "line", "truth"]], how="left"
        )
        blind = classify_modes(stays, cleaned.agreements, blind=True)
        return blind.assign(truth=stays["truth"], stated=stays["mode"].notna())

    def test_nine_in_ten_are_found_and_five_in_six_without_the_agreement(self, judged):
        right = judged["mode"].eq(judged["truth"])
        assert judged["truth"].notna().all()
        assert right.mean() > 0.88
        assert right[judged["rule"].ne("agreement")].mean() > 0.82
        assert right[~judged["stated"]].mean() > 0.85  # those that the rules are there for

    def test_each_mode_but_the_lecture_is_mostly_found(self, judged):
        found = judged["mode"].eq(judged["truth"]).groupby(judged["truth"]).mean()
        assert found["lecture"] == 0  # a lecture's record cannot be told from a conference's
        assert found.drop("lecture").min() > 0.7

    def test_few_are_left_and_mostly_for_want_of_a_length(self, judged):
        left = judged[judged["mode"].eq(UNCLASSIFIED)]
        assert 0 < len(left) < 0.06 * len(judged)
        assert left["reason"].eq("no_length").mean() > 0.8


class TestProfile:
    def stays(self) -> pd.DataFrame:
        rows = records(
            {
                "months": 4.0,
                "host_institution": "A",
                "credits_recognised": 20.0,
                "grant_amount": 4000.0,
                "currency": "CNY",
            },
            {
                "months": 6.0,
                "host_institution": "B",
                "credits_recognised": 30.0,
                "grant_amount": 1000.0,
                "currency": "CNY",
            },
            {
                "months": 8.0,
                "host_institution": "B",
                "credits_recognised": 10.0,
                "grant_amount": 500.0,
                "currency": "EUR",
            },
            {
                "months": 9.0,
                "host_institution": None,
                "credits_recognised": 10.0,
                "grant_amount": None,
                "currency": None,
            },
        )
        return rows.assign(
            mode="exchange",
            year=2024,
            origin="CHN",
            destination=["KOR", "KOR", "DEU", "DEU"],
            funder=["government", "joint_fund", "self", None],
            outcome=["completed", "withdrawn", "completed", "ongoing"],
        )

    def value(self, table: pd.DataFrame, indicator: str, column: str = "value") -> float:
        return float(table.set_index("indicator").loc[indicator, column])

    def test_by_hand(self):
        table = profile_of_modes(self.stays(), 2024)
        assert self.value(table, "stays") == 4
        assert self.value(table, "median_months") == 7.0  # of 4, 6, 8, 9
        assert (self.value(table, "partners"), self.value(table, "partners", "n")) == (2, 3)
        assert self.value(table, "countries") == 2
        assert self.value(table, "funded_state") == pytest.approx(100 / 3)  # of three known funders
        assert self.value(table, "funded_society") == pytest.approx(100 / 3)
        assert self.value(table, "completion") == pytest.approx(200 / 3)  # the ongoing one is in no base

    def test_currencies_are_kept_apart_with_their_own_base(self):
        table = profile_of_modes(self.stays(), 2024)
        cost = table[table["indicator"].eq("cost_per_credit")].set_index("currency")
        assert cost["value"].to_dict() == {"CNY": 100.0, "EUR": 50.0}  # 5000 / 50 credits, 500 / 10
        assert cost["n"].to_dict() == {"CNY": 2, "EUR": 1}

    def test_a_mode_without_a_partner_on_record_has_no_number_of_partners(self):
        table = profile_of_modes(self.stays().assign(host_institution=None), 2024)
        assert np.isnan(self.value(table, "partners"))

    def test_only_the_window_counts(self):
        stays = self.stays().assign(year=[2019, 2020, 2024, 2025])
        assert self.value(profile_of_modes(stays, 2024), "stays") == 2


class TestTransitions:
    def moves(self, *rows: tuple[str, str, int, object]) -> pd.DataFrame:
        stays = pd.DataFrame(rows, columns=["student_key", "mode", "year", "joint_publications"])
        stays["start"] = pd.to_datetime((stays["year"] - 1).astype(str) + "-09-01")
        return mode_transitions(stays, 2024).set_index(["from_mode", "to"])

    def test_by_hand(self):
        moves = self.moves(
            ("a", "short_programme", 2018, None),
            ("a", "exchange", 2019, None),
            ("a", "exchange", 2020, None),
            ("b", "short_programme", 2018, None),
            ("c", "exchange", 2018, None),
            ("c", "degree", 2021, None),
        )
        assert moves.loc[("short_programme", "exchange"), ["students", "k", "share", "median_months"]].tolist() == [
            2,
            1,
            50,
            12,
        ]
        assert moves.loc[("exchange", "degree"), ["students", "k", "share", "median_months"]].tolist() == [2, 1, 50, 36]
        assert ("degree", "exchange") not in moves.index

    def test_who_came_too_late_to_come_again_is_in_no_base(self):
        moves = self.moves(("a", "exchange", 2020, None), ("a", "degree", 2022, None), ("b", "exchange", 2023, None))
        assert moves.loc[("exchange", "degree"), "students"] == 1

    def test_a_publication_of_the_same_or_a_later_stay_counts_where_the_first_says(self):
        moves = self.moves(
            ("a", "research_visit", 2018, 0),
            ("a", "joint_research", 2020, 2),
            ("b", "research_visit", 2018, 0),
            ("c", "research_visit", 2018, None),
        )
        assert moves.loc[("research_visit", "joint_publication"), ["students", "k"]].tolist() == [2, 1]


class TestPublished:
    def test_no_share_shows_few_people_or_all_but_few(self):
        moves = pd.DataFrame(
            {
                "from_mode": "exchange",
                "to": ["degree", "virtual", "lecture", "conference"],
                "students": [100, 100, 100, 19],
                "k": [4, 5, 97, 10],
                "share": [4.0, 5.0, 97.0, 52.6],
                "median_months": 12.0,
            }
        )
        empty = (
            profile_of_modes(TestProfile().stays().head(0), 2024),
            rule_record(agreement_with_stated(records({"mode": "exchange"}).head(0))),
        )
        made = published_modes(empty[0], moves, empty[1])["mode_transitions"]
        assert made["share"].notna().tolist() == [False, True, False, False]
        assert made["status"].tolist() == ["C", "A", "C", "C"]
        assert "k" not in made

    def test_numbers_of_stays_are_only_tens(self):
        stays = pd.concat([TestProfile().stays()] * 9).reset_index(drop=True)  # 36 stays
        record = rule_record(agreement_with_stated(stays))
        made = published_modes(
            profile_of_modes(stays, 2024), mode_transitions(stays.assign(student_key=range(36)), 2024), record
        )
        profile = made["mode_profile"].set_index("indicator")
        assert profile.loc["stays", "value"] == 40
        for table in made.values():
            base = table["students" if "students" in table else "n"].dropna()
            assert (base % 10 == 0).all()

    def test_a_mode_of_few_stays_is_not_shown_at_all(self):
        made = published_modes(
            profile_of_modes(TestProfile().stays(), 2024),
            mode_transitions(TestProfile().stays().assign(student_key="a"), 2024),
            rule_record(agreement_with_stated(TestProfile().stays())),
        )
        assert made["mode_profile"][["value", "n"]].isna().all(axis=None)
        assert measures.published_modes is published_modes
