"""What does it mean? Raw tables become conformed, checked, deduplicated tables, and a ledger of every row."""

from __future__ import annotations

from pipeline.doors import doors

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
__getattr__, __dir__ = doors(__name__, _DOORS)
