"""What the gettext catalogues hold: reading them, and finding every message that the code asks for.

Messages are English sentences written in the code as `w("…")`; `pipeline/briefs/locale/<language>.po` holds them in other languages.
`python -m pipeline.briefs.catalogue` adds to the catalogue every message it lacks, empty, to be filled by a translator.
"""

from __future__ import annotations

import ast
import json
import string
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages import Catalog

LOCALE = Path(__file__).parent / "locale"
# Names under which code calls the translator: w("…"), words("…"), self.words("…"), self("…") within Words, and N_("…") for messages kept in tables.
CALLERS = frozenset({"w", "words", "self", "N_"})


@dataclass(frozen=True)
class Message:
    """A message in the code: its English text (and plural), and where it stands."""

    text: str
    plural: str
    file: str
    line: int


def N_(text: str) -> str:  # noqa: N802  (gettext's own name for it)
    """Mark a message that is translated later; gives the text itself."""
    return text


def placeholders(text: str) -> set[str]:
    """The names in braces.

    >>> sorted(placeholders("{n} students in {period}"))
    ['n', 'period']
    """
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@lru_cache(maxsize=8)
def _catalogue(language: str, folder: Path) -> Catalog | None:
    path = folder / f"{language}.po"
    if not path.is_file():
        return None
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale=language)


@lru_cache(maxsize=8)
def _load(language: str, folder: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for message in _catalogue(language, folder) or ():
        if not message.id or message.fuzzy:
            continue
        key = (message.id, "") if isinstance(message.id, str) else (message.id[0], message.id[1])
        said = message.string or ""
        found[key] = (said,) if isinstance(said, str) else tuple(said)
    return found


def load(language: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """The catalogue of a language: (message, plural or "") to its translations; empty for English.

    >>> load("zh")["joint training", ""]
    ('联合培养',)
    """
    return _load(language, LOCALE)


def form_for(language: str, n: float) -> int:
    """Which plural form a number takes, by the rule at the head of the language's catalogue.

    >>> form_for("zh", 1), form_for("zh", 5)
    (0, 0)
    """
    from gettext import c2py

    catalogue = _catalogue(language, LOCALE)
    return 0 if catalogue is None else c2py(catalogue.plural_expr)(int(n))


def forget() -> None:
    """Read the catalogues anew next time, because a file has changed."""
    _catalogue.cache_clear()
    _load.cache_clear()


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _in_source(source: str, file: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source, file)):
        if not (isinstance(node, ast.Call) and _name(node.func) in CALLERS and node.args):
            continue
        texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if texts:
            yield Message(texts[0], texts[1] if len(texts) > 1 else "", file, node.lineno)


def messages(paths: Iterable[Path]) -> list[Message]:
    """Every message in Python files, notebooks, or folders of them.

    Examples
    --------
    >>> any(m.text == "joint training" for m in messages([LOCALE.parent / "vocabulary.py"]))
    True
    """
    found: list[Message] = []
    for path in paths:
        files = sorted([*path.rglob("*.py"), *path.rglob("*.ipynb")]) if path.is_dir() else [path]
        for file in files:
            if file.suffix == ".ipynb":
                cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
                code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
                for cell in code:
                    if not cell.lstrip().startswith("%"):
                        found += _in_source(cell, file.name)
            else:
                found += _in_source(file.read_text(encoding="utf-8"), file.name)
    return found


def complete(language: str, paths: Iterable[Path]) -> int:
    """Add the messages that a catalogue lacks, empty, at its end; gives how many were added."""
    known, added, lines = load(language), set(), []
    for message in messages(paths):
        key = (message.text, message.plural)
        if key in known or key in added:
            continue
        added.add(key)
        quote = lambda text: json.dumps(text, ensure_ascii=False)  # noqa: E731
        lines.append(f"\n#: {message.file}:{message.line}\nmsgid {quote(message.text)}")
        lines.append(f'msgid_plural {quote(message.plural)}\nmsgstr[0] ""' if message.plural else 'msgstr ""')
    if lines:
        with (LOCALE / f"{language}.po").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        forget()
    return len(added)


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:]] or [LOCALE.parent]
    for po in sorted(LOCALE.glob("*.po")):
        print(f"{po.name}: {complete(po.stem, folders)} messages added, to be translated")
