"""Hourly, daily, weekly and monthly: the patterns with a name."""

import re
from dataclasses import dataclass
from typing import Self

from stoma.exceptions import ScheduleError
from stoma.schedules.base import Frame, WallSchedule
from stoma.schedules.nominals import DayRule, Days, EveryNthDay, Times, days_of
from stoma.schedules.reading import (
    DAY_NAMES,
    WEEKDAYS,
    Table,
    clock_text,
    minute_of_day,
    shown,
    weekday_of,
)
from stoma.schedules.wallclock import WallClock
from stoma.schedules.words import ordinal

_EVERY_DAY = EveryNthDay()
_WEEKLY = re.compile(r"weekly_on_([a-z]+)_at_(.*)", re.IGNORECASE | re.DOTALL)
#: The day number of the first Sunday after the epoch.
_FIRST_SUNDAY = 3


def _no_text(text: str, example: str) -> ScheduleError:
    return ScheduleError(f"{shown(text)} is not a known form", hint=f"did you mean: {example} ?")


def _minute(table: Table) -> int:
    return table.whole("hour", 0, 0, 23) * 60 + table.whole("minute", 0, 0, 59)


def _clock(schedule: WallSchedule, days: Days, *minutes: int, every_pass: bool = False) -> None:
    clock = WallClock(schedule.timezone, Times(days, minutes), every_pass)
    object.__setattr__(schedule, "clock", clock)


@dataclass(frozen=True, slots=True)
class HourlySchedule(WallSchedule):
    """Every real hour at one minute of it (R2): the cron text `0 * * * *`."""

    minute: int = 0

    def __post_init__(self) -> None:
        _clock(self, _EVERY_DAY, *range(self.minute, 1440, 60), every_pass=True)

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        if text.lower() != "hourly":
            raise _no_text(text, "hourly")
        return cls(frame)

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, table.whole("minute", 0, 0, 59))

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return f"every hour at :{self.minute:02} ({self.timezone})"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return "" if self.minute else "hourly"

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        return {"type": "hourly", "minute": self.minute}


@dataclass(frozen=True, slots=True)
class DailySchedule(WallSchedule):
    """Once a day (R1)."""

    minute: int = 0  #: of the day

    def __post_init__(self) -> None:
        _clock(self, _EVERY_DAY, self.minute)

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        head, _, time = text.partition("_at_")
        if head.lower() != "daily":
            raise _no_text(text, "daily_at_09:00")
        return cls(frame, minute_of_day(time, prefix="daily_at_") if time else 0)

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, _minute(table))

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return f"every day at {clock_text(self.minute)} ({self.timezone})"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return f"daily_at_{clock_text(self.minute)}" if self.minute else "daily"

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        return {"type": "daily", "hour": self.minute // 60, "minute": self.minute % 60}


@dataclass(frozen=True, slots=True)
class WeeklySchedule(WallSchedule):
    """Once a week (R1); Sunday at midnight unless said otherwise."""

    weekday: int = 0  #: 0 is Sunday
    minute: int = 0  #: of the day

    def __post_init__(self) -> None:
        _clock(self, EveryNthDay(7, _FIRST_SUNDAY + self.weekday), self.minute)

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        if text.lower() == "weekly":
            return cls(frame)
        match = _WEEKLY.fullmatch(text)
        if not match:
            raise _no_text(text, "weekly_on_mon_at_09:00")
        day, time = match.groups()
        weekday = weekday_of(day, prefix="weekly_on_", suffix=f"_at_{time[:5]}")
        return cls(frame, weekday, minute_of_day(time, prefix=f"weekly_on_{day[:9]}_at_"))

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, weekday_of(table.text("day_of_week") or "sun"), _minute(table))

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return f"every {WEEKDAYS[self.weekday]} at {clock_text(self.minute)} ({self.timezone})"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        if not self.weekday and not self.minute:
            return "weekly"
        return f"weekly_on_{DAY_NAMES[self.weekday]}_at_{clock_text(self.minute)}"

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        return {
            "type": "weekly",
            "day_of_week": DAY_NAMES[self.weekday],
            "hour": self.minute // 60,
            "minute": self.minute % 60,
        }


@dataclass(frozen=True, slots=True)
class MonthlySchedule(WallSchedule):
    """Once a month (R1), in the months that have the day; the 1st at midnight by default."""

    day: int = 1
    minute: int = 0  #: of the day

    def __post_init__(self) -> None:
        _clock(self, days_of(DayRule(days=frozenset([self.day]))), self.minute)

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        if text.lower() != "monthly":
            raise _no_text(text, "monthly")
        return cls(frame)

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, table.whole("day", 1, 1, 31), _minute(table))

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return (
            f"on the {ordinal(self.day)} of every month"
            f" at {clock_text(self.minute)} ({self.timezone})"
        )

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return "monthly" if (self.day, self.minute) == (1, 0) else ""

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        return {
            "type": "monthly",
            "day": self.day,
            "hour": self.minute // 60,
            "minute": self.minute % 60,
        }
