"""Published counts, agreements, events and context from small raw tables; tables on disk; the checks; the real files' ledgers."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import clean
from pipeline.errors import InputError
from pipeline.records import checks, contracts, store
from pipeline.records.cleaning import Cleaned
from pipeline.records.counts import contradicts
from pipeline.records.schema import TABLES, arrow_schema, typed

Press = Callable[..., Cleaned]


@pytest.fixture
def press(tmp_path: Path) -> Press:
    """Cleans rows of one table, given as dicts of text."""

    def run(table: str, *rows: dict[str, str], engine: str = "pandas", out: Path | None = None) -> Cleaned:
        folder = tmp_path / "press"
        folder.mkdir(exist_ok=True)
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = "\n".join(f"      {name}: {name}" for name in names)
        (folder / "source.yml").write_text(
            f"title: T\npublisher: P\ntables:\n  - table: {table}\n    file: a.csv\n    encoding: utf-8\n    columns:\n{columns}\n",
            encoding="utf-8",
        )
        with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return clean(folder, engine=engine, out=out)

    return run


def figure(value: str = "100", **more: str) -> dict[str, str]:
    known = {
        "reporter": "CHN",
        "partner": "KOR",
        "direction": "inbound",
        "period": "2018",
        "measure": "stock",
        "exactness": "",
        "publisher": "MOE",
    }
    return known | {"value": value} | more


def test_partner_becomes_origin_or_destination(press: Press) -> None:
    done = press("counts", figure(), figure(direction="outbound", partner="美国"))
    assert done.counts[["origin", "destination", "reporter"]].values.tolist() == [
        ["KOR", "CHN", "CHN"],
        ["CHN", "USA", "CHN"],
    ]


PLACES = [("WLD", "WLD", "world"), ("World total", "WLD", "world"), ("region:Asia", "region:Asia", "region"), ("Europe", "region:Europe", "region"), ("Unspecified", "_X", "unspecified"), ("Asia, Unspecified", "_X:Asia", "unspecified"), ("Stateless", "_X:Stateless", "unspecified"), ("U.S.S.R., Former", "former:U.S.S.R., Former", "former"), ("Viet Nam", "VNM", "country")]  # fmt: skip


def test_what_is_no_country_never_looks_like_one(press: Press) -> None:
    done = press("counts", *(figure(partner=partner) for partner, _, _ in PLACES))
    found = done.counts.sort_values("line")
    merged = done.merged.line.tolist()
    expected = [(origin, kind) for line, (_, origin, kind) in enumerate(PLACES, start=2) if line not in merged]
    assert list(zip(found.origin, found.origin_kind, strict=True)) == expected
    assert merged == [3]  # "World total" is WLD again


@pytest.mark.parametrize(("period", "year"), [("2018", 2018), ("2024/25", 2025), ("2020-09", 2020), ("FY2019", 2019)])
def test_periods_stay_as_published_with_their_year(press: Press, period: str, year: int) -> None:
    found = press("counts", figure(period=period)).counts.iloc[0]
    assert (found.period, found.year) == (period, year)


def test_a_missing_figure_is_missing_and_zero_is_zero(press: Press) -> None:
    counts = press("counts", figure("-"), figure("0", partner="JPN")).counts
    assert counts.status.tolist() == ["M", "A"]
    assert counts.value.isna().tolist() == [True, False]
    assert counts.value[1] == 0


def test_what_a_figure_says_of_itself(press: Press) -> None:
    counts = press(
        "counts",
        figure("more than 440,000"),
        figure("约50万", period="2019"),
        figure("12", period="2020", exactness="rounded"),
    ).counts
    assert counts[["value", "exactness"]].values.tolist() == [
        [440000.0, "at_least"],
        [500000.0, "rounded"],
        [12.0, "rounded"],
    ]


REJECTED = [
    (figure("many"), "value", "not a number"),
    (figure("-5"), "value", "a count below 0"),
    (figure(partner="Atlantis"), "partner", "not a known country"),
    (figure(partner=""), "origin", "missing"),
    (figure(period="spring"), "period", "not a year"),
    (figure(direction=""), "direction", "missing"),
    (figure(measure="things"), "measure", "not a known measure"),
]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_cells_that_cannot_stand(press: Press, engine: str) -> None:
    done = press("counts", figure(), *(bad | {"publisher": "Other"} for bad, _, _ in REJECTED), engine=engine)
    assert (len(done.counts), len(done.rejected)) == (1, len(REJECTED))
    for line, (_, column, reason) in enumerate(REJECTED, start=3):
        (found,) = done.rejected[done.rejected.line == line].itertuples()
        assert found.column == column
        assert reason in found.reason
    assert done.unresolved.empty


def test_the_same_cell_twice_is_merged_and_a_rounded_figure_goes_into_the_exact_one(press: Press) -> None:
    done = press("counts", figure("more than 440,000"), figure("442773"), figure("442,773"))
    assert done.counts[["value", "exactness", "line"]].values.tolist() == [[442773.0, "exact", 3]]
    assert sorted(done.merged.line) == [2, 4]


def test_a_publisher_that_contradicts_itself_keeps_the_first_and_names_the_line(press: Press) -> None:
    done = press("counts", figure("10957"), figure("10597"))
    assert done.counts.value.tolist() == [10957.0]
    assert done.rejected[["line", "column", "value", "reason"]].values.tolist() == [
        [3, "value", "10597", "contradicts line 2 (value: 10957)"]
    ]


def test_publishers_that_disagree_stay_apart(press: Press) -> None:
    assert len(press("counts", figure("10957"), figure("10597", publisher="Daxue")).counts) == 2


@pytest.mark.parametrize(
    ("exact", "coarse", "kind", "agrees"),
    [
        (492185, 490000, "rounded", True),
        (492185, 490000, "at_least", True),
        (489000, 490000, "at_least", False),
        (530000, 490000, "rounded", False),
        (4392, 4492, "exact", False),
    ],
)
def test_when_two_figures_of_one_cell_agree(exact: float, coarse: float, kind: str, agrees: bool) -> None:
    found = contradicts({"value": float(exact), "exactness": "exact"}, {"value": float(coarse), "exactness": kind})
    assert (found == "") is agrees


def test_programmes_need_no_direction(press: Press) -> None:
    done = press("counts", figure("1200", measure="programmes", direction="", partner="WLD"))
    assert done.counts[["measure", "unit", "origin", "destination"]].values.tolist() == [
        ["programmes", "programmes", "WLD", "CHN"]
    ]


def agreement(**more: str) -> dict[str, str]:
    return {
        "agreement_id": "A1",
        "partner": "Oak University",
        "country": "Japan",
        "mode": "交换生",
        "signed": "2015/9/1",
        "expires": "2020年8月",
        "quota_in": "5",
        "joint_laboratory": "是",
    } | more


def test_agreements_are_read_merged_and_contradictions_told(press: Press) -> None:
    done = press(
        "agreements",
        agreement(),
        agreement(partner="OAK UNIVERSITY", expires="31.08.2020", quota_in=""),
        agreement(quota_in="9"),
        agreement(agreement_id="A2", expires="2014-01-01"),
    )
    kept = done.agreements.iloc[0]
    assert (kept.partner, kept.country, kept["mode"], kept.quota_in, bool(kept.joint_laboratory)) == (
        "Oak University",
        "JPN",
        "exchange",
        5,
        True,
    )
    assert str(kept.expires.date()) == "2020-08-31"
    assert kept.institution_id == done.institutions.institution_id[0]
    assert done.merged.line.tolist() == [3]
    assert done.rejected[["line", "reason"]].values.tolist() == [
        [5, "the agreement expires before it is signed"],
        [4, "contradicts line 2 (quota_in: 5)"],
    ]


def test_events_and_context(press: Press) -> None:
    events = press(
        "events",
        {
            "event_id": "E1",
            "kind": "语言角",
            "start": "2020-03-01",
            "hours": "2",
            "participants": "20",
            "outgoing": "30",
        },
        {
            "event_id": "E2",
            "kind": "Lecture",
            "start": "2020-03-01",
            "hours": "2",
            "participants": "20",
            "outgoing": "3",
        },
    )
    assert events.events[["event_id", "kind", "outgoing"]].values.tolist() == [["E2", "lecture", 3]]
    assert events.rejected.reason.tolist() == ["more people going abroad than participants"]
    context = press(
        "context",
        {"country": "EAS", "period": "2018", "indicator": "GDP", "value": ".."},
        {"country": "Korea, Rep.", "period": "2018", "indicator": "GDP", "value": "1.7e12"},
    )
    assert context.context[["country", "country_kind", "year"]].values.tolist() == [
        ["region:East Asia & Pacific", "region", 2018],
        ["KOR", "country", 2018],
    ]
    assert context.context.value.isna().tolist() == [True, False]


def test_tables_on_disk_can_be_read_filtered_and_described(press: Press, tmp_path: Path) -> None:
    out = tmp_path / "processed"
    press("counts", figure(), figure("5", partner="JPN"), out=out)
    assert store.load(out, "counts", columns=["origin", "value"], origin="JPN").values.tolist() == [["JPN", 5.0]]
    assert len(store.load(out, "counts", origin=["JPN", "KOR"])) == 2
    assert store.load(out, "stays").empty
    assert str(store.load(out, "stays").start.dtype) == "datetime64[us]"
    assert pd.read_parquet(out / "counts.parquet").shape == (2, len(TABLES["counts"]))
    described = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    assert {r["name"] for r in described["resources"]} >= {"counts", "ledger"}
    assert not list(out.rglob("*.tmp"))


def test_a_single_file_is_a_table_too(press: Press, tmp_path: Path) -> None:
    out = tmp_path / "one"
    out.mkdir()
    press("counts", figure()).counts.to_parquet(out / "counts.parquet")
    assert store.load(out, "counts").value.tolist() == [100.0]


def test_a_table_that_a_source_no_longer_has_goes(press: Press, tmp_path: Path) -> None:
    out = tmp_path / "processed"
    press("counts", figure(), out=out)
    press("agreements", agreement(), out=out)
    assert not (out / "counts.parquet").exists()
    assert store.sources(out) == ["press"]


def test_a_source_that_cannot_be_read_leaves_what_was_there(press: Press, tmp_path: Path) -> None:
    out = tmp_path / "processed"
    press("counts", figure(), out=out)
    before = {f: f.read_bytes() for f in out.rglob("*.parquet") if f.is_file()}
    (tmp_path / "press" / "a.csv").unlink()
    with pytest.raises(InputError):
        clean(tmp_path / "press", out=out)
    assert {f: f.read_bytes() for f in out.rglob("*.parquet") if f.is_file()} == before


@pytest.mark.parametrize("wrong", ["stay", "countz"])
def test_an_unknown_table_or_column_is_named(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(InputError, match="Did you mean"):
        store.load(tmp_path, wrong)
    with pytest.raises(InputError, match="no such column"):
        store.load(tmp_path, "counts", columns=["valu"])


def test_a_damaged_parquet_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "counts.parquet").write_text("no")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        store.load(tmp_path, "counts")


def counts_of(*rows: dict[str, Any]) -> pd.DataFrame:
    known = {"reporter": "CHN", "origin": "WLD", "destination": "CHN", "origin_kind": "world", "destination_kind": "country", "direction": "inbound", "year": 2018, "period": "2018", "level": "all", "mode": "all", "measure": "stock", "funding": "all", "unit": "students", "status": "A", "exactness": "exact", "publisher": "MOE", "source": "s", "file": "f", "line": 1}  # fmt: skip
    return typed(pd.DataFrame([known | row for row in rows]), "counts")


def test_parts_and_totals_are_compared_within_the_rounding() -> None:
    good = counts_of(
        {"value": 492185},
        {"value": 258122, "measure": "degree_stock"},
        {"value": 234063, "measure": "non_degree_stock"},
    )
    bad = counts_of(
        {"value": 492185},
        {"value": 258122, "measure": "degree_stock"},
        {"value": 200000, "measure": "non_degree_stock"},
    )
    name = "degree and non-degree students add up to all students"
    assert {n: holds for n, holds, _ in checks.counts_checks(good)}[name] is True
    found = {n: (holds, detail) for n, holds, detail in checks.counts_checks(bad)}[name]
    assert found == (False, "1 of 1 do not: MOE, WLD 2018")


def test_continents_and_magnitudes() -> None:
    parts = {"Asia": 295043, "Africa": 81562, "Europe": 73618, "Americas": 35733, "Oceania": 6229}
    rows = [{"value": v, "origin": f"region:{k}", "origin_kind": "region"} for k, v in parts.items()]
    told = {n: holds for n, holds, _ in checks.counts_checks(counts_of({"value": 492185}, *rows))}
    assert told["the five continents add up to all origins"] is True
    told = {n: holds for n, holds, _ in checks.counts_checks(counts_of({"value": 4.9e7}))}
    assert told["no country has more than 2 million mobile students, the world no more than 10 million"] is False


BROKEN = {
    "vocabulary": {"measure": "things"},
    "bounds": {"year": 1700},
    "pattern": {"origin": "Atlantis"},
    "unknown": {"status": None},
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("few", [None, 5_000, 0], ids=["in memory", "small files", "large files"])
def test_a_broken_contract_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, few: int | None
) -> None:
    def held(*rows: dict[str, Any]) -> None:
        parts = [pa.Table.from_pandas(counts_of(r), schema=arrow_schema("counts"), preserve_index=False) for r in rows]
        if few is None:
            contracts.hold("counts", pa.concat_tables(parts))
            return
        monkeypatch.setattr(contracts, "FEW", few)
        files = [tmp_path / f"{n}.parquet" for n in range(len(parts))]
        for part, file in zip(parts, files, strict=True):
            pq.write_table(part, file)
        contracts.hold_files("counts", files)

    held({"value": 1.0}, {"value": 2.0, "origin": "region:Asia"})
    with pytest.raises(pandera.errors.SchemaError):
        held({"value": 1.0}, {"value": 2.0} | BROKEN[broken])


@pytest.mark.parametrize("few", [5_000, 0], ids=["small files", "large files"])
def test_an_id_of_two_rows_stops_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(contracts, "FEW", few)
    known = {"institution_id": "JPN-1", "name": "A", "country": "JPN", "stays": 1, "agreements": 0, "source": "s"}
    rows = typed(pd.DataFrame([known, known | {"name": "B"}]), "institutions")
    table = pa.Table.from_pandas(rows, schema=arrow_schema("institutions"), preserve_index=False)
    pq.write_table(table, tmp_path / "i.parquet")
    with pytest.raises(ValueError, match=r"institutions\.institution_id: 1 values occur more than once"):
        contracts.hold_files("institutions", [tmp_path / "i.parquet"])
    pq.write_table(table.slice(1), tmp_path / "i.parquet")
    contracts.hold_files("institutions", [tmp_path / "i.parquet"])


def test_every_table_has_a_contract_with_its_columns() -> None:
    for table, columns in TABLES.items():
        assert list(contracts.contract(table).columns) == list(columns)


def test_real_files_balance_to_the_row(real_data: Path) -> None:
    done = clean(real_data)
    ledger = done.ledger
    assert (ledger.rows_read == ledger.rows_kept + ledger.rows_rejected + ledger.rows_merged).all()
    read = ledger.groupby("source").rows_read.sum()
    assert (read["oecd-enrolment"], read["uis-mobile-students"], read["world-bank-indicators"]) == (57858, 9186, 24206)
    assert ledger.rows_rejected.sum() == 0
    assert len(done.counts) == ledger[ledger.table == "counts"].rows_kept.sum()
