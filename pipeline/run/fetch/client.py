"""One file over HTTP: streamed, resumed, retried politely, and refused when it is not what was asked for."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from pipeline.errors import InputError
from pipeline.run.fetch.catalogue import Download

if TYPE_CHECKING:
    import requests

PAGE = "student-mobility"
ATTEMPTS = 6  # in a row without a byte of progress
LONGEST_WAIT = 300.0  # seconds a server may ask us to wait
TIMEOUT = (15.0, 90.0)  # seconds to connect, and between two pieces
RETRIED = (408, 425, 429, 500, 502, 503, 504)
_PIECE = 1 << 18
_REDIRECTS = 5
Progress = Callable[[str, int, int | None], None]


@dataclass
class Answer:
    """What came: where from in the end, how much, and by which signs the server would tell that it changed."""

    url: str
    etag: str = ""
    last_modified: str = ""
    bytes: int = 0
    sha256: str = ""


class _TryAgainError(Exception):
    """The server cannot now; wait (seconds, if it says so) and ask again."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass
class Client:
    """Gets files.

    Attributes
    ----------
    wait
        Called with seconds between two attempts.
    progress
        Called with the file's name, the bytes so far and the bytes in all (None when the server does not tell).
    """

    wait: Callable[[float], None] = time.sleep
    progress: Progress = lambda name, done, total: None

    def get(self, what: Download, part: Path, known: Answer | None = None) -> Answer | None:
        """Stream a file into `part`, going on where an earlier run stopped when the server says that it is still the same file.

        Parameters
        ----------
        what
            The file.
        part
            Where it is gathered; when the run is stopped, the next one goes on from there.
        known
            What came last time.

        Returns
        -------
        Answer or None
            None when the server says that nothing changed since `known`.

        Raises
        ------
        InputError
            If it cannot be had, is cut off, too large, or leads to another host. Then `part` is gone.
        """
        url = what.address()
        silent, done_before = 0, -1
        with self._session(what) as session:
            while True:
                try:
                    answer = self._attempt(session, what, url, part, known)
                    break
                except InputError:
                    forget(part)
                    raise
                except _TryAgainError as again:
                    done = part.stat().st_size if part.exists() else 0
                    silent, done_before = (silent + 1 if done <= done_before else 1), max(done, done_before)
                    if silent >= ATTEMPTS:
                        forget(part)
                        todo = "Try again later, or get it by hand (docs/sources.md)."
                        raise InputError(url, f"could not be had: {again}.", todo) from None
                    self.wait(again.wait if again.wait is not None else min(2.0 ** (silent - 1), 60.0))
        if answer is not None:
            answer.bytes, answer.sha256 = part.stat().st_size, _digest(part)
        return answer

    def _session(self, what: Download) -> requests.Session:
        import requests

        session = requests.Session()
        agent = f"{PAGE}/{version('student-mobility')} (mobility fetch; statistics for universities)"
        # identity: what Content-Length counts is then what arrives
        session.headers.update({"User-Agent": agent, "Accept": what.accept, "Accept-Encoding": "identity"})
        return session

    def _attempt(
        self, session: requests.Session, what: Download, url: str, part: Path, known: Answer | None
    ) -> Answer | None:
        import requests
        import urllib3

        begun = _begun(part, url)
        headers = {}
        if begun:
            headers = {"Range": f"bytes={part.stat().st_size}-", "If-Range": begun.etag or begun.last_modified}
        elif known and known.etag:
            headers = {"If-None-Match": known.etag}
        elif known and known.last_modified:
            headers = {"If-Modified-Since": known.last_modified}
        try:
            with _follow(session, what, url, headers) as response:
                if response.status_code == 304 and known:
                    return None
                return self._stream(response, what, url, part, begun)
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            urllib3.exceptions.HTTPError,
        ) as error:
            raise _TryAgainError(_reason(error)) from None
        except requests.RequestException as error:
            raise InputError(url, f"could not be had: {_reason(error)}.", "Check the address.") from None

    def _stream(
        self, response: requests.Response, what: Download, url: str, part: Path, begun: Answer | None
    ) -> Answer:
        if response.status_code == 416:  # nothing after what is there: the file is another now
            forget(part)
            raise _TryAgainError("the server has another file now", 0.0)
        start = _start(response, part, begun)
        _refuse(response, what, url)
        length = _length(response)
        total = None if length is None else start + length
        _check_size(url, total, what.largest, part.parent)
        answer = Answer(str(response.url), response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
        if not start:
            part.unlink(missing_ok=True)
        _note(part, url, answer)
        done = start
        with part.open("ab") as file:
            for piece in response.raw.stream(_PIECE, decode_content=False):
                done += len(piece)
                _check_size(url, done, what.largest, None)
                file.write(piece)
                self.progress(what.name, done, total)
        if total is not None and done < total:
            raise _TryAgainError(f"it is cut off after {done} of {total} bytes")
        if total is not None and done > total:
            raise InputError(url, f"sent {done} bytes, {total} were announced.", "Try again later.")
        return answer


def _follow(session: requests.Session, what: Download, url: str, headers: dict[str, str]) -> requests.Response:
    """The answer after redirects, each to a host that is known and never from https to http."""
    first = urlsplit(url)
    for _ in range(_REDIRECTS + 1):
        response = session.get(url, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False)
        target = response.headers.get("Location")
        if response.status_code not in (301, 302, 303, 307, 308) or not target:
            return response
        response.close()
        url = urljoin(url, target)
        there = urlsplit(url)
        weaker = first.scheme == "https" and there.scheme != "https"
        if there.scheme not in ("https", "http") or weaker or there.netloc not in (first.netloc, *what.hosts):
            problem = f"leads on to {url[:200]}, which is not the publisher's."
            raise InputError(first.geturl(), problem, "Look at the publisher's page, and get the file by hand.")
    raise InputError(first.geturl(), "leads in circles.", "Look at the publisher's page, and get the file by hand.")


def _start(response: requests.Response, part: Path, begun: Answer | None) -> int:
    """From which byte on the answer goes: 0, or where the part ends."""
    if response.status_code != 206:
        return 0
    size = part.stat().st_size if part.exists() else 0
    ranged = response.headers.get("Content-Range", "")
    if begun is None or not ranged.startswith(f"bytes {size}-"):
        forget(part)
        raise _TryAgainError("it sent another part than was asked for", 0.0)
    return size


def _refuse(response: requests.Response, what: Download, url: str) -> None:
    status = response.status_code
    if status in RETRIED:
        raise _TryAgainError(f"the server answered {status}", _asked_to_wait(response, url))
    if status not in (200, 206):
        raise InputError(url, f"the server answered {status}.", "Look at the publisher's page: it may have moved.")
    if response.headers.get("Content-Encoding", "identity") not in ("identity", "gzip") or (
        response.headers.get("Content-Encoding") == "gzip" and not what.name.endswith(".gz")
    ):
        raise InputError(url, "came packed although it was asked for as it is.", "Try again later.")
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise InputError(url, "is a web page, data were expected.", "Look at the publisher's page: it may have moved.")


def _asked_to_wait(response: requests.Response, url: str) -> float | None:
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    asked = response.headers.get("Retry-After")
    if not asked:
        return None
    try:
        seconds = Retry().parse_retry_after(asked)
    except InvalidHeader:
        return None
    if seconds > LONGEST_WAIT:
        raise InputError(url, f"the server asks to wait {seconds:.0f} seconds.", "Try again then.")
    return max(seconds, 0.0)


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _check_size(url: str, size: int | None, largest: int, folder: Path | None) -> None:
    if size is not None and size > largest:
        raise InputError(
            url, f"is larger than {largest} bytes, which it should not be.", "Get it by hand if it is right."
        )
    if size is not None and folder is not None and size > shutil.disk_usage(folder).free:
        raise InputError(folder, f"has no room for the {size} bytes of {url}.", "Make room.")


def _memory(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _note(part: Path, url: str, answer: Answer) -> None:
    _memory(part).write_text(json.dumps({"asked": url, **asdict(answer)}), encoding="utf-8")


def _begun(part: Path, url: str) -> Answer | None:
    """What an earlier attempt noted of the part that is there, if it can be gone on with."""
    try:
        noted: dict[str, Any] = json.loads(_memory(part).read_text(encoding="utf-8"))
        same = noted.pop("asked") == url and part.stat().st_size > 0
        answer = Answer(**noted)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    sure = (answer.etag and not answer.etag.startswith("W/")) or answer.last_modified
    if answer.etag.startswith("W/"):
        answer.etag = ""
    return answer if same and sure else None


def forget(part: Path) -> None:
    """Delete a part and what was noted of it."""
    part.unlink(missing_ok=True)
    _memory(part).unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: Exception) -> str:
    name = type(error).__name__
    known = {
        "ConnectTimeout": "no connection in time",
        "ReadTimeout": "nothing came in time",
        "SSLError": "its certificate is not valid",
    }
    if "IncompleteRead" in str(error) or name in ("ChunkedEncodingError", "ProtocolError"):
        return "it is cut off"
    return known.get(name, "no connection" if "Connection" in name else name)
