"""Why a task ran when it did, or why not: the rule that decided a slot. Light but for schedules."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stoma.domain.run import GOOD, Outcome, RunState
from stoma.exceptions import ScheduleError
from stoma.operations.slot_story import Event, Story, length, story_of
from stoma.operations.tasks import show_task
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.schedules.policies import default_grace
from stoma.schedules.slots import Slot
from stoma.storage.lookup import unknown_task
from stoma.storage.read import Reader, TaskDetail
from stoma.storage.read_ledger import Place
from stoma.storage.read_rows import DefinitionLine, RunLine

if TYPE_CHECKING:
    from stoma.settings import Loaded

_TICK, _MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
#: So many slots are told of where no moment is named.
_NEWEST = 3
#: A cause is worth a word when it decided so many of the last so many slots.
_OFTEN, _OF = 3, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody wants to know."""

    task_id: str
    at: datetime | None  #: None: the newest slots
    now: datetime
    timezone: str  #: of tasks that name none
    #: What must be set before a type of task can run; empty if nothing.
    needs: Callable[[str], str] = lambda _: ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What there is to say."""

    task_id: str
    timezone: str
    schedule: str  #: as written
    stories: Sequence[Story]
    notes: Sequence[str] = field(default_factory=tuple)
    advice: Sequence[str] = field(default_factory=tuple)
    next_at: datetime | None = None


def needs_of(loaded: "Loaded", name: str) -> str:
    """Return what must be set before a type of task can run; empty if nothing, or nobody knows."""
    from stoma.collectors import COLLECTORS

    if name not in COLLECTORS.table:  # code that did not come with us is not asked
        return ""
    return COLLECTORS.get(name).needs(loaded.settings.sources.model_dump())


def why(reader: Reader | None, question: Question) -> Answer:
    """Return what decided the slots of a task at a moment, or its newest ones.

    Raises:
        NotFoundError: There is no such task.
    """
    detail = show_task(reader, question.task_id)
    place = reader.ledger.place(question.task_id) if reader else None
    if reader is None or place is None:
        raise unknown_task(question.task_id, [])
    return _Look(reader, question, detail, place).answer()


class _Look:
    """One look at one task."""

    def __init__(
        self, reader: Reader, question: Question, detail: TaskDetail, place: Place
    ) -> None:
        self._reader = reader
        self._detail = detail
        self._place = place
        self._task_id = question.task_id
        self._now = question.now
        self._at = question.at
        self._zone = detail.line.timezone or question.timezone
        self._default_zone = question.timezone
        self._needs = question.needs

    def answer(self) -> Answer:
        """Return what there is to say."""
        stories, notes = self._found()
        next_at = self._detail.line.next_at if self._detail.line.enabled else None
        return Answer(
            task_id=self._task_id,
            timezone=self._zone,
            schedule=self._words(None),
            stories=stories,
            notes=[*notes, *self._standing()],
            advice=list(_advice(self._reader.ledger.before(self._task_id, self._now, limit=_OF))),
            next_at=next_at if next_at is not None and next_at > self._now else None,
        )

    def _found(self) -> tuple[list[Story], list[str]]:
        if self._at is None:
            rows = self._reader.ledger.before(self._task_id, self._now, limit=_NEWEST)
            return [self._story(run) for run in rows], [] if rows else ["it had no slot so far"]
        if self._at > self._now:
            return self._coming(self._at)
        rows = self._rows_at(self._at)
        if rows:
            return [self._story(run) for run in rows], []
        return self._missing(self._at)

    # --- what has been -------------------------------------------------------------------------

    def _rows_at(self, at: datetime) -> list[RunLine]:
        """Return the rows of the moment; of its whole minute, if it names no seconds."""
        ledger = self._reader.ledger
        until = at if at.second or at.microsecond else at + _MINUTE - _TICK
        rows = ledger.between(self._task_id, at, until)
        own = [run for run in rows if run.slots == 1 or run.due_at == at]
        stretches = [run for run in rows if run not in own and self._inside(run, at, until)]
        return own or stretches

    def _inside(self, run: RunLine, at: datetime, until: datetime) -> bool:
        """Return whether a stretch stands for a slot of the moment."""
        schedule = self._schedule(at)
        slot = schedule.next_slot(at - _TICK) if schedule else None
        hit = run.reason == "filter"
        return slot is not None and slot.due_at <= until and hit == bool(slot.skipped_by)

    def _story(self, run: RunLine) -> Story:
        return story_of(self._reader, run, self._words(run.created_at))

    def _missing(self, at: datetime) -> tuple[list[Story], list[str]]:
        """Return what to say of a moment that has no row."""
        schedule = self._schedule(at)
        slot = schedule.next_slot(at - _TICK) if schedule and not schedule.chained else None
        exact = slot is not None and slot.due_at < at + _MINUTE
        if slot is not None and exact:
            text = self._undecided(slot)
            event = Event(at=slot.due_at, word="due", text=self._words(at))
            last = Event(at=None, word="no row", text=text)
            return [Story(due_at=slot.due_at, run=None, events=(event, last))], []
        following = f"; the next slot after it is {_stamp(slot.due_at)}" if slot else ""
        note = f"no slot at {_stamp(at)}: the schedule says {self._words(at)}{following}"
        before = self._reader.ledger.before(self._task_id, at, limit=1)
        return [self._story(run) for run in before], [note]

    def _undecided(self, slot: Slot) -> str:
        """Return why a slot that has passed has no row."""
        task, place = self._detail, self._place
        if slot.due_at < task.created_at:
            return f"the task was added later, at {_stamp(task.created_at)}"
        decided = place.watermark_at is not None and slot.due_at <= place.watermark_at
        if not task.line.enabled and not decided:
            return self._disabled()
        if place.next_slot_at is None or slot.due_at < place.next_slot_at:
            return "the schedule was not in force then: the task was disabled or had another one"
        return self._nobody()

    def _nobody(self) -> str:
        """Return why a slot that is due is not decided."""
        scheduler = self._reader.scheduler()
        if scheduler is None:
            return "not decided yet: no scheduler is running; start it: stoma scheduler start"
        return f"not decided yet; the scheduler beat last at {_stamp(scheduler.heartbeat_at)}"

    def _disabled(self) -> str:
        line, place = self._detail.line, self._place
        why = f": {line.disabled_reason}" if line.disabled_reason else ""
        since = f", last decided {_stamp(place.watermark_at)}" if place.watermark_at else ""
        until = f" until {_stamp(place.disabled_until)}" if place.disabled_until else ""
        return f"the task is disabled{until}{why}{since}"

    # --- what will be --------------------------------------------------------------------------

    def _coming(self, at: datetime) -> tuple[list[Story], list[str]]:
        schedule = self._schedule(self._now)
        if schedule is None:
            return [], []
        if schedule.chained or not schedule.has_slots:
            return [], [f"its slots are not known before they come: {self._words(None)}"]
        slot = schedule.next_slot(at - _TICK)
        if slot is None:
            return [], [f"no slot at {_stamp(at)} or later: the schedule says {self._words(None)}"]
        notes = []
        if slot.due_at >= at + _MINUTE:
            notes.append(f"no slot at {_stamp(at)}; the next one is {_stamp(slot.due_at)}")
        events = [Event(at=slot.due_at, word="due", text=self._words(None))]
        return [
            Story(due_at=slot.due_at, run=None, events=(*events, *self._rules(schedule, slot)))
        ], notes

    def _rules(self, schedule: BaseSchedule, slot: Slot) -> Iterator[Event]:
        """Yield what will decide a slot, the first that applies first."""
        place, line = self._place, self._detail.line
        if not line.enabled:
            awake = place.disabled_until is not None and place.disabled_until <= slot.due_at
            if not awake:
                yield _rule("disabled", f"it will not be: {self._disabled()}")
                return
        if slot.skipped_by:
            yield _rule("filter", f"it will be skipped: {slot.skipped_by}")
            return
        needed = self._needs(line.type)
        if needed:
            yield _rule("skip", f"it will be skipped as things stand: {needed}")
            return
        if slot.deferred_by:
            yield _rule("filter", f"moved from {_stamp(slot.nominal_at)} by {slot.deferred_by}")
        grace = place.grace_seconds
        if grace is None:
            grace = default_grace(schedule, slot.due_at).total_seconds()
        late = f"up to {length(grace)} late it runs as itself; then {_LATE[place.catch_up]}"
        yield _rule("grace", late)
        yield _rule("overlap", f"if a run is still at work then: {_BUSY[place.overlap]}")
        if place.conditions:
            yield _rule("only_if", f"{place.conditions} condition(s) must hold when it is to start")

    # --- how things stand ----------------------------------------------------------------------

    def _standing(self) -> Iterator[str]:
        """Yield what holds now and is not about one slot."""
        slot_at = self._place.next_slot_at
        if not self._detail.line.enabled:
            yield self._disabled()
        elif slot_at is not None and slot_at <= self._now:
            yield f"the slot of {_stamp(slot_at)} is {self._nobody()}"
        pause = self._reader.ledger.state("paused")
        if isinstance(pause, Mapping):
            until = pause.get("until")
            if not until or datetime.fromisoformat(str(until)) > self._now:
                ends = f" until {until}" if until else ""
                said = f": {pause['reason']}" if pause.get("reason") else ""
                yield f"the scheduler is paused{ends}{said}; to go on: stoma scheduler resume"

    def _schedule(self, at: datetime) -> BaseSchedule | None:
        """Return the schedule that was in force at a moment; None if it can not be read."""
        definition = self._definition(at)
        spec = definition.definition["schedule"] if definition else self._detail.line.schedule
        zone = definition.definition.get("timezone") if definition else self._detail.line.timezone
        try:
            return parse_schedule(spec, str(zone or self._default_zone), key=self._task_id)
        except ScheduleError:
            return None

    def _definition(self, at: datetime) -> DefinitionLine | None:
        definitions = self._detail.definitions
        saved = (each for each in definitions if each.saved_at <= at)
        return next(saved, definitions[-1] if definitions else None)

    def _words(self, at: datetime | None) -> str:
        """Return the schedule as written: in force at a moment, or now."""
        definition = self._definition(at) if at else None
        spec = definition.definition["schedule"] if definition else self._detail.line.schedule
        if isinstance(spec, str):
            return spec
        schedule = self._schedule(at or self._now)
        return schedule.describe() if schedule else str(spec)


_LATE = {
    "latest": "one run stands for all that was missed (catch_up = latest)",
    "none": "it is recorded as missed (catch_up = none)",
    "all": "it runs late (catch_up = all)",
}
_BUSY = {
    "skip": "it is skipped (overlap = skip)",
    "queue_one": "it waits, if nothing waits already (overlap = queue_one)",
    "replace": "that one is stopped (overlap = replace)",
    "allow": "both run (overlap = allow)",
}


def _rule(word: str, text: str) -> Event:
    return Event(at=None, word=word, text=text)


def _stamp(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "-"


# --- advice -------------------------------------------------------------------------------------


def _advice(rows: Sequence[RunLine]) -> Iterator[str]:
    """Yield what to do about a cause that comes again and again."""
    causes = Counter(cause for run in rows if (cause := _cause(run)))
    for (what, name), count in causes.most_common(1):
        if count >= _OFTEN and name in _ADVICE:
            yield f"{count} of the last {len(rows)} slots {what}; {_ADVICE[name]}"


def _cause(run: RunLine) -> tuple[str, str] | None:
    """Return what became of a slot that did not do its work, and the cause by its name."""
    if run.state in {RunState.SKIPPED, RunState.MISSED, RunState.COALESCED}:
        return f"were {run.state} for the same cause ({run.reason})", run.reason
    if run.state is not RunState.DONE or run.outcome in GOOD or run.outcome is Outcome.PARTIAL:
        return None
    kind = run.error_kind or str(run.outcome)
    word = "timed_out" if kind == "timed_out" else "failed"
    named = {"interrupted", "cancelled", "timed_out"}
    return f"ended the same way ({kind})", kind if kind in named else word


_ADVICE = {
    "overlap": "raise the interval, ask for less at a time, or let a slot wait: "
    'overlap = "queue_one"',
    "downtime": "the scheduler was not running then: run it as a service",
    "catch_up": "the scheduler was not running then: run it as a service",
    "max_catch_up": "the scheduler was not running then: run it as a service",
    "paused": "the scheduler was paused; to go on: stoma scheduler resume",
    "condition": "what only_if asks for seldom holds when the task is due: move its schedule",
    "needs_configuration": "set what is named there, or disable the task",
    "not_available": "disable the task until this version can run it",
    "timed_out": "raise timeout_seconds, or ask for less at a time",
    "failed": "read the log of the newest one: stoma scheduler logs",
    "interrupted": "something ends the scheduler again and again: read its log",
    "cancelled": "if it is not wanted, disable it: stoma scheduler disable-task",
}
