"""A composite of indicators, and how far its ranks hang on how it is made: never the one without the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.aims import AGGREGATIONS, NORMALISATIONS
from pipeline.errors import InputError
from pipeline.measures.registry.registry import Registry, indicators

DRAWS = 1000  # of weights
SEED = 20240831
LEAST_KNOWN = 2 / 3  # of the units by an indicator, of the indicators by a unit
FEWEST_UNITS, FEWEST_INDICATORS = 3, 2
FLOOR = 1.0  # the lowest scale value, so that a geometric mean is not 0
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Composite:
    """A composite, with the range of its ranks.

    Attributes
    ----------
    scores
        unit, score (1 to 100 by min-max, 100 plus 10 standard deviations by z-score), rank (1 is best), rank_best, rank_worst (over all that was
        tried), rank_5, rank_95 (of 90 % of the draws of weights), first (percent of the draws in which it is first), known (percent of
        the weight whose indicators are known); score null, and known below 66.7, for a unit of which too little is known.
    parts
        indicator, weight (they add up to 1), rank_shift (mean absolute change of rank when it is left out), correlation (of the scale value with the
        score, Pearson's); weight null for an indicator left out, with reason: unknown (for too many units), constant, neither (no way is better).
    how
        normalisation, aggregation, draws, tried (ways of making it, draws among them).
    """

    scores: pd.DataFrame
    parts: pd.DataFrame
    how: dict[str, object]


def ranked_composite(
    values: pd.DataFrame,
    chosen: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    normalisation: str = "min_max",
    aggregation: str = "arithmetic",
    draws: int = DRAWS,
    seed: int = SEED,
    registry: Registry = indicators,
) -> Composite | None:
    """Rank years or peers by several indicators together, and say over which ranks each one moves under other reasonable choices.

    Parameters
    ----------
    values
        One row a unit (a year, or a subject), one column an indicator; null where it is not known.
    chosen
        Indicators; by default every one in `values` of which one way is better.
    weights
        By indicator; 1 where not named.
    normalisation
        "min_max" (worst unit 1, best 100) or "z_score" (mean 100, standard deviation 10).
    aggregation
        "arithmetic" (a weakness can be made up for) or "geometric" (it can less).
    draws, seed
        Sets of weights drawn, and from where.
    registry
        Says which way is better.

    Returns
    -------
    Composite or None
        None with fewer than 3 units or 2 indicators to go by.

    Raises
    ------
    InputError
        For a normalisation or aggregation that is not known.

    Notes
    -----
    After the OECD/JRC Handbook on Constructing Composite Indicators (2008). Missing: an indicator known of fewer than two thirds of the units is left out,
    a unit with less than two thirds of the weight known has no score; otherwise the weights of what is known are scaled up to 1 (steps 3 and 6). Uncertainty (step 7):
    `draws` sets of weights, uniform over all that add up to 1 (Dirichlet with all parameters 1), each under both normalisations and both aggregations, and the chosen weights
    with each indicator left out in turn, under the four; ranks over all of these. Years of one subject are ranked against each other only.

    Examples
    --------
    >>> values = pd.DataFrame({"completion_rate": [80.0, 85.0, 90.0], "visa_days": [30.0, 25.0, 20.0]}, index=[2022, 2023, 2024])
    >>> ranked_composite(values, draws=50).scores[["unit", "score", "rank", "rank_best", "rank_worst"]]
       unit  score  rank  rank_best  rank_worst
    0  2022    1.0     3          3           3
    1  2023   50.5     2          2           2
    2  2024  100.0     1          1           1
    """
    for given, known in ((normalisation, NORMALISATIONS), (aggregation, AGGREGATIONS)):
        if given not in known:
            raise InputError("composite", f"{given!r} is none of {', '.join(known)}.")
    names = list(values.columns) if chosen is None else list(dict.fromkeys(chosen))
    table = values.reindex(columns=names).astype(float)
    gone = {name: reason for name in names if (reason := _left_out(table[name], name, registry))}
    kept = [name for name in names if name not in gone]
    weight = np.array([float((weights or {}).get(name, 1.0)) for name in kept])
    if len(kept) < FEWEST_INDICATORS:
        return None
    weight = weight / weight.sum()
    share = table[kept].notna().to_numpy() @ weight
    enough = share >= LEAST_KNOWN - 1e-9
    used = table.loc[enough, kept]
    if len(used) < FEWEST_UNITS:
        return None
    signs = np.array([1.0 if registry[name].better == "higher" else -1.0 for name in kept])
    scales = {how: _scaled(used.to_numpy() * signs, how) for how in NORMALISATIONS}
    score = _aggregate(scales[normalisation], weight[None, :], aggregation)[0]
    ranks = _ranks(score[None, :])[0]
    drawn, dropped = _tried(scales, weight, draws, seed)
    every = np.vstack([drawn, *dropped.values()])
    scores = pd.DataFrame({"unit": used.index, "score": score.round(1), "rank": ranks})
    scores = scores.assign(rank_best=every.min(axis=0), rank_worst=every.max(axis=0))
    low, high = np.percentile(drawn, [5, 95], axis=0, method="closest_observation").astype(int)
    scores = scores.assign(rank_5=low, rank_95=high, first=(100 * (drawn == 1).mean(axis=0)).round(0))
    scores = pd.DataFrame({"unit": table.index, "known": (100 * share).round(0)}).merge(scores, "left", "unit")
    whole = scores["rank"].notna().all()
    columns = ["rank", "rank_best", "rank_worst", "rank_5", "rank_95"]
    scores[columns] = scores[columns].astype("int64" if whole else "Int64")
    how = {"normalisation": normalisation, "aggregation": aggregation, "draws": draws, "tried": len(every)}
    return Composite(scores, _parts(names, kept, gone, weight, dropped, ranks, scales[normalisation], score), how)


def _left_out(column: pd.Series, name: str, registry: Registry) -> str | None:
    if registry[name].better == "neither":
        return "neither"
    if column.notna().mean() < LEAST_KNOWN - 1e-9:
        return "unknown"
    return "constant" if column.nunique() < 2 else None


def _scaled(oriented: Matrix, how: str) -> Matrix:
    """Larger is better, on one scale; unknown stays unknown."""
    if how == "min_max":
        low, high = np.nanmin(oriented, axis=0), np.nanmax(oriented, axis=0)
        spread = np.where(high > low, high - low, 1.0)
        return FLOOR + (100 - FLOOR) * (oriented - low) / spread
    spread = np.nanstd(oriented, axis=0)
    z = (oriented - np.nanmean(oriented, axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.maximum(100 + 10 * z, FLOOR)


def _aggregate(scaled: Matrix, weights: Matrix, how: str) -> Matrix:
    """The score of each unit (column) under each set of weights (row); weights of what is not known go to what is."""
    known = ~np.isnan(scaled)
    figures = np.where(known, scaled if how == "arithmetic" else np.log(np.where(known, scaled, 1.0)), 0.0)
    total = weights @ figures.T / np.maximum(weights @ known.T.astype(float), 1e-12)
    return total if how == "arithmetic" else np.exp(total)


def _ranks(scores: Matrix) -> NDArray[np.int64]:
    """1 for the largest of each row; ties share the better rank."""
    rounded = scores.round(9)
    return 1 + (rounded[:, None, :] > rounded[:, :, None]).sum(axis=2)


def _tried(
    scales: Mapping[str, Matrix], weight: Matrix, draws: int, seed: int
) -> tuple[NDArray[np.int64], dict[int, NDArray[np.int64]]]:
    """Ranks under drawn weights, and with each indicator left out, by its place; under each normalisation and aggregation."""
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(weight)), draws)
    sets = np.vstack([weight[None, :], drawn])
    ways = list(product(NORMALISATIONS, AGGREGATIONS))
    of_draws = np.vstack([_ranks(_aggregate(scales[n], sets, a)) for n, a in ways])
    dropped = {}
    for place in range(len(weight)):
        rest = np.where(np.arange(len(weight)) == place, 0.0, weight)[None, :]
        dropped[place] = np.vstack([_ranks(_aggregate(scales[n], rest, a)) for n, a in ways])
    return of_draws, dropped


def _parts(
    names: Sequence[str],
    kept: Sequence[str],
    gone: Mapping[str, str],
    weight: Matrix,
    dropped: Mapping[int, NDArray[np.int64]],
    ranks: NDArray[np.int64],
    scaled: Matrix,
    score: Matrix,
) -> pd.DataFrame:
    rows: list[tuple[str, float, float, float, str | None]] = []
    for name in names:
        if name in gone:
            rows.append((name, np.nan, np.nan, np.nan, gone[name]))
            continue
        place = kept.index(name)
        own = scaled[:, place]
        known = ~np.isnan(own)
        moves = bool(np.std(own[known]) > 0 and np.std(score[known]) > 0)
        goes = float(np.corrcoef(own[known], score[known])[0, 1]) if moves and known.sum() > 2 else np.nan
        shift = float(np.abs(dropped[place] - ranks).mean())
        rows.append((name, float(weight[place]), round(shift, 2), round(goes, 2), None))
    return pd.DataFrame(rows, columns=["indicator", "weight", "rank_shift", "correlation", "reason"])
