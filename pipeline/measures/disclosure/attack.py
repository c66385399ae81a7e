"""What an attacker can work out: the tightest bounds on hidden cells that the published sums allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.sparse.csgraph import connected_components

from pipeline.measures.disclosure.cells import TOLERANCE, Cell, Key, Sum

Floats = NDArray[np.float64]
FEW = 12  # unknowns that are looked at one by one
DIRECTIONS = 24
SWEEPS = 40
FAR = 1e6


@dataclass
class System:
    """The hidden cells of one connected part of the tables, as unknowns between bounds, tied by sums."""

    keys: list[Key]
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integral: NDArray[np.bool_]

    def extreme(self, weights: Floats, within: tuple[Floats, Floats] | None = None) -> Floats | None:
        """A solution with the least Σ weights·x; None when the sums contradict one another or there is no least.

        `within` narrows the bounds of the unknowns.
        """
        lower, upper = (self.lower, self.upper) if within is None else within
        result = optimize.milp(
            weights,
            constraints=optimize.LinearConstraint(self.matrix, self.row_lower, self.row_upper),
            bounds=optimize.Bounds(lower, upper),
            integrality=self.integral.astype(int),
        )
        return None if result.x is None else np.asarray(result.x)

    def feasible(self) -> bool:
        """Whether the sums can hold together."""
        return self.extreme(np.zeros(len(self.keys))) is not None


def systems(cells: Mapping[Key, Cell], sums: Iterable[Sum], shown_least: float = 1.0) -> list[System]:
    """The unknowns and equations that an attacker faces, split into parts that share nothing.

    Parameters
    ----------
    cells, sums
        From `take_apart` and `sums`.
    shown_least
        The least a suppressed count can be: 1 where it is known that a 0 is always shown, else 0.
    """
    unknown = {k: i for i, k in enumerate(k for k, c in cells.items() if c.hidden)}
    rows: list[dict[int, float]] = []
    limits: list[tuple[float, float]] = []
    for one in sums:
        row: dict[int, float] = {}
        known = 0.0
        for key, sign in ((one.total, -1.0), *((p, 1.0) for p in one.parts)):
            if key in unknown:
                row[unknown[key]] = row.get(unknown[key], 0.0) + sign
            else:
                known += sign * cells[key].value
        if row:
            rows.append(row)
            limits.append((-known if one.whole else -np.inf, -known))
    for key, place in unknown.items():
        above = cells[key].above
        if above in unknown and cells[key].people:
            rows.append({place: 1.0, unknown[above]: -1.0})
            limits.append((-np.inf, 0.0))
    return _split(list(unknown), rows, np.array(limits).reshape(-1, 2), cells, shown_least)


def _split(
    keys: list[Key], rows: list[dict[int, float]], limits: Floats, cells: Mapping[Key, Cell], shown_least: float
) -> list[System]:
    n, m = len(keys), len(rows)
    entries = [(r, c, v) for r, row in enumerate(rows) for c, v in row.items()]
    r, c, v = (np.array(x) for x in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 2 + (np.zeros(0),)
    matrix = sparse.csr_array((v.astype(float), (r.astype(int), c.astype(int))), shape=(m, n))
    links = sparse.bmat([[None, matrix.T], [matrix, None]]) if m else sparse.csr_array((n, n))
    _, labels = connected_components(links, directed=False)
    bounds = [_bounds(cells, key, shown_least) for key in keys]
    found = []
    for label in np.unique(labels[:n]):
        inside = np.flatnonzero(labels[:n] == label)
        own = np.flatnonzero(labels[n:] == label) if m else np.zeros(0, int)
        found.append(
            System(
                keys=[keys[i] for i in inside],
                matrix=sparse.csr_array(matrix[own][:, inside]),
                row_lower=limits[own, 0],
                row_upper=limits[own, 1],
                lower=np.array([bounds[i][0] for i in inside]),
                upper=np.array([bounds[i][1] for i in inside]),
                integral=np.array([cells[keys[i]].people for i in inside]),
            )
        )
    return found


def _bounds(cells: Mapping[Key, Cell], key: Key, shown_least: float) -> tuple[float, float]:
    """What is known of a hidden cell without any sum: a shown count is no 0, a part is no more than its base."""
    cell = cells[key]
    if not cell.people:
        return (-np.inf if any(d == "amount" for d, _ in key) else 0.0), np.inf
    base = cells.get(cell.above) if cell.above is not None else None
    upper = np.inf if base is None or base.hidden else base.value
    return (shown_least if cell.above is None and cell.places else 0.0), upper


def widths(system: System, wanted: Mapping[Key, float], start: Floats | None = None) -> dict[Key, tuple[float, float]]:
    """Bounds of the wanted cells; no further looked for once as wide apart as wanted.

    Parameters
    ----------
    system
        The unknowns and their sums.
    wanted
        For each cell the width that is enough; infinity to have the tightest bounds.
    start
        Any solution, for instance the truth.

    Returns
    -------
    dict
        Cell to lower and upper: for a cell that is wide enough bounds inside the tightest, else the tightest or, where
        these are seen to be too narrow without a search, bounds between the tightest and what is wanted.
    """
    n = len(system.keys)
    outer_low, outer_high = propagate(system)
    low = np.full(n, np.inf) if start is None else start.astype(float).copy()
    high = np.full(n, -np.inf) if start is None else start.astype(float).copy()
    goal = np.array([wanted.get(k, 0.0) for k in system.keys])
    if n > FEW:
        _spread(system, goal, (outer_low, outer_high), start, low, high)
    for place, key in enumerate(system.keys):
        if key not in wanted:
            continue
        if np.isfinite(goal[place]) and outer_high[place] - outer_low[place] < goal[place] - TOLERANCE:
            low[place], high[place] = outer_low[place], outer_high[place]
            continue
        for sign in (1.0, -1.0):
            if np.isfinite(low[place]) and high[place] - low[place] >= goal[place] - TOLERANCE:
                break
            limit = (outer_low if sign > 0 else outer_high)[place]
            if abs((low if sign > 0 else high)[place] - limit) <= TOLERANCE:
                continue  # reached already
            weights = np.zeros(n)
            weights[place] = sign
            solution = system.extreme(weights)
            if solution is None:  # no least: nothing but its own limit holds it
                (low if sign > 0 else high)[place] = limit
                continue
            np.minimum(low, solution, out=low)
            np.maximum(high, solution, out=high)
    return {k: (_tidy(low[i]), _tidy(high[i])) for i, k in enumerate(system.keys) if k in wanted}


def _spread(
    system: System, goal: Floats, outer: tuple[Floats, Floats], start: Floats | None, low: Floats, high: Floats
) -> None:
    """Solutions in many directions, which settle most cells without a search for each; widens low and high in place.

    Around a known solution they stay as near as is wanted; without one they go as far as they can. The directions are
    drawn with a fixed seed.
    """
    draw = np.random.default_rng(len(goal))
    if start is None:
        far = np.maximum(outer[0], -FAR), np.minimum(outer[1], FAR)
    else:
        reach = np.ceil(np.where(np.isfinite(goal), goal, 1.0)) + 1.0
        far = np.maximum(outer[0], start - reach), np.minimum(outer[1], start + reach)
    for _ in range(DIRECTIONS):
        unreached = (low > outer[0] + TOLERANCE) | (high < outer[1] - TOLERANCE)
        missing = unreached & ~(high - low >= goal - TOLERANCE)
        if not missing.any():
            return
        solution = system.extreme(np.where(missing, draw.choice([-1.0, 1.0], len(goal)), 0.0), far)
        if solution is not None:
            np.minimum(low, solution, out=low)
            np.maximum(high, solution, out=high)


def propagate(system: System) -> tuple[Floats, Floats]:
    """Bounds that hold the tightest ones: each sum taken by itself, over and over until nothing moves."""
    lower, upper = system.lower.copy(), system.upper.copy()
    entries = system.matrix.tocoo()
    rows, columns, signs = entries.coords[0], entries.coords[1], entries.data
    for _ in range(SWEEPS):
        before = lower.copy(), upper.copy()
        least = np.where(signs > 0, signs * lower[columns], signs * upper[columns])
        most = np.where(signs > 0, signs * upper[columns], signs * lower[columns])
        others_least, others_most = _without_own(rows, least), _without_own(rows, most)
        highest, lowest = system.row_upper[rows] - others_least, system.row_lower[rows] - others_most
        np.minimum.at(upper, columns, np.where(signs > 0, highest, -lowest))
        np.maximum.at(lower, columns, np.where(signs > 0, lowest, -highest))
        if np.array_equal(before[0], lower) and np.array_equal(before[1], upper):
            break
    return lower, np.maximum(lower, upper)


def _without_own(rows: NDArray[np.int_], parts: Floats) -> Floats:
    """For each entry the sum of the other entries of its row; infinite entries are counted apart."""
    infinite = ~np.isfinite(parts)
    finite = np.where(infinite, 0.0, parts)
    size = int(rows.max(initial=-1)) + 1
    total = np.bincount(rows, finite, size)[rows] - finite
    endless = np.bincount(rows, infinite.astype(float), size)[rows] - infinite
    sign = np.where(np.bincount(rows, np.where(infinite, np.sign(parts), 0.0), size) < 0, -1.0, 1.0)[rows]
    return np.where(endless > 0, sign * np.inf, total)


def _tidy(value: float) -> float:
    if not np.isfinite(value):
        return float(value)
    nearest = round(value)
    return float(nearest) if abs(value - nearest) <= TOLERANCE * max(1.0, abs(value)) else float(value)
