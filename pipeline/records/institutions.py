"""Institutions: the writings of one name brought together. Nothing that merely resembles is merged.

Two writings are one institution's when they are in the same country and equal without case, accents, punctuation and gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import narwhals as nw
import pyarrow as pa

from pipeline.records.engine import Engine, digest
from pipeline.records.text import plain

_SIDES = (("home_institution", "origin"), ("host_institution", "destination"))
Pair = tuple[str, str]  # country, name as written


@dataclass
class Register:
    """All writings of all institutions of one source, with how often they occur (`written`, `agreements`), and in how many stays (`stays`)."""

    written: dict[Pair, int] = field(default_factory=dict)
    stays: dict[Pair, int] = field(default_factory=dict)
    agreements: dict[Pair, int] = field(default_factory=dict)

    def add_writings(self, rows: nw.LazyFrame, engine: Engine) -> None:
        """Note the writings in rows of stays that are not rejected."""
        _count(rows, engine, self.written)

    def add_stays(self, rows: nw.LazyFrame, engine: Engine) -> None:
        """Count the stays at each institution, by the names under which they are kept."""
        _count(rows, engine, self.stays)

    def add_agreements(self, pairs: Iterable[Pair]) -> None:
        """Count the writings in a table of agreements."""
        for pair in pairs:
            self.agreements[pair] = self.agreements.get(pair, 0) + 1

    def names(self) -> dict[Pair, str]:
        """The name under which each writing is kept: the most frequent, of equally frequent ones not the one in capitals only."""
        total = {
            pair: self.written.get(pair, 0) + self.agreements.get(pair, 0) for pair in (*self.written, *self.agreements)
        }
        groups: dict[str, list[Pair]] = {}
        for pair in total:
            groups.setdefault(identifier(*pair), []).append(pair)
        best = {key: min(group, key=lambda p: (-total[p], p[1].isupper(), p[1]))[1] for key, group in groups.items()}
        return {pair: best[key] for key, group in groups.items() for pair in group}

    def table(self, source: str) -> list[dict[str, object]]:
        """Rows of the table of institutions."""
        rows: dict[str, dict[str, object]] = {}
        aliases: dict[str, set[str]] = {}
        for (country, written), name in sorted(self.names().items()):
            key = identifier(country, written)
            row = rows.setdefault(
                key,
                {
                    "institution_id": key,
                    "name": name,
                    "country": country,
                    "stays": 0,
                    "agreements": 0,
                    "source": source,
                },
            )
            row["stays"] = int(str(row["stays"])) + self.stays.get((country, written), 0)
            row["agreements"] = int(str(row["agreements"])) + self.agreements.get((country, written), 0)
            if written != name:
                aliases.setdefault(key, set()).add(written)
        return [row | {"aliases": "; ".join(sorted(aliases.get(key, ()))) or None} for key, row in rows.items()]


def _count(rows: nw.LazyFrame, engine: Engine, into: dict[Pair, int]) -> None:
    for name, country in _SIDES:
        found = engine.arrow(rows.filter(~nw.col(name).is_null()).group_by(country, name).agg(n=nw.len()))
        for row in found.to_pylist():
            pair = (row[country], row[name])
            into[pair] = into.get(pair, 0) + int(row["n"])


def identifier(country: str, name: str) -> str:
    """The id of an institution; it does not depend on the writing.

    >>> identifier("DEU", "TU Münster") == identifier("DEU", "Tu  Munster")
    True
    """
    return f"{country}-{digest(plain(name) or name)[:10]}"


def with_one_name(rows: nw.LazyFrame, names: dict[Pair, str], engine: Engine) -> nw.LazyFrame:
    """Stays with each institution under one name."""
    changed: Sequence[tuple[str, str, str]] = [
        (country, written, name) for (country, written), name in names.items() if written != name
    ]
    if not changed:
        return rows
    for column, country in _SIDES:
        arrays = [pa.array(part, pa.string()) for part in zip(*changed, strict=True)]
        lookup = engine.table(pa.table(arrays, names=[country, column, "_one_name"]))
        rows = rows.join(lookup, on=[country, column], how="left")
        rows = rows.with_columns(nw.coalesce(nw.col("_one_name"), nw.col(column)).alias(column)).drop("_one_name")
    return rows
