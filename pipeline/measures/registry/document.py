"""Writes docs/indicators.md and docs/framework.md from the registry: ``python -m pipeline.measures.registry.document [docs]``."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.measures.registry.catalogue import ACTORS, Indicator
from pipeline.measures.registry.framework import Idea, framework
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
`python -m pipeline.measures.registry.document` from `pipeline/measures/registry/data/*.yml`, the one place to change them.

```python
import pipeline

pipeline.indicators["inbound_mobility_rate"].definition("zh")
pipeline.indicators.compute("completion_rate", {"stays": stays}, subject="example-university", year=2024, mode="exchange")
```

`compute` gives value, n (the base), numerator, denominator, lower and upper (95 %: Wilson for shares, Garwood for publications, Student for means,
linearised for ratios of sums; none for counts of everyone), unit, reason and eligible (what n would be if nothing were unknown). Where there is no value it is null, never 0, and `reason` says why:
no_stays, no_counts, no_agreements, no_events (the table is not there), no_column_… (the source does not record it), no_base (nobody to count), small_base
(fewer than the minimum n), no_figure (nobody published it for that year), only_more_than, no_inbound, no_outbound, no_enrolment, no_population, partial_list.

`students_abroad_share` needs the institution’s enrolment by year, as `context` of its own source under the indicator `students_enrolled` (docs/your-own-data.md); without it the gap is stated.

A stay counts in the academic year in which it starts; year 2024 is 2023/24. Stays that a refused visa kept from beginning are in no base but that of visas.
Outcomes leave out stays that still run, so that for recent years they tell of the short ones first. Values of which it is not known are left out of the base.
Differences between groups and years are associations.

## Held against what UIS publishes

On the UIS file of 2025 (`tests/test_measures_published.py`, where the file is at hand): all 2,270 country-years of inbound students and all 2,307 of net flow come out as
published; 121 more that the file marks "does not apply" are missing, not 0. Both parts are there for 2,178 country-years, and net flow = inbound − outbound holds in the
146 that are computed one by one. The file has no outbound students of its own: they follow from the two. In one country-year (ARE 2019) the two contradict each
other (fewer than 0 abroad), and nothing is derived from them. Against another count, the OECD's table of 40 destinations: of 741 country-years 737 have at least as many
abroad as the OECD lists; the other four are LIE 2014, ROU, SVK and SVN 2019. Inbound students are within 2 % of the OECD's in 117 of 245 country-years, within 10 % in
183; in nearly all others the OECD's list by origin has fewer. Enrolment and population are in none of the files at hand, so the inbound mobility rate,
the outbound mobility ratio and the gross outbound enrolment ratio are held by hand-computed cases only.

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
            f'<a id="{one.id}"></a>`{one.id}` · {one.definition_en} {one.definition_zh}\n',
            f"{one.formula} ({parts}) · unit {one.unit} · {better} · minimum n {one.minimum_n} · "
            f"source {one.source} · ideas {', '.join(map(str, one.ideas))}\n",
        ]
    )


_FRAMEWORK = """\
# The framework, measured

The project puts numbers under a framework for graduate international education: {n} ideas of a study that argues without data. Each idea is here with its
indicators, the tests that hold them, where the annual briefs show it, and what of it is not measured and would need. This page is written by
`python -m pipeline.measures.registry.document` from `pipeline/measures/registry/framework.yml` and the ideas that each indicator names.

Every indicator has a case worked out by hand (`tests/test_measures_indicators.py`, `tests/test_measures_further.py`), and none becomes a zero where a table or
column is missing (`tests/test_measures_gaps.py`). Places in a brief are anchors of its page: `brief.en.html#scorecard`. Tests check that everything named here is there.

Of {n} ideas {measured} have indicators, {both} of them with a part that is not measurable from these records; ideas 16 and 17 are the scorecard itself.
"""


def framework_document(registry: Registry = indicators) -> str:
    """The framework as Markdown: one row an idea.

    >>> framework_document().startswith("# The framework, measured")
    True
    """
    known = framework()
    measured = [i for i in known.ideas if registry.serving(i.number)]
    both = sum(bool(i.gap) for i in measured)
    lines = [_FRAMEWORK.format(n=len(known.ideas), measured=len(measured), both=both)]
    for idea in known.ideas:
        if idea.number in known.parts:
            en, zh = known.parts[idea.number]
            lines += [f"## {en} {zh}", ""]
        lines += _idea(idea, known.anchors, registry)
    return "\n".join(lines).rstrip() + "\n"


def _idea(idea: Idea, anchors: dict[str, str], registry: Registry) -> list[str]:
    own = [f"[{i.en}](indicators.md#{i.id})" for i in registry.serving(idea.number)]
    shown = [f"{anchors[a]} (`{a}`)" for a in idea.shown]
    rows = [
        ("Indicators", "; ".join(own) or "all, by actor"),
        ("Tests", ", ".join(f"`{t}`" for t in idea.tests) or "the cases worked out by hand"),
        ("In the briefs", "; ".join(shown)),
        ("Not measured", idea.gap),
    ]
    return [f"### {idea.number}. {idea.en} {idea.zh}", "", *(f"- {k}: {v}" for k, v in rows if v), ""]


def write(folder: Path) -> list[Path]:
    """Both pages into a folder."""
    pages = {"indicators.md": document(), "framework.md": framework_document()}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        print(path)
