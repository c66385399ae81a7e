"""XML from a network, read with nothing switched on: no entities, no document types, no network; each element knows its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

SUFFIX = ".xml"


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def root_name(path: Path) -> str:
    """The name of the outermost element, without its namespace.

    Raises
    ------
    InputError
        If the file is not XML or has a document type.
    """
    return next((local(element) for _, element in _events(path, ("start",))), "")


def children(path: Path, names: Iterable[str]) -> Iterator[Element]:
    """The elements of some names directly below the outermost one, one after the other; each is emptied after its turn.

    Raises
    ------
    InputError
        If the file is not well formed or has a document type (with which it could declare entities that grow or that read other files).
    """
    wanted = set(names)
    depth = 0
    for event, element in _events(path, ("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "end" and depth == 1:
            if local(element) in wanted:
                yield element
            parent = element.getparent()
            element.clear()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def _events(path: Path, events: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    from lxml import etree

    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    first = True
    try:
        for event, element in etree.iterparse(
            str(path), events=events, remove_comments=True, remove_pis=True, **options
        ):
            if first and element.getroottree().docinfo.doctype:
                raise _hostile(path)
            first = False
            yield event, element
    except etree.XMLSyntaxError as error:
        last = error.error_log.last_error  # what the error itself says is sometimes only that nothing was found
        reason, line = (str(last.message), last.line) if last is not None else (str(error.msg), error.lineno)
        if "entit" in reason.lower():
            raise _hostile(path) from None
        problem = f"line {line}: is not well-formed XML ({' '.join(reason.split()).rstrip('.')})."
        raise InputError(path, problem, "Put the file in place again.") from None


def _hostile(path: Path) -> InputError:
    problem = "has a document type or entities of its own, which data of this kind never have: it is not read."
    return InputError(path, problem, "Get the file again from the institution that it is said to come from.")


def first(element: Element, name: str) -> Element | None:
    """The first element of a name, at any depth below another."""
    return next(iter(element.iter("{*}" + name)), None)


def text(element: Element | None, *names: str) -> str | None:
    """The trimmed text of an element; with names, of the first element below it that has a text, of the first name that has one.

    Examples
    --------
    >>> from lxml.etree import fromstring
    >>> text(fromstring("<a><b> </b><c>1 </c></a>"), "b", "c")
    '1'
    """
    if element is None:
        return None
    there = (below for name in names for below in element.iter("{*}" + name)) if names else iter((element,))
    written = ("".join(map(str, e.itertext())).strip() for e in there)
    return next((words for words in written if words), None)


def lines(elements: list[int | None]) -> list[int]:
    """The line of each record; where several begin on one line (XML without line breaks), its place among the records.

    Examples
    --------
    >>> lines([3, 9]), lines([1, 1])
    ([3, 9], [1, 2])
    """
    known = [line for line in elements if line is not None]
    return known if len(set(known)) == len(elements) else list(range(1, len(elements) + 1))
