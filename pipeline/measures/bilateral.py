"""The exchange with one partner, an institution or a country: years, modes, agreements, outcomes; ready for the gate."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pipeline.measures.disclosure.gate import as_policy, protect
from pipeline.measures.disclosure.layouts import LAYOUTS, Layout
from pipeline.measures.outcomes import outcome_rates
from pipeline.measures.stay_counts import VIRTUAL, begun, physical
from pipeline.measures.yearly import require
from pipeline.settings import Disclosure

HALF = 5  # years in each of the two spans that are compared
RECENT, EARLIER = "recent", "earlier"
DIMS = ("direction", "measure", "level", "mode", "funding", "partner", "institution", "agreement", "publisher")
EXCHANGE = Layout(dims=(*DIMS, "span", "year"), apart={"mode": (VIRTUAL,)}, universe="stays")
THIS, OTHERS, NONE = "this", "others", "none"


@dataclass(frozen=True)
class Partner:
    """Whom a profile is about.

    Attributes
    ----------
    country
        Its alpha-3 code.
    institution
        Its name on record; empty when the partner is the country as a whole.

    Examples
    --------
    >>> Partner("KOR").whole_country, Partner("KOR", "Kestrelwick Institute of Science").whole_country
    (True, False)
    """

    country: str
    institution: str = ""

    @property
    def whole_country(self) -> bool:
        """Whether the partner is a country."""
        return not self.institution

    def of(self, stays: pd.DataFrame) -> pd.Series:
        """Which stays are with it: who came from there, who went there; unknown is no."""
        ends = ("origin", "destination") if self.whole_country else ("home_institution", "host_institution")
        require(stays, ("direction", *ends), "stays")
        inbound = stays["direction"].eq("inbound")
        return _there(stays, ends, inbound).eq(self.institution or self.country).fillna(False).astype(bool)


def exchange(stays: pd.DataFrame, source: str, partner: Partner, year: int) -> pd.DataFrame:
    """The stays with one partner, counted every way that a profile prints.

    Parameters
    ----------
    stays
        The processed stays; only the rows of `source` count.
    source
        Of the institution whose partner it is.
    partner
        An institution or a country.
    year
        In which the last academic year ends.

    Returns
    -------
    pandas.DataFrame
        Cells in the layout `EXCHANGE`, unprotected: direction, measure ("stays"), level, mode, funding, partner, institution,
        agreement ("none": under no agreement on record), publisher, span ("recent": the last five years, "earlier": the five before), year, period, value. A null or "all" is the sum over a column. Virtual
        stays are a mode of their own and in no sum. Of an institution also the cells of the rest of its country
        (institution "others"), which nobody prints: they tie the two together, so that neither gives the other away.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": ["inbound", "inbound", "outbound"], "origin": ["KOR", "KOR", "CHN"],
    ...     "destination": ["CHN", "CHN", "KOR"], "home_institution": ["A", "B", "U"], "host_institution": ["U", "U", "A"],
    ...     "mode": "exchange", "year": [2024, 2024, 2023], "academic_year": ["2023/24", "2023/24", "2022/23"], "agreement_id": None})
    >>> table = exchange(stays, "u", Partner("KOR"), 2024)
    >>> table.query("span == 'recent' and year == 2024")[["direction", "value"]].values.tolist()
    [['inbound', 2.0], ['outbound', 0.0]]
    """
    require(stays, ("source", "direction", "mode", "year", "academic_year", "agreement_id"), "stays")
    own = begun(stays[stays["source"].eq(source) & stays["year"].notna()])
    first = max(int(own["year"].min()), year - 2 * HALF + 1)
    periods = own.groupby(own["year"].astype(int))["academic_year"].first()
    own = own[own["year"].between(first, year)].assign(
        year=lambda r: r["year"].astype(int),
        span=lambda r: r["year"].gt(year - HALF).map({True: RECENT, False: EARLIER}),
        mode=lambda r: r["mode"].astype("object").where(r["mode"].notna(), "unknown"),
        agreement=lambda r: r["agreement_id"].astype("object").where(r["agreement_id"].notna(), NONE),
    )
    whole = own[partner.of(own)]
    rows = physical(whole)
    years = [y for y in range(first, year + 1) if y in periods.index]
    cells = _cells(rows, years, year)
    virtual = whole[whole["mode"].eq(VIRTUAL)]
    cells += [
        {"direction": d, "mode": VIRTUAL, "span": span, "value": len(part)}
        for (d, span), part in virtual.groupby(["direction", "span"])
    ]
    if not partner.whole_country:
        cells += _rest_of_country(physical(own), partner, (year - 1, year))
    table = pd.DataFrame(cells).reindex(
        columns=["direction", "mode", "agreement", "institution", "span", "year", "value"]
    )
    table["mode"] = table["mode"].fillna("all")
    if not partner.whole_country:
        table["institution"] = table["institution"].fillna(partner.institution)
    table = table.assign(
        measure="stays",
        level="all",
        funding="all",
        partner=partner.country,
        publisher=source,
        value=table["value"].astype(float),
    )
    table["period"] = table["year"].map(periods)
    return table.astype({"year": "Int64"})[[*EXCHANGE.dims, "period", "value"]]


def _cells(rows: pd.DataFrame, years: list[int], year: int) -> list[dict[str, object]]:
    """By year; by mode and span; by agreement in the recent span. A year on record without a stay is a true 0."""
    cells: list[dict[str, object]] = []
    for direction in ("inbound", "outbound"):
        part = rows[rows["direction"].eq(direction)]
        key: dict[str, object] = {"direction": direction}
        per_year = part.groupby("year").size().reindex(years, fill_value=0)
        for y, n in per_year.items():
            span = RECENT if int(str(y)) > year - HALF else EARLIER
            cells.append(key | {"span": span, "year": y, "value": n})
        for span in (RECENT, EARLIER):
            inside = part[part["span"].eq(span)]
            if span == EARLIER and not [y for y in years if y <= year - HALF]:
                continue
            cells.append(key | {"span": span, "value": len(inside)})
            cells += [key | {"span": span, "mode": m, "value": len(p)} for m, p in inside.groupby("mode")]
        recent = part[part["span"].eq(RECENT)]
        cells += [key | {"span": RECENT, "agreement": a, "value": len(p)} for a, p in recent.groupby("agreement")]
    return cells


def _rest_of_country(rows: pd.DataFrame, partner: Partner, years: tuple[int, ...]) -> list[dict[str, object]]:
    """The institution and the rest of its country in the years for which the country's number is printed in the annual brief."""
    country = rows[Partner(partner.country).of(rows)]
    same = partner.of(country)
    cells: list[dict[str, object]] = []
    for direction in ("inbound", "outbound"):
        for year in years:
            there = country["direction"].eq(direction) & country["year"].eq(year)
            for name, mine in ((partner.institution, same), (OTHERS, ~same)):
                cells.append(
                    {"direction": direction, "institution": name, "year": year, "value": int((there & mine).sum())}
                )
    return cells


def partner_outcomes(ended: pd.DataFrame, partner: Partner) -> pd.DataFrame:
    """What came of the stays with one partner, and of those with all others.

    Parameters
    ----------
    ended
        Stays that ended in a window (`ended_stays`).
    partner
        An institution or a country.

    Returns
    -------
    pandas.DataFrame
        As `outcome_rates` gives it, unprotected: group_by "counterpart" with the groups "this" (the partner), "others" and
        "none" (no partner on record). The groups differ in more than the partner: in modes, levels, funders and years.

    Examples
    --------
    >>> ended = pd.DataFrame({"direction": "inbound", "origin": ["KOR", "KOR", "DEU", None], "destination": "CHN", "mode": "exchange",
    ...     "funder": "self", "level": "7", "outcome": ["completed", "withdrawn", "completed", "completed"]})
    >>> rates = partner_outcomes(ended, Partner("KOR")).query("indicator == 'completion'")
    >>> rates[["group", "n", "value"]].values.tolist()
    [['none', 1, 100.0], ['others', 1, 100.0], ['this', 2, 50.0]]
    """
    ends = ("origin", "destination") if partner.whole_country else ("home_institution", "host_institution")
    there = _there(ended, ends, ended["direction"].eq("inbound"))
    group = partner.of(ended).map({True: THIS, False: OTHERS}).where(there.notna(), NONE)
    rates = outcome_rates(ended.assign(counterpart=group), "counterpart")
    return rates[rates["group"].ne("all")].reset_index(drop=True)


def protected_outcomes(
    rates: pd.DataFrame, broken_down: pd.DataFrame, policy: Disclosure | None = None
) -> pd.DataFrame:
    """Protect the outcomes of one partner so that they give nothing away beside those of the annual brief.

    Parameters
    ----------
    rates
        What `partner_outcomes` gave.
    broken_down
        Outcomes of the same stays by the columns that the annual brief publishes (`all_outcomes`), unprotected.
    policy
        As for `protect`.

    Returns
    -------
    pandas.DataFrame
        `rates` without what happened to nobody, with hidden numbers null and their status "C". Where the gate would have to hide a number that is in
        the brief, all that shares its base is hidden here instead.

    Examples
    --------
    >>> stays = pd.DataFrame({"outcome": ["completed"] * 60 + ["withdrawn"] * 20, "level": "7", "direction": "inbound",
    ...     "origin": ["KOR"] * 38 + ["DEU"] * 42, "destination": "CHN"})
    >>> rates = protected_outcomes(partner_outcomes(stays, Partner("KOR")), outcome_rates(stays, "level"))
    >>> rates.query("indicator == 'withdrawal'")[["group", "n", "k", "status"]].values.tolist()
    [['others', 42, 20.0, 'A'], ['this', 38, 0.0, 'A']]
    """
    happened = broken_down.loc[broken_down["group"].eq("all") & broken_down["k"].ne(0), "indicator"]
    broken_down, rates = (t[t["indicator"].isin(happened)].reset_index(drop=True) for t in (broken_down, rates))
    alone = protect({"outcomes": broken_down}, policy)["outcomes"]
    both = protect({"outcomes": pd.concat([broken_down, rates], ignore_index=True)}, policy)["outcomes"]
    lost = both.iloc[: len(alone)]["status"].eq("C") & alone["status"].ne("C").to_numpy()
    own = both.iloc[len(alone) :].reset_index(drop=True)
    bases = {base_of(i) for i in broken_down.loc[lost.to_numpy(), "indicator"]}
    return _give_up(own, own["indicator"].map(base_of).isin(bases), LAYOUTS["outcomes"])


def base_of(indicator: str) -> str:
    """What the base of an outcome is called: several outcomes of the same stays share one.

    >>> base_of("completion"), base_of("satisfaction")
    ('ended', 'satisfaction')
    """
    return LAYOUTS["outcomes"].aliases["indicator"].get(indicator, {}).get("n", {}).get("base", indicator)


def protected_exchange(table: pd.DataFrame, published: pd.DataFrame, policy: Disclosure | None = None) -> pd.DataFrame:
    """Protect the exchange with one partner so that it gives nothing away beside the annual brief.

    Parameters
    ----------
    table
        What `exchange` gave.
    published
        The protected ranking of partner countries in the brief of that year ("partners" of `counted`, then `protect`).
    policy
        As for `protect`.

    Returns
    -------
    pandas.DataFrame
        `table` without the rest of the country, with hidden numbers null and their status "C". Where the brief hides the
        country's number of the year or the year before, or shows one that had to be hidden here, or that number less the institution's would
        show a few people elsewhere, the recent years of that direction are hidden here, but for a country's numbers that the brief shows.

    Examples
    --------
    >>> stays = pd.DataFrame({"source": "u", "direction": "inbound", "origin": ["KOR"] * 38 + ["DEU"] * 9, "destination": "CHN",
    ...     "home_institution": ["A"] * 35 + ["B"] * 12, "host_institution": "U", "mode": "exchange", "level": "7", "months": 5.0,
    ...     "year": 2024, "academic_year": "2023/24", "agreement_id": None})
    >>> out = pd.DataFrame({"partner": ["KOR", "DEU"], "direction": "inbound", "year": 2024, "value": [38.0, 9.0], "previous": 0.0})
    >>> table = protected_exchange(exchange(stays, "u", Partner("KOR", "A"), 2024), out)
    >>> table.query("direction == 'inbound' and year == 2024")["status"].unique().tolist()
    ['C']
    """
    rest = table["institution"].eq(OTHERS).fillna(False)
    own = table[table["span"].notna()].reset_index(drop=True)
    result: pd.DataFrame = protect({"exchange": own}, policy, {"exchange": EXCHANGE})["exchange"]
    few = as_policy(policy).minimum_count
    for direction in ("inbound", "outbound"):
        elsewhere = table.loc[rest & table["direction"].eq(direction), "value"]
        here = published[published["direction"].eq(direction) & published["partner"].eq(table["partner"].iloc[0])]
        hidden = bool(here[["value", "previous"]].isna().any(axis=None))
        country = not table["institution"].notna().any()
        shown = _as_out(result, direction, here) if country else result
        contradicted = bool(shown["status"].ne(result["status"]).any())  # hidden here to guard other years, yet out
        if hidden or contradicted or elsewhere.between(1, few - 1).any():
            result = _give_up(result, result["direction"].eq(direction) & result["span"].eq(RECENT), EXCHANGE)
            if country:
                result = _as_out(result, direction, here)
    return result


def _as_out(table: pd.DataFrame, direction: str, out: pd.DataFrame) -> pd.DataFrame:
    """A country's numbers of the year and the year before, where the brief shows them."""
    table = table.copy()
    yearly = table["direction"].eq(direction) & table["mode"].eq("all") & table["agreement"].isna()
    for row in out.to_dict("records"):
        for year, value in ((row["year"], row["value"]), (row["year"] - 1, row["previous"])):
            if pd.notna(value):
                at = yearly & table["year"].eq(year).fillna(False)
                table["value"] = table["value"].mask(at, float(value))
                table["status"] = table["status"].mask(at, "A")
    return table


def _give_up(table: pd.DataFrame, rows: pd.Series, layout: Layout) -> pd.DataFrame:
    """The table with these rows hidden."""
    table = table.copy()
    for column in dict.fromkeys((*layout.counts, *layout.bases)):
        if column in table:
            table[column] = table[column].mask(rows)
    table["status"] = table["status"].mask(rows, "C")
    return table


def _there(stays: pd.DataFrame, ends: tuple[str, str], inbound: pd.Series) -> pd.Series:
    """The other end of each stay."""
    return stays[ends[0]].where(inbound, stays[ends[1]])
