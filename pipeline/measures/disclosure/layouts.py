"""How a table of counts is laid out: which columns name a cell, which count people, which follow from counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from pipeline.errors import InputError

# Members that stand for the sum over a dimension.
TOTALS = frozenset({"all", "total", "totals", "wld", "_t", "sum", "grand total", "合计", "总计", "全部", "小计"})
STATUS = "status"
# Columns that name a cell although they hold numbers, and numeric columns that follow from counts.
NUMERIC_DIMENSIONS = frozenset({"year", "level", "age", "month", "birth_year"})
DERIVED_WORDS = ("share", "pct", "percent", "rate", "ratio", "mean", "average", "growth", "change", "net", "rank")
SUMMARIES = ("hhi", "hhi_lower", "hhi_upper", "effective_number", "shannon", "top5_share")
COUNT_NAMES = ("value", "count", "n", "students", "stays", "people", "persons", "number", "size", "freq", "人数")


@dataclass(frozen=True)
class Layout:
    """The layout of one table.

    Attributes
    ----------
    dims
        Columns that name a cell. A member of TOTALS (or a null) stands for the sum over the dimension. "by=group" is a
        dimension whose name stands in the column by and whose member in the column group.
    counts
        Columns that count people, each with the members that it fixes beyond the row's own: ``{"value": {},
        "previous": {"year": "=previous_year"}, "inbound": {"direction": "inbound"}}``. A value "=column" is read from
        that column of the row, "=column-1" from it less one, "all" drops the dimension.
    parts
        A count column and the count of which it is a part: ``{"k": "n"}``. What is left (n − k) is guarded too.
    bases
        Columns that follow from counts, each with the count they rest on (null below policy.minimum_base) or "".
        All are null when any count of their row is hidden.
    amounts
        Means and other rates of amounts, not of people, each with the count that they are the mean over: a mean over too
        few is hidden, and so is another one, lest it follow from the mean of all.
    differences
        Columns that are one count less another: taken again from what is published.
    refers
        A column that rests on a cell elsewhere: ``{"cagr": {"year": "=cagr_from"}}``; null when that cell is hidden.
    apart
        Members that are in no total of their dimension: ``{"mode": ("virtual",)}``.
    aliases
        For a dimension's member, what it is called in the cell of a count column (the column "" is any):
        ``{"indicator": {"completion": {"n": {"base": "ended"}, "k": {"base": "ended", "answer": "completed"}}}}``.
    people
        For a dimension, the members whose parts are people; parts of others (credits, papers) are hidden only for their
        small base. Empty: all are.
    summary_of
        The table whose rows this one sums up by non-linear measures (HHI, entropy); its columns SUMMARIES are rounded, and
        null where too few cells of a list are hidden, which then could be solved for.
    names
        What a dimension named by a column ("by=group") is called in other tables.
    universe
        Tables of one universe that name the same cell mean the same number.
    wide
        The count columns are the members of one more dimension, of this name.
    """

    dims: tuple[str, ...]
    counts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {"value": {}})
    parts: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    refers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    summary_of: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    universe: str = ""
    wide: str = ""

    def __post_init__(self) -> None:
        for part, whole in self.parts.items():
            if self.counts.get(part) == self.counts.get(whole) and not self.aliases:
                raise ValueError(
                    f"{part} is a part of {whole}, yet both name the same cell: give them members of their own in counts or aliases"
                )


_ENDED = {
    indicator: {"n": {"base": "ended"}, "k": {"base": "ended", "answer": outcome}}
    for indicator, outcome in {"completion": "completed", "withdrawal": "withdrawn", "extension": "extended"}.items()
}
_FUNDED = {
    indicator: {"n": {"base": "funding"}, "k": {"base": "funding", "answer": answer}}
    for indicator, answer in {"unfunded": "self", "funded_share": "funded"}.items()
}
_SERIES_DIMS = ("direction", "measure", "level", "mode", "funding", "partner", "publisher", "year")
_VIRTUAL = {"mode": ("virtual",)}

# The project's own results that come from stays.
LAYOUTS: dict[str, Layout] = {
    "series": Layout(dims=_SERIES_DIMS, apart=_VIRTUAL, universe="stays"),
    "headline": Layout(
        dims=_SERIES_DIMS,
        counts={"value": {}, "previous": {"year": "=year-1"}},
        bases={"pct": "previous", "cagr": ""},
        differences={"change": ("value", "previous")},
        refers={"cagr": {"year": "=cagr_from"}},
        apart=_VIRTUAL,
        universe="stays",
    ),
    "partners": Layout(
        dims=_SERIES_DIMS,
        counts={"value": {}, "previous": {"year": "=previous_year"}, "total": {"partner": "all"}},
        bases={"pct": "previous", "share": "total", "rank": "", "coverage": ""},
        differences={"change": ("value", "previous")},
        apart=_VIRTUAL,
        universe="stays",
    ),
    "profile": Layout(
        dims=("publisher", "direction", "mode", "year"),
        counts={"stays": {"measure": "stays"}},
        bases={"median_months": "n_months", "n_months": "", "countries": ""},
        apart=_VIRTUAL,
        universe="stays",
    ),
    "concentration": Layout(
        dims=("direction", "measure", "level", "mode", "funding", "publisher", "year"),
        counts={},
        summary_of="partners",
        universe="stays",
    ),
    "balance": Layout(
        dims=("measure", "publisher", "by=partner", "year", "modes"),
        names={"country": "partner", "institution": "institution"},
        counts={"inbound": {"direction": "inbound"}, "outbound": {"direction": "outbound"}},
        bases={"ratio": "", "inbound_share": ""},
        differences={"net": ("inbound", "outbound")},
        universe="stays",
    ),
    "expected_flows": Layout(
        dims=("direction", "measure", "level", "partner", "publisher", "year"),
        counts={"actual": {"mode": "all", "funding": "all"}},
        bases={"ratio": ""},
        universe="stays",
    ),
    "outcomes": Layout(
        dims=("indicator", "group_by=group"),
        counts={"n": {}, "k": {}},
        parts={"k": "n"},
        bases={"value": "n", "lower": "n", "upper": "n", "missing": "", "lowest": "n", "highest": "n"},
        amounts={"value": "n"},
        aliases={"indicator": _ENDED | _FUNDED},
        people={
            "indicator": (
                *_ENDED,
                *_FUNDED,
                "full_recognition",
                "degree_award",
                "both_degrees",
                "visa_refusal",
                "dual_supervised",
            )
        },
        apart=_VIRTUAL,
        universe="outcomes",
    ),
}


def layout_of(name: str, table: pd.DataFrame) -> Layout:
    """The layout of a table: that of its name among the project's results, else read from its columns.

    Text columns (and year, level, age) name a cell; a numeric column called value, count, n, students, stays … counts
    people, or the only numeric one; columns called share, pct, rate, … follow from it. Several numeric columns without
    such names are a cross-table whose columns are members of one more dimension.

    Raises
    ------
    InputError
        When no column can count people.
    """
    known = LAYOUTS.get(name)
    if known is not None and set(known.counts) <= set(table.columns):
        return known
    numeric = [c for c in table.columns if pd.api.types.is_numeric_dtype(table[c]) and not _flag(table[c])]
    dims = [c for c in table.columns if c not in numeric and c != STATUS and not _flag(table[c])]
    dims += [c for c in numeric if str(c).lower() in NUMERIC_DIMENSIONS]
    numeric = [c for c in numeric if c not in dims]
    derived = [c for c in numeric if any(w in str(c).lower() for w in DERIVED_WORDS)]
    counts = [c for c in numeric if c not in derived]
    named = [c for c in counts if str(c).lower() in COUNT_NAMES]
    if not counts:
        raise InputError(
            name or "table", "no column that counts people.", "Pass its layout: layouts={name: Layout(...)}."
        )
    if len(counts) == 1 or named:
        main = named[:1] or counts
        rest = [c for c in counts if c not in main]
        return Layout(
            dims=tuple(dims),
            counts={c: {} for c in main},
            bases=dict.fromkeys([*derived, *rest], main[0]),
            universe=name,
        )
    return Layout(
        dims=tuple(dims),
        counts={c: {"column": str(c)} for c in counts},
        bases=dict.fromkeys(derived, ""),
        universe=name,
        wide="column",
    )


def _flag(column: pd.Series) -> bool:
    return pd.api.types.is_bool_dtype(column)
