"""A pandas frame as a source: put beside its card as Parquet, so that it is read as any file is, whatever its size and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipeline.errors import InputError, SettingsError
from pipeline.sources import card as cards
from pipeline.sources import workbook

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

NAME = "frame"  # of the source; its file in ledger and books is frame.parquet, a line the place of the row, from 1
_TODO = "Give what a source.yml says: {'tables': [{'table': 'stays', 'direction': 'inbound', 'columns': {…}}]}."


def put(frame: pd.DataFrame, card: Mapping[str, Any] | Path | str | None, folder: Path) -> Path:
    """Write a frame and its card into a folder, as a source.

    Parameters
    ----------
    frame
        Rows as an office has them, of any types; a value that is missing is null, a time at midnight a day.
    card
        The keys of a source card, or the path of one. Each of its tables is read from the frame; `file` need not be given.
    folder
        Where the source's folder is made.

    Returns
    -------
    pathlib.Path
        The source's folder.

    Raises
    ------
    SettingsError
        If there is no card, or it cannot be read.
    InputError
        If two columns have one name, or there are no rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if card is None:
        raise SettingsError("card", "is missing: a frame says nothing about its columns.", _TODO)
    if not len(frame):
        raise InputError(NAME, "has no rows.", "Give the rows to be cleaned.")
    names = [str(name) for name in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(NAME, f"the column {twice[0]!r} stands {names.count(twice[0])} times.", "Rename one of them.")
    place = folder / NAME
    place.mkdir(parents=True)
    file = f"{NAME}.parquet"
    pq.write_table(pa.table([_array(frame[name]) for name in frame.columns], names=names), place / file)
    given = dict(cards.keys(Path(card)) if isinstance(card, (str, Path)) else card)
    tables = given.get("tables")
    if not isinstance(tables, (list, tuple)) or not all(isinstance(table, Mapping) for table in tables):
        raise SettingsError("card", "tables: expected a list of tables.", _TODO)
    given["tables"] = [{**table, "file": file} for table in tables]
    try:
        text = yaml.safe_dump(given, allow_unicode=True, sort_keys=False)
    except yaml.YAMLError as error:
        raise SettingsError("card", f"holds more than texts and numbers: {error}.", _TODO) from None
    (place / cards.FILE_NAME).write_text(text, encoding="utf-8")
    return place


def _array(column: pd.Series) -> pa.Array:
    """A column as Arrow; one of several types as text."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if column.dtype == object:
        return pa.array([None if pd.isna(value) else workbook.text_of(value) for value in column], pa.string())
    return pa.Array.from_pandas(column)
