"""An item: one collected thing, and the raw answer it was read from."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from stoma.domain.task import Json


class ItemKind(StrEnum):
    """What sort of thing an item is."""

    PAPER = "paper"
    REPOSITORY = "repository"
    RELEASE = "release"
    FILING = "filing"
    OTHER = "other"


class ItemStatus(StrEnum):
    """What the source last said about the thing itself."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"
    RENAMED = "renamed"
    SUPERSEDED = "superseded"
    UNAVAILABLE = "unavailable"


class Change(StrEnum):
    """What storing an item did."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributor:
    """A person or body, in the order of the source."""

    name: str
    role: str = "author"
    external_id: str | None = None  #: CIK, user id, ORCID
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A name of the thing in some scheme: `arxiv`, `doi`, `github_id`, `accession`, ..."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """A term the source files the thing under."""

    scheme: str
    term: str
    primary: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """How a thing stands to another one of the same source: `amends`, `forkOf`, `replaces`."""

    type: str
    to_natural_id: str


@dataclass(frozen=True, slots=True, order=True)
class Observation:
    """A number that changes all the time: stars, a rank. Kept as a series, never a version."""

    metric: str
    value: float
    context: str = ""  #: where it was seen: a list and its window, such as `trending/daily`


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One paper, repository or filing, as one answer describes it.

    `(source, natural_id)` never changes: it is the identity under which versions are gathered.
    """

    source: str
    kind: ItemKind
    natural_id: str
    title: str
    url: str
    version_key: str = ""  #: the source's own name of this version (`v3`), or empty
    version_seq: int = 0  #: orders versions; a lower one never replaces a higher one
    summary: str | None = None
    published_at: datetime | None = None  #: first published, by the source's own account
    source_updated_at: datetime | None = None  #: this version, by the source's own account
    status: ItemStatus = ItemStatus.ACTIVE
    status_reason: str | None = None
    contributors: tuple[Contributor, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    tags: tuple[Tag, ...] = ()
    relations: tuple[Relation, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)  #: what only this source says
    observations: tuple[Observation, ...] = ()  #: not part of what describes the thing
    #: Read from an answer that tells less than others do (a list, a page, a "gone"): what it
    #: leaves out takes nothing away from what is known, and it alone makes no thing known that
    #: it gives no title.
    thin: bool = False

    @property
    def content_hash(self) -> str:
        """SHA-256 over what describes the thing: equal hashes mean nothing changed.

        Canonical JSON: keys sorted, text NFC with collapsed white space, sets sorted; the
        order of contributors counts.
        """
        return hash_of(self.content())

    def content(self) -> dict[str, Json]:
        """The describing part as JSON: what a version keeps."""
        return {
            "version_key": self.version_key,
            "title": self.title,
            "summary": self.summary,
            "url": self.url,
            "published_at": _iso(self.published_at),
            "source_updated_at": _iso(self.source_updated_at),
            "status": self.status.value,
            "status_reason": self.status_reason,
            "contributors": [
                {
                    "name": c.name,
                    "role": c.role,
                    "external_id": c.external_id,
                    "affiliations": list(c.affiliations),
                }
                for c in self.contributors
            ],
            "identifiers": [
                {"scheme": i.scheme, "value": i.value} for i in sorted(set(self.identifiers))
            ],
            "tags": [
                {"scheme": t.scheme, "term": t.term, "primary": t.primary}
                for t in sorted(set(self.tags))
            ],
            "relations": [
                {"type": r.type, "to_natural_id": r.to_natural_id}
                for r in sorted(set(self.relations))
            ],
            "extra": dict(self.extra),
        }


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def hash_of(content: Mapping[str, Json]) -> str:
    """Return the content hash of what `Item.content` gave; see there."""
    text = _CANONICAL.encode(_canonical(dict(content)))
    return hashlib.sha256(text.encode()).hexdigest()


def merged(known: Item, thin: Item) -> Item:
    """Return *known* with what a *thin* answer adds or changes; it takes nothing away.

    It does not rename either: a list makes up the title and the address it gives a thing.
    A thin answer that shows the thing brings back what was gone, but does not overrule what the
    source said of it elsewhere (withdrawn, superseded).
    """
    gone = {ItemStatus.DELETED, ItemStatus.UNAVAILABLE}
    says = thin.status is not ItemStatus.ACTIVE or known.status in gone
    return replace(
        known,
        title=known.title or thin.title,
        url=known.url or thin.url,
        version_key=thin.version_key or known.version_key,
        version_seq=max(thin.version_seq, known.version_seq),
        summary=thin.summary or known.summary,
        published_at=thin.published_at or known.published_at,
        source_updated_at=thin.source_updated_at or known.source_updated_at,
        status=thin.status if says else known.status,
        status_reason=thin.status_reason if says else known.status_reason,
        contributors=known.contributors or thin.contributors,
        identifiers=tuple(dict.fromkeys((*known.identifiers, *thin.identifiers))),
        tags=tuple(dict.fromkeys((*known.tags, *thin.tags))),
        relations=tuple(dict.fromkeys((*known.relations, *thin.relations))),
        extra={**known.extra, **{k: v for k, v in thin.extra.items() if v is not None}},
        observations=thin.observations,
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _canonical(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: each and _canonical(each) for key, each in value.items()}
    if isinstance(value, str):
        plain = value if value.isascii() else unicodedata.normalize("NFC", value)
        return " ".join(plain.split())
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """The bytes a source sent, and where they came from. Kept, so items can be rebuilt."""

    source: str
    url: str
    status: int
    media_type: str  #: lower case, without parameters
    body: bytes = field(repr=False)
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  #: harmless ones only

    @property
    def sha256(self) -> str:
        """The name of the body."""
        return hashlib.sha256(self.body).hexdigest()
