"""What is missing or odd on this machine, and what to do about it: `mobility doctor`."""

from __future__ import annotations

import locale
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pipeline.errors import MobilityError
from pipeline.run.workspace import Context, context

NEEDED_SPACE = 500e6  # bytes
FONTS = Path(__file__).parents[1] / "briefs" / "fonts"
SENTENCE = "学生国际流动 student mobility"


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    topic: str
    level: str  # good; odd: briefs can be made all the same; wrong: they cannot
    says: str
    todo: str = ""


def examine(here: Context | None = None) -> Iterator[Finding]:
    """Look at everything a run needs.

    Parameters
    ----------
    here
        By default the project around the working folder.

    Yields
    ------
    Finding
        As each is known; the settings first, as the folders come from them.
    """
    yield _python()
    try:
        here = here or context()
    except MobilityError as error:
        yield Finding("settings", "wrong", str(error))
        return
    yield Finding("settings", "good", f"{here.root / 'mobility.toml'} is understood")
    checks: tuple[Callable[[Context], Finding], ...] = (
        environment,
        stale_lock,
        raw_folders,
        subjects,
        writing,
        space,
        fonts,
        pdf,
        kernel,
        encoding,
    )
    for check in checks:
        yield check(here)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.prefix == sys.base_prefix and "CONDA_PREFIX" not in os.environ:
        return Finding(
            "Python", "odd", f"{version}, not the project's own.", "Use `make doctor` or .venv/bin/mobility."
        )
    return Finding("Python", "good", f"{version} in {sys.prefix}")


def environment(here: Context) -> Finding:
    """Installed packages against requirements.lock."""
    pinned = locked(here.root / "requirements.lock")
    if not pinned:
        return Finding("packages", "odd", "there is no requirements.lock here.", "Get it back from the repository.")
    missing, other = [], []
    for name, version in pinned.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if found != version:
            other.append(f"{name} {found} instead of {version}")
    todo = "Run `rm -rf .venv && make doctor` to build the environment again from the lock."
    if missing:
        return Finding("packages", "wrong", f"not installed: {', '.join(missing)}.", todo)
    if other:
        return Finding("packages", "odd", f"other versions than in requirements.lock: {', '.join(other)}.", todo)
    return Finding("packages", "good", f"the {len(pinned)} packages of requirements.lock are installed")


def locked(lock: Path) -> dict[str, str]:
    """The packages that the lock wants on this machine, with their version.

    Parameters
    ----------
    lock
        requirements.lock; lines whose marker does not hold here are left out.
    """
    from packaging.requirements import Requirement

    if not lock.is_file():
        return {}
    found = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate():
                found[requirement.name] = str(requirement.specifier).removeprefix("==")
    return found


def stale_lock(here: Context) -> Finding:
    """pyproject.toml's dependencies against requirements.lock."""
    import tomllib

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project, lock = here.root / "pyproject.toml", here.root / "requirements.lock"
    if not project.is_file() or not lock.is_file():
        return Finding(
            "lock", "odd", "pyproject.toml or requirements.lock is missing.", "Get it back from the repository."
        )
    wanted = [Requirement(d) for d in tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]]
    pinned = {canonicalize_name(n): v for n, v in locked(lock).items()}
    unmet = [str(r) for r in wanted if not r.specifier.contains(pinned.get(canonicalize_name(r.name), "0"))]
    if unmet:
        return Finding(
            "lock", "odd", f"requirements.lock does not meet pyproject.toml: {', '.join(unmet)}.", "Run `make lock`."
        )
    return Finding("lock", "good", "requirements.lock meets pyproject.toml")


def raw_folders(here: Context) -> Finding:
    """Raw folders and their source cards."""
    from pipeline.run.checksums import Checksums
    from pipeline.run.raw import sources

    with tempfile.TemporaryDirectory() as folder:
        try:
            found = sources(_elsewhere(here, Path(folder)), Checksums(Path(folder) / "checksums.json"))
        except MobilityError as error:
            return Finding("raw folders", "wrong", str(error))
    return Finding("raw folders", "good", f"{len(found)} sources: {', '.join(found)}")


def subjects(here: Context) -> Finding:
    """Subjects of mobility.toml against what the last cleaning found."""
    from pipeline.errors import did_you_mean
    from pipeline.run import survey

    known = survey.read(here.processed)
    names = [s.id for s in here.settings.subjects]
    if not names:
        return Finding("subjects", "wrong", "mobility.toml has none.", 'Add [[subjects]] with id = "CHN" or a source.')
    strangers = [n for n in names if known is not None and n not in known]
    if strangers:
        return Finding(
            "subjects", "wrong", f"no data about {', '.join(strangers)}.", did_you_mean(strangers[0], known or {})
        )
    return Finding("subjects", "good", ", ".join(names) + ("" if known else " (data not cleaned yet)"))


def writing(here: Context) -> Finding:
    """Whether the run's folders can be written."""
    for folder in (here.processed, here.reports):
        place = next(p for p in (folder, *folder.parents) if p.exists())
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            return Finding(
                "folders", "wrong", f"{place} cannot be written ({error.strerror}).", "Change its permissions."
            )
    return Finding("folders", "good", "clean tables and reports can be written")


def space(here: Context) -> Finding:
    """Room on the disk."""
    place = next(p for p in (here.processed, *here.processed.parents) if p.exists())
    free = shutil.disk_usage(place).free
    if free < NEEDED_SPACE:
        return Finding(
            "disk", "odd", f"only {free / 1e6:.0f} MB are free.", "Make room: a run may need half a gigabyte."
        )
    return Finding("disk", "good", f"{free / 1e9:.0f} GB are free")


def fonts(_here: Context) -> Finding:
    """The typefaces of the briefs."""
    found = sorted(p.stem for p in FONTS.glob("*.ttf"))
    if not any("NotoSansSC" in name for name in found):
        return Finding("fonts", "wrong", f"no Noto Sans SC in {FONTS}.", "Get the folder back from the repository.")
    return Finding("fonts", "good", ", ".join(found))


def pdf(_here: Context) -> Finding:
    """A line of Chinese, set as an accessible PDF."""
    import typst

    source = f'#set document(title: "{SENTENCE}")\n#set text(font: "Noto Sans SC", lang: "zh")\n= {SENTENCE}\n'.encode()
    try:
        made: Any = typst.compile(  # type: ignore[misc]
            source, font_paths=[str(FONTS)], ignore_system_fonts=True, pdf_standards=["ua-1"]
        )
    except (RuntimeError, ValueError, typst.TypstError) as error:
        return Finding("PDF", "wrong", f"Typst cannot set a line of Chinese: {error}", "Build the environment again.")
    return Finding(
        "PDF", "good", f"Typst {metadata.version('typst')} sets Chinese as PDF/UA-1 ({len(made or b'') // 1000} kB)"
    )


def kernel(here: Context) -> Finding:
    """Whether a kernel starts, by fork where that is safe."""
    from pipeline.run.forking import FORK_IS_SAFE, ForkedProcess, ForkError, ForkServer

    if not FORK_IS_SAFE:
        return Finding(
            "kernels", "odd", f"forking is not safe on {sys.platform}: ordinary kernels, some seconds slower each."
        )
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        try:
            with ForkServer(log) as server:
                child = ForkedProcess.start(server.address, "kernel", ["--version"], dict(os.environ), folder, str(log))
                code = child.wait(30)
        except (ForkError, TimeoutError) as error:
            return Finding("kernels", "odd", f"forking does not work ({error}): ordinary kernels, slower.")
        unread = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("not imported")]
    if code != 0 or unread:
        return Finding("kernels", "odd", unread[0] if unread else f"a forked kernel ended with code {code}")
    return Finding("kernels", "good", f"start by fork from {here.root.name}'s environment")


def encoding(_here: Context) -> Finding:
    """What the system takes texts for."""
    names = {locale.getpreferredencoding(False), sys.getfilesystemencoding(), sys.stdout.encoding or ""}
    odd = sorted(n for n in names if n.replace("-", "").lower() not in ("utf8", ""))
    if odd:
        return Finding(
            "encoding", "odd", f"the system uses {', '.join(odd)}.", "Set PYTHONUTF8=1 (Chinese may print as ?)."
        )
    return Finding("encoding", "good", "UTF-8")


def _elsewhere(here: Context, processed: Path) -> Context:
    from dataclasses import replace

    return replace(here, processed=processed)
