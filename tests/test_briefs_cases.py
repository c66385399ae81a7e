"""What the annual brief says of cases: what moved beyond the expected, its grounds either way, or that nothing did."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.briefs.annual import annual_brief
from pipeline.briefs.annual.brief import Brief
from pipeline.briefs.annual.cases import case_blocks
from pipeline.briefs.document import walk
from pipeline.models.cases import COLUMNS
from pipeline.run.workspace import Context, context
from tests.test_briefs_annual import named, protected, shown, stays, texts
from tests.test_briefs_looking_ahead import brief as country_brief


@pytest.fixture
def here(tmp_path: Path) -> Context:
    (tmp_path / "mobility.toml").write_text("", encoding="utf-8")
    return context({}, tmp_path)


def case(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "about": "country", "name": "KOR", "direction": "inbound", "publisher": "uni", "measure": "stays", "country": "KOR", "unit": "people",
        "year": 2024, "period": "2023/24", "value": 90.0, "previous": 40.0, "pct": 125.0, "expected": 42.0, "lower": 30.0, "upper": 60.0,
        "beyond": 48.0, "departure": 2.67, "side": "above", "rank": 1, "since": 2024, "back": False, "peers_pct": 3.0, "peers": 9, "alike_pct": 11.0,
        "events_en": "", "events_zh": "", "definition": False, "inexact": False, "small": False, "n": None, "coverage": 100.0, "coverage_before": 100.0,
        "better": None,
    }  # fmt: skip
    assert set(row) == set(COLUMNS)
    return row | changes


WITHIN = case(name="DEU", country="DEU", value=41.0, beyond=-1.0, departure=-0.08, side="within", rank=-1)


def made(here: Context, *rows: dict[str, Any], language: str = "en", **tables: pd.DataFrame) -> Brief:
    """The brief of an institution with these cases."""
    here.save("uni", 2024, cases=pd.DataFrame(rows, columns=COLUMNS), **numbers(), **tables)
    return annual_brief(here, "uni", 2024, language)


@cache
def numbers() -> dict[str, pd.DataFrame]:
    """What else is known of the institution: thirty stays a year, way and country."""
    ways = [(d, p) for d in ("inbound", "outbound") for p in ("KOR", "DEU", "USA")]
    return protected(stays({(year, *way): 30 for year in range(2015, 2025) for way in ways}), 2024, None)


def first_case(brief: Brief) -> dict[str, Any]:
    return named(list(walk([block.to_json() for block in case_blocks(brief)])))["cases.1"]


def finding(here: Context, **changes: Any) -> str:
    return str(first_case(made(here, case(**changes), WITHIN))["text"])


def test_a_case_says_by_how_much_and_the_grounds_either_way(here: Context) -> None:
    assert finding(here, events_en="A fund;A fair", since=2022, small=True) == (
        "**From South Korea: 90 in 2023/24, 48 more than the years before gave to expect** (42; 95% interval 30–60). "
        "For an explanation of its own: on record for the time: A fund; A fair; 11% of 9 others moved alike; the same way each year since 2021/22. "
        "Against one: fewer than 50 people the year before."
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"alike_pct": 56.0}, "Against one: 56% of 9 others moved alike"),
        ({"alike_pct": 0.0}, "For an explanation of its own: none of 9 others moved alike."),
        ({"definition": True}, "counted in a new way"),
        ({"back": True}, "only back to where it has been before"),
        ({"inexact": True}, "a rounded figure"),
        ({"coverage": 60.0}, "known of 60% of the stays, of 100% in the years before"),
        ({}, "Against one: no event on record for the time."),
        (
            {"side": "below", "value": 20.0, "beyond": -22.0},
            "20 in 2023/24, 22 less than the years before gave to expect",
        ),
        ({"about": "mode", "name": "exchange", "direction": "outbound"}, "**Exchange, outbound: 90"),
        ({"about": "institution", "name": "Elm University", "direction": "outbound"}, "**To Elm University: 90"),
        (
            {"about": "subject", "name": "WLD", "alike_pct": 80.0},
            "For an explanation of its own: 80% of 9 partner countries moved alike",
        ),
        ({"about": "subject", "name": "WLD", "alike_pct": 10.0}, "Against one: 10% of 9 partner countries moved alike"),
    ],
)
def test_each_ground_on_its_side(here: Context, changes: dict[str, Any], says: str) -> None:
    assert says in finding(here, **changes)


def test_what_is_between_many_and_few_is_no_ground(here: Context) -> None:
    text = finding(here, alike_pct=40.0)
    assert "others moved" not in text


@pytest.mark.parametrize(("better", "says"), [("higher", "better"), ("lower", "worse")])
def test_an_outcome_is_told_in_points_and_says_which_way_is_better(here: Context, better: str, says: str) -> None:
    row = case(
        about="outcome", name="completion_rate", direction="all", measure="completion_rate", unit="%", value=93.0, expected=85.5, lower=82.0, upper=88.4,
        beyond=7.5, better=better, n=400.0, alike_pct=None,
    )  # fmt: skip
    block = first_case(made(here, WITHIN, outcome_cases=pd.DataFrame([row])))
    assert (
        "93% in 2023/24, 7.5 points more than the years before gave to expect** (85.5%; 95% interval 82%–88.4%)"
        in block["text"]
    )
    assert f"That is the {says} way." in block["text"]
    assert block["evidence"][0]["where"]["end"] == {"from": "2023-09-01", "to": "2024-08-31"}


def test_the_farthest_in_figure_and_table_and_how_many_were_looked_at(here: Context) -> None:
    rows = [case(name=n, country=n, departure=d) for n, d in (("KOR", 2.0), ("USA", 3.0))]
    rows += [
        WITHIN | {"name": n, "departure": d / 100}
        for n, d in (("DEU", 1), ("FRA", 2), ("ITA", 3), ("JPN", 4), ("GBR", 5))
    ]
    blocks = shown(made(here, *rows))
    found = named(blocks)
    assert found["cases"]["lead"].startswith("2 of 7 figures looked at lie outside")
    listed = [row[0]["text"] for row in found["cases-table"]["rows"]]
    assert listed == [
        "From the United States",
        "From South Korea",
        *(f"From {n}" for n in ("the United Kingdom", "Japan", "Italy", "France")),
    ]
    assert len(found["cases-figure"]["data"]["rows"]) == 6
    assert "partner countries (7)" in " ".join(found["cases-table"]["notes"])
    assert [k for k in found if k.startswith("cases.")] == ["cases.1", "cases.2"]


def test_nothing_beyond_the_expected_is_one_line(here: Context) -> None:
    found = named(shown(made(here, WITHIN, WITHIN | {"name": "USA"})))
    assert found["cases.none"]["text"].startswith("**Nothing moved beyond the expected**: all 2 figures")
    assert found["cases.none"]["evidence"]
    assert "cases-table" not in found
    assert "cases-figure" not in found


def test_nothing_looked_at_is_no_section(here: Context) -> None:
    assert "cases" not in named(shown(made(here)))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({}, {"direction": "inbound", "origin": "KOR", "year": {"from": 2015, "to": 2024}}),
        ({"direction": "outbound"}, {"direction": "outbound", "destination": "KOR"}),
        ({"about": "mode", "name": "virtual"}, {"mode": "virtual", "direction": "inbound"}),
        ({"about": "institution", "name": "Elm", "direction": "outbound"}, {"host_institution": "Elm"}),
        ({"about": "subject", "name": "WLD", "direction": "all"}, {"source": "uni"}),
    ],
)
def test_a_case_leads_to_its_rows(here: Context, changes: dict[str, Any], where: dict[str, Any]) -> None:
    (evidence,) = first_case(made(here, case(**changes)))["evidence"]
    assert evidence["table"] == "stays"
    assert where.items() <= evidence["where"].items()


def test_a_country_leads_to_its_counts(here: Context) -> None:
    row = case(
        about="subject",
        name="WLD",
        publisher="MOE (China)",
        measure="stock",
        year=2018,
        period="2018",
        since=2018,
        country=None,
    )
    block = next(
        b.to_json()
        for b in country_brief(here, cases=pd.DataFrame([row])).outlook()
        if getattr(b, "id", "") == "cases.1" or b.block_type == "columns"
    )
    told = (
        [b for b in [*block["left"], *block["right"]] if b.get("id") == "cases.1"]
        if block["type"] == "columns"
        else [block]
    )
    (evidence,) = told[0]["evidence"]
    assert evidence["table"] == "counts"
    assert {"reporter": "CHN", "origin": "WLD", "measure": "stock", "level": "all"}.items() <= evidence["where"].items()
    assert "MOE (China)" in evidence["where"]["publisher"]


def test_in_chinese(here: Context) -> None:
    blocks = shown(made(here, case(events_zh="一项基金", events_en="A fund"), WITHIN, language="zh"))
    found = named(blocks)
    assert found["cases"]["title"] == "案例：超出预期的变化"
    assert found["cases.1"]["text"].startswith(
        "**来自韩国：2023/24学年为90，比按往年数据推算的期望值高48**（期望值42，95%区间30～60）。"
    )
    assert "同期有记录的事件：一项基金" in found["cases.1"]["text"]
    assert "⟦" not in "".join(texts(blocks))
