"""What is out of date, and how does it get made?

Doors: `context` (paths for notebooks).
"""

from __future__ import annotations

from pipeline.doors import doors

_DOORS = {
    "context": "pipeline.run.workspace",
    "Context": "pipeline.run.workspace",
}
__all__ = sorted(_DOORS)
__getattr__, __dir__ = doors(__name__, _DOORS)
