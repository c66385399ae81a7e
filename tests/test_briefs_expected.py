"""Partners against expectation in a brief: what is said, what is drawn, and what is left unsaid."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from pipeline.briefs import blocks, charts
from pipeline.briefs.annual.core import Core
from pipeline.briefs.annual.expected import Records, expected_blocks, expected_definition
from pipeline.briefs.annual.facts import Facts
from pipeline.briefs.charts.base import HALF, NARROW, WIDE
from pipeline.briefs.words import Words

ROWS = pd.DataFrame(
    [
        ("Democratic Republic of the Congo", 5225.0, 730.0, 30.0, 3900.0),
        ("India", 363019.0, 213443.0, 46263.0, 390000.0),
        ("Saint Vincent and the Grenadines", 3.0, 0.5, 0.0, 2.0),
        ("United Arab Emirates", 78.0, 2500.0, 250.0, 7800.0),
        ("Mexico", 0.0, 910.0, 2.0, 4100.0),
    ],
    columns=["name", "actual", "expected", "lower", "upper"],
)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("width", "narrow"), [(WIDE, False), (HALF, False), (NARROW, True)])
def test_nothing_in_the_chart_overlaps_or_is_cut_off(language: str, width: float, narrow: bool) -> None:
    figure = charts.against(ROWS, words=Words(language)).figure(width, narrow)
    assert charts.layout_problems(figure) == []


def test_the_chart_says_what_it_shows_and_gives_its_rows() -> None:
    chart = charts.against(ROWS, words=Words("en"))
    assert "United Arab Emirates 78 against 2,500 expected (interval 250 to 7,800)" in chart.describe()
    assert "Mexico 0 against 910 expected" in chart.describe()
    assert chart.table()["Actual"].tolist() == ROWS["actual"].tolist()


def test_an_expectation_of_nothing_has_no_scale() -> None:
    with pytest.raises(ValueError, match="above 0"):
        charts.against(ROWS.assign(expected=0.0), words=Words("en"))


def expected(publisher: str = "P", measure: str = "stock", direction: str = "inbound") -> pd.DataFrame:
    """Thirty partners as expected, one with far more, one with far fewer, one small oddity."""
    usual = [(f"A{chr(65 + i)}A", 50.0 + i, 50.0) for i in range(26)]
    rows = pd.DataFrame([*usual, ("NPL", 900.0, 50.0), ("RUS", 2.0, 60.0), ("MLT", 9.0, 1.0), ("MEX", 0.0, 80.0)])
    rows.columns = ["partner", "actual", "expected"]
    upper, lower = rows["expected"] * 4, rows["expected"] / 4
    verdict = rows["actual"].gt(upper).map({True: "more", False: ""}) + rows["actual"].lt(lower).map(
        {True: "fewer", False: ""}
    )
    return rows.assign(
        lower=lower,
        upper=upper,
        ratio=rows["actual"] / rows["expected"],
        verdict=verdict.replace("", "as_expected"),
        publisher=publisher,
        measure=measure,
        level="all",
        direction=direction,
        year=2024,
        terms="log_distance common_language log_population",
    )


CHECKS = pd.DataFrame(
    {"publisher": ["P"], "direction": "inbound", "specification": "main", "check": "reset", "p": [0.4]}
)


def brief(language: str = "en", **tables: pd.DataFrame) -> Core:
    """As much of a brief as the section asks for."""
    stub: Any = SimpleNamespace(
        w=Words(language),
        facts=Facts("USA", 2024, tables),
        main_id="m",
        period_like=lambda series, year: str(year),
        join=lambda *parts: ("" if language == "zh" else " ").join(p for p in parts if p),
    )
    return stub


def test_the_finding_names_who_is_outside_and_never_a_cause() -> None:
    found = expected_blocks(brief(expected_flows=expected(), gravity_checks=CHECKS))
    finding = next(b for b in found if isinstance(b, blocks.Finding))
    assert re.search(
        r"More students come from Nepal \([\d,]+, expected [\d.,]+\) than distance, language and size would lead one to expect",
        finding.text,
    )
    assert re.search(r"Fewer come from Russia \([\d,]+, expected [\d.,]+\)", finding.text)
    assert "by chance" in finding.base
    assert "not what caused it" in finding.base
    assert "Malta" not in finding.text  # nine students are no news
    assert finding.evidence[0]["where"]["origin"] == ["NPL", "RUS"]


def test_a_published_nought_is_not_held_against_anybody_but_an_office_s_own_is() -> None:
    published = expected_blocks(brief(expected_flows=expected()))
    assert "Mexico" not in published[0].text
    own = Records(lambda year, **where: [{"table": "stays", "where": where}], "Source: records")
    office = expected_blocks(brief(expected_flows=expected(measure="stays")), own)
    assert "Mexico" in office[0].text
    assert office[0].evidence[0]["table"] == "stays"


def test_a_model_whose_form_is_doubtful_says_so() -> None:
    def caption(checks: pd.DataFrame) -> str:
        found = expected_blocks(brief(expected_flows=expected(), gravity_checks=checks))
        return next(b.caption for b in found if isinstance(b, blocks.Figure))

    assert "RESET" not in caption(CHECKS)
    assert "RESET" in caption(CHECKS.assign(p=0.001))


def test_where_there_is_no_expectation_nothing_is_drawn_and_the_definitions_say_why() -> None:
    assert expected_blocks(brief()) == []
    assert "at least forty" in expected_definition(brief())[1]
    assert "gravity model" in expected_definition(brief(expected_flows=expected()))[1]


def test_old_expectations_stay_out_of_a_brief_of_today() -> None:
    assert expected_blocks(brief(expected_flows=expected().assign(year=2019))) == []


def test_both_directions_stand_side_by_side() -> None:
    both = pd.concat([expected(), expected(direction="outbound")], ignore_index=True)
    found = expected_blocks(brief("zh", expected_flows=both))
    assert isinstance(found[1], blocks.Columns)
    assert re.search("来自尼泊尔（.+?，期望.+?）的学生多于按距离、语言和规模推算的期望值", found[0].text)
    assert "前往" in found[0].text


def test_reciprocity_is_said_with_its_base() -> None:
    network = pd.DataFrame(
        {
            "publisher": ["OECD", "OECD"],
            "measure": "stock",
            "year": 2024,
            "node": ["USA", "CHN"],
            "reciprocity": [0.48, None],
            "top_partner": ["CHN", "USA"],
            "top_share": [0.33, 0.36],
            "n_partners": [207, 37],
        }
    )
    finding = expected_blocks(brief(network=network))[0]
    assert "48.0% of the students exchanged" in finding.text
    assert "OECD, 2024; 207 countries and regions" in finding.base
    other = brief(network=network)
    other.facts = Facts("CHN", 2024, {"network": network})
    assert expected_blocks(other)[0].text.startswith("**The United States alone has 36.0%")
