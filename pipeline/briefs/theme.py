"""How every chart and page looks: colours, type, and figures that leave no state behind.

Blue and orange, and blue and teal, are told apart by the colour-blind and, being dark and light, in grey print; nothing is said by
colour alone. Orange means that something fell, and nothing else; a second series is teal. The set
follows the UK Government Analysis Function's accessible palette. Figures are made without pyplot, so that no chart of
one brief can leak into the next.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.briefs import fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#1F2A33"
MUTED = "#56616C"
RULE = "#C9D0D6"
GRID = "#E4E8EB"
SHADE = "#EEF0F2"
BLUE = "#12436D"
ORANGE = "#F46A25"
ORANGE_TEXT = "#B3430E"  # orange dark enough to be read as text (contrast 5.6 on white)
TEAL = "#28A197"
TEAL_TEXT = "#17766D"  # teal dark enough to be read as text (contrast 5.5 on white)
GREY = "#8A97A3"
SERIES = (BLUE, TEAL, "#6F7F8D", "#801650", "#3D3D3D")  # orange is kept for what fell
FAN_80 = "#B9C6D2"
FAN_95 = "#E1E7EC"

MM = 72 / 25.4  # points in a millimetre

_RC: Any = {
    "font.family": [fonts.LATIN, fonts.CHINESE],
    "font.size": 8.0,
    "text.color": INK,
    "text.hinting": "none",
    "text.parse_math": False,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": True,
    "figure.dpi": 72,
    "savefig.dpi": 72,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "student-mobility",
    "path.simplify": False,
}


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    from matplotlib import font_manager

    for path in fonts.font_files():
        font_manager.fontManager.addfont(str(path))


@contextmanager
def style() -> Iterator[None]:
    """The project's type and colours, inside a `with` block only."""
    import matplotlib

    _register_fonts()
    with matplotlib.rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that size in millimetres, 72 dots an inch, so that display units are points."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 25.4, height / 25.4), dpi=72)
    FigureCanvasAgg(figure)
    return figure


def to_svg(figure: Figure) -> str:
    """The figure as an SVG element: text as paths, no date, the same bytes for the same figure."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"(?<!scale\()\b(\d+\.\d\d)\d+", r"\1", text)  # a scale is too small a number to be cut short
    return _own_ids(re.sub(r"\n\s*", "\n", text).strip())


def _own_ids(svg: str) -> str:
    """Only the ids that are used, under names of this drawing alone, so that several may stand on one page."""
    used = set(re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', svg))
    mark = hashlib.sha256(svg.encode()).hexdigest()[:8]
    names = {name: f"g{mark}-{place}" for place, name in enumerate(sorted(used))}
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{names[m[1]]}"' if m[1] in names else "", svg)
    return re.sub(r'(xlink:href="#|url\(#)([^")]+)', lambda m: m[1] + names[m[2]], svg)
