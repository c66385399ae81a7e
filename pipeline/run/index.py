"""reports/index.html: one page that leads to every brief, by subject and year, in both languages.

It stands alone (no script, no picture, nothing from elsewhere), has one heading a subject and says of each brief its
language, format, size and date, and whether its data are made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from string import Template

from pipeline.run import survey
from pipeline.run.checksums import digest
from pipeline.run.journal import Journal
from pipeline.run.workspace import Context

PAGE = Path(__file__).with_name("index.html")
LANGUAGES = {"en": "English", "zh": "中文"}
FORMATS = {"html": ("web page", "网页"), "pdf": ("PDF", "PDF"), "xlsx": ("tables", "数据表")}
MARK = '<meta name="made-from" content="{}">'


@dataclass(frozen=True)
class Brief:
    """One file that the page leads to."""

    subject: str
    year: int
    language: str  # empty: for both
    format: str
    link: str  # relative to reports/
    size: int  # bytes
    made: str  # ISO date
    words: tuple[str, str]  # how the subject is called in English and Chinese
    synthetic: bool


def write_index(here: Context) -> Path:
    """Write the page, if what it lists has changed.

    Parameters
    ----------
    here
        Folders and settings; briefs are those with a run record in the reports folder.

    Returns
    -------
    Path
        reports/index.html.
    """
    path = here.reports / "index.html"
    found = list(_files(here))
    mark = MARK.format(digest([found, PAGE.read_text(encoding="utf-8"), Path(__file__).read_text(encoding="utf-8")]))
    if path.is_file() and mark in path.read_text(encoding="utf-8"):
        return path
    part = path.with_name(f".{path.name}.part")
    part.write_text(page(_named(found, survey.read(here.processed) or {}), mark), encoding="utf-8")
    part.replace(path)
    return path


def page(briefs: Iterable[Brief], mark: str = "") -> str:
    """The page as HTML.

    Parameters
    ----------
    briefs
        What it leads to.
    mark
        A line for the head.
    """
    by_subject: dict[str, list[Brief]] = {}
    for brief in sorted(briefs, key=lambda b: (b.words[0].casefold(), -b.year, b.language, b.format)):
        by_subject.setdefault(brief.subject, []).append(brief)
    sections = "\n".join(_section(s, b) for s, b in by_subject.items())
    none = '<p>No brief has been made yet. <span lang="zh">尚未生成简报。</span></p>'
    template = Template(PAGE.read_text(encoding="utf-8"))
    return template.substitute(mark=mark, sections=sections or none)


def _section(subject: str, briefs: list[Brief]) -> str:
    english, chinese = briefs[0].words
    rows = "\n".join(
        _row(year, [b for b in briefs if b.year == year]) for year in sorted({b.year for b in briefs})[::-1]
    )
    note = ""
    if briefs[0].synthetic:
        note = (
            '<p class="note"><strong>Made-up data</strong>: these briefs show what the project does; '
            'they describe no real institution. <span lang="zh"><strong>模拟数据</strong>，不代表任何真实机构。</span></p>'
        )
    heading = escape(english) + (f' <span lang="zh">{escape(chinese)}</span>' if chinese != english else "")
    return (
        f'<section aria-labelledby="s-{escape(subject, quote=True)}">\n'
        f'<h2 id="s-{escape(subject, quote=True)}">{heading}</h2>\n{note}'
        f'<table>\n<caption class="hidden">Briefs about {escape(english)}</caption>\n'
        '<thead><tr><th scope="col">Year <span lang="zh">年份</span></th>'
        '<th scope="col">English</th><th scope="col" lang="zh">中文</th>'
        '<th scope="col">Made <span lang="zh">生成日期</span></th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</section>"
    )


def _row(year: int, briefs: list[Brief]) -> str:
    cells = "".join(f"<td>{_links(b for b in briefs if b.language == language)}</td>" for language in LANGUAGES)
    made = max(b.made for b in briefs)
    return f'<tr><th scope="row">{year}</th>{cells}<td><time datetime="{made}">{made}</time></td></tr>'


def _links(briefs: Iterable[Brief]) -> str:
    return " · ".join(map(_link, briefs)) or "–"


def _link(brief: Brief) -> str:
    english, chinese = FORMATS[brief.format]
    label = chinese if brief.language == "zh" else english
    whose = brief.words[1] if brief.language == "zh" else brief.words[0]
    language = f' lang="{brief.language}" hreflang="{brief.language}"' if brief.language else ""
    return (
        f'<a href="{escape(brief.link, quote=True)}"{language}>{label}'
        f'<span class="hidden"> {escape(whose)} {brief.year}</span></a> <small>{_size(brief.size)}</small>'
    )


def _size(size: int) -> str:
    """A size in words.

    >>> _size(182_400), _size(1_240_000)
    ('182 kB', '1.2 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def _files(here: Context) -> Iterable[Brief]:
    """Files of briefs, from the run records."""
    journal = Journal()
    known = survey.read(here.processed) or {}
    for record in sorted(here.reports.glob("*/*/run.json")):
        subject, year = record.parent.name, record.parent.parent.name
        if not year.isdigit():
            continue
        about = known.get(subject)
        names = about.name if about else {}
        title = about.title if about and about.title else subject
        dates = [
            r.finished[:10] for name, r in journal.tasks(record).items() if name.startswith("brief:") and r.finished
        ]
        for path in sorted(record.parent.iterdir()):
            language, format_ = _kind(path.name)
            if format_ in FORMATS:
                yield Brief(
                    subject=subject,
                    year=int(year),
                    language=language,
                    format=format_,
                    link=path.relative_to(here.reports).as_posix(),
                    size=path.stat().st_size,
                    made=max(dates, default=date.today().isoformat()),
                    words=(names.get("en", title), names.get("zh", title)),
                    synthetic=bool(about and about.synthetic),
                )


def _kind(name: str) -> tuple[str, str]:
    """Language and format of a file of a brief.

    >>> _kind("brief.en.pdf"), _kind("tables.xlsx"), _kind("run.json")
    (('en', 'pdf'), ('', 'xlsx'), ('', ''))
    """
    stem, _, format_ = name.rpartition(".")
    kind, _, language = stem.partition(".")
    if (kind, format_) == ("tables", "xlsx") or (kind == "brief" and language in LANGUAGES and format_ in FORMATS):
        return (language if language in LANGUAGES else ""), format_
    return "", ""


def _named(briefs: Iterable[Brief], known: dict[str, survey.Known]) -> list[Brief]:
    """With the names of countries in both languages."""
    from dataclasses import replace

    from pipeline.briefs.words import Words

    words = {language: Words(language) for language in LANGUAGES}
    named = []
    for brief in briefs:
        about = known.get(brief.subject)
        is_country = about.kind == "country" if about else len(brief.subject) == 3 and brief.subject.isupper()
        pair = (words["en"].country(brief.subject), words["zh"].country(brief.subject)) if is_country else brief.words
        named.append(replace(brief, words=pair))
    return named
