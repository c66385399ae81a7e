"""From raw files to briefs: what is made, what is not made again, and what happens when something goes wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import psutil
import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.run.execution import Execution, Result
from pipeline.run.lock import only_run
from pipeline.run.plan import Choice, Planner, brief_tasks
from pipeline.run.progress import Progress
from pipeline.run.protocol import ADDRESS
from pipeline.run.reports import explain_failures, plan, reports
from pipeline.run.survey import read
from pipeline.run.workspace import context

pytestmark = pytest.mark.usefixtures("one_server")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def set_cell(path: Path, number: int, source: str) -> None:
    nb = nbformat.read(path, 4)
    nb.cells[number - 1].source = source
    nbformat.write(nb, path)


def reasons(choice: Choice = Choice()) -> dict[str, str]:  # noqa: B008
    return {s.task.title: s.reason for s in plan(context(), choice) if s.reason}


def outputs(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.glob("reports/*/*/brief.*")}


def test_every_brief_is_made_in_both_languages_and_formats(finished):
    found = set(outputs(finished))
    expected = {
        f"reports/{y}/{s}/brief.{lang}.{f}"
        for s, y in (("uni", 2021), ("USA", 2020))
        for lang in ("en", "zh")
        for f in ("html", "pdf")
    }
    assert found == expected
    assert all(b[:5] == b"%PDF-" for n, b in outputs(finished).items() if n.endswith("pdf"))
    assert not [p for p in finished.rglob("*") if p.name.endswith(".part") or p.name.startswith((".stage", ".running"))]


def test_briefs_of_two_subjects_and_two_languages_differ(finished):
    pages = {n: b for n, b in outputs(finished).items() if n.endswith("html")}
    assert len(set(pages.values())) == 4
    english = [b for n, b in pages.items() if n.endswith("en.html")]
    pictures = {b"".join(re.findall(rb"data:image/svg[^\"' ]+|<svg.*?</svg>", page, re.DOTALL)) for page in english}
    assert len(pictures) == 2
    assert all(pictures)


def test_the_run_record_says_what_was_read_and_how_it_went(finished):
    runs = json.loads((finished / "reports/2020/USA/run.json").read_text(encoding="utf-8"))["runs"]
    assert set(runs) == {f"{n}:USA:2020" for n in ("trends", "flows", "outcomes")} | {
        "brief:USA:2020:en",
        "brief:USA:2020:zh",
    }
    brief = runs["brief:USA:2020:zh"]
    assert brief["status"] == "done"
    assert brief["parameters"] == {"subject": "USA", "year": 2020, "language": "zh"}
    assert brief["notebook"] == "5-annual-brief.ipynb"
    assert {"notebooks/5-annual-brief.ipynb", "data/processed/results/USA/2020/trends.parquet"} <= set(brief["inputs"])
    assert "data/processed/counts.parquet/figures.parquet" in runs["trends:USA:2020"]["inputs"]
    assert "data/processed/stays.parquet/uni.parquet" not in runs["trends:USA:2020"]["inputs"]
    assert brief["peak_memory"] > 1e7
    assert set(brief["seconds"]) == {"execute", "render"}
    assert brief["versions"]["pandas"]
    assert str(finished) not in json.dumps({**brief, "error": ""})


def test_the_rows_behind_a_brief_lie_beside_it(finished):
    report = finished / "reports/2021/uni"
    for language in ("en", "zh"):
        assert zipfile.is_zipfile(report / f"tables.{language}.xlsx")
        rows = sorted((report / "data").glob(f"*.{language}.csv"))
        assert rows
        assert all(path.read_text(encoding="utf-8-sig").count("\n") >= 2 for path in rows)


def test_the_executed_notebooks_are_kept_beside_the_brief(finished):
    kept = {p.name for p in (finished / "reports/2021/uni/notebooks").iterdir()}
    assert kept == {
        "2-trends.ipynb",
        "3-flows.ipynb",
        "4-outcomes.ipynb",
        "5-annual-brief.en.ipynb",
        "5-annual-brief.zh.ipynb",
    }


def test_a_second_run_makes_nothing_and_is_quick(made, screen):
    before = {p: p.stat().st_mtime_ns for p in made.rglob("brief.*")}
    began = time.perf_counter()
    done = reports(context(), Choice(), console=screen)
    assert time.perf_counter() - began < 3
    assert (done.exit_code, done.result.made) == (0, [])
    assert before == {p: p.stat().st_mtime_ns for p in made.rglob("brief.*")}
    assert screen.file.getvalue() == ""


def test_only_what_a_change_touches_is_out_of_date(made):
    assert reasons() == {}
    os.utime(made / "data/raw/uni/stays.csv")
    assert reasons() == {}
    edit(made / "data/raw/figures/counts.csv", "USA,2020,", "USA,2020,9")
    found = reasons()
    assert found["cleaning figures"] == "data/raw/figures/counts.csv changed"
    assert "cleaning uni" not in found
    assert found["brief USA 2020 en"].startswith("if ")


def test_a_notebook_change_reaches_its_briefs_only(made):
    set_cell(made / "notebooks/5-annual-brief.ipynb", 1, "# Another title")
    assert set(reasons()) == {f"brief {s} {lang}" for s in ("uni 2021", "USA 2020") for lang in ("en", "zh")}
    assert set(reasons(Choice(subjects=("USA",), languages=("zh",)))) == {"brief USA 2020 zh"}


def test_settings_that_change_no_number_make_nothing_out_of_date(made):
    edit(made / "mobility.toml", 'raw = ["data/raw"]', 'raw = ["data/raw"]\nlanguages = ["zh", "en"]')
    assert reasons() == {}
    edit(made / "mobility.toml", 'raw = ["data/raw"]', 'raw = ["data/raw"]\nhorizon = 4')
    assert set(reasons().values()) >= {"settings changed"}


def test_a_scenario_makes_the_trends_and_briefs_of_its_subject_out_of_date(made):
    scenario = '\n[[scenarios]]\nname = "a"\nsubject = "uni"\nkind = "grows"\nby = 0.05\nfrom_year = 2022\n'
    path = made / "mobility.toml"
    path.write_text(path.read_text(encoding="utf-8") + scenario, encoding="utf-8")
    found = reasons()
    assert found.pop("trends uni 2021") == "scenarios and events changed"
    assert set(found) == {"brief uni 2021 en", "brief uni 2021 zh"}
    assert all(reason.startswith("if ") for reason in found.values())


def test_dated_events_that_a_user_adds_are_an_input_of_the_analyses_and_no_source(made):
    (made / "data/raw/breaks.csv").write_text("country,first_year\n", encoding="utf-8")
    found = reasons()
    assert found["trends USA 2020"] == "data/raw/breaks.csv is new"
    assert not [title for title in found if title.startswith("cleaning")]


def test_a_missing_output_is_made_again_and_nothing_else(made, screen):
    (made / "reports/2021/uni/brief.zh.pdf").unlink()
    assert reasons() == {"brief uni 2021 zh": "reports/2021/uni/brief.zh.pdf is missing"}
    done = reports(context(), Choice(), console=screen)
    assert [t.title for t in done.result.made] == ["brief uni 2021 zh"]
    assert (made / "reports/2021/uni/brief.zh.pdf").exists()


def test_cleaning_that_gives_the_same_tables_stops_there(made, screen):
    with (made / "data/raw/figures/source.yml").open("a") as card:
        card.write("# a remark\n")
    done = reports(context(), Choice(), console=screen)
    assert done.result.made[0].title == "cleaning figures"
    assert not [t for t in done.result.made if t.id.startswith(("trends", "brief"))]


def test_a_failed_brief_is_named_and_the_others_are_finished(made, screen):
    good = outputs(made)
    set_cell(
        made / "notebooks/5-annual-brief.ipynb",
        4,
        "if subject == 'uni' and language == 'zh':\n    raise KeyError('partner')\n",
    )
    nb = nbformat.read(made / "notebooks/5-annual-brief.ipynb", 4)
    nb.cells.append(
        nbformat.v4.new_code_cell(
            nbformat.read(made / "reports/2021/uni/notebooks/5-annual-brief.en.ipynb", 4).cells[4].source
        )
    )
    nbformat.write(nb, made / "notebooks/5-annual-brief.ipynb")
    done = reports(context(), Choice(), jobs=2, console=screen)
    assert done.exit_code == 1
    assert [t.title for t, _ in done.result.failed] == ["brief uni 2021 zh"]
    assert len(done.result.made) == 3
    (said,) = explain_failures(done.result, made)
    assert "5-annual-brief.ipynb, cell 4" in said
    assert "KeyError: 'partner'" in said
    assert (made / done.result.failed[0][1].log).is_file()
    assert outputs(made)["reports/2021/uni/brief.zh.pdf"] == good["reports/2021/uni/brief.zh.pdf"]
    assert (made / "reports/2021/uni/notebooks/5-annual-brief.zh.failed.ipynb").is_file()
    assert reasons() == {"brief uni 2021 zh": "failed last time"}


def test_a_brief_without_figures_fails_though_its_notebook_ran_well(made, screen):
    set_cell(made / "notebooks/5-annual-brief.ipynb", 4, "display = print")
    done = reports(context(), Choice(subjects=("USA",), languages=("en",)), console=screen)
    assert [r.problem for _, r in done.result.failed] == ["brief"]
    assert done.exit_code != 0


def test_an_analysis_that_leaves_nothing_fails_and_its_briefs_are_left_out(made, screen):
    set_cell(made / "notebooks/2-trends.ipynb", 3, "pass")
    done = reports(context(), Choice(subjects=("USA",)), console=screen)
    assert [r.error for _, r in done.result.failed] == ["ran to its end but left no result tables."]
    assert done.result.left_out == [("brief USA 2020 en", "trends USA 2020"), ("brief USA 2020 zh", "trends USA 2020")]


def test_a_table_that_an_analysis_no_longer_has_is_removed(made, screen):
    results = made / "data/processed/results/USA/2020"
    assert (results / "flows.parquet").exists()
    nb = nbformat.read(made / "notebooks/3-flows.ipynb", 4)
    nb.cells[2].source = nb.cells[2].source.replace("flows=", "partners=")
    nbformat.write(nb, made / "notebooks/3-flows.ipynb")
    reports(context(), Choice(subjects=("USA",)), console=screen)
    assert {p.name for p in results.iterdir()} == {"trends.parquet", "partners.parquet", "outcomes.parquet"}


def test_a_broken_raw_file_is_the_users_to_mend_and_other_subjects_are_made(made, screen):
    edit(made / "data/raw/uni/stays.csv", "Student,Country", "Student,Land")
    before = outputs(made)
    done = reports(context(), Choice(), console=screen)
    assert done.exit_code == 2
    assert [t.title for t, _ in done.result.failed] == ["cleaning uni"]
    assert "stays.csv" in done.result.failed[0][1].error
    assert outputs(made) == before


def test_a_source_taken_away_takes_its_clean_tables_along(made, screen):
    for path in (made / "data/raw/uni").iterdir():
        path.unlink()
    (made / "data/raw/uni").rmdir()
    done = reports(context(), Choice(subjects=("USA",)), console=screen)
    assert done.forgotten == ["uni"]
    assert not list((made / "data/processed").glob("*.parquet/uni.parquet"))
    with pytest.raises(SettingsError, match="neither a country's three-letter code nor a source"):
        reports(context(), Choice(subjects=("uni",)), console=screen)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice(subjects=("unn",)), "Did you mean uni?"),
        (Choice(subjects=("FRA",)), "no data about it"),
        (Choice(subjects=("USA",), year=1990), "Choose a year from 2005 to 2020"),
    ],
)
def test_a_subject_or_year_without_data_is_refused(made, screen, choice, message):
    with pytest.raises(SettingsError) as error:
        reports(context(), choice, console=screen)
    assert message in str(error.value)


def test_a_missing_raw_folder_is_named(project, screen):
    edit(project / "mobility.toml", '"data/raw"', '"data/war"')
    with pytest.raises(InputError, match="war: the raw folder is missing"):
        reports(context(), Choice(), console=screen)


def test_a_second_run_into_the_same_folders_is_refused(project, tmp_path):
    (tmp_path / ".running").write_text(str(os.getppid()))
    with pytest.raises(InputError, match=f"another run .process {os.getppid()}. is at work"), only_run(tmp_path):
        pass
    (tmp_path / ".running").write_text("999999999")
    with only_run(tmp_path):
        assert (tmp_path / ".running").read_text() == str(os.getpid())
    assert not (tmp_path / ".running").exists()


def test_without_fork_ordinary_processes_do_the_same_and_tell_the_same(made, screen):
    (made / "data/processed/results/USA/2020/trends.parquet").unlink()
    here, stage = context(), made / "data/processed/.stage-test"
    planner, result = Planner(here), Result()
    tasks = [t for t in brief_tasks(here, Choice(("USA",)), read(here.processed), stage) if t.id.startswith("trends")]
    told = []
    with Progress(screen) as progress, Execution(planner, progress, 1, stage, fork=False) as execution:
        progress.at = lambda task, event: told.append(event)
        execution.run(tasks, result)
    assert [t.title for t in result.made] == ["trends USA 2020"]
    assert (made / "data/processed/results/USA/2020/trends.parquet").exists()
    assert {"cell": 3, "of": 3} in told


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_ends_tidily(made, monkeypatch, number, code):
    set_cell(made / "notebooks/5-annual-brief.ipynb", 4, "import time\ntime.sleep(60)")
    before = outputs(made)
    monkeypatch.delenv(ADDRESS)
    running = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "reports"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while "brief" not in running.stdout.readline():
        assert running.poll() is None
    time.sleep(0.3)
    children = psutil.Process(running.pid).children(recursive=True)
    assert children
    os.kill(running.pid, number)
    _, errors = running.communicate(timeout=20)
    assert running.returncode == code
    assert errors == "mobility: stopped; nothing is half-written, and the next run goes on from here.\n"
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert outputs(made) == before
    assert not [p for p in made.rglob("*") if p.name.endswith(".part") or p.name.startswith((".stage", ".running"))]


@pytest.mark.parametrize("content", [b"\xff", b"[1]", b"{}"])
def test_a_damaged_list_of_subjects_is_made_again(made, screen, content):
    (made / "data/processed/subjects.json").write_bytes(content)
    done = reports(context(os.environ, made), Choice(("USA",), languages=("en",)), 1, screen)
    assert done.exit_code == 0
    assert "survey of the clean tables" in screen.file.getvalue()
