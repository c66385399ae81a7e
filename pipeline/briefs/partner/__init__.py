"""The profile of one partner of an institution: a country, or an institution there.

A profile has five parts, each a list of blocks: first_page, exchange, agreements, outcomes, method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.briefs.partner.profile import PartnerProfile
    from pipeline.run.workspace import Context


def partner_profile(here: Context, subject: str, partner: str, year: int, language: str) -> PartnerProfile:
    """The profile of one partner in a language, from the clean tables.

    Parameters
    ----------
    here
        The folders and settings of this run.
    subject
        The name of a source with stays.
    partner
        The id or a name of an institution in the table of institutions, or an alpha-3 country code.
    year
        Of the profile; an academic year is the year in which it ends.
    language
        "en" or "zh".

    Raises
    ------
    SettingsError
        When the subject has no stays, the partner is not on record, or there are no stays in the year.
    """
    from pipeline.briefs.partner.found import find
    from pipeline.briefs.partner.profile import PartnerProfile
    from pipeline.briefs.words import Words

    return PartnerProfile(find(here, subject, partner, year), Words(language), here)
