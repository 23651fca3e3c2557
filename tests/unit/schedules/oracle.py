"""Brute force: what rules R1 and R2 say, found by looking at every minute of some days.

Written from docs/reference/schedules.md alone, on zoneinfo and datetime: nothing of stoma here.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: A wall-clock reading as (minute, hour, day, month, weekday with Sunday 0), and its instant.
Row = tuple[int, int, int, int, int, datetime]

DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTH_NAMES = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@dataclass(frozen=True)
class Fields:
    """A cron expression together with the sets it stands for."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @property
    def fixed(self) -> bool:
        """R1: neither minute nor hour starts with a star."""
        minute, hour, *_ = self.text.split()
        return not minute.startswith("*") and not hour.startswith("*")

    def day_matches(self, day: int, month: int, weekday: int) -> bool:
        _, _, dom, _, dow = self.text.split()
        by_date, by_week = day in self.days, weekday in self.weekdays
        both = dom.startswith("*") or dow.startswith("*")
        return month in self.months and (by_date and by_week if both else by_date or by_week)

    def select(self, rows: list[Row]) -> list[datetime]:
        """Return the instants of the rows that match."""
        right_day: dict[tuple[int, int, int], bool] = {}
        found = []
        for minute, hour, day, month, weekday, at in rows:
            if minute in self.minutes and hour in self.hours:
                date = (day, month, weekday)
                if date not in right_day:
                    right_day[date] = self.day_matches(*date)
                if right_day[date]:
                    found.append(at)
        return found


@dataclass(frozen=True)
class Window:
    """Some days of one zone, minute by minute."""

    zone: str
    begin: datetime  #: between here and *end*, what the rows say is complete
    end: datetime
    shown: list[Row]  #: every real minute and what the clock shows: R2
    named: list[Row]  #: every reading, shown or not, and where R1 puts it

    def fires(self, fields: Fields) -> list[datetime]:
        """Return every fire later than *begin*, up to *end*."""
        due = fields.select(self.named if fields.fixed else self.shown)
        return sorted({at for at in due if self.begin < at <= self.end})


def row(wall: datetime, at: datetime) -> Row:
    return (wall.minute, wall.hour, wall.day, wall.month, wall.isoweekday() % 7, at)


@lru_cache(maxsize=600)
def window(zone: str, middle: datetime, days: float = 1.5, step: timedelta = MINUTE) -> Window:
    """Scan from *days* before *middle* to *days* after it, and a day more on both sides."""
    info = ZoneInfo(zone)
    at, stop = middle - days * DAY - 1.2 * DAY, middle + days * DAY + 1.2 * DAY
    shown: list[tuple[datetime, datetime]] = []
    while at < stop:
        shown.append((at.astimezone(info).replace(tzinfo=None), at))
        at += step
    first: dict[datetime, datetime] = {}
    for wall, instant in shown:
        first.setdefault(wall, instant)
    named = []
    reading, last = shown[0][0], max(wall for wall, _ in shown)
    latest, position = shown[0][0], 0
    while reading <= last:
        # The first instant at which the clock shows the reading or, if it never does, is past it.
        while latest < reading:
            position += 1
            latest = max(latest, shown[position][0])
        lands = first.get(reading, shown[position][1])
        named.append(row(reading, lands))
        reading += step
    return Window(
        zone,
        middle - days * DAY,
        middle + days * DAY,
        [row(wall, instant) for wall, instant in shown],
        named,
    )


def transitions(zone: str, year: int) -> list[datetime]:
    """Return the instants in *year* at which the zone's offset changes, by asking every hour."""
    info = ZoneInfo(zone)
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC)
    before = at.astimezone(info).utcoffset()
    while at.year == year:
        at += HOUR
        after = at.astimezone(info).utcoffset()
        if after != before:
            minute = at
            while (minute - MINUTE).astimezone(info).utcoffset() == after:
                minute -= MINUTE
            found.append(minute)
            before = after
    return found


def next_in(fires: list[datetime], moment: datetime) -> datetime | None:
    """Return the first of *fires* that is later than *moment*."""
    at = bisect_right(fires, moment)
    return fires[at] if at < len(fires) else None


def next_by_days(fields: Fields, moment: datetime, years: int) -> datetime | None:
    """Return the next fire in UTC, looking at every day; None if none within so many years."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(years * 366):
        if fields.day_matches(day.day, day.month, day.isoweekday() % 7):
            for hour in sorted(fields.hours):
                for minute in sorted(fields.minutes):
                    if day + timedelta(hours=hour, minutes=minute) > moment:
                        return day + timedelta(hours=hour, minutes=minute)
        day += DAY
    return None


def random_fields(roll: random.Random) -> Fields:
    """Return an expression as people and machines write them, and the sets it means."""
    minute, minutes = _field(roll, 0, 59, star=0.25)
    hour, hours = _field(roll, 0, 23, star=0.3)
    day, days = _field(roll, 1, 31, star=0.7)
    month, months = _field(roll, 1, 12, star=0.85, names=MONTH_NAMES)
    weekday, weekdays = _field(roll, 0, 7, star=0.65, names=DAY_NAMES)
    return Fields(
        f"{minute} {hour} {day} {month} {weekday}",
        frozenset(minutes),
        frozenset(hours),
        frozenset(days),
        frozenset(months),
        frozenset(value % 7 for value in weekdays),
    )


def _field(
    roll: random.Random,
    low: int,
    high: int,
    *,
    star: float,
    names: "list[str] | tuple[str, ...]" = (),
) -> tuple[str, set[int]]:
    if roll.random() < star:
        if roll.random() < 0.6:
            return "*", set(range(low, high + 1))
        step = roll.randint(1, (high - low) // 2)
        # In the week, */n counts 0 to 6: Sunday is there once.
        return f"*/{step}", set(range(low, high + (high != 7), step))
    texts, values = [], set()
    for _ in range(roll.choice((1, 1, 1, 2, 3))):
        text, some = _term(roll, low, high, names)
        texts.append(text)
        values |= some
    return ",".join(texts), values


def _term(
    roll: random.Random, low: int, high: int, names: "list[str] | tuple[str, ...]"
) -> tuple[str, set[int]]:
    a, b = sorted((roll.randint(low, high), roll.randint(low, high)))
    shape = roll.choice(("value", "value", "range", "stepped", "same"))
    if shape == "value":
        index = a - low
        if index < len(names) and roll.random() < 0.5:
            return roll.choice((names[index], names[index].upper())), {a}
        return f"{a}", {a}
    if shape == "same":
        return f"{a}-{a}", {a}
    step = roll.randint(1, 9) if shape == "stepped" else 1
    return f"{a}-{b}" + (f"/{step}" if shape == "stepped" else ""), set(range(a, b + 1, step))


def random_windows(roll: random.Random, zones: list[str], count: int) -> Iterator[Window]:
    """Yield nights around random clock changes since 1975, where zones keep whole minutes."""
    while count > 0:
        zone, year = roll.choice(zones), roll.randint(1975, 2037)
        if "right/" in zone or "posix/" in zone:
            continue
        found = transitions(zone, year) or [datetime(year, 3, 9, tzinfo=UTC)]
        yield window(zone, roll.choice(found), 1.0)
        count -= 1
