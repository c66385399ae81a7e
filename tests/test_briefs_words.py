"""Words: numbers, dates and names as each language writes them, and a catalogue that lacks nothing."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pycountry
import pytest

from pipeline.briefs import fonts, vocabulary
from pipeline.briefs.catalogue import LOCALE, Message, complete, forget, form_for, load, messages, placeholders
from pipeline.briefs.words import UNKNOWN, UNTRANSLATED, Words
from pipeline.errors import SettingsError
from pipeline.measures import groups
from pipeline.records.words import vocabularies

ROOT = Path(__file__).parents[1]
EN, ZH = Words("en"), Words("zh")
HAN = re.compile(r"[\u4e00-\u9fff]")


class TestNumbers:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            (EN.number(1177766), "1,177,766"),
            (ZH.number(1177766), "1,177,766"),
            (EN.number(-12.345, digits=1), "−12.3"),
            (EN.number(12.0, digits=None), "12"),
            (EN.number(12.25, digits=None), "12.2"),
            (EN.percent(4.53), "4.5%"),
            (EN.percent(4.53, signed=True), "+4.5%"),
            (ZH.percent(-7.24, signed=True), "−7.2%"),
            (EN.percent(-0.04, signed=True), "0.0%"),
            (EN.points(2.13), "+2.1 points"),
            (ZH.points(-0.4), "−0.4个百分点"),
            (EN.compact(1_600_000), "1.6 million"),
            (ZH.compact(1_600_000), "160万"),
            (EN.compact(9_999), "9,999"),
            (ZH.compact(9_999), "9,999"),
            (EN.range(81, 94, percent=True), "81–94%"),
            (ZH.range(81, 94, percent=True), "81%～94%"),
            (EN.range("about 5", 7), "about 5–7"),
        ],
    )
    def test_are_written_as_the_language_does(self, said, expected):
        assert said == expected

    @pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, float("inf")])
    def test_unknown_is_a_dash_and_never_0(self, missing):
        assert {EN.number(missing), ZH.percent(missing), EN.number(missing, digits=None)} == {UNKNOWN}

    @pytest.mark.parametrize("name", ["compact", "points", "period", "country", "region", "mode", "level", "measure"])
    @pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
    def test_unknown_is_a_dash_for_names_too(self, name, missing):
        assert getattr(ZH, name)(missing) == UNKNOWN

    def test_no_hyphen_stands_for_minus(self):
        assert "-" not in EN.number(-5) + ZH.percent(-5.5) + EN.compact(-2_500_000) + EN.points(-1)


class TestTime:
    @pytest.mark.parametrize(
        ("given", "english", "chinese", "short"),
        [
            ("2024/25", "2024/25", "2024/25学年", "2024/25"),
            (2018, "2018", "2018年", "2018"),
            (2018.0, "2018", "2018年", "2018"),
            ("2020-09", "September 2020", "2020年9月", "2020年9月"),
            ("autumn 2020", "autumn 2020", "autumn 2020", "autumn 2020"),
        ],
    )
    def test_periods_stay_as_published(self, given, english, chinese, short):
        assert (EN.period(given), ZH.period(given), ZH.period(given, short=True)) == (english, chinese, short)

    def test_dates(self):
        day = dt.date(2026, 9, 3)
        assert (EN.date(day), ZH.date(day)) == ("3 September 2026", "2026年9月3日")

    def test_lists(self):
        assert EN.list(["India", "China", "Nepal"]) == "India, China and Nepal"
        assert ZH.list(["印度", "中国", "尼泊尔"]) == "印度、中国和尼泊尔"
        assert EN.list(["India"]) == "India"


class TestNames:
    @pytest.mark.parametrize(
        ("code", "english", "chinese"),
        [
            ("USA", "United States", "美国"),
            ("KOR", "South Korea", "韩国"),
            ("HKG", "Hong Kong, China", "中国香港"),
            ("MAC", "Macao, China", "中国澳门"),
            ("TWN", "Taiwan, China", "中国台湾"),
            ("WLD", "all countries", "所有国家"),
            ("_X", "origin not stated", "来源地未注明"),
            ("region:Asia", "Asia", "亚洲"),
            ("QQQ", "QQQ", "QQQ"),
        ],
    )
    def test_countries(self, code, english, chinese):
        assert (EN.country(code), ZH.country(code)) == (english, chinese)

    def test_every_country_has_a_name_in_both_languages(self):
        codes = [c.alpha_3 for c in pycountry.countries] + ["XKX"]
        assert [c for c in codes if EN.country(c) == c or " & " in EN.country(c)] == []
        assert [c for c in codes if not HAN.search(ZH.country(c))] == []
        assert len({ZH.country(c) for c in codes}) == len(codes)

    @pytest.mark.parametrize("name", ["mode", "field", "funder", "funding", "outcome", "measure"])
    def test_every_code_of_the_records_has_a_name(self, name):
        for code in vocabularies()[name]:
            assert getattr(EN, name)(code) != code or re.fullmatch("[a-z]+", code)
            assert HAN.search(getattr(ZH, name)(code)), code

    @pytest.mark.parametrize("code", ["5", "6", "7", "8", "5-6", "5-8", "7-8", "short", "all"])
    def test_every_level_has_a_name(self, code):
        assert EN.level(code) != code
        assert HAN.search(ZH.level(code))

    def test_every_publisher_of_the_counts_has_a_name(self):
        with (ROOT / "pipeline" / "measures" / "publishers.csv").open(encoding="utf-8") as file:
            written = [row["publisher"] for row in csv.DictReader(file)]
        assert [name for name in written if name not in vocabulary.PUBLISHERS] == []
        assert ZH.publisher("UNESCO UIS") == "联合国教科文组织统计研究所"
        assert EN.publisher("A new publisher") == "A new publisher"

    def test_groups_take_their_names_from_their_file(self):
        for name, group in groups().items():
            assert (EN.group(name), ZH.group(name)) == (group.en, group.zh)
        assert EN.group("not_a_group") == "not_a_group"

    def test_a_longer_code_of_a_field_is_its_broad_field(self):
        assert EN.field("0613") == "information and communication technologies"
        assert ZH.field("10") == "服务"


class TestSentences:
    def test_placeholders_are_filled_in_the_language(self):
        day = dt.date(2026, 9, 3)
        assert EN("{n} and {when}, {name}", n=12345.0, when=day, name="7000") == "12,345 and 3 September 2026, 7000"

    def test_plural_follows_n(self):
        forms = ("{n} year has no value.", "{n} years have no value.")
        assert [EN(*forms, n=n) for n in (1, 2)] == ["1 year has no value.", "2 years have no value."]
        assert ZH(*forms, n=2) == "2个年份无数据。"

    def test_a_sentence_the_catalogue_lacks_is_marked(self):
        text = "This sentence is in no catalogue."
        assert ZH(text) == UNTRANSLATED[0] + text + UNTRANSLATED[1]

    def test_a_language_that_is_not_there_is_a_setting_to_mend(self):
        with pytest.raises(SettingsError, match=r"'fr'.*en, zh"):
            Words("fr")


@pytest.fixture(scope="module")
def said() -> list[Message]:
    """Every message of the briefs and the notebooks."""
    return messages([LOCALE.parent, ROOT / "notebooks"])


class TestCatalogue:
    def test_finds_what_the_code_says(self, said):
        found = {m.text for m in said}
        assert {"joint training", "Bar chart.", "{value} points", "Contents"} <= found

    @pytest.mark.parametrize("language", sorted(p.stem for p in LOCALE.glob("*.po")))
    def test_every_message_is_translated(self, language, said):
        known = load(language)
        lacking = {f"{m.file}:{m.line} {m.text}" for m in said if not all(known.get((m.text, m.plural)) or [""])}
        assert lacking == set()

    @pytest.mark.parametrize("language", sorted(p.stem for p in LOCALE.glob("*.po")))
    def test_no_translation_is_left_of_a_message_that_is_gone(self, language, said):
        assert set(load(language)) - {(m.text, m.plural) for m in said} == set()

    @pytest.mark.parametrize("language", sorted(p.stem for p in LOCALE.glob("*.po")))
    def test_translations_keep_the_placeholders_and_the_bold(self, language):
        for (text, plural), forms in load(language).items():
            for form in forms:
                assert placeholders(form) == placeholders(plural or text), text
                assert form.count("**") == text.count("**"), text

    def test_chinese_has_its_own_punctuation(self):
        for (text, _), forms in load("zh").items():
            bare = re.sub(r"\{\w+\}|\*\*", "中", forms[0])
            assert not re.search(r"[\u4e00-\u9fff][,;:!?](?!\d)|[\u4e00-\u9fff] +[\u4e00-\u9fff]", bare), text
            assert not (text.endswith(".") and HAN.search(forms[0])) or forms[0].endswith("。"), text

    def test_the_fonts_can_set_every_translation(self):
        assert {m for forms in load("zh").values() for form in forms for m in fonts.settable(form)[1]} == set()

    def test_adds_what_is_lacking_once_and_empty(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pipeline.briefs.catalogue.LOCALE", tmp_path)
        (tmp_path / "zh.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n', "utf-8")
        code = tmp_path / "code.py"
        code.write_text('w("Hello, {name}")\nw("{n} stay", "{n} stays", n=n)\nw("Hello, {name}")\n', "utf-8")
        assert (complete("zh", [code]), complete("zh", [code])) == (2, 0)
        assert load("zh")["Hello, {name}", ""] == ("",)

    def test_plural_forms_follow_the_rule_of_the_catalogue(self, tmp_path, monkeypatch):
        rule = "nplurals=3; plural=n==1 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2;"
        (tmp_path / "pl.po").write_text(f'msgid ""\nmsgstr "Plural-Forms: {rule}\\n"\n', "utf-8")
        monkeypatch.setattr("pipeline.briefs.catalogue.LOCALE", tmp_path)
        forget()
        assert [form_for("pl", n) for n in (1, 3, 5)] == [0, 1, 2]


def test_no_sentence_is_glued_together_outside_a_message():
    """A sentence put together from pieces by + cannot be translated: text beside a call of w() must be punctuation only."""
    for file in LOCALE.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
                continue
            sides = (node.left, node.right)
            calls = [s for s in sides if isinstance(s, ast.Call) and getattr(s.func, "id", "") in ("w", "words")]
            texts = [s.value for s in sides if isinstance(s, ast.Constant) and isinstance(s.value, str)]
            assert not (calls and any(re.search("[A-Za-z]{2}", t) for t in texts)), f"{file.name}:{node.lineno}"
