"""Which further cells to hide so that no hidden cell can be worked out from the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from pipeline.measures.disclosure.attack import System, systems, widths
from pipeline.measures.disclosure.cells import TOLERANCE, Cell, Key, Sum


class NothingLeftError(Exception):
    """No choice of further cells protects a hidden one: only hiding everything does."""


class Hiding:
    """Complementary suppression: the cheapest cell first, until an attacker's bounds on every hidden cell are wide enough.

    Parameters
    ----------
    cells
        With the sensitive ones hidden; further ones are hidden in place.
    sums
        What ties them.
    width
        How far apart an attacker's bounds on a sensitive cell must stay at least; on other hidden cells 1.
    """

    def __init__(self, cells: dict[Key, Cell], sums: Iterable[Sum], width: float) -> None:
        self.cells, self.sums, self.width = cells, list(sums), width
        self.of: dict[Key, list[Sum]] = defaultdict(list)
        for one in self.sums:
            for key in (one.total, *one.parts):
                self.of[key].append(one)
        self.safe: set[frozenset[Key]] = set()

    def run(self) -> None:
        """Hide until nothing more need be."""
        self._no_lone_cell(self.sums)
        while narrow := self._narrow():
            touched: list[Sum] = []
            for key in narrow:
                if not any(one in touched for one in self.of[key]):  # else what was just hidden may be enough
                    touched += self._hide_one(key)
            self._no_lone_cell(touched)

    def guarded(self, key: Key) -> bool:
        """Whether a hidden cell must not be worked out: all but rests that are large enough and never printed."""
        cell = self.cells[key]
        return cell.hidden and (cell.sensitive or bool(cell.places))

    def _no_lone_cell(self, pending: list[Sum]) -> None:
        queue = list(pending)
        while queue:
            one = queue.pop()
            hidden = [k for k in (one.total, *one.parts) if self.cells[k].hidden]
            if one.whole and len(hidden) == 1 and self.guarded(hidden[0]):
                chosen = self._cheapest([one])
                if chosen is not None:
                    queue += self._hide(chosen)

    def _narrow(self) -> list[Key]:
        """Hidden cells that an attacker gets too close to, the closest first in each connected part of the tables."""
        found: list[Key] = []
        for system in systems(self.cells, self.sums):
            wanted = {k: self._wanted(k) for k in system.keys if self.guarded(k)}
            mark = frozenset(system.keys)
            if not wanted or mark in self.safe:
                continue
            truth = np.array([self.cells[k].value for k in system.keys])
            bad = self._too_close(system, wanted, truth)
            found += bad
            if not bad:
                self.safe.add(mark)
        return found

    def _too_close(self, system: System, wanted: dict[Key, float], truth: np.ndarray) -> list[Key]:
        bounds = widths(system, wanted, None if np.isnan(truth).any() else truth)
        close = [k for k, (low, high) in bounds.items() if high - low < wanted[k] - TOLERANCE]
        return sorted(close, key=lambda k: (bounds[k][1] - bounds[k][0], sorted(k)))

    def _wanted(self, key: Key) -> float:
        cell = self.cells[key]
        if not cell.people:
            return max(abs(cell.value) / 10, 1e-3)
        return self.width if cell.sensitive and not cell.forced else 1.0

    def _hide_one(self, key: Key) -> list[Sum]:
        """Hide one more cell beside `key`: in its own sums, else in those of the hidden cells around it."""
        seen, ring = {key}, {key}
        while ring:
            around = [one for k in ring for one in self.of[k]]
            chosen = self._cheapest(around)
            if chosen is not None:
                return self._hide(chosen)
            ring = {k for one in around for k in (one.total, *one.parts) if self.cells[k].hidden} - seen
            seen |= ring
        raise NothingLeftError(f"nothing left to hide beside {sorted(key)}")

    def _cheapest(self, among: list[Sum]) -> Key | None:
        options = {k for one in among for k in (one.total, *one.parts) if self._may_hide(k)}
        return min(options, key=self._cost) if options else None

    def _may_hide(self, key: Key) -> bool:
        cell = self.cells[key]
        return not cell.hidden and bool(cell.places) and (cell.value > 0 or not cell.people)

    def _cost(self, key: Key) -> tuple[float, ...] | tuple[object, ...]:
        """Totals last; then what leaves fewest new lone cells; then small numbers; then by name, for the same every time."""
        heads = sum(one.total == key for one in self.of[key])
        lone = sum(not any(self.cells[k].hidden for k in (one.total, *one.parts)) for one in self.of[key])
        return (heads, lone, self.cells[key].value, sorted(key))

    def _hide(self, key: Key) -> list[Sum]:
        self.cells[key].hidden = True
        return self.of[key]
