"""What a change of a task means in fires: which are gained and which are lost. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from stoma.domain.task import Task
from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.schedules.instants import seconds_of
from stoma.schedules.zones import local_time

#: How far is looked ahead.
SPAN: Final = timedelta(days=7)
#: So many fires are compared at most; of a busier schedule, the first ones.
MOST: Final = 25_000
#: So many moments, or times of day, are named.
FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Fires:
    """Fires that only one of two schedules has."""

    count: int = 0
    first: tuple[datetime, ...] = ()  #: the first few, on the schedule's own clock
    clock: tuple[str, ...] = ()  #: the times of day of all of them; empty if they are many
    words: str = ""  #: in place of a count: what can not be foretold, such as `after each run`

    def __bool__(self) -> bool:
        return bool(self.count or self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What changes in the fires of one task."""

    lost: Fires = Fires()
    gained: Fires = Fires()
    until: datetime  #: how far was looked
    complete: bool = True  #: False: the schedules are too busy to look as far as asked

    def __bool__(self) -> bool:
        return bool(self.lost or self.gained)


@dataclass(slots=True)
class _Tally:
    schedule: BaseSchedule | None
    count: int = 0
    first: list[datetime] = field(default_factory=list)
    clock: set[str] = field(default_factory=set)

    def add(self, moment: datetime) -> None:
        self.count += 1
        if self.schedule is not None and len(self.clock) <= FEW:
            local = local_time(seconds_of(moment), self.schedule.timezone)
            self.clock.add(f"{local:%H:%M}" if not local.second else f"{local:%H:%M:%S}")
            if len(self.first) < FEW:
                self.first.append(local)

    def fires(self) -> Fires:
        chained = self.schedule is not None and self.schedule.chained
        words = self.schedule.describe() if self.schedule is not None and chained else ""
        clock = tuple(sorted(self.clock)) if len(self.clock) <= FEW else ()
        return Fires(self.count, tuple(self.first), clock, words)


def forecast(
    before: Task | None, after: Task | None, *, now: datetime, timezone: str = "UTC"
) -> Forecast:
    """Return which fires a task loses and gains when its definition changes at *now*.

    Both schedules are looked at for `SPAN` from *now*, the end included. Slots that a filter
    skips are no fires; nor has a disabled task any.

    Args:
        before: The definition until now; None if there is none.
        after: The definition from now on; None if there is none.
        now: When it changes. A task that starts with a run fires at this moment too.
        timezone: The zone of tasks that name none.

    Raises:
        ScheduleError: The schedule of *after* can not be understood.
    """
    old, new = _old(before, timezone), _schedule(after, timezone)
    if old == new:
        return Forecast(until=now + SPAN)
    lost, gained = _Tally(old), _Tally(new)
    if new is not None and (new.chained or new.run_on_start):
        gained.add(now)
    stopped_at = _compare(lost, gained, now)
    return Forecast(
        lost=lost.fires(),
        gained=gained.fires(),
        until=stopped_at or now + SPAN,
        complete=stopped_at is None,
    )


def _old(task: Task | None, timezone: str) -> BaseSchedule | None:
    try:
        return _schedule(task, timezone)
    except ScheduleError:  # a zone that has gone since: it did not fire any more
        return None


def _schedule(task: Task | None, timezone: str) -> BaseSchedule | None:
    if task is None or not task.enabled:
        return None
    return parse_schedule(task.schedule, task.timezone or timezone, key=task.id)


def _compare(lost: _Tally, gained: _Tally, now: datetime) -> datetime | None:
    """Walk both schedules side by side; return where they became too many, or None."""
    old, new = _fires(lost.schedule, now), _fires(gained.schedule, now)
    left, right = next(old, None), next(new, None)
    for _ in range(MOST):
        if left is None and right is None:
            return None
        if left is not None and (right is None or left < right):
            lost.add(left)
            left = next(old, None)
        elif right is not None and (left is None or right < left):
            gained.add(right)
            right = next(new, None)
        else:
            left, right = next(old, None), next(new, None)
    return min(filter(None, (left, right)), default=None)


def _fires(schedule: BaseSchedule | None, now: datetime) -> Iterator[datetime]:
    """Yield the fires in sight; none where each waits for the end of the last run."""
    if schedule is None or schedule.chained:
        return
    due = schedule.next_after(now)
    while due is not None and due <= now + SPAN:
        yield due
        due = schedule.next_after(due)
