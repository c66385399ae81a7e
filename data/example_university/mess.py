"""How two offices wrote it down: spellings, date styles, gaps, rows entered twice, rows that cannot be right.

All rates stand in `RATES`. The truth of every row is kept beside what was written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from dates import as_written
from dice import Dice
from people import Stay
from spellings import HSK, IMPOSSIBLE, INBOUND, NO_COUNTRY, OUTBOUND, REMARKS, STALE_CODES, STRAY
from world import World

Cell = str | int | float | date


@dataclass(frozen=True)
class Rates:
    """Shares of rows, or of cells where it says so."""

    duplicate: float = 0.022
    duplicate_elsewhere: float = 0.4  # of the duplicates, how many stand in another file
    duplicate_gap: float = 0.3  # of a duplicate's optional cells
    spoiled: float = 0.011  # rows that must be rejected
    gap: float = 0.025  # of optional cells
    stray_space: float = 0.05  # of text cells
    full_width: float = 0.012  # of cells with digits
    other_script: float = 0.12  # of country cells: a code, an old name, the other language
    stale_code: float = 0.004  # of coded cells
    bad_optional_date: float = 0.003  # of optional dates
    bad_birth_year: float = 0.003


RATES = Rates()
SPOILS = (
    ("unknown_country", 3),
    ("missing_country", 3),
    ("missing_student", 2),
    ("impossible_start", 4),
    ("missing_start", 2),
    ("end_before_start", 3),
    ("same_country", 1),
    ("start_out_of_range", 1),
)
OPTIONAL_TEXT = ("language_test",)
NUMBERS = (
    "grant_amount",
    "credits_attempted",
    "credits_recognised",
    "degrees_awarded",
    "joint_publications",
    "satisfaction",
)
CODED = (
    "mode",
    "level",
    "field",
    "home_field",
    "gender",
    "funder",
    "dual_supervised",
    "visa_result",
    "outcome",
    "currency",
)


@dataclass
class Row:
    """A row as written, and what is true of it."""

    stay: Stay
    cells: dict[str, Cell]
    reject: str = ""
    start_by_month: bool = False
    end: date | None = None  # what the row says of the end, rightly read
    end_by_month: bool = False
    copy: bool = False
    elsewhere: bool = False
    lost: list[str] = field(default_factory=list)  # columns in which something stands that nobody can read


class Office:
    """Writes the rows of one direction."""

    def __init__(self, world: World, direction: str, seed: str, stays: list[Stay]) -> None:
        self.world, self.direction = world, direction
        self.dice = Dice(f"{seed}/office/{direction}")
        self.spellings = INBOUND if direction == "inbound" else OUTBOUND
        self.home_first = direction == "inbound"
        months = Counter((s.student, s.country, s.start.isoformat()[:7]) for s in stays)
        self._crowded = {key for key, number in months.items() if number > 1}

    def rows(self, stays: list[Stay]) -> list[Row]:
        """The rows of these stays, with their duplicates and the spoiled ones, in the order in which they were entered."""
        keyed: list[tuple[float, Row]] = []
        for place, stay in enumerate(stays):
            row = self.write(stay)
            keyed.append((place + self.dice.uniform(0, 25), row))
            if self.dice.chance(RATES.duplicate):
                again = self.write(stay, again=True)
                again.elsewhere = self.dice.chance(RATES.duplicate_elsewhere)
                keyed.append((place + self.dice.uniform(0, 400), again))
            elif self.dice.chance(RATES.spoiled):
                self._spoil(row)
        return [row for _, row in sorted(keyed, key=lambda pair: pair[0])]

    def write(self, stay: Stay, again: bool = False) -> Row:
        """One row for a stay; a row entered again has more gaps."""
        row = Row(stay, {}, copy=again)
        gap = RATES.duplicate_gap if again else RATES.gap
        row.cells["student_id"] = self._noisy(stay.student, digits=True)
        row.cells["country"] = self._noisy(self._country(stay.country))
        self._dates(row, gap)
        optional: dict[str, Cell] = {
            "institution": self._institution(stay),
            "agreement_id": stay.agreement_id,
            "birth_year": self._birth_year(row),
        }
        for column in CODED:
            optional[column] = self._coded(column, self._true(stay, column), row)
        for column in NUMBERS:
            optional[column] = self._number(column, stay.facts.get(column, ""))
        optional["language_test"] = stay.facts.get("language_test", "")
        for column in ("language_entry", "language_exit"):
            level = stay.facts.get(column, "")
            optional[column] = HSK.get(level, level) if stay.facts.get("language_test") == "HSK" else level
        for column, value in optional.items():
            if value != "" and self.dice.chance(gap):
                value = ""
            row.cells[column] = self._noisy(value) if isinstance(value, str) else value
        row.lost = [column for column in row.lost if row.cells[column] != ""]
        row.cells["remark"] = self.dice.pick(REMARKS[self.direction]) if self.dice.chance(0.06) else ""
        return row

    @staticmethod
    def _true(stay: Stay, column: str) -> str:
        own = {
            "mode": stay.mode,
            "level": stay.level,
            "field": stay.subject,
            "home_field": stay.home_subject,
            "gender": stay.gender,
        }
        return own[column] if column in own else stay.facts.get(column, "")

    def _country(self, code: str) -> str:
        country = self.world.countries[code]
        usual, other = (country.chinese, country.english) if self.home_first else (country.english, country.chinese)
        if not self.dice.chance(RATES.other_script):
            return usual[0]
        return self.dice.pick([*usual[1:], *other, *other[:1], code, country.english[0].upper()])

    def _institution(self, stay: Stay) -> str:
        if stay.partner is None:
            return ""
        name = stay.partner.name
        return name.upper() if self.dice.chance(0.02) else name.replace(" ", "  ") if self.dice.chance(0.02) else name

    def _noisy(self, text: str, digits: bool = False) -> str:
        if not text:
            return text
        if digits and self.dice.chance(RATES.full_width):
            text = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)
        if self.dice.chance(RATES.stray_space):
            space = self.dice.pick(STRAY)
            text = text + space if self.dice.chance(0.7) else space + text
        return text

    def _coded(self, column: str, value: str, row: Row) -> str:
        if not value:
            return ""
        if column in {"mode", "field", "outcome"} and self.dice.chance(RATES.stale_code):
            row.lost.append(column)
            return self.dice.pick(STALE_CODES[self.direction])
        writings = self.spellings[column].get(value, ((value, 1),))
        return self.dice.weighted([w for w, _ in writings], [n for _, n in writings])

    def _number(self, column: str, value: str) -> Cell:
        if not value:
            return ""
        number = int(value)
        if self.direction == "outbound" and not self.dice.chance(0.06):
            return number
        text = f"{number:,}" if column == "grant_amount" and self.dice.chance(0.3) else str(number)
        return self._noisy(text, digits=True)

    def _birth_year(self, row: Row) -> Cell:
        year = row.stay.birth_year
        if self.dice.chance(RATES.bad_birth_year):
            row.lost.append("birth_year")
            year = self.dice.pick([1900, 2061, year - 100])
        return year if self.direction == "outbound" else str(year)

    def _dates(self, row: Row, gap: float) -> None:
        stay, dice = row.stay, self.dice
        crowded = (stay.student, stay.country, stay.start.isoformat()[:7]) in self._crowded
        row.cells["start"], row.start_by_month = as_written(dice, self.direction, stay.start, by_month=not crowded)
        planned = stay.facts["outcome"] == "ongoing" and dice.chance(0.5)
        row.end = None if stay.end is None or planned or dice.chance(gap) else stay.end
        row.cells["end"] = ""
        if row.end is not None:
            long = (row.end - stay.start).days > 70
            row.cells["end"], row.end_by_month = as_written(dice, self.direction, row.end, by_month=long)
        for column in ("visa_applied", "visa_decided"):
            day = stay.facts.get(column, "")
            row.cells[column] = ""
            if day and not dice.chance(gap):
                row.cells[column], _ = as_written(dice, self.direction, date.fromisoformat(day), by_month=False)
        for column in ("end", "visa_applied", "visa_decided"):
            if row.cells[column] != "" and dice.chance(RATES.bad_optional_date):
                row.cells[column] = dice.pick(IMPOSSIBLE[self.direction]).format(y=stay.start.year)
                row.lost.append(column)
                row.end = None if column == "end" else row.end

    def _spoil(self, row: Row) -> None:
        dice, start = self.dice, row.stay.start
        kind = dice.weighted([k for k, _ in SPOILS], [w for _, w in SPOILS])
        row.reject = kind
        if kind == "unknown_country":
            row.cells["country"] = dice.pick(NO_COUNTRY[self.direction])
        elif kind == "missing_country":
            row.cells["country"] = ""
        elif kind == "missing_student":
            row.cells["student_id"] = dice.pick(["", " "])
        elif kind == "impossible_start":
            row.cells["start"] = dice.pick(IMPOSSIBLE[self.direction]).format(y=start.year)
        elif kind == "missing_start":
            row.cells["start"] = ""
        elif kind == "end_before_start":
            row.cells["start"] = f"{start.year}-{start.month:02d}-{start.day:02d}"
            row.cells["end"] = f"{start.year - dice.integer(1, 3)}-{start.month:02d}-15"
        elif kind == "same_country":
            row.cells["country"] = "中国" if self.home_first else "China"
        else:
            row.cells["start"] = f"{dice.pick([start.year + 100, start.year - 100])}-{start.month:02d}-{start.day:02d}"
