"""A partner's own case: what its numbers did in the year against what the years before gave to expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from pipeline import measures, models
from pipeline.measures.bilateral import Partner
from pipeline.measures.case_lines import COUNTRY, INSTITUTION, step_of
from pipeline.records import load

if TYPE_CHECKING:
    from pipeline.run.workspace import Context


def partner_cases(
    here: Context,
    stays: pd.DataFrame,
    subject: str,
    year: int,
    protected: Mapping[str, pd.DataFrame],
    partner: Partner,
    exchange: pd.DataFrame,
) -> pd.DataFrame:
    """The cases of one partner, a direction each, as `change_cases` gives them.

    Parameters
    ----------
    here, stays, subject, year
        As for `find`.
    protected
        The numbers of the annual brief.
    partner
        A country, whose case is that of the annual brief; or an institution, whose case is told in the exact numbers of its profile.
    exchange
        The partner's protected exchange: an institution's case is told where its numbers of the year and the year before are shown there.
    """
    policy = here.settings.disclosure
    alone = None if partner.whole_country else (partner.country, partner.institution)
    lines = measures.stay_lines(stays, subject, year, protected, policy, alone)
    lines = lines[lines["about"].isin([COUNTRY, INSTITUTION])]
    kind, name = (COUNTRY, partner.country) if alone is None else (INSTITUTION, partner.institution)
    mine = lines["about"].eq(kind) & lines["name"].eq(name)
    if not mine.any():
        return pd.DataFrame()
    if alone is not None:
        open_ = [d for d in ("inbound", "outbound") if _shown(exchange, d, year, policy.minimum_base)]
        lines = lines.assign(
            told=lines["told"].mask(mine, lines["direction"].isin(open_)),
            step=lines["step"].mask(mine, step_of(policy)),
        )
    if not lines.loc[mine, "told"].astype(bool).any():
        return pd.DataFrame()
    declared = tuple(here.settings.declared(subject)[1])
    happenings = models.Happenings(models.known_breaks(folder for folder in here.raw if folder.is_dir()), declared)
    found = models.change_cases(lines, year, happenings, _experience(here, subject, year, protected["series"]))
    return found[found["about"].eq(kind) & found["name"].eq(name)].reset_index(drop=True)


def _shown(exchange: pd.DataFrame, direction: str, year: int, least: int) -> bool:
    """Whether a profile shows the partner's numbers of the year and the year before, each of so many stays."""
    rows = exchange[exchange["direction"].eq(direction) & exchange["mode"].eq("all") & exchange["agreement"].isna()]
    values = rows.loc[rows["year"].isin([year - 1, year]).fillna(False).astype(bool), "value"]
    return len(values) == 2 and bool(values.ge(least).all())


def _experience(here: Context, subject: str, year: int, series: pd.DataFrame) -> pd.DataFrame | None:
    """Published totals of others, as for the cases of the annual brief; none where nothing was published."""
    if not (here.processed / "counts.parquet").exists():
        return None
    totals = measures.outlook_panel(load(here.processed, "counts"), series, subject, year)
    return totals[~totals["unit"].isin(series["series_id"])]
