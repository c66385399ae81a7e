"""Which country does a text mean? Any name in any writing to ISO 3166-1 alpha-3, or an honest "not known".

The rules, in order (docs/cleaning.md has them in plain words): a code in capitals; an exact name among all names of names/countries.csv, compared
without case, accents, punctuation, word order and small words; a text whose parts ("Turkey/Türkiye", "中国 China", "Japan (JPN)") are all names of
one country. Nothing is ever matched by resemblance: what merely looks alike is offered as a suggestion.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.records.text import fold, is_missing, name_key, plain, tidy

if TYPE_CHECKING:
    import pandas as pd

COUNTRY, WORLD, REGION, UNSPECIFIED, FORMER, UNKNOWN = "country", "world", "region", "unspecified", "former", "unknown"
MOST_SUGGESTED = 5_000
LONGEST_NAME = 120  # characters that are compared; no name is longer, and a damaged cell may hold millions
"""For how many unknown texts of one column the nearest names are looked for."""

_NAMES = Path(__file__).parent / "names"
_CODE_TIER = "2 code"
_UNSPECIFIED_PART = re.compile(
    r"^(?:(.*?)[,:\- ]+)?(?:unspecified|not specified|unknown)$|^(?:other|unspecified|unknown)[ ,:]+(.+)$|^其[他它](.+)$|^(.+?)其[他它](?:国家)?$",
    re.I,
)
_AGGREGATE = re.compile(
    r"^[A-Z][A-Za-z0-9 .&()/-]{1,24}: .+"  # "SDG: Northern Africa", "AIMS: East Asia": the regions of UIS
    r"|\(UNSDCode:\d+\)$|\((?:excluding high income|IDA & IBRD(?: countries)?)\)$"
    r"|\b(?:small states|demographic dividend|income countries|developing countries|landlocked)\b",
)
_PARTS = re.compile(r"[/|;()\[\]（）]| [-–—] |:")
_CUT_SHORT = re.compile(r"(?:[-–—]|\.\.+|…)$")
_SCRIPTS = re.compile(r"(?<=[\u3400-\u9fff])\s*(?=[A-Za-z])|(?<=[A-Za-z.])\s*(?=[\u3400-\u9fff])")


class Place(NamedTuple):
    """What a text was found to mean: `code` is alpha-3 for a country and WLD for the world; `label` names a region or an unspecified rest."""

    code: str | None
    kind: str
    label: str = ""
    candidates: tuple[str, ...] = ()
    reason: str = ""


@cache
def _table() -> dict[str, tuple[str, str, str]]:
    """Key -> code, kind, tier."""
    known: dict[str, tuple[str, str, str]] = {}
    csv.field_size_limit(1_000_000)
    with (_NAMES / "countries.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            entry = (row["code"], row["kind"], row["tier"])
            known.update((key, entry) for key in row["keys"].split("|"))
    return known


@cache
def _reasons() -> dict[str, str]:
    with (_NAMES / "additions.csv").open(encoding="utf-8", newline="") as file:
        return {name_key(row["name"]): row["reason"] for row in csv.DictReader(file)}


@cache
def codes() -> frozenset[str]:
    """All alpha-3 codes that a country can have (ISO 3166-1, and XKX for Kosovo)."""
    return frozenset(code for code, kind, _ in _table().values() if kind == COUNTRY)


def place(text: str | None) -> Place:
    """What one text means.

    >>> place("Korea, Rep.").code, place("扎伊尔").code, place("Türkiye").code
    ('KOR', 'COD', 'TUR')
    >>> place("Congo").kind, place("Congo").candidates
    ('unknown', ('COG', 'COD'))
    >>> place("Asia, Unspecified")
    Place(code=None, kind='unspecified', label='Asia', candidates=(), reason='')
    """
    written = tidy(text or "")
    if written.startswith("region:"):
        return Place(None, REGION, written.removeprefix("region:").strip())
    if written.startswith(("_X", "_Z")):  # SDMX: unspecified, not applicable
        return Place(None, UNSPECIFIED, written[2:].strip(": "))
    if _is_code(written):
        return Place(_table()[_unfloated(written).lower()][0], COUNTRY)
    if is_missing(written):
        return Place(None, UNSPECIFIED)
    if _CUT_SHORT.search(written):
        return Place(None, UNKNOWN, written, reason="looks like a name that was cut short")
    return _named(written) or _rest_of(written) or _composite(written) or Place(None, UNKNOWN)


def _is_code(written: str) -> bool:
    """Alpha-2 or alpha-3 in capitals, or three digits (with the ".0" that a spreadsheet leaves)."""
    bare = _unfloated(written)
    if not bare.isascii() or not ((bare.isalpha() and bare.isupper()) or (bare.isdigit() and len(bare) == 3)):
        return False
    entry = _table().get(bare.lower())
    return entry is not None and entry[2] == _CODE_TIER


def _unfloated(written: str) -> str:
    return written[:-2] if re.fullmatch(r"[0-9]{3}\.0", written) else written


def _named(written: str) -> Place | None:
    key = name_key(written)
    entry = _table().get(key)
    if entry is None or (entry[2] == _CODE_TIER and not _lower_code(written)):
        return None
    code, kind, _ = entry
    if kind in (COUNTRY, WORLD):
        return Place(code, kind, "World" if kind == WORLD else "")
    if kind in (REGION, UNSPECIFIED):
        stated = kind == UNSPECIFIED and key in ("stateless", "person stateless", "xxa", "无国籍", "无国籍人士")
        return Place(None, kind, code or written if kind == REGION else "Stateless" if stated else "")
    return Place(
        None,
        kind,
        written,
        tuple(code.split()),
        _reasons().get(key, "names more than one country" if kind == UNKNOWN else "no longer a country"),
    )


def _lower_code(written: str) -> bool:
    """A code in small letters counts, but for words that say something else ("no", "na"); "Nga" is a name in some language, not a code."""
    if not written.isascii() or written in ("no", "na"):
        return False
    return written.isdigit() or written.isupper() or (written.islower() and written.isalpha())


def _rest_of(written: str) -> Place | None:
    """An unspecified rest ("Asia, Unspecified", "其他非洲国家") or an aggregate by its publisher's way of writing."""
    if found := _UNSPECIFIED_PART.match(written):
        label = next((part for part in found.groups() if part), "")
        return Place(None, UNSPECIFIED, label.strip(" ,"))
    return Place(None, REGION, written) if _AGGREGATE.search(written) else None


def _composite(written: str) -> Place | None:
    """All parts are names of the same country, or nothing."""
    for pattern in (_PARTS, _SCRIPTS):
        parts = [part for part in (p.strip(" ,.-") for p in pattern.split(written)) if part]
        if len(parts) > 1:
            found = {_country_code(part) for part in parts}
            if len(found) == 1 and None not in found:
                return Place(found.pop(), COUNTRY)
            candidates = tuple(sorted(code for code in found if code))
            if len(candidates) > 1:
                return Place(None, UNKNOWN, written, candidates, "its parts name different countries")
    return None


def _country_code(part: str) -> str | None:
    if _is_code(part):
        return _table()[_unfloated(part).lower()][0]
    found = _named(part)
    return found.code if found is not None and found.kind == COUNTRY else None


@cache
def _display() -> dict[str, tuple[str, str]]:
    """Alpha-3 code -> name in English and Chinese."""
    from babel import Locale

    names = {lang: Locale.parse(lang).territories for lang in ("en", "zh")}
    two = {
        key.upper(): entry[0]
        for key, entry in _table().items()
        if entry[1] == COUNTRY and len(key) == 2 and key.isascii()
    }
    return {code: (names["en"][alpha2], names["zh"][alpha2]) for alpha2, code in two.items() if alpha2 in names["en"]}


@cache
def _pool() -> tuple[list[str], list[str]]:
    pairs = [(plain(name), code) for code, both in sorted(_display().items()) for name in both]
    return [name for name, _ in pairs], [code for _, code in pairs]


def suggest(text: str, found: Place | None = None, n: int = 3) -> tuple[str, ...]:
    """The nearest names, "Name (CODE)", for a person to choose from; those that the text is known to be ambiguous between come first.

    >>> suggest("Indnesia")[0]
    'Indonesia (IDN)'
    """
    from rapidfuzz import fuzz, process

    found = found or place(text)
    chosen = list(found.candidates)
    names, owners = _pool()
    for _, _, index in process.extract(plain(text[:LONGEST_NAME]), names, scorer=fuzz.WRatio, limit=4 * n):
        if owners[index] not in chosen:
            chosen.append(owners[index])
    return tuple(f"{_display()[code][0]} ({code})" for code in chosen[:n] if code in _display())


def read_column(texts: Iterable[str]) -> dict[str, Place]:
    """What the distinct texts of one column mean.

    In a column of names, "NA" is more likely "not available" than Namibia, so it is not taken for the code there.

    >>> read_column(["NA", "China", "France"])["NA"].kind, read_column(["NA", "CN", "FR"])["NA"].code
    ('unspecified', 'NAM')
    """
    distinct = list(texts)
    found = {text: place(text) for text in distinct}
    others = [text for text in distinct if tidy(text) != "NA" and found[text].kind == COUNTRY]
    short = sum(len(tidy(text)) == 2 and tidy(text).isupper() for text in others)
    if others and 2 * short < len(others):
        found |= {text: Place(None, UNSPECIFIED) for text in distinct if tidy(text) == "NA"}
    return found


def resolve_countries(names: Iterable[str | None] | pd.Series) -> pd.DataFrame:
    """Find the country that each name means.

    Parameters
    ----------
    names
        Names or codes in any language and writing; None and NaN are "unspecified".

    Returns
    -------
    pandas.DataFrame
        One row a name, in the same order: `name` as given, `code` (ISO 3166-1 alpha-3, XKX for Kosovo; null if it is not one country of
        today), `kind` (country, region, unspecified, unknown), `suggestions` (for unknown names the nearest three, "Name (CODE)", parted by "; "),
        `reason` (why a known name is no country of today, or has several meanings).

    Notes
    -----
    Names come from ISO 3166-1 and -3, the Unicode CLDR in all its languages, country_converter and names/additions.csv. Ambiguous names ("Korea",
    "Congo", "NA" among names rather than codes) and states that were dissolved without one plain successor (USSR, Yugoslavia) are unknown, with suggestions.

    Examples
    --------
    >>> resolve_countries(["Viet Nam", "南朝鲜", "Europe", "N/A", "Yugoslavia"])[["name", "code", "kind"]]
             name code         kind
    0    Viet Nam  VNM      country
    1         南朝鲜  KOR      country
    2      Europe  NaN       region
    3         N/A  NaN  unspecified
    4  Yugoslavia  NaN      unknown
    """
    import pandas as pd

    given = [None if name is None or name is pd.NA or name != name else str(name) for name in names]
    found: dict[Any, Place] = {None: place(None), **read_column({name for name in given if name is not None})}
    near = suggestions(found)
    rows = [(name, *_public(found[name]), "; ".join(near.get(name, ())), found[name].reason) for name in given]
    return pd.DataFrame(rows, columns=["name", "code", "kind", "suggestions", "reason"]).astype(
        {"name": "str", "code": "str", "kind": "str", "suggestions": "str", "reason": "str"}
    )


def suggestions(found: Mapping[Any, Place]) -> dict[str | None, Sequence[str]]:
    """The nearest names for those texts that are unknown (the first `MOST_SUGGESTED` in alphabetical order)."""
    unknown = sorted(str(text) for text, p in found.items() if p.kind in (UNKNOWN, FORMER))
    return {text: suggest(text, found[text]) for text in unknown[:MOST_SUGGESTED]}


def _public(found: Place) -> tuple[str | None, str]:
    if found.kind == WORLD:
        return None, REGION
    return found.code if found.kind == COUNTRY else None, UNKNOWN if found.kind == FORMER else found.kind


def is_country_text(text: str) -> bool:
    """Whether a text names exactly one country of today.

    >>> is_country_text("法国"), is_country_text("法语")
    (True, False)
    """
    return place(fold(text)).kind == COUNTRY or place(text).kind == COUNTRY
