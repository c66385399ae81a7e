"""Lines over years: what was counted, where it broke, and where it may go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.say import describe_trend, trend_table
from pipeline.briefs.words import Words, unknown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Point:
    """One year's value (None: not known), its period as published, and whether it is exact, rounded, at_least or estimated."""

    year: int
    value: float | None
    period: str
    kind: str = "exact"


@dataclass(frozen=True)
class Break:
    """A year in which something other than students changed: kind shock, definition or policy; `label` is final words."""

    year: int
    label: str
    kind: str = "shock"


@dataclass(frozen=True)
class Interval:
    """One year of an outlook."""

    year: int
    period: str
    median: float
    lower_80: float
    upper_80: float
    lower_95: float
    upper_95: float


class Line:
    """A named series.

    Parameters
    ----------
    name
        Its label, in final words.
    data
        Frame with `year`, `value` and, where known, `period`, `exactness`, `status` (the columns of the table of series).
    color
        A colour of the theme; chosen by position when left out.
    """

    def __init__(self, name: str, data: pd.DataFrame, color: str | None = None) -> None:
        self.name, self.color = name, color
        self.points = _points(data)
        if not any(point.value is not None for point in self.points):
            raise ValueError(f"the line {name!r} has no value to draw")

    @property
    def known(self) -> list[Point]:
        """The points with a value."""
        return [point for point in self.points if point.value is not None]


def _points(data: pd.DataFrame) -> list[Point]:
    found = []
    for row in data.sort_values("year").to_dict("records"):
        value = row["value"]
        kind = "estimated" if row.get("status") == "E" else row.get("exactness", "exact")
        period = row.get("period")
        found.append(
            Point(
                int(row["year"]),
                None if unknown(value) else float(value),
                str(int(row["year"])) if unknown(period) else str(period),
                "exact" if unknown(kind) else str(kind),
            )
        )
    years = [point.year for point in found]
    if len(set(years)) != len(years):
        raise ValueError("a line has two values for one year; series of different definition are different lines")
    return found


def next_period(year: int, like: str) -> str:
    """The name of a year in the style of another period.

    >>> next_period(2028, like="2024/25"), next_period(2028, like="2018")
    ('2027/28', '2028')
    """
    return f"{year - 1}/{year % 100:02d}" if "/" in like else str(year)


def _intervals(outlook: pd.DataFrame | None, like: str) -> list[Interval]:
    if outlook is None or outlook.empty:
        return []
    bounds = ("median", "lower_80", "upper_80", "lower_95", "upper_95")
    rows = outlook.sort_values("year").to_dict("records")
    return [
        Interval(int(row["year"]), next_period(int(row["year"]), like), *(float(row[name]) for name in bounds))
        for row in rows
    ]


class Trend(Chart):
    """See `trend`."""

    def __init__(
        self,
        lines: Sequence[Line],
        outlook: pd.DataFrame | None,
        breaks: Sequence[Break],
        highlight: Sequence[int],
        words: Words,
        height: float,
        percent: bool,
        zero: bool,
    ) -> None:
        super().__init__(words, height)
        self.lines = list(lines)
        first = self.lines[0].known
        self.outlook = _intervals(outlook, first[-1].period)
        years = [point.year for line in self.lines for point in line.known]
        self.first, self.last = min(years), max(years)
        self.end = max([self.last, *(i.year for i in self.outlook)])
        self.breaks = [b for b in breaks if self.first <= b.year <= self.end]
        self.highlight = list(highlight) or [first[-1].year]
        self.percent, self.zero = percent, zero

    def height_for(self, width: float, narrow: bool) -> float:
        return max(self.height, 72.0) if narrow else self.height

    def color(self, index: int) -> str:
        """The colour of a line."""
        return self.lines[index].color or theme.SERIES[index % len(theme.SERIES)]

    def value(self, value: float | None) -> str:
        """A value in words."""
        return self.words.percent(value) if self.percent else self.words.number(value, digits=None)

    def draw(self, surface: Surface) -> None:
        from pipeline.briefs.charts.trend_draw import draw_trend

        draw_trend(self, surface)

    def describe(self, words: Words | None = None) -> str:
        return describe_trend(self, words or self.words)

    def table(self) -> pd.DataFrame:
        return trend_table(self)


def _breaks(breaks: Any, words: Words) -> list[Break]:
    if hasattr(breaks, "to_dict"):
        label = f"label_{words.language}"
        return [Break(int(r["year"]), str(r[label]), str(r.get("kind", "shock"))) for r in breaks.to_dict("records")]
    return list(breaks)


def trend(
    lines: Line | pd.DataFrame | Sequence[Line],
    outlook: pd.DataFrame | None = None,
    breaks: Iterable[Break] | pd.DataFrame = (),
    highlight: Sequence[int] = (),
    *,
    words: Words,
    height: float = 78.0,
    percent: bool = False,
    zero: bool = True,
) -> Trend:
    """Lines over years, with an outlook and breaks.

    Gaps stay gaps. Rounded and "more than" values have an open marker, estimates a hollow one; the axis begins at 0 unless
    `zero` is false, and then says so. With several lines each is named at its end; the first is the one in focus.

    Parameters
    ----------
    lines
        One or several lines; a frame with year and value is one line without a name.
    outlook
        Frame with year, median, lower_80, upper_80, lower_95, upper_95, for the first line.
    breaks
        Years to shade and label, or the table of breaks (columns year, kind, label_en, label_zh).
    highlight
        Years of the first line whose value is written; the last when left out.
    height
        In millimetres.
    percent
        Values are percentages.

    Raises
    ------
    ValueError
        When a line is empty or has two values for a year.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"year": [2023, 2024, 2025], "value": [1057188.0, 1126690.0, 1177766.0]})
    >>> chart = trend(data, words=Words("en"))
    >>> chart.describe()
    'Line chart, 2023 to 2025. From 1,057,188 in 2023 to 1,177,766 in 2025; highest 1,177,766 in 2025, lowest 1,057,188 in 2023.'
    """
    if hasattr(lines, "to_dict"):
        lines = [Line("", lines)]  # type: ignore[arg-type]
    elif isinstance(lines, Line):
        lines = [lines]
    return Trend(list(lines), outlook, _breaks(breaks, words), highlight, words, height, percent, zero)  # type: ignore[arg-type]
