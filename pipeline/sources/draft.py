"""Draft a source card from a file: what its headings and values look like, for a person to check."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from pathlib import Path

from pipeline.errors import InputError
from pipeline.sources import delimited, encoding, parquet, workbook
from pipeline.sources.card import NEEDED, normal
from pipeline.sources.file import FOREIGN_SUFFIXES, SourceFile
from pipeline.sources.workbook import Grid

HEAD = 20  # rows among which the heading is sought
SAMPLE = 400  # rows whose values are looked at
_CODED = (
    "direction",
    "mode",
    "level",
    "gender",
    "funder",
    "outcome",
    "visa_result",
    "dual_supervised",
    "measure",
    "funding",
    "kind",
    "field",
)
_COUNTRY_COLUMNS = ("origin", "destination", "country", "partner", "reporter")
_DATE = re.compile(r"(?:19|20)\d{2}\s*[-/.年]\s*\d{1,2}|\d{1,2}[./]\d{1,2}[./](?:19|20)\d{2}")


@dataclass(frozen=True)
class Guess:
    """What one table of a file seems to be."""

    sheet: str | None
    header_row: int
    table: str
    placed: dict[str, str]  # heading -> column
    unplaced: dict[str, str]  # heading -> what its values look like
    values: dict[str, list[str]]  # column of codes -> its distinct values
    direction: str | None

    @property
    def missing(self) -> list[str]:
        """Columns that the table needs and that were not found."""
        there = set(self.placed.values()) | ({"direction"} if self.direction else set())
        return [" or ".join(group) for group in NEEDED[self.table] if not there & set(group)]


def draft_card(file: Path | str) -> str:
    """A commented source.yml for a file.

    Parameters
    ----------
    file
        Delimited text or a workbook, whatever its encoding; title rows may stand above its headings.

    Returns
    -------
    str
        The text of the card. It names what could not be placed, and what the table still needs, in comments.

    Raises
    ------
    InputError
        If the file is missing, damaged, empty, of a kind that is not read, or no table.
    """
    path = Path(file)
    source = SourceFile(path, path.name)
    if path.suffix.lower() in FOREIGN_SUFFIXES and not source.is_parquet:
        raise InputError(
            path, f"files of kind {path.suffix.lower()} are not read.", FOREIGN_SUFFIXES[path.suffix.lower()]
        )
    source.check()
    form: tuple[str, str] | None = None
    if source.is_workbook:
        sheets = {name: grid for name, grid in workbook.grids(path).items() if any(any(row) for row in grid)}
        if not sheets:
            raise InputError(path, "the workbook is empty.", "Put the file in place again.")
        guesses = [_guess(path, grid, name if len(sheets) > 1 else None, name) for name, grid in sheets.items()]
    elif source.is_parquet:
        guesses = [_guess(path, parquet.head(path, SAMPLE), None, "")]
    else:
        grid, form = _text_grid(path)
        guesses = [_guess(path, grid, None, "")]
    if form and not any(len(guess.placed) > 1 for guess in guesses) and not _regular(grid):
        raise InputError(
            path,
            "no table was recognised in it: there is no row of headings with columns below it.",
            "Give a CSV file or a workbook; or write the card by hand (docs/your-own-data.md).",
        )
    return _write(source, guesses, form)


def _regular(grid: Grid) -> bool:
    """Whether most lines have the same number of cells, more than one: running text has not."""
    widths = Counter(len(row) for row in grid if any(row))
    width, lines = max(widths.items(), key=lambda item: item[1])
    return width > 1 and lines > sum(widths.values()) / 2


def _text_grid(path: Path) -> tuple[Grid, tuple[str, str]]:
    known = encoding.detect(path)
    text = next(encoding.utf8_blocks(path, known)).decode().lstrip("\ufeff")
    lines = text.splitlines()[: HEAD + SAMPLE]
    delimiter = max(
        (delimited.likeliest_delimiter(line) for line in lines[:HEAD]),
        key=lambda d: sum(d in line for line in lines[:HEAD]),
    )
    rows = islice(csv.reader(lines, delimiter=delimiter), HEAD + SAMPLE)
    try:
        return [[cell or None for cell in row] for row in rows], (known, delimiter)
    except csv.Error as error:
        raise InputError(path, f"is not a table: {error}.", "Save it as CSV or as an Excel workbook.") from None


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, dict[str, list[str]]]:
    import yaml

    text = files("pipeline.sources").joinpath("headings.yml").read_text(encoding="utf-8")
    return {
        table: {column: [_bare(word) for word in words] for column, words in columns.items()}
        for table, columns in yaml.load(text, Loader=yaml.BaseLoader).items()
    }


def _bare(heading: object) -> str:
    return re.sub(r"[\W_]+", "", normal(str(heading)))


def _place(headings: Sequence[str | None], table: str) -> dict[str, str]:
    """Heading -> column, each column once."""
    placed: dict[str, str] = {}
    for column, words in _synonyms()[table].items():
        fitting = [h for word in words for h in headings if h and h not in placed and _bare(h) == word]
        if fitting:
            placed[fitting[0]] = column
    return placed


def _guess(path: Path, grid: Grid, sheet: str | None, title: str) -> Guess:
    head, table, placed = _heading(grid)
    headings = grid[head]
    rows = [row for row in grid[head + 1 : head + 1 + SAMPLE] if any(row)]
    column = {h: _cells(rows, i) for i, h in enumerate(headings) if h and h.strip()}
    unplaced = {h: _look(values) for h, values in column.items() if h not in placed}
    values = {placed[h]: _distinct(found) for h, found in column.items() if placed.get(h) in _CODED}
    above = " ".join(text for row in grid[:head] for text in row if text)
    direction = None if "direction" in placed.values() else _direction(f"{path.stem} {title} {above}")
    return Guess(sheet, head + 1, table, placed, unplaced, values, direction if table in ("stays", "counts") else None)


def _cells(rows: Sequence[Sequence[str | None]], place: int) -> list[str]:
    texts = ((row[place] or "").strip() for row in rows if place < len(row))
    return [text for text in texts if text]


def _heading(grid: Grid) -> tuple[int, str, dict[str, str]]:
    """The row that looks most like headings, the table they fit best, and which is which; without any, the fullest row."""
    tables = [table for table in _synonyms() if table in NEEDED]
    options = [
        (len(placed := _place(row, table)), -i, -n, table, placed)
        for i, row in enumerate(grid[:HEAD])
        for n, table in enumerate(tables)
    ]
    hits, at, _, table, placed = max(options, key=lambda option: option[:3])
    if hits:
        return -at, table, placed
    return max(range(len(grid[:HEAD])), key=lambda i: (sum(bool(cell) for cell in grid[i]), -i)), "stays", {}


def _direction(text: str) -> str | None:
    words = _synonyms()["directions"]
    found = [direction for direction, names in words.items() if any(word in _bare(text) for word in names)]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    from babel import Locale

    names = (name for language in ("en", "zh") for code, name in Locale(language).territories.items() if code.isalpha())
    return frozenset(map(normal, names))


def _look(values: Sequence[str]) -> str:
    """What the values of a column look like."""
    if not values:
        return "empty"
    examples = ", ".join(_distinct(values, 3))
    for what, fits in (
        ("dates", _DATE.search),
        ("countries", lambda v: normal(v) in _countries()),
        ("numbers", re.compile(r"-?[\d,.]+").fullmatch),
    ):
        if sum(bool(fits(value)) for value in values) > 0.6 * len(values):
            return f"{what}: {examples}"
    return examples


def _distinct(values: Iterable[str], limit: int = 12) -> list[str]:
    return list(dict.fromkeys(" ".join(value.split())[:40] for value in values))[:limit]


def _quoted(text: str) -> str:
    """A text as YAML: plain when that is safe, else in double quotes."""
    reserved = ("yes", "no", "true", "false", "null", "on", "off")
    plain = re.fullmatch(r"[^\W\d_][\w ]*\w|[^\W\d_]", text) and text.lower() not in reserved
    return text if plain else json.dumps(text, ensure_ascii=False)


def _write(file: SourceFile, guesses: Sequence[Guess], form: tuple[str, str] | None) -> str:
    lines = [
        "# Draft of a source card: check every line, then put it beside the file as source.yml (docs/your-own-data.md explains each key).",
        f"title: {_quoted(file.path.stem)}",
        'publisher: ""   # who keeps these records',
        'licence: ""     # or "internal"',
        'retrieved: ""   # the day you got the file, like 2024-10-01',
        "synthetic: false",
        "# origin_basis: citizenship   # or prior_education: what the country of origin means here",
        "academic_year_starts: 9",
        "tables:",
    ]
    useful = [guess for guess in guesses if guess.placed] or list(guesses)
    for guess in useful:
        lines += _entry(file, guess, form)
    lines += [
        f"# The sheet {guess.sheet!r} has no heading that is known and was left out."
        for guess in guesses
        if guess not in useful
    ]
    return "\n".join(lines) + "\n"


def _entry(file: SourceFile, guess: Guess, form: tuple[str, str] | None) -> list[str]:
    lines = [
        f"  - table: {guess.table}   # stays, counts, agreements, events or context",
        f"    file: {_quoted(file.path.name)}",
    ]
    if form:
        lines += [f"    encoding: {form[0]}", f"    delimiter: {json.dumps(form[1])}"]
    if guess.sheet:
        lines.append(f"    sheet: {_quoted(guess.sheet)}")
    lines.append(f"    header_row: {guess.header_row}")
    if guess.direction:
        lines.append(f"    direction: {guess.direction}   # guessed from the name and the title")
    elif "direction" in guess.missing:
        lines.append("    # direction: inbound   # or outbound: the draft could not tell")
    needs = [name for name in guess.missing if name != "direction"]
    if needs:
        lines.append(
            f"    # still needed: {', '.join(needs)}; name its heading under columns, or one value for all rows here:"
        )
        lines.append(f"    # constants: {{{needs[0].split(' or ')[0]}: CHN}}")
    lines.append("    columns:")
    lines += [f"      {_quoted(heading)}: {column}" for heading, column in guess.placed.items()]
    lines += [f"      # {_quoted(heading)}: ?   # not placed; {look}" for heading, look in guess.unplaced.items()]
    if guess.values:
        lines.append("    # codes:   # only for words that cleaning does not understand by itself; found here:")
        lines += [
            f"    #   {column}: {{{', '.join(f'{_quoted(v)}: ?' for v in values)}}}"
            for column, values in guess.values.items()
        ]
    return [*lines, f"    sha256: {file.sha256()}"]
