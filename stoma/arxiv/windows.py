"""Windows of submission dates: the only filter of the query API that splits every result."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from stoma.domain.window import Window as SlotWindow

_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d(?P<time>[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_FORM = "%Y%m%d%H%M"
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From one minute to another, both included, GMT."""

    start: datetime
    end: datetime

    @classmethod
    def between(cls, start: str, end: str) -> Self | None:
        """Return the window from *start* to *end*, days or minutes; None if both are empty.

        An end that is left open lies before everything, or after.

        Raises:
            ValueError: One is neither, or they are the wrong way round.
        """
        if not start and not end:
            return None
        window = cls(
            minute(start, time.min) if start else EVER.start,
            minute(end, time(23, 59)) if end else EVER.end,
        )
        if window.start > window.end:
            raise ValueError(f"{start} is after {end}")
        return window

    @classmethod
    def around(cls, slot: SlotWindow) -> Self:
        """Return the window that holds *slot*, in whole minutes."""
        start, end = (each.astimezone(UTC).replace(second=0) for each in (slot.start, slot.end))
        return cls(start.replace(microsecond=0), end.replace(microsecond=0))

    @classmethod
    def parse(cls, bounds: str) -> Self:
        """Return the window with these *bounds*."""
        ends = (f"{each}+0000" for each in bounds.split(" TO "))
        return cls(*(datetime.strptime(end, f"{_FORM}%z") for end in ends))

    @property
    def bounds(self) -> str:
        """Both ends as arXiv writes them."""
        return f"{self.start:{_FORM}} TO {self.end:{_FORM}}"

    def __str__(self) -> str:
        return f"submittedDate:[{self.bounds}]"

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day that lie in it whole."""
        first = (self.start + _DAY - _MINUTE).date()
        return first, (self.end + _MINUTE).date() - _DAY

    @property
    def splits(self) -> bool:
        """Whether it has parts that are smaller than itself."""
        return self.end - self.start >= 2 * _MINUTE

    def halves(self) -> tuple[Self, Self]:
        """Return both halves, the minute between in both.

        Whether arXiv counts the seconds of a window's last minute to it is not written anywhere.
        """
        middle = self.start + (self.end - self.start) // _MINUTE // 2 * _MINUTE
        return type(self)(self.start, middle), type(self)(middle, self.end)


#: Before the first paper (April 1986, filed later), and after the last.
EVER = Window(datetime(1980, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, tzinfo=UTC))


def minute(written: str, at: time) -> datetime:
    """Return the minute, GMT, that is *written*; a day means its minute *at*.

    Raises:
        ValueError: It is neither a day nor a minute.
    """
    with suppress(ValueError, OverflowError):
        if match := _WRITTEN.fullmatch(written):
            read = datetime.fromisoformat(written)
            read = read if match["time"] else datetime.combine(read, at)
            read = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
            return read.replace(second=0, microsecond=0)
    raise ValueError(
        f"{written!r} is not a day such as '2026-03-01' or a minute such as '2026-03-01T12:30'"
    )
