"""The lines of an institution that may become cases: numbers that may be told, and none that give away a few people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from pipeline import measures
from pipeline.models import Happenings, change_cases, known_breaks
from pipeline.settings import Disclosure

YEARS = range(2015, 2025)
FEW = Disclosure().minimum_count
LEAST = Disclosure().minimum_base


def stays(numbers: Mapping[tuple[str, str], int | list[int]], mode: str = "exchange") -> pd.DataFrame:
    """Inbound stays by country and institution there, as many each year or as listed."""
    parts = []
    for (country, name), n in numbers.items():
        for k, year in enumerate(YEARS):
            size = n if isinstance(n, int) else n[k]
            parts.append(
                pd.DataFrame({"origin": country, "home_institution": name or None, "year": year}, index=range(size))
            )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(
        source="u", direction="inbound", destination="CHN", host_institution="U", mode=mode, level="7", months=5.0,
        academic_year=[f"{y - 1}/{y % 100:02d}" for y in table["year"]], outcome="completed", visa_result="granted",
    )  # fmt: skip


def lines(table: pd.DataFrame, **other: object) -> pd.DataFrame:
    safe = measures.protect(measures.counted(table, "u", 2024))
    return measures.stay_lines(table, "u", 2024, safe, **other)  # type: ignore[arg-type]


def told(table: pd.DataFrame, about: str) -> list[str]:
    found = lines(table)
    return sorted(found.loc[found["about"].eq(about) & found["told"].astype(bool), "name"].unique())


def test_totals_modes_countries_and_institutions_by_hand() -> None:
    made = lines(stays({("KOR", "A"): 30, ("KOR", "B"): 20, ("KOR", ""): 10, ("DEU", "C"): 40, ("FRA", ""): 25}))
    now = made[made["year"].eq(2024)].set_index(["about", "name", "direction"])["value"]
    assert now.loc[("subject", "WLD", "inbound")] == 125
    assert now.loc[("mode", "exchange", "inbound")] == 125
    assert now.loc["country"].droplevel("direction").to_dict() == {"DEU": 40, "FRA": 25, "KOR": 60}
    assert now.loc["institution"].droplevel("direction").to_dict() == {"A": 30, "B": 20, "C": 40}
    known = made[made["about"].eq("institution")]["coverage"].unique().tolist()
    assert known == [72]  # 90 of 125 with an institution
    assert made.loc[made["about"].eq("institution"), "step"].eq(10).all()
    assert made.loc[made["about"].ne("institution"), "step"].eq(1).all()


def test_one_institution_of_a_country_the_largest_and_none_that_is_nearly_all_of_it() -> None:
    table = stays(
        {("KOR", "A"): 30, ("KOR", "B"): 25, ("DEU", "C"): 40, ("FRA", "D"): 30, ("FRA", ""): 3, ("ITA", ""): 60}
    )
    assert told(table, "institution") == ["A"]  # C is all of Germany, D leaves three people in France


def test_a_partner_with_few_the_year_before_or_now_is_not_told() -> None:
    grown = [30] * 8 + [LEAST - 1, 60]
    shrunk = [30] * 9 + [LEAST - 1]
    table = stays({("KOR", "A"): grown, ("KOR", ""): 40, ("DEU", "B"): shrunk, ("DEU", ""): 40, ("FRA", ""): grown})
    assert told(table, "institution") == []
    assert told(table, "country") == ["DEU", "KOR"]


def test_a_mode_is_told_as_the_protected_series_has_it() -> None:
    table = pd.concat(
        [
            stays({("KOR", ""): 60, ("DEU", ""): 50}),
            stays({("KOR", ""): 3}, "lecture"),
            stays({("DEU", ""): 3}, "conference"),
        ]
    )
    made = lines(table)
    assert set(made.loc[made["about"].eq("mode"), "name"]) <= {"exchange"}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_few_follows_from_an_institution_beside_its_country(seed: int) -> None:
    """The attacker takes what is told of institutions, in tens, off the published numbers of their countries."""
    rng = np.random.default_rng(seed)
    numbers = {
        (c, n): [int(v) for v in rng.integers(0, 60, 10)]
        for c in ("KOR", "DEU", "FRA", "ITA", "JPN")
        for n in ("A" + c, "B" + c, "")
    }
    table = stays(numbers)
    safe = measures.protect(measures.counted(table, "u", 2024))
    made = measures.stay_lines(table, "u", 2024, safe)
    out = safe["partners"].set_index("partner")
    found = made[made["about"].eq("institution") & made["told"].astype(bool) & made["year"].isin([2023, 2024])]
    assert found.groupby(["country"])["name"].nunique().le(1).all()
    for row in found.itertuples():
        country = out.loc[row.country, "value" if row.year == 2024 else "previous"]
        assert country == country  # published
        tens = np.floor(row.value / 10 + 0.5) * 10
        low, high = country - (tens + 5), country - (tens - 5)
        assert high - low >= FEW
        assert high >= FEW
        assert country - row.value >= FEW  # what is left is no few people


def test_the_one_that_a_profile_asks_for_is_there_whatever_its_country() -> None:
    table = stays({("DEU", "C"): 40, ("ITA", ""): 60})
    made = lines(table, alone=("DEU", "C"))
    assert made.loc[made["about"].eq("institution"), "told"].all()
    assert told(table, "institution") == []


def test_where_the_policy_rounds_every_number_is_the_one_that_is_out() -> None:
    policy = Disclosure(method="round", base=5)
    numbers = {("KOR", "A"): [31 + k for k in range(10)], ("KOR", ""): 26, ("DEU", ""): [23 + 2 * k for k in range(10)]}
    table = stays(numbers)
    safe = measures.protect(measures.counted(table, "u", 2024), policy)
    made = change_cases(measures.stay_lines(table, "u", 2024, safe, policy), 2024, Happenings(known_breaks()))
    countries = made[made["about"].eq("country")].set_index("name")
    out = safe["partners"].set_index("partner")
    assert countries["value"].to_dict() == out["value"].to_dict() == {"KOR": 65, "DEU": 40}  # 66 and 41
    assert countries["previous"].to_dict() == out["previous"].to_dict()
    people = made[["value", "previous", "expected", "lower", "upper", "beyond"]]
    assert people.mod(5).eq(0).all(axis=None)
    assert made.loc[made["about"].eq("institution"), "value"].tolist() == [40]
