"""One way of reading, any engine: pandas, DuckDB and Spark give the same rows and the same ledger, to the hash of every row."""

from __future__ import annotations

import importlib.util
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.records import clean
from pipeline.records.cleaning import Cleaned
from pipeline.records.engine import engine_of
from pipeline.records.schema import TABLES

CARD = """title: Office
publisher: Office
origin_basis: citizenship
tables:
  - table: stays
    file: "*.parquet"
    direction: inbound
    constants: {destination: CHN}
    columns: {Student: student_id, Country: origin, From: start, To: end, Kind: mode, Born: birth_year, Host: home_institution, Grant: grant_amount,
              Both: dual_supervised, Visa: visa_decided}
"""
HEAD = ("Student", "Country", "From", "To", "Kind", "Born", "Host", "Grant", "Both", "Visa")
# Texts on which engines are known to differ: spaces that only some strip, letters whose small form is two, digits of other scripts, dates that
# lenient parsers accept or roll over, numbers at the edges of types, marks of pattern languages.
ODD = {
    "Student": ["S1", "s1", " S1", "S1\u00a0", "Ｓ1", "0012", "12.0", "ß9", "ŝ1", "İ7", "i̇7", "-", "n/a", "", "a.0", "S\u200b1", "$1", "\\1", "12345678901234567890"],
    "Country": ["Japan", "JAPAN", "Ｊａｐａｎ", "\u3000日本\ufeff", "JPN", "jp", "İtaly", "ıtaly", "TÜRKİYE", "TU\u0308RKI\u0307YE", "Côte d'Ivoire", "Co\u0302te d’Ivoire",
                "CuraÃ§ao", "Straße", "v", "f", "(", "%", "", "\u200b", "中国"],
    "From": ["2019-09-01", "2019-9-1", "2019/09/1", "2019年9月1日", "2019年09月", "1.9.2019", "31.02.2019", "2020-02-29", "2019-02-29", "2019-13-01", "43709", "43709.0", "18264",
             "54788", "54789", "1950-01-01", "1949-12-31", "2049-12-31", "2050-01-01", "２０１９-09-01", "٢٠١٩-٠٩-٠١", "2019-09-01T00:00", "2019-09-01Z", "Sept 2019", "2019",
             "20190901", "4.5e4", "+45000", "1.9.19", "9/1/2019", "13/9/2019", "NaT", "inf", "99999999999999999999", "2019-09-01\u2009", ""],
    "Kind": ["", "exchange", "EXCHANGE ", "交换生", "holiday", "degree"],
    "Born": ["", "1990", "1990.0", "１９９０", "2019", "1e3", "nan", "-1990", "9223372036854775808"],
    "Host": ["", "MIT", "mit", "M.I.T.", "\u3000MIT", "Universität", "UNIVERSITÄT", "Universita\u0308t", "v", "f"],
    "Grant": ["", "0", "-0", "1,000", "1.000,5", "2万", "1e2", "inf", "NaN", "0.1", "约¥300"],
    "Both": ["", "是", "no", "TRUE", "2"],
}  # fmt: skip
ODD["To"] = ["", "2020-06-30", "2020年6月", "2018-01-01", "2039-01-01", *ODD["From"][:12]]
ODD["Visa"] = ["", *ODD["From"][:8]]
Row = dict[str, str]
Clean = Callable[[Path], Cleaned]


def write(folder: Path, rows: list[Row]) -> Path:
    """Two files of one office; the second tells some stays of the first again."""
    folder.mkdir(parents=True)
    (folder / "source.yml").write_text(CARD, encoding="utf-8")
    frame = pd.DataFrame(rows, columns=list(HEAD), dtype="str")
    frame.to_parquet(folder / "a.parquet", index=False)
    frame.iloc[: max(1, len(frame) // 4)].to_parquet(folder / "b.parquet", index=False)
    return folder


def shuffled_odd_rows(n: int, seed: int) -> list[Row]:
    dice = random.Random(seed)
    usual = {"Country": "Japan", "From": "2019-09-01", "Student": "S5"}
    rows = [
        {name: usual[name] if name in usual and dice.random() < 0.4 else dice.choice(ODD[name]) for name in HEAD}
        for _ in range(n)
    ]
    rows += [
        {**dict.fromkeys(HEAD, ""), **usual, "Student": f"S{i}", "From": text} for i, text in enumerate(ODD["From"])
    ]
    rows += [
        {**dict.fromkeys(HEAD, ""), **usual, "Student": f"T{i}", "Country": c} for i, c in enumerate(ODD["Country"])
    ]
    rows += [{**dict.fromkeys(HEAD, ""), **usual, "Student": text} for text in ODD["Student"]]
    dice.shuffle(rows)
    return rows


def hashes(done: Cleaned, table: str) -> list[int]:
    """The hash of every row of a table, in no order."""
    rows = getattr(done, table)
    text = rows.astype(object).where(rows.notna(), "").astype(str)
    return sorted(pd.util.hash_pandas_object(text, index=False).tolist())


def the_same(one: Cleaned, other: Cleaned) -> None:
    for table in TABLES:
        left, right = getattr(one, table), getattr(other, table)
        assert left.dtypes.equals(right.dtypes), table
        assert hashes(one, table) == hashes(other, table), table


@pytest.fixture(scope="session")
def spark() -> Clean:
    """Cleaning on a Spark session of this machine."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed (pip install 'student-mobility[spark]')")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    engine = engine_of("spark", "local[2]")
    return lambda raw: clean(raw, engine=engine)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cleaned]:
    """An office with odd texts in every column, and what pandas makes of it."""
    folder = write(tmp_path_factory.mktemp("odd") / "office", shuffled_odd_rows(800, seed=3))
    return folder, clean(folder, engine="pandas")


def test_odd_texts_are_kept_rejected_and_merged_in_good_number(odd: tuple[Path, Cleaned]) -> None:
    ledger = odd[1].ledger[["rows_read", "rows_kept", "rows_rejected", "rows_merged"]].sum()
    assert (ledger[["rows_kept", "rows_rejected", "rows_merged"]] > 40).all()
    assert ledger.rows_read == ledger.rows_kept + ledger.rows_rejected + ledger.rows_merged
    assert len(odd[1].unresolved) > 40


def test_pandas_and_duckdb_agree_on_odd_texts(odd: tuple[Path, Cleaned]) -> None:
    the_same(odd[1], clean(odd[0], engine="duckdb"))


def test_pandas_and_spark_agree_on_odd_texts(odd: tuple[Path, Cleaned], spark: Clean) -> None:
    the_same(odd[1], spark(odd[0]))


def test_the_order_of_rows_in_memory_changes_no_answer(odd: tuple[Path, Cleaned], tmp_path: Path) -> None:
    """The same texts on other lines: what is kept of each student is told by other lines, but is the same."""
    rows = shuffled_odd_rows(0, seed=4)
    one = clean(write(tmp_path / "one" / "office", rows)).stays
    other = clean(write(tmp_path / "other" / "office", rows[::-1])).stays
    key = ["stay_id", "student_key", "origin", "start", "months"]
    assert len(one) > 40
    assert set(one[key].astype(object).where(one[key].notna(), None).itertuples(index=False)) == set(
        other[key].astype(object).where(other[key].notna(), None).itertuples(index=False)
    )


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6)
ROW = st.fixed_dictionaries({name: st.sampled_from(ODD[name]) | TEXT for name in HEAD})


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROW, min_size=1, max_size=40))
def test_pandas_and_duckdb_agree_on_any_rows(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    folder = write(tmp_path_factory.mktemp("any") / "office", rows)
    the_same(clean(folder, engine="pandas"), clean(folder, engine="duckdb"))


@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROW, min_size=30, max_size=60))
def test_pandas_and_spark_agree_on_any_rows(
    tmp_path_factory: pytest.TempPathFactory, spark: Clean, rows: list[Row]
) -> None:
    folder = write(tmp_path_factory.mktemp("any") / "office", rows)
    the_same(clean(folder, engine="pandas"), spark(folder))


def test_spark_without_pyspark_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyspark", "pyspark.errors", "pyspark.sql"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SettingsError, match="pyspark is not installed"):
        engine_of("spark")
