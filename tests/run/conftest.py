"""A small project to run: one institution's stays, one publisher's counts, and notebooks of a few lines each."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from pipeline.run.workspace import MOBILITY_VARIABLES, Context, context

STAYS = "Student,Country,From,To,Result\n" + "".join(
    f"S{n},{('Viet Nam', 'France', 'Kenya')[n % 3]},{2015 + n % 6}/9/1,{2016 + n % 6}/6/30,completed\n"
    for n in range(120)
)
STAYS_CARD = """\
title: Test University (made up)
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
BRIEF = """\
import pandas as pd
from pipeline.briefs import Cover, Figure, Finding, Section, Table, Words, trend
from pipeline.briefs import Column, Num
from pipeline.run import context
words = Words(language)
series = context().load(subject, year, "series")
"""


def notebook(path: Path, parameters: str, *cells: str) -> Path:
    """Write a notebook with a `parameters` cell and these code cells after it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [nbformat.v4.new_markdown_cell(f"# {path.stem}")]
    made.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made += [nbformat.v4.new_code_cell(c) for c in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder; the working folder is in it."""
    root = tmp_path / "a project"
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
    notebook(folder / "5-annual-brief.ipynb", 'subject = "uni"\nyear = 2019\nlanguage = "en"', BRIEF)
    for name in MOBILITY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root)
    return root


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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fork server."""
    from pipeline.run.forking import FORK_IS_SAFE, ForkServer

    if not FORK_IS_SAFE:
        pytest.skip("forking is not safe on this system; ordinary processes are used")
    with ForkServer(tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running.address
