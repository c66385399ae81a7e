"""Outcome models on simulated stays whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from pipeline.errors import InputError
from pipeline.models import missing_bounds, outcome_differences, shrunk_rates, time_to_event
from pipeline.models.degrees import degree_times, time_to_degree
from pipeline.models.effects import holm


def stays(seed: int = 0, n: int = 900, effect: float = 0.6, partners: int = 40) -> pd.DataFrame:
    """Completion depends on mode and level, and stays of a partner go together."""
    rng = np.random.default_rng(seed)
    partner = rng.integers(0, partners, n)
    level = rng.choice(["6", "7", "8"], n)
    long = rng.random(n) < np.where(level == "8", 0.7, 0.3)
    logit = 0.4 + effect * long + 0.8 * (level == "8") + rng.normal(0, 0.5, partners)[partner]
    return pd.DataFrame(
        {
            "mode": np.where(long, "joint_training", "exchange"),
            "level": level,
            "partner": partner,
            "completed": rng.random(n) < special.expit(logit),
        }
    )


def truth(effect: float = 0.6) -> float:
    """The difference at the population's mix of levels, averaged over partners."""
    rng = np.random.default_rng(99)
    base = 0.4 + 0.8 * (rng.random(200_000) < 1 / 3) + rng.normal(0, 0.5, 200_000)
    return float((special.expit(base + effect) - special.expit(base)).mean())


def test_differences_are_right_on_average_and_intervals_hold() -> None:
    found = [outcome_differences(stays(s), "completed", "mode", controls=["level"]).iloc[0] for s in range(60)]
    assert np.mean([r.difference for r in found]) == pytest.approx(truth(), abs=0.015)
    assert np.mean([r.lower <= truth() <= r.upper for r in found]) > 0.86


def test_without_the_control_the_difference_mixes_in_the_level() -> None:
    plain = np.mean([outcome_differences(stays(s), "completed", "mode").difference[0] for s in range(20)])
    assert plain > truth() + 0.02


def test_what_is_left_out_is_counted() -> None:
    data = stays(1)
    data["completed"] = data["completed"].astype(object)
    data.loc[:9, "completed"] = None
    data.loc[20:24, "mode"] = "lecture"
    data.loc[30:44, ["mode", "completed"]] = ["conference", True]
    result = outcome_differences(data, "completed", "mode")
    assert result.attrs["left_out"] == {
        "unknown": 10,
        "too_small": ["lecture"],
        "no_variation": ["conference"],
        "no_variation_controls": [],
    }
    assert result.group.tolist() == ["joint_training"]
    assert result.attrs["clusters"] == 40


def test_the_partner_is_the_institution_at_the_other_end() -> None:
    data = stays(2)
    outbound = data.index % 2 == 0
    ends = data.drop(columns="partner").assign(
        direction=np.where(outbound, "outbound", "inbound"),
        home_institution=np.where(outbound, "ours", data.partner.astype(str)),
        host_institution=np.where(outbound, data.partner.astype(str), "ours"),
    )
    pd.testing.assert_frame_equal(
        outcome_differences(ends, "completed", "mode"), outcome_differences(data, "completed", "mode")
    )


def test_many_comparisons_are_corrected() -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(60):
        data = stays(int(rng.integers(1e6)), 400, 0.0).assign(mode=lambda f: rng.choice(list("abcdef"), len(f)))
        alarms += bool((outcome_differences(data, "completed", "mode").p_holm < 0.05).any())
    assert alarms / 60 < 0.15
    assert holm(np.array([0.02, np.nan, 0.01])).tolist()[::2] == [0.02, 0.02]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="mode"), "no column mode"),
        (lambda f: f.assign(completed="maybe"), "not a yes/no"),
        (lambda f: f.assign(mode="exchange"), "1 groups that can be compared"),
    ],
)
def test_stays_that_cannot_be_compared_get_one_clear_line(change, says: str) -> None:
    with pytest.raises(InputError, match=says):
        outcome_differences(change(stays()), "completed", "mode")


def test_shrunk_rates_are_closer_to_the_truth_for_small_groups_and_intervals_hold() -> None:
    rng = np.random.default_rng(6)
    raw, drawn, held = [], [], []
    for _ in range(16):
        rate = rng.beta(14, 6, 30)
        n = rng.integers(1, 25, 30)
        groups = shrunk_rates(pd.DataFrame({"group": range(30), "n": n, "k": rng.binomial(n, rate)}))
        raw.append(((groups.rate - rate) ** 2).mean())
        drawn.append(((groups.shrunk - rate) ** 2).mean())
        held.append(((groups.lower <= rate) & (rate <= groups.upper)).mean())
    assert np.mean(drawn) < 0.5 * np.mean(raw)
    assert np.mean(held) > 0.88


def test_a_group_of_none_has_no_rate_but_an_expectation() -> None:
    groups = shrunk_rates(pd.DataFrame({"group": ["a", "b", "c"], "n": [50, 60, 0], "k": [30, 45, 0]}))
    assert np.isnan(groups.rate[2])
    assert 0.5 < groups.shrunk[2] < 0.85
    assert groups.upper[2] - groups.lower[2] > groups.upper[0] - groups.lower[0]
    with pytest.raises(InputError, match="between 0 and n"):
        shrunk_rates(pd.DataFrame({"group": ["a"], "n": [5], "k": [6]}))


def test_bounds_hold_whatever_is_missing() -> None:
    low, high = missing_bounds(80, 60, 20)
    assert all(low <= (60 + m) / 100 <= high for m in range(21))
    assert missing_bounds(10, 4, 0) == (0.4, 0.4)
    assert np.isnan(missing_bounds(0, 0, 0)).all()
    with pytest.raises(InputError):
        missing_bounds(5, 6, 0)


def test_time_to_degree_is_right_under_censoring() -> None:
    rng = np.random.default_rng(7)
    medians, held = [], []
    for _ in range(40):
        needed, watched = rng.weibull(3, 150) * 45, rng.uniform(20, 70, 150)
        seen = pd.DataFrame(
            {"months": np.ceil(np.minimum(needed, watched)), "event": needed <= watched, "mode": "degree"}
        )
        curve = time_to_event(seen, by="mode")
        medians.append(curve.attrs["median"]["median"][0])
        true = 1 - np.exp(-((36 / 45) ** 3))
        at = curve[curve.month <= 36].iloc[-1]
        held.append(at.lower <= true <= at.upper)
        assert seen.event.mean() < 0.75  # ignoring the censored would be far off
    assert np.mean(medians) == pytest.approx(45 * np.log(2) ** (1 / 3), abs=1.5)
    assert np.mean(held) > 0.85


def test_groups_without_events_or_too_small_are_named() -> None:
    data = pd.DataFrame(
        {
            "months": [10.0] * 12 + [5] * 3 + [None],
            "event": [False] * 12 + [True] * 4,
            "mode": ["degree"] * 12 + ["exchange"] * 4,
        }
    )
    curve = time_to_event(data, by="mode")
    assert curve.empty
    assert curve.attrs["median"].values.tolist()[0][:3] == ["degree", 12, 0]
    assert np.isnan(curve.attrs["median"]["median"][0])
    assert curve.attrs["left_out"] == {"unknown": 1, "too_small": ["exchange"]}
    with pytest.raises(InputError, match="no column months"):
        time_to_event(data.drop(columns="months"))


def degree(outcome: object, months: int, began: str = "2018-09-01", **other: object) -> dict[str, object]:
    start = pd.Timestamp(began)
    return {
        "mode": "degree", "level": "7", "start": start, "year": start.year + 1, "outcome": outcome, "visa_result": "granted",
        "end": start + pd.DateOffset(months=months) - pd.Timedelta(days=1), "degrees_awarded": {"completed": 1, "withdrawn": 0}.get(str(outcome)),
    } | other  # fmt: skip


def test_who_left_without_a_degree_stays_among_those_who_began() -> None:
    rows = [degree("completed", 36)] * 80 + [degree("withdrawn", 10)] * 40 + [degree("withdrawn", 60, "2019-09-01")]
    found = time_to_degree(pd.DataFrame(rows), 2024)
    curve = found.curves[found.curves["group_by"].eq("mode")].set_index("month")["share"]
    assert curve[30] == 0
    assert curve[36] == 65  # 80 of 121 is 66.1 %, in steps of 5: one stands for at least 5 people
    assert found.medians["median"].tolist()[0] == 36
    naive = degree_times(pd.DataFrame(rows), 2024).assign(
        months_followed=lambda f: (f["end"] - f["start"]).dt.days / 30.4
    )
    assert (
        time_to_event(naive, "months_followed", "degree")["share"].max() > 0.95
    )  # who left taken for someone lost to sight


def test_nothing_after_the_year_is_known_to_a_brief_of_it() -> None:
    rows = [degree("completed", 36)] * 60 + [degree("ongoing", 60)] * 60
    later = pd.DataFrame([*rows, *[degree("completed", 36, "2021-09-01")] * 99])
    pd.testing.assert_frame_equal(
        time_to_degree(later, 2021).curves, time_to_degree(later[later["year"].le(2021)], 2021).curves
    )
    assert not degree_times(later, 2020)["degree"].any()


def test_curves_are_cut_rounded_and_checked() -> None:
    rng = np.random.default_rng(8)
    rows = [
        degree(
            "completed" if rng.random() < 0.7 else None, int(rng.integers(30, 40)), f"{rng.integers(2015, 2020)}-09-01"
        )
        for _ in range(300)
    ] + [degree("completed", 36, level="8")] * 20
    found = time_to_degree(pd.DataFrame(rows), 2024)
    assert set(found.curves["group"]) == {"degree", "7"}  # 20 of level 8 are too few for a curve
    assert (found.curves["share"] % 5 == 0).all() or (found.curves["share"] % 2 == 0).all()
    assert (found.curves["at_risk"] % 10 == 0).all()
    checks = found.checks[found.checks["group"].eq("7")].set_index("check")
    assert checks.loc["unknown_pct", "value"] == pytest.approx(30, abs=8)
    assert not checks.loc["unknown_pct", "holds"]
    assert checks.loc["alike_p", "holds"]
