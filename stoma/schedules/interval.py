"""Intervals of elapsed time, aligned to the epoch (R3)."""

from dataclasses import dataclass
from typing import Self

from stoma.schedules.base import BaseSchedule, Frame
from stoma.schedules.instants import EPOCH, local_seconds, moment_of, seconds_of
from stoma.schedules.reading import Table, duration_of, moment_written
from stoma.schedules.words import duration_text, period
from stoma.schedules.zones import zone_named

_PREFIX = "interval_"


@dataclass(frozen=True, slots=True)
class IntervalSchedule(BaseSchedule):
    """Due at `anchor + k * seconds` for every whole number k, be it negative.

    No local time is involved, and nothing is remembered: a restart never shifts the rhythm.
    """

    seconds: int
    anchor: int = 0  #: seconds since the epoch
    at_start: bool = False

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, duration_of(text.lower().removeprefix(_PREFIX), prefix=_PREFIX))

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        seconds = table.duration("interval_seconds", example="{seconds = 1800}")
        anchor = _anchor(table.take("anchor"), frame.timezone)
        return cls(frame, seconds, anchor, table.flag("run_on_start"))

    @property
    def run_on_start(self) -> bool:
        """See `BaseSchedule`."""
        return self.at_start

    def nominal_after(self, second: int) -> int | None:
        """See `BaseSchedule`."""
        return second + self.seconds - (second - self.anchor) % self.seconds

    def count(self, after: int, until: int) -> int:
        """See `BaseSchedule`."""
        steps = (until - self.anchor) // self.seconds - (after - self.anchor) // self.seconds
        return max(0, steps)

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return f"every {period(self.seconds)}" + (
            f", counted from {self._anchor_text()}" if self.anchor else ""
        )

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        if self.anchor or self.at_start:
            return ""
        return _PREFIX + duration_text(self.seconds)

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        table: dict[str, object] = {"type": "interval", "seconds": self.seconds}
        if self.anchor:
            table["anchor"] = self._anchor_text()
        if self.at_start:
            table["run_on_start"] = True
        return table

    def _anchor_text(self) -> str:
        return f"{(moment_of(self.anchor) or EPOCH):%Y-%m-%dT%H:%M:%SZ}"


def _anchor(value: object, zone: str) -> int:
    if value is None:
        return 0
    moment = moment_written(value)
    if moment.tzinfo is None:
        return zone_named(zone).first(local_seconds(moment))
    return seconds_of(moment)
