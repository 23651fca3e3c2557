"""What every schedule promises, and what all kinds have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self

from stoma.schedules.filters import Filters
from stoma.schedules.instants import moment_of, seconds_of
from stoma.schedules.reading import Table
from stoma.schedules.slots import Found, Slot, next_found
from stoma.schedules.wallclock import WallClock


@dataclass(frozen=True, slots=True)
class Frame:
    """What is said about a schedule besides its kind."""

    timezone: str = "UTC"
    filters: Filters | None = None
    #: What `H` is hashed with, the task's id; equal schedules fire alike, whatever their key.
    key: str = field(default="", compare=False)
    #: The text that was read, kept to be shown again; empty for a table.
    text: str = field(default="", compare=False)
    #: The zone stood in the table itself, so it belongs there when written again.
    zoned: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class BaseSchedule(ABC):
    """When a task is due: a frozen value, compared by what it means.

    A pure function of its fields and the moment asked about: it knows no present, keeps no state,
    and gives the same answer after a restart. Due instants are whole seconds of UTC.
    """

    frame: Frame

    #: False: nothing is due by the clock alone, only on request (`manual`).
    has_slots: ClassVar[bool] = True
    #: The next slot is counted from the end of the last run (`run_then_wait`).
    chained: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """Read the text form, in any case; ScheduleError if it is not one."""

    @classmethod
    @abstractmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """Read the keys of the table form; ScheduleError if they do not fit."""

    @abstractmethod
    def nominal_after(self, second: int) -> int | None:
        """Return the first instant later than *second* that the schedule names, unfiltered."""

    @abstractmethod
    def count(self, after: int, until: int) -> int:
        """Return how many nominal instants lie between, *after* excluded, *until* included."""

    @abstractmethod
    def in_words(self) -> str:
        """Return what the schedule means, without its filters."""

    @abstractmethod
    def as_text(self) -> str:
        """Return the text form of the kind's own fields; empty where text can not say them."""

    @abstractmethod
    def as_table(self) -> dict[str, object]:
        """Return the table form of the kind's own fields."""

    @property
    def timezone(self) -> str:
        """The IANA name of the zone whose clock counts."""
        return self.frame.timezone

    @property
    def run_on_start(self) -> bool:
        """Whether a first run is due as soon as the task starts to be scheduled."""
        return False

    @property
    def wall(self) -> WallClock | None:
        """The nominal times on the wall clock; None for a kind that counts elapsed time."""
        return None

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first moment later than *moment* at which the task is to run.

        Args:
            moment: Any moment that knows its zone.

        Returns:
            The moment in UTC; None when there is none, or none that the filters let through
            within the bounds of the search.
        """
        second = seconds_of(moment)
        filters = self.frame.filters
        if filters is None:
            due = self.nominal_after(second)
            return None if due is None else moment_of(due)
        found = next_found(self, filters, second, skipped=False)
        return None if found is None else moment_of(found.due)

    def next_slot(self, moment: datetime) -> Slot | None:
        """Return the next slot later than *moment*, be it to run or to be recorded as skipped."""
        second = seconds_of(moment)
        if self.frame.filters is None:
            nominal = self.nominal_after(second)
            found = None if nominal is None else Found(nominal, nominal)
        else:
            found = next_found(self, self.frame.filters, second, skipped=True)
        return None if found is None else _slot(found)

    def slots_between(self, after: datetime, until: datetime) -> Iterator[Slot]:
        """Yield the slots due later than *after*, up to and with *until*, in order."""
        seconds_of(until)
        slot = self.next_slot(after)
        while slot and slot.due_at <= until:
            yield slot
            slot = self.next_slot(slot.due_at)

    def nominal_from(self, nominal: int, second: int) -> int | None:
        """Return the first nominal instant at or after *second*; *nominal* is one before it."""
        return self.nominal_after(second - 1)

    def describe(self) -> str:
        """Return what the schedule means, in plain English."""
        filters = self.frame.filters
        return self.in_words() + (filters.describe() if filters else "")

    def spec(self) -> str | dict[str, object]:
        """Return what reads back as an equal schedule.

        A text is returned as it was read. A table comes back as text where text can say it all,
        otherwise as a table that TOML, YAML and JSON can hold. A zone that was not in the table
        is not in the answer either: give `timezone` to `parse_schedule` again.
        """
        frame = self.frame
        text = frame.text or self.as_text()
        if text and frame.filters is None and not frame.zoned:
            return text
        table = self.as_table()
        if frame.zoned:
            table["timezone"] = frame.timezone
        if frame.filters:
            table.update(frame.filters.as_table())
        return table


@dataclass(frozen=True, slots=True)
class WallSchedule(BaseSchedule):
    """A schedule of nominal times on a wall clock (rules R1 and R2)."""

    #: Built from the other fields, which alone are compared.
    clock: WallClock = field(init=False, repr=False, compare=False)

    def nominal_after(self, second: int) -> int | None:
        """See `BaseSchedule`."""
        return self.clock.after(second)

    def count(self, after: int, until: int) -> int:
        """See `BaseSchedule`."""
        return self.clock.count(after, until)

    @property
    def wall(self) -> WallClock | None:
        """See `BaseSchedule`."""
        return self.clock


def _slot(found: Found) -> Slot | None:
    due, nominal = moment_of(found.due), moment_of(found.nominal)
    if due is None or nominal is None:
        return None
    rule = found.rule or None
    return Slot(due, nominal, rule if found.skipped else None, None if found.skipped else rule)
