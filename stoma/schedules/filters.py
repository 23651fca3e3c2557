"""Filters: when a task must not run although its schedule says so.

They look at the wall clock of the task's zone. Every interval includes its start and excludes its
end. What becomes of a slot that is hit, `on_hit` says; `stoma.schedules.slots` does it.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import NamedTuple

from stoma.exceptions import ScheduleError
from stoma.schedules.calendars import calendar_of, region_named
from stoma.schedules.instants import (
    DAY,
    FIRST_DAY,
    LAST_DAY,
    date_of,
    day_of,
    local_seconds,
    seconds_of,
)
from stoma.schedules.reading import (
    WEEKDAYS,
    Table,
    clock_text,
    date_written,
    minute_of_day,
    moment_written,
    shown,
)
from stoma.schedules.zones import zone_named

_MIDNIGHT = 1440


class OnHit(StrEnum):
    """What becomes of a slot that a filter hits."""

    SKIP = "skip"  #: it does not run; its row says why
    DEFER_TO_END = "defer_to_end"  #: it runs as soon as nothing stands in the way
    NEXT_BUSINESS_DAY = "next_business_day"  #: it runs at the same time of the next such day


class Daily(NamedTuple):
    """A time of the day, every day: minutes since midnight; it may cross midnight."""

    begin: int
    end: int

    def holds(self, minute: int) -> bool:
        """Return whether *minute* lies in it."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end

    def __str__(self) -> str:
        return f"{clock_text(self.begin)}-{clock_text(self.end)}"


class Dated(NamedTuple):
    """A stretch of the calendar, in local seconds."""

    begin: int
    end: int

    def touches(self, day: int) -> bool:
        """Return whether any of it lies on *day*."""
        return self.begin < (day + 1) * DAY and day * DAY < self.end

    def __str__(self) -> str:
        return f"{_date_text(self.begin)} to {_date_text(self.end)}"


class Stretch(NamedTuple):
    """Instants around a given one in which the same rule, or none, holds; the end is excluded."""

    begin: int
    end: int
    rule: str  #: the key of the rule and what it found, or empty


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one schedule."""

    skip_weekends: bool = False
    #: A country or part of one, as `calendar_of` takes it; empty for none.
    holidays: str = ""
    daily: tuple[Daily, ...] = ()
    dated: tuple[Dated, ...] = ()
    only_between: Daily | None = None
    on_hit: OnHit = OnHit.SKIP
    #: Where, within a day and for good, the answer may change.
    _edges: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _dates: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        windows = (*self.daily, *filter(None, [self.only_between]))
        edges = {0, DAY, *(edge * 60 for window in windows for edge in window)}
        object.__setattr__(self, "_edges", tuple(sorted(edges)))
        dates = {edge for stretch in self.dated for edge in stretch}
        object.__setattr__(self, "_dates", tuple(sorted(dates)))

    def stretch(self, zone: str, second: int) -> Stretch:
        """Return what holds at the instant *second*, and from when to when it surely does."""
        # Cut at the clock's jumps too: within one segment local and real time run alike.
        span = zone_named(zone).span(second)
        i = bisect_right(span.starts, second) - 1
        offset = span.offsets[i]
        local = second + offset
        day, rest = divmod(local, DAY)
        at = bisect_right(self._edges, rest)
        begin, end = day * DAY + self._edges[at - 1], day * DAY + self._edges[at]
        if self._dates:
            at = bisect_right(self._dates, local)
            begin = max([begin, *self._dates[:at][-1:]])
            end = min([end, *self._dates[at : at + 1]])
        return Stretch(
            max(begin - offset, span.starts[i]),
            min(end - offset, span.ends[i]),
            self._rule(day, rest // 60, local),
        )

    def free_from(self, zone: str, second: int, tries: int) -> int | None:
        """Return the first instant at or after *second* that no rule holds; None if too far."""
        for _ in range(tries):
            stretch = self.stretch(zone, second)
            if not stretch.rule:
                return second
            second = stretch.end
        return None

    def moved(self, zone: str, second: int) -> int | None:
        """Return the same time of day on the next business day; None where that never helps.

        A business day is no weekend, no holiday and not touched by a dated blackout. A time that
        a daily rule forbids is forbidden on every day.
        """
        clock = zone_named(zone)
        day, rest = divmod(second + clock.offset_at(second), DAY)
        if self._daily_rule(rest // 60):
            return None
        while (later := self.business_day(day + 1)) is not None:
            landing = clock.first(later * DAY + rest)
            # A gap of the clock may have put it into a time that is blocked after all.
            if not self.stretch(zone, landing).rule:
                return landing
            day = later
        return None

    def business_day(self, day: int, step: int = 1) -> int | None:
        """Return the first business day from *day* on; before it with a *step* of -1."""
        calendar = calendar_of(self.holidays)
        while FIRST_DAY < day < LAST_DAY:
            off = [each for each in self.dated if each.touches(day)]
            if off:
                day = -(-off[0].end // DAY) if step > 0 else off[0].begin // DAY - 1
            elif calendar.is_weekend(day) or calendar.holiday(day):
                day += step
            else:
                return day
        return None

    def describe(self) -> str:
        """Return the filters in words, to follow a description of the schedule."""
        words = [
            *(["weekends"] if self.skip_weekends else []),
            *([f"holidays of {self.holidays}"] if self.holidays else []),
            *map(str, self.daily),
            *map(str, self.dated),
        ]
        text = f", except {', '.join(words)}" if words else ""
        if self.only_between:
            text += f", only between {self.only_between}"
        deferred = {OnHit.SKIP: "", OnHit.DEFER_TO_END: ", then as soon as allowed"}
        return text + deferred.get(self.on_hit, ", then on the next business day")

    def as_table(self) -> dict[str, object]:
        """Return the keys that read back as this value."""
        table: dict[str, object] = {}
        if self.skip_weekends:
            table["skip_weekends"] = True
        if self.holidays:
            table["holidays"] = self.holidays
        if self.daily or self.dated:
            table["blackouts"] = [
                *({"from": clock_text(a), "to": clock_text(b)} for a, b in self.daily),
                *({"from": _date_text(a), "to": _date_text(b)} for a, b in self.dated),
            ]
        if self.only_between:
            table["only_between"] = str(self.only_between)
        if self.on_hit is not OnHit.SKIP:
            table["on_hit"] = self.on_hit.value
        return table

    def _rule(self, day: int, minute: int, local: int) -> str:
        calendar = calendar_of(self.holidays)
        name = calendar.holiday(day)
        if name:
            return f"holidays {self.holidays}: {name}"
        if self.skip_weekends and calendar.is_weekend(day):
            return f"skip_weekends: {WEEKDAYS[(day + 4) % 7]}"
        for stretch in self.dated:
            if stretch.begin <= local < stretch.end:
                return f"blackouts: {stretch}"
        return self._daily_rule(minute)

    def _daily_rule(self, minute: int) -> str:
        for window in self.daily:
            if window.holds(minute):
                return f"blackouts: {window}"
        if self.only_between and not self.only_between.holds(minute):
            return f"only_between: {self.only_between}"
        return ""


def read_filters(table: Table, zone: str) -> Filters | None:
    """Take the filters' keys out of a schedule's table; None when it has none.

    Raises:
        ScheduleError: A filter can not be understood, or its country is not known.
    """
    weekends = table.flag("skip_weekends")
    country = table.text("holidays")
    region = region_named(country) if country else ""
    blackouts = [_blackout(entry, zone) for entry in table.list("blackouts") or []]
    only_between = _between(table.text("only_between"))
    on_hit = _on_hit(table.text("on_hit"))
    if not (weekends or region or blackouts or only_between):
        return None
    return Filters(
        skip_weekends=weekends,
        holidays=region,
        daily=tuple(sorted({entry for entry in blackouts if isinstance(entry, Daily)})),
        dated=tuple(sorted({entry for entry in blackouts if isinstance(entry, Dated)})),
        only_between=only_between,
        on_hit=on_hit,
    )


def _on_hit(text: str | None) -> OnHit:
    try:
        return OnHit(text or OnHit.SKIP)
    except ValueError:
        raise ScheduleError(
            f"on_hit must be one of {', '.join(OnHit)}, not {shown(text)}"
        ) from None


def _between(text: str | None) -> Daily | None:
    if text is None:
        return None
    begin, dash, end = text.partition("-")
    if not dash:
        raise ScheduleError(f"only_between {shown(text)} is not two times", hint="09:00-17:00")
    return _window(begin.strip(), end.strip(), "only_between")


def _window(begin: str, end: str, key: str) -> Daily:
    window = Daily(minute_of_day(begin), minute_of_day(end, midnight=_MIDNIGHT))
    if window.begin == window.end:
        raise ScheduleError(f"{key} is empty: it ends when it starts, at {begin}")
    return window


def _blackout(entry: object, zone: str) -> Daily | Dated:
    if not isinstance(entry, Mapping):
        raise ScheduleError(
            f"a blackout is a table, not {shown(entry)}", hint='{from = "22:00", to = "06:00"}'
        )
    begin, end = entry.get("from"), entry.get("to")
    if len(entry) != 2 or begin is None or end is None:
        raise ScheduleError(f"a blackout has the keys from and to, not {shown(dict(entry))}")
    if _is_clock(begin) and _is_clock(end):
        return _window(_clock(begin), _clock(end), "a blackout")
    dated = Dated(_edge(begin, zone), _edge(end, zone))
    if dated.begin >= dated.end:
        raise ScheduleError(f"a blackout must end after it starts: {dated}")
    return dated


def _is_clock(value: object) -> bool:
    return isinstance(value, time) or (isinstance(value, str) and "-" not in value)


def _clock(value: object) -> str:
    return value.isoformat("minutes") if isinstance(value, time) else str(value).strip()


def _edge(value: object, zone: str) -> int:
    if not isinstance(value, datetime) and not (isinstance(value, str) and ":" in value):
        return day_of(date_written(value)) * DAY
    moment = moment_written(value)
    if moment.tzinfo is None:
        return local_seconds(moment)
    second = seconds_of(moment)
    return second + zone_named(zone).offset_at(second)


def _date_text(local: int) -> str:
    day, rest = divmod(local, DAY)
    text = date_of(day).isoformat()
    return f"{text}T{clock_text(rest // 60)}:{rest % 60:02}" if rest else text
