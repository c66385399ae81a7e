"""Scenarios that the analyst set in mobility.toml, beside the outlook."""

from __future__ import annotations

from typing import Any

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.record import Record


class WhatIf(Record):
    """What would follow if, not what is likely."""

    def scenario_table(self) -> blocks.Table | None:
        """Each scenario's last year beside that of the outlook; without numbers, why."""
        w, table = self.w, self.facts.table("scenarios")
        if table.empty:
            return None
        told = table[table["year"].notna()]
        ends = told.sort_values("year").drop_duplicates("name_en", keep="last")
        ends = ends.set_index("name_en").reindex(told["name_en"].unique()).reset_index()
        rows: list[dict[str, blocks.Cell]] = [self.scenario_row(r) for r in records(ends)]
        if not rows:
            return None
        columns = [
            blocks.Column("name", w("If")),
            blocks.Column("how", w("Assumed"), kind="note"),
            blocks.Column("what", w("For"), kind="note"),
            blocks.Column("base", w("Outlook"), kind="number"),
            blocks.Column("median", w("Then"), kind="number"),
            blocks.Column("i80", w("80% interval"), align="right"),
            blocks.Column("change", w("Difference"), kind="change"),
        ]
        notes = [
            w(
                "What would follow if, not what is likely. Nothing else is assumed to change: students whom one country no longer takes or sends are not taken to turn up elsewhere."
            )
        ]
        return blocks.Table(
            "scenarios", w("What if: scenarios beside the outlook"), columns, rows, notes=[*notes, *self.left_out()]
        )

    def scenario_row(self, row: Any) -> dict[str, blocks.Cell]:
        """One scenario."""
        w = self.w
        period = w.period(self.period_like(row.series_id, int(row.year)), short=True)
        base, median = self.round(row.base), self.round(row.median)
        change = 100 * (row.median / row.base - 1) if row.base else None
        return {
            "name": getattr(row, f"name_{w.language}"),
            "how": self.assumed(row),
            "what": w("{what}, {period}", what=self.borne(row), period=period),
            "base": blocks.Num(base, w.number(base)),
            "median": blocks.Num(median, w.number(median)),
            "i80": w.range(self.round(row.lower_80), self.round(row.upper_80)),
            "change": None if change is None else blocks.Num(change, w.percent(change, signed=True)),
        }

    def assumed(self, row: Any) -> str:
        """The assumption in a few words."""
        w = self.w
        period = w.period(self.period_like(row.series_id, int(row.from_year)), short=True)
        if row.kind == "closes":
            return w("none from {period}", period=period)
        if row.kind == "scales":
            factor = w.number(row.by, 0 if float(row.by).is_integer() else 2)
            return w("times {factor} from {period}", factor=factor, period=period)
        if row.by == 0:
            return w("no growth from {period}", period=period)
        rate = 100 * row.by
        pct = w.percent(rate, signed=rate < 0, digits=0 if abs(rate - round(rate)) < 1e-9 else 1)
        return w("{pct} a year from {period}", pct=pct, period=period)

    def borne(self, row: Any) -> str:
        """What the numbers count: a direction's students."""
        w, line = self.w, self.facts.line(str(row.series_id))
        way = str(line["direction"].iloc[0])
        return w("all stays") if way == "all" else w.direction(way)

    def left_out(self) -> list[str]:
        """Scenarios without numbers, each with the reason."""
        w, table = self.w, self.facts.table("scenarios")
        if table.empty:
            return []
        reasons = {
            "past": w("it begins in years whose figures are known already"),
            "beyond": w("it begins after the last year of the outlook"),
            "no_outlook": w("its total has no outlook"),
            "no_part": w("the partner’s figures do not allow an outlook of its own"),
        }
        return [
            w(
                "No numbers for “{name}”: {reason}.",
                name=getattr(row, f"name_{w.language}"),
                reason=reasons.get(str(row.reason), str(row.reason)),
            )
            for row in records(table[table["year"].isna()])
            if known(row.reason)
        ]

    def scenario_blocks(self) -> list[blocks.Block]:
        """The table, or a note on why there is none."""
        table = self.scenario_table()
        if table is not None:
            return [table]
        missing = self.left_out()
        return [blocks.Note(self.w("Scenarios"), self.join(*missing), "gap")] if missing else []
