"""Attempts that only take time: for simulations, on a clock that jumps."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from stoma.clock import Clock
from stoma.executors.base import AttemptEnd, AttemptSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What becomes of an attempt: after how long, and how it ends."""

    seconds: float
    end: Callable[[], None] | None = None  #: writes the attempt's own word; None: it dies silent
    exit_code: int = 0
    refused: bool = False  #: no process can be had for it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    spec: AttemptSpec
    act: Act
    ends_at: float  #: on the monotonic clock
    timed_out: bool


class SimulatedExecutor:
    """Keeps the promise of `stoma.executors.base.Executor` without a single process."""

    def __init__(self, clock: Clock, act: Callable[[AttemptSpec], Act]) -> None:
        """Ask *act* what becomes of each attempt, when it begins."""
        self._clock = clock
        self._act = act
        self._attempts: dict[int, _Attempt] = {}
        self._stopped: list[AttemptEnd] = []
        self._elsewhere: list[tuple[float, Callable[[], None]]] = []

    def start(self, spec: AttemptSpec, wake: threading.Event) -> None:
        """Begin an attempt; whoever waits for its end asks `next_end`."""
        act = self._act(spec)
        if act.refused:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        timed_out = act.seconds >= spec.timeout_seconds
        seconds = min(act.seconds, spec.timeout_seconds)
        self._attempts[spec.run_id] = _Attempt(
            spec=spec,
            act=act,
            ends_at=round(self._clock.monotonic() + seconds, 6),
            timed_out=timed_out,
        )

    def elsewhere(self, seconds: float, end: Callable[[], None]) -> None:
        """Let *end* be called after so many seconds, as if another process did it."""
        self._elsewhere.append((round(self._clock.monotonic() + seconds, 6), end))

    def ended(self) -> list[AttemptEnd]:
        """Return the attempts that ended since the last call."""
        now = self._clock.monotonic()
        for _, end in [each for each in self._elsewhere if each[0] <= now]:
            end()
        self._elsewhere = [each for each in self._elsewhere if each[0] > now]
        over = [each for each in self._attempts.values() if each.ends_at <= now]
        over.sort(key=lambda each: (each.ends_at, each.spec.run_id))
        ends, self._stopped = self._stopped, []
        for each in over:
            del self._attempts[each.spec.run_id]
            if each.act.end is not None and not each.timed_out:
                each.act.end()
            ends.append(
                AttemptEnd(
                    spec=each.spec,
                    exit_code=-15 if each.timed_out else each.act.exit_code,
                    timed_out=each.timed_out,
                )
            )
        return ends

    def stop(self, run_id: int) -> None:
        """End an attempt at once."""
        attempt = self._attempts.pop(run_id, None)
        if attempt is not None:
            self._stopped.append(AttemptEnd(spec=attempt.spec, exit_code=-15, stopped=True))

    @property
    def at_work(self) -> list[int]:
        """The runs whose attempts are at work."""
        return list(self._attempts)

    def next_end(self) -> float | None:
        """Return in how many seconds the next attempt ends; None if none is at work."""
        if self._stopped:
            return 0.0
        ends = [each.ends_at for each in self._attempts.values()]
        soonest = min([*ends, *(at for at, _ in self._elsewhere)], default=None)
        return None if soonest is None else max(0.0, soonest - self._clock.monotonic())
