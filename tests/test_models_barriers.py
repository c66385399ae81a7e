"""Signals of what stands in the way: their values by hand, trends against chance, and what the example university's maker put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.measures.barrier_signals import SIGNALS, signal_observations, value_of
from pipeline.models import barriers, trend_test
from pipeline.models.shrinkage import shrunk_means, shrunk_rates, spread_between


def some_stays(n: int, **columns: object) -> pd.DataFrame:
    base = {
        "source": "u", "direction": "inbound", "origin": "KOR", "destination": "CHN", "home_institution": "A", "host_institution": "U",
        "mode": "exchange", "level": "7", "field": "07", "year": 2024, "funder": "self", "outcome": "completed", "visa_result": "granted",
        "agreement_id": None, "start": pd.Timestamp("2023-09-01"), "end": pd.Timestamp("2024-01-31"), "months": 5.0,
    }  # fmt: skip
    return pd.DataFrame(base | columns, index=range(n))


def some_agreements(**columns: object) -> pd.DataFrame:
    base = {
        "source": "u", "agreement_id": ["A1", "B1", "C1"], "partner": ["A", "B", "C"], "country": ["KOR", "LAO", "DEU"], "mode": "exchange",
        "signed": pd.Timestamp("2019-01-01"), "expires": pd.to_datetime(["2025-01-01", "2027-01-01", None]), "quota_in": [4, 2, None],
        "quota_out": [None, 2, None],
    }  # fmt: skip
    return pd.DataFrame(base | columns)


def value(stays: pd.DataFrame, agreements: pd.DataFrame, signal: str, year: int = 2024) -> float:
    found = signal_observations(stays, agreements, "u", year, signal)
    assert not isinstance(found, str), found
    now = found[found["year"].eq(year)]
    return value_of(now["y"], now["w"], SIGNALS[signal].scale)[0]


class TestBySum:
    """Every signal on a case reckoned by hand."""

    none = pd.DataFrame()

    def test_language_gap_leaves_the_unknown_out(self) -> None:
        stays = some_stays(5, language_entry=["A2", "B1", "B2", "C2", None])
        assert value(stays, self.none, "language_gap") == 50

    def test_no_gain_is_of_those_with_both_levels_who_could_gain(self) -> None:
        stays = some_stays(4, language_entry=["B1", "B1", "C2", "B1"], language_exit=["B1", "B2", "C2", None])
        assert value(stays, self.none, "no_language_gain") == 50

    def test_credits_are_weighed_by_what_was_attempted(self) -> None:
        stays = some_stays(2, credits_attempted=[30.0, 10.0], credits_recognised=[30.0, 0.0])
        assert value(stays, self.none, "credits_not_recognised") == 25
        assert value(stays, self.none, "not_in_full") == 50

    def test_money(self) -> None:
        stays = some_stays(
            4,
            funder=["self", "self", "government", None],
            outcome=["withdrawn", "completed", "completed", "withdrawn"],
            grant_amount=[None, None, 6000.0, 800.0],
            currency=[None, None, "CNY", "EUR"],
        )
        assert value(stays, self.none, "unfunded") == pytest.approx(200 / 3)
        assert value(stays, self.none, "withdrawn_unfunded") == 50
        dear = pd.concat([stays, stays.assign(grant_amount=[None, None, 4000.0, None])], ignore_index=True)
        assert (
            value(dear, self.none, "grant_per_month") == 1000
        )  # 10,000 CNY over 10 months; euros, and who left, apart

    def test_a_refused_student_counts_though_the_stay_never_began(self) -> None:
        stays = some_stays(
            4,
            visa_result=["refused", "granted", "granted", None],
            outcome=["withdrawn", "completed", "completed", "completed"],
            visa_applied=pd.Timestamp("2023-06-01"),
            visa_decided=pd.to_datetime(["2023-07-01", "2023-06-11", "2023-06-21", None]),
        )
        assert value(stays, self.none, "visa_refusal") == pytest.approx(100 / 3)
        assert value(stays, self.none, "visa_days") == 20

    def test_agreements_partners_and_places(self) -> None:
        before = some_stays(1, year=2023)
        stays = pd.concat([before, some_stays(3, agreement_id=["A1", "A1", "B1"])], ignore_index=True)
        agreements = some_agreements()
        assert value(stays, agreements, "lapsing") == 50  # A1 of the two with an end on record
        assert value(stays, agreements, "dormant") == pytest.approx(200 / 3)  # B and C have had nobody
        assert value(stays, agreements, "unused_places") == pytest.approx(100 * 5 / 8)  # 2 of 4, 1 of 2, 0 of 2 used

    def test_places_used_beyond_the_quota_do_not_fill_those_of_others(self) -> None:
        stays = pd.concat([some_stays(1, year=2023), some_stays(9, agreement_id="A1")], ignore_index=True)
        assert value(stays, some_agreements(), "unused_places") == 50

    def test_unmatched_exchange(self) -> None:
        out = some_stays(
            1, direction="outbound", origin="CHN", destination="KOR", home_institution="U", host_institution="A"
        )
        stays = pd.concat([some_stays(1, year=2023), some_stays(3), out], ignore_index=True)
        assert value(stays, some_agreements(), "unmatched") == 50  # 3 came, 1 went

    def test_what_is_missing_is_said_and_is_no_zero(self) -> None:
        made = barriers(some_stays(30), pd.DataFrame(), "u", 2024)["barriers"].set_index("signal")
        assert made.loc["language_gap", "reason"] == "no_column_language_entry"
        assert made.loc["lapsing", "reason"] == "no_agreements"
        assert made.loc["disputes", "reason"] == "not_recorded"
        assert made.loc[["language_gap", "lapsing", "disputes"], "value"].isna().all()


class TestTrend:
    def test_finds_a_slope_and_its_size(self) -> None:
        found = trend_test(range(2010, 2024), np.linspace(10, 23, 14), [1.5] * 14)
        assert found is not None
        assert found.p < 0.001
        assert found.lower < found.change < found.upper
        assert found.change == pytest.approx(13, abs=1)

    def test_steady_years_are_called_a_trend_as_rarely_as_promised(self) -> None:
        rng = np.random.default_rng(1)
        called = 0
        for _ in range(400):
            k = rng.binomial(200, 0.2, 14)
            found = trend_test(range(14), 100 * k / 200, 100 * np.sqrt(k / 200 * (1 - k / 200) / 200))
            assert found is not None
            called += found.p < 0.05
        assert called / 400 < 0.075

    def test_scatter_and_likeness_of_neighbours_make_it_harder(self) -> None:
        rng = np.random.default_rng(2)
        called = {0.0: 0, 0.5: 0}
        for linked in called:
            for _ in range(300):
                z = rng.normal(0, 3, 14)
                for t in range(1, 14):
                    z[t] += linked * z[t - 1]
                found = trend_test(range(14), 50 + z, [0.5] * 14, percent=False)
                assert found is not None
                called[linked] += found.p < 0.05
        assert called[0.0] / 300 < 0.09
        assert called[0.5] / 300 < 0.22  # 0.23 and more without the allowance

    def test_five_years_are_too_few(self) -> None:
        assert trend_test(range(5), range(5), [1.0] * 5, percent=False) is None


class TestShrinkage:
    def test_means_hold_the_truth_as_often_as_they_say(self) -> None:
        rng = np.random.default_rng(3)
        held = []
        for _ in range(60):
            truth = rng.normal(25, 3, 20)
            error = rng.choice([0.5, 2.0, 6.0], 20)
            drawn = shrunk_means(pd.DataFrame({"group": range(20), "value": rng.normal(truth, error), "error": error}))
            held.append(((drawn["lower"] <= truth) & (truth <= drawn["upper"])).mean())
        assert 0.92 < np.mean(held) < 0.98

    def test_spread_is_that_of_the_rates_and_not_of_chance(self) -> None:
        rng = np.random.default_rng(4)
        rates = rng.beta(8, 8, 200)  # standard deviation 0.12
        groups = pd.DataFrame({"n": 15, "k": rng.binomial(15, rates)})
        assert spread_between(groups) == pytest.approx(0.12, abs=0.03)

    def test_intervals_only_where_wanted_are_the_same(self) -> None:
        groups = pd.DataFrame({"group": list("abc"), "n": [20, 30, 5], "k": [4, 15, 1]})
        whole, part = shrunk_rates(groups), shrunk_rates(groups, wanted=[True, False, True])
        assert part["lower"].isna().tolist() == [False, True, False]
        assert part.loc[[0, 2], "lower"].tolist() == whole.loc[[0, 2], "lower"].tolist()


class TestProtected:
    def test_few_people_are_hidden(self) -> None:
        stays = some_stays(60, language_entry=["B1"] * 3 + ["C1"] * 57)
        made = barriers(stays, pd.DataFrame(), "u", 2024)
        row = made["barriers"].set_index("signal").loc["language_gap"]
        assert np.isnan(row["value"])
        assert row["status"] == "C"
        years = made["barrier_years"].query("signal == 'language_gap'")
        assert years["value"].isna().all()
        assert years["n"].isna().all()

    def test_bases_are_tens_and_shares_whole(self) -> None:
        stays = some_stays(67, language_entry=["B1"] * 23 + ["C1"] * 44)
        row = barriers(stays, pd.DataFrame(), "u", 2024)["barriers"].set_index("signal").loc["language_gap"]
        assert (row["value"], row["n"]) == (34, 70)

    def test_a_small_group_is_not_named(self) -> None:
        many = [some_stays(100, origin=c, language_entry=["B1"] * 10 + ["C1"] * 90) for c in ("KOR", "DEU", "FRA")]
        few = some_stays(12, origin="LAO", language_entry="A2")
        clear = some_stays(40, origin="JPN", language_entry=["A2"] * 30 + ["C1"] * 10)
        stays = pd.concat([*many, few, clear], ignore_index=True)
        where = barriers(stays, pd.DataFrame(), "u", 2024)["barrier_where"]
        assert where.loc[where["by"].eq("country"), "group"].tolist() == ["JPN"]


@pytest.fixture(scope="module")
def made(example_made: Path) -> dict[str, pd.DataFrame]:
    """The signals on the example's stays as they truly were."""
    stays = pd.read_csv(example_made / "truth" / "stays.csv", dtype=str).assign(source="u")
    dates = {c: pd.to_datetime(stays[c]) for c in ("start", "end", "visa_applied", "visa_decided")}
    out = stays["direction"].eq("outbound")
    stays = stays.assign(
        **dates,
        year=dates["start"].dt.year + dates["start"].dt.month.ge(9),
        home_institution=stays["partner"].where(~out, "U"),
        host_institution=stays["partner"].where(out, "U"),
        **{c: pd.to_numeric(stays[c]) for c in ("grant_amount", "credits_attempted", "credits_recognised")},
        months=(dates["end"] - dates["start"]).dt.days / 30.4,
    )
    return barriers(stays[stays["year"].le(2024)], pd.DataFrame(), "u", 2024)


class TestWhatTheExampleHolds:
    """Its maker refuses more visas to the self-funded and in the United States, and lets weak language and want of money go with withdrawal."""

    def test_refusals_concentrate_where_they_were_put(self, made: dict[str, pd.DataFrame]) -> None:
        where = made["barrier_where"].query("signal == 'visa_refusal'")
        assert where.loc[where["by"].eq("country"), "group"].iloc[0] == "USA"
        assert where.loc[where["by"].eq("funder"), "group"].tolist() == ["self"]

    def test_days_concentrate_there_too(self, made: dict[str, pd.DataFrame]) -> None:
        where = made["barrier_where"].query("signal == 'visa_days' and by == 'country'")
        assert where["group"].iloc[0] == "USA"

    def test_completion_goes_with_language_and_money(self, made: dict[str, pd.DataFrame]) -> None:
        table = made["barriers"].set_index("signal")
        assert table.loc["language_gap", "diff_upper"] < 0
        assert table.loc["unfunded", "diff_upper"] < 0

    def test_slow_visas_which_change_nothing_are_not_said_to(self, made: dict[str, pd.DataFrame]) -> None:
        row = made["barriers"].set_index("signal").loc["visa_days"]
        assert row["diff_lower"] < 0 < row["diff_upper"]

    def test_what_is_part_of_the_end_of_a_stay_is_not_set_against_it(self, made: dict[str, pd.DataFrame]) -> None:
        table = made["barriers"].set_index("signal")
        assert table.loc["grant_per_month", "no_link"] == "of_length"
        assert table.loc["not_in_full", "no_link"] == "is_outcome"
        assert table.loc[["grant_per_month", "not_in_full"], "difference"].isna().all()
