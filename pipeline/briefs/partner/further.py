"""The further pages of a partner profile: modes, agreements, outcomes, data quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import blocks
from pipeline.briefs.annual.case_words import case_sentence, grounds
from pipeline.briefs.annual.cases import case_evidence
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.results_of_stays import LISTED, NAMES, said
from pipeline.briefs.partner.numbers import DIRECTIONS, PartnerNumbers
from pipeline.measures.bilateral import EARLIER, HALF, NONE, RECENT

if TYPE_CHECKING:
    pass

LONGEST = 8  # agreements in the table: a country may have many


class FurtherPages(PartnerNumbers):
    """Everything behind the first page."""

    def exchange(self) -> list[blocks.Block]:
        """Modes of the two spans, and the balance."""
        w, table = self.w, self.found.exchange
        modes = [m for m in dict.fromkeys(table["mode"]) if m != "all"]
        rows: list[dict[str, blocks.Cell]] = []
        for mode in sorted(modes, key=lambda m: (m in ("unknown", "virtual"), w.mode(m))):
            row: dict[str, blocks.Cell] = {"mode": w.capital(w("not stated") if mode == "unknown" else w.mode(mode))}
            for d in DIRECTIONS:
                for span in (RECENT, EARLIER):
                    row[f"{d}-{span}"] = self.num(self.cell(d, span, mode=mode))
            rows.append(row)
        if not rows:
            return []
        recent, before = self.spans()
        columns = [blocks.Column("mode", w("Mode"))]
        for d, name in zip(DIRECTIONS, (w("Inbound"), w("Outbound")), strict=True):
            columns.append(blocks.Column(f"{d}-{RECENT}", w("{direction}, recent", direction=name), kind="number"))
            columns.append(blocks.Column(f"{d}-{EARLIER}", w("{direction}, earlier", direction=name), kind="number"))
        notes = [
            w("Recent: {recent}. Earlier: {before}.", recent=recent, before=before),
            w("–: not shown, for few stays or to protect others."),
            w("Virtual stays are in no total. In the recent years borders were closed for a time.")
            if self.facts.year - HALF < 2021 <= self.facts.year
            else w("Virtual stays are in no total."),
        ]
        return [
            blocks.Section("exchange", w("How students move, both ways"), self.balance_lead()),
            blocks.Table("modes", w("Stays by mode of cooperation"), columns, rows, notes=notes, source=self.source()),
        ]

    def own_case(self) -> list[blocks.Block]:
        """What its numbers did against what the years before gave to expect; nothing where they may not be shown."""
        rows = records(self.found.cases)
        if not rows:
            return []
        told = [self.join(case_sentence(self, r), grounds(self, r) if r.side != "within" else "") for r in rows]
        base = self.w("Expected: the outlook made of the years before alone. Grounds, not causes.")
        behind = [item for r in rows for item in case_evidence(self, r)]
        return [blocks.Finding("case", self.join(*told), base=base, source=self.source(), evidence=behind)]

    def balance_lead(self) -> str:
        """Who sends more, over the recent span."""
        w, (inbound, outbound) = self.w, [self.cell(d, RECENT) for d in DIRECTIONS]
        if inbound is None or outbound is None:
            return w("The balance of the exchange cannot be shown.")
        if max(inbound, outbound) == 0:
            return w("Nobody came or went in {recent}.", recent=self.spans()[0])
        return w(
            "{inbound} came and {outbound} went in {recent}. An uneven exchange is not a fault: degree students are not owed a stay in return.",
            recent=self.spans()[0],
            inbound=inbound,
            outbound=outbound,
        )

    def agreements(self) -> list[blocks.Block]:
        """Each agreement with its term, quota and use."""
        w, table = self.w, self.found.agreements
        if table.empty:
            return [blocks.Note(w("Agreements"), w("No agreement with this partner is on record."), "gap")]
        rows: list[dict[str, blocks.Cell]] = []
        listed: list[Any] = list(table.head(LONGEST).itertuples(index=False))
        for r in listed:
            row: dict[str, blocks.Cell] = {
                "what": w("{partner}: {mode}", partner=r.partner, mode=w.mode(r.mode))
                if self.found.partner.whole_country
                else w.capital(w.mode(r.mode)),
                "term": self.term(r),
                "state": w("in force") if r.in_force else w("lapsed"),
                "laboratory": None if not known(r.joint_laboratory) else w("yes") if r.joint_laboratory else w("no"),
            }
            for d, quota in zip(DIRECTIONS, (r.quota_in, r.quota_out), strict=True):
                row[f"{d}-quota"] = self.num(float(quota)) if known(quota) else None
                row[f"{d}-used"] = self.num(self.cell(d, RECENT, agreement=str(r.agreement_id)))
            rows.append(row)
        columns = [
            blocks.Column("what", w("Agreement")),
            blocks.Column("term", w("Term"), align="right"),
            blocks.Column("state", w("State")),
            blocks.Column("inbound-quota", w("Quota in"), kind="number"),
            blocks.Column("inbound-used", w("Came"), kind="number"),
            blocks.Column("outbound-quota", w("Quota out"), kind="number"),
            blocks.Column("outbound-used", w("Went"), kind="number"),
            blocks.Column("laboratory", w("Laboratory")),
        ]
        notes = [
            w(
                "Quotas are a year; came and went are stays under the agreement in the recent five years. State: at the end of the year. –: not on record, or not shown for few stays."
            )
        ]
        if len(table) > LONGEST:
            notes.append(
                w(
                    "{n} further agreement is not listed.",
                    "{n} further agreements are not listed.",
                    n=len(table) - LONGEST,
                )
            )
        return [
            blocks.Section("agreements", w("Agreements, quotas and their use"), self.quota_lead()),
            blocks.Table(
                "agreements-list",
                w("Agreements with {partner}", partner=self.who),
                columns,
                rows,
                notes=notes,
                source=self.agreement_source(),
            ),
        ]

    def term(self, agreement: Any) -> str | None:
        """The years of an agreement."""
        if not known(agreement.signed) or not known(agreement.expires):
            return None
        first, last = (f"{date:%Y}" for date in (agreement.signed, agreement.expires))
        return self.w("{first} to {last}", first=first, last=last)

    def quota_lead(self) -> str:
        """The places that the agreements in force give, and how many stays came under no agreement."""
        w, force = self.w, self.found.agreements
        force = force[force["in_force"]]
        quotas = [int(force[c].dropna().sum()) if force[c].notna().any() else None for c in ("quota_in", "quota_out")]
        text = ""
        if None not in quotas:
            text = w(
                "Those in force give at least {inbound} places in and {outbound} out a year.",
                inbound=quotas[0],
                outbound=quotas[1],
            )
        outside = [self.cell(d, RECENT, agreement=NONE) for d in DIRECTIONS]
        if None not in outside and sum(outside):
            text = self.join(
                *filter(
                    None,
                    [
                        text,
                        w(
                            "{inbound} inbound and {outbound} outbound stays of the recent five years are under no agreement on record.",
                            inbound=outside[0],
                            outbound=outside[1],
                        ),
                    ],
                )
            )
        return text

    def outcomes(self) -> list[blocks.Block]:
        """What came of the stays, beside those with all other partners."""
        w, rows = self.w, []
        for indicator in LISTED:
            mine, others = self.outcome_row(indicator, "this"), self.outcome_row(indicator, "others")
            if mine is None or others is None:
                continue
            row: dict[str, blocks.Cell] = {"what": w(NAMES[indicator])}
            for name, r in (("this", mine), ("others", others)):
                row[name] = blocks.Num(r.value, said(self, r.value, r.unit))
                row[f"{name}-interval"] = w.range(said(self, r.lower, r.unit), said(self, r.upper, r.unit))
                row[f"{name}-n"] = blocks.Num(r.n, w.number(r.n))
            rows.append(row)
        if not rows:
            return []
        columns = [blocks.Column("what", w("Outcome"))]
        for name, label in (("this", w("This partner")), ("others", w("All others"))):
            columns += [
                blocks.Column(name, label, kind="number"),
                blocks.Column(f"{name}-interval", w("95% interval"), align="right"),
                blocks.Column(f"{name}-n", w("Base (n)"), kind="number"),
            ]
        lead = w(
            "Stays that ended in {window}. A difference is an association: modes, levels and funding differ too.",
            window=self.window(),
        )
        table = blocks.Table(
            "outcomes-list",
            w("Outcomes of the stays with {partner} and with all other partners", partner=self.who),
            columns,
            rows,
            source=self.source(),
        )
        return [blocks.Section("outcomes", w("What came of the stays"), lead), table]

    def method(self) -> list[blocks.Block]:
        """Data quality, sources and provenance, in a few lines."""
        w, quality = self.w, self.facts.table("quality")
        found: list[blocks.Block] = [
            blocks.Section(
                "method",
                w("What is counted, from which rows"),
                w("A stay is one student’s one period abroad, counted in the academic year in which it began."),
            )
        ]
        if len(quality):
            n = {c: int(quality[f"rows_{c}"].sum()) for c in ("read", "kept", "rejected", "merged")}
            found.append(
                blocks.Paragraph(
                    w(
                        "Data quality: of {read} rows read in {files} files, {kept} were kept, {rejected} rejected with their reason, and {merged} merged with another that tells the same.",
                        files=len(quality),
                        **n,
                    )
                )
            )
        found += [
            blocks.Sources([w("Records of {name}, {period}", name=self.name(), period=self.period)]),
            blocks.Provenance(list(self.provenance())),
        ]
        return found
