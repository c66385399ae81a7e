"""Outlooks that add up, scenarios carried into totals and declared events, on cases whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import measures, models
from pipeline.declared import PolicyEvent, Scenario
from pipeline.errors import SettingsError
from pipeline.models import carried, coherent, coherent_backtest, round_sums

SUMS = [("t", ["a", "b", "c"]), ("t", ["x", "y"])]


def series(values: dict[str, list[float]], first: int = 2008, direction: str = "inbound") -> pd.DataFrame:
    """Totals ("WLD") and partners of a publisher."""
    rows = [(p if p != "WLD" else "total", p, first + k, v) for p, line in values.items() for k, v in enumerate(line)]
    frame = pd.DataFrame(rows, columns=["series_id", "partner", "year", "value"])
    return frame.assign(
        direction=direction, measure="stock", level="all", mode="all", funding="all", publisher="P", exactness="exact",
        period=frame["year"].astype(str),
    )  # fmt: skip


def country(seed: int = 0, years: int = 16) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    lines = {
        code: list(np.round(size * np.exp(0.05 * np.arange(years) + rng.normal(0, 0.04, years).cumsum())))
        for code, size in (("KOR", 4000), ("USA", 2500), ("DEU", 1500), ("FRA", 800), ("ITA", 400))
    }
    lines["WLD"] = [sum(v[k] for v in lines.values()) for k in range(years)]
    return series(lines)


def test_parts_are_all_of_their_total_in_every_year() -> None:
    table = country()
    parts = measures.parts(table, 2023, most=2)
    assert parts["part"].unique().tolist() == ["KOR", "USA", "others"]
    total = table[table.partner.eq("WLD")].set_index("year")["value"]
    pd.testing.assert_series_equal(parts.groupby("year")["value"].sum(), total, check_names=False)
    assert "ITA" in set(measures.parts(table, 2023, most=2, also={("inbound", "ITA")})["part"])
    assert measures.parts(table[table.year > 2017], 2023).empty  # six years are too few for a record


def test_the_few_and_the_hidden_are_among_the_others() -> None:
    table = country()
    few = measures.Few(base=1000, hidden={("inbound", "USA")})
    assert set(measures.parts(table, 2023, few)["part"]) == {"KOR", "DEU", "FRA", "others"}
    lone = measures.Few(base=1700, hidden=())  # what is left beside the three large ones would be too few
    parts = measures.parts(table, 2023, lone)
    assert parts[parts.year.eq(2023)].set_index("part")["value"]["others"] > 1700


def test_all_sums_hold_at_once_and_fixed_forecasts_stay() -> None:
    rng = np.random.default_rng(1)
    base = pd.DataFrame({"unit": ["t", *"abcxy"], "year": 2026, "median": [100.0, 30, 40, 50, 70, 20]})
    base[["lower_80", "upper_80"]] = np.c_[base["median"] * 0.5, base["median"] * 1.5]
    tested = pd.DataFrame(
        [(u, o, 1, 50.0, 50 - rng.normal(0, 5)) for u in base.unit for o in range(2010, 2020)],
        columns=["unit", "origin", "horizon", "actual", "median"],
    )
    for fixed in ((), ("t",)):
        after = coherent(base, tested, SUMS, fixed).set_index("unit")
        for total, parts in SUMS:
            assert after.loc[parts, "median"].sum() == pytest.approx(after.loc[total, "median"], abs=1e-9)
        assert (after["lower_80"] <= after["median"]).all()
    assert after.loc["t", "median"] == pytest.approx(100)
    low = coherent(base.assign(median=[30.0, 1, 40, 50, 29, 1]), tested, SUMS, ("t",)).set_index("unit")["median"]
    assert low.min() >= 0
    assert low[["a", "b", "c"]].sum() == pytest.approx(30)


def test_a_reconciled_record_knows_nothing_of_later_errors() -> None:
    rng = np.random.default_rng(2)
    rows = [
        (u, o, h, rng.normal(100, 9), rng.normal(100, 9))
        for u in ["t", *"abcxy"] for o in range(2010, 2018) for h in (1, 2)
    ]  # fmt: skip
    tested = pd.DataFrame(rows, columns=["unit", "origin", "horizon", "actual", "median"])
    later = tested.assign(actual=tested["actual"].where(tested["origin"] + tested["horizon"] <= 2014, 999.0))
    one, other = (coherent_backtest(t, SUMS) for t in (tested, later))
    pd.testing.assert_frame_equal(one[one.origin <= 2014].drop(columns="actual"), other[other.origin <= 2014].drop(columns="actual"))  # fmt: skip
    for _, rows_ in one.groupby(["origin", "horizon"]):
        medians = rows_.set_index("unit")["median"]
        assert medians[["x", "y"]].sum() == pytest.approx(medians["t"])


def test_rounded_numbers_still_add_up() -> None:
    values = pd.Series({"t": 1234.0, "a": 333.4, "b": 433.3, "c": 467.3, "x": 617.5, "y": 616.5})
    for step in (1.0, 10.0, 100.0):
        rounded = round_sums(values, SUMS, step)
        assert all(rounded[parts].sum() == rounded[total] for total, parts in SUMS)
        assert (rounded - values).abs().max() <= step


def test_outlooks_of_totals_and_parts_add_up() -> None:
    table = country(3)
    parts = measures.parts(table, 2023, most=3)
    panel = table[table.partner.eq("WLD")].rename(columns={"series_id": "unit"})[["unit", "year", "value"]]
    made = models.adding_up(panel, parts)
    assert models.check_sums(made.every, made.sums) < 1e-9
    alone = models.outlook(panel)["median"].to_numpy()
    np.testing.assert_allclose(made.totals["median"], alone)  # a total's record is its own
    shown = models.shown_parts(made, parts)
    whole = models.whole_people(shown, made)
    assert (whole["median"] % 1 == 0).all()
    assert whole.groupby("year")["median"].sum().to_list() == np.round(alone).tolist()


def errors_together(seed: int, n: int) -> np.ndarray:
    """Errors of four parts of unlike size that go together in part, n times."""
    rng = np.random.default_rng(seed)
    return (0.6 * rng.normal(size=(n, 1)) + 0.8 * rng.normal(size=(n, 4))) * np.array([40, 30, 20, 10])


def test_a_closed_partner_leaves_the_others_and_its_interval_holds_as_often_as_it_says() -> None:
    names = list("abcd")
    past = errors_together(4, 12)
    tested = pd.DataFrame(
        [(u, o, 1, e, 0.0) for o, row in enumerate(past) for u, e in zip([*names, "t"], [*row, row.sum()], strict=True)],
        columns=["unit", "origin", "horizon", "actual", "median"],
    )  # fmt: skip
    truth = errors_together(5, 4000)
    middle = np.array([400.0, 300, 200, 100])
    z = 1.2816
    spread = np.r_[truth.std(axis=0), truth.sum(axis=1).std()] * z
    all_ = np.r_[middle, middle.sum()]
    ahead = pd.DataFrame(
        {"unit": [*names, "t"], "year": 2026, "median": all_, "lower_80": all_ - spread, "upper_80": all_ + spread}
    )
    rules = [{"unit": "a", "kind": "closes", "from_year": 2026}]
    after = carried(ahead, tested, [("t", names)], rules).set_index("unit")
    assert after.loc["t", "median"] == pytest.approx(600)
    assert after.loc[names, "median"].sum() == pytest.approx(after.loc["t", "median"])
    assert (bool(after.loc["a", "assumed"]), bool(after.loc["t", "moved"])) == (True, True)
    came = 600 + truth[:, 1:].sum(axis=1)
    held = np.mean((came >= after.loc["t", "lower_80"]) & (came <= after.loc["t", "upper_80"]))
    assert 0.74 <= held <= 0.9
    doubled = carried(ahead, tested, [("t", names)], [{**rules[0], "kind": "scales", "by": 2}]).set_index("unit")
    came = 1400 + truth.sum(axis=1) + truth[:, 0]
    held = np.mean((came >= doubled.loc["t", "lower_80"]) & (came <= doubled.loc["t", "upper_80"]))
    assert 0.74 <= held <= 0.9


def test_growth_starts_from_the_last_known_value_and_reaches_the_total_above() -> None:
    ahead = pd.DataFrame({"unit": ["t", "a", "b"] * 2, "year": [2026] * 3 + [2027] * 3})
    ahead["median"] = [100.0, 60, 40, 110, 66, 44]
    none = pd.DataFrame(columns=["unit", "origin", "horizon", "actual", "median"])
    rules = [{"unit": "a", "kind": "grows", "from_year": 2026, "by": 0.1}]
    after = carried(ahead, none, [("t", ["a", "b"])], rules, {"a": (2025, 50.0)})
    assert after["median"].tolist() == pytest.approx([95, 55, 40, 104.5, 60.5, 44])


def grounds(table: pd.DataFrame, most: int = 3) -> models.Grounds:
    parts = measures.parts(table, 2023, most=most)
    panel = table[table.partner.eq("WLD")].rename(columns={"series_id": "unit"})[["unit", "year", "value"]]
    made = models.adding_up(panel, parts)
    return models.Grounds(table, parts, made.every, made.errors, 2023)


def declared(**changes: object) -> Scenario:
    told = {"name_en": "a", "name_zh": "b", "subject": "XXX", "kind": "closes", "from_year": 2025}
    return Scenario(**{**told, "direction": "inbound", "partners": ("KOR",), **changes})  # type: ignore[arg-type]


def test_declared_scenarios_become_a_table_or_a_reason() -> None:
    on = grounds(country(6))
    cases = [
        declared(),
        declared(name_en="past", from_year=2020),
        declared(name_en="beyond", from_year=2040),
        declared(name_en="no_part", partners=("ITA",)),
        declared(name_en="all", partners=(), direction=None, kind="grows", by=0.0),
    ]
    found = models.scenarios(cases, on)
    told = found[found.name_en.eq("a")].set_index("year")
    own = on.outlook[on.outlook.unit.str.endswith("KOR")].set_index("year")["median"]
    assert told.loc[2024, "median"] == told.loc[2024, "base"]
    np.testing.assert_allclose(told.loc[[2025, 2026], "base"] - told.loc[[2025, 2026], "median"], own[[2025, 2026]])
    last = on.series[on.series.partner.eq("WLD")]["value"].iloc[-1]
    assert found[found.name_en.eq("all")].query("year >= 2025")["median"].iloc[0] != last  # from the year before it
    assert found[found.year.isna()].set_index("name_en")["reason"].to_dict() == {n: n for n in ("past", "beyond", "no_part")}  # fmt: skip
    with pytest.raises(SettingsError, match=r"no inbound figure of 'KOS'\. Did you mean KOR"):
        models.scenarios([declared(partners=("KOS",))], on)
    with pytest.raises(SettingsError, match=r"no total of 'stok'.*stock"):
        models.scenarios([declared(partners=(), measure="stok")], on)


def world(effect: float, units: int = 40, seed: int = 0) -> pd.DataFrame:
    """Partners' series in which three of them change by `effect` (log) from 2018 on."""
    rng = np.random.default_rng(seed)
    codes = [f"{a}{b}{c}" for a in "ABC" for b in "ABCD" for c in "ABCD"][:units]
    lines = {
        code: list(np.exp(6 + 0.03 * np.arange(12) + rng.normal(0, 0.03, 12).cumsum() + effect * (k < 3) * (np.arange(12) >= 8)))
        for k, code in enumerate(codes)
    }  # fmt: skip
    return series(lines, 2010)


def event(**changes: object) -> PolicyEvent:
    told = {
        "label_en": "e",
        "label_zh": "z",
        "subjects": ("XXX",),
        "countries": ("AAA", "AAB", "AAC"),
        "kind": "visa_rule",
    }
    return PolicyEvent(**{**told, "direction": "inbound", "source": "s", "year": 2018, **changes})  # type: ignore[arg-type]  # fmt: skip


def test_a_simulated_event_is_seen_with_its_size_and_band() -> None:
    policy, path = models.policy_events([event()], world(-0.4), "XXX")
    row = policy.iloc[0]
    assert (row.verdict, row.treated, row.others, row.first_year, row.last_year) == ("association", 3, 37, 2013, 2020)
    assert row.pct == pytest.approx(100 * np.expm1(-0.4), abs=6)
    assert row.pct < row.lower < 0 < row.upper
    assert path["year"].tolist() == list(range(2013, 2021))
    assert path.set_index("year").loc[2017, "pct"] == 0
    assert (path["lower"] <= 0).all()
    assert (path["upper"] >= 0).all()
    verdicts = [models.policy_events([event()], world(0, seed=s), "XXX")[0].verdict[0] for s in range(10)]
    assert verdicts.count("association") <= 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"year": 2030}, "too_late"),
        ({"year": 2012}, "too_few_years_before"),
        ({"countries": ("ZZZ",)}, "treated_not_complete"),
        ({"direction": "outbound"}, "no_series"),
    ],
)
def test_what_cannot_be_told_has_a_reason(changes: dict, reason: str) -> None:
    policy, path = models.policy_events([event(**changes)], world(0), "XXX")
    assert (policy.verdict[0], policy.reason[0]) == ("cannot_tell", reason)
    assert path.empty


def test_hidden_and_few_partners_are_left_out_and_groups_are_known() -> None:
    table = world(0)
    hidden = {("inbound", "AAA")}
    assert models.policy_events([event()], table, "XXX", hidden)[0].treated[0] == 2
    small = table.assign(value=table["value"].where(~table.partner.eq("AAB") | table.year.ne(2015), 3.0))
    assert models.policy_events([event()], small, "XXX", hidden, least=5)[0].treated[0] == 1
    with pytest.raises(SettingsError, match="no group 'asian'"):
        models.policy_events([event(countries=("asian",))], table, "XXX")


def test_a_lean_and_shared_errors_are_found() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for origin in range(2000, 2015):
        common = rng.normal()
        for unit in "abcdef":
            for h in (1, 2):
                rows.append((unit, origin, h, 100 + 2 * h + common + rng.normal(0, 0.5), 100.0, 100.0))
    tested = pd.DataFrame(rows, columns=["unit", "origin", "horizon", "actual", "median", "naive"])
    tested = tested.assign(lower_80=99.0, upper_80=103.0, lower_95=97.0, upper_95=106.0)
    checks = models.error_checks(tested)
    assert checks["horizon"].tolist() == [1, 2]
    assert (checks["bias_lower"] > 0).all()
    assert checks["bias"].is_monotonic_increasing
    assert checks.loc[0, "held_80"] == pytest.approx(tested[tested.horizon.eq(1)].actual.between(99, 103).mean())
    assert models.shared_errors(tested)["p"] < 0.05
    alone = tested.assign(actual=100 + rng.normal(size=len(tested)))
    found = models.shared_errors(alone)
    assert abs(found["correlation"]) < 0.2


def test_origins_and_levels_of_the_united_states_add_up(real_data: Path) -> None:
    from pipeline.records import clean

    cleaned = clean([real_data / "open-doors-2025"], engine="pandas")
    table = measures.series(cleaned.counts, "USA", ("world", "region", "country"))
    parts = measures.parts(table, 2025)
    assert {"IND", "CHN", "others"} <= set(parts[parts.by.eq("partner")]["part"])
    assert set(parts[parts.by.eq("level")]["part"]) == {"5-6", "7-8", "others"}
    total = table[table.series_id.eq(parts.total.iloc[0])].set_index("year")["value"]
    for _, split in parts.groupby("by"):
        summed = split.groupby("year")["value"].sum()
        np.testing.assert_allclose(summed, total.reindex(summed.index))
