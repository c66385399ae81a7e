"""Where a notebook finds its tables and leaves its results, the same by hand in JupyterLab and in `mobility reports`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import settings as _settings
from pipeline.errors import InputError, SettingsError

if TYPE_CHECKING:
    import pandas as pd

MOBILITY_VARIABLES = SETTINGS, RAW, PROCESSED, REPORTS, STAGE = (
    "MOBILITY_SETTINGS",
    "MOBILITY_RAW",
    "MOBILITY_PROCESSED",
    "MOBILITY_REPORTS",
    "MOBILITY_STAGE",
)


@dataclass(frozen=True)
class Context:
    """The folders and settings of this run; every path is absolute.

    Attributes
    ----------
    root
        The project's folder.
    raw
        The raw folders.
    processed, reports
        Clean tables and results; briefs.
    settings
        What mobility.toml says.
    stage
        Where results are put while `mobility reports` runs the notebook; None by hand, when they go to their place at once.
    """

    root: Path
    raw: tuple[Path, ...]
    processed: Path
    reports: Path
    settings: _settings.Settings
    stage: Path | None = None

    def results(self, subject: str, year: int) -> Path:
        """The folder with the result tables of a subject and year."""
        return self.processed / "results" / subject / str(year)

    def report(self, subject: str, year: int) -> Path:
        """The folder with the briefs of a subject and year."""
        return self.reports / str(year) / subject

    def save(self, subject: str, year: int, **tables: pd.DataFrame) -> list[Path]:
        """Leave result tables, each whole or not at all (a temporary name, then a rename).

        Parameters
        ----------
        subject, year
            Whom and when they are about.
        **tables
            Name of the result (see docs/architecture.md, "Results") and its frame.

        Returns
        -------
        list of Path
            The Parquet files written.
        """
        folder = self.stage or self.results(subject, year)
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, frame in tables.items():
            path = folder / f"{name}.parquet"
            part = path.with_name(f".{name}.{os.getpid()}.part")
            plain = frame.copy(deep=False)
            plain.attrs = {}  # notes for the notebook's reader; not all of them can be written
            plain.to_parquet(part, index=False)
            part.replace(path)
            written.append(path)
        return written

    def load(self, subject: str, year: int, name: str) -> pd.DataFrame | None:
        """Read one result table; None where the analysis had nothing to leave.

        Raises
        ------
        InputError
            If the subject and year have no results at all.
        """
        import pandas as pd

        folder = self.results(subject, year)
        for place in (self.stage, folder):
            if place is not None and (place / f"{name}.parquet").is_file():
                return pd.read_parquet(place / f"{name}.parquet")
        if not folder.is_dir():
            raise InputError(
                folder, "there are no results here.", "Run notebooks 2 to 4 for this subject and year first."
            )
        return None

    def check_places(self) -> None:
        """Make sure that what is made goes into folders of its own.

        Raises
        ------
        SettingsError
            If processed or reports is a file, lies in a raw folder, or both are one.
        """
        for key, place in (("processed", self.processed), ("reports", self.reports)):
            check_place(key, place, self.raw)
        if self.processed == self.reports:
            raise SettingsError(
                f"reports: {self.reports}", "is the folder of the clean tables too.", "Choose another folder."
            )

    def environment(self) -> dict[str, str]:
        """The variables that give a started notebook this same context."""
        values = {
            SETTINGS: str(self.root / _settings.FILE_NAME),
            RAW: os.pathsep.join(map(str, self.raw)),
            PROCESSED: str(self.processed),
            REPORTS: str(self.reports),
        }
        return values | ({STAGE: str(self.stage)} if self.stage else {})


def check_place(key: str, place: Path, raw: Iterable[Path]) -> None:
    """Make sure that a folder can be written to without touching what was received.

    Parameters
    ----------
    key
        The setting or option that names it.
    place
        The folder; it need not be there yet.
    raw
        The raw folders.

    Raises
    ------
    SettingsError
        If it (or a folder above it) is a file, or it lies in a raw folder.

    Examples
    --------
    >>> check_place("--out", Path("/data/raw/new"), [Path("/data/raw")])
    Traceback (most recent call last):
    pipeline.errors.SettingsError: --out: /data/raw/new: lies in the raw folder /data/raw, where nothing is ever written. Choose another folder.
    """
    todo = "Choose another folder."
    blocked = next((p for p in (place, *place.parents) if p.exists() and not p.is_dir()), None)
    if blocked is not None:
        raise SettingsError(f"{key}: {place}", f"{blocked.name} is a file, a folder was expected.", todo)
    for folder in raw:
        if place.is_relative_to(folder):
            problem = f"lies in the raw folder {folder}, where nothing is ever written."
            raise SettingsError(f"{key}: {place}", problem, todo)


def context(environ: Mapping[str, str] | None = None, start: Path | None = None) -> Context:
    """The context of the notebook (or command) that asks.

    Paths come from mobility.toml, found from the working folder upwards; the variables that `mobility reports` sets
    for the notebooks it runs (`MOBILITY_SETTINGS`, `MOBILITY_RAW`, `MOBILITY_PROCESSED`, `MOBILITY_REPORTS`,
    `MOBILITY_STAGE`) go before them.

    Parameters
    ----------
    environ
        By default the environment of the process.
    start
        Where to look for mobility.toml from; by default the working folder.

    Raises
    ------
    SettingsError
        If there is no mobility.toml, or it is wrong.

    Examples
    --------
    >>> here = context()
    >>> here.results("CHN", 2018).relative_to(here.processed).as_posix()
    'results/CHN/2018'
    """
    env = os.environ if environ is None else environ
    given = env.get(SETTINGS)
    settings = _settings.load(Path(given) if given else _settings.find_root(start) / _settings.FILE_NAME)
    raw = tuple(Path(p) for p in env[RAW].split(os.pathsep) if p) if RAW in env else settings.raw
    return Context(
        root=settings.root,
        raw=raw,
        processed=Path(env.get(PROCESSED) or settings.processed),
        reports=Path(env.get(REPORTS) or settings.reports),
        settings=settings,
        stage=Path(env[STAGE]) if env.get(STAGE) else None,
    )
