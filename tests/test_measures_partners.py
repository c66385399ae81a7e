"""Partners from published counts: partial lists are said to be partial and never measured as if whole."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.measures import concentration, partners, regions


def counts(values: dict[str, float], year: int = 2018, publisher: str = "MOE (China)", **other: object) -> pd.DataFrame:
    kinds = {p: "world" if p == "WLD" else "region" if p.startswith("region:") else "country" for p in values}
    table = pd.DataFrame({"origin": list(values), "value": list(values.values())}).assign(
        reporter="CHN",
        destination="CHN",
        direction="inbound",
        destination_kind="country",
        year=year,
        period=str(year),
        level="all",
        mode="all",
        measure="stock",
        funding="all",
        status="A",
        exactness="exact",
        publisher=publisher,
        published="2019",
        title="t",
        url="u",
        note="",
    )
    return table.assign(origin_kind=table["origin"].map(kinds), **other)


def test_shares_are_of_the_published_total_and_the_list_says_how_much_it_covers() -> None:
    table = partners(
        counts({"WLD": 492185, "KOR": 50600, "THA": 128608, "PAK": 28023, "region:Asia": 295043}), "CHN", 2019
    )
    assert table["partner"].tolist() == ["THA", "KOR", "PAK"]
    korea = table.set_index("partner").loc["KOR"]
    assert korea["share"] == pytest.approx(100 * 50600 / 492185)
    assert korea["coverage"] == pytest.approx(207231 / 492185)
    assert korea["share_base"] == "total"
    assert korea["partial"]
    measured = concentration(table).iloc[0]
    assert measured["reason"] == "partial_list"
    assert pd.isna(measured["hhi"])
    assert pd.isna(measured["top5_share"])


def test_the_bounds_of_a_partial_list_hold_the_truth() -> None:
    whole = {"A": 40.0, "B": 25.0, "C": 15.0, "D": 10.0, "E": 6.0, "F": 4.0}
    truth = concentration(partners(counts(whole | {"WLD": 100}), "CHN", 2018)).iloc[0]
    top = {p: whole[p] for p in "ABCD"} | {"WLD": 100.0}
    found = concentration(partners(counts(top), "CHN", 2018)).iloc[0]
    assert truth["hhi"] == pytest.approx(sum((v / 100) ** 2 for v in whole.values()))
    assert truth["top5_share"] == pytest.approx(96)
    assert found["hhi_lower"] < truth["hhi"] < found["hhi_upper"]


def test_an_extract_takes_its_total_from_who_counted_the_whole() -> None:
    panel = counts({"AFG": 60.0, "ALB": 30.0, "DZA": 10.0}, publisher="Ministry of Education of China (panel)")
    table = partners(pd.concat([panel, counts({"WLD": 200})]), "CHN", 2018)
    assert table["coverage"].tolist() == [0.5] * 3
    assert pd.isna(concentration(table).iloc[0]["hhi_upper"])


def test_a_list_without_a_total_says_so() -> None:
    table = partners(counts({"A": 60, "B": 30, "C": 10}), "CHN", 2018)
    assert set(table["share_base"]) == {"listed"}
    assert table["partial"].isna().all()
    assert concentration(table).iloc[0]["reason"] == "unknown_total"


def test_a_few_small_destinations_are_not_ranked_as_the_largest() -> None:
    table = partners(counts({"WLD": 1000, "A": 6, "B": 3, "C": 1}), "CHN", 2018)
    assert table["rank"].isna().all()


def test_change_is_against_the_last_list_with_most_of_the_partners() -> None:
    table = partners(
        pd.concat(
            [
                counts({"A": 50, "B": 20, "C": 10, "WLD": 100}),
                counts({"A": 45}, 2017),
                counts({"A": 40, "B": 25}, 2016),
                counts({"A": 1, "B": 1, "C": 1}, 2010),
            ]
        ),
        "CHN",
        2018,
    ).set_index("partner")
    assert table["previous_year"].tolist() == [2016] * 3
    assert table["change"].tolist()[:2] == [10, -5]
    assert pd.isna(table.loc["C", "previous"])


def test_a_year_with_one_remark_about_a_partner_is_not_a_ranking() -> None:
    both = pd.concat([counts({"A": 5, "B": 2, "C": 1}, 2016), counts({"A": 9}, 2018)])
    assert set(partners(both, "CHN", 2018)["year"]) == {2016}
    assert partners(counts({"A": 9}), "CHN", 2018).empty


def test_regions_are_listed_apart_and_may_overlap() -> None:
    table = regions(
        counts({"WLD": 100, "region:Asia": 60, "region:Belt and Road": 70, "region:Europe": 15}), "CHN", 2018
    )
    assert table["share"].tolist() == [70, 60, 15]
    assert table["coverage"].isna().all()
