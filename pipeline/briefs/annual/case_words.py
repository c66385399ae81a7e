"""A case in words: what it is called, what it did, and what speaks for and against an explanation of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipeline.briefs.annual.phrases import known, place
from pipeline.measures.case_lines import INSTITUTION, MODE, OUTCOME, PEOPLE, SUBJECT
from pipeline.measures.registry import indicators
from pipeline.models.cases import SMALL

if TYPE_CHECKING:
    from pipeline.briefs.annual.core import Core

FEW, MANY = 25, 50  # percent of the others that moved alike
LASTING = 3  # changes of one sign in a row
CHANGED = 5  # points of what is known
OTHER = {"%": 1, "per_100": 1, "points": 2, "cefr_levels": 2}  # decimals of units that are no people


def case_name(brief: Core, row: Any) -> str:
    """What a case is about.

    Parameters
    ----------
    brief
        For the language and the names.
    row
        A row of the table of cases.
    """
    w = brief.w
    if row.about == OUTCOME:
        return indicators[row.name].name(w.language)
    if row.about == MODE:
        mode = w.capital(w.mode(row.name))
        return w("{mode}, inbound", mode=mode) if row.direction == "inbound" else w("{mode}, outbound", mode=mode)
    if row.about == SUBJECT:
        return _whole(brief, row)
    there = row.name if row.about == INSTITUTION else place(w, row.name)
    return w("From {place}", place=there) if row.direction == "inbound" else w("To {place}", place=there)


def _whole(brief: Core, row: Any) -> str:
    w = brief.w
    if row.measure == "stays":
        return {"inbound": w("Inbound stays"), "outbound": w("Outbound stays")}.get(row.direction, w("All stays"))
    label = getattr(brief, "label", None)
    figure = SimpleNamespace(
        measure=row.measure, publisher=row.publisher, direction=row.direction, funding="all", level="all"
    )
    return str(label(figure)) if label is not None else w.measure(row.measure)


def written(brief: Core, value: float, unit: str, signed: bool = False) -> str:
    """A number of a case in its unit; a difference of percentages in points."""
    w = brief.w
    if unit == PEOPLE:
        return w.number(value, signed=signed)
    digits = 0 if unit == "%" and float(value).is_integer() else OTHER.get(unit, 1)
    if unit == "%":
        return w.points(value, signed=True, digits=digits) if signed else w.percent(value, digits=digits)
    return w.number(value, digits, signed=signed)


def case_sentence(brief: Core, row: Any) -> str:
    """What a case did against what was to be expected."""
    w = brief.w
    told = {
        "name": case_name(brief, row),
        "value": written(brief, row.value, row.unit),
        "period": w.period(brief.period_like(brief.main_id, int(row.year))),
        "expected": written(brief, row.expected, row.unit),
        "range": w.range(written(brief, row.lower, row.unit), written(brief, row.upper, row.unit)),
    }
    if row.side == "within":
        return w(
            "**{name}: {value} in {period}**, within what the years before gave to expect ({expected}; 95% interval {range}).",
            **told,
        )
    told["beyond"] = (
        written(brief, abs(row.beyond), row.unit) if row.unit != "%" else w.points(abs(row.beyond), signed=False)
    )
    if row.side == "above":
        return w(
            "**{name}: {value} in {period}, {beyond} more than the years before gave to expect** ({expected}; 95% interval {range}).",
            **told,
        )
    return w(
        "**{name}: {value} in {period}, {beyond} less than the years before gave to expect** ({expected}; 95% interval {range}).",
        **told,
    )


def grounds(brief: Core, row: Any) -> str:
    """Which way is better, where one is; what speaks for an explanation of its own, and what against one."""
    w = brief.w
    speaks, against = _for(brief, row), _against(brief, row)
    better = known(row.better) and (row.better == "higher") == (row.side == "above")
    way = w("That is the better way.") if better else w("That is the worse way.")
    parts = [
        way if known(row.better) and row.side != "within" else "",
        w("For an explanation of its own: {grounds}.", grounds=w("; ").join(speaks)) if speaks else "",
        w("Against one: {grounds}.", grounds=w("; ").join(against)) if against else "",
    ]
    return brief.join(*parts)


def _for(brief: Core, row: Any) -> list[str]:
    w, found = brief.w, list[str]()
    events = getattr(row, f"events_{w.language}")
    if events:
        found.append(w("on record for the time: {events}", events=w("; ").join(str(events).split(";"))))
    if known(row.alike_pct) and row.about == SUBJECT and row.alike_pct >= MANY:
        found.append(_alike(brief, row))
    if known(row.alike_pct) and row.about != SUBJECT and row.alike_pct <= FEW:
        found.append(_alike(brief, row))
    if row.year - row.since + 1 >= LASTING:
        found.append(w("the same way each year since {period}", period=_period(brief, row.since)))
    return found


def _against(brief: Core, row: Any) -> list[str]:
    w, found = brief.w, list[str]()
    if row.definition:
        found.append(w("counted in a new way"))
    if known(row.alike_pct) and row.about == SUBJECT and row.alike_pct <= FEW:
        found.append(_alike(brief, row))
    if known(row.alike_pct) and row.about != SUBJECT and row.alike_pct >= MANY:
        found.append(_alike(brief, row))
    if row.back:
        found.append(w("only back to where it has been before"))
    if row.small and row.unit == PEOPLE:
        found.append(w("fewer than {n} people the year before", n=SMALL))
    elif row.small:
        found.append(w("fewer than {n} people behind it", n=SMALL))
    if row.inexact:
        found.append(w("a rounded figure"))
    if known(row.coverage) and known(row.coverage_before) and abs(row.coverage - row.coverage_before) >= CHANGED:
        found.append(
            w(
                "known of {now} of the stays, of {before} in the years before",
                now=w.percent(row.coverage, digits=0),
                before=w.percent(row.coverage_before, digits=0),
            )
        )
    if not getattr(row, f"events_{w.language}"):
        found.append(w("no event on record for the time"))
    return found


def _alike(brief: Core, row: Any) -> str:
    w = brief.w
    told = {"pct": w.percent(row.alike_pct, digits=0), "n": int(row.peers)}
    if row.about == SUBJECT:
        return w("{pct} of {n} partner countries moved alike", **told)
    if row.alike_pct == 0:
        return w("none of {n} others moved alike", n=int(row.peers))
    return w("{pct} of {n} others moved alike", **told)


def _period(brief: Core, year: float) -> str:
    return brief.w.period(brief.period_like(brief.main_id, int(year)), short=True)
