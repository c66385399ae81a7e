"""How two writings of one text are made equal, before they are compared.

Offices copy texts between systems: full-width letters and digits, ideographic and no-break spaces, byte order marks, several apostrophes,
accents that come and go. `tidy` removes what nobody sees; `fold` removes what does not distinguish; `name_key` also removes the order and
the small words of a country's name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SPACES = " \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""Everything that shows as a gap: engines differ on which of these they strip by themselves, so the list is explicit."""

_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_GAPS = re.compile(rf"[{SPACES}]+")
_MARKS = re.compile("[\u0300-\u036f]")  # accents of Latin, Greek and Cyrillic; the vowel signs of other scripts stay
_APOSTROPHES = re.compile("['`´ʹʻʼʽˈ‘’‛′＇]")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_LATIN = re.compile(r"[a-z0-9]")
_SMALL_WORDS = frozenset({"the", "of", "and"})
_SAME_WORDS = {
    "saint": "st",
    "rep": "republic",
    "dem": "democratic",
    "is": "islands",
    "isl": "islands",
    "island": "islands",
}

MISSING = frozenset(
    [
        "-",
        "--",
        "---",
        "–",
        "—",
        "/",
        "\\",
        ".",
        "..",
        "...",
        "?",
        "??",
        "???",
        "*",
        "n/a",
        "n.a.",
        "n.a",
        "#n/a",
        "#value!",
        "#ref!",
        "na",
        "nan",
        "nat",
        "null",
        "none",
        "nil",
        "missing",
        "unknown",
        "tbd",
        "tba",
        "(空)",
        "<na>",
        "无",
        "未知",
        "不详",
        "不明",
        "未填",
        "未填写",
        "待定",
        "空",
        "缺失",
        "暂无",
        "没有",
        "无数据",
    ]
) | {"", "not known", "not stated", "not available", "not applicable"}
"""Folded texts that say "nothing was entered". Never a zero."""


def tidy(text: str) -> str:
    """A text without what nobody sees: invisible characters, runs of gaps, full-width forms of Latin letters and digits.

    >>> tidy("\\u3000２０１９ \\u00a0年\\u200b ")
    '2019 年'
    """
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))).strip(SPACES)


def fold(text: str) -> str:
    """A tidy text in lower case: what card codes and vocabularies are compared by.

    >>> fold(" Ｍａｌｅ ")
    'male'
    """
    return tidy(text).casefold()


def is_missing(text: str | None) -> bool:
    """Whether a text stands for "nothing was entered".

    >>> [is_missing(t) for t in (None, " ", "N/A", "—", "0")]
    [True, True, True, True, False]
    """
    return text is None or fold(text) in MISSING


def plain(text: str) -> str:
    """A folded text without accents, apostrophes and punctuation; words are separated by one space.

    >>> plain("CÔTE d’Ivoire"), plain("U.S.A."), plain("刚果(布)")
    ('cote divoire', 'usa', '刚果 布')
    """
    folded = tidy(_mended(text)).casefold().translate(_LETTERS)
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", folded)).replace("İ", "i")
    bare = unicodedata.normalize("NFC", bare)
    bare = _APOSTROPHES.sub("", bare).replace("&", " and ")
    bare = re.sub(r"(?<=\b[a-z])\.(?=[a-z]\b)", "", bare)  # u.s.a. -> usa.
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in bare)
    return " ".join("".join(kept).split())


@lru_cache(maxsize=100_000)
def name_key(text: str) -> str:
    """What a name is looked up by: its plain words in alphabetical order, without "the", "of", "and".

    Word order and small words do not tell states apart ("Korea, Rep. of" is "Republic of Korea"); every other word does.

    >>> name_key("Korea, Rep. of") == name_key("The Republic of Korea")
    True
    >>> name_key("Guinea") == name_key("Guinea-Bissau")
    False
    """
    words = plain(text).split()
    if not any(_LATIN.search(w) for w in words):
        return " ".join(words)
    if len(words) > 1:  # alone, "IS" and "ISL" are codes of Iceland
        words = [_SAME_WORDS.get(w, w) for w in words]
    return " ".join(sorted(w for w in words if w not in _SMALL_WORDS)) or " ".join(words)


def _mended(text: str) -> str:
    """UTF-8 that was read as Windows-1252 ("CuraÃ§ao") read right, where that is what it is."""
    if not any(c in text for c in "ÃÂÐÑåæçèéä"):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
