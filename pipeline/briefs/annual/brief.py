"""What the briefs of countries and institutions share: outlook, breaks, data quality, sources."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.facts import Facts, first, records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.charts.trends import next_period
from pipeline.briefs.words import Words

if TYPE_CHECKING:
    from pipeline.run.workspace import Context

HELD = 0.7  # of outlooks: an 80 % interval that held less often has to say so
MUCH = 0.5  # an 80 % interval wider than this share of its middle, to either side, says little
ENDED = 3  # years by which a subject's last figure lies behind the newest of others
ENOUGH = 10  # earlier outlooks: on fewer, a rate of success says little


class Brief(ABC):
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

    # What a subclass says ----------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def main_id(self) -> str | None:
        """The series that the first page draws."""

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

    # Shared ------------------------------------------------------------------------------------------------------------

    def survey(self) -> dict[str, Any]:
        """What is known of the subject: title, synthetic."""
        return next((row for row in self._surveyed() if row["id"] == self.facts.subject), {})

    def _surveyed(self) -> list[dict[str, Any]]:
        path = self.here.processed / "subjects.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    def ended_note(self) -> str:
        """That the subject's figures end years before those of others, so that nobody takes the last one for today's."""
        latest = self.survey().get("latest_year")
        newest = max((row["latest_year"] for row in self._surveyed()), default=0)
        if latest != self.facts.year or newest - self.facts.year < ENDED:
            return ""
        period = self.w.period(self.period_like(self.main_id, self.facts.year))
        return self.w(
            "The series ends in {period}: no newer comparable figure is at hand, and this one is not today’s.",
            period=period,
        )

    def series_outlook(self, series_id: str | None) -> pd.DataFrame | None:
        """The outlook of a series; None when there is none."""
        table = self.facts.table("outlook")
        if series_id is None or table.empty:
            return None
        rows = table[table["series_id"].eq(series_id)]
        return None if rows.empty else rows

    def track(self, series_id: str | None) -> Any | None:
        """The record of earlier outlooks of a series."""
        table = self.facts.table("track_record")
        if series_id is None or table.empty:
            return None
        return first(table[table["series_id"].eq(series_id)])

    def pooled(self) -> Any | None:
        """The record over all series at hand."""
        table = self.facts.table("pooled_record")
        return first(table)

    def marks(self, series_id: str | None, most: int = 3) -> list[charts.Break]:
        """The breaks to mark in a figure of a series: one a year, shocks first."""
        rows = self.break_rows(series_id)
        found: dict[int, charts.Break] = {}
        for row in rows:
            if row.year in found or len(found) >= most or row.kind == "policy":
                continue
            label = getattr(row, f"label_{self.w.language}")
            if known(getattr(row, "pct", None)):
                period = self.period_like(series_id, row.year)
                label = (
                    self.w(
                        "{period}: {pct}",
                        period=self.w.period(period, short=True),
                        pct=self.w.percent(row.pct, signed=True),
                    )
                    + "\n"
                    + label
                )
            found[row.year] = charts.Break(row.year, label, row.kind)
        return list(found.values())

    def break_rows(self, series_id: str | None) -> list[Any]:
        """Known events that fall on a series, shocks first, then in order of time."""
        table = self.facts.table("breaks")
        if table.empty or series_id is None:
            return []
        rows = table[table["series_id"].eq(series_id)]
        order = rows["kind"].map({"shock": 0, "definition": 1, "policy": 2}).fillna(3)
        return records(rows.assign(_order=order).sort_values(["_order", "year"]))

    def period_like(self, series_id: str | None, year: int) -> str:
        """The period of a year in the style of the series."""
        line = self.facts.line(str(series_id))
        same = line[line["year"].eq(year)]
        if len(same):
            return str(same["period"].iloc[0])
        return next_period(year, str(line["period"].iloc[-1])) if len(line) else str(year)

    def outlook_caption(self, series_id: str | None) -> str:
        """What the dashed line and the bands are, and how often such bands held."""
        w, record = self.w, self.track(series_id)
        if self.series_outlook(series_id) is None:
            return w("No outlook: the series is too short or has too many gaps for one that could be checked.")
        text = w("Dashed: outlook; bands: 80% and 95% intervals.")
        if record is not None and record.n >= ENOUGH:
            held = w(
                "In {n} earlier outlooks of this series the 80% interval held the truth {held_80} of the time, the 95% interval {held_95}.",
                n=record.n,
                held_80=w.percent(100 * record.held_80, digits=0),
                held_95=w.percent(100 * record.held_95, digits=0),
            )
            return self.join(text, held)
        return text

    def join(self, *parts: str) -> str:
        """Sentences one after the other."""
        return ("" if self.w.language == "zh" else " ").join(part for part in parts if part)

    def outlook(self) -> list[blocks.Block]:
        """Where the main series may go, how well earlier outlooks did, and what broke the series."""
        w, main = self.w, self.main_id
        found: list[blocks.Block] = [blocks.Section("outlook", w("Outlook, and how far to trust it"))]
        future = self.series_outlook(main)
        if main is None or future is None:
            found.append(blocks.Note(w("No outlook"), self.no_outlook(), "gap"))
        else:
            found += [self.outlook_finding(main, future), self.outlook_table(main, future)]
            found += self.record_blocks(main)
        breaks = self.break_table(main)
        if breaks is not None:
            found.append(breaks)
        return found

    def no_outlook(self) -> str:
        """Why there is none."""
        w = self.w
        return w(
            "The series is too short, or has too many gaps, for a forecast whose record could be checked. A longer series would be needed: at least six years in a row."
        )

    def outlook_finding(self, main: str, future: pd.DataFrame) -> blocks.Finding:
        """The outlook in one sentence, in words that fit its width."""
        w, end = self.w, records(future.sort_values("year"))[-1]
        period = w.period(self.period_like(main, end.year))
        low, high = w.number(self.round(end.lower_80)), w.number(self.round(end.upper_80))
        text = w(
            "**Most likely about {median} in {period}**, if past patterns go on; 80% interval {low} to {high}.",
            median=w.number(self.round(end.median)),
            period=period,
            low=low,
            high=high,
        )
        if (end.upper_80 - end.lower_80) > 2 * MUCH * end.median:
            text = self.join(
                text, w("The range is wide because the recent years have been: the data cannot say more than this.")
            )
        record = self.track(main)
        if record is not None and record.n >= ENOUGH and record.held_80 < HELD:
            held = w.percent(100 * record.held_80, digits=0)
            text = self.join(
                text,
                w(
                    "Such intervals held only {held} of the time for this series so far: doubt more than they say.",
                    held=held,
                ),
            )
        base = w(
            "An extrapolation of the series from {first} to {last}, not a target and not a cause.", **self.span(main)
        )
        return blocks.Finding("outlook.end", text, base=base, evidence=self.main_evidence())

    def span(self, series_id: str) -> dict[str, str]:
        """First and last period of a series."""
        line = self.facts.line(series_id)
        line = line[line["value"].notna() & line["year"].le(self.facts.year)]
        return {"first": self.w.period(line["period"].iloc[0]), "last": self.w.period(line["period"].iloc[-1])}

    @staticmethod
    def round(value: float) -> float:
        """A forecast to three significant digits: more would be pretence."""
        return float(round(float(f"{value:.3g}")))

    def outlook_table(self, main: str, future: pd.DataFrame) -> blocks.Table:
        """The outlook year by year."""
        w = self.w

        def number(value: float) -> blocks.Num:
            return blocks.Num(self.round(value), w.number(self.round(value)))

        def both(low: float, high: float) -> str:
            return w.range(self.round(low), self.round(high))

        rows: list[dict[str, blocks.Cell]] = [
            {
                "period": w.period(self.period_like(main, r.year), short=True),
                "median": number(r.median),
                "i80": both(r.lower_80, r.upper_80),
                "i95": both(r.lower_95, r.upper_95),
            }
            for r in records(future.sort_values("year"))
        ]
        columns = [
            blocks.Column("period", w("Period")),
            blocks.Column("median", w("Central estimate"), kind="number"),
            blocks.Column("i80", w("80% interval"), align="right"),
            blocks.Column("i95", w("95% interval"), align="right"),
        ]
        note = w(
            "A weighted mean of several models; the weights and the width of the intervals are learnt from earlier forecasts of all series at hand. Rounded to three digits."
        )
        return blocks.Table("outlook-years", w("Outlook by year"), columns, rows, notes=[note])

    def record_blocks(self, main: str) -> list[blocks.Block]:
        """How earlier outlooks did, beside the naive forecast (next year will be like the last)."""
        w, rows = self.w, []
        own, pooled = self.track(main), self.pooled()
        if own is not None:
            rows.append(self.record_row(w("This series"), own, scaled=False))
        if pooled is not None:
            rows.append(self.record_row(w("All series at hand"), pooled, scaled=True))
        if not rows:
            return []
        columns = [
            blocks.Column("what", w("Earlier outlooks of")),
            blocks.Column("n", w("Number"), kind="number"),
            blocks.Column("error", w("Mean error"), kind="number"),
            blocks.Column("naive", w("Error of “no change”"), kind="number"),
            blocks.Column("held_80", w("80% interval held"), kind="number"),
            blocks.Column("held_95", w("95% interval held"), kind="number"),
        ]
        notes = [
            w(
                "One to three years ahead, each made only from what was known by then and compared with what came. “No change” repeats the last known value."
            ),
            w("For all series the errors are in units of each series’ usual yearly change."),
        ]
        found: list[blocks.Block] = [
            blocks.Table("record", w("The record of earlier outlooks"), columns, rows, notes=notes)
        ]
        if own is not None and own.n >= ENOUGH and own.error > own.naive_error:
            found.append(
                blocks.Note(
                    w("Read with care"),
                    w(
                        "For this series the outlook has so far been further off than “no change”: the years tested include a break that nothing before announced."
                    ),
                    "care",
                )
            )
        return found

    def record_row(self, name: str, record: Any, scaled: bool) -> dict[str, Any]:
        """A line of the record."""
        w = self.w

        def error(value: float) -> blocks.Num:
            return blocks.Num(value, w.number(value, 2) if scaled else w.number(self.round(value)))

        def held(value: float) -> blocks.Num:
            return blocks.Num(100 * value, w.percent(100 * value, digits=0))

        return {
            "what": name,
            "n": blocks.Num(record.n, w.number(record.n)),
            "error": error(record.error),
            "naive": error(record.naive_error),
            "held_80": held(record.held_80),
            "held_95": held(record.held_95),
        }

    def break_table(self, main: str | None) -> blocks.Table | None:
        """What is known to have broken the series."""
        w = self.w
        kinds = {
            "shock": w("shock"),
            "definition": w("definition"),
            "policy": w("policy"),
            "found": w("found in the data"),
        }
        rows = [
            {
                "year": w.period(self.period_like(main, r.year), short=True),
                "kind": kinds.get(r.kind, str(r.kind)),
                "what": getattr(r, f"label_{w.language}"),
                "pct": blocks.Num(r.pct, w.percent(r.pct, signed=True)) if known(getattr(r, "pct", None)) else None,
                "source": str(getattr(r, "source", "") or "") or None,
            }
            for r in sorted(self.break_rows(main), key=lambda r: (r.year, r.kind))
        ]
        if not rows:
            return None
        columns = [
            blocks.Column("year", w("Period")),
            blocks.Column("kind", w("Kind")),
            blocks.Column("what", w("What happened")),
            blocks.Column("pct", w("Change that year"), kind="change"),
            blocks.Column("source", w("Source"), kind="note"),
        ]
        note = w("That something happened in a year does not show that it caused the change.")
        return blocks.Table(
            "breaks", w("Events and changes of definition to keep in mind"), columns, rows, notes=[note]
        )

    def method(self) -> list[blocks.Block]:
        """Definitions, the ledger, sources and provenance."""
        w = self.w
        found: list[blocks.Block] = [
            blocks.Section("method", w("What is counted, from which rows")),
            blocks.Definitions(self.definitions()),
        ]
        ledger = self.ledger_table()
        if ledger is not None:
            found.append(ledger)
        found += [blocks.Sources(self.sources()), blocks.Provenance(list(self.provenance()))]
        return found

    def ledger_table(self) -> blocks.Table | None:
        """Every row of every file accounted for."""
        w, table = self.w, self.facts.table("quality")
        if table.empty:
            return None
        rows: list[dict[str, blocks.Cell]] = [
            {
                "file": str(r.file).split("/", 1)[-1] if self.country is None else str(r.file),
                "read": blocks.Num(r.rows_read, w.number(r.rows_read)),
                "kept": blocks.Num(r.rows_kept, w.number(r.rows_kept)),
                "rejected": blocks.Num(r.rows_rejected, w.number(r.rows_rejected)),
                "merged": blocks.Num(r.rows_merged, w.number(r.rows_merged)),
            }
            for r in records(table.sort_values("file"))
        ]
        columns = [
            blocks.Column("file", w("File")),
            blocks.Column("read", w("Rows read"), kind="number"),
            blocks.Column("kept", w("Kept"), kind="number"),
            blocks.Column("rejected", w("Rejected"), kind="number"),
            blocks.Column("merged", w("Merged"), kind="number"),
        ]
        note = w(
            "Rows read = kept + rejected + merged, for every file. Rejected rows are kept with file, line and reason; merged rows repeat another one."
        )
        return blocks.Table("ledger", w("Data quality: every row accounted for"), columns, rows, notes=[note])

    def provenance(self) -> Iterator[tuple[str, str]]:
        """How the brief was made."""
        from pipeline import __version__

        w = self.w
        yield w("Made by"), f"student-mobility {__version__}"
        yield w("Subject and year"), f"{self.facts.subject}, {self.facts.year}"
        yield (
            w("Rows behind a number"),
            w(
                "The command mobility explain, with the file of this brief and the id of a finding, prints the rows behind it."
            ),
        )
