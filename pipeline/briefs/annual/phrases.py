"""Turns of phrase that several sections share: how much more, since when, out of how many."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from pipeline.briefs.annual.facts import records
from pipeline.briefs.words import STEADY, Words, unknown

LARGE = 10.0  # percent: a rise after which a reader asks whether it only makes up for a fall
NEAR = 2.0  # percent: so near, an earlier peak is reached again
DEEP = 10.0  # percent: a smaller fall from the peak is no fall from which a series comes back


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


def than_before(w: Words, figure: Any) -> str:
    """A sentence on a figure's yearly change; empty where there is none.

    >>> from types import SimpleNamespace as Row
    >>> than_before(Words("en"), Row(pct=48.7, approx=False)), than_before(Words("en"), Row(pct=0.01, approx=False))
    ('That is 48.7% more than a year before.', 'That is about as many as a year before.')
    """
    if not known(figure.pct):
        return ""
    if abs(figure.pct) < STEADY:
        return w("That is about as many as a year before.")
    return w("That is {change} than a year before.", change=change(w, figure.pct, figure.approx))


def rebound(w: Words, figure: Any, line: pd.DataFrame) -> str:
    """That a large rise only makes up for a fall, with the peak before it and the low between; empty when it does not.

    Parameters
    ----------
    figure
        A headline row: year, value, pct.
    line
        The series: year, period, value, exactness.

    Examples
    --------
    >>> from types import SimpleNamespace as Row
    >>> line = pd.DataFrame({"year": [2018, 2021, 2022, 2023], "period": ["2017/18", "2020/21", "2021/22", "2022/23"],
    ...     "value": [341751.0, 14549.0, 188753.0, 280716.0], "exactness": "exact"})
    >>> rebound(Words("en"), Row(year=2023, value=280716.0, pct=48.7, exactness="exact"), line)
    'This is a rebound: from 341,751 in 2017/18 the number had fallen to 14,549 in 2020/21. It is still 17.9% below that figure, the highest at hand.'
    """
    found = fall(figure, line)
    if found is None:
        return ""
    peak, low = found
    text = w(
        "This is a rebound: from {peak} in {peak_period} the number had fallen to {low} in {low_period}.",
        peak=w.number(peak.value),
        peak_period=w.period(peak.period),
        low=w.number(low.value),
        low_period=w.period(low.period),
    )
    below = 100 * (1 - figure.value / peak.value)
    after = (
        w("It is still {pct} below that figure, the highest at hand.", pct=w.percent(below))
        if below > NEAR
        else w("It is about as high again as that figure, the highest at hand.")
    )
    return ("" if w.language == "zh" else " ").join((text, after))


def fall(figure: Any, line: pd.DataFrame) -> tuple[Any, Any] | None:
    """The peak before a large rise and the low between; None when the rise goes beyond the peak, or nothing had fallen."""
    if not known(figure.pct) or figure.pct < LARGE or figure.exactness == "at_least":
        return None
    before = line[line["year"].lt(figure.year) & line["value"].notna() & line["exactness"].ne("at_least")]
    if len(before) < 2:
        return None
    peak = max(records(before), key=lambda row: row.value)
    since = [row for row in records(before) if row.year > peak.year]
    if not since or figure.value > peak.value * (1 + NEAR / 100):
        return None
    low = min(since, key=lambda row: row.value)
    return (peak, low) if low.value < peak.value * (1 - DEEP / 100) else None


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

    >>> place(Words("en"), "USA"), place(Words("en"), "IND"), place(Words("en"), "HKG")
    ('the United States', 'India', 'Hong Kong (China)')
    """
    name = w.country(code)
    if w.language != "en":
        return name
    name = re.sub(", China$", " (China)", name)  # between commas of a list, a comma would part it
    return f"the {name}" if code in ARTICLE else name


HAN = r"[\u2e80-\u9fff\uff00-\uffef《》“”]"
FULL = {",": "，", ":": "：", ";": "；", "?": "？", "!": "！"}


def cited(w: Words, title: str) -> str:
    """The title of a source in a list of sources: as published; in Chinese between 《》, with full-width punctuation.

    What stands in brackets at the end says where it was printed, and is no part of the title.

    >>> cited(Words("zh"), "2018年来华留学人数超过49万:近九成系自费,韩国最多 (澎湃新闻)")
    '《2018年来华留学人数超过49万：近九成系自费，韩国最多》（澎湃新闻）'
    >>> cited(Words("zh"), "Nearly 500,000 students (Xinhua, CSSN)"), cited(Words("en"), "Nearly 500,000 students (Xinhua)")
    ('《Nearly 500,000 students》（新华社，中国社会科学网）', 'Nearly 500,000 students (Xinhua)')
    """
    if w.language != "zh":
        return title
    name, _, where = (
        title.strip().rstrip(")）").rpartition(" (") if re.search(r" \([^()]*\)$", title) else (title, "", "")
    )
    parts = [w.outlet(part) for part in re.split(r"\s*[,，;]\s*", where) if part]
    name, where = full_width(name), "，".join(parts)
    name = name.replace("《", "〈").replace("》", "〉") if not name.startswith("《") else name
    return (name if name.startswith("《") else f"《{name}》") + (f"（{where}）" if where else "")


def full_width(text: str) -> str:
    """Half-width punctuation beside Chinese characters made full-width; that within Latin text and numbers is kept.

    >>> full_width("教育部:2015年 (新华社)"), full_width("Open Doors: 1,126,690")
    ('教育部：2015年（新华社）', 'Open Doors: 1,126,690')
    """
    sign = re.escape("".join(FULL))
    text = re.sub(rf"(?<={HAN})\s*([{sign}])\s*|\s*([{sign}])\s*(?={HAN})", lambda m: FULL[m[1] or m[2]], text)
    text = re.sub(rf"\s*\(([^()]*{HAN}[^()]*)\)\s*", r"（\1）", text)
    return re.sub(rf"(?<={HAN})\s*\(([^()]*)\)", r"（\1）", text)


def known(value: Any) -> bool:
    """Whether a value is there."""
    return not unknown(value)
