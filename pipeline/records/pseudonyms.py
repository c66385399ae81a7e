"""Student numbers become pseudonyms: the same student keeps one, and nobody can count back to the number without the key.

The pseudonym is a keyed digest, SHA-256 within SHA-256 with two keys made from the environment variable MOBILITY_PSEUDONYM_KEY (the NMAC construction of
Bellare, Canetti and Krawczyk 1996, from which HMAC comes), because every engine computes SHA-256 itself. Student numbers are short and can be tried
one after the other, so an office that publishes or shares tables must set a key of its own; without one a default is used that is no secret, and a
check of the data-quality statement says so.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable

import narwhals as nw
import pyarrow as pa

from pipeline.records.engine import Engine, digest
from pipeline.records.text import MISSING, SPACES, is_missing, tidy

VARIABLE = "MOBILITY_PSEUDONYM_KEY"
_DEFAULT = "student-mobility"
_PLAIN = r"^[!-~]*$"
_SIMPLE = r"^[0-9A-Z]*[0-9][0-9A-Z]*$"  # already as it is compared, and none of the words for "missing"


def has_own_key() -> bool:
    """Whether the office has set a key of its own."""
    return bool(os.environ.get(VARIABLE))


def _keys() -> tuple[str, str]:
    secret = (os.environ.get(VARIABLE) or _DEFAULT).encode()
    inner, outer = (hashlib.blake2b(secret, digest_size=16, person=part).hexdigest() for part in (b"inner", b"outer"))
    return inner, outer


def student_number(text: str) -> str | None:
    """A student number as it is compared: tidy, in capitals, without the ".0" of a spreadsheet; None when there is none.

    >>> student_number(" ｓ2012001"), student_number("2012001.0"), student_number("n/a")
    ('S2012001', '2012001', None)
    """
    if is_missing(text):
        return None
    return re.sub(r"^([0-9]+)\.0$", r"\1", tidy(text).upper())


def pseudonyms(numbers: Iterable[str | None]) -> list[str | None]:
    """The pseudonyms of student numbers, as `student_key` has them.

    >>> a, b, c = pseudonyms(["S1", " ｓ１", None])
    >>> a == b, len(a), c
    (True, 16, None)
    """
    inner, outer = _keys()
    found = (None if number is None else student_number(number) for number in numbers)
    return [None if number is None else digest(outer + digest(inner + number)) for number in found]


def key_mark() -> str:
    """A digest by which one notices that the key is another; it does not give the key away."""
    return digest("mark" + "".join(_keys()))


def add_student_key(frame: nw.LazyFrame, raw: str, engine: Engine, rows: nw.LazyFrame) -> nw.LazyFrame:
    """Add `student_key`, made of the column `raw`.

    Numbers in plain letters and digits, nearly all, are read by expressions; the distinct others in Python.

    Parameters
    ----------
    frame, raw, engine
        The rows, their column of numbers as written, and where they live.
    rows
        Rows with the same column that can be read once more at little cost.
    """
    written = nw.col(raw)
    stripped = written.str.strip_chars(SPACES)
    simple, plain = written.str.contains(_SIMPLE), stripped.str.contains(_PLAIN)
    odd = rows.select(raw).filter(~simple).filter(~plain).unique()
    texts = [text for text in engine.arrow(odd)[raw].to_pylist() if text is not None]
    names = pa.array([student_number(t) for t in texts], pa.string())
    if texts or not engine.literals:
        frame = engine.look_up(frame, {raw: pa.table({raw: pa.array(texts, pa.string()), "_odd": names})})
    else:
        frame = frame.with_columns(_odd=nw.lit(None).cast(nw.String))
    upper = stripped.str.to_uppercase()
    whole = nw.when(upper.str.contains(r"^[0-9]+\.0$")).then(upper.str.replace_all(r"\.0$", "")).otherwise(upper)
    missing = sorted({text.upper() for text in MISSING})
    number = nw.when(simple).then(written).when(~plain).then(nw.col("_odd")).when(~upper.is_in(missing)).then(whole)
    inner, outer = _keys()
    frame = frame.with_columns(_number=number).with_columns(_keyed=nw.concat_str(nw.lit(inner), nw.col("_number")))
    frame = engine.digest(frame, "_keyed", "_inner")
    frame = frame.with_columns(_keyed=nw.concat_str(nw.lit(outer), nw.col("_inner")))
    return engine.digest(frame, "_keyed", "student_key").drop("_odd", "_number", "_keyed", "_inner")
