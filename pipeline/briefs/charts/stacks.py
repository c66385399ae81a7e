"""What a total is made of, year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import Frame, round_ticks, thin, tick_labels
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box, spread
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words, unknown

if TYPE_CHECKING:
    import pandas as pd

# Dark and light in turn, so that neighbours differ in grey print too.
SHADES = ("#12436D", "#28A197", "#5B7A94", "#A3D8D3", "#801650", "#9DB2C4", "#56616C", "#C9D0D6", "#E4E8EB")


class Composition(Chart):
    """See `composition`."""

    def __init__(self, frame: pd.DataFrame, words: Words, height: float) -> None:
        super().__init__(words, height)
        self.names = list(dict.fromkeys(frame["name"]))
        self.years = sorted({int(y) for y in frame["year"]})
        self.periods = {int(r["year"]): str(r["period"]) for r in frame.to_dict("records")}
        self.values = {(int(r["year"]), r["name"]): r["value"] for r in frame.to_dict("records")}

    def height_for(self, width: float, narrow: bool) -> float:
        return self.height + (18 if narrow else 0)

    def value(self, year: int, name: str) -> float:
        """The height of a part; nothing is drawn where it is hidden or absent."""
        value: Any = self.values.get((year, name))
        return 0.0 if unknown(value) else float(value)

    def said(self, year: int, name: str) -> str:
        """A part in words."""
        value = self.values.get((year, name))
        return self.words("not shown") if unknown(value) else self.words.number(value)

    def total(self, year: int) -> float:
        """The sum of the parts that are shown."""
        return sum(self.value(year, name) for name in self.names)

    def draw(self, surface: Surface) -> None:
        w, last = self.words, self.years[-1]
        ticks = round_ticks(0, max(self.total(y) for y in self.years) or 1.0, at_most=5)
        labels = tick_labels(ticks, w)
        room = surface.width * (0.34 if surface.narrow else 0.24)
        ends = [surface.wrap(f"{name}  {self.said(last, name)}", room) for name in self.names]
        total = surface.measure("≥ " + w.number(self.total(last)), weight="bold")[0]
        right = max(surface.widest(ends) + 12, total / 2)
        box = Box(
            surface.widest(labels) + 5,
            surface.size * 1.8 + 5,
            surface.width - right,
            surface.height - surface.size * 1.8,
        )
        frame = Frame(box, (self.years[0] - 0.5, last + 0.5), (0, ticks[-1]))
        for tick, label in zip(ticks, labels, strict=True):
            y = frame.up(tick)
            surface.line([box.left, box.right], [y, y], color=theme.GREY if tick == 0 else theme.GRID, lw=0.6, zorder=0)
            surface.beside(box.left - 4, y, label, ha="right", color=theme.MUTED)
        self._bars(frame, surface)
        self._periods(frame, surface)
        self._ends(ends, frame, surface)

    def _bars(self, frame: Frame, surface: Surface) -> None:
        half = frame.box.width / len(self.years) * 0.37
        for year in self.years:
            x, base = frame.across(year), 0.0
            for index, name in enumerate(self.names):
                top = base + self.value(year, name)
                part = Box(x - half, frame.up(base), x + half, frame.up(top))
                surface.rectangle(part, facecolor=SHADES[index % len(SHADES)], edgecolor="white", linewidth=0.4)
                base = top
        last = self.years[-1]
        hidden = any(unknown(self.values.get((last, name))) for name in self.names)
        text = ("≥ " if hidden else "") + self.words.number(self.total(last))
        reach = surface.measure(text, weight="bold")[0] / 2 + half
        x = frame.across(last)
        top = max(self.total(y) for y in self.years if abs(frame.across(y) - x) <= reach)
        surface.text(x, frame.up(top) + 3, text, ha="center", va="bottom", weight="bold", color=theme.BLUE)

    def _periods(self, frame: Frame, surface: Surface) -> None:
        names = [self.words.period(self.periods[y], short=True) for y in self.years]
        widths = [surface.measure(n)[0] for n in names]
        places = [max(frame.across(y), width / 2 + 0.5) for y, width in zip(self.years, widths, strict=True)]
        chosen = thin(self.years, places, widths, [self.years[-1], self.years[0]], gap=surface.size * 0.7)
        for year, name, x in zip(self.years, names, places, strict=True):
            if year in chosen:
                surface.text(x, frame.box.bottom - 5, name, ha="center", va="top", color=theme.MUTED)

    def _ends(self, ends: list[str], frame: Frame, surface: Surface) -> None:
        last, base, wanted = self.years[-1], 0.0, []
        for name in self.names:
            wanted.append(frame.up(base + self.value(last, name) / 2))
            base += self.value(last, name)
        heights = [surface.measure(text)[1] for text in ends]
        centres = spread(wanted, heights, frame.box.bottom - 4, surface.height - 1, gap=2.5)
        x = frame.box.right + 11
        for index, (text, y) in enumerate(zip(ends, centres, strict=True)):
            patch = Box(frame.box.right + 2, y - 2.8, frame.box.right + 8, y + 2.8)
            surface.rectangle(patch, facecolor=SHADES[index % len(SHADES)], edgecolor=theme.GREY, linewidth=0.3)
            surface.text(x, y, text, ha="left", va="center")

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        first, last = self.years[0], self.years[-1]
        items = [
            w(
                "{name}: {first} in {first_period}, {last} in {last_period}",
                name=str(name),
                first=self.said(first, name),
                last=self.said(last, name),
                first_period=w.period(self.periods[first]),
                last_period=w.period(self.periods[last]),
            )
            for name in self.names
        ]
        return sentences(w, w("Stacked bars by year."), w("{items}.", items=w("; ").join(items)))

    def table(self) -> pd.DataFrame:
        import pandas as pd

        period = self.words("Period")
        rows = []
        for year in self.years:
            shown = {n: self.values.get((year, n)) for n in self.names}
            rows.append({period: self.words.period(self.periods[year], short=True), **shown})
        return pd.DataFrame(rows)


def composition(frame: pd.DataFrame, *, words: Words, height: float = 74.0) -> Composition:
    """Stacked bars of a total's parts by year, named at the right with their last values.

    Parameters
    ----------
    frame
        Long: year, period, name (final words, in the order of the stack from below), value (null where hidden).
    height
        In millimetres.

    Raises
    ------
    ValueError
        When there are no rows, or more parts than colours.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"year": [2023, 2024] * 2, "period": ["2023", "2024"] * 2, "name": ["degree"] * 2 + ["other"] * 2,
    ...     "value": [90.0, 95.0, 30.0, None]})
    >>> composition(frame, words=Words("en")).describe()
    'Stacked bars by year. degree: 90 in 2023, 95 in 2024; other: 30 in 2023, not shown in 2024.'
    """
    if frame.empty:
        raise ValueError("no parts to draw")
    if frame["name"].nunique() > len(SHADES):
        raise ValueError(f"{frame['name'].nunique()} parts; group the small ones, {len(SHADES)} at most")
    return Composition(frame, words, height)
