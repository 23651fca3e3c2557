"""Items, as JSON."""

from datetime import date, datetime
from typing import Any, Final, TypeAlias

from pydantic import Field

from stoma.api.shapes.base import Record, Shape, iso
from stoma.domain.growth import DayOfGrowth, per_day
from stoma.storage.item_lines import ItemDetail, ItemLine, VersionLine
from stoma.storage.read_items import HIT_END, HIT_START

Day: TypeAlias = date

#: Of how many days growth is told.
_DAYS_SHOWN: Final = 14


class ItemShape(Shape):
    """An item, as lists show it."""

    id: str = Field(description="The source's own.", examples=["2401.01234"])
    number: int = Field(description="In this registry.")
    source: str = Field(examples=["arxiv"])
    kind: str = Field(examples=["paper"])
    title: str
    authors: list[str] = Field(description="Names, in the order of the source.")
    url: str
    version: str = Field(description="The source's own name of it; may be empty.")
    status: str = Field(examples=["active"])
    published_at: datetime | None = Field(description="By the source's account.")
    source_updated_at: datetime | None = Field(description="By the source's account.")
    first_seen_at: datetime = Field(description="When it was collected first.")
    last_seen_at: datetime = Field(description="When it was returned last.")
    snippet: str = Field(description="What a search found, with words around it.")


class ContributorShape(Shape):
    """Somebody who made an item."""

    name: str
    role: str
    external_id: str | None
    affiliations: list[str]


class IdentifierShape(Shape):
    """A name under which an item is known."""

    scheme: str
    value: str


class TagShape(Shape):
    """What an item is filed under."""

    scheme: str
    term: str
    primary: bool


class RelationShape(Shape):
    """How an item stands to another one."""

    type: str
    to: str


class ObservedShape(Shape):
    """A number that was observed, and when it became what it is."""

    metric: str
    context: str
    value: float
    observed_at: datetime


class StarsShape(Shape):
    """How many stars a repository had at the end of a day."""

    day: Day
    stars: float
    gained: float | None


class VersionShape(Shape):
    """One version of an item."""

    number: int = Field(description="Of this item's versions, counted from 1.")
    version: str
    content_hash: str
    task_id: str | None = Field(description="Whose run brought it.")
    run_id: int
    seen_at: datetime
    raw_sha256: str | None
    raw_url: str | None
    raw_kept: bool = Field(description="Whether the body of that answer is still there.")
    reparsed_at: datetime | None = Field(description="When that answer was read again.")


class ItemDetailShape(Shape):
    """Everything kept of one item."""

    id: str
    number: int
    source: str
    kind: str
    title: str
    summary: str | None
    url: str
    version: str
    status: str
    status_reason: str | None
    published_at: datetime | None
    source_updated_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    contributors: list[ContributorShape]
    identifiers: list[IdentifierShape]
    tags: list[TagShape]
    relations: list[RelationShape]
    extra: dict[str, Any] = Field(description="What only this source says.")
    observed: list[ObservedShape] = Field(description="The newest of each number.")
    stars_per_day: list[StarsShape] = Field(description="Of a repository, oldest first.")
    tasks: list[str] = Field(description="The tasks that returned it; only those you see.")
    versions: list[VersionShape] = Field(description="Oldest first.")


def item_record(item: ItemLine) -> Record:
    """Return an item as JSON has it."""
    return {
        "id": item.natural_id,
        "number": item.id,
        "source": item.source,
        "kind": item.kind,
        "title": item.title,
        "authors": list(item.authors),
        "url": item.url,
        "version": item.version_key,
        "status": item.status,
        "published_at": iso(item.published_at),
        "source_updated_at": iso(item.source_updated_at),
        "first_seen_at": iso(item.first_seen_at),
        "last_seen_at": iso(item.last_seen_at),
        "snippet": item.snippet.replace(HIT_START, "").replace(HIT_END, ""),
    }


def item_detail_record(found: ItemDetail, only: frozenset[str] | None) -> Record:
    """Return everything kept of an item as JSON has it; of its tasks, those in *only*."""
    line = found.line
    return {
        "id": line.natural_id,
        "number": line.id,
        "source": line.source,
        "kind": line.kind,
        "title": line.title,
        "summary": found.summary,
        "url": line.url,
        "version": line.version_key,
        "status": line.status,
        "status_reason": found.status_reason,
        "published_at": iso(line.published_at),
        "source_updated_at": iso(line.source_updated_at),
        "first_seen_at": iso(line.first_seen_at),
        "last_seen_at": iso(line.last_seen_at),
        "contributors": [
            {
                "name": each.name,
                "role": each.role,
                "external_id": each.external_id,
                "affiliations": list(each.affiliations),
            }
            for each in found.contributors
        ],
        "identifiers": [{"scheme": each.scheme, "value": each.value} for each in found.identifiers],
        "tags": [
            {"scheme": each.scheme, "term": each.term, "primary": each.primary}
            for each in found.tags
        ],
        "relations": [{"type": each.type, "to": each.to_natural_id} for each in found.relations],
        "extra": found.extra,
        "observed": [
            {
                "metric": each.metric,
                "context": each.context,
                "value": each.value,
                "observed_at": iso(each.observed_at),
            }
            for each in found.observed
        ],
        "stars_per_day": [
            {"day": each.day.isoformat(), "stars": each.value, "gained": each.gained}
            for each in _stars(found)
        ],
        "tasks": [each for each in found.tasks if only is None or each in only],
        "versions": [_version_record(each, only) for each in found.versions],
    }


def _version_record(each: VersionLine, only: frozenset[str] | None) -> Record:
    return {
        "number": each.number,
        "version": each.version_key,
        "content_hash": each.content_hash,
        "task_id": each.task_id if only is None or each.task_id in only else None,
        "run_id": each.run_id,
        "seen_at": iso(each.seen_at),
        "raw_sha256": each.raw_sha256,
        "raw_url": each.raw_url,
        "raw_kept": each.raw_kept,
        "reparsed_at": iso(each.reparsed_at),
    }


def _stars(found: ItemDetail) -> list[DayOfGrowth]:
    points = [(each.observed_at, each.value) for each in found.stars]
    return per_day(points, last=found.line.last_seen_at.date(), days=_DAYS_SHOWN)
