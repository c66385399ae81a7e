"""Stays cleaned from small files: what is rejected and why, what is merged, what follows from the dates; the same on every engine."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import clean
from pipeline.errors import MobilityError
from pipeline.records.cleaning import Cleaned
from pipeline.records.pseudonyms import pseudonyms

CARD = """title: Office
publisher: Office
origin_basis: citizenship
tables:
  - table: stays
    file: "*.csv"
    encoding: utf-8
    direction: inbound
    constants: {destination: CHN}
    columns: {Student: student_id, Country: origin, From: start, To: end, Kind: mode, Level: level, Born: birth_year, Both: dual_supervised, Host: home_institution, Grant: grant_amount}
"""
HEAD = ["Student", "Country", "From", "To", "Kind", "Level", "Born", "Both", "Host", "Grant"]
Row = dict[str, str]
Office = Callable[..., Cleaned]


def write(folder: Path, **files: list[Row]) -> Path:
    """A source folder with a card and CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.yml").write_text(CARD, encoding="utf-8")
    for name, rows in files.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, HEAD, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Cleans an office's rows on the engine of choice."""

    def run(*rows: Row, engine: str = "pandas", **files: list[Row]) -> Cleaned:
        return clean(write(tmp_path / "office", **(files or {"a": list(rows)})), engine=engine)

    return run


def row(student: str = "S1", country: str = "Japan", start: str = "2019-09-01", **more: str) -> Row:
    return {"Student": student, "Country": country, "From": start, **more}


REJECTED = [
    (row(student=""), "student_id", "missing"),
    (row(student="n/a"), "student_id", "missing"),
    (row(country=""), "origin", "missing"),
    (row(country="Atlantis"), "origin", "not a known country"),
    (row(country="Congo"), "origin", "two states are called Congo"),
    (row(country="Europe"), "origin", "a region, not a country"),
    (row(country="USSR"), "origin", "a former state"),
    (row(country="中国"), "destination", "same country"),
    (row(start=""), "start", "missing"),
    (row(start="31.02.2019"), "start", "no such day"),
    (row(start="2119-09-01"), "start", "outside 1950-2049"),
    (row(To="2018-09-01"), "end", "ends before it starts"),
    (row(To="2039-09-01"), "end", "longer than 120 months"),
]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_each_reason_to_reject(office: Office, engine: str) -> None:
    done = office(row("S2"), *(bad for bad, _, _ in REJECTED), engine=engine)
    assert (len(done.stays), len(done.rejected)) == (1, len(REJECTED))
    for line, (_, column, reason) in enumerate(REJECTED, start=3):
        (found,) = done.rejected[done.rejected.line == line].itertuples()
        assert (found.file, found.column) == ("a.csv", column)
        assert reason in found.reason


def test_a_row_that_fails_twice_is_rejected_once_for_the_first_column(office: Office) -> None:
    done = office(row(student="", country="Atlantis", start="never"))
    assert done.rejected[["line", "column"]].values.tolist() == [[2, "student_id"]]


def test_an_unknown_name_comes_with_three_suggestions(office: Office) -> None:
    done = office(row(country="Indnesia"))
    assert done.rejected.suggestions[0].split("; ")[0] == "Indonesia (IDN)"
    assert len(done.rejected.suggestions[0].split("; ")) == 3


def test_optional_values_that_are_not_understood_become_null_and_a_line_each(office: Office) -> None:
    done = office(row(Kind="holiday", Level="high", Born="1870", Both="perhaps", Grant="a lot", To="soon"))
    stay = done.stays.iloc[0]
    assert stay[["mode", "level", "birth_year", "dual_supervised", "grant_amount", "end"]].isna().all()
    assert sorted(done.unresolved.column) == ["birth_year", "dual_supervised", "end", "grant_amount", "level", "mode"]
    assert done.unresolved.set_index("column").value["mode"] == "holiday"


@pytest.mark.parametrize("born", ["1929", "2010"])
def test_a_birth_year_that_cannot_be_is_left_out(office: Office, born: str) -> None:
    done = office(row(Born=born, start="2019-09-01"))
    assert done.stays.birth_year.isna().all() or born == "1929"
    assert (born == "2010") == (len(done.unresolved) == 1)


def test_what_follows_from_the_dates(office: Office) -> None:
    done = office(row(start="2019年9月", To="2020年6月", Born="1995", Both="是", Level="硕士"))
    stay = done.stays.iloc[0]
    assert (stay.academic_year, stay.year, stay.start_by_month) == ("2019/20", 2020, True)
    assert (str(stay.start.date()), str(stay.end.date())) == ("2019-09-01", "2020-06-30")
    assert stay.months == pytest.approx(10.0, abs=0.1)
    assert (stay.level, bool(stay.dual_supervised), stay.birth_year, stay.origin_basis) == (
        "7",
        True,
        1995,
        "citizenship",
    )


def test_the_student_number_is_nowhere_in_what_comes_out(office: Office, tmp_path: Path) -> None:
    done = office(row("SECRET77"), row("SECRET77", country="Atlantis"), row("SECRET77", start="never"))
    for table in ("stays", "rejected", "unresolved", "merged", "changes", "checks", "ledger", "institutions"):
        assert "SECRET77" not in getattr(done, table).to_csv()
    assert done.stays.student_key[0] == pseudonyms(["secret77"])[0]


def test_another_key_gives_other_pseudonyms(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pseudonyms(["S1", "S2"])
    monkeypatch.setenv("MOBILITY_PSEUDONYM_KEY", "ours")
    assert set(before).isdisjoint(pseudonyms(["S1", "S2"]))


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_one_student_number_in_several_writings_is_one_student(office: Office, engine: str) -> None:
    done = office(
        row("s01"),
        row(" Ｓ０１", start="2020-01-01"),
        row("S01\u3000", start="2021-01-01"),
        row("S02", start="2021-01-01"),
        engine=engine,
    )
    assert done.stays.student_key.nunique() == 2


def merged(*rows: Row, office: Office, engine: str = "pandas") -> list[tuple[int, int]]:
    done = office(*rows, engine=engine)
    return list(zip(done.merged.line.tolist(), done.merged.into_line.tolist(), strict=True))


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_the_same_stay_in_other_writings_is_merged_into_the_first(office: Office, engine: str) -> None:
    assert merged(
        row(), row(country="日本", start="2019/9/1"), row(" s1", "JPN", "43709"), office=office, engine=engine
    ) == [(3, 2), (4, 2)]


def test_gaps_are_filled_from_the_duplicates_and_counted(office: Office) -> None:
    done = office(row(), row(Kind="exchange", Grant=""), row(Kind="degree", Grant="100"))
    assert done.stays[["mode", "grant_amount"]].values.tolist() == [["exchange", 100.0]]
    filled = done.changes[done.changes.rule == "gap filled from a duplicate"]
    assert filled.set_index("column").rows.to_dict() == {"mode": 1, "grant_amount": 1}


def test_a_month_belongs_to_the_stay_that_started_in_it(office: Office) -> None:
    done = office(row(start="2019年9月"), row(start="2019-09-17"))
    assert (len(done.stays), str(done.stays.start[0].date()), bool(done.stays.start_by_month[0])) == (
        1,
        "2019-09-17",
        False,
    )


def test_the_length_follows_from_the_dates_of_all_rows_of_a_stay(office: Office) -> None:
    done = office(
        row(start="2019年9月"),
        row(start="2019-09-17", To="2020-01-31"),
        row("S2", start="2019-09", To="2019-09-05"),
        row("S2", start="2019-09-17"),
    )
    assert done.stays.months.tolist()[0] == pytest.approx(4.5)
    assert done.stays[["end", "months"]].iloc[1].isna().all()


def test_two_days_of_one_month_are_two_stays_and_a_month_alone_goes_with_its_mode(office: Office) -> None:
    rows = [
        row(start="2019-09-02", Kind="conference"),
        row(start="2019-09-20", Kind="research visit"),
        row(start="2019-09", Kind="research visit"),
    ]
    assert merged(*rows, office=office) == [(4, 3)]


def test_two_months_alone_of_different_modes_are_two_stays(office: Office) -> None:
    assert merged(row(start="2019-09", Kind="conference"), row(start="2019-09", Kind="exchange"), office=office) == []
    assert merged(
        row(start="2019-09", Kind="conference"), row(start="2019年9月", Kind="conference"), office=office
    ) == [(3, 2)]


def test_other_students_countries_and_days_are_other_stays(office: Office) -> None:
    assert merged(row(), row("S2"), row(country="Korea, South"), row(start="2019-09-02"), office=office) == []


def test_duplicates_across_files_go_into_the_first_file(office: Office) -> None:
    done = office(b=[row()], a=[row("S9"), row(country="日本")])
    assert done.merged[["file", "line", "into_file", "into_line"]].values.tolist() == [["b.csv", 2, "a.csv", 3]]


POOL = [
    row(s, c, d, Kind=k)
    for s in ("S1", "S2")
    for c in ("Japan", "Viet Nam")
    for d in ("2019-09", "2019-09-03", "2019-09-04", "2019年9月3日")
    for k in ("", "exchange", "degree")
]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_what_is_kept_does_not_depend_on_the_order_within_the_engine(tmp_path: Path, engine: str) -> None:
    """The same rows under the same lines, handed over in another order."""
    from pipeline.records.duplicates import merge_duplicates
    from pipeline.records.engine import engine_of

    rows = pd.DataFrame(
        {
            "student_key": [r["Student"] for r in POOL],
            "direction": "inbound",
            "partner": [r["Country"] for r in POOL],
            "ym": 2019 * 12 + 9,
            "start_n": [{"2019-09": 18140, "2019-09-04": 18143}.get(r["From"], 18142) for r in POOL],
            "start_by_month": [r["From"] == "2019-09" for r in POOL],
            "mode": [r["Kind"] or None for r in POOL],
            "file_no": 0,
            "line": range(2, len(POOL) + 2),
            "end_n": pd.Series([None] * len(POOL), dtype="Int64"),
            "end": pd.Series([None] * len(POOL), dtype="datetime64[us]"),
            "months": pd.Series([None] * len(POOL), dtype="float64"),
        }
    ).astype({"mode": "str"})
    rows["start"] = pd.to_datetime("1970-01-01") + pd.to_timedelta(rows.start_n, unit="D")
    answers = []
    for seed in range(3):
        import pyarrow as pa

        run = engine_of(engine)
        shuffled = rows.sample(frac=1, random_state=seed)
        found = merge_duplicates(
            run.table(pa.Table.from_pandas(shuffled, preserve_index=False).replace_schema_metadata(None)), run
        )
        kept = run.arrow(found.kept.sort("line")).to_pylist()
        answers.append([(r["line"], r["start_n"], r["mode"]) for r in kept])
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]) == 8  # two days for each of two students and two countries


TEXTS = ["", " ", "n/a", "Japan", "日本", "Ｊａｐａｎ", "JP", "Atlantis", "Congo", "China", "2019-09-01", "2019/9/1", "2019年9月", "31.02.2019", "43709", "18263", "1/2/2019", "S1", "s1 ", "Ｓ1", "exchange", "交换生", "x\ny", 'a"b', "1,000", "-5", "硕士", "İtaly", "\u200b"]  # fmt: skip
ANY_ROW = st.fixed_dictionaries(
    {
        name: st.sampled_from(TEXTS) | st.text(max_size=6).filter(lambda t: "\x00" not in t and "\ufeff" not in t)
        for name in HEAD
    }
)


def acceptable(rows: list[Row]) -> list[Row]:
    """Rows that a UTF-8 file can hold and that are not blank lines."""
    return [
        r for r in rows if any(v.strip() for v in r.values()) and all(v.isprintable() or v in TEXTS for v in r.values())
    ]


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ANY_ROW, min_size=1, max_size=25))
@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_the_ledger_balances_to_the_row_for_any_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], engine: str
) -> None:
    rows = acceptable(rows) or [row()]
    done = clean(write(tmp_path_factory.mktemp("raw") / "office", a=rows), engine=engine)
    line = done.ledger.iloc[0]
    assert line.rows_read == len(rows)
    assert line.rows_read == line.rows_kept + line.rows_rejected + line.rows_merged
    assert (line.rows_kept, line.rows_rejected, line.rows_merged) == (
        len(done.stays),
        len(done.rejected),
        len(done.merged),
    )
    lines = [*done.stays.line, *done.rejected.line, *done.merged.line]
    assert len(set(lines)) == len(rows)


def hashed(done: Cleaned, table: str) -> list[int]:
    frame = getattr(done, table)
    return sorted(
        pd.util.hash_pandas_object(frame.astype(object).where(frame.notna(), "").astype(str), index=False).tolist()
    )


READABLE = {
    "dates": ["2018-09-01", "2019/9/1", "1.10.2019", "2019年9月", "2020-02", "43709", "13/9/2020", "Sep 1, 2021"],
    "countries": ["Japan", " 日本", "Ｊａｐａｎ", "JP", "Viet Nam", "Korea, Rep. of", "côte d’ivoire", "TÜRKİYE"],
}


def test_two_engines_give_the_same_rows_on_shuffled_odd_strings(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "shared" / "bench" / "cleaning" / "odd_strings.json"
    odd = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"dates": TEXTS, "countries": TEXTS}
    dice = random.Random(7)
    texts = {name: [t for t in odd[name] if t is None or "\n" not in t] + READABLE[name] for name in READABLE}
    rows = [
        row(dice.choice(["S1", "s1", "Ｓ２", "S3\u00a0", ""]), dice.choice(texts["countries"]) or "", dice.choice(texts["dates"]) or "", To=dice.choice(texts["dates"]) or "", Kind=dice.choice(["", "exchange", "交换生", "?"]), Host=dice.choice(["MIT", "mit ", "ETH"]))
        for _ in range(600)
    ]  # fmt: skip
    folder = write(tmp_path / "office", a=rows, b=rows[:200])
    one, other = clean(folder, engine="pandas"), clean(folder, engine="duckdb")
    assert len(one.stays) > 20
    for table in ("stays", "rejected", "unresolved", "merged", "changes", "institutions", "ledger", "checks"):
        assert hashed(one, table) == hashed(other, table), table


def test_writings_of_an_institution_become_one_but_nothing_that_merely_resembles(office: Office) -> None:
    names = ["Oak University", "OAK UNIVERSITY", "Oak  University", "Oak Universty"]
    done = office(*(row(f"S{i}", Host=name) for i, name in enumerate([names[0], *names])))
    table = done.institutions.set_index("name")
    assert sorted(table.index) == ["Oak University", "Oak Universty"]
    assert table.stays["Oak University"] == 4
    assert done.stays.home_institution.value_counts().to_dict() == {"Oak University": 4, "Oak Universty": 1}


def test_an_unknown_engine_or_source_is_said_in_one_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "office", a=[row()])
    with pytest.raises(MobilityError, match="Did you mean duckdb"):
        clean(folder, engine="duckbd")
    with pytest.raises(MobilityError, match="is not a source"):
        clean(folder, only=["ofice"])
