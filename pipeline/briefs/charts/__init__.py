"""Charts that say what they show: direct labels, axes from 0, breaks marked, alternative text from their own data.

Each function gives a `Chart` with `svg(width, narrow)`, `wide`, `half`, `narrow`, `describe()` and `table()`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.briefs.charts.base import Chart as Chart

_DOORS = {
    "Chart": "base",
    "layout_problems": "base",
    "text_boxes": "base",
    "Line": "trends",
    "Break": "trends",
    "trend": "trends",
    "sparkline": "small",
    "panels": "small",
    "bars": "ranked",
    "diverging": "ranked",
    "dots": "rates",
    "composition": "stacks",
}
__all__ = sorted(_DOORS)


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(f"pipeline.briefs.charts.{_DOORS[name]}"), name)
    raise AttributeError(f"module 'pipeline.briefs.charts' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
