"""One source's tables take the place of its old ones all at once, whenever the program is stopped.

New tables are made in a hidden folder beside the processed tables. When all are whole, a note `ready` names them; from then on they are the source's
tables, and `files` finds each of them there or, once it was moved, in its place. Whatever is cut short before the note is thrown away, and whatever
after it is finished by the next cleaning of the source.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.records.schema import TABLES

HIDDEN, NOTE = ".cleaning", "ready"
STAMPS = ".stamps"  # what each source's tables were made of (freshness)


def target(processed: Path, table: str, source: str) -> Path:
    """Where a source's part of a table lies: a Parquet file, or a folder of them."""
    return processed / f"{table}.parquet" / f"{source}.parquet"


def stamp_place(processed: Path, source: str) -> Path:
    """Where the stamp of a source's tables lies."""
    return processed / STAMPS / f"{source}.json"


class Staging:
    """The folder in which one source's new tables are made; a context that leaves nothing behind.

    Attributes
    ----------
    work
        A folder for what is needed only meanwhile.
    """

    def __init__(self, processed: Path, source: str) -> None:
        self.processed, self.source = processed, source
        self._folder = processed / HIDDEN / source
        self._new, self._old = self._folder / "new", self._folder / "old"
        self._stamp = self._folder / "stamp.json"
        self.work = self._folder / "work"

    def __enter__(self) -> Staging:
        recover(self.processed, self.source)
        self.work.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or not (self._folder / NOTE).exists():
            self._leave()

    def path(self, table: str) -> Path:
        """Where a new table is to be written."""
        path = target(self._new, table, self.source)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def made(self, table: str) -> list[Path]:
        """The new files of a table."""
        return parquet_files(target(self._new, table, self.source))

    def publish(self, stamp: Mapping[str, Any] | None = None) -> None:
        """Let the new tables be the source's tables. A table that is not among them is no longer there.

        Parameters
        ----------
        stamp
            What they were made of; it takes its place, with the names of the tables, after the last of them.
        """
        tables = [name for name in TABLES if self.made(name)]
        self._stamp.write_text(json.dumps({"tables": tables, **(stamp or {})}, indent=1) + "\n", encoding="utf-8")
        for name in tables:
            for path in self.made(name):
                _to_disk(path)
        part = self._folder / f".{NOTE}"
        part.write_text(json.dumps(tables), encoding="utf-8")
        _to_disk(part)
        part.replace(self._folder / NOTE)
        self._move()

    def _move(self) -> None:
        """Move what the note names to its place, the ledger last; what was moved before is left alone."""
        tables, stamp = _noted(self._folder), stamp_place(self.processed, self.source)
        if self._stamp.exists():
            stamp.unlink(missing_ok=True)
        for name in TABLES:
            new, place = target(self._new, name, self.source), target(self.processed, name, self.source)
            if name in tables and not new.exists():
                continue
            if place.is_dir() or (new.is_dir() and place.exists()) or name not in tables:
                _away(place, self._old / name)
            if name in tables:
                place.parent.mkdir(parents=True, exist_ok=True)
                new.replace(place)
            elif place.parent.is_dir() and not any(place.parent.iterdir()):
                place.parent.rmdir()
        if self._stamp.exists():
            stamp.parent.mkdir(exist_ok=True)
            self._stamp.replace(stamp)

    def _leave(self) -> None:
        (self._folder / NOTE).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._folder.parent.is_dir() and not any(self._folder.parent.iterdir()):
            self._folder.parent.rmdir()


def recover(processed: Path, source: str) -> None:
    """Finish or throw away what a cleaning that was cut short left of a source."""
    staging = Staging(processed, source)
    if (staging._folder / NOTE).exists():
        staging._move()
    staging._leave()


def parquet_files(place: Path) -> list[Path]:
    """The Parquet files of a place that is one, or a folder of them, or not there."""
    if place.is_dir():
        return sorted(f for f in place.rglob("*.parquet") if f.is_file() and not f.name.startswith("."))
    return [place] if place.is_file() else []


def pending(processed: Path) -> dict[str, list[str]]:
    """Sources whose new tables are whole but not all in their places, and the names of those tables."""
    notes = (processed / HIDDEN).glob(f"*/{NOTE}")
    return {note.parent.name: _noted(note.parent) for note in notes}


def files(processed: Path, table: str) -> list[Path]:
    """The Parquet files of a processed table, of all sources, each as old or as new as all the other tables of its source."""
    place = processed / f"{table}.parquet"
    if place.is_file():
        return [place]
    found = {part.name.removesuffix(".parquet"): part for part in _parts(place)}
    for source, tables in pending(processed).items():
        staged = target(processed / HIDDEN / source / "new", table, source)
        if table not in tables:
            found.pop(source, None)
        elif staged.exists():
            found[source] = staged
    return [path for source in sorted(found) for path in parquet_files(found[source])]


def _parts(place: Path) -> Iterable[Path]:
    return (p for p in place.glob("*.parquet") if not p.name.startswith(".")) if place.is_dir() else ()


def _noted(folder: Path) -> list[str]:
    try:
        return list(json.loads((folder / NOTE).read_text(encoding="utf-8")))
    except FileNotFoundError:  # all are in their places since
        return list(TABLES)


def _away(place: Path, old: Path) -> None:
    if not place.exists():
        return
    if old.exists():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    old.parent.mkdir(parents=True, exist_ok=True)
    place.replace(old)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
