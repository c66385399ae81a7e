"""What is true of every row, kept apart from the files so that cleaning can be scored."""

from __future__ import annotations

import csv
from pathlib import Path

from files import Placed
from people import Stay

ROW_COLUMNS = (
    "file",
    "line",
    "stay_id",
    "student",
    "direction",
    "country",
    "start",
    "start_by_month",
    "end",
    "end_by_month",
    "duplicate_of",
    "reject",
    "unreadable",
)
FACTS = (
    "funder",
    "grant_amount",
    "currency",
    "language_test",
    "language_entry",
    "language_exit",
    "credits_attempted",
    "credits_recognised",
    "dual_supervised",
    "visa_applied",
    "visa_decided",
    "visa_result",
    "outcome",
    "degrees_awarded",
    "joint_publications",
    "satisfaction",
)
STAY_COLUMNS = (
    "stay_id",
    "student",
    "direction",
    "origin",
    "destination",
    "partner",
    "agreement_id",
    "mode",
    "level",
    "field",
    "home_field",
    "start",
    "end",
    "gender",
    "birth_year",
    *FACTS,
)


def write_truth(folder: Path, placed: list[Placed], stays: list[Stay]) -> dict[str, int]:
    """Write rows.csv and stays.csv; gives how many rows there are of each sort."""
    folder.mkdir(parents=True, exist_ok=True)
    first: dict[str, Placed] = {}
    for place in sorted(placed, key=lambda p: (p.file, p.line)):
        if place.row is not None and not place.reject:
            first.setdefault(place.row.stay.stay_id, place)
    rows = [_row(place, first) for place in placed]
    _write(folder / "rows.csv", ROW_COLUMNS, rows)
    _write(folder / "stays.csv", STAY_COLUMNS, [_stay(stay) for stay in stays])
    return {
        "rows": len(rows),
        "stays": len(first),
        "duplicates": sum(bool(row.get("duplicate_of")) for row in rows),
        "to_reject": sum(bool(row["reject"]) for row in rows),
    }


def _row(place: Placed, first: dict[str, Placed]) -> dict[str, object]:
    known: dict[str, object] = {"file": place.file, "line": place.line, "reject": place.reject}
    if place.row is None:
        return known
    row, stay = place.row, place.row.stay
    kept = first.get(stay.stay_id)
    return known | {
        "stay_id": stay.stay_id,
        "student": stay.student,
        "direction": stay.direction,
        "country": stay.country,
        "start": stay.start.isoformat(),
        "start_by_month": int(row.start_by_month),
        "end": row.end.isoformat() if row.end else "",
        "end_by_month": int(row.end_by_month),
        "duplicate_of": f"{kept.file}:{kept.line}" if kept and kept is not place and not place.reject else "",
        "unreadable": "|".join(row.lost),
    }


def _stay(stay: Stay) -> dict[str, object]:
    return {
        "stay_id": stay.stay_id,
        "student": stay.student,
        "direction": stay.direction,
        "origin": stay.origin,
        "destination": stay.destination,
        "partner": stay.partner.name if stay.partner else "",
        "agreement_id": stay.agreement_id,
        "mode": stay.mode,
        "level": stay.level,
        "field": stay.subject,
        "home_field": stay.home_subject,
        "start": stay.start.isoformat(),
        "end": stay.end.isoformat() if stay.end else "",
        "gender": stay.gender,
        "birth_year": stay.birth_year,
        **{fact: stay.facts.get(fact, "") for fact in FACTS},
    }


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
