"""Where the main series may go: in a sentence, year by year, and below a figure."""

from __future__ import annotations

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.record import ENOUGH, Record

HELD = 0.7  # of outlooks: an 80 % interval that held less often has to say so
HALF = 0.5  # of outlooks: an 80 % interval that held less often, around a centre worse than "no change", is no forecast
MUCH = 0.5  # an 80 % interval wider than this share of its middle, to either side, says little
NOTHING = 20  # an interval whose upper end is that many times its lower one says nothing


class Outlook(Record):
    """The outlook of the main series."""

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
        record = self.track(main)
        told = {"median": w.number(self.round(end.median)), "period": period, "low": low, "high": high}
        if record is not None and record.n >= ENOUGH and record.error > record.naive_error and record.held_80 < HALF:
            text = w(
                "**No forecast to plan by: earlier ones of this series were further off than “no change”.** If past patterns go on, about {median} in {period}; 80% interval {low} to {high}.",
                **told,
            )
        elif self.ended_note():
            text = w(
                "**As seen from {last}, the last year at hand: about {median} in {period}**, if past patterns went on; 80% interval {low} to {high}.",
                last=self.span(main)["last"],
                **told,
            )
        else:
            text = w(
                "**Most likely about {median} in {period}**, if past patterns go on; 80% interval {low} to {high}.",
                **told,
            )
        if (end.upper_80 - end.lower_80) > 2 * MUCH * end.median:
            text = self.join(
                text,
                w("The range is that wide because earlier outlooks, of this series and others, were that far off."),
            )
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

    def outlook_table(self, main: str, future: pd.DataFrame) -> blocks.Table:
        """The outlook year by year; the 95 % interval only where it says something."""
        w = self.w
        wide = future["upper_95"] > NOTHING * future["lower_95"].clip(lower=1)

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
            blocks.Column("period", w("Year")),
            blocks.Column("median", w("Central estimate"), kind="number"),
            blocks.Column("i80", w("80% interval"), align="right"),
        ]
        if not wide.any():
            columns.append(blocks.Column("i95", w("95% interval"), align="right"))
        notes = [
            w(
                "A weighted mean of several models; the weights and the width of the intervals are learnt from earlier forecasts of all series at hand. Three digits are kept, of numbers under 1,000 whole ones."
            )
        ]
        if wide.any():
            last = records(future.sort_values("year"))[-1]
            notes.append(
                w(
                    "The 95% interval is left out: in {period} it would reach from {low} to {high}, which says nothing.",
                    period=w.period(self.period_like(main, last.year)),
                    low=w.number(self.round(last.lower_95)),
                    high=w.number(self.round(last.upper_95)),
                )
            )
        return blocks.Table("outlook-years", w("Outlook by year"), columns, rows, notes=notes)
