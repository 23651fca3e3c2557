"""What follows from a schedule for slots that come late, are many, or should not all come at once.

The choices themselves (`catch_up`, `overlap`) are fields of a task; here are the numbers they need.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice

from stoma.schedules.base import BaseSchedule
from stoma.schedules.filters import Filters, OnHit
from stoma.schedules.instants import seconds_of

_SHORTEST_GRACE = timedelta(minutes=1)
_LONGEST_GRACE = timedelta(hours=1)
_DAILY_GRACE = timedelta(hours=24)
#: From this gap on a schedule counts as daily: a day that loses two hours (Troll) still is one.
_DAILY_GAP = timedelta(hours=22)
_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_TEN_YEARS = timedelta(days=3660)


def default_grace(schedule: BaseSchedule, due_at: datetime) -> timedelta:
    """Return how late the slot *due_at* may still run as itself, unless the task says otherwise.

    Half the gap to the next nominal instant, from one minute to one hour; a whole day where the
    schedule is daily or rarer, or ends with this slot.
    """
    gap = _gap(schedule, due_at)
    if gap is None or gap >= _DAILY_GAP:
        return _DAILY_GRACE
    return min(max(gap / 2, _SHORTEST_GRACE), _LONGEST_GRACE)


def jitter(schedule: BaseSchedule, due_at: datetime, seconds: float, *, key: str) -> timedelta:
    """Return how long after *due_at* the run of that slot starts.

    The same for the same *key* (the task's id) and slot, for ever; spread over *seconds*, and
    always short of the next nominal instant, which is computed from the schedule alone. So
    neither a restart nor many slots make it drift.
    """
    limit = timedelta(seconds=max(0.0, seconds))
    gap = _gap(schedule, due_at)
    if gap is not None and gap < limit:
        limit = gap
    nominal = f"{key}\0{seconds_of(due_at)}".encode("utf-8", "surrogatepass")
    roll = int.from_bytes(blake2b(nominal, digest_size=8).digest())
    microseconds = limit // timedelta(microseconds=1)
    return timedelta(microseconds=microseconds * roll >> 64)


def count_between(
    schedule: BaseSchedule, after: datetime, until: datetime, limit: int | None = None
) -> int:
    """Return how many slots that run are due later than *after*, up to and with *until*.

    By arithmetic, so a year of minutes costs no more than an hour. Only where filters move slots
    are they walked through, and there *limit* ends the walk.

    Args:
        schedule: Any kind; one that waits for its last run has one slot at most.
        after: Excluded.
        until: Included.
        limit: The largest answer wanted; None for no limit.
    """
    begin, end = seconds_of(after), seconds_of(until)
    filters = schedule.frame.filters
    if filters is None or schedule.chained:
        found = schedule.count(begin, end)
    elif filters.on_hit is OnHit.SKIP:
        found = _count_free(schedule, filters, begin, end, limit)
    else:
        fires = _fires(schedule, after, until)
        found = sum(1 for _ in islice(fires, limit))
    return found if limit is None else min(found, limit)


def slot_before(schedule: BaseSchedule, moment: datetime) -> datetime | None:
    """Return the last slot that runs earlier than *moment*; None if there is none in ten years.

    None as well for a schedule whose slots depend on its runs, or that has none.
    """
    if schedule.chained or not schedule.has_slots:
        return None
    end, span = moment - _TICK, _SECOND
    while not count_between(schedule, end - span, end, 1):
        span *= 8
        if span > _TEN_YEARS:
            return None
    low, high = end - span, end
    while high - low > _SECOND:  # there is a slot after the one, and none after the other
        middle = low + (high - low) / 2
        if count_between(schedule, middle, end, 1):
            low = middle
        else:
            high = middle
    return schedule.next_after(low)


def _gap(schedule: BaseSchedule, due_at: datetime) -> timedelta | None:
    second = seconds_of(due_at)
    following = schedule.nominal_after(second)
    return None if following is None else timedelta(seconds=following - second)


def _count_free(
    schedule: BaseSchedule, filters: Filters, begin: int, end: int, limit: int | None
) -> int:
    found = 0
    while begin < end and (limit is None or found < limit):
        stretch = filters.stretch(schedule.timezone, begin + 1)
        last = min(stretch.end - 1, end)
        if not stretch.rule:
            found += schedule.count(begin, last)
        begin = last
    return found


def _fires(schedule: BaseSchedule, after: datetime, until: datetime) -> Iterator[datetime]:
    due = schedule.next_after(after)
    while due is not None and due <= until:
        yield due
        due = schedule.next_after(due)
