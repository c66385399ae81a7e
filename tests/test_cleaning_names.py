"""Names of partner institutions, scored against the example university's truth: as its offices write them, and as more careless offices would."""

from __future__ import annotations

import random
import shutil
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from pipeline.records import clean
from pipeline.records.aliases import form
from pipeline.records.cleaning import Cleaned

SOURCE = "example-university"
ORIGINAL = Path(__file__).parents[1] / "data" / "raw" / SOURCE
SHARE = 0.12  # of the inbound rows with a partner that are written carelessly


def careless(name: str, dice: random.Random) -> str:
    """A name as it is not in the files: a slip, other words or another language for the kind, an abbreviation, another order, a place added."""
    place, _, kind = name.partition(" ")
    i = dice.randrange(1, len(place) - 2)
    slips = [
        place[:i] + place[i + 1] + place[i] + place[i + 2 :],
        place[:i] + place[i + 1 :],
        place[:i] + place[i] + place[i:],
    ]
    kinds = {
        "University": ["Univ.", "Universität", "Université", "Uni"],
        "University of Technology": [
            "Univ. of Technology",
            "TU",
            "Technical University",
            "Universität für Technologie",
        ],
        "Institute of Science": ["Inst. of Science", "Institute of Sciences", "Institut de Science"],
        "State University": ["State Univ.", "Staatliche Universität"],
        "Graduate School": ["Grad. School", "Graduate Sch."],
    }[kind]
    other = dice.choice(kinds)
    return dice.choice(
        [
            f"{dice.choice(slips)} {kind}",
            f"{place} {other}",
            f"{other} {place}",
            f"{kind}, {place}",
            f"{name} ({place})",
            f"{name.replace('University', 'Universty').replace('Institute', 'Institue').replace('School', 'Schol')}",
            f"{place}",
        ]
    )


@pytest.fixture(scope="module")
def truth(example_made: Path) -> pd.DataFrame:
    """The true partner of each row of the files, by file and line."""
    rows = pd.read_csv(example_made / "truth" / "rows.csv", dtype=str, keep_default_na=False)
    stays = pd.read_csv(example_made / "truth" / "stays.csv", dtype=str, keep_default_na=False).set_index("stay_id")
    rows["line"] = rows["line"].astype("int64")
    return rows.join(stays["partner"], on="stay_id").set_index(["file", "line"])


def scored(done: Cleaned, truth: pd.DataFrame) -> tuple[float, float, pd.DataFrame]:
    """Precision and recall of what was brought together, over pairs of writings of one country; and the names with their true partner."""
    rows = done.stays.assign(
        kept=done.stays["home_institution"].where(done.stays["direction"] == "inbound", done.stays["host_institution"]),
        country=done.stays["origin"].where(done.stays["direction"] == "inbound", done.stays["destination"]),
    ).join(truth["partner"], on=["file", "line"])
    named = rows[rows["kept"].notna()]
    sizes = named.groupby(["country", "kept", "partner"]).size()
    together = (sizes.groupby(["country", "kept"]).sum() ** 2).sum()
    alike = (sizes.groupby(["country", "partner"]).sum() ** 2).sum()
    both = (sizes**2).sum()
    return both / together, both / alike, named


def written_carelessly(folder: Path, truth: pd.DataFrame) -> dict[str, str]:
    """Write one inbound row in eight of the example's files under a careless name; careless name -> true one."""
    dice, card = random.Random(7), (ORIGINAL / "source.yml").read_text(encoding="utf-8")
    meant = {}
    for original in sorted(ORIGINAL.glob("inbound-*.csv")):
        lines = original.read_bytes().split(b"\n")
        for number, name in truth.loc[original.name, "partner"].to_dict().items():
            true = str(name).encode()
            if isinstance(name, str) and name and true in lines[number - 1] and dice.random() < SHARE:
                other = careless(name, dice)
                meant[other] = name
                cell = f'"{other}"' if "," in other else other
                lines[number - 1] = lines[number - 1].replace(true, cell.encode("gb18030"), 1)
        card = card.replace(sha256(original.read_bytes()).hexdigest(), sha256(b"\n".join(lines)).hexdigest())
        (folder / original.name).write_bytes(b"\n".join(lines))
    (folder / "source.yml").write_text(card, encoding="utf-8")
    return meant


@pytest.fixture(scope="module")
def messy(truth: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The example's files with careless names, and what each means; the true names too. Each is used once in the world."""
    folder = tmp_path_factory.mktemp("messy") / SOURCE
    shutil.copytree(ORIGINAL, folder)
    meant = written_carelessly(folder, truth)
    return folder, {**meant, **{name: name for name in truth["partner"].dropna().unique()}}


@pytest.fixture(scope="module")
def before(messy: tuple[Path, dict[str, str]]) -> Cleaned:
    return clean(messy[0])


def test_the_examples_own_writings_are_brought_together_and_nothing_is_asked(
    example_cleaned: Cleaned, truth: pd.DataFrame
) -> None:
    done = example_cleaned
    precision, recall, _ = scored(done, truth)
    assert (precision, recall) == (1.0, 1.0)
    assert done.suggestions.empty


def test_no_careless_name_is_merged_by_itself(before: Cleaned, truth: pd.DataFrame) -> None:
    precision, recall, named = scored(before, truth)
    print(f"precision {precision:.4f}, recall {recall:.4f}, names {named['kept'].nunique()}")
    assert precision == 1.0
    assert 0.8 < recall < 0.95


def right(before: Cleaned, meant: dict[str, str]) -> pd.Series:
    """Whether each suggestion is true."""
    asked = before.suggestions
    return asked["written"].map(meant).eq(asked["institution"].map(meant))


def test_suggestions_find_most_careless_names(messy: tuple[Path, dict[str, str]], before: Cleaned) -> None:
    meant = messy[1]
    fits = right(before, meant)
    careless_names = {name for name, true in meant.items() if form(name) != form(true)}
    recall = fits.sum() / len({form(name) for name in careless_names})
    print(f"{len(careless_names)} careless names, {len(fits)} suggestions, {fits.sum()} right: recall {recall:.3f}")
    assert len(fits) > 400
    assert recall >= 0.92
    assert fits.mean() >= 0.99


def test_confirmed_suggestions_bring_the_partners_together(
    messy: tuple[Path, dict[str, str]], before: Cleaned, truth: pd.DataFrame
) -> None:
    folder, meant = messy
    asked = before.suggestions.assign(same=right(before, meant).map({True: "yes", False: "no"}))
    asked.to_csv(folder / "aliases.csv", index=False)
    done = clean(folder)
    precision, recall, _ = scored(done, truth)
    print(f"after: precision {precision:.4f}, recall {recall:.4f}")
    assert precision == 1.0
    assert recall >= 0.99
    answered = {(form(w), form(i)) for w, i in asked[["written", "institution"]].to_numpy()}
    assert not answered & {(form(w), form(i)) for w, i in done.suggestions[["written", "institution"]].to_numpy()}
