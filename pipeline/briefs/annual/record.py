"""How earlier outlooks did: the record of a series beside that of all series at hand."""

from __future__ import annotations

from typing import Any

from pipeline.briefs import blocks
from pipeline.briefs.annual.core import Core
from pipeline.briefs.annual.facts import first

ENOUGH = 10  # earlier outlooks: on fewer, a rate of success says little


class Record(Core):
    """The record of earlier outlooks."""

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

    @staticmethod
    def round(value: float) -> float:
        """A forecast to three significant digits, those under 1,000 to whole people: more would be pretence."""
        return float(round(float(f"{value:.3g}")))

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
