"""The composite: scores worked out by hand, missing values, and the range of ranks without which there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.measures import ranked_composite
from pipeline.measures.composite import Composite

VALUES = pd.DataFrame(
    {"completion_rate": [60.0, 80.0, 100.0], "visa_days": [10.0, 30.0, 20.0], "exchange_share": [1.0, 2.0, 3.0]},
    index=["a", "b", "c"],
)


def made(values: pd.DataFrame = VALUES, **given: object) -> Composite:
    found = ranked_composite(values, **({"draws": 200} | given))
    assert found is not None
    return found


def test_scores_by_hand() -> None:
    """Min-max from 1 to 100: completion 1, 50.5, 100; days (fewer is better) 100, 1, 50.5."""
    table = made().scores.set_index("unit")
    assert table["score"].tolist() == [50.5, 25.8, 75.2]  # (1 + 100)/2, (50.5 + 1)/2, (100 + 50.5)/2
    assert table["rank"].tolist() == [2, 3, 1]
    weighted = made(weights={"completion_rate": 3}).scores.set_index("unit")["score"]
    assert weighted.tolist() == [25.8, 38.1, 87.6]  # three parts completion, one part days
    geometric = made(aggregation="geometric").scores.set_index("unit")["score"]
    assert geometric.tolist() == [10.0, 7.1, 71.1]  # √(1·100), √(50.5·1), √(100·50.5)


def test_z_scores_by_hand() -> None:
    """Mean 80, standard deviation √(800/3) = 16.33: 100 ± 12.2; days the same the other way."""
    table = made(normalisation="z_score").scores.set_index("unit")
    assert table["score"].tolist() == [100.0, 93.9, 106.1]


def test_what_has_no_better_way_is_left_out_and_named() -> None:
    parts = made().parts.set_index("indicator")
    assert parts.loc["exchange_share", "reason"] == "neither"
    assert parts["weight"].dropna().tolist() == [0.5, 0.5]


def test_the_range_covers_every_rank_that_weights_can_give() -> None:
    """By days alone a is first and b last, by completion alone c is first and a last: no unit stays at its rank but by chance."""
    table = made(draws=1000).scores.set_index("unit")
    assert table.loc["a", ["rank_best", "rank_worst"]].tolist() == [1, 3]
    assert table.loc["b", ["rank_best", "rank_worst"]].tolist() == [2, 3]  # never ahead of c
    assert table.loc["c", ["rank_best", "rank_worst"]].tolist() == [1, 2]
    assert (table["rank_best"] <= table["rank_5"]).all()
    assert (table["rank_95"] <= table["rank_worst"]).all()
    assert table["first"].sum() == pytest.approx(100, abs=1)


def test_a_unit_that_leads_everywhere_leads_under_every_weight() -> None:
    values = pd.DataFrame({"completion_rate": [90.0, 80, 70], "funded_share": [50.0, 40, 45]})
    first = made(values).scores.iloc[0]
    assert first[["rank", "rank_best", "rank_worst", "first"]].tolist() == [1, 1, 1, 100]


def test_missing_values_are_not_zeros() -> None:
    values = VALUES.assign(funded_share=[50.0, 60.0, 40.0], satisfaction=[3.0, np.nan, np.nan])
    values.loc["b", "visa_days"] = np.nan
    found = made(values)
    parts = found.parts.set_index("indicator")
    assert parts.loc["satisfaction", "reason"] == "unknown"  # of one unit in three
    table = found.scores.set_index("unit")
    assert table.loc["b", "known"] == 67
    assert table.loc["b", "score"] == 75.2  # completion 50.5 and funding 100 share the weight
    values.loc["b", "funded_share"] = np.nan
    values.loc["d"] = [70.0, 15.0, 1.0, 55.0, np.nan]
    less = made(values).scores.set_index("unit")
    assert pd.isna(less.loc["b", "score"])
    assert less["rank"].drop("b").notna().all()


def test_too_little_to_rank_gives_nothing() -> None:
    assert ranked_composite(VALUES.head(2)) is None
    assert ranked_composite(VALUES, ["completion_rate"]) is None
    assert ranked_composite(VALUES.assign(visa_days=5.0)) is None  # constant: tells nobody apart
    with pytest.raises(InputError, match="min_max, z_score"):
        ranked_composite(VALUES, normalisation="rank")


def test_the_same_seed_gives_the_same_ranges() -> None:
    pd.testing.assert_frame_equal(made().scores, made().scores)
    assert made().how["tried"] == 4 * (200 + 1) + 4 * 2
