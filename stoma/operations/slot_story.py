"""What became of one slot, told in the order in which it happened. Light."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stoma.domain.run import Outcome, RunState
from stoma.storage.read import Reader
from stoma.storage.read_rows import AttemptLine, RunLine

_RUN = re.compile(r"\brun (\d+) was\b")
_MOMENT = timedelta(seconds=1)

#: Why a run waits, by the reason in its row.
_WAITS = {
    "retry": "waits for its next attempt",
    "budget": "waits for the source's budget",
    "interrupted": "was cut off and starts again",
    "user": "was asked for again by hand",
    "backfill": "waits for its turn in a backfill",
}
_CANCELLED = {
    "user": "somebody cancelled it before it started",
    "replaced": "a newer slot took its place before it started",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a slot, or will."""

    at: datetime | None
    word: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One slot, or a stretch of slots that share a row, and what became of it."""

    due_at: datetime
    run: RunLine | None  #: its row; None: there is none
    events: Sequence[Event] = field(default_factory=tuple)


def story_of(reader: Reader, run: RunLine, schedule: str) -> Story:
    """Return what became of the slot of *run*; *schedule* names what made it due."""
    due_at = run.due_at or run.created_at
    return Story(due_at=due_at, run=run, events=tuple(_events(reader, run, schedule)))


def _events(reader: Reader, run: RunLine, schedule: str) -> Iterator[Event]:
    yield _due(run, schedule)
    if run.state in _NEVER:
        yield Event(at=run.created_at, word=str(run.state), text=run.detail or run.reason)
        yield from _in_the_way(reader, run)
        return
    if run.trigger != "schedule":
        words = run.detail if run.trigger in {"catch_up", "backfill"} else ""
        yield Event(at=run.created_at, word=run.trigger, text=words or f"run {run.id}")
    attempts = reader.attempts(run.id)
    for attempt in attempts:
        yield from _tried(run, attempt)
    yield from _now(run)


_NEVER = frozenset({RunState.SKIPPED, RunState.MISSED, RunState.COALESCED})


def _due(run: RunLine, schedule: str) -> Event:
    many = f", {run.slots:,} slots up to {run.due_to:%Y-%m-%d %H:%M:%S} UTC" if run.due_to else ""
    return Event(at=run.due_at, word="due", text=f"{schedule}{many}")


def _in_the_way(reader: Reader, run: RunLine) -> Iterator[Event]:
    """Yield how the run ended that kept this one from starting."""
    match = _RUN.search(run.detail) if run.reason == "overlap" else None
    other = reader.run(int(match[1])) if match else None
    if other is None:
        return
    if other.ended_at is None or other.state is not RunState.DONE:
        yield Event(at=None, word=f"run {other.id}", text=f"is {other.word} still")
        return
    took = f" after {length(other.duration_seconds)}" if other.duration_seconds else ""
    words = "was" if other.outcome is Outcome.CANCELLED else "ended:"
    yield Event(at=other.ended_at, word=f"run {other.id}", text=f"{words} {_said(other)}{took}")


def _tried(run: RunLine, attempt: AttemptLine) -> Iterator[Event]:
    name = f"attempt {attempt.number}"
    late = attempt.started_at - run.due_at if run.due_at and attempt.number == 1 else timedelta(0)
    after = f", {length(late.total_seconds())} after its moment" if late > _MOMENT else ""
    yield Event(at=attempt.started_at, word="started", text=f"run {run.id}, {name}{after}")
    if attempt.ended_at is not None and (attempt.outcome is not None or attempt.error):
        yield Event(at=attempt.ended_at, word=_outcome(attempt), text=_why(attempt))


def _outcome(attempt: AttemptLine) -> str:
    return str(attempt.outcome).replace("_", " ") if attempt.outcome else "given back"


def _why(attempt: AttemptLine) -> str:
    kind = f"{attempt.error_kind}: " if attempt.error_kind not in {"", attempt.outcome} else ""
    ended = attempt.ended_at or attempt.started_at
    took = f"after {length((ended - attempt.started_at).total_seconds())}"
    return f"{kind}{attempt.error} ({took})" if attempt.error else took


def _now(run: RunLine) -> Iterator[Event]:
    """Yield where the run is now, if its attempts do not say so."""
    if run.state is RunState.PENDING:
        words = _WAITS.get(run.reason, "waits for room")
        yield Event(at=run.not_before, word="waits", text=f"run {run.id} {words}")
    elif run.state is RunState.QUEUED:
        yield Event(at=None, word="starts", text=f"run {run.id} is about to start")
    elif run.state is RunState.RUNNING:
        yield Event(at=None, word="runs", text=f"run {run.id} is at work")
    elif run.outcome is Outcome.DEAD:
        text = f"run {run.id}: all {run.attempts} attempts failed; again: retry-run {run.id}"
        yield Event(at=run.ended_at, word="dead", text=text)
    elif not run.attempts and run.outcome is Outcome.CANCELLED:
        yield Event(at=run.ended_at, word="cancelled", text=_CANCELLED.get(run.reason, run.reason))


def _said(run: RunLine) -> str:
    return run.word.replace("_", " ")


def length(seconds: float | None) -> str:
    """Return a length of time in words: `2 h 5 min`."""
    whole = round(seconds or 0)
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if whole >= unit:
            units, rest = divmod(whole, unit)
            smaller = {"d": (3600, "h"), "h": (60, "min"), "min": (1, "s")}[name]
            more = f" {rest // smaller[0]} {smaller[1]}" if rest // smaller[0] else ""
            return f"{units} {name}{more}"
    return f"{whole} s"
