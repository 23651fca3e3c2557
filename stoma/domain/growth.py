"""How a number grew from day to day, by what was observed of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayOfGrowth:
    """One day, UTC."""

    day: date
    value: float  #: as it was last observed by the end of that day
    gained: float | None  #: since the end of the day before; None: not observed before


def per_day(
    points: Sequence[tuple[datetime, float]], *, last: date, days: int
) -> list[DayOfGrowth]:
    """Return the days up to *last*, at most so many, oldest first, none before the first point.

    What was observed late counts on the day on which it was observed.

    Args:
        points: When the number became what; ascending.
        last: The last day, included.
        days: How many days at most.
    """
    found: list[DayOfGrowth] = []
    if not points:
        return found
    begin = points[0][0].astimezone(UTC).date()
    day = max(begin, last - (days - 1) * _DAY)
    before, place = _until(points, 0, day - _DAY, None)
    while day <= last:
        value, place = _until(points, place, day, before)
        assert value is not None  # noqa: S101 - the first day has the first point, or comes later
        found.append(DayOfGrowth(day, value, None if before is None else value - before))
        before, day = value, day + _DAY
    return found


def _until(
    points: Sequence[tuple[datetime, float]], place: int, day: date, value: float | None
) -> tuple[float | None, int]:
    """Return the value at the end of *day*, and where the points of later days begin."""
    while place < len(points) and points[place][0].astimezone(UTC).date() <= day:
        value = points[place][1]
        place += 1
    return value, place
