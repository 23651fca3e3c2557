"""Reading what people write: texts and tables become values, or errors that say what to do."""

import re
import reprlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from stoma.exceptions import ScheduleError
from stoma.schedules.instants import DAY
from stoma.text import did_you_mean, safe

#: As cron counts them; day 0 of the epoch was a Thursday.
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
DAY_NAMES = tuple(name[:3].lower() for name in WEEKDAYS)
_LONG_NAMES = tuple(name.lower() for name in WEEKDAYS)
#: What a duration's last letter stands for, in seconds; the text form knows all but weeks.
UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY}
_UNIT_KEYS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": DAY, "weeks": 7 * DAY}
_LONGEST_DAYS = 3650
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII | re.IGNORECASE,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def shown(value: object) -> str:
    """Return *value* for an error message: short and harmless, whatever it is."""
    try:
        return safe(repr(value) if _is_short_text(value) else reprlib.repr(value))
    except ValueError:  # an integer with too many digits to print
        return f"a huge {type(value).__name__}"


def _is_short_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 80


def minute_of_day(text: str, *, prefix: str = "", midnight: int = 0) -> int:
    """Read `HH:MM` as minutes since midnight.

    Args:
        text: What should be a time.
        prefix: What stands before it in a schedule's text, for the hint.
        midnight: What `24:00` means, 1440 at the end of an interval; 0 refuses it.
    """
    match = _CLOCK.fullmatch(text)
    if match:
        hour, minute = int(match[1]), int(match[2])
        if hour < 24 and minute < 60:
            return hour * 60 + minute
        if midnight and (hour, minute) == (24, 0):
            return midnight
    raise ScheduleError(
        f"{shown(text)} is not a time of day from 00:00 to 23:59",
        hint=f"did you mean: {prefix}{_nearest_time(text)} ?",
    )


def _nearest_time(text: str) -> str:
    numbers = [int(part[:9]) for part in re.findall(r"[0-9]+", text[:80], re.ASCII)]
    if not numbers:
        return "09:00"
    hour, minute = numbers[0], (numbers[1] if len(numbers) > 1 else 0)
    if hour == 24:
        return "00:00"
    return f"{min(hour, 23):02}:{min(minute, 59):02}"


def clock_text(minute: int) -> str:
    """Return `HH:MM`; the end of the day is `24:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def weekday_of(text: str, *, prefix: str = "", suffix: str = "") -> int:
    """Read a day's name, short or long, in any case; 0 is Sunday."""
    name = text.lower()
    for names in (DAY_NAMES, _LONG_NAMES):
        if name in names:
            return names.index(name)
    near = did_you_mean(name[:20], (*DAY_NAMES, *_LONG_NAMES))
    near = near.removeprefix("did you mean: ").removesuffix(" ?") or "mon"
    raise ScheduleError(
        f"{shown(text)} is not a day of the week", hint=f"did you mean: {prefix}{near}{suffix} ?"
    )


def duration_of(text: str, *, prefix: str) -> int:
    """Read `30s`, `30m`, `2h` or `7d` as seconds."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise ScheduleError(
            f"{shown(text)} is not a duration: a number and one of s, m, h, d",
            hint=f"did you mean: {prefix}{_nearest_duration(text)} ?",
        )
    return checked_duration(int(match[1]) * UNITS[match[2]], example=f"{prefix}1{match[2]}")


def _nearest_duration(text: str) -> str:
    match = re.search(r"([0-9]{1,20})\s*([smhd]?)", text[:80].lower(), re.ASCII)
    if not match:
        return "30m"
    unit = match[2] or "m"
    return f"{min(max(int(match[1]), 1), _LONGEST_DAYS * DAY // UNITS[unit])}{unit}"


def checked_duration(seconds: int, *, example: str) -> int:
    """Return *seconds* if it is from one second to ten years."""
    if seconds < 1:
        raise ScheduleError("must be at least 1 second", hint=f"did you mean: {example} ?")
    if seconds > _LONGEST_DAYS * DAY:
        raise ScheduleError(
            f"must be at most {_LONGEST_DAYS} days", hint="a cron expression can name a date"
        )
    return seconds


def moment_written(value: object) -> datetime:
    """Read a date with a time, `2026-12-01T09:00`, with or without an offset.

    What TOML or a caller has read already is taken too; parts of a second are dropped.
    """
    if isinstance(value, datetime):
        value = value.isoformat(timespec="seconds")
    if isinstance(value, str) and _MOMENT.fullmatch(value.strip()):
        try:
            return datetime.fromisoformat(value.strip().upper())
        except ValueError as problem:
            raise ScheduleError(f"{shown(value)} does not exist: {problem}") from None
    raise ScheduleError(
        f"{shown(value)} is not a date with a time", hint="write it as 2026-12-01T09:00"
    )


def date_written(value: object) -> date:
    """Read a date, `2026-12-01`, or take the one that TOML has read."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as problem:
            raise ScheduleError(f"{shown(value)} does not exist: {problem}") from None
    raise ScheduleError(f"{shown(value)} is not a date", hint="write it as 2026-12-01")


class Table:
    """A table being read: every key has one type, and every key must be read by somebody."""

    def __init__(self, entries: Mapping[str, object]) -> None:
        # JSON's null and a key that is not there say the same.
        self._left = {key: value for key, value in entries.items() if value is not None}
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def peek(self, key: str) -> object:
        """Return the value of *key*, unread; None without one."""
        return self._left.get(key)

    def take(self, key: str) -> object:
        """Return the value of *key* and mark it as read; None without one."""
        self._known.add(key)
        return self._left.pop(key, None)

    def text(self, *keys: str) -> str | None:
        """Return the text under the first of *keys* that is there."""
        for key in keys:
            value = self.take(key)
            if isinstance(value, str):
                return value.strip()
            if value is not None:
                raise ScheduleError(f"{key} must be a text, not {shown(value)}")
        return None

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Return the whole number under *key*, both bounds included."""
        value = self.take(key)
        return default if value is None else whole_number(value, key, low, high)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return the truth value under *key*."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ScheduleError(f"{key} must be true or false, not {shown(value)}")
        return value

    def list(self, key: str) -> list[object] | None:
        """Return the list under *key*; a single value counts as a list of one."""
        value = self.take(key)
        if value is None:
            return None
        items = list(value) if isinstance(value, list | tuple) else [value]
        if len(items) > 1440:
            raise ScheduleError(f"{key} must have at most 1440 entries, not {len(items)}")
        return items

    def duration(self, *extra: str, example: str) -> int:
        """Return the duration that the keys `seconds` to `weeks`, or *extra* ones, add up to."""
        scales = {**dict.fromkeys(extra, 1), **_UNIT_KEYS}
        longest = _LONGEST_DAYS * DAY
        given = [key for key in scales if key in self]
        total = sum(self.whole(key, 0, 0, longest) * scales[key] for key in scales)
        if not given:
            raise ScheduleError(f"needs a duration: {', '.join(scales)}", hint=example)
        return checked_duration(total, example=example)

    def finish(self) -> None:
        """Refuse what nobody has read."""
        for key in self._left:
            raise ScheduleError(
                f"unknown key {shown(key)}",
                hint=did_you_mean(key[:40], self._known)
                or f"known keys: {', '.join(sorted(self._known))}",
            )


def whole_number(value: object, name: str, low: int, high: int) -> int:
    """Return *value* if it is a whole number from *low* to *high*; 8.0 is one, true is not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ScheduleError(f"{name} must be a whole number, not {shown(value)}")
    if not low <= value <= high:
        near = min(max(value, low), high)
        raise ScheduleError(
            f"{name} {shown(value)} is not within {low} to {high}", hint=f"did you mean: {near} ?"
        )
    return value


def unique_sorted(values: Iterable[int]) -> tuple[int, ...]:
    """Return *values* in order, each once."""
    return tuple(sorted(set(values)))
