"""Country columns: of a person's stay, where only a country will do, and of published counts, where the world, regions and rests stand too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pipeline.records.countries import (
    COUNTRY,
    FORMER,
    REGION,
    UNKNOWN,
    UNSPECIFIED,
    WORLD,
    Place,
    place,
    read_column,
    suggestions,
)
from pipeline.records.reading import NOTHING, ColumnReader, Reading
from pipeline.records.text import fold, is_missing
from pipeline.sources.table import RawTable

Factory = Callable[[RawTable], ColumnReader]
_RULE = "country by name or code"


def one_country(column: str) -> Factory:
    """A factory of readers for a column in which each text must be one country of today; the value is its alpha-3 code."""

    def factory(table: RawTable) -> ColumnReader:
        return lambda texts: _read(table, column, texts, _strict)

    return factory


def any_place(column: str) -> Factory:
    """A factory of readers for a column of published counts.

    The value is alpha-3, "WLD", "region:Name", "_X" (unspecified; "_X:Asia" for an unspecified rest of something) or "former:Name"
    for a state that is no more; `extra` is (kind,).
    """

    def factory(table: RawTable) -> ColumnReader:
        return lambda texts: _read(table, column, texts, _wide)

    return factory


def _read(
    table: RawTable, column: str, texts: Iterable[str], judge: Callable[[str, Place, str], Reading]
) -> Mapping[str, Reading]:
    distinct = list(texts)
    codes = {fold(text): code for text, code in table.codes.get(column, {}).items()}
    places = read_column(distinct) | {text: place(codes[fold(text)]) for text in distinct if fold(text) in codes}
    near = suggestions({text: p for text, p in places.items() if not is_missing(text)})
    readings = {}
    for text in distinct:
        found = judge(text, places[text], "; ".join(near.get(text, ())))
        readings[text] = found._replace(rule="code of the source card") if found.rule and fold(text) in codes else found
    return readings


def _strict(text: str, found: Place, near: str) -> Reading:
    if found.kind == COUNTRY:
        return Reading(found.code, "" if found.code == text else _RULE)
    if found.kind == UNSPECIFIED:
        return NOTHING if is_missing(text) else Reading(problem="country not stated")
    return Reading(problem=_why(found), suggestions=near)


def _why(found: Place) -> str:
    if found.kind == FORMER:
        return f"a former state: {found.reason}"
    if found.kind in (REGION, WORLD):
        return "a region, not a country"
    return f"not one country: {found.reason}" if found.reason else "not a known country"


def _wide(text: str, found: Place, near: str) -> Reading:
    if found.kind in (COUNTRY, WORLD):
        return Reading(found.code, "" if found.code == text else _RULE, extra=(found.kind,))
    if found.kind == REGION:
        value = f"region:{found.label}"
        return Reading(value, "" if value == text else "region recognised", extra=(REGION,))
    if found.kind == UNSPECIFIED:
        return Reading(f"_X:{found.label}" if found.label else "_X", "unspecified recognised", extra=(UNSPECIFIED,))
    if found.kind == FORMER:
        return Reading(f"former:{found.label}", "former state recognised", extra=(FORMER,))
    assert found.kind == UNKNOWN
    return Reading(problem=_why(found), suggestions=near)
