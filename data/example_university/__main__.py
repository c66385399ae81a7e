"""Makes the example university's files and the truth about them: `python data/example_university [--out DIR] [--truth DIR]`.

A made-up graduate school in China and its registers of students coming and going, 2010 to 2024, as two offices would keep them. Only
the standard library is used, and the same bytes come out on every system.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from card import write_card
from dice import Dice
from files import LAYOUTS, Placed, share_out, write_text, write_workbook
from mess import Office
from office_papers import write_agreements, write_events
from outcomes import add_outcomes
from people import make_stays
from truth import write_truth
from world import make_world

SEED = "example-university-2024"
DATA = Path(__file__).resolve().parents[1]


def make(out: Path, truth: Path) -> dict[str, int]:
    """Write all files; gives how many rows, stays, duplicates and rows to reject there are."""
    out.mkdir(parents=True, exist_ok=True)
    world = make_world(SEED)
    stays = make_stays(world, SEED)
    add_outcomes(stays, world, SEED)
    placed: list[Placed] = []
    for direction in ("inbound", "outbound"):
        ours = [stay for stay in stays if stay.direction == direction]
        shared = share_out(Office(world, direction, SEED, ours).rows(ours), direction)
        for layout in LAYOUTS:
            if layout.direction == direction == "inbound":
                placed += write_text(out, layout, shared[layout.name], Dice(f"{SEED}/{layout.name}"))
            elif layout.direction == direction:
                placed += write_workbook(out, layout, shared[layout.name])
    counted = write_truth(truth, placed, stays)
    counted["agreements"] = write_agreements(out, world, stays, SEED)
    counted["events"] = write_events(out, world, SEED)
    write_card(out)
    return counted


def main() -> None:
    """Read the arguments and report what was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DATA / "raw" / "example-university", help="where the files go")
    parser.add_argument(
        "--truth", type=Path, default=DATA / "truth" / "example-university", help="where the truth goes"
    )
    given = parser.parse_args()
    for what, number in make(given.out, given.truth).items():
        print(f"{what:>12} {number:>7,}")


if __name__ == "__main__":
    main()
