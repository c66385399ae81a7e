"""What several tests share: the project's folder, and the real files of publishers where they are at hand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.records import Cleaned, clean
from pipeline.run.forkserver import SPARED

sys.modules.update(dict.fromkeys(SPARED))  # as in the pipeline: its grammars cost each process seconds

ROOT = Path(__file__).parents[1]

# Of tests that clean a folder for each example that hypothesis makes: others say themselves how many they want.
settings.register_profile("quick", max_examples=5)
settings.register_profile("thorough", max_examples=100)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with publishers' real files (not part of the project): MOBILITY_REAL_DATA or ../shared/data."""
    folder = Path(os.environ.get("MOBILITY_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"publishers' real files are not at hand ({folder.name}); set MOBILITY_REAL_DATA to test on them")
    return folder


# Longest first, or one worker is left alone with them at the end (`make test` keeps this order).
LONGEST = (
    "test_briefs_end_to_end",
    "test_measures_gaps",
    "test_records_publish",
    "test_records_stays",
    "test_briefs_partner",
    "test_briefs_annual",
    "test_models_flows",
    "test_run_reports",
    "test_sources_ewp",
    "test_records_institutions",
    "test_models_flow_study",
    "test_cli",
    "test_sources_erasmus",
    "test_measures_scorecard",
    "test_run_partners",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first; the others, and the tests of a file, stay in order."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """`once(name, make)`: a folder that `make(folder)` filled, once for all workers of a run; to be read only."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    base = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        done, failed, begun = base / f"{name}-once", base / f"{name}-failed", base / f"{name}-begun"
        try:
            begun.touch(exist_ok=False)
        except FileExistsError:
            until = time.monotonic() + 300
            while not done.is_dir():
                if failed.exists() or time.monotonic() > until:
                    pytest.fail(f"{name} was to be made by another worker and is not there", pytrace=False)
                time.sleep(0.1)
            return done
        making = base / f"{name}-making"
        making.mkdir()
        try:
            make(making)
        except BaseException:
            failed.touch()
            raise
        return making.rename(done)  # whole or not there

    return made


@pytest.fixture(scope="session")
def example_made(root: Path, once: Callable[..., Path]) -> Path:
    """A folder with the example university made again: `files/` and the truth about them, `truth/`. To be read only."""

    def make(out: Path) -> None:
        command = [
            sys.executable,
            root / "data" / "example_university",
            "--out",
            out / "files",
            "--truth",
            out / "truth",
        ]
        subprocess.run(command, check=True, capture_output=True)

    return once("example", make)


@pytest.fixture(scope="session")
def example_cleaned(root: Path, once: Callable[..., Path]) -> Cleaned:
    """What cleaning the example university gives. Not to be changed."""
    source = root / "data" / "raw" / "example-university"
    return Cleaned(once("example-cleaned", lambda out: clean(source, out=out)), [source.name])
