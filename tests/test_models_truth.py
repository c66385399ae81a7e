"""The outcome models on the example university, whose true stays and true links are known."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.models import count_differences, outcome_differences, time_to_degree


@pytest.fixture(scope="module")
def links(root: Path) -> Iterator[ModuleType]:
    """The generator's module that states how outcomes depend on what."""
    folder = str(root / "data" / "example_university")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location("example_outcomes", Path(folder) / "outcomes.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def true_stays(example_made: Path) -> pd.DataFrame:
    """Stays as they truly were, begun so early that every one of them has ended."""
    stays = pd.read_csv(example_made / "truth" / "stays.csv", dtype=str, keep_default_na=False)
    stays = stays.assign(start=pd.to_datetime(stays["start"]), end=pd.to_datetime(stays["end"].replace("", None)))
    stays = stays[stays["start"].lt("2019-06-01") & stays["visa_result"].ne("refused") & stays["level"].ne("")]
    partner = stays["partner"].where(stays["partner"].ne(""), stays["origin"] + stays["destination"])
    ended = stays["outcome"].isin(["completed", "withdrawn", "extended"])
    return stays.assign(
        partner=partner,
        completed=stays["outcome"].eq("completed").where(ended).astype(object),
        programme=stays["mode"],
        ended=(stays["end"].dt.year + stays["end"].dt.month.ge(9)).astype("Int64").astype(str),
        months=(stays["end"] - stays["start"]).dt.days,
    ).reset_index(drop=True)


def failing(stays: pd.DataFrame, links: ModuleType, **instead: object) -> pd.Series:
    """How likely each stay was not to be completed, by the generator's own links, had it these values instead."""
    stays = stays.assign(**instead)
    order = {level: k for k, level in enumerate(links.CEFR)}
    gap = (links.NEEDED - stays["language_entry"].map(order)).clip(lower=0).fillna(0).astype(int)
    chance = (1 - stays["mode"].map(links.COMPLETION)) * gap.map(dict(enumerate((1.0, 1.6, 2.4, 3.0))))
    chance *= np.where(stays["funder"].eq("self"), 1.5, 1.0) * np.where(stays["dual_supervised"].eq("yes"), 0.6, 1.0)
    return chance.clip(upper=0.6)


def covers(row: Any, truth: float) -> bool:
    """Whether the interval holds the truth."""
    return bool(row["lower"] <= truth <= row["upper"])


@pytest.fixture(scope="module")
def physical(true_stays: pd.DataFrame) -> pd.DataFrame:
    """Those that crossed a border, with the band of their language."""
    bands = {"A1": "A", "A2": "A", "B1": "B1", "B2": "B2", "C1": "C", "C2": "C"}
    stays = true_stays[true_stays["mode"].ne("virtual")]
    return stays.assign(language=stays["language_entry"].map(bands), funder=stays["funder"].replace("", None))


def true_differences(stays: pd.DataFrame, links: ModuleType) -> dict[str, float]:
    """Completion of those funded less that of the self-funded, and of each band of language less that at B2, all else as it is."""
    own = failing(stays, links, funder="self")
    funded = float((own - failing(stays, links, funder="government")).mean())
    at_need = failing(stays, links, language_entry="B2")
    found = dict.fromkeys(
        ("government", "university", "host_university", "foundation", "joint_fund", "employer"), funded
    )
    return found | {b: float((at_need - failing(stays, links, language_entry=b)).mean()) for b in ("B1", "C1")}


def compared(stays: pd.DataFrame) -> pd.DataFrame:
    controls = ("mode", "level", "direction")
    funders = outcome_differences(stays, "completed", "funder", controls, reference="self")
    return pd.concat([funders, outcome_differences(stays, "completed", "language", controls, reference="B2")])


def test_with_outcomes_drawn_anew_by_the_true_links_intervals_hold_the_true_differences(
    physical: pd.DataFrame, links: ModuleType
) -> None:
    stays = physical[physical["language"].notna() & physical["funder"].notna()].iloc[::2]
    chance, truth, rng = failing(stays, links).to_numpy(), true_differences(stays, links), np.random.default_rng(5)
    held: list[bool] = []
    points: dict[str, list[float]] = {}
    for _ in range(25):
        found = compared(stays.assign(completed=rng.random(len(stays)) >= chance))
        for row in found[found["group"].ne("A")].to_dict("records"):
            at = truth["C1" if row["group"] == "C" else row["group"]]
            held.append(covers(row, at))
            points.setdefault(row["group"], []).append(row["difference"] - at)
    assert 0.90 <= np.mean(held) <= 0.99
    assert all(abs(np.mean(off)) < 0.008 for off in points.values()), points


def test_the_stays_at_hand_tell_who_pays_and_who_speaks_as_the_truth_does(
    physical: pd.DataFrame, links: ModuleType
) -> None:
    found = compared(physical).set_index("group")
    truth = true_differences(physical[physical["completed"].notna()], links)
    assert 0.02 < truth["government"] < 0.06
    assert found.loc["government", "p_holm"] < 0.01
    assert covers(found.loc["government"], truth["government"])
    assert covers(found.loc["B1"], truth["B1"])
    assert covers(found.loc["C"], 0.0)
    assert found.loc["A", "upper"] < found.loc["B1", "difference"] < found.loc["B1", "upper"] < 0


def test_publications_drawn_by_the_true_links_differ_by_level_and_by_no_funder(
    true_stays: pd.DataFrame, links: ModuleType
) -> None:
    stays = true_stays[true_stays["mode"].isin(list(links.PAPERS)) & true_stays["dual_supervised"].ne("")]
    stays = stays[stays["months"].notna()].assign(factor=(stays["months"] / 300).clip(0.4, 2.0))
    per = stays["mode"].map(links.PAPERS) * stays["factor"] * np.where(stays["dual_supervised"].eq("yes"), 1.5, 0.8)
    mean = per * np.where(stays["level"].eq("8"), 1.3, 0.6)
    truth, rng, held = {"8": float(100 * (per * (1.3 - 0.6)).mean())}, np.random.default_rng(3), []
    for _ in range(20):
        drawn = stays.assign(papers=rng.poisson(mean))
        for by, controls, reference in (("level", ("mode", "dual_supervised"), "7"), ("funder", ("mode", "level", "dual_supervised"), "self")):  # fmt: skip
            found = count_differences(drawn, "papers", by, controls, exposure="factor", reference=reference)
            held += [covers(row, truth.get(row["group"], 0.0)) for row in found.to_dict("records")]
    assert 0.90 <= np.mean(held) <= 0.99


def test_time_to_degree_is_the_share_of_all_who_truly_began(true_stays: pd.DataFrame) -> None:
    stays = true_stays.assign(
        year=true_stays["start"].dt.year + true_stays["start"].dt.month.ge(9),
        degrees_awarded=pd.to_numeric(true_stays["degrees_awarded"].replace("", None)),
        outcome=true_stays["outcome"].replace("", None),
    )
    found = time_to_degree(stays, 2019)
    master = stays[stays["mode"].eq("degree") & stays["level"].eq("7") & stays["outcome"].notna()]
    early = master[master["year"].le(2015)]  # followed for four years: nothing is censored
    truth = 100 * (early["degrees_awarded"].gt(0) & (early["months"] <= 36 * 365.25 / 12)).mean()
    row = found.curves[found.curves["group"].eq("7") & found.curves["month"].eq(36)].iloc[0]
    assert row["lower"] - 3 <= truth <= row["upper"] + 3
