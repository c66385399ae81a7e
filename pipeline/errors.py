"""What goes wrong with what people hand in, said in one line.

Every error that a user can mend is a `MobilityError`; the command prints it without a traceback and exits with 2.
Anything else is a fault of the program and keeps its traceback.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable


class MobilityError(Exception):
    """Something the user can mend: names the place, what was expected and what to do."""

    exit_code = 2

    def __init__(self, where: object, problem: str, todo: str = "") -> None:
        self.where, self.problem, self.todo = str(where), problem, todo
        super().__init__(_one_line(f"{self.where}: {problem}" + (f" {todo}" if todo else "")))


class InputError(MobilityError):
    """A file that cannot be read as what it claims to be."""


class SettingsError(MobilityError):
    """A key or value of mobility.toml, a source card or the command line that is not known."""


def _one_line(message: str) -> str:
    """The message with control characters and line ends, as file names may hold them, spelt out."""
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in message)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A closing half-sentence with the nearest known words, or all of them when none is near.

    >>> did_you_mean("subjct", ["subject", "year"])
    'Did you mean subject?'
    >>> did_you_mean("x", ["subject", "year"])
    'Known: subject, year.'
    """
    options = sorted(set(known) - {word})
    if not options:
        return "There is nothing to choose from."
    near = difflib.get_close_matches(word, options, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(options)}."
