"""Turns of phrase that several sections share: how much more, since when, out of how many."""

from __future__ import annotations

from typing import Any

from pipeline.briefs.words import Words, unknown

STEADY = 0.05  # percent: a smaller change is no change when it is printed with one decimal


def amount(w: Words, figure: Any) -> str:
    """A published number as exact as its publisher printed it: 492,185; about 489,200; more than 440,000.

    >>> from types import SimpleNamespace as Row
    >>> amount(Words("en"), Row(value=440000.0, exactness="at_least"))
    'more than 440,000'
    """
    number = w.number(figure.value)
    if figure.exactness == "at_least":
        return w("more than {n}", n=number)
    return w("about {n}", n=number) if figure.exactness == "rounded" else number


def change(w: Words, pct: float, approx: Any = False) -> str:
    """A yearly change of a number of people, for the middle of a sentence.

    >>> change(Words("en"), 4.53), change(Words("en"), -7.2, approx=True), change(Words("en"), 0.01)
    ('4.5% more', 'about 7.2% fewer', 'as many')
    """
    if abs(pct) < STEADY:
        return w("as many")
    size = w.percent(abs(pct))
    if not unknown(approx) and bool(approx):
        return w("about {pct} more", pct=size) if pct > 0 else w("about {pct} fewer", pct=size)
    return w("{pct} more", pct=size) if pct > 0 else w("{pct} fewer", pct=size)


def moved(w: Words, pct: float) -> str:
    """A yearly change as a verb: rose by 4.5%, fell by 7.2%, did not change.

    >>> moved(Words("en"), -4.1)
    'fell by 4.1%'
    """
    if abs(pct) < STEADY:
        return w("did not change")
    return w("rose by {pct}", pct=w.percent(pct)) if pct > 0 else w("fell by {pct}", pct=w.percent(-pct))


def source_line(w: Words, figure: Any) -> str:
    """Publisher and period of a figure, for the line below it.

    >>> from types import SimpleNamespace as Row
    >>> source_line(Words("en"), Row(publisher="IIE Open Doors", period="2024/25"))
    'Institute of International Education (Open Doors), 2024/25'
    """
    return w("{publisher}, {period}", publisher=w.publisher(figure.publisher), period=w.period(figure.period))


ARTICLE = frozenset({"USA", "GBR", "NLD", "PHL", "ARE", "MDV", "BHS", "GMB", "DOM", "CAF", "COM", "SLB", "MHL", "CYM"})


def place(w: Words, code: str) -> str:
    """A country in the middle of a sentence: with its article where English has one.

    >>> place(Words("en"), "USA"), place(Words("en"), "IND")
    ('the United States', 'India')
    """
    name = w.country(code)
    return f"the {name}" if w.language == "en" and code in ARTICLE else name


def known(value: Any) -> bool:
    """Whether a value is there."""
    return not unknown(value)
