"""Numbers as people write them: thousands separators, full-width digits, 万, "about", currency signs."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.records.reading import NOTHING, Reading
from pipeline.records.text import is_missing, tidy

EXACT, ROUNDED, AT_LEAST = "exact", "rounded", "at_least"
_ABOUT = re.compile(
    r"^(?:约|大约|近|将近|~|≈|approx(?:imately|\.)?|about|around|ca?\.?|circa|nearly)\s*(?=[0-9¥￥$€£])|(?<=[0-9])\s*(?:左右|approx\.?)$",
    re.I,
)
_MORE = re.compile(
    r"^(?:超过|超|逾|多于|至少|more than|over|at least|>=?|≥)\s*(?=[0-9¥￥$€£])|(?<=[0-9万亿])\s*(?:多|余|以上|\+)$",
    re.I,
)
_MONEY = re.compile(
    r"^(?:rmb|cny|usd|eur|gbp|hk\$|us\$|[¥￥$€£₩])\s*(?=[-0-9])|(?<=[0-9万])\s*(?:元|块|rmb|cny|usd|eur|gbp|[¥￥$€£])$",
    re.I,
)
_UNITS = re.compile(
    r"(?<=[0-9万])\s*(?:人次|人|名|个月|月|months?|学分|credits?|ects|分|岁|年|篇|项|个|小时|hours?|h)$", re.I
)
_LARGE = {"千": 1e3, "万": 1e4, "亿": 1e8, "k": 1e3}
_SHAPES: list[tuple[re.Pattern[str], str, Callable[[str], str]]] = [
    (re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"), "", str),
    (re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"), "thousands separators", lambda t: t.replace(",", "")),
    (
        re.compile(r"[0-9]{1,3}(?:['’ ][0-9]{3})+(?:\.[0-9]+)?"),
        "thousands separators",
        lambda t: re.sub("['’ ]", "", t),
    ),
    (re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+"), "decimal comma", lambda t: t.replace(".", "").replace(",", ".")),
    (re.compile(r"[0-9]+,[0-9]{1,2}"), "decimal comma", lambda t: t.replace(",", ".")),
    (re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,2}"), "power of ten", str),
]


def number_of(written: str) -> Reading:
    """One number. `extra` is (exactness,): exact, rounded or at_least.

    >>> [number_of(t).value for t in ("１，２３４", "约¥2.5万", "12,5", "1.234,50")]
    [1234.0, 25000.0, 12.5, 1234.5]
    >>> number_of("more than 440,000").extra, number_of("twelve").problem
    (('at_least',), 'not a number')
    """
    if is_missing(written):
        return NOTHING
    text, rules, exactness = tidy(written), [], EXACT
    for pattern, rule, means in (
        (_ABOUT, "about", ROUNDED),
        (_MORE, "more than", AT_LEAST),
        (_MONEY, "currency sign", ""),
        (_UNITS, "unit", ""),
    ):
        bare = pattern.sub("", text)
        if bare != text:
            text, exactness = bare.strip(), means or exactness
            rules.append(rule)
    text, sign = (text[1:].lstrip(), -1.0) if text[:1] in ("-", "−") else (text, 1.0)
    text, factor = _large(text)
    for shape, rule, cleaned in _SHAPES:
        if shape.fullmatch(text):
            rules += (
                [rule]
                if rule
                else ["万, 亿"]
                if factor != 1
                else []
                if rules or tidy(written) == written
                else ["spaces and full-width digits"]
            )
            return Reading(sign * float(cleaned(text)) * factor, ", ".join(rules), extra=(exactness,))
    return Reading(problem="not a number")


def _large(text: str) -> tuple[str, float]:
    if len(text) > 1 and text[-1] in _LARGE and text[-2].isdigit():
        return text[:-1].rstrip(), _LARGE[text[-1]]
    return text, 1.0


def between(low: float, high: float, whole: bool = False) -> Callable[[str], Reading]:
    """A reader of numbers within bounds.

    >>> between(0, 120)("121").problem
    'outside 0-120'
    """

    def read(written: str) -> Reading:
        found = number_of(written)
        if found.value is None:
            return found
        if not low <= found.value <= high:
            return Reading(problem=f"outside {low:g}-{high:g}")
        if not whole:
            return found
        if found.value != int(found.value):
            return Reading(problem="not a whole number")
        return found._replace(value=int(found.value))

    return read
