"""Forked kernels and workers: they do the work, tell their events, and never outlive who asked for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from pipeline.run.forking import FORK_IS_SAFE, ForkedProcess, ForkError, ForkServer
from pipeline.run.jobs import Job, Outcome
from pipeline.run.protocol import ADDRESS
from pipeline.run.worker import run


@pytest.fixture
def job(tmp_path: Path, make_notebook):
    """Makes a job out of cells."""

    def make(*cells: str, parameters: str = "x = 1", given: dict | None = None, address: str = "") -> Job:
        (tmp_path / "stage").mkdir(exist_ok=True)
        return Job(
            id="test",
            stage=str(tmp_path / "stage"),
            cwd=str(tmp_path),
            env={ADDRESS: address} if address else {},
            notebook=str(make_notebook(tmp_path / "n.ipynb", parameters, *cells)),
            parameters=given or {},
            executed=str(tmp_path / "out" / "n.ipynb"),
        )

    return make


def fork(job: Job, address: str) -> tuple[ForkedProcess, Path]:
    folder = Path(job.cwd)
    log = folder / "log"
    argv = [str(job.write(folder / "job.json"))]
    return ForkedProcess.start(address, "job", argv, dict(os.environ), str(folder), str(log)), log


def gone(pid: int, within: float = 5.0) -> bool:
    """Whether a process ends soon (a zombie has ended)."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def printed(path: Path, cell: int) -> str:
    return "".join(o.get("text", "") for o in nbformat.read(path, 4).cells[cell].outputs)


def test_a_forked_notebook_runs_with_its_parameters_and_tells_where_it_is(server, job):
    asked = job("import os, pandas; print(x, os.getpgid(0) == os.getpid())", given={"x": 5}, address=server)
    process, log = fork(asked, server)
    events = []
    while process.poll() is None:
        events += process.take_events()
    assert process.returncode == 0, log.read_text()
    assert printed(Path(asked.executed), 3) == "5 True\n"
    assert {"cell": 3, "of": 3} in events + process.take_events()
    outcome = Outcome.read(asked.outcome)
    assert outcome.status == "done"
    assert outcome.peak > 5e7
    assert process.peak > 5e7


def test_forked_kernels_do_not_share_random_numbers(server, job):
    drawn = set()
    for _ in range(2):
        asked = job("import random, numpy as np; print(random.random(), np.random.rand())", address=server)
        process, _ = fork(asked, server)
        assert process.wait(60) == 0
        drawn |= set(printed(Path(asked.executed), 2).split())
    assert len(drawn) == 4


def test_a_broken_cell_is_named_by_its_number_in_the_committed_notebook(server, job):
    asked = job("y = 1", "raise ValueError('no such partner')", given={"x": 2}, address=server)
    Path(asked.executed).parent.mkdir()
    Path(asked.executed).write_text("the last good one")
    process, _ = fork(asked, server)
    assert process.wait(60) == 1
    outcome = Outcome.read(asked.outcome)
    assert (outcome.problem, outcome.cell, outcome.error) == ("notebook", 4, "ValueError: no such partner")
    assert Path(asked.executed).read_text() == "the last good one"
    failed = nbformat.read(Path(asked.executed).with_suffix(".failed.ipynb"), 4)
    assert any(o.output_type == "error" for c in failed.cells for o in c.get("outputs", []))


def test_a_kernel_that_dies_is_no_kernel_that_never_started(server, job):
    asked = job("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", address=server)
    process, _ = fork(asked, server)
    assert process.wait(60) == 1
    outcome = Outcome.read(asked.outcome)
    assert outcome.problem == "notebook"
    assert "kernel died" in outcome.error
    assert outcome.attempts == 1


def test_a_kernel_that_never_starts_is_tried_again_and_told_apart(job, monkeypatch):
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner

    async def broken(self, cmd, **kwargs):
        return await launch(self, [sys.executable, "-c", "raise SystemExit(3)"], **kwargs)

    launch = LocalProvisioner.launch_kernel
    monkeypatch.setattr(LocalProvisioner, "launch_kernel", broken)
    asked = job("1 + 1")
    assert run(asked.write(Path(asked.cwd) / "job.json"), lambda **_: None) == 1
    outcome = Outcome.read(asked.outcome)
    assert outcome.problem == "kernel"
    assert outcome.attempts == 3


def test_hanging_up_ends_worker_and_kernel(server, job, tmp_path):
    asked = job(
        f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))", "import time; time.sleep(60)"
    )
    asked = Job(**{**vars(asked), "env": {ADDRESS: server}})
    process, _ = fork(asked, server)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert process.poll() is None
        time.sleep(0.05)
    kernel = int((tmp_path / "pid").read_text())
    process.close()
    assert gone(process.pid)
    assert gone(kernel)


def test_nothing_outlives_a_killed_run(tmp_path):
    if not FORK_IS_SAFE:
        pytest.skip("forking is not safe on this system; ordinary processes are used")
    script = """
import os, sys, time
from pathlib import Path
import pipeline.run.forkserver, pipeline.run.forking as forking
with forking.ForkServer(Path("server.log"), ("ipykernel.kernelapp",)) as server:
    child = forking.ForkedProcess.start(server.address, "kernel", ["-f", str(Path("k.json").resolve())], dict(os.environ), ".")
    print(server._process.pid, child.pid, flush=True)
    time.sleep(60)
"""
    running = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    pids = [int(p) for p in running.stdout.readline().split()]
    assert len(pids) == 2
    running.kill()
    running.wait()
    assert all(gone(p) for p in pids)


def test_without_a_server_asking_fails_and_the_provisioner_falls_back(tmp_path, job):
    with pytest.raises(ForkError):
        ForkedProcess.start(str(tmp_path / "none"), "kernel", [], {}, ".")
    asked = job("print(x)", address=str(tmp_path / "none"))
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "pipeline.run.worker",
            str(asked.write(tmp_path / "job.json")),
            str(tmp_path / "events"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert process.returncode == 0, process.stderr
    assert "could not be forked" in process.stderr
    assert printed(Path(asked.executed), 2) == "1\n"
    assert {"cell": 3, "of": 3} in [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]


def test_the_server_has_no_python_threads_and_imports_what_it_promises(tmp_path):
    if not FORK_IS_SAFE:
        pytest.skip("forking is not safe on this system; ordinary processes are used")
    script = (
        "import threading; from pipeline.run.forkserver import preload; preload();"
        "print(threading.active_count(), 'rfc3987_syntax' in __import__('sys').modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.stdout.split() == ["1", "False"]
    assert "not imported ahead" not in done.stderr


def test_the_server_ends_with_its_context(tmp_path):
    if not FORK_IS_SAFE:
        pytest.skip("forking is not safe on this system; ordinary processes are used")
    with ForkServer(tmp_path / "log", ("json",)) as running:
        pid, address = running._process.pid, Path(running.address)
        assert address.exists()
    assert gone(pid)
    assert not address.parent.exists()
