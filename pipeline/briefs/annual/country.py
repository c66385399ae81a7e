"""The brief of a country, from published counts: every number with its publisher, as exact as it was printed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.brief import Brief
from pipeline.briefs.annual.counted import care, counted, definition
from pipeline.briefs.annual.facts import records, undivided
from pipeline.briefs.annual.phrases import amount, change, known, moved, place, source_line
from pipeline.errors import InputError
from pipeline.measures.publishers import labels_of

# What the table at a glance lists, in its order: measure, direction, level, funding.
GLANCE = (
    ("stock", "inbound", "all", "all"),
    ("enrolled_stock", "inbound", "all", "all"),
    ("degree_stock", "inbound", "all", "all"),
    ("degree_stock", "inbound", "7-8", "all"),
    ("non_degree_stock", "inbound", "all", "all"),
    ("practical_training", "inbound", "all", "all"),
    ("entrants", "inbound", "all", "all"),
    ("entrants", "inbound", "7-8", "all"),
    ("scholarship", "inbound", "all", "government"),
    ("entrants", "outbound", "all", "all"),
    ("returned", "outbound", "all", "all"),
    ("enrolled_stock", "outbound", "all", "all"),
    ("non_degree_stock", "outbound", "all", "all"),
)
STORIES = (
    ("stock", "inbound"),
    ("enrolled_stock", "inbound"),
    ("degree_stock", "inbound"),
    ("non_degree_stock", "inbound"),
    ("entrants", "inbound"),
    ("practical_training", "inbound"),
)
TOP = 8
WINDOW = 27  # years of the first page's figure: what a reader can still compare with today
PAGE_ONE, PAGE_ONE_ROW = 54.0, 6.0  # mm: figures of the first page leave room for its table and note


class CountryBrief(Brief):
    """See `pipeline.briefs.annual.annual_brief`."""

    @property
    def country(self) -> str:
        return self.facts.subject

    @cached_property
    def total(self) -> Any:
        """The headline figure: the widest inbound total, else the widest outbound one."""
        for direction in ("inbound", "outbound"):
            for measure in ("stock", "enrolled_stock", "degree_stock", "entrants", "non_degree_stock"):
                found = self.facts.figure(measure, direction)
                if found is not None and (found.year == self.facts.year or measure == "non_degree_stock"):
                    return found
        return next((figure for figure in self.glance_rows() if figure.year == self.facts.year), None)

    def require(self) -> None:
        if self.total is None:
            raise InputError(
                f"{self.facts.subject} {self.facts.year}",
                "no publisher has a total of students for this year.",
                "Choose another year; `mobility sources` lists the periods at hand.",
            )

    @property
    def main_id(self) -> str:
        return str(self.total.series_id)

    @property
    def name(self) -> str:
        """The country's name."""
        return self.w.country(self.country)

    # Page one ----------------------------------------------------------------------------------------------------------

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
        note = care(w, self.total.publisher)
        if note:
            found.append(blocks.Note(w("Read with care"), note, "care"))
        return found

    def subtitle(self) -> str:
        """Whom the brief is about, and when."""
        w, period = self.w, self.w.period(self.total.period)
        if self.total.direction == "outbound":
            return w("Students from {country} abroad, {period}", country=place(w, self.country), period=period)
        return w("International students: {country}, {period}", country=self.name, period=period)

    def title(self) -> str:
        """The finding that matters most, in a few words."""
        w, total = self.w, self.total
        if total.direction == "outbound":
            return w("{name}: {n}", name=self.label(total), n=amount(w, total))
        new, shares = self.facts.figure("entrants"), self.degree_shares()
        record = known(total.is_record) and bool(total.is_record)
        majority = bool(len(shares) > 1 and shares.iloc[-1] > 50 and (shares.iloc[:-1] < 50).all())
        if record and new is not None and known(new.pct) and new.pct < -1:
            return w("Record total, but fewer new students are arriving")
        if record and majority:
            return w("Record total, and most now study for a degree")
        if majority:
            return w("For the first time most study for a degree")
        if record:
            return w("More international students than ever counted")
        if known(total.pct):
            if total.pct > 0.5:
                return w("International students: {pct} more than a year before", pct=w.percent(total.pct))
            if total.pct < -0.5:
                return w("International students: {pct} fewer than a year before", pct=w.percent(-total.pct))
            return w("As many international students as a year before")
        return w("{n} international students", n=amount(w, total))

    def degree_shares(self) -> pd.Series:
        """Degree students as a share of all, in the years in which one publisher printed both, neither as “more than”."""
        degree = self.facts.figure("degree_stock")
        if degree is None or self.total.measure != "stock":
            return pd.Series(dtype=float)
        both = [
            rows[rows["exactness"].ne("at_least") & rows["value"].notna()].set_index("year")["value"]
            for rows in (self.facts.line(degree.series_id), self.facts.line(self.main_id))
        ]
        return (100 * both[0] / both[1]).dropna().sort_index()

    def findings(self) -> list[blocks.Finding]:
        """What a reader should remember, the most important first."""
        made = (
            self.total_finding(),
            self.training_finding(),
            self.degree_finding(),
            self.entrants_finding(),
            self.scholarship_finding(),
            self.origins_finding(),
            self.abroad_finding(),
        )
        return [finding for finding in made if finding is not None]

    def finding(self, id_: str, text: str, figure: Any, base: str = "") -> blocks.Finding:
        """A finding with the source of its figure and the rows behind it."""
        return blocks.Finding(id_, text, base=base, source=source_line(self.w, figure), evidence=self.evidence(figure))

    def evidence(
        self, figure: Any, partners: Sequence[str] = ("WLD",), first: int | None = None
    ) -> list[blocks.Evidence]:
        """The clean rows of a figure and of the years before it from `first` on; by default of the one year before."""
        end = "origin" if figure.direction == "inbound" else "destination"
        where = {
            "reporter": self.country,
            "direction": figure.direction,
            "measure": figure.measure,
            "level": figure.level,
            "funding": figure.funding,
            end: list(partners),
            "publisher": labels_of(figure.publisher),
            "year": {"from": int(figure.year) - 1 if first is None else first, "to": int(figure.year)},
        }
        return [{"table": "counts", "where": where}]

    def main_evidence(self) -> list[blocks.Evidence]:
        return self.evidence(self.total, first=int(self.facts.line(self.main_id)["year"].min()))

    def total_finding(self) -> blocks.Finding:
        """The headline."""
        w, t = self.w, self.total
        number, period = amount(w, t), w.period(t.period)
        if t.direction == "outbound":
            text = w("**{name}: {n}** in {period}.", name=self.label(t), n=number, period=period)
            if known(t.pct):
                text = self.join(text, w("That is {change} than a year before.", change=change(w, t.pct, t.approx)))
        elif known(t.pct):
            text = (
                w(
                    "**{n} international students** were counted in {period}, **{change}** than a year before.",
                    n=number,
                    period=period,
                    change=change(w, t.pct, t.approx),
                )
                if abs(t.pct) >= 0.05
                else w(
                    "**{n} international students** were counted in {period}, as many as a year before.",
                    n=number,
                    period=period,
                )
            )
        else:
            text = w("**{n} international students** were counted in {period}.", n=number, period=period)
        if known(t.is_record) and bool(t.is_record):
            text = self.join(
                text,
                w(
                    "It is the highest number in the series, which begins in {first}.",
                    first=self.span(self.main_id)["first"],
                ),
            )
        elif known(t.record_since):
            text = self.join(
                text,
                w(
                    "More were last counted in {period}.",
                    period=w.period(self.period_like(self.main_id, int(t.record_since))),
                ),
            )
        if known(t.cagr):
            first = w.period(self.period_like(self.main_id, int(t.cagr_from)))
            text = self.join(
                text, w("Since {first} the average growth is {cagr} a year.", first=first, cagr=w.percent(t.cagr))
            )
        return self.finding("total", text, t)

    def training_finding(self) -> blocks.Finding | None:
        """Whether the growth is in study or in work after it."""
        w, opt, enrolled = self.w, self.facts.figure("practical_training"), self.facts.figure("enrolled_stock")
        if opt is None or enrolled is None or not known(opt.pct) or not known(enrolled.change):
            return None
        values = {
            "pct": w.percent(abs(opt.pct)),
            "opt": amount(w, opt),
            "n": amount(w, enrolled),
            "change": w.number(abs(enrolled.change)),
        }
        if opt.change > 0 and enrolled.change <= 0:
            text = w(
                "**All of the growth is practical training** after study (OPT): up {pct} to {opt}. {n} were enrolled, {change} fewer than a year before.",
                **values,
            )
        elif opt.change > 0:
            text = w(
                "Practical training after study (OPT) rose by {pct} to {opt}; **{n} were enrolled**, {change} more.",
                **values,
            )
        else:
            text = w(
                "Practical training after study (OPT) fell by {pct} to {opt}; **{n} were enrolled** ({change} difference).",
                **values,
            )
        return self.finding("training", text, opt)

    def degree_finding(self) -> blocks.Finding | None:
        """Degree apart from non-degree."""
        w, degree = self.w, self.facts.figure("degree_stock")
        shares = self.degree_shares()
        if degree is None or degree.year not in shares.index:
            return None
        rest = self.facts.figure("non_degree_stock")
        text = w(
            "**{n}, or {share}, studied for a degree.**", n=amount(w, degree), share=w.percent(shares[degree.year])
        )
        if rest is not None and rest.year == degree.year:
            text = self.join(text, w("The other {n} were in language, exchange and short courses.", n=amount(w, rest)))
        if len(shares) > 1 and shares.iloc[-1] > 50 and (shares.iloc[:-1] < 50).all():
            text = self.join(
                text,
                w(
                    "It is the first time that they are more than half, among the {n} years with both figures.",
                    n=len(shares),
                ),
            )
        return self.finding("degree", text, degree)

    def entrants_finding(self) -> blocks.Finding | None:
        """New students, all and postgraduate."""
        w, new = self.w, self.facts.figure("entrants")
        if new is None or not known(new.pct):
            return None
        text = w("**New students {moved}** to {n}", moved=moved(w, new.pct), n=amount(w, new))
        higher = self.facts.figure("entrants", level="7-8")
        if higher is not None and known(higher.pct) and higher.year == new.year:
            text += w("; new postgraduate students {moved} to {n}", moved=moved(w, higher.pct), n=amount(w, higher))
        return self.finding("entrants", w("{text}.", text=text), new)

    def scholarship_finding(self) -> blocks.Finding | None:
        """Who is funded by the state."""
        w, funded = self.w, self.facts.figure("scholarship", funding="government")
        if funded is None or funded.year != self.total.year or funded.exactness == "at_least":
            return None
        share = w.percent(100 * funded.value / self.total.value)
        return self.finding(
            "scholarship",
            w(
                "**{n}, or {share}, held a scholarship of the state**; the others paid for themselves or were paid for by others.",
                n=amount(w, funded),
                share=share,
            ),
            funded,
        )

    def leading(self) -> pd.DataFrame:
        """The largest partners with a figure in the brief's year: the publisher's list, else single published series."""
        listed = self.facts.ranking("inbound", str(self.total.measure), str(self.total.publisher))
        if len(listed) and int(listed["year"].max()) == self.facts.year:
            return listed
        rows = self.facts.table("headline")
        rows = rows[
            rows["direction"].eq("inbound")
            & rows["measure"].eq(self.total.measure)
            & rows["publisher"].eq(self.total.publisher)
        ]
        rows = rows[
            rows["year"].eq(self.facts.year)
            & rows["partner"].str.fullmatch("[A-Z]{3}").fillna(False)
            & rows["partner"].ne("WLD")
        ]
        rows = rows[undivided(rows)].sort_values("value", ascending=False)
        rows = rows.assign(share=100 * rows["value"] / self.total.value, previous_year=self.facts.year - 1)
        return rows

    def origins_finding(self) -> blocks.Finding | None:
        """Where they come from."""
        w, rows = self.w, self.leading()
        rows = rows[rows["value"].notna()].head(3 if len(rows) > 2 else 2)
        if len(rows) < 2:
            return None
        names = w.capital(w.list([place(w, c) for c in rows["partner"]]))
        share = 100 * rows["value"].sum() / self.total.value
        text = w("**{names} send {share} of every 100.**", names=names, share=w.number(share))
        moves = [
            w("{country} {moved}", country=place(w, r.partner), moved=moved(w, r.pct))
            for r in records(rows)
            if known(r.pct)
        ]
        before = rows["previous_year"].dropna().unique()
        if moves and len(before) == 1:
            period = w.period(self.period_like(self.main_id, int(before[0])))
            text = self.join(text, w("Since {period}: {moves}.", period=period, moves=w("; ").join(moves)))
        made = self.finding("origins", text, self.total, base=w("Share of all {n}", n=amount(w, self.total)))
        made.evidence = self.evidence(self.total, [*rows["partner"], "WLD"])
        return made

    def abroad_finding(self) -> blocks.Finding | None:
        """The other way: who leaves and who comes back; None when the whole brief is about them."""
        if self.total.direction == "outbound":
            return None
        w, left, back = self.w, self.facts.figure("entrants", "outbound"), self.facts.figure("returned", "outbound")
        if left is None:
            credit = self.facts.figure("non_degree_stock", "outbound")
            if credit is None:
                return None
            text = w(
                "**The other way, {n} went abroad** for study that counts at home, in {period}.",
                n=amount(w, credit),
                period=w.period(credit.period),
            )
            if known(credit.pct):
                text = self.join(
                    text, w("That is {change} than a year before.", change=change(w, credit.pct, credit.approx))
                )
            return self.finding("abroad", text, credit)
        text = w(
            "**The other way, {n} left to study abroad** in {period}", n=amount(w, left), period=w.period(left.period)
        )
        if back is not None and back.year == left.year:
            text += w("; {n} came back", n=amount(w, back))
        return self.finding("abroad", w("{text}.", text=text), left)

    # Figures and tables ------------------------------------------------------------------------------------------------

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
            self.outlook_caption(main), w("Gaps: no figure published.") if charts_gap(line) else "", marks
        )
        title = w("Total, and where it may go") if self.series_outlook(main) is not None else w("Total")
        return blocks.Figure(
            "trend",
            title,
            chart,
            caption=caption,
            source=w("Source: {publisher}", publisher=w.publisher(self.total.publisher)),
        )

    def recent(self, line: pd.DataFrame, gap: int = 5) -> pd.DataFrame:
        """The part of a line that a reader can see: without figures that stand alone decades before."""
        years = line.loc[line["value"].notna(), "year"].astype(int).tolist()
        start = years[0] if years else 0
        for before, after in itertools.pairwise(years):
            if after - before > gap:
                start = after
        return line[line["year"].ge(start)]

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
                "pct": rows["pct"].tolist(),
            }
        )
        before = rows["previous_year"].dropna().unique()
        caption = ""
        if len(before) == 1:
            caption = w(
                "Mark and change: {period}. Blue rose, orange fell.",
                period=w.period(self.period_like(self.main_id, int(before[0]))),
            )
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
            w("Largest origins with published figures"),
            chart,
            caption=w("Gaps: no figure published."),
            source=w("Source: as left."),
        )

    def glance_rows(self) -> list[Any]:
        """The figures of the table at a glance."""
        found = [self.facts.figure(m, d, level, funding) for m, d, level, funding in GLANCE]
        return [figure for figure in found if figure is not None]

    def label(self, figure: Any) -> str:
        """What a series is called in a table."""
        w = self.w
        name = w.capital(w.measure(figure.measure))
        if figure.direction == "outbound":
            abroad = {
                "entrants": w("Left to study abroad"),
                "returned": w("Returned from study abroad"),
                "enrolled_stock": w("Studying abroad"),
                "non_degree_stock": w("Abroad for credit at home"),
            }
            name = abroad.get(figure.measure, w("{name}, abroad", name=name))
        elif figure.level != "all":
            name = w("{name}, {level}", name=name, level=w.level(figure.level))
        return name

    def glance(self) -> blocks.Table:
        """The main figures side by side, each with its own period."""
        w = self.w
        rows: list[dict[str, blocks.Cell]] = []
        for figure in self.glance_rows():
            own = (
                ""
                if figure.period == self.total.period
                else w(" ({period})", period=w.period(figure.period, short=True))
            )
            line = self.facts.line(figure.series_id)
            line = line[line["year"].gt(figure.year - 11) & line["value"].notna()]
            pct = figure.pct if known(figure.pct) else None
            about = "≈ " if known(figure.approx) and bool(figure.approx) and pct is not None else ""
            rows.append(
                {
                    "what": self.label(figure) + own,
                    "now": blocks.Num(figure.value, amount(w, figure)),
                    "before": blocks.Num(figure.previous, w.number(figure.previous))
                    if known(figure.previous)
                    else None,
                    "pct": blocks.Num(pct, about + w.percent(pct, signed=True)) if pct is not None else None,
                    "spark": blocks.Spark(charts.sparkline(line, words=w)) if len(line) > 2 else None,
                    "counted": counted(w, figure.publisher, figure.measure),
                }
            )
        columns = [
            blocks.Column("what", w("Indicator")),
            blocks.Column("now", w.period(self.total.period, short=True), kind="number"),
            blocks.Column("before", w("Year before"), kind="number"),
            blocks.Column("pct", w("Change"), kind="change"),
            blocks.Column("spark", w("Ten years"), kind="spark"),
            blocks.Column("counted", w("What is counted"), kind="note"),
        ]
        return blocks.Table("glance", w("At a glance"), columns, rows, source=self.publishers())

    def publishers(self) -> str:
        """The publishers of the table at a glance."""
        w = self.w
        names = list(dict.fromkeys(w.publisher(f.publisher) for f in self.glance_rows()))
        return w("Source: {publisher}", publisher=w.list(names))

    # Further pages -----------------------------------------------------------------------------------------------------

    def volumes(self) -> list[blocks.Block]:
        w, lines = self.w, []
        for measure, direction in STORIES:
            figure = self.facts.figure(measure, direction)
            if figure is not None:
                line = self.recent(self.facts.line(figure.series_id), gap=8)
                lines.append(charts.Line(self.label(figure), line))
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
                caption=w(
                    "Each on its own axis from 0; the number is the latest, with its change on the year before. Open marks: rounded or “more than” figures. Gaps: no figure published."
                ),
                source=self.publishers(),
            ),
            *self.rest_findings(),
        ]

    def rest_findings(self) -> list[blocks.Block]:
        """Findings that had no room on page one."""
        return list(self.findings()[5:])

    def partners(self) -> list[blocks.Block]:
        w = self.w
        regions, abroad = self.region_figure(), self.abroad_figure()
        beside = [blocks.Columns(regions, abroad)] if regions is not None and abroad is not None else [regions, abroad]
        found: list[blocks.Block] = [b for b in (self.partner_table(), *beside, self.rates_table()) if b is not None]
        if not found:
            return []
        lead = w("Publishers list their largest partners, not all: what is not listed is unknown, not zero.")
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
                "pct": blocks.Num(r.pct, w.percent(r.pct, signed=True)) if known(r.pct) else None,
            }
            for r in records(rows)
        ]
        columns = [
            blocks.Column("name", w("Origin")),
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

    def region_figure(self) -> blocks.Figure | None:
        """The publisher's own regions."""
        w, rows = self.w, self.facts.table("regions")
        if rows.empty:
            return None
        rows = rows[
            rows["measure"].eq(self.total.measure)
            & rows["publisher"].eq(self.total.publisher)
            & rows["direction"].eq("inbound")
        ]
        rows = rows[rows["year"].eq(self.facts.year) & undivided(rows)]
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
                "pct": rows["pct"].tolist(),
            }
        )
        before = rows["previous_year"].dropna().unique()
        caption = w("Regions as the publisher draws them; groups such as the Belt and Road overlap with continents.")
        if len(before) == 1:
            mark = w(
                "Mark and change: {period}. Blue rose, orange fell.",
                period=w.period(self.period_like(self.main_id, int(before[0]))),
            )
            caption = self.join(mark, caption)
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
            w("Open marks: rounded or “more than” figures. Gaps: no figure published."),
            definition(w, "returned") if len(lines) > 1 else "",
        )
        source = w("Source: {publisher}", publisher=w.list(list(dict.fromkeys(publishers))))
        return blocks.Figure(
            "abroad-chart", w("Study abroad"), charts.trend(lines, words=w, height=56), caption=caption, source=source
        )

    def definitions(self) -> list[tuple[str, str]]:
        w = self.w
        measures = list(dict.fromkeys(f.measure for f in self.glance_rows()))
        found = [(w.capital(w.measure(m)), definition(w, m)) for m in measures]
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
        rows = rows[rows["series_id"].isin(used)]
        found = [
            (w("{publisher}: {title}", publisher=w.publisher(r.publisher), title=str(r.title)), str(r.url or ""))
            for r in records(rows)
            if r.title
        ]
        return list(dict.fromkeys(found))


def charts_gap(line: pd.DataFrame) -> bool:
    """Whether a line misses a year between its first and last figure."""
    years = line.loc[line["value"].notna(), "year"].astype(int)
    return bool(len(years) and len(years) < years.max() - years.min() + 1)


def region_name(partner: str) -> str:
    """A publisher's region as the vocabulary writes it.

    >>> region_name("region:LATIN AMERICA & CARIBBEAN"), region_name("region:Asia")
    ('Latin America and Caribbean', 'Asia')
    """
    name = partner.removeprefix("region:")
    return name.title().replace(" And ", " and ").replace("&", "and") if name.isupper() else name
