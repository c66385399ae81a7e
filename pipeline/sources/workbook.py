"""Workbooks (.xlsx, .xls, .xlsm, .xlsb, .ods) as rows of text, with the row of the sheet as line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Grid = list[list[str | None]]
SUFFIXES = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def text_of(value: Any) -> str | None:
    """A cell as text: dates as ISO 8601, whole numbers without a decimal point, an empty cell as None.

    Examples
    --------
    >>> text_of(45.0), text_of(dt.date(2019, 9, 1)), text_of(""), text_of("٣"), text_of(True)
    ('45', '2019-09-01', None, '٣', 'true')
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return None if value is None else str(value)


def grids(path: Path) -> dict[str, Grid]:
    """Every sheet as rows of text cells, from the first row and column on.

    A value in cells merged downwards stands in each of their rows.

    Raises
    ------
    InputError
        If the workbook is corrupt, encrypted or no workbook at all.
    """
    stat = path.stat()
    return _grids(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _grids(path: Path, size: int, changed: int) -> dict[str, Grid]:
    import python_calamine as calamine

    try:
        with path.open("rb") as file:  # by its bytes, not its name: a workbook saved as .xls is often .xlsx within
            head = file.read(8)
            file.seek(0)
            book = calamine.CalamineWorkbook.from_filelike(file)
            return {name: _grid(book.get_sheet_by_name(name)) for name in book.sheet_names}
    except calamine.PasswordError:
        raise _encrypted(path) from None
    except calamine.CalamineError as error:
        if head == _OLE and path.suffix.lower() != ".xls":
            raise _encrypted(path) from None
        reason = str(error).split("\n", 1)[0].rstrip(".")
        problem = f"cannot be read as a workbook ({reason})."
        todo = "It may be damaged or of another kind: open it in a spreadsheet program and save it again as .xlsx."
        raise InputError(path, problem, todo) from None


def _encrypted(path: Path) -> InputError:
    return InputError(
        path, "is encrypted or no Excel workbook of this kind.", "Save it again as .xlsx without a password."
    )


def _grid(sheet: Any) -> Grid:
    rows: Grid = [[text_of(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top and top < len(rows) and left < len(rows[top]):
            for row in rows[top + 1 : bottom + 1]:
                row[left] = rows[top][left]
    return rows


def sheet_names(path: Path, wanted: str | None) -> list[str]:
    """The sheets a card means: the one it names, those its pattern fits, or the only sheet with cells.

    Raises
    ------
    InputError
        If no sheet fits, or several do and the card names none.
    """
    from fnmatch import fnmatchcase

    from pipeline.errors import did_you_mean

    sheets = grids(path)
    filled = [name for name, rows in sheets.items() if any(cell for row in rows for cell in row)]
    if not filled:
        raise InputError(path, "the workbook is empty.", "Put the file in place again.")
    if wanted is None:
        if len(filled) > 1:
            raise InputError(path, f"has several sheets: {', '.join(filled)}.", "Name one in source.yml (sheet: …).")
        return filled
    found = [name for name in sheets if name == wanted] or [name for name in filled if fnmatchcase(name, wanted)]
    if not found:
        raise InputError(path, f"has no sheet {wanted!r}.", did_you_mean(wanted, sheets))
    return found


def frame(
    columns: Mapping[str, Sequence[str | None]], lines: Sequence[int], refused: Sequence[str | None] | None = None
) -> pd.DataFrame:
    """Columns of text with their lines, in the types that `RawTable.rows` promises."""
    import pandas as pd

    texts = {name: pd.array(list(values), dtype="str") for name, values in columns.items()}
    reasons = pd.array(list(refused) if refused is not None else [None] * len(lines), dtype="str")
    return pd.DataFrame({**texts, "line": pd.array(list(lines), dtype="int64"), "refused": reasons})
