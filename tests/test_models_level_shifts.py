"""A change of definition is a shift of level: with status B it neither bends a trend nor is read as growth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import pipeline
from pipeline.models.panel import histories, read_panel, spliced

FIRST, YEARS, BROKEN = 2004, 18, 2015
BOUNDS = ["lower_95", "lower_80", "median", "upper_80", "upper_95"]


def grown(seed: int = 7, units: int = 9, years: int = YEARS, noise: float = 0.02) -> pd.DataFrame:
    """Series with steady growth of their own and a little noise."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(rng.uniform(0.02, 0.07, (units, 1)), noise, (units, years))
    wide = pd.DataFrame(np.exp(7 + steps.cumsum(axis=1)), columns=range(FIRST, FIRST + years)).rename_axis("unit")
    return wide.rename_axis(columns="year").stack().rename("value").reset_index()


def redefined(panel: pd.DataFrame, factor: float = 1.6, year: int = BROKEN) -> pd.DataFrame:
    """From ``year`` on every third unit counts ``factor`` times as many, and says so."""
    new = (panel.year >= year) & (panel.unit % 3 == 0)
    value = panel.value.where(~new, panel.value * factor)
    return panel.assign(value=value, status=np.where(new & (panel.year == year), "B", "A"))


def growth_ahead(ahead: pd.DataFrame, panel: pd.DataFrame) -> pd.Series:
    last = panel[panel.year == panel.year.max()].set_index("unit").value
    return np.log(ahead.groupby("unit")["median"].last() / last) / 3


def test_a_marked_jump_is_not_read_as_growth() -> None:
    plain = grown()
    marked = redefined(plain, 2.5)
    shifted = plain.unit.unique()[::3]
    truth = growth_ahead(pipeline.outlook(plain), plain)[shifted]
    with_status = growth_ahead(pipeline.outlook(marked), marked)[shifted]
    without = growth_ahead(pipeline.outlook(marked.drop(columns="status")), marked)[shifted]
    assert (with_status - truth).abs().max() < 0.006
    assert (without - truth).abs().mean() > 3 * (with_status - truth).abs().mean()


@pytest.mark.parametrize("factor", [0.5, 1.3, 3.0])
def test_an_outlook_after_a_marked_jump_is_the_one_of_the_same_series_without_it(factor: float) -> None:
    plain = grown()
    marked = redefined(plain, factor)
    before, after = pipeline.outlook(plain), pipeline.outlook(marked)
    times = np.where(before.unit % 3 == 0, factor, 1.0)
    ratio = after[BOUNDS].to_numpy() / (before[BOUNDS].to_numpy() * times[:, None])
    assert np.abs(np.log(ratio)).max() < 0.06
    assert np.abs(np.log(ratio)).mean() < 0.012


def test_intervals_hold_after_changes_of_definition_as_they_do_without() -> None:
    plain = grown(seed=5, units=16, noise=0.1)
    held = []
    for panel in (plain, redefined(plain, year=2012)):
        tested = pipeline.backtest(panel)
        inside = tested.actual.between(tested.lower_80, tested.upper_80)
        held.append((inside.mean(), inside[tested.unit % 3 == 0].mean()))
    assert 0.74 < held[1][0] < 0.9
    np.testing.assert_allclose(held[1], held[0], atol=0.06)


def test_outcomes_of_another_definition_are_not_held_against_a_forecast() -> None:
    marked = redefined(grown(), year=2019)
    tested = pipeline.backtest(marked)
    across = (tested.origin < 2019) & (tested.origin + tested.horizon >= 2019) & (tested.unit % 3 == 0)
    assert not across.any()
    same = tested[tested.unit % 3 != 0]
    assert set(same.origin) == {2014, 2015, 2016, 2017, 2018}
    assert set(tested[tested.unit % 3 == 0].origin) >= {2018 - 3, 2017 - 1, 2016}


def test_a_status_other_than_break_changes_nothing_and_a_break_is_seen_from_its_year_on_only() -> None:
    plain = grown()
    pd.testing.assert_frame_equal(pipeline.outlook(plain.assign(status="E")), pipeline.outlook(plain))
    marked = redefined(plain)
    early = marked.year < BROKEN
    pd.testing.assert_frame_equal(pipeline.outlook(marked[early]), pipeline.outlook(plain[early]))
    tested, unmarked = pipeline.backtest(marked, origins=8), pipeline.backtest(plain, origins=8)
    keys = ["unit", "origin", "horizon"]
    both = tested.merge(unmarked, on=keys, suffixes=("", "_plain"))
    old = both[(both.origin < BROKEN)]
    assert len(old) > 40
    np.testing.assert_allclose(old["median"], old["median_plain"], rtol=0.02)


def test_breaks_are_spliced_by_ratio_or_by_difference_and_left_beside_a_zero() -> None:
    years = np.array([2000, 2001, 2002, 2004, 2005])
    at = np.array([False, False, False, True, False])
    out = spliced(np.array([100.0, 110, 121, 292.82, 322.102]), years, at)
    np.testing.assert_allclose(out, [200, 220, 242, 292.82, 322.102])
    net = spliced(np.array([-50.0, -40, -30, 500, 510]), np.arange(5), at)
    np.testing.assert_allclose(net, [470, 480, 490, 500, 510])
    beside_zero = np.array([3.0, 2, 0, 9, 10])
    np.testing.assert_allclose(spliced(beside_zero, np.arange(5), at), beside_zero)


def test_a_break_in_an_unknown_year_falls_on_the_next_known_one() -> None:
    value = [10.0, 11, 12.1, 13.31, None, 30, 33, 36.3]
    status = ["A", "A", "A", "A", "B", None, "A", "A"]
    panel = read_panel(pd.DataFrame({"unit": "a", "year": range(2010, 2018), "value": value, "status": status}))
    assert panel.breaks.tolist() == [[False] * 5 + [True] + [False] * 2]
    history = histories(panel).values[-1]
    np.testing.assert_allclose(np.diff(np.log(history[[0, 1, 2, 3, 5, 6, 7]]))[[0, 1, 2, 4, 5]], np.log(1.1))
