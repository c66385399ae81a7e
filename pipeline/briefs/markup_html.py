"""Blocks as semantic HTML, from their data alone."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
from collections.abc import Callable
from typing import Any

from pipeline.briefs.markup import plain, to_html

Data = dict[str, Any]
MOST_COLUMNS = 4  # that fit side by side on a telephone
# What the page says around the blocks, in its language: "data" opens a chart's rows, "download" saves them, "between" stands
# between two sentences.
DEFAULT_LABELS = {"data": "Data", "download": "Download as CSV", "between": " "}


def _attr(text: str) -> str:
    return html.escape(text, quote=True)


def _p(text: str, css: str = "") -> str:
    return f'<p class="{css}">{to_html(text)}</p>' if css and text else f"<p>{to_html(text)}</p>" if text else ""


def svg_uri(svg: str) -> str:
    """An SVG as a data address: one picture cannot clash with another's ids, and nothing is fetched."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def svg_size(svg: str) -> tuple[float, float]:
    """Width and height of an SVG in CSS pixels, from its viewBox in points.

    >>> svg_size('<svg viewBox="0 0 72 36">')
    (96.0, 48.0)
    """
    found = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)
    if not found:
        raise ValueError("an SVG without a viewBox")
    return round(float(found[1]) * 4 / 3, 1), round(float(found[2]) * 4 / 3, 1)


def csv_text(data: Data) -> str:
    """Row data (`columns`, `rows`) as CSV text, unknown values empty.

    >>> csv_text({"columns": ["year", "value"], "rows": [[2024, None]]})
    'year,value\\r\\n2024,\\r\\n'
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(data["columns"])
    writer.writerows(["" if value is None else value for value in row] for row in data["rows"])
    return out.getvalue()


def _cover(b: Data, labels: Data) -> str:
    return (
        f'<header class="cover"><p class="kicker">{to_html(b["kicker"])}</p>'
        f"<h1>{to_html(b['title'])}</h1>{_p(b['subtitle'], 'subtitle')}</header>"
    )


def _finding(b: Data, labels: Data) -> str:
    small = " · ".join(to_html(part) for part in (b["base"], b["source"]) if part)
    small = f'<small class="base">{small}</small>' if small else ""
    return f'<div class="finding" id="{_attr(b["id"])}"><p>{to_html(b["text"])}</p>{small}</div>'


def _section(b: Data, labels: Data) -> str:
    return f'<h2 id="{_attr(b["id"])}">{to_html(b["title"])}</h2>{_p(b["lead"], "lead")}'


def _paragraph(b: Data, labels: Data) -> str:
    return _p(b["text"])


def _rows_table(data: Data, caption: str) -> str:
    head = "".join(f'<th scope="col">{html.escape(str(c))}</th>' for c in data["columns"])
    body = ""
    for row in data["rows"]:
        cells = ["–" if value is None else html.escape(f"{value}") for value in row]
        body += f'<tr><th scope="row">{cells[0]}</th>' + "".join(f"<td>{c}</td>" for c in cells[1:]) + "</tr>"
    return f"<table><caption>{to_html(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _data_details(b: Data, labels: Data) -> str:
    if not b.get("data"):
        return ""
    uri = (
        "data:text/csv;charset=utf-8;base64,"
        + base64.b64encode(b"\xef\xbb\xbf" + csv_text(b["data"]).encode()).decode()
    )
    title = _attr(f"{labels['data']}: {b['title']}")
    return (
        f'<details><summary>{labels["data"]}</summary><div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f"{_rows_table(b['data'], b['title'])}</div>"
        f'<a download="{_attr(b["id"])}.csv" href="{uri}">{labels["download"]}</a></details>'
    )


def _figure(b: Data, labels: Data) -> str:
    page, narrow = b["svg"]["page"], b["svg"]["narrow"]
    width, height = svg_size(page)
    n_width, n_height = svg_size(narrow)
    level = b.get("level", 3)
    caption = labels.get("between", " ").join(to_html(part) for part in (b["caption"], b["source"]) if part)
    return (
        f'<figure id="{_attr(b["id"])}" aria-labelledby="{_attr(b["id"])}-title">'
        f'<h{level} id="{_attr(b["id"])}-title">{to_html(b["title"])}</h{level}>'
        f'<picture><source media="(max-width: 40rem)" srcset="{svg_uri(narrow)}" width="{n_width:.0f}" height="{n_height:.0f}">'
        f'<img src="{svg_uri(page)}" width="{width:.0f}" height="{height:.0f}" alt="{_attr(b["alt"])}"></picture>'
        + (f"<figcaption>{caption}</figcaption>" if caption else "")
        + _data_details(b, labels)
        + "</figure>"
    )


def _cell(cell: Data) -> str:
    if "svg" in cell:
        width, height = svg_size(cell["svg"])
        return f'<img class="spark" src="{svg_uri(cell["svg"])}" width="{width:.0f}" height="{height:.0f}" alt="{_attr(cell["alt"])}">'
    swatch = f'<span class="swatch" style="background:{_attr(cell["color"])}"></span>' if "color" in cell else ""
    text = to_html(cell["text"])
    return swatch + (f'<a class="term" href="{_attr(cell["href"])}">{text}</a>' if "href" in cell else text)


def _wide(columns: list[Data]) -> bool:
    """Whether a table is wider than a telephone: its rows are shown there as cards, one below the other.

    The roles, which repeat what the elements are, let a screen reader find the table even so.
    """
    return len(columns) > MOST_COLUMNS or any(c["kind"] == "note" for c in columns)


def _table(b: Data, labels: Data) -> str:
    columns = b["columns"]
    css = [f"{c['align']} {c['kind']}" for c in columns]
    head = "".join(
        f'<th scope="col" role="columnheader" class="{k}">{to_html(c["label"])}</th>'
        for c, k in zip(columns, css, strict=True)
    )
    body = ""
    for row in b["rows"]:
        body += f'<tr role="row"><th scope="row" role="rowheader" class="{css[0]}">{_cell(row[0])}</th>'
        for cell, column, k in zip(row[1:], columns[1:], css[1:], strict=True):
            fall = " fall" if column["kind"] == "change" and cell["text"].startswith("−") else ""
            label = _attr(plain(column["label"]))
            body += f'<td role="cell" class="{k}{fall}" data-label="{label}">{_cell(cell)}</td>'
        body += "</tr>"
    level, name = b.get("level", 3), _attr(b["id"])
    small = labels.get("between", " ").join(to_html(part) for part in (b["caption"], *b["notes"], b["source"]) if part)
    return (
        f'<div class="table{" cards" if _wide(columns) else ""}" id="{name}"><h{level} id="{name}-title">{to_html(b["title"])}</h{level}>'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}-title">'
        f'<table role="table"><caption class="hidden">{to_html(b["title"])}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table></div>'
        + (f'<p class="under">{small}</p>' if small else "")
        + "</div>"
    )


def _note(b: Data, labels: Data) -> str:
    title = f"<strong>{to_html(b['title'])}</strong> " if b["title"] else ""
    return f'<aside class="note {_attr(b["kind"])}"><p>{title}{to_html(b["text"])}</p></aside>'


def _columns(b: Data, labels: Data) -> str:
    left, right = ("".join(block_html(inner, labels) for inner in b[side]) for side in ("left", "right"))
    share = f"--left:{b['ratio']:.3f}fr;--right:{1 - b['ratio']:.3f}fr"
    return f'<div class="columns" style="{share}"><div>{left}</div><div>{right}</div></div>'


def _definitions(b: Data, labels: Data) -> str:
    anchors = [f' id="{_attr(name)}"' for name in b.get("anchors", ())] or [""] * len(b["items"])
    items = "".join(
        f"<div{anchor}><dt>{to_html(term)}</dt><dd>{to_html(text)}</dd></div>"
        for anchor, (term, text) in zip(anchors, b["items"], strict=True)
    )
    return f'<dl class="{b["type"]}">{items}</dl>'


def _sources(b: Data, labels: Data) -> str:
    items = ""
    for item in b["items"]:
        text = to_html(item["text"])
        url = item["url"]
        items += (
            f'<li><a href="{_attr(url)}">{text}</a></li>'
            if url.startswith(("https://", "http://"))
            else f"<li>{text}</li>"
        )
    return f'<ol class="sources">{items}</ol>'


_WRITERS: dict[str, Callable[[Data, Data], str]] = {
    "cover": _cover,
    "finding": _finding,
    "section": _section,
    "paragraph": _paragraph,
    "figure": _figure,
    "table": _table,
    "note": _note,
    "columns": _columns,
    "definitions": _definitions,
    "provenance": _definitions,
    "sources": _sources,
}


def block_html(block: Data, labels: Data | None = None) -> str:
    """A block's data as HTML.

    >>> block_html({"type": "paragraph", "text": "**Two** < three"})
    '<p><strong>Two</strong> &lt; three</p>'
    """
    return _WRITERS[block["type"]](block, labels or DEFAULT_LABELS)
