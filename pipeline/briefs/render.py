"""A brief's data as a page and as a PDF: both from the blocks alone, neither from the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.briefs import fonts
from pipeline.briefs.checks import check
from pipeline.briefs.document import Data, Document, read_document, texts
from pipeline.briefs.fonts.embed import font_faces
from pipeline.briefs.glossary import with_glossary
from pipeline.briefs.markup import plain
from pipeline.briefs.markup_html import block_html
from pipeline.briefs.typeset import kept_together, laid_out, typeset
from pipeline.briefs.words import Words

TEMPLATES = Path(__file__).parent / "templates"
_DRAWN = ("svg", "data", "url", "color", "id", "type", "kind", "align", "key")


@dataclass(frozen=True)
class Rendered:
    """A finished file: its content, and the characters that no font has and 〓 stands for."""

    content: str | bytes
    replaced: list[str]


def finished(notebook: Mapping[str, Any]) -> Document:
    """The brief in a notebook, checked."""
    document = read_document(notebook)
    check(document)
    return document


# The page --------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def _sections(blocks: list[Data]) -> list[dict[str, Any]]:
    """Blocks grouped under their sections; the first group, before any section, has no id."""
    groups: list[dict[str, Any]] = [{"id": "", "title": "", "blocks": []}]
    for block in blocks:
        if block["type"] == "section":
            groups.append({"id": block["id"], "title": plain(block["title"]), "blocks": []})
        groups[-1]["blocks"].append(block)
    return [group for group in groups if group["blocks"]]


def render_html(notebook: Mapping[str, Any]) -> Rendered:
    """The brief as one self-contained page.

    Parameters
    ----------
    notebook
        An executed notebook whose outputs carry blocks.

    Raises
    ------
    BriefError
        When the brief is not finished (see `checks.check`).
    """
    document = with_glossary(finished(notebook))
    words = Words(document.language)
    labels = {
        "data": words("Data of this figure"),
        "download": words("Download as CSV"),
        "skip": words("Skip to the brief"),
        "contents": words("Contents"),
        "between": "" if words.language == "zh" else " ",
    }
    sections = _sections(document.blocks)
    for section in sections:
        section["html"] = "".join(block_html(block, labels) for block in section["blocks"])
    content = (
        _environment()
        .get_template("brief.html.j2")
        .render(
            lang=words.html_lang,
            title=plain(document.cover["title"]),
            cover=document.cover,
            head=block_html(document.cover),
            sections=sections,
            labels=labels,
            css=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
            faces=font_faces(_page_text(document, labels)),
        )
    )
    return Rendered(content, sorted(_missing_in_figures(document)))


def _page_text(document: Document, labels: Data) -> str:
    """All characters that the page may show, those of the figures' data too."""
    rows = [block["data"] for block in document.of_type("figure") if block.get("data")]
    cells = [str(value) for data in rows for row in (data["columns"], *data["rows"]) for value in row]
    said = texts([document.cover, *document.walk()])
    return "".join([*said, *cells, *labels.values()])


def _missing_in_figures(document: Document) -> set[str]:
    return {char for block in document.of_type("figure") for char in block.get("missing_glyphs", ())}


# The PDF ---------------------------------------------------------------------------------------------------------------


def _settable(value: Any, missing: set[str], key: str = "") -> Any:
    if isinstance(value, str):
        if key in _DRAWN:
            return value
        text, lost = fonts.settable(value)
        missing.update(lost)
        return text
    if isinstance(value, Mapping):
        return {
            name: inner if name in _DRAWN else _settable(inner, missing, name)
            for name, inner in value.items()
            if name not in ("data", "missing_glyphs", "evidence")
        }
    if isinstance(value, list | tuple):
        return [_settable(inner, missing, key) for inner in value]
    return value


LONG = 8  # sections from which on a PDF says on its first page where they are


def pdf_data(document: Document) -> tuple[Data, list[str]]:
    """What the Typst template reads, and the characters that were replaced."""
    missing = _missing_in_figures(document)
    cover = document.cover
    words = Words(document.language)
    lang, region = words.html_lang.split("-")
    data = {
        "lang": lang,
        "region": region,
        "title": plain(cover["title"]),
        "description": plain(cover["subtitle"]),
        "author": cover["author"],
        "running": plain(cover["running"]),
        "synthetic": cover["synthetic"],
        "cover": cover,
        "contents": {
            "title": words("Contents"),
            "shown": len([block for block in document.blocks if block["type"] == "section"]) >= LONG,
        },
        "blocks": [laid_out(block) for block in kept_together(document.blocks)],
    }
    return _settable(data, missing), sorted(missing)


def render_pdf(notebook: Mapping[str, Any]) -> Rendered:
    """The brief as a tagged PDF that passes Typst's PDF/UA-1 check; the same bytes for the same blocks.

    Parameters
    ----------
    notebook
        An executed notebook whose outputs carry blocks.

    Raises
    ------
    BriefError
        When the brief is not finished (see `checks.check`), or Typst refuses it.
    """
    data, replaced = pdf_data(finished(notebook))
    return Rendered(typeset(data), replaced)
