"""The yearly lines that may become cases: a subject's totals, partner countries and institutions, modes, and what came of stays."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipeline.measures.disclosure.gate import as_policy
from pipeline.measures.partnerships import partner_country, partner_institution
from pipeline.measures.splitting import partner_series
from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import KEY, main_series, require
from pipeline.settings import Disclosure

SUBJECT, COUNTRY, INSTITUTION, MODE, OUTCOME = "subject", "country", "institution", "mode", "outcome"
PEOPLE = "people"
MOST = 30  # partner countries of a direction, the largest
TENS = 10.0  # numbers of a partner institution, lest they be taken off the number of its country
LINES = ["about", "name", "country", "direction", "publisher", "measure", "unit", "year", "period", "value", "n", "coverage", "status", "exactness", "better",
         "told", "step"]  # fmt: skip
_OF_PEOPLE = {"unit": PEOPLE, "better": None, "step": 1.0}
_FINE = {"points": 0.01, "cefr_levels": 0.01}  # the step to which an outcome is published; 0.1 of the others


def published_lines(series: pd.DataFrame, year: int) -> pd.DataFrame:
    """The lines of a country: its totals, and its partner countries.

    Parameters
    ----------
    series
        As `series` gives it, with partners.
    year
        Whose change is looked at; nothing later is used.

    Returns
    -------
    pandas.DataFrame
        One row a line and year: about (subject, country), name (WLD, or the partner's code), country (the partner, null for totals), direction, publisher, measure, unit ("people"), year, period, value, n
        (people behind it), coverage (percent; null: not known), status, exactness, better (higher, lower or null), told (whether the line may be shown), step (to which its numbers are given). Totals are those of the
        publisher of the main series in each direction; partners of the publisher and measure with most of them in the year, the 30 largest.

    Examples
    --------
    >>> series = pd.DataFrame({"series_id": "s", "direction": "inbound", "measure": "stock", "level": "all", "mode": "all", "funding": "all", "partner": ["WLD", "KOR", "KOR"],
    ...     "publisher": "P", "year": [2024, 2023, 2024], "period": "2024", "value": [90.0, 30.0, 40.0], "status": "A", "exactness": "exact"})
    >>> published_lines(series, 2024)[["about", "name", "value"]].values.tolist()
    [['subject', 'WLD', 90.0], ['country', 'KOR', 30.0], ['country', 'KOR', 40.0]]
    """
    require(series, ("series_id", *KEY, "year", "period", "value", "status", "exactness"), "series")
    rows = _undivided(series)
    rows = rows[rows["year"].le(year) & rows["value"].notna() & rows["exactness"].ne("at_least")]
    parts = []
    for direction in ("inbound", "outbound"):
        own = rows[rows["direction"].eq(direction)]
        main = main_series(own, direction)
        if main is not None:
            publisher = own.loc[own["series_id"].eq(main), "publisher"].iloc[0]
            totals = own[own["partner"].eq("WLD") & own["publisher"].eq(publisher)]
            parts.append(totals.assign(about=SUBJECT, country=None))
        parts.append(_largest(own, year))
    table = pd.concat(parts, ignore_index=True) if parts else rows.assign(about=SUBJECT, country=None)
    return _laid_out(table.assign(name=table["partner"], n=table["value"], coverage=None, told=True, **_OF_PEOPLE))


def stay_lines(
    stays: pd.DataFrame,
    source: str,
    year: int,
    protected: Mapping[str, pd.DataFrame],
    policy: Disclosure | None = None,
    alone: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """The lines of an institution: its totals, modes of cooperation, partner countries and partner institutions.

    Parameters
    ----------
    stays
        The processed stays; only the rows of `source` count.
    source, year
        As for `counted`.
    protected
        What `protect` made of `counted`: the tables "series" and "partners".
    policy
        As for `protect`.
    alone
        Country and name of one partner institution whose line is wanted whether it may be shown beside the others or not: the caller protects it.

    Returns
    -------
    pandas.DataFrame
        As `published_lines` gives it, about subject, mode, country and institution. Totals and modes are the numbers of the protected series. A line of a country is told where its numbers of the year and the year before are in the protected ranking,
        the earlier at least minimum_base. A partner institution is given in tens, and told where its country is, and what is left of the country in both years surely holds
        minimum_count people or more; of a country and direction one institution at most, the largest. Partners with fewer than minimum_base stays the year before have no line. Coverage is the share of the direction's stays on which the mode, country or institution is known.

    Notes
    -----
    An attacker who takes an institution's number in tens off its country's is wrong by up to five either way, so that what is left is known no better than to nine.
    """
    chosen = as_policy(policy)
    own = begun(stays[stays["source"].eq(source) & stays["year"].le(year).fillna(False)])
    rows = physical(own).assign(institution=lambda t: partner_institution(t), partner=lambda t: partner_country(t))
    series = protected["series"]
    series = series[series["level"].eq("all") & series["partner"].eq("WLD") & series["value"].notna()]
    totals = series[series["mode"].eq("all")].assign(about=SUBJECT, name="WLD", coverage=None)
    modes = series[~series["mode"].isin(["all", "unknown"])]
    modes = modes.assign(about=MODE, name=modes["mode"]).merge(
        _known(own, "mode"), on=["direction", "year"], how="left"
    )
    whole = pd.concat([totals, modes]).assign(told=True, country=None, n=lambda t: t["value"])
    open_ = _open(protected["partners"], chosen)
    places = partner_series(own, source)
    places = places[places["partner"].str.fullmatch("[A-Z]{3}") & places["partner"].ne("WLD")]
    before = places[places["year"].eq(year - 1) & places["value"].ge(chosen.minimum_base)]
    places = places.merge(before[["direction", "partner"]], on=["direction", "partner"])
    places = pd.concat([places.head(0), *(_largest(part, year) for _, part in places.groupby("direction"))])
    keys = pd.Series(list(zip(places["direction"], places["partner"], strict=True)), places.index)
    places = places.assign(name=places["partner"], told=keys.isin(open_), n=places["value"])
    places = places.merge(_known(rows, "partner"), on=["direction", "year"], how="left")
    houses = _institutions(rows, source, year, open_, chosen, alone)
    one = {"step": step_of(chosen)}
    tables = [
        _laid_out(t.assign(**(_OF_PEOPLE | more)))
        for t, more in ((whole, one), (places, one), (houses, {"step": max(TENS, one["step"])}))
        if len(t)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=LINES)


def outcome_lines(past: pd.DataFrame, scorecard: pd.DataFrame) -> pd.DataFrame:
    """The lines of what came of stays, from the yearly values that the scorecard publishes.

    Parameters
    ----------
    past, scorecard
        As `scorecard_results` gives them ("scorecard_past", "scorecard").

    Returns
    -------
    pandas.DataFrame
        As `published_lines` gives it, about outcome: indicators of stays that ended in the year, of which one way is better; n is their base, in tens.

    Examples
    --------
    >>> past = pd.DataFrame({"indicator": "completion_rate", "year": [2023, 2024], "value": [88.0, 91.0], "n": 500.0, "coverage": 97.0, "unit": "%", "status": "A"})
    >>> card = pd.DataFrame({"indicator": ["completion_rate"], "counted_by": ["ended"], "better": ["higher"]})
    >>> outcome_lines(past, card)[["name", "year", "value", "better"]].values.tolist()
    [['completion_rate', 2023, 88.0, 'higher'], ['completion_rate', 2024, 91.0, 'higher']]
    """
    if past.empty or scorecard.empty:
        return pd.DataFrame(columns=LINES)
    ended = scorecard[scorecard["counted_by"].eq("ended") & scorecard["better"].isin(["higher", "lower"])]
    better = ended.set_index("indicator")["better"]
    rows = past[past["indicator"].isin(better.index) & past["value"].notna()]
    rows = rows.assign(
        about=OUTCOME,
        name=rows["indicator"],
        country=None,
        direction="all",
        publisher=None,
        measure=rows["indicator"],
        period=rows["year"].astype(str),
    )
    step = rows["unit"].map(_FINE).fillna(0.1)
    return _laid_out(
        rows.assign(status="A", exactness="exact", better=rows["indicator"].map(better), told=True, step=step)
    )


def step_of(policy: Disclosure) -> float:
    """To what the number of people of a line that may be told is given: to one, or to the base where the policy rounds.

    >>> step_of(Disclosure()), step_of(Disclosure(method="round", base=5))
    (1.0, 5.0)
    """
    return float(policy.base) if policy.method == "round" else 1.0


def _undivided(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows[["level", "mode", "funding"]] == "all").all(axis=1)]


def _laid_out(table: pd.DataFrame) -> pd.DataFrame:
    order = ["direction", "publisher", "measure", "about", "name", "year"]
    order = [c for c in order if c != "about"]
    return (
        table.sort_values(order, kind="stable")
        .sort_values("about", key=lambda c: c.map(ORDER), kind="stable")[LINES]
        .reset_index(drop=True)
    )


ORDER = {SUBJECT: 0, COUNTRY: 1, INSTITUTION: 2, MODE: 3, OUTCOME: 4}


def _largest(rows: pd.DataFrame, year: int) -> pd.DataFrame:
    """The largest partner countries of a direction the year before, of the publisher and measure that has most in the year."""
    rows = rows[rows["partner"].str.fullmatch("[A-Z]{3}") & rows["partner"].ne("WLD")].assign(about=COUNTRY)
    rows = rows.assign(country=rows["partner"])
    now = rows[rows["year"].eq(year)]
    if now.empty:
        return rows.head(0)
    most = now.groupby(["publisher", "measure"])["partner"].nunique().sort_values(ascending=False, kind="stable")
    publisher, measure = most.index[0]
    rows = rows[rows["publisher"].eq(publisher) & rows["measure"].eq(measure)].drop_duplicates(["partner", "year"])
    before = rows[rows["year"].eq(year - 1)].sort_values("value", ascending=False, kind="stable")
    return rows[rows["partner"].isin(before["partner"].head(MOST))]


def _known(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Of how many stays of a direction and year, in percent, a column is known."""
    known = rows[column].notna() & rows[column].ne("unknown").fillna(False)
    share = known.groupby([rows["direction"], rows["year"].astype(int)]).mean()
    return share.mul(100).round(0).rename("coverage").reset_index()


def _open(ranking: pd.DataFrame, policy: Disclosure) -> set[tuple[str, str]]:
    """Direction and country of those whose numbers of the year and the year before may be told, and their change."""
    rows = ranking[
        ranking["measure"].eq("stays") & ranking["value"].notna() & ranking["previous"].ge(policy.minimum_base)
    ]
    return set(rows[["direction", "partner"]].itertuples(index=False, name=None))


def _institutions(
    rows: pd.DataFrame,
    source: str,
    year: int,
    open_: set[tuple[str, str]],
    policy: Disclosure,
    alone: tuple[str, str] | None,
) -> pd.DataFrame:
    """Partner institutions with minimum_base stays the year before: those that may be told in tens, and those learnt from."""
    named = rows.dropna(subset=["institution", "partner"]).astype({"year": int})
    if named.empty:
        return pd.DataFrame()
    table = named.groupby(["direction", "institution", "year"]).size().rename("value").reset_index()
    before = table[table["year"].eq(year - 1) & table["value"].ge(policy.minimum_base)]
    before = before.sort_values("value", ascending=False, kind="stable")
    home, taken = _homes(named, alone), set[tuple[str, str]]()
    found: list[pd.DataFrame] = []
    for direction, name in before[["direction", "institution"]].itertuples(index=False, name=None):
        where = (direction, home[direction, name])
        line = table[table["direction"].eq(direction) & table["institution"].eq(name)].set_index("year")["value"]
        line = line.reindex(range(int(line.index.min()), year + 1), fill_value=0)
        rest = _elsewhere(rows, where, name, year)
        told = where in open_ and where not in taken and line.loc[year] >= policy.minimum_base
        told = bool(told and rest >= policy.minimum_count + TENS - 1)
        taken |= {where} if told else set()
        wanted = alone is not None and (home[direction, name], name) == alone
        about = {"direction": direction, "name": name, "country": where[1], "told": told or wanted}
        found.append(pd.DataFrame({"year": line.index, "value": line.to_numpy(dtype=float)}).assign(**about))
    if not found:
        return pd.DataFrame()
    made = pd.concat(found, ignore_index=True).assign(about=INSTITUTION, publisher=source, measure="stays", status="A")
    periods = rows.groupby(rows["year"].astype(int))["academic_year"].first()
    made = made.assign(exactness="exact", n=made["value"], period=made["year"].map(periods))
    return made.merge(_known(rows, "institution"), on=["direction", "year"], how="left")


def _homes(named: pd.DataFrame, alone: tuple[str, str] | None) -> dict[tuple[str, str], str]:
    """The country of each partner institution: that of most of its stays; of the one wanted as it is given."""
    size = named.groupby(["direction", "institution", "partner"]).size().sort_values(kind="stable")
    home = {(str(d), str(i)): str(p) for d, i, p in size.index}  # the most frequent comes last, and stays
    if alone is not None:
        home |= {key: alone[0] for key in home if key[1] == alone[1]}
    return home


def _elsewhere(rows: pd.DataFrame, where: tuple[str, str], name: str, year: int) -> int:
    """The stays of a country's that are not with one institution there, in the year or the year before: the fewer."""
    least = []
    for one in (year - 1, year):
        there = rows[rows["direction"].eq(where[0]) & rows["partner"].eq(where[1]) & rows["year"].eq(one)]
        least.append(len(there) - int(there["institution"].eq(name).sum()))
    return min(least)
