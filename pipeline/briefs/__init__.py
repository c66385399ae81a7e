"""How findings are said: blocks, words in two languages, charts, and the exporters that set them as HTML and PDF.

The names below are the room's doors; each is imported when it is first used.
"""

from __future__ import annotations

from pipeline.doors import doors

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
__getattr__, __dir__ = doors(__name__, _DOORS)
