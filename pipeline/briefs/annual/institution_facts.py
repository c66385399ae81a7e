"""What the parts of an institution's brief share: its name, its totals, the rows behind a figure."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pandas as pd

from pipeline.briefs import blocks
from pipeline.briefs.annual.brief import Brief
from pipeline.briefs.annual.phrases import known
from pipeline.briefs.annual.results_of_stays import BEGUN
from pipeline.errors import InputError
from pipeline.measures.stay_counts import VIRTUAL

TOP, PARTS = 10, 6
SHOCK_BASE = 2019  # the last academic year that ended before borders closed


class InstitutionFacts(Brief):
    """The facts of an institution, as its brief needs them."""

    @cached_property
    def title_of(self) -> str:
        """The institution's name, from its source card."""
        return str(self.survey().get("title") or self.facts.subject)

    def name(self) -> str:
        """Its name in the language of the brief, as its source card gives it."""
        names = self.survey().get("name") or {}
        return str(names.get(self.w.language) or next(iter(names.values()), "") or self.title_of)

    @cached_property
    def total(self) -> Any:
        """All stays of the year."""
        return self.facts.figure("stays", "all")

    def require(self) -> None:
        figures = [f for f in (self.total, self.way("inbound"), self.way("outbound")) if f is not None]
        told = [f for f in figures if f.year == self.facts.year and known(f.value) and f.value > 0]
        if self.total is None or not told:
            raise InputError(
                f"{self.facts.subject} {self.facts.year}",
                "no stays across a border whose number may be shown.",
                "Choose another year, or see [disclosure] in mobility.toml for the smallest number shown.",
            )

    @property
    def main_id(self) -> str:
        return str(self.total.series_id)

    @property
    def period(self) -> str:
        """The academic year of the brief."""
        return self.w.period(self.total.period)

    def way(self, direction: str) -> Any:
        """The stays of one direction."""
        return self.facts.figure("stays", direction)

    def source(self) -> str:
        """The source line of everything here."""
        return self.w("Source: records of {name}, {period}", name=self.name(), period=self.period)

    def evidence(self, years: int | list[int], **where: Any) -> list[blocks.Evidence]:
        """The clean rows of the stays that began in these years; without virtual ones and those that a refused visa kept away."""
        kept = {"source": self.facts.subject, "year": years, "mode": {"not": [VIRTUAL]}, **where, "any": BEGUN}
        return [{"table": "stays", "where": kept}]

    def main_evidence(self) -> list[blocks.Evidence]:
        return self.evidence(self.facts.line(self.main_id)["year"].astype(int).tolist())

    def ranked(self, direction: str) -> pd.DataFrame:
        """Partner countries with a number that is shown, the largest first."""
        rows = self.facts.ranking(direction, "stays")
        return rows[rows["value"].notna()].sort_values("value", ascending=False, kind="stable") if len(rows) else rows

    def glance_rows(self) -> list[tuple[str, Any, str]]:
        """Label, figure and what is counted."""
        w = self.w
        wanted: tuple[tuple[str, dict[str, Any], str], ...] = (
            (w("All stays"), {"direction": "all"}, w("began in the year; virtual not included")),
            (w("Inbound"), {"direction": "inbound"}, w("students who came")),
            (w("Outbound"), {"direction": "outbound"}, w("students who went")),
            (w("Inbound, doctoral"), {"direction": "inbound", "level": "8"}, w("ISCED 8")),
            (w("Outbound, doctoral"), {"direction": "outbound", "level": "8"}, w("ISCED 8")),
            (w("Inbound, virtual"), {"direction": "inbound", "mode": "virtual"}, w("from afar; in no other row")),
            (w("Outbound, virtual"), {"direction": "outbound", "mode": "virtual"}, w("from afar; in no other row")),
        )
        found = [(label, self.facts.figure("stays", **key), what) for label, key, what in wanted]
        return [(label, f, what) for label, f, what in found if f is not None and known(f.value)]
