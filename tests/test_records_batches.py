"""Many rows are cleaned batch by batch, and Parquet is read where it lies: the answer is the same as of a small CSV at once."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError
from pipeline.records import clean, stay_tables, store
from pipeline.records.schema import PANDAS, TABLES, arrow_schema
from pipeline.sources import draft_card

CARD = """title: Office
publisher: Office
origin_basis: citizenship
tables:
  - table: stays
    file: "{file}"
    direction: inbound
    constants: {{destination: CHN}}
    columns: {{Student: student_id, Country: origin, From: start, To: end, Kind: mode, Host: home_institution}}
"""
COMPARED = ("stays", "rejected", "unresolved", "merged", "institutions", "ledger", "changes", "checks")


def rows(n: int = 600) -> pd.DataFrame:
    """Stays of which some are bad, some come twice, and some institutions have two writings."""
    dice = random.Random(11)
    countries = ["Japan", "日本", "Viet Nam", "Atlantis", "Germany", "DEU"]
    days = ["2019-09-01", "2019/9/1", "2019年9月", "31.02.2019", "2020-02-03", "2021-09-30", "2023-01-15"]
    return pd.DataFrame(
        {
            "Student": [dice.choice(["", "n/a", *(f"S{i}" for i in range(150)), "Ｓ7"]) for _ in range(n)],
            "Country": [dice.choice(countries) for _ in range(n)],
            "From": [dice.choice(days) for _ in range(n)],
            "To": [dice.choice(["", "soon", "2023-06-30", "2018-01-01"]) for _ in range(n)],
            "Kind": [dice.choice(["", "exchange", "holiday", "degree"]) for _ in range(n)],
            "Host": [dice.choice(["", "Tokyo University", "TOKYO UNIVERSITY", "Hanoi University"]) for _ in range(n)],
        }
    )


def office(folder: Path, frame: pd.DataFrame, kind: str = "csv") -> Path:
    folder.mkdir(parents=True)
    name = f"stays.{kind}"
    if kind == "csv":
        frame.to_csv(folder / name, index=False)
    else:
        frame.replace("", None).to_parquet(folder / name, index=False)
    (folder / "source.yml").write_text(CARD.format(file=name), encoding="utf-8")
    return folder


def test_batches_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = office(tmp_path / "office", rows())
    at_once = clean(raw, out=tmp_path / "one")
    monkeypatch.setattr(stay_tables, "BATCH", 130)
    in_batches = clean(raw, out=tmp_path / "many")
    for table in COMPARED:
        left, right = getattr(at_once, table), getattr(in_batches, table)
        by = [c for c in ("file", "line", "column", "rule", "check", "institution_id") if c in left]
        pd.testing.assert_frame_equal(
            left.sort_values(by, ignore_index=True), right.sort_values(by, ignore_index=True), obj=table
        )
    several = list((tmp_path / "many" / "stays.parquet").rglob("2019-20-*.parquet"))
    assert len(several) > 2
    assert len(list((tmp_path / "one" / "stays.parquet").rglob("2019-20-*.parquet"))) == 1


def test_stays_lie_by_academic_year_and_read_as_one_table(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = clean(office(tmp_path / "office", rows()), out=out)
    files = sorted((out / "stays.parquet" / "office.parquet").iterdir())
    assert {f.name[:7] for f in files} == set(done.stays.academic_year.str.replace("/", "-"))
    for file in files:
        one = pd.read_parquet(file)
        assert one.academic_year.str.replace("/", "-").unique().tolist() == [file.name[:7]]
        assert pq.read_schema(file).equals(arrow_schema("stays"), check_metadata=True)
        assert one.line.is_monotonic_increasing
    whole = pd.read_parquet(out / "stays.parquet")
    assert list(whole.columns) == list(TABLES["stays"])
    assert {n: str(t) for n, t in whole.dtypes.items()} == {n: PANDAS[k] for n, (k, _) in TABLES["stays"].items()}
    pd.testing.assert_frame_equal(whole.sort_values("line", ignore_index=True), done.stays)
    assert len(store.load(out, "stays", academic_year="2019/20")) == (done.stays.academic_year == "2019/20").sum()


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_parquet_is_read_as_csv_is(tmp_path: Path, engine: str) -> None:
    from_csv = clean(office(tmp_path / "a" / "office", rows()), engine=engine)
    from_parquet = clean(office(tmp_path / "b" / "office", rows(), "parquet"), engine=engine)
    key = ["stay_id", "origin", "start", "end", "mode", "home_institution", "months"]
    pd.testing.assert_frame_equal(from_csv.stays[key], from_parquet.stays[key])
    assert (from_csv.stays.line - 1).tolist() == from_parquet.stays.line.tolist()  # no line of headings
    numbers = ["rows_read", "rows_kept", "rows_rejected", "rows_merged"]
    assert from_csv.ledger[numbers].values.tolist() == from_parquet.ledger[numbers].values.tolist()


def test_parquet_with_types_of_its_own_is_read_as_its_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Student": [1, 2], "Country": ["JPN", "DEU"], "From": pd.to_datetime(["2019-09-01"] * 2)})
    frame = frame.assign(To=pd.to_datetime(["2020-06-30", None]), Kind="exchange", Host=None)
    stays = clean(office(tmp_path / "office", frame, "parquet")).stays
    assert stays.start.dt.strftime("%Y-%m-%d").tolist() == ["2019-09-01"] * 2
    assert stays.end.isna().tolist() == [False, True]


def test_a_damaged_or_undescribed_parquet_file_is_said_in_one_line(tmp_path: Path) -> None:
    raw = office(tmp_path / "office", rows(5), "parquet")
    draft = draft_card(raw / "stays.parquet")
    assert "stays.parquet" in draft
    assert "Country" in draft
    assert "encoding" not in draft
    (raw / "source.yml").rename(tmp_path / "source.yml")
    with pytest.raises(InputError, match="new-source"):
        clean(raw)
    (tmp_path / "source.yml").rename(raw / "source.yml")
    (raw / "stays.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        clean(raw)
