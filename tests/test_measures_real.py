"""Measures on the publishers' real files: their own headline figures come out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import pipeline
from pipeline import measures


@pytest.fixture(scope="module")
def counts(real_data: Path, root: Path) -> pd.DataFrame:
    """The counts of Open Doors, UIS, the China panel and the published figures, cleaned together."""
    folders = [real_data / name for name in ("open-doors-2025", "uis-mobile-students", "china-inbound-panel")]
    return pipeline.clean([*folders, root / "data" / "raw" / "published"]).counts


def test_the_table_and_the_workbook_of_open_doors_are_one_series(counts: pd.DataFrame) -> None:
    table = measures.series(counts, "USA", ("world",))
    stock = table[table["series_id"].eq("inbound-stock-iie-open-doors")].set_index("year")["value"]
    assert stock[2025] == 1_177_766
    assert stock[1950] == 26_433
    assert len(stock) >= 36
    line = measures.headline(table, 2025).set_index("series_id").loc["inbound-stock-iie-open-doors"]
    assert round(line["pct"], 1) == 4.5
    assert line["is_record"]


def test_open_doors_origins_make_up_their_total(counts: pd.DataFrame) -> None:
    listed = measures.partners(counts, "USA", 2025)
    origins = listed.query("measure == 'stock' and level == 'all' and direction == 'inbound'")
    assert origins["coverage"].iloc[0] > 0.999
    assert origins["partner"].head(2).tolist() == ["IND", "CHN"]
    found = measures.concentration(origins).iloc[0]
    assert found["reason"] is None
    shares = origins["value"] / origins["value"].sum()
    assert found["effective_number"] == pytest.approx(1 / (shares**2).sum())


def test_the_china_panel_is_never_taken_for_the_whole(counts: pd.DataFrame) -> None:
    listed = measures.partners(counts, "CHN", 2018)
    panel = listed.query("measure == 'stock' and level == 'all' and publisher.str.contains('panel')")
    assert panel["coverage"].iloc[0] == pytest.approx(318_292 / 492_185)
    found = measures.concentration(panel).iloc[0]
    assert found["reason"] == "partial_list"
    assert found[["hhi", "top5_share"]].isna().all()


def test_uis_figures_and_its_net_flow_agree(counts: pd.DataFrame) -> None:
    assert round(measures.rates(counts, None, "USA", 2023)["numerator"].iloc[0]) == 956_923
    own = counts[counts["publisher"].eq("UNESCO UIS") & counts["value"].notna()]
    both = own.groupby(["reporter", "year"])["measure"].nunique()
    country, year = both[both.eq(2)].index[0]
    rates = measures.rates(counts, None, country, int(year)).set_index("indicator")
    published = own.query("reporter == @country and year == @year and measure == 'net_flow'")["value"].item()
    assert rates.loc["net_flow", "value"] == pytest.approx(published)
    assert rates.loc["gross_outbound_enrolment_ratio", "numerator"] == pytest.approx(
        own.query("reporter == @country and year == @year and measure == 'stock'")["value"].item() - published
    )


def test_subjects_are_countries_with_totals_of_their_own(counts: pd.DataFrame) -> None:
    found = measures.subjects(counts).set_index("id")
    assert found.index.str.fullmatch("[A-Z]{3}").all()
    assert found.loc["CHN", "latest_year"] == 2018 == measures.latest_year(counts, "CHN")
    assert found.loc["USA"].tolist() == ["country", 1950, 2025]
    sample = [c for c in ("DEU", "GBR", "JPN", "NZL", "BRA") if c in found.index]
    assert [measures.latest_year(counts, c) for c in sample] == found.loc[sample, "latest_year"].tolist()
