"""How the sources stand, as JSON."""

from datetime import datetime

from pydantic import Field

from stoma.api.shapes.base import Shape


class SourceShape(Shape):
    """What may be asked of one source now."""

    source: str
    left: int = Field(description="Requests that may be sent at once.")
    burst: int = Field(description="And so many at best.")
    interval_seconds: float = Field(description="After them one each so many seconds.")
    free_at: datetime | None = Field(description="When the next may be sent; null: now.")
    held_until: datetime | None = Field(description="The source asked for a pause.")
    limit: int | None = Field(description="What the source itself counts.")
    remaining: int | None
    reset_at: datetime | None


class DeferredShape(Shape):
    """A run that waits for a budget."""

    task_id: str
    run_id: int
    not_before: datetime | None


class UnusualShape(Shape):
    """What is unusual about what a task brings."""

    task_id: str
    kind: str = Field(examples=["volume", "silence"])
    text: str
    since: datetime
