"""Is what a task brings still what it usually brings? Pure: judged from its good runs alone.

Sources have a rhythm: arXiv announces nothing on two evenings of the week, the SEC takes nothing
at weekends and at night. So what counts is what came in the 24 hours up to a run, compared with
the same on days of the same kind, at the same hour; and a pause counts only beside the longest
one there was.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, pairwise
from operator import attrgetter
from statistics import median
from typing import Final

_DAY: Final = timedelta(days=1)
#: By the day in UTC on which 24 hours end: those that hold a part of a weekend stand alone.
_KINDS: Final[Mapping[int, int]] = {0: 0, 1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 3}
#: What is compared ends at the same time of the day, more or less.
_NEAR: Final = timedelta(hours=1)
#: So many other days of one kind are needed to say what is usual.
_LEAST_DAYS: Final = 4
#: So many runs with something new are needed to say how long a pause may be.
_LEAST_NEWS: Final = 5
#: Of less than that, one more or less is no drop.
_LEAST_ITEMS: Final = 10
#: No pause below that is worth a word, however regular a task is.
_LEAST_PAUSE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Volume:
    """What one good run brought."""

    at: datetime  #: when it ended
    items: int  #: all it returned
    news: int  #: of them, those that are new or have changed


@dataclass(frozen=True, slots=True)
class Limits:
    """When something is worth a warning; 0 switches one off."""

    drop_percent: float = 80
    silence_factor: float = 3


def warnings(past: Sequence[Volume], limits: Limits) -> dict[str, str]:
    """Return what is unusual about the newest of *past*, by its word: `volume`, `silence`.

    Args:
        past: Good runs of one definition of a task, newest first.
        limits: What is unusual.
    """
    found = {"volume": _drop(past, limits), "silence": _silence(past, limits)}
    return {word: text for word, text in found.items() if text}


def _drop(past: Sequence[Volume], limits: Limits) -> str:
    if not past or not limits.drop_percent:
        return ""
    newest, oldest = past[0], past[-1]
    kind = _KINDS[newest.at.weekday()]
    days: dict[date, list[datetime]] = {}
    for each in past:
        # Of the oldest day a part may lie before what is known.
        whole = newest.at - each.at >= _DAY and each.at - oldest.at >= _DAY
        if whole and _KINDS[each.at.weekday()] == kind and _near(each.at, newest.at):
            days.setdefault(each.at.date(), []).append(each.at)
    if len(days) < _LEAST_DAYS:
        return ""
    came = _Came(past)
    usual = median(median(map(came.in_a_day, moments)) for moments in days.values())
    now = came.in_a_day(newest.at)
    if usual < _LEAST_ITEMS or now > usual * (1 - limits.drop_percent / 100):
        return ""
    return f"{now} items in a day, where {usual:g} are usual on such days"


def _near(moment: datetime, other: datetime) -> bool:
    """Whether two moments lie at about the same time of their days."""
    apart = (moment - other) % _DAY
    return min(apart, _DAY - apart) <= _NEAR


class _Came:
    """How many items had come by when."""

    def __init__(self, past: Sequence[Volume]) -> None:
        ordered = sorted(past, key=attrgetter("at"))
        self._moments = [each.at for each in ordered]
        self._sums = [0, *accumulate(each.items for each in ordered)]

    def in_a_day(self, end: datetime) -> int:
        """Return how many came in the 24 hours up to *end*."""
        return self._by(end) - self._by(end - _DAY)

    def _by(self, moment: datetime) -> int:
        return self._sums[bisect_right(self._moments, moment)]


def _silence(past: Sequence[Volume], limits: Limits) -> str:
    news = [each.at for each in past if each.news]
    if len(news) < _LEAST_NEWS or not limits.silence_factor:
        return ""
    longest = max(later - sooner for later, sooner in pairwise(news))
    pause = past[0].at - news[0]
    if pause <= max(longest * limits.silence_factor, _LEAST_PAUSE):
        return ""
    return f"nothing new for {_span(pause)}, where {_span(longest)} was the longest pause"


def _span(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    if hours < 1:
        return f"{max(round(hours * 60), 1)} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
