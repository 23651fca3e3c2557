"""How the sources stand, as JSON."""

from datetime import datetime

from pydantic import Field

from stoma.api.shapes.base import Record, Shape, iso
from stoma.operations.sources import SourceLine
from stoma.storage.read_sources import DeferredLine, UnusualLine


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


def source_record(line: SourceLine) -> Record:
    """Return a source as JSON has it."""
    return {
        "source": line.source,
        "left": line.left,
        "burst": line.burst,
        "interval_seconds": line.interval_seconds,
        "free_at": iso(line.free_at),
        "held_until": iso(line.held_until),
        "limit": line.limit,
        "remaining": line.remaining,
        "reset_at": iso(line.reset_at),
    }


def deferred_record(line: DeferredLine) -> Record:
    """Return a run that waits as JSON has it."""
    return {"task_id": line.task_id, "run_id": line.run_id, "not_before": iso(line.not_before)}


def unusual_record(line: UnusualLine) -> Record:
    """Return what is unusual as JSON has it."""
    return {
        "task_id": line.task_id,
        "kind": line.kind,
        "text": line.text,
        "since": iso(line.since),
    }
