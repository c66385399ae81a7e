"""Identifiers of institutions: ROR ids, whose checksum is tested, and Erasmus codes, in the one form in which they are kept."""

from __future__ import annotations

import re

from pipeline.records.reading import NOTHING, Reading
from pipeline.records.text import is_missing, tidy

ROR_PATTERN = r"^https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}$"
ERASMUS_PATTERN = r"^(?:[A-Z]  |[A-Z]{2} |[A-Z]{3})[A-Z][A-Z'.-]{0,6}[0-9]{2,3}$"
_ROR = re.compile(r"(?:(?:https?://)?(?:www\.)?ror\.org/)?(0[0-9a-z]{6}[0-9]{2})/?")
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_PREFIXES = "A B BG CH CY CZ D DK E EE F FO G HR HU I IRL IS LI LT LUX LV MK MT N NL P PL RO RS S SF SI SK TR UK"
_ERASMUS = re.compile(
    rf"({'|'.join(_PREFIXES.split())}) +([A-Z][A-Z'.-]{{0,6}})([0-9]{{2,3}})|(IRL|LUX)([A-Z][A-Z'.-]{{0,6}})([0-9]{{2,3}})"
)


def ror_of(written: str) -> Reading:
    """A ROR id as its address.

    Nine characters: 0, six of Crockford's base 32, and two digits that are 98 less the remainder of a hundred times the number before them by 97
    (ISO/IEC 7064). A slip of one character, or two exchanged, is always found.

    >>> ror_of("02kkvpp62").value, ror_of("ROR.org/02kkvpp62").value
    ('https://ror.org/02kkvpp62', 'https://ror.org/02kkvpp62')
    >>> ror_of("02kkvpp63").problem
    'not a ROR id: its check digits are wrong'
    """
    if is_missing(written):
        return NOTHING
    found = _ROR.fullmatch(tidy(written).lower())
    if found is None:
        return Reading(problem="not a ROR id (expected the form https://ror.org/02kkvpp62)")
    number = 0
    for character in found[1][:-2]:
        if character not in _DIGITS:
            return Reading(problem=f"not a ROR id: {character} never stands in one")
        number = number * 32 + _DIGITS.index(character)
    if 98 - number * 100 % 97 != int(found[1][-2:]):
        return Reading(problem="not a ROR id: its check digits are wrong")
    value = f"https://ror.org/{found[1]}"
    return Reading(value, "" if value == written else "identifier in its usual form")


def erasmus_code_of(written: str) -> Reading:
    """An Erasmus code: a country's prefix filled up to three places, up to seven letters of the city, and a number.

    >>> erasmus_code_of("d munchen02").value, erasmus_code_of("IRLDUBLIN01").value
    ('D  MUNCHEN02', 'IRLDUBLIN01')
    >>> erasmus_code_of("NLEIDEN01").problem
    'not an Erasmus code (expected the form D  MUNCHEN02)'
    """
    if is_missing(written):
        return NOTHING
    found = _ERASMUS.fullmatch(tidy(written).upper())
    if found is None:
        return Reading(problem="not an Erasmus code (expected the form D  MUNCHEN02)")
    prefix, city, number = found.groups()[:3] if found[1] else found.groups()[3:]
    value = f"{prefix:<3}{city}{number}"
    return Reading(value, "" if value == written else "identifier in its usual form")
