"""Where a series may go, how well earlier outlooks did, and what broke the series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.core import Core
from pipeline.briefs.annual.facts import first, records
from pipeline.briefs.annual.phrases import known

if TYPE_CHECKING:
    pass

HELD = 0.7  # of outlooks: an 80 % interval that held less often has to say so
MUCH = 0.5  # an 80 % interval wider than this share of its middle, to either side, says little
ENOUGH = 10  # earlier outlooks: on fewer, a rate of success says little


class LookingAhead(Core):
    """The outlook of a brief, its record, and the breaks."""

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
