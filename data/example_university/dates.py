"""One day in the styles in which offices write it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from dice import Dice

EXCEL_EPOCH = date(1899, 12, 30)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
Written = str | int | date


def serial(day: date) -> int:
    """The day's number in Excel's calendar.

    >>> serial(date(2019, 9, 1))
    43709
    """
    return (day - EXCEL_EPOCH).days


def full_width(text: str) -> str:
    """The text with full-width digits, as a Chinese input method leaves them."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)


# Style: how it is written, weight; those of the month alone give no day.
DAY: dict[str, list[tuple[Callable[[date], Written], float]]] = {
    "inbound": [
        (lambda d: f"{d.year}/{d.month}/{d.day}", 44),
        (lambda d: d.isoformat(), 16),
        (lambda d: f"{d.year}年{d.month}月{d.day}日", 14),
        (lambda d: f"{d:%d.%m.%Y}", 5),
        (lambda d: str(serial(d)), 6),
        (lambda d: d.isoformat().replace("-", ""), 3),
        (lambda d: f" {d.isoformat()}\u00a0", 1.5),
        (lambda d: full_width(f"{d.year}年{d.month}月{d.day}日"), 1),
    ],
    "outbound": [
        (lambda d: d, 50),
        (serial, 8),
        (lambda d: str(serial(d)), 4),
        (lambda d: f"{d:%d.%m.%Y}", 15),
        (lambda d: d.isoformat(), 10),
        (lambda d: f"{d.year}/{d.month}/{d.day}", 5),
        (lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}", 4),
    ],
}
MONTH: dict[str, list[tuple[Callable[[date], Written], float]]] = {
    "inbound": [
        (lambda d: f"{d.year}年{d.month}月", 9),
        (lambda d: f"{d.year}-{d.month:02d}", 1),
        (lambda d: full_width(f"{d.year}年{d.month}月"), 0.5),
    ],
    "outbound": [(lambda d: f"{d.year}-{d.month:02d}", 3), (lambda d: f"{d.year}年{d.month}月", 1)],
}


def as_written(dice: Dice, direction: str, day: date, by_month: bool) -> tuple[Written, bool]:
    """The day as the office of this direction writes it, and whether only its month can be read.

    Parameters
    ----------
    by_month
        Whether a style without a day may be used.
    """
    styles = [(style, weight, False) for style, weight in DAY[direction]]
    if by_month:
        styles += [(style, weight, True) for style, weight in MONTH[direction]]
    write, _, month_only = dice.weighted(styles, [weight for _, weight, _ in styles])
    return write(day), month_only
