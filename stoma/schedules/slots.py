"""From nominal instants to slots: what a schedule's filters make of them, one at a time.

Everything here is integer seconds. A search gives up after 10,000 steps, or beyond five years once
a hundred nominals were refused: a rare schedule (29 February) deserves more than five years.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from stoma.schedules.filters import Filters, OnHit
from stoma.schedules.instants import DAY, FIRST_DAY
from stoma.schedules.zones import zone_named

_STEPS = 10_000
_HORIZON = 5 * 366 * DAY
_AT_LEAST = 100


@dataclass(frozen=True, slots=True)
class Slot:
    """One due instant of a schedule.

    Attributes:
        due_at: When it is due, in UTC; what makes the slot unique within its task.
        nominal_at: The instant the schedule itself names; differs when a filter moved the slot.
        skipped_by: The rule that keeps it from running, with a holiday's name; None if it runs.
        deferred_by: The rule that moved it; None if it was not moved.
    """

    due_at: datetime
    nominal_at: datetime
    skipped_by: str | None = None
    deferred_by: str | None = None


class Found(NamedTuple):
    """A slot in seconds."""

    due: int
    nominal: int
    rule: str = ""  #: empty if no filter hit
    skipped: bool = False


class Source(Protocol):
    """Where nominal instants come from."""

    @property
    def timezone(self) -> str:
        """The zone whose clock the filters look at."""

    @property
    def chained(self) -> bool:
        """Whether the next nominal depends on the moment asked about, so none lie behind it."""

    def nominal_after(self, second: int) -> int | None:
        """Return the first nominal instant later than *second*."""

    def nominal_from(self, nominal: int, second: int) -> int | None:
        """Return the first one at or after *second*, *nominal* being one at or before it."""


def next_found(source: Source, filters: Filters, second: int, *, skipped: bool) -> Found | None:
    """Return the next slot later than *second*; with *skipped*, also one that will not run."""
    if filters.on_hit is OnHit.DEFER_TO_END:
        return _deferring(source, filters, second)
    if filters.on_hit is OnHit.NEXT_BUSINESS_DAY:
        return _moving(source, filters, second, skipped=skipped)
    return _skipping(source, filters, second, skipped=skipped)


def _too_far(second: int, nominal: int, tries: int) -> bool:
    return nominal - second > _HORIZON and tries >= _AT_LEAST


def _skipping(source: Source, filters: Filters, second: int, *, skipped: bool) -> Found | None:
    nominal = source.nominal_after(second)
    for tries in range(_STEPS):
        if nominal is None or _too_far(second, nominal, tries):
            break
        stretch = filters.stretch(source.timezone, nominal)
        if skipped or not stretch.rule:
            return Found(nominal, nominal, stretch.rule, bool(stretch.rule))
        nominal = source.nominal_from(nominal, stretch.end)
    return None


def _deferring(source: Source, filters: Filters, second: int) -> Found | None:
    # Slots behind us may still wait for the end of the blocked time that we are in.
    begin = second + 1
    stretch = filters.stretch(source.timezone, second)
    for _ in range(0 if source.chained else _STEPS):
        if not stretch.rule:
            break
        begin = stretch.begin
        stretch = filters.stretch(source.timezone, begin - 1)
    nominal = source.nominal_after(begin - 1)
    if nominal is None:
        return None
    due = filters.free_from(source.timezone, nominal, _STEPS)
    if due is None:
        return None
    return Found(due, nominal, filters.stretch(source.timezone, nominal).rule)


def _moving(source: Source, filters: Filters, second: int, *, skipped: bool) -> Found | None:
    zone = source.timezone
    best: Found | None = None
    begin = second if source.chained else _oldest_waiting(zone, filters, second) - 1
    nominal = source.nominal_after(begin)
    for tries in range(_STEPS):
        if nominal is None or (best and nominal >= best.due) or _too_far(second, nominal, tries):
            break
        stretch = filters.stretch(zone, nominal)
        found = _landing(zone, filters, nominal, stretch.rule)
        # All slots of a stretch share a fate and keep their order, so one decides for the rest.
        cursor = stretch.end - 1
        if found.due <= second:
            cursor = min(cursor, nominal + max(0, _wall_gap(zone, found.due, second)))
        elif (skipped or not found.skipped) and (best is None or found.due < best.due):
            best = found
        nominal = source.nominal_from(nominal, cursor + 1)
    return best


def _landing(zone: str, filters: Filters, nominal: int, rule: str) -> Found:
    if not rule:
        return Found(nominal, nominal)
    due = filters.moved(zone, nominal)
    return Found(nominal, nominal, rule, skipped=True) if due is None else Found(due, nominal, rule)


def _wall_gap(zone: str, earlier: int, later: int) -> int:
    clock = zone_named(zone)
    return later + clock.offset_at(later) - earlier - clock.offset_at(earlier)


def _oldest_waiting(zone: str, filters: Filters, second: int) -> int:
    """Return an instant before any nominal that may be moved to later than *second*.

    Nothing is moved past a business day; past the second one back, not even for a clock change.
    """
    clock = zone_named(zone)
    day = (second + clock.offset_at(second)) // DAY
    for _ in range(2):
        earlier = filters.business_day(day - 1, -1)
        day = FIRST_DAY if earlier is None else earlier
    return clock.first(day * DAY)
