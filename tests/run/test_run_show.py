"""What a run shows: progress, the page that leads to all briefs, what a finding rests on, the state of the machine."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from pipeline.run import doctor
from pipeline.run.explain import BLOCK, explain
from pipeline.run.index import Brief, page, write_index
from pipeline.run.progress import Progress
from pipeline.run.workspace import context


def brief(**changes) -> Brief:
    given = {
        "subject": "CHN",
        "year": 2018,
        "language": "en",
        "format": "pdf",
        "link": "2018/CHN/brief.en.pdf",
        "size": 182_400,
        "made": "2026-11-24",
        "words": ("China", "中国"),
        "synthetic": False,
    }
    return Brief(**{**given, **changes})


class Outline(HTMLParser):
    """Headings, links and language marks of a page; fails on tags that are not closed in order."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict]:
        return [a for t, a in self.found if t == tag]


def test_the_page_leads_to_each_brief_and_stands_alone():
    found = Outline(
        page(
            [
                brief(),
                brief(language="zh", link="2018/CHN/brief.zh.pdf"),
                brief(subject="uni", words=("Uni", "Uni"), synthetic=True),
            ]
        )
    )
    assert [a["href"] for a in found.all("a")] == [
        "2018/CHN/brief.en.pdf",
        "2018/CHN/brief.zh.pdf",
        "2018/CHN/brief.en.pdf",
    ]
    assert found.all("html")[0]["lang"] == "en"
    assert len(found.all("h1")) == 1
    assert len(found.all("h2")) == 2
    assert all("scope" in a for a in found.all("th"))
    assert not found.all("script")
    assert not found.all("img")
    assert not [a for t, a in found.found if re.match("https?:", a.get("src", "") + a.get("href", ""))]


def test_made_up_data_is_said_in_both_languages():
    assert "Made-up data" in page([brief(synthetic=True)])
    assert "模拟数据" in page([brief(synthetic=True)])
    assert "Made-up data" not in page([brief()])


def test_names_from_folders_and_cards_cannot_break_the_page():
    text = page([brief(words=('A "<b>" & C', "甲"), subject='x"y')])
    Outline(text)
    assert "<b>" not in text


def test_a_link_says_whose_brief_it_is_and_how_large():
    text = page([brief()])
    assert 'PDF<span class="hidden"> China 2018</span></a> <small>182 kB</small>' in text


def test_the_page_is_written_again_only_when_a_brief_changes(made):
    index = made / "reports/index.html"
    before = index.stat().st_mtime_ns
    assert write_index(context()) == index
    assert index.stat().st_mtime_ns == before
    text = index.read_text(encoding="utf-8")
    assert "United States" in text
    assert "美国" in text
    assert 'Test University <span lang="zh">测试大学</span>' in text
    (made / "reports/2020/USA/brief.zh.pdf").unlink()
    write_index(context())
    assert "2020/USA/brief.zh.pdf" not in index.read_text(encoding="utf-8")


def test_an_empty_reports_folder_has_a_page_that_says_so(project):
    (project / "reports").mkdir()
    assert "尚未生成简报" in write_index(context()).read_text(encoding="utf-8")


def test_progress_counts_and_foresees():
    out = Console(file=io.StringIO(), width=120)
    progress = Progress(out, jobs=2, expected={"a": 4.0, "b": 8.0})
    progress.add({"a": "brief a", "b": "brief b", "c": "brief c", "d": "brief d"})
    assert progress.remaining() == pytest.approx((4 + 8 + 6 + 6) / 2)
    progress.begin("a", "never made")
    progress.end("a", "done")
    progress.end("c", "left out", "it needs cleaning x")
    progress.fresh("d")
    assert progress.remaining() == pytest.approx(8 / 2)
    lines = out.file.getvalue().splitlines()
    assert lines[0] == "brief a: started (never made)"
    assert lines[1].startswith("✓ [1/4] brief a: done in 0.")
    assert lines[2] == "– [2/4] brief c: left out: it needs cleaning x"
    assert progress.total == 3


def test_without_experience_nothing_is_foreseen():
    progress = Progress(Console(file=io.StringIO()))
    progress.add({"a": "brief a"})
    assert progress.remaining() is None


def test_on_a_terminal_the_running_tasks_are_shown_and_then_taken_away():
    out = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    with Progress(out, expected={"a": 4.0, "b": 4.0}) as progress:
        progress.add({"a": "brief a", "b": "brief b"})
        progress.begin("a", "never made")
        progress.at("a", {"cell": 3, "of": 9})
        progress._live.refresh()
        progress.end("a", "done")
    shown = out.file.getvalue()
    assert "cell 3 of 9" in shown
    assert re.search(r"0 of 2 done, 0 s, about [78] s to go", shown)
    assert "✓ [1/2] brief a: done" in shown


def test_explain_finds_the_rows_behind_a_finding(made):
    path = made / "reports/2020/USA/notebooks/5-annual-brief.en.ipynb"
    block = {
        "type": "columns",
        "left": [
            {
                "type": "finding",
                "id": "main",
                "text": "**2,520,000** students",
                "base": "all",
                "source": "Test Office, 2020",
            }
        ],
        "right": [],
    }
    where = {"reporter": "USA", "year": 2020}
    block["left"][0]["evidence"] = [
        {"table": "counts", "where": where},
        {
            "table": "counts",
            "where": {"reporter": "USA", "any": [{"year": [1066]}, {"year": {"from": 2020, "to": 2020}}]},
        },
        {"table": "counts", "where": {**where, "any": [{"year": [1066]}]}},
    ]
    nb = nbformat.read(path, 4)
    nb.cells.append(nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", {BLOCK: block})]))
    nbformat.write(nb, path)
    said = list(explain("reports/2020/USA/brief.en.pdf#main"))
    assert said[:4] == [
        "2,520,000 students",
        "Base: all",
        "Source: Test Office, 2020",
        "1 rows of counts (reporter USA, year 2020):",
    ]
    assert "counts.csv, line 17" in said[4]
    assert "value 2520000" in said[4]
    assert "1 rows of counts (reporter USA, and year 1066 or year from 2020 to 2020):" in said
    assert said[-1] == "0 rows of counts (reporter USA, year 2020, and year 1066):"


def levels(found) -> dict[str, str]:
    return {f.topic: f.level for f in found}


def test_doctor_finds_nothing_wrong_in_a_good_project(project, monkeypatch):
    monkeypatch.setattr(doctor, "kernel", lambda here: doctor.Finding("kernels", "good", "left out here"))
    found = list(doctor.examine())
    assert {f.topic for f in found if f.level == "wrong"} <= {"packages"}
    assert levels(found)["PDF"] == "good"
    assert levels(found)["raw folders"] == "good"


def test_doctor_says_what_to_do_about_packages(root, project):
    lock = project / "requirements.lock"
    lock.write_text(
        'pandas==1.0 \\\n    --hash=sha256:00\nno-such-package==1\nother==2 ; python_version < "3"\n', encoding="utf-8"
    )
    found = doctor.environment(context())
    assert found.level == "wrong"
    assert "no-such-package" in found.says
    assert "other" not in found.says
    assert found.todo
    lock.write_text("pandas==1.0\n", encoding="utf-8")
    assert doctor.environment(context()).level == "odd"
    assert "pandas" in doctor.environment(context()).says


def test_doctor_sees_a_lock_behind_the_project(project):
    (project / "pyproject.toml").write_text('[project]\ndependencies = ["pandas>=99"]\n', encoding="utf-8")
    found = doctor.stale_lock(context())
    assert (found.level, found.todo) == ("odd", "Run `make lock`.")


def test_doctor_names_a_subject_without_data(made):
    toml = made / "mobility.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"USA"', '"UAS"'), encoding="utf-8")
    found = doctor.subjects(context())
    assert found.level == "wrong"
    assert "UAS" in found.says
    assert "Did you mean USA" in found.todo


def test_doctor_sees_missing_raw_folders_and_settings(project):
    (project / "data/raw").rename(project / "data/other")
    assert doctor.raw_folders(context()).level == "wrong"
    (project / "mobility.toml").write_text("raw = 3\n", encoding="utf-8")
    found = list(doctor.examine())
    assert found[-1].level == "wrong"
    assert "mobility.toml" in found[-1].says


def test_doctor_tries_a_forked_kernel(project):
    found = doctor.kernel(context())
    assert found.level in ("good", "odd")
    assert json.dumps(found.says)


def test_run_records_are_whole_files(finished: Path):
    for path in finished.rglob("run*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["runs"]
