"""The Chinese of one page as a web font: only the characters that the page uses, so that it is readable on any machine."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

from pipeline.briefs.fonts import CHINESE, FILES, FOLDER, coverage

FAMILY = "Brief Han"
FIRST = 0x2E80  # below are the scripts that every system's fonts have
WEIGHTS = {"regular": 400, "bold": 700}


def han(text: str) -> frozenset[int]:
    """The code points of a text that a machine without Chinese fonts could not show, and the project's font can.

    >>> sorted(map(chr, han("2024/25 学年, 𰻝")))
    ['学', '年']
    """
    return frozenset(ord(char) for char in set(text) if ord(char) >= FIRST) & coverage()


@lru_cache(maxsize=8)
def _web_font(code_points: frozenset[int], weight: str) -> bytes:
    from fontTools import subset

    options = subset.Options()
    options.flavor = "woff"
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 13, 14]
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["GDEF", "GPOS", "GSUB", "STAT", "gasp", "prep"]
    font = subset.load_font(str(FOLDER / FILES[CHINESE, weight]), options, lazy=True)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=code_points)
    worker.subset(font)
    out = io.BytesIO()
    subset.save_font(font, out, options)
    return out.getvalue()


def font_faces(text: str) -> str:
    """CSS that carries the characters of a text, regular and bold; empty when it has none.

    >>> font_faces("Students in 2024/25")
    ''
    """
    code_points = han(text)
    if not code_points:
        return ""
    rules = []
    for weight, number in WEIGHTS.items():
        data = base64.b64encode(_web_font(code_points, weight)).decode()
        rules.append(
            f'@font-face {{ font-family: "{FAMILY}"; font-weight: {number};'
            f' src: url("data:font/woff;base64,{data}") format("woff"); }}'
        )
    return "\n".join(rules)
