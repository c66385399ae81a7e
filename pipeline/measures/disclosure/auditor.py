"""The auditor: attacks what was published, from the published numbers alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.disclosure.attack import System, systems, widths
from pipeline.measures.disclosure.cells import Cell, sums, take_apart
from pipeline.measures.disclosure.gate import as_policy
from pipeline.measures.disclosure.layouts import Layout, layout_of
from pipeline.settings import Disclosure

COLUMNS = ["table", "row", "column", "cell", "lower", "upper", "exposed"]


def audit(
    published: pd.DataFrame | Mapping[str, pd.DataFrame] | str | Path,
    policy: Disclosure | Mapping[str, Any] | None = None,
    layouts: Mapping[str, Layout] | Layout | None = None,
) -> pd.DataFrame:
    """The tightest bounds that an attacker gets on every suppressed cell.

    Parameters
    ----------
    published
        What was published: a frame, frames by name, or a folder with a brief's data files (.csv, .parquet; the tables of
        one folder are read together).
    policy
        With it, a cell is exposed when its bounds are closer than the policy promises for a small count, unless they show
        it to be minimum_count or more; without, when it is exact.
    layouts
        As for `protect`.

    Returns
    -------
    pandas.DataFrame
        One row for each place where a number is suppressed: table, row (position), column, cell (its members), lower,
        upper (infinite where nothing bounds it), exposed. The attacker knows that whole numbers are counted, that a 0 is
        never hidden, and every published sum.

    Examples
    --------
    >>> careless = pd.DataFrame({"country": ["KOR", "DEU", "total"], "stays": [40, None, 43], "status": ["A", "C", "A"]})
    >>> audit(careless)[["row", "lower", "upper", "exposed"]]
       row  lower  upper  exposed
    0    1    3.0    3.0     True
    """
    if isinstance(published, (str, Path)):
        return _audit_folder(Path(published), policy)
    tables = {"": published} if isinstance(published, pd.DataFrame) else dict(published)
    given = {"": layouts} if isinstance(layouts, Layout) else dict(layouts or {})
    tables = {n: t.reset_index(drop=True) for n, t in tables.items() if len(t)}
    known = {n: given.get(n) or given.get("") or layout_of(n, t) for n, t in tables.items()}
    cells = take_apart(tables, known)
    found = sums(cells, known)
    lines = [line for c in cells.values() if not c.hidden for line in _lines(tables, c, c.value, c.value, True)]
    for system in systems(cells, found):
        system = _consistent(system)
        for key, (low, high) in widths(system, dict.fromkeys(system.keys, np.inf)).items():
            lines += _lines(tables, cells[key], low, high, _exposed(low, high, policy))
    return pd.DataFrame(lines, columns=COLUMNS).sort_values(["table", "row", "column"], ignore_index=True)


def _lines(
    tables: Mapping[str, pd.DataFrame], cell: Cell, low: float, high: float, exposed: bool
) -> list[tuple[object, ...]]:
    """One line for each place in which the cell is suppressed; one that is printed elsewhere is exposed."""
    name = ", ".join(f"{d}={m}" for d, m in sorted(cell.key) if d not in {"universe", "row"})
    return [(t, r, c, name, low, high, exposed) for t, r, c in cell.places if pd.isna(tables[t][c].iloc[r])]


def _exposed(low: float, high: float, policy: Disclosure | Mapping[str, Any] | None) -> bool:
    if policy is None:
        return bool(high - low < 1e-6)
    chosen = as_policy(policy)
    if low >= chosen.minimum_count:
        return bool(high - low < 1e-6)
    return bool(high - low < max(1.0, chosen.minimum_count - 2.0) - 1e-6)


def _consistent(system: System) -> System:
    """The system as it is, or with what it assumes loosened until it holds: a hidden 0, a list that is not whole."""
    if system.feasible():
        return system
    system.lower = np.minimum(system.lower, 0.0)
    if system.feasible():
        return system
    system.row_lower = np.full_like(system.row_lower, -np.inf)
    if not system.feasible():
        system.row_upper = np.full_like(system.row_upper, np.inf)
    return system


def _audit_folder(folder: Path, policy: Disclosure | Mapping[str, Any] | None) -> pd.DataFrame:
    if not folder.is_dir():
        raise InputError(
            folder, "is not a folder.", "Name the folder of a brief, for instance reports/2024/example-university."
        )
    results = []
    for inside in sorted({p.parent for p in folder.rglob("*") if p.suffix in {".csv", ".parquet"} and p.is_file()}):
        tables = {}
        for path in sorted(p for p in inside.iterdir() if p.suffix in {".csv", ".parquet"} and p.is_file()):
            table = _read(path)
            if _has_counts(path.stem, table):
                tables[path.stem] = table
        if tables:
            found = audit(tables, policy)
            where = inside.relative_to(folder).as_posix()
            results.append(found.assign(table=[t if where == "." else f"{where}/{t}" for t in found["table"]]))
    if not results:
        raise InputError(
            folder, "no data file (.csv, .parquet) with counts in it.", "Make the briefs first: make reports."
        )
    return pd.concat(results, ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except (ValueError, OSError) as error:  # not UTF-8, not a table, not Parquet
        reason = (str(error).splitlines() or ["it is damaged"])[0]
        raise InputError(
            path, f"cannot be read as a published table ({reason}).", "Name the folder of a brief."
        ) from None


def _has_counts(name: str, table: pd.DataFrame) -> bool:
    """Whether a data file lists counts; a cross-table has no status that tells a suppressed number from a missing one."""
    try:
        return len(table) > 0 and not layout_of(name, table).wide
    except InputError:
        return False
