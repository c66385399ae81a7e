"""The one piece of markup that brief text may carry: **bold**. Everything else is text, in every format."""

from __future__ import annotations

import html
import re

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


def runs(text: str) -> list[dict[str, object]]:
    """The text as runs, bold or not.

    >>> runs("**4.5% more** than before")
    [{'text': '4.5% more', 'bold': True}, {'text': ' than before', 'bold': False}]
    """
    found: list[dict[str, object]] = []
    for index, part in enumerate(_BOLD.split(text)):
        if part:
            found.append({"text": part, "bold": index % 2 == 1})
    return found


def plain(text: str) -> str:
    """The text without its markup.

    >>> plain("**4.5% more** than before")
    '4.5% more than before'
    """
    return _BOLD.sub(r"\1", text)


def to_html(text: str) -> str:
    """The text as HTML, all but **bold** escaped.

    >>> to_html("**R&D** <3")
    '<strong>R&amp;D</strong> &lt;3'
    """
    parts = (html.escape(str(run["text"]), quote=False) for run in runs(text))
    return "".join(
        f"<strong>{part}</strong>" if run["bold"] else part for run, part in zip(runs(text), parts, strict=True)
    )
