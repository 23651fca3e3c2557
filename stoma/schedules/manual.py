"""Never by the clock: only on request."""

from dataclasses import dataclass
from typing import ClassVar, Self

from stoma.exceptions import ScheduleError
from stoma.schedules.base import BaseSchedule, Frame
from stoma.schedules.reading import Table, shown


@dataclass(frozen=True, slots=True)
class ManualSchedule(BaseSchedule):
    """Has no slots: the task runs by run-task, by a webhook or as another task's dependant."""

    has_slots: ClassVar[bool] = False

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        if text.lower() != "manual":
            raise ScheduleError(f"{shown(text)} is not a known form", hint="did you mean: manual ?")
        return cls(frame)

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        return cls(frame)

    def nominal_after(self, second: int) -> int | None:
        """Return None: nothing is ever due."""
        return None

    def count(self, after: int, until: int) -> int:
        """Return 0."""
        return 0

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return "only when asked to"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return "manual"

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        return {"type": "manual"}
