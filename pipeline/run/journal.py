"""The project's own record of every run: what was read, what came out, how it went. What is up to date is decided from it.

Notebook metadata is never trusted for this: papermill leaves old parameters there when a notebook is run again.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

LIBRARIES = (
    "pandas",
    "numpy",
    "statsmodels",
    "duckdb",
    "pyarrow",
    "narwhals",
    "matplotlib",
    "papermill",
    "nbconvert",
    "typst",
)


@dataclass
class Record:
    """One run of one task."""

    status: str  # done, failed
    inputs: dict[str, str]  # path or name → checksum
    outputs: list[str]  # of the last good run
    notebook: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory: int | None = None  # bytes
    attempts: int = 1
    replaced_characters: list[str] = field(default_factory=list)
    problem: str = ""
    cell: int | None = None
    error: str = ""
    log: str = ""
    finished: str = ""  # ISO 8601, UTC
    versions: dict[str, str] = field(default_factory=dict)


class Journal:
    """Reads and writes records; several tasks share one file, and only the process that runs them writes it."""

    def __init__(self) -> None:
        self._files: dict[Path, dict[str, Any]] = {}

    def get(self, file: Path, task: str) -> Record | None:
        """The record of a task's last run."""
        found = self._load(file).get(task)
        return None if found is None else Record(**found)

    def put(self, file: Path, task: str, record: Record) -> None:
        """Write a record; the file is whole at any moment."""
        runs = self._load(file)
        runs[task] = asdict(record)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        part.write_text(json.dumps({"runs": runs}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.replace(file)

    def tasks(self, file: Path) -> dict[str, Record]:
        """All records of a file."""
        return {name: Record(**found) for name, found in self._load(file).items()}

    def _load(self, file: Path) -> dict[str, Any]:
        if file not in self._files:
            try:
                runs = json.loads(file.read_text(encoding="utf-8"))["runs"]
                for found in runs.values():
                    _check(Record(**found))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                runs = {}  # none yet, or one that another version wrote: everything is made again
            self._files[file] = runs
        return self._files[file]


def _check(record: Record) -> None:
    """Raise TypeError when what decides about a run is not of its type."""
    if not (isinstance(record.inputs, dict) and isinstance(record.outputs, list) and isinstance(record.seconds, dict)):
        raise TypeError("a record that no run wrote")
    if not all(isinstance(output, str) for output in record.outputs):
        raise TypeError("outputs are paths")


@cache
def versions() -> dict[str, str]:
    """Python and the libraries whose version may change a number or a page."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}
