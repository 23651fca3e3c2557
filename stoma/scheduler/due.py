"""Which slots of a task are due: the newest told apart, the rest counted. Pure."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from stoma.schedules.base import BaseSchedule
from stoma.schedules.filters import OnHit
from stoma.schedules.instants import moment_of, seconds_of
from stoma.schedules.policies import count_between

_TICK = timedelta(microseconds=1)
#: So many blocked stretches of a schedule are told apart, the newest ones.
_STRETCHES = 100


@dataclass(frozen=True, slots=True)
class Stretch:
    """Slots that share a fate and are counted, not told apart."""

    first: datetime
    last: datetime
    count: int
    rule: str = ""  #: the filter that keeps them from running; empty for slots that would run


@dataclass(frozen=True, slots=True)
class Known:
    """What is decided already."""

    until: datetime | None = None  #: every slot up to here
    slots: Collection[datetime] = ()  #: and these


@dataclass(frozen=True, slots=True)
class Due:
    """Every slot of a time, once."""

    older: Stretch | None  #: those that would run, before the ones told apart
    runs: Sequence[datetime]  #: the newest that would run
    filtered: Sequence[Stretch]  #: those that a filter of the schedule keeps from running


def due_slots(
    schedule: BaseSchedule,
    first: datetime,
    now: datetime,
    *,
    most: int,
    known: Known | None = None,
) -> Due:
    """Return the slots in [first, now]. Years of minutes are counted, never walked through.

    Args:
        schedule: Any kind.
        first: The first slot, also one that the schedule does not name (`run_on_start`).
        now: The last moment.
        most: At most so many slots that run are told apart.
        known: What is decided already; it is left out.
    """
    taken = known.slots if known else ()
    if schedule.chained:
        return Due(None, [] if first in taken else [first], [])
    before = first - _TICK
    if known is not None and known.until is not None:
        before = min(max(before, known.until), now)
    total = count_between(schedule, before, now)
    newest = _newest(schedule, before, now, most + 1)
    named = schedule.next_slot(first - _TICK)
    if named is None or named.due_at != first:
        total += 1
        if len(newest) <= most:
            newest = [first, *newest]
    else:
        first = (schedule.next_after(before) or first) if newest else first
    older = None
    if total > len(newest) or len(newest) > most:
        last, *newest = newest
        older = Stretch(first, last, total - len(newest))
    filtered = list(_filtered(schedule, before, now))
    if taken:
        older = _without(schedule, older, taken)
        newest = [slot for slot in newest if slot not in taken]
        kept = (_without(schedule, each, taken) for each in filtered)
        filtered = [each for each in kept if each is not None]
    return Due(older, newest, filtered)


def cut(
    schedule: BaseSchedule, stretch: Stretch, *, until: datetime, taken: Collection[datetime] = ()
) -> Stretch | None:
    """Return what of *stretch* is not later than *until* nor in *taken*; None if nothing is."""
    due = due_slots(schedule, stretch.first, until, most=1, known=Known(slots=taken))
    return together(due.filtered) if stretch.rule else missed(due.older, due.runs)


def missed(older: Stretch | None, late: Sequence[datetime]) -> Stretch | None:
    """Return *older* and the slots after it as one stretch; None if there are none."""
    if not late:
        return older
    if older is None:
        return Stretch(late[0], late[-1], len(late))
    return Stretch(older.first, late[-1], older.count + len(late))


def together(stretches: Sequence[Stretch]) -> Stretch | None:
    """Return stretches of filtered slots as one; None if there are none."""
    found = None
    for each in stretches:
        found = _joined(found, each)
    return found


def _newest(schedule: BaseSchedule, before: datetime, now: datetime, most: int) -> list[datetime]:
    """Return the newest *most* slots that run, in order: looked for in growing steps from now."""
    span = timedelta(hours=1)
    while True:
        start = max(now - span, before)
        if start == before or count_between(schedule, start, now, most) >= most:
            break
        span *= 4
    return list(deque(_fires(schedule, start, now), maxlen=most))


def _fires(schedule: BaseSchedule, after: datetime, until: datetime) -> Iterator[datetime]:
    due = schedule.next_after(after)
    while due is not None and due <= until:
        yield due
        due = schedule.next_after(due)


def _filtered(schedule: BaseSchedule, before: datetime, now: datetime) -> Iterator[Stretch]:
    filters = schedule.frame.filters
    if filters is None or filters.on_hit is OnHit.DEFER_TO_END:
        return
    if filters.on_hit is OnHit.NEXT_BUSINESS_DAY:
        # Only where no business day is near; a look at the first ones does.
        slots = islice(schedule.slots_between(before, now), _STRETCHES)
        yield from (Stretch(s.due_at, s.due_at, 1, s.skipped_by) for s in slots if s.skipped_by)
        return
    found: deque[Stretch] = deque()
    older: Stretch | None = None
    for stretch in _blocked(schedule, seconds_of(before), seconds_of(now)):
        found.append(stretch)
        if len(found) > _STRETCHES:
            older = _joined(older, found.popleft())
    yield from [older, *found] if older else found


def _blocked(schedule: BaseSchedule, begin: int, end: int) -> Iterator[Stretch]:
    """Yield the slots that filters hit, later than *begin* up to *end*, by what hit them."""
    filters = schedule.frame.filters
    while filters is not None and begin < end:
        piece = filters.stretch(schedule.timezone, begin + 1)
        last = min(piece.end - 1, end)
        count = schedule.count(begin, last) if piece.rule else 0
        nominal = schedule.nominal_after(begin) if count else None
        first = None if nominal is None else moment_of(nominal)
        final = moment_of(_last(schedule, begin, last, count)) if count else None
        if first is not None and final is not None:
            yield Stretch(first, final, count, piece.rule)
        begin = last


def _last(schedule: BaseSchedule, begin: int, end: int, count: int) -> int:
    """Return the last of the *count* nominal instants later than *begin*, up to *end*."""
    low, high = begin, end
    while high - low > 1:
        middle = (low + high) // 2
        if schedule.count(begin, middle) < count:
            low = middle
        else:
            high = middle
    return high


def _joined(earlier: Stretch | None, later: Stretch) -> Stretch:
    if earlier is None:
        return later
    rule = later.rule if later.rule == earlier.rule else "filters of the schedule"
    return Stretch(earlier.first, later.last, earlier.count + later.count, rule)


def _without(
    schedule: BaseSchedule, stretch: Stretch | None, taken: Collection[datetime]
) -> Stretch | None:
    """Return *stretch* without the slots that are decided already; None if nothing is left."""
    if stretch is None:
        return None
    inside = [slot for slot in taken if stretch.first <= slot <= stretch.last]
    gone = sum(_is_slot(schedule, slot, filtered=bool(stretch.rule)) for slot in inside)
    first, count = stretch.first, stretch.count - gone
    while count and first in taken:
        following = schedule.next_slot(first)
        if following is None:
            return None
        while bool(following.skipped_by) != bool(stretch.rule):
            following = schedule.next_slot(following.due_at)
            if following is None:
                return None
        first = following.due_at
    return Stretch(first, stretch.last, count, stretch.rule) if count else None


def _is_slot(schedule: BaseSchedule, moment: datetime, *, filtered: bool) -> bool:
    slot = schedule.next_slot(moment - _TICK)
    return slot is not None and slot.due_at == moment and bool(slot.skipped_by) == filtered
