"""What flows may go with: geography, size and wealth, recognition of degrees, students who went before; and what others found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.models.geography import pairs

POPULATION = ("SP.POP.TOTL",)  # indicators of the context table, the best first
PER_HEAD, WHOLE_GDP = ("NY.GDP.PCAP.CD",), ("gdp", "NY.GDP.MKTP.CD")
PAIR_FACTS = {"degrees_recognised": "recognised", "colonial_tie": "colonial_tie"}  # indicator: covariate
OLDEST = 10  # years: a country's size or wealth of longer ago, or later, says nothing
PRIOR = 5  # years before, of the students who went before
FEWEST_PAIRS = 5  # pairs with students on either side of a yes/no question: on fewer its error cannot be told
KNOWN = 0.9  # of all students: a covariate that is unknown for more is left out
GEOGRAPHY = ("log_distance", "contiguous", "common_language")
SIZE = ("log_population", "log_gdp_per_head")  # of the end that varies


@dataclass(frozen=True)
class Published:
    """What studies of students (or of trade by the same method) found for a covariate: sign, range of sizes (None: only the sign), and where."""

    sign: int
    low: float | None
    high: float | None
    source: str


PUBLISHED = {
    "log_distance": Published(-1, -1.2, -0.5, "Beine, Noël & Ragot 2014; Santos Silva & Tenreyro 2006 (trade, −0.75)"),
    "contiguous": Published(1, None, None, "Abbott & Silles 2016"),
    "common_language": Published(1, None, None, "Abbott & Silles 2016; Beine, Noël & Ragot 2014"),
    "time_difference": Published(-1, None, None, "Abbott & Silles 2016"),
    "colonial_tie": Published(1, None, None, "Abbott & Silles 2016; Beine, Noël & Ragot 2014"),
    "log_population": Published(1, None, None, "Abbott & Silles 2016"),
    "log_gdp_per_head": Published(1, None, None, "Abbott & Silles 2016"),
    "log_prior": Published(1, None, None, "Beine, Noël & Ragot 2014"),
}


def with_covariates(flows: pd.DataFrame, context: pd.DataFrame | None = None) -> pd.DataFrame:
    """Put beside each flow what it may go with, where it is known.

    Parameters
    ----------
    flows : origin, destination (alpha-3 codes), year, value
    context : the processed context table (country, origin, year, indicator, value); None where there is none

    Returns
    -------
    `flows` with the columns of `pairs`, then
    log_population, log_gdp_per_head : of the end that varies; absent where both do (fixed effects hold them). From `context` (the value of the nearest year, at most 10 years
        off), else population from geography.csv
    recognised, colonial_tie : 1 or 0, where `context` has them for the pair; absent where it has none
    log_prior : log(1 + the flow of five years before); null where that is not known

    Examples
    --------
    >>> flows = pd.DataFrame({"origin": ["KOR", "DEU"], "destination": "CHN", "year": 2018, "value": [9.0, 4.0]})
    >>> with_covariates(flows)[["origin", "log_distance", "log_population"]].round(1).values.tolist()
    [['KOR', 6.9, 17.8], ['DEU', 8.9, 18.2]]
    """
    geography = pairs(flows["origin"], flows["destination"])
    data = flows.reset_index(drop=True)
    for column in geography.columns[2:]:
        data[column] = geography[column]
    varying = [end for end in ("origin", "destination") if data[end].nunique() > 1]
    if len(varying) == 1:
        data = _with_size(data, varying[0], context)
    if context is not None and len(context):
        data = _with_pair_facts(data, context)
    return _with_prior(data)


def _with_size(data: pd.DataFrame, end: str, context: pd.DataFrame | None) -> pd.DataFrame:
    people = np.exp(data[f"log_population_{end}"])
    per_head = pd.Series(np.nan, index=data.index)
    if context is not None and len(context):
        alone = context[context["origin"].isna() & context["value"].gt(0)]
        people = _nearest(data, end, alone, POPULATION).fillna(people)
        per_head = _nearest(data, end, alone, PER_HEAD).fillna(_nearest(data, end, alone, WHOLE_GDP) / people)
    return data.assign(log_population=np.log(people), log_gdp_per_head=np.log(per_head))


def _nearest(data: pd.DataFrame, end: str, context: pd.DataFrame, indicators: tuple[str, ...]) -> pd.Series:
    """The value of the nearest year for each row; of the first indicator that has one."""
    found = pd.Series(np.nan, index=data.index)
    wanted = data[[end, "year"]].rename(columns={end: "country"}).assign(row=data.index)
    wanted = wanted.astype({"year": "int64", "country": "str"}).sort_values("year", kind="stable")
    for indicator in indicators:
        rows = context[context["indicator"].eq(indicator) & context["year"].notna()]
        rows = rows[["country", "year", "value"]].astype({"year": "int64", "country": "str"})
        rows = rows.drop_duplicates(["country", "year"]).sort_values("year", kind="stable")
        if rows.empty:
            continue
        joined = pd.merge_asof(wanted, rows, on="year", by="country", direction="nearest", tolerance=OLDEST)
        found = found.fillna(joined.set_index("row")["value"].reindex(data.index))
    return found


def _with_pair_facts(data: pd.DataFrame, context: pd.DataFrame) -> pd.DataFrame:
    """Facts of a pair (country and origin), which hold both ways; of the year, else the pair's last known."""
    for indicator, name in PAIR_FACTS.items():
        rows = context[context["indicator"].eq(indicator) & context["origin"].notna() & context["value"].notna()]
        if rows.empty:
            continue
        rows = rows.sort_values("year", na_position="first", kind="stable")
        known = rows.assign(pair=_pair(rows["country"], rows["origin"]))
        last = known.drop_duplicates("pair", keep="last").set_index("pair")["value"]
        by_year = known.drop_duplicates(["pair", "year"], keep="last").set_index(["pair", "year"])["value"]
        ends = _pair(data["origin"], data["destination"])
        exact = by_year.reindex(pd.MultiIndex.from_arrays([ends, data["year"].astype("Int64")])).to_numpy(dtype=float)
        data[name] = pd.Series(exact, index=data.index).fillna(ends.map(last).astype(float))
    return data


def _pair(one: pd.Series, other: pd.Series) -> pd.Series:
    """A pair's name, the same from either end."""
    one, other = one.astype(str), other.astype(str)
    return one.where(one.lt(other), other) + "|" + other.where(one.lt(other), one)


def _with_prior(data: pd.DataFrame) -> pd.DataFrame:
    before = data[["origin", "destination", "year", "value"]].assign(year=data["year"] + PRIOR)
    joined = data[["origin", "destination", "year"]].merge(before, on=["origin", "destination", "year"], how="left")
    return data.assign(log_prior=np.log1p(joined["value"].to_numpy()))


def usable(data: pd.DataFrame, wanted: tuple[str, ...]) -> tuple[list[str], list[tuple[str, str]]]:
    """Which covariates the flows can bear, and why not the others.

    Parameters
    ----------
    data : as from `with_covariates`
    wanted : names of covariates

    Returns
    -------
    names, and notes (code, name): "not_at_hand" (no column, or no value at all), "too_little_known" (unknown for more than a tenth of the students), "constant" (the same everywhere), "too_few_pairs" (a yes/no
    question with fewer than five pairs with students on one side)

    Examples
    --------
    >>> flows = pd.DataFrame({"origin": [f"o{i}" for i in range(9)], "destination": "d", "value": 5.0, "year": 2020,
    ...     "contiguous": [1.0] * 2 + [0.0] * 7, "log_distance": range(9)})
    >>> usable(flows, ("log_distance", "contiguous", "recognised"))
    (['log_distance'], [('too_few_pairs', 'contiguous'), ('not_at_hand', 'recognised')])
    """
    kept, notes = [], []
    students = data["value"].fillna(0)
    pair = data["origin"].astype(str) + "|" + data["destination"].astype(str)
    for name in wanted:
        if name not in data or data[name].isna().all():
            notes.append(("not_at_hand", name))
            continue
        values = data[name]
        if students[values.notna()].sum() < KNOWN * students.sum():
            notes.append(("too_little_known", name))
        elif values.nunique() < 2:
            notes.append(("constant", name))
        elif set(values.dropna().unique()) <= {0.0, 1.0} and _fewest(values, pair[students.gt(0)]) < FEWEST_PAIRS:
            notes.append(("too_few_pairs", name))
        else:
            kept.append(name)
    return kept, notes


def _fewest(values: pd.Series, pair: pd.Series) -> int:
    return min(int(pair[values.reindex(pair.index).eq(answer)].nunique()) for answer in (0.0, 1.0))
