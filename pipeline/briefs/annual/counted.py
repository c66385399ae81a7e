"""What each publisher counts, in a few words for a table and a sentence for the reader who compares."""

from __future__ import annotations

from pipeline.briefs.catalogue import N_
from pipeline.briefs.words import Words

# Publisher and measure ("" is any publisher): what is counted, for a table at a glance.
COUNTED: dict[tuple[str, str], str] = {
    ("IIE Open Doors", "stock"): N_("enrolled and in practical training; temporary visa"),
    ("IIE Open Doors", "enrolled_stock"): N_("degree and non-degree, without practical training"),
    ("IIE Open Doors", "practical_training"): N_("work during or after study, on the student visa"),
    ("IIE Open Doors", "entrants"): N_("first enrolment at the institution, autumn"),
    ("MOE (China)", "stock"): N_("everyone who studied in the year, short courses included"),
    ("MOE (China)", "degree_stock"): N_("in a degree programme"),
    ("MOE (China)", "non_degree_stock"): N_("language, exchange and short courses"),
    ("MOE (China)", "scholarship"): N_("Chinese government scholarship"),
    ("MOE (China)", "entrants"): N_("left in the year, all levels and funding"),
    ("MOE (China)", "returned"): N_("returned in the year, all levels"),
    ("MOE (China)", "enrolled_stock"): N_("abroad at the end of the year"),
    ("", "stock"): N_("as the publisher counts; see definitions"),
    ("", "enrolled_stock"): N_("enrolled, as the publisher counts"),
    ("", "degree_stock"): N_("in a degree programme"),
    ("", "non_degree_stock"): N_("for credit or without a degree, mostly short"),
    ("", "practical_training"): N_("work during or after study"),
    ("", "entrants"): N_("began in the year"),
    ("", "returned"): N_("returned in the year"),
    ("", "scholarship"): N_("with a state scholarship"),
    ("", "graduates"): N_("graduated in the year"),
}
# How not to misread a publisher's numbers.
CARE: dict[str, str] = {
    "IIE Open Doors": N_(
        "Open Doors counts everyone on a temporary student visa, Optional Practical Training during or after study included; the editions for 2020/21 to 2022/23 "
        "also count students online from abroad. UNESCO counts degree students of a year or more: the two are not comparable."
    ),
    "MOE (China)": N_(
        "The Ministry counts everyone who studied in China during the year, short courses and language study included; those from Hong Kong, Macao "
        "and Taiwan are not in it. UNESCO counts degree students only: the two are not comparable."
    ),
    "HESA": N_(
        "HESA counts students domiciled outside the United Kingdom in an academic year, each number rounded to 5."
    ),
    "DAAD/DZHW Wissenschaft weltoffen": N_(
        "DAAD counts students who gained their entrance qualification abroad, in the winter semester; Destatis counts all foreign nationals and is higher."
    ),
    "JASSO": N_("JASSO counts on 1 May, students at Japanese-language institutions included."),
    "UNESCO UIS": N_(
        "UNESCO counts degree students of a year or more who crossed a border; credit mobility is not in it."
    ),
}
DEFINITIONS: dict[str, str] = {
    "stock": N_("Who is counted at a date or over a year, whenever they came. A stock is never added to entrants."),
    "enrolled_stock": N_("The part or extent of a stock that the publisher calls enrolled; see “what is counted”."),
    "degree_stock": N_("Students in a programme that leads to a degree of the host country."),
    "non_degree_stock": N_(
        "Students who are not in a degree programme: language, exchange, short courses, study for credit at home."
    ),
    "practical_training": N_(
        "Work in the field of study, during or after it, on a student visa or a permit of its own."
    ),
    "entrants": N_(
        "Those who began, or left, in the year. Entrants move first; the stock follows over the length of a programme."
    ),
    "returned": N_(
        "Those who came back in the year. They left in earlier years: returned over left is not a rate of return."
    ),
    "scholarship": N_("Holders of a government scholarship."),
}


def training(w: Words, publisher: str) -> str:
    """What a publisher calls work during or after study.

    >>> training(Words("en"), "IIE Open Doors"), training(Words("en"), "CBIE (IRCC data)")
    ('Optional Practical Training (OPT)', 'practical training')
    """
    return w("Optional Practical Training (OPT)") if publisher == "IIE Open Doors" else w.measure("practical_training")


def counted(w: Words, publisher: str, measure: str, funding: str = "all") -> str:
    """What is counted, in a few words."""
    if funding == "self":
        return w("at their own expense, as the publisher counts")
    text = COUNTED.get((publisher, measure)) or COUNTED.get(("", measure))
    return w(text) if text else ""


def care(w: Words, publisher: str) -> str:
    """How not to misread a publisher; empty when nothing is on record."""
    return w(CARE[publisher]) if publisher in CARE else ""


def definition(w: Words, measure: str) -> str:
    """What a measure means; empty when nothing is on record."""
    return w(DEFINITIONS[measure]) if measure in DEFINITIONS else ""
