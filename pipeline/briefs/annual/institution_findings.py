"""The findings of an institution's brief, and the title that the most important one makes."""

from __future__ import annotations

from pipeline.briefs import blocks
from pipeline.briefs.annual.alliance import decisions_finding
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.institution_facts import SHOCK_BASE, InstitutionFacts
from pipeline.briefs.annual.phrases import known, place, than_before
from pipeline.briefs.annual.results_of_stays import outcome_finding


class InstitutionFindings(InstitutionFacts):
    """What a reader of an institution's brief should remember."""

    def title(self) -> str:
        """The finding that matters most."""
        w, t, inbound, outbound = self.w, self.total, self.way("inbound"), self.way("outbound")
        record = known(t.is_record) and bool(t.is_record)
        if record and inbound is not None and known(inbound.is_record) and not bool(inbound.is_record):
            return w(
                "Most stays since {first}, but fewer students come than once did",
                first=self.span(str(self.main_id))["first"],
            )
        if record and known(t.previous) and t.pct > 0:
            return w("More stays than in any year since {first}", first=self.span(str(self.main_id))["first"])
        if known(t.pct) and inbound is not None and outbound is not None and known(inbound.pct) and known(outbound.pct):
            if inbound.pct > 0 > outbound.pct:
                return w("More students come, fewer go")
            if outbound.pct > 0 > inbound.pct:
                return w("More students go, fewer come")
            if t.pct > 0:
                return w("Stays rose by {pct} in a year", pct=w.percent(t.pct))
            return w("Stays fell by {pct} in a year", pct=w.percent(-t.pct))
        if not known(t.value):
            return w("Stays in {period}", period=self.period)
        return w("{n} stays in {period}", n=w.number(t.value), period=self.period)

    def findings(self) -> list[blocks.Finding]:
        """What a reader should remember."""
        made = (
            self.total_finding(),
            self.before_finding(),
            self.partner_finding(),
            outcome_finding(self, "completion"),
            decisions_finding(self),
            self.balance_finding(),
        )
        return [finding for finding in made if finding is not None]

    def total_finding(self) -> blocks.Finding:
        """How many, in and out."""
        w, t, inbound, outbound = self.w, self.total, self.way("inbound"), self.way("outbound")
        n = w.number(t.value)
        if not all(known(figure.value) for figure in (t, inbound, outbound) if figure is not None):
            text = w(
                "**In {period} some numbers were too small to be shown**; those that may be shown are in the table below.",
                period=self.period,
            )
        elif outbound is None:
            text = w(
                "**{n} inbound stays began in {period}**; of outbound ones there is no record.", n=n, period=self.period
            )
        elif inbound is None:
            text = w(
                "**{n} outbound stays began in {period}**; of inbound ones there is no record.", n=n, period=self.period
            )
        else:
            text = w(
                "**{n} stays began in {period}**: {inbound} inbound and {outbound} outbound.",
                n=n,
                period=self.period,
                inbound=w.number(inbound.value),
                outbound=w.number(outbound.value),
            )
        if known(t.pct):
            text = self.join(text, than_before(w, t))
        return blocks.Finding("total", text, source=self.source(), evidence=self.evidence(self.facts.year))

    def before_finding(self) -> blocks.Finding | None:
        """Against the last year before borders closed."""
        w, parts = self.w, []
        for direction, name in (("inbound", w("inbound")), ("outbound", w("outbound"))):
            figure = self.way(direction)
            if figure is None:
                continue
            line = self.facts.line(figure.series_id).set_index("year")["value"]
            if (
                SHOCK_BASE not in line.index
                or not known(line[SHOCK_BASE])
                or not known(figure.value)
                or line[SHOCK_BASE] == 0
                or self.facts.year <= SHOCK_BASE + 1
            ):
                return None
            parts.append(
                w(
                    "{name} stays {pct}",
                    name=name,
                    pct=w.percent(100 * (figure.value / line[SHOCK_BASE] - 1), signed=True),
                )
            )
        period = w.period(self.period_like(self.main_id, SHOCK_BASE))
        text = w(
            "**Compared with {period}, the last full academic year before borders closed**: {parts}.",
            period=period,
            parts=w(", ").join(parts),
        )
        return blocks.Finding(
            "recovery", text, source=self.source(), evidence=self.evidence([SHOCK_BASE, self.facts.year])
        )

    def partner_finding(self) -> blocks.Finding | None:
        """The largest partners each way."""
        w, parts = self.w, []
        for direction in ("inbound", "outbound"):
            rows = self.ranked(direction).head(3)
            if len(rows) < 3:
                return None
            parts.append((w.list([place(w, c) for c in rows["partner"]]), w.percent(rows["share"].sum(), digits=0)))
        text = w(
            "**The three largest origins are {origins}** (together {share_in} of inbound stays); **the three largest hosts are {hosts}** (together {share_out} of outbound stays).",
            origins=parts[0][0],
            share_in=parts[0][1],
            hosts=parts[1][0],
            share_out=parts[1][1],
        )
        return blocks.Finding(
            "partners",
            text,
            base=w(
                "Base: {inbound} inbound and {outbound} outbound stays",
                inbound=self.way("inbound").value,
                outbound=self.way("outbound").value,
            ),
            source=self.source(),
            evidence=self.evidence(self.facts.year),
        )

    def balance_finding(self) -> blocks.Finding | None:
        """Belt and Road share, in the study's terms."""
        w, rows = self.w, self.facts.table("groups")
        rows = rows[rows["group"].eq("belt_and_road")] if len(rows) else rows
        both = {r.direction: r for r in records(rows)}
        if set(both) < {"inbound", "outbound"} or not all(known(r.share) for r in both.values()):
            return None
        text = w(
            "**Belt and Road countries** stand for {least}{inbound} of inbound and {least}{outbound} of outbound stays.",
            least=w("at least ") if any(bool(r.at_least) for r in both.values()) else "",
            inbound=w.percent(both["inbound"].share, digits=0),
            outbound=w.percent(both["outbound"].share, digits=0),
        )
        return blocks.Finding("belt-and-road", text, source=self.source(), evidence=self.evidence(self.facts.year))
