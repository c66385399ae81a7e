"""What does it mean? Raw tables become conformed, checked, deduplicated tables, and a ledger of every row."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_DOORS = {
    "Cleaned": "pipeline.records.cleaning",
    "clean": "pipeline.records.cleaning",
    "clean_source": "pipeline.records.cleaning",
    "load": "pipeline.records.store",
    "place": "pipeline.records.countries",
    "pseudonyms": "pipeline.records.pseudonyms",
    "resolve_countries": "pipeline.records.countries",
}
__all__ = sorted(_DOORS)


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(_DOORS[name]), name)
    raise AttributeError(f"module 'pipeline.records' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
