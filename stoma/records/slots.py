"""Slots: those that come, the days of a month, why one went as it did, and what is filled."""

from datetime import date

from stoma.operations.backfill import Backfilled
from stoma.operations.coming import Fire, Month, Outlook
from stoma.operations.slot_story import Event, Story
from stoma.operations.why import Answer
from stoma.records.base import Fields, iso, told

EVENT: Fields[Event] = {
    "at": lambda event: iso(event.at),
    "word": lambda event: event.word,
    "text": lambda event: event.text,
}

STORY: Fields[Story] = {
    "due_at": lambda story: iso(story.due_at),
    "run_id": lambda story: story.run.id if story.run else None,
    "slots": lambda story: story.run.slots if story.run else 1,
    "state": lambda story: str(story.run.state) if story.run else None,
    "outcome": lambda story: str(story.run.outcome) if story.run and story.run.outcome else None,
    "reason": lambda story: story.run.reason if story.run else "",
    "events": lambda story: [told(EVENT, each) for each in story.events],
}

ANSWER: Fields[Answer] = {
    "task_id": lambda answer: answer.task_id,
    "schedule": lambda answer: answer.schedule,
    "slots": lambda answer: [told(STORY, each) for each in answer.stories],
    "notes": lambda answer: list(answer.notes),
    "advice": lambda answer: list(answer.advice),
    "next_run_at": lambda answer: iso(answer.next_at),
}

#: What a schedule means, and its slots.
OUTLOOK: Fields[Outlook] = {
    "task_id": lambda found: found.task_id,
    "timezone": lambda found: found.timezone,
    "words": lambda found: found.words,
    "fires": lambda found: [told(fire_fields(found), each) for each in found.fires],
    "warnings": lambda found: list(found.warnings),
    "notes": lambda found: list(found.notes),
}


def fire_fields(found: Outlook) -> Fields[Fire]:
    """Return the fields of a slot of one schedule."""
    return {
        "task_id": lambda fire: found.task_id,
        "at": lambda fire: iso(fire.due_at),
        "local_at": lambda fire: iso(fire.local_at),
        "timezone": lambda fire: found.timezone,
        "runs": lambda fire: fire.runs,
        "reasons": lambda fire: list(fire.reasons),
    }


def day_fields(month: Month) -> Fields[int]:
    """Return the fields of a day of a month, given its number."""
    return {
        "date": lambda day: date(month.year, month.month, day).isoformat(),
        "timezone": lambda day: month.timezone,
        "fires": lambda day: month.days[day],
    }


def backfill_fields(*, dry_run: bool) -> Fields[Backfilled]:
    """Return the fields of what a backfill does."""
    return {
        "task_id": lambda found: found.task_id,
        "dry_run": lambda found: dry_run,
        "slots": lambda found: [
            {"due_at": iso(slot), "was": was} for slot, was in found.slots.items()
        ],
        "counts": lambda found: dict(found.counts),
        "others": lambda found: dict(found.others),
        "split_rows": lambda found: found.rows,
        "beyond_limit": lambda found: found.left,
        "undecided_from": lambda found: iso(found.undecided_from),
        "seconds": lambda found: found.seconds,
    }
