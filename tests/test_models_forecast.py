"""The outlook and its backtest: honest about time, right about coverage, unmoved by units and order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import pipeline
from pipeline.errors import InputError, SettingsError
from pipeline.models import track_record

BOUNDS = ["lower_95", "lower_80", "median", "upper_80", "upper_95"]


def walks(units: int = 36, years: int = 17, seed: int = 4) -> pd.DataFrame:
    """Random walks in logs with unit's own drift and volatility: the truth that the models do not know."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(rng.normal(0.03, 0.03, (units, 1)), rng.uniform(0.04, 0.15, (units, 1)), (units, years))
    values = np.exp(rng.normal(7, 1.5, (units, 1)) + steps.cumsum(axis=1))
    names = [f"unit {k:02d}" for k in range(units)]
    return (
        pd.DataFrame(values, index=names, columns=range(2005, 2005 + years))
        .rename_axis(index="unit", columns="year")
        .stack()
        .rename("value")
        .reset_index()
    )


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return walks()


@pytest.fixture(scope="module")
def tested(panel: pd.DataFrame) -> pd.DataFrame:
    return pipeline.backtest(panel)


def test_intervals_hold_as_often_as_they_say(tested: pd.DataFrame) -> None:
    assert 0.74 < tested.actual.between(tested.lower_80, tested.upper_80).mean() < 0.87
    assert 0.91 < tested.actual.between(tested.lower_95, tested.upper_95).mean() < 0.99


def test_it_beats_no_change_where_there_is_drift(tested: pd.DataFrame) -> None:
    pooled = track_record(tested).iloc[-1]
    assert pooled["error"] < pooled["naive_error"]


def test_each_unit_gets_its_last_possible_origins(tested: pd.DataFrame) -> None:
    assert tested.groupby("unit").origin.unique().map(list).map(tuple).unique().tolist() == [
        (2014, 2015, 2016, 2017, 2018)
    ]
    assert tested.groupby(["unit", "origin"]).horizon.apply(list).map(tuple).unique().tolist() == [(1, 2, 3)]
    assert list(tested.columns) == [
        "unit",
        "origin",
        "horizon",
        "actual",
        "median",
        "lower_80",
        "upper_80",
        "lower_95",
        "upper_95",
        "naive",
    ]


def test_what_comes_after_an_origin_does_not_change_its_forecast(panel: pd.DataFrame, tested: pd.DataFrame) -> None:
    changed = panel.copy()
    later = changed.year > 2016
    changed.loc[later, "value"] = np.random.default_rng(1).normal(0, 1e5, later.sum())  # negative values among them
    again = pipeline.backtest(changed)
    before = tested.origin <= 2016
    assert before.sum() > 300
    pd.testing.assert_frame_equal(again.loc[before, [*BOUNDS, "naive"]], tested.loc[before, [*BOUNDS, "naive"]])
    assert not np.allclose(again.loc[~before, "median"], tested.loc[~before, "median"])


def test_the_outlook_is_the_backtest_run_from_the_last_year(panel: pd.DataFrame, tested: pd.DataFrame) -> None:
    ahead = pipeline.outlook(panel[panel.year <= 2018])
    last = tested[tested.origin == 2018].reset_index(drop=True)
    pd.testing.assert_frame_equal(ahead[BOUNDS], last[BOUNDS])
    assert (ahead.year == last.origin + last.horizon).all()


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    """Nine units of every awkward kind."""
    rng = np.random.default_rng(9)
    walk = walks(3, 12, seed=2)
    years = range(2008, 2020)
    odd = {
        "zeros": [0, 0, 1, 0, 3, 2, 0, 0, 5, 4, 6, 9],
        "constant": [40.0] * 12,
        "nothing": [0.0] * 12,
        "net": rng.normal(0, 500, 12).cumsum(),
        "gaps": [10, None, 12, 13, None, None, 16, 15, 18, None, 20, 23],
        "short": [None] * 8 + [5, 6, 7, 8],
    }
    rows = [pd.DataFrame({"unit": unit, "year": years, "value": values}) for unit, values in odd.items()]
    return pd.concat([walk, *rows], ignore_index=True)


def test_bounds_are_ordered_and_never_narrow_with_the_horizon(few: pd.DataFrame) -> None:
    ahead = pipeline.outlook(few, horizon=4)
    assert (np.diff(ahead[BOUNDS].to_numpy(), axis=1) >= 0).all()
    assert ahead[BOUNDS].notna().all().all()
    for _, unit in ahead.groupby("unit"):
        assert (np.diff(unit.upper_80**0.75 - unit["median"] ** 0.75) > -1e-9).all() or unit.unit.iloc[0] == "net"


def test_counts_stay_counts_and_net_flows_may_be_negative(few: pd.DataFrame) -> None:
    ahead = pipeline.outlook(few).set_index("unit")
    assert (ahead.drop(index="net")[BOUNDS] >= 0).all().all()
    assert (ahead.loc["net", "lower_95"] < 0).any()
    assert (ahead.loc["nothing", "median"] == 0).all()
    assert ahead.loc["constant", "median"].between(39.5, 40.5).all()
    assert (ahead.loc["constant", "upper_95"] > 40).all()


def test_units_too_short_are_listed_with_a_reason(few: pd.DataFrame) -> None:
    ahead = pipeline.outlook(few)
    assert "short" not in set(ahead.unit)
    assert ahead.attrs["without"] == [{"unit": "short", "reason": "too_short"}]
    assert set(ahead.unit) | {"short"} == set(few.unit)


def test_results_can_be_joined_and_stacked(few: pd.DataFrame) -> None:
    one, other = pipeline.outlook(few), pipeline.outlook(few.assign(value=few.value * 2))
    assert len(one.merge(other, on=["unit", "year"])) == len(one)
    assert len(pd.concat([one, other])) == 2 * len(one)


def test_gaps_stay_gaps(few: pd.DataFrame) -> None:
    tested = pipeline.backtest(few[few.unit == "gaps"], horizon=2)
    known = few[(few.unit == "gaps") & few.value.notna()].set_index("year").value
    assert tested.actual.notna().all()
    assert set(tested.origin) <= set(known.index)
    assert all(known[o + h] == a for o, h, a in zip(tested.origin, tested.horizon, tested.actual, strict=True))


def test_a_hole_of_many_years_starts_a_series_anew() -> None:
    old = pd.DataFrame({"unit": "a", "year": range(1950, 1960), "value": 1e6})
    new = pd.DataFrame({"unit": "a", "year": range(2000, 2010), "value": np.arange(100, 110)})
    ahead = pipeline.outlook(pd.concat([old, new]))
    assert ahead["median"].between(108, 116).all()
    assert (ahead.upper_95 < 200).all()


def test_thousands_forecast_as_units_do_and_order_does_not_matter(few: pd.DataFrame) -> None:
    plain = pipeline.outlook(few)
    thousands = pipeline.outlook(few.assign(value=few.value / 1000))
    np.testing.assert_allclose(thousands[BOUNDS] * 1000, plain[BOUNDS], rtol=2e-3, atol=1e-6)
    shuffled = pipeline.outlook(few.sample(frac=1, random_state=3)).set_index(["unit", "year"])[BOUNDS].sort_index()
    np.testing.assert_allclose(shuffled, plain.set_index(["unit", "year"])[BOUNDS].sort_index(), rtol=2e-3, atol=1e-6)


def test_one_short_series_is_less_sure_than_one_among_many(panel: pd.DataFrame) -> None:
    alone = pipeline.outlook(panel[(panel.unit == "unit 03") & (panel.year > 2011)])
    assert ((alone.upper_80 - alone.lower_80) > 0.5 * (panel[panel.unit == "unit 03"].value.diff().abs().mean())).all()
    assert len(alone) == 3


def test_series_that_move_together_get_wider_intervals() -> None:
    rng = np.random.default_rng(5)
    own, common = rng.normal(0, 0.1, (24, 17)), rng.normal(0, 0.1, (1, 17))
    together, apart = (
        np.exp(6 + (own + extra).cumsum(axis=1))
        for extra in (common, rng.permuted(np.repeat(common, 24, axis=0), axis=1))
    )
    widths = []
    for values in (together, apart):
        frame = (
            pd.DataFrame(values, columns=range(2000, 2017))
            .rename_axis(index="unit", columns="year")
            .stack()
            .rename("value")
            .reset_index()
        )
        ahead = pipeline.outlook(frame)
        widths.append(((ahead.upper_80 - ahead.lower_80) / ahead["median"]).median())
    assert widths[0] > 1.2 * widths[1]


def correlated(units: int, seed: int, years: int = 18) -> pd.DataFrame:
    """Few series that share a fifth of the variance of their yearly changes, as origins of one destination do."""
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.05, 0.12, (units, 1))
    own, common = rng.standard_t(4, (units, years)), rng.standard_t(4, (1, years))
    steps = scale * (np.sqrt(0.8) * own + np.sqrt(0.2) * common) / np.sqrt(2) + rng.normal(0.02, 0.02, (units, 1))
    wide = pd.DataFrame(np.exp(6 + steps.cumsum(axis=1)), columns=range(2000, 2000 + years)).rename_axis("unit")
    return wide.rename_axis(columns="year").stack().rename("value").reset_index()


@pytest.mark.parametrize("units", [1, 6])
def test_small_panels_of_series_that_move_together_know_what_they_do_not_know(units: int) -> None:
    tested = pd.concat([pipeline.backtest(correlated(units, seed)) for seed in range(40 if units == 1 else 7)])
    assert 0.74 < tested.actual.between(tested.lower_80, tested.upper_80).mean() < 0.9
    assert 0.9 < tested.actual.between(tested.lower_95, tested.upper_95).mean() < 0.99


def test_units_keep_their_type_and_levels_are_free() -> None:
    frame = pd.DataFrame({"unit": [7] * 10, "year": range(2010, 2020), "value": range(10, 20)})
    ahead = pipeline.outlook(frame, horizon=1, levels=(50, 90))
    assert ahead.unit.dtype == frame.unit.dtype
    assert [c for c in ahead if c.startswith(("lower", "upper"))] == ["lower_50", "upper_50", "lower_90", "upper_90"]


def test_nothing_in_nothing_out() -> None:
    empty = pd.DataFrame({"unit": [], "year": [], "value": []})
    assert pipeline.outlook(empty).empty
    assert pipeline.backtest(empty).empty
    assert track_record(pipeline.backtest(empty)).empty


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="year"), "has no column year"),
        (lambda f: pd.concat([f, f.head(1)]), "two values for unit unit 00 in 2005"),
        (lambda f: f.assign(year=f.year + 0.5), "not a whole calendar year"),
        (lambda f: f.assign(value=np.inf), "infinite"),
        (lambda f: f.assign(value="many"), "not a number"),
    ],
)
def test_a_bad_panel_gets_one_clear_line(panel: pd.DataFrame, change, says: str) -> None:
    with pytest.raises(InputError, match=says):
        pipeline.outlook(change(panel))


def test_bad_settings_get_one_clear_line(panel: pd.DataFrame) -> None:
    for wrong in ({"horizon": 0}, {"levels": (120,)}, {"levels": ()}):
        with pytest.raises(SettingsError):
            pipeline.outlook(panel, **wrong)
    with pytest.raises(SettingsError, match="origins"):
        pipeline.backtest(panel, origins=0)


def test_the_record_counts_what_held() -> None:
    frame = pd.DataFrame(
        {
            "unit": ["a"] * 4 + ["b"] * 2,
            "origin": 2018,
            "horizon": [1, 2, 1, 2, 1, 2],
            "actual": [10.0, 20, 30, 40, 5, 5],
            "median": [11.0, 19, 28, 40, 6, 4],
            "lower_80": [9.0, 25, 20, 30, 5, 5],
            "upper_80": [12.0, 30, 35, 45, 5, 5],
            "naive": [8.0, 8, 28, 28, 4, 3],
        }
    )
    record = track_record(frame).set_index("unit")
    assert record.loc["a", ["n", "error", "naive_error", "held_80"]].tolist() == [4, 1.0, 7.0, 0.75]
    pooled = track_record(frame).iloc[-1]
    assert pooled.n == 6
    assert pooled.held_80 == pytest.approx(5 / 6)
    assert pooled.error == pytest.approx(np.mean([1 / 2, 1 / 2, 2 / 2, 0, 1 / 1, 1 / 1]))
    with pytest.raises(InputError, match="has no column naive"):
        track_record(frame.drop(columns="naive"))
