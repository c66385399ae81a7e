"""Which publisher's labels name one and the same count, and whose figures come first."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd

ROLES = ("national", "international", "extract", "copy")
UNNAMED = "publisher not stated"  # for figures whose source does not say who counted


@dataclass(frozen=True)
class Publisher:
    """One line of publishers.csv; a publisher that is not listed there is its own family."""

    label: str
    family: str
    role: str = "national"  # of ROLES: counted it itself; collected it from countries; a part of a count; reprinted it
    totals: str = ""  # the family whose world totals hold for this one's list of partners


@cache
def known() -> dict[str, Publisher]:
    """The publishers of publishers.csv by label."""
    text = files("pipeline.measures").joinpath("publishers.csv").read_text(encoding="utf-8")
    return {row["publisher"]: Publisher(*row.values()) for row in csv.DictReader(text.splitlines())}


def publisher(label: str) -> Publisher:
    """What is known about a publisher's label.

    >>> publisher("Open Doors").family
    'IIE Open Doors'
    >>> publisher("My ministry").family
    'My ministry'
    """
    return known().get(label, Publisher(label, label))


def families(labels: pd.Series) -> pd.Series:
    """The family of each label, row by row; figures without a label have one of their own.

    >>> families(pd.Series(["IIE Open Doors", "Open Doors"])).tolist()
    ['IIE Open Doors', 'IIE Open Doors']
    >>> families(pd.Series([None, "HESA"])).tolist()
    ['publisher not stated', 'HESA']
    """
    known = {label: publisher(label).family for label in labels.dropna().unique()}
    return labels.map(known).astype("object").fillna(UNNAMED)


def labels_of(family: str) -> list[str]:
    """The labels that name a family's count.

    >>> labels_of("MOE (China)")
    ['MOE (China)', 'Ministry of Education of China']
    """
    return sorted({family, *(label for label, one in known().items() if one.family == family)})


def role_rank(family: str) -> int:
    """0 for national publishers, then international ones, extracts and copies.

    >>> role_rank("UNESCO UIS") > role_rank("HESA")
    True
    """
    return ROLES.index(publisher(family).role)
