"""What lies between two countries: distance, border, language, time. From geography.csv (geography.md says where it comes from)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

EARTH = 6371.0  # km, mean radius
NEAREST = 1.0  # km: places closer than this are taken to be so far apart, for the logarithm
COLUMNS = [
    "origin",
    "destination",
    "distance",
    "log_distance",
    "contiguous",
    "common_language",
    "time_difference",
    "log_population_origin",
    "log_population_destination",
]


@cache
def countries() -> pd.DataFrame:
    """Each country by its alpha-3 code: capital, latitude, longitude, utc_hours, population, neighbours and languages (sets).

    Examples
    --------
    >>> countries().loc["CHE", "capital"], sorted(countries().loc["CHE", "languages"])
    ('Bern', ['de', 'fr', 'gsw', 'it'])
    """
    with files("pipeline.models").joinpath("geography.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, index_col="code", keep_default_na=False, na_values=[""])
    for column in ("neighbours", "languages"):
        sets = [frozenset(str(names).split()) if pd.notna(names) else frozenset() for names in table[column]]
        table[column] = pd.Series(sets, index=table.index, dtype="object")
    return table


def pairs(origins: Iterable[str], destinations: Iterable[str]) -> pd.DataFrame:
    """The covariates of pairs of countries, row by row.

    Parameters
    ----------
    origins, destinations : alpha-3 codes, as many of the one as of the other

    Returns
    -------
    Frame in the order of the pairs, of origin, destination, distance (km, great circle between the capitals), log_distance, contiguous (1: a land border), common_language
        (1: an official language in common), time_difference (hours between the standard times of the capitals, the shorter way round), log_population_origin,
        log_population_destination. Null where a code or a fact is not known, and all but the populations for a country with itself.

    References
    ----------
    Mayer & Zignago (2011), CEPII Working Paper 2011-25, for the measures; Abbott & Silles (2016), The World Economy 39(5), for the difference in time.

    Examples
    --------
    >>> pairs(["CHN", "CHN", "CHN"], ["KOR", "RUS", "XXX"])[["distance", "contiguous", "common_language", "time_difference"]].round(0)
       distance  contiguous  common_language  time_difference
    0     953.0         0.0              0.0              1.0
    1    5793.0         1.0              0.0              5.0
    2       NaN         NaN              NaN              NaN
    """
    known = countries()
    frame = pd.DataFrame({"origin": list(origins), "destination": list(destinations)}, dtype="object")
    distinct = frame.drop_duplicates().reset_index(drop=True)
    here, there = (known.reindex(distinct[end]).reset_index(drop=True) for end in ("origin", "destination"))
    distance = _great_circle(here, there)
    hours = (here["utc_hours"] - there["utc_hours"]).abs()
    both = here["population"].notna() & there["population"].notna()
    known_languages = pd.Series([_known(a) and _known(b) for a, b in _together(here, there, "languages")])
    facts = distinct.assign(
        distance=distance,
        log_distance=np.log(distance.clip(lower=NEAREST)),
        contiguous=_yes_or_no(
            [_in(b, a) for a, b in zip(here["neighbours"], distinct["destination"], strict=True)], both
        ),
        common_language=_yes_or_no([_share(a, b) for a, b in _together(here, there, "languages")], known_languages),
        time_difference=np.minimum(hours, 24 - hours),
    )
    same = distinct["origin"].eq(distinct["destination"])
    for column in COLUMNS[2:7]:
        facts[column] = facts[column].mask(same)
    facts["log_population_origin"] = np.log(here["population"])
    facts["log_population_destination"] = np.log(there["population"])
    return frame.merge(facts, on=["origin", "destination"], how="left", validate="many_to_one")[COLUMNS]


def _great_circle(here: pd.DataFrame, there: pd.DataFrame) -> pd.Series:
    """Kilometres between places by the haversine formula."""
    phi, psi = np.radians(here["latitude"]), np.radians(there["latitude"])
    lam = np.radians(there["longitude"] - here["longitude"])
    half = np.sin((psi - phi) / 2) ** 2 + np.cos(phi) * np.cos(psi) * np.sin(lam / 2) ** 2
    return 2 * EARTH * np.arcsin(np.sqrt(half))


def _together(here: pd.DataFrame, there: pd.DataFrame, column: str) -> list[tuple[object, object]]:
    return list(zip(here[column], there[column], strict=True))


def _known(names: object) -> bool:
    return isinstance(names, frozenset) and bool(names)


def _in(code: object, names: object) -> bool:
    return isinstance(names, frozenset) and code in names


def _share(names: object, others: object) -> bool:
    return isinstance(names, frozenset) and isinstance(others, frozenset) and bool(names & others)


def _yes_or_no(answers: list[bool], known: pd.Series) -> pd.Series:
    return pd.Series(answers, dtype=float).where(known)
