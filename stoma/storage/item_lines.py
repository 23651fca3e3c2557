"""What is asked about collected items, and what is told of them. No SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stoma.domain.item import Contributor, Identifier, Relation, Tag
from stoma.domain.task import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items; every condition given must hold."""

    text: str | None = None  #: words that must all occur, as in a search; without any: none fits
    source: str | None = None
    kind: str | None = None
    task_id: str | None = None
    of_tasks: frozenset[str] | None = None  #: returned by one of these
    tag: str | None = None
    author: str | None = None  #: words that must all occur in the names of who made it
    status: str | None = None
    since: datetime | None = None  #: first seen at or after
    until: datetime | None = None  #: first seen before
    published_since: datetime | None = None  #: at or after, by the source's account
    published_until: datetime | None = None  #: before
    new_in_run: int | None = None
    unseen_since: datetime | None = None  #: last seen before


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """An item, as lists show it. `snippet` is there only in search results."""

    id: int
    source: str
    kind: str
    natural_id: str
    title: str
    url: str
    version_key: str
    status: str
    published_at: datetime | None
    source_updated_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    authors: Sequence[str] = field(default_factory=tuple)
    snippet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One immutable version of an item, and where it came from."""

    number: int  #: of this item's versions, counted from 1 as they were stored
    version_key: str
    content_hash: str
    raw_sha256: str
    raw_url: str | None
    raw_kept: bool  #: whether the body of that answer is still there
    run_id: int
    task_id: str | None  #: whose run it was; None once that run has been removed
    seen_at: datetime
    reparsed_at: datetime | None  #: when that answer was read again, if that made this version
    content: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """A number that was observed, and when it became what it is."""

    metric: str
    context: str
    value: float
    observed_at: datetime
    run_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord:
    """An item with all that hangs on it, but for its history."""

    line: ItemLine
    summary: str | None
    status_reason: str | None
    extra: Json
    contributors: Sequence[Contributor]
    identifiers: Sequence[Identifier]
    tags: Sequence[Tag]
    relations: Sequence[Relation]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDetail(ItemRecord):
    """Everything kept of one item."""

    content_hash: str  #: of the version it is at
    versions: Sequence[VersionLine]  #: in the order in which they were stored
    tasks: Sequence[str]  #: the tasks that returned it
    observed: Sequence[SeriesPoint]  #: the newest point of each series
    stars: Sequence[SeriesPoint] = ()  #: of a repository, oldest first

    @property
    def version(self) -> VersionLine:
        """The version that it is at."""
        now = [each for each in self.versions if each.content_hash == self.content_hash]
        return now[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How many items have something in common."""

    name: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """What a day brought, in UTC."""

    day: str
    new: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStats:
    """What there is, counted."""

    items: int = 0
    versions: int = 0
    observations: int = 0
    sources: Sequence[Group] = ()
    kinds: Sequence[Group] = ()
    statuses: Sequence[Group] = ()
    tasks: Sequence[Group] = ()
    days: Sequence[DayLine] = ()  #: oldest first; those that brought something
    answers: int = 0  #: raw answers that are known
    answers_kept: int = 0  #: of which the body is kept
    answer_bytes: int = 0  #: of those bodies, as they are stored
    text_bytes: int = 0  #: of titles, abstracts and versions
