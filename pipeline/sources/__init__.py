"""What has the publisher written? Files of any layout become `RawTable`s: text under the project's names, with file and line."""

from __future__ import annotations

from importlib import import_module
from typing import Any

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


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(_DOORS[name]), name)
    raise AttributeError(f"module 'pipeline.sources' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
