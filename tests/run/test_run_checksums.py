"""What a task reads is known by content: files, a notebook's source, the code that its imports reach."""

from __future__ import annotations

import json
import os

import nbformat
import pytest

from pipeline.errors import InputError
from pipeline.run.checksums import Checksums, closure, code_of, imports, notebook_source


def test_a_touched_file_is_the_same_and_a_changed_one_is_not(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("1")
    first = Checksums(tmp_path / "m.json").file(file)
    os.utime(file, (1, 1))
    assert Checksums(tmp_path / "m.json").file(file) == first
    file.write_text("2")
    assert Checksums(tmp_path / "m.json").file(file) != first


def test_a_remembered_file_is_not_read_again_until_it_changes(tmp_path):
    file, memory = tmp_path / "a.csv", tmp_path / "m.json"
    file.write_text("1")
    checksums = Checksums(memory)
    checksums.file(file)
    checksums.remember()
    known = json.loads(memory.read_text())
    known[str(file)][3] = "from memory"
    memory.write_text(json.dumps(known))
    assert Checksums(memory).file(file) == "from memory"
    file.write_text("22")
    assert Checksums(memory).file(file) != "from memory"


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv: cannot be read"):
        Checksums(tmp_path / "m.json").file(tmp_path / "gone.csv")


def test_editors_leftovers_are_not_inputs(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for name in ("a.csv", ".DS_Store", "~$a.xlsx"):
        (folder / name).write_text("x")
    assert list(Checksums(tmp_path / "m.json").folder(folder, tmp_path)) == ["raw/a.csv"]


def test_running_a_notebook_by_hand_does_not_change_its_source(tmp_path, make_notebook):
    path = make_notebook(tmp_path / "n.ipynb", "year = 1", "print(year)")
    before = notebook_source(path)
    nb = nbformat.read(path, 4)
    nb.cells[2].execution_count = 7
    nb.cells[2].outputs = [nbformat.v4.new_output("stream", text="1")]
    nb.metadata["kernelspec"] = {"name": "other", "display_name": "Other"}
    nbformat.write(nb, path)
    assert notebook_source(path) == before
    nb.cells[2].source = "print(year + 1)"
    nbformat.write(nb, path)
    assert notebook_source(path) != before


def test_only_the_code_that_a_notebook_uses_counts(tmp_path, make_notebook):
    path = make_notebook(
        tmp_path / "n.ipynb", "year = 1", "%matplotlib inline\nfrom pipeline.records.store import load"
    )
    found = code_of(path, Checksums(tmp_path / "m.json"))
    assert "pipeline/records/store.py" in found
    assert "pipeline/errors.py" in found
    assert not [f for f in found if f.startswith(("pipeline/models", "pipeline/briefs", "pipeline/run"))]


def test_lazy_doors_lead_to_their_room():
    assert imports("import pipeline\npipeline.gravity(x)") == {"pipeline.models"}
    assert imports("from pipeline import clean") == {"pipeline.records"}
    assert imports("import pandas as pd") == frozenset()


def test_a_room_stands_for_its_modules_and_data_files():
    names = {p.name for p in closure(frozenset({"pipeline.measures"}))}
    assert {"publishers.py", "publishers.csv", "errors.py"} <= names


def test_how_notebooks_are_run_is_no_input_of_them():
    found = {p.name for p in closure(frozenset({"pipeline.run"}))}
    assert "workspace.py" in found
    assert "execution.py" not in found
