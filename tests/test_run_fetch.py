"""`mobility fetch` against a server on this machine that cuts off, changes, waits, lies and leads astray."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipeline import cli
from pipeline.errors import InputError, SettingsError
from pipeline.run.fetch import checks, fetch
from pipeline.run.fetch.catalogue import LIST, Download, PublicSource, public_sources, source
from pipeline.run.fetch.client import ATTEMPTS, Client
from pipeline.sources import discover

UIS = "indicatorId,geoUnit,year,value,qualifier,magnitude\n" + "".join(
    f"26637,USA,{y},{y},,\n" for y in range(2000, 2024)
)
BODY = UIS.encode()
Script = Callable[["Handler"], None]


@dataclass
class Server:
    """Answers each path by what the test wrote for it, and remembers what it was asked."""

    url: str = ""
    scripts: dict[str, Script] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def says(self, path: str, body: bytes = BODY, status: int = 200, **headers: str) -> str:
        """Answer a path with these bytes; gives its address."""
        self.scripts[path] = lambda handler: handler.answer(body, status, headers)
        return self.url + path

    def does(self, path: str, *scripts: Script) -> str:
        """Answer the nth request of a path by the nth script, later ones by the last; gives its address."""
        left = list(scripts)
        self.scripts[path] = lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)
        return self.url + path


class Handler(BaseHTTPRequestHandler):
    """Runs the script of the path."""

    server: Any
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.server.state.asked.append((self.path, dict(self.headers)))
        self.server.state.scripts[self.path](self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def answer(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Headers with underscores for hyphens, then the body."""
        given = {key.replace("_", "-"): value for key, value in (headers or {}).items()}
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(body)), "Content-Type": "text/csv"} | given).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state = Server(f"http://127.0.0.1:{http.server_port}")
        http.state = state  # type: ignore[attr-defined]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture
def waits() -> list[float]:
    """The seconds that were waited, without waiting."""
    return []


def wanted(url: str, name: str = "uis.csv", **more: Any) -> PublicSource:
    return PublicSource(
        "demo", "UNESCO UIS", "A demo", "CC BY", "students", "https://example.org/", (Download(name, url, **more),)
    )


def get(url: str, folder: Path, waits: list[float] | None = None, **more: Any) -> Any:
    client = Client(wait=(waits if waits is not None else []).append)
    return fetch(wanted(url, **more), folder, client, lambda: datetime(2026, 11, 24, 12, tzinfo=UTC))


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*")) if folder.exists() else []


def test_a_file_is_got_recorded_and_read(server: Server, tmp_path: Path) -> None:
    url = server.says("/a", ETag='"one"', Last_Modified="Tue, 24 Nov 2026 10:00:00 GMT")
    done = get(url, tmp_path / "raw" / "demo")
    folder = done.folder
    assert (done.changed, done.unchanged, done.layouts) == (["uis.csv"], [], {"uis.csv": "UIS Data Browser (CSV)"})
    assert (folder / "uis.csv").read_bytes() == BODY
    assert left(folder) == ["fetched.json", "source.yml", "uis.csv"]
    record = json.loads((folder / "fetched.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(BODY).hexdigest()
    assert record["requests"]["uis.csv"] == {
        "url": url,
        "final_url": url,
        "time": "2026-11-24T12:00:00+00:00",
        "bytes": len(BODY),
        "sha256": digest,
        "etag": '"one"',
        "last_modified": "Tue, 24 Nov 2026 10:00:00 GMT",
        "files": ["uis.csv"],
    }
    assert record["files"]["uis.csv"] == {"sha256": [digest], "bytes": len(BODY)}
    assert "student-mobility/" in server.asked[0][1]["User-Agent"]
    (found,) = discover([tmp_path / "raw"])
    assert (found.card.licence, found.card.retrieved) == ("CC BY", "2026-11-24")
    assert len(next(found.tables("pandas")).rows) == 24


def test_what_has_not_changed_is_not_sent_again(server: Server, tmp_path: Path) -> None:
    def conditional(handler: Handler) -> None:
        same = handler.headers.get("If-None-Match") == '"one"'
        handler.answer(b"" if same else BODY, 304 if same else 200, {"ETag": '"one"'})

    url = server.does("/a", conditional)
    get(url, tmp_path / "demo")
    before = (tmp_path / "demo" / "fetched.json").read_bytes()
    done = get(url, tmp_path / "demo")
    assert (done.changed, done.unchanged) == ([], ["uis.csv"])
    assert (tmp_path / "demo" / "fetched.json").read_bytes() == before


def test_a_new_edition_replaces_the_old_one(server: Server, tmp_path: Path) -> None:
    get(server.says("/a"), tmp_path / "demo")
    new = BODY + b"26637,FRA,2023,5,,\n"
    done = get(server.says("/a", new), tmp_path / "demo")
    assert done.changed == ["uis.csv"]
    assert (tmp_path / "demo" / "uis.csv").read_bytes() == new


@pytest.mark.parametrize("fetched_before", [True, False])
def test_a_file_that_is_not_known_is_never_overwritten(server: Server, tmp_path: Path, fetched_before: bool) -> None:
    folder = tmp_path / "demo"
    url = server.says("/a")
    if fetched_before:
        get(url, folder)
    folder.mkdir(exist_ok=True)
    (folder / "uis.csv").write_text("mine", encoding="utf-8")
    before, asked = {p: p.read_bytes() for p in folder.iterdir()}, len(server.asked)
    with pytest.raises(InputError, match=r"uis\.csv: is not as it was fetched .*--to"):
        get(url, folder)
    assert {p: p.read_bytes() for p in folder.iterdir()} == before
    assert len(server.asked) == asked


def test_a_card_of_the_users_own_is_left_alone(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    get(server.says("/a"), folder)
    (folder / "source.yml").write_text("title: Mine\n", encoding="utf-8")
    get(server.says("/a", BODY + b"26637,FRA,2023,5,,\n"), folder)
    assert (folder / "source.yml").read_text(encoding="utf-8") == "title: Mine\n"


def cut(handler: Handler) -> None:
    """Announce all, send half."""
    handler.answer(
        BODY[: len(BODY) // 2], 200, {"Content-Length": str(len(BODY)), "ETag": '"one"', "Accept-Ranges": "bytes"}
    )


def rest(handler: Handler) -> None:
    """Send from the byte on that is asked for, if the file is still the same."""
    start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    assert handler.headers["If-Range"] == '"one"'
    ranged = {"Content-Range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}", "ETag": '"one"'}
    handler.answer(BODY[start:], 206, ranged)


def test_a_file_that_is_cut_off_is_gone_on_with(server: Server, tmp_path: Path, waits: list[float]) -> None:
    done = get(server.does("/a", cut, rest), tmp_path / "demo", waits)
    assert (done.folder / "uis.csv").read_bytes() == BODY
    assert "Range" not in server.asked[0][1]
    assert server.asked[1][1]["Range"] == f"bytes={len(BODY) // 2}-"
    assert waits == [1.0]


def test_a_file_that_changed_between_is_begun_again(server: Server, tmp_path: Path) -> None:
    new = BODY.replace(b"USA", b"FRA")
    url = server.does("/a", cut, lambda handler: handler.answer(new, 200, {"ETag": '"two"'}))
    done = get(url, tmp_path / "demo")
    assert (done.folder / "uis.csv").read_bytes() == new


def test_another_part_than_was_asked_for_is_not_joined(server: Server, tmp_path: Path) -> None:
    wrong = lambda handler: handler.answer(b"xxx", 206, {"Content-Range": f"bytes 0-2/{len(BODY)}"})  # noqa: E731
    done = get(server.does("/a", cut, wrong, lambda handler: handler.answer(BODY)), tmp_path / "demo")
    assert (done.folder / "uis.csv").read_bytes() == BODY


def test_a_stopped_run_is_gone_on_with_by_the_next(server: Server, tmp_path: Path) -> None:
    url, folder = server.does("/a", cut, rest), tmp_path / "demo"

    def stop(seconds: float) -> None:
        raise cli.Stopped(130)

    with pytest.raises(cli.Stopped):
        fetch(wanted(url), folder, Client(wait=stop))
    assert [p.name for p in folder.iterdir()] == [".fetching"]
    done = get(url, folder)
    assert (done.folder / "uis.csv").read_bytes() == BODY
    assert len(server.asked) == 2
    assert left(folder) == ["fetched.json", "source.yml", "uis.csv"]


def test_a_file_that_stays_cut_off_is_refused(server: Server, tmp_path: Path, waits: list[float]) -> None:
    def always(handler: Handler) -> None:
        handler.answer(BODY[:100], 200, {"Content-Length": str(len(BODY))})

    with pytest.raises(InputError, match=r"/a: could not be had: it is cut off"):
        get(server.does("/a", always), tmp_path / "demo", waits)
    assert len(server.asked) == ATTEMPTS
    assert waits == [2.0**n for n in range(ATTEMPTS - 1)]
    assert not (tmp_path / "demo").exists()


def test_a_busy_server_is_asked_again_when_it_says(server: Server, tmp_path: Path, waits: list[float]) -> None:
    busy = [
        lambda handler: handler.answer(b"", 429, {"Retry-After": "7"}),
        lambda handler: handler.answer(b"", 503),
        lambda handler: handler.answer(BODY),
    ]
    get(server.does("/a", *busy), tmp_path / "demo", waits)
    assert waits == [7.0, 2.0]


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (404, {}, "the server answered 404"),
        (403, {}, "the server answered 403"),
        (503, {}, "could not be had: the server answered 503"),
        (429, {"Retry-After": "3600"}, "the server asks to wait 3600 seconds"),
        (200, {"Content-Type": "text/html; charset=utf-8"}, "is a web page, data were expected"),
        (200, {"Content-Encoding": "br"}, "came packed"),
        (200, {"Content-Length": str(1 << 40)}, "is larger than 1073741824 bytes"),
        (302, {"Location": "http://elsewhere.example/a"}, r"leads on to http://elsewhere\.example/a"),
        (302, {"Location": "file:///etc/passwd"}, "leads on to file:///etc/passwd"),
        (301, {"Location": "/a"}, "leads in circles"),
    ],
)
def test_answers_that_are_refused(
    server: Server, tmp_path: Path, status: int, headers: dict[str, str], message: str
) -> None:
    url = server.does("/a", lambda handler: handler.answer(BODY, status, headers))
    with pytest.raises(InputError, match=message):
        get(url, tmp_path / "demo")
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is empty, data were expected"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><html>Sign in</html>", "is a web page"),
        (b'<?xml version="1.0"?><S:Fault>too many</S:Fault>', "is a service's message"),
        (b"a,b\n1,2\n", r"uis\.csv has a layout that is not known"),
        (b"\x00\x01\x02" * 100, "is not a text file"),
    ],
    ids=["empty", "web page", "message", "unknown", "binary"],
)
def test_bodies_that_are_no_data(server: Server, tmp_path: Path, body: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get(server.says("/a", body), tmp_path / "demo")
    assert not (tmp_path / "demo").exists()


def test_a_refused_answer_leaves_what_was_there(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    get(server.says("/a"), folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(InputError, match="is a web page"):
        get(server.says("/a", b"<html>moved</html>"), folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_an_endless_answer_is_given_up_in_time(server: Server, tmp_path: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            return

    with pytest.raises(InputError, match="is larger than 1000000 bytes"):
        get(server.does("/a", endless), tmp_path / "demo", largest=1_000_000)
    assert not (tmp_path / "demo").exists()


def test_a_fixed_checksum_is_held_to(server: Server, tmp_path: Path) -> None:
    get(server.says("/a"), tmp_path / "one", sha256=hashlib.sha256(BODY).hexdigest())
    with pytest.raises(InputError, match="is not the file that is expected: its sha256 is"):
        get(
            server.says("/a", BODY + b"26637,FRA,2023,5,,\n"), tmp_path / "two", sha256=hashlib.sha256(BODY).hexdigest()
        )
    assert left(tmp_path / "two") == []


def test_nobody_at_home(tmp_path: Path, waits: list[float]) -> None:
    with pytest.raises(InputError, match="could not be had: no connection"):
        get("http://127.0.0.1:9/a", tmp_path / "demo", waits)
    assert len(waits) == ATTEMPTS - 1


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return memory.getvalue()


def test_of_an_archive_the_wanted_members_are_kept(server: Server, tmp_path: Path) -> None:
    url = server.says("/a", zipped({"folder/x.csv": BODY, "readme.txt": b"hello"}), Content_Type="application/zip")
    done = get(url, tmp_path / "demo", name="a.zip", unzip=("x.csv",))
    assert left(done.folder) == ["fetched.json", "source.yml", "x.csv"]
    assert (done.folder / "x.csv").read_bytes() == BODY
    assert json.loads((done.folder / "fetched.json").read_text())["requests"]["a.zip"]["files"] == ["x.csv"]


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (zipped({"../../x.csv": BODY}), "leads elsewhere"),
        (zipped({"/etc/x.csv": BODY}), "leads elsewhere"),
        (zipped({"x.csv": BODY, "..\\x.csv": BODY}), "leads elsewhere"),
        (zipped({"x.csv": b"0" * (70 << 20)}), "unpacks to more than it should"),
        (zipped({"a/x.csv": BODY, "b/x.csv": BODY}), "two files of one name"),
        (zipped({"y.csv": BODY}), r"holds none of x\.csv"),
        (zipped({"x.csv": BODY})[:-40], "is not a whole archive"),
        (zipped({"x.csv": BODY}, zipfile.ZIP_STORED).replace(b"USA", b"FRA", 1), "is not a whole archive"),
        (b"no archive at all", "is not a whole archive"),
        (zipped({"x.csv": b"<html>sorry</html>"}), "is a web page"),
    ],
    ids=["parent", "root", "backslash", "bomb", "twice", "absent", "cut off", "damaged", "no archive", "web page"],
)
def test_archives_that_are_refused(server: Server, tmp_path: Path, archive: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get(server.says("/a", archive), tmp_path / "raw" / "demo", name="a.zip", unzip=("x.csv",))
    assert left(tmp_path) == ["raw"]


def test_links_in_an_archive_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("x.csv")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match="leads elsewhere"):
        checks.unzip(tmp_path / "a.zip", Download("a.zip", "u", unzip=("x.csv",)), "u", tmp_path)


def test_packed_tables_are_kept_packed_as_they_come(server: Server, tmp_path: Path) -> None:
    packed = gzip.compress(BODY)
    done = get(server.says("/a", packed, Content_Type="application/gzip"), tmp_path / "raw" / "demo", name="uis.csv.gz")
    assert (done.folder / "uis.csv.gz").read_bytes() == packed
    assert len(next(discover([tmp_path / "raw"])[0].tables("pandas")).rows) == 24


def test_several_files_come_all_or_none(server: Server, tmp_path: Path) -> None:
    both = PublicSource(
        "demo",
        "p",
        "t",
        "l",
        "g",
        "u",
        (Download("a.csv", server.says("/a")), Download("b.csv", server.says("/b", b"<html>"))),
    )
    with pytest.raises(InputError, match="is a web page"):
        fetch(both, tmp_path / "demo", Client(wait=lambda seconds: None))
    assert not (tmp_path / "demo").exists()


def test_a_run_killed_while_files_are_moved_does_not_block_the_next(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.run.fetch import keeping

    folder, real = tmp_path / "demo", keeping.save
    get(server.says("/a"), folder)
    calls: list[int] = []

    def killed_at_the_second(place: Path, record: dict[str, Any]) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise cli.Stopped(137)
        real(place, record)

    monkeypatch.setattr(keeping, "save", killed_at_the_second)
    new = BODY + b"26637,FRA,2023,5,,\n"
    with pytest.raises(cli.Stopped):
        get(server.says("/a", new), folder)
    assert (folder / "uis.csv").read_bytes() == new
    monkeypatch.setattr(keeping, "save", real)
    newer = new + b"26637,DEU,2023,5,,\n"
    assert get(server.says("/a", newer), folder).changed == ["uis.csv"]


def test_a_damaged_record_or_that_of_another_source_is_named(server: Server, tmp_path: Path) -> None:
    url, folder = server.says("/a"), tmp_path / "demo"
    get(url, folder)
    other = wanted(url)
    with pytest.raises(InputError, match="holds 'demo'"):
        fetch(PublicSource("other", "p", "t", "l", "g", "u", other.files), folder)
    (folder / "fetched.json").write_text("[", encoding="utf-8")
    with pytest.raises(InputError, match=r"fetched\.json: is not a record"):
        get(url, folder)


def test_the_list_of_sources_is_whole() -> None:
    for entry in public_sources().values():
        assert all((entry.publisher, entry.title, entry.licence, entry.gives, entry.page))
        for file in entry.files:
            assert file.address().startswith("https://")
    assert "educ_uoe_mobs02?format=TSV&compressed=true" in source("eurostat-mobile-students").files[1].address()
    assert set(yaml.safe_load(LIST.read_text(encoding="utf-8"))) == set(public_sources())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {files: [{name: x.csv, url: 'file:///etc/passwd'}]}", "is not an address of the web"),
        ("a: {files: [{name: ../x.csv, url: 'https://e.org/'}]}", "cannot be the name of a file"),
        ("../a: {files: [{name: x.csv, url: 'https://e.org/'}]}", "cannot be the name of a folder"),
        ("a: {files: [{name: x.csv}]}", "needs either url or sdmx"),
        ("a: {files: [{name: x.csv, ulr: x}]}", r"ulr: no such key\. Did you mean url"),
        ("a: {files: []}", "has no files"),
        ("[", "is not YAML"),
        ("a: {files: [{name: x.csv, sdmx: {agency: ESTAT}}]}", "sdmx needs agency and flow"),
    ],
)
def test_a_list_with_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "list.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        public_sources(path)


def test_the_command_lists_gets_and_says_what_is_wrong(server: Server, tmp_path: Path) -> None:
    shown = CliRunner().invoke(cli.app, ["fetch"])
    assert shown.exit_code == 0
    assert "eurostat-mobile-students" in shown.output
    entry = {"publisher": "p", "title": "T", "licence": "l", "gives": "g", "page": "u"}
    entries = {"demo": {**entry, "files": [{"name": "uis.csv", "url": server.says("/a")}]}}
    (tmp_path / "list.yml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    chosen = ["--list", str(tmp_path / "list.yml")]
    done = CliRunner().invoke(cli.app, ["fetch", "demo", *chosen, "--raw", str(tmp_path / "raw")])
    assert done.exit_code == 0, done.output
    assert "uis.csv: UIS Data Browser (CSV)" in done.output
    assert left(tmp_path / "raw") == ["demo", "fetched.json", "source.yml", "uis.csv"]
    again = CliRunner().invoke(cli.app, ["fetch", "demo", *chosen, "--to", str(tmp_path / "raw" / "demo")])
    assert "uis.csv: unchanged" in again.output
    (tmp_path / "raw" / "demo" / "uis.csv").write_text("mine", encoding="utf-8")
    refused = CliRunner().invoke(cli.app, ["fetch", "demo", *chosen, "--raw", str(tmp_path / "raw")])
    assert isinstance(refused.exception, InputError)
    assert refused.exception.exit_code == 2
    with pytest.raises(SettingsError, match="Did you mean uis-opri"):
        source("uis-opry")
