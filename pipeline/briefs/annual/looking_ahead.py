"""The part of a brief that looks at what was not expected, and ahead: cases, outlook, its record, parts, scenarios, breaks and policy events."""

from __future__ import annotations

from pipeline.briefs import blocks
from pipeline.briefs.annual.adding_up import AddingUp
from pipeline.briefs.annual.cases import case_blocks
from pipeline.briefs.annual.happened import Happened
from pipeline.briefs.annual.outlook import Outlook
from pipeline.briefs.annual.themes import theme_blocks
from pipeline.briefs.annual.what_if import WhatIf


class LookingAhead(Outlook, AddingUp, WhatIf, Happened):
    """Where the main series may go, and how far to trust it."""

    def outlook(self) -> list[blocks.Block]:
        """What moved beyond the expected; the outlook, how well earlier ones did, what adds up to it, what if, and what broke the series."""
        w, main = self.w, self.main_id
        found: list[blocks.Block] = [
            *case_blocks(self),
            blocks.Section("outlook", w("Outlook, and how far to trust it")),
        ]
        future = self.series_outlook(main)
        if main is None or future is None:
            found.append(blocks.Note(w("No outlook"), self.no_outlook(), "gap"))
        else:
            found += [self.outlook_finding(main, future), self.outlook_table(main, future)]
            found += self.record_blocks(main)
        parts = self.parts_blocks()
        if parts:
            found += [*parts, blocks.Note(w("How the parts add up"), self.parts_note(), "method")]
        found += self.scenario_blocks()
        breaks = self.break_table(main)
        if breaks is not None:
            found.append(breaks)
        return found + self.policy_blocks() + theme_blocks(self)
