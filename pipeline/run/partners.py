"""The alliance database on the screen and as CSV: `mobility partners`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError, SettingsError, did_you_mean
from pipeline.run import survey
from pipeline.run.workspace import Context, check_place

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes
    ----------
    subject
        The name of a source with stays and agreements.
    year
        The last full academic year; by default the latest of its data.
    as_of
        The day on which agreements are in force, YYYY-MM-DD; by default the last of that year.
    language
        "en" or "zh".
    agreements
        Agreements instead of partners.
    everyone
        Also partners about whom there is nothing to do.
    public
        Without numbers of people.
    csv
        Where to write the table.
    """

    subject: str
    year: int | None = None
    as_of: str | None = None
    language: str = "en"
    agreements: bool = False
    everyone: bool = False
    public: bool = False
    csv: Path | None = None


def partners(here: Context, wish: Wish, console: Console) -> None:
    """Print the alliance database of a source, and write it as CSV where asked for.

    Parameters
    ----------
    here
        Folders and settings; the clean tables must be there.
    wish
        What is asked for.
    console
        Where it is printed.

    Raises
    ------
    InputError, SettingsError
        If the source is unknown or has no agreements, the year or date is wrong, or the CSV may not be written there.
    """
    from pipeline.briefs import partner_list as said
    from pipeline.briefs.annual.facts import records
    from pipeline.briefs.words import Words
    from pipeline.measures import alliance_actions, alliance_database, published_alliance
    from pipeline.records import load

    year, day = _when(here, wish)
    if wish.csv is not None:
        _check_csv(here, wish.csv, wish.public)
    w = Words(wish.language)
    tables = [load(here.processed, table, source=wish.subject) for table in ("stays", "agreements")]
    found = alliance_database(tables[0], tables[1], wish.subject, year, day)
    todo, agreed, listed = alliance_actions.actions(found), found.agreements, found.partners
    sums = alliance_actions.alliance_sums(found)
    if wish.public:
        public = published_alliance(found, here.settings.disclosure)
        sums, todo, agreed, listed = (public[f"alliance_{n}"] for n in ("sums", "actions", "agreements", "partners"))
    if wish.csv is not None:
        _write_csv(agreed if wish.agreements else listed, wish.csv)
    titles = said.headings(w)
    console.print(
        f"{titles['title']} · {wish.subject} · {found.as_of.date().isoformat()}", style="bold", highlight=False
    )
    console.print(titles["public" if wish.public else "office"], markup=False, highlight=False)
    for line in said.summary_lines(w, records(sums.head(1))[0]):
        console.print(line, markup=False, highlight=False)
    rows = said.agreement_rows(w, agreed) if wish.agreements else said.partner_rows(w, listed, todo, wish.everyone)
    _print(console, titles["agreements" if wish.agreements else "all" if wish.everyone else "todo"], rows)
    if not wish.agreements:
        _opportunities(here, wish, year, found, console, titles)
    if wish.csv is not None:
        console.print(f"\nCSV: {wish.csv}", markup=False, highlight=False, soft_wrap=True)


def _when(here: Context, wish: Wish) -> tuple[int, pd.Timestamp | None]:
    """The academic year and the day."""
    import pandas as pd

    known = survey.read(here.processed)
    if known is None:
        raise InputError(here.processed, "there are no clean tables here.", "Run mobility reports first.")
    if wish.subject not in known or known[wish.subject].kind != "institution":
        sources = [k.id for k in known.values() if k.kind == "institution"]
        problem = "is no source with stays."
        raise SettingsError(f"subject {wish.subject}", problem, did_you_mean(wish.subject, sources))
    of = known[wish.subject]
    year = of.latest_year if wish.year is None else wish.year
    if not of.first_year <= year <= of.latest_year:
        raise SettingsError(
            f"--year {year}", f"the records are of {of.first_year} to {of.latest_year}.", "Choose one of these."
        )
    if wish.as_of is None:
        return year, None
    try:
        return year, pd.to_datetime(wish.as_of, format="%Y-%m-%d")
    except ValueError:
        raise SettingsError(f"--as-of {wish.as_of}", "is no date.", "Write it as 2025-08-31.") from None


def _check_csv(here: Context, file: Path, public: bool) -> None:
    """Numbers of people must not lie among what is published, nor anything among what was received."""
    place = file.resolve()
    check_place("--csv", place.parent, here.raw)
    if place.is_dir():
        raise SettingsError(f"--csv {file}", "is a folder, a file was expected.", "Name the file in it.")
    if not place.parent.is_dir():
        raise SettingsError(f"--csv {file}", "its folder is not there.", "Make it, or choose another.")
    if not public and place.is_relative_to(here.reports.resolve()):
        problem = "lies among the reports, and it would hold numbers of people."
        raise SettingsError(f"--csv {file}", problem, "Add --public, or write it elsewhere.")


def _opportunities(
    here: Context, wish: Wish, year: int, found: object, console: Console, titles: dict[str, str]
) -> None:
    from pipeline.briefs.partner_list import opportunity_lines
    from pipeline.briefs.words import Words
    from pipeline.measures import opportunities
    from pipeline.measures.alliance import Alliance

    assert isinstance(found, Alliance)
    expected = here.load(wish.subject, year, "expected_flows") if here.results(wish.subject, year).is_dir() else None
    console.print(f"\n{titles['opportunities']}", style="bold", highlight=False)
    if expected is None:
        console.print(titles["no_results"], markup=False, highlight=False)
    for line in opportunity_lines(Words(wish.language), opportunities(found, expected)):
        console.print(f"- {line}", markup=False, highlight=False)


def _print(console: Console, title: str, rows: pd.DataFrame) -> None:
    """Rows as a table that is as wide as the screen."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print(f"\n{title}", style="bold", highlight=False)
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in rows.columns:
        table.add_column(Text(name), overflow="fold")
    for row in rows.itertuples(index=False, name=None):
        table.add_row(*(Text(str(value)) for value in row))
    console.print(table)


def _write_csv(table: pd.DataFrame, file: Path) -> None:
    """The table with its codes, whole or not at all; with a mark by which spreadsheets know UTF-8."""
    from pipeline.records.review import write_csv

    part = file.with_name(f".{file.name}.part")
    write_csv(table, part)
    part.replace(file)
