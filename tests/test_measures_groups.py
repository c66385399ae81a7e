"""Country groups and the rates on enrolment."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pandas as pd
import pycountry
import pytest

from pipeline.errors import InputError
from pipeline.measures import group_shares, groups, rates

LISTED = pd.DataFrame(
    {
        **dict.fromkeys(("level", "mode", "funding"), "all"),
        "direction": "inbound",
        "measure": "stock",
        "publisher": "P",
        "year": 2024,
        "partner": ["GBR", "DEU", "KAZ", "VNM"],
        "value": [40.0, 30.0, 20.0, 10.0],
        "total": 100.0,
    }
)


def test_every_member_is_a_country_and_groups_that_share_out_the_world_do_not_overlap() -> None:
    known = groups()
    codes = {c.alpha_3 for c in pycountry.countries} | {"XKX"}
    for group in known.values():
        assert group.members() <= codes
        assert group.source
        assert group.date
        assert group.en != group.zh
    for set_name, size in {"continent": 5, "subregion": 22}.items():
        parts = [g.members() for g in known.values() if g.one_of == set_name]
        assert len(parts) == size
        assert not any(a & b for a, b in combinations(parts, 2))
        assert frozenset().union(*parts) == codes - {"ATA", "BVT", "HMD", "SGS"}


def test_income_groups_follow_the_year_and_share_out_the_countries() -> None:
    known = {i: g for i, g in groups().items() if g.one_of == "income"}
    # as the World Bank counted them, without the Channel Islands: fiscal years 2020, 2023, 2024 and 2025
    expected = {2018: [31, 47, 60, 79], 2021: [28, 54, 54, 80], 2022: [26, 54, 54, 82], 2023: [26, 51, 54, 85]}
    for year, sizes in expected.items():
        parts = [g.members(year) for g in known.values()]
        assert [len(p) for p in parts] == sizes
        assert not any(a & b for a, b in combinations(parts, 2))
    for year in range(2005, 2026):
        assert not any(a & b for a, b in combinations([g.members(year) for g in known.values()], 2))
    upper, high = known["income_upper_middle"], known["income_high"]
    assert ["CHN" in upper.members(y) for y in (2009, 2010, 2025)] == [False, True, True]
    assert ["ARG" in high.members(y) for y in (2013, 2014, 2015, 2017, 2018)] == [False, True, False, True, False]
    assert not any("VEN" in g.members(2021) for g in known.values())


def test_a_group_that_is_not_defined_for_a_year_is_left_out_and_no_share_of_0() -> None:
    early = group_shares(LISTED.assign(year=1999))
    assert not early["group"].str.startswith("income").any()
    now = group_shares(LISTED).set_index("group")
    income = now[now.index.str.startswith("income")]
    assert income["share"].to_dict() == {
        "income_low": 0,
        "income_lower_middle": 10,
        "income_upper_middle": 20,
        "income_high": 70,
    }


def test_the_older_list_of_the_belt_and_road_is_there_when_asked_for() -> None:
    older, now = groups()["belt_and_road_65"].members(), groups()["belt_and_road"].members()
    assert len(older) == 65
    assert older - now == {"BTN", "IND", "ISR", "JOR"}  # on the routes, and no document signed
    assert "belt_and_road_65" not in set(group_shares(LISTED)["group"])
    assert group_shares(LISTED, ("belt_and_road_65",))["share"].item() == 30


def test_membership_follows_the_year() -> None:
    eu = groups()["eu"]
    assert [len(eu.members(y)) for y in (2003, 2004, 2007, 2013, 2021)] == [15, 25, 27, 28, 27]
    oecd = groups()[
        "oecd"
    ]  # Slovakia, then Chile, Estonia, Israel and Slovenia, Latvia, Lithuania, Colombia, Costa Rica
    assert [len(oecd.members(y)) for y in (1999, 2000, 2010, 2016, 2018, 2020, 2021)] == [29, 30, 34, 35, 36, 37, 38]
    assert [len(groups()["asean"].members(y)) for y in (2024, 2025)] == [10, 11]
    sco = groups()["sco"]  # the Shanghai Five and Uzbekistan, India and Pakistan, Iran, Belarus
    assert [len(sco.members(y)) for y in (2001, 2016, 2017, 2023, 2024)] == [6, 6, 8, 9, 10]
    assert "BLR" in groups()["sco"].members(2024)
    assert "BLR" not in groups()["sco"].members(2023)
    africa = groups()["m49_africa"].members()
    assert len(groups()["belt_and_road"].members() & africa) == 52


def test_shares_are_of_the_total_and_a_partial_list_gives_a_lower_bound() -> None:
    table = group_shares(LISTED).set_index("group")
    assert table.loc["eu", "share"] == 30  # the United Kingdom left in 2020
    assert table.loc["m49_europe", "share"] == 70
    assert table.loc["belt_and_road", ["share", "n_partners"]].tolist() == [30, 2]
    assert not table["at_least"].any()
    hidden = LISTED.assign(value=LISTED["value"].mask(LISTED["partner"].eq("VNM")))
    bounds = group_shares(hidden, ("asean",)).iloc[0]
    assert bounds["value"] == 0
    assert bounds["at_least"]
    with pytest.raises(InputError, match="Did you mean asean"):
        group_shares(LISTED, ("asaen",))


def test_a_group_that_is_badly_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "groups.yml"
    file.write_text(
        "nordic:\n  name: {en: Nordic, zh: 北欧}\n  source: s\n  date: 2024\n  members: DNK Sweden\n", "utf-8"
    )
    with pytest.raises(InputError, match=r"nordic: member 'Sweden'"):
        groups(file)
    file.write_text("nordic:\n  nmae: x\n", "utf-8")
    with pytest.raises(InputError, match="Did you mean name"):
        groups(file)


def world(
    value: float, measure: str = "stock", direction: str = "inbound", publisher: str = "UNESCO UIS"
) -> dict[str, object]:
    inbound = direction == "inbound"
    return {
        "reporter": "DEU",
        "origin": "WLD" if inbound else "DEU",
        "destination": "DEU" if inbound else "WLD",
        "origin_kind": "world" if inbound else "country",
        "destination_kind": "country" if inbound else "world",
        "direction": direction,
        "year": 2020,
        "period": "2020",
        "measure": measure,
        "value": value,
        "publisher": publisher,
        **dict.fromkeys(("level", "mode", "funding"), "all"),
        "status": "A",
        "exactness": "exact",
        **dict.fromkeys(("published", "title", "url", "note"), ""),
    }


CONTEXT = pd.DataFrame(
    {
        "country": "DEU",
        "year": 2020,
        "indicator": ["SE.TER.ENRL", "SP.TER.TOTL.IN"],
        "value": [3_000_000.0, 4_000_000.0],
        "publisher": "World Bank",
    }
)


def test_rates_by_hand() -> None:
    counts = pd.DataFrame([world(360_000), world(120_000, direction="outbound"), world(999, publisher="Destatis")])
    table = rates(counts, CONTEXT, "DEU", 2020).set_index("indicator")
    assert table["value"].to_dict() == {
        "inbound_mobility_rate": 12,
        "outbound_mobility_ratio": 4,
        "net_flow": 240_000,
        "net_flow_ratio": 8,
        "gross_outbound_enrolment_ratio": 3,
        "students_per_national_abroad": 3,
    }
    assert table["reason"].isna().all()
    assert table.loc["inbound_mobility_rate", "source"] == "UNESCO UIS; World Bank"


def test_outbound_follows_from_the_net_flow_and_gaps_have_reasons() -> None:
    counts = pd.DataFrame([world(360_000), world(240_000, measure="net_flow")])
    table = rates(counts, None, "DEU", 2020).set_index("indicator")
    assert table.loc["net_flow", "value"] == 240_000
    assert table.loc["gross_outbound_enrolment_ratio", ["numerator", "reason"]].tolist() == [120_000, "no_population"]
    assert table.loc["inbound_mobility_rate", "reason"] == "no_enrolment"
    alone = rates(pd.DataFrame([world(360_000)]), CONTEXT, "DEU", 2020).set_index("indicator")
    assert alone.loc["net_flow", "reason"] == "no_outbound"
    assert pd.isna(alone.loc["net_flow", "value"])
    assert rates(counts, CONTEXT, "DEU", 2021)["value"].isna().all()


def test_a_ministry_s_total_is_not_set_against_uis_figures() -> None:
    counts = pd.DataFrame([world(492_185, publisher="MOE (China)"), world(100, measure="net_flow")])
    assert (
        rates(counts, CONTEXT, "DEU", 2020).set_index("indicator").loc["inbound_mobility_rate", "reason"]
        == "no_inbound"
    )


def test_published_origins_of_china_are_mostly_belt_and_road(root: Path) -> None:
    table = pd.read_csv(root / "data" / "raw" / "published" / "figures.csv")
    listed = table.query(
        "reporter == 'CHN' and direction == 'inbound' and year == 2018 and measure == 'stock' and publisher == 'MOE (China)'"
    )
    listed = listed[listed["partner"].str.fullmatch("[A-Z]{3}") & listed["partner"].ne("WLD")]
    key = dict.fromkeys(("level", "mode", "funding"), "all") | {"total": 492185.0, "year": 2018}
    shares = group_shares(listed.rename(columns={"students": "value"}).assign(**key), ("belt_and_road",))
    assert shares["at_least"].item()
    members = {"KOR", "THA", "PAK", "RUS", "IDN", "LAO", "KAZ", "VNM", "BGD", "MNG", "MYS"}
    assert shares["value"].item() == listed.loc[listed["partner"].isin(members), "students"].sum()
