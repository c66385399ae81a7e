"""Rates that set mobile students against all students: the indicators of the UNESCO Institute for Statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.publishers import families
from pipeline.measures.yearly import NEEDED, one_a_cell, require, with_partner

COLUMNS = ["indicator", "year", "value", "numerator", "denominator", "source", "reason"]
# Publishers whose inbound and outbound students are counted by one definition, the first that has them is taken.
COMPARABLE = ("UNESCO UIS", "OECD")
# Codes under which the World Bank and UIS publish the denominators.
ENROLMENT = ("SE.TER.ENRL", "25053", "E.5T8")
POPULATION = ("SP.TER.TOTL.IN", "SAP.5T8", "200343")


def rates(counts: pd.DataFrame, context: pd.DataFrame | None, subject: str, year: int) -> pd.DataFrame:
    """Inbound mobility rate, outbound mobility ratio, net flow and its ratio, gross outbound enrolment ratio.

    Parameters
    ----------
    counts
        The processed counts. Only publishers that count both directions by one definition are used (UNESCO UIS, then
        OECD): a ministry's own total may hold language courses and never meets UIS's outbound figures.
    context
        The processed context (country, period, indicator, value): tertiary enrolment and the population of tertiary age.
    subject, year
        An alpha-3 code and the year; nothing of another year is used in its place.

    Returns
    -------
    pandas.DataFrame
        indicator, year, value (percent; students for net_flow; a ratio for students_per_national_abroad), numerator,
        denominator, source (publishers), reason: null, or why there is no value (no_inbound, no_outbound, no_enrolment,
        no_population). Outbound students are the published count or, where only the net flow is published, inbound
        minus net flow; where that is less than 0 the published figures contradict each other, and it is not known.

    Notes
    -----
    UIS glossary: inbound mobility rate = inbound / enrolment; outbound mobility ratio = outbound / home enrolment (it can
    exceed 100); net flow = inbound − outbound; net flow ratio = net flow / enrolment; gross outbound enrolment ratio =
    outbound / population of the five-year age group after upper secondary.

    Examples
    --------
    >>> empty = pd.DataFrame(columns=NEEDED)
    >>> rates(empty, None, "CHN", 2018)[["indicator", "reason"]].iloc[0].tolist()
    ['inbound_mobility_rate', 'no_inbound']
    """
    require(counts, NEEDED, "counts")
    inbound, outbound, net, publisher = _flows(counts, subject, year)
    enrolment, where = _context(context, subject, year, ENROLMENT)
    population, whence = _context(context, subject, year, POPULATION)
    flows, with_e, with_p = publisher, _join(publisher, where), _join(publisher, whence)
    have = {"inbound": inbound, "outbound": outbound, "enrolment": enrolment, "population": population}

    def row(
        name: str, top: float, bottom: float, source: str, needs: tuple[str, ...], scale: float = 100
    ) -> dict[str, Any]:
        reason = next((f"no_{n}" for n in needs if np.isnan(have[n])), None)
        value = scale * top / bottom if reason is None and bottom > 0 else np.nan
        return dict(zip(COLUMNS, (name, year, value, top, bottom, source, reason), strict=True))

    known_net = () if not np.isnan(net) else ("inbound", "outbound")  # a published net flow needs no parts
    rows = [
        row("inbound_mobility_rate", inbound, enrolment, with_e, ("inbound", "enrolment")),
        row("outbound_mobility_ratio", outbound, enrolment, with_e, ("outbound", "enrolment")),
        row("net_flow", net, 1.0, flows, known_net, 1) | {"denominator": np.nan},
        row("net_flow_ratio", net, enrolment, with_e, (*known_net, "enrolment")),
        row("gross_outbound_enrolment_ratio", outbound, population, with_p, ("outbound", "population")),
        row("students_per_national_abroad", inbound, outbound, flows, ("inbound", "outbound"), 1),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _flows(counts: pd.DataFrame, subject: str, year: int) -> tuple[float, float, float, str]:
    rows = with_partner(counts[counts["reporter"].eq(subject) & counts["year"].eq(year)])
    rows = rows[rows["partner_kind"].eq("world") & rows["value"].notna()]
    rows = one_a_cell(rows.assign(publisher=families(rows["publisher"]))) if len(rows) else rows
    for publisher in COMPARABLE:
        own = rows[rows["publisher"].eq(publisher)]
        inbound = _value(own, "stock", "inbound")
        net = _value(own, "net_flow", None)
        outbound = _value(own, "stock", "outbound")
        if np.isnan(outbound):
            outbound = inbound - net
        if outbound < 0:  # published figures that contradict each other give no number of students abroad
            outbound = np.nan
        if not (np.isnan(inbound) and np.isnan(outbound) and np.isnan(net)):
            return inbound, outbound, net if not np.isnan(net) else inbound - outbound, publisher
    return np.nan, np.nan, np.nan, ""


def _value(rows: pd.DataFrame, measure: str, direction: str | None) -> float:
    found = rows[rows["measure"].eq(measure) & rows["level"].isin(["all", "5-8"])]
    if direction is not None:
        found = found[found["direction"].eq(direction)]
    return float(found["value"].iloc[0]) if len(found) else np.nan


def _context(context: pd.DataFrame | None, subject: str, year: int, codes: tuple[str, ...]) -> tuple[float, str]:
    if context is None or context.empty:
        return np.nan, ""
    require(context, ("country", "indicator", "value"), "context")
    years = context["year"] if "year" in context else pd.to_numeric(context["period"].str[:4])
    rows = context[context["country"].eq(subject) & years.eq(year) & context["indicator"].isin(codes)]
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return np.nan, ""
    return float(rows["value"].iloc[0]), str(rows["publisher"].iloc[0]) if "publisher" in rows else ""


def _join(*parts: str) -> str:
    return "; ".join(dict.fromkeys(p for p in parts if p))
