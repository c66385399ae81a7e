"""Cleaning the example university, scored against what is true of every row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def truth(example_made: Path) -> dict[str, pd.DataFrame]:
    """What is true: `rows` by file and line, `stays` by stay_id."""
    rows = pd.read_csv(example_made / "truth" / "rows.csv", dtype=str, keep_default_na=False)
    stays = pd.read_csv(example_made / "truth" / "stays.csv", dtype=str, keep_default_na=False)
    rows["line"] = rows["line"].astype("Int64")
    return {"rows": rows, "stays": stays.set_index("stay_id")}


@pytest.fixture(scope="module")
def cleaned(example_cleaned: Any) -> Any:
    return example_cleaned


@pytest.fixture(scope="module")
def kept(cleaned: Any, truth: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows that were kept, with the truth beside them (columns `t_…` of the row, `s_…` of the stay)."""
    rows = truth["rows"].add_prefix("t_").rename(columns={"t_file": "file", "t_line": "line"})
    both = cleaned.stays.merge(rows, on=["file", "line"], how="left", validate="one_to_one")
    assert both["t_student"].notna().all()
    return both.join(truth["stays"].add_prefix("s_"), on="t_stay_id")


@pytest.fixture(scope="module")
def fates(cleaned: Any, truth: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every row of the truth with what became of it: kept, rejected, or merged (in neither table)."""
    rows = truth["rows"].set_index(["file", "line"])
    rows["fate"] = "merged"
    for fate, table in (("kept", cleaned.stays), ("rejected", cleaned.rejected[cleaned.rejected["table"] == "stays"])):
        places = pd.MultiIndex.from_frame(table[["file", "line"]])
        assert places.isin(rows.index).all()
        rows.loc[places, "fate"] = fate
    return rows


def test_every_row_of_the_files_is_in_the_truth_and_the_ledger_balances(cleaned: Any, fates: pd.DataFrame) -> None:
    ledger = cleaned.ledger[cleaned.ledger["table"] == "stays"].set_index("file")
    assert (ledger["rows_read"] == fates.groupby("file").size()).all()
    counted = fates.groupby(["file", "fate"]).size().unstack(fill_value=0)
    for fate in ("kept", "rejected", "merged"):
        assert (ledger[f"rows_{fate}"] == counted[fate]).all(), fate


def test_countries_are_right_and_hardly_ever_wrong_without_a_word(
    kept: pd.DataFrame, fates: pd.DataFrame, cleaned: Any
) -> None:
    inbound = kept["direction"] == "inbound"
    found = kept["origin"].where(inbound, kept["destination"])
    wrong = found != kept["t_country"]
    assert wrong.mean() <= 0.001, kept[wrong][["file", "line", "t_country"]].head()
    refused = cleaned.rejected[cleaned.rejected["column"].isin(["origin", "destination"])]
    spurious = fates.loc[pd.MultiIndex.from_frame(refused[["file", "line"]]), "reject"].eq("").sum()
    tellable = fates["reject"].eq("").sum()
    assert 1 - (wrong.sum() + spurious) / tellable >= 0.995


def test_what_must_be_rejected_is_and_nothing_else(fates: pd.DataFrame) -> None:
    must = fates["reject"] != ""
    assert (fates[must]["fate"] == "rejected").all(), fates[must & (fates["fate"] != "rejected")]
    spurious = fates[~must & (fates["fate"] == "rejected")]
    assert len(spurious) / (~must).sum() <= 0.0005, spurious


def test_rejections_name_the_column_that_is_wrong(cleaned: Any, fates: pd.DataFrame) -> None:
    blamed = {
        "unknown_country": {"origin", "destination"},
        "missing_country": {"origin", "destination"},
        "same_country": {"origin", "destination"},
        "missing_student": {"student_id"},
        "impossible_start": {"start"},
        "missing_start": {"start"},
        "start_out_of_range": {"start"},
        "end_before_start": {"start", "end"},
    }
    stays = cleaned.rejected[cleaned.rejected["table"] == "stays"].set_index(["file", "line"])
    joined = stays.join(fates["reject"])
    for reason, columns in blamed.items():
        named = joined[joined["reject"] == reason]
        assert len(named) > 0, reason
        assert set(named["column"]) <= columns, reason
        assert named["reason"].str.len().gt(0).all(), reason


def test_duplicates_are_found_and_real_stays_are_left_apart(fates: pd.DataFrame) -> None:
    fit = fates[fates["reject"] == ""]
    duplicate, merged = fit["duplicate_of"] != "", fit["fate"] == "merged"
    assert duplicate.sum() > 400
    assert (duplicate & merged).sum() / merged.sum() >= 0.99, fit[merged & ~duplicate]
    assert (duplicate & merged).sum() / duplicate.sum() >= 0.99, fit[duplicate & ~merged]


def test_two_stays_of_one_student_in_one_month_are_both_kept(fates: pd.DataFrame) -> None:
    stays = fates[(fates["reject"] == "") & (fates["duplicate_of"] == "")]
    month = stays["start"].str[:7]
    together = stays.groupby([stays["student"], stays["direction"], stays["country"], month])["stay_id"].transform(
        "size"
    )
    pairs = stays[together > 1]
    assert len(pairs) > 40
    assert (pairs["fate"] == "kept").mean() >= 0.99


def test_dates_are_right(kept: pd.DataFrame) -> None:
    for column in ("start", "end"):
        text = kept[column].dt.strftime("%Y-%m-%d").astype(object).fillna("")
        own = kept["t_duplicate_of"].eq("") & kept[f"t_{column}"].ne("")
        by_month = kept[f"t_{column}_by_month"].eq("1")
        true = kept[f"t_{column}"]
        right = (text == true) | (by_month & (text.str[:7] == true.str[:7]))
        assert own.sum() > 20_000, column
        assert right[own].mean() >= 0.995, kept[own & ~right][["file", "line", column, f"t_{column}"]].head()


def test_one_pseudonym_a_student_and_no_student_number_anywhere(kept: pd.DataFrame, cleaned: Any) -> None:
    assert kept.groupby("t_student")["student_key"].nunique().max() == 1
    assert kept.groupby("student_key")["t_student"].nunique().max() == 1
    numbers = set(kept["t_student"])
    for name in ("stays", "rejected", "unresolved"):
        table = getattr(cleaned, name)
        for column in table.select_dtypes(include=["object", "string"]):
            assert not numbers & set(table[column].dropna().astype(str)), (name, column)


CODED = ["mode", "level", "field", "home_field", "gender", "funder", "currency", "language_test", "language_entry"]
CODED += ["language_exit", "visa_result", "outcome", "agreement_id"]


@pytest.mark.parametrize("column", CODED)
def test_codes_are_right_or_missing(kept: pd.DataFrame, column: str) -> None:
    given = kept[column].notna() & ~(kept[column].eq("unknown") & kept[f"s_{column}"].eq(""))
    wrong = given & (kept[column] != kept[f"s_{column}"])
    assert given.sum() > 1000
    assert wrong.sum() / given.sum() <= 0.001, kept[wrong][[column, f"s_{column}", "file", "line"]].head()


NUMBERS = ["grant_amount", "credits_attempted", "credits_recognised", "degrees_awarded", "joint_publications"]
NUMBERS += ["satisfaction", "birth_year"]


@pytest.mark.parametrize("column", NUMBERS)
def test_numbers_are_right_and_a_gap_never_becomes_nought(kept: pd.DataFrame, column: str) -> None:
    true = pd.to_numeric(kept[f"s_{column}"])
    given = kept[column].notna()
    assert given.sum() > 1000
    assert (kept[column].astype(float) == true)[given].mean() >= 0.999
    assert not (given & true.isna()).any()
    assert (given | true.isna()).mean() > 0.9
