"""The brief of an institution, from its own records of stays: volumes, partners, what came of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.alliance import alliance_blocks
from pipeline.briefs.annual.barriers import barrier_blocks
from pipeline.briefs.annual.expected import Records, expected_blocks
from pipeline.briefs.annual.facts import first, records
from pipeline.briefs.annual.institution_facts import PARTS, TOP
from pipeline.briefs.annual.institution_findings import InstitutionFindings
from pipeline.briefs.annual.modes_in_depth import modes_blocks
from pipeline.briefs.annual.outcome_differences import difference_blocks
from pipeline.briefs.annual.outcome_further import curve_figure
from pipeline.briefs.annual.phrases import cited, known
from pipeline.briefs.annual.results_of_stays import outcome_blocks, outcome_rows
from pipeline.briefs.annual.scorecard import scorecard_blocks


class InstitutionBrief(InstitutionFindings):
    """See `pipeline.briefs.annual.annual_brief`."""

    def first_page(self) -> list[blocks.Block]:
        w = self.w
        cover = blocks.Cover(
            kicker=w("Annual brief · Student mobility"),
            title=self.title(),
            subtitle=w("{name}, {period}", name=self.name(), period=self.period),
            language=w.language,
            synthetic=w("Synthetic data: an invented institution, made to show the method.")
            if self.survey().get("synthetic")
            else None,
            running=w("Annual brief · {name} · {period}", name=self.name(), period=self.period),
        )
        trend, origins = self.trend_figure(), self.origin_figure()
        return [
            cover,
            *self.findings(),
            trend if origins is None else blocks.Columns(trend, origins, ratio=0.6),
            self.glance(),
            self.care(),
        ]

    def care(self) -> blocks.Note:
        """How not to misread this brief."""
        w, policy = self.w, self.here.settings.disclosure
        text = w(
            "A stay is one student’s one period abroad; it counts in the academic year in which it began, and virtual stays are shown apart. Numbers under {small} and rates on fewer than {base} stays are not shown, nor what would give them away.",
            small=policy.minimum_count,
            base=policy.minimum_base,
        )
        return blocks.Note(w("Read with care"), text, "care")

    def trend_figure(self) -> blocks.Figure:
        """Inbound and outbound stays by year."""
        w = self.w
        ways = [(d, self.way(d)) for d in ("inbound", "outbound")]
        known_ways = [(d, self.facts.line(f.series_id)) for d, f in ways if f is not None]
        lines = [charts.Line(w.capital(w.direction(d)), line) for d, line in known_ways if line["value"].notna().any()]
        marks = [
            charts.Break(b.year, b.label.split("\n")[-1], b.kind)
            for b in self.marks(self.main_id, 3)
            if b.kind == "shock"
        ][:1]
        chart = charts.trend(lines, breaks=marks, words=w, height=60)
        return blocks.Figure(
            "trend",
            w("Stays by academic year in which they began"),
            chart,
            caption=w("Virtual stays are not included. The outlook follows further on."),
            source=self.source(),
        )

    def partner_bars(self, direction: str, most: int, row: float = 6.2) -> charts.Chart | None:
        """The largest partner countries of a direction."""
        rows = self.ranked(direction).head(most)
        if rows.empty:
            return None
        frame = pd.DataFrame(
            {
                "name": [self.w.country(c) for c in rows["partner"]],
                "value": rows["value"].tolist(),
                "previous": rows["previous"].tolist(),
                "pct": [
                    p if known(v) and v >= 20 else None for p, v in zip(rows["pct"], rows["previous"], strict=True)
                ],
            }
        )
        return charts.bars(frame, words=self.w, row=row)

    def origin_figure(self) -> blocks.Figure | None:
        """The largest origins, beside the trend; None when no origin may be shown."""
        w, chart = self.w, self.partner_bars("inbound", 8, 6.6)
        if chart is None:
            return None
        caption = w("Mark: the year before. Blue rose, orange fell; no percentage on fewer than 20.")
        return blocks.Figure(
            "origins",
            w("Where students come from"),
            chart,
            caption=caption,
            source=w("Source: as left."),
        )

    def glance(self) -> blocks.Table:
        """The main numbers side by side; no percentage on fewer than 20."""
        w, rows = self.w, []
        for label, figure, what in self.glance_rows():
            enough = known(figure.pct) and figure.previous >= 20
            pct = blocks.Num(figure.pct, w.percent(figure.pct, signed=True)) if enough else None
            rows.append(self.glance_row(label, figure, what, w.number(figure.value), pct))
        return self.glance_table(rows, self.source())

    def volumes(self) -> list[blocks.Block]:
        w = self.w
        found: list[blocks.Block] = [
            blocks.Section("volumes", w("How students move: modes of cooperation"), self.mode_lead())
        ]
        for direction in ("inbound", "outbound"):
            if self.way(direction) is None:
                continue
            title = w("Inbound stays by mode") if direction == "inbound" else w("Outbound stays by mode")
            chart = charts.composition(self.by_mode(direction), words=w, height=58)
            caption = w(
                "Virtual stays are not included; numbers that are not shown, for few stays, are not in the bars."
            )
            found.append(blocks.Figure(f"modes-{direction}", title, chart, caption=caption, source=self.source()))
        return [*found, self.profile_table(), *modes_blocks(self)]

    def by_mode(self, direction: str) -> pd.DataFrame:
        """Stays by year and mode, small modes together."""
        w, rows = self.w, self.facts.table("series")
        rows = rows[
            rows["direction"].eq(direction)
            & rows["level"].eq("all")
            & rows["mode"].ne("all")
            & rows["mode"].ne("virtual")
        ]
        rows = rows[rows["year"].le(self.facts.year)]
        latest = (
            rows[rows["year"].eq(self.facts.year)]
            .set_index("mode")["value"]
            .drop(index=["unknown"], errors="ignore")
            .dropna()
        )
        kept = latest.sort_values(ascending=False).index[:PARTS].tolist()
        named = rows.assign(
            name=[w.capital(w.mode(m)) if m in kept else w("Other and not stated") for m in rows["mode"]]
        )
        order = {w.capital(w.mode(m)): i for i, m in enumerate(kept)}
        table = named.groupby(["year", "period", "name"], as_index=False)["value"].sum(min_count=1)
        return table.assign(_o=table["name"].map(order).fillna(99)).sort_values(["_o", "year"]).drop(columns="_o")

    def mode_lead(self) -> str:
        """The largest mode each way, in a sentence."""
        w, table = self.w, self.facts.table("profile")
        largest = {}
        for direction in ("inbound", "outbound"):
            rows = table[table["direction"].eq(direction) & ~table["mode"].isin(["unknown", "virtual"])]
            rows = rows[rows["stays"].notna()].sort_values("stays", ascending=False)
            if rows.empty:
                return ""
            largest[direction] = w.mode(rows["mode"].iloc[0])
        return w("Largest inbound mode: {inbound}. Largest outbound mode: {outbound}.", **largest)

    def profile_table(self) -> blocks.Table:
        """Each mode: how many, how long, with how many countries."""
        w, table = self.w, self.facts.table("profile")
        rows = []
        modes = table.groupby("mode")["stays"].sum(min_count=1).sort_values(ascending=False).index
        for mode in sorted(modes, key=lambda m: m == "unknown"):
            row: dict[str, Any] = {"mode": w.capital(w("not stated")) if mode == "unknown" else w.capital(w.mode(mode))}
            for direction in ("inbound", "outbound"):
                one = first(table[table["mode"].eq(mode) & table["direction"].eq(direction)])
                if one is None:
                    row[f"{direction}-n"] = blocks.Num(0, w.number(0))
                    continue
                row[f"{direction}-n"] = blocks.Num(one.stays, w.number(one.stays)) if known(one.stays) else None
                row[f"{direction}-m"] = (
                    blocks.Num(one.median_months, w.number(one.median_months, 1)) if known(one.median_months) else None
                )
                row[f"{direction}-c"] = (
                    blocks.Num(one.countries, w.number(one.countries)) if known(one.countries) else None
                )
            rows.append(row)
        columns = [blocks.Column("mode", w("Mode"))]
        for direction, name in (("inbound", w("Inbound")), ("outbound", w("Outbound"))):
            columns += [
                blocks.Column(f"{direction}-n", w("{direction}: stays", direction=name), kind="number"),
                blocks.Column(f"{direction}-m", w("median months"), kind="number"),
                blocks.Column(f"{direction}-c", w("places"), kind="number"),
            ]
        return blocks.Table(
            "profile",
            w("Profile of the modes, {period}", period=self.period),
            columns,
            rows,
            notes=[w("Places: countries and regions. –: not shown, for few stays, or not known.")],
            source=self.source(),
        )

    def partners(self) -> list[blocks.Block]:
        w = self.w
        inbound, outbound = self.partner_bars("inbound", TOP), self.partner_bars("outbound", TOP)
        found: list[blocks.Block] = [
            blocks.Section("countries", w("Partner countries and regions"), self.concentration_lead())
        ]
        if inbound is not None and outbound is not None:
            source = self.source()
            caption = w("Mark: the year before.")
            found.append(
                blocks.Columns(
                    blocks.Figure(
                        "partners-inbound", w("Inbound: largest origins"), inbound, caption=caption, source=source
                    ),
                    blocks.Figure(
                        "partners-outbound", w("Outbound: largest hosts"), outbound, caption=caption, source=source
                    ),
                )
            )
        balance = self.balance_figure()
        groups = self.group_table()
        if balance is not None and groups is not None:
            found.append(blocks.Columns(balance, groups, ratio=0.52))
        else:
            found += [b for b in (balance, groups) if b is not None]
        return [*found, *expected_blocks(self, Records(self.evidence, self.source())), *alliance_blocks(self)]

    def concentration_lead(self) -> str:
        """How concentrated the partners are."""
        w, rows, parts = self.w, self.facts.table("concentration"), []
        for r in records(rows):
            if r.measure == "stays" and r.level == "all" and known(r.effective_number):
                parts.append(
                    w(
                        "{direction}: {n} countries and regions, spread as if over {effective} of equal size (HHI {hhi})",
                        direction=w.direction(r.direction),
                        n=r.n_partners,
                        effective=w.number(r.effective_number),
                        hhi=w.number(r.hhi, 3),
                    )
                )
        return w.capital(w("{parts}.", parts=w("; ").join(parts))) if parts else ""

    def balance_figure(self) -> blocks.Figure | None:
        """Who sends and who receives."""
        w, rows = self.w, self.facts.table("balance")
        rows = rows[rows["inbound"].notna() & rows["outbound"].notna()] if len(rows) else rows
        if len(rows) < 3:
            return None
        rows = rows.head(10)
        frame = pd.DataFrame(
            {
                "name": [w.country(c) for c in rows["partner"]],
                "left": rows["inbound"].tolist(),
                "right": rows["outbound"].tolist(),
            }
        )
        chart = charts.diverging(frame, words=w, left_label=w("Come"), right_label=w("Go"))
        caption = w(
            "The countries and regions with most stays in both directions together, of those whose two numbers may be shown. An uneven exchange is not a fault: degree students are not owed a stay in return."
        )
        return blocks.Figure("balance", w("Balance of the exchange"), chart, caption=caption, source=self.source())

    def group_table(self) -> blocks.Table | None:
        """Groups of countries."""
        w, table = self.w, self.facts.table("groups")
        if table.empty:
            return None
        rows = []
        for group in dict.fromkeys(table["group"]):
            both = {r.direction: r for r in records(table[table["group"].eq(group)])}
            row: dict[str, Any] = {"group": w.group(group)}
            for direction, r in both.items():
                least = "≥ " if bool(r.at_least) else ""
                row[direction] = blocks.Num(r.share, least + w.percent(r.share)) if known(r.share) else None
            rows.append(row)
        columns = [
            blocks.Column("group", w("Group")),
            blocks.Column("inbound", w("Share of inbound"), kind="number"),
            blocks.Column("outbound", w("Share of outbound"), kind="number"),
        ]
        notes = [
            w(
                "Groups overlap and do not add up. ≥: countries and regions with few stays are not shown and not in the sum."
            )
        ]
        return blocks.Table(
            "groups",
            w("Groups of countries and regions, {period}", period=self.period),
            columns,
            rows,
            notes=notes,
            source=self.source(),
        )

    def outcomes(self) -> list[blocks.Block]:
        if not len(outcome_rows(self, "all")):
            return scorecard_blocks(self)
        curve = [block for block in (curve_figure(self),) if block is not None]
        return [*outcome_blocks(self), *curve, *difference_blocks(self), *barrier_blocks(self), *scorecard_blocks(self)]

    def definitions(self) -> list[tuple[str, str]]:
        w = self.w
        return [
            (
                w("Stay"),
                w(
                    "One student’s one period of study or research across a border, of any length; counted in the academic year in which it began."
                ),
            ),
            (
                w("Inbound, outbound"),
                w(
                    "Students of institutions elsewhere who come, and own students who go. Origin is the country of citizenship in the inbound records, unless the description of the source says otherwise."
                ),
            ),
            (
                w("Mode"),
                w(
                    "The form of cooperation, as the office recorded it: joint training, dual degree, joint research, exchange, short programme, research visit, conference, lecture, degree programme, virtual."
                ),
            ),
            (
                w("Completion"),
                w(
                    "Of stays that ended in the three academic years up to this one and whose end is known, the share that was completed. Ongoing stays are in no base, virtual ones only in their own."
                ),
            ),
            (
                w("Credit recognition"),
                w("Credits recognised of credits attempted abroad, over all stays with both on record."),
            ),
            (
                w("95% interval"),
                w(
                    "The range in which the rate would lie for many more stays like these: Wilson’s method for shares, Garwood’s for publications, the linearised ratio over students for recognised credits, Student’s t for means; for adjusted differences Student’s t over partners. Groups differ in more than their name: a difference is no proof of a cause."
                ),
            ),
        ]

    def sources(self) -> list[str | tuple[str, str]]:
        w = self.w
        found: list[str | tuple[str, str]] = [
            w(
                "Records of {name}: {files} files as received, listed above.",
                name=self.name(),
                files=len(self.facts.table("quality")),
            )
        ]
        for row in self.break_rows(self.main_id):
            if getattr(row, "source", ""):
                found.append((cited(w, str(row.source)), str(getattr(row, "source_url", "") or "")))
        return list(dict.fromkeys(found))
