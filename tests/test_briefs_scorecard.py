"""The scorecard in a brief: from stays to sentences, in both languages; a sign always stands with its word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import measures
from pipeline.briefs.annual import annual_brief
from pipeline.briefs.blocks import Columns
from pipeline.run.workspace import Context, context

SETTINGS = """
[[subjects]]
id = "uni"

[[targets]]
indicator = "completion_rate"
subject = "uni"
year = 2024
value = 80
by = "at least"

[[targets]]
indicator = "satisfaction"
subject = "uni"
year = 2026
value = 4.5
by = "at least"

[scorecard]
composite = ["completion_rate", "satisfaction", "unfunded_share"]
"""
SIGNS = {"▲": "better 改善", "●": "clear 无显著变化", "▼": "worse 变差", "○": "not known 未知"}


def university() -> pd.DataFrame:
    """A hundred stays a year: ever more pay themselves, completion fell last year and recovered, ratings stand still."""
    paying = {2020: 20, 2021: 20, 2022: 22, 2023: 24, 2024: 60}
    broken = {2020: 5, 2021: 5, 2022: 5, 2023: 30, 2024: 5}
    rows = []
    for year in paying:
        for place in range(100):
            rows.append(
                {
                    "source": "uni", "direction": "inbound" if place % 2 else "outbound", "mode": "exchange", "level": "7",
                    "origin": "KOR" if place % 2 else "CHN", "destination": "CHN" if place % 2 else "KOR",
                    "home_institution": "N" if place % 2 else "uni", "host_institution": "uni" if place % 2 else "N",
                    "year": year, "academic_year": f"{year - 1}/{year % 100}", "months": 5.0, "visa_result": "granted",
                    "start": pd.Timestamp(year - 1, 9, 1), "end": pd.Timestamp(year, 1, 31), "agreement_id": None,
                    "funder": "self" if place < paying[year] else "government", "satisfaction": 4.0 + place % 2 * 0.2 + (year == 2021) * 0.1,
                    "outcome": "withdrawn" if place < broken[year] else "completed", "field": "07", "home_field": "07",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Context:
    root = tmp_path_factory.mktemp("uni")
    (root / "mobility.toml").write_text(SETTINGS, encoding="utf-8")
    found, table = context({}, root), university()
    safe = measures.protect(measures.counted(table, "uni", 2024), found.settings.disclosure)
    scored = measures.scorecard_results({"stays": table}, "uni", 2024, found.settings)
    found.save("uni", 2024, **safe, **scored)
    return found


def told(here: Context, language: str = "en") -> dict[str, dict[str, Any]]:
    flat: list[Any] = []
    for block in annual_brief(here, "uni", 2024, language).outcomes():
        sides = (block.left, block.right) if isinstance(block, Columns) else (block,)
        flat += [b for side in sides for b in (side if isinstance(side, list) else [side])]
    made = [block.to_json() for block in flat]
    return {data.get("id") or data["title"]: data for data in made}


def rows(table: dict[str, Any]) -> dict[str, dict[str, str]]:
    keys = [column["key"] for column in table["columns"]]
    return {row[0]["text"]: dict(zip(keys, (c["text"] for c in row), strict=True)) for row in table["rows"]}


def test_values_bases_judgements_and_targets_stand_together(here: Context) -> None:
    table = rows(told(here)["scorecard-table"])
    paid = table["Unfunded share"]  # 60 of 100 against 22 of 100, in steps of five people
    assert (paid["value"], paid["before"], paid["light"], paid["n"], paid["known"]) == (
        "60%",
        "21.7%",
        "▼ worse",
        "100",
        "100%",
    )
    assert (paid["actor"], paid["target"]) == ("Student", "–")
    assert table["Completion rate"]["target"] == "≥ 80%: met"
    assert table["Satisfaction"]["target"] == "≥ 4.50 in 2025/26: not yet"
    assert "Share of stays" not in table


def test_every_indicator_stands_once_by_actor_with_how_much_of_its_input_is_known(here: Context) -> None:
    found = told(here)
    first, others = rows(found["scorecard-table"]), rows(found["scorecard-others"])
    scored = pd.read_parquet(here.results("uni", 2024) / "scorecard.parquet")
    assert len(first) + len(others) == scored["value"].notna().sum()
    assert not set(first) & set(others)
    assert "Satisfaction" in first
    assert others["Exchange, share of stays"]["known"] == "100%"
    for table in (first, others):
        actors = [row["actor"] for row in table.values()]
        assert actors == sorted(actors, key=["The state", "Society", "University", "Supervisor", "Student"].index)


def test_the_finding_counts_and_says_what_chance_alone_would_do(here: Context) -> None:
    data = told(here)["scorecard.changes"]
    assert "Unfunded share (60%)" in data["text"].partition("Worse:")[2].partition("Better:")[0]
    assert "Of 2 targets 1 are met, 0 missed and 1 not reached yet." in data["text"]
    assert re.search(r"of \d+ judgements about \d+ would differ by chance alone", data["base"])
    assert data["evidence"]


def test_last_years_warning_is_followed_up(here: Context) -> None:
    table = rows(told(here)["scorecard-followed"])
    done = table["Completion rate"]
    assert (done["warned"], done["then"], done["now"]) == ("▼ worse; short of the target", "70%", "95%")
    assert (done["since"], done["target"]) == ("▲ better", "≥ 80%: met")
    assert "Unfunded share" not in table  # it gave no warning a year ago


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sign_never_stands_alone(here: Context, language: str) -> None:
    from pipeline.briefs.fonts import coverage

    for data in told(here, language).values():
        if data["type"] != "table":
            continue
        for row in data["rows"]:
            for cell in row:
                for sign, words in SIGNS.items():
                    if sign in cell["text"]:
                        assert any(word in cell["text"] for word in words.split() if word != "not")
    assert {ord(sign) for sign in SIGNS} <= coverage()


def test_gaps_are_stated_with_their_reason(here: Context) -> None:
    text = told(here)["Stated gaps"]["text"]
    assert "No agreements on record: " in text
    assert "Quota use" in text
    assert "The source does not record what it needs: " in text
    assert re.match(r"\d+ indicators have no value\.", text)


def test_a_composite_comes_with_the_range_of_its_ranks(here: Context) -> None:
    found = told(here)
    table = rows(found["scorecard-composite"])
    assert list(table) == ["2019/20", "2020/21", "2021/22", "2022/23", "2023/24"]
    assert all(re.fullmatch(r"\d to \d", row["range"]) for row in table.values())
    note = found["How the composite is made"]["text"]
    assert "1,000 sets of weights" in note
    assert "Satisfaction (33%)" in note


def test_without_being_asked_there_is_no_composite(here: Context, tmp_path: Path) -> None:
    (tmp_path / "mobility.toml").write_text(SETTINGS.partition("[scorecard]")[0], encoding="utf-8")
    plain = context({}, tmp_path)
    folder = here.results("uni", 2024)
    kept = {p.stem: pd.read_parquet(p) for p in folder.glob("*.parquet") if "composite" not in p.stem}
    plain.save("uni", 2024, **kept)
    assert not [name for name in told(plain) if "composite" in name]


def test_the_chinese_brief_says_it_in_chinese(here: Context) -> None:
    found = told(here, "zh")
    assert found["scorecard"]["title"] == "量化考核指标"
    assert rows(found["scorecard-table"])["自费占比"]["light"] == "▼ 变差"
    for data in found.values():
        words = json.dumps(
            {k: v for k, v in data.items() if k not in ("evidence", "columns", "id", "type", "kind", "source")},
            ensure_ascii=False,
        )
        prose = re.sub(
            r'"(id|key|align|kind|value|text|type|title|caption|notes|rows|lead|base|color|unknown)":', "", words
        )
        assert not re.search(r"[A-Za-z]{4,} [a-z]{3,}", prose), prose


def test_a_subject_without_a_scorecard_has_no_section(here: Context, tmp_path: Path) -> None:
    (tmp_path / "mobility.toml").write_text(SETTINGS, encoding="utf-8")
    bare = context({}, tmp_path)
    kept = {
        p.stem: pd.read_parquet(p)
        for p in here.results("uni", 2024).glob("*.parquet")
        if "scorecard" not in p.stem and "composite" not in p.stem
    }
    bare.save("uni", 2024, **kept)
    assert told(bare) == {}
