"""From which rows a number came: `mobility explain OUTPUT#FINDING`.

A finding, figure or table of a brief can carry `evidence`: clean tables and the values that pick the rows behind it. The
executed notebook beside the brief keeps it; the rows are looked up in the clean tables, where each knows its file and line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError, did_you_mean
from pipeline.run.parameters import cells
from pipeline.run.tasks import BRIEF, PROFILE
from pipeline.run.workspace import Context, context

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

BLOCK = "application/vnd.student-mobility.block+json"
SHOWN = 20  # rows
ANY = "any"  # in a `where`: ways to be picked, of which one is enough
COUNT_COLUMNS = ["publisher", "period", "value", "status", "exactness", "title", "url"]


def explain(reference: str, here: Context | None = None) -> Iterator[str]:
    """What a finding says, on what base, and the rows behind it.

    Parameters
    ----------
    reference
        A brief's file, `#`, and the id of a finding, figure or table in it: `reports/2018/CHN/brief.en.html#total`.
    here
        By default the project around the working folder.

    Yields
    ------
    str
        Lines.

    Raises
    ------
    InputError
        If there is no such brief or nothing in it of that name.
    """
    output, _, name = reference.partition("#")
    path = Path(output).resolve()
    if not name:
        raise InputError(reference, "names no finding.", "Write it behind the file, like brief.en.html#total.")
    if not path.is_file():
        raise InputError(output, "there is no such brief.", "Run `make reports`, or look into reports/index.html.")
    blocks = {b["id"]: b for b in blocks_of(_notebook(path)) if b.get("id")}
    if name not in blocks:
        raise InputError(reference, f"the brief has no {name!r}.", did_you_mean(name, blocks))
    yield from _told(blocks[name])
    evidence = blocks[name].get("evidence") or []
    if not evidence:
        yield "The brief does not say from which rows this was computed."
    for item in evidence:
        yield from _rows(item, here or context())


def blocks_of(notebook: Path) -> Iterator[dict[str, Any]]:
    """The blocks that an executed notebook shows, those inside columns too."""
    for cell in cells(notebook):
        for output in cell.get("outputs", []):
            found = output.get("data", {}).get(BLOCK)
            if found is not None:
                yield from _flat(json.loads("".join(found)) if isinstance(found, str | list) else found)


def _flat(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield block
    for side in ("left", "right"):
        inner = block.get(side) or []
        for part in inner if isinstance(inner, list) else [inner]:
            yield from _flat(part)


def _notebook(brief: Path) -> Path:
    """The executed notebook that a brief was set from."""
    language = brief.suffixes[0].strip(".") if len(brief.suffixes) > 1 else "en"
    made_by = PROFILE if brief.name.startswith("profile.") else BRIEF
    path = brief.parent / "notebooks" / f"{Path(made_by).stem}.{language}.ipynb"
    if not path.is_file():
        raise InputError(path, "the notebook behind the brief is missing.", "Run `make reports` again.")
    return path


def _told(block: dict[str, Any]) -> Iterator[str]:
    for key, label in (("title", ""), ("text", ""), ("caption", ""), ("base", "Base: "), ("source", "Source: ")):
        if block.get(key):
            yield label + str(block[key]).replace("**", "")


def _said(value: Any) -> str:
    """A condition in words."""
    if not isinstance(value, dict):
        values = value if isinstance(value, list) else [value]
        return ", ".join("not known" if v is None else str(v) for v in values)
    if "not" in value:
        return "not " + ", ".join(map(str, value["not"]))
    return f"from {value.get('from', '…')} to {value.get('to', '…')}"


def _meets(column: pd.Series, condition: dict[str, Any]) -> pd.Series:
    """Which values lie between `from` and `to` (inclusive), or are none of `not`; a missing value is none of them."""
    if "not" in condition:
        return ~column.isin(condition["not"])
    import pandas as pd

    met = column.notna()
    for bound, compare in (("from", column.ge), ("to", column.le)):
        if bound in condition:
            limit = pd.Timestamp(condition[bound]) if column.dtype.kind == "M" else condition[bound]
            met &= compare(limit).fillna(False)
    return met


def _all_met(rows: pd.DataFrame, where: dict[str, Any]) -> np.ndarray:
    """Which rows have all these values or meet all these conditions."""
    import numpy as np

    met = np.ones(len(rows), bool)
    for column, want in where.items():
        if isinstance(want, dict):
            met &= _meets(rows[column], want).to_numpy(bool)
        else:
            met &= rows[column].isin(want if isinstance(want, list) else [want]).to_numpy(bool)
    return met


def _picked(where: dict[str, Any]) -> str:
    return ", ".join(f"{column} {_said(value)}" for column, value in where.items())


def _rows(item: dict[str, Any], here: Context) -> Iterator[str]:
    import numpy as np

    from pipeline.records.store import load

    table, where = item["table"], dict(item.get("where", {}))
    either = where.pop(ANY, [])
    conditions = {c: v for c, v in where.items() if isinstance(v, dict)}
    rows = load(here.processed, table, **{c: v for c, v in where.items() if c not in conditions})
    for column, condition in conditions.items():
        rows = rows[_meets(rows[column], condition)]
    if either:
        rows = rows[np.logical_or.reduce([_all_met(rows, way) for way in either])]
    picked = _picked(where) + (f", and {' or '.join(map(_picked, either))}" if either else "")
    yield f"{len(rows)} rows of {table} ({picked}):"
    for row in rows.head(SHOWN).to_dict("records"):
        values = [f"{c} {row[c]}" for c in COUNT_COLUMNS if table == "counts" and row.get(c) not in (None, "")]
        yield f"  {row['source']}: {row['file']}, line {row['line']}" + (f": {', '.join(values)}" if values else "")
    if len(rows) > SHOWN:
        yield f"  … and {len(rows) - SHOWN} more"
