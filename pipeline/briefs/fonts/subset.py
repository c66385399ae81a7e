"""Make the font files of this folder from the published ones: `python -m pipeline.briefs.fonts.subset FOLDER`.

FOLDER holds the unpacked npm packages @expo-google-fonts/source-sans-3 and @expo-google-fonts/noto-sans-sc (`npm pack NAME`,
then unpack; both OFL 1.1). Noto Sans SC is cut to the 通用规范汉字表, Latin, punctuation and full-width forms. Source Sans 3 is
copied as it is: its licence reserves the name "Source" for unchanged files. Needs fonttools, a development dependency.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pipeline.briefs.fonts import CHINESE, FILES, FOLDER, LATIN, general_standard_characters
from pipeline.errors import InputError

# Latin, general punctuation, currency, arrows, mathematics, boxes and shapes, CJK punctuation, full-width forms.
RANGES = (
    (0x0020, 0x007E),
    (0x00A0, 0x00FF),
    (0x2010, 0x203B),
    (0x20AC, 0x20AC),
    (0x2103, 0x2122),
    (0x2160, 0x217B),
    (0x2190, 0x2193),
    (0x2212, 0x2265),
    (0x2460, 0x2473),
    (0x25A0, 0x25CF),
    (0x3000, 0x3017),
    (0xFE30, 0xFE4F),
    (0xFF01, 0xFF5E),
    (0xFFE0, 0xFFE6),
)
PUBLISHED = {
    (LATIN, "regular"): "SourceSans3_400Regular.ttf",
    (LATIN, "bold"): "SourceSans3_700Bold.ttf",
    (CHINESE, "regular"): "NotoSansSC_400Regular.ttf",
    (CHINESE, "bold"): "NotoSansSC_700Bold.ttf",
}
# Layout features that brief text needs; vertical writing and regional forms are left out.
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "liga", "halt", "palt", "chws", "tnum", "lnum"]


def wanted_code_points() -> set[int]:
    """Every code point that the subset keeps.

    >>> len(wanted_code_points()) > 8105 + 95
    True
    """
    han = {ord(char) for tier in general_standard_characters() for char in tier}
    return han | {code for first, last in RANGES for code in range(first, last + 1)}


def find(folder: Path, name: str) -> Path:
    """The published file of that name somewhere under the folder."""
    found = sorted(folder.rglob(name))
    if not found:
        raise InputError(folder, f"holds no {name}.", "Unpack the two npm packages named in subset.py there.")
    return found[0]


def cut(source: Path, target: Path) -> int:
    """Write the subset of a font; gives the number of code points kept."""
    from fontTools import subset

    options = subset.Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["vhea", "vmtx", "BASE"]
    options.recalc_timestamp = False
    font = subset.load_font(str(source), options)
    wanted = wanted_code_points()
    lacking = {ord(c) for tier in general_standard_characters() for c in tier} - set(font["cmap"].getBestCmap())
    if lacking:
        raise InputError(source, f"lacks {len(lacking)} characters of the 通用规范汉字表.", "Take a newer release.")
    worker = subset.Subsetter(options)
    worker.populate(unicodes=wanted)
    worker.subset(font)
    subset.save_font(font, str(target), options)
    return len(font["cmap"].getBestCmap())


def main(folder: Path, out: Path = FOLDER) -> None:
    """Write all font files and their licences."""
    for (family, weight), name in PUBLISHED.items():
        source, target = find(folder, name), out / FILES[family, weight]
        if family == CHINESE:
            kept = cut(source, target)
            print(f"{target.name}: {kept:,} characters, {target.stat().st_size / 1e6:.2f} MB")
        else:
            shutil.copyfile(source, target)
            print(f"{target.name}: as published, {target.stat().st_size / 1e6:.2f} MB")
        licence = "OFL-NotoSansSC.txt" if family == CHINESE else "OFL-SourceSans3.txt"
        shutil.copyfile(source.parents[1] / "LICENSE_FONT", out / licence)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
