"""Dates, numbers, periods and words, text by text."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from pipeline.records.dates import academic_year, academic_year_of, date_of, period_of
from pipeline.records.numbers import between, number_of
from pipeline.records.text import plain, tidy
from pipeline.records.words import by_codes, field_of, level_of, vocabularies, word_of, yes_or_no

SEPTEMBER = dt.date(2019, 9, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2019-09-01", "2019-9-1", "2019/9/1", "2019/09/01", "01.09.2019", "1.9.2019", "2019.09.01", "2019年9月1日", "2019年09月01日", "２０１９年９月１日",
        "2019 年 9 月 1 日", "20190901", "43709", "43709.0", "1 Sep 2019", "1 September 2019", "Sept 1, 2019", "1-Sep-2019", "2019-09-01 00:00:00",
        "2019-09-01T00:00", " 2019-09-01\u00a0", "\ufeff2019-09-01", "2019-09-01\u200b",
    ],
)  # fmt: skip
def test_one_day_in_every_style(text: str) -> None:
    assert (date_of(text).value, date_of(text).extra) == (SEPTEMBER, (False,))


@pytest.mark.parametrize("text", ["2019-09", "2019/9", "2019年9月", "2019.09", "2019.9", "Sept 2019", "September 2019"])
def test_a_month_alone_is_its_first_day_and_says_so(text: str) -> None:
    found = date_of(text)
    assert (found.value, found.extra, found.rule) == (SEPTEMBER, (True,), "month only: first day taken")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("31.02.2019", "no such day"), ("2019-02-29", "no such day"), ("2019-13-01", "no such month"), ("2019-00-10", "no such month"),
        ("2019年13月", "no such month"), ("1949-12-31", "outside 1950-2049"), ("2050-01-01", "outside 1950-2049"), ("18263", "outside 1950-2049"),
        ("54789", "outside 1950-2049"), ("1/9/2019", "could be exchanged"), ("1.9.19", "cannot be told"), ("2019.1", "cannot be told"),
        ("2019", "a year alone"), ("2019-09/01", "not a date"), ("2019-9-", "not a date"), ("4.5e4", "not a date"), ("-45000", "not a date"),
        ("99999999", "no such month"), ("0", "not a date"), ("二月", "not a date"), ("2019\n-09-01", "not a date"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_the_reason(text: str, problem: str) -> None:
    found = date_of(text)
    assert found.value is None
    assert problem in found.problem


@pytest.mark.parametrize("text", ["", "  ", "n/a", "待定", "—", "NaT", "null"])
def test_nothing_entered_is_no_problem(text: str) -> None:
    assert (date_of(text).value, date_of(text).problem) == (None, "")


def test_day_and_month_are_told_apart_only_by_size() -> None:
    assert date_of("13/09/2019").value == date_of("09/13/2019").value == dt.date(2019, 9, 13)


def test_the_bounds_of_excel_serials() -> None:
    assert date_of("18264").value == dt.date(1950, 1, 1)
    assert date_of("54788").value == dt.date(2049, 12, 31)


def test_no_odd_string_is_read_outside_the_bounds_or_without_its_digits() -> None:
    path = Path(__file__).parents[2] / "shared" / "bench" / "cleaning" / "odd_strings.json"
    if not path.is_file():
        pytest.skip("the list of odd strings is not at hand")
    for text in json.loads(path.read_text(encoding="utf-8"))["dates"]:
        if text is not None and (found := date_of(text)).value is not None:
            assert 1950 <= found.value.year <= 2049
            assert str(found.value.year) in tidy(text) or tidy(text).isdigit() or tidy(text) == "45000.0"


@pytest.mark.parametrize(
    ("day", "starts", "expected"),
    [
        ((2020, 8, 31), 9, ("2019/20", 2020)),
        ((2020, 9, 1), 9, ("2020/21", 2021)),
        ((2020, 4, 1), 4, ("2020/21", 2021)),
        ((2020, 5, 1), 1, ("2020", 2020)),
    ],
)
def test_academic_years_start_where_the_card_says(
    day: tuple[int, int, int], starts: int, expected: tuple[str, int]
) -> None:
    assert academic_year(dt.date(*day), starts) == expected


@pytest.mark.parametrize("text", ["2023/24", "2023-24", "2023–2024", "2023/2024", "2023-2024学年", "AY2023/24"])
def test_academic_years(text: str) -> None:
    assert academic_year_of(text).value == "2023/24"


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2018", 2018),
        ("2018.0", 2018),
        ("2018年", 2018),
        ("2024/25", 2025),
        ("1999/00", 2000),
        ("2008/09", 2009),
        ("2008-09", 2008),
        ("2020-09", 2020),
        ("FY2019", 2019),
        ("2023/2024", 2024),
    ],
)
def test_periods(text: str, year: int) -> None:
    assert period_of(text).value == year


@pytest.mark.parametrize("text", ["18", "2018/20", "spring", "20189", "1066"])
def test_no_periods(text: str) -> None:
    assert period_of(text).problem


@pytest.mark.parametrize(
    ("text", "value", "exactness"),
    [
        ("1234", 1234, "exact"), ("1,234", 1234, "exact"), ("１，２３４", 1234, "exact"), ("1 234", 1234, "exact"), ("1.234,5", 1234.5, "exact"),
        ("约2.5万", 25000, "rounded"), ("¥3,000元", 3000, "exact"), ("more than 440,000", 440000, "at_least"), ("超过49万", 490000, "at_least"),
        ("44万多", 440000, "at_least"), ("12,5", 12.5, "exact"), ("-5", -5, "exact"), ("12人", 12, "exact"), ("1.2E+05", 120000, "exact"), ("about 300", 300, "rounded"),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float, exactness: str) -> None:
    found = number_of(text)
    assert (found.value, found.extra[0]) == (pytest.approx(value), exactness)


@pytest.mark.parametrize("text", ["twelve", "1,23,4", "inf", "12a", "1-2", "0x10", "٣"])
def test_no_numbers(text: str) -> None:
    assert number_of(text).problem == "not a number"


def test_bounds_and_whole_numbers() -> None:
    assert between(0, 10, whole=True)("3.0").value == 3
    assert between(0, 10, whole=True)("3.5").problem == "not a whole number"
    assert between(0, 10)("11").problem == "outside 0-10"


def test_a_writing_stands_under_one_code_only() -> None:
    for name, codes in vocabularies().items():
        seen: dict[str, str] = {}
        for code, words in codes.items():
            for word in (code, *words):
                key = plain(word) or tidy(word)
                assert seen.setdefault(key, code) == code, (name, word)


def test_no_word_of_the_vocabularies_was_taken_for_a_yes_or_a_number_by_yaml() -> None:
    words = {w for codes in vocabularies().values() for listed in codes.values() for w in listed}
    assert not words & {"True", "False", "None"}


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("mode", "访学", "research_visit"), ("mode", "Student exchange", "exchange"), ("mode", "寒暑期短期项目", "short_programme"), ("direction", "来华", "inbound"), ("direction", "Outgoing", "outbound"), ("gender", "女", "female"), ("gender", "M", "male"), ("outcome", "结业", "completed"), ("outcome", "退学", "withdrawn"), ("visa_result", "拒签", "refused"), ("event_kind", "语言角", "language_corner")],
)  # fmt: skip
def test_words_in_both_languages(name: str, text: str, code: str) -> None:
    assert word_of(name)(text).value == code


def test_levels_fields_and_yes_and_no() -> None:
    assert [level_of(t).value for t in ("本科", "硕士研究生", "PhD", "ISCED 7", "6")] == ["6", "7", "8", "7", "6"]
    assert [
        field_of(t).value
        for t in ("工学", "Information and Communication Technologies (ICTs)", "0613", "05 Natural sciences", "10")
    ] == ["07", "06", "06", "05", "10"]
    assert [yes_or_no(t).value for t in ("Yes", "是", "N", "否", "无", "1", "n/a")] == [
        True,
        True,
        False,
        False,
        False,
        True,
        None,
    ]


def test_the_codes_of_a_card_come_first_and_may_say_that_nothing_is_nothing() -> None:
    read = by_codes({"无": "no", "DD": "双学位"}, word_of("mode"))
    assert read("ＤＤ ").value == "dual_degree"
    assert by_codes({"无": "no"}, yes_or_no)("无").value is False
