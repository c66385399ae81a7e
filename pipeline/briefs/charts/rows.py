"""Rows of a chart that names things at the left: as tall as their names need, from the top down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.briefs import theme
from pipeline.briefs.charts.base import Surface

ROW, NARROW_ROW = 6.2, 7.4  # mm, the least height of a row in print and on a telephone
BETWEEN = 4.0  # points between the names of two rows


@dataclass(frozen=True)
class Rows:
    """Names broken into lines, the width of their column, and the height of each row, in points."""

    names: list[str]
    width: float
    heights: list[float]

    @property
    def height(self) -> float:
        """All rows together."""
        return sum(self.heights)

    def centres(self, top: float) -> list[float]:
        """The middle of each row, the first one hanging from `top`."""
        found = []
        for height in self.heights:
            found.append(top - height / 2)
            top -= height
        return found


def rows_of(surface: Surface, names: Sequence[str], share: float, least: float) -> Rows:
    """Lay names out in a column.

    Parameters
    ----------
    surface
        To measure on.
    names
        In the order of the rows.
    share
        Of the width, at most, for the column; a word longer than that widens it.
    least
        The least height of a row in millimetres.

    Examples
    --------
    >>> with theme.style():
    ...     rows = rows_of(Surface(81, 20), ["India", "Democratic Republic of the Congo"], share=0.3, least=6)
    >>> rows.names
    ['India', 'Democratic Republic\\nof the Congo']
    >>> rows.heights[0] < rows.heights[1]
    True
    """
    broken = [surface.wrap(str(name), surface.width * share) for name in names]
    heights = [max(least * theme.MM, surface.measure(name)[1] + BETWEEN) for name in broken]
    return Rows(broken, surface.widest(broken), heights)


def measured(width: float, narrow: bool, names: Sequence[str], share: float, least: float) -> float:
    """The height in millimetres that the rows will need on a chart of that width."""
    with theme.style():
        return rows_of(Surface(width, 10.0, narrow), names, share, least).height / theme.MM


def write_name(surface: Surface, x: float, y: float, name: str, ha: str = "right") -> None:
    """Write a row's name, of one line or more, centred on a height."""
    if "\n" in name:
        surface.text(x, y, name, ha=ha, va="center", multialignment=ha)
    else:
        surface.beside(x, y, name, ha=ha)
