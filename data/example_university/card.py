"""The source card of the example, with the checksums of the files just written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from files import NEW_INBOUND, OLD_INBOUND, OUTBOUND, UNIVERSITY
from office_papers import AGREEMENT_COLUMNS, AGREEMENTS, EVENT_COLUMNS, EVENT_KINDS, EVENTS, MODE_WORDS
from spellings import HSK, INBOUND, code_map
from spellings import OUTBOUND as OUTBOUND_WRITINGS

CARD = "source.yml"
HEAD = f"""# How to read this folder. Every record in it is simulated; `make example` makes the files again.
title: "{UNIVERSITY} 示例大学(模拟): register of student mobility, 2010-2024"
publisher: "{UNIVERSITY}"
name: {{en: "{UNIVERSITY}", zh: "示例大学（模拟）"}}
licence: "CC0-1.0"
retrieved: 2024-09-30
synthetic: true
origin_basis: citizenship
academic_year_starts: 9
tables:
"""
FOOTER = "^\\s*(合计|注：|制表：|Total|Note:)"
Table = dict[str, object]


def _stays(file: str, direction: str, columns: dict[str, str], **layout: object) -> Table:
    inbound = direction == "inbound"
    abroad, institution = ("origin", "home_institution") if inbound else ("destination", "host_institution")
    here, ours = ("destination", "host_institution") if inbound else ("origin", "home_institution")
    names = {"country": abroad, "institution": institution}
    named = {heading: names.get(column, column) for heading, column in columns.items() if column != "remark"}
    codes = code_map(INBOUND if inbound else OUTBOUND_WRITINGS)
    if inbound:
        codes["language_entry"] = codes["language_exit"] = {text: level for level, text in HSK.items()}
    codes = {column: texts for column, texts in codes.items() if column in named.values()}
    return {
        "table": "stays",
        "file": file,
        **layout,
        "direction": direction,
        "constants": {here: "CHN", ours: UNIVERSITY},
        "columns": named,
        "codes": codes,
        "skip_rows_matching": {next(iter(columns)): FOOTER},
    }


AGREEMENT_MODES = {words: mode for mode, words in MODE_WORDS.items()}
KINDS = {words: kind for kind, (words, *_) in EVENT_KINDS.items()}
TABLES: tuple[Table, ...] = (
    _stays("inbound-201[03]-*.csv", "inbound", OLD_INBOUND, encoding="gb18030"),
    _stays("inbound-201[69]-*.csv", "inbound", NEW_INBOUND, encoding="gb18030"),
    _stays("outbound-2010-*.xlsx", "outbound", OUTBOUND, sheet="Outbound", header_row=4),
    _stays("outbound-201[59]-*.xlsx", "outbound", OUTBOUND, sheet="Register", header_row=3),
    {
        "table": "agreements",
        "file": AGREEMENTS,
        "encoding": "utf-8",
        "columns": AGREEMENT_COLUMNS,
        "codes": {"mode": AGREEMENT_MODES},
    },
    {"table": "events", "file": EVENTS, "encoding": "utf-8", "columns": EVENT_COLUMNS, "codes": {"kind": KINDS}},
)


def write_card(folder: Path) -> None:
    """Write the card for the files in the folder."""
    lines = [HEAD]
    for table in TABLES:
        sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob(str(table["file"])))}
        for number, (key, value) in enumerate({**table, "sha256": sums}.items()):
            lines.append(("  - " if number == 0 else "    ") + f"{key}:{_yaml(value, 6)}")
    (folder / CARD).write_text("".join(lines), encoding="utf-8", newline="\n")


def _yaml(value: object, indent: int) -> str:
    """A value and its line end: words as they are, other texts in quotes, mappings below."""
    if not isinstance(value, dict):
        plain = isinstance(value, int) or str(value).replace("_", "").isalpha()
        return f" {value}\n" if plain else f" {json.dumps(value, ensure_ascii=False)}\n"
    if all(not isinstance(item, dict) for item in value.values()) and len(str(value)) < 90:
        inside = ", ".join(f"{_yaml(k, 0).strip()}: {_yaml(v, 0).strip()}" for k, v in value.items())
        return f" {{{inside}}}\n"
    return "\n" + "".join(f"{' ' * indent}{_yaml(k, 0).strip()}:{_yaml(v, indent + 2)}" for k, v in value.items())
