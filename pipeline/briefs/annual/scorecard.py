"""The scorecard: each indicator by actor against its past, target and peers; what became of last year's warnings; stated gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.scorecard_composite import composite_blocks
from pipeline.briefs.catalogue import N_
from pipeline.measures.registry.registry import indicators
from pipeline.measures.scorecard import BEFORE, BETTER, MET, MISSED, NOT_JUDGED, OPEN, STEADY, UNKNOWN, WORSE

if TYPE_CHECKING:
    from pipeline.briefs.annual.brief import Brief

NAMED = 6  # indicators in a sentence
FEW = 5  # indicators, below which they are no list by actors
LONG = 20  # rows, beyond which what changed or has a target stands apart
ACTORS = {
    "state": N_("The state"),
    "society": N_("Society"),
    "university": N_("University"),
    "supervisor": N_("Supervisor"),
    "student": N_("Student"),
}
# Never by colour alone, nor by a sign alone.
LIGHTS = {
    BETTER: N_("▲ better"),
    STEADY: N_("● no clear change"),
    WORSE: N_("▼ worse"),
    UNKNOWN: N_("○ not known"),
}
STATES = {MET: N_("met"), MISSED: N_("missed"), OPEN: N_("not yet"), UNKNOWN: N_("not known")}
REASONS = {
    "hidden": N_("on too few people to be shown"),
    "small_base": N_("on fewer than it is stated on"),
    "no_base": N_("nobody to count"),
    "no_stays": N_("no stays on record"),
    "no_agreements": N_("no agreements on record"),
    "no_events": N_("no events on record"),
    "no_figure": N_("no figure at hand for the year"),
    "no_counts": N_("no figure at hand for the year"),
    "only_more_than": N_("only “more than” figures"),
    "no_inbound": N_("no inbound figure of a publisher that counts both directions"),
    "no_outbound": N_("no outbound figure of a publisher that counts both directions"),
    "no_enrolment": N_("no enrolment figure at hand"),
    "no_population": N_("no population figure at hand"),
    "partial_list": N_("only part of the partners published"),
    "short_record": N_("the records do not reach far enough back"),
}


def scorecard_blocks(brief: Brief) -> list[blocks.Block]:
    """The section: a sentence, the tables by actor, last year's warnings, the composite where one is asked for, and the gaps."""
    w, table = brief.w, brief.facts.table("scorecard")
    shown = table[table["value"].notna()] if len(table) else table
    if shown.empty:
        return []
    judged = shown[shown["verdict"].ne(NOT_JUDGED)]
    found: list[blocks.Block] = [blocks.Section("scorecard", w("Scorecard of indicators"), _lead(brief, shown))]
    finding = _finding(brief, judged)
    found += [finding] if finding is not None else []
    told = shown
    if len(shown) > LONG:  # what changed or has a target first
        quiet = shown["verdict"].isin([STEADY, NOT_JUDGED]) & shown["target"].isna()
        told, others = shown[~quiet], shown[quiet]
        found += [_table(brief, told), _others(brief, others)] if len(told) else [_table(brief, others)]
    else:
        found.append(_table(brief, told))
    for block in (_followed(brief), *composite_blocks(brief), _gaps(brief, table)):
        found += [block] if block is not None else []
    return found


def named(brief: Brief, rows: pd.DataFrame) -> str:
    """The first few indicators of some rows, each with its value."""
    told = [
        brief.w("{name} ({value})", name=name_of(brief, r.indicator), value=written(brief, r.value, r.unit))
        for r in records(rows.head(NAMED))
    ]
    more = len(rows) - len(told)
    told += [brief.w("{n} more", n=more)] if more else []
    return brief.w("; ").join(told)


def name_of(brief: Brief, indicator: str) -> str:
    """An indicator's name in the language of the brief."""
    return indicators[indicator].name(brief.w.language)


def written(brief: Brief, value: float, unit: str) -> str:
    """A value as it is printed: percentages with a decimal only where they have one, amounts with their currency."""
    w = brief.w
    if len(unit) == 3 and unit.isupper():
        return f"{w.number(value)} {unit}"
    if unit == "%":
        return w.percent(value, digits=0 if float(value).is_integer() else 1)
    whole = abs(value) >= 1000 or float(value).is_integer()
    return w.number(value, 0 if whole else 2 if abs(value) < 10 else 1)


def _num(brief: Brief, value: Any, unit: str) -> blocks.Num | None:
    return blocks.Num(value, written(brief, value, unit)) if known(value) else None


def _year(brief: Brief, year: int, short: bool = True) -> str:
    return brief.w.period(brief.period_like(brief.main_id, int(year)), short=short)


def _rows_behind(brief: Brief) -> list[blocks.Evidence]:
    """The institution's stays of the year; of a country its main series."""
    return getattr(brief, "evidence")(brief.facts.year) if brief.facts.institution else brief.main_evidence()  # noqa: B009


def _source(brief: Brief) -> str:
    w, year = brief.w, _year(brief, brief.facts.year, short=False)
    if brief.facts.institution:
        return w("Source: records of {name}, {period}", name=brief.subject_name(), period=year)
    return w("Source: the publishers named in this brief; indicators as defined in the registry.")


def _lead(brief: Brief, shown: pd.DataFrame) -> str:
    w = brief.w
    if len(shown) < FEW:
        return w("What the figures at hand allow, against the past. Unknown is a stated gap, never a zero.")
    return w(
        "{n} indicators by the five actors, each against its own past, its target where one is set, and its peers where some are named. Unknown is a stated gap, never a zero.",
        n=len(shown),
    )


def _finding(brief: Brief, judged: pd.DataFrame) -> blocks.Finding | None:
    """How many became better and worse, and which; how many targets are met."""
    w = brief.w
    told = judged[judged["verdict"].isin([BETTER, STEADY, WORSE])]
    if told.empty:
        return None
    worse, better = told[told["verdict"].eq(WORSE)], told[told["verdict"].eq(BETTER)]
    text = w(
        "**Of {n} indicators that can be judged, {b} are better than before, {k} worse and {s} without clear change.**",
        n=len(told),
        b=len(better),
        k=len(worse),
        s=len(told) - len(better) - len(worse),
    )
    parts = [text]
    if len(worse):
        parts.append(w("Worse: {names}.", names=named(brief, worse)))
    if len(better):
        parts.append(w("Better: {names}.", names=named(brief, better)))
    aimed = brief.facts.table("scorecard")
    aimed = aimed[aimed["target_state"].isin([MET, MISSED, OPEN])]
    if len(aimed):
        states = aimed["target_state"].value_counts()
        parts.append(
            w(
                "Of {n} targets {met} are met, {missed} missed and {open} not reached yet.",
                n=len(aimed),
                met=int(states.get(MET, 0)),
                missed=int(states.get(MISSED, 0)),
                open=int(states.get(OPEN, 0)),
            )
        )
    base = w(
        "Judged against the mean of up to three years before, where the change is larger than chance; of {n} judgements about {k} would differ by chance alone.",
        n=len(told),
        k=max(1, round(len(told) / 20)),
    )
    return blocks.Finding(
        "scorecard.changes", brief.join(*parts), base=base, source=_source(brief), evidence=_rows_behind(brief)
    )


def _table(brief: Brief, rows: pd.DataFrame) -> blocks.Table:
    made = _rows(brief, rows)
    columns = _columns(brief, made)
    title = brief.w("Scorecard, {period}", period=_year(brief, brief.facts.year, short=False))
    notes = _notes(brief, {c.key for c in columns})
    return blocks.Table("scorecard-table", title, columns, made, notes=notes, source=_source(brief))


def _others(brief: Brief, rows: pd.DataFrame) -> blocks.Table:
    """The indicators that are steady and without a target, and those of which neither way is better."""
    made = _rows(brief, rows)
    return blocks.Table(
        "scorecard-others",
        brief.w("Scorecard, continued: no clear change and no target, or neither way is better"),
        _columns(brief, made),
        made,
        notes=[brief.w("Columns as in the table before.")],
        source=_source(brief),
    )


def _rows(brief: Brief, rows: pd.DataFrame) -> list[dict[str, blocks.Cell]]:
    w, made = brief.w, []
    for r in records(rows.sort_values("actor", key=lambda actors: actors.map(list(ACTORS).index), kind="stable")):
        row: dict[str, blocks.Cell] = {
            "name": name_of(brief, r.indicator),
            "actor": w(ACTORS[r.actor]),
            "light": w(LIGHTS[r.verdict]) if r.verdict in LIGHTS else None,
            "target": _target(brief, r.target, r.target_by, r.target_year, r.target_state, r.unit),
            "n": blocks.Num(r.n, w.number(r.n)) if known(r.n) else None,
            "known": blocks.Num(r.coverage, w.percent(r.coverage, digits=0)) if known(r.coverage) else None,
        }
        row |= {key: _num(brief, getattr(r, key), r.unit) for key in ("value", "before")}
        if not brief.facts.institution:
            row["last"] = _num(brief, r.last, r.unit)
        if known(r.peer_median):
            rank = w(" (rank {rank} of {n})", rank=int(r.peer_rank), n=int(r.peers) + 1) if known(r.peer_rank) else ""
            row["peers"] = written(brief, r.peer_median, r.unit) + rank
        made.append(row)
    return made


def _columns(brief: Brief, made: list[dict[str, blocks.Cell]]) -> list[blocks.Column]:
    """The columns of which something is known."""
    w = brief.w
    columns = [
        blocks.Column("name", w("Indicator")),
        blocks.Column("actor", w("Actor")),
        blocks.Column("light", w("Judgement")),
        blocks.Column("value", _year(brief, brief.facts.year), kind="number"),
        blocks.Column("last", w("Year before"), kind="number"),
        blocks.Column("before", w("Before"), kind="number"),
        blocks.Column("target", w("Target"), align="right"),
        blocks.Column("peers", w("Peers’ median"), align="right"),
        blocks.Column("n", w("Base (n)"), kind="number"),
        blocks.Column("known", w("Known"), kind="number"),
    ]
    return [c for c in columns if any(row.get(c.key) is not None for row in made)]


def _notes(brief: Brief, columns: set[str]) -> list[str]:
    """How to read the table; nothing about columns that it has not."""
    w = brief.w
    first = w("Before: the mean of up to three years before.")
    if "light" in columns:
        first = w(
            "Before: the mean of up to three years before. ▲ better, ▼ worse: than that, by more than chance (the 95% interval of the difference; for counts of everyone, more than such changes usually were). ● no clear change: within chance, which on few stays or after years that swing is wide. –: neither way is better, or not known."
        )
    notes = [first, _shocks(brief)] if _shocks(brief) else [first]
    if "light" in columns:
        notes.append(w("Other parts of this brief take three years together where they say so; their values differ."))
    if brief.facts.institution:
        notes += [
            w(
                "Indicators of stays that are over are counted by the year in which these ended; after years of few beginners those who left early weigh more, and so does another mix of modes: a change is no verdict on anybody’s work."
            ),
            w(
                "Base: stays to tens (agreements, partners and events as they are); a share moves in steps of five people or more. Known: share of the stays concerned of which the input is on record."
            ),
        ]
    if "target" in columns:
        notes.append(w("Targets: as set in the settings of this project."))
    if "peers" in columns:
        peers = [
            w.country(p) if len(p) == 3 and p.isupper() else p
            for p in brief.here.settings.aimed(brief.facts.subject)[1]
        ]
        notes.append(
            w(
                "Peers: those of {names} with a figure of the same year, each by its own publisher’s definition.",
                names=w.list(peers),
            )
        )
    return notes


def _shocks(brief: Brief) -> str:
    """That the years before were no usual ones."""
    w, year = brief.w, brief.facts.year
    rows = brief.break_rows(brief.main_id)
    told = {
        str(getattr(r, f"label_{w.language}"))
        for r in rows
        if r.kind == "shock" and r.first_year < year and r.last_year >= year - BEFORE
    }
    return w("The years before include this: {events}.", events=w.list(sorted(told))) if told else ""


def _target(brief: Brief, value: Any, by: Any, year: Any, state: Any, unit: str) -> str | None:
    """A target and whether it is met: ≥ 90%, met."""
    if not known(value):
        return None
    w, sign = brief.w, "≥" if by == "at least" else "≤"
    aim = f"{sign} {written(brief, value, unit)}"
    if state == OPEN:
        return w("{aim} in {year}: {state}", aim=aim, year=_year(brief, year, short=False), state=w(STATES[OPEN]))
    return w("{aim}: {state}", aim=aim, state=w(STATES[str(state)]))


def _followed(brief: Brief) -> blocks.Table | None:
    """What became of the warnings of the year before."""
    w, table = brief.w, brief.facts.table("scorecard_followed")
    if table.empty:
        return None
    rows: list[dict[str, blocks.Cell]] = []
    for r in records(table):
        warned = [w(LIGHTS[WORSE])] if r.then_verdict == WORSE else []
        warned += [w("short of the target")] if r.then_target in (MISSED, OPEN) else []
        rows.append(
            {
                "name": name_of(brief, r.indicator),
                "warned": w("; ").join(warned),
                "then": _num(brief, r.then, r.unit),
                "now": _num(brief, r.now, r.unit),
                "since": w(LIGHTS[r.since]) if r.since in LIGHTS else None,
                "light": w(LIGHTS[r.now_verdict]) if r.now_verdict in LIGHTS else None,
                "target": _target(brief, r.target, r.target_by, r.target_year, r.now_target, r.unit)
                if known(r.now_target)
                else None,
            }
        )
    columns = [
        blocks.Column("name", w("Indicator")),
        blocks.Column("warned", w("Warning")),
        blocks.Column("then", _year(brief, brief.facts.year - 1), kind="number"),
        blocks.Column("now", _year(brief, brief.facts.year), kind="number"),
        blocks.Column("since", w("Since then")),
        blocks.Column("light", w("Judgement")),
        blocks.Column("target", w("Target"), align="right"),
    ]
    columns = [c for c in columns if any(row.get(c.key) is not None for row in rows)]
    note = w(
        "Warnings as today’s records give them: worse than the three years before, or short of a target of today. A short list says nothing of what was not judged."
    )
    title = w("What became of last year’s warnings")
    return blocks.Table("scorecard-followed", title, columns, rows, notes=[note], source=_source(brief))


def _gaps(brief: Brief, table: pd.DataFrame) -> blocks.Note | None:
    """The indicators without a value, by reason."""
    w, rows = brief.w, table[table["value"].isna()]
    if rows.empty:
        return None
    told: dict[str, list[str]] = {}
    for r in records(rows):
        code = str(r.reason)
        if code.startswith("no_column_"):
            said = w("the source does not record what it needs")
        else:
            said = w(REASONS.get(code, N_("not known")))
        told.setdefault(said, []).append(name_of(brief, r.indicator))
    parts = [w("{reason}: {names}", reason=w.capital(reason), names=w.list(names)) for reason, names in told.items()]
    text = w(
        "{n} indicator has no value. {parts}.",
        "{n} indicators have no value. {parts}.",
        n=len(rows),
        parts=w("; ").join(parts),
    )
    return blocks.Note(w("Stated gaps"), text, "gap")
