"""Who comes from where, and who goes abroad: the places in a country's brief."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.counted import definition
from pipeline.briefs.annual.country_facts import PAGE_ONE, PAGE_ONE_ROW, TOP, CountryFacts
from pipeline.briefs.annual.expected import expected_blocks
from pipeline.briefs.annual.facts import records, undivided
from pipeline.briefs.annual.phrases import amount, known, source_line

# Groups of countries among a publisher's regions: they overlap with continents, and are never ranked among them.
GROUPS = frozenset(
    f"region:{name}"
    for name in ("ASEAN", "Belt and Road", "BRICS", "CIS", "EEA", "EU", "European Union", "G20", "Non-EU", "OECD")
)


class CountryPlaces(CountryFacts):
    """Origins, regions, rates and study abroad."""

    def ranking_figure(self) -> blocks.Figure | None:
        """The largest origins."""
        w, rows = self.w, self.leading()
        rows = rows[rows["value"].notna()].head(TOP)
        if len(rows) < 4:
            return self.partner_lines()
        frame = pd.DataFrame(
            {
                "name": [w.country(c) for c in rows["partner"]],
                "value": rows["value"].tolist(),
                "previous": rows["previous"].tolist(),
                **self.changes(rows),
            }
        )
        caption = self.compared(rows)
        title = w("{n} largest origins, {period}", n=len(rows), period=w.period(self.total.period))
        return blocks.Figure(
            "origins-chart",
            title,
            charts.bars(frame, words=w, row=PAGE_ONE_ROW),
            caption=caption,
            source=w("Source: as left."),
        )

    def partner_line(self, partner: str) -> pd.DataFrame:
        """The yearly figures of one origin, as the publisher of the total counts it."""
        rows, total = self.facts.table("series"), self.total
        same = rows["publisher"].eq(total.publisher) & rows["measure"].eq(total.measure)
        rows = rows[same & rows["direction"].eq("inbound") & rows["partner"].eq(partner)]
        rows = rows[undivided(rows) & rows["year"].le(self.facts.year)]
        return self.recent(rows.sort_values("year"))

    def partner_lines(self) -> blocks.Figure | None:
        """The few origins that have yearly figures, as lines."""
        w, rows = self.w, self.leading().head(3)
        lines = []
        for partner in rows["partner"]:
            line = self.partner_line(partner)
            if line["value"].notna().sum() >= 2:
                lines.append(charts.Line(w.country(partner), line))
        if not lines:
            return None
        chart = charts.trend(lines, words=w, height=PAGE_ONE)
        return blocks.Figure(
            "origins-chart",
            w("Largest origins at hand"),
            chart,
            caption=w("Gaps: no figure at hand."),
            source=w("Source: as left."),
        )

    def partners(self) -> list[blocks.Block]:
        w = self.w
        regions, abroad = self.region_figure(), self.abroad_figure()
        beside = [blocks.Columns(regions, abroad)] if regions is not None and abroad is not None else [regions, abroad]
        found: list[blocks.Block] = [b for b in (self.partner_table(), *beside, self.rates_table()) if b is not None]
        found += expected_blocks(self)
        if not found:
            return []
        lead = w("Only the partners at hand are shown: what is not listed is unknown, not zero.")
        return [blocks.Section("where", w("Who comes from where, and who goes abroad"), lead), *found]

    def partner_table(self) -> blocks.Table | None:
        """The list of origins."""
        w, rows = self.w, self.leading()
        rows = rows[rows["value"].notna()].head(20)
        if rows.empty:
            return None
        before = rows["previous_year"].dropna().unique()
        earlier = (
            w.period(self.period_like(self.main_id, int(before[0])), short=True) if len(before) == 1 else w("Before")
        )
        table = [
            {
                "name": w.country(r.partner),
                "now": blocks.Num(r.value, w.number(r.value)),
                "share": blocks.Num(r.share, w.percent(r.share)),
                "before": blocks.Num(r.previous, w.number(r.previous)) if known(r.previous) else None,
                "pct": blocks.Num(r.pct, w.change(r.pct, r.change, r.approx)) if known(r.pct) else None,
            }
            for r in records(rows)
        ]
        columns = [
            blocks.Column("name", w("Origin: country or region")),
            blocks.Column("now", w.period(self.total.period, short=True), kind="number"),
            blocks.Column("share", w("Share of all"), kind="number"),
            blocks.Column("before", earlier, kind="number"),
            blocks.Column("pct", w("Change"), kind="change"),
        ]
        notes = [
            w(
                "Together {share} of all {n}.",
                share=w.percent(100 * rows["value"].sum() / self.total.value),
                n=amount(w, self.total),
            )
        ]
        if len(before) == 1 and int(before[0]) < self.facts.year - 1:
            notes.append(
                w("{period} is the latest year before with such a breakdown at hand.", period=w.capital(earlier))
            )
        notes += [text for text in (self.concentration_note(),) if text]
        return blocks.Table(
            "partners-table",
            w("Largest origins, {period}", period=w.period(self.total.period)),
            columns,
            table,
            notes=notes,
            source=source_line(w, self.total),
        )

    def concentration_note(self) -> str:
        """How concentrated the origins are, as far as the list tells."""
        w, rows = self.w, self.facts.table("concentration")
        if rows.empty:
            return ""
        rows = rows[rows["direction"].eq("inbound") & rows["measure"].eq(self.total.measure) & undivided(rows)]
        rows = rows[rows["publisher"].eq(self.total.publisher) & rows["year"].eq(self.facts.year)]
        found = next(iter(records(rows)), None)
        if found is None:
            return ""
        if known(found.hhi):
            return w(
                "The origins are as concentrated as {n} of equal size would be (HHI {hhi}).",
                n=w.number(found.effective_number),
                hhi=w.number(found.hhi, 3),
            )
        if known(found.hhi_lower) and known(found.hhi_upper):
            low, high = w.number(found.hhi_lower, 3), w.number(found.hhi_upper, 3)
            return w(
                "The list is not whole: the concentration (HHI) lies between {low} and {high}.", low=low, high=high
            )
        return ""

    def rates_table(self) -> blocks.Table | None:
        """Rates by the definitions of UIS, where what they need is known."""
        from pipeline.measures import indicators

        w, table = self.w, self.facts.table("rates")
        if table.empty:
            return None
        rows = [
            {
                "what": getattr(indicators[r.indicator], w.language),
                "value": blocks.Num(
                    r.value, w.percent(r.value) if indicators[r.indicator].unit == "%" else w.number(r.value, None)
                ),
                "meaning": getattr(indicators[r.indicator], f"definition_{w.language}"),
            }
            for r in records(table[table["value"].notna()])
        ]
        if not rows:
            return None
        columns = [
            blocks.Column("what", w("Indicator")),
            blocks.Column("value", w.period(str(self.facts.year), short=True), kind="number"),
            blocks.Column("meaning", w("What it means"), kind="note"),
        ]
        sources = dict.fromkeys(
            w.publisher(part) for r in records(table) for part in str(r.source or "").split("; ") if part
        )
        notes = [
            w(
                "Degree mobility as UNESCO defines it, not comparable with the totals above. Rates whose denominator is not known are left out."
            )
        ]
        source = w("Source: {publisher}", publisher=w.list(list(sources)))
        return blocks.Table("rates", w("Rates by international definitions"), columns, rows, notes=notes, source=source)

    def region_rows(self) -> pd.DataFrame:
        """The publisher’s regions and groups of countries in the brief’s year."""
        rows, total = self.facts.table("regions"), self.total
        if rows.empty:
            return rows
        same = rows["measure"].eq(total.measure) & rows["publisher"].eq(total.publisher)
        return rows[same & rows["direction"].eq("inbound") & rows["year"].eq(self.facts.year) & undivided(rows)]

    def groups_note(self) -> str:
        """Groups of countries that overlap with the continents, and so have no bar among them."""
        w, rows = self.w, self.region_rows()
        return self.join(
            *(
                w(
                    "Not in the bars, for they overlap: {group}, {n} ({share} of all).",
                    group=w.country(row.partner),
                    n=amount(w, row),
                    share=w.percent(100 * row.value / self.total.value),
                )
                for row in records(rows[rows["partner"].isin(GROUPS) & rows["value"].notna()])
            )
        )

    def changes(self, rows: pd.DataFrame) -> dict[str, list[Any]]:
        """The columns of a ranking that say how it changed."""
        return {key: rows[key].tolist() for key in ("pct", "change", "approx") if key in rows.columns}

    def compared(self, rows: pd.DataFrame) -> str:
        """With which year a ranking is compared, and why not with the year before."""
        w, before = self.w, rows["previous_year"].dropna().unique()
        if len(before) != 1 or rows["previous"].isna().all():
            return ""
        period = w.period(self.period_like(self.main_id, int(before[0])))
        if int(before[0]) == self.facts.year - 1:
            return w("Mark and change: {period}. Blue rose, orange fell.", period=period)
        return w(
            "Mark and change: {period}, the latest year before with such a breakdown at hand. Blue rose, orange fell.",
            period=period,
        )

    def region_figure(self) -> blocks.Figure | None:
        """The publisher's own regions."""
        w, rows = self.w, self.region_rows()
        if rows.empty:
            return None
        rows = rows[~rows["partner"].isin(GROUPS)]
        whole = rows["partner"].str.removeprefix("region:").str.isupper()
        rows = (rows[whole] if whole.any() else rows).head(9)  # in capitals: regions, not parts of regions
        if len(rows) < 3:
            return None
        names = [w.capital(w.region(region_name(p))) for p in rows["partner"]]
        frame = pd.DataFrame(
            {
                "name": names,
                "value": rows["value"].tolist(),
                "previous": rows["previous"].tolist(),
                **self.changes(rows),
            }
        )
        caption = self.join(self.compared(rows), w("Regions as the publisher draws them."), self.groups_note())
        title = w("Regions of origin, {period}", period=w.period(self.total.period))
        return blocks.Figure(
            "regions", title, charts.bars(frame, words=w), caption=caption, source=source_line(w, self.total)
        )

    def abroad_figure(self) -> blocks.Figure | None:
        """Outbound series, each of its own definition."""
        w, lines, publishers = self.w, [], []
        for measure in ("entrants", "returned", "non_degree_stock"):
            figure = self.facts.figure(measure, "outbound", recent=4)
            if figure is not None:
                line = self.recent(self.facts.line(figure.series_id))
                if line["value"].notna().sum() >= 3:
                    lines.append(charts.Line(self.label(figure), line))
                    publishers.append(w.publisher(figure.publisher))
        if not lines:
            return None
        caption = self.join(
            w("Open marks: rounded or “more than” figures. Gaps: no figure at hand."),
            definition(w, "returned") if len(lines) > 1 else "",
        )
        source = w("Source: {publisher}", publisher=w.list(list(dict.fromkeys(publishers))))
        return blocks.Figure(
            "abroad-chart", w("Study abroad"), charts.trend(lines, words=w, height=56), caption=caption, source=source
        )


def region_name(partner: str) -> str:
    """A publisher's region as the vocabulary writes it.

    >>> region_name("region:LATIN AMERICA & CARIBBEAN"), region_name("region:Asia")
    ('Latin America and Caribbean', 'Asia')
    """
    name = partner.removeprefix("region:")
    return name.title().replace(" And ", " and ").replace("&", "and") if name.isupper() else name
