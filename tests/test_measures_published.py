"""The indicators of UIS on the publishers' own files: what UIS publishes comes out, and the OECD's table bears it out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import pipeline
from pipeline.measures import rates
from pipeline.measures.registry import indicators

EVERY = 15  # every so many country-years go through the indicators one by one


@pytest.fixture(scope="module")
def counts(real_data: Path) -> pd.DataFrame:
    """The files of UIS and the OECD, cleaned together."""
    return pipeline.clean([real_data / "uis-mobile-students", real_data / "oecd-enrolment"]).counts


@pytest.fixture(scope="module")
def uis(counts: pd.DataFrame) -> pd.DataFrame:
    """Inbound students and net flow of each country and year."""
    own = counts[counts["publisher"].eq("UNESCO UIS") & counts["destination_kind"].eq("country")]
    wide = own.pivot(index=["reporter", "year"], columns="measure", values="value")
    return wide.rename_axis(columns=None)[["stock", "net_flow"]]


@pytest.fixture(scope="module")
def as_published(real_data: Path) -> pd.DataFrame:
    """The same, straight from the file."""
    (file,) = (real_data / "uis-mobile-students").glob("*.csv")
    raw = pd.read_csv(file, keep_default_na=False, na_values=[""], dtype={"value": float})
    raw = raw[raw["geoUnit"].str.fullmatch("[A-Z]{3}") & raw["magnitude"].ne("NA")]  # NA: does not apply
    wide = raw.pivot(index=["geoUnit", "year"], columns="indicatorId", values="value")
    return wide.rename(columns={"26637": "stock", "MENF.5T8": "net_flow"}).rename_axis(["reporter", "year"], axis=0)


def test_every_country_year_that_uis_publishes_is_there_with_its_value(
    uis: pd.DataFrame, as_published: pd.DataFrame
) -> None:
    assert as_published.notna().sum().to_dict() == {"stock": 2270, "net_flow": 2307}
    assert len(as_published.dropna()) == 2178
    both = uis.astype(float).join(as_published, rsuffix="_published", how="outer")
    for measure in ("stock", "net_flow"):
        assert (both[measure].fillna(-1e9) == both[f"{measure}_published"].fillna(-1e9)).all()


def test_the_net_flow_is_the_published_one_and_equals_inbound_less_outbound(
    counts: pd.DataFrame, as_published: pd.DataFrame
) -> None:
    compared = as_published.dropna().iloc[::EVERY]
    own = counts[counts["publisher"].eq("UNESCO UIS")]
    by_country = dict(tuple(own.groupby("reporter")))
    for (country, year), row in compared.iterrows():
        found = rates(by_country[country], None, country, int(year)).set_index("indicator")
        assert found.loc["net_flow", "value"] == pytest.approx(row["net_flow"])
        outbound = found.loc["outbound_mobility_ratio", "numerator"]
        assert row["stock"] - outbound == pytest.approx(row["net_flow"])
        assert outbound >= 0
    assert len(compared) == 146


def test_figures_that_contradict_each_other_give_no_students_abroad(
    counts: pd.DataFrame, as_published: pd.DataFrame
) -> None:
    both = as_published.dropna()
    assert both.index[(both["stock"] - both["net_flow"]).lt(0)].tolist() == [("ARE", 2019)]
    own = counts[counts["reporter"].eq("ARE")]
    row = indicators.compute("net_flow", {"counts": own}, subject="ARE", year=2019).iloc[0]
    assert row["value"] == both.loc[("ARE", 2019), "net_flow"]
    sent = indicators.compute("students_per_national_abroad", {"counts": own}, subject="ARE", year=2019).iloc[0]
    assert (sent["reason"], pd.isna(sent["value"])) == ("no_outbound", True)


def test_students_abroad_are_at_least_those_whom_the_oecd_counts(
    counts: pd.DataFrame, as_published: pd.DataFrame
) -> None:
    """The OECD's table has 40 destinations: a part of those abroad, counted by others than who published the net flow."""
    both = as_published.dropna()
    abroad = (both["stock"] - both["net_flow"]).loc[lambda s: s > 0]
    table = counts[counts["publisher"].str.contains("OECD").fillna(False) & counts["value"].notna()]
    # this file holds each student twice (all, and again as men and women): half is what the OECD publishes
    part = table.groupby(["origin", "year"])["value"].sum().rename_axis(["reporter", "year"]) / 2
    found = pd.DataFrame({"abroad": abroad, "part": part}).dropna()
    assert len(found) == 741
    assert (found["part"] <= 1.02 * found["abroad"]).sum() == 737
    beyond = found.index[found["part"] > 1.02 * found["abroad"]].tolist()
    assert beyond == [("LIE", 2014), ("ROU", 2019), ("SVK", 2019), ("SVN", 2019)]


def test_inbound_students_are_those_of_the_oecd_where_it_counts_mobile_students(
    counts: pd.DataFrame, as_published: pd.DataFrame
) -> None:
    table = counts[counts["publisher"].str.contains("OECD").fillna(False) & counts["value"].gt(0)]
    whole = table.groupby(["destination", "year"])["value"].sum().rename_axis(["reporter", "year"]) / 2
    found = pd.DataFrame({"uis": as_published["stock"], "oecd": whole}).dropna()
    apart = (found["oecd"] / found["uis"] - 1).abs()
    assert len(found) == 245
    assert [(apart <= t).sum() for t in (0.02, 0.05, 0.1)] == [117, 162, 183]
    # the rest know fewer origins than students: what the OECD lists is a part, hardly ever more
    assert (found["oecd"] > 1.05 * found["uis"]).sum() <= 2


def test_no_file_at_hand_has_what_the_rates_need_besides(real_data: Path) -> None:
    """Enrolment and population are in none of the files: inbound rate and outbound ratio cannot be held against UIS's own."""
    context = pipeline.clean([real_data / "world-bank-indicators"]).context
    assert not context["indicator"].isin(["SE.TER.ENRL", "SP.TER.TOTL.IN", "25053", "200343"]).any()
