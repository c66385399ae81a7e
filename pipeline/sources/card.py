"""The source card: `source.yml` beside an institution's own files says how to read them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import SettingsError, did_you_mean
from pipeline.settings import LANGUAGES
from pipeline.sources.encoding import DETECT, canonical
from pipeline.sources.table import COLUMNS, Card

FILE_NAME = "source.yml"
DIRECTIONS = ("inbound", "outbound")
ORIGIN_BASES = ("citizenship", "prior_education")
_TEXTS = ("title", "publisher", "licence", "url", "retrieved", "institution")
NEEDED = {  # without these nothing of the table can be understood; each entry: one of the groups
    "stays": (("student_id",), ("direction",), ("origin",), ("destination",), ("start",)),
    "counts": (("direction",), ("period",), ("value",), ("partner", "origin"), ("reporter", "destination", "origin")),
    "agreements": (("partner",), ("country",)),
    "events": (("kind",), ("start",)),
    "context": (("country",), ("period",), ("indicator",), ("value",)),
}


@dataclass(frozen=True)
class TableCard:
    """How one table stands in one file or in all files of a pattern."""

    table: str
    file: str
    columns: Mapping[str, str] = field(default_factory=dict)  # heading as written -> column
    encoding: str = DETECT
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int = 1
    direction: str | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)  # file name or "" for the only one -> checksum
    constants: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    skip_rows_matching: Mapping[str, str] = field(default_factory=dict)  # heading or column -> regular expression


@dataclass(frozen=True)
class SourceCard:
    """A whole card."""

    path: Path
    about: Card
    tables: tuple[TableCard, ...] = ()
    ignore: tuple[str, ...] = ()


class _Texts(yaml.BaseLoader):
    """YAML whose scalars all stay as written (no becomes no False, 01 no 1), and in which a key occurs once."""


def _mapping(loader: _Texts, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)  # type: ignore[no-untyped-call]
        if key in seen:
            line = key_node.start_mark.line + 1
            raise SettingsError(loader.name, f"line {line}: the key {key!r} occurs twice.", "Keep one of them.")
        seen[key] = loader.construct_object(value_node, deep=True)  # type: ignore[no-untyped-call]
    return seen


_Texts.add_constructor("tag:yaml.org,2002:map", _mapping)


def normal(text: str) -> str:
    """A heading or code as it is compared: NFKC, inner white space single, ends trimmed, case folded.

    Examples
    --------
    >>> normal("  Ｃountry\\u00a0 of\\nOrigin ")
    'country of origin'
    """
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def load(path: Path) -> SourceCard:
    """Read and check a source card.

    Raises
    ------
    SettingsError
        Names the file, the key and what was expected.
    """
    given = keys(path)
    _only(path, "", given, {f.name for f in fields(Card)} - {"layout"} | {"tables", "ignore"})
    tables = given.get("tables", [])
    if not isinstance(tables, list):
        raise SettingsError(path, "tables: expected a list of tables (- table: stays).")
    ignore = given.get("ignore", [])
    ignore = [ignore] if isinstance(ignore, str) else ignore
    return SourceCard(
        path,
        _about(path, given),
        tuple(_table(path, f"tables[{i}].", table) for i, table in enumerate(tables, 1)),
        tuple(_text(path, "ignore", pattern) for pattern in ignore),
    )


def keys(path: Path) -> dict[str, Any]:
    """The keys of a source card as they are written, before they are checked."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            given = yaml.load(file, Loader=_Texts)
    except UnicodeDecodeError:
        raise SettingsError(path, "is not UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(
            path, f"cannot be read ({error.strerror}).", "Check the file and its permissions."
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SettingsError(path, f"line {line} is not valid YAML: {error.problem}.", "Mend that line.") from None
    except yaml.YAMLError as error:
        raise SettingsError(path, f"is not valid YAML: {str(error).splitlines()[0]}.", "Mend it.") from None
    if not isinstance(given, dict):
        raise SettingsError(path, "expected keys with values (title: …).", "See docs/your-own-data.md.")
    return given


def _about(path: Path, given: Mapping[str, Any]) -> Card:
    texts = {key: _text(path, key, given.get(key, "")) for key in _TEXTS}
    if texts["retrieved"] and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", texts["retrieved"]):
        raise SettingsError(path, f"retrieved: expected a date like 2024-10-01, found {texts['retrieved']!r}.")
    basis = _text(path, "origin_basis", given.get("origin_basis", ""))
    if basis:
        _one_of(path, "origin_basis", basis, ORIGIN_BASES)
    return Card(
        **texts,
        name=_name(path, given.get("name", {})),
        countries={hei.lower(): code for hei, code in _texts(path, "countries", given.get("countries", {})).items()},
        synthetic=_flag(path, "synthetic", given.get("synthetic", "false")),
        origin_basis=basis,
        academic_year_starts=_number(path, "academic_year_starts", given.get("academic_year_starts", "9"), 1, 12),
    )


def _name(path: Path, given: Any) -> dict[str, str]:
    """The institution's name by language; a plain text is its name in every language."""
    if isinstance(given, str):
        return dict.fromkeys(LANGUAGES, given)
    names = _texts(path, "name", given)
    _only(path, "name.", names, set(LANGUAGES))
    return names


def _table(path: Path, at: str, given: Any) -> TableCard:
    if not isinstance(given, dict):
        raise SettingsError(path, f"{at.rstrip('.')}: expected the keys of a table (table: stays, file: …).")
    _only(path, at, given, {f.name for f in fields(TableCard)})
    for key in ("table", "file"):
        if not given.get(key):
            raise SettingsError(
                path,
                f"{at}{key}: is missing.",
                "Say which table it is and in which file (table: stays, file: inbound.csv).",
            )
    name = _one_of(path, f"{at}table", _text(path, f"{at}table", given["table"]), COLUMNS)
    constants = _texts(path, f"{at}constants", given.get("constants", {}))
    direction = given.get("direction")
    if direction is not None:
        constants["direction"] = _one_of(path, f"{at}direction", _text(path, f"{at}direction", direction), DIRECTIONS)
    columns = _texts(path, f"{at}columns", given.get("columns", {}))
    _check_columns(path, at, name, columns, constants)
    codes = _codes(path, at, given.get("codes", {}), COLUMNS[name])
    return TableCard(
        table=name,
        file=_text(path, f"{at}file", given["file"]),
        columns=columns,
        encoding=canonical(_text(path, f"{at}encoding", given.get("encoding", DETECT)), f"{path}: {at}encoding"),
        delimiter=_delimiter(path, f"{at}delimiter", given.get("delimiter")),
        sheet=_text(path, f"{at}sheet", given["sheet"]) if "sheet" in given else None,
        header_row=_number(path, f"{at}header_row", given.get("header_row", "1"), 1, 10_000),
        direction=constants.get("direction"),
        sha256=_checksums(path, f"{at}sha256", given.get("sha256", {})),
        constants=constants,
        codes=codes,
        skip_rows_matching=_patterns(path, f"{at}skip_rows_matching", given.get("skip_rows_matching", {})),
    )


def _delimiter(path: Path, key: str, value: Any) -> str | None:
    if value is None:
        return None
    character = {r"\t": "\t", "tab": "\t"}.get(value, value)
    if not isinstance(character, str) or len(character) != 1:
        raise SettingsError(path, f"{key}: expected one character (or tab), found {value!r}.")
    return character


def _check_columns(path: Path, at: str, table: str, columns: Mapping[str, str], constants: Mapping[str, str]) -> None:
    known = COLUMNS[table]
    if not columns:
        raise SettingsError(
            path, f"{at}columns: is missing.", "Write each heading of the file with the column it is (国籍: origin)."
        )
    targets: dict[str, str] = {}
    for heading, target in columns.items():
        _one_of(path, f"{at}columns.{heading}", target, known)
        if target in targets:
            problem = f"{at}columns: {targets[target]!r} and {heading!r} are both said to be {target}."
            raise SettingsError(path, problem, "Keep one of them.")
        targets[target] = heading
    for target in constants:
        _one_of(path, f"{at}constants.{target}", target, known)
        if target in targets:
            problem = f"{at}constants.{target}: {target} is also read from the column {targets[target]!r}."
            raise SettingsError(path, problem, "Keep one of them.")
    for group in NEEDED[table]:
        if not any(c in targets or c in constants for c in group):
            problem = f"{at}columns: table {table} needs {' or '.join(group)}."
            raise SettingsError(path, problem, "Name the heading that holds it, or give it under constants.")


def _codes(path: Path, at: str, given: Any, known: tuple[str, ...]) -> dict[str, dict[str, str]]:
    if not isinstance(given, dict):
        raise SettingsError(path, f"{at}codes: expected columns with their codes (gender: {{男: male}}).")
    for column in given:
        _one_of(path, f"{at}codes.{column}", column, known)
    return {column: _texts(path, f"{at}codes.{column}", values) for column, values in given.items()}


def _patterns(path: Path, key: str, given: Any) -> dict[str, str]:
    patterns = _texts(path, key, given)
    for heading, pattern in patterns.items():
        try:
            re.compile(pattern)
        except re.error as error:
            raise SettingsError(path, f"{key}.{heading}: {pattern!r} is not a regular expression ({error}).") from None
    return patterns


def _checksums(path: Path, key: str, given: Any) -> dict[str, str]:
    sums = _texts(path, key, {"": given} if isinstance(given, str) else given)
    for name, value in sums.items():
        if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
            where = f"{key}.{name}".rstrip(".")
            raise SettingsError(
                path, f"{where}: expected 64 hexadecimal digits, found {value!r}.", "Take it from sha256sum FILE."
            )
    return {name: value.lower() for name, value in sums.items()}


def _only(path: Path, at: str, given: Mapping[str, Any], known: set[str]) -> None:
    for key in given:
        if key not in known:
            raise SettingsError(path, f"{at}{key}: no such key.", did_you_mean(str(key), known))


def _text(path: Path, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise SettingsError(path, f"{key}: expected a text, found a {'list' if isinstance(value, list) else 'table'}.")
    return value.strip()


def _texts(path: Path, key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise SettingsError(path, f"{key}: expected names with values (name: value).")
    return {str(name): _text(path, f"{key}.{name}", item) for name, item in value.items()}


def _one_of(path: Path, key: str, value: str, known: Any) -> str:
    if value not in known:
        raise SettingsError(path, f"{key}: {value!r} is not known.", did_you_mean(value, known))
    return value


def _flag(path: Path, key: str, value: Any) -> bool:
    if value not in ("true", "false"):
        raise SettingsError(path, f"{key}: expected true or false, found {value!r}.")
    return bool(value == "true")


def _number(path: Path, key: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, str) or not value.isdecimal() or not low <= int(value) <= high:
        raise SettingsError(path, f"{key}: expected a whole number from {low} to {high}, found {value!r}.")
    return int(value)
