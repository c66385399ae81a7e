"""Formulas on stays: shares, numbers, means, partners, outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.country_groups import groups
from pipeline.measures.diversity import concentration
from pipeline.measures.exchange import balance, reciprocity
from pipeline.measures.intervals import mean_interval
from pipeline.measures.outcome_kinds import CEFR, OUTCOMES
from pipeline.measures.outcomes import measure
from pipeline.measures.partnerships import partner_country, partner_institution
from pipeline.measures.ranking import partners
from pipeline.measures.registry.found import Asked, Found, Tables, missing, quotient, share, table_of
from pipeline.measures.stay_counts import begun, physical

INSTITUTIONS, COUNTRIES = ("home_institution", "host_institution"), ("origin", "destination")
CREDIT_MONTHS, CREDIT_ECTS = 3.0, 15.0  # Eurostat's credit mobility: three months or fifteen credits


def chosen(tables: Tables, asked: Asked) -> pd.DataFrame | str:
    """The stays that are asked for: of the source, of the academic year, of every other filter."""
    stays = table_of(tables, "stays", ("direction", "mode", "year"))
    if isinstance(stays, str):
        return stays
    if asked.subject is not None and "source" in stays:
        stays = stays[stays["source"].eq(asked.subject)]
    if asked.year is not None:
        stays = stays[stays["year"].eq(asked.year)]
    for column, value in (asked.where or {}).items():
        if column not in stays:
            return f"no_column_{column}"
        stays = stays[stays[column].isin(value if isinstance(value, (list, tuple, set)) else [value])]
    return stays if len(stays) else "no_stays"


def _narrow(stays: pd.DataFrame, base: Mapping[str, list[Any]]) -> pd.DataFrame:
    for column, values in base.items():
        stays = stays[stays[column].isin(values)]
    return stays


def stay_number(tables: Tables, asked: Asked, base: Mapping[str, list[Any]] | None = None) -> Found:
    """How many stays began."""
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    number = len(_narrow(physical(begun(stays)), base or {}))
    return Found(number, number, number)


def stay_share(
    tables: Tables,
    asked: Asked,
    among: Mapping[str, list[Any]] | None = None,
    where: Mapping[str, list[Any]] | None = None,
    test: str = "",
    virtual: bool = False,
    band: str = "1-200",
) -> Found:
    """The share of begun stays with a property; stays of which it is not known are left out of the base.

    `where` gives values of one column, `test` names one of TESTS; `virtual` takes virtual stays into the base.
    """
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    rows = begun(stays) if virtual else physical(begun(stays))
    rows = _narrow(rows, among or {})
    if where:
        column, values = next(iter(where.items()))
        if column not in rows:
            return missing(f"no_column_{column}")
        answers = rows[column].isin(values).astype(float).where(rows[column].notna())
    else:
        found = TESTS[test](rows, tables, band)
        if isinstance(found, str):
            return missing(found)
        answers = found
    known = answers.dropna()
    return share(float(known.sum()), len(known), len(rows))


def absent_column(rows: pd.DataFrame, columns: tuple[str, ...]) -> str | None:
    """The reason where a column is not there."""
    return next((f"no_column_{c}" for c in columns if c not in rows), None)


def _cross_field(rows: pd.DataFrame, tables: Tables, band: str) -> pd.Series | str:
    if not {"field", "home_field"} <= set(rows.columns):
        return "no_column_home_field"
    known = rows["field"].notna() & rows["home_field"].notna()
    return rows["field"].ne(rows["home_field"]).astype(float).where(known)


def _belt_and_road(rows: pd.DataFrame, tables: Tables, band: str) -> pd.Series | str:
    if absent := absent_column(rows, COUNTRIES):
        return absent
    country = partner_country(rows)
    return country.isin(groups()["belt_and_road"].members()).astype(float).where(country.notna())


def _rank_band(rows: pd.DataFrame, tables: Tables, band: str) -> pd.Series | str:
    agreements = table_of(tables, "agreements", ("partner", "rank_band"))
    if isinstance(agreements, str):
        return agreements
    if absent := absent_column(rows, INSTITUTIONS):
        return absent
    ranked = agreements.dropna(subset=["partner", "rank_band"])
    bands = ranked.drop_duplicates("partner", keep="last").set_index("partner")["rank_band"]
    own = partner_institution(rows).map(bands)
    return own.eq(band).astype(float).where(own.notna())


def _credit_mobile(rows: pd.DataFrame, tables: Tables, band: str) -> pd.Series | str:
    absent = next((c for c in ("months", "credits_attempted") if c not in rows), None)
    if absent:
        return f"no_column_{absent}"
    months = rows["months"].astype(float)
    credits = rows["credits_attempted"].astype(float)
    true = months.ge(CREDIT_MONTHS) | credits.ge(CREDIT_ECTS)
    return true.astype(float).where(true | months.notna())


def _below_b2(rows: pd.DataFrame, tables: Tables, band: str) -> pd.Series | str:
    if absent := absent_column(rows, ("language_entry",)):
        return absent
    level = rows["language_entry"].map(CEFR).astype(float)
    return level.lt(CEFR["B2"]).astype(float).where(level.notna())


TESTS: dict[str, Callable[[pd.DataFrame, Tables, str], pd.Series | str]] = {
    "cross_field": _cross_field,
    "belt_and_road": _belt_and_road,
    "rank_band": _rank_band,
    "credit_mobile": _credit_mobile,
    "below_b2": _below_b2,
}


def outcome(
    tables: Tables, asked: Asked, which: str, among: Mapping[str, list[Any]] | None = None, test: str = ""
) -> Found:
    """One of the outcomes of `outcome_rates`, of all stays or of those that one of TESTS is true of; of virtual stays only where their mode is asked for."""
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    spec = OUTCOMES[which]
    absent = next((c for c in spec.needs if c not in stays), None)
    if absent:
        return missing(f"no_column_{absent}")
    if absent := absent_column(stays, tuple(among or {})):
        return missing(absent)
    base = _narrow(spec.base(stays), among or {})
    if test:
        true = TESTS[test](base, tables, "")
        if isinstance(true, str):
            return missing(true)
        base = base[true.eq(1)]
    row = measure(spec, base if "mode" in (asked.where or {}) else physical(base))
    if row["n"] == 0:
        return Found(n=0, reason="no_base", eligible=row["missing"])
    numbers = (row["value"], row["n"], row["k"], row["n"], row["lower"], row["upper"])
    return Found(*numbers, eligible=row["n"] + row["missing"])


def stay_mean(
    tables: Tables, asked: Asked, column: str, per: str = "", among: Mapping[str, list[Any]] | None = None
) -> Found:
    """The mean of a column over begun stays (divided by another column's value), with Student's interval."""
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    rows = _narrow(physical(begun(stays)), among or {})
    absent = next((c for c in (column, per) if c and c not in rows), None)
    if absent:
        return missing(f"no_column_{absent}")
    values = pd.to_numeric(rows[column]).astype(float)
    if per:
        values = values / pd.to_numeric(rows[per]).astype(float).where(lambda s: s > 0)
    values = values[np.isfinite(values)]
    if values.empty:
        return Found(n=0, reason="no_base", eligible=len(rows))
    mean, low, high = mean_interval(values)
    return Found(mean, len(values), float(values.sum()), len(values), low, high, eligible=len(rows))


def partner_number(tables: Tables, asked: Asked, kind: str = "institution", years: int = 1) -> Found:
    """How many partners had a stay; with `years` above 1, in every one of the last so many years."""
    stays = chosen(tables, Asked(asked.subject, None, None, asked.where))
    if isinstance(stays, str):
        return missing(stays)
    if absent := absent_column(stays, INSTITUTIONS if kind == "institution" else COUNTRIES):
        return missing(absent)
    rows = physical(begun(stays))
    last = asked.year if asked.year is not None else int(rows["year"].max())
    rows = rows[rows["year"].between(last - years + 1, last)]
    partner = partner_institution(rows) if kind == "institution" else partner_country(rows)
    if len(rows) and partner.isna().all():
        return missing("no_base")
    per_year = rows["year"].groupby(partner).nunique()
    number, known = int(per_year.ge(years).sum()), int(partner.notna().sum())
    return Found(number, known, number, len(per_year), eligible=len(rows)) if len(rows) else missing("no_base")


def partner_concentration(tables: Tables, asked: Asked, column: str = "hhi", direction: str = "inbound") -> Found:
    """HHI, effective number, Shannon's entropy or the share of the five largest of the partner countries."""
    stays = chosen(tables, Asked(asked.subject, None, None, asked.where))
    if isinstance(stays, str):
        return missing(stays)
    if absent := absent_column(stays, ("source", "level", "academic_year", *COUNTRIES)):
        return missing(absent)
    source = asked.subject or str(stays["source"].iloc[0])
    last = asked.year if asked.year is not None else int(stays["year"].max())
    stays = stays[stays["direction"].eq(direction) & stays["year"].eq(last)]
    if stays.empty:
        return missing("no_base")
    listed = partners(stays, source, last)
    listed = listed[listed["direction"].eq(direction) & listed["year"].eq(last)]
    if listed.empty:
        return missing("no_base")
    row = concentration(listed).iloc[0]
    if pd.isna(row[column]):
        return missing(str(row["reason"]))
    return Found(float(row[column]), float(listed["value"].sum()), denominator=float(row["n_partners"]))


def matched_share(tables: Tables, asked: Asked, modes: tuple[str, ...] = ("exchange",)) -> Found:
    """The share of exchange stays that are matched by one in the other direction with the same partner."""
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    by = "institution" if "home_institution" in stays else "country"
    if absent := absent_column(stays, INSTITUTIONS if by == "institution" else COUNTRIES):
        return missing(absent)
    table = balance(stays, by=by, modes=tuple(modes))
    total = float((table["inbound"] + table["outbound"]).sum())
    return quotient(reciprocity(table) * total, total, 100) if total else missing("no_base")
