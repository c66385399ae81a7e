"""The project's vocabularies: what offices write for a mode, a level, a field, a yes; in both languages (names/vocabularies.yml)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from pipeline.records.reading import NOTHING, Reading
from pipeline.records.text import fold, is_missing, plain, tidy

_FILE = Path(__file__).parent / "names" / "vocabularies.yml"
_ISCED_F = re.compile(r"(?P<broad>0[0-9]|10)(?P<rest>[0-9]{1,2})?(?:[ .:-]+[^0-9]*)?")


@cache
def vocabularies() -> dict[str, dict[str, tuple[str, ...]]]:
    """Column -> code -> writings, as the file has them."""
    import yaml

    given = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {name: {str(code): tuple(map(str, words)) for code, words in codes.items()} for name, codes in given.items()}


@cache
def _lookup(name: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for code, words in vocabularies()[name].items():
        for word in (code, code.replace("_", " "), *words):
            known[_key(word)] = code
    return known


def _key(text: str) -> str:
    return plain(text) or fold(text)


def word_of(*names: str, open_ended: bool = False) -> Callable[[str], Reading]:
    """A reader of words by one or more vocabularies; `open_ended` keeps a word that none of them knows as it is.

    >>> word_of("mode")("联合培养").value, word_of("mode")("holiday").problem
    ('joint_training', 'not a known mode')
    """

    def read(written: str) -> Reading:
        key = _key(written)
        for name in names:
            code = _lookup(name).get(key)
            if code is not None:
                return Reading(
                    code,
                    "" if code == written else f"{names[0].removeprefix('count_').replace('_', ' ')} by vocabulary",
                )
        if is_missing(written):
            return NOTHING
        return (
            text_of(written)
            if open_ended
            else Reading(problem=f"not a known {names[0].removeprefix('count_').replace('_', ' ')}")
        )

    return read


def field_of(written: str) -> Reading:
    """The broad field of ISCED-F 2013, "00" to "10", from its words or from a code of two to four digits.

    >>> field_of("Computer Science").value, field_of("0613").value, field_of("6").value, field_of("61").problem
    ('06', '06', '06', 'not a known field')
    """
    text = tidy(written)
    if re.fullmatch("[0-9]", text):
        return Reading(f"0{text}", "leading zero of a field code")
    if found := _ISCED_F.fullmatch(text):
        return Reading(found["broad"], "" if text == found["broad"] else "broad field of a longer code")
    return word_of("field")(written)


def level_of(written: str) -> Reading:
    """A level of ISCED 2011, "5" to "8".

    >>> level_of("硕士研究生").value, level_of("Ph.D.").value, level_of("7.0").value
    ('7', '8', '7')
    """
    return word_of("level")(tidy(written).removesuffix(".0"))


def yes_or_no(written: str) -> Reading:
    """A yes or a no as True or False.

    >>> yes_or_no("是").value, yes_or_no("N").value, yes_or_no("perhaps").problem
    (True, False, 'neither yes nor no')
    """
    found = word_of("boolean")(tidy(written).removesuffix(".0"))
    if found.value is None:
        return Reading(problem="neither yes nor no") if found.problem else found
    return found._replace(value=found.value == "true", rule="yes and no in words")


def text_of(written: str) -> Reading:
    """Free text without what nobody sees.

    >>> text_of("　MIT ").value
    'MIT'
    """
    if is_missing(written):
        return NOTHING
    value = tidy(written)
    return Reading(value, "" if value == written else "spaces and full-width letters")


def by_codes(codes: Mapping[str, str], then: Callable[[str], Reading]) -> Callable[[str], Reading]:
    """A reader that asks the source card's codes first; what they give is read on, so that a code may be any writing that is known."""
    known = {fold(text): str(code) for text, code in codes.items()}

    def read(written: str) -> Reading:
        code = known.get(fold(written))
        if code is None:
            return then(written)
        found = then(code)
        return found._replace(rule="code of the source card") if not found.problem else found

    return read
