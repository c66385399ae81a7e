"""Compression whose bytes are the same everywhere.

zlib, zlib-ng and Apple's zlib compress the same text to different bytes, so a workbook written with whichever is installed
could not be compared with the committed one. This is the least of RFC 1951 that serves: nearest earlier match by a table of four-byte keys,
one block with the fixed codes.
"""

from __future__ import annotations

WINDOW, LONGEST, KEY = 32768, 258, 4
_LENGTHS = (  # (code, extra bits, first length)
    *((257 + i, 0, 3 + i) for i in range(8)),
    *((265 + i, 1, 11 + 2 * i) for i in range(4)),
    *((269 + i, 2, 19 + 4 * i) for i in range(4)),
    *((273 + i, 3, 35 + 8 * i) for i in range(4)),
    *((277 + i, 4, 67 + 16 * i) for i in range(4)),
    *((281 + i, 5, 131 + 32 * i) for i in range(4)),
)


def _reversed(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)


def _fixed(symbol: int) -> tuple[int, int]:
    """The fixed code of a literal or length symbol, as bits to be written from the lowest, and their number."""
    if symbol < 144:
        return _reversed(0x30 + symbol, 8), 8
    if symbol < 256:
        return _reversed(0x190 + symbol - 144, 9), 9
    if symbol < 280:
        return _reversed(symbol - 256, 7), 7
    return _reversed(0xC0 + symbol - 280, 8), 8


def _length_codes() -> list[tuple[int, int]]:
    codes = [(0, 0)] * (LONGEST + 1)
    for symbol, extra, first in _LENGTHS:
        bits, size = _fixed(symbol)
        for offset in range(1 << extra):
            if first + offset < LONGEST:
                codes[first + offset] = (bits | offset << size, size + extra)
    codes[LONGEST] = _fixed(285)
    return codes


def _distance_codes() -> list[tuple[int, int, int]]:
    """(first distance, bits of the code, extra bits) of the thirty codes."""
    codes, first = [], 1
    for symbol in range(30):
        extra = max(0, symbol // 2 - 1)
        codes.append((first, _reversed(symbol, 5), extra))
        first += 1 << extra
    return codes


_LITERALS = [_fixed(symbol) for symbol in range(257)]
_LENGTH_CODES = _length_codes()
_DISTANCES = _distance_codes()


def _distance(value: int) -> tuple[int, int]:
    symbol = value - 1
    if symbol >= 4:
        extra = (value - 1).bit_length() - 2
        symbol = 2 * extra + ((value - 1) >> extra)
    first, bits, extra = _DISTANCES[symbol]
    return bits | (value - first) << 5, 5 + extra


def deflate(data: bytes) -> bytes:
    """Raw DEFLATE data.

    >>> import zlib
    >>> zlib.decompress(deflate(b"over and over and over"), wbits=-15)
    b'over and over and over'
    """
    out = bytearray()
    buffer, held = 3, 3  # last block, fixed codes
    seen: dict[bytes, int] = {}
    place, end = 0, len(data)
    while place < end:
        key = data[place : place + KEY]
        before = seen.get(key, -WINDOW - 1)
        seen[key] = place
        if place - before <= WINDOW and len(key) == KEY:
            size = _match(data, before, place, min(LONGEST, end - place))
            bits, width = _LENGTH_CODES[size]
            far, more = _distance(place - before)
            bits |= far << width
            width += more
            for inside in range(place + 1, place + min(size, 6)):
                seen[data[inside : inside + KEY]] = inside
            place += size
        else:
            bits, width = _LITERALS[data[place]]
            place += 1
        buffer |= bits << held
        held += width
        if held >= 512:
            whole = held // 8
            out += (buffer & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
            buffer >>= 8 * whole
            held -= 8 * whole
    bits, width = _LITERALS[256]
    buffer |= bits << held
    out += buffer.to_bytes((held + width + 7) // 8, "little")
    return bytes(out)


def _match(data: bytes, before: int, place: int, most: int) -> int:
    """How many bytes are alike from two places on."""
    size = KEY
    while size + 16 <= most and data[before + size : before + size + 16] == data[place + size : place + size + 16]:
        size += 16
    while size < most and data[before + size] == data[place + size]:
        size += 1
    return size
