"""The findings of a country's brief, and the title that the most important one makes."""

from __future__ import annotations

from typing import Any

from pipeline.briefs import blocks
from pipeline.briefs.annual.counted import training
from pipeline.briefs.annual.country_facts import CountryFacts
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import (
    amount,
    change,
    known,
    moved,
    place,
    rebound,
    source_line,
    than_before,
)
from pipeline.briefs.words import STEADY


class CountryFindings(CountryFacts):
    """What a reader of a country's brief should remember."""

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
            return w("Record total, and most study for a degree")
        if majority:
            return w("For the first time most study for a degree")
        if record:
            return w("More {who} than ever counted", who=self.who)
        if known(total.pct):
            if total.pct > 0.5:
                return w("{who}: {pct} more than a year before", who=w.capital(self.who), pct=w.percent(total.pct))
            if total.pct < -0.5:
                return w("{who}: {pct} fewer than a year before", who=w.capital(self.who), pct=w.percent(-total.pct))
            return w("As many {who} as a year before", who=self.who)
        return w("{n} {who}", n=amount(w, total), who=self.who)

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

    def total_finding(self) -> blocks.Finding:
        """The headline."""
        w, t = self.w, self.total
        number, period = amount(w, t), w.period(t.period)
        if t.direction == "outbound":
            text = w("**{name}: {n}** in {period}.", name=self.label(t), n=number, period=period)
            text = self.join(text, than_before(w, t))
        elif known(t.pct):
            text = (
                w(
                    "**{n} {who}** were counted in {period}, **{change}** than a year before.",
                    n=number,
                    who=self.who,
                    period=period,
                    change=change(w, t.pct, t.approx),
                )
                if abs(t.pct) >= STEADY
                else w(
                    "**{n} {who}** were counted in {period}, about as many as a year before.",
                    n=number,
                    who=self.who,
                    period=period,
                )
            )
        else:
            text = w("**{n} {who}** were counted in {period}.", n=number, who=self.who, period=period)
        if known(t.is_record) and bool(t.is_record):
            text = self.join(
                text,
                w(
                    "It is the highest of the years with a figure at hand, the first being {first}.",
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
        return self.finding("total", self.join(text, rebound(w, t, self.facts.line(self.main_id))), t)

    def training_finding(self) -> blocks.Finding | None:
        """Whether the growth is in study or in work after it."""
        w, opt, enrolled = self.w, self.facts.figure("practical_training"), self.facts.figure("enrolled_stock")
        if opt is None or enrolled is None or not known(opt.pct) or not known(enrolled.change):
            return None
        values = {
            "pct": w.percent(abs(opt.pct)),
            "opt": amount(w, opt),
            "n": amount(w, enrolled),
            "training": training(w, opt.publisher),
            "difference": w.number(enrolled.change, signed=True),
            "change": w.change(enrolled.pct, enrolled.change, enrolled.approx),
        }
        if opt.change > 0 and enrolled.change <= 0 and abs(enrolled.pct) < STEADY:
            text = w(
                "**All of the growth is {training}**: up {pct} to {opt}. Enrolled students were almost unchanged at {n} ({difference}, under 0.1%).",
                **values,
            )
        elif opt.change > 0 and enrolled.change <= 0:
            text = w(
                "**All of the growth is {training}**: up {pct} to {opt}. Enrolled students fell to {n}: {change}.",
                **values,
            )
        elif opt.change > 0:
            text = w("{training} rose by {pct} to {opt}; **{n} were enrolled**: {change}.", **values)
        else:
            text = w("{training} fell by {pct} to {opt}; **{n} were enrolled**: {change}.", **values)
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
        text = w("**{n}, or {share}, held a government scholarship.**", n=amount(w, funded), share=share)
        own = self.facts.figure("stock", funding="self")
        if own is not None and (own.year, own.publisher) == (self.total.year, self.total.publisher):
            share = w.percent(100 * own.value / self.total.value)
            text = self.join(text, w("{n}, or {share}, paid themselves.", n=amount(w, own), share=share))
        return self.finding("scholarship", text, funded)

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
        earliest = int(before[0]) if len(before) == 1 else None
        made.evidence = self.evidence(self.total, [*rows["partner"], "WLD"], first=earliest)
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
            line = self.facts.line(credit.series_id)
            text = self.join(text, than_before(w, credit), rebound(w, credit, line))
            return self.finding("abroad", text, credit)
        text = w(
            "**The other way, {n} left to study abroad** in {period}", n=amount(w, left), period=w.period(left.period)
        )
        if back is not None and back.year == left.year:
            text += w("; {n} came back", n=amount(w, back))
        return self.finding("abroad", w("{text}.", text=text), left)

    def rest_findings(self) -> list[blocks.Block]:
        """Findings that had no room on page one."""
        return list(self.findings()[5:])
