"""The registry of indicators: what each one means, in both languages, and how it is computed."""

from pipeline.measures.registry.catalogue import ACTORS, Indicator
from pipeline.measures.registry.registry import Registry, indicators

__all__ = ["ACTORS", "Indicator", "Registry", "indicators"]
