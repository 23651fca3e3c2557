"""Run, then wait: the next slot is counted from the end of the last run (R3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self

from stoma.schedules.base import BaseSchedule, Frame
from stoma.schedules.reading import Table, duration_of
from stoma.schedules.words import duration_text, spelled

_PREFIX = "run_then_wait_"


@dataclass(frozen=True, slots=True)
class AfterCompletionSchedule(BaseSchedule):
    """Due *seconds* after the moment given, which is to be the end of the last run.

    A slot that a filter skips counts as a run that ended at once.
    """

    seconds: int

    chained: ClassVar[bool] = True

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, duration_of(text.lower().removeprefix(_PREFIX), prefix=_PREFIX))

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame, table.duration("wait_seconds", example="{wait_seconds = 600}"))

    @property
    def run_on_start(self) -> bool:
        """True: with no run behind it, the first one has nothing to wait for."""
        return True

    def next_after(self, moment: datetime) -> datetime | None:
        """Return *moment* plus the wait, to the microsecond where no filter rounds it."""
        due = BaseSchedule.next_after(self, moment)
        if due is None or self.frame.filters is not None:
            return due
        return due + timedelta(microseconds=(moment - due).microseconds)

    def nominal_after(self, second: int) -> int | None:
        """See `BaseSchedule`."""
        return second + self.seconds

    def nominal_from(self, nominal: int, second: int) -> int | None:
        """See `BaseSchedule`."""
        return nominal - (nominal - second) // self.seconds * self.seconds

    def count(self, after: int, until: int) -> int:
        """See `BaseSchedule`; only the next slot exists before its run has ended."""
        return int(after + self.seconds <= until)

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return f"{spelled(self.seconds)} after each run ends"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return _PREFIX + duration_text(self.seconds)

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        return {"type": "run_then_wait", "wait_seconds": self.seconds}
