"""One text read: its value, the rule that changed it, or the problem with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple


class Reading(NamedTuple):
    """What a text was read as.

    `value` is None when nothing was entered (no `problem`) or when the text was not understood (`problem` says why). `rule` names the cleaning rule
    that changed the writing, empty when it stood as it should. `extra` holds further columns that come with the value.
    """

    value: Any = None
    rule: str = ""
    problem: str = ""
    extra: tuple[Any, ...] = ()
    suggestions: str = ""


NOTHING = Reading()
ColumnReader = Callable[[Iterable[str]], Mapping[str, Reading]]


def each(read: Callable[[str], Reading]) -> ColumnReader:
    """A reader of a column's distinct texts from a reader of one text.

    >>> each(lambda text: Reading(text.upper()))(["a"])["a"].value
    'A'
    """

    def read_all(texts: Iterable[str]) -> dict[str, Reading]:
        return {text: read(text) for text in texts}

    return read_all
