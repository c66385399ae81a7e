"""The review file: suggestions of all sources as CSV, in the columns of `aliases.csv`, so that to confirm one is to copy its line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import SettingsError, did_you_mean
from pipeline.records import store

if TYPE_CHECKING:
    import pandas as pd

FILE = "suggestions.csv"
_RISKY = r"[=+@\t\r-]"  # what a spreadsheet would take for a formula


def write(processed: Path | str) -> Path | None:
    """Write the review file, whole or not at all; without suggestions there is none.

    Returns
    -------
    Path, optional
        The file.
    """
    place = Path(processed) / FILE
    rows = store.load(processed, "suggestions")
    if rows.empty:
        place.unlink(missing_ok=True)
        return None
    part = place.with_name(f".{FILE}.{os.getpid()}.tmp")
    write_csv(rows, part)
    part.replace(place)
    return place


def write_csv(table: pd.DataFrame, file: Path) -> None:
    """A table as CSV that spreadsheets open as it is: with the mark of UTF-8, and an apostrophe before a text that they would compute.

    >>> import pandas as pd, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "x.csv"
    >>> write_csv(pd.DataFrame({"name": ["=1+1", "Elm"], "n": [-1, 2]}), file)
    >>> file.read_text(encoding="utf-8-sig").split()
    ['name,n', "'=1+1,-1", 'Elm,2']
    """
    text = table.copy()
    for column in text.select_dtypes(["object", "string"]).columns:
        risky = text[column].astype("string").str.match(_RISKY).fillna(False)
        text[column] = text[column].mask(risky, "'" + text[column].astype("string"))
    text.to_csv(file, index=False, encoding="utf-8-sig", date_format="%Y-%m-%d")


def waiting(processed: Path | str, sources: Sequence[str]) -> str:
    """What `mobility clean` says of suggestions of these sources; "" without any."""
    rows = store.load(processed, "suggestions", ["source"], source=list(sources))
    if rows.empty:
        return ""
    n = len(rows)
    subject = (
        "1 name of an institution may be another writing"
        if n == 1
        else f"{n} names of institutions may be other writings"
    )
    return f"{subject} of one that is there: see {Path(processed) / FILE}, and answer in aliases.csv beside your files (docs/your-own-data.md)."


def of_source(processed: Path | str, source: str) -> pd.DataFrame:
    """The suggestions of a source, the likeliest first.

    Raises
    ------
    SettingsError
        If the source has not been cleaned.
    """
    known = store.sources(processed)
    if source not in known:
        raise SettingsError(
            f"source {source}",
            "has no clean tables.",
            did_you_mean(source, known) if known else "Run mobility clean first.",
        )
    rows = store.load(processed, "suggestions", source=source)
    return rows.drop(columns=["same", "source"]).dropna(axis="columns", how="all")
