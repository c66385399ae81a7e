"""How a run is going: which task, how many of how many, how long so far and about how long to go."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

MARKS = {"done": ("✓", "green"), "failed": ("✗", "red"), "left out": ("–", "yellow")}


class Progress:
    """Shows a run on a terminal, line by line elsewhere.

    Parameters
    ----------
    console
        Where to; on a terminal a few lines at the bottom are kept up to date, and finished tasks scroll above them.
    jobs
        How many tasks run side by side.
    expected
        Seconds that each task took last time, by id.
    """

    def __init__(self, console: Console, jobs: int = 1, expected: Mapping[str, float] | None = None) -> None:
        self.console = console
        self._jobs = jobs
        self._expected = dict(expected or {})
        self._began = time.monotonic()
        self._ended = 0
        self._open: dict[str, str] = {}  # id → title, of all tasks that have not ended
        self._running: dict[str, tuple[float, str]] = {}  # id → start, where it is
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self.console, refresh_per_second=4, transient=True)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def add(self, tasks: Mapping[str, str]) -> None:
        """Announce tasks: id and title."""
        self._open |= tasks

    def only(self, tasks: Mapping[str, str]) -> None:
        """What is still to come turned out to be just these tasks."""
        self._open = {t: title for t, title in self._open.items() if t in tasks}

    def begin(self, task: str, reason: str) -> None:
        """A task starts."""
        self._running[task] = (time.monotonic(), "starting")
        if self._live is None:
            self.console.print(f"{self._open[task]}: started ({reason})", markup=False, highlight=False, soft_wrap=True)

    def at(self, task: str, event: Mapping[str, object]) -> None:
        """Where a task is: a worker's event."""
        if task in self._running:
            where = f"cell {event['cell']} of {event['of']}" if "cell" in event else str(event.get("step", ""))
            self._running[task] = (self._running[task][0], where)

    def fresh(self, task: str) -> None:
        """A task had nothing to do; it no longer counts."""
        self._open.pop(task, None)

    def end(self, task: str, status: str, detail: str = "") -> None:
        """A task ended: done, failed or left out."""
        title = self._open.pop(task)
        began, _ = self._running.pop(task, (None, ""))
        self._ended += 1
        took = f" in {time.monotonic() - began:.1f} s" if began is not None else ""
        mark, style = MARKS[status]
        line = Text.assemble((mark, style), f" [{self._ended}/{self.total}] {title}: {status}{took}")
        line.append(f": {detail}" if detail else "")
        self.console.print(line, soft_wrap=True, highlight=False)

    @property
    def total(self) -> int:
        """How many tasks there are, as far as is known now."""
        return self._ended + len(self._open)

    def remaining(self) -> float | None:
        """About how many seconds to go, from what each task took last time; None when that is not known for any."""
        now = time.monotonic()
        known = [self._expected[t] for t in self._open if t in self._expected]
        if not known:
            return None
        typical = sum(known) / len(known)
        left = 0.0
        for task in self._open:
            spent = now - self._running[task][0] if task in self._running else 0.0
            left += max(0.0, self._expected.get(task, typical) - spent)
        return left / self._jobs

    def _table(self) -> Table:
        rows = Table.grid(padding=(0, 1))
        now = time.monotonic()
        for task, (began, where) in self._running.items():
            rows.add_row(
                Text("  " + self._open.get(task, task)), Text(where, "dim"), Text(f"{now - began:.0f} s", "dim")
            )
        left = self.remaining()
        to_go = "" if left is None else f", about {left:.0f} s to go"
        rows.add_row(Text(f"{self._ended} of {self.total} done, {now - self._began:.0f} s{to_go}", "bold"))
        return rows
