"""Outlooks of the parts of a total, adding up to it: partner countries and levels of study."""

from __future__ import annotations

import math

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.record import Record
from pipeline.models import round_sums

OTHERS = "others"
BESIDE = 100_000  # longer numbers need the whole width
DIGITS = 4  # of a total; its parts are rounded to the same multiples


class AddingUp(Record):
    """The outlook by partner country and level."""

    def parts_blocks(self) -> list[blocks.Block]:
        """The tables of each total's parts, two side by side where there are two."""
        table = self.facts.table("outlook_parts")
        if table.empty:
            return []
        found: list[blocks.Block] = []
        for by in ("partner", "level"):
            same = table[table["by"].eq(by)]
            made = [self.parts_table(str(total), by, rows) for total, rows in same.groupby("total", sort=False)]
            narrow = same.groupby(["total", "year"])["upper_80"].sum().max() < BESIDE
            found += [blocks.Columns(made[0], made[1])] if len(made) == 2 and narrow else made
        return found

    def parts_table(self, total: str, by: str, rows: pd.DataFrame) -> blocks.Table:
        """The last year of the outlook, part by part, with the whole below."""
        w = self.w
        year, before = int(rows["year"].max()), int(rows["last_year"].max())
        future = self.facts.table("outlook")
        whole = next(iter(records(future[future["series_id"].eq(total) & future["year"].eq(year)])), None)
        end = rows[rows["year"].eq(year)].set_index("part")
        medians = end["median"].copy()
        medians["="] = medians.sum()
        step = 10.0 ** max(0, math.floor(math.log10(max(medians["="], 1))) + 1 - DIGITS)
        medians = round_sums(medians, [("=", list(end.index))], step)
        last = round_sums(pd.concat([end["last"], pd.Series({"=": end["last"].sum()})]), [("=", list(end.index))])
        lines = [
            self.part_row(self.part_name(by, str(part)), last[part], medians[part], end.loc[part]) for part in end.index
        ]
        lines.append(self.part_row(w("Total"), last["="], medians["="], whole))
        columns = [
            blocks.Column("what", w("Country") if by == "partner" else w("Level")),
            blocks.Column("last", w.period(self.period_like(total, before), short=True), kind="number"),
            blocks.Column("median", w.period(self.period_like(total, year), short=True), kind="number"),
            blocks.Column("i80", w("80% interval"), align="right"),
        ]
        way = str(self.facts.line(total)["direction"].iloc[0])
        title = (
            w("{direction}: outlook by partner country", direction=w.capital(w.direction(way)))
            if by == "partner"
            else w("{direction}: outlook by level", direction=w.capital(w.direction(way)))
        )
        return blocks.Table(f"outlook-{by}-{way}", title, columns, lines)

    def part_row(self, name: str, last: float, median: float, interval: object) -> dict[str, blocks.Cell]:
        """One part, or the whole."""
        w = self.w
        low, high = getattr(interval, "lower_80", None), getattr(interval, "upper_80", None)
        return {
            "what": name,
            "last": blocks.Num(last, w.number(last)),
            "median": blocks.Num(median, w.number(median)),
            "i80": None if low is None or high is None else w.range(self.round(low), self.round(high)),
        }

    def part_name(self, by: str, part: str) -> str:
        """A country, a level, or the rest."""
        w = self.w
        if part == OTHERS:
            return w("All others")
        if part == "unknown":
            return w.capital(w("not stated"))
        return w.country(part) if by == "partner" else w.capital(w.level(part))

    def parts_note(self) -> str:
        """How the tables hang together."""
        return self.w(
            "The central estimates of the parts add up to the total’s; the intervals do not, for not all parts go wrong together. Shown apart are the largest of those with a series long enough, and enough students."
        )
