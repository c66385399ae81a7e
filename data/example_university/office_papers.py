"""The two smaller files of the office: agreements with partners, and what happens at home (lectures, courses, coaching)."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from dates import as_written
from dice import Dice
from people import Stay
from spellings import STRAY
from world import EXPORTED, Agreement, World

AGREEMENTS, EVENTS = "agreements.csv", "events.csv"
AGREEMENT_COLUMNS = {
    "Agreement ID": "agreement_id",
    "Partner institution": "partner",
    "Country": "country",
    "Form of cooperation": "mode",
    "Signed": "signed",
    "Valid until": "expires",
    "Places in / year": "quota_in",
    "Places out / year": "quota_out",
    "Joint laboratory": "joint_laboratory",
    "Degrees recognised": "recognised",
    "Rank band": "rank_band",
    "Rank year": "rank_year",
}
EVENT_COLUMNS = {
    "No.": "event_id",
    "Kind": "kind",
    "Title": "title",
    "Date": "start",
    "Last day": "end",
    "Hours": "hours",
    "With": "partner",
    "Country": "country",
    "Online": "online",
    "Participants": "participants",
    "Going abroad": "outgoing",
}
MODE_WORDS = {
    "exchange": "Student exchange",
    "joint_training": "Joint training",
    "dual_degree": "Dual degree",
    "joint_research": "Joint research",
    "research_visit": "Research visits",
    "short_programme": "Short programmes",
}
# Kind of event: words, how many a year, hours, participants.
EVENT_KINDS = {
    "lecture": ("Lecture", 12, (2, 3), (40, 220)),
    "workshop": ("Workshop", 6, (4, 16), (12, 40)),
    "course": ("Course", 3, (24, 48), (15, 45)),
    "writing_course": ("Writing course", 3, (12, 32), (10, 30)),
    "language_corner": ("Language corner", 10, (2, 2), (8, 35)),
    "mock_conference": ("Mock conference", 2, (6, 8), (15, 40)),
    "coaching": ("Coaching", 4, (1, 4), (1, 6)),
}
TOPICS = ("intercultural communication", "academic English", "energy and climate", "public health", "urban planning")
TOPICS += ("research ethics", "artificial intelligence", "water and food", "publishing abroad", "materials science")


def write_agreements(folder: Path, world: World, stays: list[Stay], seed: str) -> int:
    """Write the agreements (UTF-8 with a mark, as Excel saves it); gives the number of rows."""
    dice = Dice(f"{seed}/agreements")
    used = Counter((stay.agreement_id, stay.direction) for stay in stays)
    rows = []
    for partner in world.partners:
        for agreement in sorted(partner.agreements, key=lambda a: a.agreement_id):
            rows.append(_agreement(dice, world, agreement, partner.band, used))
    _write(folder / AGREEMENTS, AGREEMENT_COLUMNS, rows, bom=True)
    return len(rows)


def _agreement(
    dice: Dice, world: World, agreement: Agreement, band: str, used: Counter[tuple[str, str]]
) -> dict[str, str]:
    years = max(1.0, ((agreement.expires or EXPORTED) - agreement.signed).days / 365.25)
    if agreement.expires and agreement.expires > EXPORTED:
        years = max(1.0, (EXPORTED - agreement.signed).days / 365.25)
    country = world.countries[agreement.country]
    name = dice.pick(country.english) if dice.chance(0.15) else country.english[0]
    quotas = {}
    for column, direction in (("quota_in", "inbound"), ("quota_out", "outbound")):
        mean = used[agreement.agreement_id, direction] / years
        quotas[column] = "" if dice.chance(0.12) else str(max(1, round(mean * dice.pick([0.6, 1.0, 1.2, 1.6, 2.5]))))
    laboratory = "yes" if agreement.laboratory else "no" if agreement.mode == "joint_research" else ""
    return {
        "agreement_id": agreement.agreement_id,
        "partner": agreement.partner + (dice.pick(STRAY) if dice.chance(0.03) else ""),
        "country": name,
        "mode": MODE_WORDS[agreement.mode],
        "signed": _day(dice, agreement.signed),
        "expires": _day(dice, agreement.expires) if agreement.expires else "",
        "joint_laboratory": laboratory,
        "recognised": "yes" if agreement.recognised else "no",
        "rank_band": band,
        "rank_year": "2024" if band else "",
        **quotas,
    }


def _day(dice: Dice, day: date) -> str:
    return str(as_written(dice, "outbound", day, by_month=False)[0])


def write_events(folder: Path, world: World, seed: str) -> int:
    """Write the events of 2015 to the day of export (UTF-8); gives the number of rows."""
    dice = Dice(f"{seed}/events")
    rows = []
    for year in range(2015, EXPORTED.year + 1):
        for kind, (word, number, hours, participants) in EVENT_KINDS.items():
            for _ in range(dice.count(number * (1.0 + 0.06 * (year - 2015)))):
                day = date(year, dice.pick([3, 4, 5, 6, 9, 10, 11, 12]), dice.integer(1, 28))
                online = dice.chance(0.85 if 2020 <= year <= 2022 else 0.12)
                if day <= EXPORTED and (year != 2020 or online or day.month < 2):
                    rows.append(_event(dice, world, kind, word, day, hours, participants, online))
    rows.sort(key=lambda row: row["start"])
    numbered = [{"event_id": f"E{number:04d}", **row} for number, row in enumerate(rows, start=1)]
    _write(folder / EVENTS, EVENT_COLUMNS, numbered, bom=False)
    return len(numbered)


def _event(
    dice: Dice,
    world: World,
    kind: str,
    word: str,
    day: date,
    hours: tuple[int, int],
    participants: tuple[int, int],
    online: bool,
) -> dict[str, str]:
    number = dice.integer(*participants)
    partner = dice.pick(world.partners) if kind in {"lecture", "workshop", "course"} and dice.chance(0.6) else None
    long = hours[1] > 12
    return {
        "kind": word,
        "title": f"{word}: {dice.pick(TOPICS)}",
        "start": day.isoformat(),
        "end": (day + timedelta(days=dice.integer(14, 70))).isoformat() if long else day.isoformat(),
        "hours": str(dice.integer(*hours)),
        "partner": partner.name if partner else "",
        "country": world.countries[partner.country].english[0] if partner else "",
        "online": "yes" if online else "no",
        "participants": "" if dice.chance(0.05) else str(number),
        "outgoing": "" if dice.chance(0.2) else str(round(number * dice.uniform(0.05, 0.6))),
    }


def _write(path: Path, columns: dict[str, str], rows: list[dict[str, str]], bom: bool) -> None:
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([row[column] for column in columns.values()] for row in rows)
