"""What happened to a series: breaks that are known or found, and policy events declared and examined."""

from __future__ import annotations

from typing import Any

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.core import Core
from pipeline.briefs.annual.facts import records
from pipeline.briefs.annual.phrases import cited, known
from pipeline.measures.publishers import labels_of


class Happened(Core):
    """Breaks and policy events."""

    def marks(self, series_id: str | None, most: int = 3) -> list[charts.Break]:
        """The breaks to mark in a figure of a series: one a year, shocks first."""
        rows = self.break_rows(series_id)
        found: dict[int, charts.Break] = {}
        for row in rows:
            if row.year in found or len(found) >= most or row.kind == "policy":
                continue
            label = getattr(row, f"label_{self.w.language}")
            if known(getattr(row, "pct", None)) and not self.recounted(rows, row.year):
                period = self.period_like(series_id, row.year)
                label = (
                    self.w(
                        "{period}: {pct}",
                        period=self.w.period(period, short=True),
                        pct=self.break_change(series_id, row),
                    )
                    + "\n"
                    + label
                )
            found[row.year] = charts.Break(row.year, label, row.kind)
        return list(found.values())

    @staticmethod
    def recounted(rows: list[Any], year: int) -> bool:
        """Whether a year is counted by another definition than the one before: no change of that year is told then."""
        return any(row.year == year and row.kind == "definition" for row in rows)

    def break_rows(self, series_id: str | None) -> list[Any]:
        """Known events that fall on a series, shocks first, then in order of time."""
        table = self.facts.table("breaks")
        if table.empty or series_id is None:
            return []
        rows = table[table["series_id"].eq(series_id)]
        order = rows["kind"].map({"shock": 0, "definition": 1, "policy": 2}).fillna(3)
        return records(rows.assign(_order=order).sort_values(["_order", "year"]))

    def break_change(self, series_id: str | None, row: Any) -> str:
        """The change of a break's year; about, where one of the two figures is not exact."""
        line = self.facts.line(str(series_id))
        both = line[line["year"].isin([row.year - 1, row.year])]
        about = "≈ " if both["exactness"].ne("exact").any() else ""
        return about + self.w.percent(row.pct, signed=True)

    def break_table(self, main: str | None) -> blocks.Table | None:
        """What is known to have broken the series, a row a year."""
        w = self.w
        kinds = {
            "shock": w("shock"),
            "definition": w("definition"),
            "policy": w("policy"),
            "found": w("found in the data"),
        }
        by_year: dict[int, list[Any]] = {}
        for row in sorted(self.break_rows(main), key=lambda r: (r.year, r.kind)):
            by_year.setdefault(int(row.year), []).append(row)
        rows: list[dict[str, blocks.Cell]] = []
        for year, same in by_year.items():
            with_change = next((r for r in same if known(getattr(r, "pct", None))), None)
            with_change = None if self.recounted(same, year) else with_change
            sources = [str(getattr(r, "source", "") or "") for r in same]
            rows.append(
                {
                    "year": w.period(self.period_like(main, year), short=True),
                    "kind": w("; ").join(dict.fromkeys(kinds.get(r.kind, str(r.kind)) for r in same)),
                    "what": w("; ").join(dict.fromkeys(getattr(r, f"label_{w.language}") for r in same)),
                    "pct": blocks.Num(with_change.pct, self.break_change(main, with_change)) if with_change else None,
                    "source": w("; ").join(dict.fromkeys(s for s in sources if s)) or None,
                }
            )
        if not rows:
            return None
        columns = [
            blocks.Column("year", w("Year")),
            blocks.Column("kind", w("Kind")),
            blocks.Column("what", w("What happened")),
            blocks.Column("pct", w("Change that year"), kind="change"),
            blocks.Column("source", w("Source"), kind="note"),
        ]
        note = w("That something happened in a year does not show that it caused the change.")
        return blocks.Table(
            "breaks", w("Events and changes of definition to keep in mind"), columns, rows, notes=[note]
        )

    def policy_blocks(self) -> list[blocks.Block]:
        """Each policy event that was declared: what went with it, or why the data cannot tell."""
        table = self.facts.table("policy")
        return [self.policy_finding(row) for row in records(table)]

    def policy_finding(self, row: Any) -> blocks.Finding:
        """One event."""
        w = self.w
        parts = [
            w(
                "**Policy examined: {label} ({countries}), to be seen from {period}.**",
                label=getattr(row, f"label_{w.language}"),
                countries=self.concerned(str(row.countries)),
                period=w.period(self.policy_period(int(row.year))),
            ),
            self.policy_verdict(row),
        ]
        base = w("The source of the event is among those at the end.")
        if known(row.treated) and row.treated > 0:
            compared = w(
                "Compared: {k} of the countries concerned, those with enough students, with countries of similar size, {first} to {last}.",
                k=w.number(row.treated),
                first=w.period(self.policy_period(int(row.first_year))),
                last=w.period(self.policy_period(int(row.last_year))),
            )
            base = self.join(base, compared)
        return blocks.Finding(
            f"policy.{int(row.event) + 1}", self.join(*parts), base=base, evidence=self.policy_evidence(row)
        )

    def policy_sources(self) -> list[str | tuple[str, str]]:
        """Who says that the events happened."""
        rows = records(self.facts.table("policy"))
        return [(cited(self.w, str(row.source)), str(row.url or "")) for row in rows]

    def policy_evidence(self, row: Any) -> list[blocks.Evidence]:
        """The clean rows of the partners compared; of the main series where there were none to compare."""
        found = self.main_evidence()
        if row.verdict == "cannot_tell":
            return found
        partners: dict[str, Any] = {"direction": row.direction}
        partners["year"] = {"from": int(row.first_year), "to": int(row.last_year)}
        if self.country is not None:
            partners |= {"measure": row.measure, "publisher": labels_of(str(row.publisher))}
            partners["origin" if row.direction == "inbound" else "destination"] = {"not": ["WLD"]}
        return [{**one, "where": {**one["where"], **partners}} for one in found]

    def policy_period(self, year: int) -> str:
        """A year in the style of the main series."""
        return self.period_like(self.main_id, year)

    def concerned(self, countries: str) -> str:
        """The countries and groups concerned, by name."""
        names = [self.w.country(c) if c.isupper() else self.w.group(c) for c in countries.split()]
        return self.w.list(names)

    def policy_verdict(self, row: Any) -> str:
        """What went with it, in one sentence."""
        w = self.w
        if row.verdict == "cannot_tell":
            return w("The data cannot tell what went with it: {reason}", reason=self.policy_reason(str(row.reason)))
        told = {
            "size": w.percent(abs(row.pct)),
            "n": w.number(row.others),
            "low": w.percent(row.lower, signed=True),
            "high": w.percent(row.upper, signed=True),
        }
        if row.pct > 0:
            found = w("Students from these countries ran {size} above the path of {n} others", **told)
        else:
            found = w("Students from these countries ran {size} below the path of {n} others", **told)
        if row.verdict == "not_alike_before":
            return w(
                "{found}, but the two had not run alike before it either: the data cannot tell what went with it.",
                found=found,
            )
        if row.verdict == "association":
            return w(
                "{found}; countries picked at random differ from the others by {low} to {high}. The two ran alike before. That they went together is no proof of a cause.",
                found=found,
                **told,
            )
        return w(
            "{found}. That is no more than chance: countries picked at random differ from the others by {low} to {high}.",
            found=found,
            **told,
        )

    def policy_reason(self, reason: str) -> str:
        """Why the data cannot tell."""
        w = self.w
        return {
            "no_series": w("there are no figures by partner country."),
            "too_late": w("no figure by partner country reaches the time after it."),
            "too_few_years_before": w("there are fewer than three years of figures by partner country before it."),
            "treated_not_complete": w("the countries concerned have too few students, or gaps in their figures."),
            "window_not_covered": w("figures by partner country are missing in some of the years around it."),
            "too_few_others": w("too few other countries of similar size have figures in every year around it."),
        }.get(reason, w("the figures by partner country do not allow it."))
