"""Charts in words: alternative text and tables made from the data that was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.briefs.charts.trends import Line, Trend


def sentences(words: Words, *parts: str) -> str:
    """Sentences one after the other, as the language sets them.

    >>> sentences(Words("en"), "One.", "", "Two.")
    'One. Two.'
    """
    return ("" if words.language == "zh" else " ").join(part for part in parts if part)


def describe_line(line: Line, value: Any, words: Words) -> str:
    """First, last, highest and lowest of a line."""
    known = line.known
    if len(known) == 1:
        return words("{value} in {period}.", value=value(known[0].value), period=words.period(known[0].period))
    top, low = max(known, key=lambda p: p.value or 0.0), min(known, key=lambda p: p.value or 0.0)
    return words(
        "From {first} in {first_period} to {last} in {last_period}; highest {top} in {top_period}, lowest {low} in {low_period}.",
        first=value(known[0].value),
        first_period=words.period(known[0].period),
        last=value(known[-1].value),
        last_period=words.period(known[-1].period),
        top=value(top.value),
        top_period=words.period(top.period),
        low=value(low.value),
        low_period=words.period(low.period),
    )


def describe_trend(chart: Trend, words: Words) -> str:
    """Alternative text of a trend."""
    periods = {p.year: p.period for line in chart.lines for p in line.known}
    start = words(
        "Line chart, {first} to {last}.",
        first=words.period(periods[chart.first]),
        last=words.period(periods[chart.last]),
    )
    parts = [start]
    for line in chart.lines:
        body = describe_line(line, chart.value, words)
        parts.append(words("{name}: {text}", name=line.name, text=body) if line.name else body)
        gaps = missing_years(line)
        if gaps:
            listed = words.list([words.period(gap) for gap in gaps]) if len(gaps) <= 6 else words.number(len(gaps))
            parts.append(
                words("No value for {periods}.", periods=listed)
                if len(gaps) <= 6
                else words("{n} year has no value.", "{n} years have no value.", n=len(gaps))
            )
    for mark in chart.breaks:
        parts.append(words("Marked: {label}.", label=mark.label.replace("\n", " ").rstrip(".。")))
    if chart.outlook:
        end = chart.outlook[-1]
        parts.append(
            words(
                "Outlook for {period}: {median}, 80% interval {low_80} to {high_80}, 95% interval {low_95} to {high_95}.",
                period=words.period(end.period),
                median=chart.value(round(end.median)),
                low_80=chart.value(round(end.lower_80)),
                high_80=chart.value(round(end.upper_80)),
                low_95=chart.value(round(end.lower_95)),
                high_95=chart.value(round(end.upper_95)),
            )
        )
    return sentences(words, *parts)


def missing_years(line: Line) -> list[str]:
    """Years inside a line that have no value."""
    from pipeline.briefs.charts.trends import next_period

    known = line.known
    have = {p.year for p in known}
    like = known[0].period
    return [next_period(y, like) for y in range(known[0].year, known[-1].year) if y not in have]


def _exactness(kind: str, words: Words) -> str:
    table = {
        "exact": words("exact"),
        "rounded": words("rounded"),
        "at_least": words("more than"),
        "estimated": words("estimate"),
    }
    return table.get(kind, kind)


def trend_table(chart: Trend) -> pd.DataFrame:
    """The rows of a trend under headings in its language."""
    import pandas as pd

    words = chart.words
    period, series, value, exactness = words("Period"), words("Series"), words("Value"), words("Exactness")
    rows: list[dict[str, Any]] = []
    named = any(line.name for line in chart.lines)
    for line in chart.lines:
        for p in line.points:
            row = {period: words.period(p.period, short=True), series: line.name, value: p.value}
            rows.append({**row, exactness: _exactness(p.kind, words) if p.value is not None else None})
    for i in chart.outlook:
        row = {period: words.period(i.period, short=True), series: chart.lines[0].name, value: round(i.median)}
        bounds = {
            words("80% from"): round(i.lower_80),
            words("80% to"): round(i.upper_80),
            words("95% from"): round(i.lower_95),
            words("95% to"): round(i.upper_95),
        }
        rows.append({**row, exactness: words("outlook"), **bounds})
    frame = pd.DataFrame(rows)
    return frame if named else frame.drop(columns=series)
