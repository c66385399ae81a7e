"""What an institution's brief says came of its stays, and what goes with it: from stays to sentences."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline import measures, models
from pipeline.briefs.annual import annual_brief
from pipeline.briefs.blocks import Columns
from pipeline.run.workspace import Context, context

SETTINGS = '[[subjects]]\nid = "uni"\n'


def university(n: int = 3000, self_fails: float = 0.2, weak_fails: float = 0.1, seed: int = 0) -> pd.DataFrame:
    """Stays of which those who pay themselves, and those with weak language, are completed less often; no virtual one ever is."""
    rng = np.random.default_rng(seed)
    mode = rng.choice(["exchange", "joint_training", "degree", "conference", "virtual"], n, p=[0.4, 0.2, 0.2, 0.1, 0.1])
    funder = rng.choice(["self", "government", "university"], n)
    language = rng.choice(["A2", "B1", "B2", "C1", None], n)
    chance = (
        0.08
        + (self_fails - 0.08) * (funder == "self")
        + (weak_fails - 0.08) * np.isin(language.astype(str), ["A2", "B1"])
    )
    chance = np.where(mode == "conference", 0.012, np.where(mode == "virtual", 1.0, chance))
    left, unknown = rng.random(n) < chance, rng.random(n) < 0.04
    began = rng.integers(2018, 2024, n)
    months = np.where(mode == "degree", 36, 5)
    start = pd.to_datetime(pd.Series([f"{y}-09-01" for y in began]))
    end = start + pd.to_timedelta(months * 30, unit="D")
    done = end <= pd.Timestamp(2024, 8, 31)
    outcome = np.where(~done, "ongoing", np.where(unknown, None, np.where(left, "withdrawn", "completed")))
    inbound = rng.random(n) < 0.5
    partner = np.array([f"P{k}" for k in rng.integers(0, 60, n)])
    return pd.DataFrame(
        {
            "source": "uni", "direction": np.where(inbound, "inbound", "outbound"), "mode": mode, "level": rng.choice(["6", "7"], n),
            "origin": np.where(inbound, "KOR", "CHN"), "destination": np.where(inbound, "CHN", "KOR"),
            "home_institution": np.where(inbound, partner, "uni"), "host_institution": np.where(inbound, "uni", partner), "funder": funder,
            "language_entry": language, "language_exit": None, "start": start, "end": end, "months": months.astype(float), "year": began + 1,
            "academic_year": [f"{y}/{(y + 1) % 100}" for y in began], "visa_result": "granted", "visa_applied": pd.NaT, "visa_decided": pd.NaT, "outcome": outcome,
            "credits_attempted": 30.0, "credits_recognised": rng.choice([15.0, 30.0], n), "joint_publications": pd.array([pd.NA] * n, "Int64"),
            "degrees_awarded": pd.array(np.where(outcome == "completed", 1, 0), "Int64"), "satisfaction": np.nan, "dual_supervised": pd.array([pd.NA] * n, "boolean"),
        }
    )  # fmt: skip


def analysed(root: Path, table: pd.DataFrame, year: int = 2024) -> Context:
    """A project in which notebooks 2 to 4 have left their tables on these stays."""
    (root / "mobility.toml").write_text(SETTINGS, encoding="utf-8")
    here = context({}, root)
    policy = here.settings.disclosure
    safe = measures.protect(measures.counted(table, "uni", year), policy)
    ended = measures.ended_stays(table, year, 3)
    outcomes = measures.protect({"outcomes": measures.all_outcomes(ended)}, policy)["outcomes"]
    compared, degrees = models.compare_outcomes(ended, outcomes), models.time_to_degree(table, year)
    rates, spread = models.partner_rates(ended, policy)
    here.save(
        "uni", year, **safe, groups=measures.group_shares(safe["partners"]), outcomes=outcomes, differences=compared.differences,
        model_checks=pd.concat([compared.checks, degrees.checks], ignore_index=True), partner_rates=rates, partner_spread=spread,
        time_to_degree=degrees.curves, time_to_degree_median=degrees.medians,
    )  # fmt: skip
    return here


def brief(here: Context, language: str = "en") -> Any:
    return annual_brief(here, "uni", 2024, language)


def told(made: Any) -> dict[str, dict[str, Any]]:
    """The blocks of the part on outcomes, by id."""
    flat: list[Any] = []
    for block in made.outcomes():
        flat += [block.left, block.right] if isinstance(block, Columns) else [block]
    found = [b.to_json() for b in flat]
    return {b.get("id") or f"{b['type']}-{k}": b for k, b in enumerate(found)}


@pytest.fixture(scope="module")
def stays() -> pd.DataFrame:
    return university()


@pytest.fixture(scope="module")
def here(stays: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Context:
    return analysed(tmp_path_factory.mktemp("uni"), stays)


@pytest.fixture(scope="module")
def parts(here: Context) -> dict[str, dict[str, Any]]:
    return told(brief(here))


def test_a_sure_difference_is_a_sentence_with_its_interval_and_no_cause(parts: dict[str, dict[str, Any]]) -> None:
    text = parts["difference-funder"]["text"]
    said = re.search(r"completed ([\d.]+) points more often than self-funded ones.*interval ([\d.]+) to ([\d.]+)", text)
    assert said, text
    points, low, high = map(float, said.groups())
    assert low < points < high
    assert low < 12 < high  # 20 % fail of the self-funded, 8 % of others
    assert "association" in parts["difference-funder"]["base"]


def picked(stays: pd.DataFrame, where: dict[str, Any]) -> pd.Series:
    """The stays that evidence names, read anew."""
    found = pd.Series(True, index=stays.index)
    for column, want in where.items():
        if column == "any":
            found &= pd.concat([picked(stays, way) for way in want], axis=1).any(axis=1)
        elif isinstance(want, dict) and "not" in want:
            found &= ~stays[column].isin(want["not"])
        elif isinstance(want, dict):
            found &= stays[column].between(pd.Timestamp(want["from"]), pd.Timestamp(want["to"]))
        else:
            found &= stays[column].isin(want if isinstance(want, list) else [want])
    return found


def test_the_rows_behind_it_are_those_of_the_two_groups(parts: dict[str, dict[str, Any]], stays: pd.DataFrame) -> None:
    numbers = [int(n.replace(",", "")) for n in re.findall(r"[\d,]+", parts["difference-funder"]["base"])[:2]]
    rows = sum(int(picked(stays, item["where"]).sum()) for item in parts["difference-funder"]["evidence"])
    assert rows == sum(numbers)


def test_where_nothing_stands_out_that_is_said(tmp_path: Path) -> None:
    found = told(brief(analysed(tmp_path, university(1500, self_fails=0.08, weak_fails=0.08, seed=4))))
    assert "difference-funder" not in found
    assert any("none stands out" in b.get("text", "") for b in found.values())


def test_virtual_stays_are_a_group_and_in_no_other_base(parts: dict[str, dict[str, Any]], stays: pd.DataFrame) -> None:
    (row,) = [r for r in parts["outcomes-all"]["rows"] if r[0]["text"] == "Completed on time"]
    ended = stays[stays["outcome"].isin(["completed", "withdrawn"]) & stays["end"].between("2021-09-01", "2024-08-31")]
    assert row[3]["value"] == ended["mode"].ne("virtual").sum()
    labels = [r[0] for r in parts["completion-mode"]["data"]["rows"]]
    assert any("irtual" in str(label) for label in labels)
    assert "Virtual stays are not among all stays." in parts["completion-mode"]["caption"]


def test_what_the_unknown_could_change_stands_beside_each_share(parts: dict[str, dict[str, Any]]) -> None:
    (row,) = [r for r in parts["outcomes-all"]["rows"] if r[0]["text"] == "Completed on time"]
    value, low, high = row[1]["value"], *map(float, re.findall(r"[\d.]+", row[5]["text"]))
    assert low < value < high
    assert high - low == pytest.approx(100 * row[4]["value"] / (row[3]["value"] + row[4]["value"]), abs=0.15)


def test_figures_of_one_outcome_share_a_scale_and_name_who_is_hidden(here: Context) -> None:
    made = brief(here)
    flat = [
        b for block in made.outcomes() for b in ([block.left, block.right] if isinstance(block, Columns) else [block])
    ]
    spans = {b.id: b.chart.span for b in flat if getattr(b, "id", "") in ("completion-mode", "completion-funder")}
    assert len(set(spans.values())) == 1
    outcomes = made.facts.table("outcomes").query("indicator == 'completion' and group_by == 'mode'")
    hidden = outcomes[outcomes["value"].isna()]["group"].tolist()
    caption = next(b.caption for b in flat if getattr(b, "id", "") == "completion-mode")
    assert all(made.w.mode(group) in caption for group in hidden)


def test_partners_and_degrees_and_the_models_record_are_told(parts: dict[str, dict[str, Any]]) -> None:
    everything = " ".join(str(b) for b in parts.values())
    assert "partner institutions departs from the rate of all" in everything or "partners-completion" in parts
    assert "Kaplan–Meier" in parts["time-to-degree"]["caption"]
    note = next(b for b in parts.values() if b.get("title") == "How these models held")
    assert "checks hold" in note["text"]


def test_both_languages(here: Context, parts: dict[str, dict[str, Any]]) -> None:
    chinese = told(brief(here, "zh"))
    assert [k for k in chinese if "-" in k] == [k for k in parts if "-" in k]
    assert "个百分点" in chinese["difference-funder"]["text"]
    assert not re.search(r"[a-z]{4,}", chinese["difference-funder"]["text"])
