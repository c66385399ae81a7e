"""What flows say of one subject: the gravity models that its data reach, and its place in the network. Tables for notebook 3."""

from __future__ import annotations

import pandas as pd

from pipeline.measures.corridors import KEY, flow_tables, published_flows, stay_flows
from pipeline.measures.yearly import MAIN_MEASURES
from pipeline.models.expectations import (
    CHECKS,
    EXPECTED,
    FEWEST_ENDS,
    FEWEST_PARTNERS,
    GRAVITY,
    Study,
    partners_expected,
    study_flows,
)
from pipeline.models.geography import countries
from pipeline.models.webs import network

PARTNER_COLUMNS = [*(c for c in EXPECTED if c not in ("origin", "destination")), "partner"]
NETWORK = ["publisher", "measure", "year", "node", "sent", "received", "centrality", "rank", "community", "reciprocity"]
NETWORK += ["dependence", "top_partner", "top_share", "n_partners", "whole_reciprocity", "modularity", "reporting"]
Tables = dict[str, pd.DataFrame]


def country_flows(counts: pd.DataFrame, context: pd.DataFrame | None, subject: str, year: int) -> Tables:
    """Gravity models and network of a country, from published tables of flows that name it.

    Parameters
    ----------
    counts, context : processed tables
    subject : alpha-3 code
    year : nothing later counts

    Returns
    -------
    gravity, gravity_checks, expected_flows (the subject's partners; direction is that of the flow), network (every country of the widest table of many destinations, in its last year;
    empty where there is none). Where no table reaches, gravity_checks says why ("reach").
    """
    tables = flow_tables(counts, year)
    tables = tables[tables["measure"].isin(MAIN_MEASURES) & tables["level"].eq("all")]
    tables = tables.sort_values("measure", key=lambda m: m.map(MAIN_MEASURES.index), kind="stable")
    studies, web = [], pd.DataFrame(columns=NETWORK)
    done: set[str] = set()  # one table a publisher, of the measure that can best stand for all students
    few = False
    for row in tables.to_dict("records"):
        label = {name: str(row[name]) for name in KEY}
        flows = published_flows(counts, **label)
        flows = flows[flows["year"].le(year)]
        if row["publisher"] in done or not _about(flows, subject):
            continue
        if max(row["origins"], row["destinations"]) < FEWEST_PARTNERS:
            few = True
            continue
        done.add(row["publisher"])
        studies.append(study_flows(flows, label, context))
        if web.empty and min(row["origins"], row["destinations"]) >= FEWEST_ENDS:
            web = country_network(flows).assign(publisher=label["publisher"], measure=label["measure"])[NETWORK]
    if not studies:
        missing = pd.DataFrame(columns=["origin", "destination", "year", "value"])
        alone = study_flows(missing, {})
        if few:
            alone.checks["detail"] = "too_few_partners"
        studies = [alone]
    result = _together(studies)
    result["expected_flows"] = partners_expected(result["expected_flows"], subject)[PARTNER_COLUMNS]
    return result | {"network": web}


def _about(flows: pd.DataFrame, subject: str) -> bool:
    """Whether a table says something of the subject's partners: it is the one end, or one of many at either end."""
    ends = [
        flows.loc[flows[end].eq(subject), other].nunique()
        for end, other in (("origin", "destination"), ("destination", "origin"))
    ]
    several = min(flows["origin"].nunique(), flows["destination"].nunique()) >= FEWEST_ENDS
    return max(ends) > (0 if several else 1)


def institution_flows(stays: pd.DataFrame, context: pd.DataFrame | None, subject: str, year: int) -> Tables:
    """Gravity models of an institution's stays, each way by itself, with every country that it could have exchanged with.

    Parameters
    ----------
    stays, context : processed tables
    subject : the source
    year : of the last academic year's end

    Returns
    -------
    gravity, gravity_checks, expected_flows: unprotected. Expectations pass `shown_expected` before they are shown.
    """
    flows = stay_flows(stays, subject, year, countries().index)
    studies = []
    for direction, part in flows.groupby("direction"):
        label = {"publisher": subject, "measure": "stays", "level": "all", "direction": str(direction)}
        study = study_flows(part, label, context)
        end = "origin" if direction == "inbound" else "destination"
        studies.append(Study(study.coefficients, study.checks, study.expected.assign(partner=study.expected[end])))
    if not studies:
        alone = study_flows(flows, {"publisher": subject, "measure": "stays"})
        alone.checks["detail"] = "no_home"
        studies = [Study(alone.coefficients, alone.checks, alone.expected.assign(partner=None))]
    result = _together(studies)
    result["expected_flows"] = result["expected_flows"][PARTNER_COLUMNS]
    return result


def _together(studies: list[Study]) -> Tables:
    def joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
        full = [frame for frame in frames if len(frame)] or frames[:1]
        return pd.concat(full, ignore_index=True)

    return {
        "gravity": joined([s.coefficients for s in studies])[GRAVITY],
        "gravity_checks": joined([s.checks for s in studies])[CHECKS],
        "expected_flows": joined([s.expected for s in studies]),
    }


def country_network(flows: pd.DataFrame) -> pd.DataFrame:
    """Every country of a table of flows in its last year, as nodes of a network.

    Parameters
    ----------
    flows : origin, destination, year, value; of one definition

    Returns
    -------
    As `network`, with year, rank (by centrality) and reporting: whether the country reports who comes to it. Reciprocity, communities, centrality and dependence are taken among
    the countries that report, for of the others only one direction is known; they are null for those.

    Examples
    --------
    >>> flows = pd.DataFrame([("A", "B", 9.0), ("B", "A", 3.0), ("C", "A", 5.0)], columns=["origin", "destination", "value"])
    >>> country_network(flows.assign(year=2019))[["node", "received", "reciprocity", "reporting"]].round(2).values.tolist()
    [['A', 8.0, 0.5, True], ['B', 9.0, 0.5, True], ['C', 0.0, nan, False]]
    """
    last = int(flows["year"].max())
    rows = flows[flows["year"].eq(last) & flows["value"].notna()]
    reporting = set(rows["destination"])
    among = network(rows[rows["origin"].isin(reporting)])
    everyone = network(rows)[["node", "sent", "received", "top_partner", "top_share", "n_partners"]]
    core = among[["node", "centrality", "community", "reciprocity", "dependence"]]
    table = everyone.merge(core, on="node", how="left")
    return table.assign(
        year=last,
        community=table["community"].astype("Int64"),
        rank=table["centrality"].rank(ascending=False, method="min").astype("Int64"),
        reporting=table["node"].isin(reporting),
        whole_reciprocity=among.attrs.get("reciprocity"),
        modularity=among.attrs.get("modularity"),
    )


def star_network(balance: pd.DataFrame, subject: str) -> pd.DataFrame:
    """An institution's place among its partner countries, from the numbers that are out.

    Parameters
    ----------
    balance : the protected balance (partner, inbound, outbound, year); a partner of whom either number is hidden is left out
    subject : the institution

    Returns
    -------
    One row in the columns of the network's table (sent, received, reciprocity, dependence, top_partner, top_share, n_partners); empty where no partner may be shown. All of it follows
    from published numbers, so that it gives nothing away.

    Examples
    --------
    >>> balance = pd.DataFrame({"partner": ["KOR", "DEU", "FRA"], "inbound": [5.0, 15.0, None], "outbound": [20.0, 10.0, 7.0], "year": 2024})
    >>> star_network(balance, "u")[["sent", "received", "reciprocity", "top_partner", "n_partners"]].values.tolist()
    [[30.0, 20.0, 0.6, 'KOR', 2]]
    """
    rows = balance[balance["inbound"].notna() & balance["outbound"].notna()]
    came = pd.DataFrame({"origin": rows["partner"], "destination": subject, "value": rows["inbound"].astype(float)})
    went = pd.DataFrame({"origin": subject, "destination": rows["partner"], "value": rows["outbound"].astype(float)})
    web = network(pd.concat([came, went], ignore_index=True))
    own = web[web["node"].eq(subject)].reset_index(drop=True)
    known = own.assign(publisher=subject, measure="stays", year=int(rows["year"].max()) if len(rows) else None)
    return known.reindex(columns=NETWORK)
