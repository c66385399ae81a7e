"""Whom there are data about, and for which years: written after cleaning, so that planning reads one small file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

FILE = "subjects.json"
STAY_COLUMNS = ["source", "start", "end", "year"]


@dataclass(frozen=True)
class Known:
    """A subject with data: a country with counts or a source with stays."""

    id: str
    kind: str  # country, institution
    first_year: int
    latest_year: int
    title: str = ""  # of an institution's source card
    synthetic: bool = False
    name: dict[str, str] = field(default_factory=dict)  # of an institution, by language


def read(processed: Path) -> dict[str, Known] | None:
    """What the last survey found, by id; None before the first."""
    try:
        found = json.loads((processed / FILE).read_text(encoding="utf-8"))
        known = {row["id"]: Known(**row) for row in found}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all(isinstance(k.first_year, int) and isinstance(k.latest_year, int) for k in known.values()):
        return None
    return known


def write(processed: Path, raw: Sequence[Path]) -> Path:
    """Look through the clean tables.

    Parameters
    ----------
    processed
        Their folder.
    raw
        The raw folders, for the titles on the source cards.

    Returns
    -------
    Path
        `subjects.json` in that folder.
    """
    from pipeline.measures import subjects
    from pipeline.records import review
    from pipeline.records.store import describe, load
    from pipeline.sources import discover

    frame = subjects(load(processed, "counts"), load(processed, "stays", columns=STAY_COLUMNS))
    cards = {s.name: s.card for s in discover(raw)}
    describe(processed)  # once more, as the next, now that no cleaning is at work beside it
    review.write(processed)
    found = []
    for row in frame.itertuples():
        card = cards.get(str(row.id))
        known = Known(str(row.id), str(row.kind), int(row.first_year), int(row.latest_year))
        if known.kind == "institution" and card is not None:
            known = replace(known, title=card.title, synthetic=card.synthetic, name=dict(card.name))
        found.append(asdict(known))
    path = processed / FILE
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path
