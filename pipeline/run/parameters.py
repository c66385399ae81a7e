"""A notebook's parameters, read from its `parameters` cell and checked before a kernel starts.

Papermill itself only warns of a parameter that the notebook does not have, and passes any type on.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, SettingsError, did_you_mean

TAG = "parameters"
TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list}


@dataclass(frozen=True)
class Parameter:
    """One name that a notebook can be given."""

    name: str
    type: str  # str, int, float, bool or list
    optional: bool = False  # None is a value too
    required: bool = False  # there is no default
    default: Any = None

    def accepts(self, value: object) -> bool:
        """Whether a value has the type (a whole number is a float too; True is not a number)."""
        if value is None:
            return self.optional
        if isinstance(value, bool):
            return self.type == "bool"
        return isinstance(value, TYPES[self.type]) or (self.type == "float" and isinstance(value, int))

    @property
    def expected(self) -> str:
        """The type in words."""
        words = {
            "str": "a text",
            "int": "a whole number",
            "float": "a number",
            "bool": "true or false",
            "list": "a list",
        }[self.type]
        return f"{words} or nothing" if self.optional else words


def cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook as they stand in the file.

    Raises
    ------
    InputError
        If it cannot be read as a notebook.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError:
        raise InputError(path, "the notebook is missing.", "Get it back from the project's repository.") from None
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        raise InputError(
            path, "is not a notebook (version 4 of the format).", "Open and save it in JupyterLab."
        ) from None
    return [{**cell, "source": _text(cell.get("source", ""))} for cell in found]


def read(path: Path) -> dict[str, Parameter]:
    """What a notebook can be given.

    Parameters
    ----------
    path
        The notebook. Its cell tagged `parameters` holds assignments of literals and nothing else: `year: int = 2018`,
        `language = "en"`, `partner: str | None = None`; an annotation without a value (`subject: str`) is required.

    Returns
    -------
    dict
        By name.

    Raises
    ------
    InputError
        If there is not exactly one such cell, or it holds something else.
    """
    tagged = [c for c in cells(path) if TAG in c.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise InputError(
            path, f"has {len(tagged)} cells tagged `{TAG}`, expected 1.", "Tag the cell with the defaults."
        )
    try:
        statements = ast.parse(tagged[0]["source"]).body
    except SyntaxError as error:
        raise InputError(path, f"line {error.lineno} of the `{TAG}` cell is not Python.", "Mend that line.") from None
    found = [_parameter(path, s) for s in statements]
    return {p.name: p for p in found}


def check(path: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters to run a notebook with.

    Parameters
    ----------
    path
        The notebook.
    given
        Values by name.

    Returns
    -------
    dict
        `given` and the defaults of the others.

    Raises
    ------
    SettingsError
        If one is unknown, missing or of another type.
    """
    known = read(path)
    for name, value in given.items():
        if name not in known:
            raise SettingsError(path.name, f"has no parameter {name!r}.", did_you_mean(name, known))
        if not known[name].accepts(value):
            raise SettingsError(path.name, f"{name}: expected {known[name].expected}, found {value!r}.")
    for name, parameter in known.items():
        if parameter.required and name not in given:
            raise SettingsError(path.name, f"{name} is missing.", f"Give {parameter.expected}.")
    return {name: p.default for name, p in known.items()} | dict(given)


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _parameter(path: Path, statement: ast.stmt) -> Parameter:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            type_, optional = _annotation(path, name, annotation)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            type_, optional = "", False
        case _:
            raise InputError(
                path,
                f"line {statement.lineno} of the `{TAG}` cell is not an assignment.",
                "Move other code to another cell.",
            )
    if value is None:
        return Parameter(name, type_, optional, required=True)
    try:
        default = ast.literal_eval(value)
    except ValueError:
        raise InputError(path, f"{name}: the default is not a literal.", "Compute it in another cell.") from None
    type_ = type_ or type(default).__name__
    if type_ not in TYPES:
        raise InputError(
            path, f"{name}: its type cannot be told from {default!r}.", f"Annotate it: {name}: str | None."
        )
    parameter = Parameter(name, type_, optional, default=default)
    if not parameter.accepts(default):
        raise InputError(path, f"{name}: the default {default!r} is not {parameter.expected}.", "Mend the default.")
    return parameter


def _annotation(path: Path, name: str, annotation: ast.expr) -> tuple[str, bool]:
    """`str`, `list[str]`, `int | None` → its type and whether None is allowed."""
    parts = [p.strip() for p in ast.unparse(annotation).strip("'\"").split("|")]
    types = [p.split("[")[0] for p in parts if p != "None"]
    if len(types) != 1 or types[0] not in TYPES:
        raise InputError(
            path, f"{name}: the type {ast.unparse(annotation)} is not known.", f"Use one of {', '.join(TYPES)}."
        )
    return types[0], "None" in parts
