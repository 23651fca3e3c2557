"""Short ways to say moments and fires in the tests of schedules."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule

NEW_YORK = "America/New_York"


def utc(text: str) -> datetime:
    """Read `2025-03-09 07:00`, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(text: str, zone: str) -> datetime:
    """Read a wall-clock time of *zone*; the first pass of a fold."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def fires_of(schedule: BaseSchedule, after: datetime, count: int) -> list[datetime]:
    """Return the next fires, at most *count*."""
    found: list[datetime] = []
    moment: datetime | None = after
    while len(found) < count:
        assert moment is not None
        moment = schedule.next_after(moment)
        if moment is None:
            break
        found.append(moment)
    return found


def shown(spec: object, zone: str, after: datetime, count: int) -> list[str]:
    """Return the next fires as the clock of *zone* shows them: `2025-03-09 03:00-0400`."""
    fires = fires_of(parse_schedule(spec, zone), after, count)
    return [_clock(fire.astimezone(ZoneInfo(zone))) for fire in fires]


def _clock(moment: datetime) -> str:
    seconds = ":%S" if moment.second else ""
    return moment.strftime(f"%Y-%m-%d %H:%M{seconds}%z")
