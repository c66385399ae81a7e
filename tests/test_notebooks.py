"""The committed notebooks: without outputs, each with one cell of typed parameters that its run can be given."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from pipeline.run.parameters import TAG, read

FOLDER = Path(__file__).parents[1] / "notebooks"
PARAMETERS = {
    "1-clean": {"source": "str"},
    "2-trends": {"subject": "str", "year": "int"},
    "3-flows": {"subject": "str", "year": "int"},
    "4-outcomes": {"subject": "str", "year": "int"},
    "5-annual-brief": {"subject": "str", "year": "int", "language": "str"},
    "6-partner-profile": {"subject": "str", "partner": "str", "year": "int", "language": "str"},
}


@pytest.mark.parametrize("name", PARAMETERS)
class TestCommitted:
    def test_parameters_are_typed_with_defaults_that_work_by_hand(self, name):
        found = read(FOLDER / f"{name}.ipynb")
        assert PARAMETERS[name].items() <= {n: p.type for n, p in found.items()}.items()
        assert not any(p.required for p in found.values())

    def test_no_outputs_and_no_execution_counts(self, name):
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
        code = [c for c in notebook.cells if c.cell_type == "code"]
        assert code
        assert [n for n, c in enumerate(code) if c.outputs or c.execution_count] == []

    def test_is_a_valid_notebook_for_the_environments_kernel(self, name):
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"

    def test_says_what_it_does_before_the_first_code(self, name):
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
        first = notebook.cells[0]
        assert first.cell_type == "markdown"
        assert first.source.startswith("# ")

    def test_no_error_is_swallowed(self, name):
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
        for cell in notebook.cells:
            if cell.cell_type == "code" and TAG not in cell.metadata.get("tags", []):
                handlers = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.ExceptHandler)]
                assert all(h.type is not None and getattr(h.type, "id", "") != "Exception" for h in handlers)
