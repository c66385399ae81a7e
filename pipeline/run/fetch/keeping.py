"""Putting files in place, and the record of what was got: `fetched.json` beside them.

A file is only replaced when its bytes are those that were once put there. The record is written before the first file is moved (what is about to be placed), and
again after the last, so that a run killed in between leaves nothing that the next one would not know.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.run.fetch.client import Answer

RECORD = "fetched.json"


def load(folder: Path) -> dict[str, Any]:
    """The record of a folder, empty when there is none.

    Raises
    ------
    InputError
        If it is damaged.
    """
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        files, requests = record["files"], record["requests"]
        if not isinstance(files, dict) or not isinstance(requests, dict):
            raise TypeError
    except FileNotFoundError:
        return {"source": "", "files": {}, "requests": {}}
    except (OSError, ValueError, KeyError, TypeError):
        todo = "Move the folder away and fetch again."
        raise InputError(path, "is not a record of what was fetched.", todo) from None
    return dict(record)


def save(folder: Path, record: dict[str, Any]) -> None:
    """Write the record under a temporary name, then give it its own."""
    part = folder / f".{RECORD}.part"
    part.write_text(json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(folder / RECORD)


def last_answer(record: dict[str, Any], name: str, url: str, folder: Path) -> Answer | None:
    """What came last time for an address, if the files made from it are all still there as they came."""
    request = record["requests"].get(name)
    if not isinstance(request, dict) or request.get("url") != url:
        return None
    files = request.get("files", [])
    if not files or not all(is_known(folder, f, record) for f in files):
        return None
    return Answer(
        str(request.get("final_url", "")), str(request.get("etag", "")), str(request.get("last_modified", ""))
    )


def digest(path: Path) -> str | None:
    """The checksum of a file, None when there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return None


def is_known(folder: Path, name: str, record: dict[str, Any]) -> bool:
    """Whether a file is there as it was once put there."""
    return digest(folder / name) in record["files"].get(name, {}).get("sha256", [])


def check_place(folder: Path, name: str, record: dict[str, Any], new: str | None = None) -> None:
    """Make sure that no file of the user's own would be overwritten.

    Parameters
    ----------
    folder, name
        The file's place.
    record
        What was got before.
    new
        The checksum of what is to be put there.

    Raises
    ------
    InputError
        If a file is there whose checksum is not known.
    """
    path = folder / name
    if path.is_symlink() or path.is_dir():
        raise InputError(path, "is a link or a folder, a file would be put there.", "Move it away.")
    there = digest(path)
    if there is None or there == new or is_known(folder, name, record):
        return
    problem = "is not as it was fetched (or was never fetched); it is not overwritten."
    raise InputError(path, problem, "Move it away, or fetch into another folder (--to).")


def place(folder: Path, staged: dict[str, Path], record: dict[str, Any]) -> list[str]:
    """Move the staged files to their places.

    Returns
    -------
    list of str
        Names of those that are new or changed.

    Raises
    ------
    InputError
        Before anything is moved, if one would overwrite a file that is not known.
    """
    sums = {name: digest(path) for name, path in staged.items()}
    for name in staged:
        check_place(folder, name, record, sums[name])
    changed = [name for name in staged if digest(folder / name) != sums[name]]
    for name in staged:
        known = record["files"].setdefault(name, {"sha256": []})
        known["sha256"] = list(dict.fromkeys([sums[name], *known["sha256"]]))
    save(folder, record)
    for name, path in staged.items():
        if name in changed:
            path.replace(folder / name)
    for name in staged:
        record["files"][name] = {"sha256": [sums[name]], "bytes": (folder / name).stat().st_size}
    return changed
