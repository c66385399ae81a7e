"""Get a source: download, look at it, and only then put it in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, MobilityError
from pipeline.run.fetch import checks, keeping
from pipeline.run.fetch.catalogue import Download, PublicSource
from pipeline.run.fetch.client import Answer, Client, forget
from pipeline.run.lock import LOCK, only_run

STAGE = ".fetching"
CARD = "source.yml"


@dataclass
class Fetched:
    """What became of it: `changed` files, `unchanged` ones, and the layouts that were recognised."""

    folder: Path
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    layouts: dict[str, str] = field(default_factory=dict)


def fetch(
    source: PublicSource,
    folder: Path,
    client: Client | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Fetched:
    """Get all files of a source into a folder.

    Every file is downloaded beside its place (in a hidden folder, from which a stopped run goes on), checked (size, checksum, no web page, safe archive, a layout that
    is known), and moved when all are well. `fetched.json` says what came from where, when, and with which checksum; a source card is written
    where there is none. A file whose checksum is not in that record is never overwritten.

    Parameters
    ----------
    source
        From `public_sources`.
    folder
        Of the source, below a raw folder.
    client
        How to get files.
    now
        The clock.

    Raises
    ------
    InputError
        If a file cannot be had, is not what was asked for, or a file of the user's own stands in its place. Nothing is changed then.
    """
    client = client or Client()
    with only_run(folder):
        record = keeping.load(folder)
        if record["source"] not in ("", source.id):
            raise InputError(folder, f"holds {record['source']!r}.", "Fetch into another folder (--to).")
        record["source"] = source.id
        for what in source.files:
            for name in _expected(what):
                keeping.check_place(folder, name, record)
        stage = folder / STAGE
        stage.mkdir(exist_ok=True)
        try:
            fetched = _fetch(source, folder, stage, record, client, now)
        except (MobilityError, OSError):
            shutil.rmtree(
                stage, ignore_errors=True
            )  # a run that is stopped keeps what it has; one that is refused does not
            _remove_if_empty(folder)
            raise
        shutil.rmtree(stage, ignore_errors=True)
    return fetched


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder that was made for nothing, with the lock in it."""
    if not [path for path in folder.iterdir() if path.name != LOCK]:
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()


def _expected(what: Download) -> list[str]:
    """Names of the files that will come of a download, as far as they are known before."""
    return [p for p in what.unzip if not set("*?[") & set(p)] if what.unzip else [what.name]


def _fetch(
    source: PublicSource,
    folder: Path,
    stage: Path,
    record: dict[str, Any],
    client: Client,
    now: Callable[[], datetime],
) -> Fetched:
    done = Fetched(folder)
    staged: dict[str, Path] = {}
    requests = dict(record["requests"])
    for what in source.files:
        url = what.address()
        answer = _download(what, stage, client, keeping.last_answer(record, what.name, url, folder))
        if answer is None:
            done.unchanged += requests[what.name]["files"]
            continue
        files = _unpacked(what, stage, url)
        for path in files:
            checks.look(path, url)
            done.layouts[path.name] = checks.recognise(path, url)
            if path.name in staged:
                raise InputError(url, f"holds {path.name}, as another address does.", "Mend the list of sources.")
            staged[path.name] = path
        requests[what.name] = _request(url, answer, now(), [path.name for path in files])
    record["requests"] = requests
    ours = not (folder / CARD).exists() or keeping.is_known(folder, CARD, record)
    if ours and any(keeping.digest(path) != keeping.digest(folder / name) for name, path in staged.items()):
        staged[CARD] = stage / CARD
        staged[CARD].write_text(_card(source, now()), encoding="utf-8")
    changed = keeping.place(folder, staged, record)
    keeping.save(folder, record)
    done.changed = [name for name in changed if name != CARD]
    done.unchanged += [name for name in staged if name not in changed and name != CARD]
    return done


def _download(what: Download, stage: Path, client: Client, known: Answer | None) -> Answer | None:
    """The file as `stage/what.name`, whole and, where the publisher fixes its checksum, with that (checked by pooch)."""
    part = stage / f"{what.name}.part"
    answer = client.get(what, part, known)
    if answer is None:
        return None
    if what.sha256:
        import pooch

        try:
            pooch.hashes.hash_matches(str(part), f"sha256:{what.sha256}", strict=True, source=what.name)
        except ValueError:
            problem = f"is not the file that is expected: its sha256 is {answer.sha256}, not {what.sha256}."
            raise InputError(answer.url, problem, "Do not use it; look at the publisher's page.") from None
    part.replace(stage / what.name)
    forget(part)
    return answer


def _unpacked(what: Download, stage: Path, url: str) -> list[Path]:
    path = stage / what.name
    checks.look(path, url)
    if not what.unzip:
        return [path]
    into = stage / f"{what.name}.unpacked"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    files = checks.unzip(path, what, url, into)
    path.unlink()
    return files


def _request(url: str, answer: Answer, when: datetime, files: list[str]) -> dict[str, Any]:
    return {
        "url": url,
        "final_url": answer.url,
        "time": when.isoformat(timespec="seconds"),
        "bytes": answer.bytes,
        "sha256": answer.sha256,
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        "files": files,
    }


def _card(source: PublicSource, when: datetime) -> str:
    import yaml

    known = {
        "title": source.title,
        "publisher": source.publisher,
        "licence": source.licence,
        "url": source.page,
        "retrieved": when.date().isoformat(),
    }
    text = yaml.safe_dump(known, allow_unicode=True, sort_keys=False)
    return f"# Written by `mobility fetch {source.id}`; fetched.json says what came from where.\n{text}"
