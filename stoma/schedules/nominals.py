"""Nominal times: which wall-clock readings a schedule names, as integers, before any zone.

A set of nominals answers two questions: the first one at or after a local time, and how many lie
between two. Local times are seconds, days are days, both counted from 1970-01-01.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, date
from functools import lru_cache
from typing import Protocol

from stoma.schedules.instants import DAY, EPOCH_ORDINAL, FIRST_DAY, LAST_DAY, date_of

_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKLY = sum(1 << day for day in range(0, 31, 7))


class Nominals(Protocol):
    """The wall-clock readings at which a schedule is due."""

    def at_or_after(self, local: int) -> int | None:
        """Return the first reading at or after *local*; None when there is no more."""

    def count(self, begin: int, end: int) -> int:
        """Return how many readings lie between, *end* excluded."""

    def same_after(self, shift: int) -> bool:
        """Return whether a clock put forward or back by *shift* seconds shows the same rhythm."""


class Days(Protocol):
    """The dates a schedule names."""

    def at_or_after(self, day: int) -> int | None:
        """Return the first of the days at or after *day*; None after the year 9999."""

    def count(self, begin: int, end: int) -> int:
        """Return how many of the days lie between, *end* excluded."""


@dataclass(frozen=True, slots=True)
class EveryNthDay:
    """Every *n*-th day, counted from day *anchor* in both directions."""

    n: int = 1
    anchor: int = 0

    def at_or_after(self, day: int) -> int | None:
        """See `Days`."""
        day = max(day, FIRST_DAY)
        day += (self.anchor - day) % self.n
        return day if day <= LAST_DAY else None

    def count(self, begin: int, end: int) -> int:
        """See `Days`."""
        return (end - 1 - self.anchor) // self.n - (begin - 1 - self.anchor) // self.n


@dataclass(frozen=True, slots=True)
class DayRule:
    """Days as cron names them: by month, by day of the month, by day of the week.

    Which days of a month match depends only on its length and on the weekday it starts with.
    """

    months: frozenset[int] = frozenset(range(1, 13))
    days: frozenset[int] = frozenset(range(1, 32))
    #: The last day of the month, besides *days*.
    last_day: bool = False
    #: 0 is Sunday.
    weekdays: frozenset[int] = frozenset(range(7))
    #: (weekday, n): the n-th such day of the month; the last one when n is -1.
    nth: frozenset[tuple[int, int]] = frozenset()
    #: A day by either rule will do; otherwise both must hold.
    either: bool = False

    def mask(self, first_weekday: int, length: int) -> int:
        """Return the matching days of such a month; bit 0 is the 1st."""
        by_date = sum(1 << (day - 1) for day in self.days) | (self.last_day << (length - 1))
        by_week = 0
        for weekday in self.weekdays:
            by_week |= _WEEKLY << (weekday - first_weekday) % 7
        for weekday, n in self.nth:
            at = (weekday - first_weekday) % 7
            weeks = (length - 1 - at) // 7 if n < 0 else n - 1
            by_week |= 1 << at + 7 * weeks
        both = by_date | by_week if self.either else by_date & by_week
        return both & ((1 << length) - 1)


@lru_cache(maxsize=512)
def days_of(rule: DayRule) -> "CalendarDays":
    """Return the days of a rule; many schedules differ only in their time of day."""
    return CalendarDays(rule)


class CalendarDays:
    """The days of a rule, looked up month by month."""

    __slots__ = ("_later", "_masks", "_months")

    def __init__(self, rule: DayRule) -> None:
        months = sorted(rule.months)
        self._months = rule.months
        #: The next month of the rule, and the years until then.
        self._later = [
            next(((m, 0) for m in months if m > month), (months[0], 1)) for month in range(13)
        ]
        self._masks = [
            [rule.mask(weekday, length) for length in range(28, 32)] for weekday in range(7)
        ]

    @property
    def exist(self) -> bool:
        """Whether any date at all matches: every kind of month comes round within 400 years."""
        lengths = {_LENGTHS[month] for month in self._months}
        if 2 in self._months:
            lengths.add(29)
        return any(masks[length - 28] for masks in self._masks for length in lengths)

    def at_or_after(self, day: int) -> int | None:
        """See `Days`."""
        if day > LAST_DAY:
            return None
        when = date.fromordinal(max(day, FIRST_DAY) + EPOCH_ORDINAL)
        year, month, skip = when.year, when.month, when.day - 1
        if month not in self._months:
            month, years = self._later[month]
            year, skip = year + years, 0
        while year <= MAXYEAR:
            first, _, mask = self._month(year, month)
            mask >>= skip
            if mask:
                return first + skip + (mask & -mask).bit_length() - 1
            month, years = self._later[month]
            year, skip = year + years, 0
        return None

    def count(self, begin: int, end: int) -> int:
        """See `Days`."""
        total = 0
        day = self.at_or_after(begin)
        while day is not None and day < end:
            when = date_of(day)
            first, length, mask = self._month(when.year, when.month)
            mask &= (1 << min(end - first, length)) - 1
            total += (mask >> (day - first)).bit_count()
            day = self.at_or_after(first + length)
        return total

    def _month(self, year: int, month: int) -> tuple[int, int, int]:
        first = date(year, month, 1).toordinal() - EPOCH_ORDINAL
        length = _LENGTHS[month]
        if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
            length = 29
        return first, length, self._masks[(first + 4) % 7][length - 28]


class Times:
    """Times of the day on a set of days: the nominals of every repeating wall-clock schedule."""

    __slots__ = ("_days", "_first", "_seconds", "minutes")

    def __init__(self, days: Days, minutes: Iterable[int], seconds: Iterable[int] = (0,)) -> None:
        self._days = days
        #: Minutes since midnight, sorted; each is due at every one of the seconds.
        self.minutes = tuple(sorted(minutes))
        self._seconds = tuple(sorted(seconds))
        self._first = self.minutes[0] * 60 + self._seconds[0]

    def at_or_after(self, local: int) -> int | None:
        """See `Nominals`."""
        day, rest = divmod(local, DAY)
        found = self._days.at_or_after(day)
        if found == day:
            minute, second = divmod(rest, 60)
            i = bisect_left(self.minutes, minute)
            if i < len(self.minutes) and self.minutes[i] == minute:
                if second <= self._seconds[-1]:
                    return local - second + self._seconds[bisect_left(self._seconds, second)]
                i += 1
            if i < len(self.minutes):
                return day * DAY + self.minutes[i] * 60 + self._seconds[0]
            found = self._days.at_or_after(day + 1)
        return None if found is None else found * DAY + self._first

    def count(self, begin: int, end: int) -> int:
        """See `Nominals`."""
        if begin >= end:
            return 0
        first, last = begin // DAY, end // DAY
        whole = self._days.count(first, last) * len(self.minutes) * len(self._seconds)
        return whole + self._before(end) - self._before(begin)

    def same_after(self, shift: int) -> bool:
        """See `Nominals`."""
        minutes, rest = divmod(shift, 60)
        return not rest and {(at + minutes) % 1440 for at in self.minutes} == set(self.minutes)

    def _before(self, local: int) -> int:
        """Count the nominals of the day of *local* that are earlier than it."""
        day, rest = divmod(local, DAY)
        if self._days.at_or_after(day) != day:
            return 0
        minute, second = divmod(rest, 60)
        i = bisect_left(self.minutes, minute)
        earlier = i * len(self._seconds)
        if i < len(self.minutes) and self.minutes[i] == minute:
            earlier += bisect_left(self._seconds, second)
        return earlier


@dataclass(frozen=True, slots=True)
class OneTime:
    """A single reading."""

    local: int

    def at_or_after(self, local: int) -> int | None:
        """See `Nominals`."""
        return self.local if self.local >= local else None

    def count(self, begin: int, end: int) -> int:
        """See `Nominals`."""
        return int(begin <= self.local < end)

    def same_after(self, shift: int) -> bool:
        """See `Nominals`."""
        return not shift
