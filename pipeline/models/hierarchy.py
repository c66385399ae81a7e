"""Outlooks of totals and of their parts that add up, with the record of both."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pipeline.measures.splitting import sums
from pipeline.models.coherence import Sums, coherent, coherent_backtest, round_sums
from pipeline.models.forecast import backtest, outlook

ORIGINS = 8  # earlier outlooks, for the covariance of errors
LEARNT = 40  # totals of others that the parts learn from, the longest
SHOWN = 5  # of them, the last ones, for the record


@dataclass(frozen=True)
class Hierarchy:
    """Outlooks that add up.

    Attributes
    ----------
    totals, parts : outlooks, as `pipeline.outlook` gives
    tested : the record of totals, as `pipeline.backtest` gives, of the last 5 origins
    errors : the record of totals and parts, of the last 8
    sums : totals and the units that add up to each, of those that have an outlook
    """

    totals: pd.DataFrame
    parts: pd.DataFrame
    tested: pd.DataFrame
    errors: pd.DataFrame
    sums: list[tuple[str, list[str]]]

    @property
    def every(self) -> pd.DataFrame:
        """The outlooks of totals and parts together."""
        return pd.concat([self.totals, self.parts], ignore_index=True)


def adding_up(panel: pd.DataFrame, parts: pd.DataFrame, horizon: int = 3) -> Hierarchy:
    """Outlooks of all totals of a panel, and of the parts of some of them.

    Parameters
    ----------
    panel : unit, year, value of totals: the subject's, and others to learn from
    parts : as `measures.parts` gives; its totals are units of the panel
    horizon : years ahead

    Notes
    -----
    Totals that are parts of another one (inbound and outbound of all stays) are reconciled among themselves, from every earlier origin too, so the
    record is of what is shown. Other parts are forecast together with their totals and the 40 longest others, then moved to their totals, which stay: a total's record is
    better than that of its parts.

    Examples
    --------
    >>> years = range(2008, 2024)
    >>> panel = pd.DataFrame({"unit": "t", "year": years, "value": [100.0 + 10 * k for k in range(16)]})
    >>> parts = pd.DataFrame([("t", "level", p, p, y, v / 2) for p in "ab" for y, v in zip(years, panel["value"])],
    ...     columns=["total", "by", "part", "unit", "year", "value"])
    >>> made = adding_up(panel, parts)
    >>> bool(abs(made.totals["median"].sum() - made.parts["median"].sum()) < 1e-6)
    True
    """
    ahead, past = outlook(panel, horizon), backtest(panel, horizon, ORIGINS)
    ahead.attrs, past.attrs = {}, {}
    have = set(ahead["unit"]) & set(past["unit"])
    top = [(t, p) for t, p in sums(parts) if {t, *p} <= have]
    if top:
        past = _with(past, coherent_backtest(past, top), ["unit", "origin", "horizon"])
        ahead = _with(ahead, coherent(ahead, past, top), ["unit", "year"])
    below, errors = _below(panel, parts, horizon)
    every = pd.concat([past, errors], ignore_index=True)
    both = pd.concat([ahead, below], ignore_index=True)
    whole = [(t, p) for t, p in sums(parts) if t in have and {t, *p} <= set(both["unit"]) & set(every["unit"])]
    if below.empty or not whole:
        return Hierarchy(ahead, below.iloc[:0], _last(past), every, whole)
    moved = coherent(both, every, whole, fixed=have)
    return Hierarchy(ahead, moved[~moved["unit"].isin(have)].reset_index(drop=True), _last(past), every, whole)


def _below(panel: pd.DataFrame, parts: pd.DataFrame, horizon: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outlook and record of the parts that are no totals themselves, learning from totals and parts."""
    own = parts[~parts["unit"].isin(panel["unit"])][["unit", "year", "value"]]
    if own.empty:
        together = panel
    else:
        length = panel[~panel["unit"].isin(parts["total"])].groupby("unit").size()
        longest = length.sort_values(ascending=False, kind="stable").index[:LEARNT]
        kept = panel["unit"].isin(parts["total"]) | panel["unit"].isin(longest)
        together = pd.concat([panel[kept], own], ignore_index=True)
    ahead, past = outlook(together, horizon), backtest(together, horizon, ORIGINS)
    found = []
    for frame in (ahead, past):
        frame.attrs = {}
        found.append(frame[frame["unit"].isin(own["unit"])].reset_index(drop=True))
    return found[0], found[1]


def _with(frame: pd.DataFrame, better: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The rows of `better` in the place of those of the same key."""
    changed = frame.set_index(key)
    new = better.set_index(key)
    changed.loc[new.index, new.columns] = new
    return changed.reset_index()[list(frame.columns)]


def _last(past: pd.DataFrame) -> pd.DataFrame:
    """The rows of each unit's last origins."""
    rank = past.groupby("unit", observed=True)["origin"].rank(method="dense", ascending=False)
    return past[rank.le(SHOWN)].reset_index(drop=True)


def shown_parts(made: Hierarchy, parts: pd.DataFrame) -> pd.DataFrame:
    """The outlook of parts as a result table: total, by, part, year, median and bounds, and the last known value and its year."""
    last = parts.sort_values("year").drop_duplicates("unit", keep="last")
    named = last.rename(columns={"year": "last_year", "value": "last"})
    rows = made.every.merge(named, on="unit")
    kept = {part for _, units in made.sums for part in units}
    columns = ["total", "by", "part", "unit", "year", "median", "lower_80", "upper_80", "lower_95", "upper_95"]
    return rows[rows["unit"].isin(kept)][[*columns, "last_year", "last"]].reset_index(drop=True)


def whole_people(shown: pd.DataFrame, made: Hierarchy) -> pd.DataFrame:
    """The result table of parts in whole people that still add up: no more is told of a small number than that.

    >>> totals = pd.DataFrame({"unit": ["t"], "year": 2026, "median": [10.0]})
    >>> shown = pd.DataFrame({"unit": ["a", "b"], "year": 2026, "median": [3.4, 6.6], "lower_80": [1.2, 3.3], "upper_80": [5.6, 9.9]})
    >>> made = Hierarchy(totals, shown, totals, totals, [("t", ["a", "b"])])
    >>> whole_people(shown, made)[["median", "lower_80"]].values.tolist()
    [[3.0, 1.0], [7.0, 3.0]]
    """
    out = shown.copy()
    bounds = [c for c in out.columns if c.startswith(("lower_", "upper_"))]
    out[bounds] = out[bounds].round()
    for year, rows in out.groupby("year"):
        ahead = made.every[made.every["year"] == year].set_index("unit")["median"]
        out.loc[rows.index, "median"] = rows["unit"].map(round_sums(ahead, made.sums)).to_numpy()
    return out


def check_sums(frame: pd.DataFrame, sums: Sums) -> float:
    """The largest gap between a total and its parts, as a share of the total: 0 but for rounding.

    >>> check_sums(pd.DataFrame({"unit": ["t", "a", "b"], "year": 2026, "median": [10.0, 4, 6]}), [("t", ["a", "b"])])
    0.0
    """
    wide = frame.pivot(index="year", columns="unit", values="median")
    gaps = [((wide[t] - wide[list(p)].sum(axis=1)).abs() / wide[t].abs().clip(lower=1)).max() for t, p in sums]
    return float(max(gaps, default=0.0))
