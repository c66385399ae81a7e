"""Tables taken apart into cells, and the sums that tie the cells together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipeline.measures.disclosure.layouts import STATUS, TOTALS, Layout

Key = frozenset[tuple[str, str]]
Place = tuple[str, int, str]  # table, row (by position), column
TOLERANCE = 1e-6


@dataclass
class Cell:
    """One number of people (or an amount), wherever it is printed."""

    key: Key
    value: float  # what is printed or known; missing when an auditor finds it suppressed
    places: list[Place] = field(default_factory=list)
    dims: int = 0
    sensitive: bool = False  # must not be known
    hidden: bool = False  # is not printed
    people: bool = True  # counts people: whole numbers, and a shown 0 is a 0
    forced: bool = False  # hidden for its small base: may be a 0
    above: Key | None = None  # the count of which it is a part


@dataclass(frozen=True)
class Sum:
    """A total and its parts: they add up to it, or (`whole` false) to no more than it."""

    total: Key
    parts: tuple[Key, ...]
    whole: bool = True


def member(value: object) -> str:
    """A dimension's member as text; numbers without a decimal point where they are whole.

    >>> member(2024.0), member("all")
    ('2024', 'all')
    """
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def is_total(value: object) -> bool:
    """Whether a member stands for the sum over its dimension."""
    return bool(pd.isna(value)) or str(value).strip().casefold() in TOTALS  # type: ignore[call-overload]


def key_of(row: Mapping[str, object], layout: Layout, column: str, fixed: Mapping[str, str]) -> Key:
    """The name of the cell that stands in a column of a row: its members but for totals."""
    members: dict[str, object] = {}
    for dim in layout.dims:
        named_by, _, column_of = dim.partition("=")
        if column_of:
            members |= _crossed(layout.names.get(str(row.get(named_by)), str(row.get(named_by))), row.get(column_of))
        elif dim in row:
            members[dim] = row[dim]
    for dim, renamed in layout.aliases.items():
        given = str(members.pop(dim, ""))
        default = {"base": given} if column == "n" or column not in layout.parts else {"base": given, "answer": "yes"}
        members |= renamed.get(given, {}).get(column, default)
    for dim, value in fixed.items():
        members[dim] = _fixed(row, value)
    named = {(d, member(v)) for d, v in members.items() if not is_total(v)}
    return frozenset(named | ({("universe", layout.universe)} if layout.universe else set()))


def _crossed(names: str, values: object) -> dict[str, object]:
    """Members of dimensions that the row itself names: group_by "mode|level", group "exchange|7"."""
    if is_total(values):
        return {}
    dims, members = names.split("|"), str(values).split("|")
    return dict(zip(dims, members, strict=True)) if len(dims) == len(members) else {names: values}


def _fixed(row: Mapping[str, object], value: str) -> object:
    if not value.startswith("="):
        return value
    column, less, by = value[1:].partition("-")
    found = row.get(column)
    if pd.isna(found):  # type: ignore[call-overload]
        return "?"
    return int(found) - int(by) if less else found  # type: ignore[call-overload]


def records(table: pd.DataFrame) -> list[dict[str, object]]:
    """The rows of a table as mappings of column names."""
    return [{str(c): v for c, v in row.items()} for row in table.to_dict("records")]


def take_apart(tables: Mapping[str, pd.DataFrame], layouts: Mapping[str, Layout]) -> dict[Key, Cell]:
    """The cells of all tables; one that is printed in several places is one cell.

    A null with status C is a cell already suppressed; a null of another status is a number that nobody printed.
    """
    cells: dict[Key, Cell] = {}
    for name, table in tables.items():
        layout = layouts[name]
        unused = {c for c in layout.counts if c in table and table[c].isna().all() and _partly(table)}
        for place, row in enumerate(records(table)):
            for column, fixed in layout.counts.items():
                if column in row and column not in unused:
                    _add(cells, key_of(row, layout, column, fixed), row, (name, place, column), layout)
            for column, base in layout.amounts.items():
                part = next((k for k, n in layout.parts.items() if n == base), None)
                if part is None or pd.isna(row.get(part)):  # type: ignore[call-overload]
                    _add_amount(cells, row, (name, place, column), layout, base)
    return cells


def _partly(table: pd.DataFrame) -> bool:
    """Whether some rows are not suppressed: a column without a number is then one that nobody filled."""
    return STATUS not in table or not table[STATUS].eq("C").all()


def _add(cells: dict[Key, Cell], key: Key, row: Mapping[str, object], place: Place, layout: Layout) -> None:
    value = row[place[2]]
    suppressed = bool(pd.isna(value)) and (row.get(STATUS) == "C" or bool(layout.wide))  # type: ignore[call-overload]
    if pd.isna(value) and not suppressed:  # type: ignore[call-overload]
        return
    number = float("nan") if suppressed else float(value)  # type: ignore[arg-type]
    known = cells.get(key)
    if known is not None and not _same(known.value, number):
        key = key | {("row", f"{place[0]}:{place[1]}")}  # two numbers under one name are two cells
        known = None
    if known is None:
        known = cells[key] = Cell(key, number, dims=len(key), hidden=suppressed)
        of = layout.parts.get(place[2])
        if of is not None:
            known.above = key_of(row, layout, of, layout.counts.get(of, {}))
            known.people = all(str(row.get(d)) in members for d, members in layout.people.items())
    if not suppressed:
        known.value, known.hidden = number, False  # what is printed anywhere is known everywhere
    known.places.append(place)


def _add_amount(cells: dict[Key, Cell], row: Mapping[str, object], place: Place, layout: Layout, base: str) -> None:
    """A mean as the sum it stands for: mean × base."""
    mean, n = row.get(place[2]), row.get(base)
    suppressed = bool(pd.isna(mean)) and row.get(STATUS) == "C"  # type: ignore[call-overload]
    if (pd.isna(mean) or pd.isna(n)) and not suppressed:  # type: ignore[call-overload]
        return
    key = key_of(row, layout, base, {}) | {("amount", place[2])}
    number = float("nan") if suppressed else float(mean) * float(n)  # type: ignore[arg-type]
    cell = cells.setdefault(key, Cell(key, number, dims=len(key), hidden=suppressed, people=False))
    cell.above = key_of(row, layout, base, layout.counts.get(base, {}))
    cell.places.append(place)


def _same(a: float, b: float) -> bool:
    return np.isnan(a) or np.isnan(b) or abs(a - b) <= TOLERANCE


def sums(cells: Mapping[Key, Cell], layouts: Mapping[str, Layout]) -> list[Sum]:
    """The sums that hold among the cells: every total with its parts, dimension by dimension.

    Parts that add up to less than their total are a list that is not whole; parts that exceed it overlap, and say
    nothing. Where a part is hidden the list is taken to be whole: an attacker would.
    """
    apart = {(d, m) for layout in layouts.values() for d, members in layout.apart.items() for m in members}
    families: dict[tuple[Key, str], list[Key]] = defaultdict(list)
    for key in cells:
        for pair in key:
            total = key - {pair}
            tied = pair not in apart and pair[0] not in {"universe", "row", "amount", "base"}
            if pair[0] == "answer":
                tied &= cells[key].people
            if tied and total in cells:
                families[total, pair[0]].append(key)
    found = []
    for (total, _), parts in families.items():
        values = [cells[p].value for p in parts]
        left = cells[total].value - sum(values)
        if np.isnan(left):
            shown = sum(v for v in values if not np.isnan(v))
            if np.isnan(cells[total].value) or shown <= cells[total].value + TOLERANCE:
                found.append(Sum(total, tuple(parts)))
        elif left >= -TOLERANCE * max(1.0, abs(cells[total].value)) or not cells[total].people:
            found.append(Sum(total, tuple(parts), whole=left <= 0.5 or not cells[total].people))
    return found


def add_rests(cells: dict[Key, Cell], layouts: Mapping[str, Layout], found: list[Sum]) -> list[Sum]:
    """Turn every part of a base (k of n) into a whole sum by a cell for the rest, which is never printed but is guarded.

    Where the answers are all there (completed, withdrawn, extended) nothing is left, and there is no rest.
    """
    if not any(layout.parts for layout in layouts.values()):
        return found
    result = []
    for one in found:
        answers = [p for p in one.parts if any(d == "answer" for d, _ in p)]
        if one.whole or len(answers) != len(one.parts) or not all(cells[p].people for p in one.parts):
            result.append(one)
            continue
        key = one.total | {("answer", "rest")}
        value = cells[one.total].value - sum(cells[p].value for p in one.parts)
        cells[key] = Cell(key, value, dims=len(key), hidden=True, above=one.total)
        result.append(Sum(one.total, (*one.parts, key)))
    # The rests of the groups add up to the rest of all: the same families, one more answer.
    rests = [k for k in cells if ("answer", "rest") in k]
    families: dict[tuple[Key, str], list[Key]] = defaultdict(list)
    for key in rests:
        for pair in key:
            if pair[0] not in {"answer", "universe", "base", "row"} and key - {pair} in cells:
                families[key - {pair}, pair[0]].append(key)
    for (total, _), parts in families.items():
        if abs(cells[total].value - sum(cells[p].value for p in parts)) <= TOLERANCE:
            result.append(Sum(total, tuple(parts)))
    return result
