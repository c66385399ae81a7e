"""Indicators of the outlook's themes: reckoned by hand, bounded, protected, and as often right as they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.measures import theme_series
from pipeline.models import theme_outlook


def office() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    stays = pd.DataFrame(
        {
            "source": "u", "direction": ["inbound", "inbound", "outbound", "outbound", "inbound"], "level": ["7", "8", "8", "6", "7"],
            "mode": ["joint_research", "exchange", "exchange", "virtual", "exchange"], "year": [2023, 2023, 2024, 2024, 2024], "field": "07",
            "home_field": ["07", "04", "07", "04", None], "outcome": "completed", "end": pd.to_datetime(["2023-06-30"] * 2 + ["2024-06-30"] * 3),
            "joint_publications": pd.array([2, 0, 1, 5, None], "Int64"), "credits_attempted": [30.0, 10.0, 20.0, 20.0, None],
            "credits_recognised": [30.0, 0.0, 5.0, 20.0, None],
        }
    )  # fmt: skip
    agreements = pd.DataFrame(
        {"source": "u", "recognised": [True, False, None], "signed": pd.Timestamp("2020-01-01"), "expires": pd.to_datetime(["2024-01-01", None, None])}
    )  # fmt: skip
    events = pd.DataFrame(
        {
            "source": "u",
            "online": [True, False, True],
            "start": pd.to_datetime(["2022-10-01", "2023-10-01", "2024-03-01"]),
        }
    )
    return stays, agreements, events


def test_every_indicator_by_hand() -> None:
    made = theme_series(*office(), "u", 2024).set_index(["indicator", "year"])["value"]
    expected = {
        ("inbound", 2023): 2, ("inbound", 2024): 1, ("outbound", 2024): 1, ("level_8", 2024): 1, ("joint_research_stays", 2023): 1,
        ("joint_research_stays", 2024): 0, ("publications", 2023): 100, ("publications", 2024): 100, ("credits_recognised", 2023): 75,
        ("credits_recognised", 2024): 25, ("recognised_agreements", 2023): 50, ("recognised_agreements", 2024): 0, ("virtual_stays", 2024): 1,
        ("online_events", 2023): 1, ("online_events", 2024): 1, ("cross_field", 2023): 50, ("cross_field", 2024): 0,
    }  # fmt: skip
    assert {key: made[key] for key in expected} == expected


def test_what_is_not_on_record_has_no_row() -> None:
    stays, _, _ = office()
    made = theme_series(stays.drop(columns="home_field"), pd.DataFrame(), pd.DataFrame(), "u", 2024)
    assert not {"cross_field", "recognised_agreements", "online_events"} & set(made["indicator"])


def shares(values: list[float], n: float = 400.0, indicator: str = "cross_field") -> pd.DataFrame:
    years = range(2025 - len(values), 2025)
    table = pd.DataFrame(
        {"theme": "cross_disciplinary", "indicator": indicator, "unit": "%", "year": years, "value": values}
    )
    share = table["value"] / 100
    return table.assign(
        error=100 * np.sqrt(share.clip(0.01) * (1 - share.clip(upper=0.99)) / n), n=n, k=(share * n).round()
    )


@pytest.mark.parametrize(
    "values", [[2.0, 1, 3, 2, 4, 3, 2, 5], [97.0, 99, 98, 96, 99, 98, 97, 98], [40.0, 45, 52, 55, 60, 63, 70, 76]]
)
def test_bounds_of_shares_stay_between_0_and_100(values: list[float]) -> None:
    ahead = theme_outlook(shares(values))["themes"].dropna(subset=["median"])
    assert len(ahead) == 3
    order = ahead[["lower_95", "lower_80", "median", "upper_80", "upper_95"]].to_numpy(dtype=float)
    assert (np.diff(order, axis=1) >= 0).all()
    assert 0 <= order.min() <= order.max() <= 100


def test_a_rising_share_is_carried_on_upwards() -> None:
    made = theme_outlook(shares([40.0, 45, 52, 55, 60, 63, 70, 76]))
    assert made["theme_trends"]["trend"].tolist() == ["rises"]
    assert made["themes"]["median"].max() > 76


def test_five_years_have_neither_trend_nor_outlook_and_say_so() -> None:
    made = theme_outlook(shares([10.0, 11, 12, 13, 14]))
    assert made["theme_trends"]["reason"].tolist() == ["too_short"]
    assert made["themes"]["median"].isna().all()


def test_few_people_are_hidden_and_their_outlook_with_them() -> None:
    made = theme_outlook(shares([10.0] * 7 + [0.5]))["themes"]  # 2 of 400 in the last year
    last = made[made["year"].eq(2024)]
    assert last["value"].isna().all()
    assert last["status"].tolist() == ["C"]
    assert "median" not in made or made["median"].isna().all()


def test_intervals_hold_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    held = []
    for _ in range(6):
        walks = np.cumsum(rng.normal(0, 0.15, (12, 17)), axis=1) + rng.normal(0, 1, (12, 1))
        percent = 100 / (1 + np.exp(-walks))
        known = pd.concat(
            [shares(list(row[:14]), indicator=f"i{k}") for k, row in enumerate(percent)], ignore_index=True
        )
        ahead = theme_outlook(known)["themes"].dropna(subset=["median"])
        for k, row in enumerate(percent):
            mine = ahead[ahead["indicator"].eq(f"i{k}")].sort_values("year")
            held += ((mine["lower_80"] - 0.5 <= row[14:]) & (row[14:] <= mine["upper_80"] + 0.5)).tolist()
    assert 0.70 < np.mean(held) < 0.93
