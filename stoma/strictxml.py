"""Reads XML strictly: what is not a whole, sound document is an error that says what it is.

Shared by everything that reads feeds and protocols of sources. No I/O.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from stoma.exceptions import BadAnswerError
from stoma.text import collapse, safe

_HTML = re.compile(rb"<!doctype html|<html|<head|<body", re.IGNORECASE)
_HTML_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def read_xml(body: bytes, root: str, what: str) -> etree._Element:
    """Return the root of the document in *body*, whose tag has to be *root*.

    Nothing is recovered, expanded or fetched; a document type is refused, as none is needed.

    Args:
        body: The bytes as they came.
        root: The tag in lxml's form, `{namespace}name`.
        what: What was asked for, for people: a word that follows "an".

    Raises:
        BadAnswerError: The bytes are anything else, or not complete.
    """
    parser = etree.XMLParser(
        recover=False,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        found = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise BadAnswerError(
            f"the answer is {describe(body)}, not a whole {what} ({safe(error.msg)})"
        ) from error
    if found.tag != root or found.getroottree().docinfo.internalDTD is not None:
        raise BadAnswerError(f"the answer is {describe(body)}, not an {what}")
    return found


def text(element: etree._Element, path: str, namespaces: Mapping[str, str]) -> str | None:
    """Return the text at *path* with its white space collapsed; None if there is none."""
    found = element.find(path, dict(namespaces))
    return None if found is None else whole_text(found)


def whole_text(element: etree._Element) -> str | None:
    """Return the text in *element* without markup, white space collapsed; None if there is none."""
    return (
        collapse(etree.tostring(element, encoding="unicode", method="text", with_tail=False))
        or None
    )


def moment(written: str) -> datetime:
    """Return the moment that an ISO 8601 date names, in UTC.

    Raises:
        BadAnswerError: It names none, or says no offset.
    """
    try:
        read = datetime.fromisoformat(written)
        if read.tzinfo is not None:
            return read.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadAnswerError(f"{safe(written)[:40]!r} is not a moment with an offset")


def mail_date(written: str) -> datetime:
    """Return the moment that a date as in e-mail (RFC 5322) names, with the offset it says.

    Raises:
        BadAnswerError: It names none.
    """
    try:
        read = parsedate_to_datetime(written)
        # "-0000" says UTC without a place, and is parsed as naive.
        return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadAnswerError(f"{safe(written)[:40]!r} is not a date as in e-mail") from None


def describe(body: bytes) -> str:
    """Return in a few words what *body* is, for a person who expected something else."""
    if not body.strip():
        return "empty"
    start = body.lstrip()[:4096]
    if _HTML.search(start[:1024]):
        title = _HTML_TITLE.search(start)
        return f"an HTML page {_quoted(title[1])}" if title else "an HTML page"
    if start.startswith(b"<"):
        return f"{len(body)} bytes of XML"
    return f"the text {_quoted(start)}"


def _quoted(words: bytes) -> str:
    shown = safe(collapse(words.decode(errors="replace")))
    return f'"{shown}"' if len(shown) <= 80 else f'"{shown[:77]}..."'
