"""Makes names/countries.csv, the table of all names of all countries: `python -m pipeline.records.build_names`.

Building it from pycountry, country_converter and the names in every CLDR locale takes some seconds, so the result is kept in the
repository, where it can be reviewed; a test builds it again and compares.

Names come in tiers, and the first tier that knows a name decides: 1 names/additions.csv (ours, each with a reason); 2 ISO 3166-1 names (pycountry,
country_converter), after these the codes; 3 CLDR names in English and Chinese; 4 CLDR names in all other languages; 5 former names and codes of ISO 3166-3.
Where one tier gives a name to two countries, the name is ambiguous and resolves to neither. A line holds all keys (`text.name_key`) of one code and
tier, parted by "|".
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from pipeline.records.text import name_key

HERE = Path(__file__).parent / "names"
COLUMNS = ("code", "kind", "tier", "keys")
CODE = "2 code"
REGION, COUNTRY, UNKNOWN, UNSPECIFIED = "region", "country", "unknown", "unspecified"
Entry = tuple[str, str, str, str]  # name, code, kind, tier


def additions() -> Iterator[Entry]:
    """Our own names, read from names/additions.csv."""
    with (HERE / "additions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["name"], row["code"], row["kind"], "1"


def iso() -> Iterator[Entry]:
    """Codes and names of ISO 3166-1, and country_converter's short and official names."""
    import pycountry

    for country in pycountry.countries:
        code = country.alpha_3
        yield from ((text, code, COUNTRY, CODE) for text in (code, country.alpha_2, country.numeric))
        names = (getattr(country, key, None) for key in ("name", "official_name", "common_name"))
        yield from ((name, code, COUNTRY, "2") for name in names if name)
    known = {c.alpha_3 for c in pycountry.countries}
    text = (files("country_converter") / "country_data.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        if row["ISO3"] in known:
            yield from ((row[key], row["ISO3"], COUNTRY, "2") for key in ("name_short", "name_official") if row[key])


def cldr() -> Iterator[Entry]:
    """Names of countries and of regions in every locale of CLDR."""
    import pycountry
    from babel import Locale
    from babel.localedata import locale_identifiers

    alpha3 = {c.alpha_2: c.alpha_3 for c in pycountry.countries} | {"XK": "XKX"}
    for identifier in sorted(locale_identifiers()):
        tier = "3" if identifier.split("_")[0] in ("en", "zh") else "4"
        for code, name in Locale.parse(identifier).territories.items():
            if not name or name in (code, alpha3.get(code)):
                continue
            if code in alpha3:
                yield name, alpha3[code], COUNTRY, tier
            elif code == "001":
                yield name, "WLD", "world", tier
            elif code.isdigit() or code in ("EU", "EZ", "UN"):
                yield name, "", REGION, tier


def former() -> Iterator[Entry]:
    """Former names and codes of ISO 3166-3 that additions.csv does not decide: known, but not a country of today."""
    import pycountry

    for country in pycountry.historic_countries:
        for key in ("name", "official_name", "common_name", "alpha_3", "alpha_2"):
            if name := getattr(country, key, None):
                yield name, "", "former", "5"


def build() -> str:
    """The text of names/countries.csv.

    A key of one Latin letter, or one that only says where a list ends, is left out.
    """
    tiers: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for source in (additions, iso, cldr, former):
        for name, code, kind, tier in source():
            key = name_key(name)
            if len(key) > 1 or (key and ord(key) > 0x2E80):
                tiers[key][tier].add((code, kind))
    lines: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for key in sorted(tiers):
        tier = min(tiers[key])
        found = sorted(tiers[key][tier])
        codes = " ".join(sorted({code for code, _ in found if code}))
        lines[(*found[0], tier) if len(found) == 1 else (codes, UNKNOWN, tier)].append(key)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*line, "|".join(lines[line])) for line in sorted(lines))
    return out.getvalue()


def main() -> None:
    """Write the table anew."""
    (HERE / "countries.csv").write_text(build(), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
