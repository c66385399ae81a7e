"""Which names of institutions may be one institution's: suggestions for an analyst, each with a score. Nothing is merged by them.

A name is taken apart into words that tell it from others, words that say what kind of institution it is (in any language, one word for all) and words that
tell nothing (names/institution_words.yml). Two names resemble each other when all the telling words of one are in the other, as they are, with a slip of
the pen, as an abbreviation or as initials; the score is the weight of the words that they share, in percent of the weight of all. Names in Chinese, Japanese
or Korean characters are compared by characters. Names in different scripts never resemble each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from pipeline.records.text import plain, tidy

PART = 80.0  # the score of a name that begins with another
MOST = 99.0  # certainty is not a matter of resemblance
_WEIGHT, _KIND, _UNIVERSITY, _PLACE = 1.0, 0.8, 0.2, 0.5
_ABBREVIATED, INITIALS = 0.9, 0.95
_ROWS = 512  # words compared with all others at a time
_FILE = Path(__file__).parent / "names" / "institution_words.yml"
_DOTTED = re.compile(r"(\w{3,})\.(?!\w)")
_CAPITALS = re.compile(r"\b[A-Z]{2,6}\b")
_SIGNS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}


class _Words(NamedTuple):
    """The words of the file, each by its writing."""

    kinds: dict[str, str]
    short: dict[str, tuple[str, ...]]
    small: frozenset[str]
    places: dict[str, str]
    endings: dict[str, str]
    characters: dict[int, str]


@cache
def _words() -> _Words:
    import yaml

    given = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return _Words(
        {writing: kind for kind, writings in given["kinds"].items() for writing in writings},
        {writing: tuple(kinds) for writing, kinds in given["short"].items()},
        frozenset(given["small"]),
        {writing: names[0] for names in given["places"] for writing in names},
        dict(given["endings"]),
        str.maketrans(given["characters"]),
    )


class Word(NamedTuple):
    """A word of a name: its text (of a kind or place, the one for all its writings), first letter, and what it weighs."""

    text: str
    initial: str
    weight: float
    kind: bool = False


@dataclass(frozen=True)
class Parsed:
    """A name taken apart.

    Attributes
    ----------
    words
        In their order, without those that tell nothing.
    initials
        Of these words, and of all words.
    shortened
        Telling words that are cut short by a full stop.
    capitals
        Words in capitals, while the name has other letters or no other word: they may be initials.
    signs
        Its Chinese, Japanese or Korean characters, the traditional ones simplified.
    """

    words: tuple[Word, ...]
    initials: tuple[str, str]
    shortened: frozenset[str]
    capitals: frozenset[str]
    signs: str

    @cached_property
    def telling(self) -> list[Word]:
        """The words that tell the name from others."""
        return [word for word in self.words if not word.kind]

    @cached_property
    def plainly(self) -> frozenset[str]:
        """Those of them that are neither cut short nor initials."""
        return frozenset(word.text for word in self.telling) - self.shortened - self.capitals


def parse(name: str, slips: Mapping[str, str] | None = None) -> Parsed:
    """Take a name apart.

    Parameters
    ----------
    name
        As it is kept.
    slips
        Miswritten words for a kind of institution, and that kind's word (`slips_of_kinds`).

    Examples
    --------
    >>> [word.text for word in parse("Technische Universität München").words]
    ['technical', 'university', 'munchen']
    """
    known, text = _words(), tidy(name)
    signs = "".join(_SIGNS.findall(text)).translate(known.characters)
    rest = _SIGNS.sub(" ", text)
    tokens = plain(rest).split()
    shortened = frozenset(plain(found) for found in _DOTTED.findall(rest))
    mixed = any(c.islower() for c in rest) or len(tokens) == 1
    capitals = frozenset(found.lower() for found in _CAPITALS.findall(rest)) if mixed else frozenset()
    words: list[Word] = []
    for token in tokens:
        if token in known.short:
            words += [_kind(kind, kind[0]) for kind in known.short[token]]
        elif kind := known.kinds.get(token) or (slips or {}).get(token):
            words.append(_kind(kind, token[0]))
        elif token in known.places:
            words.append(Word(known.places[token], token[0], _PLACE))
        elif token not in known.small:
            words.append(Word(_ROMAN.get(token, token), token[0], _WEIGHT))
    initials = ("".join(word.initial for word in words), "".join(token[0] for token in tokens))
    return Parsed(tuple(dict.fromkeys(words)), initials, shortened, capitals, signs)


def _kind(kind: str, initial: str) -> Word:
    return Word(kind, initial, _UNIVERSITY if kind == "university" else _KIND, kind=True)


Near = Mapping[tuple[str, str], float]  # two words, and how alike they are (0 to 1)


def score(one: Parsed, other: Parsed, near: Near) -> float:
    """How much two names resemble each other, 0 to 99.

    Parameters
    ----------
    one, other
        Names taken apart.
    near
        Pairs of telling words that differ by a slip (`near_words`), in both orders.

    Examples
    --------
    >>> def of(one, other):
    ...     names = parse(one), parse(other)
    ...     return round(score(*names, near_words({w.text for name in names for w in name.telling})))
    >>> of("TU München", "Technical University of Munich"), of("Univ. of Aldregate", "Aldergate University")
    (99, 91)
    >>> of("LMU München", "Ludwig-Maximilians-Universität München"), of("北大", "北京大学"), of("University of Paris 1", "University of Paris 3")
    (96, 82, 0)
    >>> of("Aldergate University", "Aldergate Institute of Science")
    53
    """
    return min(MOST, max(_by_words(one, other, near), _by_signs(one.signs, other.signs)))


def _by_words(one: Parsed, other: Parsed, near: Near) -> float:
    numbers = _numbers(one), _numbers(other)
    if not one.words or not other.words or (all(numbers) and numbers[0] != numbers[1]):
        return 0.0
    if _lacks(one, other, near) and _lacks(other, one, near):
        return 0.0
    alike = [_found(one, other, near), _found(other, one, near)]
    runs = [_runs(one, other, alike[0]), _runs(other, one, alike[1])]
    for mine, theirs in ((0, 1), (1, 0)):
        for _, covered in runs[mine]:
            alike[theirs].update(dict.fromkeys(covered, INITIALS))
    if all(any(w not in found for w in name.telling) for name, found in zip((one, other), alike, strict=True)):
        return 0.0
    shared = total = 0.0
    for name, found, own in zip((one, other), alike, runs, strict=True):
        stands_for = {word: sum(w.weight for w in covered) for word, covered in own}
        for word in name.words:
            weight = stands_for.get(word, word.weight)
            total += weight
            shared += weight * found.get(word, 0.0)
    return 100.0 * shared / total if any(word in alike[0] for word in one.telling) else 0.0


def _lacks(one: Parsed, other: Parsed, near: Near) -> bool:
    """Whether a telling word of one name is surely not in the other; quick, as it decides about most pairs."""
    missing = one.plainly.difference(word.text for word in other.telling)
    if not missing or other.shortened or other.capitals:
        return False
    return any(not any((word, there.text) in near for there in other.telling) for word in missing)


def _numbers(name: Parsed) -> set[str]:
    return {word.text for word in name.words if any(c.isdigit() for c in word.text)}


def _found(one: Parsed, other: Parsed, near: Near) -> dict[Word, float]:
    """The words of one name that are in the other, and how alike they are there."""
    found = {}
    for word in one.words:
        best = 0.0
        for there in other.words:
            if word.kind != there.kind:
                continue
            if word.text == there.text:
                best = 1.0
                break
            if not word.kind:
                cut = _cut_short(word, one, there) or _cut_short(there, other, word)
                best = max(best, near.get((word.text, there.text), 0.0), _ABBREVIATED if cut else 0.0)
        if best:
            found[word] = best
    return found


def _cut_short(word: Word, name: Parsed, whole: Word) -> bool:
    return word.text in name.shortened and whole.text.startswith(word.text)


def _runs(one: Parsed, other: Parsed, found: dict[Word, float]) -> list[tuple[Word, list[Word]]]:
    """Telling words of one name that are initials of words next to each other in the other; they are then found there."""
    runs = []
    for word in one.telling:
        if word in found or word.text not in one.capitals:
            continue
        at = other.initials[0].find(word.text)
        if at >= 0 and len(other.initials[0]) == len(other.words):
            found[word] = INITIALS
            runs.append((word, list(other.words[at : at + len(word.text)])))
    return runs


def _by_signs(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return 97.0
    short, full = sorted((one, other), key=len)
    for ending, abbreviated in _words().endings.items():
        if full.startswith(short) and short.endswith(ending):
            return PART  # a part of it: a school, a campus
        if full.endswith(ending) and short.endswith(abbreviated) and not short.endswith(ending):
            few, many = short.removesuffix(abbreviated), full.removesuffix(ending)
            if few and few[0] == many[0] and 2 * len(few) >= len(many) and _in_order(few, many):
                return 70.0 + 25.0 * len(few) / len(many)
    return 0.0


def _in_order(few: str, many: str) -> bool:
    left = iter(many)
    return all(sign in left for sign in few)


def near_words(words: Iterable[str]) -> dict[tuple[str, str], float]:
    """Pairs of words, in both orders, of which one may be a slip of the pen for the other, and how alike they are.

    One letter left out, added, changed or exchanged with its neighbour, in words of five letters or more; two in words of nine, which then begin alike.

    >>> sorted(near_words(["aldergate", "aldregate", "elmwick", "elmvale"]))
    [('aldergate', 'aldregate'), ('aldregate', 'aldergate')]
    """
    chosen = sorted(w for w in set(words) if len(w) >= 5 and not any(c.isdigit() for c in w))
    found = {}
    for one, other, slips in _within(chosen, chosen, 2):
        longest = max(len(one), len(other))
        if one != other and (slips == 1 or (longest >= 9 and one[0] == other[0])):
            found[one, other] = 1.0 - slips / longest
    return found


def _within(words: Sequence[str], others: Sequence[str], slips: int) -> Iterator[tuple[str, str, int]]:
    import numpy as np
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    for at in range(0, len(words), _ROWS):
        part = words[at : at + _ROWS]
        distances = cdist(part, others, scorer=OSA.distance, score_cutoff=slips, dtype=np.uint8)
        for row, column in np.argwhere(distances <= slips):
            yield part[row], others[column], int(distances[row, column])


def slips_of_kinds(words: Iterable[str]) -> dict[str, str]:
    """Miswritten words for a kind of institution; short ones may be anything."""
    known = _words()
    kinds = [word for word in known.kinds if len(word) >= 8]
    unknown = sorted(w for w in words if len(w) >= 8 and w not in known.kinds and w not in known.places)
    found: dict[str, tuple[int, str]] = {}
    for word, kind, slips in _within(unknown, kinds, 2):
        if slips == 1 or len(word) >= 10:
            found[word] = min(found.get(word, (9, "")), (slips, known.kinds[kind]))
    return {word: kind for word, (_, kind) in found.items()}
