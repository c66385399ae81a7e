"""Institutions: the writings of one name brought together. Nothing that merely resembles is merged.

Two writings are one institution's when they are in the same country and an analyst confirmed it (`aliases.csv`), or they are equal without case, accents,
punctuation and gaps, or they bear the same ROR id or Erasmus code. Equal names with different codes stay apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import narwhals as nw
import pyarrow as pa

from pipeline.records.aliases import Aliases, Name, form
from pipeline.records.checks import Check
from pipeline.records.engine import Engine, digest

_SIDES = (("home_institution", "origin", "home"), ("host_institution", "destination", "host"))
NAMED = tuple(name for name, _, _ in _SIDES)
CODES = ("ror", "erasmus_code")
SIDE_CODES = tuple(f"{side}_{code}" for _, _, side in _SIDES for code in CODES)


class Writing(NamedTuple):
    """A name as written, with the codes that stand beside it; `written` is "" where only a code does."""

    country: str
    written: str
    ror: str = ""
    erasmus_code: str = ""


class Institution(NamedTuple):
    """What is brought together: the name that is kept, codes (parted by "; ") and how often each writing occurs, in rows and agreements."""

    id: str
    country: str
    name: str
    ror: str
    erasmus_code: str
    writings: dict[str, int]

    @property
    def times(self) -> int:
        """How often it is written."""
        return sum(self.writings.values())


@dataclass
class Register:
    """All writings of all institutions of one source, with how often they occur (`written`, `agreements`), and the stays by the name that is kept (`stays`).

    What is asked of it may be asked once all is added.
    """

    aliases: Aliases = field(default_factory=Aliases)
    written: dict[Writing, int] = field(default_factory=dict)
    agreements: dict[Writing, int] = field(default_factory=dict)
    stays: dict[Name, int] = field(default_factory=dict)

    def add_writings(self, rows: nw.LazyFrame, engine: Engine) -> None:
        """Note the writings in rows of stays that are not rejected; the codes of institutions where the rows have them."""
        coded = _coded(rows)
        for name, country, side in _SIDES:
            columns = [name, *(f"{side}_{code}" for code in CODES)] if coded else [name]
            there = rows.filter(~nw.all_horizontal(*(nw.col(c).is_null() for c in columns), ignore_nulls=False))
            found = engine.arrow(there.group_by(country, *columns).agg(n=nw.len()))
            for row in found.to_pylist():
                writing = Writing(row[country], *(row[c] or "" for c in columns))
                self.written[writing] = self.written.get(writing, 0) + int(row["n"])

    def add_agreements(self, writings: Iterable[Writing]) -> None:
        """Count the writings in a table of agreements."""
        for writing in writings:
            self.agreements[writing] = self.agreements.get(writing, 0) + 1

    def add_stays(self, rows: nw.LazyFrame, engine: Engine) -> None:
        """Count the stays at each institution, by the names under which they are kept."""
        for name, country, _ in _SIDES:
            found = engine.arrow(rows.filter(~nw.col(name).is_null()).group_by(country, name).agg(n=nw.len()))
            for row in found.to_pylist():
                key = (row[country], row[name])
                self.stays[key] = self.stays.get(key, 0) + int(row["n"])

    @cached_property
    def _settled(self) -> tuple[list[Institution], dict[Writing, Institution]]:
        times: dict[Writing, int] = defaultdict(int)
        for counted in (self.written, self.agreements):
            for writing, n in counted.items():
                times[writing] += n
        groups = grouped(times, self.aliases)
        found = _named_apart([self._institution(group, times) for group in groups])
        return found, {w: i for group, i in zip(groups, found, strict=True) for w in group}

    def _institution(self, group: Sequence[Writing], times: Mapping[Writing, int]) -> Institution:
        """Its name is the confirmed one; without, the most frequent writing, of equally frequent ones not the one in capitals only."""
        country, writings, kept = group[0].country, dict[str, int](), dict[str, int]()
        codes: tuple[set[str], set[str]] = set(), set()
        for writing in group:
            n = times[writing]
            writings[writing.written] = writings.get(writing.written, 0) + n
            name = self.aliases.name(country, writing.written)
            if name is not None:
                kept[name] = kept.get(name, 0) + n
            for place, code in enumerate(_codes_of(writing, self.aliases)):
                codes[place].update({code} - {""})
        writings.pop("", None)
        rors, erasmus = (sorted(each) for each in codes)
        best = min((kept or writings).items(), key=lambda p: (-p[1], p[0].isupper(), p[0]), default=("", 0))[0]
        name = best or next(iter((*erasmus, *rors)))
        return Institution(
            _identity(country, name, rors, erasmus), country, name, "; ".join(rors), "; ".join(erasmus), writings
        )

    @property
    def institutions(self) -> list[Institution]:
        """All institutions, by country and name."""
        return sorted(self._settled[0], key=lambda i: (i.country, i.name, i.id))

    def of(self, writing: Writing) -> Institution:
        """The institution of a writing that was added."""
        return self._settled[1][writing]

    def names(self) -> dict[Writing, str]:
        """The name under which each writing is kept."""
        return {writing: institution.name for writing, institution in self._settled[1].items()}

    @cached_property
    def _by_form(self) -> dict[Name, set[str]]:
        found: dict[Name, set[str]] = defaultdict(set)
        for writing, institution in self._settled[1].items():
            found[writing.country, form(writing.written)].add(institution.name)
        return found

    def name_of(self, country: str, written: str) -> str:
        """The name kept for a name from elsewhere; the name itself, where it is no institution's or more than one's."""
        confirmed = self.aliases.name(country, written) or written
        names = self._by_form.get((country, form(confirmed)), set())
        return next(iter(names)) if len(names) == 1 else confirmed

    def table(self, source: str) -> list[dict[str, object]]:
        """Rows of the table of institutions."""
        agreements: dict[str, int] = defaultdict(int)
        for writing, n in self.agreements.items():
            agreements[self.of(writing).id] += n
        return [
            {
                "institution_id": one.id,
                "name": one.name,
                "aliases": "; ".join(sorted(set(one.writings) - {one.name})) or None,
                "country": one.country,
                "stays": self.stays.get((one.country, one.name), 0),
                "agreements": agreements[one.id],
                "ror": one.ror or None,
                "erasmus_code": one.erasmus_code or None,
                "source": source,
            }
            for one in self.institutions
        ]

    def confirmed(self) -> int:
        """How many writings were put under the name that an analyst confirmed, where the normalised form alone would not have done it."""
        return sum(
            n
            for counted in (self.written, self.agreements)
            for writing, n in counted.items()
            if (name := self.aliases.name(writing.country, writing.written)) and form(name) != form(writing.written)
        )

    def checks(self) -> Iterable[Check]:
        """Whether codes and aliases fit what is written."""
        if any(one.ror or one.erasmus_code for one in self.institutions):
            several = [one.name for one in self.institutions if ";" in one.ror + one.erasmus_code]
            detail = f"{len(several)} have more: {'; '.join(several[:8])}" if several else ""
            yield "an institution has one ROR id and one Erasmus code", not several, detail
        if self.aliases.lines:
            there = {(w.country, form(w.written)) for w in self._settled[1]}
            idle = [line for line in self.aliases.lines if (line.country, form(line.written)) not in there]
            told = "; ".join(f"line {line.number}: {line.written}" for line in idle[:8])
            yield (
                "each line of aliases.csv is about a name that is written",
                not idle,
                f"{len(idle)} are not: {told}" if idle else "",
            )


def _codes_of(writing: Writing, aliases: Aliases) -> tuple[str, str]:
    """The codes beside a writing; where one is missing, the one that the analyst gave its institution."""
    name = aliases.name(writing.country, writing.written)
    ror, erasmus = aliases.codes(writing.country, name) if name is not None else ("", "")
    return writing.ror or ror, writing.erasmus_code or erasmus


class _Sets:
    """Sets that grow together."""

    def __init__(self) -> None:
        self._parent: dict[Any, Any] = {}

    def root(self, one: Any) -> Any:
        self._parent.setdefault(one, one)
        while self._parent[one] != one:
            self._parent[one] = one = self._parent[self._parent[one]]
        return one

    def join(self, members: Sequence[Any]) -> None:
        for other in members[1:]:
            first, second = sorted((self.root(members[0]), self.root(other)))
            self._parent[second] = first


def grouped(writings: Iterable[Writing], aliases: Aliases) -> list[list[Writing]]:
    """The writings of each institution together, whatever their order.

    First by codes: within a country, one ROR id or one Erasmus code is one institution. Then by names (the confirmed one, in its normalised form), where
    those who bear it, or are joined with them by further names, have no different codes of one kind.

    >>> names = [Writing("DEU", "TUM"), Writing("DEU", "T.U.M."), Writing("DEU", "Tum", erasmus_code="D  MUNCHEN02")]
    >>> len(grouped(names, Aliases())), len(grouped([*names, Writing("DEU", "tum", erasmus_code="D  MUNCHEN01")], Aliases()))
    (1, 3)
    """
    nodes: dict[Writing, list[Writing]] = defaultdict(list)
    for writing in sorted(writings):
        name = aliases.name(writing.country, writing.written) or writing.written
        nodes[Writing(writing.country, form(name), *_codes_of(writing, aliases))].append(writing)
    by_code = _Sets()
    for code in CODES:
        _join(by_code, nodes, lambda n, code=code: (n.country, getattr(n, code)) if getattr(n, code) else None)  # type: ignore[misc]
    codes: dict[Any, tuple[bool, bool]] = {}
    for node in nodes:
        root, (ror, erasmus) = by_code.root(node), codes.get(by_code.root(node), (False, False))
        codes[root] = (ror or bool(node.ror), erasmus or bool(node.erasmus_code))
    bearers: dict[Name, set[Any]] = defaultdict(set)
    for node in nodes:
        if node.written:
            bearers[node.country, node.written].add(by_code.root(node))
    together = _Sets()
    for roots in bearers.values():
        if _agree(roots, codes):
            together.join(sorted(roots))
    joined: dict[Any, list[Any]] = defaultdict(list)
    for root in codes:
        joined[together.root(root)].append(root)
    final = {root: (first if _agree(roots, codes) else root) for first, roots in joined.items() for root in roots}
    groups: dict[Any, list[Writing]] = defaultdict(list)
    for node, members in nodes.items():
        groups[final[by_code.root(node)]] += members
    return [sorted(groups[key]) for key in sorted(groups)]


def _join(sets: _Sets, nodes: Iterable[Writing], key: Callable[[Writing], Any]) -> None:
    alike: dict[Any, list[Writing]] = defaultdict(list)
    for node in nodes:
        if key(node) is not None:
            alike[key(node)].append(node)
    for members in alike.values():
        sets.join(members)


def _agree(roots: Iterable[Any], codes: Mapping[Any, tuple[bool, bool]]) -> bool:
    """Whether no two of those whom codes hold together have codes of one kind: these would be different ones."""
    known = [codes[root] for root in roots]
    return all(sum(each[kind] for each in known) <= 1 for kind in range(len(CODES)))


def _named_apart(found: Sequence[Institution]) -> list[Institution]:
    """Where several of one country would bear one name, those with a code bear it too."""
    bearers: dict[Name, int] = defaultdict(int)
    for one in found:
        bearers[one.country, form(one.name)] += 1
    return [
        one._replace(name=f"{one.name} ({one.erasmus_code or one.ror})")
        if bearers[one.country, form(one.name)] > 1 and (one.ror or one.erasmus_code)
        else one
        for one in found
    ]


def _identity(country: str, name: str, rors: Sequence[str], erasmus: Sequence[str]) -> str:
    if rors:
        return f"{country}-{rors[0].rpartition('/')[2]}"
    return f"{country}-{digest(erasmus[0])[:10]}" if erasmus else identifier(country, name)


def identifier(country: str, name: str) -> str:
    """The id of an institution without codes; it does not depend on the writing.

    >>> identifier("DEU", "TU Münster") == identifier("DEU", "Tu  Munster")
    True
    """
    return f"{country}-{digest(form(name))[:10]}"


def _coded(rows: nw.LazyFrame) -> bool:
    return SIDE_CODES[0] in rows.collect_schema().names()


def with_one_name(rows: nw.LazyFrame, names: Mapping[Writing, str], engine: Engine) -> nw.LazyFrame:
    """Stays with each institution under one name."""
    coded = _coded(rows)
    changed = sorted(
        (*writing, name)
        for writing, name in names.items()
        if writing.written != name and (coded or not (writing.ror or writing.erasmus_code))
    )
    if not changed:
        return rows
    arrays = [pa.array(part, pa.string()) for part in zip(*changed, strict=True)]
    for column, country, side in _SIDES:
        if coded:
            keys = {column: nw.col(column), **{f"{side}_{code}": nw.col(f"{side}_{code}") for code in CODES}}
            rows = rows.with_columns(**{f"_{name}": value.fill_null("") for name, value in keys.items()})
            on = [country, *(f"_{name}" for name in keys)]
            lookup = pa.table(arrays, names=[*on, "_one_name"])
        else:
            on = [country, column]
            lookup = pa.table([*arrays[:2], arrays[-1]], names=[*on, "_one_name"])
        rows = rows.join(engine.table(lookup), on=on, how="left")
        rows = rows.with_columns(nw.coalesce(nw.col("_one_name"), nw.col(column)).alias(column))
        rows = rows.drop("_one_name", *(name for name in on if name.startswith("_")))
    return rows
