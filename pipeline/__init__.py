"""student-mobility: from records of students crossing borders to clean tables, honest models and annual briefs.

The names below are the package's doors; each is imported when it is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_DOORS = {
    "clean": "pipeline.records",
    "resolve_countries": "pipeline.records",
    "outlook": "pipeline.models",
    "backtest": "pipeline.models",
    "gravity": "pipeline.models",
    "protect": "pipeline.measures",
    "audit": "pipeline.measures",
    "indicators": "pipeline.measures",
}
__all__ = sorted(_DOORS)


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(_DOORS[name]), name)
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
