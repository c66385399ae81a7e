"""The public sources that can be fetched: one list, in sources.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import SettingsError, did_you_mean

LIST = Path(__file__).parent / "sources.yml"
LARGEST = 1 << 30
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SDMX = {"agency", "flow", "key", "start"}


@dataclass(frozen=True)
class Download:
    """One address and what comes from it."""

    name: str
    url: str = ""
    sdmx: Mapping[str, str] | None = None
    query: str = ""
    accept: str = "*/*"
    unzip: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    largest: int = LARGEST
    sha256: str = ""

    def address(self) -> str:
        """Where the file is; that of an SDMX service is put together by sdmx1.

        Examples
        --------
        >>> Download("x.csv", url="https://example.org/x.csv").address()
        'https://example.org/x.csv'
        """
        base = _sdmx_address(self.sdmx) if self.sdmx else self.url
        return f"{base}{'&' if '?' in base else '?'}{self.query}" if self.query else base


@dataclass(frozen=True)
class PublicSource:
    """A source: who publishes it, what it gives, and its files."""

    id: str
    publisher: str
    title: str
    licence: str
    gives: str
    page: str
    files: tuple[Download, ...]


def _sdmx_address(query: Mapping[str, str]) -> str:
    from sdmx import Client

    request = Client(query["agency"]).get(
        "data",
        resource_id=query["flow"],
        key=query.get("key", ""),
        params={"startPeriod": query["start"]} if "start" in query else {},
        dry_run=True,
    )
    return str(request.url)  # type: ignore[union-attr]


@lru_cache(maxsize=8)
def public_sources(path: Path = LIST) -> Mapping[str, PublicSource]:
    """The sources of a list by their ids.

    Raises
    ------
    SettingsError
        Names the entry and key that are not understood.

    Examples
    --------
    >>> public_sources()["uis-opri"].publisher
    'UNESCO UIS'
    """
    import yaml

    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(path, f"cannot be read ({error.strerror}).", "Name a list of sources.") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(path, f"is not YAML ({' '.join(str(error).split())}).", "Mend it.") from None
    if not isinstance(given, dict) or not given:
        raise SettingsError(path, "expected sources by their ids.", "Write it like the project's own list.")
    return {str(key): _source(path, str(key), value) for key, value in given.items()}


def source(name: str, path: Path = LIST) -> PublicSource:
    """One source of a list.

    Raises
    ------
    SettingsError
        If there is none of that id.
    """
    known = public_sources(path)
    if name not in known:
        raise SettingsError("fetch", f"{name!r} is not a source that can be fetched.", did_you_mean(name, known))
    return known[name]


def _source(path: Path, key: str, given: Any) -> PublicSource:
    where = f"{path.name}: {key}"
    texts = [f.name for f in fields(PublicSource) if f.name not in ("id", "files")]
    _only(where, given, {*texts, "files"})
    if not _NAME.fullmatch(key):
        raise SettingsError(where, "cannot be the name of a folder.", "Use letters, digits and hyphens.")
    files = given.get("files")
    if not isinstance(files, list) or not files:
        raise SettingsError(where, "has no files.", "List at least one, with name and url.")
    found = tuple(_download(where, entry) for entry in files)
    if len({file.name for file in found}) < len(found):
        raise SettingsError(where, "has two files of one name.", "Rename one.")
    return PublicSource(id=key, files=found, **{name: str(given.get(name, "")) for name in texts})


def _download(where: str, given: Any) -> Download:
    _only(where, given, {f.name for f in fields(Download)})
    name = str(given.get("name", ""))
    if not _NAME.fullmatch(name):
        raise SettingsError(where, f"{name!r} cannot be the name of a file.", "Use letters, digits, dots and hyphens.")
    url, sdmx = str(given.get("url", "")), given.get("sdmx")
    if bool(url) == bool(sdmx):
        raise SettingsError(f"{where}: {name}", "needs either url or sdmx.", "Write one of them.")
    if url and (urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname):
        raise SettingsError(f"{where}: {name}", f"{url!r} is not an address of the web.", "Write https://….")
    if sdmx and (not isinstance(sdmx, dict) or not {"agency", "flow"} <= set(sdmx) <= _SDMX):
        raise SettingsError(f"{where}: {name}", "sdmx needs agency and flow, and may have key and start.", "Mend it.")
    largest = given.get("largest", LARGEST)
    if isinstance(largest, bool) or not isinstance(largest, int) or largest < 1:
        raise SettingsError(f"{where}: {name}", "largest is no number of bytes.", "Write a whole number.")
    lists = {key: tuple(map(str, given.get(key, ()))) for key in ("unzip", "hosts")}
    texts = {key: str(given[key]) for key in ("query", "accept", "sha256") if key in given}
    return Download(name=name, url=url, sdmx=sdmx, largest=largest, **lists, **texts)  # type: ignore[arg-type]


def _only(where: str, given: Any, known: set[str]) -> None:
    if not isinstance(given, dict):
        raise SettingsError(where, "expected keys and values.", "Write it like the project's own list.")
    for key in given:
        if key not in known:
            raise SettingsError(where, f"{key}: no such key.", did_you_mean(str(key), known))
