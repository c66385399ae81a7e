"""Get public sources over the network: the list of them, a polite client that resumes, and files that are put in place whole or not at all."""

from __future__ import annotations

from pipeline.doors import doors

_DOORS = {
    "PublicSource": "pipeline.run.fetch.catalogue",
    "fetch": "pipeline.run.fetch.fetching",
    "public_sources": "pipeline.run.fetch.catalogue",
}
__all__ = sorted(_DOORS)
__getattr__, __dir__ = doors(__name__, _DOORS)
