"""Groups of countries (Belt and Road, EU, ASEAN, UN regions …) from one editable file, and their shares."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from pipeline.errors import InputError, did_you_mean
from pipeline.measures.ranking import LIST_KEY
from pipeline.measures.yearly import require

KEYS = {"name", "source", "url", "date", "members", "note", "one_of"}
_MEMBER = re.compile(r"([A-Z]{3})(?:@(\d{4})?(-)?(\d{4})?)?$")
COLUMNS = ["direction", "measure", "publisher", "level", "year", "group", "value", "share", "n_partners", "at_least"]


Span = tuple[int | None, int | None]
NARROWER = ("belt_and_road_65",)  # lists beside the one in use: only when asked for


def _within(year: int, first: int | None, last: int | None) -> bool:
    return (first is None or first <= year) and (last is None or year <= last)


@dataclass(frozen=True)
class Group:
    """One group; `spans` holds the first and last year of each member's times in it (null: all along)."""

    id: str
    en: str
    zh: str
    source: str
    url: str
    date: str
    note: str = ""
    one_of: str = ""
    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)

    def members(self, year: int | None = None) -> frozenset[str]:
        """The members in a year, or all that ever were.

        >>> "GBR" in groups()["eu"].members(2020), "GBR" in groups()["eu"].members(2021)
        (True, False)
        """
        if year is None:
            return frozenset(self.spans)
        return frozenset(c for c, times in self.spans.items() if any(_within(year, *time) for time in times))


@cache
def groups(path: Path | None = None) -> dict[str, Group]:
    """The groups of groups.yml, or of a file of the same form, by id.

    Raises
    ------
    InputError
        Names the file, the group and what is wrong with it.

    Examples
    --------
    >>> len(groups()["belt_and_road"].members())
    152
    """
    file = path or files("pipeline.measures").joinpath("groups.yml")
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InputError(file, f"is not valid YAML: {error}.", "Mend that line.") from None
    if not isinstance(given, dict):
        raise InputError(file, "expected groups by id.", "See pipeline/measures/groups.yml.")
    return {str(name): _group(file, str(name), entry) for name, entry in given.items()}


def _group(file: Any, name: str, entry: Any) -> Group:
    where = f"{file}: {name}"
    if not isinstance(entry, dict):
        raise InputError(where, "expected name, source, url, date and members.")
    for key in entry:
        if key not in KEYS:
            raise InputError(where, f"{key}: no such key.", did_you_mean(str(key), KEYS))
    for key in ("name", "source", "date", "members"):
        if key not in entry:
            raise InputError(where, f"has no {key}.", "A group needs name, source, date and members.")
    names = entry["name"]
    if not isinstance(names, dict) or not {"en", "zh"} <= set(names):
        raise InputError(where, "name: expected one in each language.", "Write name: {en: …, zh: …}.")
    spans: dict[str, tuple[Span, ...]] = {}
    for word in str(entry["members"]).split():
        found = _MEMBER.match(word)
        if not found:
            raise InputError(where, f"member {word!r}: expected a code like KOR, BLR@2024 or GBR@-2020.")
        first, last = found[2], found[4]
        time = (int(first) if first else None, int(last) if last else None)
        spans[found[1]] = (*spans.get(found[1], ()), time)
    texts = {k: str(entry.get(k, "")) for k in ("source", "url", "date", "note", "one_of")}
    return Group(id=name, en=str(names["en"]), zh=str(names["zh"]), spans=spans, **texts)


def group_shares(partners: pd.DataFrame, wanted: tuple[str, ...] | None = None) -> pd.DataFrame:
    """What comes from, or goes to, each group of countries.

    Parameters
    ----------
    partners
        As from `partners`; for an institution the protected table, so that no group gives a hidden partner away.
    wanted
        Ids of groups; by default all that are neither subregions nor narrower lists (NARROWER).

    Returns
    -------
    pandas.DataFrame
        One row a list and group: value, share (percent of the publisher's total, else of what is listed), n_partners (of
        the list in the group) and at_least: the list leaves partners out, so that value and share are lower bounds.
        Groups overlap; only those of one `one_of` add up.

    Examples
    --------
    >>> listed = pd.DataFrame({"direction": "inbound", "measure": "stays", "level": "all", "mode": "all", "funding": "all",
    ...     "publisher": "u", "year": 2024, "partner": ["DEU", "FRA", "KOR"], "value": [30.0, 20.0, 50.0], "total": 100.0})
    >>> group_shares(listed, ("eu", "asean"))[["group", "value", "share", "at_least"]]
       group  value  share  at_least
    0     eu   50.0   50.0     False
    1  asean    0.0    0.0     False
    """
    require(partners, (*LIST_KEY, "year", "partner", "value", "total"), "partners")
    known = groups()
    usual = tuple(i for i, g in known.items() if g.one_of != "subregion" and i not in NARROWER)
    chosen = wanted if wanted is not None else usual
    for name in chosen:
        if name not in known:
            raise InputError("groups.yml", f"no group {name!r}.", did_you_mean(name, known))
    rows = []
    for key, part in partners.groupby([*LIST_KEY, "year"], sort=True):
        named = dict(zip([*LIST_KEY, "year"], key, strict=True))
        total, listed = part["total"].max(), part["value"].sum()
        base = total if total > 0 else listed
        partial = bool(part["value"].isna().any()) or not total > 0 or listed < total
        for name in chosen:
            members = known[name].members(int(str(named["year"])))
            if not members:  # the group is not defined for that year: a gap, not a share of 0
                continue
            inside = part[part["partner"].isin(members)]
            value = float(inside["value"].sum())
            rows.append(
                named
                | {"group": name, "value": value, "share": 100 * value / base if base > 0 else np.nan}
                | {"n_partners": int(inside["value"].gt(0).sum()), "at_least": partial}
            )
    return pd.DataFrame(rows, columns=COLUMNS)
