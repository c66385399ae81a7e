"""What the analysis notebooks left for one subject and year, and how to find a figure in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import InputError
from pipeline.measures.publishers import role_rank

RECENT = 3  # years: an older figure is no longer news, and stays out of the tables of the present


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a table, each with its columns as attributes.

    >>> [row.value for row in records(pd.DataFrame({"year": [2017, 2018], "value": [489200.0, 492185.0]}))]
    [489200.0, 492185.0]
    """
    return list(frame.itertuples(index=False))


def first(frame: pd.DataFrame) -> Any | None:
    """The first row of a table; None when it has none.

    >>> first(pd.DataFrame({"year": [2018]})).year, first(pd.DataFrame()) is None
    (2018, True)
    """
    return next(iter(records(frame.head(1))), None)


def undivided(frame: pd.DataFrame) -> pd.Series:
    """Which rows are about all levels, modes and funding together.

    >>> undivided(pd.DataFrame({"level": ["all", "8"], "mode": ["all", "all"], "funding": ["all", "all"]})).tolist()
    [True, False]
    """
    return frame["level"].eq("all") & frame["mode"].eq("all") & frame["funding"].eq("all")


def _read(path: Path) -> pd.DataFrame:
    import pyarrow as pa

    try:
        return pd.read_parquet(path)
    except (pa.ArrowException, OSError) as error:
        todo = "Delete it, and run `mobility reports` again: it is then made anew."
        raise InputError(path, f"cannot be read as Parquet: {str(error).rstrip('.')}.", todo) from None


@dataclass(frozen=True)
class Facts:
    """The result tables of a subject and year (docs/architecture.md, "Results").

    Examples
    --------
    >>> facts = Facts("CHN", 2018, {"headline": pd.DataFrame({"direction": ["inbound"], "measure": ["stock"],
    ...     "level": ["all"], "mode": ["all"], "funding": ["all"], "partner": ["WLD"], "publisher": ["MOE (China)"],
    ...     "year": [2018], "value": [492185.0]})})
    >>> facts.figure("stock").value, facts.figure("entrants") is None
    (492185.0, True)
    """

    subject: str
    year: int
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, subject: str, year: int) -> Facts:
        """Read every result table in a folder.

        Raises
        ------
        InputError
            When there is none, or one is damaged.
        """
        found = {path.stem: _read(path) for path in sorted(folder.glob("*.parquet"))}
        if "headline" not in found:
            raise InputError(folder, "no results here.", f"Run notebooks 2 to 4 for {subject} and {year} first.")
        return cls(subject, year, found)

    def table(self, name: str) -> pd.DataFrame:
        """A result table; an empty frame where the analysis had nothing to leave."""
        return self.tables.get(name, pd.DataFrame())

    @property
    def institution(self) -> bool:
        """Whether the subject is an institution with stays rather than a country with published counts."""
        return bool(self.table("headline")["measure"].eq("stays").any())

    def figure(
        self,
        measure: str,
        direction: str = "inbound",
        level: str = "all",
        funding: str = "all",
        mode: str = "all",
        recent: int = RECENT,
    ) -> Any | None:
        """The headline row of a series (attributes as columns); None when there is none of the last `recent` years.

        Of several publishers the national one goes before the international ones and before copies, then the latest.
        """
        rows = self.table("headline")
        wanted = {"measure": measure, "direction": direction, "level": level, "funding": funding, "mode": mode}
        for column, value in ({"partner": "WLD"} | wanted).items():
            rows = rows[rows[column].eq(value)]
        rows = rows[rows["year"].gt(self.year - recent)]
        if rows.empty:
            return None
        order = rows.assign(_role=rows["publisher"].map(role_rank)).sort_values(
            ["_role", "year"], ascending=[True, False]
        )
        return records(order)[0]

    def line(self, series_id: str) -> pd.DataFrame:
        """The yearly figures of a series up to the year of the brief, in order."""
        rows = self.table("series")
        return rows[rows["series_id"].eq(series_id) & rows["year"].le(self.year + 1)].sort_values("year")

    def ranking(self, direction: str, measure: str, publisher: str | None = None) -> pd.DataFrame:
        """The partners of a direction and measure at all levels, ranked; of the best publisher when none is named."""
        rows = self.table("partners")
        if rows.empty:
            return rows
        rows = rows[rows["direction"].eq(direction) & rows["measure"].eq(measure)]
        rows = rows[undivided(rows) & rows["year"].gt(self.year - RECENT)]
        if rows.empty:
            return rows
        if publisher is None:
            publisher = min(rows["publisher"].unique(), key=role_rank)
        return rows[rows["publisher"].eq(publisher)].sort_values("rank", kind="stable")
