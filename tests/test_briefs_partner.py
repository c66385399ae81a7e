"""The profile of one partner: what it says of many and of few stays, what it hides, whom a name means."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from pipeline import measures
from pipeline.briefs.checks import problems
from pipeline.briefs.document import read_document
from pipeline.briefs.partner import partner_profile
from pipeline.briefs.partner.found import resolve
from pipeline.briefs.partner.profile import PartnerProfile
from pipeline.errors import SettingsError
from pipeline.measures.bilateral import EARLIER, EXCHANGE, RECENT, Partner, exchange, protected_exchange
from pipeline.models import Happenings, change_cases, known_breaks
from pipeline.run.workspace import Context, context

PARTS = ("first_page", "exchange", "agreements", "outcomes", "method")
LARGE, SMALL = "Elm University", "Ash College"


def made_up_stays() -> pd.DataFrame:
    """Stays of an institution in China: Elm University (Korea) has many, Ash College (Germany) a few, others the rest."""
    random = np.random.default_rng(5)
    parts = []
    for year in range(2014, 2025):
        for name, country, n in ((LARGE, "KOR", 40), (SMALL, "DEU", 2), ("Oak University", "FRA", 60)):
            grown = n + (20 if name == LARGE and year > 2019 else 0)
            direction = np.where(np.arange(grown) % 2 == 0, "inbound", "outbound")
            inbound = direction == "inbound"
            parts.append(
                pd.DataFrame(
                    {
                        "direction": direction,
                        "origin": np.where(inbound, country, "CHN"),
                        "destination": np.where(inbound, "CHN", country),
                        "home_institution": np.where(inbound, name, "U"),
                        "host_institution": np.where(inbound, "U", name),
                        "agreement_id": "AG1" if name == LARGE else None,
                        "mode": random.choice(["exchange", "joint_training"], grown),
                        "year": year,
                        "academic_year": f"{year - 1}/{year % 100:02d}",
                        "start": pd.Timestamp(year - 1, 9, 1),
                        "end": pd.Timestamp(year, 6, 30),
                        "outcome": random.choice(["completed", "withdrawn"], grown, p=[0.8, 0.2]),
                    }
                )
            )
    stays = pd.concat(parts, ignore_index=True)
    return stays.assign(
        source="u",
        level="7",
        months=9.0,
        funder="university",
        visa_result="granted",
        file="u/in.csv",
        line=stays.index + 2,
    )


@pytest.fixture(scope="module")
def stays() -> pd.DataFrame:
    return made_up_stays()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, stays: pd.DataFrame) -> Context:
    root: Path = tmp_path_factory.mktemp("project")
    (root / "mobility.toml").write_text('[[subjects]]\nid = "u"\n', encoding="utf-8")
    found = context({}, root)
    institutions = pd.DataFrame(
        {
            "institution_id": ["KOR-1", "DEU-1", "FRA-1", "FRA-2"],
            "name": [LARGE, SMALL, "Oak University", "Twin School"],
            "aliases": ["ELM UNIV.|榆树大学", None, "Twin School", None],
            "country": ["KOR", "DEU", "FRA", "FRA"],
            "source": "u",
        }
    )
    agreements = pd.DataFrame(
        {
            "agreement_id": ["AG1", "AG2"],
            "partner": LARGE,
            "country": "KOR",
            "mode": "exchange",
            "signed": [pd.Timestamp(2015, 1, 1), pd.Timestamp(2026, 1, 1)],
            "expires": [pd.Timestamp(2025, 1, 1), pd.Timestamp(2030, 1, 1)],
            "quota_in": pd.array([30, 1], dtype="Int64"),
            "quota_out": pd.array([None, 1], dtype="Int64"),
            "joint_laboratory": pd.array([True, None], dtype="boolean"),
            "source": "u",
        }
    )
    ledger = pd.DataFrame(
        {
            "source": ["u"],
            "file": ["u/in.csv"],
            "rows_read": [9],
            "rows_kept": [7],
            "rows_rejected": [1],
            "rows_merged": [1],
        }
    )
    found.processed.mkdir(parents=True, exist_ok=True)
    for name, table in {
        "stays": stays,
        "institutions": institutions,
        "agreements": agreements,
        "ledger": ledger,
    }.items():
        table.to_parquet(found.processed / f"{name}.parquet")
    return found


MADE: dict[tuple[Path, str, str], PartnerProfile] = {}


def profile_of(here: Context, partner: str, language: str = "en") -> PartnerProfile:
    """A profile, made once for all tests that look at it."""
    key = (here.processed, partner, language)
    if key not in MADE:
        MADE[key] = partner_profile(here, "u", partner, 2024, language)
    return MADE[key]


def text_of(here: Context, partner: str, language: str = "en") -> str:
    """Every word of a profile, and proof that the exporters would take it."""
    profile = profile_of(here, partner, language)
    shown = [block for part in PARTS for block in getattr(profile, part)()]
    outputs = [nbformat.v4.new_output("display_data", b._repr_mimebundle_()) for b in shown]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])
    assert problems(read_document(notebook)) == []
    return "\n".join(str(b.to_json()) for b in shown)


class TestLargePartner:
    def test_counts_and_growth_are_those_of_the_rows(self, here):
        text = text_of(here, LARGE)
        assert "30 students came from Elm University and 30 went there" in text
        assert "50% more stays in five years" in text  # 300 after 200

    def test_agreement_of_the_time_with_quota_use_and_laboratory(self, here):
        text = text_of(here, LARGE)
        assert "1 agreement is in force" in text
        assert "1 of them ends within a year." in text
        assert "There is a joint laboratory." in text
        assert "2015 to 2025" in text
        assert "2026" not in text.replace("2026-", "")

    def test_outcomes_have_base_and_interval_and_are_an_association(self, here):
        text = text_of(here, LARGE)
        ended = 3 * 60
        assert f"Base: {ended} and {3 * 62} stays" in text
        assert "association" in text

    def test_both_languages(self, here):
        assert "来校30人次" in text_of(here, LARGE, "zh")

    def test_a_country(self, here):
        assert "30 students came from South Korea and 30 went there" in text_of(here, "KOR")


class TestSmallPartner:
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_is_a_whole_page_that_says_what_is_hidden(self, here, language):
        text = text_of(here, SMALL, language)
        assert {"en": "is not shown", "zh": "不予显示"}[language] in text
        assert {"en": "No agreement", "zh": "没有有效协议"}[language] in text

    def test_no_yearly_number_is_told(self, here, stays):
        profile = profile_of(here, SMALL)
        table = profile.found.exchange
        assert table.loc[table["year"].notna(), "value"].isna().all()


class TestDisclosure:
    @pytest.mark.parametrize("partner", [Partner("KOR", LARGE), Partner("DEU", SMALL), Partner("KOR"), Partner("DEU")])
    def test_nothing_can_be_told_beside_the_brief(self, stays, partner):
        out = measures.protect(measures.counted(stays, "u", 2024))
        table = protected_exchange(exchange(stays, "u", partner, 2024), out["partners"])
        found = measures.audit({**out, "beside": table}, {}, {"beside": EXCHANGE})
        assert not found["exposed"].any()

    def test_an_institution_does_not_give_its_neighbour_away(self, stays):
        neighbour = stays[stays["host_institution"].eq(SMALL)].assign(destination="KOR", host_institution="Fir College")
        both = pd.concat([stays, neighbour[neighbour["year"].eq(2024)]])
        out = measures.protect(measures.counted(both, "u", 2024))
        table = protected_exchange(exchange(both, "u", Partner("KOR", LARGE), 2024), out["partners"])
        hidden = table[table["direction"].eq("outbound") & table["year"].eq(2024)]
        assert hidden["value"].isna().all()
        assert len(hidden)

    def test_sums_of_the_exchange(self, stays):
        table = exchange(stays, "u", Partner("KOR", LARGE), 2024)
        plain = table[table["agreement"].isna() & table["span"].notna()]
        for span in (RECENT, EARLIER):
            for direction in ("inbound", "outbound"):
                rows = plain[plain["span"].eq(span) & plain["direction"].eq(direction)]
                total = rows.loc[rows["year"].isna() & rows["mode"].eq("all"), "value"].item()
                assert rows.loc[rows["year"].notna(), "value"].sum() == total
                assert rows.loc[rows["mode"].ne("all"), "value"].sum() == total


class TestWhoIsMeant:
    @pytest.mark.parametrize("name", ["KOR-1", "elm  university", "榆树大学", "Elm Univ."])
    def test_id_name_or_alias(self, here, stays, name):
        institutions = pd.read_parquet(here.processed / "institutions.parquet")
        assert resolve(name, institutions, stays) == (Partner("KOR", LARGE), "KOR-1")

    def test_an_alias_gives_the_profile(self, here):
        assert profile_of(here, "榆树大学").found.partner == Partner("KOR", LARGE)

    def test_misspelt(self, here):
        with pytest.raises(SettingsError, match="Did you mean Elm University"):
            partner_profile(here, "u", "Elm Universty", 2024, "en")

    def test_two_of_a_name(self, here):
        with pytest.raises(SettingsError, match="FRA-1, FRA-2"):
            partner_profile(here, "u", "Twin School", 2024, "en")

    def test_subject_without_stays(self, here):
        with pytest.raises(SettingsError, match="has no stays"):
            partner_profile(here, "CHN", "KOR", 2024, "en")

    def test_year_without_data(self, here):
        with pytest.raises(SettingsError, match="from 2014 to 2024"):
            partner_profile(here, "u", "KOR", 2031, "en")


class TestItsOwnCase:
    """Elm University sent and took 20 a year, 30 from 2020 on; in 2024 it takes 90."""

    @pytest.fixture(scope="class")
    def surge(self, tmp_path_factory, stays):
        root: Path = tmp_path_factory.mktemp("surge")
        (root / "mobility.toml").write_text('[[subjects]]\nid = "u"\n', encoding="utf-8")
        found = context({}, root)
        came = stays[stays["home_institution"].eq(LARGE) & stays["year"].eq(2024)]
        many = pd.concat([stays, came, came], ignore_index=True)
        elsewhere = stays[stays["home_institution"].eq("Oak University")].assign(origin="KOR", home_institution=None)
        tables = {"stays": pd.concat([many, elsewhere], ignore_index=True)}
        tables["institutions"] = pd.DataFrame(
            {"institution_id": ["KOR-1"], "name": [LARGE], "aliases": [None], "country": ["KOR"], "source": "u"}
        )
        tables["agreements"] = pd.DataFrame(
            {c: pd.Series(dtype="object") for c in ("agreement_id", "partner", "country", "mode", "joint_laboratory")}
            | {c: pd.Series(dtype="datetime64[ns]") for c in ("signed", "expires")}
            | {c: pd.Series(dtype="Int64") for c in ("quota_in", "quota_out")}
        ).assign(source=pd.Series(dtype="object"))
        tables["ledger"] = pd.DataFrame(
            {
                "source": ["u"],
                "file": ["u/in.csv"],
                "rows_read": 1,
                "rows_kept": 1,
                "rows_rejected": 0,
                "rows_merged": 0,
            }
        )
        found.processed.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.to_parquet(found.processed / f"{name}.parquet")
        return found

    @pytest.mark.parametrize(
        ("language", "says"),
        [("en", "From Elm University: 90 in 2023/24, "), ("zh", "来自Elm University：2023/24学年为90，")],
    )
    def test_a_surge_is_told_in_the_numbers_of_the_profile(self, surge, language, says):
        text = text_of(surge, LARGE, language)
        assert says in text
        assert {"en": "more than the years before gave to expect", "zh": "推算的期望值高"}[language] in text
        cases = profile_of(surge, LARGE, language).found.cases.set_index("direction")
        assert cases.loc["inbound", ["value", "previous", "side"]].tolist() == [90.0, 30.0, "above"]
        assert cases.loc["outbound", "side"] == "within"

    def test_a_countrys_case_is_that_of_the_annual_brief(self, surge):
        made = profile_of(surge, "KOR").found.cases
        stays = pd.read_parquet(surge.processed / "stays.parquet")
        out = measures.protect(measures.counted(stays, "u", 2024))
        annual = change_cases(measures.stay_lines(stays, "u", 2024, out), 2024, Happenings(known_breaks()))
        annual = annual[annual["about"].eq("country") & annual["name"].eq("KOR")]
        shown = ["direction", "value", "expected", "lower", "upper", "side"]
        assert made[shown].values.tolist() == annual[shown].values.tolist()

    def test_it_leads_to_the_rows(self, surge):
        (block,) = [b for b in profile_of(surge, LARGE).first_page() if getattr(b, "id", "") == "case"]
        assert {e["where"]["direction"] for e in block.to_json()["evidence"]} == {"inbound", "outbound"}

    def test_few_or_hidden_numbers_make_no_case(self, here):
        profile = profile_of(here, SMALL)
        assert profile.found.cases.empty
        assert "case" not in [getattr(b, "id", "") for b in profile.first_page()]
