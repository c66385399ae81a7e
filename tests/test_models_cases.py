"""Partners as cases: a planted jump is found against the years before, its evidence is told, and the hidden stay hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.models import known_breaks
from pipeline.models.cases import change_cases

YEARS = range(2008, 2020)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = ["KOR", "DEU", "FRA", "USA", "JPN", "ITA", "GBR", "THA"]
    parts = [
        pd.DataFrame({"partner": p, "year": YEARS, "value": np.round(200 + 5 * np.arange(12) + rng.normal(0, 4, 12))})
        for p in names
    ]
    table = pd.concat(parts, ignore_index=True)
    table.loc[table["partner"].eq("KOR") & table["year"].eq(2019), "value"] = 600.0
    table.loc[table["partner"].eq("DEU") & table["year"].eq(2019), "value"] = 60.0
    table.loc[table["partner"].eq("THA"), "value"] /= 10
    fixed = {
        "direction": "inbound",
        "publisher": "P",
        "measure": "stock",
        "level": "all",
        "mode": "all",
        "funding": "all",
    }
    table = table.assign(**fixed, status="A", exactness="exact")
    table.loc[table["partner"].eq("DEU") & table["year"].eq(2019), "status"] = "B"
    return table


def test_the_planted_rise_and_fall_come_first_and_clear(rows: pd.DataFrame) -> None:
    made = change_cases(rows, 2019, known_breaks()).set_index("partner")
    assert made.loc["KOR", ["rank", "side"]].tolist() == [1, "above"]
    assert made.loc["DEU", ["rank", "side"]].tolist() == [-1, "below"]
    assert made.drop(["KOR", "DEU"])["side"].eq("within").all()
    assert made.loc["KOR", "beyond"] == 600 - made.loc["KOR", "expected"]
    assert 220 < made.loc["KOR", "expected"] < 300  # of the years before alone


def test_evidence_stands_beside_it(rows: pd.DataFrame) -> None:
    made = change_cases(rows, 2019, known_breaks()).set_index("partner")
    assert made.loc["KOR", "alike_pct"] == 0  # nobody moved like it
    assert made.loc["DEU", "definition"]
    assert made["small"][made["small"]].index.tolist() == ["THA"]


def test_a_known_event_is_named(rows: pd.DataFrame) -> None:
    later = rows.assign(year=rows["year"] + 2)
    made = change_cases(later, 2021, known_breaks())
    assert made["events_en"].str.contains("COVID").all()
    assert made["events_zh"].ne("").all()


def test_who_may_not_be_shown_is_no_case(rows: pd.DataFrame) -> None:
    made = change_cases(rows, 2019, known_breaks(), shown={("inbound", "FRA"), ("inbound", "DEU")})
    assert set(made["partner"]) == {"FRA", "DEU"}


def test_without_years_before_there_is_none(rows: pd.DataFrame) -> None:
    assert change_cases(rows[rows["year"].ge(2017)], 2019, known_breaks()).empty
    assert change_cases(rows, 2025, known_breaks()).empty
