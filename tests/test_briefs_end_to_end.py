"""The briefs that the project's own settings, data and notebooks make: what they say is what the tables say."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pikepdf
import pytest

import pipeline
from pipeline.measures.registry import indicators
from pipeline.measures.registry.framework import framework
from pipeline.records.store import load
from pipeline.run.explain import blocks_of, explain
from pipeline.run.workspace import MOBILITY_VARIABLES, context

YEARS = {"example-university": 2024, "CHN": 2018, "USA": 2025}
BRIEFS = [(subject, language) for subject in YEARS for language in ("en", "zh")]
UNFINISHED = re.compile(r"\b(?:nan|NaN|NaT|None|TODO|FIXME|lorem|undefined)\b|<NA>|⟦|⟧|\{\w*\}", re.ASCII)
CAUSE = {
    "en": re.compile(r"\b(?:because of|caused by|due to|led to|leads to|thanks to|owing to|as a result of)\b", re.I),
    "zh": re.compile(r"导致|由于|造成|归因于|促使"),
}
BANNER = {"en": "Synthetic data", "zh": "模拟数据"}


@dataclass(frozen=True)
class Made:
    """A brief as it lies in the folder of reports."""

    project: Path
    subject: str
    language: str

    @property
    def folder(self) -> Path:
        return self.project / "reports" / str(YEARS[self.subject]) / self.subject

    @property
    def results(self) -> Path:
        return self.project / "data/processed/results" / self.subject / str(YEARS[self.subject])

    def file(self, suffix: str) -> Path:
        return self.folder / f"brief.{self.language}.{suffix}"

    def blocks(self, *types: str) -> list[dict[str, Any]]:
        found = blocks_of(self.folder / "notebooks" / f"5-annual-brief.{self.language}.ipynb")
        return [block for block in found if not types or block["type"] in types]

    def block(self, name: str) -> dict[str, Any]:
        return next(block for block in self.blocks() if block.get("id") == name)

    def page(self) -> str:
        return Seen(self.file("html").read_text(encoding="utf-8")).text

    def table(self, name: str) -> list[dict[str, dict[str, Any]]]:
        """The rows of a table in the brief, cells by the key of their column."""
        block = self.block(name)
        keys = [column["key"] for column in block["columns"]]
        return [dict(zip(keys, row, strict=True)) for row in block["rows"]]


class Seen(HTMLParser):
    """What a reader sees of a page: its text without style, script and drawings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self._hidden = "", 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script", "svg")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "svg")

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def paper_texts(path: Path) -> list[str]:
    """The text of each page of a PDF without its spaces, from the glyphs by way of their fonts' maps to Unicode."""
    with pikepdf.open(path) as paper:
        return ["".join(glyphs(page)).replace(" ", "") for page in paper.pages]


def glyphs(page: pikepdf.Page) -> Iterator[str]:
    maps, current = {}, {}
    for name, font in page.Resources.Font.items():
        pairs = re.findall(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>", font.ToUnicode.read_bytes())
        maps[name] = {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            current = maps[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            for piece in operands[0] if str(operator) == "TJ" else operands:
                if isinstance(piece, pikepdf.String):
                    raw = bytes(piece)
                    yield from (current[int.from_bytes(raw[i : i + 2])] for i in range(0, len(raw), 2))


def strings(value: Any) -> Iterator[str]:
    """Every text in a block that a reader sees or hears."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("svg", "data", "chart", "evidence", "type", "id", "key", "kind", "align", "href", "url"):
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def run(project: Path) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if k not in MOBILITY_VARIABLES} | {"PYTHONPATH": str(project)}
    command = [sys.executable, "-m", "pipeline.cli", "reports"]
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, timeout=400)


PARTS = ("mobility.toml", "requirements.lock", "pipeline", "notebooks", "data/raw")


def digests(project: Path) -> dict[str, bytes]:
    """What the briefs are made from, file by file: settings, environment, code, notebooks, data as received."""
    found = {}
    for part in PARTS:
        top = project / part
        for path in [top] if top.is_file() else top.rglob("*"):
            inner = path.relative_to(project)
            if path.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in inner.parts):
                found[inner.as_posix()] = hashlib.sha256(path.read_bytes()).digest()
    return found


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project (settings, code, notebooks, data as received), as after a fresh clone, with every brief made.

    MOBILITY_MADE_PROJECT names a checkout in which they have been made already (`.ci/run` does so): a copy of it serves if it
    was made from the very files that lie here.
    """
    copy = tmp_path_factory.mktemp("project") / "project"
    if made := os.environ.get("MOBILITY_MADE_PROJECT"):
        if digests(Path(made)) == digests(root):
            return Path(shutil.copytree(made, copy, ignore=shutil.ignore_patterns(".git")))
        warnings.warn(f"{made} was not made from the files that lie here: the briefs are made anew", stacklevel=1)
    for name in PARTS:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_file():
            shutil.copy(root / name, copy / name)
        else:
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns(".*"))
    done = run(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


@pytest.fixture(params=BRIEFS, ids=["-".join(brief) for brief in BRIEFS])
def brief(project: Path, request: pytest.FixtureRequest) -> Made:
    return Made(project, *request.param)


@pytest.fixture(params=["en", "zh"])
def university(project: Path, request: pytest.FixtureRequest) -> Made:
    return Made(project, "example-university", str(request.param))


@pytest.fixture(scope="module")
def begun(project: Path) -> pd.DataFrame:
    """The university's stays that crossed a border in the year of its brief, picked from the clean table anew."""
    stays = load(project / "data/processed", "stays", source="example-university", year=YEARS["example-university"])
    refused = stays["visa_result"].eq("refused").fillna(False)
    came = stays["outcome"].isin(["completed", "extended", "ongoing"])
    return stays[stays["mode"].ne("virtual").fillna(True) & ~(refused & ~came)]


# What is there ---------------------------------------------------------------------------------------------------------


def test_every_brief_is_there_as_page_and_paper(project: Path) -> None:
    found = {path.relative_to(project / "reports").as_posix() for path in project.glob("reports/*/*/brief.*")}
    assert found == {f"{YEARS[s]}/{s}/brief.{lang}.{f}" for s, lang in BRIEFS for f in ("html", "pdf")}
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'href="([^"#:]+/brief\.[^"]+)"', index)) == found


@pytest.mark.parametrize(("kind", "subject"), [("institution", "example-university"), ("country", "CHN")])
def test_the_framework_points_to_blocks_that_are_there(project: Path, kind: str, subject: str) -> None:
    brief = Made(project, subject, "en")
    titles = {block["id"]: block["title"] for block in brief.blocks() if block.get("id") and block.get("title")}
    page = brief.file("html").read_text(encoding="utf-8")
    for anchor, title in framework().anchors.items():
        whose, _, name = anchor.partition("#")
        if whose == kind:
            assert titles[name].startswith(title), anchor
            assert f'id="{name}"' in page


def test_the_briefs_show_an_indicator_of_every_idea(project: Path) -> None:
    pages = [Made(project, subject, "en").page() for subject in YEARS]
    for idea in framework().ideas:
        names = [one.en for one in indicators.serving(idea.number)]
        assert not names or any(name in page for name in names for page in pages), f"{idea.number}: none of {names}"


def test_nothing_unfinished_is_left_in_it(brief: Made) -> None:
    for text in [brief.page(), *paper_texts(brief.file("pdf")), *strings(brief.blocks())]:
        assert not UNFINISHED.search(text), UNFINISHED.search(text)


def test_paper_is_tagged_and_names_its_language_and_title(brief: Made) -> None:
    title = brief.blocks("cover")[0]["title"]
    with pikepdf.open(brief.file("pdf")) as paper:
        assert paper.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in paper.Root
        assert str(paper.Root.Lang).startswith(brief.language)
        assert title in str(paper.open_metadata()["dc:title"])
    assert title.replace(" ", "") in paper_texts(brief.file("pdf"))[0]


def test_only_the_invented_institution_bears_a_banner_and_does_on_every_page(brief: Made) -> None:
    banner = BANNER[brief.language]
    pages = [banner.replace(" ", "") in text for text in paper_texts(brief.file("pdf"))]
    assert pages == [brief.subject == "example-university"] * len(pages)
    assert (banner in brief.page()) == (brief.subject == "example-university")


def test_every_figure_has_a_text_for_those_who_do_not_see_it(brief: Made) -> None:
    figures = brief.blocks("figure")
    assert len(figures) >= 4
    texts = [figure["alt"] for figure in figures]
    assert all(len(text) > 30 and re.search(r"\d", text) for text in texts)
    assert len(set(texts)) == len(texts)


def test_every_finding_says_on_what_it_rests(brief: Made) -> None:
    findings = brief.blocks("finding")
    assert len(findings) >= 4
    for finding in findings:
        assert finding["source"] or finding["base"], finding["id"]
        assert finding["evidence"], finding["id"]
        assert re.search(r"\d", finding["text"]), finding["id"]


def test_no_association_is_worded_as_a_cause(brief: Made) -> None:
    for block in brief.blocks("cover", "finding", "figure", "section"):
        for text in strings(block):
            assert not CAUSE[brief.language].search(text), text


# Numbers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("subject", "finding", "measure"),
    [
        ("USA", "total", "stock"),
        ("USA", "entrants", "entrants"),
        ("USA", "training", "practical_training"),
        ("CHN", "total", "stock"),
        ("CHN", "degree", "degree_stock"),
    ],
)
def test_headlines_are_the_publishers_figures(
    project: Path, subject: str, finding: str, measure: str, language: str
) -> None:
    made = Made(project, subject, language)
    counts = load(project / "data/processed", "counts", reporter=subject, direction="inbound", measure=measure)
    counts = counts[counts["origin"].eq("WLD") & counts["level"].eq("all") & counts["year"].eq(YEARS[subject])]
    counts = counts[counts["funding"].eq("all")]
    national = counts[counts["publisher"].isin(["IIE Open Doors", "MOE (China)"]) & counts["exactness"].eq("exact")]
    (number,) = {f"{value:,.0f}" for value in national["value"]}
    assert number in made.block(finding)["text"]
    assert number in made.page()
    assert number in paper_texts(made.file("pdf"))[0]


@pytest.mark.parametrize(
    ("subject", "numbers"), [("USA", ["1,177,766", "294,253", "277,118"]), ("CHN", ["492,185", "258,122"])]
)
def test_known_headlines_stand_in_the_briefs(project: Path, subject: str, numbers: list[str]) -> None:
    for language in ("en", "zh"):
        said = "".join(finding["text"] for finding in Made(project, subject, language).blocks("finding"))
        assert [n for n in numbers if n not in said] == []


def test_the_universitys_total_is_the_number_of_its_stays(university: Made, begun: pd.DataFrame) -> None:
    text = university.block("total")["text"]
    ways = begun["direction"].value_counts()
    for number in (len(begun), ways["inbound"], ways["outbound"]):
        assert f"{number:,}" in text
    headline = pd.read_parquet(university.results / "headline.parquet").set_index(["direction", "level", "mode"])
    assert headline.loc[("all", "all", "all"), "value"] == len(begun)
    assert f"{len(begun):,}" in paper_texts(university.file("pdf"))[0]


def test_partner_bars_are_the_stays_of_each_country(university: Made, begun: pd.DataFrame) -> None:
    counts = begun[begun["direction"].eq("inbound")].groupby("origin").size().sort_values(ascending=False)
    shown = pd.read_csv(university.folder / "data" / f"partners-inbound.{university.language}.csv")
    assert shown.iloc[:, 1].tolist() == counts.head(len(shown)).tolist()


def test_changes_in_the_table_at_a_glance_follow_from_its_numbers(brief: Made) -> None:
    rows = [row for row in brief.table("glance") if "value" in row["pct"]]
    assert rows
    for row in rows:
        now, before = row["now"]["value"], row["before"]["value"]
        assert row["pct"]["value"] == pytest.approx(100 * (now / before - 1))


@pytest.mark.parametrize("subject", ["CHN", "USA"])
def test_each_number_at_a_glance_is_a_published_one(project: Path, subject: str) -> None:
    published = set(load(project / "data/processed", "counts", reporter=subject)["value"])
    cells = [row[key] for row in Made(project, subject, "en").table("glance") for key in ("now", "before")]
    assert {cell["value"] for cell in cells if "value" in cell} <= published


def test_shares_of_origins_are_of_the_total(project: Path) -> None:
    rows = Made(project, "USA", "en").table("partners-table")
    for row in rows:
        assert row["share"]["value"] == pytest.approx(100 * row["now"]["value"] / 1_177_766)


def test_evidence_leads_to_the_rows_behind_each_finding(brief: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(brief.project)
    for finding in brief.blocks("finding"):
        told = list(explain(f"{brief.file('html')}#{finding['id']}", context({}, brief.project)))
        counted = [
            int(found[1])
            for line in told
            if (found := re.match(r"(\d+) rows of (?:counts|stays|agreements|events) ", line))
        ]
        assert counted, finding["id"]
        absence = finding["id"] == "alliance.opportunities"  # that nobody came is shown by no row
        assert any(counted) if absence else all(n > 0 for n in counted), finding["id"]
        assert any(re.search(r"\S+: \S+, line \d+", line) for line in told)


def test_evidence_of_a_total_gives_the_total(brief: Made, begun: pd.DataFrame) -> None:
    (item,) = brief.block("total")["evidence"]
    text = brief.block("total")["text"]
    if item["table"] == "stays":
        told = list(explain(f"{brief.file('html')}#total", context({}, brief.project)))
        assert any(line.startswith(f"{len(begun)} rows of stays") for line in told)
        return
    plain = {k: v for k, v in item["where"].items() if not isinstance(v, dict)}
    rows = load(brief.project / "data/processed", "counts", **plain)
    latest = rows[rows["year"].eq(item["where"]["year"]["to"])]
    assert all(f"{value:,.0f}" in text for value in latest["value"])
    assert len(latest)


def test_evidence_of_completed_stays_is_their_base(university: Made) -> None:
    told = list(explain(f"{university.file('html')}#completion", context({}, university.project)))
    rows = sum(int(found[1]) for line in told if (found := re.match(r"(\d+) rows of stays ", line)))
    assert f"{rows:,}" in university.block("completion")["base"]
    outcomes = pd.read_parquet(university.results / "outcomes.parquet")
    overall = outcomes[outcomes["indicator"].eq("completion") & outcomes["group"].eq("all")].iloc[0]
    assert overall["n"] == rows
    assert f"{overall['value']:.1f}%" in university.block("completion")["text"]


# Two subjects, two languages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_two_subjects_share_a_figure_or_a_finding(project: Path, language: str) -> None:
    drawings: dict[str, str] = {}
    for subject in YEARS:
        made = Made(project, subject, language)
        parts = [json.dumps(f["svg"]) for f in made.blocks("figure")] + [f["text"] for f in made.blocks("finding")]
        for part in parts:
            assert drawings.setdefault(part, subject) == subject, part[:200]


@pytest.mark.parametrize("subject", YEARS)
def test_both_languages_say_the_same_numbers_in_words_of_their_own(project: Path, subject: str) -> None:
    english, chinese = (Made(project, subject, language) for language in ("en", "zh"))
    assert [b.get("id") for b in english.blocks()] == [b.get("id") for b in chinese.blocks()]
    for one, other in zip(english.blocks("finding", "cover"), chinese.blocks("finding", "cover"), strict=True):
        assert set(strings(one)).isdisjoint(set(strings(other)) - {"student-mobility", "", "example-university"})
    for one, other in zip(english.blocks("finding"), chinese.blocks("finding"), strict=True):
        assert large_numbers(one["text"]) == large_numbers(other["text"])


def large_numbers(text: str) -> set[str]:
    return set(re.findall(r"\d{1,3}(?:,\d{3})+|\d+\.\d%", text))


@pytest.mark.parametrize("subject", YEARS)
def test_the_chinese_brief_has_no_english_sentence(project: Path, subject: str) -> None:
    sentence = re.compile(r"(?:\b[A-Za-z][a-z’'-]*[ ,]+){3,}[A-Za-z]+")
    institutions = load(project / "data/processed", "institutions")["name"]
    names = re.compile("|".join(map(re.escape, sorted(institutions, key=len, reverse=True))))
    for block in Made(project, subject, "zh").blocks():
        if block["type"] == "sources":  # titles as published
            continue
        cited = [column["key"] for column in block.get("columns", [])]
        if "rows" in block and cited:
            kept = [[c for k, c in zip(cited, row, strict=True) if k != "source"] for row in block["rows"]]
            block = block | {"rows": kept}
        for text in strings(block):
            assert not sentence.search(names.sub("", text)), text  # institutions bear their own names


# People ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_countries_with_one_to_four_stays_are_hidden(project: Path, begun: pd.DataFrame, direction: str) -> None:
    made = Made(project, "example-university", "en")
    rows = begun[begun["direction"].eq(direction)]
    counts = rows.groupby({"inbound": "origin", "outbound": "destination"}[direction]).size()
    few = counts[counts.between(1, 4)]
    assert len(few) > 5
    table = pd.read_parquet(made.results / "partners.parquet")
    table = table[table["direction"].eq(direction) & table["partner"].isin(few.index)].set_index("partner")
    assert set(table.index) == set(few.index)
    assert table["value"].isna().all()
    assert table["share"].isna().all()
    assert set(table["status"]) == {"C"}


def test_no_published_number_of_stays_is_one_to_four(university: Made) -> None:
    for name in ("partners", "series", "headline", "balance", "profile"):
        table = pd.read_parquet(university.results / f"{name}.parquet")
        for column in {"value", "previous", "inbound", "outbound", "stays"} & set(table.columns):
            assert not table[column].between(1, 4).any(), (name, column)
    files = list((university.folder / "data").glob(f"*.{university.language}.csv"))
    people = re.compile(r"modes-|partners-|origins|balance|trend|glance")
    counted = [path for path in files if people.match(path.name)]
    assert len(counted) >= 7
    for path in counted:
        numbers = pd.read_csv(path).select_dtypes("number").iloc[:, : 2 if "partners" in path.name else None]
        assert not numbers.isin([1, 2, 3, 4]).any(axis=None), path.name


def test_an_attacker_learns_no_hidden_number(project: Path) -> None:
    university = Made(project, "example-university", "en")
    disclosure = context({}, university.project).settings.disclosure
    found = pipeline.audit(university.results, disclosure)
    assert len(found) > 50
    assert not found["exposed"].any()
    assert not pipeline.audit(university.folder, disclosure)["exposed"].any()


# Again -----------------------------------------------------------------------------------------------------------------


def test_a_second_run_makes_nothing_again(project: Path) -> None:
    def stamps() -> dict[Path, int]:
        kept = [*project.glob("reports/*/*/**/*"), *project.glob("data/processed/results/**/*.parquet")]
        return {path: path.stat().st_mtime_ns for path in kept if path.is_file()}

    before, start = stamps(), time.monotonic()
    done = run(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stamps() == before
    assert time.monotonic() - start < 15
