"""Cleaning the publishers' real files: headline numbers, sums against totals, every row accounted for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.records import clean

FOLDERS = ("open-doors-2025", "uis-mobile-students", "china-inbound-panel", "oecd-enrolment", "world-bank-indicators")


@pytest.fixture(scope="module")
def cleaned(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    raw = tmp_path_factory.mktemp("raw")
    for name in FOLDERS:
        if not (real_data / name).is_dir():
            pytest.skip(f"{name} is not at hand")
        shutil.copytree(real_data / name, raw / name)
    return clean(raw)


@pytest.fixture(scope="module")
def counts(cleaned: Any) -> pd.DataFrame:
    return cleaned.counts


def of(counts: pd.DataFrame, source: str, **equals: Any) -> pd.DataFrame:
    rows = counts[counts["source"] == source]
    for column, value in equals.items():
        rows = rows[rows[column] == value]
    return rows


def test_every_row_or_cell_of_every_file_is_accounted_for(cleaned: Any) -> None:
    ledger = cleaned.ledger
    assert (ledger["rows_read"] == ledger[["rows_kept", "rows_rejected", "rows_merged"]].sum(axis=1)).all()
    read = ledger.groupby(["source", "table"])["rows_read"].sum()
    assert read["oecd-enrolment", "counts"] == 57_858
    assert read["uis-mobile-students", "counts"] == 9_186
    assert read["world-bank-indicators", "context"] == 24_206
    assert read["china-inbound-panel", "counts"] == 1_179 * 6


@pytest.mark.parametrize(("period", "students"), [("2024/25", 1_177_766), ("1949/50", 26_433)])
def test_open_doors_world_total(counts: pd.DataFrame, period: str, students: int) -> None:
    total = of(counts, "open-doors-2025", origin="WLD", measure="stock", level="all", period=period)
    assert total["value"].tolist() == [students]
    assert total["year"].tolist() == [int(period[:4]) + 1]


# Where the origins do not add up to WORLD TOTAL in the workbooks themselves ("Historical data may not always sum to totals"; "In the
# 1969/70 publication, 3,693 students had an unknown place of origin"): origins less total.
NOT_ADDING_UP = {
    ("stock", "all"): {
        "1949/50": -98,
        "1969/70": -3693,
        "1974/75": -2384,
        "1999/00": 17,
        "2000/01": 6,
        "2002/03": -7,
        "2003/04": -2506,
        "2004/05": -1731,
        "2008/09": -330,
    },
    ("stock", "5-6"): {
        "2000/01": -43,
        "2001/02": -306,
        "2002/03": -4,
        "2004/05": 7237,
        "2007/08": 7594,
        "2008/09": 7259,
        "2010/11": 85,
    },
    ("stock", "7-8"): {
        "2000/01": 66,
        "2001/02": 319,
        "2002/03": -4,
        "2004/05": 4716,
        "2006/07": -8,
        "2007/08": 6661,
        "2008/09": 8342,
    },
    ("other_stock", "all"): {"2000/01": -48, "2001/02": -11, "2002/03": -7, "2004/05": -13754},
    ("non_degree_stock", "all"): {"2006/07": 3, "2007/08": -8067, "2008/09": -5020, "2009/10": -3},
    ("practical_training", "all"): {"2006/07": 5, "2007/08": -6188, "2008/09": -10911, "2009/10": 3},
}


def test_open_doors_origins_add_up_to_the_total_but_for_the_listed_years(counts: pd.DataFrame) -> None:
    rows = of(counts, "open-doors-2025")
    by = ["measure", "level", "period"]
    total = rows[rows["origin_kind"] == "world"].groupby(by)["value"].sum(min_count=1)
    origins = rows[~rows["origin_kind"].isin(["world", "region"])].groupby(by)["value"].sum(min_count=1)
    difference = (origins - total).dropna()
    assert len(difference) == 130
    found: dict[tuple[str, str], dict[str, int]] = {}
    for (measure, level, period), value in difference[difference != 0].items():  # type: ignore[misc]
        found.setdefault((measure, level), {})[period] = int(value)
    assert found == NOT_ADDING_UP


def test_open_doors_cells_are_those_of_the_workbook(counts: pd.DataFrame, real_data: Path) -> None:
    import openpyxl

    path = next((real_data / "open-doors-2025").glob("*All-Places*.xlsx"))
    grid = list(openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True))
    heading = next(i for i, row in enumerate(grid) if "Place of Origin" in row)
    periods = {i: text for i, text in enumerate(grid[heading]) if isinstance(text, str) and text[:2] in {"19", "20"}}
    rows = of(counts, "open-doors-2025")
    rows = rows[rows["file"].str.endswith(path.name)]
    dashes = 0
    for line, period, value in rows[["line", "period", "value"]].itertuples(index=False):
        written = grid[line - 1][next(i for i, text in periods.items() if text == period)]
        if written == "-" or written is None:
            dashes += 1
            assert pd.isna(value), (line, period)
        else:
            assert value == written, (line, period)
    assert len(rows) == 264 * len(periods)
    assert dashes == 950


def test_missing_is_not_nought(counts: pd.DataFrame) -> None:
    assert counts.loc[counts["status"] == "M", "value"].isna().all()
    assert counts.loc[counts["value"].isna(), "status"].eq("M").all()
    assert (counts["status"] == "M").sum() > 1000
    assert (counts["value"] == 0).sum() > 1000


def test_open_doors_regions_never_pass_for_countries(counts: pd.DataFrame) -> None:
    rows = of(counts, "open-doors-2025")
    assert rows.loc[rows["origin_kind"] == "country", "origin"].str.fullmatch("[A-Z]{3}").all()
    names = set(rows.loc[rows["origin_kind"] == "region", "origin"])
    assert len(names) == 19
    assert all(name.startswith("region:") for name in names)


def test_uis_united_states_2023(counts: pd.DataFrame) -> None:
    row = of(counts, "uis-mobile-students", reporter="USA", measure="stock", year=2023)
    assert row["value"].round().tolist() == [956_923]
    assert row["origin"].tolist() == ["WLD"]


def test_uis_groups_are_kept_apart_from_countries(counts: pd.DataFrame) -> None:
    rows = of(counts, "uis-mobile-students")
    kinds = rows.drop_duplicates("reporter")["reporter"].str.fullmatch("[A-Z]{3}")
    assert (~kinds).sum() > 150
    assert rows.loc[rows["destination_kind"] == "country", "destination"].str.fullmatch("[A-Z]{3}").all()


def test_china_panel_2018(counts: pd.DataFrame) -> None:
    rows = of(counts, "china-inbound-panel", year=2018)
    assert rows["origin"].nunique() == 131
    assert rows[(rows["measure"] == "stock") & (rows["level"] == "all")]["value"].sum() == 318_292
    assert rows[(rows["measure"] == "stock") & (rows["level"] == "7-8")]["value"].sum() == 70_113
    assert not rows["origin"].eq("WLD").any()


def test_oecd_students_are_all_there_under_codes(counts: pd.DataFrame, real_data: Path) -> None:
    rows = of(counts, "oecd-enrolment")
    written = pd.read_csv(next((real_data / "oecd-enrolment").glob("*.csv")))
    assert rows["value"].sum() == written["TOTAL_INTL_STUDENTS"].sum()
    assert (rows["destination"].nunique(), rows["origin"].nunique()) == (40, 212)
    both = written.assign(line=written.index + 2).merge(rows, on="line", validate="one_to_one")
    assert (both["value"] == both["TOTAL_INTL_STUDENTS"]).all()
    for name, code in both.groupby("COUNTRY_OF_SCHOOL")["destination"]:
        assert code.nunique() == 1, name


def test_different_publishers_of_one_country_stay_apart(counts: pd.DataFrame) -> None:
    china = counts[(counts["destination"] == "CHN") & (counts["measure"] == "stock")]
    assert {"Ministry of Education of China (panel)", "UNESCO UIS"} <= set(china["publisher"])


def test_checks_that_do_not_hold_are_only_the_known_one(cleaned: Any) -> None:
    broken = cleaned.checks[~cleaned.checks["holds"]]
    assert broken["source"].unique().tolist() == ["open-doors-2025"]
