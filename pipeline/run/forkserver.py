"""A small process that does the slow imports once and then forks a kernel or a worker for each that asks.

It is single-threaded and never runs anybody's code itself, so that a fork is safe; it is started as

    python -P -m pipeline.run.forkserver LISTENER_FD [MODULE,MODULE…]

with its standard input as a lifeline: when the process that started it ends, however it ends, the server ends all its
children and itself. A client sends one line of JSON (a `Request`), gets `{"pid": …}` from the child, then whatever the
child has to tell (a worker's events), and at last `{"exit": …, "peak": …}` from the server. When the client hangs up,
the child is killed: nothing outlives who asked for it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# Imported once, here. Modules that start threads or open connections when they are imported do not belong in this list.
PRELOAD = (
    "numpy",
    "pandas",
    "pyarrow.parquet",
    "duckdb",
    "narwhals",
    "scipy.stats",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "seaborn",
    "statsmodels.api",
    "statsmodels.tsa.api",
    "babel.numbers",
    "IPython.core.completer",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "papermill",
    "nbconvert.exporters.html",
    "typst",
    "pipeline.sources",
    "pipeline.records",
    "pipeline.measures",
    "pipeline.models",
    "pipeline.briefs",
    "pipeline.run.worker",
)
# Builds a grammar for 1.2 s when jsonschema finds it, for a format (IRI) that notebooks do not have; optional there.
SPARED = ("rfc3987_syntax",)


@dataclass(frozen=True)
class Request:
    """What to become after the fork."""

    kind: str  # "kernel": argv are those of ipykernel; "job": argv is the path of a job file
    argv: list[str]
    env: dict[str, str]
    cwd: str
    log: str = os.devnull


@dataclass
class Child:
    pid: int
    connection: socket.socket


@dataclass
class Server:
    """Accepts requests, forks, and tells each client how its child ended."""

    listener: socket.socket
    lifeline: int
    children: dict[int, Child] = field(default_factory=dict)  # by pid
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> Callable[[], int] | None:
        """Run until the lifeline breaks; in a forked child, return what the child has to do."""
        woken, waker = socket.socketpair()
        for end in (woken, waker, self.listener):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self.listener, selectors.EVENT_READ)
        self._selector.register(self.lifeline, selectors.EVENT_READ)
        self._selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self.listener:
                    if task := self._accept([woken, waker]):
                        return task
                elif key.fileobj is woken:
                    with suppress(BlockingIOError):
                        woken.recv(4096)
                    self._reap()
                elif key.fileobj == self.lifeline:
                    if not os.read(self.lifeline, 4096):
                        self._end_all()
                        return None
                else:
                    self._hung_up(key.data)

    def _accept(self, own: list[socket.socket]) -> Callable[[], int] | None:
        with suppress(BlockingIOError):
            connection, _ = self.listener.accept()
            connection.settimeout(10)
            try:
                request = Request(**json.loads(connection.makefile("r", encoding="utf-8").readline()))
            except (ValueError, TypeError, OSError):
                connection.close()
                return None
            pid = os.fork()
            if pid == 0:
                self._leave(own)
                return lambda: become(request, connection)
            self.children[pid] = Child(pid, connection)
            self._selector.register(connection, selectors.EVENT_READ, pid)
        return None

    def _leave(self, own: list[socket.socket]) -> None:
        """In the child: let go of everything that is the server's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for end in (self.listener, *own, *(c.connection for c in self.children.values())):
            end.close()
        self.children.clear()

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is None:
                continue
            with suppress(KeyError):
                self._selector.unregister(child.connection)
            with suppress(OSError):
                send(child.connection, exit=os.waitstatus_to_exitcode(status), peak=usage.ru_maxrss * 1024)
            child.connection.close()
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what the child itself started ends with it

    def _hung_up(self, pid: int) -> None:
        child = self.children.get(pid)
        if child is None:  # reaped a moment ago
            return
        with suppress(OSError):
            if child.connection.recv(4096):
                return
        self._selector.unregister(child.connection)
        end_group(pid)  # it is reaped, and forgotten, when its end is signalled

    def _end_all(self) -> None:
        for pid in self.children:
            end_group(pid)


def end_group(pid: int) -> None:
    """Kill a child and what it started; it may not have made its own group yet."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def send(connection: socket.socket, **message: object) -> None:
    """One line of JSON."""
    connection.sendall(json.dumps(message).encode() + b"\n")


def become(request: Request, connection: socket.socket) -> int:
    """In the child: take on the environment of the request and do its work."""
    os.setsid()
    os.environ.clear()
    os.environ.update(request.env)
    os.chdir(request.cwd)
    _standard_streams(request.log)
    _reseed()
    send(connection, pid=os.getpid())
    if request.kind == "kernel":
        connection.close()
        return _kernel(request.argv)
    from pipeline.run.worker import run

    with connection:
        return run(Path(request.argv[0]), lambda **event: send(connection, **event))


def _standard_streams(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(out)


def _reseed() -> None:
    """Forked processes would otherwise all draw the same random numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _kernel(argv: list[str]) -> int:
    from ipykernel.kernelapp import IPKernelApp

    os.environ["JPY_PARENT_PID"] = str(os.getppid())  # ipykernel ends itself when the server is gone
    signal.signal(signal.SIGINT, signal.default_int_handler)
    IPKernelApp.launch_instance(argv=argv)
    return 0


def preload(names: tuple[str, ...] = PRELOAD) -> None:
    """Import what can be imported; what cannot is left to the notebook that needs it, which says so in its own cell."""
    for name in SPARED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    for name in names:
        try:
            importlib.import_module(name)
        except (ImportError, SyntaxError) as error:
            print(f"not imported ahead: {name}: {error}", file=sys.stderr)
    for name in SPARED:
        if sys.modules.get(name) is None:
            sys.modules.pop(name, None)


def main(argv: list[str]) -> int:
    """Serve on the inherited listening socket until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us; its end is our end
    listener = socket.socket(fileno=int(argv[0]))
    preload(tuple(argv[1].split(",")) if argv[1:] else PRELOAD)
    gc.collect()
    gc.freeze()  # keep shared pages shared
    task = Server(listener, sys.stdin.fileno()).serve()
    return task() if task else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
