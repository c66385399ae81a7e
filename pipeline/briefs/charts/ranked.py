"""Horizontal bars: a ranking with last year's mark, and two directions on either side of a spine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.briefs import theme
from pipeline.briefs.charts.base import Chart, Surface
from pipeline.briefs.charts.place import Box
from pipeline.briefs.charts.say import sentences
from pipeline.briefs.words import Words, unknown

if TYPE_CHECKING:
    import pandas as pd

ROW, NARROW_ROW, PAD = 6.2, 7.4, 3.0  # mm
NAMES = 0.36  # of the width, at most, for names


class Bars(Chart):
    """See `bars`."""

    def __init__(
        self, frame: pd.DataFrame, words: Words, value_label: str, previous_label: str, percent: bool, row: float
    ) -> None:
        super().__init__(words, row * len(frame) + PAD)
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        self.value_label, self.previous_label, self.percent, self.row = value_label, previous_label, percent, row

    def height_for(self, width: float, narrow: bool) -> float:
        return max(self.row, NARROW_ROW if narrow else 0.0) * len(self.rows) + PAD

    def said(self, row: dict[str, Any]) -> tuple[str, str]:
        """The value and the signed change of a row, in words."""
        if unknown(row["value"]):
            return self.words("not shown"), ""
        value = self.words.percent(row["value"]) if self.percent else self.words.number(row["value"])
        change = row.get("pct")
        return value, "" if unknown(change) else self.words.percent(change, signed=True)

    def draw(self, surface: Surface) -> None:
        names = [surface.wrap(str(r["name"]), surface.width * NAMES, lines=2) for r in self.rows]
        left = min(surface.widest(names), surface.width * NAMES) + 6
        said = [self.said(r) for r in self.rows]
        tail = surface.widest([f"{v}  {c}".rstrip() for v, c in said], weight="bold") + 7
        top = max([_size(r["value"]) for r in self.rows] + [_size(r.get("previous")) for r in self.rows]) or 1.0
        scale = (surface.width - left - tail) / top
        step = (surface.height - 4) / len(self.rows)
        for place, (row, name, (value, change)) in enumerate(zip(self.rows, names, said, strict=True)):
            y = surface.height - 2 - step * (place + 0.5)
            fell = not unknown(row.get("pct")) and row["pct"] < 0
            color, ink = (theme.ORANGE, theme.ORANGE_TEXT) if fell else (theme.BLUE, theme.BLUE)
            surface.text(left - 5, y, name, ha="right", va="center_baseline" if "\n" not in name else "center")
            if unknown(row["value"]):
                surface.text(left + 3, y, value, ha="left", va="center_baseline", color=theme.MUTED)
                continue
            end = left + row["value"] * scale
            surface.rectangle(Box(left, y - step * 0.24, end, y + step * 0.24), facecolor=color)
            if not unknown(row.get("previous")):
                mark = left + row["previous"] * scale
                surface.line(
                    [mark, mark], [y - step * 0.36, y + step * 0.36], color=theme.INK, lw=1.3, solid_capstyle="butt"
                )
                end = max(end, mark)
            written = surface.text(end + 3.5, y, value, ha="left", va="center_baseline", weight="bold", color=ink)
            if change:
                x = written.get_window_extent(surface.renderer).x1 + surface.size * 0.5
                surface.text(x, y, change, ha="left", va="center_baseline", color=ink)
        surface.line([left, left], [2, surface.height - 2], color=theme.GREY, lw=0.8)

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
        When there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> bars(pd.DataFrame({"name": ["India"], "value": [363019.0], "pct": [9.5]}), words=Words("en")).describe()
    'Bar chart, largest first. India 363,019 (+9.5%).'
    """
    if frame.empty:
        raise ValueError("no bars to draw")
    return Bars(frame, words, value_label, previous_label, percent, row)


class Diverging(Chart):
    """See `diverging`."""

    def __init__(self, frame: pd.DataFrame, words: Words, left_label: str, right_label: str) -> None:
        super().__init__(words, 0)
        self.rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        self.left_label, self.right_label = left_label, right_label

    def height_for(self, width: float, narrow: bool) -> float:
        return (ROW if width > 100 and not narrow else 8.6) * (len(self.rows) + 1) + PAD

    def said(self, value: Any) -> str:
        """A value in words."""
        return self.words("not shown") if unknown(value) else self.words.number(value)

    def draw(self, surface: Surface) -> None:
        names = [surface.wrap(str(r["name"]), surface.width * 0.28, lines=2) for r in self.rows]
        middle = surface.widest(names) + 12
        half = (surface.width - middle) / 2
        tail = surface.widest([self.said(r[s]) for r in self.rows for s in ("left", "right")], weight="bold") + 6
        top = max(max(_size(r["left"]), _size(r["right"])) for r in self.rows) or 1.0
        scale = (half - tail) / top
        step = (surface.height - 10) / (len(self.rows) + 1)
        spines = (half, surface.width - half)
        y = surface.height - 2 - step / 2
        surface.text(spines[0], y, self.left_label, ha="right", va="center_baseline", weight="bold", color=theme.BLUE)
        surface.text(
            spines[1], y, self.right_label, ha="left", va="center_baseline", weight="bold", color=theme.ORANGE_TEXT
        )
        for place, (row, name) in enumerate(zip(self.rows, names, strict=True), 1):
            y = surface.height - 2 - step * (place + 0.5)
            surface.text(surface.width / 2, y, name, ha="center", va="center")
            for side, key, color, ink in (
                (-1, "left", theme.BLUE, theme.BLUE),
                (1, "right", theme.ORANGE, theme.ORANGE_TEXT),
            ):
                base = spines[0] if side < 0 else spines[1]
                end = base + side * _size(row[key]) * scale
                surface.rectangle(
                    Box(min(base, end), y - step * 0.26, max(base, end), y + step * 0.26), facecolor=color
                )
                ha = "right" if side < 0 else "left"
                surface.text(
                    end + side * 3.5, y, self.said(row[key]), ha=ha, va="center_baseline", weight="bold", color=ink
                )

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
        When there are no rows.
    """
    if frame.empty:
        raise ValueError("no bars to draw")
    return Diverging(frame, words, left_label, right_label)
