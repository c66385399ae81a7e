"""Axes: round ticks from 0, periods thinned until their labels fit, scales between data and points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.briefs.charts.place import Box
from pipeline.briefs.words import Words


@dataclass(frozen=True)
class Frame:
    """A plotting area in points with the data ranges it shows."""

    box: Box
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the data lies."""
        return self.across(x), self.up(y)

    def across(self, x: float) -> float:
        """Horizontal place of a value."""
        return self.box.left + (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1) * self.box.width

    def up(self, y: float) -> float:
        """Vertical place of a value."""
        return self.box.bottom + (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1) * self.box.height


def round_ticks(low: float, high: float, at_most: int = 5) -> list[float]:
    """Round ticks that cover a range.

    >>> round_ticks(0, 1_177_766)
    [0.0, 250000.0, 500000.0, 750000.0, 1000000.0, 1250000.0]
    >>> round_ticks(0, 0)
    [0.0, 1.0]
    """
    if high <= low:
        return [float(low), low + 1.0]
    raw = (high - low) / at_most
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 4, 5, 10) if m * power >= raw * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(i * step, 10) + 0.0 for i in range(first, last + 1)]


def tick_labels(ticks: Sequence[float], words: Words, percent: bool = False) -> list[str]:
    """Tick labels: full numbers in English up to ten million, 万 in Chinese.

    >>> tick_labels([0, 400000], Words("en")), tick_labels([0, 400000], Words("zh"))
    (['0', '400,000'], ['0', '40万'])
    """
    step = ticks[1] - ticks[0]
    digits = 0 if step == int(step) else 1 if round(step * 10, 6) == int(round(step * 10, 6)) else 2
    if percent:
        return [words.number(t, digits if t else 0) + ("%" if t else "") for t in ticks]
    top = max(abs(t) for t in ticks)
    if words.language == "zh" and top >= 10_000:
        return [words.compact(t) for t in ticks]
    if top >= 10_000_000:
        return [words.compact(t) for t in ticks]
    return [words.number(t, digits if t else 0) for t in ticks]


def thin(
    years: Sequence[int], place: Sequence[float], widths: Sequence[float], keep: Sequence[int], gap: float
) -> list[int]:
    """The years whose labels fit side by side: those to keep, then every 1st, 2nd, 5th, 10th, 20th or 50th.

    >>> thin([2000, 2001, 2002], [0, 10, 20], [8, 8, 8], keep=[2000, 2002], gap=4)
    [2000, 2002]
    """
    where = dict(zip(years, zip(place, widths, strict=True), strict=True))

    def fits(year: int, chosen: list[int]) -> bool:
        x, w = where[year]
        return all(abs(x - where[c][0]) >= (w + where[c][1]) / 2 + gap for c in chosen)

    kept: list[int] = []
    for year in keep:
        if year in where and fits(year, kept):
            kept.append(year)
    for step in (1, 2, 5, 10, 20, 50):
        wanted = [y for y in years if y % step == 0 and y not in kept]
        room = [y for y in wanted if fits(y, kept)]
        chosen = sorted(kept + room)
        clear = all(
            where[b][0] - where[a][0] >= (where[a][1] + where[b][1]) / 2 + gap for a, b in itertools.pairwise(chosen)
        )
        if clear:
            return chosen
    return sorted(kept)
