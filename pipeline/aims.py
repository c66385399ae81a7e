"""What mobility.toml says of the scorecard: targets of indicators, peers of a subject, and whether a composite is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline import checking
from pipeline.errors import SettingsError, did_you_mean

BY = ("at least", "at most")
NORMALISATIONS = ("min_max", "z_score")
AGGREGATIONS = ("arithmetic", "geometric")
LARGEST = 1e12  # of a target


@dataclass(frozen=True)
class Target:
    """What a subject set itself: an indicator at least or at most so large by a year."""

    indicator: str  # of the registry
    subject: str
    year: int  # by which it is to be reached; an academic year is the year in which it ends
    value: float  # in the indicator's unit
    by: str  # of BY

    def met(self, value: float) -> bool:
        """Whether a value is as it was to be.

        Examples
        --------
        >>> Target("completion_rate", "u", 2024, 90, "at least").met(90)
        True
        >>> Target("visa_days", "u", 2024, 20, "at most").met(24.5)
        False
        """
        return value >= self.value if self.by == "at least" else value <= self.value


@dataclass(frozen=True)
class Peers:
    """With whom a subject is compared: countries with counts, or sources with stays."""

    subject: str
    peers: tuple[str, ...]


@dataclass(frozen=True)
class Scorecard:
    """Whether there is a composite of the scorecard, and how it is made."""

    composite: bool | tuple[str, ...] = False  # of every indicator that is better one way, or of these
    normalisation: str = "min_max"
    aggregation: str = "arithmetic"
    weights: dict[str, float] = field(default_factory=dict)  # by indicator; those not named weigh 1


def known_indicators() -> tuple[str, ...]:
    """The ids of the registry, read from its data files without what computes them.

    Examples
    --------
    >>> "completion_rate" in known_indicators()
    True
    """
    folder = files("pipeline").joinpath("measures", "registry", "data")
    texts = [f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".yml")]
    return tuple(name for text in texts for name in re.findall(r"^([a-z][a-z0-9_]*):", text, re.MULTILINE))


def targets(path: Path, value: object) -> tuple[Target, ...]:
    """The [[targets]] of a file.

    Raises
    ------
    SettingsError
        Names file, entry, key, what was expected and what to do.
    """
    given = checking.tables(path, "targets", value, "an indicator, a subject, a year, a value and by")
    made = tuple(_target(path, f"targets {place}, ", one) for place, one in enumerate(given, 1))
    seen: set[tuple[str, str, int]] = set()
    for one in made:
        key = (one.subject, one.indicator, one.year)
        if key in seen:
            raise SettingsError(
                path, f"targets: {one.indicator} of {one.subject} for {one.year} stands there twice.", "Keep one."
            )
        seen.add(key)
    return made


def _target(path: Path, at: str, given: dict[str, Any]) -> Target:
    names = tuple(f.name for f in fields(Target))
    checking.only(path, at, given, set(names))
    for key in names:
        if key not in given:
            raise SettingsError(
                path, f"{at}{key}: missing.", 'Write indicator, subject, year, value and by = "at least" or "at most".'
            )
    return Target(
        indicator=_indicator(path, f"{at}indicator", given["indicator"]),
        subject=checking.text(path, f"{at}subject", given["subject"]),
        year=checking.integer(path, f"{at}year", given["year"], 1900, 2100),
        value=checking.number(path, f"{at}value", given["value"], -LARGEST, LARGEST, "In the indicator's unit."),
        by=checking.choice(path, f"{at}by", given["by"], BY),
    )


def _indicator(path: Path, key: str, value: object) -> str:
    name = checking.text(path, key, value)
    known = known_indicators()
    if name not in known:
        todo = did_you_mean(name, known) or "See docs/indicators.md."
        raise SettingsError(path, f"{key}: {name!r} is no indicator.", todo)
    return name


def peers(path: Path, value: object) -> tuple[Peers, ...]:
    """The [[peers]] of a file.

    Raises
    ------
    SettingsError
        Names file, entry, key, what was expected and what to do.
    """
    given = checking.tables(path, "peers", value, "a subject and its peers")
    made: list[Peers] = []
    for place, one in enumerate(given, 1):
        at = f"peers {place}, "
        checking.only(path, at, one, {"subject", "peers"})
        for key in ("subject", "peers"):
            if key not in one:
                raise SettingsError(path, f"{at}{key}: missing.", 'Write subject = "CHN" and peers = ["GBR", "DEU"].')
        subject = checking.text(path, f"{at}subject", one["subject"])
        chosen = checking.strings(path, f"{at}peers", one["peers"])
        if not chosen or subject in chosen or len(set(chosen)) < len(chosen):
            raise SettingsError(path, f"{at}peers: expected others than {subject}, each once.", "Name at least one.")
        if any(subject == other.subject for other in made):
            raise SettingsError(path, f"peers: {subject} stands there twice.", "Write all its peers in one entry.")
        made.append(Peers(subject, chosen))
    return tuple(made)


def scorecard(path: Path, value: object) -> Scorecard:
    """The [scorecard] of a file.

    Raises
    ------
    SettingsError
        Names file, key, what was expected and what to do.
    """
    checking.only(path, "scorecard.", value, {f.name for f in fields(Scorecard)})
    assert isinstance(value, dict)
    composite = value.get("composite", False)
    if not isinstance(composite, bool):
        chosen = checking.strings(path, "scorecard.composite", composite)
        composite = tuple(_indicator(path, "scorecard.composite", one) for one in chosen)
        if len(set(composite)) < 2:
            raise SettingsError(
                path, "scorecard.composite: expected two indicators or more.", "Or write composite = true."
            )
    weights = value.get("weights", {})
    checking.only(path, "scorecard.weights.", weights, set(known_indicators()))
    default = Scorecard()
    return Scorecard(
        composite=composite,
        normalisation=checking.choice(
            path, "scorecard.normalisation", value.get("normalisation", default.normalisation), NORMALISATIONS
        ),
        aggregation=checking.choice(
            path, "scorecard.aggregation", value.get("aggregation", default.aggregation), AGGREGATIONS
        ),
        weights={
            k: checking.number(path, f"scorecard.weights.{k}", v, 0.01, 100, "1 is the weight of the others.")
            for k, v in weights.items()
        },
    )
