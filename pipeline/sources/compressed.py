"""Text files packed with gzip (.csv.gz, .tsv.gz …), as bulk downloads come: read through a copy that goes when the process ends."""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache
from pathlib import Path

from pipeline.errors import InputError
from pipeline.sources import delimited

SUFFIX = ".gz"
LARGEST = 64 << 30  # bytes of text; more is no table but a trap
RATIO = 500  # a table of numbers packs to a tenth or a fiftieth; a thousandth is a trap
_BLOCK = 1 << 20


def inner_suffix(path: Path) -> str:
    """The suffix of what is packed, in lower case; of another file its own.

    Examples
    --------
    >>> inner_suffix(Path("estat_educ_uoe_mobs02.tsv.gz")), inner_suffix(Path("a.CSV")), inner_suffix(Path("b.gz"))
    ('.tsv', '.csv', '')
    """
    if path.suffix.lower() != SUFFIX:
        return path.suffix.lower()
    return Path(path.stem).suffix.lower()


def unpacked(path: Path) -> Path:
    """A copy of the packed text under its own name.

    Raises
    ------
    InputError
        If it is damaged, cut off, or unpacks to far more than a table does.
    """
    stat = path.stat()
    return _unpacked(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _unpacked(path: Path, size: int, changed: int) -> Path:
    copy = delimited.new_folder() / path.stem
    most = min(LARGEST, max(size * RATIO, 64 << 20))
    try:
        with gzip.open(path, "rb") as packed, copy.open("wb") as file:
            total = 0
            while block := packed.read(_BLOCK):
                total += len(block)
                if total > most:
                    raise InputError(
                        path, f"unpacks to more than {most >> 20} MiB, as no table does.", "Get the file again."
                    )
                file.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, f"is not a whole gzip file ({error}).", "Get the file again.") from None
    if not total:
        raise InputError(path, "is empty once unpacked.", "Put the file in place again.")
    return copy
