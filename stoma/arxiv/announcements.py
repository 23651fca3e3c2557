"""An item of arXiv's daily RSS, as a paper.

It announces: that a version is new, a cross-list or a replacement is an event, kept as an
observation. It says neither when a paper was submitted nor anything of what was before.
"""

import re

from lxml.etree import _Element

from stoma.arxiv import terms
from stoma.arxiv.names import authors
from stoma.domain.arxiv_id import ArxivId
from stoma.domain.item import Item, ItemKind, Observation
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError
from stoma.strictxml import mail_date, text, whole_text
from stoma.tex import in_unicode
from stoma.text import safe

_NAMESPACES = {"arxiv": "http://arxiv.org/schemas/atom", "dc": "http://purl.org/dc/elements/1.1/"}
#: What stands before the abstract, for readers that show nothing else.
_HEADING = re.compile(r"^(?:arXiv:\S+ Announce Type: \S+\s*)?(?:Abstract:\s*)?")


def read_announcement(item: _Element, where: str) -> Item:
    """Return the paper that *item* announces.

    Raises:
        BadAnswerError: It announces none; *where* names the item.
    """

    def said(path: str) -> str | None:
        return text(item, path, _NAMESPACES)

    def readable(path: str) -> str | None:
        words = said(path)
        return None if words is None else in_unicode(words)

    written = said("guid") or said("link") or ""
    found = ArxivId.parse(written)
    if found is None:
        raise BadAnswerError(f"{where} is no paper: it is {safe(written)[:100]!r}")
    filed = [name for each in item.iterfind("category") if (name := whole_text(each))]
    primary = filed[0] if filed else None
    licences, licence = terms.licence(said("dc:rights"))
    kind = said("arxiv:announce_type") or "unknown"
    published = said("pubDate")
    extra: dict[str, Json] = {
        "journal_ref": readable("arxiv:journal_reference"),
        "primary_category": primary,
        "announce_type": kind,
        "announced_on": f"{mail_date(published):%Y-%m-%d}" if published else None,
        **licence,
    }
    return Item(
        source="arxiv",
        kind=ItemKind.PAPER,
        natural_id=found.base,
        title=readable("title") or f"arXiv:{found.base}",
        url=terms.url(found.base),
        version_key=f"v{found.version}" if found.version else "",
        version_seq=found.version or 0,
        summary=_HEADING.sub("", readable("description") or "") or None,
        contributors=authors(said("dc:creator") or ""),
        identifiers=terms.identifiers(found, said("arxiv:DOI")),
        tags=tuple(dict.fromkeys([*terms.categories(filed, primary), *licences])),
        extra=extra,
        observations=(Observation("announced_version", float(found.version or 0), kind),),
        thin=True,
    )
