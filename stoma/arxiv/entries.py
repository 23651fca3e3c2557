"""An entry of the query API's Atom feed, as a paper.

It is the fullest account of how a paper reads: names and text in Unicode, every date to the
second. What it has no word for are the licence and the earlier versions.
"""

import re
from collections.abc import Iterator

from lxml.etree import _Element

from stoma.arxiv import terms
from stoma.atom import NAMESPACES, text
from stoma.domain.arxiv_id import ArxivId
from stoma.domain.item import Contributor, Item, ItemKind, Tag
from stoma.exceptions import BadAnswerError
from stoma.strictxml import moment, whole_text
from stoma.text import safe


def read_entry(entry: _Element, where: str) -> Item:
    """Return the paper in *entry*.

    Raises:
        BadAnswerError: It is none; *where* names the entry.
    """
    written = text(entry, "atom:id") or ""
    found = ArxivId.parse(written)
    if found is None:
        raise BadAnswerError(f"{where} is no paper: its id is {safe(written)[:100]!r}")
    published = text(entry, "atom:published")
    updated = text(entry, "atom:updated")
    if published is None:
        raise BadAnswerError(f"{where} ({found}) has no date of publication")
    try:
        published_at = moment(published)
        updated_at = moment(updated) if updated else None
    except BadAnswerError as error:
        raise BadAnswerError(f"{where} ({found}): {error}") from error
    primary = _term(entry.find("arxiv:primary_category", NAMESPACES))
    extra = {
        "comment": text(entry, "arxiv:comment"),
        "journal_ref": text(entry, "arxiv:journal_ref"),
        "pdf_url": _pdf_url(entry),
        "primary_category": primary,
    }
    status, reason = terms.status(extra)
    return Item(
        source="arxiv",
        kind=ItemKind.PAPER,
        natural_id=found.base,
        title=text(entry, "atom:title") or "",
        url=terms.url(found.base),
        version_key=f"v{found.version}" if found.version else "",
        version_seq=found.version or 0,
        summary=text(entry, "atom:summary"),
        published_at=published_at,
        source_updated_at=updated_at,
        status=status,
        status_reason=reason,
        contributors=tuple(_authors(entry)),
        identifiers=terms.identifiers(found, text(entry, "arxiv:doi")),
        tags=tuple(dict.fromkeys(_tags(entry, primary))),
        extra=extra,
    )


def _authors(entry: _Element) -> Iterator[Contributor]:
    for author in entry.iterfind("atom:author", NAMESPACES):
        name = text(author, "atom:name")
        if name is not None:
            places = (whole_text(each) for each in author.iterfind("arxiv:affiliation", NAMESPACES))
            yield Contributor(name=name, affiliations=tuple(place for place in places if place))


def _tags(entry: _Element, primary: str | None) -> Iterator[Tag]:
    found = [_term(each) or "" for each in entry.iterfind("atom:category", NAMESPACES)]
    yield from terms.categories(filter(terms.CATEGORY.fullmatch, found), primary)
    for term in found:
        if term and term != primary and not terms.CATEGORY.fullmatch(term):
            yield from terms.classes(term) or [Tag("other", term)]


def _term(element: _Element | None) -> str | None:
    return None if element is None else (element.get("term") or "").strip() or None


def _pdf_url(entry: _Element) -> str | None:
    for link in entry.iterfind("atom:link", NAMESPACES):
        if link.get("title") == "pdf":
            # Feeds have said http and https by turns; that alone makes no new version.
            return re.sub(r"^http://", "https://", link.get("href") or "") or None
    return None
