"""reports/index.html: one page that leads to every brief and partner profile, by subject and year, in both languages.

It stands alone (no script, no picture, nothing from elsewhere), has one heading a subject and says of each brief what it found (its
title), its language, format, size and date, and whether its data are made up.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
KINDS = {"brief": ("Annual brief", "年度简报"), "profile": ("Partner profile", "合作伙伴概况")}
MARK = '<meta name="made-from" content="{}">'
HEAD = 4096  # characters of a page within which its title stands


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
    kind: str = "brief"  # or profile
    title: str = ""  # what the web page of this language says first

    @property
    def folder(self) -> str:
        """Where the file lies: a brief's, or that of one partner's profile."""
        return self.link.rpartition("/")[0]


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
    for brief in sorted(briefs, key=lambda b: (b.words[0].casefold(), -b.year, b.kind, b.folder, b.language, b.format)):
        by_subject.setdefault(brief.subject, []).append(brief)
    sections = "\n".join(_section(s, b) for s, b in by_subject.items())
    none = '<p>No brief has been made yet. <span lang="zh">尚未生成简报。</span></p>'
    template = Template(PAGE.read_text(encoding="utf-8"))
    return template.substitute(mark=mark, sections=sections or none)


def _section(subject: str, briefs: list[Brief]) -> str:
    english, chinese = briefs[0].words
    folders = dict.fromkeys(b.folder for b in briefs)
    rows = "\n".join(_row([b for b in briefs if b.folder == folder]) for folder in folders)
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
        f'<table role="table">\n<caption class="hidden">Briefs about {escape(english)}</caption>\n'
        '<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Year <span lang="zh">年份</span></th>'
        '<th scope="col" role="columnheader">English</th><th scope="col" role="columnheader" lang="zh">中文</th>'
        '<th scope="col" role="columnheader">Made <span lang="zh">生成日期</span></th></tr></thead>\n'
        f'<tbody role="rowgroup">\n{rows}\n</tbody>\n</table>\n</section>'
    )


def _row(briefs: Sequence[Brief]) -> str:
    """One brief or profile: in each language its title and what it can be had as."""
    made = max(b.made for b in briefs)
    english, chinese = KINDS[briefs[0].kind]
    what = f'<small class="kind">{english} <span lang="zh">{chinese}</span></small>'
    cells = "".join(
        f'<td role="cell" lang="{language}">{_links([b for b in briefs if b.language == language])}</td>'
        for language in LANGUAGES
    )
    return (
        f'<tr role="row" class="{briefs[0].kind}"><th scope="row" role="rowheader">{briefs[0].year} {what}</th>{cells}'
        f'<td role="cell" class="made"><time datetime="{made}">{made}</time></td></tr>'
    )


def _links(briefs: Sequence[Brief]) -> str:
    if not briefs:
        return "–"
    said = "".join(
        f'<a class="title" href="{escape(b.link, quote=True)}" hreflang="{b.language}">{escape(b.title)}</a>'
        for b in briefs
        if b.title and b.format == "html"
    )
    return said + '<span class="files">' + " · ".join(map(_link, briefs)) + "</span>"


def _link(brief: Brief) -> str:
    english, chinese = FORMATS[brief.format]
    label = chinese if brief.language == "zh" else english
    whose = brief.title or f"{brief.words[1] if brief.language == 'zh' else brief.words[0]} {brief.year}"
    small = f"<small>{_size(brief.size)}</small>"
    if brief.title and brief.format == "html":
        return f"{label} {small}"  # the title is its link
    language = f' hreflang="{brief.language}"' if brief.language else ""
    return (
        f'<a href="{escape(brief.link, quote=True)}"{language}>{label}'
        f'<span class="hidden"> {escape(whose)}</span></a> {small}'
    )


def _size(size: int) -> str:
    """A size in words.

    >>> _size(182_400), _size(1_240_000)
    ('182 kB', '1.2 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def _files(here: Context) -> Iterable[Brief]:
    """Files of briefs and of partner profiles, from the run records."""
    journal = Journal()
    known = survey.read(here.processed) or {}
    for record in sorted([*here.reports.glob("*/*/run.json"), *here.reports.glob("*/*/partners/*/run.json")]):
        year, subject = record.relative_to(here.reports).parts[:2]
        if not year.isdigit():
            continue
        about = known.get(subject)
        names = about.name if about else {}
        title = about.title if about and about.title else subject
        runs = journal.tasks(record).items()
        dates = [r.finished[:10] for name, r in runs if name.startswith(("brief:", "profile:")) and r.finished]
        for path in sorted(record.parent.iterdir()):
            kind, language, format_ = _kind(path.name)
            if kind:
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
                    kind=kind,
                    title=_title(record.parent / f"{kind}.{language}.html"),
                )


def _kind(name: str) -> tuple[str, str, str]:
    """What a file is, its language and its format; empty for what the page does not lead to.

    >>> _kind("brief.en.pdf"), _kind("tables.zh.xlsx"), _kind("profile.zh.html"), _kind("run.json")
    (('brief', 'en', 'pdf'), ('brief', 'zh', 'xlsx'), ('profile', 'zh', 'html'), ('', '', ''))
    """
    found = re.fullmatch(r"(brief|profile|tables)\.(\w+)\.(\w+)", name)
    if (
        not found
        or found[2] not in LANGUAGES
        or found[3] not in FORMATS
        or (found[1] == "tables") != (found[3] == "xlsx")
    ):
        return "", "", ""
    return ("brief" if found[1] == "tables" else found[1]), found[2], found[3]


def _title(path: Path) -> str:
    """What a brief's web page says first: the words of its title before the subtitle; empty without such a page."""
    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(HEAD)
    except OSError:
        return ""
    found = re.search(r"<title>(.*?)</title>", head, re.DOTALL)
    return html.unescape(found[1]).rsplit(" · ", 1)[0].strip() if found else ""


def _named(briefs: Iterable[Brief], known: dict[str, survey.Known]) -> list[Brief]:
    """With the names of countries in both languages."""
    from pipeline.briefs.words import Words

    words = {language: Words(language) for language in LANGUAGES}
    named = []
    for brief in briefs:
        about = known.get(brief.subject)
        is_country = about.kind == "country" if about else len(brief.subject) == 3 and brief.subject.isupper()
        pair = (words["en"].country(brief.subject), words["zh"].country(brief.subject)) if is_country else brief.words
        named.append(replace(brief, words=pair))
    return named
