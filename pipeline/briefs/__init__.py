"""How findings are said: blocks, words in two languages, charts, and the exporters that set them as HTML and PDF.

The names below are the room's doors; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_DOORS = {
    **dict.fromkeys(
        (
            "Cell",
            "Column",
            "Columns",
            "Cover",
            "Definitions",
            "Figure",
            "Finding",
            "Note",
            "Num",
            "Paragraph",
            "Provenance",
            "Section",
            "Sources",
            "Spark",
            "Swatch",
            "Table",
        ),
        "pipeline.briefs.blocks",
    ),
    "Words": "pipeline.briefs.words",
    **dict.fromkeys(("BriefError", "Document", "read_document"), "pipeline.briefs.document"),
    **dict.fromkeys(("render_html", "render_pdf"), "pipeline.briefs.render"),
    **dict.fromkeys(
        ("bars", "composition", "diverging", "dots", "panels", "sparkline", "trend"), "pipeline.briefs.charts"
    ),
    "write_data": "pipeline.briefs.downloads",
    "write_workbook": "pipeline.briefs.workbook",
}
__all__ = sorted(_DOORS)


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(_DOORS[name]), name)
    raise AttributeError(f"module 'pipeline.briefs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
