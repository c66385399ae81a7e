"""Differences between groups: equal to statsmodels, right on average, honest about their width, checked, and no more telling than the outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import special

from pipeline.errors import InputError
from pipeline.measures import all_outcomes, ended_stays, protect
from pipeline.models import check_model, count_differences, outcome_differences
from pipeline.models.outcome_models import count_model, outcome_model
from pipeline.models.outcome_tables import compare_outcomes, partner_rates


def papers(seed: int, n: int = 900, partners: int = 60, effect: float = 0.5) -> pd.DataFrame:
    """Publications by Poisson around a mean of mode, level, months and partner."""
    rng = np.random.default_rng(seed)
    partner, level, months = rng.integers(0, partners, n), rng.choice(["7", "8"], n), rng.uniform(3, 24, n)
    research = rng.random(n) < np.where(level == "8", 0.6, 0.3)
    mean = months / 12 * np.exp(-1.2 + effect * research + 0.7 * (level == "8") + rng.normal(0, 0.3, partners)[partner])
    mode = np.where(research, "joint_research", "exchange")
    frame = pd.DataFrame({"mode": mode, "level": level, "months": months, "partner": partner, "n": rng.poisson(mean)})
    return frame.assign(share=rng.beta(4, 2, n), credits=rng.integers(1, 9, n) * 5.0, done=rng.random(n) < 0.8)


def true_difference(effect: float = 0.5) -> float:
    rng = np.random.default_rng(7)
    n = 400_000
    base = rng.uniform(3, 24, n) / 12 * np.exp(-1.2 + 0.7 * (rng.random(n) < 0.5) + rng.normal(0, 0.3, n))
    return float(100 * (base * (np.exp(effect) - 1)).mean())


def test_numbers_of_events_are_right_on_average_and_their_intervals_hold() -> None:
    truth = true_difference()
    found = [
        count_differences(papers(s), "n", "mode", ["level"], exposure="months", reference="exchange").iloc[0]
        for s in range(80)
    ]
    assert np.mean([r.difference for r in found]) == pytest.approx(truth, rel=0.05)
    held = np.mean([r.lower <= truth <= r.upper for r in found])
    assert 0.89 <= held <= 0.99


def test_without_clusters_in_the_errors_the_intervals_would_be_too_narrow() -> None:
    data = [papers(s, partners=12).assign(mode=lambda f: np.where(f.partner % 2, "a", "b")) for s in range(40)]
    wide = np.mean([np.diff(count_differences(d, "n", "mode")[["lower", "upper"]].iloc[0])[0] for d in data])
    alone = [count_differences(d.assign(own=range(len(d))), "n", "mode", cluster="own") for d in data]
    assert wide > 1.2 * np.mean([np.diff(a[["lower", "upper"]].iloc[0])[0] for a in alone])


@pytest.mark.parametrize("kind", ["yes_no", "share", "count"])
def test_coefficients_and_clustered_errors_are_statsmodels_to_1e_8(kind: str) -> None:
    data = papers(3)
    if kind == "count":
        model = count_model(data, "n", "mode", ["level"], exposure="months")
        family, y, extra = sm.families.Poisson(), data["n"], {"offset": np.log(data["months"])}
    elif kind == "share":
        model = outcome_model(data, "share", "mode", ["level"])
        family, y, extra = sm.families.Binomial(), data["share"], {}
    else:
        model = outcome_model(data, "done", "mode", ["level"])
        family, y, extra = sm.families.Binomial(), data["done"].astype(float), {}
    ours = sm.GLM(y, model.x, family=family, **extra).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": data["partner"]}
    )
    assert model.beta == pytest.approx(np.asarray(ours.params), abs=1e-8)
    assert model.covariance == pytest.approx(np.asarray(ours.cov_params()), abs=1e-8)


def test_a_weight_counts_like_so_many_rows_of_one_cluster() -> None:
    data = papers(5, n=300)
    repeated = data.loc[data.index.repeat(data["credits"].astype(int))].reset_index(drop=True)
    weighted = outcome_model(data, "share", "mode", ["level"], weight="credits")
    assert weighted.beta == pytest.approx(outcome_model(repeated, "share", "mode", ["level"]).beta, abs=1e-8)
    table = outcome_differences(data, "share", "mode", ["level"], weight="credits").iloc[0]
    group = data[data["mode"].eq(table.group)]
    assert table["rate"] == pytest.approx(np.average(group["share"], weights=group["credits"]))


def test_counts_that_are_none_are_refused_and_groups_of_none_are_named() -> None:
    data = papers(1)
    with pytest.raises(InputError, match="below 0"):
        count_differences(data.assign(n=-1), "n", "mode")
    with pytest.raises(InputError, match="no column papers"):
        count_differences(data, "papers", "mode")
    data.loc[:29, ["mode", "n"]] = ["lecture", 0]
    data.loc[30:59, ["mode", "n"]] = ["conference", 1]
    found = count_differences(data, "n", "mode")
    assert found.attrs["left_out"]["no_variation"] == ["lecture"]
    assert "conference" in set(found["group"])  # one each is no end of what a count can be


def test_a_group_told_apart_without_error_gets_no_number() -> None:
    rng = np.random.default_rng(0)
    level = rng.choice(["7", "8"], 200)
    mode = np.where(level == "8", "a", rng.choice(["a", "b"], 200))
    done = np.where((mode == "b") | (level == "8"), rng.random(200) < 0.5, True)
    data = pd.DataFrame({"mode": mode, "level": level, "done": done, "partner": rng.integers(0, 30, 200)})
    with pytest.raises(InputError, match="only one outcome"):
        outcome_differences(data, "done", "mode", ["level"])


# Checks ----------------------------------------------------------------------------------------------------------------


def checked(model: object) -> pd.DataFrame:
    return check_model(model).set_index("check")  # type: ignore[arg-type]


def test_a_right_model_passes_its_checks_and_a_wrong_one_fails_them() -> None:
    rng = np.random.default_rng(2)
    n, passed = 3000, []
    for _ in range(20):
        x = rng.normal(0, 1, n)
        base = pd.DataFrame({"x": x, "mode": rng.choice(["a", "b"], n), "partner": rng.integers(0, 100, n)})
        right = base.assign(done=rng.random(n) < special.expit(0.5 + x))
        passed.append(checked(outcome_model(right, "done", "mode", ["x"])).loc[["link_p", "calibration_p"], "holds"])
    assert np.mean(passed) > 0.85
    wrong = base.assign(done=rng.random(n) < special.expit(x**2 + x - 0.5))
    found = checked(outcome_model(wrong, "done", "mode", ["x"]))
    assert not found.loc["link_p", "holds"]
    assert not found.loc["calibration_p", "holds"]


def test_spread_clusters_and_gaps_are_reported() -> None:
    data = papers(4)
    even = checked(count_model(data, "n", "mode", ["level"], exposure="months"))
    assert even.loc["dispersion", "value"] == pytest.approx(1, abs=0.25)
    rng = np.random.default_rng(1)
    heavy = data.assign(n=rng.poisson(0.5 * rng.gamma(0.3, 1 / 0.3, len(data))))
    assert not checked(count_model(heavy, "n", "mode"))["holds"]["dispersion"]
    gaps = data.assign(done=data["done"].astype(object).where(data.index >= 450, None))
    found = checked(outcome_model(gaps, "done", "mode"))
    assert found.loc["left_out_pct", "value"] == 50
    assert found.loc["clusters", "value"] == 60
    assert not found.loc["left_out_pct", "holds"]


# Tables ----------------------------------------------------------------------------------------------------------------


def university(seed: int = 0, n: int = 2500) -> pd.DataFrame:
    """Clean stays: who pays for himself leaves more often, and few are at partner P0."""
    rng = np.random.default_rng(seed)
    mode = rng.choice(["exchange", "joint_training", "virtual"], n, p=[0.5, 0.3, 0.2])
    funder = rng.choice(["self", "government", "university", "employer"], n, p=[0.4, 0.38, 0.2, 0.02])
    left = rng.random(n) < 0.08 * np.where(funder == "self", 2.2, 1) * np.where(mode == "joint_training", 1.5, 1)
    credits = rng.integers(2, 9, n) * 5.0
    good = rng.random(n) < np.where(rng.integers(0, 40, n) < 3, 0.9, 0.5)
    return pd.DataFrame(
        {
            "source": "u", "direction": "outbound", "origin": "CHN", "destination": rng.choice(["DEU", "KOR"], n), "mode": mode,
            "home_institution": "U", "host_institution": [f"P{k}" for k in rng.integers(0, 40, n)], "level": rng.choice(["6", "7", "8"], n),
            "funder": funder, "outcome": np.where(left, "withdrawn", "completed"), "year": 2024, "end": pd.Timestamp(2024, 6, 1),
            "start": pd.Timestamp(2023, 9, 1), "visa_result": "granted", "language_entry": rng.choice(["B1", "B2", "C1"], n),
            "credits_attempted": credits, "credits_recognised": np.where(good, credits, credits / 2),
            "degrees_awarded": pd.array([pd.NA] * n, "Int64"), "joint_publications": rng.poisson(0.4, n),
        }
    )  # fmt: skip


def test_differences_stand_beside_the_protected_rates_and_only_there() -> None:
    ended = ended_stays(university(), 2024)
    outcomes = protect({"outcomes": all_outcomes(ended, ("mode", "funder", "language"))})["outcomes"]
    table = compare_outcomes(ended, outcomes).differences
    shown = outcomes.set_index(["indicator", "group_by", "group"])
    for row in table.to_dict("records"):
        beside = shown.loc[(row["outcome"], row["by"], row["group"])]
        assert pd.isna(row["n"]) == pd.isna(beside["n"])
        assert pd.isna(row["rate"]) == pd.isna(beside["value"])
        assert pd.notna(row["difference"]) == (row["reason"] is None or pd.isna(row["reason"]))
        if pd.isna(beside["value"]):
            assert pd.isna(row["difference"])
    employer = table[table["outcome"].eq("completion") & table["group"].eq("employer")].iloc[0]
    assert employer["reason"] == "hidden"  # 1 to 4 of about 40 left
    government = table[table["outcome"].eq("completion") & table["group"].eq("government")].iloc[0]
    assert government["reference"] == "self"
    assert government["lower"] > 0
    assert government["unit"] == "points"
    assert set(table.loc[table["outcome"].eq("publications_per_100"), "unit"]) == {"per_100"}


def test_numbers_of_stays_used_are_rounded_to_tens() -> None:
    ended = ended_stays(university(1), 2024)
    outcomes = protect({"outcomes": all_outcomes(ended, ("mode", "funder", "language"))})["outcomes"]
    checks = compare_outcomes(ended, outcomes).checks
    assert (checks["stays"] % 10 == 0).all()
    assert {"completion", "credit_recognition", "publications_per_100"} <= set(checks["outcome"])


def test_partners_are_named_only_where_their_numbers_may_be_shown() -> None:
    data = university(2, 1500)
    poor = data["host_institution"].isin(["P1"])
    data.loc[poor, "credits_recognised"] = 0.0
    ended = ended_stays(data, 2024)
    table, spread = partner_rates(ended)
    whole = ended[ended["mode"].ne("virtual")]
    for row in table.to_dict("records"):
        part = whole[whole["host_institution"].eq(row["partner"])]
        k = (
            part["outcome"].eq("completed").sum()
            if row["indicator"] == "completion"
            else part["credits_recognised"].ge(part["credits_attempted"]).sum()
        )
        if pd.notna(row["shrunk"]):
            assert len(part) >= 20
            assert all(number == 0 or number >= 5 for number in (k, len(part) - k))
            assert row["n"] % 10 == 0
    full = spread.set_index("indicator").loc["full_recognition"]
    assert full["below"] >= 1
    assert spread["partners"].tolist() == [40, 40]
