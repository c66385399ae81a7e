"""The scorecard: against the past, targets and peers, worked out by hand; what may be shown of it."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import measures
from pipeline.aims import Peers, Scorecard, Target
from pipeline.measures.intervals import wilson
from pipeline.measures.registry import indicators
from pipeline.measures.scorecard import _difference, followed_up, scorecard_of
from pipeline.measures.yearly_indicators import OF_COUNTRIES, coarse, indicator_history, peer_values
from pipeline.settings import Disclosure, Settings

HERE = Settings(Path(), (), Path(), Path(), ())


def history(indicator: str, values: dict[int, float], half: float | None = None, **other: object) -> pd.DataFrame:
    """Yearly values of an indicator, each with an interval of that half width (none: a count of everyone)."""
    table = pd.DataFrame({"indicator": indicator, "year": list(values), "value": list(values.values())})
    bounds = np.nan if half is None else half
    table = table.assign(lower=table["value"] - bounds, upper=table["value"] + bounds, n=500.0, unit="%", reason=None)
    table = table.assign(counted_by="began", coverage=97.0, status="A", **other)
    return table.assign(
        shown=table["value"], shown_lower=table["lower"], shown_upper=table["upper"], shown_n=table["n"]
    )


def judged(table: pd.DataFrame, year: int = 2024, **given: object) -> pd.Series:
    return scorecard_of(table, year, **given).iloc[0]


# The mean of three years with half widths 3 has the half width 3·√3/3 = 1.732; with the year's own 3 that is √(9 + 3) = 3.464.
@pytest.mark.parametrize(
    ("indicator", "now", "verdict"),
    [
        ("completion_rate", 83.5, "better"),  # 3.5 above 80
        ("completion_rate", 83.4, "steady"),
        ("completion_rate", 76.5, "worse"),
        ("withdrawal_rate", 83.5, "worse"),  # here lower is better
        ("withdrawal_rate", 76.5, "better"),
        ("exchange_share", 99.0, "not_judged"),
    ],
)
def test_a_change_counts_where_its_interval_leaves_out_zero(indicator: str, now: float, verdict: str) -> None:
    row = judged(history(indicator, {2021: 79, 2022: 80, 2023: 81, 2024: now}, half=3))
    assert (row["verdict"], row["before"], row["before_years"], row["last"]) == (verdict, 80, 3, 81)
    assert row["basis"] == (None if verdict == "not_judged" else "interval")


def test_amounts_of_another_currency_are_no_past() -> None:
    table = history("grant_per_month", {2021: 900, 2022: 950, 2023: 3000, 2024: 3100})
    table["unit"] = ["EUR", "EUR", "CNY", "CNY"]
    row = judged(table)
    assert (row["value"], row["before"], row["before_years"], row["unit"]) == (3100, 3000, 1, "CNY")


def test_the_interval_of_a_difference_of_two_shares_is_newcombes() -> None:
    """56 of 70 against 48 of 80: difference 0.20, interval 0.0524 to 0.3339 (Newcombe 1998, table II, method 10, example a)."""
    rows = []
    for year, k, n in ((2023, 48, 80), (2024, 56, 70)):
        low, high = (100 * float(b) for b in wilson(k, n))
        rows.append(history("completion_rate", {year: 100 * k / n}).assign(lower=low, upper=high))
    table = pd.concat(rows).set_index("year")
    bounds = _difference(table.loc[2024], table.loc[[2023]])
    assert bounds == pytest.approx((5.24, 33.39), abs=0.01)


def test_a_count_of_everyone_is_judged_by_how_it_used_to_move() -> None:
    """Differences from the mean of up to three years before: 2, −1, 1, −1, 1 …; none of them near 30."""
    years = {2016: 100, 2017: 102, 2018: 100, 2019: 101.67, 2020: 100.2, 2021: 101.6, 2022: 100.2, 2023: 101.7}
    steady = judged(history("partner_institutions", years | {2024: 102}))
    leap = judged(history("partner_institutions", years | {2024: 131}))
    assert [steady["verdict"], leap["verdict"], leap["basis"]] == ["steady", "better", "usual"]
    short = judged(history("partner_institutions", {2021: 100, 2022: 101, 2023: 100, 2024: 131}))
    assert short["verdict"] == "unknown"  # three changes are too few to know what is usual


def test_what_is_not_known_is_neither_judged_nor_zero() -> None:
    gap = history("completion_rate", {2023: 80, 2024: np.nan}, half=3).assign(reason=["", "no_column_outcome"])
    row = judged(gap)
    assert (row["verdict"], row["reason"]) == ("unknown", "no_column_outcome")
    assert pd.isna(row["value"])
    first = judged(history("completion_rate", {2024: 80}, half=3))
    assert (first["verdict"], first["before_years"]) == ("unknown", 0)


def test_a_year_that_is_hidden_is_not_in_the_mean_and_gives_no_verdict() -> None:
    table = history("completion_rate", {2021: 10, 2022: 80, 2023: 82, 2024: 81}, half=3)
    table.loc[0, ["status", "shown"]] = ["C", np.nan]
    assert judged(table)[["before", "before_years", "verdict"]].tolist() == [81, 2, "steady"]
    table.loc[3, ["status", "shown"]] = ["C", np.nan]
    assert judged(table)[["reason", "verdict"]].tolist() == ["hidden", "unknown"]


def aim(year: int, value: float, by: str = "at least", indicator: str = "completion_rate") -> Target:
    return Target(indicator, "u", year, value, by)


@pytest.mark.parametrize(
    ("targets", "state", "value"),
    [
        ([aim(2024, 80)], "met", 80),
        ([aim(2024, 81)], "missed", 81),
        ([aim(2026, 81)], "open", 81),
        ([aim(2024, 80, "at most")], "met", 80),
        ([aim(2023, 90), aim(2025, 70), aim(2027, 95)], "met", 70),  # the next one that is due
        ([aim(2022, 75), aim(2023, 90)], "missed", 90),  # all past: the last
        ([aim(2024, 1, indicator="visa_days")], None, np.nan),
    ],
)
def test_targets(targets: list[Target], state: str | None, value: float) -> None:
    row = judged(history("completion_rate", {2023: 79, 2024: 80}, half=3), targets=targets)
    assert row["target_state"] == state if state else pd.isna(row["target_state"])
    assert row["target"] == value or (pd.isna(value) and pd.isna(row["target"]))


def test_peers_give_a_median_and_a_rank() -> None:
    peers = pd.DataFrame({"peer": list("abc"), "indicator": "completion_rate", "value": [70.0, 90.0, 80.0]})
    row = judged(history("completion_rate", {2024: 80}, half=3), peers=peers)
    assert row[["peers", "peer_median", "peer_rank"]].tolist() == [3, 80, 2]  # 90 is above it, 80 beside it
    lower = judged(history("visa_days", {2024: 60}, half=3), peers=peers.assign(indicator="visa_days"))
    assert lower["peer_rank"] == 1
    assert pd.isna(
        judged(history("exchange_share", {2024: 60}), peers=peers.assign(indicator="exchange_share"))["peer_rank"]
    )


def test_last_years_warnings_are_followed_up() -> None:
    fell = history("completion_rate", {2020: 80, 2021: 80, 2022: 80, 2023: 60, 2024: 82}, half=3)
    short = history("satisfaction", {2022: 4, 2023: 4, 2024: 4}, half=3)
    fine = history("funded_share", {2022: 70, 2023: 70, 2024: 10}, half=3)
    table = pd.concat([fell, short, fine], ignore_index=True)
    targets = [aim(2023, 4.5, indicator="satisfaction")]
    found = followed_up(scorecard_of(table, 2023, targets), scorecard_of(table, 2024, targets)).set_index("indicator")
    assert set(found.index) == {"completion_rate", "satisfaction"}  # the third fell only now
    assert found.loc["completion_rate", ["then", "now", "then_verdict", "since"]].tolist() == [
        60,
        82,
        "worse",
        "better",
    ]
    assert found.loc["satisfaction", ["then_target", "now_target", "since"]].tolist() == ["missed", "missed", "steady"]


def stays(year: int, number: int, **given: object) -> pd.DataFrame:
    row = {
        **{"source": "u", "direction": "outbound", "origin": "CHN", "destination": "KOR", "mode": "exchange"},
        **{"home_institution": "H", "host_institution": "N", "level": "7", "field": "07", "home_field": "07"},
        **{"year": year, "academic_year": f"{year - 1}/{year % 100:02d}", "months": 5.0, "agreement_id": None},
        **{"start": pd.Timestamp(year - 1, 9, 1), "end": pd.Timestamp(year, 1, 31), "outcome": "completed"},
        **{"funder": "self", "visa_result": "granted", "satisfaction": None},
    }
    return pd.DataFrame([row | given] * number)


TABLE = pd.concat(
    [
        *(stays(year, 200) for year in range(2020, 2025)),
        *(stays(year, 100, funder="government") for year in range(2020, 2024)),
        stays(2024, 2, funder="foundation"),
        stays(2023, 30, outcome="withdrawn", end=pd.Timestamp(2024, 3, 1)),
    ],
    ignore_index=True,
)


SERIES = pd.DataFrame({"direction": "outbound", "year": [2023, 2024], "value": [np.nan, 202.0], "partner": "WLD"})
SERIES = SERIES.assign(level="all", mode="all", funding="all")


@cache
def whole() -> pd.DataFrame:
    return indicator_history({"stays": TABLE}, "u", 2024, years=2, published=SERIES)


@cache
def results() -> dict[str, pd.DataFrame]:
    return measures.scorecard_results({"stays": TABLE[TABLE["year"].ge(2023)]}, "u", 2024, HERE)


def shown(indicator: str, year: int = 2024) -> pd.Series:
    found = whole()
    return found[found["indicator"].eq(indicator) & found["year"].eq(year)].iloc[0]


def test_stays_that_are_over_count_in_the_year_in_which_they_ended() -> None:
    """30 that began in 2023 were broken off in March 2024: 30 of 202 + 30, not 30 of 330."""
    now, before = shown("withdrawal_rate"), shown("withdrawal_rate", 2023)
    assert now[["value", "n", "counted_by"]].tolist() == [pytest.approx(100 * 30 / 232), 232, "ended"]
    assert before["value"] == 0
    assert shown("unfunded_share", 2023)["counted_by"] == "began"


def test_few_people_are_hidden_and_shares_are_coarse() -> None:
    assert shown("society_funded_share")[["status", "coverage"]].isna().tolist() == [False, True]
    assert shown("society_funded_share")["status"] == "C"  # two people
    assert shown("unfunded_share")["status"] == "C"  # all but two
    funded = shown("unfunded_share", 2023)
    assert funded["value"] == pytest.approx(100 * 230 / 330)
    assert (funded["shown"], funded["shown_n"], funded["coverage"]) == (70, 330, 100)  # 69.7 in steps of 2: 6.6 people


@pytest.mark.parametrize("n", [20, 34, 57, 118, 260, 1300, 7000])
@pytest.mark.parametrize("people", [3, 5, 10])
def test_a_rounded_share_leaves_several_numbers_of_people_open(n: int, people: int) -> None:
    exact = [100 * k / n for k in range(people, n - people + 1)]
    found = pd.Series([coarse(share, n, people) for share in exact])
    assert found.between(0, 100, inclusive="neither").all()
    if n >= 4 * people:  # with fewer the coarsest step is used, and minimum_base decides
        inner = found.value_counts().drop([found.iloc[0], found.iloc[-1]], errors="ignore")
        assert (inner >= people).all()


def test_numbers_of_stays_are_those_that_are_published_or_none() -> None:
    assert shown("outbound_stays")["shown"] == 202
    assert shown("outbound_stays", 2023)[["value", "status"]].tolist() == [330, "C"]
    assert shown("inbound_stays")["status"] == "C"  # in no published series


def test_an_indicator_that_looks_back_beyond_the_records_has_no_value() -> None:
    assert shown("lasting_partners")["value"] == 1
    early = shown("lasting_partners", 2023)
    assert (early["reason"], pd.isna(early["value"])) == ("short_record", True)


def test_missing_inputs_are_stated_gaps() -> None:
    table = results()["scorecard"].set_index("indicator")
    assert table.loc["agreements_in_force", "reason"] == "no_agreements"
    assert table.loc["lecture_reach", "reason"] == "no_events"
    assert str(table.loc["credit_recognition", "reason"]).startswith("no_column_credits")
    assert (table["value"].isna() == table["reason"].notna()).all()
    assert set(table.index) == {i for i in indicators if indicators[i].method not in OF_COUNTRIES}


def test_a_source_with_next_to_no_columns_has_a_scorecard_of_gaps() -> None:
    bare = TABLE.loc[TABLE["year"].eq(2024), ["source", "direction", "mode", "year", "academic_year"]]
    table = measures.scorecard_results(
        {"stays": bare.assign(level="7", origin=None, destination=None, months=None)}, "u", 2024, HERE
    )
    assert not table["scorecard"].empty


def test_peers_of_an_institution_pass_the_gate_too() -> None:
    own = TABLE[TABLE["year"].eq(2023)]
    both = pd.concat([own, own.assign(source="v", funder="government"), own.head(9).assign(source="w")])
    settings = dataclasses.replace(HERE, peers=(Peers("u", ("v", "w")),))
    row = measures.scorecard_results({"stays": both}, "u", 2023, settings)["scorecard"].set_index("indicator")
    assert row.loc["unfunded_share", "peers"] == 1  # 0 % of v; w has too few to be shown
    assert row.loc["unfunded_share", "peer_median"] == 0
    assert peer_values({"stays": both}, [], 2023).empty


def test_a_composite_only_if_asked_for_and_of_what_is_shown() -> None:
    assert "composite" not in results()
    varied = TABLE.assign(satisfaction=TABLE["year"] % 4 + 1.0, months=3.0)
    varied.loc[varied.index[::7], "outcome"] = "withdrawn"
    asked = dataclasses.replace(
        HERE, scorecard=Scorecard(("satisfaction", "completion_rate"), weights={"satisfaction": 3})
    )
    found = measures.scorecard_results({"stays": varied}, "u", 2024, asked)
    table = found["composite"]
    assert (table["rank_best"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_worst"]).all()
    assert set(table["of"]) == {"years"}
    assert found["composite_parts"].set_index("indicator").loc["satisfaction", "weight"] == 0.75


def test_a_country_is_judged_by_published_figures_and_beside_its_peers() -> None:
    def counted(reporter: str, year: int, value: float, **other: str) -> dict[str, object]:
        row = {
            "reporter": reporter,
            "origin": "WLD",
            "destination": reporter,
            "origin_kind": "world",
            "destination_kind": "country",
        }
        row |= {
            "direction": "inbound",
            "year": year,
            "period": str(year),
            "level": "all",
            "mode": "all",
            "measure": "stock",
        }
        row |= {"funding": "all", "value": value, "status": "A", "exactness": "exact", "publisher": "UNESCO UIS"}
        return row | dict.fromkeys(("published", "title", "url", "note"), "") | other

    counts = pd.DataFrame(
        [counted("CHN", y, v) for y, v in ((2016, 100.0), (2017, 110.0), (2018, 130.0))]
        + [counted("CHN", 2018, 65.0, measure="degree_stock"), counted("KOR", 2018, 70.0), counted("JPN", 2018, 90.0)]
    )
    settings = dataclasses.replace(HERE, peers=(Peers("CHN", ("KOR", "JPN", "FRA")),))
    table = measures.scorecard_results({"counts": counts}, "CHN", 2018, settings)["scorecard"].set_index("indicator")
    total = table.loc["inbound_students"]
    assert total[["value", "last", "before", "peers", "peer_median"]].tolist() == [130, 110, 105, 2, 80]
    assert table.loc["degree_share", "value"] == 50
    assert table.loc["outbound_entrants", "reason"] == "no_figure"
    assert "completion_rate" not in table.index


def test_the_tables_give_nobody_away() -> None:
    past = results()["scorecard_past"]
    assert past.loc[past["status"].eq("C"), ["value", "lower", "upper", "n", "coverage"]].isna().all(axis=None)
    strict = dataclasses.replace(HERE, disclosure=Disclosure(minimum_count=5, minimum_base=20))
    small = measures.scorecard_results({"stays": TABLE.head(9)}, "u", 2020, strict)["scorecard"]
    kept = small["counted_by"].isin(["began", "ended"]) & ~small["indicator"].isin(["inbound_stays", "outbound_stays"])
    assert small.loc[kept, "value"].isna().all()  # nine stays: a number that may be told, and no rate
