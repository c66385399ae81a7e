"""Where labels go: beside what they name, never over another label, a line, or the edge.

Coordinates are points from the lower left corner of the figure.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Its width."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Its height."""
        return self.top - self.bottom

    def overlap(self, other: Box, pad: float = 0.0) -> float:
        """The area shared with another box grown by `pad`.

        >>> Box(0, 0, 2, 2).overlap(Box(1, 1, 3, 3))
        1.0
        """
        across = min(self.right, other.right + pad) - max(self.left, other.left - pad)
        up = min(self.top, other.top + pad) - max(self.bottom, other.bottom - pad)
        return max(across, 0.0) * max(up, 0.0)

    def outside(self, other: Box) -> float:
        """By how many points this box sticks out of another."""
        return (
            max(other.left - self.left, 0.0)
            + max(self.right - other.right, 0.0)
            + max(other.bottom - self.bottom, 0.0)
            + max(self.top - other.top, 0.0)
        )


@dataclass
class Placer:
    """Finds room for labels among obstacles (boxes taken, points of lines)."""

    bounds: Box
    taken: list[Box] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)

    def block_line(self, xy: Sequence[tuple[float, float]], step: float = 1.5) -> None:
        """Keep labels off a line through these points."""
        for (x0, y0), (x1, y1) in itertools.pairwise(xy):
            n = max(int(max(abs(x1 - x0), abs(y1 - y0)) / step), 1)
            self.points += [(x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n) for i in range(n + 1)]

    def cost(self, box: Box, pad: float = 1.5) -> float:
        """How bad it is to put a label there: 0 is clear."""
        hits = sum(
            box.left - pad <= x <= box.right + pad and box.bottom - pad <= y <= box.top + pad for x, y in self.points
        )
        crossing = sum(box.overlap(other, pad) for other in self.taken)
        return 1000 * box.outside(self.bounds) + 100 * crossing + 10 * hits

    def place(self, candidates: Iterable[Box]) -> Box:
        """The first clear candidate, or the least bad one; it is then taken."""
        best: tuple[float, Box] | None = None
        for box in candidates:
            cost = self.cost(box)
            if best is None or cost < best[0]:
                best = (cost, box)
            if cost == 0:
                break
        if best is None:
            raise ValueError("no candidates for a label")
        self.taken.append(best[1])
        return best[1]


def around(x: float, y: float, width: float, height: float, gap: float = 4.0) -> list[Box]:
    """Candidate boxes around a point, nearest and most natural first: above, below, left, right, then further out.

    >>> around(10, 10, 4, 2, gap=1)[0]
    Box(left=8.0, bottom=11, right=12.0, top=13)
    """
    found = []
    for distance in (gap, 2 * gap, 4 * gap, 7 * gap, 11 * gap, 16 * gap):
        for share in (0.5, 1.0, 0.0):  # centred, to the left, to the right of the point
            left = x - width * share
            found.append(Box(left, y + distance, left + width, y + distance + height))
        for share in (0.5, 1.0, 0.0):
            left = x - width * share
            found.append(Box(left, y - distance - height, left + width, y - distance))
        middle = y - height / 2
        found.append(Box(x - distance - width, middle, x - distance, middle + height))
        found.append(Box(x + distance, middle, x + distance + width, middle + height))
    return found


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float, gap: float = 1.0) -> list[float]:
    """Centres for labels in a column: as near as can be to where they are wanted, none overlapping, all inside.

    Labels keep their order. When they cannot all fit, they share the room evenly.

    >>> spread([10, 11], [4, 4], 0, 30)
    [8.0, 13.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    if not order:
        return []
    room = high - low - sum(heights)
    gap = min(gap, max(room, 0) / max(len(order) - 1, 1))
    groups: list[tuple[list[int], float, float]] = []  # members, bottom, height

    def bottom_of(members: list[int], total: float) -> float:
        offset, sums = 0.0, 0.0
        for i in members:
            sums += wanted[i] - offset - heights[i] / 2
            offset += heights[i] + gap
        return min(max(sums / len(members), low), high - total)

    for i in order:
        groups.append(([i], min(max(wanted[i] - heights[i] / 2, low), high - heights[i]), heights[i]))
        while len(groups) > 1 and groups[-2][1] + groups[-2][2] + gap > groups[-1][1]:
            (upper, _, upper_height), (lower, _, lower_height) = groups.pop(), groups.pop()
            members, total = lower + upper, lower_height + gap + upper_height
            groups.append((members, bottom_of(members, total), total))
    centres = [0.0] * len(wanted)
    for members, bottom, _ in groups:
        for i in members:
            centres[i] = bottom + heights[i] / 2
            bottom += heights[i] + gap
    return centres


def overlaps(boxes: Sequence[Box], tolerance: float = 1.0) -> list[tuple[int, int]]:
    """Pairs of boxes that share more than a hair.

    >>> overlaps([Box(0, 0, 5, 5), Box(3, 3, 8, 8), Box(9, 9, 10, 10)])
    [(0, 1)]
    """
    return [
        (i, j)
        for i, a in enumerate(boxes)
        for j, b in enumerate(boxes[i + 1 :], i + 1)
        if min(a.right, b.right) - max(a.left, b.left) > tolerance
        and min(a.top, b.top) - max(a.bottom, b.bottom) > tolerance
    ]
