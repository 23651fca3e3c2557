"""Items, as JSON."""

from datetime import date, datetime
from typing import Any, Final, TypeAlias

from pydantic import Field

from stoma.api.shapes.base import Shape

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
