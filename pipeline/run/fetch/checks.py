"""Whether what came is the data that were asked for: no web page, no trap in an archive, a layout that is known."""

from __future__ import annotations

import stat
import zipfile
import zlib
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError
from pipeline.run.fetch.catalogue import Download

RATIO = 500  # a text of numbers packs to a tenth or a fiftieth
MEMBERS = 10_000
_PIECE = 1 << 20
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body")
_FAULTS = (b"<?xml", b"<s:fault", b"<message", b"<mes:", b"<error")


def look(path: Path, url: str) -> None:
    """Refuse an empty answer, a web page and a service's message of an error.

    Raises
    ------
    InputError
        Says what came instead of data.
    """
    with path.open("rb") as file:
        head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        raise InputError(url, "is empty, data were expected.", "Try again later.")
    if head.startswith(_PAGES):
        raise InputError(url, "is a web page, data were expected.", "Look at the publisher's page: it may have moved.")
    if head.startswith(_FAULTS):
        raise InputError(url, "is a service's message, data were expected.", "Look at the publisher's page.")


def unzip(archive: Path, what: Download, url: str, into: Path) -> list[Path]:
    """The members of an archive that are wanted, each under its bare name in `into`.

    Nothing is written outside `into`: a member with a path that leads elsewhere, a link, or a password is refused, as is an archive that unpacks to more than
    `what.largest` or packs tighter than any table does; sizes are counted while they are read, whatever the archive says.

    Raises
    ------
    InputError
        Names what is wrong with the archive.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = _wanted(packed, what, url)
            room = min(what.largest, max(archive.stat().st_size * RATIO, 64 << 20))
            found = []
            for member, name in members:
                room -= _extract(packed, member, into / name, room, url)
                found.append(into / name)
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(url, f"is not a whole archive ({error}).", "Try again later.") from None


def _wanted(packed: zipfile.ZipFile, what: Download, url: str) -> list[tuple[zipfile.ZipInfo, str]]:
    members = packed.infolist()
    if len(members) > MEMBERS:
        raise InputError(url, f"holds {len(members)} files, which is no data set.", "Get it by hand if it is right.")
    chosen = []
    for member in members:
        path = PurePosixPath(member.filename)
        unsafe = path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename
        if unsafe or stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(
                url, f"holds a file that leads elsewhere ({member.filename!r}).", "Do not use this archive."
            )
        if member.is_dir() or not any(fnmatchcase(path.name, pattern) for pattern in what.unzip):
            continue
        if member.flag_bits & 1:
            raise InputError(url, f"{path.name} is locked with a password.", "Get it by hand.")
        if path.name.startswith("."):
            raise InputError(url, f"holds a hidden file ({path.name}).", "Do not use this archive.")
        chosen.append((member, path.name))
    if not chosen:
        raise InputError(url, f"holds none of {', '.join(what.unzip)}.", "Look at the publisher's page.")
    if len({name for _, name in chosen}) < len(chosen):
        raise InputError(url, "holds two files of one name.", "Get it by hand.")
    return chosen


def _extract(packed: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: int, url: str) -> int:
    size = 0
    with packed.open(member) as source, target.open("wb") as file:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > room:
                raise InputError(
                    url, f"{target.name} unpacks to more than it should.", "Get it by hand if it is right."
                )
            file.write(piece)
    return size


def recognise(path: Path, url: str) -> str:
    """The layout of a file that came.

    Raises
    ------
    InputError
        If no reader knows it: the publisher changed it, or it is something else.
    """
    from pipeline.sources.file import SourceFile
    from pipeline.sources.publishers import recognised

    file = SourceFile(path, path.name)
    file.check()
    if file.foreign:
        raise InputError(url, f"files of the kind {path.suffix} are not read.", "Mend the list of sources.")
    publisher = recognised(file)
    if publisher is None:
        raise InputError(url, f"{path.name} has a layout that is not known.", "The publisher may have changed it.")
    return publisher.LAYOUT
