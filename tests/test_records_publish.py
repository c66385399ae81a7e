"""A source is cleaned again only when it must be, and its tables are the old ones or the new ones, whenever the program is stopped."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.records import clean, freshness, publish, store
from pipeline.records.publish import HIDDEN, NOTE, Staging
from pipeline.records.schema import TABLES, typed

CARD = """title: Office
publisher: Office
tables:
  - table: stays
    file: stays.csv
    encoding: utf-8
    direction: inbound
    constants: {destination: CHN}
    columns: {Student: student_id, Country: origin, From: start}
"""


def office(folder: Path, n: int = 40, month: int = 9) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.yml").write_text(CARD, encoding="utf-8")
    lines = [f"S{i % 30},{('Japan', 'Atlantis', '日本')[i % 3]},{2015 + i % 5}-{month:02d}-01" for i in range(n)]
    (folder / "stays.csv").write_text("\n".join(["Student,Country,From", *lines]) + "\n", encoding="utf-8")
    return folder


def written(out: Path) -> dict[str, int]:
    return {p.relative_to(out).as_posix(): p.stat().st_mtime_ns for p in out.rglob("*.parquet") if p.is_file()}


def tables(out: Path) -> dict[str, pd.DataFrame]:
    return {name: store.load(out, name) for name in TABLES}


def same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> bool:
    return all(one[name].equals(other[name]) for name in TABLES)


@pytest.fixture(scope="module")
def cleaned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an office's files, `raw/office`, and their tables, `out`: not to be changed."""
    folder = tmp_path_factory.mktemp("cleaned")
    assert clean(office(folder / "raw" / "office"), out=folder / "out").fresh == []
    return folder


@pytest.fixture
def cleaned(tmp_path: Path, cleaned_once: Path) -> tuple[Path, Path]:
    shutil.copytree(cleaned_once, tmp_path, dirs_exist_ok=True)
    return tmp_path / "raw" / "office", tmp_path / "out"


def test_what_was_cleaned_is_not_cleaned_again(cleaned: tuple[Path, Path]) -> None:
    raw, out = cleaned
    before = written(out)
    os.utime(raw / "stays.csv")  # touched, but its bytes are the same
    again = clean(raw, out=out)
    assert again.fresh == ["office"]
    assert written(out) == before
    assert len(again.stays) > 0
    assert clean(raw, engine="pandas", out=out).fresh == ["office"]  # engines give the same tables
    assert clean(raw, out=out, again=True).fresh == []
    assert written(out) != before


def test_other_bytes_another_card_or_another_key_is_cleaned(
    cleaned: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, out = cleaned
    stat = (raw / "stays.csv").stat()
    text = (raw / "stays.csv").read_text(encoding="utf-8")
    (raw / "stays.csv").write_text(text.replace("Japan", "India", 1), encoding="utf-8")
    os.utime(raw / "stays.csv", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert clean(raw, out=out).fresh == []
    assert "IND" in set(store.load(out, "stays").origin)
    (raw / "source.yml").write_text(CARD + "# a note\n", encoding="utf-8")
    assert clean(raw, out=out).fresh == []
    assert clean(raw, out=out).fresh == ["office"]
    keys = set(store.load(out, "stays").student_key)
    monkeypatch.setenv("MOBILITY_PSEUDONYM_KEY", "ours")
    assert clean(raw, out=out).fresh == []
    assert keys.isdisjoint(store.load(out, "stays").student_key)
    assert clean(raw.parent, out=out).fresh == []  # files are told by other names: office/stays.csv
    assert set(store.load(out, "stays").file) == {"office/stays.csv"}


def test_other_code_cleans_again(cleaned: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    raw, out = cleaned
    code = list(freshness._code_files())
    assert {"stays.py", "vocabularies.yml", "delimited.py"} <= {f.name for f in code}
    extra = raw.parent / "new_rule.py"
    extra.write_text("RULE = 1\n", encoding="utf-8")
    monkeypatch.setattr(freshness, "_PACKAGE", Path("/"))
    monkeypatch.setattr(freshness, "_code_files", lambda: iter([*code, extra]))
    freshness._code.cache_clear()
    try:
        assert clean(raw, out=out).fresh == []
        assert clean(raw, out=out).fresh == ["office"]
    finally:
        freshness._code.cache_clear()


@pytest.mark.parametrize("lost", ["ledger.parquet", "stays.parquet", ".stamps"])
def test_tables_that_are_no_longer_there_are_made_again(cleaned: tuple[Path, Path], lost: str) -> None:
    raw, out = cleaned
    expected = tables(out)
    shutil.rmtree(out / lost)
    assert clean(raw, out=out).fresh == []
    assert same(tables(out), expected)


def put(out: Path, version: int) -> None:
    """Tables of one source that say of which version they are, published; some are only in one of the two versions."""
    with Staging(out, "office") as staging:
        for name, of in (("stays", 0), ("events", 1), ("context", 2), ("rejected", 0), ("ledger", 0)):
            if of in (0, version):
                rows = typed(pd.DataFrame({"source": ["office"], "file": [f"version {version}"]}), name)
                place = staging.path(name)
                if name == "stays":
                    place.mkdir()
                    place = place / f"2019-20-{version:03d}.parquet"
                rows.to_parquet(place, index=False)
        staging.publish()


def versions(out: Path) -> set[str]:
    return {
        file for name in ("stays", "events", "context", "rejected", "ledger") for file in store.load(out, name).file
    }


def test_readers_see_new_tables_from_the_note_on_and_old_ones_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before each of the moves that bring new tables to their places."""

    class Killed(BaseException):
        pass

    seen: list[str] = []
    for stop in range(40):
        out = tmp_path / str(stop)
        put(out, 1)
        moves = itertools.count(1)

        def move(self: Path, to: Path, original: Any = Path.replace, moves: Any = moves, stop: int = stop) -> Path:
            if next(moves) > stop:
                raise Killed
            return original(self, to)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", move)
            try:
                put(out, 2)
            except Killed:
                pass
            else:
                break
            (version,) = versions(out)  # all tables tell of one version
            seen.append(version)
            pending = publish.pending(out)
        assert bool(pending) == (version == "version 2")
        publish.recover(out, "office")
        assert versions(out) == {version}
        assert not (out / HIDDEN).exists()
        assert store.load(out, "events").empty == (version == "version 2")
    assert len(seen) > 6
    assert seen == sorted(seen)
    assert seen[0] == "version 1"
    assert versions(out) == {"version 2"}


def test_an_error_leaves_nothing_behind(cleaned: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    raw, out = cleaned
    before = written(out)
    office(raw, n=55)
    monkeypatch.setattr("pipeline.records.contracts.hold_files", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        clean(raw, out=out)
    assert written(out) == before
    assert not (out / HIDDEN).exists()


def test_a_table_that_the_new_version_lacks_goes(tmp_path: Path) -> None:
    for made in (("stays", "rejected", "ledger"), ("stays", "ledger")):
        with Staging(tmp_path, "office") as staging:
            for name in made:
                pd.DataFrame({"a": [1]}).to_parquet(staging.path(name))
            staging.publish()
        assert {p.name for p in tmp_path.glob("*.parquet")} == {f"{name}.parquet" for name in made}
    assert not publish.pending(tmp_path)
    assert not (tmp_path / HIDDEN).exists()


CLEAN = "import sys; from pipeline.records import clean; clean(sys.argv[1], out=sys.argv[2], again=True)"


def test_killed_at_any_moment_the_next_run_ends_as_an_undisturbed_one(tmp_path: Path, root: Path) -> None:
    """`python -m benchmarks killed` does it at twenty random moments on more rows."""
    raw, out = office(tmp_path / "office", n=5_000), tmp_path / "out"
    clean(raw, out=out)
    old = tables(out)
    office(raw, n=5_000, month=3)
    clean(raw, out=tmp_path / "undisturbed")
    new = tables(tmp_path / "undisturbed")
    command = [sys.executable, "-c", CLEAN, str(raw), str(out)]
    start = time.monotonic()
    subprocess.run(command, cwd=root, check=True)
    lasts = time.monotonic() - start
    assert same(tables(out), new)
    for share in (0.5, 0.8, 0.95):
        process = subprocess.Popen(command, cwd=root)
        time.sleep(lasts * share)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = tables(out)
        assert same(now, new) or same(now, old)
    clean(raw, out=out)
    assert same(tables(out), new)
    assert not (out / HIDDEN).exists()
    assert not list(out.glob(f"**/{NOTE}"))


def test_reading_while_tables_are_replaced_gives_whole_tables(cleaned: tuple[Path, Path]) -> None:
    raw, out = cleaned
    sizes = {len(store.load(out, "stays"))}
    office(raw, n=55, month=3)
    done, seen = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            seen.append(len(store.load(out, "stays")))

    reader = threading.Thread(target=read)
    reader.start()
    for n in (55, 40):
        office(raw, n=n, month=3)
        clean(raw, out=out)
        sizes.add(len(store.load(out, "stays")))
    done.set()
    reader.join()
    assert seen
    assert set(seen) <= sizes
