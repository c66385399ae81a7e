"""What the parts of a country's brief share: its headline figure, its series, the rows behind a figure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.brief import Brief
from pipeline.briefs.annual.counted import training
from pipeline.briefs.annual.facts import records, undivided
from pipeline.errors import InputError
from pipeline.measures.publishers import labels_of

# What the table at a glance lists, in its order: measure, direction, level, funding.
GLANCE = (
    ("stock", "inbound", "all", "all"),
    ("enrolled_stock", "inbound", "all", "all"),
    ("degree_stock", "inbound", "all", "all"),
    ("degree_stock", "inbound", "7-8", "all"),
    ("non_degree_stock", "inbound", "all", "all"),
    ("practical_training", "inbound", "all", "all"),
    ("entrants", "inbound", "all", "all"),
    ("entrants", "inbound", "7-8", "all"),
    ("scholarship", "inbound", "all", "government"),
    ("stock", "inbound", "all", "self"),
    ("entrants", "outbound", "all", "all"),
    ("returned", "outbound", "all", "all"),
    ("enrolled_stock", "outbound", "all", "all"),
    ("non_degree_stock", "outbound", "all", "all"),
)
STORIES = (
    ("stock", "inbound"),
    ("enrolled_stock", "inbound"),
    ("degree_stock", "inbound"),
    ("non_degree_stock", "inbound"),
    ("entrants", "inbound"),
    ("practical_training", "inbound"),
)
TOP = 8
WINDOW = 27  # years of the first page's figure: what a reader can still compare with today
PAGE_ONE, PAGE_ONE_ROW = 54.0, 6.0  # mm: figures of the first page leave room for its table and note


class CountryFacts(Brief):
    """The facts of a country, as its brief needs them."""

    @property
    def country(self) -> str:
        return self.facts.subject

    @cached_property
    def total(self) -> Any:
        """The headline figure: the widest inbound total, else the widest outbound one."""
        for direction in ("inbound", "outbound"):
            for measure in ("stock", "enrolled_stock", "degree_stock", "entrants", "non_degree_stock"):
                found = self.facts.figure(measure, direction)
                if found is not None and (found.year == self.facts.year or measure == "non_degree_stock"):
                    return found
        return next((figure for figure in self.glance_rows() if figure.year == self.facts.year), None)

    def require(self) -> None:
        if self.total is None:
            raise InputError(
                f"{self.facts.subject} {self.facts.year}",
                "no publisher has a total of students for this year.",
                "Choose another year; `mobility sources` lists the periods at hand.",
            )

    @property
    def main_id(self) -> str:
        return str(self.total.series_id)

    @property
    def name(self) -> str:
        """The country's name."""
        return self.w.country(self.country)

    def degree_shares(self) -> pd.Series:
        """Degree students as a share of all, in the years in which one publisher printed both, neither as “more than”."""
        degree = self.facts.figure("degree_stock")
        if degree is None or self.total.measure != "stock":
            return pd.Series(dtype=float)
        both = [
            rows[rows["exactness"].ne("at_least") & rows["value"].notna()].set_index("year")["value"]
            for rows in (self.facts.line(degree.series_id), self.facts.line(self.main_id))
        ]
        return (100 * both[0] / both[1]).dropna().sort_index()

    def evidence(
        self, figure: Any, partners: Sequence[str] = ("WLD",), first: int | None = None
    ) -> list[blocks.Evidence]:
        """The clean rows of a figure and of the years before it from `first` on; by default of the one year before."""
        end = "origin" if figure.direction == "inbound" else "destination"
        where = {
            "reporter": self.country,
            "direction": figure.direction,
            "measure": figure.measure,
            "level": figure.level,
            "funding": figure.funding,
            end: list(partners),
            "publisher": labels_of(figure.publisher),
            "year": {"from": int(figure.year) - 1 if first is None else first, "to": int(figure.year)},
        }
        return [{"table": "counts", "where": where}]

    def main_evidence(self) -> list[blocks.Evidence]:
        return self.evidence(self.total, first=int(self.facts.line(self.main_id)["year"].min()))

    def leading(self) -> pd.DataFrame:
        """The largest partners with a figure in the brief's year: the publisher's list, else single published series."""
        listed = self.facts.ranking("inbound", str(self.total.measure), str(self.total.publisher))
        if len(listed) and int(listed["year"].max()) == self.facts.year:
            return listed
        rows = self.facts.table("headline")
        rows = rows[
            rows["direction"].eq("inbound")
            & rows["measure"].eq(self.total.measure)
            & rows["publisher"].eq(self.total.publisher)
        ]
        rows = rows[
            rows["year"].eq(self.facts.year)
            & rows["partner"].str.fullmatch("[A-Z]{3}").fillna(False)
            & rows["partner"].ne("WLD")
        ]
        rows = rows[undivided(rows)].sort_values("value", ascending=False)
        rows = rows.assign(share=100 * rows["value"] / self.total.value, previous_year=self.facts.year - 1)
        return rows

    def recent(self, line: pd.DataFrame, gap: int = 5) -> pd.DataFrame:
        """The part of a line that a reader can see: without figures that stand alone decades before."""
        years = line.loc[line["value"].notna(), "year"].astype(int).tolist()
        start = years[0] if years else 0
        for before, after in itertools.pairwise(years):
            if after - before > gap:
                start = after
        return line[line["year"].ge(start)]

    def glance_rows(self) -> list[Any]:
        """The figures of the table at a glance."""
        found = [self.facts.figure(m, d, level, funding) for m, d, level, funding in GLANCE]
        return [figure for figure in found if figure is not None]

    @property
    def who(self) -> str:
        """What the students are called: China’s statistics have their own word for those who come."""
        w = self.w
        return w("international students in China") if self.country == "CHN" else w("international students")

    def measure_name(self, measure: str, publisher: str) -> str:
        """A measure, under the name that its publisher and country have for it."""
        w = self.w
        if measure == "practical_training":
            return training(w, publisher)
        if measure == "stock" and self.country == "CHN":
            return w("all international students in China")
        return w.measure(measure)

    def definition_note(self, *lines: pd.DataFrame) -> str:
        """What was counted otherwise in some of the years that a figure shows, so that nobody reads it as a rise or fall."""
        w, table, notes = self.w, self.facts.table("breaks"), []
        if table.empty or not len(lines):
            return ""
        shown = pd.concat(list(lines))
        shown = shown[shown["value"].notna() & shown["direction"].eq("inbound")]
        label = f"label_{w.language}"
        main = table["kind"].eq("definition") & table["series_id"].str.startswith("inbound")
        for row in records(table[main].drop_duplicates(["first_year", "last_year", label]).sort_values("first_year")):
            there = shown[shown["year"].between(row.first_year, row.last_year)].sort_values("year")
            if there.empty:
                continue
            ends = [w.period(p) for p in dict.fromkeys((there["period"].iloc[0], there["period"].iloc[-1]))]
            what = getattr(row, label)
            when = w("{first} to {last}", first=ends[0], last=ends[1]) if len(ends) > 1 else ends[0]
            notes.append(w("{when}: {what}.", when=when, what=what[:1].lower() + what[1:]))
        return self.join(*notes)

    def label(self, figure: Any) -> str:
        """What a series is called in a table."""
        w = self.w
        name = w.capital(self.measure_name(figure.measure, figure.publisher))
        if figure.measure == "stock" and figure.funding == "self":
            return w("Students who pay themselves")
        if figure.direction == "outbound":
            abroad = {
                "entrants": w("Left to study abroad"),
                "returned": w("Returned from study abroad"),
                "enrolled_stock": w("Studying abroad"),
                "non_degree_stock": w("Abroad for credit at home"),
            }
            name = abroad.get(figure.measure, w("{name}, abroad", name=name))
        elif figure.level != "all":
            name = w("{name}, {level}", name=name, level=w.level(figure.level))
        return name

    def publishers(self) -> str:
        """The publishers of the table at a glance."""
        w = self.w
        names = list(dict.fromkeys(w.publisher(f.publisher) for f in self.glance_rows()))
        return w("Source: {publisher}", publisher=w.list(names))
