"""What every part of a brief stands on: the facts, the language, the subject; and the table at a glance."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.facts import Facts
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.charts.trends import next_period
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    from pipeline.run.workspace import Context

ENDED = 3  # years by which a subject's last figure lies behind the newest of others


class Core(ABC):
    """A brief: six parts, each a list of blocks.

    Parameters
    ----------
    facts
        The result tables.
    words
        The language.
    here
        Folders and settings, for the subject's title and the ledger's names.
    """

    def __init__(self, facts: Facts, words: Words, here: Context) -> None:
        self.facts, self.w, self.here = facts, words, here

    @property
    @abstractmethod
    def main_id(self) -> str | None:
        """The series that the first page draws."""

    @property
    @abstractmethod
    def total(self) -> Any:
        """The headline figure (a row of the headlines)."""

    @property
    def country(self) -> str | None:
        """The subject's alpha-3 code, for breaks; None for an institution."""
        return None

    @abstractmethod
    def require(self) -> None:
        """Raise an InputError when there is nothing of which a brief may be made."""

    @abstractmethod
    def first_page(self) -> list[blocks.Block]:
        """Title, findings, main figure, table at a glance, reading note."""

    @abstractmethod
    def volumes(self) -> list[blocks.Block]:
        """The numbers under the headline."""

    @abstractmethod
    def partners(self) -> list[blocks.Block]:
        """Who goes where."""

    def outcomes(self) -> list[blocks.Block]:
        """What came of it; empty where there are no stays."""
        return []

    @abstractmethod
    def main_evidence(self) -> list[blocks.Evidence]:
        """The clean rows of the whole main series, which the outlook goes on from."""

    @abstractmethod
    def definitions(self) -> list[tuple[str, str]]:
        """Terms and what they mean here."""

    @abstractmethod
    def sources(self) -> list[str | tuple[str, str]]:
        """What was read."""

    def survey(self) -> dict[str, Any]:
        """What is known of the subject: title, synthetic."""
        return next((row for row in self.surveyed if row["id"] == self.facts.subject), {})

    @cached_property
    def surveyed(self) -> list[dict[str, Any]]:
        """What is known of every subject."""
        path = self.here.processed / "subjects.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    def ended_note(self) -> str:
        """That the subject's figures end years before those of others, so that nobody takes the last one for today's."""
        latest = self.survey().get("latest_year")
        newest = max((row["latest_year"] for row in self.surveyed), default=0)
        if latest != self.facts.year or newest - self.facts.year < ENDED:
            return ""
        period = self.w.period(self.period_like(self.main_id, self.facts.year))
        return self.w(
            "The series ends in {period}: no newer comparable figure is at hand, and this one is not today’s.",
            period=period,
        )

    def period_like(self, series_id: str | None, year: int) -> str:
        """The period of a year in the style of the series."""
        line = self.facts.line(str(series_id))
        same = line[line["year"].eq(year)]
        if len(same):
            return str(same["period"].iloc[0])
        return next_period(year, str(line["period"].iloc[-1])) if len(line) else str(year)

    def join(self, *parts: str) -> str:
        """Sentences one after the other."""
        return ("" if self.w.language == "zh" else " ").join(part for part in parts if part)

    def span(self, series_id: str) -> dict[str, str]:
        """First and last period of a series."""
        line = self.facts.line(series_id)
        line = line[line["value"].notna() & line["year"].le(self.facts.year)]
        return {"first": self.w.period(line["period"].iloc[0]), "last": self.w.period(line["period"].iloc[-1])}

    def series_outlook(self, series_id: str | None) -> pd.DataFrame | None:
        """The outlook of a series; None when there is none."""
        table = self.facts.table("outlook")
        if series_id is None or table.empty:
            return None
        rows = table[table["series_id"].eq(series_id)]
        return None if rows.empty else rows

    def glance_row(
        self, label: str, figure: Any, what: str, now: str, pct: blocks.Num | None
    ) -> dict[str, blocks.Cell]:
        """A row of the table at a glance: a figure, the year before, the change, ten years, and what is counted."""
        w, line = self.w, self.facts.line(figure.series_id)
        line = line[line["year"].gt(figure.year - 11) & line["value"].notna()]
        return {
            "what": label,
            "now": blocks.Num(figure.value, now),
            "before": blocks.Num(figure.previous, w.number(figure.previous)) if known(figure.previous) else None,
            "pct": pct,
            "spark": blocks.Spark(charts.sparkline(line, words=w)) if len(line) > 2 else None,
            "counted": what,
        }

    def glance_table(self, rows: list[dict[str, blocks.Cell]], source: str) -> blocks.Table:
        """The main figures side by side."""
        w = self.w
        columns = [
            blocks.Column("what", w("Indicator")),
            blocks.Column("now", w.period(self.total.period, short=True), kind="number"),
            blocks.Column("before", w("Year before"), kind="number"),
            blocks.Column("pct", w("Change"), kind="change"),
            blocks.Column("spark", w("Ten years"), kind="spark"),
            blocks.Column("counted", w("What is counted"), kind="note"),
        ]
        return blocks.Table("glance", w("At a glance"), columns, rows, source=source)
