"""Rates with their intervals: a dot, its whiskers and how many it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame, round_ticks, tick_labels
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.ranked import NARROW_ROW, ROW
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words, unknown

if TYPE_CHECKING:
    import pandas as pd

FOOT = 7.0  # mm, for the axis


class Dots(Chart):
    """See `dots`."""

    def __init__(
        self, frame: pd.DataFrame, words: Words, percent: bool, overall: float | None, overall_label: str
    ) -> None:
        super().__init__(words, ROW * len(frame) + FOOT + (4 if overall_label else 0))
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        self.percent, self.overall, self.overall_label = percent, overall, overall_label

    def height_for(self, width: float, narrow: bool) -> float:
        return (NARROW_ROW if narrow else ROW) * len(self.rows) + FOOT + (5 if self.overall_label else 0)

    def said(self, value: Any) -> str:
        """A value in words."""
        if unknown(value):
            return self.words("not shown")
        return self.words.percent(value) if self.percent else self.words.number(value, 1)

    def draw(self, surface: Surface) -> None:
        names = [surface.wrap(str(r["label"]), surface.width * 0.34, lines=2) for r in self.rows]
        bases = ["" if unknown(r["n"]) else self.words("n = {n}", n=r["n"]) for r in self.rows]
        left = surface.widest(names) + 7
        right = surface.widest(bases) + surface.widest([self.said(r["value"]) for r in self.rows], weight="bold") + 14
        shown = [r for r in self.rows if not unknown(r["value"])]
        low = min((min(r["lower"], r["value"]) for r in shown), default=0.0)
        high = max((max(r["upper"], r["value"]) for r in shown), default=1.0)
        ticks = round_ticks(0 if low < 0.55 * high else low, high, at_most=4)
        if self.percent:
            ticks = [t for t in ticks if t <= 100]
        head = surface.size * 1.9 if self.overall_label and self.overall is not None else 2
        box = Box(left, surface.size * 1.8 + 5, surface.width - right, surface.height - head)
        frame = Frame(box, (ticks[0], max(ticks[-1], high)), (0, len(self.rows)))
        self._axis(surface, frame, ticks)
        for place, (row, name, base) in enumerate(zip(self.rows, names, bases, strict=True)):
            y = frame.up(len(self.rows) - place - 0.5)
            surface.text(left - 6, y, name, ha="right", va="center_baseline" if "\n" not in name else "center")
            surface.text(surface.width - 1, y, base, ha="right", va="center_baseline", color=theme.MUTED)
            x = box.right + 8
            if unknown(row["value"]):
                surface.text(x, y, self.said(None), ha="left", va="center_baseline", color=theme.MUTED)
                continue
            surface.text(
                x, y, self.said(row["value"]), ha="left", va="center_baseline", weight="bold", color=theme.BLUE
            )
            ends = [frame.across(row["lower"]), frame.across(row["upper"])]
            surface.line(ends, [y, y], color=theme.BLUE, lw=1.4, solid_capstyle="butt", zorder=2)
            dot = frame.across(row["value"])
            surface.line([dot], [y], marker="o", ms=5.2, color=theme.BLUE, mec="white", mew=0.6, zorder=3)

    def _axis(self, surface: Surface, frame: Frame, ticks: list[float]) -> None:
        box = frame.box
        for tick, label in zip(ticks, tick_labels(ticks, self.words, self.percent), strict=True):
            x = frame.across(tick)
            surface.line([x, x], [box.bottom, box.top], color=theme.GRID, lw=0.6, zorder=0)
            surface.text(x, box.bottom - 4, label, ha="center", va="top", color=theme.MUTED)
        if self.overall is not None and ticks[0] <= self.overall <= frame.x[1]:
            x = frame.across(self.overall)
            surface.line([x, x], [box.bottom, box.top], color=theme.ORANGE, lw=1.1, dashes=(3, 2), zorder=1)
            width = surface.measure(self.overall_label)[0]
            at = min(max(x, width / 2 + 1), surface.width - width / 2 - 1)
            surface.text(at, box.top + 2, self.overall_label, ha="center", va="bottom", color=theme.ORANGE_TEXT)

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
        line = w("Line: {label}.", label=self.overall_label) if self.overall_label and self.overall is not None else ""
        return sentences(w, head, w("{items}.", items=w("; ").join(items)), line)

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
    frame: pd.DataFrame, *, words: Words, percent: bool = True, overall: float | None = None, overall_label: str = ""
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

    Raises
    ------
    ValueError
        When there are no rows.
    """
    if frame.empty:
        raise ValueError("no rates to draw")
    return Dots(frame, words, percent, overall, overall_label)
