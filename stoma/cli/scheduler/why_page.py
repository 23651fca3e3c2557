"""What `stoma scheduler why` shows."""

from datetime import datetime

from stoma.cli.output import View
from stoma.cli.pages import facts
from stoma.cli.streams import tinted
from stoma.cli.tables import Column
from stoma.cli.times import Times, stamp
from stoma.cli.words import mark, tint
from stoma.operations.slot_story import Event, Story
from stoma.operations.why import Answer
from stoma.records.slots import ANSWER


def answer_view() -> View[Answer]:
    """Return the stable fields of an answer."""
    return View(
        columns=[Column("task", lambda answer: answer.task_id)],
        fields=ANSWER,
        name=lambda answer: answer.task_id,
    )


def answer_text(answer: Answer, times: Times) -> str:
    """Return an answer as lines."""
    parts = [_told(story, answer, times) for story in answer.stories]
    if answer.advice:
        parts.append(facts((("Advice:", each) for each in answer.advice), gap=1))
    if answer.next_at is not None:
        parts.append(f"next: {times.full(answer.next_at, answer.timezone)}\n")
    return "\n".join(parts)


def _told(story: Story, answer: Answer, times: Times) -> str:
    sign = mark(story.run.word) if story.run else " "
    head = f"slot {times.full(story.due_at, answer.timezone)}"
    clocks = [_clock(each, story.due_at, times) for each in story.events]
    room = max(map(len, clocks))
    rows = [
        (f"  {clock:<{room}}  {each.word}", each.text)
        for clock, each in zip(clocks, story.events, strict=True)
    ]
    return f"{tinted(sign, tint(sign))} {tinted(head, '1')}\n{facts(rows)}"


def _clock(event: Event, day: datetime, times: Times) -> str:
    if event.at is None:
        return ""
    if times.utc:
        return stamp(event.at)
    text = f"{event.at:%H:%M:%S}Z"
    return text if event.at.date() == day.date() else f"{event.at:%Y-%m-%d} {text}"
