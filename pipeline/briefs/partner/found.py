"""What the clean tables hold on one partner, counted and protected: everything that its profile may print."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline import measures
from pipeline.briefs.annual.facts import Facts
from pipeline.briefs.partner.own_case import partner_cases
from pipeline.errors import SettingsError
from pipeline.measures.bilateral import Partner, exchange, partner_outcomes, protected_exchange, protected_outcomes
from pipeline.records import load

if TYPE_CHECKING:
    from pipeline.run.workspace import Context

WINDOW = 3  # academic years of stays that ended, taken together, as in the annual brief


@dataclass(frozen=True)
class Found:
    """One partner: who it is, its protected numbers, its agreements, and the institution's own totals."""

    facts: Facts  # of the institution as a whole, as its annual brief has them
    partner: Partner
    id: str  # of the institution; the code of the country
    exchange: pd.DataFrame
    outcomes: pd.DataFrame
    agreements: pd.DataFrame  # with the partner, of any time up to the end of the year
    unnamed: tuple[int, int]  # inbound stays of the year without a partner institution on record, and all
    cases: pd.DataFrame  # its numbers of the year against what was to be expected


def find(here: Context, subject: str, partner: str, year: int) -> Found:
    """Count and protect all that a profile prints.

    Parameters
    ----------
    here, subject, partner, year
        As for `partner_profile`.

    Raises
    ------
    SettingsError
        When the subject has no stays, the partner is not on record, or there are no stays in the year.
    """
    stays = load(here.processed, "stays", source=subject)
    institutions = load(here.processed, "institutions", source=subject)
    if stays.empty:
        raise SettingsError(
            f"subject {subject}", "has no stays.", "A profile is made of a source with stays: see `mobility sources`."
        )
    whom, name = resolve(partner, institutions, stays)
    years = sorted(stays["year"].dropna().astype(int).unique())
    if year not in years:
        raise SettingsError(
            f"subject {subject}", f"there are no data for {year}.", f"Choose a year from {years[0]} to {years[-1]}."
        )
    policy = here.settings.disclosure
    out = measures.protect(measures.counted(stays, subject, year), policy)
    ended = measures.ended_stays(stays, year, WINDOW)
    ledger = load(here.processed, "ledger")
    both_ways = protected_exchange(exchange(stays, subject, whom, year), out["partners"], policy)
    now = stays[stays["year"].eq(year) & stays["direction"].eq("inbound")]
    return Found(
        facts=Facts(subject, year, {**out, "quality": ledger[ledger["source"].eq(subject)]}),
        partner=whom,
        id=name,
        exchange=both_ways,
        outcomes=protected_outcomes(partner_outcomes(ended, whom), measures.all_outcomes(ended), policy),
        agreements=_agreements(load(here.processed, "agreements", source=subject), whom, year),
        unnamed=(int(now["home_institution"].isna().sum()), len(now)),
        cases=partner_cases(here, stays, subject, year, out, whom, both_ways),
    )


def resolve(partner: str, institutions: pd.DataFrame, stays: pd.DataFrame) -> tuple[Partner, str]:
    """Whom a text means, and the id to call it by.

    Parameters
    ----------
    partner
        An id, a name or another spelling of an institution; or an alpha-3 code.
    institutions, stays
        The clean tables of the source.

    Raises
    ------
    SettingsError
        When it is nobody on record, or two institutions bear the name.

    Examples
    --------
    >>> institutions = pd.DataFrame({"institution_id": ["KOR-1"], "name": ["Elm University"], "aliases": [None], "country": ["KOR"]})
    >>> stays = pd.DataFrame({"direction": ["inbound"], "origin": ["KOR"], "destination": ["CHN"]})
    >>> resolve("elm university", institutions, stays)
    (Partner(country='KOR', institution='Elm University'), 'KOR-1')
    >>> resolve("KOR", institutions, stays)
    (Partner(country='KOR', institution=''), 'KOR')
    """
    abroad = stays["origin"].where(stays["direction"].eq("inbound"), stays["destination"])
    countries = {str(c) for c in abroad.dropna().unique()} | {str(c) for c in institutions["country"].dropna().unique()}
    if partner.strip().upper() in countries:
        code = partner.strip().upper()
        return Partner(code), code
    wanted = _plain(partner)
    matches: dict[str, Partner] = {}
    rows: list[Any] = list(institutions.itertuples(index=False))
    for row in rows:
        names = [
            row.institution_id,
            row.name,
            *re.split(r"\s*[|;]\s*", "" if pd.isna(row.aliases) else str(row.aliases)),
        ]
        if wanted in {_plain(str(n)) for n in names if n}:
            matches[str(row.institution_id)] = Partner(str(row.country), str(row.name))
    if len(matches) == 1:
        id_, found = next(iter(matches.items()))
        return found, id_
    if matches:
        raise SettingsError(
            f"partner {partner}", "several institutions bear this name.", f"Give one of the ids {', '.join(matches)}."
        )
    called = {_plain(n): n for n in institutions["name"].dropna().astype(str)}
    near = [called[n] for n in difflib.get_close_matches(wanted, called, 3, 0.6)]
    todo = (
        f"Did you mean {' or '.join(near)}?"
        if near
        else ("Give an id or a name of the table institutions, or a country's three-letter code.")
    )
    raise SettingsError(f"partner {partner}", "is neither an institution on record nor a country with stays.", todo)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _agreements(table: pd.DataFrame, partner: Partner, year: int) -> pd.DataFrame:
    """Those with the partner that were signed by the end of the academic year."""
    key = table["country"].eq(partner.country) if partner.whole_country else table["partner"].eq(partner.institution)
    end = pd.Timestamp(year=year, month=8, day=31)
    rows = table[key & ~(pd.to_datetime(table["signed"]) > end)]
    return rows.assign(
        signed=pd.to_datetime(rows["signed"]),
        expires=pd.to_datetime(rows["expires"]),
        in_force=~(pd.to_datetime(rows["expires"]) < end),
    ).sort_values(["in_force", "expires", "agreement_id"], ascending=[False, True, True])
