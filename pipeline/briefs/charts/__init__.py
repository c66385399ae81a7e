"""Charts that say what they show: direct labels, axes from 0, breaks marked, alternative text from their own data.

Each function gives a `Chart` with `svg(width, narrow)`, `wide`, `half`, `narrow`, `describe()` and `table()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.doors import doors

if TYPE_CHECKING:
    from pipeline.briefs.charts.base import Chart as Chart

_DOORS = {
    "Chart": "pipeline.briefs.charts.base",
    "layout_problems": "pipeline.briefs.charts.base",
    "text_boxes": "pipeline.briefs.charts.base",
    "Line": "pipeline.briefs.charts.trends",
    "Break": "pipeline.briefs.charts.trends",
    "trend": "pipeline.briefs.charts.trends",
    "sparkline": "pipeline.briefs.charts.small",
    "panels": "pipeline.briefs.charts.small",
    "bars": "pipeline.briefs.charts.ranked",
    "diverging": "pipeline.briefs.charts.ranked",
    "dots": "pipeline.briefs.charts.rates",
    "gaps": "pipeline.briefs.charts.departures",
    "curves": "pipeline.briefs.charts.stairs",
    "against": "pipeline.briefs.charts.multiples",
    "composition": "pipeline.briefs.charts.stacks",
}
__all__ = sorted(_DOORS)
__getattr__, __dir__ = doors(__name__, _DOORS)
