"""What the planner asks of a worker, and what the worker answers: plain data that is written as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RESULTS = "results"  # folder in the stage for the tables that a notebook saves


@dataclass(frozen=True)
class Job:
    """What a worker has to do. Paths are absolute texts, so that it can be written as JSON."""

    id: str
    stage: str  # a folder of its own, for what is not whole yet
    cwd: str
    env: dict[str, str] = field(default_factory=dict)
    notebook: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    executed: str = ""  # where the executed notebook is kept
    results: str = ""  # folder that gets the tables left in the stage
    briefs: dict[str, str] = field(default_factory=dict)  # format ("html", "pdf", "xlsx") and where it goes
    downloads: str = ""  # folder that gets the rows behind the brief's tables and figures, as CSV
    tables: str = ""  # folder of the result tables that are published with the brief
    produces: list[str] = field(
        default_factory=list
    )  # folder and pattern of files that the notebook itself puts in place
    call: str = ""  # "survey" instead of a notebook

    def write(self, path: Path) -> Path:
        """Leave it as a file for `read`."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> Job:
        """Take it up."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    @property
    def outcome(self) -> Path:
        """The file that says how it ended."""
        return Path(self.stage) / "outcome.json"


@dataclass
class Outcome:
    """How a job ended."""

    status: str = "failed"  # until it is done
    problem: str = ""  # when failed: kernel (never started), notebook (a cell), brief (rendering), program
    cell: int | None = None  # 1-based, of the notebook as committed
    error: str = ""
    outputs: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)  # characters that no font has
    seconds: dict[str, float] = field(default_factory=dict)
    peak: int | None = None  # bytes, of the largest process
    attempts: int = 1

    def write(self, path: Path) -> None:
        """Leave it for the process that asked; whole or not at all."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> Outcome | None:
        """What a worker left; None when it ended before it could."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
