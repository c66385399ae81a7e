"""Chance that falls alike everywhere.

`random.Random.random()` is promised to give the same numbers for the same seed in every Python and on every system;
its other methods are not. Whatever is drawn for the example is therefore made from that one method.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws from one seed.

    >>> Dice("a").integer(1, 6) == Dice("a").integer(1, 6)
    True
    """

    def __init__(self, seed: str) -> None:
        self._random = Random(seed).random

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._random() < probability

    def uniform(self, low: float, high: float) -> float:
        """A number from low up to, not including, high."""
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all alike."""
        return options[int(self._random() * len(options))]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """One of the options, by weight."""
        return Urn(options, weights).draw(self)

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """Nearly normal: twelve uniform numbers less six (no logarithm, which differs between systems)."""
        return mean + deviation * (sum(self._random() for _ in range(12)) - 6.0)

    def count(self, mean: float) -> int:
        """A count with this mean and about its spread: many small chances, or nearly normal when it is large."""
        if mean > 12:
            return max(0, round(self.normal(mean, mean**0.5)))
        trials = 4 * (int(mean) + 2)
        return sum(self._random() < mean / trials for _ in range(trials))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        keyed = [(self._random(), place) for place in range(len(items))]
        return [items[place] for _, place in sorted(keyed)]

    def sample(self, items: Sequence[T], size: int) -> list[T]:
        """Some of the items, none twice, in their own order."""
        chosen = sorted(self.shuffled(range(len(items)))[:size])
        return [items[place] for place in chosen]


class Urn:
    """Weighted options, laid out once for many draws."""

    def __init__(self, options: Sequence[T], weights: Sequence[float]) -> None:
        self._options = list(options)
        self._edges = list(accumulate(weights))

    def draw(self, dice: Dice) -> T:
        """One option by weight."""
        place = bisect_right(self._edges, dice.uniform(0.0, self._edges[-1]))
        return self._options[min(place, len(self._options) - 1)]
