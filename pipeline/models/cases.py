"""Partners as cases: what changed in a year, by how much beyond the expected, and what speaks for and against an explanation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.yearly import require
from pipeline.models.forecast import outlook
from pipeline.models.panel import MIN_OBSERVED

MOST = 30  # partners of a direction, the largest
SMALL = 50  # people a year before: of fewer, chance alone moves much
KEY = ["direction", "publisher", "measure"]
COLUMNS = [*KEY, "partner", "year", "value", "previous", "pct", "expected", "lower", "upper", "beyond", "side", "rank", "since",
           "peers_pct", "peers", "alike_pct", "events_en", "events_zh", "definition", "small"]  # fmt: skip


def change_cases(
    rows: pd.DataFrame,
    year: int,
    events: pd.DataFrame,
    country: str | None = None,
    shown: Collection[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """The partners whose number moved most beyond what was to be expected, with the evidence on either side.

    Parameters
    ----------
    rows
        Yearly figures by partner, in the columns of `measures.series`; of each direction the publisher and measure with most partners in `year` are taken.
    year
        Whose change is looked at.
    events
        From `known_breaks`.
    country
        The subject's alpha-3 code, whose events count besides those of the whole world and of the partner.
    shown
        Direction and partner whose number may be shown; all by default.

    Returns
    -------
    pandas.DataFrame
        direction, publisher, measure, partner, year, value, previous, pct; expected, lower, upper (95 %, whole people): the outlook made of the figures up to the year before; beyond (value − expected); side
        (above, below, within the interval); rank (1 is the largest rise beyond it, −1 the largest fall); since (the year from which it has moved the same way); peers_pct (median change of the other
        partners), peers, alike_pct (share of them that moved the same way at least half as much); events_en, events_zh (known events of the year, with ";"); definition (the figure is marked as a break
        in series); small (fewer than 50 the year before). Evidence, not causes.

    Raises
    ------
    InputError
        A column is missing.

    Examples
    --------
    >>> from pipeline.models import known_breaks
    >>> years = range(2010, 2020)
    >>> part = [pd.DataFrame({"partner": p, "year": years, "value": [100 + k * g for k in years for k in [k - 2010]]}) for p, g in (("KOR", 2), ("DEU", 3), ("FRA", 1))]
    >>> rows = pd.concat(part).assign(direction="inbound", publisher="P", measure="stock", level="all", mode="all", funding="all", status="A", exactness="exact")
    >>> rows.loc[rows.partner.eq("DEU") & rows.year.eq(2019), "value"] = 300.0
    >>> found = change_cases(rows, 2019, known_breaks())
    >>> found.loc[found["rank"].eq(1), ["partner", "side", "since", "alike_pct"]].values.tolist()
    [['DEU', 'above', 2011, 0]]
    """
    needed = [*KEY, "partner", "year", "value", "level", "mode", "funding", "status", "exactness"]
    require(rows, needed, "rows")
    whole = rows["level"].eq("all") & rows["mode"].eq("all") & rows["funding"].eq("all") & rows["partner"].ne("WLD")
    kept = rows[whole & rows["year"].le(year) & rows["value"].notna() & rows["exactness"].ne("at_least")]
    parts = [_direction(part, year, events, country, shown) for _, part in kept.groupby("direction")]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)


def _direction(
    rows: pd.DataFrame, year: int, events: pd.DataFrame, country: str | None, shown: Collection[tuple[str, str]] | None
) -> pd.DataFrame:
    now = rows[rows["year"].eq(year)]
    if now.empty:
        return now
    best = (
        now.groupby(["publisher", "measure"])["partner"].nunique().sort_values(ascending=False, kind="stable").index[0]
    )
    rows = rows[rows["publisher"].eq(best[0]) & rows["measure"].eq(best[1])].drop_duplicates(["partner", "year"])
    wide = rows.pivot(index="year", columns="partner", values="value").astype(float)
    if not {year, year - 1} <= set(wide.index):
        return rows.head(0)
    both = [str(p) for p in wide.columns if wide[p].reindex([year - 1, year]).notna().all()]
    last, previous = (pd.Series(wide[both].loc[[y]].to_numpy(dtype=float)[0], both) for y in (year, year - 1))
    order = previous.sort_values(ascending=False, kind="stable").index.astype(str).tolist()[:MOST]
    change = (100 * (last / previous.where(previous.gt(0)) - 1)).reindex(order)
    said, came, before = change.to_dict(), last.to_dict(), previous.to_dict()
    ahead = _expected(rows[rows["partner"].isin(order)], year)
    bounds = ahead[["median", "lower_95", "upper_95"]].astype(float).to_dict("index")
    marked = set(rows.loc[rows["year"].eq(year) & rows["status"].eq("B"), "partner"])
    about = {c: rows[c].iloc[0] for c in KEY}
    found: list[dict[str, Any]] = []
    for partner in order:
        if partner not in bounds or (shown is not None and (about["direction"], partner) not in shown):
            continue
        expected, low, high = (round(bounds[partner][name]) for name in ("median", "lower_95", "upper_95"))
        value = came[partner]
        row = about | {
            "partner": partner,
            "year": year,
            "value": value,
            "previous": before[partner],
            "pct": said[partner],
        }
        row |= {"expected": expected, "lower": low, "upper": high, "beyond": value - expected}
        row |= {
            "side": "above" if value > high else "below" if value < low else "within",
            "since": _since(wide[partner]),
        }
        row |= _peers(change, partner) | _known(events, year, country, partner)
        found.append(row | {"definition": partner in marked, "small": before[partner] < SMALL})
    return _ranked(pd.DataFrame(found)) if found else rows.head(0)


def _expected(rows: pd.DataFrame, year: int) -> pd.DataFrame:
    """The outlook of the year from what was known before it."""
    before = rows[rows["year"].lt(year)].rename(columns={"partner": "unit"})
    long = before.groupby("unit")["year"].transform("size").ge(MIN_OBSERVED)
    if not long.any():
        return pd.DataFrame(columns=["median", "lower_95", "upper_95"])
    ahead = outlook(before.loc[long, ["unit", "year", "value", "status"]], 1)
    return ahead[ahead["year"].eq(year)].set_index("unit")


def _since(line: pd.Series) -> int:
    """The first year of the run of changes of one sign that goes on to the last year."""
    steps = np.sign(line.dropna().diff().dropna())
    turned = steps.index[steps.ne(steps.iloc[-1])]
    later = steps.index[steps.index > turned[-1]] if len(turned) else steps.index
    return int(later[0])


def _peers(change: pd.Series, partner: str) -> dict[str, Any]:
    others, own = change.drop(partner).dropna(), float(change[partner])
    if others.empty or not np.isfinite(own):
        return {"peers_pct": np.nan, "peers": len(others), "alike_pct": np.nan}
    alike = (others * np.sign(own)).ge(abs(own) / 2) if own else others.eq(0)
    return {"peers_pct": float(others.median()), "peers": len(others), "alike_pct": round(100 * float(alike.mean()))}


def _known(events: pd.DataFrame, year: int, country: str | None, partner: str) -> dict[str, Any]:
    first, last = (pd.to_numeric(events[c]).astype(int) for c in ("first_year", "last_year"))
    mine = events[events["country"].isin(["WLD", country, partner]) & first.le(year) & last.ge(year)]
    return {f"events_{k}": ";".join(dict.fromkeys(mine[f"label_{k}"])) for k in ("en", "zh")}


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Rises beyond the expected as 1, 2, …, falls as −1, −2, …."""
    up = table["beyond"].where(table["beyond"].gt(0)).rank(ascending=False, method="first")
    down = table["beyond"].where(table["beyond"].lt(0)).rank(method="first")
    rank = up.fillna(-down).fillna(0).astype(int)
    return table.assign(rank=rank).sort_values("beyond", ascending=False, kind="stable", ignore_index=True)
