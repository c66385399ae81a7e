"""The parts of a brief. Each shows itself in Jupyter as HTML and carries its data for the page and the PDF.

A block's MIME bundle has two entries: `text/html`, and `application/vnd.student-mobility.block+json` with everything the exporters
need (text, cells, SVG, alternative text, row data), so that neither format is scraped from the other. Text fields are final
words in the brief's language; **bold** is the only markup.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pipeline.briefs.markup import plain
from pipeline.briefs.words import UNKNOWN, unknown

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.briefs.charts import Chart

MIME = "application/vnd.student-mobility.block+json"
TEXT_WIDTH = 170.0  # mm, the measure of the PDF page
GUTTER = 8.0  # mm, between two columns
NARROW = 90.0  # mm, a telephone's screen
# A clean table and what picks the rows behind a number: {"table": "counts", "where": {column: value, list, or conditions}},
# conditions being {"from": …, "to": …} (inclusive) or {"not": [values]}; under "any", ways to be picked of which one is enough. What `mobility explain` looks up.
Evidence = Mapping[str, Any]


class Block(ABC):
    """A part of a brief."""

    block_type: ClassVar[str]

    @abstractmethod
    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        """The block's data, as JSON-ready values; `width` in millimetres is what the page gives it."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from pipeline.briefs.markup_html import block_html

        data = self.to_json()
        return {"text/html": block_html(data), MIME: data, "text/plain": repr(self)}

    def __repr__(self) -> str:
        title = getattr(self, "title", "") or getattr(self, "text", "")
        return f"<{type(self).__name__} {plain(str(title))[:60]}>"


def identifier(text: str) -> str:
    """Check an id: lower-case letters, digits, full stops and hyphens, so that it serves as anchor and file name.

    >>> identifier("total-2025")
    'total-2025'
    """
    if not re.fullmatch(r"[a-z][a-z0-9.-]*", text):
        raise ValueError(f"{text!r} is not an id: use lower-case letters, digits, full stops and hyphens.")
    return text


def _needed(name: str, text: str, owner: str) -> None:
    if not text.strip():
        raise ValueError(f"{owner} needs {name}.")


@dataclass(repr=False)
class Cover(Block):
    """The head of the brief: one a brief, and first.

    `title` is the main finding, `subtitle` says what and when, `kicker` the kind of brief; `running` stands at the foot of every page;
    `synthetic`, when set, is the banner shown on every page of a brief made from invented data.
    """

    kicker: str
    title: str
    subtitle: str
    language: str = "en"
    synthetic: str | None = None
    running: str = ""
    author: str = "student-mobility"
    block_type: ClassVar[str] = "cover"

    def __post_init__(self) -> None:
        _needed("a title", self.title, "Cover")

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        running = self.running or " · ".join(part for part in (self.kicker, self.subtitle) if part)
        return {"type": self.block_type, **vars(self), "running": running}


@dataclass(repr=False)
class Finding(Block):
    """A sentence with its number, base, year and source; `id` is what `mobility explain` takes."""

    id: str
    text: str
    base: str = ""
    source: str = ""
    evidence: Sequence[Evidence] = ()
    block_type: ClassVar[str] = "finding"

    def __post_init__(self) -> None:
        identifier(self.id)
        _needed("text", self.text, f"Finding {self.id}")

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        return {"type": self.block_type, **vars(self), "evidence": list(self.evidence)}


@dataclass(repr=False)
class Section(Block):
    """A heading, with a sentence that says what the section found."""

    id: str
    title: str
    lead: str = ""
    block_type: ClassVar[str] = "section"

    def __post_init__(self) -> None:
        identifier(self.id)
        _needed("a title", self.title, f"Section {self.id}")

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        return {"type": self.block_type, **vars(self)}


@dataclass(repr=False)
class Paragraph(Block):
    """Running text."""

    text: str
    block_type: ClassVar[str] = "paragraph"

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        return {"type": self.block_type, "text": self.text}


def frame_json(data: pd.DataFrame | None) -> dict[str, Any] | None:
    """A frame as columns and rows, missing values as null.

    >>> import pandas as pd
    >>> frame_json(pd.DataFrame({"year": [2024, 2025], "value": [1.5, None]}))
    {'columns': ['year', 'value'], 'rows': [[2024, 1.5], [2025, None]]}
    """
    if data is None:
        return None
    rows = [[_scalar(value) for value in row] for row in data.itertuples(index=False, name=None)]
    return {"columns": [str(name) for name in data.columns], "rows": rows}


def _scalar(value: Any) -> Any:
    if unknown(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


@dataclass(repr=False)
class Figure(Block):
    """A chart with its title, caption, source, alternative text and data.

    Parameters
    ----------
    chart
        What `pipeline.briefs.charts` gives.
    alt
        Alternative text; made from the chart's data when left out. Empty is an error.
    data
        The rows behind the chart, with headings a reader understands; the chart's own when left out.

    Raises
    ------
    ValueError
        When id, title or alternative text is wrong or empty.
    """

    id: str
    title: str
    chart: Chart
    caption: str = ""
    source: str = ""
    alt: str | None = None
    data: pd.DataFrame | None = None
    evidence: Sequence[Evidence] = ()
    block_type: ClassVar[str] = "figure"

    def __post_init__(self) -> None:
        identifier(self.id)
        _needed("a title", self.title, f"Figure {self.id}")
        if self.alt is None:
            self.alt = self.chart.describe()
        _needed("alternative text (alt)", self.alt, f"Figure {self.id}")

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        data = self.chart.table() if self.data is None else self.data
        return {
            "type": self.block_type,
            "id": self.id,
            "title": self.title,
            "caption": self.caption,
            "source": self.source,
            "alt": self.alt,
            "svg": {"page": self.chart.svg(width), "narrow": self.chart.svg(NARROW, narrow=True)},
            "data": frame_json(data),
            "missing_glyphs": self.chart.missing_glyphs,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True)
class Num:
    """A number in a table: its value (for the workbook) and how it is written."""

    value: float | int | None
    text: str


@dataclass(frozen=True)
class Spark:
    """A sparkline in a table: a chart from `charts.sparkline`, and what it shows in words."""

    chart: Chart
    alt: str = ""


@dataclass(frozen=True)
class Swatch:
    """A patch of colour with its name."""

    color: str
    text: str


Cell = str | Num | Spark | Swatch | None


@dataclass(frozen=True)
class Column:
    """A column: its key in the rows, heading, alignment ("left", "right", "center") and kind.

    Kinds: "text"; "number"; "change" (a signed number, a fall coloured); "spark"; "note" (small, grey). Alignment follows the kind.
    """

    key: str
    label: str
    align: str = ""
    kind: str = "text"

    def __post_init__(self) -> None:
        if self.kind not in ("text", "number", "change", "spark", "note"):
            raise ValueError(f"{self.kind!r} is not a kind of column.")
        if not self.align:
            by_kind = {"number": "right", "change": "right", "spark": "center"}
            object.__setattr__(self, "align", by_kind.get(self.kind, "left"))


@dataclass(repr=False)
class Table(Block):
    """A table; its first column names the rows.

    `rows` map column keys to cells: text, `Num`, `Spark`, `Swatch`, or None for unknown (printed –, never 0).

    Raises
    ------
    ValueError
        When there are no columns or rows, or a cell is a bare number (say it with `Words.number` in a `Num`).
    """

    id: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Cell]]
    caption: str = ""
    source: str = ""
    notes: Sequence[str] = ()
    evidence: Sequence[Evidence] = ()
    block_type: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        identifier(self.id)
        _needed("a title", self.title, f"Table {self.id}")
        if not self.columns or not self.rows:
            raise ValueError(f"Table {self.id} needs columns and rows.")

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        return {
            "type": self.block_type,
            "id": self.id,
            "title": self.title,
            "caption": self.caption,
            "source": self.source,
            "notes": list(self.notes),
            "evidence": list(self.evidence),
            "columns": [vars(column) for column in self.columns],
            "rows": [[self._cell(column, row.get(column.key)) for column in self.columns] for row in self.rows],
        }

    def _cell(self, column: Column, cell: Cell) -> dict[str, Any]:
        if isinstance(cell, Num):
            return {"text": cell.text, "value": _scalar(cell.value)}
        if isinstance(cell, Spark):
            return {"text": "", "svg": cell.chart.svg(16), "alt": cell.alt or cell.chart.describe()}
        if isinstance(cell, Swatch):
            return {"text": cell.text, "color": cell.color}
        if isinstance(cell, str):
            return {"text": cell}
        if unknown(cell):
            return {"text": UNKNOWN, "unknown": True}
        raise ValueError(f"Table {self.id}, column {column.key}: {cell!r} is neither words nor a Num.")


@dataclass(repr=False)
class Note(Block):
    """A box beside the text; kind "care" (how not to misread), "method" or "gap" (what cannot be said, and why)."""

    title: str
    text: str
    kind: str = "care"
    block_type: ClassVar[str] = "note"

    def __post_init__(self) -> None:
        if self.kind not in ("care", "method", "gap"):
            raise ValueError(f"{self.kind!r} is not a kind of note: care, method or gap.")
        _needed("text", self.text, "Note")

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        return {"type": self.block_type, "title": self.title, "text": self.text, "kind": self.kind}


@dataclass(repr=False)
class Columns(Block):
    """Blocks side by side; `ratio` is the left column's share of the width. On a telephone they follow each other."""

    left: Block | Sequence[Block]
    right: Block | Sequence[Block]
    ratio: float = 0.5
    block_type: ClassVar[str] = "columns"

    def __post_init__(self) -> None:
        if not 0.2 <= self.ratio <= 0.8:
            raise ValueError(f"ratio {self.ratio} is not between 0.2 and 0.8.")

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        room = width - GUTTER
        sides = ((self.left, room * self.ratio), (self.right, room * (1 - self.ratio)))
        left, right = ([b.to_json(share) for b in ([s] if isinstance(s, Block) else s)] for s, share in sides)
        return {"type": self.block_type, "left": left, "right": right, "ratio": self.ratio}


@dataclass(repr=False)
class Definitions(Block):
    """Terms and what they mean here."""

    items: Sequence[tuple[str, str]]
    block_type: ClassVar[str] = "definitions"

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        return {"type": self.block_type, "items": [list(item) for item in self.items]}


@dataclass(repr=False)
class Provenance(Block):
    """How the brief was made: pairs of a label and its value (data, rows, version, settings)."""

    items: Sequence[tuple[str, str]]
    block_type: ClassVar[str] = "provenance"

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        return {"type": self.block_type, "items": [list(item) for item in self.items]}


@dataclass(repr=False)
class Sources(Block):
    """What was read: text, or pairs of text and web address."""

    items: Sequence[str | tuple[str, str]] = field(default_factory=list)
    block_type: ClassVar[str] = "sources"

    def to_json(self, width: float = TEXT_WIDTH) -> dict[str, Any]:
        pairs = [(item, "") if isinstance(item, str) else item for item in self.items]
        return {"type": self.block_type, "items": [{"text": text, "url": url} for text, url in pairs]}
