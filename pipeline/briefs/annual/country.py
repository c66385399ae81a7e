"""The brief of a country, from published counts: every number with its publisher, as exact as it was printed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.counted import care, counted, definition
from pipeline.briefs.annual.country_facts import PAGE_ONE, STORIES, WINDOW
from pipeline.briefs.annual.country_findings import CountryFindings
from pipeline.briefs.annual.country_places import CountryPlaces
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import amount, cited, fall, known, place
from pipeline.briefs.annual.scorecard import scorecard_blocks


class CountryBrief(CountryFindings, CountryPlaces):
    """See `pipeline.briefs.annual.annual_brief`."""

    def first_page(self) -> list[blocks.Block]:
        w = self.w
        cover = blocks.Cover(
            kicker=w("Annual brief · International students"),
            title=self.title(),
            subtitle=self.subtitle(),
            language=w.language,
            running=w("Annual brief · {country} · {period}", country=self.name, period=w.period(self.total.period)),
        )
        found: list[blocks.Block] = [cover, *self.findings()[:5]]
        trend, ranking = self.trend_figure(), self.ranking_figure()
        found.append(blocks.Columns(trend, ranking, ratio=0.6) if ranking is not None else trend)
        found.append(self.glance())
        note = self.join(self.ended_note(), care(w, self.total.publisher))
        if note:
            found.append(blocks.Note(w("Read with care"), note, "care"))
        return found

    def subtitle(self) -> str:
        """Whom the brief is about, and when."""
        w, period = self.w, self.w.period(self.total.period)
        if self.total.direction == "outbound":
            return w("Students from {country} abroad, {period}", country=place(w, self.country), period=period)
        if self.country == "CHN":
            return w("International students in China, {period}", period=period)
        return w("International students: {country}, {period}", country=self.name, period=period)

    def trend_figure(self) -> blocks.Figure:
        """The main series with its breaks and outlook."""
        w, main = self.w, self.main_id
        line = self.recent(self.facts.line(main))
        line = line[line["year"].gt(self.facts.year - WINDOW)]
        chart = charts.trend(
            charts.Line("", line), self.series_outlook(main), self.marks(main), words=w, height=PAGE_ONE
        )
        kinds = set(line.loc[line["value"].notna(), "exactness"]) - {"exact"}
        marks = w("Open marks: rounded or “more than” figures.") if kinds else ""
        caption = self.join(
            self.outlook_caption(main),
            w("Gaps: no figure at hand.") if charts_gap(line) else "",
            marks,
            self.definition_note(line),
        )
        title = w("Total, and where it may go") if self.series_outlook(main) is not None else w("Total")
        return blocks.Figure(
            "trend",
            title,
            chart,
            caption=caption,
            source=w("Source: {publisher}", publisher=w.publisher(self.total.publisher)),
        )

    def glance(self) -> blocks.Table:
        """The main figures side by side, each with its own period."""
        w, rows = self.w, []
        for figure in self.glance_rows():
            own = (
                ""
                if figure.period == self.total.period
                else w(" ({period})", period=w.period(figure.period, short=True))
            )
            said = w.change(figure.pct, figure.change, figure.approx)
            pct = blocks.Num(figure.pct, said) if known(figure.pct) else None
            what = counted(w, figure.publisher, figure.measure, figure.funding) + self.after_fall(figure)
            rows.append(self.glance_row(self.label(figure) + own, figure, what, amount(w, figure), pct))
        return self.glance_table(rows, self.publishers())

    def after_fall(self, figure: Any) -> str:
        """The peak before a rise that only makes up for a fall, for the table at a glance."""
        found = fall(figure, self.facts.line(figure.series_id))
        if found is None:
            return ""
        w, peak = self.w, found[0]
        return w("; peak {peak} in {period}", peak=w.number(peak.value), period=w.period(peak.period, short=True))

    def volumes(self) -> list[blocks.Block]:
        w, lines, drawn = self.w, [], []
        for measure, direction in STORIES:
            figure = self.facts.figure(measure, direction)
            if figure is not None:
                line = self.recent(self.facts.line(figure.series_id), gap=8)
                lines.append(charts.Line(self.label(figure), line))
                drawn.append(line)
        if len(lines) < 2:
            return []
        lead = w(
            "A total can grow while fewer arrive, or stand still while degree study grows. So each is shown on its own axis, and none is added to another."
        )
        chart = charts.panels(lines[:4], words=w, columns=3 if len(lines) == 3 else 2)
        return [
            blocks.Section("volumes", w("One headline, several stories"), lead),
            blocks.Figure(
                "stories",
                w("What the total is made of"),
                chart,
                caption=self.join(
                    w(
                        "Each on its own axis from 0; the number is the latest, with its change on the year before. Open marks: rounded or “more than” figures. Gaps: no figure at hand."
                    ),
                    self.definition_note(*drawn[:4]),
                ),
                source=self.publishers(),
            ),
            *self.rest_findings(),
        ]

    def outcomes(self) -> list[blocks.Block]:
        return scorecard_blocks(self)

    def definitions(self) -> list[tuple[str, str]]:
        w = self.w
        measures = list(dict.fromkeys(f.measure for f in self.glance_rows()))
        names = {f.measure: self.measure_name(f.measure, f.publisher) for f in self.glance_rows()}
        found = [(w.capital(names[m]), definition(w, m)) for m in measures]
        found += [
            (
                w("Exactness"),
                w(
                    "“about” is a figure that the publisher rounded, “more than” a lower bound; no change is computed from a lower bound."
                ),
            )
        ]
        return [(term, text) for term, text in found if text]

    def sources(self) -> list[str | tuple[str, str]]:
        w = self.w
        rows = self.facts.table("headline")
        used = {f.series_id for f in self.glance_rows()}
        rows = pd.concat([rows[rows["series_id"].isin(used)], self.leading(), self.region_rows()])
        found = [
            (
                w("{publisher}: {title}", publisher=w.publisher(r.publisher), title=cited(w, str(r.title))),
                str(r.url or ""),
            )
            for r in records(rows[rows["title"].notna()])
        ]
        return list(dict.fromkeys(found))


def charts_gap(line: pd.DataFrame) -> bool:
    """Whether a line misses a year between its first and last figure."""
    years = line.loc[line["value"].notna(), "year"].astype(int)
    return bool(len(years) and len(years) < years.max() - years.min() + 1)
