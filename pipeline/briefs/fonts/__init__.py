"""The two typefaces of the briefs, and what they can set.

Source Sans 3 (Latin, Greek, Cyrillic) and Noto Sans SC (Chinese, subset to the 8,105 characters of the 通用规范汉字表 by
`subset.py`), regular and bold, both under the SIL Open Font License beside them. A character that neither has is set as
the replacement mark 〓 and reported, so that a rare name never costs a brief.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
LATIN = "Source Sans 3"
CHINESE = "Noto Sans SC"
FILES = {
    (LATIN, "regular"): "SourceSans3-Regular.ttf",
    (LATIN, "bold"): "SourceSans3-Bold.ttf",
    (CHINESE, "regular"): "NotoSansSC-Regular.ttf",
    (CHINESE, "bold"): "NotoSansSC-Bold.ttf",
}
REPLACEMENT = "〓"


def font_files() -> list[Path]:
    """The font files, Latin before Chinese."""
    return [FOLDER / name for name in FILES.values()]


def general_standard_characters() -> list[str]:
    """The 通用规范汉字表: three strings, one a tier.

    >>> [len(tier) for tier in general_standard_characters()]
    [3500, 3000, 1605]
    """
    tiers: list[str] = []
    for line in (FOLDER / "tgscc-8105.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# tier"):
            tiers.append("")
        elif tiers and not line.startswith("#"):
            tiers[-1] += line
    return tiers


@lru_cache(maxsize=1)
def coverage() -> frozenset[int]:
    """Code points that the project's fonts can set in regular and bold alike."""
    from fontTools.ttLib import TTFont

    by_weight: dict[str, set[int]] = {"regular": set(), "bold": set()}
    for (_, weight), name in FILES.items():
        with TTFont(FOLDER / name, lazy=True) as font:
            by_weight[weight] |= set(font["cmap"].getBestCmap())
    return frozenset(by_weight["regular"] & by_weight["bold"])


def settable(text: str) -> tuple[str, list[str]]:
    """The text with every character that no font has replaced by 〓, and the characters that were replaced.

    Control characters other than the line feed are dropped; composed forms are preferred (NFC), so that an accent written apart
    from its letter is found.

    >>> settable("𰻝𰻝面")
    ('〓〓面', ['𰻝'])
    >>> settable("Łódź, São Paulo")
    ('Łódź, São Paulo', [])
    """
    if text.isascii():
        return "".join(c for c in text if c.isprintable() or c == "\n"), []
    known, out, missing = coverage(), [], []
    for char in unicodedata.normalize("NFC", text):
        if char == "\n" or ord(char) in known:
            out.append(char)
        elif unicodedata.category(char) not in ("Cc", "Cf", "Mn"):
            out.append(REPLACEMENT)
            missing.append(char)
        elif unicodedata.category(char) == "Mn":
            missing.append(char)
    return "".join(out), sorted(set(missing))
