"""Who went where: students and their stays, as they truly were.

Volumes follow the academic year: growth to 2019, the break of 2020-22 (inbound deeper and longer than outbound, online stays in its
place), recovery. Countries follow size and distance, partners a heavy tail, modes the direction and the level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from dice import Dice, Urn
from world import FIRST_YEAR, LAST_YEAR, Partner, World

HOME = "CHN"
VOLUME = {"inbound": (735, 0.070), "outbound": (545, 0.080)}  # stays in 2010/11, growth a year
# Share of the trend that still started, from this month on.
OPEN = {
    "inbound": (
        ("2010-09", 1.0),
        ("2020-02", 0.13),
        ("2021-09", 0.20),
        ("2022-09", 0.32),
        ("2023-02", 0.55),
        ("2023-09", 0.74),
        ("2024-02", 0.82),
    ),
    "outbound": (
        ("2010-09", 1.0),
        ("2020-02", 0.09),
        ("2020-09", 0.25),
        ("2021-09", 0.55),
        ("2022-09", 0.74),
        ("2023-09", 0.89),
    ),
}
ONLINE = {"inbound": 0.30, "outbound": 0.16}  # share of what did not start that took place online, to the end of 2022
ONLINE_LATER = {"inbound": 0.035, "outbound": 0.02}  # share of all stays from 2023 on
SEASON = ((9, 50), (10, 5), (2, 4), (3, 19), (11, 3), (5, 3), (6, 4), (7, 8), (4, 4))
SHORT_SEASON = ((7, 34), (8, 16), (1, 14), (6, 10), (10, 8), (11, 7), (5, 6), (4, 5))
SHORT = {"short_programme", "conference", "lecture"}
MODES = {
    "inbound": {
        "degree": 40,
        "exchange": 22,
        "short_programme": 12,
        "joint_training": 7,
        "dual_degree": 4,
        "research_visit": 6,
        "joint_research": 4,
        "conference": 3,
        "lecture": 2,
    },
    "outbound": {
        "exchange": 27,
        "joint_training": 19,
        "short_programme": 17,
        "conference": 11,
        "research_visit": 9,
        "joint_research": 6,
        "dual_degree": 7,
        "degree": 3,
        "lecture": 1,
    },
}
# Months from start to end: (least, most); a degree depends on the level.
MONTHS = {
    "exchange": (4, 10.5),
    "joint_training": (9, 24),
    "dual_degree": (10, 22),
    "joint_research": (3, 14),
    "research_visit": (3, 12),
    "virtual": (2, 9),
}
# Share of the stays of a mode that come through a partner institution.
BY_PARTNER = {
    "exchange": 0.94,
    "joint_training": 0.96,
    "dual_degree": 1.0,
    "joint_research": 0.8,
    "research_visit": 0.55,
    "short_programme": 0.6,
    "virtual": 0.5,
}
DEGREE_YEARS = {"6": 4, "7": 3, "8": 4}
FIELDS = Urn(["07", "04", "05", "03", "06", "02", "09", "08", "01", "10"], [30, 15, 14, 10, 9, 7, 6, 4, 4, 1])
LEVELS = {
    "inbound": Urn(["6", "7", "8", ""], [20, 46, 26, 8]),
    "outbound": Urn(["6", "7", "8"], [8, 57, 35]),
}


@dataclass
class Stay:
    """One student's one stay as it truly was; the fields are those of the table of stays."""

    stay_id: str
    student: str
    direction: str
    country: str
    partner: Partner | None
    mode: str
    level: str
    subject: str
    home_subject: str
    start: date
    end: date | None
    gender: str
    birth_year: int
    agreement_id: str = ""
    facts: dict[str, str] = field(default_factory=dict)  # what came of it, see outcomes.py

    @property
    def origin(self) -> str:
        """Country of citizenship."""
        return self.country if self.direction == "inbound" else HOME

    @property
    def destination(self) -> str:
        """Country in which the stay took place."""
        return HOME if self.direction == "inbound" else self.country


class Population:
    """Makes the stays of one direction, year by year."""

    def __init__(self, world: World, direction: str, dice: Dice) -> None:
        self.world, self.direction, self.dice = world, direction, dice
        countries = list(world.countries.values())
        self._countries = Urn(
            [c.code for c in countries], [c.sends if direction == "inbound" else c.draws for c in countries]
        )
        self._modes = Urn(list(MODES[direction]), list(MODES[direction].values()))
        self._serial = 0
        self._last_start: dict[str, date] = {}

    def stays(self) -> list[Stay]:
        """All stays of the direction, in the order of their start."""
        made: list[Stay] = []
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            base, growth = VOLUME[self.direction]
            for _ in range(self.dice.count(base * (1.0 + growth) ** (year - FIRST_YEAR))):
                stay = self._attempt(year, made)
                if stay is not None:
                    made.append(stay)
        return sorted(made, key=lambda s: (s.start, s.student))

    def _attempt(self, year: int, made: list[Stay]) -> Stay | None:
        """A stay that someone plans for this academic year, unless closed borders prevent it."""
        mode = self._modes.draw(self.dice)
        start = self._start(year, SHORT_SEASON if mode in SHORT else SEASON)
        opened = [share for month, share in OPEN[self.direction] if month <= start.isoformat()[:7]][-1]
        if not self.dice.chance(opened):
            if start.year > 2022 or not self.dice.chance(ONLINE[self.direction]):
                return None
            mode = "virtual"
        elif start.year >= 2023 and mode != "degree" and self.dice.chance(ONLINE_LATER[self.direction]):
            mode = "virtual"
        before = self._returning(year, made)
        if before is not None:
            return self._again(before, mode, start)
        return self._new(mode, start, year)

    def _start(self, year: int, season: tuple[tuple[int, int], ...]) -> date:
        month = self.dice.weighted([m for m, _ in season], [w for _, w in season])
        first = self.dice.chance(0.35) and season is SEASON
        return date(year if month >= 9 else year + 1, month, 1 if first else self.dice.integer(1, 28))

    def _returning(self, year: int, made: list[Stay]) -> Stay | None:
        """Someone with an earlier stay, now and then of the same academic year."""
        if not made or not self.dice.chance(0.09 if self.direction == "outbound" else 0.05):
            return None
        before = made[self.dice.integer(max(0, len(made) - 1500), len(made) - 1)]
        return before if before.mode != "degree" and before.start.year >= year - 2 else None

    def _again(self, before: Stay, mode: str, start: date) -> Stay | None:
        """Another stay of the same student, not on a day on which one of theirs started."""
        mode = "exchange" if mode == "degree" else mode
        country = before.country if self.direction == "inbound" or self.dice.chance(0.4) else None
        last = self._last_start[before.student]
        if abs((start - last).days) < 2:
            start = last + timedelta(days=self.dice.integer(5, 40))
        stay = self._place(mode, start, country, before.level, before.home_subject)
        stay.student, stay.gender, stay.birth_year = before.student, before.gender, before.birth_year
        self._last_start[stay.student] = max(start, last)
        return stay

    def _new(self, mode: str, start: date, year: int) -> Stay:
        dice = self.dice
        level = LEVELS[self.direction].draw(dice)
        if mode in {"degree", "dual_degree", "joint_training"} and not level:
            level = "7"
        stay = self._place(mode, start, None, level, FIELDS.draw(dice))
        age = {"6": 20, "7": 24, "8": 27, "": 22}[level]
        stay.birth_year = start.year - age - min(dice.count(1.6), 9)
        stay.gender = "female" if dice.chance(0.47) else "male"
        self._serial += 1
        prefix = "L" if self.direction == "inbound" else "S"
        stay.student = f"{prefix}{year}{self._serial % 100000:05d}"
        self._last_start[stay.student] = start
        return stay

    def _place(self, mode: str, start: date, country: str | None, level: str, home_subject: str) -> Stay:
        """Country, partner, agreement, field and end of a stay."""
        dice = self.dice
        year = start.year if start.month >= 9 else start.year - 1
        code = country or self._countries.draw(dice)
        partners = None
        if mode in BY_PARTNER and dice.chance(BY_PARTNER[mode]):
            partners = self.world.partners_of(code, mode, year)
            while partners is None and country is None:
                code = self._countries.draw(dice)
                partners = self.world.partners_of(code, mode, year)
        partner = partners.draw(dice) if partners else None
        agreement = partner.agreement(mode, start) if partner else None
        crossed = mode != "degree" and dice.chance(0.12)
        return Stay(
            stay_id="",
            student="",
            direction=self.direction,
            country=code,
            partner=partner,
            mode=mode,
            level=level,
            subject=FIELDS.draw(dice) if crossed else home_subject,
            home_subject=home_subject,
            start=start,
            end=start + timedelta(days=self._days(mode, level)),
            gender="",
            birth_year=0,
            agreement_id=agreement.agreement_id if agreement else "",
        )

    def _days(self, mode: str, level: str) -> int:
        dice = self.dice
        if mode == "degree":
            return int(365.25 * DEGREE_YEARS.get(level, 3)) - dice.integer(45, 80)
        if mode == "short_programme":
            return dice.integer(9, 55)
        if mode in {"conference", "lecture"}:
            return dice.integer(2, 9)
        low, high = MONTHS[mode]
        return int(30.4 * dice.uniform(low, high))


def make_stays(world: World, seed: str) -> list[Stay]:
    """All stays, inbound then outbound, each with its number."""
    made: list[Stay] = []
    for direction in ("inbound", "outbound"):
        made += Population(world, direction, Dice(f"{seed}/{direction}")).stays()
    for number, stay in enumerate(made, start=1):
        stay.stay_id = f"T{number:05d}"
    return made
