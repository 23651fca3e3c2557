"""Real classes that stand in for the outside world. Each keeps the promise of its port."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from stoma.budgets import Allowance, Count, held_off, reserve
from stoma.exceptions import DeferredError

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class FakeClock:
    """Stands still until told otherwise; sleeping moves it."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._elapsed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(timedelta(seconds=seconds))

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.advance(timedelta(seconds=seconds))
        return event.is_set()

    def advance(self, step: timedelta) -> None:
        self._now += step
        self._elapsed += step.total_seconds()


class FreeBudgets:
    """Allows everything at once, or after *waits* in turn, and remembers what was asked."""

    def __init__(self, waits: Iterable[float] = ()) -> None:
        self.reserved: list[str] = []
        self.held_off: list[tuple[str, float]] = []
        self.counts: list[tuple[str, Count]] = []
        self._waits = list(waits)

    def reserve(self, source: str, patience_seconds: float) -> float:
        self.reserved.append(source)
        return self._waits.pop(0) if self._waits else 0.0

    def hold_off(self, source: str, seconds: float) -> None:
        self.held_off.append((source, seconds))

    def told(self, source: str, count: Count) -> None:
        self.counts.append((source, count))

    @contextmanager
    def connection(self, source: str, wait_seconds: float) -> Iterator[None]:
        yield


class PacedBudgets:
    """One budget for everybody in this process: the real arithmetic, a real lock."""

    def __init__(self, clock: FakeClock, allowance: Allowance) -> None:
        self._clock = clock
        self._allowance = allowance
        self._next_at: datetime | None = None
        self._free = threading.Semaphore(allowance.connections)

    def reserve(self, source: str, patience_seconds: float) -> float:
        now = self._clock.now()
        place = reserve(self._allowance, self._next_at, now)
        wait = (place.starts_at - now).total_seconds()
        if wait <= patience_seconds:
            self._next_at = place.next_at
        return wait

    def hold_off(self, source: str, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        self._next_at = held_off(self._allowance, self._next_at, until)

    def told(self, source: str, count: Count) -> None:
        pass

    @contextmanager
    def connection(self, source: str, wait_seconds: float) -> Iterator[None]:
        if not self._free.acquire(timeout=wait_seconds):
            raise DeferredError(source, wait_seconds)
        try:
            yield
        finally:
            self._free.release()
