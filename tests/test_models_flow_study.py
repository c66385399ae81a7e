"""A study of a table of flows: true on known worlds, silent where the data do not reach, and nothing given away of a hidden partner."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import measures, models
from pipeline.models.geography import countries
from pipeline.models.subject_flows import country_flows, institution_flows

DISTANCE, LANGUAGE, POPULATION = -0.9, 0.8, 0.7


def spread(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    return rng.poisson(mean * rng.gamma(2, 0.5, len(mean))).astype(float)


def star(seed: int, years: tuple[int, ...] = (2020, 2021)) -> pd.DataFrame:
    """Students in Australia from all the world, by distance, language and population."""
    rng = np.random.default_rng(seed)
    origins = [c for c in countries().index if c != "AUS"]
    frame = pd.MultiIndex.from_product([origins, years], names=["origin", "year"]).to_frame(index=False)
    frame["destination"] = "AUS"
    facts = models.pairs(frame["origin"], frame["destination"])
    index = DISTANCE * facts["log_distance"] + LANGUAGE * facts["common_language"]
    index = (index + POPULATION * facts["log_population_origin"]).fillna(-9)
    return frame.assign(value=spread(rng, np.exp(index.to_numpy() + 2.5)))


def labels(**more: str) -> dict[str, str]:
    return {"publisher": "P", "measure": "stock", "level": "all", "direction": "inbound"} | more


def test_one_destination_gives_back_the_elasticities_that_made_it() -> None:
    truth = {"log_distance": DISTANCE, "common_language": LANGUAGE, "log_population": POPULATION}
    estimates, held = [], []
    for seed in range(8):
        study = models.study_flows(star(seed), labels())
        main = study.coefficients.query("specification == 'main'").set_index("term")
        assert set(main.index) == set(truth)  # Australia has no land border: contiguity is left out by name
        estimates.append(main["estimate"])
        held += [main.lower[t] <= v <= main.upper[t] for t, v in truth.items()]
        assert "contiguous" in study.checks.query("check == 'constant'")["detail"].tolist()
    mean = pd.concat(estimates, axis=1).mean(axis=1)
    for term, value in truth.items():
        assert mean[term] == pytest.approx(value, abs=0.12)
    assert np.mean(held) >= 0.83


def test_intervals_hold_nineteen_of_twenty_and_a_made_up_favourite_is_found() -> None:
    flows = star(3)
    place = flows.index[flows["origin"].eq("FIN") & flows["year"].eq(2021)][0]
    flows.loc[flows["origin"].eq("FIN"), "value"] = 4000.0
    study = models.study_flows(flows, labels())
    held = study.checks.query("check == 'interval_held'")["statistic"].iloc[0]
    assert 92 < held < 99
    expected = study.expected.set_index("origin")
    assert expected.loc["FIN", "verdict"] == "more"
    assert expected.loc["FIN", "actual"] == flows.loc[place, "value"]
    assert expected["verdict"].eq("as_expected").mean() > 0.85


def test_expectations_of_a_year_add_up_to_the_students_of_the_year() -> None:
    study = models.study_flows(star(5), labels())
    fitted = study.expected[study.expected["expected"].notna()]
    assert fitted["expected"].sum() == pytest.approx(fitted["actual"].sum(), rel=1e-6)


def test_the_unit_of_students_does_not_matter_to_coefficients() -> None:
    flows = star(6)
    one = models.study_flows(flows, labels()).coefficients
    other = models.study_flows(flows.assign(value=flows["value"] / 1000), labels()).coefficients
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-5, atol=1e-7)


def test_estimated_figures_are_not_fitted_on() -> None:
    flows = star(7).assign(status="A")
    spoiled = flows.copy()
    spoiled.loc[::9, ["value", "status"]] = [1e7, "E"]
    one = models.study_flows(flows.drop(index=flows.index[::9]), labels()).coefficients
    other = models.study_flows(spoiled, labels())
    assert "estimated" in other.checks["check"].tolist()
    main = other.coefficients.query("specification == 'main'")["estimate"].to_numpy()
    np.testing.assert_allclose(one.query("specification == 'main'")["estimate"], main, atol=1e-7)


@pytest.mark.parametrize("rows", [0, 12])
def test_where_the_data_do_not_reach_a_reason_is_given_and_no_number(rows: int) -> None:
    study = models.study_flows(star(1).head(rows), labels())
    assert study.checks["detail"].tolist() == ["too_few_partners" if rows else "no_flows"]
    assert study.checks["holds"].tolist() == [False]
    assert study.coefficients.empty
    assert study.expected.empty


def counts_of(flows: pd.DataFrame, publisher: str = "P") -> pd.DataFrame:
    """Flows as processed counts."""
    constants = dict.fromkeys(("level", "mode", "funding"), "all") | dict.fromkeys(
        ("title", "url", "note", "published"), ""
    )
    return flows.assign(
        reporter=flows["destination"],
        origin_kind="country",
        destination_kind="country",
        direction="inbound",
        period=flows["year"].astype(str),
        measure="stock",
        status="A",
        exactness="exact",
        publisher=publisher,
        **constants,
    )


def test_a_table_of_another_country_says_nothing_of_the_subject() -> None:
    counts = counts_of(star(2))
    assert len(country_flows(counts, None, "AUS", 2021)["gravity"])
    other = country_flows(counts, None, "CHN", 2021)
    assert other["gravity"].empty
    assert other["expected_flows"].empty
    assert other["gravity_checks"]["detail"].tolist() == ["no_flows"]


@cache
def stays_of(seed: int = 0) -> pd.DataFrame:
    """An institution in China: who came in three years, by distance and population."""
    rng = np.random.default_rng(seed)
    rows = []
    for partner in countries().index:
        facts = models.pairs([partner], ["CHN"]).iloc[0]
        if partner == "CHN" or np.isnan(facts["log_distance"]):
            continue
        mean = np.exp(facts["log_population_origin"] - facts["log_distance"] - 8.2)
        for year in (2022, 2023, 2024):
            rows += [(partner, year)] * int(rng.poisson(mean))
    stays = pd.DataFrame(rows, columns=["origin", "year"])
    return stays.assign(
        source="u",
        direction="inbound",
        destination="CHN",
        mode="exchange",
        level="7",
        months=5.0,
        academic_year=(stays["year"] - 1).astype(str) + "/" + stays["year"].astype(str).str[2:],
    )


@cache
def tables_of_stays() -> dict[str, pd.DataFrame]:
    return institution_flows(stays_of(), None, "u", 2024)


def test_an_institution_s_stays_have_their_zeros_and_give_back_the_distance() -> None:
    stays = stays_of()
    tables = tables_of_stays()
    main = tables["gravity"].query("specification == 'main'").set_index("term")["estimate"]
    assert main["log_distance"] == pytest.approx(-1, abs=0.15)
    assert main["log_population"] == pytest.approx(1, abs=0.1)
    assert tables["expected_flows"]["actual"].eq(0).any()
    assert tables["expected_flows"]["actual"].sum() == stays["year"].eq(2024).sum()


def test_virtual_stays_are_no_flows() -> None:
    stays = stays_of()
    more = pd.concat([stays, stays.head(200).assign(mode="virtual")], ignore_index=True)
    pd.testing.assert_frame_equal(
        institution_flows(more, None, "u", 2024)["expected_flows"],
        tables_of_stays()["expected_flows"],
    )


def test_nothing_is_expected_of_a_partner_whose_number_is_hidden() -> None:
    stays = stays_of()
    expected = tables_of_stays()["expected_flows"]
    safe = measures.protect(measures.counted(stays, "u", 2024))
    shown = models.shown_expected(expected, safe["partners"])
    hidden = set(safe["partners"].loc[safe["partners"]["value"].isna(), "partner"])
    assert hidden
    assert not hidden & set(shown["partner"])
    assert not shown["actual"].between(1, 4).any()
    assert (shown["ratio"] * shown["expected"]).round(6).isin({0.0, *safe["partners"]["value"].dropna()}).all()
    published = {"partners": safe["partners"], "expected_flows": shown, "series": safe["series"]}
    assert not measures.audit(published)["exposed"].any()


def test_rounded_numbers_are_what_expectations_stand_beside() -> None:
    stays = stays_of()
    expected = tables_of_stays()["expected_flows"]
    safe = measures.protect(measures.counted(stays, "u", 2024), {"method": "round"})
    shown = models.shown_expected(expected, safe["partners"])
    assert (shown["actual"] % 5 == 0).all()


def test_a_star_s_reciprocity_rests_on_shown_numbers_only() -> None:
    balance = pd.DataFrame(
        {"partner": ["A", "B", "C"], "inbound": [40.0, 10.0, np.nan], "outbound": [10.0, 20.0, 9.0], "year": 2024}
    )
    row = models.star_network(balance, "u").iloc[0]
    assert row["reciprocity"] == pytest.approx(2 * (10 + 10) / 80)
    assert row["n_partners"] == 2
    assert models.star_network(balance.assign(inbound=np.nan), "u").empty


def test_a_country_that_does_not_report_has_no_reciprocity() -> None:
    rng = np.random.default_rng(0)
    names = [f"N{i}" for i in range(8)]
    flows = pd.DataFrame([(a, b, 2019, float(rng.integers(1, 90))) for a in [*names, "X"] for b in names if a != b])
    flows.columns = ["origin", "destination", "year", "value"]
    web = models.country_network(flows).set_index("node")
    assert np.isnan(web.loc["X", "reciprocity"])
    assert web.loc["X", "sent"] > 0
    assert web.loc[names, "reciprocity"].between(0, 1).all()
    assert web.loc[names, "centrality"].sum() == pytest.approx(1)


def test_the_oecd_s_table_has_the_published_signs_and_sizes(real_data: Path) -> None:
    file = pd.read_csv(real_data / "oecd-enrolment" / "OECD_Intl_Student_Enrollment_2013_2019.csv")
    from pipeline.records import resolve_countries

    recent = file[file["YEAR"].eq(2019)]
    names = pd.unique(pd.concat([recent["COUNTRY_OF_ORIGIN"], recent["COUNTRY_OF_SCHOOL"]]))
    resolved = resolve_countries(names)
    codes = resolved.set_index("name")["code"]
    flows = pd.DataFrame(
        {
            "origin": recent["COUNTRY_OF_ORIGIN"].map(codes),
            "destination": recent["COUNTRY_OF_SCHOOL"].map(codes),
            "year": 2019,
            "value": recent["TOTAL_INTL_STUDENTS"].astype(float),
        }
    ).dropna(subset=["origin", "destination"])
    flows = flows[flows["origin"].ne(flows["destination"])].drop_duplicates(["origin", "destination"])
    study = models.study_flows(flows, labels(publisher="OECD"))
    main = study.coefficients.query("specification == 'main'").set_index("term")
    assert main.loc["log_distance", "agrees"]
    assert -1.2 < main.loc["log_distance", "estimate"] < -0.5
    assert main.loc["common_language", "lower"] > 0
    assert study.checks.query("check == 'separated'")["statistic"].iloc[0] > 0
