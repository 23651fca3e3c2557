"""Drawings as figures: where lines and bars go. Widths are in per cent, heights in pixels. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from stoma.api.pages.format import local
from stoma.api.pages.looks import look, told
from stoma.api.pages.spans import Sum
from stoma.storage.read_pages import Sample

#: The classes that fill a part of a bar.
FILLS: Final = {
    "succeeded": "f-ok",
    "backfilled": "f-again",
    "failed": "f-bad",
    "missed": "hollow",
    "skipped": "f-not",
    "running": "f-run",
    "planned": "f-plan",
}
_PULSE_HEIGHT: Final = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar."""

    fill: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """What one hour holds."""

    x: str
    width: str
    parts: Sequence[Part]
    said: str
    day: str
    hour: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A name below the axis."""

    x: str
    said: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """A day back and a day ahead."""

    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    now: str
    floor: int
    height: int
    said: str
    key: Sequence[tuple[str, str]]  #: the states that are drawn, with their names


def percent(share: float) -> str:
    """Return a place as SVG has it."""
    return f"{share * 100:.3f}%"


def pulse(bounds: Sequence[datetime], found: Sequence[Sum], zone: str, now: datetime) -> Pulse:
    """Return what hours hold as bars on one axis."""
    width = 1 / len(found)
    most = max([each.total for each in found] + [1])
    bars, ticks = [], []
    for number, (begin, each) in enumerate(zip(bounds, found, strict=False)):
        at = local(begin, zone)
        bars.append(
            Bar(
                x=percent((number + 0.08) * width),
                width=percent(width * 0.84),
                parts=list(_stacked(each, most)),
                said=f"{at:%a %H:%M}: {each.said()}",
                day=f"{at:%Y-%m-%d}",
                hour=at.hour,
            )
        )
        if at.hour % 6 == 0 and 0 < number < len(found) - 1:
            ticks.append(
                Tick(percent(number * width), f"{at:%a}" if not at.hour else f"{at:%H:%M}")
            )
    before = sum(each.total - each.planned for each in found)
    ahead = sum(each.planned for each in found)
    return Pulse(
        bars=bars,
        ticks=ticks,
        now=percent((now - bounds[0]) / (bounds[-1] - bounds[0])),
        floor=_PULSE_HEIGHT,
        height=_PULSE_HEIGHT + 20,
        key=list(dict.fromkeys((word, name) for each in found for word, name, _ in each.parts())),
        said=f"{before:,} slots of the last day and {ahead:,} of the next, by hour",
    )


def _stacked(found: Sum, most: int) -> Iterator[Part]:
    y = float(_PULSE_HEIGHT)
    scale = (_PULSE_HEIGHT - 4) / most
    for word, _, count in found.parts():
        height = max(count * scale, 3.0)
        y -= height
        gap = 1.0 if height > 3 else 0.0
        yield Part(FILLS[word], round(max(y, 0) + gap / 2, 1), round(height - gap, 1))


@dataclass(frozen=True, slots=True)
class RunBar:
    """One run of a task: its height is how long it took."""

    x: str
    width: str
    y: float
    height: float
    fill: str
    said: str
    id: int


@dataclass(frozen=True, slots=True)
class RunBars:
    """The newest runs of a task, side by side."""

    bars: Sequence[RunBar]
    height: int
    longest: float | None  #: seconds
    median: float | None
    good: int
    ended: int  #: runs that say whether they went well

    @property
    def share(self) -> float | None:
        """How many of those that ended did what they should; None: none has ended."""
        return self.good / self.ended if self.ended else None


_BARS_HEIGHT: Final = 64
_MOST_BARS: Final = 60
_GROUPS: Final = {
    "ok": "f-ok",
    "warn": "f-warn",
    "bad": "f-bad",
    "run": "f-run",
    "again": "f-again",
    "not": "f-not",
}


def run_bars(samples: Sequence[Sample], zone: str) -> RunBars:
    """Return the newest runs of a task as bars, oldest first; what never ran is a hollow stub."""
    shown = samples[-_MOST_BARS:]
    times = sorted(each.seconds for each in samples if each.seconds is not None)
    longest = times[-1] if times else None
    width = 1 / max(len(shown), 24)
    bars = [
        _run_bar(each, number * width, width, longest or 1.0, zone)
        for number, each in enumerate(shown)
    ]
    ended = [each for each in samples if each.word in _TOLD]
    return RunBars(
        bars=bars,
        height=_BARS_HEIGHT,
        longest=longest,
        median=times[len(times) // 2] if times else None,
        good=sum(each.word in _FINE for each in ended),
        ended=len(ended),
    )


_FINE: Final = frozenset({"succeeded", "empty", "partial"})
_TOLD: Final = _FINE | {"failed", "dead", "timed_out", "interrupted"}


def _run_bar(each: Sample, x: float, width: float, longest: float, zone: str) -> RunBar:
    shape = look(each.word, each.trigger)
    never = each.seconds is None and each.word not in {"running", "pending", "queued"}
    share = (each.seconds or 0.0) / longest
    height = 7.0 if never else max(round(share**0.5 * (_BARS_HEIGHT - 4), 1), 5.0)
    when = f"{local(each.due_at, zone):%a %Y-%m-%d %H:%M}" if each.due_at else "by hand"
    took = f", {each.seconds:.1f} s" if each.seconds is not None else ""
    return RunBar(
        x=percent(x + width * 0.1),
        width=percent(width * 0.8),
        y=round(_BARS_HEIGHT - height, 1),
        height=height,
        fill="hollow" if never else _GROUPS[shape.tone],
        said=f"run {each.id}, {when}: {look(told(each.word, each.trigger)).said}{took}",
        id=each.id,
    )


# --- the timeline ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of time across a drawing."""

    first: datetime
    until: datetime
    zone: str

    def at(self, moment: datetime) -> float:
        """Return where a moment is, from 0 to 1."""
        share = (moment - self.first) / (self.until - self.first)
        return min(max(share, 0.0), 1.0)

    def ticks(self) -> Iterator[Tick]:
        """Yield some eight round moments with their names."""
        length = self.until - self.first
        step = next((each for each in _STEPS if length / each <= 9), _STEPS[-1])
        start = local(self.first, self.zone)
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        offset = start - day
        moment = self.first + (-offset % step)
        while moment < self.until:
            at = local(moment, self.zone)
            plain = f"{at:%a} {at.day}" if at.hour == at.minute == 0 else f"{at:%H:%M}"
            yield Tick(percent(self.at(moment)), plain)
            moment += step


_STEPS: Final = [
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(days=1),
]
