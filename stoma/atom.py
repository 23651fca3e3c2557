"""Reads Atom feeds strictly: what is not a whole, sound feed is an error that says what it is.

Shared by collectors, which only count, and normalizers, which read everything. No I/O.
"""

from dataclasses import dataclass

from lxml import etree

from stoma import strictxml
from stoma.exceptions import BadAnswerError
from stoma.strictxml import describe, moment, read_xml, whole_text
from stoma.text import safe

__all__ = ["NAMESPACES", "Feed", "describe", "moment", "read_feed", "text", "whole_text"]

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "arxiv": "http://arxiv.org/schemas/atom",
    "opensearch": "http://a9.com/-/spec/opensearch/1.1/",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """A sound feed."""

    entries: tuple[etree._Element, ...]
    total: int | None  #: how many entries all pages have together, if the source says so


def read_feed(body: bytes) -> Feed:
    """Return the feed in *body*.

    Raises:
        BadAnswerError: The bytes are anything else, or not complete.
    """
    root = read_xml(body, f"{{{NAMESPACES['atom']}}}feed", "Atom feed")
    total = text(root, "opensearch:totalResults")
    if total is not None and not (total.isascii() and total.isdigit()):
        raise BadAnswerError(f"the feed says it has {safe(total)[:40]!r} results")
    return Feed(
        entries=tuple(root.iterfind("atom:entry", NAMESPACES)),
        total=None if total is None else int(total[:18]),
    )


def text(element: etree._Element, path: str) -> str | None:
    """Return the text at *path* with its white space collapsed; None if there is none."""
    return strictxml.text(element, path, NAMESPACES)
