"""Moments and lengths of time, as people read them and as scripts do."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Times:
    """How moments are shown: seen from *now*, in a zone; or in full, in UTC (`--utc`)."""

    now: datetime
    timezone: str = "UTC"  #: of tasks that name none
    utc: bool = False

    def near(self, moment: datetime | None) -> str:
        """Return how far away *moment* is: `in 2h`, `3h ago`; `-` for None."""
        if moment is None:
            return "-"
        return stamp(moment) if self.utc else relative(moment, self.now)

    def at(self, moment: datetime | None, timezone: str | None = None) -> str:
        """Return *moment* on the clock of a zone: `Mon 2026-03-02 06:00 UTC`; `-` for None."""
        if moment is None:
            return "-"
        if self.utc:
            return stamp(moment)
        return f"{local(moment, timezone or self.timezone):%a %Y-%m-%d %H:%M %Z}"

    def full(self, moment: datetime | None, timezone: str | None = None) -> str:
        """Return both: `Mon 2026-03-02 06:00 UTC (in 2h)`."""
        if moment is None or self.utc:
            return self.at(moment)
        return f"{self.at(moment, timezone)} ({relative(moment, self.now)})"


def local(moment: datetime, timezone: str) -> datetime:
    """Return *moment* on the clock of *timezone*; of UTC, if the zone has gone."""
    if timezone == "UTC":
        return moment.astimezone(UTC)
    from zoneinfo import ZoneInfo

    try:
        return moment.astimezone(ZoneInfo(timezone))
    except (KeyError, ValueError, OSError):
        return moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """Return *moment* in UTC, to the second: `2026-03-02T06:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso(moment: datetime | None) -> str | None:
    """Return *moment* as JSON has it: ISO 8601 with offset."""
    return None if moment is None else moment.isoformat()


def relative(moment: datetime, now: datetime) -> str:
    """Return about how far away *moment* is, as people say it: `in 2h`, `3h ago`, `now`."""
    ahead = (moment - now).total_seconds()
    distance = int(abs(ahead))
    if not distance:
        return "now"
    scales = ((_DAY, 1.5 * _DAY, "d"), (_HOUR, _HOUR, "h"), (_MINUTE, _MINUTE, "m"), (1, 0, "s"))
    unit, name = next((unit, name) for unit, least, name in scales if distance >= least)
    words = f"{round(distance / unit)}{name}"
    return f"in {words}" if ahead > 0 else f"{words} ago"


def span(length: timedelta | float | None) -> str:
    """Return a length of time, never longer than it is: `41s`, `1h40m`, `3d`; `-` for None."""
    if length is None:
        return "-"
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "m", 1, "s")
    if whole < 2 * _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "m")
    return f"{whole // _DAY}d"


def _two(whole: int, unit: int, name: str, rest_unit: int, rest_name: str) -> str:
    """Return whole units, with the next smaller one while that still says something."""
    units, rest = divmod(whole, unit)
    rest //= rest_unit
    return f"{units}{name}{rest}{rest_name}" if units < 10 and rest else f"{units}{name}"


def size(count: int) -> str:
    """Return a number of bytes: `812 B`, `4.1 MB`."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError  # pragma: no cover - the loop always returns
