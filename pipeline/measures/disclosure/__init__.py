"""The disclosure gate: no published table gives away a person, and an auditor who tries to prove otherwise."""

from pipeline.measures.disclosure.auditor import audit
from pipeline.measures.disclosure.gate import protect
from pipeline.measures.disclosure.layouts import LAYOUTS, Layout

__all__ = ["LAYOUTS", "Layout", "audit", "protect"]
