"""What all charts share: a surface measured in points, and the promise to draw for any width and to say in words what is shown."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from pipeline.briefs import fonts, theme
from pipeline.briefs.charts.place import Box, overlaps
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, HALF, NARROW = 170.0, 81.0, 90.0  # mm
SMALLEST = 7.0  # points; no text is smaller in print
LEADING = 0.87  # of the line height of the fonts, which is large for the sake of Chinese


class Surface:
    """A figure to draw on, with text placed and measured in points."""

    def __init__(self, width: float, height: float, narrow: bool = False) -> None:
        self.figure: Figure = theme.new_figure(width, height)
        self.renderer: Any = self.figure.canvas.get_renderer()  # type: ignore[attr-defined]
        self.width, self.height = width * theme.MM, height * theme.MM
        self.narrow = narrow
        self.size = 9.0 if narrow else 8.0 if width > 100 else 7.5
        self.missing: set[str] = set()
        self._sizes: dict[tuple[str, float, str], tuple[float, float]] = {}

    @property
    def bounds(self) -> Box:
        """The whole figure."""
        return Box(0, 0, self.width, self.height)

    def axes(self, box: Box) -> Axes:
        """Bare axes that fill a box: no frame, no ticks."""
        axes = self.figure.add_axes(
            (box.left / self.width, box.bottom / self.height, box.width / self.width, box.height / self.height)
        )
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def clean(self, text: str) -> str:
        """The text with what the fonts lack replaced, and remembered."""
        text, missing = fonts.settable(text)
        self.missing.update(missing)
        return text

    def text(self, x: float, y: float, text: str, size: float = 0.0, **style: Any) -> Any:
        """Write text at a point; `ha` and `va` as in matplotlib (left, baseline)."""
        from matplotlib.transforms import IdentityTransform

        settings: dict[str, Any] = {
            "fontsize": max(size or self.size, SMALLEST),
            "color": theme.INK,
            "linespacing": LEADING,
        }
        return self.figure.text(x, y, self.clean(text), transform=IdentityTransform(), **{**settings, **style})

    def beside(self, x: float, y: float, text: str, size: float = 0.0, **style: Any) -> Any:
        """Write one line of text with its digits centred on a height."""
        size = max(size or self.size, SMALLEST)
        return self.text(x, y - 0.33 * size, text, size, va="baseline", **style)

    def measure(self, text: str, size: float = 0.0, weight: str = "normal") -> tuple[float, float]:
        """Width and height of a text in points."""
        key = (text, size, weight)
        if key not in self._sizes:
            artist = self.text(0, 0, text, size, weight=weight)
            box = artist.get_window_extent(self.renderer)
            artist.remove()
            self._sizes[key] = (float(box.width), float(box.height))
        return self._sizes[key]

    def widest(self, texts: list[str], size: float = 0.0, weight: str = "normal") -> float:
        """The width of the widest text, 0 for none."""
        return max((self.measure(text, size, weight)[0] for text in texts), default=0.0)

    def wrap(self, text: str, room: float, size: float = 0.0, weight: str = "normal", lines: int = 3) -> str:
        """Break a text into at most so many lines of that width, as even as can be.

        Latin text breaks at spaces, Chinese anywhere but beside its punctuation. What does not fit makes the lines longer.
        """
        text = self.clean(text)
        if self.measure(text, size, weight)[0] <= room:
            return text
        pieces = _pieces(text)
        space = self.measure("n n", size, weight)[0] - self.measure("nn", size, weight)[0]
        widths = [self.measure(p.rstrip(), size, weight)[0] + (space if p.endswith(" ") else 0.0) for p in pieces]
        wanted = min(lines, len(_fold(pieces, widths, room)))
        limits = sorted({sum(widths[a:b]) for a in range(len(widths)) for b in range(a + 1, len(widths) + 1)})
        even = next(limit for limit in limits if len(_fold(pieces, widths, limit)) <= wanted)
        return "\n".join(_fold(pieces, widths, even))

    def line(self, x: list[float], y: list[float], **style: Any) -> None:
        """Draw a line through points of the figure."""
        from matplotlib.lines import Line2D
        from matplotlib.transforms import IdentityTransform

        self.figure.add_artist(Line2D(x, y, transform=IdentityTransform(), **style))

    def rectangle(self, box: Box, **style: Any) -> None:
        """Draw a filled box."""
        from matplotlib.patches import Rectangle
        from matplotlib.transforms import IdentityTransform

        corner = (box.left, box.bottom)
        settings = {"linewidth": 0, "transform": IdentityTransform(), **style}
        self.figure.add_artist(Rectangle(corner, box.width, box.height, **settings))


_OPEN, _CLOSE = "（《“‘〈", "，。；：、！？）》”’〉％"
_PIECE = re.compile(rf"[{_OPEN}]*(?:[\u2e80-\uffff]|[^\s\u2e80-\uffff“”]+)[{_CLOSE}]*\s*|\S\s*|\s+")


def _pieces(text: str) -> list[str]:
    """Where a text may be broken: after spaces, and between Chinese characters, but before closing and after opening punctuation.

    >>> _pieces("共建“一带”（OPT）"), _pieces("at least 5")
    (['共', '建', '“一', '带”', '（OPT）'], ['at ', 'least ', '5'])
    """
    return _PIECE.findall(text)


def _fold(pieces: list[str], widths: list[float], room: float) -> list[str]:
    """Lines of at most that width; a piece that is wider stands alone.

    >>> _fold(["a ", "b ", "c"], [3, 3, 2], room=6)
    ['a b', 'c']
    """
    lines: list[str] = []
    used = 0.0
    for piece, width in zip(pieces, widths, strict=True):
        if lines and used + width <= room + 0.01:
            lines[-1] += piece
            used += width
        else:
            lines.append(piece)
            used = width
    return [line.strip() for line in lines]


def text_boxes(figure: Figure) -> dict[str, Box]:
    """Every visible text of a figure and its box in points (a text that stands twice gets a number)."""
    from matplotlib.text import Text

    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found: dict[str, Box] = {}
    for artist in figure.findobj(Text):
        label = artist.get_text()  # type: ignore[attr-defined]
        if label.strip() and artist.get_visible():
            box = artist.get_window_extent(renderer)
            key = label if label not in found else f"{label} #{len(found)}"
            found[key] = Box(box.x0, box.y0, box.x1, box.y1)
    return found


def layout_problems(figure: Figure) -> list[str]:
    """What is wrong with a figure's labels: those that overlap, and those cut off at the edge."""
    boxes = text_boxes(figure)
    names = list(boxes)
    width, height = (side * 72 for side in figure.get_size_inches())
    edge = Box(-0.5, -0.5, width + 0.5, height + 0.5)
    cut = [f"{name!r} is cut off" for name, box in boxes.items() if box.outside(edge) > 0]
    pairs = overlaps(list(boxes.values()))
    return cut + [f"{names[i]!r} overlaps {names[j]!r}" for i, j in pairs]


class Chart(ABC):
    """A chart in one language. Subclasses draw, describe, and give their rows.

    Parameters
    ----------
    words
        The language of its labels.
    height
        In millimetres, for print; the narrow layout may choose its own.
    """

    def __init__(self, words: Words, height: float) -> None:
        self.words = words
        self.height = height
        self._missing: set[str] = set()
        self._svg: dict[tuple[float, bool], str] = {}

    @abstractmethod
    def draw(self, surface: Surface) -> None:
        """Draw on a surface of any width."""

    @abstractmethod
    def describe(self, words: Words | None = None) -> str:
        """Alternative text: what the chart shows, with its numbers."""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """The rows behind the chart, under headings in its language."""

    def height_for(self, width: float, narrow: bool) -> float:
        """The height in millimetres for a width."""
        return self.height

    def figure(self, width: float = WIDE, narrow: bool = False) -> Figure:
        """The chart as a matplotlib figure of that width in millimetres."""
        with theme.style():
            surface = Surface(width, self.height_for(width, narrow), narrow)
            self.draw(surface)
            self._missing |= surface.missing
            return surface.figure

    def svg(self, width: float = WIDE, narrow: bool = False) -> str:
        """The chart as SVG, laid out for a width in millimetres; drawn once."""
        key = (round(width, 2), narrow)
        if key not in self._svg:
            figure = self.figure(width, narrow)
            with theme.style():
                self._svg[key] = theme.to_svg(figure)
        return self._svg[key]

    @property
    def wide(self) -> str:
        """SVG for the full measure of the page."""
        return self.svg(WIDE)

    @property
    def half(self) -> str:
        """SVG for one of two columns."""
        return self.svg(HALF)

    @property
    def narrow(self) -> str:
        """SVG for a telephone."""
        return self.svg(NARROW, narrow=True)

    @property
    def missing_glyphs(self) -> list[str]:
        """Characters that no font has, set as 〓 in what was drawn so far."""
        return sorted(self._missing)

    def _repr_html_(self) -> str:
        return self.svg(WIDE)
