"""Which sources lie in the raw folders, and how each of their files is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError, SettingsError, did_you_mean
from pipeline.settings import ENGINES
from pipeline.sources import by_card
from pipeline.sources import card as cards
from pipeline.sources.file import FOREIGN_SUFFIXES, SourceFile, is_data
from pipeline.sources.publishers import Publisher, about, publishers, recognised
from pipeline.sources.table import Card, RawTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Source:
    """One folder of files from one publisher.

    Attributes
    ----------
    name
        The folder's name (with -2, -3 … when raw folders named later hold a folder of the same name).
    folder
        Where its files are.
    card
        Who published it.
    files
        All files that are read, and the source card when there is one: what the source depends on.
    """

    name: str
    folder: Path
    card: Card
    files: tuple[Path, ...]
    _described: cards.SourceCard | None = field(default=None, repr=False)
    _all: tuple[SourceFile, ...] = field(default=(), repr=False)
    _recognised: tuple[tuple[SourceFile, Publisher], ...] = field(default=(), repr=False)

    @property
    def names(self) -> dict[Path, str]:
        """The files that are read, with their names relative to the raw folder."""
        used = set(self.files)
        return {file.path: file.name for file in self._all if file.path in used}

    def tables(self, engine: str = "duckdb", connection: DuckDBPyConnection | None = None) -> Iterator[RawTable]:
        """Read every table of every file.

        Parameters
        ----------
        engine
            "duckdb": delimited text comes as a relation on `connection`, which streams; workbooks as pandas frames.
            "pandas", "spark": everything comes as pandas frames.
        connection
            The DuckDB connection for relations; by default a new one.

        Yields
        ------
        RawTable
            In the order of the card, then of the file names.

        Raises
        ------
        InputError
            If a file is missing, damaged, empty, or not as its card says.
        SettingsError
            If the engine is not known.
        """
        import duckdb

        if engine not in ENGINES:
            raise SettingsError("engine", f"{engine!r} is not an engine.", did_you_mean(engine, ENGINES))
        link = connection if connection is not None else duckdb.connect()
        for table in self._read(link):
            yield table if engine == "duckdb" or table.connection is None else _in_memory(table)

    def _read(self, connection: DuckDBPyConnection) -> Iterator[RawTable]:
        if self._described:
            yield from by_card.read(self._described, self.name, self._all, connection)
        for file, publisher in self._recognised:
            given = self._described.about if self._described else None
            yield from publisher.read(file, about(publisher, given), self.name, connection)


def _in_memory(table: RawTable) -> RawTable:
    rows = table.rows.to_arrow_table().to_pandas()
    return replace(table, rows=rows.astype(dict.fromkeys(table.given, "str") | {"refused": "str"}), connection=None)


def discover(raw_dirs: Sequence[Path | str]) -> list[Source]:
    """The sources of all raw folders: each sub-folder with data, and a raw folder that itself holds data.

    A raw folder with a source card is one source with all that lies below it. Two folders of one name become "name" and "name-2", in the
    order of the raw folders. Hidden files, files left by office programs and prose (README, NOTES, LICENCE, *.md …) are passed over.

    Parameters
    ----------
    raw_dirs
        The raw folders.

    Raises
    ------
    InputError
        If a raw folder is missing, or a file that looks like data is not recognised.
    SettingsError
        If a source card has an unknown key or value.
    """
    found: list[Source] = []
    seen: set[Path] = set()
    for given in raw_dirs:
        raw = Path(given)
        for folder in _folders(raw):
            if folder.resolve() not in seen:
                seen.add(folder.resolve())
                source = _source(raw, folder, {s.name for s in found})
                found += [source] if source else []
    return found


def _folders(raw: Path) -> list[Path]:
    if not raw.exists():
        raise InputError(raw, "the raw folder is missing.", "Make it, or mend raw in mobility.toml or --raw.")
    if not raw.is_dir():
        raise InputError(
            raw, "is a file, a folder was expected.", "Put the file into a folder of its own and name that."
        )
    try:
        inside = sorted(raw.iterdir())
    except OSError as error:
        raise InputError(raw, f"cannot be read ({error.strerror}).", "Check the folder's permissions.") from None
    own = [raw] if any(f.name == cards.FILE_NAME or (f.is_file() and is_data(f)) for f in inside) else []
    if (raw / cards.FILE_NAME).exists():
        return own
    return own + [f for f in inside if f.is_dir() and not f.name.startswith(".")]


def _source(raw: Path, folder: Path, taken: set[str]) -> Source | None:
    card_path = folder / cards.FILE_NAME
    described = cards.load(card_path) if card_path.exists() else None
    below = folder.glob("*") if folder == raw and not described else folder.rglob("*")
    paths = sorted(p for p in below if not any(part.startswith(".") for part in p.relative_to(folder).parts))
    files = tuple(SourceFile(p, p.relative_to(raw).as_posix()) for p in paths if p.is_file() and p != card_path)
    by_the_card = (
        [f for table in described.tables for f in by_card.files_of(described, table, files)] if described else []
    )
    ignored = described.ignore if described else ()
    named = {f.path for f in by_the_card}
    strangers = [f for f in files if f.path not in named and is_data(f.path) and not _is_ignored(f, folder, ignored)]
    if not by_the_card and not strangers:
        return None
    pairs = tuple((file, _publisher(file, described)) for file in strangers)
    card = (
        described.about
        if described and described.tables
        else about(pairs[0][1], described.about if described else None)
    )
    used = sorted({f.path for f in [*by_the_card, *strangers]} | ({card_path} if described else set()))
    return Source(_free(folder.resolve().name, taken), folder, card, tuple(used), described, files, pairs)


def _is_ignored(file: SourceFile, folder: Path, patterns: Sequence[str]) -> bool:
    relative = file.path.relative_to(folder).as_posix()
    return any(fnmatchcase(relative, pattern) for pattern in patterns)


def _publisher(file: SourceFile, described: cards.SourceCard | None) -> Publisher:
    suffix = file.path.suffix.lower()
    if file.foreign:
        raise InputError(file.path, f"files of kind {suffix} are not read.", file.foreign)
    file.check()
    publisher = recognised(file)
    if publisher is None:
        if file.is_json:
            raise InputError(file.path, "JSON of this kind is not read.", FOREIGN_SUFFIXES[suffix])
        known = "; ".join(p.LAYOUT for p in publishers())
        if file.is_xml:
            raise InputError(file.path, f"XML of the kind {file.root} is not read.", "Save it as CSV.")
        draft = f"Run `mobility new-source {file.path}` to draft a card that describes it."
        if described:
            draft = f"Name it under tables in {cards.FILE_NAME} (or under ignore); `mobility new-source {file.path}` drafts the entry."
        raise InputError(file.path, f"the layout is not known (expected a source card, or one of: {known}).", draft)
    return publisher


def _free(name: str, taken: set[str]) -> str:
    candidate, n = name, 1
    while candidate in taken:
        n += 1
        candidate = f"{name}-{n}"
    return candidate
