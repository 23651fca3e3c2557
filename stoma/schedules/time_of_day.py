"""Fixed times of the day, every day or every few days (R1)."""

from dataclasses import dataclass
from datetime import time
from typing import Self

from stoma.exceptions import ScheduleError
from stoma.schedules.base import Frame, WallSchedule
from stoma.schedules.instants import date_of, day_of
from stoma.schedules.nominals import EveryNthDay, Times
from stoma.schedules.reading import (
    Table,
    clock_text,
    date_written,
    minute_of_day,
    shown,
    unique_sorted,
    whole_number,
)
from stoma.schedules.wallclock import WallClock
from stoma.schedules.words import listed

_PREFIX = "time_of_day "


@dataclass(frozen=True, slots=True)
class TimeOfDaySchedule(WallSchedule):
    """Due at some times of the day, on every n-th local date counted from an anchor."""

    minutes: tuple[int, ...]  #: of the day, sorted
    days_interval: int = 1
    anchor: int = 0  #: days since 1970-01-01; below *days_interval*

    def __post_init__(self) -> None:
        days = EveryNthDay(self.days_interval, self.anchor)
        object.__setattr__(self, "clock", WallClock(self.timezone, Times(days, self.minutes)))

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        times = text.lower().removeprefix(_PREFIX)
        minutes = [minute_of_day(part.strip(), prefix=_PREFIX) for part in times.split(",")]
        return cls(frame, unique_sorted(minutes))

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        past = [whole_number(minute, "minute", 0, 59) for minute in table.list("minute") or [0]]
        minutes = [
            whole_number(hour, "hours", 0, 23) * 60 + minute
            for hour in table.list("hours") or []
            for minute in past
        ]
        minutes += [_time(value) for value in table.list("times") or []]
        if not minutes:
            raise ScheduleError("needs hours or times", hint="{hours = [0, 8, 16]}")
        days = table.whole("days_interval", 1, 1, 3650)
        anchor = table.take("anchor")
        day = 0 if anchor is None else day_of(date_written(anchor))
        return cls(frame, unique_sorted(minutes), days, day % days)

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        days = "day" if self.days_interval == 1 else f"{self.days_interval} days"
        times = listed([clock_text(minute) for minute in self.minutes])
        since = f", counted from {date_of(self.anchor)}" if self.days_interval > 1 else ""
        return f"every {days} at {times} ({self.timezone}){since}"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return "" if self.days_interval > 1 else _PREFIX + ",".join(map(clock_text, self.minutes))

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        table: dict[str, object] = {"type": "time_of_day"}
        if any(minute % 60 for minute in self.minutes):
            table["times"] = [clock_text(minute) for minute in self.minutes]
        else:
            table["hours"] = [minute // 60 for minute in self.minutes]
        if self.days_interval > 1:
            table["days_interval"] = self.days_interval
        if self.anchor:
            table["anchor"] = date_of(self.anchor).isoformat()
        return table


def _time(value: object) -> int:
    if isinstance(value, time):
        value = value.isoformat("minutes")
    if not isinstance(value, str):
        raise ScheduleError(f"times must be texts like 08:30, not {shown(value)}")
    return minute_of_day(value.strip())
