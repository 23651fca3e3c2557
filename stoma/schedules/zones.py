"""A time zone's clock as integer arithmetic: offset segments, found through zoneinfo, once each.

A wall-clock time is `local` seconds: what the clock shows, counted from 1970-01-01 00:00, so
that `local = second + offset`. Nothing here is ever stored: offsets die with the process.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from operator import add
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from stoma.exceptions import ScheduleError
from stoma.schedules.instants import DAY, EPOCH, FIRST_DAY, LAST_DAY
from stoma.schedules.reading import shown
from stoma.text import did_you_mean

# 24 days. A longer span costs more to find, and rare schedules ask about moments far apart.
_LENGTH = 1 << 21
# Spans overlap, so that a day that a zone left out or lived twice (24 h at most, Kwajalein 1993
# and Alaska 1867) and the largest offset (16 h) are seen from both sides.
_MARGIN = 3 * DAY
# The shortest stay at one offset in the tz database (2026b) is four days: Freetown, 1939.
_PROBE = 2 * DAY
_MOST_SPANS = 2000
_FIRST = (FIRST_DAY + 2) * DAY
_LAST = (LAST_DAY - 2) * DAY
_NAME = re.compile(r"(?!posix/|right/)[A-Za-z][A-Za-z0-9_+\-/]{0,63}", re.ASCII)


class Span(NamedTuple):
    """Some weeks of one zone, margin included, cut into segments of one offset each."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]  #: exclusive
    offsets: tuple[int, ...]
    #: What the clock has reached by the end of each segment: the latest local time shown, plus 1.
    reach: tuple[int, ...]


class Transition(NamedTuple):
    """The instant a zone's clock jumps, and the offsets on both sides."""

    at: int
    before: int
    after: int


class Zone:
    """One zone. Get it from `zone_named`, each time: it is dropped when the database changes."""

    __slots__ = ("_info", "_spans", "name")

    def __init__(self, name: str, info: ZoneInfo) -> None:
        self.name = name
        self._info = info
        self._spans: dict[int, Span] = {}

    def span(self, second: int) -> Span:
        """Return a span that holds *second*, be it an instant or a local time."""
        index = second // _LENGTH
        return self._spans.get(index) or self._add(index)

    def offset_at(self, second: int) -> int:
        """Return what is added to UTC at the instant *second*."""
        span = self.span(second)
        return span.offsets[bisect_right(span.starts, second) - 1]

    def first(self, local: int) -> int:
        """Return the first instant at which the clock shows *local*, or is past it.

        For a time that the clock skips this is the end of the gap; for one that it shows twice
        the first pass.
        """
        span = self.span(local)
        i = bisect_right(span.reach, local)
        return max(span.starts[i], local - span.offsets[i])

    def segments(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield (start, end, offset) of what is between two instants, end excluded."""
        while begin < end:
            span = self.span(begin)
            i = bisect_right(span.starts, begin) - 1
            stop = min(span.ends[i], end)
            yield begin, stop, span.offsets[i]
            begin = stop

    def transitions(self, after: int, until: int) -> Iterator[Transition]:
        """Yield the jumps of the clock, the one at *after* excluded, at *until* included."""
        before = self.offset_at(after)
        for start, _, offset in self.segments(after, until + 1):
            if offset != before:
                yield Transition(start, before, offset)
            before = offset

    def _add(self, index: int) -> Span:
        if len(self._spans) >= _MOST_SPANS:
            self._spans.clear()
        begin, end = index * _LENGTH - _MARGIN, (index + 1) * _LENGTH + _MARGIN
        starts, offsets = [begin], [self._probe(begin)]
        for probe in range(begin + _PROBE, end + _PROBE, _PROBE):
            offset = self._probe(probe)
            if offset != offsets[-1]:
                starts.append(self._jump(probe - _PROBE, probe))
                offsets.append(offset)
        # The last probe may have found a jump beyond the end.
        ends = (*starts[1:], max(end, starts[-1] + 1))
        reach = tuple(accumulate(map(add, ends, offsets), max))
        span = Span(tuple(starts), ends, tuple(offsets), reach)
        self._spans[index] = span
        return span

    def _jump(self, low: int, high: int) -> int:
        before = self._probe(low)
        while high - low > 1:
            middle = (low + high) // 2
            if self._probe(middle) == before:
                low = middle
            else:
                high = middle
        return high

    def _probe(self, second: int) -> int:
        when = datetime.fromtimestamp(min(max(second, _FIRST), _LAST), self._info)
        offset = when.utcoffset() or timedelta()
        return offset.days * DAY + offset.seconds


_zones: dict[str, Zone] = {}


def zone_named(name: str) -> Zone:
    """Return the zone of that IANA name.

    Raises:
        ScheduleError: There is no such zone.
    """
    return _zones.get(name) or _load(name)


def reload_zones() -> None:
    """Forget every offset, so that a changed tz database is read anew."""
    _zones.clear()
    _known.cache_clear()
    ZoneInfo.clear_cache()


def local_time(second: int, zone: str) -> datetime:
    """Return the instant *second* as an aware datetime of *zone*, to be shown."""
    when = EPOCH + timedelta(0, min(max(second, _FIRST), _LAST))
    return when.astimezone(ZoneInfo(zone))


def _load(name: str) -> Zone:
    # A directory of the database, "America", is an OSError; an unknown name a KeyError.
    try:
        info = ZoneInfo(name if _NAME.fullmatch(name) else "")
    except (ValueError, KeyError, OSError):
        raise ScheduleError(
            f"unknown time zone {shown(name)}",
            hint=did_you_mean(name[:64], _known()) or "IANA names only: America/New_York, UTC",
        ) from None
    return _zones.setdefault(name, Zone(name, info))


@cache
def _known() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
