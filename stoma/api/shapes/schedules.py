"""When tasks are due, and why they were or were not, as JSON."""

from datetime import date, datetime
from typing import TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field

from stoma.api.shapes.base import Given, Shape
from stoma.api.shapes.runs import RunShape
from stoma.domain.run import Outcome, RunState

Day: TypeAlias = date


class FireShape(Shape):
    """A coming slot."""

    task_id: str | None = Field(description="Null for a schedule that is only tried.")
    at: datetime = Field(description="The slot, in UTC.")
    local_at: datetime = Field(description="The same on the clock of the schedule.")
    timezone: str = Field(description="Of that clock.")
    runs: bool = Field(description="False where a filter skips it.")
    reasons: list[str] = Field(description="What clock changes and filters do to it.")


class OutlookShape(Shape):
    """What a schedule means."""

    task_id: str | None = Field(description="Null for a schedule that is only tried.")
    timezone: str = Field(description="Whose clock counts.")
    words: str = Field(description="The schedule in words.", examples=["every day at 09:00"])
    fires: list[FireShape] = Field(description="Its next slots.")
    warnings: list[str] = Field(description="What clock changes within a year make of it.")
    notes: list[str] = Field(description="What else is worth knowing.")


class DayShape(Shape):
    """One day of a month."""

    date: Day
    timezone: str = Field(description="Whose days these are.")
    fires: int = Field(description="Slots of all tasks; of the present day what is left.")


class RangeShape(Shape):
    """What was and what will be between two moments."""

    begin: datetime
    end: datetime
    runs: list[RunShape] = Field(description="Of slots in there, and started by hand then.")
    fires: list[FireShape] = Field(description="Slots to come.")
    complete: bool = Field(description="False: there is more than `limit` of either.")


class EventShape(Shape):
    """Something that happened to a slot, or will."""

    at: datetime | None
    word: str
    text: str


class StoryShape(Shape):
    """One slot, and what became of it."""

    due_at: datetime
    run_id: int | None = Field(description="Its row; null: there is none.")
    slots: int
    state: RunState | None
    outcome: Outcome | None
    reason: str
    events: list[EventShape] = Field(description="In order; those without a moment hold then.")


class WhyShape(Shape):
    """Why slots of a task ran or did not."""

    task_id: str
    schedule: str = Field(description="In words.")
    slots: list[StoryShape]
    notes: list[str]
    advice: list[str] = Field(description="What to do about what comes again and again.")
    next_run_at: datetime | None


class Backfilling(Given):
    """Which slots of the past are to run."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z", "dry_run": True}
            ]
        }
    )

    first: AwareDatetime = Field(alias="from", strict=False, description="The first moment.")
    until: AwareDatetime | None = Field(
        default=None, alias="to", strict=False, description="The moment after the last; now."
    )
    limit: int | None = Field(
        default=None, ge=1, le=1_000_000, description="At most so many, the oldest."
    )
    dry_run: bool = Field(default=False, description="Only say what would be done.")


class FilledShape(Shape):
    """A slot that is filled."""

    due_at: datetime
    was: str = Field(description="What had become of it.")


class BackfilledShape(Shape):
    """What a backfill does, or would do."""

    task_id: str
    dry_run: bool
    slots: list[FilledShape] = Field(description="Those that wait to run now, in order.")
    counts: dict[str, int] = Field(description="What became of them before, counted.")
    others: dict[str, int] = Field(description="Slots that need nothing.")
    split_rows: int = Field(description="Rows of several slots, of which some are taken out.")
    beyond_limit: int = Field(description="Slots beyond the limit.")
    undecided_from: datetime | None = Field(description="From here on the scheduler decides.")
    seconds: float | None = Field(description="How long they take; null: nobody knows.")
