"""The annual brief: what the analysis notebooks found, said in one language.

`annual_brief` chooses between a country (published counts) and an institution (stays). A brief has six parts, each a list
of blocks that may be empty: first_page, volumes, partners, outcomes, outlook, method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.briefs.annual.brief import Brief
    from pipeline.run.workspace import Context


def annual_brief(here: Context, subject: str, year: int, language: str) -> Brief:
    """The brief of a subject and year in a language, from the result tables of notebooks 2 to 4.

    Parameters
    ----------
    here
        The folders and settings of this run.
    subject
        An alpha-3 code, or the name of a source with stays.
    year
        Of the brief; an academic year is the year in which it ends.
    language
        "en" or "zh".

    Raises
    ------
    InputError
        When there are no results of that subject and year, or none of which a brief may be made.
    """
    from pipeline.briefs.annual.country import CountryBrief
    from pipeline.briefs.annual.facts import Facts
    from pipeline.briefs.annual.institution import InstitutionBrief
    from pipeline.briefs.words import Words

    facts = Facts.load(here.results(subject, year), subject, year)
    kind = InstitutionBrief if facts.institution else CountryBrief
    brief = kind(facts, Words(language), here)
    brief.require()
    return brief
