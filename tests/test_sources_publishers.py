"""Publishers' layouts: small files in the exact layout, and the real ones where they are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from pipeline.sources import RawTable, discover


def read(folder: Path) -> list[RawTable]:
    return [table for source in discover([folder]) for table in source.tables("pandas")]


def sheet(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path.parent


PLACES: list[list[Any]] = [
    ["INTERNATIONAL STUDENTS BY PLACE OF ORIGIN, SELECTED YEARS, 1949/50 - 2024/25"],
    [None, None, None, "International Students"],
    [None, "Place of Origin", None, "1949/50", "2024/25", "% Total", "% Change"],
    [],
    [1000, "AFRICA, SUB-SAHARAN", None, 3, 7, 10.5, 2],
    [None, "Africa, Sub-saharan, Unspecified", None, "-", 1, 0, 0],
    [],
    [1200, "Central Africa", None, 3, 6, 9, 1],
    [1201, "Cameroon", None, 3, None, 4, 1],
    [1202, "Congo, Republic of the (Brazzaville)", None, "-", 4, 5, 1],
    [],
    [6000, "NORTH AMERICA", None, 2, 5, 1, 1],
    [6002, "Canada", None, 2, 5, 1, 1],
    [],
    [9901, "Stateless", None, 0, 12, 0, -7.7],
    [],
    [None, "WORLD TOTAL", None, 5, 24, 100, 4.5],
    [],
    [None, "Note: Dash symbol (-) indicates no data available."],
    [
        None,
        'Suggested citation: Institute. (2025). "International Students by Place of Origin, 1949/50 - 2024/25." Open Doors Report.',
    ],
]


def test_open_doors_is_melted_cell_by_cell(tmp_path: Path) -> None:
    (table,) = read(sheet(tmp_path / "raw" / "od" / "any name.xlsx", PLACES).parent)
    rows = table.rows
    assert (table.table, table.counted, table.file) == ("counts", "cells", "od/any name.xlsx")
    assert len(rows) == 9 * 2
    assert rows["origin"].unique().tolist() == [
        "region:AFRICA, SUB-SAHARAN",
        "Africa, Sub-saharan, Unspecified",
        "region:Central Africa",
        "Cameroon",
        "Congo, Republic of the (Brazzaville)",
        "region:NORTH AMERICA",
        "Canada",
        "Stateless",
        "WLD",
    ]
    missing = rows[rows["value"].isna()]
    assert missing[["line", "period"]].values.tolist() == [[6, "1949/50"], [9, "2024/25"], [10, "1949/50"]]
    assert set(missing["status"]) == {"M"}
    assert rows.loc[(rows["origin"] == "Stateless") & (rows["period"] == "1949/50"), "value"].item() == "0"
    assert set(rows["title"]) == {"International Students by Place of Origin, 1949/50 - 2024/25 (Open Doors)"}
    assert set(rows["reporter"]) == set(rows["destination"]) == {"USA"}


LEVELS: list[list[Any]] = [
    ["INTERNATIONAL STUDENTS BY PLACE OF ORIGIN AND ACADEMIC LEVEL, 2005/06 - 2006/07"],
    [None, None, "2005/06", None, None, None, "2006/07"],
    [
        "Place of Origin",
        None,
        "Under-graduate",
        "Graduate",
        "Other",
        None,
        "Under-\ngraduate",
        "Graduate",
        "Non-Degree",
        "OPT",
    ],
    [],
    ["ASIA", None, 1, 2, 3, None, 4, 5, 6, 7],
    ["Japan", None, 1, 2, 3, None, 4, "-", 6, 7],
    [],
    ["WORLD TOTAL", None, 1, 2, 3, None, 4, 5, 6, 7],
    ["Note: From 2000/01 to 2005/06, Non-Degree and OPT were included in Other category."],
]


def test_open_doors_by_level_marks_the_year_of_the_split(tmp_path: Path) -> None:
    (table,) = read(sheet(tmp_path / "raw" / "od" / "levels.xlsx", LEVELS).parent)
    rows = table.rows[table.rows["origin"] == "Japan"]
    assert rows[["period", "level", "measure", "status"]].values.tolist() == [
        ["2005/06", "5-6", "stock", "A"],
        ["2005/06", "7-8", "stock", "A"],
        ["2005/06", "all", "other_stock", "A"],
        ["2006/07", "5-6", "stock", "A"],
        ["2006/07", "7-8", "stock", "M"],
        ["2006/07", "all", "non_degree_stock", "B"],
        ["2006/07", "all", "practical_training", "B"],
    ]
    assert set(table.rows["line"]) == {5, 6, 8}


def test_uis_keeps_what_the_flags_say(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "uis"
    folder.mkdir(parents=True)
    (folder / "x.csv").write_text(
        "indicatorId,geoUnit,year,value,qualifier,magnitude\n"
        "26637,USA,2023,956923.125,,\n26637,FRA,2023,10.5,UIS_EST,\n26637,AFG,2009,0,,NIL\n26637,AIA,2000,0,,NA\n"
        '26637,"SDG: World",2022,6859426.5,,\n26637,"UIS: Arab States",2022,5,,\nMENF.5T8,USA,2022,700000,,\nMOR.5T8.40510,USA,2022,0.6,,\n',
        encoding="utf-8",
    )
    counts, context = read(tmp_path / "raw")
    rows = counts.rows
    assert rows["status"].tolist() == ["A", "E", "A", "M", "A", "A", "A"]
    assert rows["value"].tolist()[:3] == ["956923.125", "10.5", "0"]
    assert rows["value"].isna().tolist() == [False, False, False, True, False, False, False]
    assert rows["reporter"].tolist()[4:] == ["WLD", "region:UIS: Arab States", "USA"]
    assert rows["measure"].tolist()[-2:] == ["stock", "net_flow"]
    assert "UIS estimate" in rows["note"][1]
    assert "nil or negligible" in rows["note"][2]
    assert rows["line"].tolist() == [2, 3, 4, 5, 6, 7, 8]
    assert context.rows[["country", "indicator", "value", "line"]].values.tolist() == [
        ["USA", "MOR.5T8.40510", "0.6", 9]
    ]


PANEL: list[list[Any]] = [
    [None, "Country Name", "region ", "year", "stu_CTC", "stu_undergra", "stu_postgra", "stu_degree", "stu_non_degree", "scholarship_num_CTC",
     "distance ", "value_of_trade", "Academic_recognition", "GDP_per_capita", "unemployment"],
    [0, "Albania", "Eurppe", 2018, 100, 50, 20, 70, 30, 16, 7686.079, 346850340, 0, 1.5e10, 14.2],
    [1, "Algeria", "Africa", 2018, 10, None, 2, 7, 3, 1, 9117.676, 5, 1, 2e11, None],
]  # fmt: skip


def test_the_china_panel_gives_counts_and_context(tmp_path: Path) -> None:
    counts, context = read(sheet(tmp_path / "raw" / "panel" / "stu.xlsx", PANEL).parent)
    rows = counts.rows
    assert (counts.counted, counts.card.publisher) == ("cells", "Ministry of Education of China (panel)")
    assert rows[rows["line"] == 2][["origin", "period", "level", "measure", "funding", "value"]].values.tolist() == [
        ["Albania", "2018", "all", "stock", "all", "100"],
        ["Albania", "2018", "5-6", "stock", "all", "50"],
        ["Albania", "2018", "7-8", "stock", "all", "20"],
        ["Albania", "2018", "all", "degree_stock", "all", "70"],
        ["Albania", "2018", "all", "non_degree_stock", "all", "30"],
        ["Albania", "2018", "all", "scholarship", "government", "16"],
    ]
    assert rows.loc[rows["value"].isna(), "status"].tolist() == ["M"]
    assert set(rows["note"]) == {"131 origins without the largest: never a total"}
    facts = context.rows[context.rows["line"] == 2].set_index("indicator")
    assert facts.loc["distance", ["country", "origin", "value"]].tolist() == ["CHN", "Albania", "7686.079"]
    assert facts.loc["gdp", "country"] == "Albania"
    assert pd.isna(facts.loc["gdp", "origin"])


def test_oecd_and_world_bank(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "tables"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(
        "COUNTRY_OF_SCHOOL,COUNTRY_OF_ORIGIN,YEAR,TOTAL_INTL_STUDENTS\nNetherlands,Suriname,2016,1118\nSlovenia,Guinea-Bissau,2013,0\n",
        encoding="utf-8",
    )
    (folder / "b.csv").write_text(
        "COUNTRY,COUNTRY_CODE,SERIES_NAME,SERIES_CODE,YEAR,VALUE\nAruba,ABW,GDP (current US$),NY.GDP.MKTP.CD,2013,..\n"
        '"Egypt, Arab Rep.",EGY,"Population, total",SP.POP.TOTL,2014,9.5e7\n',
        encoding="utf-8",
    )
    oecd, bank = read(tmp_path / "raw")
    assert oecd.rows[["reporter", "origin", "destination", "value", "status", "line"]].values.tolist() == [
        ["Netherlands", "Suriname", "Netherlands", "1118", "A", 2],
        ["Slovenia", "Guinea-Bissau", "Slovenia", "0", "A", 3],
    ]
    assert bank.table == "context"
    assert bank.rows["country"].tolist() == ["ABW", "EGY"]
    assert bank.rows["value"].isna().tolist() == [True, False]
    assert bank.rows["unit"].fillna("").tolist() == ["current US$", ""]


@pytest.fixture(scope="module")
def published(real_data: Path) -> dict[tuple[str, str], list[pd.DataFrame]]:
    """The real files' rows by source and table."""
    found: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for table in read(real_data):
        found.setdefault((table.source, table.table), []).append(
            table.rows.assign(number=pd.to_numeric(table.rows["value"]))
        )
    return found


Published = dict[tuple[str, str], list[pd.DataFrame]]


def test_real_open_doors(published: Published) -> None:
    places, levels = published["open-doors-2025", "counts"]
    totals = places[places["origin"] == "WLD"].set_index("period")["number"]
    assert (totals["2024/25"], totals["1949/50"], len(totals)) == (1_177_766, 26_433, 36)
    by_level = levels[(levels["origin"] == "WLD") & (levels["period"] == "2024/25")]
    assert by_level["number"].sum() == 1_177_766
    regions = places[places["origin"].str.match("region:[A-Z &,-]+$") & (places["period"] == "2024/25")]
    nested = regions["origin"] == "region:MIDDLE EAST"
    stateless = places[(places["origin"] == "Stateless") & (places["period"] == "2024/25")]["number"].item()
    assert regions.loc[~nested, "number"].sum() + stateless == 1_177_766
    countries = places[
        ~places["origin"].str.startswith("region:") & (places["origin"] != "WLD") & (places["period"] == "2024/25")
    ]
    assert countries["number"].sum() == 1_177_766
    assert places.loc[places["value"].isna(), "status"].eq("M").all()


def test_real_uis(published: Published) -> None:
    (rows,) = published["uis-mobile-students", "counts"]
    assert len(rows) == 9_186
    usa = rows[(rows["reporter"] == "USA") & (rows["period"] == "2023") & (rows["measure"] == "stock")]
    assert round(usa["number"].item()) == 956_923
    assert rows["status"].value_counts().to_dict() == {"A": 5_155, "E": 3_910, "M": 121}


def test_real_china_panel(published: Published) -> None:
    (rows,) = published["china-inbound-panel", "counts"]
    of_2018 = rows[rows["period"] == "2018"]
    stock = of_2018[(of_2018["measure"] == "stock")].groupby("level")["number"].sum()
    assert (stock["all"], stock["7-8"]) == (318_292, 70_113)
    assert of_2018["origin"].nunique() == 131


def test_real_oecd_and_world_bank(published: Published) -> None:
    assert len(published["oecd-enrolment", "counts"][0]) == 57_858
    (bank,) = published["world-bank-indicators", "context"]
    assert (len(bank), bank["value"].isna().sum(), bank["indicator"].nunique()) == (24_206, 5_477, 13)
