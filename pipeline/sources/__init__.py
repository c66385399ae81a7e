"""What has the publisher written? Files of any layout become `RawTable`s: text under the project's names, with file and line."""

from __future__ import annotations

from pipeline.doors import doors

_DOORS = {
    "COLUMNS": "pipeline.sources.table",
    "Card": "pipeline.sources.table",
    "RawTable": "pipeline.sources.table",
    "Source": "pipeline.sources.discovery",
    "discover": "pipeline.sources.discovery",
    "draft_card": "pipeline.sources.draft",
    "summary": "pipeline.sources.overview",
}
__all__ = sorted(_DOORS)
__getattr__, __dir__ = doors(__name__, _DOORS)
