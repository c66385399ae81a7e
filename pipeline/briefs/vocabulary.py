"""The project's codes and what they are called: modes, levels, measures, funding, outcomes, regions.

English is written here as messages; the catalogues hold the other languages.
"""

from __future__ import annotations

from pipeline.briefs.catalogue import N_

MODES = {
    "all": N_("all modes"),
    "joint_training": N_("joint training"),
    "dual_degree": N_("dual degree"),
    "joint_research": N_("joint research"),
    "exchange": N_("exchange"),
    "short_programme": N_("short programme"),
    "research_visit": N_("research visit"),
    "conference": N_("conference"),
    "lecture": N_("lecture series"),
    "degree": N_("degree programme"),
    "virtual": N_("virtual"),
}
LEVELS = {
    "all": N_("all levels"),
    "5": N_("short-cycle tertiary"),
    "6": N_("bachelor’s"),
    "7": N_("master’s"),
    "8": N_("doctoral"),
    "5-6": N_("undergraduate"),
    "5-8": N_("tertiary"),
    "7-8": N_("postgraduate"),
    "short": N_("short stay or language course"),
}
MEASURES = {
    "stock": N_("all international students"),
    "enrolled_stock": N_("enrolled students"),
    "degree_stock": N_("degree students"),
    "non_degree_stock": N_("non-degree students"),
    "other_stock": N_("non-degree students and practical training"),
    "practical_training": N_("practical training after study"),
    "entrants": N_("new students"),
    "returned": N_("returned students"),
    "graduates": N_("graduates"),
    "scholarship": N_("scholarship holders"),
    "net_flow": N_("net flow"),
    "credit": N_("students on credit mobility"),
    "stays": N_("stays"),
    "programmes": N_("joint programmes"),
    "recognition_agreements": N_("agreements on recognising degrees"),
}
FUNDING = {
    "all": N_("all funding"),
    "government": N_("government-funded"),
    "employer": N_("employer-funded"),
    "self": N_("self-funded"),
}
OUTCOMES = {
    "completed": N_("completed"),
    "withdrawn": N_("withdrawn"),
    "extended": N_("extended"),
    "ongoing": N_("ongoing"),
    "unknown": N_("unknown"),
}
DIRECTIONS = {"inbound": N_("inbound"), "outbound": N_("outbound")}
REGIONS = {
    "Africa": N_("Africa"),
    "Americas": N_("the Americas"),
    "Asia": N_("Asia"),
    "Asia and Oceania": N_("Asia and Oceania"),
    "Australia and Pacific Islands": N_("Australia and the Pacific Islands"),
    "Caribbean": N_("the Caribbean"),
    "Central America": N_("Central America"),
    "East Asia": N_("East Asia"),
    "East Asia and Pacific": N_("East Asia and the Pacific"),
    "Europe": N_("Europe"),
    "European Union": N_("the European Union"),
    "EU": N_("the European Union"),
    "Latin America": N_("Latin America"),
    "Latin America and Caribbean": N_("Latin America and the Caribbean"),
    "Middle East": N_("the Middle East"),
    "Middle East and North Africa": N_("the Middle East and North Africa"),
    "non-EU": N_("countries outside the European Union"),
    "North Africa": N_("North Africa"),
    "North America": N_("North America"),
    "Oceania": N_("Oceania"),
    "Other": N_("other places"),
    "Others": N_("other places"),
    "South America": N_("South America"),
    "South and Central Asia": N_("South and Central Asia"),
    "South Asia": N_("South Asia"),
    "Southeast Asia": N_("Southeast Asia"),
    "Sub-Saharan Africa": N_("Sub-Saharan Africa"),
    "Western Europe": N_("Western Europe"),
    "World": N_("World"),
}
PARTNERS = {"WLD": N_("all countries"), "_X": N_("origin not stated"), "stateless": N_("stateless")}
# Where the names of Unicode's CLDR are not those in everyday use, or not those customary in the language.
COUNTRY_NAMES = {
    "en": {
        "COD": "DR Congo",
        "COG": "Congo",
        "FSM": "Micronesia",
        "HKG": "Hong Kong",
        "MAC": "Macao",
        "MMR": "Myanmar",
        "PSE": "Palestine",
        "XKX": "Kosovo",
    },
    "zh": {
        "HKG": "中国香港",
        "MAC": "中国澳门",
        "TWN": "中国台湾",
        "PSE": "巴勒斯坦",
        "COD": "刚果（金）",
        "COG": "刚果（布）",
        "MMR": "缅甸",
        "XKX": "科索沃",
    },
}
