"""When tasks are due, and why they were or were not, as JSON."""

from datetime import date, datetime
from typing import TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field

from stoma.api.shapes.base import Given, Record, Shape, iso
from stoma.api.shapes.runs import RunShape, run_record
from stoma.domain.run import Outcome, RunState
from stoma.operations.backfill import Backfilled
from stoma.operations.coming import Fire, Month, Outlook
from stoma.operations.slot_story import Story
from stoma.operations.why import Answer
from stoma.storage.read_rows import RunLine

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


def fire_record(fire: Fire, found: Outlook) -> Record:
    """Return a slot as JSON has it."""
    return {
        "task_id": found.task_id,
        "at": iso(fire.due_at),
        "local_at": iso(fire.local_at),
        "timezone": found.timezone,
        "runs": fire.runs,
        "reasons": list(fire.reasons),
    }


def outlook_record(found: Outlook) -> Record:
    """Return what a schedule means as JSON has it."""
    return {
        "task_id": found.task_id,
        "timezone": found.timezone,
        "words": found.words,
        "fires": [fire_record(each, found) for each in found.fires],
        "warnings": list(found.warnings),
        "notes": list(found.notes),
    }


def day_record(month: Month, day: int) -> Record:
    """Return a day as JSON has it."""
    return {
        "date": date(month.year, month.month, day).isoformat(),
        "timezone": month.timezone,
        "fires": month.days[day],
    }


def range_record(
    bounds: tuple[datetime, datetime], runs: list[RunLine], fires: list[Record], *, complete: bool
) -> Record:
    """Return what is between two moments as JSON has it."""
    return {
        "begin": iso(bounds[0]),
        "end": iso(bounds[1]),
        "runs": [run_record(each) for each in runs],
        "fires": [*fires],
        "complete": complete,
    }


def why_record(answer: Answer) -> Record:
    """Return an answer as JSON has it."""
    return {
        "task_id": answer.task_id,
        "schedule": answer.schedule,
        "slots": [_story_record(each) for each in answer.stories],
        "notes": list(answer.notes),
        "advice": list(answer.advice),
        "next_run_at": iso(answer.next_at),
    }


def _story_record(story: Story) -> Record:
    run = story.run
    return {
        "due_at": iso(story.due_at),
        "run_id": run.id if run else None,
        "slots": run.slots if run else 1,
        "state": str(run.state) if run else None,
        "outcome": str(run.outcome) if run and run.outcome else None,
        "reason": run.reason if run else "",
        "events": [
            {"at": iso(each.at), "word": each.word, "text": each.text} for each in story.events
        ],
    }


def backfilled_record(found: Backfilled, *, dry_run: bool) -> Record:
    """Return what a backfill does as JSON has it."""
    return {
        "task_id": found.task_id,
        "dry_run": dry_run,
        "slots": [{"due_at": iso(slot), "was": was} for slot, was in found.slots.items()],
        "counts": dict(found.counts),
        "others": dict(found.others),
        "split_rows": found.rows,
        "beyond_limit": found.left,
        "undecided_from": iso(found.undecided_from),
        "seconds": found.seconds,
    }
