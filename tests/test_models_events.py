"""Known events beside the series they fall on, and breaks found where there is one and rarely where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.models import breaks, known_breaks
from pipeline.models.changepoints import change_of_pace, found_breaks, unusual_year

HEADER = "country,first_year,last_year,kind,applies_to,label_en,label_zh,source,source_url\n"


def series(values: list[float | None], first: int = 2010, **columns: str) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "series_id": "s",
            "year": range(first, first + len(values)),
            "value": values,
            "publisher": "P",
            "measure": "stock",
        }
    )
    return frame.assign(**columns)


def event(**changes: object) -> pd.DataFrame:
    row = dict.fromkeys(HEADER.strip().split(","), "") | {
        "country": "WLD",
        "kind": "shock",
        "label_en": "e",
        "label_zh": "事件",
        "source": "s",
    }
    return pd.DataFrame([row | {"first_year": 2015, "last_year": 2015} | changes])


STEADY = [100 * 1.05**k for k in range(5)]


def test_an_event_stands_beside_what_was_to_be_expected() -> None:
    row = breaks(series([*STEADY, 100.0, 104]), event()).iloc[0]
    assert (row.year, row.kind, row.n_before) == (2015, "shock", 4)
    assert row.pct == pytest.approx(100 * (100 / STEADY[-1] - 1))
    assert row.expected_pct == pytest.approx(5)
    assert row.expected_lower <= 5.0001
    assert row.pct < row.expected_lower


def test_expectation_interval_holds_the_next_change_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    held = []
    for _ in range(250):
        growth = rng.normal(0.04, 0.05, 9)
        row = (
            breaks(series(list(100 * np.exp(np.r_[0, growth.cumsum()])), first=2006), event())
            .query("kind == 'shock'")
            .iloc[0]
        )
        held.append(row.expected_lower <= row.pct <= row.expected_upper)
    assert 0.91 < np.mean(held) < 0.985


def test_the_year_of_a_long_event_is_the_one_that_departs_most() -> None:
    found = breaks(series([*STEADY, 127, 90, 92]), event(last_year=2017))
    assert found.year.tolist() == [2016]


def test_events_fall_only_where_they_belong() -> None:
    data = series([*STEADY, 100, 104])
    assert breaks(data, event(country="AUS")).empty
    assert len(breaks(data, event(country="AUS"), "AUS")) == 1
    assert breaks(data, event(applies_to="Q/stock")).empty
    assert len(breaks(data, event(applies_to="P/stock"))) == 1
    assert breaks(data, event(first_year=1990, last_year=1991)).empty


def test_definitions_and_policies_of_a_country_say_nothing_of_those_who_leave_it() -> None:
    data = series([*STEADY, 100, 104])
    inward, outward = data.assign(direction="inbound"), data.assign(direction="outbound")
    for kind, on_outbound in (("definition", 0), ("policy", 0), ("shock", 1)):
        assert len(breaks(inward, event(country="AUS", kind=kind), "AUS")) == 1
        assert len(breaks(outward, event(country="AUS", kind=kind), "AUS")) == on_outbound
    named = event(applies_to="outbound/P/stock", kind="definition")
    assert len(breaks(outward, named)) == 1
    assert breaks(inward, named).empty
    assert len(breaks(outward, event(applies_to="P", kind="definition"))) == 1


def test_no_shipped_definition_or_policy_falls_on_both_directions_unnamed() -> None:
    events = known_breaks()
    for country, publisher in (("CHN", "MOE (China)"), ("USA", "IIE Open Doors"), ("GBR", "HESA"), ("JPN", "JASSO")):
        outward = series([100.0 + k for k in range(26)], first=2000, publisher=publisher, direction="outbound")
        inward = outward.assign(direction="inbound")
        assert {"definition"} <= set(breaks(inward, events, country).kind)
        assert set(breaks(outward, events, country).kind) <= {"shock", "found"}


def test_a_country_s_own_event_takes_the_place_of_the_world_s() -> None:
    both = pd.concat([event(last_year=2016), event(country="AUS", label_en="borders closed"), event(kind="policy")])
    found = breaks(series([*STEADY, 100, 104]), both, "AUS")
    assert sorted(found.label_en) == ["borders closed", "e"]
    assert set(found.kind) == {"shock", "policy"}


def test_unknown_stays_unknown() -> None:
    row = breaks(series([100, 103, None, None, None, 90]), event()).iloc[0]
    assert np.isnan(row.pct)
    assert np.isnan(row.expected_pct)


def test_a_break_without_a_known_event_is_found_and_dated() -> None:
    rng = np.random.default_rng(8)
    growth = np.r_[rng.normal(0.10, 0.01, 9), rng.normal(0.0, 0.01, 9)]
    found = breaks(series(list(100 * np.exp(np.r_[0, growth.cumsum()])), first=2000), known_breaks().head(0))
    assert found.kind.tolist() == ["found"]
    assert found.year.tolist() == [2010]
    assert found.p.iloc[0] < 0.025
    assert "sup-F" in found.source.iloc[0]


def test_a_known_event_explains_what_the_data_show() -> None:
    values = list(100 * np.exp(np.cumsum(np.r_[0, np.tile([0.05, 0.04, 0.06], 4), -0.5, 0.05])))
    data = series(values, first=2003)
    assert breaks(data, known_breaks().head(0)).kind.tolist() == ["found"]
    assert breaks(data, event(first_year=2016, last_year=2016)).kind.tolist() == ["shock"]


@pytest.mark.parametrize("draw", [lambda r, n: r.normal(0.03, 0.08, n), lambda r, n: 0.03 + 0.05 * r.standard_t(4, n)])
def test_calm_series_rarely_show_a_break(draw) -> None:
    rng = np.random.default_rng(11)
    alarms = [bool(found_breaks(pd.Series(draw(rng, 16), index=range(2000, 2016)))) for _ in range(150)]
    assert np.mean(alarms) < 0.09


def test_the_tests_find_what_is_there() -> None:
    rng = np.random.default_rng(12)
    pace = [change_of_pace(np.r_[rng.normal(0.10, 0.03, 8), rng.normal(0.0, 0.03, 8)], seed=k) for k in range(40)]
    assert np.mean([p < 0.025 for _, _, p in pace]) > 0.9
    assert np.mean([abs(place - 8) <= 1 for place, _, _ in pace]) > 0.8
    jump = []
    for _ in range(40):
        x = rng.normal(0.05, 0.02, 16)
        x[10] = -0.5
        jump.append(unusual_year(x)[:1] == (10,) and unusual_year(x)[2] < 0.025)
    assert np.mean(jump) > 0.9


def test_the_shipped_table_is_in_order() -> None:
    events = known_breaks()
    assert len(events) > 20
    assert set(events.kind) == {"shock", "definition", "policy"}
    assert (events.first_year <= events.last_year).all()
    assert events.source_url.str.match("https?://").all()


def test_users_add_events_as_a_file_or_in_a_raw_folder(tmp_path: Path) -> None:
    line = "NPL,2015,2015,shock,,Earthquake,地震,National news,\n"
    (tmp_path / "breaks.csv").write_text(HEADER + line, encoding="utf-8")
    for extra in ([tmp_path], [tmp_path / "breaks.csv"], [str(tmp_path), tmp_path]):
        assert len(known_breaks(extra)) == len(known_breaks()) + 1
    (tmp_path / "without").mkdir()
    assert known_breaks([tmp_path / "without"]).equals(known_breaks())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("NPL,15,2015,shock,,E,地震,N,", "line 3: first_year is '15'"),
        ("NPL,2016,2015,shock,,E,地震,N,", "line 3: ends in 2015"),
        ("NPL,2015,2015,shok,,E,地震,N,", "Did you mean shock"),
        ("Nepal,2015,2015,shock,,E,地震,N,", "alpha-3"),
        ("NPL,2015,2015,shock,,E,,N,", "no label_zh"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    good = "NPL,2015,2015,shock,,Earthquake,地震,National news,\n"
    (tmp_path / "breaks.csv").write_text(HEADER + good + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=says) as raised:
        known_breaks([tmp_path])
    assert "breaks.csv" in str(raised.value)


def test_a_table_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("country,year\nNPL,2015\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no column first_year"):
        known_breaks([tmp_path / "more.csv"])
    with pytest.raises(InputError, match="cannot be read"):
        known_breaks([tmp_path / "absent.csv"])
    with pytest.raises(InputError, match="has no column publisher"):
        breaks(pd.DataFrame({"series_id": [], "year": [], "value": []}), known_breaks())
