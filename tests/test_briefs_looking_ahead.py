"""What a brief says of the years ahead and of events: parts that add up, scenarios, policy events, breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.briefs.annual import annual_brief
from pipeline.briefs.annual.brief import Brief
from pipeline.run.workspace import Context, context

MAIN = "inbound-stock"
BOUNDS = ("lower_80", "upper_80", "lower_95", "upper_95")


@pytest.fixture
def here(tmp_path: Path) -> Context:
    (tmp_path / "mobility.toml").write_text("", encoding="utf-8")
    return context({}, tmp_path)


def series(exactness: str = "exact") -> pd.DataFrame:
    rows = [(y, 100_000.0 + 5_000 * (y - 2005), "exact") for y in range(2005, 2018)] + [(2018, 160_000.0, exactness)]
    frame = pd.DataFrame(rows, columns=["year", "value", "exactness"])
    return frame.assign(
        series_id=MAIN, direction="inbound", measure="stock", level="all", mode="all", funding="all", partner="WLD",
        publisher="MOE (China)", title="t", url="", period=frame["year"].astype(str), status="A", note="",
    )  # fmt: skip


def headline(table: pd.DataFrame) -> pd.DataFrame:
    last = table.tail(1).assign(previous_period="2017", previous=155_000.0, change=5_000.0, pct=3.2, approx=False)
    return last.assign(cagr=4.0, cagr_from=2013, is_record=True, record_since=2005, n_years=14)


def ahead(**other: Any) -> pd.DataFrame:
    rows = [(y, 160_000.0 + 5_432 * (y - 2018)) for y in (2019, 2020, 2021)]
    frame = pd.DataFrame(rows, columns=["year", "median"]).assign(series_id=MAIN, method="m")
    for bound, factor in zip(BOUNDS, (0.9, 1.1, 0.8, 1.25), strict=True):
        frame[bound] = frame["median"] * factor
    return frame.assign(**other)


def brief(here: Context, language: str = "en", exactness: str = "exact", **tables: pd.DataFrame) -> Brief:
    table = series(exactness)
    here.save("CHN", 2018, series=table, headline=headline(table), **{"outlook": ahead(), **tables})
    return annual_brief(here, "CHN", 2018, language)


def found(made: Brief) -> dict[str, dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for block in (b.to_json() for b in made.outlook()):
        sides = [block] if block["type"] != "columns" else [*block["left"], *block["right"]]
        blocks += sides
    return {block.get("id") or block.get("title", ""): block for block in blocks}


def texts(table: dict[str, Any]) -> list[list[str]]:
    return [[cell["text"] for cell in row] for row in table["rows"]]


def scenario(**changes: Any) -> pd.DataFrame:
    row = {
        "name_en": "Korea closes", "name_zh": "韩国关闭", "kind": "closes", "from_year": 2020, "by": None,
        "direction": "inbound", "partners": "KOR", "measure": None, "series_id": MAIN, "year": 2021, "median": 140_000.0,
        "lower_80": 120_000.0, "upper_80": 155_000.0, "lower_95": 0.0, "upper_95": 1.0, "base": 175_000.0,
        "base_lower_80": 0.0, "base_upper_80": 1.0, "reason": None,
    }  # fmt: skip
    return pd.DataFrame([{**row, **changes}])


def policy(**changes: Any) -> pd.DataFrame:
    row = {
        "event": 0, "label_en": "A rule", "label_zh": "一项规定", "kind": "visa_rule", "direction": "inbound", "measure": "stock",
        "publisher": "MOE (China)", "year": 2015, "countries": "KOR eu", "source": "A gazette", "url": "",
        "verdict": "association", "reason": "", "pct": -21.0, "lower": -15.0, "upper": 18.0, "p": 0.01, "pre_trend_p": 0.5,
        "treated": 3, "others": 61, "first_year": 2010, "last_year": 2017,
    }  # fmt: skip
    return pd.DataFrame([{**row, **changes}])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_printed_parts_add_up_to_the_printed_total(here: Context, language: str) -> None:
    parts = pd.DataFrame(
        [(p, y, (160_000.0 + 5_432 * (y - 2018)) * s, 160_000 * s) for p, s in (("KOR", 0.341), ("USA", 0.213), ("others", 0.446)) for y in (2019, 2020, 2021)],
        columns=["part", "year", "median", "last"],
    ).assign(total=MAIN, by="partner", unit="u", last_year=2018)  # fmt: skip
    for bound in BOUNDS:
        parts[bound] = parts["median"]
    table = found(brief(here, language, outlook_parts=parts))["outlook-partner-inbound"]
    for column in (1, 2):
        values = [row[column]["value"] for row in table["rows"]]
        assert sum(values[:-1]) == values[-1]
    assert values[-1] == 176_300
    assert [row[0] for row in texts(table)][2:] == {"en": ["All others", "Total"], "zh": ["其他全部", "总数"]}[language]


def test_a_scenario_stands_beside_the_outlook_and_one_without_numbers_says_why(here: Context) -> None:
    none = scenario(name_en="Too late", year=None, reason="beyond")
    table = found(brief(here, scenarios=pd.concat([scenario(), none])))["scenarios"]
    assert texts(table) == [
        ["Korea closes", "none from 2020", "inbound, 2021", "175,000", "140,000", "120,000–155,000", "−20.0%"]
    ]
    assert "No numbers for “Too late”: it begins after the last year of the outlook." in table["notes"]
    (gap,) = [b for b in found(brief(here, scenarios=none)).values() if b.get("kind") == "gap"]
    assert "Too late" in gap["text"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, ["21.0% below the path of 61 others", "−15.0% to +18.0%", "no proof of a cause"]),
        ({"verdict": "none_seen", "pct": 4.0}, ["4.0% above", "no more than chance"]),
        ({"verdict": "not_alike_before"}, ["had not run alike before", "cannot tell"]),
        ({"verdict": "cannot_tell", "reason": "too_few_others"}, ["cannot tell", "too few other countries"]),
    ],
)
def test_a_declared_event_is_told_as_what_it_is(here: Context, changes: dict[str, Any], says: list[str]) -> None:
    made = brief(here, policy=policy(**changes))
    block = found(made)["policy.1"]
    assert block["text"].startswith(
        "**Policy examined: A rule (South Korea and European Union), to be seen from 2015.**"
    )
    for words in says:
        assert words in block["text"]
    assert "source" in block["base"]
    assert block["evidence"]
    (sources,) = [b.to_json() for b in made.method() if b.block_type == "sources"]
    assert "A gazette" in [item["text"] for item in sources["items"]]


def broken(*kinds: str) -> pd.DataFrame:
    return pd.DataFrame(
        [("CHN", 2018, k, f"{k} happened", f"发生{k}", f"Source of {k}", "", MAIN, 3.2) for k in kinds],
        columns=["country", "year", "kind", "label_en", "label_zh", "source", "source_url", "series_id", "pct"],
    )


def test_a_year_of_several_events_is_one_row_and_its_change_as_exact_as_the_figures(here: Context) -> None:
    (row,) = texts(found(brief(here, breaks=broken("shock", "definition")))["breaks"])
    assert row == ["2018", "definition; shock", "definition happened; shock happened", "–", "Source of definition; Source of shock"]  # fmt: skip
    assert (
        "%" not in brief(here, breaks=broken("shock", "definition")).marks(MAIN)[0].label
    )  # counted otherwise that year
    made = brief(here, exactness="rounded", breaks=broken("shock"))
    assert texts(found(made)["breaks"])[0][3] == "≈ +3.2%"
    assert "≈ +3.2%" in made.marks(MAIN)[0].label


def test_an_interval_that_says_nothing_is_left_out_and_said_so(here: Context) -> None:
    table = found(brief(here))["outlook-years"]
    assert [c["key"] for c in table["columns"]] == ["period", "median", "i80", "i95"]
    table = found(brief(here, outlook=ahead(lower_95=1.0)))["outlook-years"]
    assert [c["key"] for c in table["columns"]] == ["period", "median", "i80"]
    assert "in 2021 it would reach from 1 to" in " ".join(table["notes"])


@pytest.mark.parametrize(("language", "name"), [("en", "China, 2018"), ("zh", "中国，2018年")])
def test_provenance_names_the_subject_as_printed(here: Context, language: str, name: str) -> None:
    (block,) = [b.to_json() for b in brief(here, language).method() if b.block_type == "provenance"]
    assert name in [value for _, value in block["items"]]
