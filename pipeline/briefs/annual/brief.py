"""A brief: what those of countries and institutions share, ending with data quality, sources and provenance."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.briefs import blocks
from pipeline.briefs.annual.expected import expected_definition
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.looking_ahead import LookingAhead


class Brief(LookingAhead):
    """A brief: six parts, each a list of blocks."""

    def method(self) -> list[blocks.Block]:
        """Definitions, the ledger, sources and provenance."""
        w = self.w
        found: list[blocks.Block] = [
            blocks.Section("method", w("What is counted, from which rows")),
            blocks.Definitions([*self.definitions(), expected_definition(self)]),
        ]
        ledger = self.ledger_table()
        if ledger is not None:
            found.append(ledger)
        found += [
            blocks.Sources(list(dict.fromkeys([*self.sources(), *self.policy_sources()]))),
            blocks.Provenance(list(self.provenance())),
        ]
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

    def subject_name(self) -> str:
        """The subject's name as printed."""
        if self.country is not None:
            return self.w.country(self.country)
        names = self.survey().get("name") or {}
        return str(names.get(self.w.language) or self.survey().get("title") or self.facts.subject)

    def provenance(self) -> Iterator[tuple[str, str]]:
        """How the brief was made."""
        from pipeline import __version__

        w = self.w
        yield w("Made by"), f"student-mobility {__version__}"
        period = w.period(self.period_like(self.main_id, self.facts.year))
        yield w("Subject and year"), w("{name}, {period}", name=self.subject_name(), period=period)
        yield (
            w("Rows behind a number"),
            w(
                "The command mobility explain, with the file of this brief and the id of a finding, prints the rows behind it."
            ),
        )
