"""Separation: the published examples of ppmlhdfe, each with the flows that its authors found to be separated.

Correia, Guimarães & Zylkin, "Primer on statistical separation" and "Statistical separation in Poisson models across different
statistical packages" (github.com/sergiocorreia/ppmlhdfe, guides), with the data that are printed there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import pipeline
from pipeline.models.separation import separated


def table(text: str) -> pd.DataFrame:
    """A printed table: headings, then rows parted by semicolons."""
    head, *rows = text.split(";")
    return pd.DataFrame([[float(v) for v in row.split()] for row in rows], columns=head.split())


PRINTED = {  # name: (table, columns of fixed effects, rows that are separated, counted from 1)
    "one regressor": ("y x; 0 1; 0 1; 0 0; 1 0; 2 0; 3 0", [], [1, 2]),
    "a combination of two regressors": ("y x1 x2; 0 2 -1; 0 -1 2; 0 0 0; 1 0 0; 2 5 -10; 3 6 -12", [], [1]),
    "one effect": ("y id; 0 1; 0 1; 0 2; 1 2; 2 3; 3 3", ["id"], [1, 2]),
    "two effects together": ("y id1 id2; 0 1 1; 1 1 1; 0 2 1; 0 2 2; 1 2 2", ["id1", "id2"], [3]),
    "two effects that overlap after all": (
        "y id1 id2; 0 1 1; 1 1 1; 0 2 1; 0 2 2; 1 2 2; 1e-6 2 1; 1e-6 2 1; 1e-6 2 1",
        ["id1", "id2"],
        [],
    ),
    "no package converges": (
        "y x1 x2 x3; 0 0 1 0; 0 0 0 0; 0 0 0 0; 0 0 0 0; 0 1 9 0; 2 21 21 21; 3 0 0 0; 5 0 0 0; 7 0 0 0; 10 -18 -18 0",
        [],
        [1, 5],
    ),
    "example1": (
        "y x1 x2 x3 x4; 0 0 0 2 10; 0 0 0 0 -2; 0 0 0 0 6; 0 0 0 4 5; 0 1 0 0 3; 2 0 0 0 3; 2 0 0 0 4; 2 0 0 -2 15; "
        "2 0 0 0 -7; 4 0 0 -3 15; 6 -3 -3 0 4; 6 0 0 0 4",
        [],
        [5],
    ),
    "fe3": (
        "y x1 i j; 0 0 1 1; 0 3 1 1; 0 -2 1 1; 0 2 1 3; 0 2 1 5; 0 0 1 6; 0 7 4 1; 0 1 4 4; 0 2 4 5; 0 1 6 1; 0 -2 8 4; "
        "0 3 8 6; 1 -5 1 1; 1 1 1 3; 5 -2 6 3; 7 2 1 3",
        ["i", "j"],
        [
            5,
            6,
            7,
            8,
            9,
            11,
            12,
        ],  # where the certificate z that the guide prints is positive; its text says 8 rows are dropped
    ),
}
COUNTED = {  # of these the guides print no list of rows: that there are some
    "fe1": (
        "y x1 x2 i j; 2 0 0 2 1; 0 0 0 4 2; 0 0 0 1 1; 1 1 0 4 3; 0 0 1 2 2; 0 0 0 2 2; 1 0 0 5 4; 0 1 2 2 3; 1 0 0 1 1; "
        "0 0 0 2 2; 0 2 0 1 3; 0 0 0 1 3; 0 1 0 2 2; 0 0 1 5 2; 0 0 1 2 4; 0 0 0 1 2; 0 0 0 1 1; 2 0 0 1 2",
        ["i", "j"],
        4,
    ),
    "fe2": ("y x1 i j; 0 -3 1 2; 0 0 1 8; 0 0 1 10; 0 10 1 10; 0 5 2 2; 1 3 3 9; 2 2 3 9; 3 2 2 8", ["i", "j"], 5),
    "example2": (
        "y x1 x2 x3 x4; 0 14 4 0 -12; 0 0 35 34 12; 0 0 3 0 17; 0 0 0 0 1; 0 0 0 -2 7; 0 0 25 0 12; 0 0 13 0 60; 0 0 15 0 7; "
        "0 1 0 7 -24; 9 0 0 0 18; 4 2 0 6 -1; 2 1 0 0 -7",
        [],
        None,
    ),
}


def found(text: str, effects: list[str]) -> np.ndarray:
    data = table(text)
    x = data.drop(columns=["y", *effects]).to_numpy()
    return separated(x, [pd.factorize(data[e])[0] for e in effects], data["y"].to_numpy())


@pytest.mark.parametrize("case", PRINTED)
def test_the_rows_that_the_authors_name_are_separated_and_no_others(case: str) -> None:
    text, effects, rows = PRINTED[case]
    assert (np.flatnonzero(found(text, effects)) + 1).tolist() == rows


@pytest.mark.parametrize("case", COUNTED)
def test_what_is_separated_leaves_a_model_that_has_an_estimate(case: str) -> None:
    """The certificate itself: without those rows nothing more is separated, and with them a coefficient runs away."""
    text, effects, count = COUNTED[case]
    apart = found(text, effects)
    assert apart.any()
    assert count is None or apart.sum() == count
    data = table(text)
    rest = data[~apart]
    x = rest.drop(columns=["y", *effects]).to_numpy()
    again = separated(x, [pd.factorize(rest[e])[0] for e in effects], rest["y"].to_numpy())
    assert not again.any()


def test_the_published_estimate_of_example1_comes_out() -> None:
    """ppmlhdfe gives 0.59095 for the constant; a Poisson regression that keeps the separated row gives 0.59105, or has a coefficient of −17."""
    data = table(PRINTED["example1"][0])
    flows = data.rename(columns={"y": "value"}).assign(origin=[f"o{i}" for i in range(12)], destination="d", year=2020)
    model = pipeline.gravity(flows, ["x1", "x2", "x3", "x4"], fixed_effects=(), cluster="pair")
    estimates = model.coefficients.set_index("term")["estimate"]
    assert estimates["constant"] == pytest.approx(0.59095, abs=1e-4)
    assert estimates["x3"] == pytest.approx(-0.47085, abs=1e-4)
    assert ("separated", 1) in model.notes
    assert estimates.abs().max() < 2
