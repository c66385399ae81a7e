"""The two nbconvert exporters: `jupyter nbconvert --to mobility_html` and `--to mobility_pdf`."""

from __future__ import annotations

from typing import Any

from nbconvert.exporters.exporter import Exporter
from traitlets import Unicode

from pipeline.briefs.render import Rendered, render_html, render_pdf


class _BriefExporter(Exporter):
    """Reads the blocks in a notebook's outputs; cells, prompts and other outputs are left out."""

    def _render(self, notebook: Any) -> Rendered:
        raise NotImplementedError

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

    def _render(self, notebook: Any) -> Rendered:
        return render_html(notebook)


class BriefPDFExporter(_BriefExporter):
    """A brief as a tagged PDF (PDF/UA-1 by Typst's check)."""

    export_from_notebook = "Brief (PDF)"
    file_extension = Unicode(".pdf")
    output_mimetype = "application/pdf"

    def _render(self, notebook: Any) -> Rendered:
        return render_pdf(notebook)
