"""Institutions: what is one with certainty is brought together, what resembles is asked, once; and what the analyst answered holds."""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline import cli
from pipeline.errors import InputError
from pipeline.records import clean
from pipeline.records.aliases import Aliases, Line
from pipeline.records.cleaning import Cleaned
from pipeline.records.codes import erasmus_code_of, ror_of
from pipeline.records.institutions import Register, Writing, grouped
from pipeline.records.suggestions import suggested
from pipeline.sources import discover, summary

CARD = """title: Office
publisher: Office
synthetic: true
tables:
  - table: stays
    file: stays.csv
    direction: inbound
    constants: {destination: CHN}
    columns: {Student: student_id, Country: origin, From: start, Home: home_institution, ROR: home_ror, Code: home_erasmus_code}
  - table: agreements
    file: agreements.csv
    columns: {No: agreement_id, Partner: partner, Country: country, Code: erasmus_code}
  - table: events
    file: events.csv
    columns: {Kind: kind, Date: start, With: partner, Country: country}
"""
LMU, TUM = "https://ror.org/05591te55", "https://ror.org/02kkvpp62"
LMU_CODE, TUM_CODE = "D  MUNCHEN01", "D  MUNCHEN02"
Stay = tuple[str, str, str, str]  # country, home institution, ROR, Erasmus code


@pytest.fixture
def office(tmp_path: Path) -> Callable[..., Path]:
    """Makes an office's folder from stays, agreements (partner, country, code), events (partner, country) and lines of aliases.csv."""

    def make(
        stays: list[Stay],
        agreements: list[tuple[str, str, str]] = [("Oak University", "Japan", "")],  # noqa: B006
        events: list[tuple[str, str]] = [("", "")],  # noqa: B006
        aliases: str | None = None,
        name: str = "office",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "source.yml").write_text(CARD, encoding="utf-8")
        rows: dict[str, list[Any]] = {
            "stays": [
                ("Student", "From", "Country", "Home", "ROR", "Code"),
                *((f"S{i}", "2019-09-01", *stay) for i, stay in enumerate(stays)),
            ],
            "agreements": [
                ("No", "Partner", "Country", "Code"),
                *((f"A{i}", *agreement) for i, agreement in enumerate(agreements)),
            ],
            "events": [
                ("Kind", "Date", "With", "Country"),
                *(("lecture", f"2020-01-{i + 1:02d}", *event) for i, event in enumerate(events)),
            ],
        }
        for table, lines in rows.items():
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(lines)
        if aliases is not None:
            (folder / "aliases.csv").write_text(aliases, encoding="utf-8")
        return folder

    return make


def stays(*names: str, country: str = "Germany") -> list[Stay]:
    return [(country, name, "", "") for name in names]


def partition(done: Cleaned) -> dict[str, list[int]]:
    """The lines of stays at each institution."""
    return {str(n): sorted(g["line"]) for n, g in done.stays.groupby("home_institution")}


def abroad(done: Cleaned) -> pd.DataFrame:
    return done.institutions[done.institutions["country"] == "DEU"].set_index("name")


MUNICH = ["Technische Universität München"] * 3 + ["TU München", "TUM", "tu  munchen"]


def test_what_resembles_is_suggested_and_not_merged(office: Callable[..., Path]) -> None:
    done = clean(office(stays(*MUNICH)))
    assert set(abroad(done).index) == {"Technische Universität München", "TU München", "TUM"}
    rows = done.suggestions.set_index("written")
    assert rows["institution"].to_dict() == dict.fromkeys(["TU München", "TUM"], "Technische Universität München")
    assert rows["times"].to_dict() == {"TU München": 2, "TUM": 1}
    assert rows["score"].between(80, 99).all()
    assert (rows["country"] == "DEU").all()
    assert (rows["source"] == "office").all()


def test_a_confirmed_alias_holds_for_stays_agreements_and_events(office: Callable[..., Path]) -> None:
    partners = [("TUM", "Germany", ""), ("Oak University", "Japan", "")]
    events = [("T.U.M.", "Germany"), ("TUM", "Austria"), ("Unheard-of Institute", "Germany"), ("", "")]
    said = "written,country,institution\nTU München,DEU,Technische Universität München\nTUM,德国,Technische Universität München\n"
    done = clean(office(stays(*MUNICH), partners, events, said))
    one = abroad(done)
    assert one.index.tolist() == ["Technische Universität München"]
    assert one[["stays", "agreements"]].values.tolist() == [[6, 1]]
    assert one["aliases"].item() == "TU München; TUM; tu munchen"
    assert partition(done) == {"Technische Universität München": [2, 3, 4, 5, 6, 7]}
    kept = done.agreements.set_index("agreement_id")
    assert kept.loc["A0", ["partner", "institution_id"]].tolist() == [one.index[0], one["institution_id"].item()]
    assert done.events.sort_values("line")["partner"].fillna("").tolist() == [
        "Technische Universität München", "TUM", "Unheard-of Institute", ""]  # fmt: skip
    assert done.suggestions.empty
    changes = done.changes[done.changes["rule"] == "institution by a confirmed alias"]
    assert changes["rows"].tolist() == [4]


def test_the_exact_writing_comes_before_the_normalised_form(office: Callable[..., Path]) -> None:
    said = "written,country,institution\nUCM,DEU,Aldergate University\nU.C.M.,DEU,Elmwick University\n"
    done = clean(office(stays("UCM", "U.C.M.", "ucm"), aliases=said))
    assert partition(done) == {"Aldergate University": [2], "Elmwick University": [3], "ucm": [4]}


def test_an_alias_is_followed_to_the_name_that_is_kept(office: Callable[..., Path]) -> None:
    said = "written;country;institution;same;note\r\nTUM;DEU;TU München;yes;as they sign\r\nTU München;DEU;Technische Universität München;;\r\n"
    done = clean(office(stays("TUM", "TU München", "Technische Universitat Munchen"), aliases="\ufeff" + said))
    assert list(partition(done)) == ["Technische Universität München"]


def test_an_alias_is_of_one_country_only(office: Callable[..., Path]) -> None:
    said = "written,country,institution\nTech,DEU,Aldergate University of Technology\n"
    done = clean(office([*stays("Tech"), *stays("Tech", country="Austria")], aliases=said))
    assert partition(done) == {"Aldergate University of Technology": [2], "Tech": [3]}


def test_agreements_of_one_number_do_not_contradict_under_a_confirmed_alias(office: Callable[..., Path]) -> None:
    folder = office(stays("X"), [("TUM", "Germany", "")])
    with (folder / "agreements.csv").open("a", encoding="utf-8") as file:
        file.write("A0,TU München,Germany,\n")
    assert len(clean(folder).rejected) == 1
    (folder / "aliases.csv").write_text("written,country,institution\nTUM,DEU,TU München\n", encoding="utf-8")
    done = clean(folder)
    assert done.rejected.empty
    assert done.merged["table"].tolist() == ["agreements"]


def test_a_denied_pair_is_not_asked_again(office: Callable[..., Path]) -> None:
    names = ["Universität Hamburg"] * 2 + ["Universität Homburg"]
    assert clean(office(stays(*names))).suggestions["written"].tolist() == ["Universität Homburg"]
    said = "written,country,institution,same\nUniversität  HOMBURG,DEU,Universität Hamburg,no\n"
    done = clean(office(stays(*names), aliases=said))
    assert done.suggestions.empty
    assert len(partition(done)) == 2


def test_confirming_is_copying_a_line_of_the_review_file(office: Callable[..., Path], tmp_path: Path) -> None:
    folder, out = office(stays(*MUNICH, "=1+1 University", "=1+1 Universty")), tmp_path / "out"
    clean(folder, out=out)
    review = out / "suggestions.csv"
    assert review.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "'=1+1" in review.read_text(encoding="utf-8-sig")  # no spreadsheet computes it
    (folder / "aliases.csv").write_bytes(review.read_bytes())
    done = clean(folder, out=out)
    assert done.fresh == []
    assert done.suggestions.empty
    assert set(abroad(done).index) == {"Technische Universität München", "=1+1 University"}
    assert not review.exists()
    assert clean(folder, out=out).fresh == ["office"]
    (folder / "aliases.csv").unlink()
    assert len(clean(folder, out=out).suggestions) == 3


def test_the_command_says_what_waits_and_prints_it(
    office: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = office(stays(*MUNICH))
    (tmp_path / "mobility.toml").write_text('raw = ["office"]\nprocessed = "done"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def mobility(*arguments: str) -> str:
        cli.app(list(arguments), standalone_mode=False)
        return capsys.readouterr().out

    assert "2 names of institutions may be other writings" in (said := mobility("clean"))
    assert str(tmp_path / "done" / "suggestions.csv") in said
    assert "Technische Universität München" in mobility("aliases", "office")
    (folder / "aliases.csv").write_text("written,country,institution,same\nTUM,DEU,TU München,no\n", encoding="utf-8")
    assert "aliases.csv" not in summary(discover([folder]))["file"].str.cat()


def test_one_code_is_one_institution_whatever_its_names(office: Callable[..., Path]) -> None:
    rows: list[Stay] = [
        ("Germany", "TU München", "02kkvpp62", ""),
        ("Germany", "Technical University of Munich", f"{TUM}/", ""),
        ("Germany", "Technische Universität", "", "d munchen02"),
        ("Germany", "TUM", "ror.org/02kkvpp62", TUM_CODE),
        ("Germany", "", "", TUM_CODE),
        ("Germany", "tu munchen", "", ""),
    ]
    done = clean(office(rows, [("Munich Tech", "Germany", "D  MUNCHEN02")]))
    one = abroad(done)
    assert len(one) == 1
    assert one[["ror", "erasmus_code", "stays", "agreements"]].values.tolist() == [[TUM, TUM_CODE, 6, 1]]
    assert one["institution_id"].item() == "DEU-02kkvpp62" == done.agreements["institution_id"].item()
    assert list(partition(done).values()) == [[2, 3, 4, 5, 6, 7]]
    assert done.suggestions.empty


def test_different_codes_keep_equal_names_apart(office: Callable[..., Path]) -> None:
    rows: list[Stay] = [
        ("Germany", "Universität München", "", LMU_CODE),
        ("Germany", "UNIVERSITÄT MÜNCHEN", "", TUM_CODE),
        ("Germany", "Universität München", "", ""),
    ]
    done = clean(office(rows))
    assert sorted(partition(done).values()) == [[2], [3], [4]]
    assert {LMU_CODE, TUM_CODE} == set(abroad(done)["erasmus_code"].dropna())
    assert done.suggestions.empty
    joined = clean(office(rows[:1] + rows[2:], name="one"))
    assert list(partition(joined).values()) == [[2, 3]]


def test_a_code_in_the_wrong_place_moves_its_row_alone(office: Callable[..., Path]) -> None:
    rows: list[Stay] = [
        *[("Germany", "Ludwig-Maximilians-Universität", LMU, "")] * 3,
        *[("Germany", "Technische Universität", TUM, "")] * 3,
        ("Germany", "Ludwig-Maximilians-Universität", TUM, ""),
    ]
    assert sorted(partition(clean(office(rows))).values()) == [[2, 3, 4], [5, 6, 7, 8]]


def test_codes_that_cannot_be_right_are_left_out_with_a_reason(office: Callable[..., Path]) -> None:
    done = clean(office([("Germany", "TUM", "02kkvpp63", "MUNCHEN"), ("Germany", "LMU", LMU, LMU_CODE)]))
    told = done.unresolved.set_index("column")["reason"]
    assert told["home_ror"] == "not a ROR id: its check digits are wrong"
    assert told["home_erasmus_code"].startswith("not an Erasmus code")
    assert len(done.stays) == 2
    assert abroad(done).loc["TUM", ["ror", "erasmus_code"]].isna().all()


def test_an_institution_with_two_codes_is_told_of(office: Callable[..., Path]) -> None:
    done = clean(office([("Germany", "TUM", TUM, LMU_CODE), ("Germany", "TUM", TUM, TUM_CODE)]))
    check = done.checks[done.checks["check"].str.contains("one ROR id")]
    assert check[["holds", "detail"]].values.tolist() == [[False, "1 have more: TUM"]]


def test_codes_of_an_alias_are_the_institutions(office: Callable[..., Path]) -> None:
    said = f"written,country,institution,ror,erasmus_code\nTUM,DEU,TU München,{TUM},{TUM_CODE}\n"
    done = clean(office([*stays("TUM", "Tu munchen"), ("Germany", "Munich Tech", TUM, "")], aliases=said))
    one = abroad(done)
    assert one[["ror", "erasmus_code", "stays"]].values.tolist() == [[TUM, TUM_CODE, 3]]
    assert one.index.tolist() == ["TU München"]


def test_a_line_about_a_name_that_nobody_writes_is_told_of(office: Callable[..., Path]) -> None:
    done = clean(office(stays("TUM"), aliases="written,country,institution\nTUMM,DEU,TU München\n"))
    check = done.checks[done.checks["check"].str.startswith("each line of aliases.csv")]
    assert check[["holds", "detail"]].values.tolist() == [[False, "1 are not: line 2: TUMM"]]


HEAD = "written,country,institution"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("written,country,instituton\n", 1, "'instituton' is not a column of aliases.csv. Did you mean institution?"),
        ("written,country\nA,DEU\n", 1, "has no column institution"),
        (f"{HEAD},ror,ror\n", 1, "the column ror is there twice"),
        ("", 1, "'' is not a column|has no column written"),
        (f"{HEAD}\nTUM,DEU,TU München\nTUM,DEU,Elm University\n", 3, "'TUM' is said to be 'Elm University', but line 2"),
        (f"{HEAD}\nTUM,Atlantis,TU München\n", 2, "'Atlantis' is not one country"),
        (f"{HEAD}\nTUM,Europe,TU München\n", 2, "'Europe' is not one country"),
        (f"{HEAD}\n\nTUM,DEU,\n", 3, "has no institution"),
        (f"{HEAD},ror\nTUM,DEU,TU München,02kkvpp63\n", 2, "its check digits are wrong"),
        (f"{HEAD},erasmus_code\nTUM,DEU,TU München,MUNCHEN2\n", 2, "not an Erasmus code"),
        (f"{HEAD},same\nTUM,DEU,TU München,perhaps\n", 2, "same is 'perhaps'. Write yes or no"),
        (f"{HEAD}\nA,DEU,B\nB,DEU,A\n", 2, "goes round in a circle"),
        (f"{HEAD},same\nA,DEU,B,yes\na,DEU,b,no\n", 3, "other lines say that they are"),
        (f"{HEAD},same\nElm University,DEU,ELM UNIVERSITY,no\n", 2, "are one name without case"),
        (f"{HEAD},ror\nA,DEU,B,{TUM}\nC,DEU,b,{LMU}\n", 3, f"the ror of 'B' is {LMU}, but line 2 says {TUM}"),
        (f"{HEAD}\nUniversity, Elm,DEU,Elm University\n", 2, "has 4 cells for 3 columns"),
        (f'{HEAD}\n"TUM,DEU,TU München\n', 2, "is not CSV"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_its_line(office: Callable[..., Path], text: str, line: int, said: str) -> None:
    folder = office(stays("TUM"), aliases=text)
    with pytest.raises(InputError, match=said) as raised:
        clean(folder)
    assert f"aliases.csv, line {line}:" in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_file_of_another_encoding_is_named_with_its_line(office: Callable[..., Path]) -> None:
    folder = office(stays("TUM"))
    (folder / "aliases.csv").write_bytes(f"{HEAD}\nTUM,DEU,TU München\n".encode("cp1252"))
    with pytest.raises(InputError, match="line 2: is not UTF-8"):
        clean(folder)


@pytest.mark.parametrize("good", ["05dxps055", "03yrm5c26", "02mhbdp94", "05591te55", "04pp8hn57"])
def test_ror_ids_are_known_by_their_check_digits(good: str) -> None:
    assert ror_of(f"https://ror.org/{good}").value == f"https://ror.org/{good}"
    for place, other in itertools.product(range(1, 7), "0123456789abcdefghjkmnpqrstvwxyz"):
        wrong = good[:place] + other + good[place + 1 :]
        assert (ror_of(wrong).value is None) == (wrong != good)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("D  MUNCHEN02", "D  MUNCHEN02"),
        ("d munchen02", "D  MUNCHEN02"),
        ("NL UTRECHT01", "NL UTRECHT01"),
        ("UK LONDON029", "UK LONDON029"),
        ("IRLDUBLIN01", "IRLDUBLIN01"),
        ("LUX LUX-VIL01", "LUXLUX-VIL01"),
        ("SF HELSINK01", "SF HELSINK01"),
        ("MUNCHEN02", None),
        ("XX MUNCHEN02", None),
        ("D  MUNCHENSTADT02", None),
        ("D  MUNCHEN2", None),
    ],
)
def test_erasmus_codes_have_one_form(written: str, code: str | None) -> None:
    assert erasmus_code_of(written).value == code


NAMES = ["TU München", "TU MUNCHEN", "TUM", "Technische Universität München", "北京大学", "北大", "Elm", ""]
WRITINGS = st.lists(
    st.builds(
        Writing, st.sampled_from(["DEU", "CHN"]), st.sampled_from(NAMES), st.sampled_from(["", LMU, TUM]),
        st.sampled_from(["", LMU_CODE, TUM_CODE])
    ).filter(lambda w: w.written or w.ror or w.erasmus_code),
    max_size=12, unique=True,
)  # fmt: skip
SAID = Aliases((Line(2, "DEU", "TUM", "TU München", True),))


@settings(max_examples=300, deadline=None)
@given(WRITINGS, st.randoms(use_true_random=False))
def test_grouping_heeds_codes_and_names_and_no_order(writings: list[Writing], dice: random.Random) -> None:
    groups = grouped(writings, SAID)
    assert sorted(w for group in groups for w in group) == sorted(writings)
    shuffled = dice.sample(writings, len(writings))
    assert grouped(shuffled, SAID) == groups
    place = {writing: i for i, group in enumerate(groups) for writing in group}
    for one, other in itertools.combinations(writings, 2):
        same_code = any(a and a == b for a, b in zip(one[2:], other[2:], strict=True))
        if one.country != other.country:
            assert place[one] != place[other]
        elif same_code:
            assert place[one] == place[other]
    for group in groups:  # more than one name only by a code that holds them together
        assert len({key(w) for w in group if w.written}) <= 1 or any(w.ror or w.erasmus_code for w in group)
    if not any(w.ror or w.erasmus_code for w in writings):
        assert len(groups) == len({key(w) for w in writings})


def key(writing: Writing) -> tuple[str, str]:
    """The country and what is one name with certainty, by hand."""
    same = (
        {"TU MUNCHEN": "TU München", "TUM": "TU München"} if writing.country == "DEU" else {"TU MUNCHEN": "TU München"}
    )
    return writing.country, same.get(writing.written, writing.written)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Germany", "China", "Japan"]),
        st.sampled_from([*NAMES, "Münchner Hochschule", "v", "'", "=x"]),
        st.sampled_from(["", "", LMU, TUM, "02kkvpp63"]),
        st.sampled_from(["", "", LMU_CODE, "d munchen02", "?"]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip
COMPARED = ("stays", "institutions", "suggestions", "unresolved", "agreements", "checks", "changes")


def told(done: Cleaned, table: str) -> list[str]:
    rows = getattr(done, table)
    text = rows.astype(object).where(rows.notna(), "").astype(str)
    return sorted("|".join(row) for row in text.to_numpy().tolist())


@settings(deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_engines_agree_on_institutions(office: Callable[..., Path], rows: list[Stay]) -> None:
    folder = office(
        rows, [("TUM", "Germany", TUM_CODE), ("北大", "China", "")], aliases=f"{HEAD}\nTUM,DEU,TU München\n"
    )
    one, other = clean(folder, engine="duckdb"), clean(folder, engine="pandas")
    for table in COMPARED:
        assert told(one, table) == told(other, table), table


def test_ids_do_not_depend_on_the_order_of_rows_or_on_how_often_a_name_occurs(office: Callable[..., Path]) -> None:
    names = ["TU München", "tu munchen", "TU MÜNCHEN", "Elm University"]
    one = clean(office(stays(*names)))
    other = clean(office(stays(*reversed(names), "tu munchen", "tu munchen"), name="other"))
    assert set(one.institutions["institution_id"]) == set(other.institutions["institution_id"])


def asked(times: dict[str, int]) -> list[dict[str, Any]]:
    """What is suggested of names of one country, by how often each is written."""
    return suggested(Register(written={Writing("XXX", name): n for name, n in times.items()}), "office")


@pytest.mark.parametrize(
    ("written", "institution"),
    [
        ("Univ. of Aldergate", "Aldergate University"),
        ("Aldregate University", "Aldergate University"),
        ("Aldergate Universty", "Aldergate University"),
        ("Ghent University", "Universiteit Gent"),
        ("Politecnico di Milano", "Polytechnic University of Milan"),
        ("FU Berlin", "Freie Universität Berlin"),
        ("MIT", "Massachusetts Institute of Technology"),
        ("Univ. Calif. Berkeley", "University of California, Berkeley"),
        ("Université Paris III", "Université Paris 3"),
        ("Санкт-Петербургский унивирситет", "Санкт-Петербургский университет"),
        ("北大", "北京大学"),
        ("北京大学 Peking University", "Peking University"),
        ("東京大学", "东京大学"),
        ("서울대", "서울대학교"),
    ],
)
def test_what_is_suggested(written: str, institution: str) -> None:
    rows = asked({institution: 2, written: 1})
    assert [(row["written"], row["institution"]) for row in rows] == [(written, institution)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aldergate University", "Aldergate Institute of Science"),
        ("Universität München", "Technische Universität München"),
        ("University of California, Berkeley", "University of California, Davis"),
        ("Université Paris 1", "Université Paris 3"),
        ("Université Lyon II", "Université Lyon 3"),
        ("北京大学", "南京大学"),
        ("北大", "北京师范大学"),
        ("北京大学", "Peking University"),
        ("Elm University", "Oak University"),
        ("MIT", "Munich Institute of Technology and Trade"),
    ],
)
def test_what_is_not_suggested(one: str, other: str) -> None:
    assert asked({one: 2, other: 1}) == asked({one: 1, other: 2}) == []


def test_initials_that_fit_several_are_suggested_for_none() -> None:
    names = ["University College London", "University of Central Lancashire", "UCL"]
    assert asked(dict.fromkeys(names, 1)) == []
    assert len(asked(dict.fromkeys(names[::2], 1))) == 1
