"""Formulas on published counts, agreements and events."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.measures.enrolment import rates
from pipeline.measures.partnerships import alive, in_force, lapses_within, places_used, year_end
from pipeline.measures.publishers import role_rank
from pipeline.measures.registry.found import Asked, Found, Tables, missing, quotient, share, table_of
from pipeline.measures.registry.stay_formulas import INSTITUTIONS, absent_column, chosen
from pipeline.measures.stay_counts import begun, physical
from pipeline.measures.yearly import NEEDED, series

ANY = {"direction": "inbound", "measure": "stock", "level": "all", "mode": "all", "funding": "all", "partner": "WLD"}


def _totals(tables: Tables, asked: Asked) -> pd.DataFrame | str:
    counts = table_of(tables, "counts", tuple(NEEDED))
    if isinstance(counts, str):
        return counts
    if asked.subject is None or asked.year is None:
        return "no_subject_or_year"
    table = series(counts, asked.subject, ("world",))
    table = table[table["year"].eq(asked.year) & table["value"].notna()]
    return table if len(table) else "no_figure"


def _figures(table: pd.DataFrame, cell: Mapping[str, str]) -> pd.DataFrame:
    for key, value in (ANY | dict(cell)).items():
        table = table[table[key].eq(value)]
    return table.set_index("publisher")


def published_number(tables: Tables, asked: Asked, **cell: str) -> Found:
    """A published total of the year, of the national publisher before others."""
    table = _totals(tables, asked)
    if isinstance(table, str):
        return missing(table)
    found = _figures(table, cell)
    if found.empty:
        return missing("no_figure")
    publisher = min(found.index, key=lambda p: (role_rank(p), p))
    value = float(found.loc[[publisher], "value"].to_numpy()[0])
    return Found(value, value, value)


def published_ratio(
    tables: Tables, asked: Asked, top: Mapping[str, str], bottom: Mapping[str, str], scale: float = 100.0
) -> Found:
    """A ratio of two published totals of one publisher and year; none of "more than" figures."""
    table = _totals(tables, asked)
    if isinstance(table, str):
        return missing(table)
    above, below = _figures(table, top), _figures(table, bottom)
    both = sorted(set(above.index) & set(below.index), key=lambda p: (role_rank(p), p))
    if not both:
        return missing("no_figure")
    first, second = above.loc[both[0]], below.loc[both[0]]
    if "at_least" in (str(first["exactness"]), str(second["exactness"])):
        return missing("only_more_than")
    return quotient(float(str(first["value"])), float(str(second["value"])), scale)


def enrolment_rate(tables: Tables, asked: Asked, which: str) -> Found:
    """One of the UIS rates."""
    counts = table_of(tables, "counts", tuple(NEEDED))
    if isinstance(counts, str):
        return missing(counts)
    if asked.subject is None or asked.year is None:
        return missing("no_subject_or_year")
    context = table_of(tables, "context", ("country", "indicator", "value"))
    if isinstance(context, str) and context != "no_context":
        return missing(context)
    if not isinstance(context, str) and not {"year", "period"} & set(context.columns):
        return missing("no_column_year")
    row = (
        rates(counts, None if isinstance(context, str) else context, asked.subject, asked.year)
        .set_index("indicator")
        .loc[which]
    )
    if pd.notna(row["reason"]):
        return missing(str(row["reason"]))
    n = row["denominator"] if pd.notna(row["denominator"]) else abs(row["numerator"])
    value, top, bottom = [float(str(row[c])) for c in ("value", "numerator", "denominator")]
    return Found(value, float(str(n)), top, bottom)


def _in_force(tables: Tables, asked: Asked) -> tuple[pd.DataFrame, pd.Timestamp] | str:
    """Agreements signed and not expired on the day: as_of, else the last day of the academic year (31 August)."""
    agreements = table_of(tables, "agreements", ("signed", "expires"))
    if isinstance(agreements, str):
        return agreements
    if asked.as_of is None and asked.year is None:
        return "no_date"
    day = pd.Timestamp(asked.as_of) if asked.as_of is not None else year_end(int(asked.year or 0))
    if asked.subject is not None and "source" in agreements:
        agreements = agreements[agreements["source"].eq(asked.subject)]
    rows = agreements[in_force(agreements, day)]
    return (rows, day) if len(rows) else "no_agreements"


def agreement_number(tables: Tables, asked: Asked, flag: str = "") -> Found:
    """Agreements in force, or those of them with a flag (joint_laboratory, recognised)."""
    found = _in_force(tables, asked)
    if isinstance(found, str):
        return missing(found)
    rows = found[0]
    if flag and (flag not in rows or rows[flag].isna().all()):
        return missing(f"no_column_{flag}")
    number = int(rows[flag].eq(True).sum()) if flag else len(rows)
    return Found(number, len(rows), number, len(rows))


def agreement_share(tables: Tables, asked: Asked, test: str, months: int = 12, band: str = "1-200") -> Found:
    """The share of agreements in force that lapse within `months`, are recognised, or whose partner is in the rank band."""
    found = _in_force(tables, asked)
    if isinstance(found, str):
        return missing(found)
    rows, day = found
    if test == "lapses":
        true = lapses_within(rows, day, months)
        known = true.notna()
    elif test == "rank_band":
        if absent := absent_column(rows, ("partner", "rank_band")):
            return missing(absent)
        rows = rows.drop_duplicates("partner")
        known, true = rows["rank_band"].notna(), rows["rank_band"].eq(band)
    else:
        if test not in rows:
            return missing(f"no_column_{test}")
        known, true = rows[test].notna(), rows[test].eq(True)
    return share(float((true & known).fillna(False).sum()), int(known.sum()), len(rows))


def dormant_share(tables: Tables, asked: Asked, years: int = 2) -> Found:
    """The share of partners with an agreement in force that had no stay in the last `years` academic years."""
    found = _in_force(tables, asked)
    if isinstance(found, str):
        return missing(found)
    stays = chosen(tables, Asked(asked.subject, None, None, asked.where))
    if isinstance(stays, str):
        return missing(stays)
    rows, day = found
    absent = absent_column(rows, ("partner",)) or absent_column(stays, INSTITUTIONS)
    if absent:
        return missing(absent)
    last = asked.year if asked.year is not None else day.year
    names = rows["partner"].dropna().drop_duplicates()
    return share(float((~names.isin(alive(stays, last, years))).sum()), len(names), len(names))


def quota_use(tables: Tables, asked: Asked) -> Found:
    """Stays under agreements in the year over the places that these grant, in and out together."""
    found = _in_force(tables, asked)
    if isinstance(found, str):
        return missing(found)
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    rows = found[0]
    if not {"quota_in", "quota_out", "agreement_id"} <= set(rows.columns) or "agreement_id" not in stays:
        return missing("no_column_quota_in")
    if (
        stays[["agreement_id", "direction"]].dropna().empty
    ):  # no stay is known to be under any agreement: not the same as none being so
        return missing("no_base")
    granted = places_used(stays, rows[rows["agreement_id"].notna()]).dropna(subset=["places"])
    return quotient(float(granted["used"].sum()), float(granted["places"].sum()), 100)


def event_rows(tables: Tables, asked: Asked, kinds: tuple[str, ...]) -> pd.DataFrame | str:
    """Events of some kinds in the academic year, or the reason why there are none."""
    events = table_of(tables, "events", ("kind", "start"))
    if isinstance(events, str):
        return events
    if asked.subject is not None and "source" in events:
        events = events[events["source"].eq(asked.subject)]
    rows = events[events["kind"].isin(list(kinds))]
    if asked.year is not None:
        start = pd.to_datetime(rows["start"])
        rows = rows[start.ge(pd.Timestamp(asked.year - 1, 9, 1)) & start.lt(pd.Timestamp(asked.year, 9, 1))]
    return rows if len(rows) else "no_events"


def event_number(tables: Tables, asked: Asked, kinds: tuple[str, ...], of: str = "participants") -> Found:
    """People who took part in events of some kinds, or the hours that these lasted; unknown ones are not counted as 0."""
    rows = event_rows(tables, asked, tuple(kinds))
    if isinstance(rows, str):
        return missing(rows)
    if absent := absent_column(rows, (of,)):
        return missing(absent)
    known = pd.to_numeric(rows[of]).astype(float).dropna()
    return Found(float(known.sum()), len(known), float(known.sum())) if len(known) else missing("no_base")


def event_hours_per_outgoing(tables: Tables, asked: Asked, kinds: tuple[str, ...]) -> Found:
    """Hours that outgoing students spent at events of some kinds (hours × outgoing taking part) per outbound stay."""
    rows = event_rows(tables, asked, tuple(kinds))
    if isinstance(rows, str):
        return missing(rows)
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    if absent := absent_column(rows, ("hours", "outgoing")):
        return missing(absent)
    outbound = int(physical(begun(stays))["direction"].eq("outbound").sum())
    hours = (pd.to_numeric(rows["hours"]) * pd.to_numeric(rows["outgoing"])).astype(float).dropna()
    if hours.empty:
        return missing("no_base")
    return quotient(float(hours.sum()), outbound) if outbound else missing("no_base")


def funder_number(tables: Tables, asked: Asked) -> Found:
    """The effective number of funders of funded stays: 1 over the sum of squared shares."""
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    if "funder" not in stays:
        return missing("no_column_funder")
    rows = begun(stays)
    sizes = rows.loc[
        rows["funder"].notna() & ~rows["funder"].isin(["self", "none", "unknown"]), "funder"
    ].value_counts()
    if sizes.empty:
        return missing("no_base")
    shares = sizes / sizes.sum()
    return Found(float(1 / np.square(shares).sum()), float(sizes.sum()), denominator=float(len(sizes)))
