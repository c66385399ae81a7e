"""Whether a source was cleaned already: the same bytes, the same card and confirmed aliases, the same code, the same key for pseudonyms.

The stamp of a cleaning takes its place after the tables, and goes before they do: a stamp stands for tables that are whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.records import aliases, publish
from pipeline.records.pseudonyms import key_mark
from pipeline.records.schema import TABLES

if TYPE_CHECKING:
    from pipeline.sources.discovery import Source

_PACKAGE = Path(__file__).parents[1]
_CODE = ("sources", "records")  # rooms whose files make the tables
_LIBRARIES = (
    "duckdb",
    "narwhals",
    "openpyxl",
    "pandas",
    "pyarrow",
    "pycountry",
    "country-converter",
    "python-calamine",
    "rapidfuzz",
)
File = list[Any]  # size, times of change, inode, SHA-256


@dataclass(frozen=True)
class Stamp:
    """What a cleaning depends on. `files`: path as told in the tables -> [size, times of change, inode, SHA-256]; `rest`: everything else, digested."""

    files: dict[str, File]
    rest: str

    def same(self, other: Stamp | None) -> bool:
        """Whether nothing changed; files are compared by their bytes."""
        if other is None or self.rest != other.rest:
            return False
        return {n: f[-1] for n, f in self.files.items()} == {n: f[-1] for n, f in other.files.items()}


def stamp_of(source: Source, known: Stamp | None = None) -> Stamp:
    """The stamp of a source as it is now.

    Parameters
    ----------
    source
        As it was discovered.
    known
        A stamp of before: a file of the same size, times of change and inode is not read again.
    """
    before = known.files if known else {}
    files = {}
    names = source.names
    confirmed = source.folder / aliases.FILE
    for path in (*source.files, *([confirmed] if confirmed.exists() else [])):
        name = names.get(path, path.name)
        stat = path.stat()
        seen = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        files[name] = before[name] if before.get(name, [])[:-1] == seen else [*seen, _sha256(path)]
    parts = [source.name, _code(), key_mark()]
    return Stamp(files, hashlib.sha256(json.dumps(parts).encode()).hexdigest())


def stamp_in(processed: Path, source: str) -> Stamp | None:
    """The stamp of the tables that are there; None where they are not, or not whole."""
    try:
        told = json.loads(publish.stamp_place(processed, source).read_text(encoding="utf-8"))
        if not all(publish.target(processed, str(table), source).exists() for table in told["tables"]):
            return None
        return Stamp({str(n): list(f) for n, f in told["files"].items()}, str(told["rest"]))
    except (OSError, KeyError, ValueError, TypeError, AttributeError):
        return None


@cache
def _code() -> str:
    """A digest of the code and the word lists that make the tables, and of the libraries' versions."""
    found = hashlib.sha256(json.dumps([sorted(TABLES), [version(name) for name in _LIBRARIES]]).encode())
    for path in _code_files():
        found.update(path.relative_to(_PACKAGE).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def _code_files() -> Iterator[Path]:
    for room in _CODE:
        for path in sorted((_PACKAGE / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                yield path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
