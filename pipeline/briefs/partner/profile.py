"""The words, figures and tables of a partner profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.partner.further import FurtherPages
from pipeline.briefs.partner.numbers import DIRECTIONS
from pipeline.measures.bilateral import EARLIER, HALF, RECENT

if TYPE_CHECKING:
    pass

FEW_POINTS = 3  # a line with fewer shows nothing
SOON = pd.Timedelta(days=365)


class PartnerProfile(FurtherPages):
    """See `pipeline.briefs.partner.partner_profile`."""

    def first_page(self) -> list[blocks.Block]:
        w = self.w
        cover = blocks.Cover(
            kicker=w("Partner profile · Student mobility"),
            title=self.title(),
            subtitle=w("{partner} and {name}, {period}", partner=self.who, name=self.name(), period=self.period),
            language=w.language,
            synthetic=w("Synthetic data: an invented institution, made to show the method.")
            if self.survey().get("synthetic")
            else None,
            running=w("Partner profile · {partner} · {period}", partner=self.who, period=self.period),
        )
        return [
            cover,
            *self.findings()[:4],
            self.trend_figure(),
            self.glance(),
            *self.own_case(),
            *self.gaps(),
            self.care(),
        ]

    def title(self) -> str:
        w, recent, before = self.w, self.both(RECENT), self.both(EARLIER)
        least = self.here.settings.disclosure.minimum_base
        if recent is not None and before is not None and before >= least:
            pct = 100 * (recent / before - 1)
            if abs(pct) < 5:
                return w("{partner}: about as many stays in five years as in the five before", partner=self.who)
            size = w.percent(abs(pct), digits=0)
            if pct > 0:
                return w(
                    "{partner}: {pct} more stays in five years than in the five before", partner=self.who, pct=size
                )
            return w("{partner}: {pct} fewer stays in five years than in the five before", partner=self.who, pct=size)
        total = [self.now(d) for d in DIRECTIONS]
        if None not in total:
            return w("{partner}: {n} stays in {period}", partner=self.who, n=w.number(sum(total)), period=self.period)
        if total[0] is not None:
            return w("{n} students came from {partner} in {period}", n=total[0], partner=self.who, period=self.period)
        if total[1] is not None:
            return w("{n} students went to {partner} in {period}", n=total[1], partner=self.who, period=self.period)
        return w("{partner}: a partner with few stays", partner=self.who)

    def findings(self) -> list[blocks.Finding]:
        made = (self.year_finding(), self.change_finding(), self.agreement_finding(), self.outcome_finding())
        return [finding for finding in made if finding is not None]

    def year_finding(self) -> blocks.Finding:
        """How many came and went in the year, of how many in all."""
        w, (inbound, outbound) = self.w, [self.now(d) for d in DIRECTIONS]
        if not known(inbound) and not known(outbound):
            text = w(
                "**How many came and went in {period} is not shown**: they are few, or would give others away.",
                period=self.period,
            )
        elif known(inbound) and known(outbound):
            text = w(
                "**{inbound} students came from {partner} and {outbound} went there** in {period}.",
                inbound=inbound,
                outbound=outbound,
                partner=self.who,
                period=self.period,
            )
        elif known(inbound):
            text = w(
                "**{n} students came from {partner}** in {period}; how many went there is not shown.",
                n=inbound,
                partner=self.who,
                period=self.period,
            )
        else:
            text = w(
                "**{n} students went to {partner}** in {period}; how many came from there is not shown.",
                n=outbound,
                partner=self.who,
                period=self.period,
            )
        base = w(
            "Base: {inbound} inbound and {outbound} outbound stays",
            inbound=self.way("inbound").value,
            outbound=self.way("outbound").value,
        )
        return blocks.Finding(
            "year", text, base=base, source=self.source(), evidence=self.rows_behind([self.facts.year])
        )

    def change_finding(self) -> blocks.Finding | None:
        """The direction and mode that changed most between the two spans."""
        w, table, best = self.w, self.found.exchange, None
        modes = [m for m in table["mode"].unique() if m not in ("all", "virtual", "unknown")]
        for direction in DIRECTIONS:
            for mode in modes:
                new, old = self.cell(direction, RECENT, mode=mode), self.cell(direction, EARLIER, mode=mode)
                if new is not None and old is not None and new != old and (best is None or abs(new - old) > best[0]):
                    best = (abs(new - old), direction, mode, new, old)
        if best is None:
            return None
        _, direction, mode, new, old = best
        recent, before = self.spans()
        sentence = (
            w(
                "**Most changed: {mode}, inbound**: {new} stays in {recent}, {old} in {before}.",
                mode=w.mode(mode),
                new=new,
                old=old,
                recent=recent,
                before=before,
            )
            if direction == "inbound"
            else w(
                "**Most changed: {mode}, outbound**: {new} stays in {recent}, {old} in {before}.",
                mode=w.mode(mode),
                new=new,
                old=old,
                recent=recent,
                before=before,
            )
        )
        base = w("Of the modes whose numbers may be shown in both spans.")
        years = list(range(self.facts.year - 2 * HALF + 1, self.facts.year + 1))
        return blocks.Finding("change", sentence, base=base, source=self.source(), evidence=self.rows_behind(years))

    def agreement_finding(self) -> blocks.Finding:
        """Agreements in force, and the next to expire."""
        w, table = self.w, self.found.agreements
        force = table[table["in_force"]]
        p = self.found.partner
        where = {"source": self.facts.subject} | (
            {"country": p.country} if p.whole_country else {"partner": p.institution}
        )
        evidence: list[blocks.Evidence] = [{"table": "agreements", "where": where}]
        if force.empty:
            text = w("**No agreement is in force** at the end of {period}.", period=self.period)
            return blocks.Finding("agreements-in-force", text, source=self.agreement_source(), evidence=evidence)
        text = w(
            "**{n} agreement is in force** at the end of {period}.",
            "**{n} agreements are in force** at the end of {period}.",
            n=len(force),
            period=self.period,
        )
        end = pd.Timestamp(year=self.facts.year, month=8, day=31)
        soon = int(force["expires"].between(end, end + SOON).sum())
        if soon:
            text = self.join(text, w("{n} of them ends within a year.", "{n} of them end within a year.", n=soon))
        if bool(force["joint_laboratory"].eq(True).fillna(False).any()):
            text = self.join(text, w("There is a joint laboratory."))
        return blocks.Finding("agreements-in-force", text, source=self.agreement_source(), evidence=evidence)

    def outcome_finding(self) -> blocks.Finding | None:
        """Completion, against all other partners."""
        w, mine, others = self.w, self.outcome_row("completion", "this"), self.outcome_row("completion", "others")
        if mine is None or others is None:
            return None
        text = w(
            "**{value} of the stays were completed** (95% interval {low} to {high}); with all other partners {others} ({others_low} to {others_high}).",
            value=w.percent(mine.value),
            low=w.percent(mine.lower),
            high=w.percent(mine.upper),
            others=w.percent(others.value),
            others_low=w.percent(others.lower),
            others_high=w.percent(others.upper),
        )
        overlap = mine.lower <= others.upper and others.lower <= mine.upper
        text = self.join(
            text,
            w("The intervals overlap: the records do not tell the two apart.")
            if overlap
            else w("The difference is an association: modes, levels and funding differ too."),
        )
        base = w("Base: {n} and {others} stays that ended in {window}", n=mine.n, others=others.n, window=self.window())
        return blocks.Finding("completion", text, base=base, source=self.source(), evidence=self.ended_behind())

    def trend_figure(self) -> blocks.Figure:
        """Stays by year both ways; those of the whole institution where the partner's may not be shown."""
        w, table, lines = self.w, self.found.exchange, []
        years = table[table["year"].notna() & table["agreement"].isna() & table["mode"].eq("all")]
        for d in DIRECTIONS:
            rows = years[years["direction"].eq(d)]
            if rows["value"].notna().sum() >= FEW_POINTS:
                lines.append(charts.Line(w.capital(w.direction(d)), rows[["year", "period", "value", "status"]]))
        if lines:
            hidden = int(years["value"].isna().sum())
            caption = w("Virtual stays are not included.")
            if hidden:
                caption = self.join(
                    caption, w("{n} yearly number is not shown.", "{n} yearly numbers are not shown.", n=hidden)
                )
            title = w("Stays with {partner}, by academic year in which they began", partner=self.who)
            return blocks.Figure(
                "trend", title, charts.trend(lines, words=w, height=64), caption=caption, source=self.source()
            )
        lines = [charts.Line(w.capital(w.direction(d)), self.facts.line(self.way(d).series_id)) for d in DIRECTIONS]
        caption = w("The partner’s own yearly numbers are too few to be shown; these are the stays with all partners.")
        title = w("Stays with all partners, by academic year in which they began")
        return blocks.Figure(
            "trend", title, charts.trend(lines, words=w, height=64), caption=caption, source=self.source()
        )

    def glance(self) -> blocks.Table:
        """Both directions, the year and the spans."""
        w, (recent, before) = self.w, self.spans()
        rows: list[dict[str, blocks.Cell]] = []
        for d, name in zip(DIRECTIONS, (w("Inbound"), w("Outbound")), strict=True):
            value, total = self.now(d), self.way(d).value
            share = 100 * value / total if known(value) and known(total) and total else None
            rows.append(
                {
                    "what": name,
                    "now": self.num(value),
                    "share": self.num(share, w.percent(share) if known(share) else ""),
                    "recent": self.num(self.cell(d, RECENT)),
                    "before": self.num(self.cell(d, EARLIER)),
                }
            )
        columns = [
            blocks.Column("what", w("Direction")),
            blocks.Column("now", w.period(self.total.period, short=True), kind="number"),
            blocks.Column("share", w("Share of all"), kind="number"),
            blocks.Column("recent", recent, kind="number"),
            blocks.Column("before", before, kind="number"),
        ]
        note = w("–: not shown, for few stays or to protect others.")
        return blocks.Table("glance", w("The exchange at a glance"), columns, rows, notes=[note], source=self.source())

    def gaps(self) -> list[blocks.Block]:
        """What cannot be said, and why."""
        w, said_ = self.w, []
        hidden = int(self.found.exchange["status"].eq("C").sum())
        if hidden > len(self.found.exchange) / 2:
            said_.append(w("Most numbers of this partner are not shown, because few people stand behind them."))
        if not self.outcome_row("completion", "this"):
            said_.append(w("What came of the stays cannot be told from so few, or is not on record."))
        if not self.found.partner.whole_country:
            unnamed, total = self.found.unnamed
            if total and unnamed:
                said_.append(
                    w(
                        "The home institution of {pct} of the year’s inbound stays is not on record; those among them that belong here are missing.",
                        pct=w.percent(100 * unnamed / total, digits=0),
                    )
                )
        return [blocks.Note(w("What is missing"), self.join(*said_), "gap")] if said_ else []
