"""Stretches of time on pages: hours and days of a zone, and what they hold. Pure."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise, takewhile

from stoma.api.pages.looks import BAD, GOOD, NOT_RUN, told
from stoma.domain.task import Json
from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.schedules.instants import DAY, day_of, moment_of
from stoma.schedules.policies import count_between
from stoma.schedules.zones import zone_named
from stoma.storage.read_days import Tally
from stoma.storage.read_rows import RunLine, TaskLine

_TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sum:
    """What one interval holds, by kind; an interval that is partly past has both."""

    words: Mapping[str, int]  #: what became of slots -> how many
    planned: int = 0

    def of(self, words: Iterable[str]) -> int:
        """Return how many ended in one of these ways."""
        return sum(self.words.get(word, 0) for word in words)

    @property
    def good(self) -> int:
        """Slots that were carried out in their turn."""
        return self.of(GOOD)

    @property
    def again(self) -> int:
        """Slots that a backfill carried out after all."""
        return self.of(["backfilled"])

    @property
    def bad(self) -> int:
        """Slots whose run failed."""
        return self.of(BAD)

    @property
    def missed(self) -> int:
        """Slots that nothing was there to start."""
        return self.of(["missed"])

    @property
    def skipped(self) -> int:
        """Slots that a rule kept from starting, or that another run stands for."""
        return self.of(NOT_RUN - {"missed"})

    @property
    def others(self) -> int:
        """Slots whose run was cancelled, is at work, or waits."""
        return self.of(["cancelled", "running", "pending", "queued"])

    @property
    def total(self) -> int:
        """Everything."""
        return sum(self.words.values()) + self.planned

    def parts(self) -> Iterator[tuple[str, str, int]]:
        """Yield what there is: a state that stands for the group, its name, and how many."""
        groups = (
            ("succeeded", "ok", self.good),
            ("backfilled", "backfilled", self.again),
            ("failed", "failed", self.bad),
            ("missed", "missed", self.missed),
            ("skipped", "skipped", self.skipped),
            ("running", "open", self.others),
            ("planned", "planned", self.planned),
        )
        return (each for each in groups if each[2])

    def said(self) -> str:
        """Return it in words: `3 ok, 1 failed`."""
        return ", ".join(f"{count:,} {name}" for _, name, count in self.parts()) or "nothing"


def midnight(day: date, zone: str) -> datetime:
    """Return the first instant of a day on the clock of *zone*, in UTC."""
    second = zone_named(zone).first(day_of(day) * DAY)
    return moment_of(second) or datetime.max.replace(tzinfo=UTC)


def month_days(year: int, month: int) -> list[date]:
    """Return the days of a month."""
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def day_bounds(days: Sequence[date], zone: str) -> list[datetime]:
    """Return where neighbouring days begin, and where the last one ends."""
    return [midnight(day, zone) for day in [*days, days[-1] + timedelta(days=1)]]


def hour_bounds(day: date, zone: str) -> list[datetime]:
    """Return where the hours of a day begin, and where it ends; clock changes make 23 or 25."""
    begin, end = day_bounds([day], zone)
    found = [begin]
    while found[-1] + HOUR < end:
        found.append(found[-1] + HOUR)
    return [*found, end]


def schedule_of(task: TaskLine, zone: str) -> BaseSchedule | None:
    """Return the schedule of a task; None if it can not be understood any more."""
    try:
        return _parsed(_Key(task.schedule), task.timezone or zone, task.id)
    except ScheduleError:
        return None


class _Key:
    """A schedule as written, to be looked up by."""

    def __init__(self, spec: Json) -> None:
        self.spec = spec
        self._text = repr(spec)

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other._text == self._text


@lru_cache(maxsize=4096)
def _parsed(key: _Key, zone: str, task_id: str) -> BaseSchedule:
    return parse_schedule(key.spec, zone, key=task_id)


def fires(
    task: TaskLine, zone: str, first: datetime, until: datetime, *, most: int
) -> list[datetime]:
    """Return when a task is due in [first, until), at most *most* times; none if it is disabled."""
    schedule = schedule_of(task, zone) if task.enabled else None
    if schedule is None:
        return []
    if schedule.chained:  # the others are not known before their runs have ended
        at = task.next_run_at
        return [at] if at is not None and first <= at < until else []
    return list(islice(takewhile(lambda due: due < until, _moments(schedule, first)), most))


def _moments(schedule: BaseSchedule, first: datetime) -> Iterator[datetime]:
    due = schedule.next_after(first - _TICK)
    while due is not None:
        yield due
        due = schedule.next_after(due)


def planned(
    tasks: Iterable[TaskLine], zone: str, bounds: Sequence[datetime], now: datetime
) -> list[int]:
    """Return how often the enabled of *tasks* are due in each interval, later than *now*."""
    alike: Counter[tuple[BaseSchedule, datetime | None]] = Counter()  # few, for many tasks
    for task in tasks:
        schedule = schedule_of(task, zone) if task.enabled else None
        if schedule is not None:
            alike[schedule, task.next_run_at if schedule.chained else None] += 1
    return [
        sum(
            many * _count(schedule, next_run_at, max(begin - _TICK, now), end - _TICK)
            for (schedule, next_run_at), many in alike.items()
        )
        for begin, end in pairwise(bounds)
    ]


def _count(
    schedule: BaseSchedule, next_run_at: datetime | None, after: datetime, until: datetime
) -> int:
    if after >= until:
        return 0
    if schedule.chained:
        return int(next_run_at is not None and after < next_run_at <= until)
    return count_between(schedule, after, until)


def sums(
    bounds: Sequence[datetime],
    tallies: Iterable[Tally],
    stretches: Iterable[tuple[RunLine, BaseSchedule | None]],
    coming: Sequence[int],
) -> list[Sum]:
    """Return what each interval holds.

    Args:
        bounds: Where the intervals begin, and where the last one ends.
        tallies: What became of single slots, by interval.
        stretches: Rows that stand for several slots, each with the schedule they follow.
        coming: How many slots are planned in each.
    """
    counts: list[Counter[str]] = [Counter() for _ in coming]
    for each in tallies:
        counts[each.bucket][told(each.word, each.trigger)] += each.count
    for run, schedule in stretches:
        for number, count in _spread(run, schedule, bounds):
            counts[number][run.word] += count
    return [Sum(dict(found), plan) for found, plan in zip(counts, coming, strict=True)]


def _spread(
    run: RunLine, schedule: BaseSchedule | None, bounds: Sequence[datetime]
) -> Iterator[tuple[int, int]]:
    """Yield in which intervals the slots of a stretch are; in its first one, if nobody knows."""
    first, last = run.due_at, run.due_to
    if first is None or last is None:
        return
    for number, (begin, end) in enumerate(pairwise(bounds)):
        if last < begin or first >= end:
            continue
        if schedule is None or schedule.chained or not schedule.has_slots:
            yield number, run.slots
            return
        after, until = max(begin, first) - _TICK, min(end - _TICK, last)
        count = count_between(schedule, after, until)
        if count:
            yield number, min(count, run.slots)
