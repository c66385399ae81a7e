"""Trend and outlook of each theme's indicators; shares are modelled as log-odds, so that bounds stay between 0 and 100."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.measures.disclosure.gate import as_policy
from pipeline.measures.themes import PERCENT, RATE
from pipeline.models.forecast import backtest, outlook
from pipeline.models.log_odds import LogOdds
from pipeline.models.record import track_record
from pipeline.models.trend_tests import LEAST_YEARS, trend_test
from pipeline.settings import Disclosure

SURE = 0.05
BOUNDS = ["median", "lower_80", "upper_80", "lower_95", "upper_95"]
YEARS = ["theme", "indicator", "unit", "year", "value", "n", "status", *BOUNDS]
TRENDS = [
    "theme",
    "indicator",
    "unit",
    "first_year",
    "last_year",
    "years",
    "from_value",
    "to_value",
    "p",
    "trend",
    "reason",
]


def theme_outlook(
    series: pd.DataFrame,
    horizon: int = 3,
    policy: Disclosure | None = None,
    experience: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """What the indicators of the themes were, whether they move, and where they may go.

    Parameters
    ----------
    series
        From `theme_series`.
    horizon
        Years ahead.
    policy
        As for `protect`.
    experience
        Other series to learn from, as for `pipeline.outlook` (unit, year, value, status).

    Returns
    -------
    dict of pandas.DataFrame
        themes: theme, indicator, unit, year, value, n, status, and for years ahead median and bounds; counts and bases are tens, percentages whole, and null with status C where few people are
        behind them. Flows have no years ahead here: their outlook is that of the whole (`outlook`, `outlook_parts`). theme_trends: first_year, last_year, years, the ends of the fitted line (from_value, to_value), p, trend (rises, falls, chance), reason (too_short: fewer than six
        known years, no outlook). theme_record: unit, n, error, naive_error, held_80, held_95 of earlier outlooks of percentages and of the rest.

    Notes
    -----
    Percentages are forecast as log-odds less those of the first year, by `pipeline.outlook`, in one panel with the counts, and turned back.

    Examples
    --------
    >>> shares = [20.0, 22, 25, 24, 27, 30, 31, 33]
    >>> series = pd.DataFrame({"theme": "recognition", "indicator": "x", "unit": "%", "year": range(2017, 2025), "value": shares, "error": 1.0, "n": 400.0, "k": 100.0})
    >>> made = theme_outlook(series)
    >>> made["theme_trends"]["trend"].tolist(), made["themes"]["upper_95"].dropna().between(30, 100).all()
    (['rises'], np.True_)
    """
    chosen = as_policy(policy)
    known = series[series["value"].notna()]
    long = known.groupby("indicator")["year"].transform("size").ge(LEAST_YEARS)
    enough = known[long & known["theme"].ne("flows")]
    ahead, record = _ahead(enough, horizon, experience)
    shown = pd.concat([_public(known, chosen), _public_ahead(ahead, known, chosen)], ignore_index=True)
    trends = pd.DataFrame([_trend(part) for _, part in known.groupby("indicator", sort=False)], columns=TRENDS)
    return {"themes": shown.reindex(columns=YEARS), "theme_trends": trends, "theme_record": record}


def _ahead(series: pd.DataFrame, horizon: int, experience: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The outlook on the scale of the data, and the record of earlier ones."""
    if series.empty:
        return pd.DataFrame(columns=["unit", "year", *BOUNDS]), pd.DataFrame()
    panel: list[pd.DataFrame] = []
    back: dict[str, LogOdds] = {}
    for name, part in series.groupby("indicator", sort=False):
        part = part.sort_values("year")
        value = part["value"].astype(float)
        if part["unit"].iloc[0] == PERCENT:
            back[str(name)] = LogOdds.of(value, part["n"])
            value = back[str(name)].entered(value, part["n"])
        panel.append(pd.DataFrame({"unit": name, "year": part["year"], "value": value}))
    names = [str(part["unit"].iloc[0]) for part in panel]
    if experience is not None and len(experience):
        panel.append(experience.assign(unit="learnt:" + experience["unit"].astype(str)))
    entered = pd.concat(panel, ignore_index=True)
    ahead, past = outlook(entered, horizon), backtest(entered, horizon)
    ahead, past = ahead[ahead["unit"].isin(names)], past[past["unit"].isin(names)]
    for share, scale in back.items():
        mine = ahead["unit"].eq(share)
        ahead = ahead.assign(
            **{str(c): ahead[str(c)].mask(mine, turned) for c, turned in scale.back(ahead.loc[mine, BOUNDS]).items()}
        )
    kinds = past["unit"].isin(list(back)).map({True: PERCENT, False: "counts"})
    records = [track_record(part).tail(1).assign(unit=kind) for kind, part in past.groupby(kinds)]
    return ahead, pd.concat(records, ignore_index=True) if records else pd.DataFrame()


def _rounded(values: pd.Series, units: pd.Series) -> pd.Series:
    whole = values.astype(float).round(0).where(units.isin([PERCENT, "events"]), values.astype(float).round(1))
    return whole.where(units.ne("stays"), values.astype(float).round(-1))


def _public(series: pd.DataFrame, policy: Disclosure) -> pd.DataFrame:
    n, k, people = (
        series["n"],
        pd.to_numeric(series["k"]),
        series["indicator"].isin(["credits_recognised", "cross_field"]),
    )
    few = people & (k.between(1, policy.minimum_count - 1) | (n - k).between(1, policy.minimum_count - 1))
    small = series["unit"].isin(["stays", PERCENT, RATE]) & n.between(1, policy.minimum_base - 1)
    hidden = (few | small) & series["indicator"].ne("recognised_agreements")
    exact = series["indicator"].isin(["recognised_agreements", "online_events"])
    base = n.where(exact, n.round(-1))
    table = series.assign(value=_rounded(series["value"], series["unit"]), n=base, status="A")
    return table.assign(
        value=table["value"].where(~hidden), n=base.where(~hidden), status=table["status"].mask(hidden, "C")
    )


def _public_ahead(ahead: pd.DataFrame, known: pd.DataFrame, policy: Disclosure) -> pd.DataFrame:
    """The outlook, rounded; none of an indicator whose last value is hidden."""
    last = _public(known, policy).sort_values("year").groupby("indicator").tail(1)
    open_ = last.loc[last["value"].notna(), ["theme", "indicator", "unit"]]
    found = ahead.rename(columns={"unit": "indicator"}).merge(open_, on="indicator")
    return found.assign(**{c: _rounded(found[c], found["unit"]) for c in BOUNDS}, status="A")


def _trend(part: pd.DataFrame) -> list[object]:
    part = part.sort_values("year")
    unit = str(part["unit"].iloc[0])
    about = [
        part["theme"].iloc[0],
        part["indicator"].iloc[0],
        unit,
        int(part["year"].min()),
        int(part["year"].max()),
        len(part),
    ]
    error = pd.to_numeric(part["error"]).astype(float)
    values = part["value"].astype(float)
    if unit in ("stays", "events"):  # counts scatter as Poisson's do, at least, and are fitted as logarithms
        error = values.clip(lower=1).pow(-0.5)
        values = pd.Series(np.log(values.clip(lower=0.5)), values.index)
    found = trend_test(part["year"], values, error, unit == PERCENT)
    if found is None:
        return [*about, None, None, None, None, "too_short"]
    ends = [found.first, found.last]
    if unit in ("stays", "events"):
        ends = [float(np.exp(end)) for end in ends]
    shown = _rounded(pd.Series(ends), pd.Series([unit, unit])).tolist()
    verdict = "chance" if found.p >= SURE else "rises" if found.change > 0 else "falls"
    return [*about, *shown, round(found.p, 3), verdict, None]
