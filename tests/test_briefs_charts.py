"""Charts: nothing overlaps or is cut off in any language or width, nothing unknown is drawn as 0, each says in words what it shows."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from pipeline.briefs import charts, theme
from pipeline.briefs.charts.base import HALF, NARROW, WIDE
from pipeline.briefs.charts.stacks import SHADES
from pipeline.briefs.words import Words

EN, ZH = Words("en"), Words("zh")
NAMES = {
    "en": [
        "Democratic Republic of the Congo",
        "Bosnia and Herzegovina",
        "Saint Vincent and the Grenadines",
        "India",
        "Lao People’s Democratic Republic",
        "DR Congo",
    ],
    "zh": [
        "刚果民主共和国",
        "波斯尼亚和黑塞哥维那",
        "圣文森特和格林纳丁斯",
        "印度",
        "朝鲜民主主义人民共和国",
        "刚果（金）",
    ],
}
SERIES = {
    "en": [
        "All international students",
        "Enrolled students",
        "New postgraduate students of any field",
        "Training (OPT)",
    ],
    "zh": ["全部国际学生", "在校生", "各学科新入学研究生", "毕业后实习（OPT）"],
}
COVID = {"en": "COVID-19: borders closed", "zh": "新冠疫情：边境关闭"}
TOTALS = [
    572,
    565,
    564,
    583,
    624,
    672,
    691,
    723,
    764,
    820,
    886,
    975,
    1044,
    1079,
    1095,
    1095,
    1075,
    914,
    949,
    1057,
    1127,
]
YEARS = range(2004, 2025)


def series(scale: float = 1000, gap: tuple[int, ...] = (), **columns: Any) -> pd.DataFrame:
    """A line of 21 academic years, with no value in the years of the gap."""
    values = [None if y in gap else t * scale for y, t in zip(YEARS, TOTALS, strict=True)]
    periods = [f"{y - 1}/{y % 100:02d}" for y in YEARS]
    return pd.DataFrame({"year": YEARS, "period": periods, "value": values, **columns})


def outlook() -> pd.DataFrame:
    rows = [(2025, 1.16, 1.1, 1.22, 1.05, 1.3), (2026, 1.18, 1.05, 1.3, 0.95, 1.4), (2027, 1.2, 1.0, 1.4, 0.9, 1.5)]
    names = ["year", "median", "lower_80", "upper_80", "lower_95", "upper_95"]
    return pd.DataFrame([(y, *(1e6 * v for v in rest)) for y, *rest in rows], columns=names)


def ranking(names: list[str], **columns: Any) -> pd.DataFrame:
    values = [363019, 265919, 42293, None, 21000, 0]
    return pd.DataFrame({"name": names, "value": values, "pct": [9.5, -4.1, -2.0, None, None, -100.0], **columns})


def rates(names: list[str]) -> pd.DataFrame:
    rows = [(94, 92, 96, 1401), (88.5, 80, 93, 120), (77, 63, 87, 45), (None, None, None, None), (100, 90, 100, 35)]
    frame = pd.DataFrame([*rows, (50, 20, 80, 10)], columns=["value", "lower", "upper", "n"])
    return frame.assign(label=names)


def differences(names: list[str]) -> pd.DataFrame:
    rows = [(-20.1, -24.7, -15.4, True), (2.5, 0.7, 4.3, True), (1.6, -0.6, 3.8, False), (0.1, -0.2, 0.4, False)]
    frame = pd.DataFrame(rows, columns=["value", "lower", "upper", "clear"])
    return frame.assign(label=names[1:5])


def steps(names: list[str]) -> pd.DataFrame:
    months = list(range(0, 61, 6))
    rows = [
        (n, m, s, max(s - 4, 0), min(s + 4, 100), 900 - 10 * m)
        for k, n in enumerate(names)
        for m in months
        for s in [0.0 if m < 36 else 70.0 + 5 * k]
    ]
    return pd.DataFrame(rows, columns=["label", "month", "share", "lower", "upper", "at_risk"])


def parts(names: list[str]) -> pd.DataFrame:
    rows = [(y, f"{y - 1}/{y % 100:02d}", n, 100.0 + 20 * k + y - 2004) for y in YEARS for k, n in enumerate(names)]
    frame = pd.DataFrame(rows, columns=["year", "period", "name", "value"])
    return frame.assign(value=frame["value"].mask(frame["name"].eq(names[3]) & frame["year"].eq(2024)))


def lines(w: Words) -> list[Any]:
    frames = [series(), series(800), series(200, gap=(2007, 2008)), series(190, exactness="rounded")]
    return [charts.Line(name, frame) for name, frame in zip(SERIES[w.language], frames, strict=True)]


def many(w: Words) -> pd.DataFrame:
    names = [NAMES[w.language][i % 6] for i in range(24)]
    return pd.DataFrame({"name": names, "value": [1000.0 * (24 - i) for i in range(24)], "previous": 9000.0})


CASES: dict[str, Callable[[Words], Any]] = {
    "bars": lambda w: charts.bars(ranking(NAMES[w.language], previous=[4e5, 277398, 43149, None, None, 12]), words=w),
    "many bars": lambda w: charts.bars(many(w), words=w),
    "one bar": lambda w: charts.bars(many(w).head(1).assign(value=0.0, previous=0.0), words=w),
    "two sides": lambda w: charts.diverging(
        pd.DataFrame(
            {"name": NAMES[w.language], "left": [1320, 640, 13, None, 0, 7], "right": [3, 99, 1240, 12, 6, None]}
        ),
        words=w,
        left_label=w("Come"),
        right_label=w("Go"),
    ),
    "dots": lambda w: charts.dots(
        rates(NAMES[w.language]), words=w, overall=92.0, overall_label=w("all stays {value}", value="92%")
    ),
    "gaps": lambda w: charts.gaps(differences(NAMES[w.language]), words=w, reference=NAMES[w.language][0]),
    "small gaps": lambda w: charts.gaps(
        differences(NAMES[w.language]).iloc[3:], words=w, reference=NAMES[w.language][0], reach=(-0.4, 1.2)
    ),
    "curves": lambda w: charts.curves(steps(NAMES[w.language][:4]), words=w),
    "one curve": lambda w: charts.curves(steps(NAMES[w.language][:1]), words=w),
    "high dots": lambda w: charts.dots(rates(NAMES[w.language]).head(2), words=w),
    "panels": lambda w: charts.panels(lines(w), words=w),
    "three panels": lambda w: charts.panels(lines(w)[1:], words=w, columns=3),
    "composition": lambda w: charts.composition(parts(NAMES[w.language]), words=w),
    "trend": lambda w: charts.trend(
        series(766), outlook(), [charts.Break(2021, COVID[w.language])], [2019, 2024], words=w
    ),
    "trends": lambda w: charts.trend(lines(w), breaks=[charts.Break(2021, COVID[w.language])], words=w),
    "one year": lambda w: charts.trend(pd.DataFrame({"year": [2024], "value": [0.0]}), words=w),
}
WIDTHS = {"page": (WIDE, False), "half": (HALF, False), "wider column": (105.0, False), "telephone": (NARROW, True)}


def texts(figure: Any) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_text().strip()]


def bars_of(figure: Any, color: str) -> list[Rectangle]:
    return [r for r in figure.findobj(Rectangle) if to_hex(r.get_facecolor()) == color.lower() and r.get_width() > 0]


def strokes(figure: Any, color: str = theme.BLUE) -> list[Line2D]:
    return [x for x in figure.findobj(Line2D) if x.get_color() == color and len(x.get_xdata()) > 1]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", CASES)
class TestLayout:
    def test_no_label_overlaps_is_cut_or_too_small(self, name, language):
        chart = CASES[name](Words(language))
        for width, narrow in WIDTHS.values():
            figure = chart.figure(width, narrow)
            assert charts.layout_problems(figure) == [], (width, narrow)
            assert min(t.get_fontsize() for t in texts(figure)) >= 7.0

    def test_alternative_text_and_table_are_in_the_language(self, name, language):
        chart = CASES[name](Words(language))
        said, table = chart.describe(), chart.table()
        assert len(said) > 10
        assert not re.search(r"⟦|nan|None|\{", said + "".join(table.columns))
        if language == "zh":
            assert set(re.findall(r"[A-Za-z]{2,}", said + "".join(map(str, table.columns)))) <= {"OPT"}

    def test_the_drawing_is_the_same_each_time_and_stands_alone(self, name, language):
        first = CASES[name](Words(language)).svg(HALF)
        assert CASES[name](Words(language)).svg(HALF) == first
        root = ET.fromstring(first)
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        assert not [e for e in root.iter() if e.tag.endswith("}text")]
        assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]+"', "", first)


class TestBars:
    def test_lengths_are_in_proportion_from_0(self):
        figure = charts.bars(pd.DataFrame({"name": ["a", "b"], "value": [300.0, 100.0]}), words=EN).figure()
        long, short = sorted((r.get_width() for r in bars_of(figure, theme.BLUE)), reverse=True)
        assert long / short == pytest.approx(3)

    def test_a_fall_has_a_sign_and_a_colour_of_its_own(self):
        figure = charts.bars(ranking(NAMES["en"]), words=EN).figure()
        assert len(bars_of(figure, theme.ORANGE)) == 2
        assert {"+9.5%", "−4.1%", "−2.0%"} <= {t.get_text() for t in texts(figure)}

    def test_a_hidden_value_is_not_shown_and_draws_nothing(self):
        chart = charts.bars(pd.DataFrame({"name": ["a", "b"], "value": [5.0, None]}), words=EN)
        assert chart.describe() == "Bar chart, largest first. a 5; b not shown."
        assert chart.table()["Value"].isna().tolist() == [False, True]
        assert "不予显示" in charts.bars(pd.DataFrame({"name": ["a"], "value": [None]}), words=ZH).describe()

    def test_longer_names_make_the_chart_taller_where_it_is_narrow(self):
        chart = charts.bars(many(EN), words=EN)
        assert chart.height_for(HALF, False) > chart.height_for(WIDE, False)

    @pytest.mark.parametrize(
        "frame", [pd.DataFrame({"name": [], "value": []}), pd.DataFrame({"name": ["a"], "value": [-1]})]
    )
    def test_nothing_to_draw_or_below_0_is_an_error(self, frame):
        with pytest.raises(ValueError, match=r"no bars|below"):
            charts.bars(frame, words=EN)


class TestDots:
    def test_whiskers_span_the_interval_and_the_base_is_written(self):
        figure = charts.dots(rates(NAMES["en"]).head(1), words=EN).figure()
        assert "n = 1,401" in {t.get_text() for t in texts(figure)}
        (whisker,) = strokes(figure)
        low, high = whisker.get_xdata()
        assert low < high

    def test_says_when_the_axis_does_not_begin_at_0(self):
        assert "does not begin at 0" in charts.dots(rates(NAMES["en"]).head(2), words=EN).describe()
        assert "does not begin at 0" not in charts.dots(rates(NAMES["en"]), words=EN).describe()

    def test_two_charts_can_share_a_scale(self):
        one = charts.dots(rates(NAMES["en"]).head(1), words=EN, reach=(60.0, 100.0))
        other = charts.dots(rates(NAMES["en"]).iloc[2:3].assign(lower=60.0, upper=100.0), words=EN)
        assert one.span == other.span

    def test_a_difference_lies_on_its_side_of_none(self):
        chart = charts.gaps(differences(NAMES["en"]), words=EN, reference="exchange")
        figure = chart.figure()
        assert {"0", "−20.1", "+2.5", "as exchange"} <= {t.get_text() for t in texts(figure)}
        dots = [x for x in figure.findobj(Line2D) if x.get_marker() == "o"]
        full = [x.get_markerfacecolor() != "white" for x in dots]
        assert full == [True, True, False, False]
        below, above = dots[0].get_xdata()[0], dots[1].get_xdata()[0]
        assert below < above

    def test_percentages_end_at_100(self):
        figure = charts.dots(rates(NAMES["en"]), words=EN).figure()
        assert not any(t.get_text() in ("120%", "125%", "150%") for t in texts(figure))


class TestLines:
    def test_a_gap_stays_a_gap(self):
        whole, broken = charts.trend(series(), words=EN), charts.trend(series(gap=(2010,)), words=EN)
        assert (len(strokes(whole.figure())), len(strokes(broken.figure()))) == (1, 2)
        assert "No value for 2009/10." in broken.describe()
        assert len(strokes(charts.panels([charts.Line("x", series(gap=(2010,)))], words=EN).figure())) == 2
        assert len(strokes(charts.sparkline(series(gap=(2010,)), words=EN).figure(16))) == 2

    def test_rounded_and_estimated_values_have_open_marks(self):
        kinds = ["rounded"] + ["exact"] * 19 + ["at_least"]
        figure = charts.trend(series(exactness=kinds), words=EN).figure()
        hollow = [
            x for x in figure.findobj(Line2D) if x.get_marker() in ("o", "^") and x.get_markerfacecolor() == "white"
        ]
        assert {x.get_marker() for x in hollow} == {"o", "^"}
        assert "> 1,127,000" in {t.get_text() for t in texts(figure)}

    def test_the_outlook_is_told_with_both_intervals(self):
        said = charts.trend(series(), outlook(), words=EN).describe()
        assert (
            "Outlook for 2026/27: 1,200,000, 80% interval 1,000,000 to 1,400,000, 95% interval 900,000 to 1,500,000."
            in said
        )

    def test_breaks_come_from_the_table_in_the_language(self):
        table = pd.DataFrame(
            {"year": [2021], "kind": ["shock"], "label_en": ["Borders closed"], "label_zh": ["边境关闭"]}
        )
        assert "Marked: Borders closed." in charts.trend(series(), breaks=table, words=EN).describe()
        assert "边境关闭" in charts.trend(series(), breaks=table, words=ZH).describe()

    @pytest.mark.parametrize(("width", "narrow"), WIDTHS.values())
    def test_no_label_covers_a_point_that_stands_alone(self, width, narrow):
        lone = series(gap=(2005, 2006, 2008, 2009))
        marks = [charts.Break(2012, "Mobile students counted, until then foreign citizens", "definition")]
        figure = charts.trend(lone, breaks=marks, words=EN).figure(width, narrow)
        dots = [x for x in figure.findobj(Line2D) if x.get_marker() == "o"]
        boxes = charts.text_boxes(figure).values()
        assert len(dots) == 3
        for dot in dots:
            (x,), (y,) = dot.get_xdata(), dot.get_ydata()
            assert not [b for b in boxes if b.left <= x <= b.right and b.bottom <= y <= b.top]

    def test_an_axis_that_does_not_begin_at_0_says_so(self):
        figure = charts.trend(series(), words=EN, zero=False).figure()
        assert "The axis does not begin at 0." in {t.get_text() for t in texts(figure)}

    def test_no_percentage_on_a_lower_bound(self):
        kinds = ["exact"] * 19 + ["at_least", "exact"]
        figure = charts.panels([charts.Line("x", series(exactness=kinds))], words=EN).figure()
        assert not any("%" in t.get_text() for t in texts(figure))

    def test_two_definitions_are_never_one_line(self):
        with pytest.raises(ValueError, match="two values for one year"):
            charts.Line("x", pd.DataFrame({"year": [2024, 2024], "value": [1.0, 2.0]}))

    def test_a_line_without_values_is_an_error(self):
        with pytest.raises(ValueError, match="no value to draw"):
            charts.Line("x", pd.DataFrame({"year": [2024], "value": [None]}))

    def test_a_small_chart_is_never_too_narrow_to_read(self):
        chart = charts.panels(lines(EN), words=EN, columns=4)
        assert [chart.grid(width, False)[0] for width in (WIDE, HALF, 50)] == [4, 2, 1]


class TestComposition:
    def test_a_total_with_a_hidden_part_is_a_lower_bound(self):
        chart = charts.composition(parts(NAMES["en"]), words=EN)
        written = {t.get_text() for t in texts(chart.figure())}
        assert any(text.startswith("≥ ") for text in written)
        assert "India: 160 in 2003/04, not shown in 2023/24" in chart.describe()

    def test_neighbours_differ_in_grey_print(self):
        def light(color: str) -> float:
            linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05

        ratios = [light(a) / light(b) for a, b in itertools.pairwise(SHADES)]
        assert min(max(r, 1 / r) for r in ratios) >= 1.2

    def test_more_parts_than_shades_is_an_error(self):
        frame = pd.DataFrame({"year": 2024, "period": "2024", "name": [str(i) for i in range(12)], "value": 1.0})
        with pytest.raises(ValueError, match="12 parts"):
            charts.composition(frame, words=EN)


class TestSurface:
    def test_a_character_no_font_has_is_replaced_and_reported(self):
        chart = charts.bars(pd.DataFrame({"name": ["𰻝面"], "value": [1.0]}), words=ZH)
        assert "〓面" in {t.get_text() for t in texts(chart.figure())}
        assert chart.missing_glyphs == ["𰻝"]

    def test_drawings_on_one_page_share_no_ids(self):
        found = [set(re.findall(r' id="([^"]+)"', CASES[name](EN).svg(HALF))) for name in ("bars", "dots", "trend")]
        assert all(found)
        assert all(not a & b for a, b in itertools.combinations(found, 2))

    def test_drawing_leaves_matplotlib_as_it_was(self):
        before = dict(mpl.rcParams)
        CASES["trend"](EN).svg(HALF)
        assert dict(mpl.rcParams) == before
