"""Kernels for notebooks in a run: forked from a process with the imports done where that is safe, ordinary ones elsewhere.

Starting an ordinary kernel and importing the stack takes seconds; a fork takes milliseconds. `ForkProvisioner` is a kernel
provisioner (jupyter_client's extension point, entry point `mobility-fork`), `RunKernelManager` the kernel manager that
papermill is given: it asks for that provisioner, and talks over IPC sockets, so that kernels started at the same moment
cannot race for a port (nteract/papermill#511).
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from pipeline.run.forking import ForkedProcess, ForkError
from pipeline.run.protocol import ADDRESS

log = logging.getLogger(__name__)
IPC = os.name == "posix"


class ForkProvisioner(LocalProvisioner):
    """Launches kernels by fork from the server named in `MOBILITY_FORK_SERVER`, or as ordinary processes without one.

    Attributes
    ----------
    peak
        Peak resident memory of the kernel in bytes, known when a forked one has ended.
    """

    peak: int | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel; when that fails, start an ordinary one and say so in the log."""
        address = os.environ.get(ADDRESS)
        module = "ipykernel_launcher"
        if not address or module not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        env = dict(kwargs.get("env") or os.environ)
        cwd = str(kwargs.get("cwd") or Path.cwd())
        try:
            process = ForkedProcess.start(address, "kernel", cmd[cmd.index(module) + 1 :], env, cwd)
        except ForkError as error:
            log.warning("the kernel could not be forked (%s); an ordinary one is started instead", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.process = process  # type: ignore[assignment]  # it has the part of Popen's face that is used
        self.pid = self.pgid = process.pid
        self.cwd = cwd
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the kernel's end and keep its peak memory."""
        process = self.process
        code = await super().wait()
        if isinstance(process, ForkedProcess):
            self.peak = process.peak
            process.close()
        return code


class RunKernelManager(AsyncKernelManager):
    """A kernel of this very Python, whatever kernel specs are installed, over sockets in a private folder."""

    def __init__(self, **kwargs: Any) -> None:
        if IPC:  # a short path: the address of a Unix socket may have some hundred characters
            self._folder: tempfile.TemporaryDirectory[str] | None = tempfile.TemporaryDirectory(prefix="mob-")
            kwargs |= {"transport": "ipc", "connection_file": str(Path(self._folder.name) / "k.json")}
        else:
            self._folder = None
        super().__init__(**kwargs)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The spec is made here: one in the user's home could belong to another Python."""
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3 (student-mobility)",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": "mobility-fork", "config": {}}},
        )

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets and their folder."""
        super().cleanup_ipc_files()
        if self._folder is not None:
            self._folder.cleanup()
