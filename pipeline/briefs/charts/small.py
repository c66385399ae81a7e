"""Small charts: a line in a table cell, and several lines side by side, each on its own axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame, round_ticks, tick_labels
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.say import describe_line, sentences
from pipeline.briefs.charts.trend_draw import _marker, _segments
from pipeline.briefs.charts.trends import Line
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    import pandas as pd

PANEL = 38.0  # mm, the least width of a small chart that can be read


def _stroke(line: Line, frame: Frame, surface: Surface, color: str, width: float) -> None:
    for segment in _segments(line.points):
        xs, ys = zip(*[frame.at(p.year, p.value or 0.0) for p in segment], strict=True)
        if len(segment) > 1:
            surface.line(list(xs), list(ys), color=color, lw=width, solid_capstyle="round", zorder=3)
        else:
            _marker(xs[0], ys[0], color, segment[0].kind, surface, small=True)


class Sparkline(Chart):
    """See `sparkline`."""

    def __init__(self, line: Line, words: Words) -> None:
        super().__init__(words, 4.2)
        self.line = line

    def draw(self, surface: Surface) -> None:
        values = [p.value or 0.0 for p in self.line.known]
        years = [p.year for p in self.line.known]
        low, high = min(values), max(values)
        room = (high - low) * 0.05 or 1.0
        box = Box(2, 2.5, surface.width - 3, surface.height - 2.5)
        frame = Frame(box, (min(years), max(years)), (low - room, high + room))
        for segment in _segments(self.line.points):
            xs, ys = zip(*[frame.at(p.year, p.value or 0.0) for p in segment], strict=True)
            if len(segment) > 1:
                surface.line(list(xs), list(ys), color=theme.BLUE, lw=0.9, solid_capstyle="round")
            else:
                surface.line(list(xs), list(ys), color=theme.BLUE, marker="o", ms=1.3, mew=0)
        x, y = frame.at(years[-1], values[-1])
        surface.line([x], [y], color=theme.BLUE, marker="o", ms=2.8, mew=0)

    def describe(self, words: Words | None = None) -> str:
        return describe_line(self.line, (words or self.words).number, words or self.words)

    def table(self) -> pd.DataFrame:
        from pipeline.briefs.charts.trends import trend

        return trend(self.line, words=self.words).table()


def sparkline(data: pd.DataFrame, *, words: Words) -> Sparkline:
    """A line the size of a word, its last point marked; gaps stay gaps, and the axis does not begin at 0.

    Parameters
    ----------
    data
        Frame with year and value (and period, exactness), at least one value.

    Examples
    --------
    >>> import pandas as pd
    >>> sparkline(pd.DataFrame({"year": [2023, 2024], "value": [1.0, 2.0]}), words=Words("en")).describe()
    'From 1 in 2023 to 2 in 2024; highest 2 in 2024, lowest 1 in 2023.'
    """
    return Sparkline(Line("", data), words)


class Panels(Chart):
    """See `panels`."""

    def __init__(self, lines: Sequence[Line], words: Words, columns: int, changes: bool = True) -> None:
        super().__init__(words, 0)
        self.lines, self.columns, self.changes = list(lines), columns, changes
        years = [p.year for line in self.lines for p in line.known]
        self.first, self.last = min(years), max(years)

    def grid(self, width: float, narrow: bool) -> tuple[int, int]:
        """Columns and rows; no panel is narrower than its labels need."""
        columns = min(len(self.lines), 1 if narrow else self.columns, max(int(width // PANEL), 1))
        return columns, math.ceil(len(self.lines) / columns)

    def height_for(self, width: float, narrow: bool) -> float:
        return self.grid(width, narrow)[1] * (48.0 if narrow else 42.0)

    def draw(self, surface: Surface) -> None:
        columns, rows = self.grid(surface.width / theme.MM, surface.narrow)
        gap = 16.0
        width = (surface.width - gap * (columns - 1)) / columns
        height = surface.height / rows
        size = surface.size + 0.5
        titles = [surface.wrap(line.name, width, size, "bold") for line in self.lines]
        tall = [surface.measure(title, size, "bold")[1] for title in titles]
        for place, (line, title) in enumerate(zip(self.lines, titles, strict=True)):
            left = (place % columns) * (width + gap)
            top = surface.height - (place // columns) * height
            room = Box(left, top - height, left + width, top)
            surface.text(left, top - 2, title, size, ha="left", va="top", weight="bold", color=theme.BLUE)
            first = place - place % columns
            self._panel(line, room, max(tall[first : first + columns]) + surface.size * 2.9, surface)

    def _panel(self, line: Line, room: Box, head: float, surface: Surface) -> None:
        w = self.words
        ticks = round_ticks(0, max(p.value or 0.0 for p in line.known), at_most=3)
        labels = tick_labels(ticks, w)
        left = room.left + surface.widest(labels) + 5
        box = Box(left, room.bottom + surface.size * 2.9, room.right - 6, room.top - head)
        frame = Frame(box, (self.first - 0.3, self.last + 0.3), (0, ticks[-1]))
        for tick, label in zip(ticks, labels, strict=True):
            y = frame.up(tick)
            surface.line([box.left, box.right], [y, y], color=theme.GREY if tick == 0 else theme.GRID, lw=0.6, zorder=0)
            surface.beside(box.left - 4, y, label, ha="right", color=theme.MUTED)
        _stroke(line, frame, surface, theme.BLUE, 1.7)
        for p in line.known[:-1]:
            if p.kind != "exact":
                _marker(*frame.at(p.year, p.value or 0.0), theme.BLUE, p.kind, surface, small=True)
        self._ends(line, frame, room, surface)

    def _ends(self, line: Line, frame: Frame, room: Box, surface: Surface) -> None:
        w, box = self.words, frame.box
        last = line.known[-1]
        _marker(*frame.at(last.year, last.value or 0.0), theme.BLUE, last.kind, surface)
        more = "> " if last.kind == "at_least" else "≈ " if last.kind in ("rounded", "estimated") else ""
        before = next((p for p in line.known if p.year == last.year - 1), None)
        text = more + w.number(last.value)
        if self.changes and before and before.value and "at_least" not in (before.kind, last.kind):
            change = (last.value or 0.0) - before.value
            approx = {before.kind, last.kind} != {"exact"}
            text += "  " + w.change(100 * change / before.value, change, approx)
        width = surface.measure(text, weight="bold")[0]
        x = min(max(frame.across(last.year) + 4, room.left + width), room.right)
        surface.text(x, box.top + surface.size * 0.7, text, ha="right", va="bottom", weight="bold", color=theme.INK)
        for p in dict.fromkeys((line.known[0], last)):
            name = w.period(p.period, short=True)
            half = surface.measure(name)[0] / 2
            at = min(max(frame.across(p.year), box.left + half - 4), room.right - half)
            if p is last or at + half + surface.size < frame.across(last.year) - half:
                surface.text(at, box.bottom - 6, name, ha="center", va="top", color=theme.MUTED)

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        parts = [w("{name}: {text}", name=line.name, text=describe_line(line, w.number, w)) for line in self.lines]
        return sentences(w, w("Small line charts, each with its own axis from 0."), *parts)

    def table(self) -> pd.DataFrame:
        from pipeline.briefs.charts.trends import trend

        return trend(self.lines, words=self.words).table()


def panels(lines: Sequence[Line], *, words: Words, columns: int = 2, changes: bool = True) -> Panels:
    """Several series side by side over the same years, each with its own title and axis from 0.

    Parameters
    ----------
    lines
        The series, in the order of reading.
    columns
        Side by side in print; on a telephone they follow each other.
    changes
        Whether the change on the year before stands beside the last value; of a percentage it would be one of another.

    Raises
    ------
    ValueError
        When there are no lines.

    Examples
    --------
    >>> import pandas as pd
    >>> new = Line("New students", pd.DataFrame({"year": [2023, 2024], "value": [298523.0, 298705.0]}))
    >>> panels([new], words=Words("en")).grid(170, narrow=False)
    (1, 1)
    """
    if not lines:
        raise ValueError("no lines to draw")
    return Panels(lines, words, columns, changes)
