"""More, and fewer, than distance, language and size would lead one to expect; and how mutual the exchange is: for the partners of a brief."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.facts import RECENT, first, records
from pipeline.briefs.annual.phrases import known, place
from pipeline.measures.publishers import role_rank

if TYPE_CHECKING:
    from pipeline.briefs.annual.core import Core

EITHER_WAY = 5  # partners above and below what was expected, at most, in a figure
NAMED = 3  # in a sentence
LEAST_SHOWN = 20  # students, actual or expected: a departure of fewer is no news
SURE = 0.05


@dataclass(frozen=True)
class Records:
    """An institution's own records: how to name the rows of stays behind a number, and their source line."""

    rows: Callable[..., list[blocks.Evidence]]
    source: str


def expected_blocks(brief: Core, own: Records | None = None) -> list[blocks.Block]:
    """The finding, the figures of both directions and the network's sentence; nothing where the data reach for none of them."""
    found: list[blocks.Block] = []
    tables = [t for t in (_table(brief, d, own) for d in ("inbound", "outbound")) if t is not None]
    if tables:
        found.append(_finding(brief, tables, own))
        figures = [_figure(brief, table, own) for table in tables if len(_chosen(table)) >= NAMED]
        found += [blocks.Columns(figures[0], figures[1])] if len(figures) == 2 else figures
    network = network_finding(brief, own)
    return [*found, network] if network is not None else found


def expected_definition(brief: Core) -> tuple[str, str]:
    """What "expected" means here, or why nothing is expected, for the list of definitions."""
    w = brief.w
    rows = brief.facts.table("expected_flows")
    if rows.empty:
        return w("Expected flows"), w(
            "No expectations are given: the tables at hand name too few partners for a gravity model, which needs at least forty."
        )
    text = w(
        "By a gravity model (Poisson pseudo-maximum likelihood, zeros kept): how many students there are elsewhere between countries alike in {terms}. The interval is where 95 of 100 such flows lie. A pattern, not a cause, and no target.",
        terms=_terms(brief, rows),
    )
    return w("Expected flows"), text


def _table(brief: Core, direction: str, own: Records | None) -> pd.DataFrame | None:
    """The expectations of a direction, of the best publisher of the last years.

    A published 0 is left out: tables without flags write it for what was not reported, too. An institution's own 0 is one.
    """
    rows = brief.facts.table("expected_flows")
    if rows.empty:
        return None
    recent = rows["year"].gt(brief.facts.year - RECENT) & rows["year"].le(brief.facts.year)
    rows = rows[rows["direction"].eq(direction) & recent & rows["actual"].notna() & rows["expected"].gt(0)]
    rows = rows if own is not None else rows[rows["actual"].gt(0)]
    if rows.empty:
        return None
    order = rows.assign(_role=rows["publisher"].map(role_rank)).sort_values(["_role", "year"], ascending=[True, False])
    best = records(order)[0]
    rows = rows[rows["publisher"].eq(best.publisher) & rows["year"].eq(best.year) & rows["measure"].eq(best.measure)]
    return rows.assign(departure=_departure(rows)) if len(rows) >= NAMED else None


def _departure(rows: pd.DataFrame) -> pd.Series:
    """How far a flow lies from its expectation, in units of the interval's reach on that side: beyond ±1 it lies outside."""
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.log(rows["ratio"]) / np.log(rows["upper"] / rows["expected"])
        reach = np.log(rows["lower"].where(rows["lower"].gt(0), rows["expected"] / 50) / rows["expected"])
        down = -np.log(rows["ratio"].clip(lower=0.005)) / reach
    return pd.Series(np.where(rows["ratio"].ge(1), up, -down.abs()), index=rows.index)


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The largest departures either way, largest ratio first."""
    rows = table[table[["actual", "expected"]].max(axis=1).ge(LEAST_SHOWN)]
    above = rows[rows["ratio"].gt(1)].nlargest(EITHER_WAY, "departure")
    below = rows[rows["ratio"].lt(1)].nsmallest(EITHER_WAY, "departure")
    return pd.concat([above, below]).sort_values("ratio", ascending=False, kind="stable")


def _terms(brief: Core, table: pd.DataFrame) -> str:
    """What the expectation rests on, in words."""
    w = brief.w
    names = set(str(table["terms"].iloc[0]).split())
    said = [
        (w("distance"), "log_distance" in names),
        (w("a common border"), "contiguous" in names),
        (w("language"), "common_language" in names),
        (w("colonial ties"), "colonial_tie" in names),
        (w("size"), "log_population" in names or "log_gdp_per_head" not in names),
        (w("wealth"), "log_gdp_per_head" in names),
    ]
    return str(w.list([word for word, there in said if there]))


def _period(brief: Core, table: pd.DataFrame) -> str:
    """The period of a table's year, as the main series writes it."""
    return str(brief.w.period(brief.period_like(brief.main_id, int(table["year"].iloc[0]))))


def _finding(brief: Core, tables: list[pd.DataFrame], own: Records | None) -> blocks.Finding:
    """From where more come, and to where more go, than was to be expected; or that there is no such place."""
    w, parts = brief.w, list[str]()
    evidence: list[blocks.Evidence] = []
    terms = _terms(brief, tables[0])
    for table in tables:
        rows = table[table[["actual", "expected"]].max(axis=1).ge(LEAST_SHOWN)]
        more = rows[rows["verdict"].eq("more")].nlargest(NAMED, "departure")["partner"].tolist()
        fewer = rows[rows["verdict"].eq("fewer")].nsmallest(NAMED, "departure")["partner"].tolist()
        inbound = table["direction"].iloc[0] == "inbound"
        for partners, many in ((more, True), (fewer, False)):
            if partners:
                names = w.list([_with_numbers(brief, rows, partner) for partner in partners])
                parts.append(_said(brief, names, "" if parts else terms, inbound, many))
        evidence += _evidence(brief, table, [*more, *fewer] or table["partner"].tolist(), own)
    if not parts:
        parts.append(
            w(
                "**Not one of {n} countries and regions lies far from what {terms} would lead one to expect**.",
                n=max(len(table) for table in tables),
                terms=terms,
            )
        )
    base = w(
        "{n} possible partner countries and regions, those without a student too, {period}; some five in a hundred lie outside their interval by chance. What goes together, not what caused it.",
        n=w.list([w.number(len(table)) for table in tables]) if len({len(t) for t in tables}) > 1 else len(tables[0]),
        period=_period(brief, tables[0]),
    )
    doubt = _doubt(brief) if any(_doubtful(brief, table) for table in tables) else ""
    return blocks.Finding("partners.expected", brief.join(*parts), base=brief.join(base, doubt), evidence=evidence)


def _with_numbers(brief: Core, rows: pd.DataFrame, partner: str) -> str:
    """A partner with its number and what was to be expected."""
    w, row = brief.w, records(rows[rows["partner"].eq(partner)])[0]
    return w(
        "{partner} ({actual}, expected {expected})",
        partner=place(w, partner),
        actual=w.number(row.actual),
        expected=w.number(float(f"{row.expected:.2g}")),
    )


def _said(brief: Core, names: str, terms: str, inbound: bool, more: bool) -> str:
    """Where more or fewer come from, or go to; without terms in short, where they have just been named."""
    w = brief.w
    if terms:
        if inbound and more:
            return w(
                "**More students come from {names} than {terms} would lead one to expect**.", names=names, terms=terms
            )
        if inbound:
            return w(
                "**Fewer students come from {names} than {terms} would lead one to expect**.", names=names, terms=terms
            )
        if more:
            return w("**More students go to {names} than {terms} would lead one to expect**.", names=names, terms=terms)
        return w("**Fewer students go to {names} than {terms} would lead one to expect**.", names=names, terms=terms)
    if inbound:
        return w("**Fewer come from {names}** than so expected.", names=names)
    if more:
        return w("**More go to {names}** than so expected.", names=names)
    return w("**Fewer go to {names}** than so expected.", names=names)


def _evidence(brief: Core, table: pd.DataFrame, partners: list[str], own: Records | None) -> list[blocks.Evidence]:
    """The clean rows behind the partners named."""
    row = records(table)[0]
    column = "origin" if row.direction == "inbound" else "destination"
    where: dict[str, Any] = {column: sorted(set(partners))}
    if own is not None:
        return own.rows(int(row.year), direction=row.direction, **where)
    other = "destination" if column == "origin" else "origin"
    where |= {other: brief.facts.subject, "year": int(row.year), "measure": row.measure, "level": "all"}
    return [{"table": "counts", "where": {**where, "publisher": row.publisher}}]


def _doubtful(brief: Core, table: pd.DataFrame) -> bool:
    """Whether the check of the model's form failed for the table."""
    checks, row = brief.facts.table("gravity_checks"), records(table)[0]
    if checks.empty:
        return False
    same = checks["publisher"].eq(row.publisher) & checks["specification"].eq("main") & checks["check"].eq("reset")
    if row.measure == "stays":
        same &= checks["direction"].eq(row.direction)
    return bool(checks.loc[same, "p"].lt(SURE).any())


def _doubt(brief: Core) -> str:
    return brief.w("A check of the model’s form (RESET) fails: take the expectations as rough.")


def _figure(brief: Core, table: pd.DataFrame, own: Records | None) -> blocks.Figure:
    """The largest departures of a direction."""
    w, rows, row = brief.w, _chosen(table), records(table)[0]
    names = [w.country(c) for c in rows["partner"]]
    frame = rows[["actual", "expected", "lower", "upper"]].assign(name=names).reset_index(drop=True)
    period = _period(brief, table)
    title = (
        w("Origins against expectation, {period}", period=period)
        if row.direction == "inbound"
        else w("Hosts against expectation, {period}", period=period)
    )
    doubt = _doubt(brief) if _doubtful(brief, table) else ""
    caption = brief.join(
        w(
            "Dot: students, as a multiple of what {terms} would lead one to expect (1). Bar: where 95 of 100 such flows lie. Blue: more; orange: fewer.",
            terms=_terms(brief, table),
        ),
        doubt,
    )
    source = own.source if own is not None else w("Source: {publisher}", publisher=w.publisher(row.publisher))
    chart = charts.against(frame, words=w)
    return blocks.Figure(f"expected-{row.direction}", title, chart, caption=caption, source=source)


def network_finding(brief: Core, own: Records | None = None) -> blocks.Finding | None:
    """How mutual the exchange is and on whom it depends; None where no network is known."""
    w, table = brief.w, brief.facts.table("network")
    if table.empty:
        return None
    row = first(table[table["node"].eq(brief.facts.subject) & table["year"].gt(brief.facts.year - RECENT)])
    if row is None or not known(row.top_share):
        return None
    top = w.percent(100 * row.top_share)
    if known(row.reciprocity) and own is not None:
        text = w(
            "**With the {n} countries and regions whose numbers both ways may be shown, {share} of stays are matched by one the other way**; {partner} alone has {top} of these stays.",
            n=row.n_partners,
            share=w.percent(100 * row.reciprocity),
            partner=place(w, row.top_partner),
            top=top,
        )
    elif known(row.reciprocity):
        text = w(
            "**{share} of the students exchanged with other reporting countries are matched by one the other way**; {partner} alone has {top} of all who come and go.",
            share=w.percent(100 * row.reciprocity),
            partner=place(w, row.top_partner),
            top=top,
        )
    else:
        text = w(
            "**{partner} alone has {top} of the students who go** to the countries that report.",
            partner=w.capital(place(w, row.top_partner)),
            top=top,
        )
    if own is not None:
        base = w(
            "{period}; the others have too few stays to be shown.",
            period=_period(brief, table.head(1)),
        )
        evidence = own.rows(int(row.year))
    else:
        base = w(
            "{publisher}, {year}; {n} countries and regions.",
            publisher=w.publisher(row.publisher),
            year=str(row.year),
            n=row.n_partners,
        )
        ends = ("destination", "origin") if known(row.reciprocity) else ("origin",)
        evidence = [
            {
                "table": "counts",
                "where": {
                    end: row.node,
                    "year": int(row.year),
                    "publisher": row.publisher,
                    "level": "all",
                    "measure": row.measure,
                },
            }
            for end in ends
        ]
    return blocks.Finding("partners.network", text, base=base, evidence=evidence)
