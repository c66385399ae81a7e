"""Writes docs/indicators.md from the registry: ``python -m pipeline.measures.registry.document > docs/indicators.md``."""

from __future__ import annotations

import sys

from pipeline.measures.registry.catalogue import ACTORS, Indicator
from pipeline.measures.registry.registry import Registry, indicators

_HEADINGS = {
    "state": "State 国家",
    "society": "Society 社会",
    "university": "University 高校",
    "supervisor": "Supervisor 导师",
    "student": "Student 学生",
}
_OPENING = """\
# Indicators

What each indicator means and how it is computed, by the actor whose doing it shows most. This page is written by
`python -m pipeline.measures.registry.document > docs/indicators.md` from `pipeline/measures/registry/data/*.yml`, the one place to change them.

```python
import pipeline

pipeline.indicators["inbound_mobility_rate"].definition("zh")
pipeline.indicators.compute("completion_rate", {"stays": stays}, subject="example-university", year=2024, mode="exchange")
```

`compute` gives value, n (the base), numerator, denominator, lower and upper (95 %: Wilson for shares, Garwood for publications, Student for means,
linearised for ratios of sums; none for counts of everyone), unit, reason and eligible (what n would be if nothing were unknown). Where there is no value it is null, never 0, and `reason` says why:
no_stays, no_counts, no_agreements, no_events (the table is not there), no_column_… (the source does not record it), no_base (nobody to count), small_base
(fewer than the minimum n), no_figure (nobody published it for that year), only_more_than, no_inbound, no_outbound, no_enrolment, no_population, partial_list.

A stay counts in the academic year in which it starts; year 2024 is 2023/24. Stays that a refused visa kept from beginning are in no base but that of visas.
Outcomes leave out stays that still run, so that for recent years they tell of the short ones first. Values of which it is not known are left out of the base.
Differences between groups and years are associations.

The numbers in the column *ideas* are those of the study that the project serves (docs/framework.md).
"""


def document(registry: Registry = indicators) -> str:
    """The whole page as Markdown.

    >>> document().startswith("# Indicators")
    True
    """
    parts = [_OPENING]
    for actor in ACTORS:
        parts.append(f"## {_HEADINGS[actor]}\n")
        parts += [_entry(i) for i in registry.of(actor)]
    return "\n".join(parts).rstrip() + "\n"


def _entry(one: Indicator) -> str:
    better = {"higher": "higher is better", "lower": "lower is better", "neither": "neither way is better"}[one.better]
    parts = f"{one.numerator} / {one.denominator}" if one.denominator != "–" else one.numerator
    return "\n".join(
        [
            f"### {one.en} {one.zh}\n",
            f"`{one.id}` · {one.definition_en} {one.definition_zh}\n",
            f"{one.formula} ({parts}) · unit {one.unit} · {better} · minimum n {one.minimum_n} · "
            f"source {one.source} · ideas {', '.join(map(str, one.ideas))}\n",
        ]
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(document())
