"""A package's doors: names that are imported when they are first used, so that importing the package is cheap."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def doors(package: str, where: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package with doors.

    Parameters
    ----------
    package
        Its `__name__`.
    where
        Each door and the full name of the module that has it. No module may bear the name of a door: importing it would
        put the module in the door's place.

    Examples
    --------
    >>> get, names = doors("pipeline", {"did_you_mean": "pipeline.errors"})
    >>> get("did_you_mean").__module__, "did_you_mean" in names()
    ('pipeline.errors', True)
    """

    def get(name: str) -> Any:
        if name in where:
            return getattr(import_module(where[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *where})

    return get, names
