"""What is out of date, and how does it get made?

Doors: `context` (paths for notebooks).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_DOORS = {
    "context": "pipeline.run.workspace",
    "Context": "pipeline.run.workspace",
}
__all__ = sorted(_DOORS)


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(_DOORS[name]), name)
    raise AttributeError(f"module 'pipeline.run' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
