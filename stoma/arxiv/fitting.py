"""What is known of a paper after another answer about it, by whichever way it came.

The same version of a paper is one thing, and no way of asking tells all of it:

* a *search* tells how it reads: names and text in Unicode;
* a *harvest* tells its licence and its earlier versions, and corrections first;
* an *announcement* makes a paper or a new version known, and adds nothing to what is known.

What one of them leaves out stays as another one told it, so that asking by turns changes
nothing. A higher version replaces what was known; a lower one is left to the history.
"""

from collections.abc import Iterator
from dataclasses import replace

from stoma.arxiv import terms
from stoma.domain.item import Item, ItemStatus, Tag
from stoma.domain.task import Json
from stoma.tex import skeleton

#: What a search alone says of a paper: whoever knows it has seen it in a search.
_SEARCHED = "pdf_url"
_ANNOUNCED = "announce_type"
#: The harvest in the form without versions.
_UNVERSIONED = "created"
#: What is said of a paper until there is a fuller account of it.
_PASSING = frozenset({_ANNOUNCED, "announced_on", _UNVERSIONED, "updated"})
_GONE = frozenset({ItemStatus.DELETED, ItemStatus.UNAVAILABLE})


def fitted(known: Item, found: Item) -> Item:
    """Return what is known of a paper after *found*: *known* as it is, if that is nothing new."""
    if found.status is ItemStatus.DELETED:
        return found
    if found.thin:
        return _completed(known, found)
    if known.version_seq and found.version_seq and known.version_seq != found.version_seq:
        return found
    return _together(known, found)


def _completed(known: Item, found: Item) -> Item:
    """Return *known* with what it lacks, or the newer version that the thin *found* tells of."""
    if 0 < known.version_seq < found.version_seq:
        return replace(
            found,
            published_at=known.published_at,
            identifiers=tuple(dict.fromkeys((*found.identifiers, *known.identifiers))),
            thin=False,
        )
    named = known if known.version_seq else found
    told = found if _UNVERSIONED in known.extra and _UNVERSIONED in found.extra else known
    tags, extra = told.tags, dict(told.extra)
    if _ANNOUNCED not in found.extra:
        schemes = {tag.scheme for tag in tags}
        tags = (*tags, *(tag for tag in found.tags if tag.scheme not in schemes))
        extra = {k: v for k, v in found.extra.items() if k not in _PASSING} | extra
    status, reason = told.status, told.status_reason
    if status in _GONE:
        status, reason = terms.status(extra)
    return replace(
        told,
        version_key=named.version_key,
        version_seq=named.version_seq,
        status=status,
        status_reason=reason,
        tags=tags,
        extra=extra,
        observations=found.observations,
        thin=False,
    )


def _together(known: Item, found: Item) -> Item:
    """Return what two accounts of the same version tell together; *found* is the newer one."""
    newer_reads = _SEARCHED in found.extra or _SEARCHED not in known.extra
    read, other = (found, known) if newer_reads else (known, found)
    both = {**known.extra, **found.extra}
    extra: dict[str, Json] = {name: both[name] for name in both if name not in _PASSING}
    for name in ("comment", "journal_ref"):
        extra[name] = _words(_text(read, name), _text(found, name))
    status, reason = terms.status(extra)
    return replace(
        found,
        title=_words(read.title, found.title) or "",
        summary=_words(read.summary, found.summary),
        version_key=found.version_key or known.version_key,
        version_seq=found.version_seq or known.version_seq,
        published_at=read.published_at or other.published_at,
        source_updated_at=read.source_updated_at or other.source_updated_at,
        status=status,
        status_reason=reason,
        contributors=read.contributors or other.contributors,
        tags=tuple(_tags(found, known, read, other)),
        extra=extra,
    )


def _tags(found: Item, known: Item, read: Item, other: Item) -> Iterator[Tag]:
    """Yield the tags of a paper: each scheme as one account has it, never a mixture."""
    for scheme in dict.fromkeys(tag.scheme for tag in (*found.tags, *known.tags)):
        sources = [read, other]
        if scheme == "arxiv-category":
            sources = [found, known]
        elif scheme == "license":
            sources = [found if "license" in found.extra else known]
        each = ([tag for tag in source.tags if tag.scheme == scheme] for source in sources)
        yield from next(filter(None, each), [])


def _words(read: str | None, newer: str | None) -> str | None:
    """Return *newer*, spelled as in *read* if that says the same."""
    if read == newer:
        return newer
    return read if skeleton(read or "") == skeleton(newer or "") else newer


def _text(item: Item, name: str) -> str | None:
    value = item.extra.get(name)
    return value if isinstance(value, str) else None
