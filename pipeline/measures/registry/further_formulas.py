"""Formulas on how partnerships last, on what follows stays, on money that stops, and on events beyond their hours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.measures.partnerships import depth, in_force, partner_country, partner_institution, year_end
from pipeline.measures.registry.found import Asked, Found, Tables, missing, quotient, share, table_of
from pipeline.measures.registry.other_formulas import event_rows
from pipeline.measures.registry.stay_formulas import COUNTRIES, INSTITUTIONS, absent_column, chosen
from pipeline.measures.stay_counts import VIRTUAL, begun, physical

UNPAID = ("self", "none", "unknown")  # answers of funder that name nobody who pays
FEWEST_OF_A_PARTNER = 5  # stays with known credits from which a partner's rate of recognition is taken
ENROLLED = "students_enrolled"  # indicator of an institution's own context


def _span(tables: Tables, asked: Asked, years: int, columns: tuple[str, ...]) -> tuple[pd.DataFrame, int] | str:
    """Begun stays of the last `years` academic years, and the last of them."""
    stays = chosen(tables, Asked(asked.subject, None, None, asked.where))
    if isinstance(stays, str):
        return stays
    if absent := absent_column(stays, columns):
        return absent
    last = int(asked.year) if asked.year is not None else int(stays["year"].max())
    rows = begun(stays)
    rows = rows[rows["year"].between(last - years + 1, last)]
    return (rows, last) if len(rows) else "no_base"


def partner_retention(tables: Tables, asked: Asked, years: int = 2) -> Found:
    """The share of the partner institutions of the year before that have a stay in this year too."""
    found = _span(tables, asked, years, INSTITUTIONS)
    if isinstance(found, str):
        return missing(found)
    rows, last = physical(found[0]), found[1]
    partner = partner_institution(rows)
    before, now = (set(partner[rows["year"].eq(y)].dropna()) for y in (last - 1, last))
    return share(len(before & now), len(before))


def partner_depth(tables: Tables, asked: Asked, of: str, years: int = 5) -> Found:
    """Of partner institutions with a stay in the last years: the median depth (of "depth"), or the share with several modes."""
    found = _span(tables, asked, years, INSTITUTIONS)
    if isinstance(found, str):
        return missing(found)
    table = depth(*found, years)
    if table.empty:
        return missing("no_base")
    if of == "modes":
        return share(int(table["modes"].ge(2).sum()), int(table["modes"].ge(1).sum()), len(table))
    return Found(float(table["depth"].median()), len(table), denominator=float(len(table)))


def _publications(rows: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(rows["joint_publications"]).astype(float)


def published_partners(tables: Tables, asked: Asked, modes: tuple[str, ...], years: int = 5) -> Found:
    """The share of partners with stays of some modes, of whose publications it is known, to which a joint publication goes back."""
    found = _span(tables, asked, years, (*INSTITUTIONS, "joint_publications"))
    if isinstance(found, str):
        return missing(found)
    rows = physical(found[0])
    rows = rows[rows["mode"].isin(list(modes))]
    most = _publications(rows).groupby(partner_institution(rows)).max()
    known = most.dropna()
    return share(int(known.gt(0).sum()), len(known), len(most))


def publishing_countries(tables: Tables, asked: Asked, years: int = 5) -> Found:
    """How many partner countries have a stay of the last years with a joint publication."""
    found = _span(tables, asked, years, (*COUNTRIES, "joint_publications"))
    if isinstance(found, str):
        return missing(found)
    rows = physical(found[0])
    known = rows[_publications(rows).notna() & partner_country(rows).notna()]
    if known.empty:
        return Found(n=0, reason="no_base", eligible=len(rows))
    number = partner_country(known)[_publications(known).gt(0)].nunique()
    return Found(number, len(known), number, len(known), eligible=len(rows))


def funding_lost(tables: Tables, asked: Asked, years: int = 2) -> Found:
    """The share of the funded stays of the year before whose funder pays for none in this year."""
    found = _span(tables, asked, years, ("funder",))
    if isinstance(found, str):
        return missing(found)
    rows, last = physical(found[0]), found[1]
    paid = rows[rows["funder"].notna() & ~rows["funder"].isin(UNPAID)]
    before, now = (paid.loc[paid["year"].eq(y), "funder"] for y in (last - 1, last))
    if now.empty and not rows.loc[rows["year"].eq(last), "funder"].notna().any():
        return missing("no_base")
    return share(int((~before.isin(set(now))).sum()), len(before))


def grant_per_month(tables: Tables, asked: Asked) -> Found:
    """Grants over the months that they were paid for, in the currency of most grants; other currencies are not converted."""
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    if absent := absent_column(stays, ("grant_amount", "currency", "months")):
        return missing(absent)
    rows = physical(begun(stays))
    rows = rows[pd.to_numeric(rows["grant_amount"]).astype(float).gt(0)]
    usual = rows["currency"].dropna().mode()
    if usual.empty:
        return Found(n=0, reason="no_base", eligible=len(rows))
    paid = rows[rows["currency"].eq(usual.iloc[0]).fillna(False) & rows["months"].astype(float).gt(0).fillna(False)]
    amounts, months = (pd.to_numeric(paid[c]).astype(float).sum() for c in ("grant_amount", "months"))
    if not months > 0:
        return Found(n=0, reason="no_base", eligible=len(rows))
    numbers = (float(amounts / months), len(paid), float(amounts), float(months))
    return Found(*numbers, eligible=len(rows), unit=str(usual.iloc[0]))


def recognition_spread(tables: Tables, asked: Asked, years: int = 5) -> Found:
    """How far partners' rates of credit recognition lie apart: their third less their first quartile, in percentage points."""
    found = _span(tables, asked, years, (*INSTITUTIONS, "credits_attempted", "credits_recognised", "outcome"))
    if isinstance(found, str):
        return missing(found)
    rows = physical(found[0])
    table = pd.DataFrame(
        {
            "partner": partner_institution(rows),
            "of": pd.to_numeric(rows["credits_attempted"]).astype(float),
            "got": pd.to_numeric(rows["credits_recognised"]).astype(float),
        }
    )
    known = table[table["of"].gt(0) & table["got"].notna() & rows["outcome"].ne("ongoing").fillna(True)]
    by = known.groupby("partner")
    sums = by[["of", "got"]].sum()[by.size().ge(FEWEST_OF_A_PARTNER)]
    if len(sums) < 2:
        return Found(n=len(sums), reason="no_base")
    rates = 100 * sums["got"] / sums["of"]
    spread = float(rates.quantile(0.75) - rates.quantile(0.25))
    return Found(spread, len(sums), denominator=float(len(sums)))


def agreement_renewal(tables: Tables, asked: Asked) -> Found:
    """The share of the agreements (partners and modes) that expired in the academic year in whose place one is in force at its end."""
    agreements = table_of(tables, "agreements", ("partner", "signed", "expires"))
    if isinstance(agreements, str):
        return missing(agreements)
    if asked.year is None:
        return missing("no_date")
    if asked.subject is not None and "source" in agreements:
        agreements = agreements[agreements["source"].eq(asked.subject)]
    day, before = year_end(int(asked.year)), year_end(int(asked.year) - 1)
    expires = pd.to_datetime(agreements["expires"])
    by = [c for c in ("partner", "mode") if c in agreements]  # an exchange is not renewed by a joint laboratory
    named = agreements["partner"].notna()
    ended = agreements.loc[named & expires.gt(before) & expires.le(day), by].drop_duplicates()
    current = agreements.loc[named & in_force(agreements, day), by].drop_duplicates()
    return share(len(ended.merge(current, on=by)), len(ended))


def event_count(tables: Tables, asked: Asked, kinds: tuple[str, ...], of: str = "events") -> Found:
    """How many events of some kinds there were, or (of "partners") how many partners named with them."""
    rows = event_rows(tables, asked, tuple(kinds))
    if isinstance(rows, str):
        return missing(rows)
    if of == "partners":
        if absent := absent_column(rows, ("partner",)):
            return missing(absent)
        number = rows["partner"].dropna().nunique()
        return Found(number, len(rows), number, len(rows)) if number else Found(n=len(rows), reason="no_base")
    return Found(len(rows), len(rows), len(rows))


def event_online_share(tables: Tables, asked: Asked, kinds: tuple[str, ...]) -> Found:
    """The share of events of some kinds that were online, of those of which it is known."""
    rows = event_rows(tables, asked, tuple(kinds))
    if isinstance(rows, str):
        return missing(rows)
    if absent := absent_column(rows, ("online",)):
        return missing(absent)
    known = rows["online"].dropna()
    return share(int(known.eq(True).sum()), len(known), len(rows))


def partner_events_per_100(tables: Tables, asked: Asked, kinds: tuple[str, ...]) -> Found:
    """Events of some kinds held with a named partner, per hundred begun stays."""
    rows = event_rows(tables, asked, tuple(kinds))
    if isinstance(rows, str):
        return missing(rows)
    if absent := absent_column(rows, ("partner",)):
        return missing(absent)
    if tables["events"]["partner"].isna().all():  # never named: not known, rather than none
        return missing("no_base")
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    return quotient(int(rows["partner"].notna().sum()), len(physical(begun(stays))), 100)


def virtual_followed(tables: Tables, asked: Asked, years: int = 3) -> Found:
    """The share of students with a virtual stay in the last years who began a stay across a border after it."""
    found = _span(tables, asked, years, ("student_key", "start"))
    if isinstance(found, str):
        return missing(found)
    rows = found[0].dropna(subset=["student_key", "start"])
    online = rows["mode"].eq(VIRTUAL).fillna(False)
    first = pd.to_datetime(rows.loc[online, "start"]).groupby(rows.loc[online, "student_key"]).min()
    last = pd.to_datetime(rows.loc[~online, "start"]).groupby(rows.loc[~online, "student_key"]).max()
    went = last.reindex(first.index).gt(first)
    return share(int(went.sum()), len(first))


def students_abroad(tables: Tables, asked: Asked) -> Found:
    """The share of an institution's students who began a stay abroad in the year; those enrolled stand in its context."""
    context = table_of(tables, "context", ("source", "indicator", "year", "value"))
    if isinstance(context, str):
        return missing("no_enrolment")
    stays = chosen(tables, asked)
    if isinstance(stays, str):
        return missing(stays)
    if absent := absent_column(stays, ("student_key",)):
        return missing(absent)
    mine = context[context["source"].eq(str(asked.subject)) & context["indicator"].eq(ENROLLED)]
    mine = mine[mine["year"].eq(asked.year or 0)]
    students = float(pd.to_numeric(mine["value"]).astype(float).sum(min_count=1)) if len(mine) else np.nan
    if not students > 0:
        return missing("no_enrolment")
    rows = physical(begun(stays))
    rows = rows[rows["direction"].notna()]
    if rows.empty:
        return missing("no_base")
    keys = rows.loc[rows["direction"].eq("outbound"), "student_key"]
    if len(keys) and keys.isna().all():
        return missing("no_base")
    return share(keys.nunique(), students)
