"""Which sources there are in the raw folders, remembered until a file there or the code that reads them changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pipeline.errors import InputError
from pipeline.run.checksums import Checksums, code, digest
from pipeline.run.workspace import Context

MEMORY = "sources.json"


def sources(here: Context, checksums: Checksums) -> dict[str, Path]:
    """The sources of the raw folders: name and folder.

    Parameters
    ----------
    here
        Folders.
    checksums
        To see whether anything changed since the last time.

    Raises
    ------
    InputError
        If a raw folder is missing, none holds a source, or a file there is not understood.
    """
    for raw in here.raw:
        if not raw.is_dir():
            raise InputError(raw, "the raw folder is missing.", "Make it, or mend `raw` in mobility.toml or --raw.")
    memory = here.processed / MEMORY
    content = [checksums.folder(raw, here.root) for raw in here.raw]
    key = digest([content, [str(r) for r in here.raw], code(frozenset({"pipeline.sources"}), checksums)])
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["key"] == key:
            return {name: Path(folder) for name, folder in known["sources"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # not known yet
    from pipeline.sources import discover

    found = {s.name: Path(s.folder) for s in discover(list(here.raw))}
    if not found:
        places = ", ".join(str(r) for r in here.raw)
        raise InputError(places, "no source there.", "Put a folder with your files and a source.yml into data/raw.")
    memory.parent.mkdir(parents=True, exist_ok=True)
    part = memory.with_suffix(".part")
    part.write_text(json.dumps({"key": key, "sources": {n: str(f) for n, f in found.items()}}), encoding="utf-8")
    part.replace(memory)
    return found


def forget_others(here: Context, names: set[str]) -> list[str]:
    """Delete the clean tables of sources that are no longer there; their names."""
    gone = set()
    for table in here.processed.glob("*.parquet"):
        if table.is_dir():
            for path in table.glob("*.parquet"):
                source = path.name.removesuffix(".parquet")
                if source not in names:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                    gone.add(source)
    return sorted(gone)
