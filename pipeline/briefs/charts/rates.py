"""Rates with their intervals: a dot, its whiskers and how many it stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame, round_ticks, tick_labels
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.rows import NARROW_ROW, ROW, measured, rows_of, write_name
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words, unknown

if TYPE_CHECKING:
    import pandas as pd

FOOT = 7.0  # mm, for the axis
NAMES = 0.34  # of the width, at most, for names


class Dots(Chart):
    """See `dots`."""

    def __init__(
        self,
        frame: pd.DataFrame,
        words: Words,
        percent: bool,
        overall: float | None,
        overall_label: str,
        reach: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(words, ROW * len(frame) + FOOT + (4 if overall_label else 0))
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        self.percent, self.overall, self.overall_label = percent, overall, overall_label
        self.reach = reach

    def height_for(self, width: float, narrow: bool) -> float:
        head = 5.0 if self.overall_label and self.overall is not None else 1.0
        return measured(width, narrow, self.names, NAMES, self.least(narrow)) + FOOT + head

    @property
    def names(self) -> list[str]:
        """The groups."""
        return [str(row["label"]) for row in self.rows]

    def least(self, narrow: bool) -> float:
        """The least height of a row in millimetres."""
        return NARROW_ROW if narrow else ROW

    def said(self, value: Any) -> str:
        """A value in words."""
        if unknown(value):
            return self.words("not shown")
        return self.words.percent(value) if self.percent else self.words.number(value, 1)

    def draw(self, surface: Surface) -> None:
        rows = rows_of(surface, self.names, NAMES, self.least(surface.narrow))
        bases = ["" if unknown(r["n"]) else self.words("n = {n}", n=r["n"]) for r in self.rows]
        left = rows.width + 7
        right = surface.widest(bases) + surface.widest([self.said(r["value"]) for r in self.rows], weight="bold") + 14
        bottom = surface.size * 1.8 + 5
        box = Box(left, bottom, surface.width - right, bottom + rows.height)
        ticks = self.scale(lambda labels: surface.widest(labels) * 1.5 * len(labels) <= box.width)
        frame = Frame(box, self.span, (0, 1))
        self._axis(surface, frame, ticks)
        for row, name, base, y in zip(self.rows, rows.names, bases, rows.centres(box.top), strict=True):
            write_name(surface, left - 6, y, name)
            surface.beside(surface.width - 1, y, base, ha="right", color=theme.MUTED)
            x = box.right + 8
            if unknown(row["value"]):
                surface.beside(x, y, self.said(None), ha="left", color=theme.MUTED)
                continue
            surface.beside(x, y, self.said(row["value"]), ha="left", weight="bold", color=theme.BLUE)
            ends = [frame.across(row["lower"]), frame.across(row["upper"])]
            surface.line(ends, [y, y], color=theme.BLUE, lw=1.4, solid_capstyle="butt", zorder=2)
            dot = frame.across(row["value"])
            surface.line([dot], [y], marker="o", ms=5.2, color=theme.BLUE, mec="white", mew=0.6, zorder=3)

    @property
    def span(self) -> tuple[float, float]:
        """The ends of the axis, the same whatever the width of the chart."""
        shown = [r for r in self.rows if not unknown(r["value"])]
        low = min((min(r["lower"], r["value"]) for r in shown), default=0.0)
        high = max((max(r["upper"], r["value"]) for r in shown), default=1.0)
        if self.overall is not None and shown:
            low, high = min(low, self.overall), max(high, self.overall)
        if self.reach is not None:
            low, high = min(low, self.reach[0]), max(high, self.reach[1])
        start = 0.0 if low < 0.55 * high else low
        if self.percent and start == 0 and high > 75:
            return 0.0, 100.0
        ticks = round_ticks(start, high, 4)
        return ticks[0], max(ticks[-1], high)

    def scale(self, fit: Callable[[list[str]], bool]) -> list[float]:
        """Ticks between the ends of the axis whose labels fit, as many as can be up to five."""
        low, high = self.span
        steps = [25.0, 50.0, 100.0] if self.percent and (low, high) == (0.0, 100.0) else []
        tried = [[s * k for k in range(int(100 / s) + 1)] for s in steps]
        tried = tried or [round_ticks(low, high, at_most) for at_most in (4, 3, 2, 1)]
        ticks = [low, high]
        for candidate in tried:
            inside = [t for t in candidate if low <= t <= high]
            ticks = inside if len(inside) > 1 else ticks
            if fit(tick_labels(ticks, self.words, self.percent)):
                break
        return ticks

    @property
    def from_zero(self) -> bool:
        """Whether the axis begins at 0."""
        return self.span[0] == 0

    def _axis(self, surface: Surface, frame: Frame, ticks: list[float]) -> None:
        box = frame.box
        for tick, label in zip(ticks, tick_labels(ticks, self.words, self.percent), strict=True):
            x = frame.across(tick)
            surface.line([x, x], [box.bottom, box.top], color=theme.GRID, lw=0.6, zorder=0)
            surface.text(x, box.bottom - 4, label, ha="center", va="top", color=theme.MUTED)
        if self.overall is not None:
            x = frame.across(self.overall)
            surface.line([x, x], [box.bottom, box.top], color=theme.GREY, lw=1.1, dashes=(3, 2), zorder=1)
            width = surface.measure(self.overall_label)[0]
            at = min(max(x, width / 2 + 1), surface.width - width / 2 - 1)
            surface.text(at, box.top + 2, self.overall_label, ha="center", va="bottom", color=theme.MUTED)

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        items = []
        for r in self.rows:
            if unknown(r["value"]):
                items.append(w("{name} not shown", name=str(r["label"])))
                continue
            low, high = self.said(r["lower"]), self.said(r["upper"])
            items.append(
                w(
                    "{name} {value} (95% interval {low} to {high}, n = {n})",
                    name=str(r["label"]),
                    value=self.said(r["value"]),
                    low=low,
                    high=high,
                    n=r["n"],
                )
            )
        head = w("Dots with 95% intervals.")
        axis = "" if self.from_zero else w("The axis does not begin at 0.")
        line = w("Line: {label}.", label=self.overall_label) if self.overall_label and self.overall is not None else ""
        return sentences(w, head, axis, w("{items}.", items=w("; ").join(items)), line)

    def table(self) -> pd.DataFrame:
        import pandas as pd

        w = self.words
        kept = {
            w("Group"): "label",
            w("Value"): "value",
            w("95% from"): "lower",
            w("95% to"): "upper",
            w("Base (n)"): "n",
        }
        return pd.DataFrame([{label: row[key] for label, key in kept.items()} for row in self.rows])


def dots(
    frame: pd.DataFrame,
    *,
    words: Words,
    percent: bool = True,
    overall: float | None = None,
    overall_label: str = "",
    reach: tuple[float, float] | None = None,
) -> Dots:
    """Rates by group with 95 % intervals and their bases.

    Parameters
    ----------
    frame
        Columns label, value, lower, upper, n; a null value is written as not shown.
    percent
        Values are percentages.
    overall, overall_label
        The value of all groups together, drawn as a line, and its name.
    reach
        The least and the greatest value that the axis has to hold, for charts that stand side by side on one scale.

    Raises
    ------
    ValueError
        When there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["exchange"], "value": [94.0], "lower": [91.0], "upper": [96.0], "n": [401]})
    >>> dots(frame, words=Words("en")).describe()
    'Dots with 95% intervals. The axis does not begin at 0. exchange 94.0% (95% interval 91.0% to 96.0%, n = 401).'
    """
    if frame.empty:
        raise ValueError("no rates to draw")
    return Dots(frame, words, percent, overall, overall_label, reach)
