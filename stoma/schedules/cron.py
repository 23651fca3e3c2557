"""Cron expressions: parsed by croniter, computed here (R1 or R2)."""

from dataclasses import dataclass, field
from typing import Self

from stoma.exceptions import ScheduleError
from stoma.schedules.base import Frame, WallSchedule
from stoma.schedules.crontext import CronFields, read_cron
from stoma.schedules.cronwords import cron_in_words
from stoma.schedules.nominals import Times
from stoma.schedules.reading import Table
from stoma.schedules.wallclock import WallClock
from stoma.text import collapse

_PREFIX = "cron:"


@dataclass(frozen=True, slots=True)
class CronSchedule(WallSchedule):
    """A cron expression of five fields, or of six with the seconds first."""

    expression: str
    with_seconds: bool = False
    #: The key, where `H` makes it matter.
    salt: str = ""
    fields: CronFields = field(kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        fields = self.fields
        minutes = [hour * 60 + minute for hour in fields.hours for minute in fields.minutes]
        times = Times(fields.days, minutes, fields.seconds)
        object.__setattr__(self, "clock", WallClock(self.timezone, times, fields.wildcard))

    @classmethod
    def from_text(cls, text: str, frame: Frame) -> Self:
        """See `BaseSchedule`; the text may start with `cron:`."""
        skip = len(_PREFIX) if text.lower().startswith(_PREFIX) else 0
        return cls._read(text[skip:], frame, column=skip + 1)

    @classmethod
    def from_table(cls, table: Table, frame: Frame) -> Self:
        """See `BaseSchedule`."""
        expression = table.text("cron", "cron_expression")
        if expression is None:
            raise ScheduleError("needs an expression", hint='{cron = "0 9 * * *"}')
        return cls._read(expression, frame, with_seconds=table.flag("seconds"))

    @classmethod
    def _read(cls, text: str, frame: Frame, *, column: int = 1, with_seconds: bool = False) -> Self:
        fields = read_cron(text, column=column, seconds=with_seconds, key=frame.key)
        salt = frame.key if fields.hashed else ""
        return cls(frame, collapse(text), with_seconds, salt, fields=fields)

    def in_words(self) -> str:
        """See `BaseSchedule`."""
        return f"{cron_in_words(self.fields)} ({self.timezone})"

    def as_text(self) -> str:
        """See `BaseSchedule`."""
        return "" if self.with_seconds else self.expression

    def as_table(self) -> dict[str, object]:
        """See `BaseSchedule`."""
        table: dict[str, object] = {"cron": self.expression}
        if self.with_seconds:
            table["seconds"] = True
        return table
