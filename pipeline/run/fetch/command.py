"""What `mobility fetch` says and shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.run.fetch.catalogue import LIST, public_sources, source
from pipeline.run.fetch.client import Client, Progress
from pipeline.run.fetch.fetching import fetch

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


def listing(path: Path | None = None) -> pd.DataFrame:
    """The sources that can be fetched: id, publisher, gives, licence, files."""
    import pandas as pd

    rows = [(s.id, s.publisher, s.gives, s.licence, len(s.files)) for s in public_sources(path or LIST).values()]
    return pd.DataFrame(rows, columns=["source", "publisher", "gives", "licence", "files"])


def run(name: str, folder: Path, path: Path | None, console: Console) -> list[str]:
    """Get a source with a bar of progress on a terminal; the sentences to print."""
    wanted = source(name, path or LIST)
    with _bar(console) as progress:
        done = fetch(wanted, folder, Client(progress=progress))
    lines = [f"{file}: {done.layouts[file]}" for file in done.changed]
    lines += [f"{file}: unchanged" for file in done.unchanged]
    lines.append(
        f"{wanted.title} ({wanted.publisher}, {wanted.licence}) is in {folder}; `mobility sources` shows its years."
    )
    return lines


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, int] = {}

        def progress(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        yield progress
