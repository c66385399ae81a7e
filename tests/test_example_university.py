"""The example university's files: the committed ones are what the generator makes, and they have the shape they claim."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

Made = tuple[Path, list[dict[str, str]], list[dict[str, str]]]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def made(example_made: Path) -> Made:
    """The files made again, and the truth: rows and stays."""
    truth = example_made / "truth"
    return example_made / "files", read(truth / "rows.csv"), read(truth / "stays.csv")


@pytest.fixture(scope="module")
def committed(root: Path) -> Path:
    return root / "data" / "raw" / "example-university"


def test_the_generator_makes_the_committed_files_byte_for_byte(made: Made, committed: Path) -> None:
    assert sums(made[0]) == sums(committed)


def test_every_file_is_small_enough_to_be_committed(committed: Path) -> None:
    assert max(path.stat().st_size for path in committed.iterdir()) < 1_000_000


def test_the_card_says_synthetic_and_knows_every_file_by_its_checksum(committed: Path) -> None:
    card = yaml.safe_load((committed / "source.yml").read_text(encoding="utf-8"))
    assert card["synthetic"] is True
    assert "synthetic" in card["title"]
    known = {name: value for table in card["tables"] for name, value in table["sha256"].items()}
    actual = sums(committed)
    del actual["source.yml"]
    assert known == actual


@pytest.mark.parametrize("module", ["deflate", "dates", "dice", "workbook"])
def test_examples_in_the_generator_hold(root: Path, module: str) -> None:
    code = (
        f"import doctest, {module}; result = doctest.testmod({module}); assert result.attempted and not result.failed"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root / "data" / "example_university")


def test_workbooks_are_whole_and_open_in_other_programs(committed: Path) -> None:
    import openpyxl

    for path in sorted(committed.glob("*.xlsx")):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None, path.name
    book = openpyxl.load_workbook(committed / "outbound-2010-2015.xlsx")
    sheet = book["Outbound"]
    assert "synthetic" in sheet["A1"].value
    assert {str(merged) for merged in sheet.merged_cells.ranges} == {"A1:AC1", "A2:AC2"}
    assert sheet["A4"].value == "Student No."
    kinds = Counter(type(cell.value).__name__ for (cell,) in sheet["I5:I1000"])
    assert kinds["datetime"] > kinds["str"] > kinds["int"] > 20


def test_texts_of_inbound_files_are_gb18030_with_chinese_headings_and_footers(committed: Path) -> None:
    for path in sorted(committed.glob("inbound-*.csv")):
        with pytest.raises(UnicodeDecodeError):
            path.read_text(encoding="utf-8")
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("gb18030"), newline="")))
        assert "签证结果" in rows[0]
        assert [row[0][:2] for row in rows[-3:]] == ["合计", "注：", "制表"]


def test_truth_lines_are_the_lines_on_which_records_begin(made: Made) -> None:
    folder, rows, _ = made
    name = "inbound-2016-2019.csv"
    lines = (folder / name).read_bytes().decode("gb18030").split("\n")
    checked = 0
    for row in rows:
        if row["file"] == name and row["student"] and not row["reject"]:
            line = lines[int(row["line"]) - 1]
            text = "".join(chr(ord(c) - 0xFEE0) if "０" <= c <= "９" else c for c in line)
            assert row["student"] in text
            checked += 1
    assert checked > 3000


def test_counts_are_plausible(made: Made) -> None:
    _, rows, stays = made
    assert 23_000 < len(stays) < 25_000
    directions = Counter(stay["direction"] for stay in stays)
    assert 0.4 < directions["outbound"] / len(stays) < 0.5
    countries = {stay["origin"] for stay in stays} | {stay["destination"] for stay in stays}
    assert len(countries) > 80
    partners = {stay["partner"] for stay in stays} - {""}
    assert 140 <= len(partners) <= 170
    assert 0.015 < sum(bool(row["duplicate_of"]) for row in rows) / len(rows) < 0.03
    rejected = Counter(row["reject"] for row in rows if row["reject"])
    assert 0.005 < (sum(rejected.values()) - rejected["footer"]) / len(rows) < 0.02
    assert len(rejected) == 9
    assert min(rejected.values()) > 5


def academic_year(text: str) -> int:
    day = date.fromisoformat(text)
    return day.year if day.month >= 9 else day.year - 1


def test_flows_grow_break_and_recover_inbound_deeper_than_outbound(made: Made) -> None:
    stays = made[2]
    volume = Counter((stay["direction"], academic_year(stay["start"])) for stay in stays if stay["mode"] != "virtual")
    for direction in ("inbound", "outbound"):
        growth = (volume[direction, 2018] / volume[direction, 2010]) ** (1 / 8) - 1
        assert 0.05 < growth < 0.09, direction
        assert volume[direction, 2020] < 0.4 * volume[direction, 2018], direction
        assert volume[direction, 2023] > 2 * volume[direction, 2020], direction
    assert volume["inbound", 2021] / volume["inbound", 2018] < volume["outbound", 2021] / volume["outbound", 2018]
    online = Counter(academic_year(stay["start"]) for stay in stays if stay["mode"] == "virtual")
    assert sum(online[year] for year in range(2010, 2019)) == 0
    assert online[2020] > 300


def share(stays: list[dict[str, str]], outcome: str) -> float:
    ended = [stay for stay in stays if stay["outcome"] in {"completed", "withdrawn", "extended"}]
    return sum(stay["outcome"] == outcome for stay in ended) / len(ended)


def test_outcomes_depend_on_what_the_generator_says_they_depend_on(made: Made) -> None:
    stays = [stay for stay in made[2] if stay["visa_result"] != "refused"]
    degree = [stay for stay in stays if stay["mode"] == "degree"]
    weak = [stay for stay in degree if stay["language_entry"] in {"A1", "A2", "B1"}]
    strong = [stay for stay in degree if stay["language_entry"] in {"B2", "C1", "C2"}]
    assert share(strong, "completed") > share(weak, "completed") + 0.05
    funded = [stay for stay in degree if stay["funder"] != "self"]
    own = [stay for stay in degree if stay["funder"] == "self"]
    assert share(funded, "completed") > share(own, "completed")
    papers = {mode: [int(s["joint_publications"] or 0) for s in stays if s["mode"] == mode] for mode in
              ("joint_research", "joint_training", "exchange")}  # fmt: skip
    means = {mode: sum(counts) / len(counts) for mode, counts in papers.items()}
    assert means["joint_research"] > means["joint_training"] > 10 * means["exchange"]


def test_no_two_true_stays_share_what_tells_stays_apart(made: Made) -> None:
    keys = Counter((s["student"], s["direction"], s["origin"], s["destination"], s["start"]) for s in made[2])
    assert max(keys.values()) == 1
    months = Counter((*key[:4], key[4][:7]) for key in keys)
    assert sum(number > 1 for number in months.values()) > 20


def test_agreements_run_out_lie_dormant_and_are_used_beyond_their_places(made: Made) -> None:
    folder, _, stays = made
    with (folder / "agreements.csv").open(encoding="utf-8-sig", newline="") as file:
        agreements = list(csv.DictReader(file))
    assert len({row["Agreement ID"] for row in agreements}) == len(agreements)
    last: dict[str, str] = {}
    for stay in stays:
        last[stay["partner"]] = max(last.get(stay["partner"], ""), stay["start"])
    names = {" ".join(row["Partner institution"].split()) for row in agreements}
    two_years_before_export = (date(2024, 9, 30) - timedelta(days=730)).isoformat()
    dormant = {name for name in names if last.get(name, "") < two_years_before_export}
    assert 5 < len(dormant) < 60
