"""The world around the example: countries, made-up partner institutions, and the agreements with them.

Countries are real; their figures in countries.csv (kilometres from Beijing, millions of people, academic draw) are rough and serve
only to give the flows a plausible shape. Every institution is made up: a place that does not exist a name, none used twice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from dice import Dice, Urn

EXPORTED = date(2024, 9, 30)
FIRST_YEAR, LAST_YEAR = 2010, 2023  # academic years by the calendar year in which they start

# A partner's likely business: (modes, weight).
PROFILES = (
    (("exchange", "short_programme"), 8),
    (("exchange", "joint_training", "research_visit"), 7),
    (("joint_training", "dual_degree", "joint_research"), 5),
    (("joint_research", "research_visit"), 4),
    (("exchange", "dual_degree", "short_programme"), 3),
)
KINDS = (
    ("University", 10),
    ("University of Technology", 4),
    ("Institute of Science", 3),
    ("State University", 2),
    ("Graduate School", 1),
)


@dataclass(frozen=True)
class Country:
    """A country and the ways in which offices write it."""

    code: str
    english: tuple[str, ...]  # the usual name first, then old names, other spellings and codes
    chinese: tuple[str, ...]
    km: float
    people: float
    pull: float
    priority: bool  # more scholarships for students from there
    partners: int

    @property
    def sends(self) -> float:
        """Weight among the origins: more people, more students; farther, fewer."""
        return self.people**0.6 * (self.km / 1000.0) ** -0.9 * (1.5 if self.priority else 1.0)

    @property
    def draws(self) -> float:
        """Weight among the destinations: the draw of its universities, less with distance."""
        return self.pull**0.9 * (self.km / 1000.0) ** -0.35


@dataclass(frozen=True)
class Agreement:
    """One agreement with a partner for one mode."""

    agreement_id: str
    partner: str
    country: str
    mode: str
    signed: date
    expires: date | None
    laboratory: bool
    recognised: bool


@dataclass(frozen=True)
class Partner:
    """A made-up institution abroad."""

    name: str
    country: str
    weight: float  # among the partners of its country
    modes: tuple[str, ...]
    recognition: float  # how much more, or less, of the credits is recognised here than elsewhere
    last_active: int  # no stays start in academic years after this one
    band: str  # rank band of a made-up table
    agreements: tuple[Agreement, ...] = ()

    def agreement(self, mode: str, day: date) -> Agreement | None:
        """The agreement under which a stay in this mode starts on this day."""
        for agreement in self.agreements:
            if agreement.mode == mode and agreement.signed <= day <= (agreement.expires or EXPORTED):
                return agreement
        return None


@dataclass(frozen=True, eq=False)
class World:
    """Countries and partners, laid out for drawing."""

    countries: dict[str, Country]
    partners: tuple[Partner, ...]

    @cache  # noqa: B019
    def partners_of(self, country: str, mode: str, year: int) -> Urn | None:
        """The partners of a country that work in a mode in an academic year, by weight."""
        fit = [
            p
            for p in self.partners
            if p.country == country and (mode in p.modes or mode == "virtual") and year <= p.last_active
        ]
        return Urn(fit, [p.weight for p in fit]) if fit else None


def read_countries() -> dict[str, Country]:
    """The countries of countries.csv by code."""
    with (Path(__file__).parent / "countries.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: _country(row) for row in csv.DictReader(file)}


def _country(row: dict[str, str]) -> Country:
    return Country(
        code=row["code"],
        english=(row["en"], *filter(None, row["en_other"].split("|"))),
        chinese=(row["zh"], *filter(None, row["zh_other"].split("|"))),
        km=float(row["km"]),
        people=float(row["people"]),
        pull=float(row["pull"]),
        priority=row["priority"] == "1",
        partners=int(row["partners"]),
    )


def make_world(seed: str) -> World:
    """Countries with partners of heavy-tailed sizes, some of them dormant, and the agreements with them."""
    dice = Dice(f"{seed}/world")
    countries = read_countries()
    names = iter(dice.shuffled(_places()))
    partners: list[Partner] = []
    number = 0
    for country in countries.values():
        for rank in range(country.partners):
            name = f"{next(names)} {dice.weighted([k for k, _ in KINDS], [w for _, w in KINDS])}"
            modes = dice.weighted([m for m, _ in PROFILES], [w for _, w in PROFILES])
            dormant = dice.chance(0.12)
            last_active = dice.integer(2015, 2020) if dormant else LAST_YEAR
            agreements = _agreements(dice, name, country.code, modes, number)
            number += len(agreements)
            partners.append(
                Partner(
                    name=name,
                    country=country.code,
                    weight=1.0 / (rank + 1) ** 1.1,
                    modes=modes,
                    recognition=dice.normal(0.0, 0.07),
                    last_active=last_active,
                    band=_band(dice, country),
                    agreements=agreements,
                )
            )
    return World(countries, tuple(partners))


def _places() -> list[str]:
    """Names of places that do not exist: every first part of places.txt with every last part."""
    text = (Path(__file__).parent / "places.txt").read_text(encoding="utf-8")
    firsts, lasts = (part.split() for part in text.split("\n\n"))
    return [first + last for first in firsts for last in lasts]


def _band(dice: Dice, country: Country) -> str:
    strength = min(0.6, country.pull / 90.0)
    if dice.chance(strength):
        return "1-200"
    return dice.weighted(["201-500", "501-1000", ""], [4, 4, 3])


def _agreements(dice: Dice, partner: str, country: str, modes: tuple[str, ...], number: int) -> tuple[Agreement, ...]:
    """Chains of agreements, each of three to ten years; most are renewed when they end, some lapse."""
    made: list[Agreement] = []
    for mode in modes:
        year = dice.integer(2008, 2018)
        while year <= EXPORTED.year:
            signed = date(year, dice.integer(1, 12), dice.integer(1, 28))
            years = dice.weighted([3, 5, 8, 10, 0], [2, 7, 4, 3, 1])
            expires = date(year + years, signed.month, signed.day) if years else None
            number += 1
            laboratory = mode == "joint_research" and dice.chance(0.35)
            recognised = mode in {"dual_degree", "joint_training"} and dice.chance(0.6)
            made.append(Agreement(f"AG{number:04d}", partner, country, mode, signed, expires, laboratory, recognised))
            if expires is None or dice.chance(0.14):
                break
            year = expires.year
    return tuple(sorted(made, key=lambda a: (a.mode, a.signed), reverse=True))
