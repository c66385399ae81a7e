"""The gravity model: right on known worlds, equal to statsmodels, honest errors, nothing fitted on estimates."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import pipeline
from pipeline.errors import InputError, SettingsError
from pipeline.models.separation import separated

DISTANCE, LANGUAGE = -0.9, 0.5


def world(
    seed: int = 1, origins: int = 20, destinations: int = 12, years: tuple[int, ...] = (2019, 2020)
) -> pd.DataFrame:
    """Flows with known elasticity, heteroskedastic and with zeros (Santos Silva & Tenreyro's case)."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [[f"o{i}" for i in range(origins)], [f"d{j}" for j in range(destinations)], years]
    ).to_frame(index=False)
    frame.columns = ["origin", "destination", "year"]
    pair = frame.groupby(["origin", "destination"], sort=False).ngroup().to_numpy()
    frame["log_km"] = rng.normal(8, 0.7, pair.max() + 1)[pair]
    frame["language"] = (rng.random(pair.max() + 1) < 0.2)[pair].astype(float)
    size = sum(
        rng.normal(m, 1, codes.max() + 1)[codes]
        for m, codes in (
            (5, frame.groupby(["origin", "year"]).ngroup().to_numpy()),
            (6, frame.groupby(["destination", "year"]).ngroup().to_numpy()),
        )
    )
    mean = np.exp(DISTANCE * frame["log_km"] + LANGUAGE * frame["language"] + size)
    frame["value"] = rng.poisson(mean * rng.gamma(2, 0.5, len(frame))).astype(float)
    return frame


@cache
def fitted(seed: int) -> pipeline.models.flows.Gravity:
    """The model of the form that made the flows."""
    return pipeline.gravity(world(seed), ["log_km", "language"])


@pytest.fixture(scope="module")
def flows() -> pd.DataFrame:
    return world()


@pytest.fixture(scope="module")
def model(flows: pd.DataFrame) -> pipeline.models.flows.Gravity:
    return pipeline.gravity(flows, ["log_km", "language"])


def test_it_finds_the_elasticity_that_made_the_flows_and_knows_how_sure_it_is() -> None:
    hits, estimates = [], []
    for seed in range(16):
        table = fitted(seed).coefficients.set_index("term")
        estimates.append(table.estimate)
        hits += [
            table.lower[t] <= truth <= table.upper[t] for t, truth in (("log_km", DISTANCE), ("language", LANGUAGE))
        ]
    assert np.mean([e["log_km"] for e in estimates]) == pytest.approx(DISTANCE, abs=0.04)
    assert np.mean([e["language"] for e in estimates]) == pytest.approx(LANGUAGE, abs=0.1)
    assert 0.84 <= np.mean(hits) <= 1.0  # 95 % nominal, 32 intervals


def test_least_squares_in_logs_would_be_wrong_here(flows: pd.DataFrame) -> None:
    positive = flows[flows.value > 0]
    dummies = pd.get_dummies(positive[["origin", "destination"]], drop_first=True).astype(float)
    logs = sm.OLS(
        np.log(positive.value), sm.add_constant(pd.concat([positive[["log_km", "language"]], dummies], axis=1))
    ).fit()
    assert (flows.value == 0).any()
    assert len(positive) < len(flows)
    assert logs.params["log_km"] != pytest.approx(
        pipeline.gravity(flows, ["log_km", "language"]).coefficients.estimate[0], abs=0.01
    )


def test_equal_to_statsmodels_on_a_small_case() -> None:
    small = world(3, 6, 5, (2020,))
    model = pipeline.gravity(small, ["log_km", "language"])
    dummies = pd.get_dummies(small[["origin", "destination"]], drop_first=True).astype(float)
    x = sm.add_constant(pd.concat([small[["log_km", "language"]], dummies], axis=1))
    twin = sm.GLM(small.value, x, family=sm.families.Poisson()).fit(tol=1e-13, maxiter=300)
    np.testing.assert_allclose(model.coefficients.estimate, twin.params[["log_km", "language"]], atol=1e-6)
    np.testing.assert_allclose(model.expected.expected, twin.fittedvalues, rtol=1e-6)


def test_expectations_add_up_to_what_was_seen(flows: pd.DataFrame, model) -> None:
    for key in (["origin", "year"], ["destination", "year"]):
        sums = model.expected.groupby(key)[["value", "expected"]].sum()
        np.testing.assert_allclose(sums.expected, sums.value, rtol=1e-7, atol=1e-6)
    assert model.n == len(flows)


def test_the_unit_of_the_flows_does_not_matter(flows: pd.DataFrame, model) -> None:
    thousands = pipeline.gravity(flows.assign(value=flows.value / 1000), ["log_km", "language"])
    np.testing.assert_allclose(
        thousands.coefficients[["estimate", "std_error"]], model.coefficients[["estimate", "std_error"]], rtol=1e-6
    )
    np.testing.assert_allclose(thousands.expected.expected * 1000, model.expected.expected, rtol=1e-6)


def test_intervals_hold_flows_and_name_the_odd_ones(flows: pd.DataFrame, model) -> None:
    known = model.expected
    assert 0.92 < known.value.between(known.lower, known.upper).mean() <= 1
    place = known.expected.sort_values().index[len(known) // 2]
    odd = flows.copy()
    odd.loc[place, "value"] = known.expected[place] * 15
    again = pipeline.gravity(odd, ["log_km", "language"]).expected
    assert again.standing[place] == "more"
    assert again.ratio[place] > 2


def test_estimates_are_not_fitted_on_but_get_an_expectation(flows: pd.DataFrame) -> None:
    estimated = flows.index % 9 == 0
    spoiled = flows.assign(status=np.where(estimated, "E", "A"), value=np.where(estimated, 1e7, flows.value))
    honest = pipeline.gravity(flows[~estimated], ["log_km", "language"])
    for marked in (spoiled, spoiled.drop(columns="status").assign(imputed=estimated)):
        model = pipeline.gravity(marked, ["log_km", "language"])
        np.testing.assert_allclose(model.coefficients.estimate, honest.coefficients.estimate, atol=1e-9)
        assert ("estimated", int(estimated.sum())) in model.notes
        assert len(model.expected) == len(flows)
        assert model.expected.expected[estimated].notna().all()


def test_unknown_flows_and_covariates_are_counted_not_filled(flows: pd.DataFrame) -> None:
    holes = flows.copy()
    holes.loc[:4, "value"] = np.nan
    holes.loc[10:12, "log_km"] = np.nan
    model = pipeline.gravity(holes, ["log_km"])
    assert model.notes == [("unknown_value", 5), ("unknown_covariate", 3)]
    assert model.n == len(flows) - 8
    assert model.expected.standing[:5].isna().all()
    assert model.expected.expected[10:13].isna().all()


SEPARATED = {  # (covariates, value, separated): cases of Correia, Guimarães & Zylkin and of their kind
    "positive only where the flow is 0": ([[2], [1], [3], [0], [0], [0]], [0, 0, 0, 1, 2, 3], [1, 1, 1, 0, 0, 0]),
    "two signs among the zeros": ([[2], [-1], [3], [0], [0], [0]], [0, 0, 0, 1, 2, 3], [0, 0, 0, 0, 0, 0]),
    "a combination of two": ([[1, 1], [2, 1], [0, 0], [1, 1], [3, 3], [0, 0]], [0, 0, 0, 1, 2, 3], [0, 1, 0, 0, 0, 0]),
    "a level above all positive flows": ([[5], [6], [1], [1], [1], [1]], [0, 0, 0, 1, 2, 3], [1, 1, 0, 0, 0, 0]),
    "overlapping": ([[1], [2], [3], [4], [5], [6]], [0, 0, 0, 1, 2, 3], [0, 0, 0, 0, 0, 0]),
    "no zeros": ([[1], [2], [3]], [1, 2, 3], [0, 0, 0]),
}


@pytest.mark.parametrize("case", SEPARATED)
def test_separated_flows_are_told_from_the_rest(case: str) -> None:
    x, value, expected = SEPARATED[case]
    assert separated(np.array(x, float), [], np.array(value, float)).astype(int).tolist() == expected


def test_an_effect_with_only_zeros_is_separated_and_the_rest_stays_as_it_was(flows: pd.DataFrame) -> None:
    empty = flows[flows.origin == "o0"].assign(origin="nobody", value=0.0)
    model = pipeline.gravity(pd.concat([flows, empty]), ["log_km", "language"])
    without = pipeline.gravity(flows, ["log_km", "language"])
    assert ("separated", len(empty)) in model.notes
    np.testing.assert_allclose(model.coefficients.estimate, without.coefficients.estimate, atol=1e-8)


def test_pair_effects_leave_only_what_varies_in_time(flows: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    flows = flows.assign(agreement=(rng.random(len(flows)) < 0.4).astype(float))
    model = pipeline.gravity(flows, ["log_km", "agreement"], fixed_effects=("origin_year", "destination_year", "pair"))
    assert model.coefficients.term.tolist() == ["agreement"]
    assert ("collinear", "log_km") in model.notes


def test_errors_stay_right_when_an_effect_lies_within_the_cluster() -> None:
    one = world(7, 60, 2, tuple(range(2012, 2021))).query("destination == 'd0'")
    rng = np.random.default_rng(2)
    one = one.assign(x=rng.normal(size=len(one))).assign(value=lambda f: np.round(f.value * np.exp(0.3 * f.x)))
    row = pipeline.gravity(one, ["x"], fixed_effects=("origin", "year")).coefficients.iloc[0]
    assert 0.8 < row.std_error / row.std_error_crv1 < 2
    assert row.lower < 0.3 < row.upper


def test_one_destination_takes_the_years_effects() -> None:
    one = world(5, 60, 2, (2018, 2019, 2020)).query("destination == 'd0'")
    model = pipeline.gravity(one, ["log_km"])
    assert model.fixed_effects == ("year",)


def test_a_wrong_form_shows_in_reset() -> None:
    right = [fitted(s).reset[1] < 0.05 for s in range(16)]
    bent = [
        pipeline.gravity(world(s).assign(log_km=lambda f: np.exp(f.log_km / 2)), ["log_km"]).reset[1] < 0.05
        for s in range(8)
    ]
    assert np.mean(right) <= 0.25
    assert np.mean(bent) > np.mean(right)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="year"), "no column year"),
        (lambda f: f.assign(value=-1.0), "is negative"),
        (lambda f: pd.concat([f, f.head(1)]), "given twice"),
        (lambda f: f.assign(log_km="far"), "not numeric"),
        (lambda f: f.assign(status="E"), "0 observed flows"),
        (lambda f: f.assign(value=0.0), "too few"),
    ],
)
def test_bad_flows_get_one_clear_line(flows: pd.DataFrame, change, says: str) -> None:
    with pytest.raises(InputError, match=says):
        pipeline.gravity(change(flows), ["log_km"])


def test_unknown_settings_get_a_hint(flows: pd.DataFrame) -> None:
    with pytest.raises(SettingsError, match="Did you mean origin"):
        pipeline.gravity(flows, ["log_km"], fixed_effects=("orgin",))
    with pytest.raises(SettingsError, match="cluster"):
        pipeline.gravity(flows, ["log_km"], cluster="pairs")
    with pytest.raises(InputError, match=r"no column log_kn.*Did you mean log_km"):
        pipeline.gravity(flows, ["log_kn"])


def test_distance_counts_against_flows_to_china(real_data: Path) -> None:
    panel = pd.read_excel(real_data / "china-inbound-panel" / "stu_CTC_new.xlsx", engine="openpyxl")
    panel.columns = [str(c).strip() for c in panel.columns]
    flows = panel.rename(columns={"Country Name": "origin", "stu_CTC": "value"}).assign(
        destination="CHN", log_km=np.log(panel["distance"]), log_abroad=np.log(panel["outbound_higheredu"])
    )
    model = pipeline.gravity(flows, ["log_km", "log_abroad", "Academic_recognition"])
    table = model.coefficients.set_index("term")
    assert model.n > 1000
    assert -1.6 < table.estimate["log_km"] < -0.4  # published: -0.5 to -1.2 for student flows
    assert table.lower["log_abroad"] > 0
