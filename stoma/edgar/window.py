"""The days of a collection, as the SEC counts them: Eastern time, Monday to Friday."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from stoma.edgar.submission import EASTERN

#: When a day's index is there, most days.
_PUBLISHED = time(22)
_DAY = timedelta(days=1)
_SATURDAY = 5
#: What a Saturday's corrections may reach back to.
CORRECTED_DAYS = 14


@dataclass(frozen=True, slots=True)
class Today:
    """One moment at the SEC."""

    day: date
    index_due: bool  #: whether the day's own index may be there
    past: bool = False  #: it is over: what is listed as the latest is of later days

    @classmethod
    def at(cls, now: datetime) -> Self:
        """Return what *now* is there."""
        local = now.astimezone(EASTERN)
        return cls(local.date(), local.time() >= _PUBLISHED)

    @classmethod
    def then(cls, moment: datetime, now: datetime) -> Self:
        """Return the day of *moment* as it is to be asked for *now*, when later."""
        today, day = cls.at(now), moment.astimezone(EASTERN).date()
        return cls(day, index_due=True, past=True) if day < today.day else today

    def since(self, days_back: int) -> date:
        """Return the first day of a window, a weekend's moved back to the Friday before."""
        day = self.day - timedelta(days=days_back)
        while not is_weekday(day):
            day -= _DAY
        return day

    def to_index(self, since: date) -> list[date]:
        """Return the days from *since* whose index may be there, the latest first."""
        last = self.day if self.index_due else self.day - _DAY
        days = [since + timedelta(days=n) for n in range((last - since).days + 1)]
        return [day for day in reversed(days) if is_weekday(day)]

    @property
    def saturday(self) -> date:
        """The latest Saturday, today included."""
        return self.day - timedelta(days=(self.day.weekday() - _SATURDAY) % 7)


def is_weekday(day: date) -> bool:
    """Whether *day* is one of those on which filings are made, holidays aside."""
    return day.weekday() < _SATURDAY


def through_weekend(unread: date) -> date:
    """Return the last day before *unread*, and before the days on which nothing is filed."""
    while not is_weekday(unread):
        unread += _DAY
    return unread - _DAY


def unread_from(since: date, today: date, read: Collection[date]) -> date:
    """Return the first day from *since* whose index is still to be read.

    A weekday without an index is a holiday once a later day's index is there; before that the
    index may only be late.
    """
    first = since
    for day in sorted(read):
        if since <= day <= today:
            first = day + _DAY
    return first
