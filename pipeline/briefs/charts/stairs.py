"""Shares that grow with time since the start: steps with their bands, one small chart a group, all on the same axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    import pandas as pd

PANEL = 38.0  # mm, the least width of one chart


class Curves(Chart):
    """See `curves`."""

    def __init__(self, frame: pd.DataFrame, words: Words) -> None:
        super().__init__(words, 0)
        self.groups: list[str] = list(dict.fromkeys(frame["label"]))
        self.points: dict[str, list[dict[str, Any]]] = {
            g: frame[frame["label"].eq(g)].sort_values("month").to_dict("records")  # type: ignore[misc]
            for g in self.groups
        }
        self.last = int(max(p["month"] for points in self.points.values() for p in points))

    def grid(self, width: float, narrow: bool) -> tuple[int, int]:
        """Columns and rows of small charts."""
        columns = min(len(self.groups), 2 if narrow else 4, max(int(width // PANEL), 1))
        return columns, math.ceil(len(self.groups) / columns)

    def height_for(self, width: float, narrow: bool) -> float:
        return self.grid(width, narrow)[1] * (46.0 if narrow else 42.0)

    def draw(self, surface: Surface) -> None:
        columns, rows = self.grid(surface.width / theme.MM, surface.narrow)
        gap = 12.0
        width, height = (surface.width - gap * (columns - 1)) / columns, surface.height / rows
        titles = {g: surface.wrap(g, width, surface.size, "bold") for g in self.groups}
        head = max(surface.measure(t, surface.size, "bold")[1] for t in titles.values()) + surface.size * 1.2
        for place, group in enumerate(self.groups):
            left, top = (place % columns) * (width + gap), surface.height - (place // columns) * height
            surface.text(left, top - 2, titles[group], ha="left", va="top", weight="bold", color=theme.BLUE)
            room = Box(left, top - height, left + width, top)
            self._panel(self.points[group], room, head, place % columns == 0, surface)

    def _panel(self, points: list[dict[str, Any]], room: Box, head: float, labelled: bool, surface: Surface) -> None:
        w = self.words
        left = room.left + surface.widest(["100%"]) + 5
        box = Box(left, room.bottom + surface.size * 2.6, room.right - 6, room.top - head)
        frame = Frame(box, (0, self.last), (0, 100))
        for tick in (0, 50, 100):
            y = frame.up(tick)
            surface.line([box.left, box.right], [y, y], color=theme.GREY if tick == 0 else theme.GRID, lw=0.6, zorder=0)
            surface.beside(box.left - 4, y, w.percent(tick, digits=0), ha="right", color=theme.MUTED)
        for month in range(0, self.last + 1, 12 if box.width > 12 * surface.size else 24):
            surface.text(frame.across(month), box.bottom - 4, w.number(month), ha="center", va="top", color=theme.MUTED)
        steps = list(zip(points, [*points[1:], {"month": points[-1]["month"]}], strict=True))
        for point, following in steps:
            a, b = frame.across(point["month"]), frame.across(following["month"])
            if b > a:
                band = Box(a, frame.up(point["lower"]), b, frame.up(point["upper"]))
                surface.rectangle(band, color=theme.FAN_80, zorder=1)
        across, up = [], []
        for point, following in steps:
            across += [frame.across(point["month"]), frame.across(following["month"])]
            up += [frame.up(point["share"])] * 2
        surface.line(across, up, color=theme.BLUE, lw=1.6, solid_joinstyle="miter", zorder=3)
        end = points[-1]
        x, y = frame.across(end["month"]), frame.up(end["share"])
        surface.line([x], [y], marker="o", ms=4.0, color=theme.BLUE, mec="white", mew=0.6, zorder=4)
        text = w.percent(end["share"], digits=0)
        width = surface.measure(text, weight="bold")[0]
        surface.text(
            min(x, room.right - width / 2), y + 4, text, ha="center", va="bottom", weight="bold", color=theme.INK
        )

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        parts = []
        for group, points in self.points.items():
            items = [
                w("{share} by month {month}", share=w.percent(p["share"], digits=0), month=int(p["month"]))
                for p in points
                if p["month"] and p["month"] % 12 == 0
            ]
            parts.append(w("{name}: {text}", name=group, text=w("{items}.", items=w(", ").join(items))))
        return sentences(
            w, w("Small charts of the share reached by each month since the start, axis from 0 to 100%."), *parts
        )

    def table(self) -> pd.DataFrame:
        import pandas as pd

        w = self.words
        kept = {w("Month"): "month", w("Share (%)"): "share", w("95% from"): "lower", w("95% to"): "upper", w("Still followed"): "at_risk"}  # fmt: skip
        rows = [
            {w("Group"): group, **{label: p[key] for label, key in kept.items()}}
            for group, points in self.points.items()
            for p in points
        ]
        return pd.DataFrame(rows)


def curves(frame: pd.DataFrame, *, words: Words) -> Curves:
    """Shares by month since the start, with bands: steps, for a share holds until the next is known.

    Parameters
    ----------
    frame
        Columns label, month, share, lower, upper (percent), at_risk; one group a label, in the order of reading.

    Raises
    ------
    ValueError
        When there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": "Master’s", "month": [0, 12, 24], "share": [0.0, 5.0, 70.0], "lower": [0.0, 3.0, 66.0],
    ...     "upper": [0.0, 7.0, 74.0], "at_risk": [300.0, 280.0, 40.0]})
    >>> curves(frame, words=Words("en")).describe()
    'Small charts of the share reached by each month since the start, axis from 0 to 100%. Master’s: 5% by month 12, 70% by month 24.'
    """
    if frame.empty:
        raise ValueError("no curves to draw")
    return Curves(frame, words)
