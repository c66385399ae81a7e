"""Drawing a trend: margins from the labels, then grid, breaks, outlook, lines, markers, labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame, round_ticks, thin, tick_labels
from pipeline.briefs.charts.base import Surface
from pipeline.briefs.charts.place import Box, Placer, around, spread

if TYPE_CHECKING:
    from pipeline.briefs.charts.trends import Break, Line, Point, Trend

FOOT = 7.0  # points between the axis and the periods below it


def draw_trend(chart: Trend, surface: Surface) -> None:
    """Draw the whole chart."""
    top = max([p.value or 0 for line in chart.lines for p in line.points] + [i.upper_95 for i in chart.outlook])
    low = min(
        [p.value for line in chart.lines for p in line.known if p.value is not None]
        + [i.lower_95 for i in chart.outlook]
    )
    ticks = round_ticks(min(low, 0) if chart.zero else low, top, at_most=5 if chart.height >= 60 else 4)
    labels = tick_labels(ticks, chart.words, chart.percent)
    ends = _end_labels(chart, surface)
    left = surface.widest(labels) + 5
    right = max([surface.measure(text, weight="bold")[0] for _, text, _ in ends], default=0) + 7 if ends else 6
    if chart.outlook:
        right = max(right, surface.measure("95%", surface.size - 0.5)[0] + 5)
    tall = max(surface.measure(label)[1] for label in labels)
    head = tall * (0.6 if chart.zero else 1.6)
    box = Box(left, tall + FOOT + 1, surface.width - right, surface.height - head)
    frame = Frame(box, (chart.first - 0.3, chart.end + 0.3), (ticks[0], ticks[-1]))
    _periods(frame, surface, chart)
    placer = Placer(Box(box.left + 1, box.bottom + 2, surface.width, surface.height))
    for mark in chart.breaks:
        _band(mark.year, mark.kind, frame, surface)
    _fan(chart, frame, surface, placer)
    for index, line in reversed(list(enumerate(chart.lines))):
        _line(line, chart.color(index), index == 0, frame, surface, placer)
    _write_ends(ends, frame, surface, placer)
    _write_values(chart, frame, surface, placer)
    at = {p.year: p.value or 0.0 for p in chart.lines[0].known}
    for mark in sorted(
        chart.breaks, key=lambda mark: at.get(mark.year, math.inf)
    ):  # labels hang below: the lowest first
        _write_break(mark, chart, frame, surface, placer)
    _grid(frame, surface, ticks, labels, chart, placer.taken)


def _end_labels(chart: Trend, surface: Surface) -> list[tuple[Point, str, int]]:
    """With several lines, each is named at its end, with its last value."""
    if len(chart.lines) == 1:
        return []
    room = surface.width * (0.3 if surface.narrow or surface.width < 260 else 0.24)
    found = []
    for index, line in enumerate(chart.lines):
        last = line.known[-1]
        period = "" if last.year == chart.last else f" ({chart.words.period(last.period, short=True)})"
        text = surface.wrap(line.name, room, weight="bold") + "\n" + chart.value(last.value) + period
        found.append((last, text, index))
    return found


def _grid(
    frame: Frame, surface: Surface, ticks: list[float], labels: list[str], chart: Trend, written: list[Box]
) -> None:
    """The lines of the grid, which make way for what is written."""
    box = frame.box
    for tick, label in zip(ticks, labels, strict=True):
        y = frame.up(tick)
        base = tick == 0 or tick == ticks[0]
        for left, right in free_parts(box.left, box.right, y, [] if base else written):
            color = theme.GREY if base else theme.GRID
            surface.line([left, right], [y, y], color=color, lw=0.8 if base else 0.6, zorder=0)
        surface.beside(box.left - 4, y, label, ha="right", color=theme.MUTED)
    if not chart.zero:
        note = chart.words("The axis does not begin at 0.")
        surface.text(box.left, surface.height - 1, note, surface.size - 0.5, ha="left", va="top", color=theme.MUTED)


def free_parts(left: float, right: float, y: float, written: list[Box], pad: float = 1.5) -> list[tuple[float, float]]:
    """The parts of a level line from left to right that do not run through a label.

    >>> free_parts(0, 100, 5, [Box(20, 0, 40, 8), Box(60, 20, 80, 30)], pad=1)
    [(0, 19), (41, 100)]
    """
    parts = []
    for box in sorted((b for b in written if b.bottom - pad < y < b.top + pad), key=lambda b: b.left):
        if box.left - pad > left:
            parts.append((left, min(box.left - pad, right)))
        left = max(left, box.right + pad)
    return [*parts, (left, right)] if left < right else parts


def _periods(frame: Frame, surface: Surface, chart: Trend) -> None:
    from pipeline.briefs.charts.trends import next_period

    like = chart.lines[0].known[-1].period
    years = list(range(chart.first, chart.end + 1))
    names = [chart.words.period(next_period(year, like), short=True) for year in years]
    widths = [surface.measure(name)[0] for name in names]
    edge = frame.box.right + 3 if len(chart.lines) > 1 else surface.width - 0.5  # names of lines stand beyond
    places = [min(max(frame.across(y), w / 2 + 0.5), edge - w / 2) for y, w in zip(years, widths, strict=True)]
    chosen = thin(years, places, widths, [chart.end, chart.first], gap=surface.size * 0.8)
    if len(years) > 1 and chart.last not in chosen and chart.last - chart.first < 6:
        chosen = thin(years, places, widths, [chart.end, chart.first, chart.last], gap=4)
    for year, name, x in zip(years, names, places, strict=True):
        if year in chosen:
            tick = frame.across(year)
            surface.line([tick, tick], [frame.box.bottom, frame.box.bottom - 2.5], color=theme.GREY, lw=0.6)
            surface.text(x, frame.box.bottom - FOOT, name, ha="center", va="top", color=theme.MUTED)


def _shade(year: int, frame: Frame) -> Box:
    """What a shock shades: its year, from the bottom to the top."""
    box = frame.box
    left, right = max(frame.across(year - 0.5), box.left), min(frame.across(year + 0.5), box.right)
    return Box(left, box.bottom, right, box.top)


def _band(year: int, kind: str, frame: Frame, surface: Surface) -> None:
    box = frame.box
    if kind == "shock":
        surface.rectangle(_shade(year, frame), facecolor=theme.SHADE, zorder=-2)
    else:
        x = frame.across(year - 0.5)
        surface.line([x, x], [box.bottom, box.top], color=theme.GREY, lw=0.7, dashes=(2, 2), zorder=-1)


def _fan(chart: Trend, frame: Frame, surface: Surface, placer: Placer) -> None:
    if not chart.outlook:
        return
    from matplotlib.patches import Polygon
    from matplotlib.transforms import IdentityTransform

    last = chart.lines[0].known[-1]
    start = [(last.year, last.value or 0.0)]
    for name, color in (("95", theme.FAN_95), ("80", theme.FAN_80)):
        upper = [frame.at(*p) for p in start + [(i.year, getattr(i, f"upper_{name}")) for i in chart.outlook]]
        lower = [frame.at(*p) for p in start + [(i.year, getattr(i, f"lower_{name}")) for i in chart.outlook]]
        shape = Polygon(upper + lower[::-1], facecolor=color, linewidth=0, transform=IdentityTransform(), zorder=0.5)
        surface.figure.add_artist(shape)
        placer.block_line(upper)
        placer.block_line(lower)
    median = [frame.at(*p) for p in start + [(i.year, i.median) for i in chart.outlook]]
    xs, ys = zip(*median, strict=True)
    surface.line(list(xs), list(ys), color=theme.BLUE, lw=1.4, dashes=(3, 2))
    placer.block_line(median)
    end = chart.outlook[-1]
    texts = [("95%", end.upper_95), ("80%", end.upper_80)]
    size = surface.size - 0.5
    heights = [surface.measure(text, size)[1] for text, _ in texts]
    if len(chart.lines) > 1:
        return
    centres = spread([frame.up(v) for _, v in texts], heights, frame.box.bottom, surface.height)
    for (text, _), y, height in zip(texts, centres, heights, strict=True):
        x = frame.across(end.year) + 3
        surface.text(x, y, text, size, ha="left", va="center", color=theme.MUTED)
        placer.taken.append(Box(x, y - height / 2, x + surface.measure(text, size)[0], y + height / 2))


def _line(line: Line, color: str, focus: bool, frame: Frame, surface: Surface, placer: Placer) -> None:
    width = 1.9 if focus else 1.4
    for segment in _segments(line.points):
        xy = [frame.at(p.year, p.value or 0.0) for p in segment]
        placer.block_line(xy if len(xy) > 1 else [(xy[0][0] - 3, xy[0][1]), (xy[0][0] + 3, xy[0][1])])
        xs, ys = [x for x, _ in xy], [y for _, y in xy]
        if len(xy) > 1:
            surface.line(xs, ys, color=color, lw=width, solid_capstyle="round", solid_joinstyle="round", zorder=3)
        else:
            _marker(xs[0], ys[0], color, segment[0].kind, surface, small=True)
    for p in line.known:
        if p.kind != "exact":
            _marker(*frame.at(p.year, p.value or 0.0), color, p.kind, surface, small=True)
    end = line.known[-1]
    if end.kind == "exact":
        _marker(*frame.at(end.year, end.value or 0.0), color, end.kind, surface)


def _segments(points: list[Point]) -> list[list[Point]]:
    """Runs of neighbouring years with values: a missing year, or one that is not there, breaks the line."""
    runs: list[list[Point]] = []
    for p in points:
        if p.value is None:
            continue
        if runs and runs[-1][-1].year == p.year - 1:
            runs[-1].append(p)
        else:
            runs.append([p])
    return runs


def _marker(x: float, y: float, color: str, kind: str, surface: Surface, small: bool = False) -> None:
    shape = {"estimated": "s", "at_least": "^"}.get(kind, "o")
    style: dict[str, Any] = {"marker": shape, "ms": 3.4 if small else 4.8, "mec": color, "mew": 1.0, "zorder": 4}
    surface.line([x], [y], color=color, mfc=color if kind == "exact" else "white", **style)


def _write_ends(ends: list[tuple[Point, str, int]], frame: Frame, surface: Surface, placer: Placer) -> None:
    if not ends:
        return
    wanted = [frame.up(p.value or 0.0) for p, _, _ in ends]
    heights = [surface.measure(text, weight="bold")[1] for _, text, _ in ends]
    centres = spread(wanted, heights, 1, surface.height - 1, gap=3)
    x = frame.box.right + 5
    for (p, text, index), y, height, want in zip(ends, centres, heights, wanted, strict=True):
        color = theme.SERIES[index % len(theme.SERIES)]
        ink = theme.TEAL_TEXT if color == theme.TEAL else color
        artist = surface.text(x, y, text, ha="left", va="center", color=ink, weight="bold")
        box = artist.get_window_extent(surface.renderer)
        placer.taken.append(Box(box.x0, box.y0, box.x1, box.y1))
        start = frame.across(p.year) + 3
        if abs(y - want) > height or start < x - 8:
            surface.line([start, x - 2], [want, y], color=theme.RULE, lw=0.6, zorder=1)


def _write_values(chart: Trend, frame: Frame, surface: Surface, placer: Placer) -> None:
    line = chart.lines[0]
    by_year = {p.year: p for p in line.known}
    if len(chart.lines) > 1:
        return
    for year in sorted(chart.highlight, reverse=True):
        p = by_year.get(year)
        if p is None:
            continue
        more = "> " if p.kind == "at_least" else "≈ " if p.kind in ("rounded", "estimated") else ""
        text = more + chart.value(p.value)
        size = surface.size + 1.5
        width, height = surface.measure(text, size, "bold")
        x, y = frame.at(p.year, p.value or 0.0)
        box = placer.place(around(x, y, width, height, gap=5))
        if box.bottom - y > 14 or y - box.top > 14:
            _leader(x, y, box, surface, placer)
        surface.text(box.left, box.bottom, text, size, ha="left", va="bottom", weight="bold", color=theme.BLUE)


def _write_break(mark: Break, chart: Trend, frame: Frame, surface: Surface, placer: Placer) -> None:
    year, label = mark.year, mark.label
    size = surface.size - 0.5
    text = "\n".join(surface.wrap(part, min(surface.width * 0.34, 120), size) for part in label.split("\n"))
    width, height = surface.measure(text, size)
    points = {p.year: p.value for p in chart.lines[0].known}
    anchor = points.get(year)
    x = frame.across(year if anchor is not None else year - 0.5)
    y = frame.up(anchor) if anchor is not None else frame.box.top
    inside = Box(frame.box.left + 2, frame.box.bottom + 3, frame.box.right, frame.box.top)
    candidates = around(x, y, width, height, gap=6)
    if mark.kind == "shock":
        candidates = [b for c in candidates for b in _clear_of(c, _shade(year, frame))] + candidates
    candidates = [b for b in candidates if b.top < y and b.outside(inside) == 0] + candidates
    box = placer.place(sorted(candidates, key=lambda b: _covers(placer.taken, _thread(x, y, b))))
    surface.text(box.left, box.bottom, text, size, ha="left", va="bottom", color=theme.MUTED)
    if max(box.bottom - y, y - box.top) > 8.5:
        _leader(x, y, box, surface, placer)


def _clear_of(label: Box, band: Box, gap: float = 3.0) -> list[Box]:
    """The label moved to the right and to the left of a band."""
    rights = (band.right + gap + label.width, band.left - gap)
    return [Box(right - label.width, label.bottom, right, label.top) for right in rights]


def _leader(x: float, y: float, box: Box, surface: Surface, placer: Placer) -> None:
    """A thin line from a point to its label above or below."""
    (_, start), (target, end) = _thread(x, y, box)
    surface.line([x, target], [start, end], color=theme.GREY, lw=0.6, zorder=1)
    placer.block_line([(x, start), (target, end + (2 if end < start else -2))])


def _thread(x: float, y: float, box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    """The two ends of a leader."""
    side = -1 if box.top < y else 1
    return (x, y + 3 * side), (min(max(x, box.left), box.right), box.top + 0.5 if side < 0 else box.bottom - 0.5)


def _covers(taken: list[Box], thread: tuple[tuple[float, float], tuple[float, float]]) -> bool:
    """Whether a label lies on the way of a leader."""
    (x0, y0), (x1, y1) = thread
    way = [(x0 + (x1 - x0) * i / 20, y0 + (y1 - y0) * i / 20) for i in range(21)]
    return any(b.left - 2 <= x <= b.right + 2 and b.bottom <= y <= b.top for b in taken for x, y in way)
