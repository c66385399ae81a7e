"""Names of countries: any writing, and never a confident mistake."""

from __future__ import annotations

import time

import pandas as pd
import pycountry
import pytest

from pipeline import resolve_countries
from pipeline.records import build_names
from pipeline.records.countries import codes, place, read_column

SAME = {
    "CHN": ["China", " china ", "ＣＨＩＮＡ", "中国", "中國", "中华人民共和国", "PRC", "P.R. China", "China, People's Republic of", "CN", "chn", "156", "中国 China"],
    "KOR": ["Korea, Rep.", "Republic of Korea", "Korea, South", "South Korea", "S. Korea", "韩国", "南韩", "南朝鲜", "大韩民国", "410", "Südkorea", "韓国"],
    "PRK": ["North Korea", "Korea, Dem. People's Rep.", "DPRK", "朝鲜", "北朝鲜"],
    "COD": ["Zaire", "扎伊尔", "Congo, Dem. Rep.", "Congo, Dem. Rep. of the (Kinshasa)", "刚果(金)", "刚果（金）", "Congo (Democratic Republic of the)", "DRC"],
    "COG": ["Congo, Rep.", "Congo, Republic of the (Brazzaville)", "刚果(布)", "Congo Republic", "Congo - Brazzaville"],
    "MMR": ["Burma", "Myanmar", "Burma/Myanmar", "缅甸"],
    "SWZ": ["Swaziland", "Eswatini", "斯威士兰", "eSwatini"],
    "CZE": ["Czech Republic", "Czechia", "Czechia/Czech Republic", "捷克", "捷克共和国"],
    "TUR": ["Turkey", "Türkiye", "TÜRKİYE", "TU\u0308RKI\u0307YE", "turkiye", "Turkey/Türkiye", "土耳其"],
    "CIV": ["Côte d'Ivoire", "côte d’ivoire", "Cote d'Ivoire", "Ivory Coast", "科特迪瓦", "象牙海岸"],
    "MKD": ["Macedonia", "FYROM", "Republic of North Macedonia", "北马其顿", "马其顿"],
    "CPV": ["Cape Verde", "Cabo Verde", "佛得角"],
    "VNM": ["Viet Nam", "Vietnam", "越南", "VIETNAM\u200b"],
    "GRC": ["EL", "GR", "Greece", "Hellas", "Griechenland", "希腊"],
    "GBR": ["UK", "U.K.", "GB", "Great Britain", "United Kingdom", "英国", "Royaume-Uni"],
    "XKX": ["Kosovo", "XK", "XKX", "Kosovo * UN resolution", "科索沃"],
    "TWN": ["Taiwan", "Chinese Taipei", "Taiwan, Province of China", "台湾", "中国台湾", "臺灣"],
    "HKG": ["Hong Kong", "Hong Kong SAR, China", "China, Hong Kong Special Administrative Region", "香港", "中国香港"],
    "MAC": ["Macao", "Macau", "澳门", "Macao SAR, China"],
    "USA": ["United States", "U.S.A.", "USA", "US", "United States of America", "美国", "Stany Zjednoczone"],
    "GMB": ["Gambia, The", "The Gambia", "冈比亚"],
    "CUW": ["Curaçao", "Curacao", "CuraÃ§ao"],
    "STP": ["Sao Tome and Principe", "São Tomé & Príncipe", "ST"],
    "ISL": ["ISL", "IS", "Iceland", "Island", "冰岛"],
    "RUS": ["Russian Federation", "Россия", "俄罗斯", "俄国"],
    "PSE": ["West Bank and Gaza", "Palestinian Territories", "巴勒斯坦"],
    "NAM": ["NA", "NAM", "Namibia"],
}  # fmt: skip
NEVER = [
    *(
        "Korea",
        "Congo",
        "刚果",
        "America",
        "Georgia (US)",
        "Guinea-",
        "Guinea…",
        "Virgin Islands",
        "Saint Martin",
        "Republic of China",
    ),
    *(
        "Atlantis",
        "Frnace",
        "Chinaa",
        "Untied Kingdom",
        "Nga",
        "XX9",
        "4",
        "12",
        "male",
        "Saint",
        "North",
        "Republic",
        "the",
        "ẞ",
        "Ğ",
        "f",
        "v",
    ),
    *("China/Japan", "France (DEU)", "Somaliland", "Chinese", "German", "法语", "no", "Islands"),
]


@pytest.mark.parametrize("code", SAME)
def test_every_writing_of_a_name_is_its_country(code: str) -> None:
    found = {name: place(name).code for name in SAME[code]}
    assert found == dict.fromkeys(SAME[code], code)


@pytest.mark.parametrize("name", NEVER)
def test_what_is_not_certain_is_not_guessed(name: str) -> None:
    row = resolve_countries([name]).iloc[0]
    assert row.kind == "unknown"
    assert pd.isna(row.code)
    assert row.suggestions


def test_an_ambiguous_name_suggests_what_it_can_mean_first() -> None:
    row = resolve_countries(["Congo"]).iloc[0]
    assert row.suggestions.split("; ")[0].endswith("(COG)")
    assert row.suggestions.split("; ")[1].endswith("(COD)")


def test_a_misspelling_suggests_the_three_nearest() -> None:
    near = resolve_countries(["Indnesia"]).suggestions.iloc[0].split("; ")
    assert near[0] == "Indonesia (IDN)"
    assert len(near) == 3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Europe", "region"), ("亚洲", "region"), ("World", "region"), ("WORLD TOTAL", "region"), ("SDG: Northern Africa", "region"), ("AFE", "region"),
        ("East Asia & Pacific (excluding high income)", "region"), ("region:Oceania", "region"), ("一带一路", "region"),
        ("Unspecified", "unspecified"), ("Africa, Sub-saharan, Unspecified", "unspecified"), ("Stateless", "unspecified"), ("N/A", "unspecified"),
        ("未知", "unspecified"), ("_X", "unspecified"), (None, "unspecified"), ("  ", "unspecified"), ("Other Asia", "unspecified"), ("???", "unspecified"),
        ("USSR", "unknown"), ("Yugoslavia, Former", "unknown"), ("捷克斯洛伐克", "unknown"), ("Netherlands Antilles", "unknown"), ("东德", "unknown"),
    ],
)  # fmt: skip
def test_what_is_no_country_of_today_says_what_it_is(name: str | None, kind: str) -> None:
    row = resolve_countries([name]).iloc[0]
    assert (row.kind, pd.isna(row.code)) == (kind, True)


def test_a_dissolved_state_names_the_reason_and_its_successors() -> None:
    row = resolve_countries(["Czechoslovakia"]).iloc[0]
    assert row.reason == "divided in 1993"
    assert {s[-4:-1] for s in row.suggestions.split("; ")[:2]} == {"CZE", "SVK"}


def test_all_iso_codes_and_names_resolve_but_for_the_ambiguous_one() -> None:
    wrong = {}
    for country in pycountry.countries:
        names = [
            country.alpha_2,
            country.alpha_3,
            country.numeric,
            country.name,
            country.name.upper(),
            getattr(country, "official_name", country.name),
        ]
        wrong |= {n: place(n).code for n in names if place(n).code != country.alpha_3}
    assert set(wrong) == {"Congo", "CONGO"}


def test_na_is_namibia_among_codes_and_nothing_among_names() -> None:
    assert read_column(["NA", "FR", "CN"])["NA"].code == "NAM"
    assert read_column(["NA", "France", "中国"])["NA"].kind == "unspecified"


def test_the_answer_has_a_row_a_name_in_order_with_what_is_missing() -> None:
    names = pd.Series(["中国", None, float("nan"), "中国", "Atlantis"])
    answer = resolve_countries(names)
    assert answer.code.fillna("").tolist() == ["CHN", "", "", "CHN", ""]
    assert list(answer.columns) == ["name", "code", "kind", "suggestions", "reason"]


def test_no_name_of_another_country_is_one_edit_from_being_taken_for_it() -> None:
    """Every letter left out of a country's English name either still gives that country or is not resolved to another."""
    names = {c.name: c.alpha_3 for c in pycountry.countries if c.name.isascii() and len(c.name) > 4}
    mistaken = {}
    for name, code in names.items():
        for i in range(len(name)):
            slip = name[:i] + name[i + 1 :]
            if slip not in names and (found := place(slip)).code not in (None, code):
                mistaken[slip] = (code, found.code)
    assert len(mistaken) <= 3, mistaken


def test_the_committed_table_is_what_the_script_builds(root: object) -> None:
    assert (build_names.HERE / "countries.csv").read_text(encoding="utf-8") == build_names.build()


def test_every_addition_gives_known_codes_and_a_reason() -> None:
    import csv

    with (build_names.HERE / "additions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(
        row["reason"] and row["kind"] in ("country", "world", "region", "unspecified", "unknown", "former")
        for row in rows
    )
    assert all(set(row["code"].split()) <= codes() for row in rows if row["kind"] in ("country", "unknown", "former"))


def test_ten_thousand_names_take_well_under_a_second() -> None:
    names = [n for group in SAME.values() for n in group] * 60
    start = time.process_time()
    resolve_countries(names)
    assert time.process_time() - start < 1.0
