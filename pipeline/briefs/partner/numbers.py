"""The numbers of a partner profile, as its pages ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import blocks
from pipeline.briefs.annual.institution import InstitutionBrief
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.results_of_stays import ended_evidence
from pipeline.briefs.words import Words
from pipeline.measures.bilateral import HALF, RECENT

if TYPE_CHECKING:
    from pipeline.briefs.partner.found import Found
    from pipeline.run.workspace import Context

DIRECTIONS = ("inbound", "outbound")


class PartnerNumbers(InstitutionBrief):
    """A partner's protected numbers, looked up and written."""

    def __init__(self, found: Found, words: Words, here: Context) -> None:
        super().__init__(found.facts, words, here)
        self.found = found

    # Numbers -----------------------------------------------------------------------------------------------------------

    @property
    def who(self) -> str:
        """The partner, as it is called."""
        partner = self.found.partner
        return partner.institution or self.w.country(partner.country)

    def cell(self, direction: str, span: str, year: int | None = None, mode: str = "all", agreement: str = "") -> Any:
        """A protected number; None where it is hidden or the span is not on record, 0 where nobody was counted."""
        t = self.found.exchange
        rows = t[t["direction"].eq(direction) & t["span"].eq(span) & t["mode"].eq(mode)]
        rows = rows[rows["year"].isna() if year is None else rows["year"].eq(year).fillna(False)]
        rows = rows[rows["agreement"].eq(agreement) if agreement else rows["agreement"].isna()]
        if rows.empty:
            return 0.0 if t["span"].eq(span).any() else None
        value = rows["value"].iloc[0]
        return float(value) if known(value) else None

    def now(self, direction: str) -> Any:
        """The stays of the year."""
        return self.cell(direction, RECENT, self.facts.year)

    def both(self, span: str) -> float | None:
        """Stays of both directions in a span; None where one is hidden."""
        values = [self.cell(d, span) for d in DIRECTIONS]
        return None if None in values else float(sum(values))

    def num(self, value: Any, text: str = "") -> blocks.Num | None:
        """A number in a table; None where it is not shown."""
        return blocks.Num(value, text or self.w.number(value)) if known(value) else None

    def ends_here(self) -> list[dict[str, str]]:
        """What picks the stays with the partner, one way and the other."""
        p = self.found.partner
        ends = ("origin", "destination") if p.whole_country else ("home_institution", "host_institution")
        return [{"direction": d, end: p.institution or p.country} for d, end in zip(DIRECTIONS, ends, strict=True)]

    def rows_behind(self, years: list[int]) -> list[blocks.Evidence]:
        """The clean rows of the stays with the partner that began in these years."""
        return [item for end in self.ends_here() for item in self.evidence(years, **end)]

    def ended_behind(self) -> list[blocks.Evidence]:
        """The clean rows of the stays with the partner that ended in the window and whose end is known."""
        return [item for end in self.ends_here() for item in ended_evidence(self, **end)]

    def spans(self) -> tuple[str, str]:
        """The two spans in words."""
        w, year, main = self.w, self.facts.year, self.main_id
        names = [
            w(
                "{first} to {last}",
                first=w.period(self.period_like(main, a), short=True),
                last=w.period(self.period_like(main, b)),
            )
            for a, b in ((year - HALF + 1, year), (year - 2 * HALF + 1, year - HALF))
        ]
        return names[0], names[1]

    def outcome_row(self, indicator: str, group: str) -> Any | None:
        """An outcome of the partner ("this") or of all others, where it may be shown."""
        t = self.found.outcomes
        row: Any = next(t[t["indicator"].eq(indicator) & t["group"].eq(group)].itertuples(index=False), None)
        return row if row is not None and known(row.value) else None

    def window(self) -> str:
        """The academic years in which the stays ended."""
        w = self.w
        first = w.period(self.period_like(self.main_id, self.facts.year - 2), short=True)
        return w("{first} to {last}", first=first, last=self.period)

    def agreement_source(self) -> str:
        return self.w("Source: agreements of {name}", name=self.name())
