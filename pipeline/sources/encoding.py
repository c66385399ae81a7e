"""How the bytes of a text file become characters: detect, check, and convert to UTF-8 without loading the file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import InputError, SettingsError

BLOCK = 1 << 22  # bytes read at a time
SAMPLE = 1 << 17  # bytes that the guess of a legacy encoding rests on
_LONG = 1 << 20  # bytes from which on Arrow looks at them, four times as quick as decoding
DETECT = "detect"
_MARKS = {  # byte order mark -> encoding; longer marks first, as one begins like another
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "big5": "cp950",
    "euc_kr": "cp949",
}
_CANDIDATES = ["gb18030", "big5", "cp932", "cp949", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1256"]


def canonical(name: str, where: object = "encoding") -> str:
    """Python's name of an encoding; the usual supersets stand for their subsets (GB2312 and GBK for GB18030).

    Raises
    ------
    SettingsError
        If there is no such encoding.

    Examples
    --------
    >>> canonical("GBK"), canonical("UTF8"), canonical("detect")
    ('gb18030', 'utf-8', 'detect')
    """
    if name.strip().lower() == DETECT:
        return DETECT
    try:
        known = codecs.lookup(name.strip()).name
        "".encode(known)
    except LookupError:
        todo = "Use utf-8, gb18030, big5, cp1252, utf-16 … or detect."
        raise SettingsError(where, f"{name!r} is not an encoding that is known.", todo) from None
    return _SUPERSETS.get(known, known)


def detect(path: Path) -> str:
    """The encoding of a text file: by its byte order mark, as UTF-8 when it is valid, else the likeliest legacy encoding.

    Raises
    ------
    InputError
        If no encoding reads the file as text.
    """
    stat = path.stat()
    return _detect(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _detect(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    for mark, name in _MARKS.items():
        if sample.startswith(mark):
            return name
    if b"\0" in sample[:4096]:
        raise InputError(
            path, "is not a text file (it holds zero bytes).", "Save it as CSV (UTF-8) or as an Excel workbook."
        )
    return "utf-8" if _is_utf8(path) else _legacy(path, _first_foreign(path) or sample)


def _is_utf8(path: Path) -> bool:
    with path.open("rb") as file:
        return all(is_utf8(block) for block, _ in blocks(file))


def is_utf8(text: bytes) -> bool:
    """Whether bytes are UTF-8, without making characters of many of them.

    >>> is_utf8("北京".encode()), is_utf8("北京".encode("gb18030"))
    (True, False)
    """
    if len(text) < _LONG:
        try:
            text.decode()
        except UnicodeDecodeError:
            return False
        return True
    import pyarrow as pa

    ends = pa.array([0, len(text)], pa.int64()).buffers()[1]
    try:
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(text)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _first_foreign(path: Path) -> bytes:
    """Whole lines around the first byte beyond ASCII, so that a long plain beginning does not hide what the guess needs."""
    with path.open("rb") as file:
        for block, _ in blocks(file):
            if not block.isascii():
                at = next(i for i, byte in enumerate(block) if byte > 127)
                start = block.rfind(b"\n", 0, at) + 1
                end = block.find(b"\n", start + SAMPLE)
                return block[start : end if end >= 0 else len(block)]
    return b""


def _legacy(path: Path, sample: bytes) -> str:
    """GB18030 is asked first, by the share of its common characters: the general guesser takes short Chinese for other encodings."""
    if _share_of_common_hanzi(sample) > 0.8:
        return "gb18030"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    if best is None:
        todo = "Write the encoding in source.yml (encoding: gb18030, say), or save the file as UTF-8."
        raise InputError(path, "the encoding could not be detected.", todo)
    return canonical(best.encoding)


def _share_of_common_hanzi(sample: bytes) -> float:
    try:
        foreign = [c for c in sample.decode("gb18030") if ord(c) > 127]
    except UnicodeDecodeError:
        return 0.0
    common = sum(1 for c in foreign if _is_common(c))
    return common / len(foreign) if foreign else 0.0


@lru_cache(maxsize=4096)
def _is_common(character: str) -> bool:
    """Level 1 of GB 2312 (3,755 characters) or its punctuation and full-width forms."""
    try:
        first = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= first <= 0xD7 or first in (0xA1, 0xA3)


def blocks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Blocks that end with a line, each with the number of lines before it (for encodings in which byte 10 is always a line feed)."""
    rest, lines = b"", 0
    while read := file.read(BLOCK):
        end = read.rfind(b"\n") + 1
        if not end:
            rest += read
            continue
        block = rest + read[:end]
        yield block, lines
        lines += block.count(b"\n")
        rest = read[end:]
    if rest:
        yield rest, lines


def utf8_blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """The text of a file as checked UTF-8, in blocks that end with a line.

    Raises
    ------
    InputError
        Names the line with bytes that are not of this encoding.
    """
    if encoding.startswith(("utf-16", "utf-32")):
        yield _decode(path, path.read_bytes(), encoding, 0).encode()
        return
    as_is = encoding in ("utf-8", "utf-8-sig")
    with path.open("rb") as file:
        for block, lines in blocks(file):
            text = _decode(path, block, "utf-8" if as_is else encoding, lines)
            yield block if as_is else text.encode()


def _decode(path: Path, block: bytes, encoding: str, lines: int) -> str:
    try:
        return block.decode(encoding)
    except UnicodeDecodeError as error:
        before = block[: error.start]
        line = lines + 1 + before.count(b"\n")
        bad = block[error.start : error.start + 1].hex().upper()
        problem = f"line {line}: byte 0x{bad} is not {encoding}."
        raise InputError(
            path, problem, "Write the right encoding in source.yml (or encoding: detect), or mend that line."
        ) from None
