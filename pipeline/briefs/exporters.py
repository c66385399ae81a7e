"""The nbconvert exporters: `jupyter nbconvert --to mobility_html`, `mobility_pdf`, `mobility_xlsx`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbconvert.exporters.exporter import Exporter
from traitlets import Unicode

from pipeline.briefs.render import Rendered, finished, render_html, render_pdf
from pipeline.briefs.workbook import workbook_bytes


class _BriefExporter(Exporter):
    """Reads the blocks in a notebook's outputs; cells, prompts and other outputs are left out."""

    _render: Callable[[Any], Rendered]

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[Any, dict[str, Any]]:
        """The finished brief, and resources with `replaced`: characters that no font has.

        Raises
        ------
        BriefError
            When the notebook is not a finished brief.
        """
        found = self._init_resources(resources)
        rendered = self._render(nb)
        found["replaced"] = rendered.replaced
        return rendered.content, found


class BriefHTMLExporter(_BriefExporter):
    """A brief as one self-contained, accessible HTML page."""

    export_from_notebook = "Brief (HTML)"
    file_extension = Unicode(".html")
    output_mimetype = "text/html"

    _render = staticmethod(render_html)


class BriefPDFExporter(_BriefExporter):
    """A brief as a tagged PDF (PDF/UA-1 by Typst's check)."""

    export_from_notebook = "Brief (PDF)"
    file_extension = Unicode(".pdf")
    output_mimetype = "application/pdf"

    _render = staticmethod(render_pdf)


class BriefTablesExporter(_BriefExporter):
    """The tables of a brief as an accessible workbook."""

    export_from_notebook = "Brief (tables)"
    file_extension = Unicode(".xlsx")
    output_mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def _render(self, notebook: Any) -> Rendered:
        return Rendered(workbook_bytes(finished(notebook)), [])
