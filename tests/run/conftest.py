"""A small project to run: one institution's stays, one publisher's counts, and notebooks of a few lines each."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from pipeline.run.forking import FORK_IS_SAFE, ForkServer
from pipeline.run.protocol import ADDRESS
from pipeline.run.workspace import MOBILITY_VARIABLES, Context, context

STAYS = "Student,Country,From,To,Result\n" + "".join(
    f"S{n},{('Viet Nam', 'France', 'Kenya')[n % 3]},{2015 + n % 6}/9/1,{2016 + n % 6}/6/30,completed\n"
    for n in range(120)
)
STAYS_CARD = """\
title: Register of a test university (made up)
name: {en: Test University, zh: 测试大学}
publisher: Test University
synthetic: true
tables:
  - table: stays
    file: stays.csv
    direction: inbound
    constants: {destination: CHN}
    columns: {Student: student_id, Country: origin, From: start, To: end, Result: outcome}
"""
COUNTS = "country,period,students\n" + "".join(f"USA,{year},{500_000 + 1000 * year}\n" for year in range(2005, 2021))
COUNTS_CARD = """\
title: Yearly figures (made up)
publisher: Test Office
tables:
  - table: counts
    file: counts.csv
    direction: inbound
    constants: {measure: stock, level: all, partner: WLD, publisher: Test Office}
    columns: {country: reporter, period: period, students: value}
"""
SETTINGS = """\
raw = ["data/raw"]
[[subjects]]
id = "uni"
[[subjects]]
id = "USA"
"""
CLEAN = """\
from pipeline import clean
from pipeline.run import context
here = context()
clean(list(here.raw), engine=here.settings.engine, out=here.processed, only=[source])
"""
TRENDS = """\
import pandas as pd
from pipeline.run import context
context().save(subject, year, series=pd.DataFrame({"subject": [subject], "year": [year]}))
"""
BRIEF = (
    """\
import pandas as pd
from pipeline.briefs import Column, Cover, Figure, Finding, Num, Section, Table, Words, trend
from pipeline.run import context
words = Words(language)
here = context()
series = here.load(subject, year, "trends")
title = {"en": f"Students of {subject}", "zh": f"{subject}的学生"}[language]
text = {"en": f"**{year} students** were counted.", "zh": f"共有**{year}名学生**。"}[language]
heading = {"en": "How many", "zh": "人数"}[language]
""",
    """\
from IPython.display import display
line = pd.DataFrame({"year": [2017, 2018, 2019], "value": [float(len(subject)), 5.0, year / 1000]})
display(Cover(title, title, str(year), language=language))
display(Finding("total", text, base=str(year), source=heading))
display(Section("how-many", heading, text))
display(Figure("line", heading, trend(line, words=words), source=heading, alt=heading))
column = [Column("year", heading), Column("n", heading, kind="number")]
display(Table("rows", heading, column, [{"year": "2019", "n": Num(5, "5")}], source=heading))
""",
)


def notebook(path: Path, parameters: str, *cells: str) -> Path:
    """Write a notebook with a `parameters` cell and these code cells after it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [nbformat.v4.new_markdown_cell(f"# {path.stem}")]
    made.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made += [nbformat.v4.new_code_cell(c) for c in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def make_project(root: Path) -> Path:
    """Write the small project into a folder."""
    write(root / "mobility.toml", SETTINGS)
    write(root / "requirements.lock", "pandas==3.0\n")
    write(root / "data/raw/uni/stays.csv", STAYS)
    write(root / "data/raw/uni/source.yml", STAYS_CARD)
    write(root / "data/raw/figures/counts.csv", COUNTS)
    write(root / "data/raw/figures/source.yml", COUNTS_CARD)
    folder = root / "notebooks"
    notebook(folder / "1-clean.ipynb", 'source = "uni"', CLEAN)
    for name in ("2-trends", "3-flows", "4-outcomes"):
        table = name.split("-")[1]
        notebook(folder / f"{name}.ipynb", 'subject = "uni"\nyear = 2019', TRENDS.replace("series=", f"{table}="))
    notebook(folder / "5-annual-brief.ipynb", 'subject = "uni"\nyear = 2019\nlanguage = "en"', *BRIEF)
    return root


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """Makes a folder the working folder, with nothing in the environment that points elsewhere."""

    def entered(root: Path) -> Path:
        for name in MOBILITY_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.chdir(root)
        return root

    return entered


@pytest.fixture
def project(tmp_path: Path, enter: Callable[[Path], Path]) -> Path:
    """The small project's folder, nothing made yet; the working folder is in it."""
    return enter(make_project(tmp_path / "a project"))


@pytest.fixture(scope="session")
def finished(once: Callable[..., Path], request: pytest.FixtureRequest) -> Path:
    """The small project with everything made, once for all tests: not to be changed."""

    def make(folder: Path) -> None:
        root = make_project(folder / "a project")
        environ = {k: v for k, v in os.environ.items() if k not in MOBILITY_VARIABLES} | shared_server(request)
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "reports"],
            cwd=root,
            env=environ,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        write(root / "said.txt", done.stdout)

    return Path(once("finished", make) / "a project")


@pytest.fixture
def made(tmp_path: Path, finished: Path, enter: Callable[[Path], Path]) -> Path:
    """A copy of the project with everything made, to be changed; the working folder is in it."""
    return enter(Path(shutil.copytree(finished, tmp_path / "a project")))


def write(path: Path, text: str) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def here(project: Path) -> Context:
    """The small project's context."""
    return context(os.environ, project)


@pytest.fixture
def screen() -> Console:
    """A console that is no terminal; what was printed is in `.file.getvalue()`."""
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def make_notebook() -> Callable[..., Path]:
    """`notebook(path, parameters, *cells)`."""
    return notebook


@pytest.fixture
def one_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in this test fork, where that is safe, from the server that all tests share: its imports are done."""
    for name, value in shared_server(request).items():
        monkeypatch.setenv(name, value)


def shared_server(request: pytest.FixtureRequest) -> dict[str, str]:
    """The variable that makes a run use the shared server; none where there is no forking."""
    return {ADDRESS: request.getfixturevalue("server")} if FORK_IS_SAFE else {}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fork server."""
    if not FORK_IS_SAFE:
        pytest.skip("forking is not safe on this system; ordinary processes are used")
    with ForkServer(tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running.address
