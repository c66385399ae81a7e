"""What a task reads, as checksums: files by content, notebooks by their source, code by what a notebook imports.

Nothing here goes by the time of a file alone: a file touched but not changed makes nothing out of date.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pipeline
from pipeline.errors import InputError
from pipeline.run.parameters import TAG, cells
from pipeline.settings import Settings

PACKAGE = Path(pipeline.__file__).parent
NOT_INPUT = {
    *(
        "root",
        "raw",
        "processed",
        "reports",
        "subjects",
        "languages",
        "engine",
        "spark",
    ),  # settings that change no number
    *("scenarios", "events"),  # of one subject's trends only
    *("targets", "peers", "scorecard"),  # of one subject's outcomes only
}
IGNORED = {"__pycache__", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints"}


class Checksums:
    """Checksums of files, remembered by size and time so that a large file is read once.

    Parameters
    ----------
    memory
        A JSON file to remember them in.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._used: dict[str, list[int | str]] = {}
        try:
            remembered = json.loads(memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            remembered = None
        pairs = remembered.items() if isinstance(remembered, dict) else ()
        self._known: dict[str, list[int | str]] = {p: v for p, v in pairs if isinstance(v, list) and len(v) == 4}

    def file(self, path: Path) -> str:
        """The checksum of a file's content.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        try:
            stat = path.stat()
            stamp: list[int | str] = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
            known = self._known.get(str(path))
            if known is None or known[:3] != stamp:
                with path.open("rb") as content:
                    known = [*stamp, hashlib.file_digest(content, "sha256").hexdigest()[:20]]
        except OSError as error:
            raise InputError(
                path, f"cannot be read ({error.strerror}).", "Check the file and its permissions."
            ) from None
        self._known[str(path)] = self._used[str(path)] = known
        return str(known[3])

    def folder(self, folder: Path, base: Path) -> dict[str, str]:
        """The checksums of all files below a folder, by their path relative to `base` where they are below it."""
        return {shown(p, base): self.file(p) for p in files_below(folder)}

    def remember(self) -> None:
        """Write the memory, without files that no one asked for this time."""
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        part = self._memory.with_suffix(".part")
        part.write_text(json.dumps(self._used), encoding="utf-8")
        part.replace(self._memory)


def files_below(folder: Path) -> Iterator[Path]:
    """Files in a folder and its subfolders, sorted, without what editors and file managers leave."""
    for path in sorted(folder.iterdir()):
        if path.name in IGNORED or path.name.startswith(("~$", ".")):
            continue
        if path.is_dir():
            yield from files_below(path)
        else:
            yield path


def shown(path: Path, base: Path) -> str:
    """A path as shown: relative where it is below `base`, with forward slashes."""
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()


def digest(value: object) -> str:
    """The checksum of a JSON-like value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:20]


def notebook_source(path: Path) -> str:
    """The checksum of a notebook's cells; outputs, execution counts and kernel names do not matter."""
    return digest(
        [(c.get("cell_type"), c["source"], TAG in c.get("metadata", {}).get("tags", [])) for c in cells(path)]
    )


def settings_that_matter(settings: Settings) -> str:
    """The checksum of the settings that change a number."""
    return digest({k: v for k, v in asdict(settings).items() if k not in NOT_INPUT})


def code_of(notebook: Path, checksums: Checksums, also: tuple[str, ...] = ()) -> dict[str, str]:
    """The checksums of the package's files that a notebook's imports reach.

    A module is followed to what it imports in turn; a package imported as a whole stands for all its modules, and every
    package that is touched for its data files (word lists, templates, fonts) too.

    Parameters
    ----------
    notebook
        The notebook.
    checksums
        To take them with.
    also
        Modules that are used on the notebook without it naming them, like the exporters.

    Returns
    -------
    dict
        By path, `pipeline/…`.
    """
    source = "\n".join(_plain(c["source"]) for c in cells(notebook) if c.get("cell_type") == "code")
    try:
        wanted = imports(source)
    except SyntaxError:  # the notebook itself will say so when it runs
        wanted = frozenset({"pipeline"})
    return code(wanted | {*also}, checksums)


def code(modules: frozenset[str], checksums: Checksums) -> dict[str, str]:
    """The checksums of the package's files behind some of its modules, by path."""
    return {shown(p, PACKAGE.parent): checksums.file(p) for p in sorted(closure(modules))}


def imports(source: str) -> frozenset[str]:
    """The modules of the package that a piece of code names, `pipeline.clean(...)` included.

    Raises
    ------
    SyntaxError
        If it is not Python.

    Examples
    --------
    >>> sorted(imports("from pipeline.records import store; import pandas"))
    ['pipeline.records', 'pipeline.records.store']
    >>> sorted(imports("import pipeline; pipeline.outlook(panel)"))
    ['pipeline.models']
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {a.name for a in names if a.name.startswith("pipeline.")}
            case ast.ImportFrom(module=str(module), level=0, names=names) if module == "pipeline":
                found |= {pipeline._DOORS.get(a.name, f"pipeline.{a.name}") for a in names}
            case ast.ImportFrom(module=str(module), level=0, names=names) if module.startswith("pipeline."):
                found |= {module, *(f"{module}.{a.name}" for a in names)}
            case ast.Attribute(value=ast.Name(id="pipeline"), attr=name):
                found.add(pipeline._DOORS.get(name, f"pipeline.{name}"))
    return frozenset(found)


@cache
def closure(modules: frozenset[str]) -> frozenset[Path]:
    """All files of the package behind these modules."""
    todo, seen, found = list(modules), set(), {PACKAGE / "__init__.py"}
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        for path in _files(module):
            if path not in found:
                found.add(path)
                if path.suffix == ".py":
                    todo += _imports_of(path)
    return frozenset(found)


def _files(module: str) -> list[Path]:
    """The files that a dotted name stands for; none when it names something inside a module."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    if place.with_suffix(".py").is_file():
        return [place.with_suffix(".py"), place.parent / "__init__.py", *_data(place.parent)]
    if not place.is_dir():
        return []
    if module in (
        "pipeline",
        "pipeline.run",
    ):  # how notebooks are run changes nothing in them; where they find things may
        return [PACKAGE / "run" / "workspace.py"] if module == "pipeline.run" else list(_all(PACKAGE))
    return list(_all(place))


def _all(folder: Path) -> Iterator[Path]:
    return (p for p in files_below(folder) if p.suffix != ".pyc")


def _data(folder: Path) -> list[Path]:
    """Data files beside a module, in folders without code too."""
    if folder == PACKAGE:
        return []
    return [p for p in files_below(folder) if p.suffix not in (".py", ".pyc")]


@cache
def _imports_of(path: Path) -> frozenset[str]:
    try:
        return imports(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return frozenset()


def _plain(source: str) -> str:
    """A cell without IPython's magics."""
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
