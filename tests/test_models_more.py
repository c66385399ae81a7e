"""Networks, coherent forecasts, event studies and scenarios on cases whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import pipeline
from pipeline.errors import InputError, SettingsError
from pipeline.models import event_study, network, reconcile, scenario


def test_two_camps_are_told_apart_and_the_hub_is_central() -> None:
    ties = [(f"{camp}{i}", f"{camp}{j}", 10.0) for camp in "ab" for i in range(5) for j in range(5) if i != j]
    ties += [(f"{camp}{i}", "a0", 30.0) for camp in "ab" for i in range(1, 5)] + [
        ("b0", "a0", 1.0),
        ("a0", "a0", 99.0),
        ("a1", "b1", 0.0),
    ]
    nodes = network(pd.DataFrame(ties, columns=["origin", "destination", "value"])).set_index("node")
    assert nodes.centrality.idxmax() == "a0"
    assert nodes.centrality.sum() == pytest.approx(1)
    assert nodes.attrs["modularity"] > 0
    assert nodes.loc[["a1", "a2", "a3", "a4"], "community"].nunique() == 1
    assert nodes.sent.sum() == nodes.received.sum() == sum(v for o, d, v in ties if o != d)


def test_reciprocity_and_dependence_have_their_bounds() -> None:
    even = network(
        pd.DataFrame(
            [("a", "b", 5), ("b", "a", 5), ("a", "c", 5), ("c", "a", 5)], columns=["origin", "destination", "value"]
        )
    )
    assert even.reciprocity.tolist() == [1, 1, 1]
    assert even.set_index("node").dependence.to_dict() == {"a": 0.5, "b": 1.0, "c": 1.0}
    one_way = network(pd.DataFrame([("a", "b", 5), ("c", "b", 5)], columns=["origin", "destination", "value"]))
    assert one_way.attrs["reciprocity"] == 0
    assert network(pd.DataFrame({"origin": [], "destination": [], "value": []})).empty
    with pytest.raises(InputError, match="negative"):
        network(pd.DataFrame([("a", "b", -5)], columns=["origin", "destination", "value"]))


def hierarchy(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Base forecasts, their record and the truth: parts are foretold badly, the total well."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(50, 150, 4)
    spread = np.array([10, 15, 20, 25.0])
    tested = []
    for origin in range(2005, 2020):
        error = rng.normal(0, spread)
        rows = np.r_[rng.normal(0, 5), error]
        tested += [(unit, origin, 1, 100.0, 100.0 - e) for unit, e in zip(["all", *"abcd"], rows, strict=True)]
    base = np.r_[truth.sum() + rng.normal(0, 5), truth + rng.normal(0, spread)]
    forecasts = pd.DataFrame(
        {"unit": ["all", *"abcd"], "year": 2021, "median": base, "lower_80": base - 30, "upper_80": base + 30}
    )
    return (
        forecasts,
        pd.DataFrame(tested, columns=["unit", "origin", "horizon", "actual", "median"]),
        pd.DataFrame({"unit": ["all", *"abcd"], "truth": np.r_[truth.sum(), truth]}),
    )


def test_reconciled_forecasts_add_up_and_are_better() -> None:
    before, after = [], []
    for seed in range(40):
        forecasts, tested, truth = hierarchy(seed)
        coherent = reconcile(forecasts, tested, "all", list("abcd"))
        assert list(coherent.columns) == list(forecasts.columns)
        assert coherent["median"][0] == pytest.approx(coherent["median"][1:].sum())
        before.append((forecasts["median"] - truth.truth).abs().mean())
        after.append((coherent["median"] - truth.truth).abs().mean())
    assert np.mean(after) < np.mean(before)


def test_reconciling_what_adds_up_changes_nothing_and_parts_stay_above_0() -> None:
    _, tested, _ = hierarchy(1)
    base = np.array([100.0, 40, 30, 20, 10])
    forecasts = pd.DataFrame({"unit": ["all", *"abcd"], "year": 2021, "median": base})
    np.testing.assert_allclose(reconcile(forecasts, tested, "all", list("abcd"))["median"], base)
    forecasts["median"] = [60.0, 40, 30, 20, 1]
    assert (reconcile(forecasts, tested, "all", list("abcd"))["median"] >= 0).all()
    with pytest.raises(InputError, match="no unit e"):
        reconcile(forecasts, tested, "all", ["a", "e"])


def paths(seed: int, effect: float = 0.0, trend: float = 0.0, units: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(units):
        level = rng.normal(6, 1) + rng.normal(0, 0.04, 12).cumsum()
        for t in range(12):
            treated = k < 4
            rows.append(
                (f"u{k}", 2010 + t, np.exp(level[t] + 0.03 * t + effect * (treated and t >= 8) + trend * t * treated))
            )
    return pd.DataFrame(rows, columns=["unit", "year", "value"])


TREATED = ["u0", "u1", "u2", "u3"]


def test_an_effect_is_seen_and_its_size_is_right() -> None:
    studies = [event_study(paths(s, effect=0.3), TREATED, 2018) for s in range(12)]
    assert np.mean([s.verdict == "association" for s in studies]) > 0.7
    assert np.mean([np.log1p(s.after) for s in studies]) == pytest.approx(0.3, abs=0.05)
    path = studies[0].path
    assert path.relative_year.tolist() == list(range(-5, 3))
    assert (path.lower <= path.difference).all()
    assert path.difference[4] == 0


def test_nothing_is_seldom_called_something() -> None:
    verdicts = [event_study(paths(s), TREATED, 2018).verdict for s in range(60)]
    assert verdicts.count("association") <= 7


def test_units_that_ran_apart_before_are_told() -> None:
    verdicts = [event_study(paths(s, trend=0.08), TREATED, 2018).verdict for s in range(12)]
    assert verdicts.count("not_alike_before") >= 10


def test_what_the_data_cannot_tell_is_said() -> None:
    assert event_study(paths(1, units=9), TREATED, 2018).reason == "too_few_others"
    assert event_study(paths(1), TREATED, 2021).reason == "window_not_covered"
    assert event_study(paths(1), TREATED, 2018, before=2).reason == "too_few_years_before"
    holes = paths(1)
    holes = holes[~((holes.unit.isin(TREATED)) & (holes.year == 2016))]
    study = event_study(holes, TREATED, 2018)
    assert (study.verdict, study.reason) == ("cannot_tell", "treated_not_complete")
    assert np.isnan(study.after)
    with pytest.raises(InputError, match="names no unit"):
        event_study(paths(1), ["nowhere"], 2018)


AHEAD = pd.DataFrame(
    {
        "unit": ["a"] * 3 + ["b"] * 3,
        "year": [2026, 2027, 2028] * 2,
        "median": [100.0, 110, 120, 10, 10, 10],
        "lower_95": [50.0, 55, 60, 5, 5, 5],
        "upper_95": [200.0, 220, 240, 20, 20, 20],
    }
)


def test_scenarios_change_only_what_they_say() -> None:
    changed = scenario(
        AHEAD,
        [
            {"unit": "a", "kind": "closes", "from_year": 2027},
            {"unit": "b", "kind": "grows", "from_year": 2027, "by": 0.1},
        ],
    )
    assert changed["median"].tolist() == pytest.approx([100, 0, 0, 10, 11, 12.1])
    assert changed["upper_95"].tolist() == pytest.approx([200, 0, 0, 20, 22, 24.2])
    assert changed.assumed.tolist() == [False, True, True, False, True, True]
    doubled = scenario(AHEAD, [{"unit": "*", "kind": "scales", "from_year": 2026, "by": 2}])
    assert doubled["median"].tolist() == (AHEAD["median"] * 2).tolist()
    assert "assumed" not in AHEAD


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"unit": "a", "kind": "close", "from_year": 2027}, "Did you mean closes"),
        ({"unit": "c", "kind": "closes", "from_year": 2027}, "no outlook"),
        ({"unit": "a", "kind": "scales", "from_year": 2027}, "by is None"),
        ({"unit": "a", "kind": "closes", "from_year": "2027"}, "not a year"),
        ({"unit": "a", "kind": "closes", "year": 2027}, "not a key"),
    ],
)
def test_a_bad_rule_gets_one_clear_line(rule: dict, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        scenario(AHEAD, [rule])


def test_the_room_s_doors_open() -> None:
    for door in pipeline.models.__all__:
        assert callable(getattr(pipeline.models, door))
    with pytest.raises(AttributeError):
        pipeline.models.nothing  # noqa: B018
