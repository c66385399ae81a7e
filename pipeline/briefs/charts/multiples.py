"""What was, against what was to be expected: on a scale of times, with the interval of what is usual."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.rows import NARROW_ROW, ROW, measured, rows_of, write_name
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    import pandas as pd

FOOT = 7.0  # mm, for the axis
HEAD = 6.5  # mm, for the headings of the two numbers
NAMES = 0.32  # of the width, at most, for names
LEAST, MOST = 1 / 16, 16.0  # times: what lies farther out is drawn at the edge, with an arrow


class Against(Chart):
    """See `against`."""

    def __init__(self, frame: pd.DataFrame, words: Words) -> None:
        super().__init__(words, ROW * len(frame) + FOOT + HEAD)
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]

    def height_for(self, width: float, narrow: bool) -> float:
        return measured(width, narrow, self.names, NAMES, self.least(narrow)) + FOOT + HEAD

    @property
    def names(self) -> list[str]:
        """The partners."""
        return [str(row["name"]) for row in self.rows]

    def least(self, narrow: bool) -> float:
        """The least height of a row in millimetres."""
        return NARROW_ROW if narrow else ROW

    def scale(self) -> list[float]:
        """Ticks, doubling, from the lowest to the highest times that is drawn."""
        times = [min(max(t, LEAST), MOST) for row in self.rows for t in _times(row) if t > 0]
        low = min(-1, math.floor(math.log2(min(times)) + 1e-9))
        high = max(1, math.ceil(math.log2(max(times)) - 1e-9))
        return [2.0**k for k in range(low, high + 1)]

    def draw(self, surface: Surface) -> None:
        w = self.words
        rows = rows_of(surface, self.names, NAMES, self.least(surface.narrow))
        heads = (w("actual"), w("expected"))
        columns = [[w.number(r["actual"]) for r in self.rows], [_rough(w, r["expected"]) for r in self.rows]]
        widths = [
            max(surface.widest(texts, weight="bold"), surface.measure(head)[0])
            for texts, head in zip(columns, heads, strict=True)
        ]
        left = rows.width + 9
        bottom = surface.size * 1.8 + 5
        box = Box(left, bottom, surface.width - sum(widths) - 22, bottom + rows.height)
        ticks = self.scale()
        frame = Frame(box, (math.log2(ticks[0]), math.log2(ticks[-1])), (0, 1))
        self._axis(surface, frame, ticks)
        right = (surface.width - widths[1] - 8, surface.width - 1)
        for x, head in zip(right, heads, strict=True):
            surface.text(x, box.top + 3, head, ha="right", va="bottom", color=theme.MUTED)
        for k, (row, name, y) in enumerate(zip(self.rows, rows.names, rows.centres(box.top), strict=True)):
            write_name(surface, left - 8, y, name)
            self._row(surface, frame, row, y)
            surface.beside(right[0], y, columns[0][k], ha="right", weight="bold", color=_ink(row))
            surface.beside(right[1], y, columns[1][k], ha="right", color=theme.MUTED)

    def _row(self, surface: Surface, frame: Frame, row: dict[str, Any], y: float) -> None:
        low, high, at = (self._across(frame, t) for t in _times(row))
        half = self.least(surface.narrow) * theme.MM * 0.2
        surface.rectangle(Box(low, y - half, high, y + half), facecolor=theme.FAN_80)
        ratio = _times(row)[2]
        marker = "<" if ratio < 2 ** frame.x[0] else ">" if ratio > 2 ** frame.x[1] else "o"
        surface.line([at], [y], marker=marker, ms=5.4, color=_ink(row), mec="white", mew=0.6, zorder=3)

    def _across(self, frame: Frame, times: float) -> float:
        low, high = 2 ** frame.x[0], 2 ** frame.x[1]
        return frame.across(math.log2(min(max(times, low), high)))

    def _axis(self, surface: Surface, frame: Frame, ticks: list[float]) -> None:
        box = frame.box
        shown = ticks if len(ticks) < 8 else [t for t in ticks if round(math.log2(t)) % 2 == 0]
        for tick in shown:
            x = frame.across(math.log2(tick))
            one = tick == 1
            style: dict[str, Any] = {"color": theme.GREY, "lw": 1.0} if one else {"color": theme.GRID, "lw": 0.6}
            surface.line([x, x], [box.bottom, box.top], zorder=1 if one else 0, **style)
            surface.text(x, box.bottom - 4, _label(tick), ha="center", va="top", color=theme.MUTED)

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        items = [
            w(
                "{name} {actual} against {expected} expected (interval {low} to {high})",
                name=str(row["name"]),
                actual=w.number(row["actual"]),
                expected=_rough(w, row["expected"]),
                low=_rough(w, row["lower"]),
                high=_rough(w, row["upper"]),
            )
            for row in self.rows
        ]
        head = w("Dots on a scale of times what was to be expected; bars show where 95 of 100 such flows lie.")
        return sentences(w, head, w("{items}.", items=w("; ").join(items)))

    def table(self) -> pd.DataFrame:
        import pandas as pd

        w = self.words
        kept = {
            w("Name"): "name",
            w("Actual"): "actual",
            w("Expected"): "expected",
            w("95% from"): "lower",
            w("95% to"): "upper",
        }
        return pd.DataFrame([{label: row[key] for label, key in kept.items()} for row in self.rows])


def _times(row: dict[str, Any]) -> tuple[float, float, float]:
    """Lower bound, upper bound and what was, as times the expectation."""
    return tuple(float(row[key]) / float(row["expected"]) for key in ("lower", "upper", "actual"))  # type: ignore[return-value]


def _ink(row: dict[str, Any]) -> str:
    if row["actual"] > row["upper"]:
        return str(theme.BLUE)
    return str(theme.ORANGE_TEXT) if row["actual"] < row["lower"] else str(theme.MUTED)


def _rough(w: Words, value: float) -> str:
    """An expectation in words: to two digits, for more would be pretence."""
    return w.number(float(f"{value:.2g}"), 0 if value >= 1 or value == 0 else 1)


def _label(tick: float) -> str:
    """Times as they are written on the axis.

    >>> _label(0.25), _label(1.0), _label(4.0)
    ('¼', '1', '4')
    """
    return {0.5: "½", 0.25: "¼", 0.125: "⅛"}.get(tick) or (f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}")


def against(frame: pd.DataFrame, *, words: Words) -> Against:
    """What was against what was to be expected, row by row, on a scale that doubles from tick to tick.

    Parameters
    ----------
    frame
        Columns name, actual, expected, lower, upper: the bounds within which 95 of 100 such flows lie.

    Raises
    ------
    ValueError
        When there are no rows, or an expectation is not above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"name": ["Nepal"], "actual": [24890.0], "expected": [1471.5], "lower": [157.0], "upper": [14269.0]})
    >>> against(frame, words=Words("en")).describe().split(". ")[1]
    'Nepal 24,890 against 1,500 expected (interval 160 to 14,000).'
    """
    if frame.empty:
        raise ValueError("nothing to set against an expectation")
    if not frame["expected"].gt(0).all():
        raise ValueError("column expected: a scale of times needs expectations above 0")
    return Against(frame, words)
