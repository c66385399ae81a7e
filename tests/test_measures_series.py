"""Series and headlines: published numbers come out as their publishers print them, and never mixed."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.measures import headline, latest_year, series, subjects


def count(value: float | None, year: int, **other: object) -> dict[str, object]:
    """One processed count; by default all students in China."""
    row: dict[str, object] = {
        "reporter": "CHN",
        "partner": "WLD",
        "direction": "inbound",
        "period": str(year),
        "level": "all",
        "mode": "all",
        "measure": "stock",
        "funding": "all",
        "status": "A",
        "exactness": "exact",
        "publisher": "MOE (China)",
        "published": "2019-04-12",
        "title": "t",
        "url": "u",
        "note": "",
    }
    row |= other | {"value": value, "year": year}
    inbound = row["direction"] == "inbound"
    partner = str(row.pop("partner"))
    kind = "world" if partner == "WLD" else "region" if partner.startswith("region:") else "country"
    here, there = ("destination", "origin") if inbound else ("origin", "destination")
    return row | {there: partner, here: row["reporter"], f"{there}_kind": kind, f"{here}_kind": "country"}


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


OPEN_DOORS = {"reporter": "USA", "publisher": "IIE Open Doors"}
CHINA = frame(
    count(440000, 2016, exactness="at_least"),
    count(489200, 2017, exactness="rounded"),
    count(492185, 2018),
    count(258122, 2018, measure="degree_stock"),
    count(234063, 2018, measure="non_degree_stock"),
    count(295043, 2018, partner="region:Asia"),
    count(50600, 2018, partner="KOR"),
)
STATES = frame(
    *[
        count(v, y, period=f"{y - 1}/{y % 100}", measure=m, **OPEN_DOORS)
        for m, values in {
            "stock": (1126690, 1177766),
            "practical_training": (242782, 294253),
            "enrolled_stock": (883908, 883513),
            "entrants": (298705, 277118),
        }.items()
        for v, y in zip(values, (2024, 2025), strict=True)
    ]
)


def one(table: pd.DataFrame, **where: object) -> pd.Series:
    rows = table
    for key, value in where.items():
        rows = rows[rows[key].eq(value)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_china_2018_is_the_sum_of_its_degree_and_non_degree_students() -> None:
    table = headline(series(CHINA, "CHN"), 2018)
    everyone = one(table, measure="stock", partner="WLD")["value"]
    degree = one(table, measure="degree_stock")["value"]
    assert everyone == 492185 == degree + one(table, measure="non_degree_stock")["value"]
    assert round(100 * degree / everyone, 2) == 52.44


def test_one_headline_hides_four_stories() -> None:
    table = headline(series(STATES, "USA"), 2025).set_index("measure")
    assert table["pct"].round(1).to_dict() == {
        "stock": 4.5,
        "practical_training": 21.2,
        "enrolled_stock": -0.0,
        "entrants": -7.2,
    }
    assert table.loc["enrolled_stock", "change"] == -395
    assert table.loc["practical_training", "change"] == 51471
    assert table.loc["stock", "previous_period"] == "2023/24"


def test_regions_stand_apart_and_single_countries_are_no_series_of_the_reporter() -> None:
    table = series(CHINA, "CHN")
    assert set(table["partner"]) == {"WLD", "region:Asia"}
    assert table.groupby("series_id")["partner"].nunique().eq(1).all()


def test_publishers_are_never_joined_in_one_line_but_a_publisher_s_two_labels_are() -> None:
    counts = frame(
        count(1, 2017, **OPEN_DOORS),
        count(2, 2018, reporter="USA", publisher="Open Doors"),
        count(3, 2018, reporter="USA", publisher="UNESCO UIS"),
        count(4, 2018, reporter="USA", publisher="HESA (first release)"),
        count(5, 2018, reporter="USA", publisher="HESA"),
    )
    lines = series(counts, "USA").groupby("publisher")["value"].agg(list).to_dict()
    assert lines == {"IIE Open Doors": [1, 2], "UNESCO UIS": [3], "HESA (first release)": [4], "HESA": [5]}


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([count(9, 2018, exactness="rounded", published="2025"), count(8, 2018)], 8),
        ([count(9, 2018, exactness="at_least"), count(8, 2018, exactness="rounded")], 8),
        ([count(9, 2018, published="2018-05"), count(8, 2018, published="2019-01")], 8),
        ([count(None, 2018, published="2025"), count(8, 2018)], 8),
        ([count(9, 2018, period="2018-01"), count(8, 2018, period="2018-09")], 8),
    ],
)
def test_of_several_figures_for_one_cell_the_best_is_kept_in_any_order(
    rows: list[dict[str, object]], kept: float
) -> None:
    for order in (rows, rows[::-1]):
        assert series(frame(*order), "CHN")["value"].tolist() == [kept]


def test_ids_are_readable_and_tell_definitions_apart() -> None:
    ids = set(
        series(
            pd.concat([CHINA, frame(count(1, 2018, publisher="教育部"), count(1, 2018, publisher="统计局"))]), "CHN"
        )["series_id"]
    )
    assert {"inbound-stock-moe-china", "inbound-degree-stock-moe-china", "inbound-stock-region-asia-moe-china"} < ids
    assert len(ids) == 6


def test_growth_is_approximate_on_rounded_and_absent_on_more_than_figures() -> None:
    now = one(headline(series(CHINA, "CHN"), 2018), measure="stock", partner="WLD")
    assert now["approx"]
    assert now["pct"] == pytest.approx(100 * (492185 / 489200 - 1))
    then = one(headline(series(CHINA, "CHN"), 2017), measure="stock", partner="WLD")
    assert then["previous"] == 440000
    assert pd.isna(then["pct"])
    assert pd.isna(then["change"])


def test_the_last_year_before_is_taken_with_its_own_period_and_no_gap_is_bridged() -> None:
    counts = frame(count(10, 2013), count(20, 2015))
    last = one(headline(series(counts, "CHN"), 2018), measure="stock")
    assert (last["year"], last["period"], last["value"]) == (2015, "2015", 20)
    assert pd.isna(last["previous"])
    assert pd.isna(last["pct"])


def growth(values: list[float | None], breaks: pd.DataFrame | None = None, **columns: dict[int, object]) -> pd.Series:
    rows = [count(v, 2000 + i, **{c: by[i] for c, by in columns.items() if i in by}) for i, v in enumerate(values)]
    table = headline(series(frame(*rows), "CHN"), 2100, breaks, "CHN")
    return table.iloc[0]


def test_compound_growth_spans_at_most_ten_unbroken_years() -> None:
    row = growth([100 * 1.05**i for i in range(15)])
    assert row["cagr_from"] == 2004
    assert row["cagr"] == pytest.approx(5)
    assert growth([100, 110, None, 110, 121, 133.1])["cagr_from"] == 2003
    assert pd.isna(growth([100, 200])["cagr"])


def test_compound_growth_never_crosses_a_definition_break() -> None:
    assert growth([100, 100, 400, 440, 484], status={2: "B"})["cagr_from"] == 2002
    events = pd.DataFrame(
        {
            "country": ["CHN", "USA", "CHN", "CHN"],
            "first_year": [2001, 2003, 2003, 2003],
            "last_year": [2001, 2003, 2003, 2003],
            "kind": ["definition", "definition", "shock", "definition"],
            "applies_to": ["MOE (China)/stock", "", "", "HESA"],
        }
    )
    assert growth([100, 400, 440, 484, 532.4], events)["cagr_from"] == 2001
    while_it_lasted = pd.DataFrame(
        {"country": ["WLD"], "first_year": [2001], "last_year": [2002], "kind": ["definition"]}
    )
    assert growth([100, 400, 440, 100, 110, 121], while_it_lasted)["cagr_from"] == 2003


def test_a_record_is_claimed_only_when_no_earlier_figure_can_have_been_higher() -> None:
    assert growth([5, 7, 9])["is_record"]
    assert growth([5, 7, 9])["record_since"] == 2000
    below = growth([5, 12, 7, 9])
    assert not below["is_record"]
    assert below["record_since"] == 2001
    assert pd.isna(growth([5, 12, 9])["record_since"])
    assert not growth([5, 9, 9])["is_record"]
    assert pd.isna(growth([5000, 400000, 401234], exactness={1: "at_least"})["is_record"])
    assert pd.isna(growth([5])["is_record"])


def test_the_year_of_a_country_is_that_of_its_national_total() -> None:
    counts = pd.concat(
        [CHINA, frame(count(210000, 2023, publisher="UNESCO UIS"), count(1, 2021, measure="programmes"))]
    )
    assert latest_year(counts, "CHN") == 2018
    found = subjects(pd.concat([counts, STATES])).set_index("id")
    assert found.loc["USA"].tolist() == ["country", 2024, 2025]
    with pytest.raises(InputError, match="no published total"):
        latest_year(counts, "ATL")


def test_a_frame_that_is_no_counts_is_refused_by_its_missing_column() -> None:
    with pytest.raises(InputError, match="counts: has no column reporter"):
        series(pd.DataFrame({"reporters": []}), "CHN")


def test_figures_without_a_publisher_stay_apart_and_say_so() -> None:
    found = frame(*[count(v, y, publisher=None) for y, v in ((2017, 5000), (2018, 6000))])
    assert subjects(found)["id"].tolist() == ["CHN"]
    both = headline(series(pd.concat([found, CHINA]), "CHN"), 2018)
    totals = both[both["measure"].eq("stock") & both["partner"].eq("WLD")]
    assert set(totals["publisher"]) == {"MOE (China)", "publisher not stated"}


def test_a_break_in_series_reaches_the_outlook_as_a_level_shift_not_as_growth() -> None:
    from pipeline import models
    from pipeline.measures import outlook_panel

    steady = [count(1000.0 + 10 * (y - 2008), y) for y in range(2008, 2018)]
    wider = [count(3.0 * (1000.0 + 10 * (y - 2008)), y, status="B" if y == 2018 else "A") for y in range(2018, 2021)]
    counts = frame(*steady, *wider)
    panel = outlook_panel(counts, series(counts, "CHN"), "CHN", 2020)
    assert panel.set_index("year").loc[2018, "status"] == "B"
    ahead = models.outlook(panel, horizon=1)["median"].iloc[0]
    assert 3300 < ahead < 3450  # a third of a per cent of growth a year from 3,360, not a trebling in ten years
    unmarked = models.outlook(panel.assign(status="A"), horizon=1)["median"].iloc[0]
    assert abs(unmarked - 3390) > abs(ahead - 3390)
