"""A brief as its exporters see it: the blocks that an executed notebook left, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.briefs.blocks import MIME
from pipeline.errors import MobilityError

Data = dict[str, Any]
# What a block holds beside its words: drawings, ids, addresses, codes, row data.
UNSAID = frozenset(
    (
        "svg",
        "id",
        "url",
        "type",
        "color",
        "align",
        "kind",
        "key",
        "language",
        "data",
        "author",
        "missing_glyphs",
        "evidence",
    )
)


class BriefError(MobilityError):
    """A notebook that is not a finished brief: names what is missing or wrong, and what to do."""


@dataclass(frozen=True)
class Document:
    """A brief's cover and the blocks after it."""

    cover: Data
    blocks: list[Data]

    @property
    def language(self) -> str:
        """The language of the brief."""
        return str(self.cover["language"])

    def walk(self) -> Iterator[Data]:
        """Every block, those in columns too, in the order of reading."""
        yield from walk(self.blocks)

    def of_type(self, kind: str) -> list[Data]:
        """The blocks of a type."""
        return [block for block in self.walk() if block["type"] == kind]


def walk(blocks: Sequence[Data]) -> Iterator[Data]:
    """Blocks and those inside them."""
    for block in blocks:
        if block["type"] == "columns":
            yield from walk(block["left"])
            yield from walk(block["right"])
        else:
            yield block


def read_document(notebook: Mapping[str, Any]) -> Document:
    """The brief in an executed notebook.

    Parameters
    ----------
    notebook
        A notebook as nbformat gives it; only outputs that carry blocks are looked at.

    Raises
    ------
    BriefError
        When a cell ended with an error, or the notebook has no cover, or it is not first, or there are two.
    """
    blocks: list[Data] = []
    for number, cell in enumerate(notebook["cells"], 1):
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                said = f"{output.get('ename', '')}: {output.get('evalue', '')}".strip(": ")
                raise BriefError(
                    f"cell {number}", f"ended with an error ({said}).", "Mend it and run the notebook again."
                )
            block = output.get("data", {}).get(MIME)
            if block is not None:
                blocks.append(dict(block))
    covers = [block for block in blocks if block["type"] == "cover"]
    if len(covers) != 1 or blocks[0]["type"] != "cover":
        found = "none" if not covers else f"{len(covers)}" if len(covers) > 1 else "one, but after other blocks"
        raise BriefError(
            "the notebook", f"needs one Cover as its first block; it has {found}.", "Show blocks.Cover first."
        )
    return Document(covers[0], levelled(blocks[1:]))


def levelled(blocks: Sequence[Data]) -> list[Data]:
    """The blocks with the heading level of figures and tables: 2 before the first section, 3 after, so that none is skipped.

    >>> levelled([{"type": "table"}, {"type": "section"}, {"type": "table"}])[2]
    {'type': 'table', 'level': 3}
    """
    seen, out = False, []

    def set_level(block: Data) -> Data:
        if block["type"] == "columns":
            return {
                **block,
                "left": [set_level(b) for b in block["left"]],
                "right": [set_level(b) for b in block["right"]],
            }
        return {**block, "level": 3 if seen else 2} if block["type"] in ("figure", "table") else block

    for block in blocks:
        seen = seen or block["type"] == "section"
        out.append(set_level(block))
    return out


def texts(block: Any, key: str = "") -> Iterator[str]:
    """Every text of a block that a reader sees; drawings, ids, addresses and row data are left out."""
    if key in UNSAID:
        return
    if isinstance(block, str):
        yield block
    elif isinstance(block, Mapping):
        for name, value in block.items():
            yield from texts(value, name)
    elif isinstance(block, list | tuple):
        for value in block:
            yield from texts(value, key)
