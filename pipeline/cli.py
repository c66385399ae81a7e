"""The `mobility` command: one door for each thing that people do with the project.

Imports are made inside the commands, so that `mobility --help` answers at once.
"""

from __future__ import annotations

import errno
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import MobilityError

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.run.workspace import Context

app = typer.Typer(
    help="From an office's messy records of students crossing borders to clean tables and bilingual annual briefs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

UNWRITABLE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
)  # of a disk or folder: for the user to mend

RawOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--raw", help="A raw folder: just these instead of those in mobility.toml (repeatable).", show_default=False
    ),
]
MoreRawOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--raw",
        metavar="DIR",
        help="A raw folder in addition to those in mobility.toml (repeatable).",
        show_default=False,
    ),
]
SubjectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--subject", metavar="S", help="A country code or the name of a source (repeatable).", show_default=False
    ),
]
YearOption = Annotated[
    int | None, typer.Option("--year", metavar="Y", help="Instead of the latest year.", show_default=False)
]
LanguageOption = Annotated[
    list[str] | None, typer.Option("--language", metavar="L", help="en or zh (repeatable).", show_default=False)
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where the briefs go.", show_default=False)
]


@app.command()
def doctor() -> None:
    """Say what is missing or odd on this machine, and what to do."""
    from pipeline.run.doctor import examine

    console = _console()
    prevented = False
    for finding in examine():
        prevented |= finding.level == "wrong"
        mark, style = {"good": ("✓", "green"), "odd": ("!", "yellow"), "wrong": ("✗", "red")}[finding.level]
        console.print(f"[{style}]{mark}[/{style}] ", end="")
        console.print(f"{finding.topic}: {finding.says}", markup=False, highlight=False, soft_wrap=True)
        if finding.todo:
            console.print(f"    {finding.todo}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        "Briefs cannot be made before that is mended." if prevented else "Nothing prevents briefs from being made."
    )
    raise typer.Exit(1 if prevented else 0)


@app.command()
def sources(raw: RawOption = None) -> None:
    """Say what was recognised in the raw folders, with rows and periods."""
    from pipeline.errors import InputError
    from pipeline.sources import discover, summary

    folders = _raw(raw)
    found = discover(folders)
    if not found:
        places = ", ".join(map(str, folders))
        raise InputError(
            places, "no source there.", "Put a folder with your files into data/raw (docs/your-own-data.md)."
        )
    _print_table(summary(found))


@app.command("new-source")
def new_source(file: Annotated[Path, typer.Argument(help="A CSV or workbook as you received it.")]) -> None:
    """Draft a source card from a file: write what is printed to source.yml beside it, and mend it."""
    from pipeline.sources import draft_card

    typer.echo(draft_card(file))


@app.command()
def clean(
    raw: RawOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the clean tables go.", show_default=False)
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="E", help="duckdb, pandas or spark.", show_default=False)
    ] = None,
    spark: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Spark master or sc://host:port.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Clean also what has not changed since.")] = False,
) -> None:
    """Make clean tables and the ledger from the raw folders; a source that has not changed since is left as it is."""
    from pipeline.records import clean as clean_records
    from pipeline.records import review
    from pipeline.settings import ENGINES

    if raw and out:
        folders, place, engine = [p.resolve() for p in raw], out.resolve(), engine or ENGINES[0]
    else:
        here = _context()
        folders, place = _raw(raw), (out.resolve() if out else here.processed)
        engine, spark = engine or here.settings.engine, spark or here.settings.spark
    _one_of("engine", engine, ENGINES)
    from pipeline.run.lock import only_run
    from pipeline.run.workspace import check_place

    check_place("--out" if out else "processed", place, folders)
    with only_run(place):
        cleaned = clean_records(folders, engine=engine, out=place, again=again, spark=spark)
    _print_table(cleaned.ledger)
    if cleaned.fresh:
        typer.echo(
            f"Not changed since they were cleaned: {', '.join(cleaned.fresh)} (--again cleans them all the same)."
        )
    if waiting := review.waiting(place, cleaned.sources):
        typer.echo(waiting)
    typer.echo(f"Clean tables are in {place}; rejected.parquet there says which rows were not kept, and why.")


@app.command()
def aliases(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The name of a source that was cleaned.")],
) -> None:
    """Print names of institutions that may be other writings of one; aliases.csv beside the source's files confirms or denies them."""
    from pipeline.records import review

    here = _context()
    rows = review.of_source(here.processed, source)
    _print_table(rows)
    if len(rows):
        typer.echo(
            f"To confirm one, copy its line from {here.processed / review.FILE} into aliases.csv beside the source's files; "
            "to deny it, write no under same. Nothing is merged before (docs/your-own-data.md)."
        )


@app.command()
def fetch(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="Its id; without it, the list.", show_default=False)
    ] = None,
    raw: Annotated[
        Path | None,
        typer.Option("--raw", metavar="DIR", help="The raw folder below which it goes.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="The very folder it goes to.", show_default=False)
    ] = None,
    sources: Annotated[
        Path | None, typer.Option("--list", metavar="FILE", help="Another list of sources.", show_default=False)
    ] = None,
) -> None:
    """Get a public source over the network into a raw folder; what is there and was changed is never overwritten."""
    from pipeline.run.fetch.command import listing, run

    if source is None:
        _print_table(listing(sources))
        return
    folder = to.resolve() if to else _raw([raw] if raw else None)[0] / source
    for line in run(source, folder, sources, _console()):
        typer.echo(line)


@app.command()
def plan(
    raw: MoreRawOption = None,
    subject: SubjectOption = None,
    year: YearOption = None,
    language: LanguageOption = None,
    out: OutOption = None,
) -> None:
    """Say what `reports` would run, and why."""
    from pipeline.run.reports import plan as plan_steps

    fresh = stale = 0
    for step in plan_steps(_context(raw, out), _choice(subject, year, language)):
        if step.reason:
            stale += 1
            typer.echo(f"{step.task.title}: {step.reason}")
        else:
            fresh += 1
    typer.echo(f"{stale} to run, {fresh} up to date.")


@app.command()
def reports(
    raw: MoreRawOption = None,
    subject: SubjectOption = None,
    year: YearOption = None,
    language: LanguageOption = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Notebooks side by side.", show_default=False)
    ] = None,
    out: OutOption = None,
) -> None:
    """Make the annual briefs, as web pages and PDF, that are out of date."""
    from pipeline.run.reports import explain_failures
    from pipeline.run.reports import reports as make

    here = _context(raw, out)
    done = make(here, _choice(subject, year, language), jobs, _console())
    for name in done.forgotten:
        typer.echo(f"{name} is no longer in the raw folders: its clean tables were removed.")
    for line in explain_failures(done.result, here.root):
        typer.echo(line, err=True)
    for title, missing in done.result.left_out:
        typer.echo(f"{title} was not made: {missing} failed.", err=True)
    made, fresh = len(done.result.made), len(done.result.fresh)
    typer.echo(
        "Everything is up to date." if not made and not done.result.failed else f"{made} made, {fresh} up to date."
    )
    typer.echo(f"Briefs: {done.index}")
    raise typer.Exit(done.exit_code)


@app.command()
def profile(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The name of a source with stays.")],
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="An institution's name or id, or a country code.")],
    year: YearOption = None,
    language: LanguageOption = None,
) -> None:
    """Make the two-page profile of one partner, as web page and PDF."""
    from pipeline.run.profile import profile as make
    from pipeline.run.reports import Report, explain_failures

    here = _context()
    languages = _choice(None, None, language).languages
    result, folder = make(here, subject, partner, year, languages, _console())
    for line in explain_failures(result, here.root):
        typer.echo(line, err=True)
    if not result.failed:
        typer.echo(f"Profile: {folder}")
    raise typer.Exit(Report(result, folder, []).exit_code)


@app.command()
def partners(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The name of a source with stays and agreements.")],
    year: YearOption = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="The day, by default the year's last.", show_default=False),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the table there too.", show_default=False)
    ] = None,
    agreements: Annotated[bool, typer.Option("--agreements", help="Agreements instead of partners.")] = False,
    everyone: Annotated[bool, typer.Option("--all", help="Also partners about whom there is nothing to do.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Without numbers of people.")] = False,
    language: Annotated[str, typer.Option("--language", metavar="L", help="en or zh.")] = "en",
) -> None:
    """Print the alliance database: renewals, dormant partners, use of places, opportunities. For the office: numbers as they are."""
    from pipeline.run.partners import Wish
    from pipeline.run.partners import partners as show
    from pipeline.settings import LANGUAGES

    _one_of("language", language, LANGUAGES)
    show(_context(), Wish(subject, year, as_of, language, agreements, everyone, public, csv), _console())


@app.command()
def explain(
    finding: Annotated[
        str, typer.Argument(metavar="OUTPUT#FINDING", help="A brief's file and the id of a finding in it.")
    ],
) -> None:
    """Say from which rows a number came."""
    from pipeline.run.explain import explain as explain_finding

    for line in explain_finding(finding):
        typer.echo(line)


@app.command()
def audit(folder: Annotated[Path, typer.Argument(metavar="DIR", help="What was published.")]) -> None:
    """Attack what was published, from the files alone: can a hidden number be told?"""
    from pipeline.measures import audit as attack

    found = attack(folder)
    _print_table(found)
    exposed = int(found["exposed"].sum())
    typer.echo(f"{len(found)} hidden cells, {exposed} of them can be told.")
    raise typer.Exit(1 if exposed else 0)


class Stopped(BaseException):
    """Ctrl-C, or a polite request to end: everything is closed on the way out."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


def main() -> None:
    """Run the command; what the user can mend is one line on standard error and exit code 2."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        app()
    except MobilityError as error:
        print(f"mobility: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        place = error.filename or "a file could not be written"
        todo = "Make room or mend the permissions, or choose another folder (--out), and run it again."
        print(f"mobility: {place}: {error.strerror}. {todo}", file=sys.stderr)
        sys.exit(MobilityError.exit_code)
    except Stopped as stopped:
        print("mobility: stopped; nothing is half-written, and the next run goes on from here.", file=sys.stderr)
        sys.exit(stopped.exit_code)


def _stop(number: int, _frame: object) -> None:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)  # the first one is enough; tidying up takes a moment
    raise Stopped(128 + number)


def _context(raw: list[Path] | None = None, out: Path | None = None) -> Context:
    """mobility.toml with what the command line adds."""
    from dataclasses import replace

    from pipeline.run import context

    here = context()
    more = tuple(p.resolve() for p in raw or () if p.resolve() not in here.raw)
    return replace(here, raw=(*here.raw, *more), reports=out.resolve() if out else here.reports)


def _raw(raw: list[Path] | None) -> list[Path]:
    return [p.resolve() for p in raw] if raw else list(_context().raw)


def _choice(subject: list[str] | None, year: int | None, language: list[str] | None) -> Any:
    from pipeline.run.plan import Choice, check_languages

    return Choice(tuple(dict.fromkeys(subject or ())), year, check_languages(dict.fromkeys(language or ())))


def _one_of(key: str, value: str, known: tuple[str, ...]) -> None:
    from pipeline.errors import SettingsError, did_you_mean

    if value not in known:
        raise SettingsError(key, f"{value!r} is not one of {', '.join(known)}.", did_you_mean(value, known))


def _console() -> Console:
    from rich.console import Console

    return Console()


def _print_table(frame: Any) -> None:
    """A frame as plain aligned text: it can be read aloud, searched and piped."""
    typer.echo(frame.to_string(index=False, na_rep="–") if len(frame) else "nothing")


if __name__ == "__main__":
    main()
