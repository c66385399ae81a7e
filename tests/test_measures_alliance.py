"""The alliance database: every flag on agreements made for it, its agreement with the registry, and its edition without people."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.measures import alliance_database, indicators, opportunities, published_alliance
from pipeline.measures.alliance import Alliance
from pipeline.measures.alliance_actions import actions, alliance_sums
from pipeline.records import Cleaned

YEAR = 2024  # its academic year ends on 31 August 2024
SOURCE = "u"


def agreement(
    id: str, partner: str = "A", mode: str = "exchange", expires: str | None = "2030-01-01", **other: object
) -> dict[str, object]:
    """An agreement in force unless told otherwise, with a partner in Korea."""
    usual = {
        "source": SOURCE,
        "agreement_id": id,
        "partner": partner,
        "country": "KOR",
        "mode": mode,
        "signed": "2015-01-01",
        "expires": expires,
        "quota_in": None,
        "quota_out": None,
        "joint_laboratory": None,
        "recognised": False,
        "rank_band": None,
    }
    return usual | other


def stays(*groups: tuple[int, str, str, int, dict[str, object]]) -> pd.DataFrame:
    """Stays of an institution: how many, direction, partner and year, and what else is on record."""
    rows: list[dict[str, object]] = []
    for n, direction, partner, year, other in groups:
        home, host = (partner, "U") if direction == "inbound" else ("U", partner)
        place = (
            {"origin": "KOR", "destination": "CHN"}
            if direction == "inbound"
            else {"origin": "CHN", "destination": "KOR"}
        )
        row = {
            "source": SOURCE,
            "direction": direction,
            "home_institution": home,
            "host_institution": host,
            "year": year,
        }
        row |= (
            place
            | {"mode": "exchange", "agreement_id": None, "start": f"{year - 1}-09-10", "dual_supervised": None}
            | other
        )
        rows += [row] * n
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["source"])
    return table.astype({"dual_supervised": "boolean"}).assign(start=pd.to_datetime(table["start"]))


def database(
    agreements: list[dict[str, object]], *groups: tuple[int, str, str, int, dict[str, object]], as_of: str | None = None
) -> Alliance:
    """The database of these records."""
    table = pd.DataFrame(agreements)
    for column in ("signed", "expires"):
        table[column] = pd.to_datetime(table[column])
    table = table.astype({"joint_laboratory": "boolean"})
    return alliance_database(stays(*groups), table, SOURCE, YEAR, None if as_of is None else pd.Timestamp(as_of))


def row(found: Alliance, partner: str) -> pd.Series:
    """A partner's row."""
    return found.partners.set_index("partner").loc[partner]


ONE = (1, "inbound", "A", 2024, {})


class TestRenewals:
    @pytest.mark.parametrize(
        ("expires", "state", "due"),
        [
            ("2024-08-31", "lapsed", None),
            ("2024-09-01", "in_force", 6),
            ("2025-02-28", "in_force", 6),
            ("2025-03-01", "in_force", 12),
            ("2025-08-31", "in_force", 12),
            ("2026-08-31", "in_force", 24),
            ("2026-09-01", "in_force", None),
            (None, "in_force", None),
        ],
    )
    def test_the_shortest_horizon_that_holds_the_end(self, expires, state, due):
        found = database([agreement("A1", expires=expires)], ONE).agreements.iloc[0]
        assert found["state"] == state
        assert (None if pd.isna(found["due"]) else found["due"]) == due

    def test_another_day_may_be_asked_for(self):
        found = database([agreement("A1", expires="2025-03-01")], ONE, as_of="2025-02-01")
        assert found.agreements["due"].tolist() == [6]
        assert found.as_of == pd.Timestamp("2025-02-01")

    def test_one_that_is_signed_later_is_no_successor_of_another_mode_or_partner(self):
        found = database(
            [
                agreement("A1", expires="2024-12-01"),
                agreement("A2", expires="2029-12-01", signed="2024-12-02"),
                agreement("A3", mode="dual_degree", expires="2024-12-01"),
                agreement("B1", "B", expires="2024-12-01"),
            ],
            ONE,
        ).agreements.set_index("agreement_id")
        assert found["successor"].dropna().to_dict() == {"A1": "A2"}
        assert found.loc["A2", "state"] == "not_yet"

    def test_what_has_a_successor_needs_no_renewal(self):
        found = database(
            [agreement("A1", expires="2024-12-01"), agreement("A2", expires="2029-12-01", signed="2024-12-02")], ONE
        )
        assert "lapses" not in set(actions(found)["action"])
        assert pd.isna(row(found, "A")["due"])
        assert alliance_sums(found).loc[0, ["due_6", "renewed"]].tolist() == [1, 1]


class TestPartners:
    def test_dormant_is_an_agreement_without_a_stay_of_two_years(self):
        found = database(
            [agreement("A1"), agreement("B1", "B"), agreement("C1", "C", expires="2020-01-01")],
            (1, "inbound", "A", 2023, {}),
            (1, "inbound", "B", 2022, {}),
        )
        assert found.partners.set_index("partner")["dormant"].to_dict() == {"A": False, "B": True, "C": False}

    def test_a_virtual_stay_does_not_wake_a_partner(self):
        assert row(database([agreement("A1")], (9, "inbound", "A", 2024, {"mode": "virtual"})), "A")["dormant"]

    def test_stays_without_an_agreement_in_force(self):
        found = database([agreement("A1", expires="2020-01-01")], ONE, (1, "outbound", "B", 2023, {}))
        assert found.partners.set_index("partner")["without_agreement"].to_dict() == {"A": True, "B": True}

    def test_used_after_the_lapse_only_where_nothing_took_its_place(self):
        lapsed = [
            agreement("A1", expires="2022-01-01"),
            agreement("B1", "B", expires="2022-01-01"),
            agreement("B2", "B"),
        ]
        found = database(
            lapsed,
            (3, "inbound", "A", 2024, {}),
            (3, "inbound", "B", 2024, {}),
            (2, "inbound", "A", 2024, {"mode": "degree"}),
        )
        assert found.partners.set_index("partner")["lapsed_used"].to_dict() == {"A": 3, "B": 0}

    def test_places_and_their_use(self):
        found = database(
            [agreement("A1", quota_in=2, quota_out=4), agreement("A2", mode="dual_degree", quota_in=None, quota_out=6)],
            (3, "inbound", "A", 2024, {"agreement_id": "A1"}),
            (1, "outbound", "A", 2024, {"agreement_id": "A2", "mode": "dual_degree"}),
            (5, "inbound", "A", 2024, {"agreement_id": "A2", "mode": "dual_degree"}),  # no place agreed: in no use
            (4, "outbound", "A", 2023, {"agreement_id": "A1"}),  # another year
        )
        one = found.agreements.set_index("agreement_id").loc["A1"]
        assert (one["use_in"], one["use_out"]) == (1.5, 0.0)
        assert row(found, "A")[["places", "used", "use"]].tolist() == [12.0, 4.0, pytest.approx(4 / 12)]

    def test_one_way_needs_five_exchange_stays(self):
        found = database(
            [agreement("A1")],
            (5, "outbound", "A", 2023, {}),
            (9, "inbound", "A", 2023, {"mode": "degree"}),
            (4, "outbound", "B", 2023, {}),
            (9, "outbound", "C", 2023, {}),
            (1, "inbound", "C", 2022, {}),
            (9, "outbound", "D", 2021, {}),
        )
        assert found.partners.set_index("partner")["one_way"].dropna().to_dict() == {"A": "outbound"}

    def test_depth_supervision_and_what_the_partner_is(self):
        found = database(
            [
                agreement("A1", rank_band="201-500", joint_laboratory=True),
                agreement("A2", rank_band="1-200", signed="2020-01-01"),
            ],
            (2, "inbound", "A", 2023, {"mode": "joint_training", "dual_supervised": True}),
            (1, "inbound", "A", 2024, {"mode": "joint_training", "dual_supervised": False}),
            (1, "inbound", "A", 2019, {"mode": "conference"}),  # more than five years ago
            (1, "inbound", "A", 2024, {}),
        )
        one = row(found, "A")
        assert one[["stays", "years_active", "modes", "depth"]].tolist() == [4, 2, 2, 16]
        assert one[["dual_supervised_k", "dual_supervised_n"]].tolist() == [2, 3]
        assert one[["rank_band", "joint_laboratory", "belt_and_road"]].tolist() == ["1-200", True, True]

    def test_another_source_is_another_database(self):
        found = database([agreement("A1"), agreement("Z1", "Z", source="other")], ONE)
        assert found.partners["partner"].tolist() == ["A"]
        with pytest.raises(InputError, match="no agreement on record"):
            database([agreement("Z1", "Z", source="other")], ONE)


class TestActions:
    def test_the_most_urgent_first_and_in_each_the_deepest_partner(self):
        found = database(
            [agreement("A1", expires="2024-10-01"), agreement("B1", "B", expires="2025-08-01"), agreement("C1", "C")],
            (1, "inbound", "A", 2024, {}),
            (8, "inbound", "B", 2024, {}),
        )
        told = actions(found)[["action", "partner"]].to_numpy().tolist()
        assert told == [["lapses", "B"], ["lapses", "A"], ["dormant", "C"], ["one_way", "B"]]

    def test_opportunities_are_significant_shortfalls_idle_partners_and_roads_without_an_agreement(self):
        found = database(
            [
                agreement("A1"),
                agreement("B1", "B", country="USA", rank_band="1-200"),
                agreement("C1", "C", country="USA"),
            ],
            ONE,
        )
        flows = pd.DataFrame(
            [
                ("inbound", "KOR", 10.0, 40.0, "fewer"),
                ("inbound", "LAO", 1.0, 9.0, "as_expected"),
                ("inbound", "JPN", 1.0, 9.0, "as_expected"),
                ("outbound", "KOR", 90.0, 40.0, "more"),
                ("outbound", "LAO", None, 40.0, "fewer"),
            ],
            columns=["direction", "partner", "actual", "expected", "verdict"],
        )
        told = opportunities(found, flows)[["kind", "country", "partner", "gap", "agreements"]]
        told = told.astype(object).where(told.notna(), None).to_numpy().tolist()
        assert told == [
            ["below_expected", "KOR", None, 30.0, 1],
            ["no_agreement", "LAO", None, 8.0, 0],
            ["idle_partner", "USA", "B", None, 1],
        ]
        assert opportunities(found)["kind"].tolist() == ["idle_partner"]


class TestWithTheRegistry:
    """One formula, one place: the database and the indicators say the same of the example."""

    @pytest.fixture(scope="class")
    def example(self, example_cleaned: Cleaned) -> tuple[Alliance, dict[str, pd.DataFrame]]:
        cleaned = example_cleaned
        tables = {"stays": cleaned.stays, "agreements": cleaned.agreements}
        return alliance_database(cleaned.stays, cleaned.agreements, "example-university", YEAR), tables

    def test_renewals_dormancy_places_and_laboratories_agree(self, example):
        found, tables = example
        sums = alliance_sums(found).iloc[0]
        said = {
            id: indicators.compute(id, tables, subject="example-university", year=YEAR).iloc[0]
            for id in ("renewals_due", "dormant_partners", "quota_use", "agreements_in_force", "joint_laboratories")
        }
        assert (said["renewals_due"]["numerator"], said["renewals_due"]["denominator"]) == (
            sums["due_12"],
            sums["end_known"],
        )
        assert (said["dormant_partners"]["numerator"], said["dormant_partners"]["denominator"]) == (
            sums["dormant"],
            sums["partners"],
        )
        assert said["quota_use"]["value"] == pytest.approx(sums["use"])
        assert said["agreements_in_force"]["value"] == sums["in_force"]
        assert (
            said["joint_laboratories"]["value"]
            == found.agreements.query("state == 'in_force'")["joint_laboratory"].eq(True).sum()
        )

    def test_every_agreement_and_every_partner_is_there_once(self, example):
        found, tables = example
        assert sorted(found.agreements["agreement_id"]) == sorted(tables["agreements"]["agreement_id"])
        assert found.partners["partner"].is_unique
        assert set(tables["agreements"]["partner"]) <= set(found.partners["partner"])
        assert alliance_sums(found)["in_force"].iloc[1:].sum() == alliance_sums(found)["in_force"].iloc[0]


class TestPublished:
    def test_nothing_counts_people(self):
        found = database([agreement("A1", quota_in=9)], (30, "inbound", "A", 2024, {"agreement_id": "A1"}))
        told = published_alliance(found)
        numbers = {
            "used",
            "use",
            "used_in",
            "used_out",
            "use_in",
            "use_out",
            "stays",
            "exchange_in",
            "exchange_out",
            "depth",
            "places",
        }
        numbers |= {"dual_supervised_k", "dual_supervised_n", "used_after_expiry"}
        for name in ("alliance_agreements", "alliance_partners", "alliance_actions"):
            assert not numbers & set(told[name].columns), name
        assert not {"used", "places"} & set(told["alliance_sums"].columns)

    @pytest.mark.parametrize(("n", "over"), [(0, False), (1, None), (4, None), (5, True), (40, True)])
    def test_whether_places_are_over_used_is_not_said_of_few(self, n, over):
        group = [(n, "inbound", "A", 2024, {"agreement_id": "A1"})] if n else [(1, "inbound", "A", 2024, {})]
        found = database([agreement("A1", quota_in=1)], *group)
        told = published_alliance(found)["alliance_partners"].set_index("partner").loc["A", "over_used"]
        assert (None if pd.isna(told) else bool(told)) == over
        assert ("over_used" in set(published_alliance(found)["alliance_actions"]["action"])) == bool(over)

    @pytest.mark.parametrize(("yes", "no", "shown"), [(10, 10, 50.0), (10, 9, None), (16, 4, None), (20, 0, 100.0)])
    def test_a_share_of_supervision_rests_on_twenty_and_hides_few(self, yes, no, shown):
        research = {"mode": "joint_research"}
        found = database(
            [agreement("A1")],
            (yes, "inbound", "A", 2024, research | {"dual_supervised": True}),
            (no, "inbound", "A", 2024, research | {"dual_supervised": False}),
        )
        told = published_alliance(found)["alliance_partners"].loc[0, "dual_supervised_pct"]
        assert (None if pd.isna(told) else told) == shown

    def test_use_of_few_places_is_not_published(self):
        found = database([agreement("A1", quota_in=9)], (6, "inbound", "A", 2024, {"agreement_id": "A1"}))
        assert published_alliance(found)["alliance_sums"]["use"].isna().all()
