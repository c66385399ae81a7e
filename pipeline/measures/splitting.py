"""Yearly totals and the parts that make them up: by direction, partner country and level, with the rest as "others"."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pandas as pd

from pipeline.measures.publishers import publisher
from pipeline.measures.ranking import stays_as_counts
from pipeline.measures.yearly import KEY, main_series, require, series

OTHERS = "others"
COLUMNS = ["total", "by", "part", "unit", "year", "value"]
LEAST_YEARS = 8  # known years that a part needs: six for an outlook, two more for a record of it
HOLE = 2  # years on end that may be missing, as in an outlook
RECENT = 5  # years over which a part of few people has to be large enough
LEVELS = (("5", "6", "7", "8", "unknown"), ("5-6", "7-8"), ("5-8",))  # disjoint sets, the finest first
DIRECTIONS = ("inbound", "outbound")


@dataclass(frozen=True)
class Few:
    """What keeps people from being recognised in the parts of an institution's stays.

    Attributes
    ----------
    base : the least number of people that a part needs, in its last year and on the mean of the last five
    hidden : direction and partner of numbers that the disclosure gate hides
    """

    base: int = 0
    hidden: Collection[tuple[str, str]] = ()


def partner_series(stays: pd.DataFrame, source: str) -> pd.DataFrame:
    """An institution's stays by partner country, in the columns of `series`: true zeros where nobody came.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "origin": ["KOR", "KOR", "DEU"], "destination": "CHN",
    ...     "mode": "exchange", "year": [2023, 2024, 2024], "academic_year": ["2022/23", "2023/24", "2023/24"]})
    >>> partner_series(stays, "u")[["partner", "year", "value"]].values.tolist()
    [['DEU', 2023, 0.0], ['DEU', 2024, 1.0], ['KOR', 2023, 1.0], ['KOR', 2024, 1.0]]
    """
    return series(stays_as_counts(stays, source), source, ("country",))


def parts(
    table: pd.DataFrame, year: int, few: Few | None = None, also: Collection[tuple[str, str]] = (), most: int = 8
) -> pd.DataFrame:
    """Split a subject's totals into parts that add up to them in every year.

    Parameters
    ----------
    table
        Series as `series` or `stay_series` with `partner_series` give: totals, levels, partners.
    year
        Nothing later is used; parts reach as far as their total.
    few
        For numbers of people that are not public: who is too few to stand alone.
    also
        Direction and partner of those who get a part of their own even if they are not among the largest.
    most
        The largest partners that get a part of their own.

    Returns
    -------
    pandas.DataFrame
        total (series_id), by (direction, partner, level), part (its code, or "others"), unit (a name for models), year, value. Each set of
        parts has the same years, up to the last one of its total; "others" is what the named parts leave.

    Examples
    --------
    >>> rows = [("WLD", y, 100.0 + y) for y in range(2010, 2020)] + [("KOR", y, 40.0) for y in range(2010, 2020)]
    >>> table = pd.DataFrame(rows, columns=["partner", "year", "value"]).assign(direction="inbound", measure="stock", level="all",
    ...     mode="all", funding="all", publisher="P", exactness="exact")
    >>> table["series_id"] = table["partner"].map({"WLD": "all", "KOR": "kor"})
    >>> parts(table, 2019).query("year == 2019")[["total", "by", "part", "value"]].values.tolist()
    [['all', 'partner', 'KOR', 40.0], ['all', 'partner', 'others', 2079.0]]
    """
    require(table, ("series_id", *KEY, "year", "value", "exactness"), "series")
    rows = table[table["year"].le(year) & table["value"].notna() & table["exactness"].ne("at_least")]
    found = [part for split in _splits(rows, few or Few(), set(also), most) for part in split]
    return pd.concat(found, ignore_index=True)[COLUMNS] if found else pd.DataFrame(columns=COLUMNS)


def sums(table: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Totals and the units that add up to each, once a way of splitting.

    >>> sums(pd.DataFrame({"total": "t", "by": "level", "part": ["7", "8"], "unit": ["a", "b"], "year": 2020, "value": 1.0}))
    [('t', ['a', 'b'])]
    """
    return [
        (str(total), list(dict.fromkeys(rows["unit"])))
        for (total, _), rows in table.groupby(["total", "by"], sort=False)
    ]


def _splits(rows: pd.DataFrame, few: Few, also: set[tuple[str, str]], most: int) -> Iterator[list[pd.DataFrame]]:
    whole = rows[rows["partner"].eq("WLD") & (rows[["level", "mode", "funding"]] == "all").all(axis=1)]
    stays = whole[whole["measure"].eq("stays")]
    if len(stays):
        ids = {str(d): str(s) for d, s in zip(stays["direction"], stays["series_id"], strict=True)}
        if {"all", *DIRECTIONS} <= set(ids):
            yield _directions(stays, ids)
        mains = [ids[d] for d in DIRECTIONS if d in ids]
    else:
        mains = [m for d in DIRECTIONS if (m := main_series(rows, d)) is not None]
    for main in mains:
        total = whole[whole["series_id"].eq(main)]
        head = total.iloc[0]
        line = total.set_index("year")["value"].sort_index()
        same = rows[rows["direction"].eq(head["direction"]) & rows["measure"].eq(head["measure"])]
        yield from (
            _split(line, main, by, wide, few.base, keep)
            for by, wide, keep in (
                ("partner", *_partners(same, head, few, also, most)),
                ("level", _levels(same, head), set()),
            )
        )


def _directions(stays: pd.DataFrame, ids: dict[str, str]) -> list[pd.DataFrame]:
    """Inbound and outbound as parts of both together: they are totals themselves, under their own series_id."""
    found = []
    for direction in DIRECTIONS:
        one = stays[stays["series_id"].eq(ids[direction])].sort_values("year")
        found.append(
            one[["year", "value"]].assign(total=ids["all"], by="direction", part=direction, unit=ids[direction])
        )
    return found


def _partners(
    same: pd.DataFrame, head: pd.Series, few: Few, also: set[tuple[str, str]], most: int
) -> tuple[pd.DataFrame, set[str]]:
    """Years by the largest partners (first the largest), of the publisher that lists most of them; and who has to stay."""
    fits = same["publisher"].map(lambda p: p == head["publisher"] or publisher(str(p)).totals == head["publisher"])
    undivided = (same[["level", "mode", "funding"]] == "all").all(axis=1)
    own = same[fits & undivided & same["partner"].str.fullmatch("[A-Z]{3}") & same["partner"].ne("WLD")]
    if own.empty:
        return pd.DataFrame(), set()
    wide = own[own["publisher"].eq(str(own.groupby("publisher")["partner"].nunique().idxmax()))]
    wide = wide.pivot_table(index="year", columns="partner", values="value")
    direction = str(head["direction"])
    wide = wide[[p for p in wide if (direction, p) not in few.hidden and _enough(wide[p], few.base)]]
    last = wide.index.max()
    order = wide.loc[last].dropna().sort_values(ascending=False, kind="stable").index if len(wide.columns) else []
    long_enough = [p for p in order if len(_run(wide[p], last)) >= LEAST_YEARS]
    keep = {p for p in long_enough if (direction, p) in also}
    chosen = [p for n, p in enumerate(long_enough) if n < most or p in keep]
    return wide[chosen], keep


def _levels(same: pd.DataFrame, head: pd.Series) -> pd.DataFrame:
    own = same[same["partner"].eq("WLD") & same["publisher"].eq(head["publisher"])]
    own = own[own["mode"].eq("all") & own["funding"].eq("all") & own["level"].ne("all")]
    wide = own.pivot_table(index="year", columns="level", values="value")
    for levels in LEVELS:
        there = [v for v in levels if v in wide and len(_run(wide[v], wide.index.max())) >= LEAST_YEARS]
        if there and (len(there) > 1 or len(levels) == 1):
            return wide[there]
    return pd.DataFrame()


def _split(
    line: pd.Series, total: str, by: str, wide: pd.DataFrame, base: int, keep: Collection[str]
) -> list[pd.DataFrame]:
    """The columns and what they leave of the total, over the years in which all are known and nothing is negative."""
    names = list(wide.columns)
    while names:
        table = wide[names].reindex(line.index).dropna()
        rest = (line.reindex(table.index) - table.sum(axis=1)).where(lambda left: left > -0.5)
        rest = _run(rest, line.index.max())
        if len(rest) < LEAST_YEARS:
            return []
        if (rest.tail(RECENT) == 0).all():
            break
        if _enough(rest, base):
            table = table.assign(**{OTHERS: rest.clip(lower=0)})
            break
        loose = [n for n in names if n not in keep] or names  # the smallest goes with the others, which are too few
        names.remove(min(loose, key=lambda n: wide[n].dropna().iloc[-1]))
    else:
        return []
    table = table.loc[rest.index]
    return [
        pd.DataFrame({"year": table.index, "value": table[name].to_numpy(dtype=float)}).assign(
            total=total, by=by, part=str(name), unit=f"{total}|{by}|{name}"
        )
        for name in table
    ]


def _enough(values: pd.Series, base: int) -> bool:
    recent = values.dropna().tail(RECENT)
    return bool(len(recent)) and bool(recent.iloc[-1] >= base and recent.mean() >= base)


def _run(values: pd.Series, last: int) -> pd.Series:
    """The known values that reach the last year without a longer hole; none where it is not known.

    >>> _run(pd.Series([1.0, 3, 4], index=[2000, 2004, 2006]), 2006).tolist()
    [3.0, 4.0]
    """
    known = values.dropna().sort_index()
    if known.empty or known.index[-1] != last:
        return known.iloc[:0]
    steps = pd.Series(known.index, index=known.index).diff().gt(HOLE + 1).cumsum()
    return known[steps.eq(steps.iloc[-1])]
