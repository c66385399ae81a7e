"""How a reader is kept from misreading a brief: approximate changes, rebounds, overlapping groups, other definitions, narrow screens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from pipeline import measures
from pipeline.briefs import charts, theme
from pipeline.briefs.annual import annual_brief
from pipeline.briefs.annual.brief import Brief
from pipeline.briefs.annual.phrases import cited, place, rebound
from pipeline.briefs.charts.base import text_boxes
from pipeline.briefs.markup_html import block_html
from pipeline.briefs.typeset import kept_together
from pipeline.briefs.words import Words
from pipeline.run.workspace import Context, context

EN, ZH = Words("en"), Words("zh")
TOTAL = {2014: 377_054.0, 2015: 397_635.0, 2016: 442_773.0, 2017: 489_200.0, 2018: 492_185.0}


@pytest.fixture
def here(tmp_path: Path) -> Context:
    (tmp_path / "mobility.toml").write_text('[[subjects]]\nid = "CHN"\n', encoding="utf-8")
    return context({}, tmp_path)


def counts(values: Mapping[int, float], partner: str = "WLD", **other: object) -> pd.DataFrame:
    """Processed counts, a figure a year."""
    row: dict[str, object] = {
        "reporter": "CHN",
        "direction": "inbound",
        "measure": "stock",
        "level": "all",
        "mode": "all",
        "funding": "all",
        "status": "A",
        "exactness": "exact",
        "publisher": "MOE (China)",
        "published": "2019-04-12",
        "title": "2018年来华留学人数超过49万:近九成系自费 (澎湃新闻)",
        "url": "https://example.org",
        "note": "",
        "source": "made-up",
    } | other
    there, at = ("origin", "destination") if row["direction"] == "inbound" else ("destination", "origin")
    kind = "world" if partner == "WLD" else "region" if partner.startswith("region:") else "country"
    row |= {there: partner, f"{there}_kind": kind, at: row["reporter"], f"{at}_kind": "country"}
    return pd.DataFrame([row | {"year": y, "period": str(y), "value": v} for y, v in values.items()])


def brief(here: Context, *parts: pd.DataFrame, year: int = 2018, language: str = "en", **tables: pd.DataFrame) -> Brief:
    table = pd.concat(parts)
    subject = str(table["reporter"].iloc[0])
    series = measures.series(table, subject, ("world", "region", "country"))
    found = {
        "series": series,
        "headline": measures.headline(series, year),
        "partners": measures.partners(table, subject, year),
        "regions": measures.regions(table, subject, year),
    }
    here.save(subject, year, **found, **tables)
    return annual_brief(here, subject, year, language)


def blocks_of(made: Brief) -> dict[str, Any]:
    found = [*made.first_page(), *made.volumes(), *made.partners()]
    inner = [b for block in found for b in (*getattr(block, "left", ()), *getattr(block, "right", ())) or (block,)]
    return {block.id: block for block in inner if getattr(block, "id", "")}


class TestApproximateChanges:
    @pytest.mark.parametrize(
        ("kinds", "expected"), [(("rounded", "exact"), "492,185  ≈ +0.6%"), (("exact", "exact"), "492,185  +0.6%")]
    )
    def test_are_marked_in_small_charts(self, kinds: tuple[str, str], expected: str) -> None:
        frame = pd.DataFrame({"year": [2017, 2018], "value": [489_200.0, 492_185.0], "exactness": kinds})
        assert expected in text_boxes(charts.panels([charts.Line("All", frame)], words=EN).figure())

    def test_are_marked_beside_bars(self) -> None:
        frame = pd.DataFrame({"name": ["Korea"], "value": [50_600.0], "pct": [-19.6], "approx": [True]})
        assert "≈ −19.6%" in text_boxes(charts.bars(frame, words=EN).figure())

    def test_a_change_too_small_for_a_percentage_is_given_in_people(self) -> None:
        frame = pd.DataFrame({"year": [2024, 2025], "value": [883_908.0, 883_513.0]})
        assert "883,513  −395 (<0.1%)" in text_boxes(charts.panels([charts.Line("Enrolled", frame)], words=EN).figure())


class TestRebound:
    LINE = pd.DataFrame(
        {
            "year": [2018, 2021, 2022],
            "period": ["2018", "2021", "2022"],
            "value": [1000.0, 100.0, 500.0],
            "exactness": "exact",
        }
    )

    def said(self, value: float, pct: float | None = 60.0, words: Words = EN) -> str:
        return rebound(words, SimpleNamespace(year=2023, value=value, pct=pct, exactness="exact"), self.LINE)

    def test_names_the_peak_the_low_and_what_is_still_missing(self) -> None:
        assert self.said(800) == (
            "This is a rebound: from 1,000 in 2018 the number had fallen to 100 in 2021. It is still 20.0% below that figure, the highest at hand."
        )
        assert self.said(800, words=ZH).endswith("仍比这一现有数据中的最高值低20.0%。")

    def test_says_when_the_peak_is_reached_again(self) -> None:
        assert self.said(1010).endswith("It is about as high again as that figure, the highest at hand.")

    @pytest.mark.parametrize(("value", "pct"), [(1200.0, 60.0), (800.0, 4.0), (300.0, -40.0), (800.0, None)])
    def test_is_no_word_for_a_new_height_a_small_rise_or_a_fall(self, value: float, pct: float | None) -> None:
        assert self.said(value, pct) == ""

    def test_is_in_the_brief_beside_the_rise(self, here: Context) -> None:
        abroad = {2019: 340_000.0, 2021: 14_500.0, 2022: 188_000.0, 2023: 280_000.0}
        total = counts({2022: 950_000.0, 2023: 1_050_000.0}, reporter="USA", publisher="IIE Open Doors")
        out = {"reporter": "USA", "publisher": "IIE Open Doors", "direction": "outbound", "measure": "non_degree_stock"}
        found = blocks_of(brief(here, total, counts(abroad, **out), year=2023))
        assert "This is a rebound: from 340,000 in 2019" in found["abroad"].text


class TestRegions:
    def parts(self) -> list[pd.DataFrame]:
        places = {"Asia": 295_043.0, "Africa": 81_562.0, "Europe": 73_618.0, "Oceania": 6_229.0}
        before = [counts({2015: v - 1000, 2018: v}, f"region:{name}") for name, v in places.items()]
        group = counts({2018: 260_600.0}, "region:Belt and Road", exactness="rounded")
        return [counts(TOTAL), *before, group]

    def test_a_group_that_overlaps_with_continents_has_no_bar_among_them(self, here: Context) -> None:
        figure = blocks_of(brief(here, *self.parts()))["regions"]
        assert "Belt and Road" not in figure.chart.describe()
        assert "they overlap: Belt and Road countries, about 260,600 (52.9% of all)." in figure.caption

    def test_a_base_year_that_is_not_the_year_before_is_explained(self, here: Context) -> None:
        caption = blocks_of(brief(here, *self.parts()))["regions"].caption
        assert "Mark and change: 2015, the latest year before with such a breakdown at hand." in caption


def test_those_who_pay_themselves_stand_beside_those_with_a_scholarship(here: Context) -> None:
    own = counts({2018: 429_144.0}, funding="self")
    funded = counts({2018: 63_041.0}, measure="scholarship", funding="government")
    made = brief(here, counts(TOTAL), own, funded)
    assert "429,144, or 87.2%, paid themselves." in blocks_of(made)["scholarship"].text
    assert [row["what"] for row in made.glance().rows if row["now"].value == 429_144] == ["Students who pay themselves"]


@pytest.mark.parametrize(("first", "noted"), [(2003, True), (2005, False)])
def test_a_year_counted_otherwise_is_noted_where_it_is_drawn(here: Context, first: int, noted: bool) -> None:
    values = {year: 70_000.0 + 20_000 * (year - first) for year in range(first, 2019)}
    label = {"label_en": "Person-times counted, not persons", "label_zh": "按人次而非人数统计"}
    known = {"year": 2003, "first_year": 2003, "last_year": 2003, "kind": "definition", "source": "", "source_url": ""}
    breaks = pd.DataFrame([known | label | {"series_id": "inbound-stock-moe-china", "pct": None}])
    figure = blocks_of(brief(here, counts(values), breaks=breaks))["trend"]
    assert ("2003: person-times counted, not persons." in figure.caption) is noted


def test_china_has_its_own_word_for_those_who_come(here: Context) -> None:
    made = brief(here, counts(TOTAL), language="zh")
    assert "492,185名来华留学生" in blocks_of(made)["total"].text
    assert made.glance().rows[0]["what"] == "来华留学生总数"
    assert made.sources() == [
        ("教育部：《2018年来华留学人数超过49万：近九成系自费》（澎湃新闻）", "https://example.org")
    ]


def test_titles_in_chinese_lists_have_full_width_punctuation() -> None:
    assert cited(ZH, "教育部:2014年来华留学生简明统计 (copy)") == "《教育部：2014年来华留学生简明统计》（转载）"
    assert cited(ZH, "Open Doors: who is counted?") == "《Open Doors: who is counted?》"
    assert cited(EN, "教育部:2014年 (copy)") == "教育部:2014年 (copy)"


def test_a_name_with_a_comma_does_not_part_a_list() -> None:
    assert (
        EN.list([place(EN, c) for c in ("HKG", "MAC", "TWN")]) == "Hong Kong (China), Macao (China) and Taiwan (China)"
    )


def test_orange_means_a_fall_and_no_second_series() -> None:
    assert theme.ORANGE not in theme.SERIES
    falls = pd.DataFrame({"name": ["a", "b"], "left": [3.0, 1.0], "right": [2.0, 4.0]})
    assert (
        theme.ORANGE.lower()
        not in charts.diverging(falls, words=EN, left_label="in", right_label="out").svg(80).lower()
    )


@pytest.mark.parametrize(("kind", "cards"), [("note", True), ("number", False)])
def test_a_wide_table_can_be_read_as_cards_and_keeps_its_roles(kind: str, cards: bool) -> None:
    columns = [
        {"key": "a", "label": "Indicator", "kind": "text", "align": "left"},
        {"key": "b", "label": "What **is** counted", "kind": kind, "align": "left"},
    ]
    table = {"type": "table", "id": "t", "title": "T", "columns": columns, "rows": [[{"text": "x"}, {"text": "y"}]]}
    page = block_html({**table, "caption": "", "notes": [], "source": ""})
    assert ('class="table cards"' in page) is cards
    assert 'role="table"' in page
    assert '<td role="cell" class="left ' in page
    assert 'data-label="What is counted"' in page


def test_a_heading_stays_with_its_first_table_and_a_lone_finding_with_nothing() -> None:
    kinds = ["section", "finding", "note", "table", "finding", "section", "finding", "paragraph"]
    kept = kept_together([{"type": kind} for kind in kinds])
    assert [block.get("sticky", False) for block in kept] == [False, True, True, False, False, False, False, False]
