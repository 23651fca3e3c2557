"""The rules for one attempt: its limits, how it is ended, when it is over. Time is an argument."""

import math
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, Self

from stoma.executors.base import OUT_OF_MEMORY, AttemptEnd, AttemptSpec
from stoma.executors.supervision import memory

#: Somebody may keep the pipe open: the attempt is over so long after its own process.
LINGER_SECONDS = 1.0
#: How often the memory of an attempt with a limit is looked at.
_WEIGH_SECONDS = 0.5
#: How often a process that does not announce its end is looked at: while it prints, and after.
_POLL_SECONDS = 0.05
_POLL_SOON_SECONDS = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a process ended, and what it used."""

    code: int  #: negative: ended by that signal
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0

    @classmethod
    def of(cls, status: int, usage: resource.struct_rusage) -> Self:
        """Return what `os.wait4` says."""
        return cls(
            code=os.waitstatus_to_exitcode(status),
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            # getrusage(2): kilobytes on Linux, bytes on macOS.
            peak_memory_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        )


class Process(Protocol):
    """The process of an attempt, as an executor started it."""

    @property
    def pid(self) -> int:
        """Return its number."""
        ...

    @property
    def announced(self) -> bool:
        """Return whether the supervisor is woken when it ends, and need not look again."""
        ...

    def poll(self) -> Exit | None:
        """Return how it ended, when nothing of what it started is left; None before."""
        ...

    def ask(self) -> None:
        """Ask it and its group to end."""
        ...

    def kill(self) -> None:
        """Kill it and its group."""
        ...


class _Why(Enum):
    """Why an attempt is being ended."""

    TIMED_OUT = auto()
    STOPPED = auto()  #: somebody asked for it
    TOO_BIG = auto()


class Watch:
    """One attempt under way.

    Attributes:
        spec: What it is.
        piped: Whether its output may still bring something; whoever reads it says so.
    """

    def __init__(
        self,
        spec: AttemptSpec,
        process: Process,
        *,
        now: float,
        grace_seconds: float,
        exceeds: Callable[[int, int], bool] = memory.exceeds,
    ) -> None:
        self.spec = spec
        self.piped = True
        self._process = process
        self._grace_seconds = grace_seconds
        self._exceeds = exceeds
        self._deadline = now + spec.timeout_seconds
        self._weigh_at = math.inf if spec.memory_bytes is None else now
        self._why: _Why | None = None
        self._kill_at = math.inf
        self._exit: Exit | None = None
        self._over_at = math.inf

    def look(self, now: float) -> bool:
        """Do what is due at *now*; return whether the attempt is over."""
        if self._exit is None:
            self._exit = self._process.poll()
            if self._exit is None:
                self._enforce(now)
                return False
            self._over_at = now + LINGER_SECONDS
        return not self.piped or now >= self._over_at

    def stop(self, now: float) -> None:
        """Ask it to end; kill it after the grace."""
        self._ask(_Why.STOPPED, now)

    def kill(self, now: float) -> None:
        """Kill it."""
        self._kill(_Why.STOPPED, now)

    @property
    def next_look_at(self) -> float:
        """Return when there is something to do even if nothing happens before."""
        if self._exit is not None:
            return self._over_at
        return min(self._weigh_at, self._kill_at, self._deadline if not self._why else math.inf)

    @property
    def poll_seconds(self) -> float:
        """Return after how long to look again in any case, for one that ends unannounced."""
        if self._process.announced or self._exit is not None:
            return math.inf
        return _POLL_SECONDS if self.piped else _POLL_SOON_SECONDS

    @property
    def unexplained(self) -> bool:
        """Return whether it was killed, and not by us."""
        killed = self._exit is not None and self._exit.code == -signal.SIGKILL
        return killed and self._why is None

    def end(self) -> AttemptEnd:
        """Return how the attempt ended, once it is over."""
        assert self._exit is not None  # noqa: S101 - what "over" means
        return AttemptEnd(
            spec=self.spec,
            exit_code=self._exit.code,
            timed_out=self._why is _Why.TIMED_OUT,
            stopped=self._why is _Why.STOPPED,
            out_of_memory=self._why is _Why.TOO_BIG or self._exit.code == OUT_OF_MEMORY,
            peak_memory_bytes=self._exit.peak_memory_bytes,
            cpu_seconds=self._exit.cpu_seconds,
        )

    def _enforce(self, now: float) -> None:
        if now >= self._weigh_at:
            self._weigh_at = now + _WEIGH_SECONDS
            if self._exceeds(self._process.pid, self.spec.memory_bytes or 0):
                self._kill(_Why.TOO_BIG, now)
        if now >= self._kill_at:
            self._kill(_Why.STOPPED, now)
        elif now >= self._deadline:
            self._ask(_Why.TIMED_OUT, now)

    def _ask(self, why: _Why, now: float) -> None:
        if self._why is None:
            self._why = why
            self._kill_at = now + self._grace_seconds
            self._process.ask()

    def _kill(self, why: _Why, now: float) -> None:
        self._why = self._why or why
        # Again after a while: it may not have been killable, or have started others.
        self._kill_at = now + self._grace_seconds
        self._process.kill()
