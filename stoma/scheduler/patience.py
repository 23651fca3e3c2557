"""Trouble with the registry that passes: somebody locks it, the disk is full or read-only."""

import logging
import threading
from types import TracebackType
from typing import Self

from stoma.clock import Clock
from stoma.exceptions import (
    DiskFullError,
    RegistryBusyError,
    RegistryUnavailableError,
    StomaError,
)
from stoma.scheduler.pulse import NoPulse

_log = logging.getLogger(__name__)

#: So long the loop tries again; then it ends, for somebody else to look. A full disk is waited
#: for without end: to start anew needs room as well.
LIMIT_SECONDS = 600.0
#: Between two tries: longer each time, up to this.
_LONGEST_SECONDS = 30.0
#: How often it is said that nothing has changed.
_SAY_SECONDS = 300.0


class Patience:
    """Used in a `with` around what may meet such trouble: it waits, and lets the caller try again.

    Whatever else goes wrong, and trouble that does not pass, goes on to the caller: above all what
    the disk did not confirm (`RegistryIoError`).

    Args:
        clock: The clock.
        wake: Set to end a wait early.
        pulse: Is told of trouble that is waited out.
    """

    def __init__(self, clock: Clock, wake: threading.Event, pulse: NoPulse | None = None) -> None:
        self._clock = clock
        self._wake = wake
        self._pulse = pulse or NoPulse()
        self._since: float | None = None
        self._tries = 0
        self._say_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, RegistryBusyError | RegistryUnavailableError):
            return self._endure(error)
        if error is None and self._since is not None:
            seconds = self._clock.monotonic() - self._since
            _log.info("the registry can be used again, after %.0f s", seconds)
            self._since = None
        return False

    def _endure(self, error: StomaError) -> bool:
        now = self._clock.monotonic()
        if self._since is None:
            self._since, self._tries, self._say_at = now, 0, now
        if now - self._since >= LIMIT_SECONDS and not isinstance(error, DiskFullError):
            return False
        if now >= self._say_at:
            _log.error("%s; the scheduler waits and tries again", error)
            self._say_at = now + _SAY_SECONDS
        self._pulse.endure(error)
        longest = min(_LONGEST_SECONDS, self._pulse.longest_wait)
        self._clock.wait(self._wake, min(2.0**self._tries, longest))
        self._tries = min(self._tries + 1, 10)
        return True
