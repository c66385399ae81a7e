"""What should be true of clean tables, as sentences of the field. A sentence that does not hold is told in the data-quality statement; no row is dropped for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw

from pipeline.records.engine import Engine
from pipeline.records.pseudonyms import VARIABLE, has_own_key

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 10  # parts that are each rounded to 5 can miss the total by this much
PLAUSIBLE_COUNTRY, PLAUSIBLE_WORLD = 2e6, 1e7  # mobile students of one country, of the world, in one year
REJECTED_SHARE = 0.05
MIN_ORIGINS = 50  # of a table that claims to list all origins
_CONTINENTS = {"region:Africa", "region:Americas", "region:Asia", "region:Europe", "region:Oceania"}
Check = tuple[str, bool | None, str]


_OF_STAYS: dict[str, Any] = {
    "no more credits are recognised than were attempted": nw.col("credits_recognised") > nw.col("credits_attempted"),
    "a visa is decided after it was applied for": nw.col("visa_decided") < nw.col("visa_applied"),
    "a visa is decided before the stay ends": nw.col("visa_decided") > nw.col("end"),
    "a degree is awarded only on a completed or extended stay": (nw.col("degrees_awarded") > 0)
    & nw.col("outcome").is_in(["withdrawn", "ongoing"]),
    "a stay lasts at most 120 months": nw.col("months") > 120,
    "a grant has a currency": (nw.col("grant_amount") > 0) & nw.col("currency").is_null(),
}


def stays_against(rows: nw.LazyFrame, engine: Engine) -> dict[str, int]:
    """How many stays are against each check, and `n`, how many there are; numbers of several tables of a source can be added."""
    sums = [test.fill_null(False).cast(nw.Int64).sum().alias(f"t{i}") for i, test in enumerate(_OF_STAYS.values())]
    found = engine.arrow(rows.select(*sums, nw.len().alias("n"))).to_pylist()[0]
    return {"n": int(found["n"])} | {name: int(found[f"t{i}"] or 0) for i, name in enumerate(_OF_STAYS)}


def stays_checks(against: Mapping[str, int], synthetic: bool) -> Iterator[Check]:
    """Checks of one source's stays, from `stays_against`."""
    for name in _OF_STAYS:
        yield name, against[name] == 0, f"{against[name]} of {against['n']} stays against it"
    if not synthetic:
        yield (
            "student numbers are made unreadable with a key of one's own",
            has_own_key(),
            "" if has_own_key() else f"set {VARIABLE}",
        )


def ledger_checks(lines: list[dict[str, Any]]) -> Iterator[Check]:
    """Checks of one source's ledger."""
    read = sum(line["rows_read"] for line in lines)
    rejected = sum(line["rows_rejected"] for line in lines)
    yield (
        f"at most {REJECTED_SHARE:.0%} of the rows are rejected",
        rejected <= REJECTED_SHARE * read,
        f"{rejected} of {read}",
    )


def counts_checks(counts: pd.DataFrame) -> Iterator[Check]:
    """Checks of one source's counts."""
    if counts.empty:
        return
    yield from _magnitudes(counts)
    for name, parts in (
        ("degree and non-degree students add up to all students", ("degree_stock", "non_degree_stock")),
        (
            "enrolled students and those in practical training add up to all students",
            ("enrolled_stock", "practical_training"),
        ),
    ):
        yield from _parts_of_stock(counts, name, parts)
    yield from _regions(counts)
    yield from _origins(counts)


def _magnitudes(counts: pd.DataFrame) -> Iterator[Check]:
    students = counts[counts.unit.eq("students") & counts.measure.ne("net_flow") & counts.reporter.str.len().eq(3)]
    of_world = students.reporter.eq("WLD")
    limit = of_world.map({True: PLAUSIBLE_WORLD, False: PLAUSIBLE_COUNTRY})
    too_large = students[students.value > limit]
    detail = "; ".join(f"{r.reporter} {r.period}: {r.value:.0f}" for r in too_large.head(5).itertuples())
    yield (
        "no country has more than 2 million mobile students, the world no more than 10 million",
        too_large.empty,
        detail or f"{len(students)} figures",
    )


_CELL = ["publisher", "reporter", "origin", "destination", "direction", "period", "level", "funding"]


def _parts_of_stock(counts: pd.DataFrame, name: str, parts: tuple[str, str]) -> Iterator[Check]:
    chosen = counts[counts.measure.isin(["stock", *parts])]
    values = chosen.pivot_table(index=_CELL, columns="measure", values="value", aggfunc="first")
    if not {"stock", *parts} <= set(values.columns):
        return
    values = values.dropna(subset=["stock", *parts])
    exact = chosen.groupby(_CELL).exactness.agg(lambda e: set(e) == {"exact"})
    values = values[exact.reindex(values.index).fillna(False).astype(bool)]
    off = values[(values["stock"] - values[list(parts)].sum(axis=1)).abs() > ROUNDING]
    if len(values):
        yield (
            name,
            off.empty,
            _told(off.index, len(values), lambda i: f"{i[0]}, {i[2] if i[4] == 'inbound' else i[3]} {i[5]}"),
        )


def _regions(counts: pd.DataFrame) -> Iterator[Check]:
    cell = ["publisher", "reporter", "direction", "period", "level", "measure", "funding"]
    exact = counts[counts.exactness.eq("exact") & counts.value.notna()]
    inbound = exact[exact.direction.eq("inbound")]
    parts = inbound[inbound.origin.isin(_CONTINENTS)].groupby(cell).agg(n=("origin", "nunique"), parts=("value", "sum"))
    total = inbound[inbound.origin.eq("WLD")].groupby(cell).value.first()
    both = parts[parts.n == len(_CONTINENTS)].join(total.rename("total"), how="inner")
    off = both[(both.parts - both.total).abs() > ROUNDING]
    if len(both):
        yield (
            "the five continents add up to all origins",
            off.empty,
            _told(off.index, len(both), lambda i: f"{i[0]}, {i[1]} {i[3]}"),
        )


def _origins(counts: pd.DataFrame) -> Iterator[Check]:
    cell = ["publisher", "reporter", "direction", "period", "level", "measure", "funding"]
    inbound = counts[counts.direction.eq("inbound") & counts.value.notna()]
    listed = (
        inbound[inbound.origin_kind.isin(["country", "former", "unspecified"])]
        .groupby(cell)
        .agg(n=("origin", "nunique"), parts=("value", "sum"))
    )
    total = inbound[inbound.origin.eq("WLD")].groupby(cell).value.first()
    both = listed[listed.n >= MIN_ORIGINS].join(total.rename("total"), how="inner")
    off = both[(both.parts - both.total).abs() > ROUNDING]
    if len(both):
        yield (
            "the origins add up to all origins",
            off.empty,
            _told(off.index, len(both), lambda i: f"{i[5]} {i[3]} level {i[4]}", most=40),
        )


def _told(off: Any, n: int, name: Any, most: int = 8) -> str:
    if not len(off):
        return f"all {n}"
    listed = "; ".join(name(i) for i in list(off)[:most])
    return f"{len(off)} of {n} do not: {listed}{' …' if len(off) > most else ''}"
