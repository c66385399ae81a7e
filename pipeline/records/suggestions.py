"""Suggestions: for each name of an institution the one that it resembles most, for an analyst to confirm or deny once. Nothing is merged by them.

Only names that share a telling word, or nearly, are compared (all pairs of words are held against each other by rapidfuzz, country by country), so that the
time grows with the names that are alike and not with the square of all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.records.aliases import form
from pipeline.records.institutions import Institution, Register
from pipeline.records.resemblance import INITIALS, Near, Parsed, near_words, parse, score, slips_of_kinds
from pipeline.records.text import plain

THRESHOLD = 80.0  # the score from which on a pair is suggested; chosen on the example university (docs/cleaning.md)
_COMMON = 150  # names of one country with one word, from which on the word alone brings no two of them together


def suggested(register: Register, source: str) -> list[dict[str, Any]]:
    """Rows of the table of suggestions: for each name the one it resembles most, of those written more often, if the score reaches `THRESHOLD`.

    Names that an analyst said are not the same, and institutions with different codes, are not suggested; neither is an abbreviation that fits several.
    """
    by_country: dict[str, list[Institution]] = defaultdict(list)
    for one in sorted(register.institutions, key=lambda i: (-i.times, i.name)):
        if one.writings and not one.name.endswith(f"({one.erasmus_code or one.ror})"):
            by_country[one.country].append(one)
    rows = []
    for country in sorted(by_country):
        ones = by_country[country]
        for place, target, found in _pairs(ones, register):
            first, second = ones[place], ones[target]
            codes = {
                name: code or None if ";" not in (code := getattr(second, name)) else None
                for name in ("ror", "erasmus_code")
            }
            row = {"written": first.name, "country": country, "institution": second.name, "same": None, **codes}
            rows.append(row | {"score": round(found, 1), "times": first.times, "source": source})
    return sorted(rows, key=lambda row: (-row["score"], -row["times"], row["country"], row["written"]))


def _pairs(ones: Sequence[Institution], register: Register) -> Iterator[tuple[int, int, float]]:
    """Places of the names of one country (the more frequent first) and of those that they resemble most, with the score."""
    slips = slips_of_kinds({token for one in ones for token in plain(one.name).split()})
    names = [parse(one.name, slips) for one in ones]
    near = near_words({word.text for name in names for word in name.telling})
    forms = [frozenset(form(writing) for writing in (one.name, *one.writings)) for one in ones]
    best: dict[int, tuple[float, int]] = {}
    scored = ((one, other, score(names[one], names[other], near)) for one, other in sorted(_candidates(names, near)))
    likely = [pair for pair in scored if pair[2] >= THRESHOLD]
    for target, written, found in (*likely, *_initials(names, {pair[:2] for pair in likely})):
        if found >= best.get(written, (0.0, 0))[0] and _may_be_one(written, target, ones, forms, register):
            best[written] = max(best.get(written, (0.0, 0)), (found, -target))
    for written, (found, target) in sorted(best.items()):
        yield written, -target, found


def _may_be_one(
    one: int, other: int, ones: Sequence[Institution], forms: Sequence[frozenset[str]], register: Register
) -> bool:
    first, second = ones[one], ones[other]
    for mine, theirs in ((first.ror, second.ror), (first.erasmus_code, second.erasmus_code)):
        if mine and theirs and not set(mine.split("; ")) & set(theirs.split("; ")):
            return False
    if forms[one] & forms[other]:  # kept apart by their codes: no name can bring them together
        return False
    return not any(register.aliases.denied(first.country, a, b) for a in forms[one] for b in forms[other])


def _candidates(names: Sequence[Parsed], near: Near) -> set[tuple[int, int]]:
    """Pairs of names that share a telling word, or nearly, or begin with the same character; they alone can resemble each other."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        for word in name.telling:
            places[word.text].append(place)
            for whole in [word.text[:3]] if word.text in name.shortened else []:
                places[f"{whole}."].append(place)
        if name.signs:
            places[name.signs[0]].append(place)
    alike: dict[str, set[str]] = defaultdict(set)
    for one, other in near:
        alike[one].add(other)
    found: set[tuple[int, int]] = set()
    for text, there in places.items():
        if len(there) <= _COMMON:
            found.update((a, b) for i, a in enumerate(there) for b in there[i + 1 :])
        for other in alike.get(text, ()):
            found.update((min(a, b), max(a, b)) for a in there for b in places[other][:_COMMON] if a != b)
    for text in [text for text in places if text.endswith(".")]:
        cut = [place for word, at in places.items() if word.startswith(text[:-1]) for place in at]
        found.update((min(a, b), max(a, b)) for a in places[text] for b in cut[:_COMMON] if a != b)
    return found


def _initials(names: Sequence[Parsed], likely: set[tuple[int, int]]) -> Iterator[tuple[int, int, float]]:
    """Names that are nothing but the initials of one other name of the country, or of several that are likely to be one."""
    by_initials: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if len(name.words) > 1:
            for initials in {*name.initials}:
                by_initials[initials].append(place)
    for place, name in enumerate(names):
        text = name.words[0].text if len(name.words) == 1 else ""
        fits = by_initials.get(text, [])
        if len(text) >= 3 and text in name.capitals and fits and all((fits[0], other) in likely for other in fits[1:]):
            target, written = sorted((place, fits[0]))
            yield target, written, 100.0 * INITIALS
