"""What a brief must have before it is published, and what must not be left in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.briefs.document import BriefError, Data, Document, texts
from pipeline.briefs.markup import plain
from pipeline.briefs.words import UNTRANSLATED

NEEDED = ("finding", "figure", "table")
_LEFTOVERS = (
    (re.compile(re.escape(UNTRANSLATED[0]) + r".*"), "a sentence without a translation"),
    (re.compile(r"(?<![\w-])(?:nan|NaN|NaT|<NA>|inf)(?![\w-])"), "a missing value written out"),
    (re.compile(r"(?<![\w-])None(?![\w-])(?! (?:of|are|is|were|was)\b)"), "a missing value written out"),
    (re.compile(r"\b(?:TODO|FIXME|XXX|TBD|[Ll]orem [Ii]psum)\b"), "a note to the writer"),
    (re.compile(r"\{[^{}]*\}"), "a placeholder that was not filled"),
    (re.compile(r"\*\*(?!.*\*\*)"), "a mark for bold text that is not closed"),
)


def leftover(text: str) -> tuple[str, str] | None:
    """What must not be printed in a text, and why; None when it is clean.

    >>> leftover("up by nan%")
    ('nan', 'a missing value written out')
    >>> leftover("Students from Nanjing rose; none of them left.") is None
    True
    """
    for pattern, reason in _LEFTOVERS:
        found = pattern.search(plain(text))
        if found:
            return found[0], reason
    return None


def _name(block: Data) -> str:
    return f"{block['type']} {block['id']!r}" if block.get("id") else f"a {block['type']}"


def _lacking(document: Document) -> Iterator[BriefError]:
    for kind in NEEDED:
        if not document.of_type(kind):
            yield BriefError(
                "the brief", f"has no {kind}.", "Was there nothing to show? Look at the result tables it reads."
            )


def _empty_sections(document: Document) -> Iterator[BriefError]:
    after = [*document.blocks[1:], {"type": "section"}]
    for block, following in zip(document.blocks, after, strict=False):
        if block["type"] == "section" and following["type"] == "section":
            yield BriefError(
                _name(block), "is a heading with nothing under it.", "Leave the section out, or say why it is empty."
            )


def _wrong_blocks(document: Document) -> Iterator[BriefError]:
    seen: set[str] = set()
    for block in document.walk():
        identity = block.get("id")
        if identity in seen:
            yield BriefError(_name(block), "has an id that another block has.", "Give each block its own.")
        if identity:
            seen.add(identity)
        if block["type"] == "figure" and not str(block.get("alt", "")).strip():
            yield BriefError(_name(block), "has no alternative text.", "Give alt, or let the chart describe itself.")


def _leftovers(document: Document) -> Iterator[BriefError]:
    for block in [document.cover, *document.walk()]:
        for text in texts(block):
            found = leftover(text)
            if found:
                where = _name(block)
                yield BriefError(where, f"says {found[0][:80]!r}: {found[1]}.", "Mend the sentence or its catalogue.")


def problems(document: Document) -> list[BriefError]:
    """Everything that keeps a brief from being published, in the order of reading."""
    return [p for check in (_lacking, _empty_sections, _wrong_blocks, _leftovers) for p in check(document)]


def check(document: Document) -> None:
    """Raise the first problem of a brief, and say how many more there are.

    Raises
    ------
    BriefError
        When it has no finding, figure or table, an empty section, a figure without alternative text, an id twice, or text
        that no reader should see.
    """
    found = problems(document)
    if found:
        first, more = found[0], len(found) - 1
        also = f" ({more} more like it or other problems)" if more else ""
        raise BriefError(first.where, first.problem, first.todo + also)
