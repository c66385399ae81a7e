"""The `mobility` command: quick to answer, one line for what the user can mend, and exit codes that mean something."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.usefixtures("one_server")
COMMANDS = ("doctor", "sources", "new-source", "clean", "plan", "reports", "explain", "audit")


def mobility(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        encoding="utf-8",
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_help_lists_the_doors():
    said = mobility("--help").stdout
    assert all(f"  {c} " in said for c in COMMANDS)


def test_help_imports_nothing_heavy():
    script = "import sys, pipeline.cli; print([m for m in ('pandas', 'duckdb', 'matplotlib', 'jupyter_client') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_nothing_changed_is_said_and_nothing_is_made(made):
    said = mobility("reports").stdout
    assert said.startswith("Everything is up to date.")


def test_progress_without_a_terminal_is_plain_lines(finished):
    lines = (finished / "said.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("✓ [13/13] brief") for line in lines)
    assert not any("\x1b" in line or "\r" in line for line in lines)
    assert "13 made, 0 up to date." in lines


def test_plan_prints_reasons_and_runs_nothing(project):
    said = mobility("plan").stdout
    assert "cleaning uni: never made" in said
    assert not list((project / "data/processed").glob("*.parquet"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reports", "--subject", "unn"], "subject unn: is neither a country's three-letter code nor a source"),
        (["reports", "--language", "fr"], "language fr: there are no words for it. Known: en, zh."),
        (["plan", "--raw", "nowhere"], "nowhere: the raw folder is missing."),
        (["sources", "--raw", "notebooks/.."], "source"),
        (["clean", "--engine", "duck"], "engine: 'duck' is not one of duckdb, pandas, spark. Did you mean duckdb?"),
        (["explain", "reports/brief.en.html"], "names no finding"),
        (["explain", "reports/brief.en.html#total"], "there is no such brief"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(project, arguments, message):
    done = mobility(*arguments, code=2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("mobility: ")


def test_a_misspelt_setting_is_named_with_the_file(project):
    (project / "mobility.toml").write_text('subject = ["uni"]\n', encoding="utf-8")
    said = mobility("reports", code=2).stderr
    assert "mobility.toml: subject: no such setting. Did you mean subjects?" in said


def test_outside_a_project_says_where_to_go(tmp_path, enter):
    enter(tmp_path)
    assert "no mobility.toml here or in a folder above" in mobility("plan", code=2).stderr


def test_sources_and_clean_take_exactly_the_folders_named(project, tmp_path):
    said = mobility("sources", "--raw", "data/raw/uni").stdout
    assert "stays.csv" in said
    assert "counts.csv" not in said
    mobility("clean", "--raw", "data/raw/figures", "--out", str(tmp_path / "out"))
    assert [p.name for p in (tmp_path / "out/counts.parquet").iterdir()] == ["figures.parquet"]
    assert not (tmp_path / "out/stays.parquet").exists()
    assert not (project / "data/processed").exists()


def test_a_failed_source_is_named_at_the_end_with_its_log(made):
    stays = made / "data/raw/uni/stays.csv"
    stays.write_text(stays.read_text(encoding="utf-8").replace("Student,", "Pupil,"), encoding="utf-8")
    done = mobility("reports", "--subject", "uni", code=2)
    assert "cleaning uni failed (1-clean.ipynb, cell 3): InputError" in done.stderr
    assert "log: " in done.stderr
    assert "brief uni 2021 en was not made: cleaning uni failed." in done.stderr


def test_explain_says_what_a_finding_rests_on(finished, enter):
    enter(finished)
    said = mobility("explain", "reports/2020/USA/brief.en.html#total").stdout
    assert said.startswith("2020 students were counted.\nBase: 2020\nSource: How many\n")
    assert "Did you mean total?" in mobility("explain", "reports/2020/USA/brief.en.pdf#totl", code=2).stderr
