"""A single moment: one slot, and no more (R1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from stoma.exceptions import ScheduleError
from stoma.schedules.base import Frame, WallSchedule
from stoma.schedules.instants import local_seconds
from stoma.schedules.nominals import OneTime
from stoma.schedules.reading import Table, moment_written, shown
from stoma.schedules.wallclock import WallClock

_PREFIX = "once_at_"


@dataclass(frozen=True, slots=True)
class OnceSchedule(WallSchedule):
    """Due once: at a wall-clock time of the task's zone, or at an instant if *at* has an offset."""

    at: datetime

    def __post_init__(self) -> None:
        offset = self.at.utcoffset()
        zone = self.timezone if offset is None else "UTC"
        local = local_seconds(self.at) - (offset or timedelta()) // timedelta(seconds=1)
        object.__setattr__(self, "clock", WallClock(zone, OneTime(local)))

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        if not text.lower().startswith(_PREFIX):
            raise ScheduleError(
                f"{shown(text)} is not a known form", hint=f"for example {_PREFIX}2026-12-01T09:00"
            )
        return cls(frame, moment_written(text[len(_PREFIX) :]))

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, moment_written(table.take("at")))

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        zone = f" ({self.timezone})" if self.at.tzinfo is None else ""
        return f"once at {self._written(' ')}{zone}"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return _PREFIX + self._written("T")

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        return {"type": "once", "at": self._written("T")}

    def _written(self, between: str) -> str:
        text = self.at.isoformat(between, "seconds" if self.at.second else "minutes")
        return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
