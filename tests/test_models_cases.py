"""Cases: a planted jump is found against the years before alone, its evidence is what can be counted by hand, and the hidden stay hidden."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from pipeline import measures
from pipeline.declared import PolicyEvent
from pipeline.errors import InputError, SettingsError
from pipeline.models import Happenings, change_cases, known_breaks, outlook

YEARS = range(2008, 2020)
WHOLE = {"measure": "stock", "level": "all", "mode": "all", "funding": "all", "publisher": "P", "status": "A"}


def figures(
    values: dict[str, list[float]], last: int = 2019, direction: str = "inbound", **other: object
) -> pd.DataFrame:
    """Yearly figures by partner (WLD: the total) that end in a year."""
    parts = [
        pd.DataFrame({"partner": p, "year": range(last - len(v) + 1, last + 1), "value": v}) for p, v in values.items()
    ]
    table = pd.concat(parts, ignore_index=True).assign(
        **(WHOLE | {"direction": direction, "exactness": "exact"} | other)
    )
    return table.assign(series_id=table["partner"] + direction, period=table["year"].astype(str))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = ["KOR", "DEU", "FRA", "USA", "JPN", "ITA", "GBR", "THA", "WLD"]
    table = figures({p: list(np.round(200 + 5 * np.arange(12) + rng.normal(0, 4, 12))) for p in names})
    last = table["year"].eq(2019)
    table.loc[table["partner"].eq("KOR") & last, "value"] = 600.0
    table.loc[table["partner"].eq("DEU") & last, ["value", "status"]] = [60.0, "B"]
    table.loc[table["partner"].eq("THA"), "value"] /= 10
    return table


def cases(table: pd.DataFrame, year: int = 2019, **happened: object) -> pd.DataFrame:
    return change_cases(measures.published_lines(table, year), year, Happenings(known_breaks(), **happened))


class TestWhatMoved:
    def test_the_planted_rise_and_fall_come_first_and_clear(self, rows: pd.DataFrame) -> None:
        made = cases(rows)
        countries = made[made["about"].eq("country")].set_index("name")
        assert countries.loc["KOR", ["rank", "side"]].tolist() == [1, "above"]
        assert countries.loc["DEU", ["rank", "side"]].tolist() == [-1, "below"]
        assert countries.drop(["KOR", "DEU"])["side"].eq("within").all()
        assert made.loc[made["about"].eq("subject"), "side"].tolist() == ["within"]

    def test_what_is_expected_is_the_outlook_of_the_years_before_alone(self, rows: pd.DataFrame) -> None:
        made = cases(rows).query("about == 'country'").set_index("name")
        before = rows[rows["partner"].ne("WLD") & rows["year"].lt(2019)].rename(columns={"partner": "unit"})
        ahead = outlook(before, 1).set_index("unit")
        for name, row in made.iterrows():
            assert row["expected"] == round(ahead.loc[name, "median"])
            assert row["lower"] == np.floor(
                ahead.loc[name, "lower_95"]
            )  # outwards, so that what is printed is no narrower
            assert row["upper"] == np.ceil(ahead.loc[name, "upper_95"])
            assert row["beyond"] == row["value"] - row["expected"]

    def test_figures_of_the_year_and_later_do_not_move_what_is_expected(self, rows: pd.DataFrame) -> None:
        other = rows.assign(value=rows["value"].where(rows["year"].lt(2019), rows["value"] * 3))
        later = pd.concat([other, other[other["year"].eq(2019)].assign(year=2020, value=1.0)])
        columns = ["name", "expected", "lower", "upper"]
        pd.testing.assert_frame_equal(
            cases(rows)[columns].sort_values(columns, ignore_index=True),
            cases(later)[columns].sort_values(columns, ignore_index=True),
        )

    def test_without_years_before_there_is_none(self, rows: pd.DataFrame) -> None:
        assert cases(rows[rows["year"].ge(2017)]).empty
        assert cases(rows, 2025).empty

    def test_regions_are_no_partners(self, rows: pd.DataFrame) -> None:
        region = rows[rows["partner"].eq("KOR")].assign(partner="region:Asia")
        assert set(cases(pd.concat([rows, region]))["name"]) == set(rows["partner"])

    def test_intervals_leave_out_about_one_in_twenty(self) -> None:
        rng = np.random.default_rng(4)
        codes = [a + b + "X" for a in "ABCD" for b in "ABCDE"]
        walk = {c: list(np.round(np.exp(6 + np.cumsum(rng.normal(0.02, 0.1, 16))))) for c in codes}
        table = figures(walk)
        outside = [cases(table, year)["side"].ne("within").mean() for year in (2016, 2019)]
        assert np.mean(outside) < 0.15  # of 40; 0.05 in the long run

    def test_a_missing_column_is_named(self, rows: pd.DataFrame) -> None:
        with pytest.raises(InputError, match="status"):
            change_cases(measures.published_lines(rows, 2019).drop(columns="status"), 2019, Happenings(known_breaks()))


class TestEvidence:
    def test_by_hand(self) -> None:
        """Five partners. From 2018 to 2019: KOR 120 to 180 (+50 %), DEU 40 to 60 (+50 %), FRA 100 to 125 (+25 %), ITA 100 to 110 (+10 %), THA 100 to 90 (−10 %)."""
        flat = [100.0] * 8
        table = figures(
            {
                "WLD": [*flat, 500.0, 460.0, 565.0],
                "KOR": [*flat, 130.0, 120.0, 180.0],  # up in one year, past every earlier one
                "DEU": [50.0] * 6 + [80.0, 70.0, 30.0, 40.0, 60.0],  # up since 2018, not yet back at 80
                "FRA": [*flat, 90.0, 100.0, 125.0],
                "ITA": [*flat, 90.0, 100.0, 110.0],
                "THA": [*flat, 110.0, 100.0, 90.0],  # down since 2018
            }
        )
        made = cases(table).set_index("name").round({"pct": 6, "peers_pct": 6})
        told = ["value", "previous", "pct", "since", "back", "peers", "peers_pct", "alike_pct", "small"]
        # Of KOR the others did +50, +25, +10, −10: median 17.5, half as much or more (+25) did two of four.
        assert made.loc["KOR", told].tolist() == [180, 120, 50, 2019, False, 4, 17.5, 50, False]
        assert made.loc["DEU", told].tolist() == [60, 40, 50, 2018, True, 4, 17.5, 50, True]
        # Of THA (−10) −5 or less did nobody.
        assert made.loc["THA", ["since", "peers", "alike_pct"]].tolist() == [2018, 4, 0]
        # Of the total (+22.8 %) its partners did +50, +50, +25, +10, −10: +11.4 or more three of five.
        assert made.loc["WLD", ["about", "peers", "peers_pct", "alike_pct"]].tolist() == ["subject", 5, 25.0, 60.0]

    def test_a_new_definition_and_a_rounded_figure_are_told(self, rows: pd.DataFrame) -> None:
        rounded = rows.assign(exactness=rows["exactness"].mask(rows["partner"].eq("FRA"), "rounded"))
        made = cases(rounded).set_index("name")
        assert made.index[made["definition"]].tolist() == ["DEU"]
        assert made.index[made["inexact"]].tolist() == ["FRA"]
        assert made.index[made["small"]].tolist() == ["THA"]

    def test_events_of_the_world_the_subject_and_the_partner(self, rows: pd.DataFrame) -> None:
        made = cases(rows.assign(year=rows["year"] + 2), 2021)
        assert made["events_en"].str.contains("COVID").all()
        assert made["events_zh"].ne("").all()

    def test_a_policy_of_the_partner_bears_on_who_goes_there_and_not_on_who_comes(self, rows: pd.DataFrame) -> None:
        """The United Kingdom's rule on dependants of 2024 is about students who come to it."""
        later = rows.assign(year=rows["year"] + 5)
        out = cases(later.assign(direction="outbound"), 2024).set_index("name")
        assert "dependants" in out.loc["GBR", "events_en"]
        assert out.drop("GBR")["events_en"].str.contains("dependants").sum() == 0
        assert not cases(later, 2024)["events_en"].str.contains("dependants").any()

    def test_a_declared_event_concerns_its_countries_in_its_first_years(self, rows: pd.DataFrame) -> None:
        event = PolicyEvent(
            "A grant", "一项奖学金", ("CHN",), ("KOR", "eu"), "funding", "inbound", "S", date=dt.date(2017, 6, 1)
        )
        made = cases(rows, declared=(event,)).set_index("name")  # first seen in 2018
        with_it = made.index[made["events_en"].str.contains("A grant")]
        assert set(with_it) == {"KOR", "DEU", "FRA", "ITA", "GBR", "WLD"}  # the union of 2018
        assert (
            not cases(rows.assign(year=rows["year"] + 1), 2020, declared=(event,))["events_en"]
            .str.contains("A grant")
            .any()
        )

    def test_an_unknown_group_in_a_declared_event_is_an_error(self, rows: pd.DataFrame) -> None:
        event = PolicyEvent("A grant", "一项奖学金", ("CHN",), ("aseann",), "funding", "inbound", "S", year=2019)
        with pytest.raises(SettingsError, match="asean"):
            cases(rows, declared=(event,))


class TestOutcomes:
    def past(self, values: list[float], **other: object) -> pd.DataFrame:
        base = {"indicator": "completion_rate", "n": 400.0, "coverage": 95.0, "unit": "%", "status": "A"} | other
        return pd.DataFrame({"year": range(2024 - len(values) + 1, 2025), "value": values}).assign(**base)

    def card(self, *names: str, **other: str) -> pd.DataFrame:
        return pd.DataFrame({"indicator": names}).assign(**({"counted_by": "ended", "better": "higher"} | other))

    def made(self, past: pd.DataFrame, card: pd.DataFrame) -> pd.DataFrame:
        return change_cases(measures.outcome_lines(past, card), 2024, Happenings(known_breaks()))

    def test_shares_stay_between_none_and_all_and_a_jump_stands_out(self) -> None:
        calm = self.past([96.0, 97.5, 96.5, 97.0, 98.0, 97.0, 97.5, 97.0], indicator="credit_recognition")
        past = pd.concat([calm, self.past([80.0, 81.5, 79.5, 80.5, 81.0, 80.0, 80.5, 93.0])])
        made = self.made(past, self.card("completion_rate", "credit_recognition")).set_index("name")
        assert made["lower"].ge(0).all()
        assert made["upper"].le(100).all()
        assert made.loc["completion_rate", ["side", "beyond", "n", "better"]].tolist()[0] == "above"
        assert made.loc["completion_rate", "value"] - made.loc["completion_rate", "expected"] == pytest.approx(
            made.loc["completion_rate", "beyond"]
        )
        assert made.loc["credit_recognition", "side"] == "within"
        assert made["pct"].isna().all()  # a change of a share is told in points

    def test_a_change_in_what_is_known_stands_beside_it(self) -> None:
        past = self.past([80.0, 81.0, 80.0, 81.0, 80.0, 81.0, 80.0, 90.0])
        past["coverage"] = [95.0] * 5 + [90.0, 93.0, 60.0]
        made = self.made(past, self.card("completion_rate"))
        assert made[["coverage", "coverage_before"]].values.tolist() == [[60.0, 93.0]]  # (95 + 90 + 93) / 3 = 92.67

    def test_only_of_what_ended_and_has_a_better_side(self) -> None:
        past = self.past([80.0, 81.0, 80.0, 81.0, 80.0, 81.0])
        assert measures.outcome_lines(past, self.card("completion_rate", counted_by="began")).empty
        assert measures.outcome_lines(past, self.card("completion_rate", better="none")).empty

    def test_a_hidden_value_makes_no_case(self) -> None:
        past = self.past([80.0, 81.0, 80.0, 81.0, 80.0, 81.0])
        past.loc[past["year"].eq(2024), ["value", "status"]] = [None, "C"]
        assert self.made(past, self.card("completion_rate")).empty
