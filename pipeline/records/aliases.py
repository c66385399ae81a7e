"""What an analyst has confirmed about names of institutions: `aliases.csv` in a source's folder (docs/your-own-data.md).

Each line says of one writing, in one country, under which name its institution is kept, or (`same` is no) that the two are not the same.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import InputError, did_you_mean
from pipeline.records.codes import erasmus_code_of, ror_of
from pipeline.records.countries import COUNTRY, place
from pipeline.records.reading import Reading
from pipeline.records.text import plain, tidy
from pipeline.records.words import yes_or_no

FILE = "aliases.csv"
NEEDED = ("written", "country", "institution")
OPTIONAL = ("same", "ror", "erasmus_code", "note")
TOLD = ("score", "times", "source")  # of the review file, whose lines are copied: not read
_READERS: dict[str, Callable[[str], Reading]] = {"ror": ror_of, "erasmus_code": erasmus_code_of}
_COMPUTED = re.compile("^'(?=[=+@-])")  # the apostrophe by which the review file keeps spreadsheets from computing
Name = tuple[str, str]  # country, name


@lru_cache(maxsize=200_000)
def form(name: str) -> str:
    """The normalised form of a name: without case, accents, punctuation and gaps.

    >>> form("Universität  MÜNSTER")
    'universitat munster'
    """
    return plain(name) or name


class Line(NamedTuple):
    """One line of the file."""

    number: int
    country: str
    written: str
    institution: str
    same: bool
    ror: str = ""
    erasmus_code: str = ""


@dataclass
class Aliases:
    """The lines of one file, to be asked by name. Without lines it knows nothing.

    Attributes
    ----------
    lines
        In the order of the file.
    path
        The file, for messages.

    Raises
    ------
    InputError
        If two lines contradict each other; names file and line.
    """

    lines: tuple[Line, ...] = ()
    path: Path | None = None
    _exact: dict[Name, Line] = field(default_factory=dict)
    _normal: dict[Name, Line | None] = field(default_factory=dict)  # None: two institutions, so neither
    _spelled: dict[Name, str] = field(
        default_factory=dict
    )  # normalised form of a kept name -> as the file writes it first
    _codes: dict[Name, dict[str, tuple[str, Line]]] = field(default_factory=dict)
    _denied: set[frozenset[Name]] = field(default_factory=set)

    def __post_init__(self) -> None:
        confirmed = [line for line in self.lines if line.same]
        for line in confirmed:
            self._take(line)
        for line in confirmed:
            self._follow(line)
        for line in confirmed:
            self._note_codes(line)
        for line in self.lines:
            if not line.same:
                self._deny(line)

    def _take(self, line: Line) -> None:
        before = self._exact.setdefault((line.country, line.written), line)
        if form(before.institution) != form(line.institution):
            problem = f"{line.written!r} is said to be {line.institution!r}, but line {before.number} says {before.institution!r}."
            raise self.error(line, problem, "Keep one of the two lines.")
        known = self._normal.setdefault((line.country, form(line.written)), line)
        if known is not None and form(known.institution) != form(line.institution):
            self._normal[line.country, form(line.written)] = None
        self._spelled.setdefault((line.country, form(line.institution)), line.institution)

    def _follow(self, line: Line) -> None:
        """Make sure that following an institution that is itself an alias comes to an end."""
        passed = [line]
        while (then := self._line(line.country, passed[-1].institution)) is not None:
            if form(then.institution) == form(passed[-1].institution):
                return
            if then in passed:
                names = " is ".join(repr(each.institution) for each in (*passed, then))
                raise self.error(line, f"goes round in a circle: {names}.", "Say which name is kept.")
            passed.append(then)

    def _note_codes(self, line: Line) -> None:
        name = self.name(line.country, line.institution) or line.institution
        codes = self._codes.setdefault((line.country, form(name)), {})
        for column in _READERS:
            code = getattr(line, column)
            known, first = codes.setdefault(column, (code, line)) if code else ("", line)
            if known != code:
                problem = f"the {column} of {name!r} is {code}, but line {first.number} says {known}."
                raise self.error(line, problem, "Keep one of the two.")

    def _deny(self, line: Line) -> None:
        if form(line.written) == form(line.institution):
            problem = (
                f"{line.written!r} and {line.institution!r} are one name without case, accents, punctuation and gaps."
            )
            raise self.error(line, problem, "Give each writing a line that says which institution it is.")
        one, other = (self.name(line.country, name) or name for name in (line.written, line.institution))
        if form(one) == form(other):
            problem = (
                f"{line.written!r} and {line.institution!r} are not to be the same, but other lines say that they are."
            )
            raise self.error(line, problem, "Take out one or the other.")
        self._denied.add(frozenset({(line.country, form(line.written)), (line.country, form(line.institution))}))

    def error(self, line: Line, problem: str, todo: str) -> InputError:
        """What is wrong with a line."""
        return InputError(f"{self.path or FILE}, line {line.number}", problem, todo)

    def _line(self, country: str, name: str) -> Line | None:
        found = self._exact.get((country, name))
        return found if found is not None else self._normal.get((country, form(name)))

    def name(self, country: str, written: str) -> str | None:
        """The name under which a writing's institution is kept, by the exact writing first, then by its normalised form; None if the file does not say.

        >>> aliases = Aliases((Line(2, "DEU", "LMU", "Ludwig-Maximilians-Universität", True),))
        >>> aliases.name("DEU", "lmu"), aliases.name("AUT", "LMU")
        ('Ludwig-Maximilians-Universität', None)
        """
        found, name = False, tidy(written)
        while (line := self._line(country, name)) is not None:
            found, before, name = True, name, line.institution
            if form(name) == form(before):
                break
        return self._spelled.get((country, form(name)), name if found else None)

    def codes(self, country: str, name: str) -> tuple[str, str]:
        """The ROR id and the Erasmus code that the file gives an institution; "" where it gives none."""
        known = self._codes.get((country, form(name)), {})
        ror, erasmus = (known[column][0] if column in known else "" for column in _READERS)
        return ror, erasmus

    def denied(self, country: str, one: str, other: str) -> bool:
        """Whether the file says that two names are not one institution's."""
        return frozenset({(country, form(one)), (country, form(other))}) in self._denied


def read(folder: Path) -> Aliases:
    """The confirmed aliases of a source's folder; none when it has no such file.

    Raises
    ------
    InputError
        If the file cannot be read, has a column that is not known or lacks one, or a line is not as described; names file and line.
    """
    path = folder / FILE
    if not path.exists():
        return Aliases()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {at}", "is not UTF-8.", 'Save it as "CSV UTF-8".') from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror}).", "Check the file and its permissions.") from None
    lines = tuple(_lines(path, text))
    return Aliases(lines, path)


def _lines(path: Path, text: str) -> Iterator[Line]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        headings = [cell.strip().lower() for cell in next(reader, [])]
        _check_headings(path, headings)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _line(f"{path}, line {reader.line_num}", reader.line_num, headings, cells)
    except csv.Error as error:
        problem = f"is not CSV ({error})."
        raise InputError(f"{path}, line {reader.line_num}", problem, "Mend the quotation marks.") from None


def _check_headings(path: Path, headings: list[str]) -> None:
    known = (*NEEDED, *OPTIONAL, *TOLD)
    where = f"{path}, line 1"
    for heading in headings:
        if heading not in known:
            raise InputError(where, f"{heading!r} is not a column of {FILE}.", did_you_mean(heading, known))
        if headings.count(heading) > 1:
            raise InputError(where, f"the column {heading} is there twice.", "Take out one of them.")
    if missing := [name for name in NEEDED if name not in headings]:
        raise InputError(where, f"has no column {', '.join(missing)}.", f"It needs {', '.join(NEEDED)}.")


def _line(where: str, number: int, headings: list[str], cells: list[str]) -> Line:
    if any(cell.strip() for cell in cells[len(headings) :]):
        raise InputError(
            where, f"has {len(cells)} cells for {len(headings)} columns.", "Put a name with commas in quotation marks."
        )
    row = {name: tidy(_COMPUTED.sub("", cell)) for name, cell in zip(headings, cells, strict=False)}
    for name in NEEDED:
        if not row.get(name):
            raise InputError(where, f"has no {name}.", f"Each line needs {', '.join(NEEDED)}.")
    return Line(
        number,
        _country(where, row["country"]),
        row["written"],
        row["institution"],
        _same(where, row.get("same", "")),
        **{column: _code(where, column, row, read) for column, read in _READERS.items()},
    )


def _country(where: str, text: str) -> str:
    found = place(text)
    if found.kind != COUNTRY:
        raise InputError(where, f"{text!r} is not one country.", "Write its name or its code, for example DEU.")
    return str(found.code)


def _same(where: str, text: str) -> bool:
    found = yes_or_no(text)
    if found.problem:
        raise InputError(where, f"same is {text!r}.", "Write yes or no, or nothing for yes.")
    return found.value is not False


def _code(where: str, column: str, row: Mapping[str, str], read: Callable[[str], Reading]) -> str:
    found = read(row.get(column, ""))
    if found.problem:
        raise InputError(where, f"{row[column]!r} is {found.problem}.", "Mend it, or leave the cell empty.")
    return found.value or ""
