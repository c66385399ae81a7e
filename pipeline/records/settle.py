"""Two rows of a small table about one thing: the same, the fuller, or a contradiction."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass
class Settled:
    """`kept` rows; `merged` as (row, the row it went into); `rejected` as (row, column, reason)."""

    kept: list[Row] = field(default_factory=list)
    merged: list[tuple[Row, Row]] = field(default_factory=list)
    rejected: list[tuple[Row, str, str]] = field(default_factory=list)


def settle(
    rows: Sequence[Row],
    key: Callable[[Row], Hashable],
    contradicts: Callable[[Row, Row], str],
    better: Callable[[Row], Any] | None = None,
) -> Settled:
    """Keep one row of each key.

    Parameters
    ----------
    rows
        In the order of file and line.
    key
        What a row is about; None when it is about nothing else that could be.
    contradicts
        Given the kept row and another, the column in which they disagree, or "".
    better
        Orders the rows of one key before one is kept (smallest first); by default the first stands.

    Returns
    -------
    Settled
        The gaps of a kept row are filled from the rows merged into it.

    Examples
    --------
    >>> rows = [{"k": 1, "v": 2, "w": None, "line": 1}, {"k": 1, "v": 2, "w": 3, "line": 2}, {"k": 1, "v": 9, "w": None, "line": 3}]
    >>> done = settle(rows, lambda r: r["k"], lambda a, b: "v" if a["v"] != b["v"] else "")
    >>> done.kept, len(done.merged), done.rejected[0][1:]
    ([{'k': 1, 'v': 2, 'w': 3, 'line': 1}], 1, ('v', 'contradicts line 1 (v: 2)'))
    """
    groups: dict[Hashable, list[Row]] = {}
    for place, row in enumerate(rows):
        about = key(row)
        groups.setdefault((place,) if about is None else (None, about), []).append(row)
    done = Settled()
    for group in groups.values():
        first, *others = sorted(group, key=better) if better and len(group) > 1 else group
        done.kept.append(first)
        for other in others:
            if column := contradicts(first, other):
                done.rejected.append(
                    (other, column, f"contradicts {_place(first, other)} ({column}: {_shown(first[column])})")
                )
            else:
                for name, value in other.items():
                    if first.get(name) is None:
                        first[name] = value
                done.merged.append((other, first))
    return done


def _place(first: Row, other: Row) -> str:
    line = f"line {first['line']}"
    return line if first.get("file") == other.get("file") else f"{first['file']} {line}"


def _shown(value: Any) -> str:
    return (
        f"{value:g}"
        if isinstance(value, float) and value != int(value)
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )
