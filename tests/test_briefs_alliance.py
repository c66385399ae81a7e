"""The section on partners and agreements, and that on the modes in depth: what is said, on which base, and what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import measures
from pipeline.briefs.annual import annual_brief
from pipeline.briefs.annual.alliance import ACTIONS, SHOWN, alliance_blocks, chosen_actions, decisions_finding
from pipeline.briefs.annual.modes_in_depth import modes_blocks
from pipeline.measures.alliance_actions import KINDS
from pipeline.run.workspace import Context, context

YEAR = 2024


@pytest.fixture
def here(tmp_path: Path) -> Context:
    (tmp_path / "mobility.toml").write_text("", encoding="utf-8")
    return context({}, tmp_path)


def stays(*groups: tuple[int, str, str | None, int, dict[str, object]]) -> pd.DataFrame:
    """Processed stays: how many, direction, partner institution, year, and what else is on record."""
    rows: list[dict[str, object]] = []
    for n, direction, partner, year, other in groups:
        inbound = direction == "inbound"
        row: dict[str, object] = {
            "source": "uni",
            "direction": direction,
            "origin": "KOR" if inbound else "CHN",
            "destination": "CHN" if inbound else "KOR",
            "home_institution": partner if inbound else "U",
            "host_institution": "U" if inbound else partner,
            "agreement_id": None,
            "mode": "exchange",
            "level": "7",
            "months": 5.0,
            "start": pd.Timestamp(year - 1, 9, 5),
            "end": pd.Timestamp(year, 2, 1),
            "year": year,
            "academic_year": f"{year - 1}/{year % 100:02}",
            "visa_result": "granted",
            "outcome": "completed",
            "funder": "government",
            "grant_amount": 3000.0,
            "currency": "CNY",
            "credits_attempted": 15.0,
            "credits_recognised": 15.0,
        }
        rows += [row | other | {"student_key": f"{len(rows) + i}"} for i in range(n)]
    return pd.DataFrame(rows)


def agreements() -> pd.DataFrame:
    """Twelve-month renewals, a dormant partner of rank, and one with more stays than places."""
    usual = {
        "source": "uni",
        "country": "KOR",
        "mode": "exchange",
        "signed": "2015-01-01",
        "quota_in": 10,
        "quota_out": 10,
    }
    rows = [
        {"agreement_id": "A1", "partner": "Alder University", "expires": "2024-12-31", "rank_band": None},
        {"agreement_id": "B1", "partner": "Birch University", "expires": "2030-01-01", "rank_band": "1-200"},
        {"agreement_id": "C1", "partner": "Cedar University", "expires": None, "rank_band": None, "quota_in": 6},
    ]
    table = pd.DataFrame([usual | row | {"joint_laboratory": None, "recognised": False} for row in rows])
    table["signed"], table["expires"] = pd.to_datetime(table["signed"]), pd.to_datetime(table["expires"])
    return table


def brief_of(here: Context, table: pd.DataFrame, agreed: pd.DataFrame, language: str = "en") -> Any:
    """The brief from what notebooks 2 to 4 would leave."""
    policy = here.settings.disclosure
    safe = measures.protect(measures.counted(table, "uni", YEAR), policy)
    own = measures.classified(table, agreed, "uni")
    record = measures.rule_record(measures.agreement_with_stated(table, agreed))
    modes = measures.published_modes(
        measures.profile_of_modes(own, YEAR), measures.mode_transitions(own, YEAR), record, policy
    )
    found = {}
    if len(agreed):
        database = measures.alliance_database(table, agreed, "uni", YEAR)
        found = measures.published_alliance(database, policy) | {"opportunities": measures.opportunities(database)}
    here.save("uni", YEAR, **safe, **modes, **found)
    return annual_brief(here, "uni", YEAR, language)


RECORDS = (
    (40, "inbound", "Cedar University", 2024, {"agreement_id": "C1"}),
    (12, "inbound", "Alder University", 2024, {"agreement_id": "A1"}),
    (3, "outbound", "Alder University", 2024, {"agreement_id": "A1"}),
    (30, "outbound", "Cedar University", 2023, {}),
)


def words(blocks: list[Any]) -> Iterator[str]:
    """All texts of blocks."""

    def of(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in ("evidence", "svg", "id", "type", "key", "kind", "align"):
                    yield from of(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from of(inner)
        elif isinstance(value, str):
            yield value

    for block in blocks:
        yield from of(block.to_json())


class TestAlliance:
    def named(self, here: Context, language: str = "en") -> dict[str, Any]:
        blocks = alliance_blocks(brief_of(here, stays(*RECORDS), agreements(), language))
        return {block.id: block for block in blocks}

    def test_findings_by_hand(self, here: Context) -> None:
        found = self.named(here)
        assert (
            "**1 of 2 agreements end within twelve months** (1 of them within six; 1 within twenty-four)"
            in found["alliance.renewals"].text
        )
        assert found["alliance.renewals"].base == (
            "Base: 2 agreements in force on 31 August 2024 whose end is on record; of 1 it is not."
        )
        told = decisions_finding(brief_of(here, stays(*RECORDS), agreements()))
        assert told.text.startswith("**To be decided**: 1 agreement ends within twelve months")
        assert told.evidence
        # places 10 + 10, 10 + 10 and 6 + 10, taken 12 + 3, 0 and 40
        assert "**Stays came to 98% of the places agreed for the year**" in found["alliance.places"].text
        assert "in 2 of 6 directions of an agreement more students moved" in found["alliance.places"].text
        assert "**1 of 3 partners with an agreement in force had no stay" in found["alliance.idle"].text
        assert "Birch University" in found["alliance.opportunities"].text

    def test_what_needs_action_names_institutions_and_no_number_of_people(self, here: Context) -> None:
        table = self.named(here)["alliance-actions"]
        assert [(row["action"], row["partner"]) for row in table.rows] == [
            ("Renew", "Alder University"),
            ("More places", "Cedar University"),
            ("Revive or end", "Birch University"),
        ]
        assert table.rows[0]["why"] == "Exchange: ends 31 Dec 2024"
        told = " ".join(text for row in table.rows for text in row.values() if text)
        assert set(re.findall(r"\d+", told)) <= {"31", "2024", "1", "200"}

    def test_every_finding_names_agreements_that_are_there(self, here: Context) -> None:
        for name, block in self.named(here).items():
            if name.startswith("alliance."):
                assert {item["table"] for item in block.evidence} <= {"agreements", "stays"}, name
                assert block.evidence, name

    def test_chinese_has_no_english_sentence(self, here: Context) -> None:
        found = self.named(here, "zh")
        assert found["alliance"].title == "合作院校与协议"
        for text in words(list(found.values())):
            left = re.sub(r"[A-Z][a-z]+ University|uni|mobility partners", "", text)
            assert not re.search(r"[A-Za-z]{3,}", left), text

    def test_nothing_is_said_without_agreements(self, here: Context) -> None:
        assert alliance_blocks(brief_of(here, stays(*RECORDS), agreements().head(0))) == []

    def test_twelve_rows_at_most_and_every_kind_has_words(self) -> None:
        table = pd.DataFrame(
            [
                {"action": kind, "rank_band": None, "belt_and_road": False, "months": 12}
                for kind in KINDS
                for _ in range(9)
            ]
        )
        assert len(chosen_actions(table)) == 12
        assert set(KINDS) == set(ACTIONS) == set(SHOWN)


class TestModes:
    def test_profile_of_a_mode_by_hand(self, here: Context) -> None:
        table, *rest = modes_blocks(brief_of(here, stays(*RECORDS), agreements()))
        assert [row["mode"] for row in table.rows] == ["Exchange"]
        row = table.rows[0]
        assert row["stays"].text == "80"  # 85, to tens
        assert row["partners"].text == "2"
        assert row["funded_state"].text == "100%"
        assert row["cost"].text == "200 CNY (n 80)"  # 3000 over 15 credits
        assert rest[-1].title == "How the modes were told"

    def test_moves_are_said_with_their_base_or_not_at_all(self, here: Context) -> None:
        early = stays((100, "outbound", "Cedar University", 2021, {"mode": "short_programme", "months": 1.0}))
        later = stays((9, "outbound", "Cedar University", 2023, {}))
        few = stays((4, "outbound", "Cedar University", 2023, {"mode": "joint_training"}))
        few["student_key"] = [str(i) for i in range(50, 54)]
        others = stays(*RECORDS).assign(student_key=lambda rows: "other" + rows["student_key"])
        table = pd.concat([early, later, few, others], ignore_index=True)
        brief = brief_of(here, table, agreements())
        moves = next(block for block in modes_blocks(brief) if getattr(block, "id", "") == "modes.moves")
        assert "9.0% from short programme to exchange (of 100)" in moves.text
        assert "joint training" not in moves.text
        assert "two or more" in moves.base or "2 or more" in moves.base
