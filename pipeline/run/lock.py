"""Two runs into the same folders would write over each other: the second one waits for nobody and says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import InputError

LOCK = ".running"


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder for this process.

    Raises
    ------
    InputError
        If another run that is alive holds it, or it cannot be written to.
    """
    path = folder / LOCK
    for _ in range(2):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(str(os.getpid()))
            break
        except FileExistsError:
            holder = _holder(path)
            if holder is not None:
                raise InputError(
                    folder, f"another run (process {holder}) is at work here.", "Wait for its end, or end it."
                ) from None
            path.unlink(missing_ok=True)  # left by a run that was killed
        except OSError as error:
            problem = f"cannot be written to ({error.strerror})."
            raise InputError(
                folder, problem, "Check its permissions and the space left, or choose another folder."
            ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _holder(path: Path) -> int | None:
    """The process that holds it, if it is alive."""
    import psutil

    try:
        pid = int(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return None
    return pid if pid != os.getpid() and psutil.pid_exists(pid) else None
