"""What annual briefs say of small tables: titles, lower bounds, gaps, series that ended, hidden cells, few partners."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from pipeline import measures
from pipeline.briefs.annual import annual_brief
from pipeline.briefs.annual.brief import Brief
from pipeline.briefs.checks import problems
from pipeline.briefs.document import read_document
from pipeline.errors import InputError
from pipeline.run.workspace import Context, context

SETTINGS = '[[subjects]]\nid = "CHN"\n'
PARTS = ("first_page", "volumes", "partners", "outcomes", "outlook", "method")
Values = Mapping[int, float | tuple[float, str]]


@pytest.fixture
def here(tmp_path: Path) -> Context:
    (tmp_path / "mobility.toml").write_text(SETTINGS, encoding="utf-8")
    return context({}, tmp_path)


def counts(values: Values, measure: str = "stock", partner: str = "WLD", **other: object) -> list[dict[str, object]]:
    """Processed counts of China, a figure a year; a pair is a value with its exactness."""
    rows = []
    for year, value in values.items():
        number, exactness = value if isinstance(value, tuple) else (value, "exact")
        row: dict[str, object] = {
            "reporter": "CHN",
            "direction": "inbound",
            "level": "all",
            "mode": "all",
            "funding": "all",
            "status": "A",
            "publisher": "MOE (China)",
            "published": "2019-04-12",
            "title": "Yearly figures",
            "url": "https://example.org",
            "note": "",
            "source": "made-up",
        }
        row |= {"measure": measure, "year": year, "period": str(year), "value": number, "exactness": exactness} | other
        there, at = ("origin", "destination") if row["direction"] == "inbound" else ("destination", "origin")
        kinds = {f"{there}_kind": "world" if partner == "WLD" else "country", f"{at}_kind": "country"}
        rows.append(row | {there: partner, at: "CHN"} | kinds)
    return rows


def country(here: Context, *rows: list[dict[str, object]], year: int = 2018, language: str = "en") -> Brief:
    """The brief of China from these counts, by the measures that the notebooks take."""
    table = pd.DataFrame([row for part in rows for row in part])
    series = measures.series(table, "CHN", ("world", "region", "country"))
    series = series[series["year"].le(year)]
    found = {
        "series": series,
        "headline": measures.headline(series, year),
        "partners": measures.partners(table, "CHN", year),
        "regions": measures.regions(table, "CHN", year),
    }
    here.save("CHN", year, **found)
    return annual_brief(here, "CHN", year, language)


def stays(numbers: Mapping[tuple[int, str, str], int], **other: object) -> pd.DataFrame:
    """Processed stays of an institution: how many began in a year, direction and country."""
    rows = []
    for (year, direction, place), n in numbers.items():
        inbound = direction == "inbound"
        row: dict[str, object] = {
            "source": "uni",
            "direction": direction,
            "origin": place if inbound else "CHN",
            "destination": "CHN" if inbound else place,
            "mode": "exchange",
            "level": "7",
            "months": 5.0,
            "start": pd.Timestamp(year - 1, 9, 1),
            "end": pd.Timestamp(year, 2, 1),
            "year": year,
            "academic_year": f"{year - 1}/{year % 100:02}",
            "visa_result": "granted",
            "outcome": "completed",
        }
        rows += [row | other] * n
    return pd.DataFrame(rows)


def institution(here: Context, table: pd.DataFrame, year: int = 2024, language: str = "en") -> Brief:
    """The brief of an institution from these stays, protected as in the notebooks."""
    here.save("uni", year, **protected(table, year, here.settings.disclosure))
    return annual_brief(here, "uni", year, language)


def protected(table: pd.DataFrame, year: int, policy: Any) -> dict[str, pd.DataFrame]:
    """The results that a brief of these stays is made from."""
    safe = measures.protect(measures.counted(table, "uni", year), policy)
    return {**safe, "groups": measures.group_shares(safe["partners"])}


def shown(brief: Brief) -> list[dict[str, Any]]:
    """The blocks of a whole brief as they reach the exporters, checked as before publication."""
    notebook = nbformat.v4.new_notebook()
    for part in PARTS:
        cell = nbformat.v4.new_code_cell()
        data = [block._repr_mimebundle_() for block in getattr(brief, part)()]
        cell.outputs = [nbformat.v4.new_output("display_data", data=bundle) for bundle in data]
        notebook.cells.append(cell)
    document = read_document(notebook)
    assert problems(document) == []
    return [document.cover, *document.walk()]


def named(blocks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {block["id"]: block for block in blocks if block.get("id")}


def cells(block: dict[str, Any], column: str) -> list[dict[str, Any]]:
    place = [c["key"] for c in block["columns"]].index(column)
    return [row[place] for row in block["rows"]]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("svg", "evidence"):
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


GROWING = {year: 300_000.0 + 10_000 * (year - 2008) for year in range(2008, 2019)}
FALLING = GROWING | {2018: 380_000.0}


# Titles of a country ---------------------------------------------------------------------------------------------------


class TestTitle:
    def test_of_a_record_while_fewer_arrive_names_both(self, here: Context) -> None:
        brief = country(here, counts(GROWING), counts({2017: 90_000, 2018: 80_000}, "entrants"))
        assert brief.title() == "Record total, but fewer new students are arriving"

    def test_of_a_record_while_more_arrive_does_not(self, here: Context) -> None:
        brief = country(here, counts(GROWING), counts({2017: 80_000, 2018: 90_000}, "entrants"))
        assert brief.title() == "More international students in China than ever counted"

    def test_names_the_first_degree_majority(self, here: Context) -> None:
        degree = counts({2016: 180_000, 2017: 194_000, 2018: 205_000}, "degree_stock")
        assert country(here, counts(GROWING), degree).title() == ("Record total, and most study for a degree")
        assert country(here, counts(FALLING), degree).title() == "For the first time most study for a degree"

    def test_does_not_call_the_second_majority_the_first(self, here: Context) -> None:
        degree = counts({2016: 180_000, 2017: 200_000, 2018: 205_000}, "degree_stock")
        assert (
            country(here, counts(GROWING), degree).title() == "More international students in China than ever counted"
        )

    @pytest.mark.parametrize(
        ("last", "expected"),
        [
            (370_500, "International students in China: 5.0% fewer than a year before"),
            (397_800, "International students in China: 2.0% more than a year before"),
            (390_400, "As many international students in China as a year before"),
        ],
    )
    def test_says_the_change_where_there_is_no_record(self, here: Context, last: float, expected: str) -> None:
        values = GROWING | {2012: 500_000.0, 2018: float(last)}
        assert country(here, counts(values)).title() == expected

    def test_says_the_number_where_nothing_was_before(self, here: Context) -> None:
        assert country(here, counts({2018: 400_000})).title() == "400,000 international students in China"

    def test_is_in_the_language_of_the_brief(self, here: Context) -> None:
        rows = (counts(GROWING), counts({2017: 90_000, 2018: 80_000}, "entrants"))
        assert country(here, *rows, language="zh").title() == "总数创新高，但新生在减少"


# Numbers as exact as they were printed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2017, 2018])
def test_a_lower_bound_gives_no_percentage(here: Context, year: int) -> None:
    values = GROWING | {year: (430_000.0, "at_least")}
    found = named(shown(country(here, counts(values))))
    glance = found["glance"]
    assert cells(glance, "pct")[0].get("unknown")
    assert "than a year before" not in found["total"]["text"]
    assert ("more than 430,000" in found["total"]["text"]) == (year == 2018)


def test_a_rounded_figure_makes_its_change_an_approximate_one(here: Context) -> None:
    found = named(shown(country(here, counts(GROWING | {2017: (390_000.0, "rounded")}))))
    assert "about 2.6% more" in found["total"]["text"]
    assert cells(found["glance"], "pct")[0]["text"].startswith("≈")


def test_no_share_is_taken_of_a_scholarship_figure_that_is_a_lower_bound(here: Context) -> None:
    exact = counts({2018: 40_000}, "scholarship", funding="government")
    least = counts({2018: (40_000, "at_least")}, "scholarship", funding="government")
    assert "10.0%" in named(shown(country(here, counts(GROWING), exact)))["scholarship"]["text"]
    assert "scholarship" not in named(shown(country(here, counts(GROWING), least)))


def test_a_series_that_ended_years_ago_is_not_told_as_current(here: Context) -> None:
    ended = counts({2009: 77_771, 2010: 66_616}, "entrants")
    blocks = shown(country(here, counts(GROWING), ended))
    assert "entrants" not in named(blocks)
    assert not any("66,616" in text for text in texts(blocks))


def test_a_figure_of_last_year_bears_its_own_year(here: Context) -> None:
    late = counts({2016: 77_771, 2017: 66_616}, "entrants")
    rows = cells(named(shown(country(here, counts(GROWING), late)))["glance"], "what")
    assert [row["text"] for row in rows if "2017" in row["text"]] == ["New students (2017)"]


def test_publishers_that_disagree_are_neither_added_nor_mixed(here: Context) -> None:
    other = counts({y: v / 2 for y, v in GROWING.items()}, publisher="UNESCO UIS")
    found = named(shown(country(here, counts(GROWING), other)))
    assert "**400,000 international students in China**" in found["total"]["text"]
    assert found["total"]["source"].startswith("Ministry of Education")
    assert [cell["text"] for cell in cells(found["glance"], "now")] == ["400,000"]


# Too little to say -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_short_series_gets_a_sentence_and_no_outlook(here: Context, language: str) -> None:
    blocks = shown(country(here, counts({2016: 380_000, 2017: 390_000, 2018: 400_000}), language=language))
    found = named(blocks)
    assert {"outlook.end", "outlook-years", "record"}.isdisjoint(found)
    (gap,) = [block for block in blocks if block["type"] == "note" and block["kind"] == "gap"]
    assert {"en": "at least six years", "zh": "六年"}[language] in gap["text"]
    assert "%" not in found["trend"]["caption"]


def test_one_figure_alone_makes_a_brief(here: Context) -> None:
    found = named(shown(country(here, counts({2018: 400_000}))))
    assert found["total"]["text"] == "**400,000 international students in China** were counted in 2018."
    assert {"origins", "origins-chart", "partners-table", "stories"}.isdisjoint(found)


def test_one_partner_is_listed_but_not_ranked(here: Context) -> None:
    found = named(shown(country(here, counts(GROWING), counts({2018: 100_000}, partner="KOR"))))
    assert "origins" not in found
    (row,) = found["partners-table"]["rows"]
    assert [cell["text"] for cell in row] == ["South Korea", "100,000", "25.0%", "–", "–"]


def test_the_largest_origins_are_named_with_their_share(here: Context) -> None:
    parts = [
        counts({2017: v - 1000, 2018: v}, partner=c) for c, v in (("KOR", 100_000), ("THA", 60_000), ("USA", 40_000))
    ]
    found = named(shown(country(here, counts(GROWING), *parts)))
    assert found["origins"]["text"].startswith("**South Korea, Thailand and the United States send 50 of every 100.**")
    where = found["origins"]["evidence"][0]["where"]
    assert where["origin"] == ["KOR", "THA", "USA", "WLD"]


def test_a_country_known_by_its_students_abroad_is_not_said_to_receive_them(here: Context) -> None:
    brief = country(here, counts({2016: 1000, 2017: 1100, 2018: 1200}, "entrants", direction="outbound"))
    blocks = shown(brief)
    assert blocks[0]["subtitle"] == "Students from China abroad, 2018"
    assert named(blocks)["total"]["text"].startswith("**Left to study abroad: 1,200** in 2018.")
    assert "abroad" not in named(blocks)
    assert not any("nternational students" in text for b in blocks for text in texts(b) if b["type"] == "finding")


@pytest.mark.parametrize(
    "rows",
    [counts({2010: 1000, 2011: 1100}), counts({2017: 1000, 2018: 1100}, partner="KOR")],
    ids=["old", "one origin"],
)
def test_a_country_without_a_total_of_the_year_is_refused(here: Context, rows: list[dict[str, object]]) -> None:
    with pytest.raises(InputError, match=r"CHN 2018: no publisher has a total of students for this year"):
        country(here, rows)


def test_a_subject_without_results_is_refused_with_what_to_do(here: Context) -> None:
    with pytest.raises(InputError, match="Run notebooks 2 to 4 for CHN and 2018"):
        annual_brief(here, "CHN", 2018, "en")


# Institutions ----------------------------------------------------------------------------------------------------------

YEARS = range(2017, 2025)
USUAL = {
    (y, d, c): n + y - 2017
    for y in YEARS
    for d in ("inbound", "outbound")
    for c, n in (("KOR", 30), ("DEU", 25), ("KEN", 20))
}


USUAL_BUT_ONE_WAY = {(y, d, "KOR"): 30 for y in YEARS for d in ("inbound", "outbound")} | {(2024, "outbound", "KOR"): 3}


class TestInstitution:
    def test_counts_both_ways_and_their_sum(self, here: Context) -> None:
        found = named(shown(institution(here, stays(USUAL))))
        assert found["total"]["text"].startswith("**192 stays began in 2023/24**: 96 inbound and 96 outbound.")
        assert [cell["text"] for cell in cells(found["glance"], "now")[:3]] == ["192", "96", "96"]

    def test_a_country_with_few_stays_is_in_no_text_and_no_number(self, here: Context) -> None:
        few = USUAL | {(2024, "inbound", "PER"): 3, (2024, "inbound", "CHL"): 2}
        blocks = shown(institution(here, stays(few)))
        assert not any(name in text for text in texts(blocks) for name in ("Peru", "Chile"))
        assert "Peru" not in json.dumps(blocks)

    def test_a_mode_with_few_stays_is_shown_as_hidden_not_as_0(self, here: Context) -> None:
        rare = stays({(2024, "inbound", "KOR"): 3, (2024, "inbound", "DEU"): 4}, mode="lecture")
        rarer = stays({(2024, "inbound", "KOR"): 3}, mode="research_visit")
        profile = named(shown(institution(here, pd.concat([stays(USUAL), rare, rarer]))))["profile"]
        number = dict(zip([c["text"] for c in cells(profile, "mode")], cells(profile, "inbound-n"), strict=True))
        assert number["Research visit"].get("unknown")
        assert number["Research visit"]["text"] == "–"
        assert any("not shown" in note for note in profile["notes"])
        outbound = dict(zip([c["text"] for c in cells(profile, "mode")], cells(profile, "outbound-n"), strict=True))
        assert outbound["Research visit"]["text"] == "0"

    def test_with_one_partner_still_has_its_brief(self, here: Context) -> None:
        one = {(y, d, "KOR"): 30 for y in YEARS for d in ("inbound", "outbound")}
        found = named(shown(institution(here, stays(one))))
        assert "partners" not in found
        assert "60 stays" in found["total"]["text"]

    def test_with_no_partner_that_may_be_shown_still_has_its_brief(self, here: Context) -> None:
        places = ("KOR", "DEU", "KEN", "PER", "CHL", "FRA", "ITA", "ESP")
        few = {(y, d, c): 3 for y in YEARS for d in ("inbound", "outbound") for c in places}
        found = named(shown(institution(here, stays(few))))
        assert "48 stays" in found["total"]["text"]
        assert {"origins", "partners", "partners-inbound"}.isdisjoint(found)

    def test_that_only_receives_still_has_its_brief(self, here: Context) -> None:
        came = {key: n for key, n in USUAL.items() if key[1] == "inbound"}
        found = named(shown(institution(here, stays(came))))
        assert "96" in found["total"]["text"]
        assert "partners-outbound" not in found

    @pytest.mark.parametrize(
        ("inbound", "outbound", "expected"),
        [
            (80, 60, "More students come, fewer go"),
            (60, 80, "More students go, fewer come"),
            (60, 60, "Stays fell by 14.3% in a year"),
            (75, 75, "Stays rose by 7.1% in a year"),
            (140, 120, "More stays than in any year since {first}"),
        ],
    )
    def test_title_says_which_way_it_went(self, here: Context, inbound: int, outbound: int, expected: str) -> None:
        numbers = {(y, d, "KOR"): 100 if y < 2023 else 70 for y in YEARS for d in ("inbound", "outbound")}
        numbers |= {(2024, "inbound", "KOR"): inbound, (2024, "outbound", "KOR"): outbound}
        first = f"{min(YEARS) - 1}/{min(YEARS) % 100:02d}"
        assert institution(here, stays(numbers)).title() == expected.format(first=first)

    def test_with_few_who_go_says_that_numbers_are_not_shown_and_prints_none(self, here: Context) -> None:
        found = named(shown(institution(here, stays(USUAL_BUT_ONE_WAY))))
        assert "too small to be shown" in found["total"]["text"]
        assert not re.search(r"–|\b(?:3|30|33)\b", found["total"]["text"])

    @pytest.mark.parametrize(
        "table",
        [
            stays({(y, "inbound", "KOR"): 3 for y in YEARS}),
            stays({(y, "inbound", "KOR"): 30 for y in YEARS if y < 2024}),
            stays({(y, "inbound", "KOR"): 30 for y in YEARS}, mode="virtual"),
        ],
        ids=["few", "none that year", "virtual only"],
    )
    def test_without_a_number_that_may_be_shown_is_refused(self, here: Context, table: pd.DataFrame) -> None:
        with pytest.raises(InputError, match=r"uni 2024: no stays across a border whose number may be shown"):
            institution(here, table)

    def test_in_chinese_uses_the_same_numbers(self, here: Context) -> None:
        found = named(shown(institution(here, stays(USUAL), language="zh")))
        assert all(number in found["total"]["text"] for number in ("192", "96"))
        assert "stays" not in found["total"]["text"]
