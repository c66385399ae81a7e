"""Years in which something other than students changed: known events, and breaks that the data show by themselves."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.errors import InputError, did_you_mean
from pipeline.measures.headlines import concerns
from pipeline.models.changepoints import found_breaks, yearly_growth

COLUMNS = ("country", "first_year", "last_year", "kind", "applies_to", "label_en", "label_zh", "source", "source_url")
KINDS = ("shock", "definition", "policy")
USER_FILE = "breaks.csv"  # looked for in each folder of raw sources
_SHIPPED = Path(__file__).with_name("breaks.csv")
_BEFORE = 8  # years of changes that say what was to be expected
_LEAST_BEFORE = 3
BREAK_COLUMNS = [
    "country", "year", "first_year", "last_year", "kind", "label_en", "label_zh", "source", "source_url", "series_id",
    "pct", "expected_pct", "expected_lower", "expected_upper", "n_before", "p",
]  # fmt: skip


def known_breaks(extra: Iterable[str | Path] = ()) -> pd.DataFrame:
    """The dated table of known events, with the user's additions.

    Parameters
    ----------
    extra : files of the same columns, or folders that may hold one named ``breaks.csv``

    Returns
    -------
    Frame of country (alpha-3 or WLD), first_year, last_year, kind (shock, definition, policy), applies_to (publisher, measure,
    publisher/measure or empty, each after inbound/ or outbound/ where one direction is meant), label_en, label_zh, source, source_url.

    Raises
    ------
    InputError
        A file is missing or a line is not as described; names file and line.

    Examples
    --------
    >>> events = known_breaks()
    >>> events[(events.country == "WLD") & (events.kind == "shock")].first_year.tolist()
    [2020]
    """
    files = [_SHIPPED]
    for place in map(Path, extra):
        if place.is_dir():
            files += [place / USER_FILE] if (place / USER_FILE).is_file() else []
        else:
            files.append(place)
    frame = pd.DataFrame([row for file in files for row in _read(file)], columns=list(COLUMNS))
    return frame.drop_duplicates(ignore_index=True)


def _read(file: Path) -> Iterator[dict[str, object]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            file, f"cannot be read as a UTF-8 table of events ({error}).", "Save it as CSV in UTF-8."
        ) from None
    reader = csv.DictReader(text.splitlines())
    if missing := [c for c in COLUMNS if c not in (reader.fieldnames or [])]:
        raise InputError(file, f"has no column {', '.join(missing)}.", f"Its columns are {', '.join(COLUMNS)}.")
    for row in reader:
        yield _checked(row, f"{file}, line {reader.line_num}")


def _checked(row: dict[str, str | None], where: str) -> dict[str, object]:
    clean = {c: (row.get(c) or "").strip() for c in COLUMNS}
    years = []
    for column in ("first_year", "last_year"):
        text = clean[column] or clean["first_year"]
        if not (text.isascii() and text.isdigit() and len(text) == 4):
            raise InputError(where, f"{column} is {text!r}, not a year of four digits.", "Write e.g. 2020.")
        years.append(int(text))
    if years[0] > years[1]:
        raise InputError(where, f"ends in {years[1]}, before it begins in {years[0]}.", "Swap the years.")
    if clean["kind"] not in KINDS:
        raise InputError(where, f"kind is {clean['kind']!r}.", did_you_mean(clean["kind"], KINDS))
    code = clean["country"]
    if not (len(code) == 3 and code.isascii() and code.isupper()):
        raise InputError(
            where, f"country is {code!r}, not an ISO 3166-1 alpha-3 code.", "Write e.g. AUS, or WLD for all."
        )
    for column in ("label_en", "label_zh", "source"):
        if not clean[column]:
            raise InputError(where, f"has no {column}.", "Say in both languages what happened, and who says so.")
    return {**clean, "first_year": years[0], "last_year": years[1]}


def breaks(series: pd.DataFrame, events: pd.DataFrame, country: str | None = None) -> pd.DataFrame:
    """Events that fall on series, with the change of that year against the one to be expected, and breaks found in the data.

    Parameters
    ----------
    series : series_id, year, value, publisher, measure, and direction where known; other columns are ignored
    events : as `known_breaks` gives
    country : alpha-3 of the subject; None takes only what concerns the whole world

    Returns
    -------
    One row an event and series: the year within the event whose change departs most from expectation (its first known year where no
    change is known), pct (observed change on the year before, per cent), expected_pct with a 95 % prediction interval
    from the up to 8 yearly changes before the event (null where fewer than 3 are known), n_before, and p (null for known events).
    A world-wide event gives way to the country's own of the same kind and time. Rows of kind ``found`` are breaks the data
    show in years that no known event explains; p is their small-sample probability without a break. That something happened in a
    year does not show that it caused the change.

    Raises
    ------
    InputError
        A column is missing.

    Examples
    --------
    >>> values = [100, 104, 109, 113, 118, 122, 80, 90]
    >>> series = pd.DataFrame({"series_id": "s", "year": range(2014, 2022), "value": values, "publisher": "P", "measure": "stock"})
    >>> breaks(series, known_breaks())[["year", "kind", "pct"]].round(1).values.tolist()
    [[2020, 'shock', -34.4]]
    """
    for frame, name, needed in (
        (series, "series", ("series_id", "year", "value", "publisher", "measure")),
        (events, "events", COLUMNS),
    ):
        if missing := [c for c in needed if c not in frame.columns]:
            raise InputError(name, f"has no column {', '.join(missing)}.", "See docs/models.md.")
    rows: list[dict[str, object]] = []
    for series_id, one in series.dropna(subset=["value"]).groupby("series_id", sort=False, observed=True):
        one = one.sort_values("year")
        values = pd.Series(one["value"].astype(float).to_numpy(), index=one["year"].astype(int).to_numpy())
        growth = yearly_growth(values)
        known = [_row(event, values, growth) for event in _concerning(events, one.iloc[-1], country)]
        known = [row for row in known if row]
        covered = {y for row in known for y in range(int(row["first_year"]), int(row["last_year"]) + 2)}
        found = [
            {**_row(event, values, growth), "p": event["p"]}
            for event in found_breaks(growth)
            if event["first_year"] not in covered
        ]
        rows += [{**row, "series_id": series_id} for row in sorted(known + found, key=lambda r: (r["year"], r["kind"]))]
    return pd.DataFrame(rows, columns=BREAK_COLUMNS).astype({"year": int, "first_year": int, "last_year": int})


def _concerning(events: pd.DataFrame, row: pd.Series, country: str | None) -> list[dict]:
    here = [
        e
        for e in events.to_dict("records")
        if e["country"] in ("WLD", country) and concerns(str(e["applies_to"]), row, str(e["kind"]))
    ]
    own = [e for e in here if e["country"] != "WLD"]
    return own + [e for e in here if e["country"] == "WLD" and not any(_overlap(e, o) for o in own)]


def _overlap(a: dict, b: dict) -> bool:
    return a["kind"] == b["kind"] and a["first_year"] <= b["last_year"] and b["first_year"] <= a["last_year"]


def _row(event: dict, values: pd.Series, growth: pd.Series) -> dict:
    """The event beside the series, or an empty dict where the series has no value in its years."""
    first, last = int(event["first_year"]), int(event["last_year"])
    inside = values.loc[(values.index >= first) & (values.index <= last)]
    if inside.empty:
        return {}
    before = growth.loc[(growth.index < first) & (growth.index >= first - _BEFORE)]
    middle, half = _expected(before.to_numpy())
    changes = growth.loc[(growth.index >= first) & (growth.index <= last)]
    year = int(inside.index.to_numpy()[0])
    if len(changes):
        apart = np.abs(changes.to_numpy() - (0.0 if np.isnan(middle) else middle))
        year = int(changes.index.to_numpy()[apart.argmax()])
    change = float(growth.get(year, np.nan))
    as_pct = {name: 100 * np.expm1(g) for name, g in zip(("pct", "expected_pct", "expected_lower", "expected_upper"), (change, middle, middle - half, middle + half), strict=True)}  # fmt: skip
    return {**event, "year": year, **as_pct, "n_before": len(before), "p": np.nan}


def _expected(before: np.ndarray) -> tuple[float, float]:
    """Mean and half-width of a 95 % prediction interval for the next log change."""
    n = len(before)
    if n < _LEAST_BEFORE:
        return np.nan, np.nan
    half = float(stats.t.ppf(0.975, n - 1)) * float(before.std(ddof=1)) * np.sqrt(1 + 1 / n)
    return float(before.mean()), half
