"""Time as a port. This is the only module that may read a clock or sleep."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """What the program knows of time."""

    def now(self) -> datetime:
        """Return the wall-clock moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let up to *seconds* pass, less if *event* is set; return whether it is set."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the wall-clock moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point, unaffected by clock changes."""
        return time.monotonic()

    def suspended_seconds(self) -> float:
        """Return how long the machine was suspended since it started; 0 where that is unknown."""
        if not hasattr(time, "CLOCK_BOOTTIME"):
            return 0.0
        monotonic = time.clock_gettime(time.CLOCK_MONOTONIC)
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - monotonic)

    def sleep(self, seconds: float) -> None:
        """Sleep for *seconds*."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for *event*, at most *seconds*."""
        return event.wait(seconds)


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The wall clock was set, or the machine slept, as far as engine time is concerned."""

    before: datetime  #: engine time, had nothing happened
    after: datetime  #: engine time from now on; earlier than *before* only if it went back too
    wall: datetime  #: the wall clock from now on
    jump: timedelta  #: how far the wall clock jumped; negative: back
    slept: bool = False  #: the machine was suspended

    def __str__(self) -> str:
        if self.slept:
            return f"the machine slept for {self.jump}"
        if self.jump > timedelta(0):
            return f"the clock was set forward by {self.jump}"
        text = f"the clock was set back by {-self.jump}"
        if self.after < self.before:
            return f"{text}: the schedule goes on from {self.wall:%Y-%m-%d %H:%M:%S} UTC"
        return f"{text}: the schedule goes on without a break, and slower until the clock is there"


class EngineClock:
    """The time a scheduler lives by: the wall clock, except that it hardly ever goes back.

    Set back by less than `FOLLOWS_BACK`, the wall clock is left behind: engine time goes on, at
    `1 - SLOWER` of its pace until the wall clock is there again. So intervals keep their rhythm, no
    slot comes twice, and what is bound to the wall clock is soon on time again. Set back further,
    engine time goes back too, and whoever keeps a schedule has to see to it (`steps`).
    """

    FOLLOWS_BACK = timedelta(hours=3)
    SLOWER = 0.05
    #: The smallest difference between the clocks that is called a step.
    STEP = timedelta(seconds=1)
    #: Below this the two clocks only differ in how they are read.
    _NOISE = timedelta(milliseconds=1)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._suspended: Callable[[], float] = getattr(clock, "suspended_seconds", float)
        self._lock = threading.Lock()
        self._steps: deque[ClockStep] = deque(maxlen=100)
        self._read = self._look()
        self._engine = self._read.wall

    @property
    def ahead(self) -> timedelta:
        """How far engine time is ahead of the wall clock."""
        return max(self._engine - self._read.wall, timedelta(0))

    def now(self) -> datetime:
        """Return engine time."""
        with self._lock:
            before, self._read = self._read, self._look()
            passed = timedelta(seconds=self._read.ticks - before.ticks)
            ahead = max(self._engine - before.wall, timedelta(0))
            due = self._engine + passed - min(passed * self.SLOWER, ahead)
            slept = self._read.suspended - before.suspended > self.STEP.total_seconds()
            self._meet(due, self._read.wall - before.wall - passed, slept=slept)
            return self._engine

    def begin(self, moment: datetime) -> None:
        """Go on from *moment*, at which an earlier process was, if the wall clock is behind it."""
        with self._lock:
            if moment - self._engine > self._NOISE:
                self._meet(moment, self._read.wall - moment)

    def steps(self) -> list[ClockStep]:
        """Return the steps that were noticed since the last call, oldest first."""
        self.now()
        with self._lock:
            found = list(self._steps)
            self._steps.clear()
        return found

    def _meet(self, due: datetime, jump: timedelta, *, slept: bool = False) -> None:
        """Go on to *due*, or to where the wall clock is after its *jump*."""
        wall = self._read.wall
        if due - wall <= self._NOISE:
            self._engine = max(wall, self._engine)
        elif due - wall < self.FOLLOWS_BACK:
            self._engine = due
        else:
            self._engine = wall
        if abs(jump) > self.STEP:
            self._steps.append(ClockStep(due, self._engine, wall, jump, slept))

    def _look(self) -> "_Reading":
        """Read all clocks at one moment: again, if something came in between."""
        for _ in range(_TRIES):
            reading = _Reading(self._clock.monotonic(), self._clock.now(), self._suspended())
            if self._clock.monotonic() - reading.ticks < _ONE_MOMENT:
                return reading
        return _Reading(self._clock.monotonic(), self._clock.now(), self._suspended())

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self._clock.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let engine time advance by up to *seconds*, less if *event* is set."""
        slow = min(seconds * self.SLOWER / (1 - self.SLOWER), self.ahead.total_seconds())
        return self._clock.wait(event, seconds + slow)


_ONE_MOMENT, _TRIES = 0.1, 5


class _Reading(NamedTuple):
    ticks: float
    wall: datetime
    suspended: float


#: What floating-point arithmetic may add to a whole number of microseconds.
_ROUNDING = 1e-3


class VirtualClock:
    """Time that passes only when somebody waits for it, and then at once.

    Attributes:
        alarms: Each returns in how many seconds something happens that a wait must not miss, or
            None.
    """

    def __init__(self, now: datetime) -> None:
        self._wall = now
        self._elapsed = timedelta(0)
        self._slept = timedelta(0)
        self.alarms: list[Callable[[], float | None]] = []

    def now(self) -> datetime:
        """Return the wall-clock moment."""
        return self._wall

    def monotonic(self) -> float:
        """Return the seconds that have passed, not counting sleep."""
        return self._elapsed.total_seconds()

    def suspended_seconds(self) -> float:
        """Return how long the machine was suspended; for `EngineClock`."""
        return self._slept.total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass, at once."""
        self.advance(timedelta(seconds=seconds))

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Jump to the next alarm, at most *seconds* ahead; nowhere if *event* is set."""
        if not event.is_set():
            soonest = [after for alarm in self.alarms if (after := alarm()) is not None]
            # To the microsecond, and never short of it: else whoever waits would wait again.
            microseconds = math.ceil(min([seconds, *soonest]) * 1e6 - _ROUNDING)
            self.advance(timedelta(microseconds=max(0, microseconds)))
        return event.is_set()

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._wall += by
        self._elapsed += by

    def set_by(self, by: timedelta) -> None:
        """Set the wall clock forward, or back if negative; no time passes."""
        self._wall += by

    def suspend(self, by: timedelta) -> None:
        """Let the machine sleep: the wall clock goes on, the rest stands still."""
        self._wall += by
        self._slept += by
