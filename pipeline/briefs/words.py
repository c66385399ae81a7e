"""Say numbers, dates, names and sentences in the language of the reader.

Sentences are gettext messages (`pipeline/briefs/locale/<language>.po`, English in the code); numbers, dates, lists and country names
follow Unicode's CLDR through Babel. A sentence that the catalogue lacks comes back between ⟦ ⟧, which no exporter lets through.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

from pipeline.briefs import vocabulary
from pipeline.briefs.catalogue import form_for, load
from pipeline.errors import SettingsError

LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
HTML_LANG = {"en": "en-GB", "zh": "zh-CN"}
UNKNOWN = "–"
MINUS = "−"
STEADY = 0.05  # percent: a smaller change is printed as 0.0%
UNTRANSLATED = ("⟦", "⟧")


@lru_cache(maxsize=8)
def _locale(language: str) -> Any:
    from babel import Locale

    return Locale.parse(LOCALES[language])


@lru_cache(maxsize=512)
def _alpha_2(alpha_3: str) -> str | None:
    import pycountry

    found = pycountry.countries.get(alpha_3=alpha_3)
    return found.alpha_2 if found else None


def unknown(value: Any) -> bool:
    """Whether a value is missing: None, NaN, NaT or pandas' NA.

    >>> unknown(None), unknown(float("nan")), unknown(0)
    (True, True, False)
    """
    if value is None:
        return True
    differs = value != value
    return differs is not False and (differs is True or str(value) == "<NA>" or bool(differs))


class Words:
    """A language's words.

    Parameters
    ----------
    language
        "en" or "zh".

    Raises
    ------
    SettingsError
        When the language is not one of these.

    Examples
    --------
    >>> w = Words("en")
    >>> w("Page {page} of {pages}", page=1, pages=6)
    'Page 1 of 6'
    >>> w.number(1177766), w.percent(-7.24, signed=True), w.period("2024/25")
    ('1,177,766', '−7.2%', '2024/25')
    >>> z = Words("zh")
    >>> z.compact(1_600_000), z.period("2024/25"), z.period(2018), z.country("TWN")
    ('160万', '2024/25学年', '2018年', '中国台湾')
    """

    def __init__(self, language: str) -> None:
        if language not in LOCALES:
            raise SettingsError("languages", f"{language!r} is not a language of the briefs.", "Known: en, zh.")
        self.language = language

    @property
    def html_lang(self) -> str:
        """The BCP 47 tag of the language."""
        return HTML_LANG[self.language]

    def __call__(self, text: str, plural: str = "", /, **values: Any) -> str:
        """A sentence, its placeholders filled: whole numbers and decimals are written in the language, strings as they are.

        With `plural`, the value of `n` chooses the form.
        """
        filled = {name: self._value(value) for name, value in values.items()}
        return self._sentence(text, plural, values.get("n")).format(**filled)

    def _sentence(self, text: str, plural: str, n: Any) -> str:
        if self.language == "en":
            return plural if plural and n != 1 else text
        strings = load(self.language).get((text, plural), ())
        if not strings or not strings[0]:
            return text.join(UNTRANSLATED)
        return strings[form_for(self.language, n)] if len(strings) > 1 and not unknown(n) else strings[0]

    def _value(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, dt.date):
            return self.date(value)
        return self.number(value, digits=None)

    # Numbers ----------------------------------------------------------------------------------------------------------

    def number(self, value: Any, digits: int | None = 0, signed: bool = False) -> str:
        """A number with separators; `digits` decimals (None: none for whole numbers, else up to one); unknown is –."""
        from babel.numbers import format_decimal

        if unknown(value):
            return UNKNOWN
        number = float(value)
        if not math.isfinite(number):
            return UNKNOWN
        if digits is None:
            digits = 0 if number == int(number) else 1
        number = round(number, digits) + 0.0
        text = format_decimal(
            abs(number), f"#,##0.{'0' * digits}" if digits else "#,##0", locale=_locale(self.language)
        )
        sign = MINUS if number < 0 else "+" if signed and number > 0 else ""
        return sign + text

    def compact(self, value: Any) -> str:
        """A large number in few signs: 1.6 million, 160万."""
        from babel.numbers import format_compact_decimal

        if unknown(value) or not math.isfinite(value):
            return UNKNOWN
        small = abs(value) < (10_000 if self.language == "zh" else 1_000_000)
        if small:
            return self.number(value, digits=None)
        form: Literal["short", "long"] = "short" if self.language == "zh" else "long"
        text = format_compact_decimal(abs(value), format_type=form, locale=_locale(self.language), fraction_digits=1)
        return (MINUS if value < 0 else "") + text

    def percent(self, value: Any, signed: bool = False, digits: int = 1) -> str:
        """A percentage from a value in percent: 4.5 is 4.5%."""
        text = self.number(value, digits, signed)
        return text if text == UNKNOWN else text + "%"

    def change(self, pct: Any, difference: Any = None, approx: Any = False) -> str:
        """A yearly change as it stands beside a number: its percentage, or the difference where that would be printed as 0.0%.

        Parameters
        ----------
        pct
            The change in percent.
        difference
            The change in people, where it is known.
        approx
            Whether one of the two numbers is not exact.

        Examples
        --------
        >>> w = Words("en")
        >>> w.change(-7.2), w.change(0.61, approx=True), w.change(-0.045, -395), w.change(0.0, 0)
        ('−7.2%', '≈ +0.6%', '−395 (<0.1%)', '0.0%')
        """
        if unknown(pct):
            return UNKNOWN
        about = "" if unknown(approx) or not approx else "≈ "
        if abs(pct) < STEADY and not unknown(difference) and difference and not about:
            return f"{self.number(difference, signed=True)} (<{self.percent(0.1)})"
        return about + self.percent(pct, signed=True)

    def points(self, value: Any, signed: bool = True, digits: int = 1) -> str:
        """A difference of percentages, in percentage points.

        >>> Words("en").points(2.13), Words("zh").points(-0.4)
        ('+2.1 points', '−0.4个百分点')
        """
        text = self.number(value, digits, signed)
        return text if text == UNKNOWN else self("{value} points", value=text)

    def range(self, low: Any, high: Any, percent: bool = False, digits: int | None = None) -> str:
        """A range of numbers: 81–94, 81～94; each end is a number or already words."""
        ends = [end if isinstance(end, str) else self.number(end, digits) for end in (low, high)]
        sign = "%" if percent else ""
        if self.language == "zh":
            return f"{ends[0]}{sign}～{ends[1]}{sign}"
        return f"{ends[0]}–{ends[1]}{sign}"

    # Time, lists ------------------------------------------------------------------------------------------------------

    def period(self, period: Any, short: bool = False) -> str:
        """A period as published: an academic year 2024/25, a year 2018, a month 2020-09. `short` leaves the Chinese suffix out."""
        if unknown(period):
            return UNKNOWN
        text = str(int(period)) if isinstance(period, float) else str(period).strip()
        month = re.fullmatch(r"(\d{4})-(\d{2})", text)
        if month:
            return self._month(int(month[1]), int(month[2]))
        if short or self.language != "zh":
            return text
        if re.fullmatch(r"\d{4}/\d{2,4}", text):
            return text + "学年"
        return text + "年" if re.fullmatch(r"\d{4}", text) else text

    def _month(self, year: int, month: int) -> str:
        from babel.dates import format_skeleton

        return format_skeleton("yMMMM", dt.date(year, month, 1), locale=_locale(self.language))

    def date(self, day: dt.date, short: bool = False) -> str:
        """A date: 3 September 2026, 2026年9月3日; short, for a table: 3 Sept 2026.

        >>> Words("en").date(dt.date(2024, 10, 14), short=True), Words("zh").date(dt.date(2024, 10, 14), short=True)
        ('14 Oct 2024', '2024年10月14日')
        """
        from babel.dates import format_date

        return format_date(day, "medium" if short else "long", locale=_locale(self.language))

    def list(self, items: Iterable[str]) -> str:
        """Items as a list in a sentence.

        >>> Words("en").list(["India", "China", "Nepal"]), Words("zh").list(["印度", "中国"])
        ('India, China and Nepal', '印度和中国')
        """
        from babel.lists import format_list

        return format_list(list(items), locale=_locale(self.language))

    # Names ------------------------------------------------------------------------------------------------------------

    def country(self, code: str) -> str:
        """A country by its alpha-3 code; WLD, _X, stateless and region:… are understood too; an unknown code stays as it is.

        >>> Words("en").country("KOR"), Words("zh").country("USA"), Words("en").country("TTO")
        ('South Korea', '美国', 'Trinidad and Tobago')
        """
        if unknown(code):
            return UNKNOWN
        if code.startswith("region:"):
            return self.region(code.removeprefix("region:"))
        if code in vocabulary.PARTNERS:
            return self(vocabulary.PARTNERS[code])
        override = vocabulary.COUNTRY_NAMES.get(self.language, {}).get(code)
        if override:
            return override
        alpha_2 = _alpha_2(code)
        name = _locale(self.language).territories.get(alpha_2) if alpha_2 else None
        return name.replace(" & ", " and ").replace("St.", "St") if name else code

    def region(self, name: str) -> str:
        """A region of a publisher; one that has no entry in the vocabulary stays as the publisher writes it."""
        return self._coded(vocabulary.REGIONS, name)

    def _coded(self, table: dict[str, str], code: Any) -> str:
        if unknown(code):
            return UNKNOWN
        return self(table[code]) if code in table else str(code)

    def mode(self, code: Any) -> str:
        """A mode of cooperation: joint training, 联合培养."""
        return self._coded(vocabulary.MODES, code)

    def level(self, code: Any) -> str:
        """A level of study by its ISCED code: doctoral, 博士."""
        return self._coded(vocabulary.LEVELS, code)

    def measure(self, code: Any) -> str:
        """What is counted: new students, 新生."""
        return self._coded(vocabulary.MEASURES, code)

    def funding(self, code: Any) -> str:
        """Who pays: government-funded, 政府资助."""
        return self._coded(vocabulary.FUNDING, code)

    def funder(self, code: Any) -> str:
        """Who paid for a stay: home university, 派出院校.

        >>> Words("en").funder("joint_fund"), Words("zh").funder("self")
        ('joint fund', '自费')
        """
        return self._coded(vocabulary.FUNDERS, code)

    def field(self, code: Any) -> str:
        """A broad field of ISCED-F 2013 by its code, or by any longer code of the field.

        >>> Words("en").field("09"), Words("zh").field("0613")
        ('health and welfare', '信息与通信技术')
        """
        text = "" if unknown(code) else str(code)
        return self._coded(vocabulary.FIELDS, text[:2] if text[:2].isdigit() else code)

    def publisher(self, name: Any) -> str:
        """A publisher under the name that readers know; one that the vocabulary lacks stays as it is.

        >>> Words("en").publisher("MOE (China)"), Words("zh").publisher("IIE Open Doors")
        ('Ministry of Education of China', '美国国际教育协会（IIE）《门户开放报告》')
        """
        return self._coded(vocabulary.PUBLISHERS, name)

    def outlet(self, name: str) -> str:
        """A newspaper or site under the name that readers know; one that the vocabulary lacks stays as it is.

        >>> Words("zh").outlet("Xinhua"), Words("zh").outlet("澎湃新闻")
        ('新华社', '澎湃新闻')
        """
        return self._coded(vocabulary.OUTLETS, name)

    def group(self, name: Any) -> str:
        """A group of countries by its id in pipeline/measures/groups.yml, where its names stand in each language.

        >>> Words("en").group("belt_and_road"), Words("zh").group("asean")
        ('Belt and Road', '东盟')
        """
        from pipeline.measures import groups

        if unknown(name):
            return UNKNOWN
        found = groups().get(str(name))
        return str(name) if found is None else str(getattr(found, self.language))

    def outcome(self, code: Any) -> str:
        """How a stay ended: completed, 完成."""
        return self._coded(vocabulary.OUTCOMES, code)

    def direction(self, code: Any) -> str:
        """Which way: inbound, 来校/来访方向."""
        return self._coded(vocabulary.DIRECTIONS, code)

    def capital(self, text: str) -> str:
        """The text with a capital first letter, for the start of a sentence, heading or table cell."""
        return text[:1].upper() + text[1:]
