"""Horizontal bars: a ranking with last year's mark, and two directions on either side of a spine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.rows import NARROW_ROW, ROW, measured, rows_of, write_name
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words, unknown

if TYPE_CHECKING:
    import pandas as pd

PAD = 1.5  # mm above and below
NAMES, MIDDLE = 0.36, 0.3  # of the width, at most, for names at the left, and in the middle


class Bars(Chart):
    """See `bars`."""

    def __init__(
        self, frame: pd.DataFrame, words: Words, value_label: str, previous_label: str, percent: bool, row: float
    ) -> None:
        super().__init__(words, row * len(frame) + PAD)
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        self.value_label, self.previous_label, self.percent, self.row = value_label, previous_label, percent, row

    def height_for(self, width: float, narrow: bool) -> float:
        names = [str(r["name"]) for r in self.rows]
        return measured(width, narrow, names, NAMES, self.least(narrow)) + 2 * PAD

    def least(self, narrow: bool) -> float:
        """The least height of a row in millimetres."""
        return max(self.row, NARROW_ROW if narrow else 0.0)

    def said(self, row: dict[str, Any]) -> tuple[str, str]:
        """The value and the signed change of a row, in words."""
        if unknown(row["value"]):
            return self.words("not shown"), ""
        value = self.words.percent(row["value"]) if self.percent else self.words.number(row["value"])
        pct = row.get("pct")
        return value, "" if unknown(pct) else self.words.change(pct, row.get("change"), row.get("approx"))

    def draw(self, surface: Surface) -> None:
        rows = rows_of(surface, [str(r["name"]) for r in self.rows], NAMES, self.least(surface.narrow))
        left = rows.width + 6
        said = [self.said(r) for r in self.rows]
        tail = surface.widest([f"{v}  {c}".rstrip() for v, c in said], weight="bold") + 7
        top = max([_size(r["value"]) for r in self.rows] + [_size(r.get("previous")) for r in self.rows]) or 1.0
        scale = (surface.width - left - tail) / top
        half = self.least(surface.narrow) * theme.MM * 0.24
        centres = rows.centres(surface.height - PAD * theme.MM)
        for row, name, y, (value, change) in zip(self.rows, rows.names, centres, said, strict=True):
            fell = not unknown(row.get("pct")) and row["pct"] < 0
            color, ink = (theme.ORANGE, theme.ORANGE_TEXT) if fell else (theme.BLUE, theme.BLUE)
            write_name(surface, left - 5, y, name)
            if unknown(row["value"]):
                surface.beside(left + 3.5, y, value, ha="left", color=theme.MUTED)
                continue
            end = left + row["value"] * scale
            surface.rectangle(Box(left, y - half, end, y + half), facecolor=color)
            if not unknown(row.get("previous")):
                mark = left + row["previous"] * scale
                tick = [y - half * 1.5, y + half * 1.5]
                surface.line([mark, mark], tick, color=theme.INK, lw=1.3, solid_capstyle="butt")
                end = max(end, mark)
            written = surface.beside(end + 3.5, y, value, ha="left", weight="bold", color=ink)
            if change:
                x = written.get_window_extent(surface.renderer).x1 + surface.size * 0.5
                surface.beside(x, y, change, ha="left", color=ink)
        surface.line([left, left], [PAD * theme.MM, surface.height - PAD * theme.MM], color=theme.GREY, lw=0.8)

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        items = []
        for row in self.rows:
            value, change = self.said(row)
            items.append(
                w("{name} {value} ({change})", name=str(row["name"]), value=value, change=change)
                if change
                else w("{name} {value}", name=str(row["name"]), value=value)
            )
        return sentences(
            w,
            w("Bar chart, largest first.") if _sorted(self.rows) else w("Bar chart."),
            w("{items}.", items=w("; ").join(items)),
        )

    def table(self) -> pd.DataFrame:
        import pandas as pd

        w = self.words
        kept = {
            w("Name"): "name",
            self.value_label or w("Value"): "value",
            self.previous_label or w("Before"): "previous",
            w("Change, %"): "pct",
        }
        rows = [{label: row.get(key) for label, key in kept.items() if key in row} for row in self.rows]
        return pd.DataFrame(rows)


def _drawable(frame: pd.DataFrame, *columns: str) -> None:
    if frame.empty:
        raise ValueError("no bars to draw")
    for column in columns:
        if frame[column].lt(0).any():
            raise ValueError(f"column {column}: bars begin at 0 and show no value below it")


def _size(value: Any) -> float:
    return 0.0 if unknown(value) else float(value)


def _sorted(rows: list[dict[str, Any]]) -> bool:
    sizes = [_size(r["value"]) for r in rows]
    return sizes == sorted(sizes, reverse=True)


def bars(
    frame: pd.DataFrame,
    *,
    words: Words,
    value_label: str = "",
    previous_label: str = "",
    percent: bool = False,
    row: float = ROW,
) -> Bars:
    """Ranked horizontal bars from 0, each with its value, change and a mark where it was before.

    Parameters
    ----------
    frame
        Columns name and value; optionally previous and pct (percent). A null value is written as not shown.
    value_label, previous_label
        Headings of the data.
    percent
        Values are percentages.
    row
        Height of a row in millimetres.

    Raises
    ------
    ValueError
        When there are no rows, or a value is below 0.

    Examples
    --------
    >>> import pandas as pd
    >>> bars(pd.DataFrame({"name": ["India"], "value": [363019.0], "pct": [9.5]}), words=Words("en")).describe()
    'Bar chart, largest first. India 363,019 (+9.5%).'
    """
    _drawable(frame, "value")
    return Bars(frame, words, value_label, previous_label, percent, row)


class Diverging(Chart):
    """See `diverging`."""

    def __init__(self, frame: pd.DataFrame, words: Words, left_label: str, right_label: str) -> None:
        super().__init__(words, 0)
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        self.left_label, self.right_label = left_label, right_label

    def height_for(self, width: float, narrow: bool) -> float:
        names = [str(r["name"]) for r in self.rows]
        least = self.least(narrow)
        return measured(width, narrow, names, MIDDLE, least) + least + 2 * PAD

    def least(self, narrow: bool) -> float:
        """The least height of a row in millimetres."""
        return NARROW_ROW if narrow else ROW

    def said(self, value: Any) -> str:
        """A value in words."""
        return self.words("not shown") if unknown(value) else self.words.number(value)

    def draw(self, surface: Surface) -> None:
        rows = rows_of(surface, [str(r["name"]) for r in self.rows], MIDDLE, self.least(surface.narrow))
        middle = rows.width + 12
        half = (surface.width - middle) / 2
        tail = surface.widest([self.said(r[s]) for r in self.rows for s in ("left", "right")], weight="bold") + 6
        top = max(max(_size(r["left"]), _size(r["right"])) for r in self.rows) or 1.0
        scale = (half - tail) / top
        step = self.least(surface.narrow) * theme.MM
        spines = (half, surface.width - half)
        top_of_rows = surface.height - PAD * theme.MM - step
        y = top_of_rows + step / 2
        surface.beside(spines[0], y, self.left_label, ha="right", weight="bold", color=theme.BLUE)
        surface.beside(spines[1], y, self.right_label, ha="left", weight="bold", color=theme.TEAL_TEXT)
        for row, name, y in zip(self.rows, rows.names, rows.centres(top_of_rows), strict=True):
            write_name(surface, surface.width / 2, y, name, ha="center")
            self._side(row["left"], -1, spines[0], scale, y, surface)
            self._side(row["right"], 1, spines[1], scale, y, surface)

    def _side(self, value: Any, side: int, base: float, scale: float, y: float, surface: Surface) -> None:
        color, ink = (theme.BLUE, theme.BLUE) if side < 0 else (theme.TEAL, theme.TEAL_TEXT)
        half = self.least(surface.narrow) * theme.MM * 0.26
        end = base + side * _size(value) * scale
        if _size(value):
            surface.rectangle(Box(min(base, end), y - half, max(base, end), y + half), facecolor=color)
        ha, weight = "right" if side < 0 else "left", "bold"
        if unknown(value):
            ink, weight = theme.MUTED, "normal"
        surface.beside(end + side * 3.5, y, self.said(value), ha=ha, weight=weight, color=ink)

    def describe(self, words: Words | None = None) -> str:
        w = words or self.words
        items = [
            w(
                "{name}: {left} against {right}",
                name=str(r["name"]),
                left=self.said(r["left"]),
                right=self.said(r["right"]),
            )
            for r in self.rows
        ]
        head = w(
            "Bars to two sides, {left} on the left, {right} on the right.", left=self.left_label, right=self.right_label
        )
        return sentences(w, head, w("{items}.", items=w("; ").join(items)))

    def table(self) -> pd.DataFrame:
        import pandas as pd

        names = {self.words("Name"): "name", self.left_label: "left", self.right_label: "right"}
        return pd.DataFrame([{label: row[key] for label, key in names.items()} for row in self.rows])


def diverging(frame: pd.DataFrame, *, words: Words, left_label: str, right_label: str) -> Diverging:
    """Two directions on either side of a column of names.

    Parameters
    ----------
    frame
        Columns name, left, right; a null is written as not shown.
    left_label, right_label
        What each side is.

    Raises
    ------
    ValueError
        When there are no rows, or a value is below 0.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"name": ["South Korea"], "left": [13], "right": [None]})
    >>> diverging(frame, words=Words("en"), left_label="Come", right_label="Go").describe()
    'Bars to two sides, Come on the left, Go on the right. South Korea: 13 against not shown.'
    """
    _drawable(frame, "left", "right")
    return Diverging(frame, words, left_label, right_label)
