"""The disclosure gate: what it hides cannot be worked out, by its own auditor or by trying every table that fits."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError, SettingsError
from pipeline.measures import Layout, audit, balance, concentration, counted, partners, protect
from pipeline.measures.disclosure.rounding import round_half_up

FEW = {"minimum_count": 5, "minimum_base": 20}
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
SMALL = st.one_of(st.just(0), st.integers(0, 6), st.integers(0, 60))


def tidy(counts: np.ndarray, names: str = "abc") -> pd.DataFrame:
    """A table of every combination of members and totals, one row a cell."""
    rows = []
    for place in product(*[[*range(size), None] for size in counts.shape]):
        index = tuple(slice(None) if p is None else p for p in place)
        members = ["all" if p is None else f"{names[axis]}{p}" for axis, p in enumerate(place)]
        rows.append([*members, int(counts[index].sum())])
    return pd.DataFrame(rows, columns=[*names[: counts.ndim], "stays"])


def matrices(*shape_ranges: tuple[int, int]) -> st.SearchStrategy[np.ndarray]:
    return st.tuples(*[st.integers(*r) for r in shape_ranges]).flatmap(
        lambda shape: st.lists(SMALL, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))).map(
            lambda values: np.array(values).reshape(shape)
        )
    )


def promises_hold(table: pd.DataFrame, safe: pd.DataFrame) -> None:
    """What every protected table keeps: nothing small shown, nothing shown changed, no 0 hidden, nothing exposed."""
    shown = safe["stays"].notna()
    assert (safe.loc[shown, "stays"] == table.loc[shown, "stays"]).all()
    assert not safe.loc[shown, "stays"].between(1, 4).any()
    assert shown[table["stays"].eq(0)].all()
    assert (safe["status"].eq("C") == ~shown).all()
    attack = audit(safe, FEW)
    assert not attack["exposed"].any()
    assert len(attack) == (~shown).sum()
    truth = table["stays"].iloc[attack["row"]].to_numpy()
    assert ((attack["lower"] <= truth) & (truth <= attack["upper"])).all()


@QUICK
@given(matrices((1, 5), (1, 5)))
def test_no_cell_of_a_table_with_margins_can_be_worked_out(counts: np.ndarray) -> None:
    table = tidy(counts)
    promises_hold(table, protect(table, FEW))


@settings(QUICK, max_examples=15)
@given(matrices((2, 3), (2, 3), (2, 3)))
def test_nor_of_one_in_three_dimensions(counts: np.ndarray) -> None:
    table = tidy(counts)
    promises_hold(table, protect(table, FEW))


@QUICK
@given(matrices((1, 4), (1, 4)))
def test_protecting_twice_changes_nothing_more(counts: np.ndarray) -> None:
    once = protect(tidy(counts), FEW)
    pd.testing.assert_frame_equal(protect(once, FEW), once)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(matrices((2, 2), (2, 3)))
def test_trying_every_table_that_fits_finds_at_least_two_values_for_each_hidden_cell(counts: np.ndarray) -> None:
    counts = np.minimum(counts, 7)
    shown = protect(tidy(counts), FEW)["stays"].to_numpy()
    hidden = np.isnan(shown)
    candidates = np.indices((9,) * counts.size).reshape(counts.size, -1).T.reshape(-1, *counts.shape)
    wide = np.concatenate([candidates, candidates.sum(axis=2, keepdims=True)], axis=2)
    cells = np.concatenate([wide, wide.sum(axis=1, keepdims=True)], axis=1).reshape(len(candidates), -1)
    fits = cells[np.all((cells == shown) | (hidden & (cells > 0)), axis=1)]
    assert len(fits)
    assert all(len(np.unique(fits[:, cell])) > 1 for cell in np.flatnonzero(hidden))


@QUICK
@given(matrices((2, 4), (2, 4)))
def test_tables_that_share_a_margin_are_protected_against_one_another(by_mode: np.ndarray) -> None:
    first = tidy(by_mode, "am")
    rows = [(f"a{i}", f"l{j}", v) for i, row in enumerate(by_mode) for j, v in enumerate([row[0], row[1:].sum()])]
    second = pd.DataFrame(rows, columns=["a", "l", "stays"])
    sums = second.groupby("a", as_index=False)["stays"].sum().assign(l="all")
    second = pd.concat([second, sums], ignore_index=True)
    same = {
        n: Layout(dims=d, counts={"stays": {}}, universe="u") for n, d in {"x": ("a", "m"), "y": ("a", "l")}.items()
    }
    tables = {"x": first, "y": second}
    safe = protect(tables, FEW, same)
    assert not audit(safe, FEW, same)["exposed"].any()
    for i in range(len(by_mode)):
        margins = [
            t.loc[t["a"].eq(f"a{i}") & t[d].eq("all"), "stays"].item() for t, d in ((safe["x"], "m"), (safe["y"], "l"))
        ]
        assert np.isnan(margins[0]) == np.isnan(margins[1])


def test_the_smallest_enough_is_hidden_beside_a_small_cell() -> None:
    table = pd.DataFrame({"country": [*"ABCDE", "total"], "stays": [40, 3, 9, 0, 25, 77]})
    safe = protect(table, FEW)
    assert safe.loc[safe["status"].eq("C"), "country"].tolist() == ["B", "C"]
    assert safe["stays"].dropna().tolist() == [40, 0, 25, 77]


def test_two_small_cells_whose_sum_gives_both_away_need_a_third() -> None:
    table = pd.DataFrame({"country": ["A", "B", "C", "total"], "stays": [1, 1, 30, 32]})
    assert protect(table, FEW)["stays"].isna().sum() == 3


def test_what_follows_from_a_hidden_number_is_hidden_too() -> None:
    table = pd.DataFrame(
        {
            "direction": "inbound",
            "measure": "stays",
            "publisher": "u",
            "level": "all",
            "mode": "all",
            "funding": "all",
            "year": 2024,
            "period": "2023/24",
            "partner": ["KOR", "DEU", "FRA", "ITA"],
            "value": [50.0, 30.0, 9.0, 3.0],
            "previous_year": 2023,
            "previous": [40.0, 3.0, 25.0, 12.0],
            "change": [10.0, 27.0, -16.0, -9.0],
            "pct": [25.0, 900.0, -64.0, -75.0],
            "share": [54.3, 32.6, 9.8, 3.3],
            "rank": [1, 2, 3, 4],
            "total": 92.0,
        }
    )
    safe = protect({"partners": table}, FEW)["partners"].set_index("partner")
    assert safe.loc["KOR", ["value", "change", "pct", "share", "rank"]].tolist() == [50, 10, 25, 54.3, 1]
    assert safe.loc["DEU", ["value", "total"]].tolist() == [30, 92]
    assert safe.loc["DEU", ["previous", "change", "pct"]].isna().all()
    assert safe.loc[["FRA", "ITA"], ["value", "change", "share", "rank"]].isna().all(axis=None)
    assert safe.loc[["DEU", "FRA", "ITA"], "status"].eq("C").all()


def rates(ns: dict[str, int], ks: dict[str, int], indicator: str = "visa_refusal") -> pd.DataFrame:
    groups = {"all": None} | dict.fromkeys(ns)
    n = pd.Series({g: ns.get(g, sum(ns.values())) for g in groups})
    k = pd.Series({g: ks.get(g, sum(ks.values())) for g in groups}, dtype=float)
    table = pd.DataFrame({"group": n.index, "n": n.to_numpy(), "k": k.to_numpy()})
    table["value"] = 100 * table["k"] / table["n"]
    return table.assign(
        indicator=indicator, group_by="mode", lower=table["value"] - 1, upper=table["value"] + 1, missing=0
    )


def test_rates_on_few_people_and_few_people_in_a_rate_are_hidden() -> None:
    table = rates({"a": 200, "b": 300, "c": 12, "d": 150, "e": 400}, {"a": 60, "b": 3, "c": 6, "d": 148, "e": 90})
    safe = protect({"outcomes": table}, FEW)["outcomes"].set_index("group")
    gone = safe["value"].isna()
    assert gone[["b", "c", "d"]].all()  # 3 people; a base of 12; all but 2 people
    assert not gone["all"]
    assert safe.loc[gone, ["k", "lower", "upper"]].isna().all(axis=None)
    assert safe.loc[["a", "b", "c", "d", "e"], "n"].tolist() == [200, 300, 12, 150, 400]
    assert not audit({"outcomes": safe.reset_index()}, FEW)["exposed"].any()


def test_outcomes_of_one_base_do_not_give_one_another_away() -> None:
    ns = {"a": 100, "b": 100}
    done, left, more = {"a": 90, "b": 80}, {"a": 3, "b": 10}, {"a": 7, "b": 10}
    table = pd.concat(
        [rates(ns, done, "completion"), rates(ns, left, "withdrawal"), rates(ns, more, "extension")], ignore_index=True
    )
    safe = protect({"outcomes": table}, FEW)["outcomes"].set_index(["indicator", "group"])
    assert pd.isna(safe.loc[("withdrawal", "a"), "value"])
    hidden = safe["k"].isna()
    assert hidden.groupby("group").sum()["a"] >= 2
    assert not audit({"outcomes": safe.reset_index()}, FEW)["exposed"].any()


def test_one_hidden_mean_takes_another_with_it() -> None:
    table = rates({"a": 100, "b": 50, "c": 8}, {}, "satisfaction").assign(k=np.nan, value=[4.0, 4.1, 3.9, 3.2])
    safe = protect({"outcomes": table}, FEW)["outcomes"].set_index("group")
    assert pd.isna(safe.loc["c", "value"])
    assert safe["value"].isna().sum() >= 2


def test_growth_over_years_rests_on_no_hidden_year() -> None:
    key = {
        "direction": "inbound",
        "measure": "stays",
        "level": "all",
        "mode": "all",
        "funding": "all",
        "partner": "WLD",
        "publisher": "u",
    }
    series = pd.DataFrame({**key, "year": [2022, 2023, 2024], "value": [3.0, 30.0, 60.0]})
    line = pd.DataFrame(
        {
            **key,
            "year": [2024],
            "value": [60.0],
            "previous": [30.0],
            "change": [30.0],
            "pct": [100.0],
            "cagr": [347.2],
            "cagr_from": [2022],
        }
    )
    safe = protect({"series": series, "headline": line}, FEW)
    assert safe["series"]["value"].isna().tolist() == [True, False, False]
    assert pd.isna(safe["headline"]["cagr"].item())
    assert safe["headline"]["pct"].item() == 100


def test_the_balance_hides_what_the_partners_hide() -> None:
    rows = [("inbound", p) for p, n in {"KOR": 30, "DEU": 3, "FRA": 8, "ITA": 25}.items() for _ in range(n)]
    rows += [("outbound", p) for p, n in {"KOR": 40, "DEU": 12, "FRA": 9}.items() for _ in range(n)]
    stays = pd.DataFrame(rows, columns=["direction", "partner"]).assign(
        mode="exchange", year=2024, academic_year="2023/24", source="u"
    )
    inbound = stays["direction"].eq("inbound")
    stays = stays.assign(
        origin=stays["partner"].where(inbound, "CHN"), destination=stays["partner"].where(~inbound, "CHN")
    )
    tables = protect({"partners": partners(stays, "u", 2024), "balance": balance(stays, year=2024)}, FEW)
    listed = tables["partners"].set_index(["direction", "partner"])["value"]
    even = tables["balance"].set_index("partner")
    assert pd.isna(listed["inbound", "DEU"])
    assert pd.isna(even.loc["DEU", ["inbound", "net", "ratio", "inbound_share"]]).all()
    for direction, partner in listed.index:
        assert pd.isna(listed[direction, partner]) == pd.isna(even.loc[partner, direction])
    assert not audit(tables, FEW)["exposed"].any()


def test_all_that_is_counted_of_an_institution_is_protected_together() -> None:
    sizes = {("inbound", "KOR", "exchange"): 30, ("inbound", "KOR", "degree"): 2, ("inbound", "DEU", "dual_degree"): 9}
    sizes |= {
        ("inbound", "FRA", "exchange"): 25,
        ("outbound", "DEU", "exchange"): 40,
        ("outbound", "ITA", "lecture"): 3,
    }
    rows = [key for key, n in sizes.items() for _ in range(n)]
    stays = pd.DataFrame(rows, columns=["direction", "partner", "mode"])
    inbound = stays["direction"].eq("inbound")
    stays = stays.assign(
        source="u",
        origin=stays["partner"].where(inbound, "CHN"),
        destination=stays["partner"].where(~inbound, "CHN"),
        level="7",
        year=2024,
        academic_year="2023/24",
        months=5.0,
    )
    safe = protect(counted(stays, "u", 2024), FEW)
    assert not audit(safe, FEW)["exposed"].any()
    series = safe["series"].query("level == 'all'").set_index(["direction", "mode"])["value"]
    profile = safe["profile"].set_index(["direction", "mode"])["stays"]
    assert pd.isna(profile["inbound", "degree"])
    assert all(pd.isna(series[place]) == pd.isna(profile[place]) for place in profile.index)


def listing(values: dict[str, float]) -> pd.DataFrame:
    key = dict.fromkeys(("level", "mode", "funding"), "all") | {
        "direction": "inbound",
        "measure": "stays",
        "publisher": "u",
    }
    rows = pd.DataFrame({"partner": list(values), "value": list(values.values())}).assign(
        **key, year=2024, period="2023/24"
    )
    return rows.assign(total=rows["value"].sum(), previous=np.nan, previous_year=pd.NA)


def test_concentration_is_hidden_when_it_would_solve_for_the_hidden() -> None:
    few = listing({"A": 100, "B": 60, "C": 7, "D": 3})
    safe = protect({"partners": few, "concentration": concentration(few)}, FEW)
    assert safe["partners"]["value"].isna().sum() == 2
    assert safe["concentration"]["hhi"].isna().all()
    many = listing({"A": 100, "B": 60, "C": 4, "D": 3, "E": 2, "F": 1})
    safe = protect({"partners": many, "concentration": concentration(many)}, FEW)
    assert safe["concentration"]["hhi"].item() == round(sum(v**2 for v in (100, 60, 4, 3, 2, 1)) / 170**2, 3)
    with pytest.raises(InputError, match="only beside partners"):
        protect({"concentration": concentration(many)}, FEW)


def test_virtual_stays_are_no_part_of_all_stays() -> None:
    key = {
        "direction": "inbound",
        "measure": "stays",
        "level": "all",
        "funding": "all",
        "partner": "WLD",
        "publisher": "u",
        "year": 2024,
    }
    series = pd.DataFrame(
        [{**key, "mode": m, "value": v} for m, v in {"all": 70, "exchange": 40, "degree": 30, "virtual": 3}.items()]
    )
    assert protect({"series": series}, FEW)["series"]["value"].isna().tolist() == [False, False, False, True]


def test_a_cross_table_is_protected_as_it_stands() -> None:
    wide = pd.DataFrame({"country": ["A", "B", "total"], "in": [30, 3, 33], "out": [20, 40, 60], "total": [50, 43, 93]})
    safe = protect(wide, FEW)
    assert safe.loc[1, ["in", "out"]].isna().all()
    assert safe.loc[0, ["in", "out"]].isna().all()
    assert safe["total"].tolist() == [50, 43, 93]
    assert not audit(safe, FEW)["exposed"].any()


def test_the_auditor_finds_what_a_careless_table_gives_away() -> None:
    wide = pd.DataFrame(
        {"country": ["A", "B", "total"], "in": [30, None, 33], "out": [20, 40, 60], "total": [50, None, 93]}
    )
    found = audit(wide)
    assert found[["lower", "upper", "exposed"]].to_numpy().tolist() == [[3, 3, True], [43, 43, True]]
    two = pd.DataFrame(
        {"country": ["A", "B", "C", "total"], "stays": [None, None, 9, 12], "status": ["C", "C", "A", "A"]}
    )
    assert audit(two)[["lower", "upper"]].to_numpy().tolist() == [[1, 2], [1, 2]]
    assert audit(two, FEW)["exposed"].all()
    assert not audit(two)["exposed"].any()


def test_a_number_that_nobody_knew_is_no_suppressed_one() -> None:
    table = pd.DataFrame({"country": ["A", "B", "total"], "stays": [None, 9, 12], "status": ["M", "A", "A"]})
    assert audit(table).empty


def test_a_folder_of_data_files_is_attacked_as_one(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "data").mkdir()
    key = {
        "direction": "inbound",
        "measure": "stays",
        "level": "all",
        "mode": "all",
        "funding": "all",
        "publisher": "u",
        "year": 2024,
    }
    series = pd.DataFrame([{**key, "partner": "WLD", "value": 20.0, "status": "A"}])
    partners = pd.DataFrame(
        [
            {**key, "partner": p, "value": v, "previous": None, "total": None, "status": s}
            for p, v, s in [("A", 17.0, "A"), ("B", None, "C")]
        ]
    )
    series.to_csv(folder / "data" / "series.csv", index=False)
    outlook = pd.DataFrame({"series_id": "s", "median": [5.0, None], "lower_80": [4.0, None], "upper_80": [6.0, None]})
    outlook.to_csv(folder / "data" / "outlook.csv", index=False)
    partners.to_csv(folder / "data" / "partners.csv", index=False)
    found = audit(folder)
    exposed = found[found["exposed"]]
    assert exposed[["table", "row", "column", "lower"]].to_numpy().tolist() == [["data/partners", 1, "value", 3.0]]
    empty = folder / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no data file"):
        audit(empty)
    with pytest.raises(InputError, match="is not a folder"):
        audit(folder / "nowhere")


def test_rounding_is_half_up_and_hides_rates_on_few() -> None:
    assert round_half_up(pd.Series([0, 2, 2.5, 7, 7.5, 12]), 5).tolist() == [0, 0, 5, 5, 10, 10]
    table = rates({"a": 22, "b": 23}, {"a": 11, "b": 12})
    safe = protect({"outcomes": table}, {"method": "round"})["outcomes"].set_index("group")
    assert safe["n"].tolist() == [45, 20, 25]
    assert safe["value"].isna().tolist() == [False, True, False]
    assert safe.loc["b", "value"] == pytest.approx(100 * 12 / 23)
    net = pd.DataFrame({"partner": ["A"], "inbound": [13], "outbound": [7], "net": [6], "year": [2024]})
    rounded = protect({"balance": net}, {"method": "round"})["balance"]
    assert rounded[["inbound", "outbound", "net"]].to_numpy().tolist() == [[15, 5, 10]]


def test_a_misspelt_policy_is_refused() -> None:
    with pytest.raises(SettingsError, match="Did you mean minimum_count"):
        protect(pd.DataFrame({"a": ["x"], "n": [1]}), {"minimum_cont": 5})
    with pytest.raises(InputError, match="no column that counts people"):
        protect(pd.DataFrame({"a": ["x"]}), FEW)


def test_hundreds_of_cells_in_three_dimensions_keep_most_of_their_numbers() -> None:
    rng = np.random.default_rng(3)
    table = tidy(rng.negative_binomial(0.4, 0.02, size=(20, 2, 12)))
    safe = protect(table, FEW)
    assert len(table) == 21 * 3 * 13
    assert not safe["stays"].between(1, 4).any()
    assert 0 < safe["stays"].isna().sum() < 0.4 * len(table)


def test_a_table_too_small_for_any_part_of_it_is_hidden_whole():
    from pipeline.measures import outcome_rates

    stays = pd.DataFrame({"outcome": ["completed"] * 24, "mode": ["exchange"] * 20 + ["lecture"] * 4})
    safe = protect({"outcomes": outcome_rates(stays, "mode", ["completion", "withdrawal"])}, {"minimum_base": 20})[
        "outcomes"
    ]
    hidden = safe[safe["group"].eq("lecture")]
    assert hidden["value"].isna().all()
    assert hidden["n"].isna().all()
    assert not audit({"outcomes": safe})["exposed"].any()


def test_a_part_that_names_the_cell_of_its_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="k is a part of n, yet both name the same cell"):
        Layout(dims=("mode",), counts={"n": {}, "k": {}}, parts={"k": "n"})
    Layout(dims=("mode",), counts={"n": {}, "k": {"answer": "yes"}}, parts={"k": "n"})
