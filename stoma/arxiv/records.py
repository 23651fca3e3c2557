"""A record of arXiv's OAI-PMH list, as a paper.

In the form `arXivRaw` it is a full account: every version with its date, the licence, but names
and text as the authors typed them. The form `arXiv` names no version and only days; what it says
is taken for a part of the truth.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from lxml.etree import _Element

from stoma.arxiv import terms
from stoma.arxiv.names import authors
from stoma.domain.arxiv_id import ArxivId
from stoma.domain.item import Contributor, Item, ItemKind, ItemStatus, Tag
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError
from stoma.oai import Record
from stoma.strictxml import mail_date, text, whole_text
from stoma.tex import in_unicode
from stoma.text import safe

_RAW = {"a": "http://arxiv.org/OAI/arXivRaw/"}
_PARSED = {"a": "http://arxiv.org/OAI/arXiv/"}
_VERSION = re.compile(r"v([1-9]\d{0,3})")
#: In the source type of a version: it was taken back, and has no source.
_NO_SOURCE = "I"


def read_record(record: Record, where: str) -> Item:
    """Return the paper in *record*, or that it was deleted.

    Raises:
        BadAnswerError: It is no paper; *where* names the record.
    """
    found = ArxivId.parse(record.identifier)
    if found is None:
        raise BadAnswerError(f"{where} is no paper: it is {safe(record.identifier)[:100]!r}")
    if record.metadata is None:
        return Item(
            source="arxiv",
            kind=ItemKind.PAPER,
            natural_id=found.base,
            title="",
            url=terms.url(found.base),
            status=ItemStatus.DELETED,
            status_reason=f"arXiv lists it as deleted on {record.datestamp}",
            thin=True,
        )
    try:
        if record.metadata.tag == f"{{{_RAW['a']}}}arXivRaw":
            return _raw(record.metadata, found)
        if record.metadata.tag == f"{{{_PARSED['a']}}}arXiv":
            return _parsed(record.metadata, found)
    except BadAnswerError as error:
        raise BadAnswerError(f"{where} ({found}): {error}") from error
    raise BadAnswerError(f"{where} ({found}) is written in a form that was not asked for")


def _raw(metadata: _Element, found: ArxivId) -> Item:
    versions = _versions(metadata)
    moments = {number: moment for number, moment, _ in versions}
    newest = max(moments)
    history: list[Json] = [listed for _, _, listed in sorted(versions, key=lambda each: each[0])]
    people = authors(text(metadata, "a:authors", _RAW) or "")
    return replace(
        _paper(metadata, _RAW, ArxivId(found.base, newest), people, {"versions": history}),
        published_at=moments.get(1),
        source_updated_at=moments[newest],
    )


def _versions(metadata: _Element) -> Sequence[tuple[int, datetime, dict[str, Json]]]:
    found = []
    for element in metadata.iterfind("a:version", _RAW):
        written = element.get("version") or ""
        match = _VERSION.fullmatch(written)
        if match is None:
            raise BadAnswerError(f"{safe(written)[:20]!r} is no version")
        moment = mail_date(text(element, "a:date", _RAW) or "").astimezone(UTC)
        listed: dict[str, Json] = {
            "version": written,
            "submitted_at": moment.isoformat(),
            "withdrawn": _NO_SOURCE in (text(element, "a:source_type", _RAW) or ""),
        }
        found.append((int(match[1]), moment, listed))
    if not found:
        raise BadAnswerError("it has no versions")
    return found


def _parsed(metadata: _Element, found: ArxivId) -> Item:
    people = tuple(
        Contributor(
            name=in_unicode(name),
            affiliations=tuple(
                in_unicode(place)
                for each in author.iterfind("a:affiliation", _PARSED)
                if (place := whole_text(each))
            ),
        )
        for author in metadata.iterfind("a:authors/a:author", _PARSED)
        if (name := _name(author))
    )
    days: dict[str, Json] = {
        "created": text(metadata, "a:created", _PARSED),
        "updated": text(metadata, "a:updated", _PARSED),
    }
    return replace(_paper(metadata, _PARSED, ArxivId(found.base), people, days), thin=True)


def _name(author: _Element) -> str:
    parts = (text(author, f"a:{part}", _PARSED) for part in ("forenames", "keyname", "suffix"))
    return " ".join(part for part in parts if part)


def _paper(
    metadata: _Element,
    namespaces: Mapping[str, str],
    found: ArxivId,
    people: tuple[Contributor, ...],
    more: Mapping[str, Json],
) -> Item:
    def said(name: str) -> str | None:
        return text(metadata, f"a:{name}", namespaces)

    def readable(name: str) -> str | None:
        words = said(name)
        return None if words is None else in_unicode(words)

    filed = (said("categories") or "").split()
    primary = filed[0] if filed else None
    licences, licence = terms.licence(said("license"))
    extra: dict[str, Json] = {
        "comment": readable("comments"),
        "journal_ref": readable("journal-ref"),
        "primary_category": primary,
        "report_no": said("report-no"),
        **licence,
        **more,
    }
    status, reason = terms.status(extra)
    tags: list[Tag] = [
        *terms.categories(filed, primary),
        # arXiv has put other things into `acm-class` at times: only what looks like one counts.
        *terms.classes(said("acm-class"), ["acm"]),
        *terms.classes(said("msc-class"), ["msc"]),
        *licences,
    ]
    return Item(
        source="arxiv",
        kind=ItemKind.PAPER,
        natural_id=found.base,
        title=readable("title") or "",
        url=terms.url(found.base),
        version_key=f"v{found.version}" if found.version else "",
        version_seq=found.version or 0,
        summary=readable("abstract"),
        status=status,
        status_reason=reason,
        contributors=people,
        identifiers=terms.identifiers(found, said("doi")),
        tags=tuple(dict.fromkeys(tags)),
        extra=extra,
    )
