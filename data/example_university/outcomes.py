"""What came of a stay: money, language, visa, credits, completion, degrees, papers.

The links are modest and stated here, so that a model has something to find and can be held against what is true: completion
depends on the gap between language and what is asked for, on funding, on a second supervisor and on the mode.
"""

from __future__ import annotations

from datetime import date, timedelta

from dice import Dice
from people import Stay
from world import EXPORTED, World

CEFR = ("A1", "A2", "B1", "B2", "C1", "C2")
NEEDED = 3  # B2
FUNDERS = {
    "inbound": (("government", 34), ("university", 21), ("foundation", 3), ("employer", 3), ("self", 39)),
    "outbound": (
        ("government", 36),
        ("university", 24),
        ("host_university", 9),
        ("joint_fund", 6),
        ("foundation", 3),
        ("employer", 2),
        ("self", 20),
    ),
}
PRIORITY_FUNDERS = (("government", 55), ("university", 20), ("foundation", 3), ("employer", 2), ("self", 20))
MONTHLY = {
    "government": 3200,
    "university": 2000,
    "host_university": 5200,
    "joint_fund": 4600,
    "foundation": 4000,
    "employer": 4500,
}
COMPLETION = {  # share completed when language fits, funded, one supervisor
    "degree": 0.86,
    "exchange": 0.965,
    "joint_training": 0.93,
    "dual_degree": 0.87,
    "joint_research": 0.94,
    "research_visit": 0.97,
    "short_programme": 0.99,
    "conference": 0.995,
    "lecture": 0.995,
    "virtual": 0.86,
}
RECOGNITION = {"exchange": 0.83, "joint_training": 0.89, "dual_degree": 0.94, "short_programme": 0.62, "virtual": 0.54}
PAPERS = {"joint_research": 0.62, "joint_training": 0.22, "research_visit": 0.30, "dual_degree": 0.10, "degree": 0.03}
REFUSED = {"USA": 0.045, "GBR": 0.025, "AUS": 0.03, "CAN": 0.035}  # outbound, by destination
ENGLISH_SPOKEN = {
    "USA",
    "GBR",
    "AUS",
    "CAN",
    "NZL",
    "IRL",
    "SGP",
    "NGA",
    "GHA",
    "KEN",
    "UGA",
    "ZMB",
    "ZWE",
    "ZAF",
    "HKG",
}
TESTS = {
    "DEU": "TestDaF",
    "AUT": "TestDaF",
    "FRA": "DELF",
    "JPN": "JLPT",
    "KOR": "TOPIK",
    "ESP": "DELE",
    "RUS": "TORFL",
}


def add_outcomes(stays: list[Stay], world: World, seed: str) -> None:
    """Write into every stay what came of it."""
    dice = Dice(f"{seed}/outcomes")
    for stay in stays:
        _funding(stay, world, dice)
        gap = _language(stay, dice)
        _visa(stay, dice)
        _supervision(stay, dice)
        _ending(stay, dice, gap)
        _credits(stay, dice)
        _papers(stay, dice)
        _opinion(stay, dice)


def _funding(stay: Stay, world: World, dice: Dice) -> None:
    options = FUNDERS[stay.direction]
    if stay.direction == "inbound" and world.countries[stay.country].priority:
        options = PRIORITY_FUNDERS
    funder = dice.weighted([f for f, _ in options], [w for _, w in options])
    if stay.mode == "virtual":
        funder = "self" if dice.chance(0.6) else "university"
    stay.facts["funder"] = funder
    if funder in MONTHLY and stay.mode != "virtual":
        months = max(1.0, _days(stay) / 30.4)
        stay.facts["grant_amount"] = str(round(MONTHLY[funder] * months * dice.uniform(0.7, 1.3) / 100) * 100)
        stay.facts["currency"] = (
            "EUR" if funder == "host_university" and stay.country in {"DEU", "FRA", "ITA"} else "CNY"
        )


def _days(stay: Stay) -> int:
    return (stay.end - stay.start).days if stay.end else 0


def _language(stay: Stay, dice: Dice) -> int:
    """Levels at entry and exit (CEFR); gives the steps missing at entry."""
    if stay.mode in {"conference", "lecture"}:
        return 0
    local = stay.direction == "inbound" and dice.chance(0.68)
    easy = stay.country in ENGLISH_SPOKEN and not local
    entry = min(5, max(0, round(dice.normal(3.6 if easy else 3.0, 0.95))))
    gain = _days(stay) / 30.4 * (0.045 if stay.mode == "virtual" else 0.085)
    leave = min(5, entry + (1 if dice.chance(min(gain, 0.9)) else 0) + (1 if gain > 1.6 and dice.chance(0.4) else 0))
    english = "IELTS" if dice.chance(0.6) else "TOEFL"
    test = "HSK" if local else TESTS.get(stay.country, english) if stay.direction == "outbound" else english
    if test == "HSK":
        entry, leave = max(2, entry), max(2, leave)  # HSK levels 3 to 6 are told apart
    if dice.chance(0.88):
        stay.facts |= {"language_test": test, "language_entry": CEFR[entry]}
        if dice.chance(0.62):
            stay.facts["language_exit"] = CEFR[leave]
    return max(0, NEEDED - entry)


def _visa(stay: Stay, dice: Dice) -> None:
    if stay.mode == "virtual" or (stay.mode in {"conference", "lecture"} and dice.chance(0.6)):
        return
    applied = stay.start - timedelta(days=dice.integer(40, 110))
    waited = max(3, round(dice.normal(19 if stay.direction == "inbound" else 27, 8)))
    refused = REFUSED.get(stay.country, 0.008)
    if stay.direction == "inbound":
        refused = 0.03 if stay.facts["funder"] == "self" else 0.006
    elif stay.country == "USA" and stay.subject in {"06", "07"} and stay.start >= date(2018, 6, 1):
        refused, waited = 0.105, waited + dice.integer(5, 45)
    stay.facts |= {"visa_applied": applied.isoformat(), "visa_decided": (applied + timedelta(days=waited)).isoformat()}
    stay.facts["visa_result"] = "refused" if dice.chance(refused) else "granted"


def _supervision(stay: Stay, dice: Dice) -> None:
    share = {"joint_training": 0.72, "dual_degree": 0.5, "joint_research": 0.55, "research_visit": 0.25, "degree": 0.06}
    if stay.mode in share:
        stay.facts["dual_supervised"] = "yes" if dice.chance(share[stay.mode]) else "no"


def _ending(stay: Stay, dice: Dice, gap: int) -> None:
    """Completed, withdrawn, extended, ongoing or not recorded; sets the true end."""
    facts = stay.facts
    assert stay.end is not None
    if facts.get("visa_result") == "refused":
        facts["outcome"], stay.end = "withdrawn", None
        return
    fails = 1.0 - COMPLETION[stay.mode]
    fails *= (1.0, 1.6, 2.4, 3.0)[gap] * (1.5 if facts["funder"] == "self" else 1.0)
    fails *= 0.6 if facts.get("dual_supervised") == "yes" else 1.0
    failed = dice.chance(min(fails, 0.6))
    extended = failed and dice.chance(0.55 if stay.mode in {"degree", "dual_degree", "joint_training"} else 0.25)
    if failed and not extended:
        stay.end = stay.start + timedelta(days=max(3, int(_days(stay) * dice.uniform(0.1, 0.8))))
    elif extended:
        stay.end += timedelta(days=dice.integer(30, 300))
    else:
        stay.end += timedelta(days=dice.integer(-3, 3) if _days(stay) > 40 else 0)
    if stay.end > EXPORTED:
        facts["outcome"] = "ongoing"
    elif dice.chance(0.025):
        facts["outcome"] = ""
    else:
        facts["outcome"] = "extended" if extended else "withdrawn" if failed else "completed"
    if facts["outcome"] == "completed" and stay.mode in {"degree", "dual_degree"}:
        facts["degrees_awarded"] = "1" if stay.mode == "degree" or dice.chance(0.22) else "2"
    elif facts["outcome"] in {"completed", "withdrawn", "extended"} and stay.mode in {"degree", "dual_degree"}:
        facts["degrees_awarded"] = "0"


def _credits(stay: Stay, dice: Dice) -> None:
    """Credits taken and recognised at home, course by course."""
    if stay.mode not in RECOGNITION or stay.facts["outcome"] in {"ongoing", ""} or stay.end is None:
        return
    if dice.chance(0.12):
        return
    courses = min(14, max(1, round(_days(stay) / 30.4 * 0.95)))
    rate = RECOGNITION[stay.mode] + (stay.partner.recognition if stay.partner else -0.08)
    rate -= 0.45 if stay.facts["outcome"] == "withdrawn" else 0.0
    recognised = sum(dice.chance(rate) for _ in range(courses))
    each = 5 if stay.direction == "outbound" else 3
    stay.facts |= {"credits_attempted": str(courses * each), "credits_recognised": str(recognised * each)}


def _papers(stay: Stay, dice: Dice) -> None:
    """Joint publications: most where two supervisors and research come together."""
    if stay.facts["outcome"] == "ongoing" or stay.facts.get("visa_result") == "refused":
        return
    mean = PAPERS.get(stay.mode, 0.004) * min(2.0, max(0.4, _days(stay) / 300))
    mean *= (1.5 if stay.facts.get("dual_supervised") == "yes" else 0.8) * (1.3 if stay.level == "8" else 0.6)
    if stay.mode in PAPERS and dice.chance(0.9):
        stay.facts["joint_publications"] = str(dice.count(mean))


def _opinion(stay: Stay, dice: Dice) -> None:
    if stay.facts["outcome"] not in {"completed", "extended"} or not dice.chance(0.58):
        return
    mean = 4.15 - (0.5 if stay.mode == "virtual" else 0.0) - (0.25 if stay.facts["funder"] == "self" else 0.0)
    stay.facts["satisfaction"] = str(min(5, max(1, round(dice.normal(mean, 0.85)))))
