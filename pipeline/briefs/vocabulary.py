"""The project's codes and what they are called: modes, levels, measures, funding, outcomes, fields, publishers, regions.

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
    "practical_training": N_("practical training"),
    "entrants": N_("new students"),
    "returned": N_("returned students"),
    "graduates": N_("graduates"),
    "scholarship": N_("scholarship holders"),
    "net_flow": N_("net flow"),
    "credit": N_("students on credit mobility"),
    "staff": N_("staff on mobility"),
    "other_learners": N_("learners outside higher education"),
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
# Who pays for a stay: the codes of `funder` in pipeline/records/names/vocabularies.yml.
FUNDERS = {
    "all": N_("all funders"),
    "government": N_("government"),
    "university": N_("sending university"),
    "host_university": N_("host university"),
    "foundation": N_("foundation"),
    "employer": N_("employer"),
    "joint_fund": N_("joint fund"),
    "erasmus": N_("Erasmus+"),
    "self": N_("self-funded"),
    "none": N_("no funding"),
    "unknown": N_("not stated"),
}
# The broad fields of ISCED-F 2013 (UNESCO Institute for Statistics, 2014).
FIELDS = {
    "all": N_("all fields"),
    "00": N_("generic programmes"),
    "01": N_("education"),
    "02": N_("arts and humanities"),
    "03": N_("social sciences, journalism and information"),
    "04": N_("business, administration and law"),
    "05": N_("natural sciences, mathematics and statistics"),
    "06": N_("information and communication technologies"),
    "07": N_("engineering, manufacturing and construction"),
    "08": N_("agriculture, forestry, fisheries and veterinary"),
    "09": N_("health and welfare"),
    "10": N_("services"),
    "unknown": N_("not stated"),
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
    "ASEAN": N_("ASEAN"),
    "Africa": N_("Africa"),
    "Americas": N_("the Americas"),
    "Asia": N_("Asia"),
    "Asia and Oceania": N_("Asia and Oceania"),
    "Australia and Pacific Islands": N_("Australia and the Pacific Islands"),
    "Belt and Road": N_("Belt and Road countries"),
    "BRICS": N_("BRICS"),
    "CIS": N_("the Commonwealth of Independent States"),
    "Caribbean": N_("the Caribbean"),
    "Central Africa": N_("Central Africa"),
    "Central America": N_("Central America"),
    "EEA": N_("the European Economic Area"),
    "East Africa": N_("East Africa"),
    "East Asia": N_("East Asia"),
    "East Asia and Pacific": N_("East Asia and the Pacific"),
    "Europe": N_("Europe"),
    "European Union": N_("the European Union"),
    "EU": N_("the European Union"),
    "Far East": N_("the Far East"),
    "G20": N_("the G20"),
    "Latin America": N_("Latin America"),
    "Latin America & Caribbean": N_("Latin America and the Caribbean"),
    "Latin America and Caribbean": N_("Latin America and the Caribbean"),
    "Middle East": N_("the Middle East"),
    "Mexico and Central America": N_("Mexico and Central America"),
    "Micronesia (region)": N_("Micronesia"),
    "Middle East & North Africa": N_("the Middle East and North Africa"),
    "Middle East and North Africa": N_("the Middle East and North Africa"),
    "Non-EU": N_("countries outside the European Union"),
    "North Africa": N_("North Africa"),
    "North America": N_("North America"),
    "OECD": N_("OECD countries"),
    "Oceania": N_("Oceania"),
    "Other": N_("other places"),
    "Others": N_("other places"),
    "Pacific Islands": N_("the Pacific Islands"),
    "South America": N_("South America"),
    "South and Central Asia": N_("South and Central Asia"),
    "South Asia": N_("South Asia"),
    "Southeast Asia": N_("Southeast Asia"),
    "Southern Africa": N_("Southern Africa"),
    "Africa, Sub-saharan": N_("Sub-Saharan Africa"),
    "Africa, Sub-Saharan": N_("Sub-Saharan Africa"),
    "Sub-Saharan Africa": N_("Sub-Saharan Africa"),
    "The Americas": N_("the Americas"),
    "West Africa": N_("West Africa"),
    "Western Europe": N_("Western Europe"),
    "hosted in Europe and North America": N_("hosted in Europe and North America"),
    "hosted in OECD": N_("hosted in OECD countries"),
    "World": N_("World"),
}
PARTNERS = {"WLD": N_("all countries"), "_X": N_("origin not stated"), "stateless": N_("stateless")}
# Publishers, as the sources write them (pipeline/measures/publishers.csv), and how they are named in a brief.
PUBLISHERS = {
    "MOE (China)": N_("Ministry of Education of China"),
    "Ministry of Education of China": N_("Ministry of Education of China"),
    "Ministry of Education of China (panel)": N_("Ministry of Education of China, by origin (compiled panel)"),
    "China Scholarship Council": N_("China Scholarship Council"),
    "The Daxue (blog, from MOE)": N_("The Daxue (blog), from the Ministry of Education of China"),
    "Yang & Liu (journal article, MOE data)": N_(
        "Yang and Liu (journal article), from the Ministry of Education of China"
    ),
    "beijing-kids (citing China Today)": N_("beijing-kids, citing China Today"),
    "Project Atlas (IIE)": N_("Institute of International Education (Project Atlas)"),
    "Chronicle table (Project Atlas)": N_("Chronicle of Higher Education, from Project Atlas"),
    "IIE Open Doors": N_("Institute of International Education (Open Doors)"),
    "Open Doors": N_("Institute of International Education (Open Doors)"),
    "Institute of International Education": N_("Institute of International Education"),
    "Institute of International Education (Open Doors)": N_("Institute of International Education (Open Doors)"),
    "HESA": N_("Higher Education Statistics Agency (HESA)"),
    "HESA (first release)": N_("Higher Education Statistics Agency (HESA), first release"),
    "DAAD/DZHW Wissenschaft weltoffen": N_("DAAD and DZHW (Wissenschaft weltoffen)"),
    "Destatis": N_("German Federal Statistical Office (Destatis)"),
    "HSI-Monitor (Destatis data)": N_("HSI-Monitor, from Destatis"),
    "Australian Department of Education": N_("Australian Department of Education"),
    "Macrobusiness (Australian Department of Education data)": N_(
        "MacroBusiness, from the Australian Department of Education"
    ),
    "CBIE (IRCC data)": N_("Canadian Bureau for International Education, from IRCC"),
    "IRCC": N_("Immigration, Refugees and Citizenship Canada (IRCC)"),
    "Statistics Canada": N_("Statistics Canada"),
    "Campus France": N_("Campus France"),
    "Campus France (from UNESCO)": N_("Campus France, from UNESCO"),
    "BUILA (from UNESCO)": N_("BUILA, from UNESCO"),
    "JASSO": N_("Japan Student Services Organization (JASSO)"),
    "JASSO (Japanese students abroad, by university agreements)": N_(
        "Japan Student Services Organization (JASSO), study abroad by university agreements"
    ),
    "MEXT (from OECD, UNESCO, IIE)": N_("Ministry of Education of Japan (MEXT), from OECD, UNESCO and IIE"),
    "MOE (Korea)": N_("Ministry of Education of South Korea"),
    "Korea Immigration Service": N_("Korea Immigration Service"),
    "Korean Council for University Education, via Donga": N_(
        "Korean Council for University Education, by way of The Dong-A Ilbo"
    ),
    "PIE News (copy), from MOE (Korea)": N_("The PIE News, from the Ministry of Education of South Korea"),
    "Press, from MOE (Korea)": N_("Press, from the Ministry of Education of South Korea"),
    "Russian ministries": N_("Ministries of Russia"),
    "Government of India (Bureau of Immigration)": N_("Government of India (Bureau of Immigration)"),
    "AISHE (India)": N_("All India Survey on Higher Education (AISHE)"),
    "Eurostat": N_("Eurostat"),
    "UNESCO UIS": N_("UNESCO Institute for Statistics"),
    "UNESCO Institute for Statistics": N_("UNESCO Institute for Statistics"),
    "UNESCO UIS (via Nikkei)": N_("UNESCO Institute for Statistics, by way of Nikkei"),
    "OECD": N_("OECD"),
    "OECD Education at a Glance": N_("OECD (Education at a Glance)"),
    "OECD International Migration Outlook": N_("OECD (International Migration Outlook)"),
    "Migration Policy Institute": N_("Migration Policy Institute"),
    "educationdata.org": N_("educationdata.org"),
    "World Bank": N_("World Bank"),
    "publisher not stated": N_("publisher not stated"),
}
# Where a source was printed, as titles name it.
OUTLETS = {
    "CERNET": N_("CERNET"),
    "CSSN": N_("CSSN"),
    "China Daily": N_("China Daily"),
    "Xinhua": N_("Xinhua"),
    "copy": N_("copy"),
}
# Where the names of Unicode's CLDR are not those in everyday use, or not those customary in the language. Hong Kong, Macao and Taiwan are
# named alike in both languages, as the statistics of China's Ministry of Education and of UNESCO name them.
COUNTRY_NAMES = {
    "en": {
        "COD": "DR Congo",
        "COG": "Congo",
        "FSM": "Micronesia",
        "HKG": "Hong Kong, China",
        "MAC": "Macao, China",
        "MMR": "Myanmar",
        "PSE": "Palestine",
        "TWN": "Taiwan, China",
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
