"""What an institution's stays come to: series, partners, balance, outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from pipeline.errors import InputError
from pipeline.measures import (
    balance,
    complete_year,
    concentration,
    ended_stays,
    outcome_rates,
    partners,
    reciprocity,
    stay_series,
    wilson,
)
from pipeline.measures.intervals import garwood, ratio_interval


def stay(year: int, **other: object) -> dict[str, object]:
    """One processed stay, by default an exchange from Korea that was completed."""
    row: dict[str, object] = {
        "source": "u",
        "direction": "inbound",
        "origin": "KOR",
        "destination": "CHN",
        "mode": "exchange",
        "level": "7",
        "start": pd.Timestamp(year - 1, 9, 1),
        "year": year,
        "academic_year": f"{year - 1}/{year % 100}",
        "visa_result": "granted",
        "outcome": "completed",
    }
    return row | other


def out(year: int, **other: object) -> dict[str, object]:
    return stay(year, **({"direction": "outbound", "origin": "CHN", "destination": "KOR"} | other))


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).convert_dtypes()


def values(table: pd.DataFrame, **where: object) -> dict[int, float]:
    for key, value in ({"level": "all", "mode": "all"} | where).items():
        table = table[table[key].eq(value)]
    return dict(zip(table["year"], table["value"], strict=True))


STAYS = frame(
    stay(2022),
    stay(2022, mode="virtual"),
    stay(2023, mode=pd.NA),
    stay(2023, outcome="withdrawn", visa_result="refused"),
    stay(2024, level="8"),
    out(2024),
    out(2022),
    stay(2024, source="elsewhere"),
)


def test_stays_count_in_the_year_they_start_with_virtual_ones_apart() -> None:
    table = stay_series(STAYS, "u")
    assert values(table, direction="all") == {2022: 2, 2023: 1, 2024: 2}
    assert values(table, direction="inbound") == {2022: 1, 2023: 1, 2024: 1}
    assert values(table, direction="inbound", mode="virtual") == {2022: 1, 2023: 0, 2024: 0}
    assert set(table["measure"]) == {"stays"}
    assert dict(zip(table["year"], table["period"], strict=True))[2024] == "2023/24"


def test_a_year_without_a_stay_is_a_zero_and_the_unknown_has_a_line_of_its_own() -> None:
    table = stay_series(STAYS, "u")
    assert values(table, direction="outbound") == {2022: 1, 2023: 0, 2024: 1}
    assert values(table, direction="inbound", mode="unknown") == {2023: 1, 2024: 0}
    by_mode = table[table["direction"].eq("inbound") & ~table["mode"].isin(["all", "virtual"])]
    assert by_mode.groupby("year")["value"].sum().to_dict() == values(table, direction="inbound")


def test_an_unfinished_year_is_not_the_latest() -> None:
    starts = [pd.Timestamp(y, m, 1) for y in (2021, 2022) for m in (9, 11)] + [
        pd.Timestamp(y, 3, 1) for y in (2022, 2023)
    ]
    rows = [{"start": s, "year": s.year + (s.month >= 9)} for s in [*starts, pd.Timestamp(2023, 9, 5)]]
    assert complete_year(pd.DataFrame(rows)) == 2023
    assert complete_year(pd.DataFrame(rows), as_of=pd.Timestamp(2023, 6, 30)) == 2022
    whole = [*rows, {"start": pd.Timestamp(2024, 2, 20), "year": 2024}]
    assert complete_year(pd.DataFrame(whole)) == 2024
    with pytest.raises(InputError, match="no stay with a start"):
        complete_year(pd.DataFrame({"start": [None], "year": [None]}))


def test_partners_are_ranked_with_what_changed() -> None:
    stays = frame(
        *[stay(2023)] * 4,
        *[stay(2024)] * 3,
        *[stay(2024, origin="DEU")] * 5,
        stay(2024, origin="FRA"),
        stay(2024, origin="FRA", mode="virtual"),
    )
    table = partners(stays, "u", 2024).set_index("partner")
    assert table["value"].to_dict() == {"DEU": 5, "KOR": 3, "FRA": 1}
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["share"].round(2).to_dict() == {"DEU": 55.56, "KOR": 33.33, "FRA": 11.11}
    assert table.loc["KOR", ["previous_year", "previous", "change", "pct"]].tolist() == [2023, 4, -1, -25]
    assert table.loc["DEU", "previous"] == 0
    assert pd.isna(table.loc["DEU", "pct"])
    shares = np.array([5, 3, 1]) / 9
    found = concentration(table.reset_index()).iloc[0]
    assert found["hhi"] == pytest.approx((shares**2).sum())
    assert found["effective_number"] == pytest.approx(81 / 35)
    assert found["shannon"] == pytest.approx(-(shares * np.log(shares)).sum())


def test_balance_pairs_the_directions_of_each_partner() -> None:
    stays = frame(
        *[stay(2024)] * 3, out(2024), out(2024, destination="DEU"), out(2024, destination="DEU", mode="virtual")
    )
    table = balance(stays).set_index("partner")
    assert table.loc["KOR", ["inbound", "outbound", "net"]].tolist() == [3, 1, 2]
    assert table.loc["DEU", ["inbound", "outbound", "net", "ratio"]].tolist() == [0, 1, -1, 0]
    assert table.loc["KOR", "ratio"] == pytest.approx(1 / 3)
    assert reciprocity(table) == pytest.approx(2 / 5)
    assert balance(stays, modes=("degree",)).empty


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (81, 263), (10, 10), (3, 7)])
def test_wilson_agrees_with_statsmodels(k: int, n: int) -> None:
    for level in (0.8, 0.95):
        low, high = wilson(k, n, level)
        assert (float(low), float(high)) == pytest.approx(proportion_confint(k, n, 1 - level, method="wilson"))


def test_wilson_takes_arrays_and_leaves_no_base_without_an_interval() -> None:
    low, high = wilson([5, 0], [10, 0])
    assert np.isnan(low[1])
    assert np.isnan(high[1])
    assert low[0] == pytest.approx(0.2366, abs=1e-4)
    with pytest.raises(ValueError, match="k <= n"):
        wilson(3, 2)


def test_garwood_is_the_printed_table() -> None:
    # Ulm (1990), Am. J. Epidemiol. 131: exact 95 % limits for 0, 1, 5 and 10 events.
    low, high = garwood([0, 1, 5, 10])
    assert np.round(low, 3).tolist() == [0, 0.025, 1.623, 4.795]
    assert np.round(high, 3).tolist() == [3.689, 5.572, 11.668, 18.390]


def test_completion_leaves_the_unfinished_and_the_unknown_out_of_its_base() -> None:
    rows = [stay(2024)] * 9 + [
        stay(2024, outcome="withdrawn"),
        stay(2024, outcome="ongoing"),
        stay(2024, outcome="unknown"),
    ]
    rows += [stay(2024, outcome=pd.NA), stay(2024, outcome="withdrawn", visa_result="refused")]
    table = outcome_rates(frame(*rows), by=None, indicators=["completion", "withdrawal"]).set_index("indicator")
    assert table.loc["completion", ["n", "k", "missing"]].tolist() == [10, 9, 2]
    assert table.loc["completion", "value"] == 90
    assert table.loc["withdrawal", "value"] == 10
    low, high = proportion_confint(9, 10, method="wilson")
    assert table.loc["completion", ["lower", "upper"]].tolist() == pytest.approx([100 * low, 100 * high])


def test_credits_are_pooled_and_students_are_the_units_of_the_interval() -> None:
    rows = [
        stay(2024, credits_attempted=30, credits_recognised=30),
        stay(2024, credits_attempted=20, credits_recognised=10),
        stay(2024, credits_attempted=10, credits_recognised=10),
        stay(2024, credits_attempted=10, credits_recognised=pd.NA),
        stay(2024, credits_attempted=pd.NA, credits_recognised=pd.NA),
    ]
    table = outcome_rates(frame(*rows), by=None).set_index("indicator")
    found = table.loc["credit_recognition"]
    assert found[["n", "k", "missing"]].tolist() == [3, 50, 1]
    assert found["value"] == pytest.approx(100 * 50 / 60)
    assert found["upper"] == 100
    assert found["lower"] == pytest.approx(max(0, 100 * ratio_interval([30, 10, 10], [30, 20, 10])[1]))
    assert table.loc["full_recognition", ["n", "k"]].tolist() == [3, 2]


def test_other_outcomes_by_hand() -> None:
    rows = [
        stay(2024, mode="degree", degrees_awarded=1, joint_publications=2, satisfaction=4, funder="self"),
        stay(2024, mode="degree", degrees_awarded=0, joint_publications=0, satisfaction=5, funder="government"),
        stay(2024, joint_publications=1, satisfaction=3, funder=pd.NA, visa_result="refused", outcome="withdrawn"),
        stay(2024, joint_publications=1, satisfaction=3, funder="unknown", dual_supervised=True),
    ]
    stays = frame(*rows).assign(
        language_entry=["B1", "B2", None, "A2"],
        language_exit=["B2", "C2", "C1", None],
        visa_applied=pd.to_datetime(["2023-06-01", "2023-06-01", "2023-06-01", None]),
        visa_decided=pd.to_datetime(["2023-06-11", "2023-06-21", None, None]),
    )
    table = outcome_rates(stays, by=None).set_index("indicator")
    assert table.loc["degree_award", ["n", "k", "value"]].tolist() == [2, 1, 50]
    assert table.loc["publications_per_100", ["n", "k", "value"]].tolist() == [3, 3, 100]
    assert table.loc["satisfaction", ["n", "value"]].tolist() == [3, 4]
    assert table.loc["language_gain", ["n", "value", "missing"]].tolist() == [2, 1.5, 1]
    assert table.loc["visa_refusal", ["n", "k", "value"]].tolist() == [4, 1, 25]
    assert table.loc["visa_days", ["n", "value", "missing"]].tolist() == [2, 15, 1]
    assert table.loc["unfunded", ["n", "value", "missing"]].tolist() == [2, 50, 1]
    assert table.loc["funded_share", "value"] == 50
    assert table.loc["dual_supervised", "n"] == 0
    assert pd.isna(table.loc["dual_supervised", "value"])


def test_groups_add_up_to_the_whole() -> None:
    rows = [
        stay(2024, mode=m, outcome=o)
        for m in ("exchange", "degree", pd.NA)
        for o in ("completed", "completed", "withdrawn")
    ]
    table = outcome_rates(frame(*rows), indicators=["completion"])
    assert table["group"].tolist() == ["all", "degree", "exchange", "unknown"]
    assert table.loc[table["group"].ne("all"), "n"].sum() == table.loc[table["group"].eq("all"), "n"].item() == 9
    crossed = outcome_rates(frame(*rows), by=["direction", "mode"], indicators=["completion"])
    assert "inbound|degree" in set(crossed["group"])


def test_virtual_stays_are_a_group_of_the_modes_and_in_no_other_base() -> None:
    rows = [stay(2024)] * 6 + [stay(2024, outcome="withdrawn")] * 2
    rows += [stay(2024, mode="virtual", outcome="withdrawn", funder="self")] * 3
    by_mode = outcome_rates(frame(*rows), indicators=["completion"]).set_index("group")
    assert by_mode["n"].to_dict() == {"all": 8, "exchange": 8, "virtual": 3}
    by_funder = outcome_rates(frame(*rows).assign(funder="self"), "funder", ["completion"]).set_index("group")
    assert by_funder["n"].to_dict() == {"all": 8, "self": 8}


def test_the_missing_are_bounded_by_none_and_all() -> None:
    rows = [stay(2024)] * 6 + [stay(2024, outcome="withdrawn")] * 2 + [stay(2024, outcome=pd.NA)] * 2
    rows += [stay(2024, credits_attempted=30, credits_recognised=15), stay(2024, credits_attempted=10)]
    rows += [stay(2024, joint_publications=3, satisfaction=4, outcome=pd.NA)]
    table = outcome_rates(frame(*rows), by=None).set_index("indicator")
    assert table.loc["completion", ["n", "missing"]].tolist() == [10, 3]
    assert table.loc["completion", ["lowest", "highest"]].tolist() == pytest.approx([800 / 13, 1100 / 13])
    assert table.loc["credit_recognition", ["lowest", "highest"]].tolist() == pytest.approx([37.5, 62.5])
    papers = table.loc["publications_per_100"]
    assert papers["lowest"] == pytest.approx(300 / 13)
    assert pd.isna(papers["highest"])  # nobody knows how many papers a stay can bring
    assert pd.isna(table.loc["satisfaction", "lowest"])


def test_language_at_entry_makes_bands() -> None:
    stays = frame(*[stay(2024)] * 5).assign(
        end=pd.Timestamp(2024, 6, 1), language_entry=["A1", "B1", "B2", "C2", "HSK 9"]
    )
    assert ended_stays(stays, 2024).language.tolist()[:4] == ["A", "B1", "B2", "C"]
    assert ended_stays(stays, 2024).language.isna().tolist()[4]
