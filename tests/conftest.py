"""What several tests share: the project's folder, and the real files of publishers where they are at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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


@pytest.fixture(scope="session")
def example_made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example university made again: `files/` and the truth about them, `truth/`."""
    out = tmp_path_factory.mktemp("example")
    command = [sys.executable, root / "data" / "example_university", "--out", out / "files", "--truth", out / "truth"]
    subprocess.run(command, check=True, capture_output=True)
    return out
