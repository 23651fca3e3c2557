"""When tasks are due: the next moments of one, with reasons, and a month of all."""

from calendar import monthrange
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import islice, pairwise, takewhile

from stoma.domain.task import StoredTask
from stoma.exceptions import ScheduleError
from stoma.operations.tasks import show_task
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.schedules.explain import ExplainedSlot, explain, warnings_within
from stoma.schedules.instants import DAY, day_of, moment_of
from stoma.schedules.policies import count_between
from stoma.schedules.zones import local_time, zone_named
from stoma.storage.read import Reader
from stoma.storage.read_rows import TaskLine

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """A coming slot, on the schedule's own clock and in UTC."""

    due_at: datetime
    local_at: datetime
    runs: bool  #: False: a filter of the schedule skips it
    reasons: Sequence[str] = ()  #: what is unusual about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a schedule means, and when it is due next."""

    task_id: str | None
    timezone: str
    words: str
    fires: Sequence[Fire]
    warnings: Sequence[str]  #: what clock changes within a year make of it
    notes: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody wants to know of a schedule."""

    moment: datetime  #: slots later than this
    count: int = 10
    timezone: str = "UTC"  #: where the task, or the schedule itself, names none
    skipped: bool = False  #: slots that a filter skips as well, and why


def outlook(spec: object, question: Question, *, task_id: str = "") -> Outlook:
    """Return what the schedule *spec* means, and when it is due.

    Raises:
        ScheduleError: It can not be understood.
    """
    schedule = parse_schedule(spec, question.timezone, key=task_id)
    return Outlook(
        task_id=task_id or None,
        timezone=schedule.timezone,
        words=schedule.describe(),
        fires=_fires(schedule, question),
        warnings=[each.text for each in warnings_within(schedule, question.moment)],
    )


def task_outlook(reader: Reader | None, task_id: str, question: Question) -> Outlook:
    """Return when a registered task is due next.

    Raises:
        NotFoundError: There is no such task.
    """
    task = show_task(reader, task_id).line
    return outlook_of(task, question)


def outlook_of(task: TaskLine | StoredTask, question: Question) -> Outlook:
    """Return when *task* is due next."""
    own = replace(question, timezone=task.timezone or question.timezone)
    schedule = parse_schedule(task.schedule, own.timezone, key=task.id)
    found = outlook(task.schedule, own, task_id=task.id)
    notes = []
    if not task.enabled:
        notes.append(f"{task.id} is disabled: nothing of this happens before it is enabled")
    if not schedule.has_slots:
        notes.append(f"{task.id} has no schedule: it runs when it is asked to")
    if schedule.chained:
        at = task.next_run_at
        found = replace(found, fires=[] if at is None else [_at(at, schedule.timezone)])
        notes.append("each slot counts from the end of the run before; only the next one is known")
    if task.jitter_seconds:
        notes.append(f"each run starts up to {task.jitter_seconds:g} s after its slot (jitter)")
    return replace(found, notes=notes)


def _fires(schedule: BaseSchedule, question: Question) -> list[Fire]:
    if question.skipped:
        return [_fire(each) for each in explain(schedule, question.moment, question.count)]
    coming = islice(_moments(schedule, question.moment), question.count)
    return [_at(due_at, schedule.timezone) for due_at in coming]


def _at(due_at: datetime, timezone: str) -> Fire:
    return Fire(due_at=due_at, local_at=local_time(int(due_at.timestamp()), timezone), runs=True)


def _moments(schedule: BaseSchedule, after: datetime) -> Iterator[datetime]:
    due = schedule.next_after(after)
    while due is not None:
        yield due
        due = schedule.next_after(due)


def _fire(slot: ExplainedSlot) -> Fire:
    return Fire(
        due_at=slot.slot.due_at,
        local_at=slot.local_at,
        runs=slot.slot.skipped_by is None,
        reasons=slot.reasons,
    )


# --- a month ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaskMonth:
    """What a month holds for one task."""

    task: TaskLine
    schedule: BaseSchedule

    def moments(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield its slots that run, *after* excluded and *until* included."""
        if self.schedule.chained:  # the others are not known before their runs have ended
            at = self.task.next_run_at
            yield from [at] if at is not None and after < at <= until else []
            return
        yield from takewhile(lambda due: due <= until, _moments(self.schedule, after))

    def count(self, after: datetime, until: datetime) -> int:
        """Return how many slots `moments` would yield, by arithmetic."""
        if self.schedule.chained:
            return len(list(self.moments(after, until)))
        return count_between(self.schedule, after, until) if after < until else 0

    def like(self) -> Hashable:
        """Return what is equal for all that have the same slots."""
        return self.schedule, self.task.next_run_at if self.schedule.chained else None

    def local(self, moment: datetime) -> datetime:
        """Return a moment on the clock of the schedule."""
        return local_time(int(moment.timestamp()), self.schedule.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The coming slots of a month, by day, in one zone."""

    year: int
    month: int
    timezone: str
    after: datetime  #: slots later than this are counted
    until: datetime
    days: Mapping[int, int]  #: day of the month -> slots of all tasks
    tasks: Sequence[TaskMonth]
    by_task: Mapping[str, int] = field(default_factory=dict)  #: the slots of each, by its id

    @property
    def fires(self) -> int:
        """All slots of the month."""
        return sum(self.days.values())

    def moments(self, *, limit: int) -> list[tuple[datetime, TaskLine]]:
        """Return up to *limit* slots of each task, in order of time."""
        return sorted(
            (
                (at, each.task)
                for each in self.tasks
                for at in islice(each.moments(self.after, self.until), limit)
            ),
            key=lambda pair: (pair[0], pair[1].id),
        )


def slots_between(
    tasks: Iterable[TaskLine], after: datetime, until: datetime, *, timezone: str
) -> Iterator[tuple[datetime, TaskMonth]]:
    """Yield the slots of the enabled of *tasks* that run, in order of time, with their tasks.

    *after* is excluded, *until* included. A task whose schedule can not be understood any more has
    none.
    """
    found = [each for task in tasks if task.enabled and (each := _task_month(task, timezone))]
    return merge(*(_slots(each, after, until) for each in found), key=lambda slot: slot[0])


def _slots(
    month: TaskMonth, after: datetime, until: datetime
) -> Iterator[tuple[datetime, TaskMonth]]:
    return ((at, month) for at in month.moments(after, until))


def _task_month(task: TaskLine, timezone: str) -> TaskMonth | None:
    try:
        schedule = parse_schedule(task.schedule, task.timezone or timezone, key=task.id)
    except ScheduleError:
        return None
    return TaskMonth(task, schedule)


def coming_month(
    reader: Reader | None, year: int, month: int, *, timezone: str, now: datetime
) -> Month:
    """Return what a month holds for all tasks; of the present one, what is left.

    Raises:
        ScheduleError: A schedule can not be understood any more.
    """
    tasks = reader.enabled() if reader else []
    return month_of(tasks, year, month, timezone=timezone, now=now)


def month_of(
    tasks: Iterable[TaskLine], year: int, month: int, *, timezone: str, now: datetime
) -> Month:
    """Return what a month holds for the enabled of *tasks*; of the present one, what is left."""
    days = [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]
    bounds = [_midnight(day, timezone) - _SECOND for day in [*days, days[-1] + timedelta(days=1)]]
    found = [
        TaskMonth(task, parse_schedule(task.schedule, task.timezone or timezone, key=task.id))
        for task in tasks
        if task.enabled
    ]
    alike: dict[Hashable, list[TaskMonth]] = {}  # thousands of tasks have few schedules
    for each in found:
        alike.setdefault(each.like(), []).append(each)
    after, until = max(bounds[0], now), bounds[-1]
    return Month(
        year=year,
        month=month,
        timezone=timezone,
        after=after,
        until=until,
        days={
            number: sum(len(same) * same[0].count(max(begin, now), end) for same in alike.values())
            for number, (begin, end) in enumerate(pairwise(bounds), 1)
        },
        tasks=found,
        by_task={
            each.task.id: count
            for same in alike.values()
            for count in [same[0].count(after, until)]
            for each in same
        },
    )


def _midnight(day: date, timezone: str) -> datetime:
    """Return the first instant of a day on the clock of *timezone*, in UTC."""
    second = zone_named(timezone).first(day_of(day) * DAY)
    return moment_of(second) or datetime.max.replace(tzinfo=UTC)
