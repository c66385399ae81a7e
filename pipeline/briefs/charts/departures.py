"""Differences from a reference group with their intervals: a dot, its whiskers, and the line where there is no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame, round_ticks
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.rates import FOOT, NAMES
from pipeline.briefs.charts.rows import NARROW_ROW, ROW, measured, rows_of, write_name
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words, unknown

if TYPE_CHECKING:
    import pandas as pd


class Gaps(Chart):
    """See `gaps`."""

    def __init__(
        self, frame: pd.DataFrame, words: Words, reference: str, reach: tuple[float, float] | None = None
    ) -> None:
        super().__init__(words, ROW * len(frame) + FOOT + 5)
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        self.reference, self.reach = reference, reach

    def height_for(self, width: float, narrow: bool) -> float:
        return measured(width, narrow, self.names, NAMES, self.least(narrow)) + FOOT + 5.0

    @property
    def names(self) -> list[str]:
        """The groups."""
        return [str(row["label"]) for row in self.rows]

    def least(self, narrow: bool) -> float:
        """The least height of a row in millimetres."""
        return NARROW_ROW if narrow else ROW

    def said(self, value: Any) -> str:
        """A difference, signed."""
        return self.words.number(value, 1, signed=True)

    @property
    def zero_label(self) -> str:
        """What stands above the line of no difference."""
        return self.words("as {reference}", reference=self.reference)

    def draw(self, surface: Surface) -> None:
        rows = rows_of(surface, self.names, NAMES, self.least(surface.narrow))
        left = rows.width + 7
        right = surface.widest([self.said(r["value"]) for r in self.rows], weight="bold") + 10
        bottom = surface.size * 1.8 + 5
        box = Box(left, bottom, surface.width - right, bottom + rows.height)
        ticks = self.ticks(surface, box.width)
        frame = Frame(box, (ticks[0], ticks[-1]), (0, 1))
        for tick in ticks:
            x = frame.across(tick)
            surface.line([x, x], [box.bottom, box.top], color=theme.GREY if tick == 0 else theme.GRID, lw=0.9 if tick == 0 else 0.6, zorder=0)  # fmt: skip
            surface.text(x, box.bottom - 4, self.tick(tick), ha="center", va="top", color=theme.MUTED)
        width = surface.measure(self.zero_label)[0]
        at = min(max(frame.across(0), width / 2 + 1), surface.width - width / 2 - 1)
        surface.text(at, box.top + 2, self.zero_label, ha="center", va="bottom", color=theme.MUTED)
        for row, name, y in zip(self.rows, rows.names, rows.centres(box.top), strict=True):
            color = theme.BLUE if row["clear"] else theme.GREY
            write_name(surface, left - 6, y, name)
            surface.beside(box.right + 6, y, self.said(row["value"]), ha="left", weight="bold", color=color if row["clear"] else theme.MUTED)  # fmt: skip
            ends = [frame.across(row["lower"]), frame.across(row["upper"])]
            surface.line(ends, [y, y], color=color, lw=1.4, solid_capstyle="butt", zorder=2)
            dot = frame.across(row["value"])
            inner = color if row["clear"] else "white"
            surface.line([dot], [y], marker="o", ms=5.2, color=color, mfc=inner, mec=color, mew=1.0, zorder=3)

    def tick(self, value: float) -> str:
        """A tick's label: signed, 0 plain."""
        return self.words.number(value, 0 if value == int(value) else 1, signed=True)

    def ticks(self, surface: Surface, room: float) -> list[float]:
        """Round ticks on both sides of 0, as many as fit."""
        low = min([0.0, *(r["lower"] for r in self.rows), *(self.reach or ())[:1]])
        high = max([0.0, *(r["upper"] for r in self.rows), *(self.reach or ())[1:]])
        found: list[float] = []
        for at_most in (5, 4, 3, 2, 1):
            found = round_ticks(low, high, at_most)
            if surface.widest([self.tick(t) for t in found]) * 1.5 * len(found) <= room:
                break
        return found

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        items = [
            w(
                "{name} {value} (95% interval {low} to {high})",
                name=str(r["label"]),
                value=w.points(r["value"]),
                low=self.said(r["lower"]),
                high=self.said(r["upper"]),
            )
            for r in self.rows
        ]
        head = w("Differences from {reference} in percentage points, with 95% intervals.", reference=self.reference)
        return sentences(w, head, w("{items}.", items=w("; ").join(items)))

    def table(self) -> pd.DataFrame:
        import pandas as pd

        w = self.words
        kept = {w("Group"): "label", w("Difference, points"): "value", w("95% from"): "lower", w("95% to"): "upper"}
        rows = [{label: None if unknown(r[key]) else r[key] for label, key in kept.items()} for r in self.rows]
        return pd.DataFrame([{k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()} for row in rows])


def gaps(frame: pd.DataFrame, *, words: Words, reference: str, reach: tuple[float, float] | None = None) -> Gaps:
    """Differences from a reference group in percentage points, with 95 % intervals.

    Parameters
    ----------
    frame
        Columns label, value, lower, upper, clear (whether the difference stands out after correction for many groups: a full dot, else a hollow one).
    reference
        The name of the group compared with.
    reach
        The least and the greatest value that the axis has to hold.

    Raises
    ------
    ValueError
        When there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["government"], "value": [4.1], "lower": [1.2], "upper": [7.0], "clear": [True]})
    >>> gaps(frame, words=Words("en"), reference="self-funded").describe()
    'Differences from self-funded in percentage points, with 95% intervals. government +4.1 points (95% interval +1.2 to +7.0).'
    """
    if frame.empty:
        raise ValueError("no differences to draw")
    return Gaps(frame, words, reference, reach)
