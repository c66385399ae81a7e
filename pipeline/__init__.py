"""student-mobility: from records of students crossing borders to clean tables, honest models and annual briefs.

The names below are the package's doors; each is imported when it is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from pipeline.doors import doors

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
__getattr__, __dir__ = doors(__name__, _DOORS)
