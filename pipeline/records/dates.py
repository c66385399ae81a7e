"""Dates in the styles in which offices write them, academic years and statistical periods.

A date is read by the shape of its text and never guessed: where day and month could be exchanged ("1/9/2019"), where the year has two digits or where
"2019.1" may be January or an October that a spreadsheet cut short, the text is refused with that reason.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from pipeline.records.reading import NOTHING, Reading
from pipeline.records.text import is_missing, tidy

FIRST_YEAR, LAST_YEAR = 1950, 2049
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_MONTHS = {
    m: i
    for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1)
}
_MONTH = r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_Y, _M, _D = r"(?P<y>[0-9]{4})", r"(?P<m>[0-9]{1,2})", r"(?P<d>[0-9]{1,2})"
_SHAPES = [
    (re.compile(rf"{_Y}-{_M}-{_D}{_TIME}"), "year-month-day"),
    (re.compile(rf"{_Y}/{_M}/{_D}{_TIME}"), "year/month/day"),
    (re.compile(rf"{_Y}\.{_M}\.{_D}"), "year.month.day"),
    (re.compile(rf"{_Y} ?年 ?{_M} ?月 ?{_D} ?[日号]?"), "年月日"),
    (re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"), "yyyymmdd"),
    (re.compile(rf"{_D}\.{_M}\.{_Y}"), "day.month.year"),
    (re.compile(rf"{_D}[ -]{_MONTH}[ ,-]{{1,2}}{_Y}", re.I), "day month-name year"),
    (re.compile(rf"{_MONTH} {_D},? {_Y}", re.I), "month-name day year"),
    (re.compile(rf"{_Y}[-/]{_M}"), "month only"),
    (re.compile(r"(?P<y>[0-9]{4})\.(?P<m>0[1-9]|1[0-2]|[2-9])"), "month only"),
    (re.compile(rf"{_Y} ?年 ?{_M} ?月"), "month only"),
    (re.compile(rf"{_MONTH}[ ,-]{{1,2}}{_Y}", re.I), "month only"),
]
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_EITHER_ORDER = re.compile(r"(?P<a>[0-9]{1,2})(?P<s>[/-])(?P<b>[0-9]{1,2})(?P=s)(?P<y>[0-9]{4})")
_AMBIGUOUS = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}|[0-9]{4}\.1")
_ACADEMIC = re.compile(r"(?:AY ?)?(?P<a>[0-9]{4}) ?[-/–—~至] ?(?P<b>[0-9]{4}|[0-9]{2}) ?(?:学年(?:度)?)?", re.I)
_PLAIN_YEAR = re.compile(r"(?:FY ?)?(?P<y>[0-9]{4})(?:\.0)? ?年?(?:度)?", re.I)
_YEAR_MONTH = re.compile(r"(?P<y>[0-9]{4})[-/.年](?P<m>[0-9]{1,2})月?(?:[-/.][0-9]{1,2})?")


@lru_cache(maxsize=200_000)
def date_of(written: str) -> Reading:
    """One date. The value is a `datetime.date`; `extra` is (month only?,).

    >>> date_of("2019年9月"), date_of("31.02.2019").problem
    (Reading(value=datetime.date(2019, 9, 1), rule='month only: first day taken', problem='', extra=(True,), suggestions=''), 'no such day')
    >>> date_of("1/9/2019").problem
    'day and month could be exchanged: write year-month-day'
    """
    if is_missing(written):
        return NOTHING
    text = tidy(written)
    for shape, style in _SHAPES:
        if found := shape.fullmatch(text):
            return _checked(found.groupdict(), style, written)
    if _SERIAL.fullmatch(text):
        return _of_day(_EXCEL_EPOCH + dt.timedelta(int(float(text))), "Excel serial number")
    if found := _EITHER_ORDER.fullmatch(text):
        return _either_order(int(found["a"]), int(found["b"]), int(found["y"]))
    if _AMBIGUOUS.fullmatch(text):
        return Reading(problem="year or month cannot be told: write year-month-day")
    return Reading(problem="a year alone, no month" if re.fullmatch("[0-9]{4}", text) else "not a date")


def _checked(parts: dict[str, Any], style: str, written: str) -> Reading:
    month = int(parts["m"]) if parts.get("m") else _MONTHS[parts["name"][:3].lower()]
    day = int(parts["d"]) if parts.get("d") else 1
    try:
        found = dt.date(int(parts["y"]), month, day)
    except ValueError:
        return Reading(problem="no such day" if 1 <= month <= 12 else "no such month")
    rule = (
        "month only: first day taken"
        if style == "month only"
        else ""
        if written == found.isoformat()
        else f"date style {style}"
    )
    return _of_day(found, rule, style == "month only")


def _either_order(first: int, second: int, year: int) -> Reading:
    if first <= 12 and second <= 12 and first != second:
        return Reading(problem="day and month could be exchanged: write year-month-day")
    day, month = (first, second) if second <= 12 else (second, first)
    try:
        return _of_day(dt.date(year, month, day), "day and month told apart by size")
    except ValueError:
        return Reading(problem="no such day")


def _of_day(found: dt.date, rule: str, month_only: bool = False) -> Reading:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        return Reading(problem=f"outside {FIRST_YEAR}-{LAST_YEAR}")
    return Reading(found, rule, extra=(month_only,))


def academic_year(day: dt.date, starts: int = 9) -> tuple[str, int]:
    """The academic year of a day and the year in which it ends; it starts on the first of month `starts`.

    >>> academic_year(dt.date(2019, 8, 31)), academic_year(dt.date(1999, 9, 1))
    (('2018/19', 2019), ('1999/00', 2000))
    """
    first = day.year if day.month >= starts else day.year - 1
    return (f"{first}/{(first + 1) % 100:02d}", first + 1) if starts > 1 else (str(day.year), day.year)


@lru_cache(maxsize=10_000)
def academic_year_of(written: str) -> Reading:
    """An academic year as text: "2023/24".

    >>> academic_year_of("2023-2024学年").value, academic_year_of("2023/25").problem
    ('2023/24', 'the two years do not follow each other')
    """
    if is_missing(written):
        return NOTHING
    text = tidy(written)
    found = _ACADEMIC.fullmatch(text)
    if not found:
        return Reading(problem="not an academic year")
    first, second = int(found["a"]), int(found["b"])
    if (first + 1) % 100 != second % 100 or (second > 99 and second != first + 1):
        return Reading(problem="the two years do not follow each other")
    if not FIRST_YEAR <= first <= LAST_YEAR:
        return Reading(problem=f"outside {FIRST_YEAR}-{LAST_YEAR}")
    value = f"{first}/{(first + 1) % 100:02d}"
    return Reading(value, "" if value == written else "academic year spelling")


@lru_cache(maxsize=10_000)
def period_of(written: str) -> Reading:
    """The year of a statistical period: its own for a calendar or fiscal year or a month, the second for an academic year.

    >>> [period_of(p).value for p in ("2018", "2024/25", "2020-09", "FY2019", "2018年")]
    [2018, 2025, 2020, 2019, 2018]
    """
    if is_missing(written):
        return NOTHING
    text = tidy(written)
    if found := _PLAIN_YEAR.fullmatch(text):
        return _period(int(found["y"]))
    if (month := _YEAR_MONTH.fullmatch(text)) and 1 <= int(month["m"]) <= 12 and not _follows(text):
        return _period(int(month["y"]))
    if found := _ACADEMIC.fullmatch(text):
        first, second = int(found["a"]), int(found["b"])
        if (first + 1) % 100 == second % 100 and (second < 100 or second == first + 1):
            return _period(first + 1)
    return Reading(problem="not a year, an academic year or a month")


def _follows(text: str) -> bool:
    """Whether "2008/09" is the academic year: with a slash, two digits that follow the year's are."""
    found = re.fullmatch(r"([0-9]{4})[/–—]([0-9]{2})", text)
    return bool(found) and (int(found[1]) + 1) % 100 == int(found[2])  # type: ignore[index]


def _period(year: int) -> Reading:
    return Reading(year) if 1850 <= year <= 2100 else Reading(problem="outside 1850-2100")
