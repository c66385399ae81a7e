"""The policy events that mobility.toml declares, each examined beside countries that it did not concern."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd

from pipeline.declared import PolicyEvent
from pipeline.errors import SettingsError, did_you_mean
from pipeline.measures.country_groups import groups
from pipeline.measures.yearly import MAIN_MEASURES
from pipeline.models.policy import LEAST_BEFORE, EventStudy, event_study

COLUMNS = [
    "event", "label_en", "label_zh", "kind", "direction", "measure", "publisher", "year", "countries", "source", "url",
    "verdict", "reason", "pct", "lower", "upper", "p", "pre_trend_p", "treated", "others", "first_year", "last_year",
]  # fmt: skip
PATH = ["event", "year", "pct", "lower", "upper"]
BEFORE, AFTER = 5, 3  # years of the window
LEAST_PEOPLE = 10  # a year before the event: fewer people say nothing in per cent
SIZE = 4.0  # comparable: between the smallest of those concerned over this and the largest times it
MEASURES = (*MAIN_MEASURES, "stays")
LATE, NOTHING = "too_late", "no_series"


def policy_events(
    declared: Iterable[PolicyEvent],
    series: pd.DataFrame,
    subject: str,
    hidden: Collection[tuple[str, str]] = (),
    least: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Examine each declared event with the subject's partner countries.

    Parameters
    ----------
    declared : the subject's events of mobility.toml
    series : its partners' series, as `measures.series` or `measures.partner_series` give: series_id, direction, measure, publisher, partner, year, period, value
    subject : its id
    hidden : direction and partner of those whose number must not be told: they are left out
    least : who had from 1 to `least` - 1 people in a year of the window is left out too

    Returns
    -------
    policy : one row an event: the event as declared, measure and publisher compared, year (first that may show it), verdict and reason as in
        `EventStudy` (besides ``no_series``: no partner's series at hand; ``too_late``: none reaches the event), pct (mean difference after, per cent),
        lower and upper (where 95 % of placebo events lie, per cent), p, pre_trend_p, how many were compared, first and last year of the window
    path : event, year, pct (difference to the others, relative to the year before the event), lower and upper (of placebo events)

    Raises
    ------
    SettingsError
        A group of countries is not known.

    Notes
    -----
    Compared are partners with at least 10 people a year before the event; the others are those of a size comparable to the partners concerned (from a
    quarter of the smallest to four times the largest), for relative changes of small numbers are wild. The window is five years before and up to
    three from the event, as far as the data reach.
    """
    found, paths = [], []
    for number, event in enumerate(declared):
        row, path = _examined(event, series, hidden, least, f"mobility.toml, event {event.label_en!r} of {subject}")
        found.append({"event": number, **row})
        paths.append(path.assign(event=number))
    policy = pd.DataFrame(found, columns=COLUMNS)
    return policy, pd.concat(paths, ignore_index=True)[PATH] if paths else pd.DataFrame(columns=PATH)


def _examined(
    event: PolicyEvent, series: pd.DataFrame, hidden: Collection[tuple[str, str]], least: int, where: str
) -> tuple[dict[str, Any], pd.DataFrame]:
    row: dict[str, Any] = {
        "label_en": event.label_en, "label_zh": event.label_zh, "kind": event.kind, "direction": event.direction,
        "countries": " ".join(event.countries), "source": event.source, "url": event.url,
    }  # fmt: skip
    panel, measure, publisher = _panel(series, event.direction, hidden)
    year = event.first_year(bool(panel["period"].astype(str).str.contains("/").any()))
    row |= {"year": year, "measure": measure, "publisher": publisher}
    none = pd.DataFrame(columns=PATH)
    if panel.empty:
        return row | {"verdict": "cannot_tell", "reason": NOTHING}, none
    first, last = int(panel["year"].min()), int(panel["year"].max())
    before, after = min(BEFORE, year - first), min(AFTER, last - year + 1)
    if after < 1:
        return row | {"verdict": "cannot_tell", "reason": LATE}, none
    treated = concerned_countries(event.countries, year, where)
    window = panel[panel["year"].between(year - before, year + after - 1)]
    row |= {"first_year": year - before, "last_year": year + after - 1}
    few = window.loc[window["value"].gt(0) & window["value"].lt(least), "partner"]
    window = window[~window["partner"].isin(few)]
    window = _comparable(window.rename(columns={"partner": "unit"}), treated, year)
    if before < LEAST_BEFORE:
        return row | {"verdict": "cannot_tell", "reason": "too_few_years_before"}, none
    if not treated & set(window["unit"]):
        return row | {"verdict": "cannot_tell", "reason": "treated_not_complete"}, none
    study = event_study(window, sorted(treated), year, before, after)
    return row | _told(study), _path(study, year)


def _told(study: EventStudy) -> dict[str, Any]:
    return {
        "verdict": study.verdict, "reason": study.reason, "pct": 100 * study.after, "lower": 100 * study.lower,
        "upper": 100 * study.upper, "p": study.p, "pre_trend_p": study.pre_trend_p, "treated": study.treated,
        "others": study.others,
    }  # fmt: skip


def _path(study: EventStudy, year: int) -> pd.DataFrame:
    """The path in per cent, with the placebo band around 0 instead of around the path."""
    path = study.path
    low = (path["difference"] - path["upper"]).astype(float)
    high = (path["difference"] - path["lower"]).astype(float)
    as_pct = {"pct": path["difference"].astype(float), "lower": low, "upper": high}
    frame = pd.DataFrame({name: 100 * np.expm1(log) for name, log in as_pct.items()})
    return frame.assign(year=path["relative_year"] + year)


def _panel(
    series: pd.DataFrame, direction: str, hidden: Collection[tuple[str, str]]
) -> tuple[pd.DataFrame, str | None, str | None]:
    """The partners' series of the measure and publisher that has most figures."""
    rows = series[series["direction"].eq(direction) & series["value"].notna()]
    rows = rows[rows["partner"].str.fullmatch("[A-Z]{3}") & rows["partner"].ne("WLD")]
    rows = rows[(rows[["level", "mode", "funding"]] == "all").all(axis=1) & rows["exactness"].ne("at_least")]
    rows = rows[rows["measure"].isin(MEASURES)]
    rows = rows[~rows["partner"].isin([partner for way, partner in hidden if way == direction])]
    if rows.empty:
        return rows, None, None
    most = (
        rows.groupby(["measure", "publisher"]).size().sort_values(ascending=False, kind="stable").reset_index().iloc[0]
    )
    measure, publisher = str(most["measure"]), str(most["publisher"])
    return rows[rows["measure"].eq(measure) & rows["publisher"].eq(publisher)], measure, publisher


def _comparable(window: pd.DataFrame, treated: set[str], year: int) -> pd.DataFrame:
    """Those large enough and, of the others, those of a size like that of the ones concerned."""
    size = window[window["year"].lt(year)].groupby("unit")["value"].mean()
    size = size[size.ge(LEAST_PEOPLE)]
    own = size[size.index.isin(treated)]
    if own.empty:
        return window.iloc[:0]
    alike = size[size.between(own.min() / SIZE, own.max() * SIZE)]
    return window[window["unit"].isin([*own.index, *alike.index])]


def concerned_countries(countries: tuple[str, ...], year: int, where: str) -> set[str]:
    """The alpha-3 codes that codes and groups of countries stand for in a year.

    Raises
    ------
    SettingsError
        A group is not known; `where` names the entry.

    Examples
    --------
    >>> len(concerned_countries(("eu", "KOR"), 2024, "an event"))
    28
    """
    known = groups()
    found: set[str] = set()
    for item in countries:
        if item.isupper():
            found.add(item)
        elif item in known:
            found |= known[item].members(year)
        else:
            raise SettingsError(where, f"countries: there is no group {item!r}.", did_you_mean(item, known))
    return found
