"""The client's side of the fork server: starting it, and processes that look like `subprocess.Popen`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from pipeline.run.protocol import ONE_THREAD

FORK_IS_SAFE = sys.platform == "linux"  # macOS has fork, but its system libraries may hang or abort after it
START_TIMEOUT = 120.0  # seconds: a first import of the stack from a cold disk can take a while


class ForkError(Exception):
    """The server could not be reached or did not fork."""


class ForkedProcess:
    """A child of the fork server, with the part of `subprocess.Popen`'s face that jupyter_client uses.

    The connection is the leash: when this object is closed or its process ends, the server kills the child.

    Attributes
    ----------
    pid
        Of the child, which leads a process group of its own.
    peak
        Its peak resident memory in bytes, known when it has ended.
    """

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    stderr: IO[bytes] | None = None

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.returncode: int | None = None
        self.peak: int | None = None
        self.events: list[dict[str, object]] = []
        self._buffer = b""
        self.pid = 0

    @classmethod
    def start(
        cls, address: str, kind: str, argv: list[str], env: dict[str, str], cwd: str, log: str = os.devnull
    ) -> ForkedProcess:
        """Ask the server at `address` for a child and wait until it is there.

        Raises
        ------
        ForkError
            If there is no server, or it ends before the child has started.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(START_TIMEOUT)
        try:
            connection.connect(address)
            request = {"kind": kind, "argv": argv, "env": env, "cwd": cwd, "log": log}
            connection.sendall(json.dumps(request).encode() + b"\n")
            process = cls(connection)
            while not process.pid and process._read():
                process.pid = next((int(str(e["pid"])) for e in process.events if "pid" in e), 0)
        except OSError as error:
            connection.close()
            raise ForkError(str(error)) from error
        if not process.pid:
            connection.close()
            raise ForkError("the server ended before the fork")
        connection.setblocking(False)
        process.events = [e for e in process.events if "pid" not in e]
        return process

    def fileno(self) -> int:
        """For `selectors`: readable when there are events or the child has ended."""
        return self.connection.fileno()

    def poll(self) -> int | None:
        """The exit code (negative: the signal), or None while it runs."""
        if self.returncode is None:
            with suppress(BlockingIOError):
                while self._read():
                    pass
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end.

        Raises
        ------
        subprocess.TimeoutExpired
            After `timeout` seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(0.01)
        return code

    def take_events(self) -> list[dict[str, object]]:
        """What the child has told since the last call."""
        self.poll()
        events, self.events = self.events, []
        return events

    def send_signal(self, signum: int) -> None:
        """Signal the child's process group."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of the leash: the server kills the child if it still runs."""
        self.connection.close()
        if self.returncode is None:
            self.returncode = -int(signal.SIGKILL)

    def _read(self) -> bool:
        """Take in what has arrived; False when there will be no more."""
        try:
            data = self.connection.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            if self.returncode is None:
                self.returncode = -int(signal.SIGKILL)  # the server is gone, and its children with it
            return False
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if "exit" in event:
                self.returncode, self.peak = event["exit"], event["peak"]
                self.connection.close()
                return False
            self.events.append(event)
        return True


class ForkServer:
    """Starts the server process; a context manager that ends it and all it forked.

    Parameters
    ----------
    log
        File for what it has to say.
    ahead
        Modules to import before the first fork; by default the whole stack.
    """

    def __init__(self, log: Path, ahead: tuple[str, ...] | None = None) -> None:
        self._log = log
        self._ahead = ahead
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The path of its socket, for `MOBILITY_FORK_SERVER`."""
        assert self._folder is not None, "the server has not been started"
        return str(Path(self._folder.name) / "s")

    def __enter__(self) -> ForkServer:
        self._folder = tempfile.TemporaryDirectory(prefix="mob-")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.address)
        listener.listen(64)
        env = os.environ | ONE_THREAD | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        ahead = () if self._ahead is None else (",".join(self._ahead),)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as out, listener:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pipeline.run.forkserver", str(listener.fileno()), *ahead],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env=env,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._folder is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
