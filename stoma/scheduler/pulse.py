"""What a loop tells of itself: to the service manager, and to whoever watches from outside.

Only the loop knows that it works, so it is the loop that says so, on its own thread: a beat from a
thread of its own would prove nothing.
"""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from stoma.app import App
from stoma.scheduler.heartbeat import Heartbeat
from stoma.scheduler.pausing import paused
from stoma.scheduler.state_file import StateFile
from stoma.service.notify import Notifier

_log = logging.getLogger(__name__)

#: A slot that the loop has looked past for so long is a slot it does not see.
GRACE: Final = timedelta(minutes=1)
#: How often the state is told where nobody waits for a beat.
_USUAL_SECONDS: Final = 15.0
#: A stop may take so much longer than what runs is given to end.
_STOP_SECONDS: Final = 30.0


class NoPulse:
    """Tells nobody anything: for a loop that is tried out, or tested."""

    #: The longest the loop may wait and still be heard in time, in seconds.
    longest_wait = math.inf

    def beat(self, running: int) -> None:
        """Say that a look has come to its end. *running*: how many runs are at work."""

    def endure(self, error: Exception) -> None:
        """Say that the loop waits until trouble with the registry has passed."""

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Say that something is read anew, and when that is over."""
        yield

    def drain(self, running: int, seconds: float) -> None:
        """Say that what runs may still end. *seconds*: how long, at most."""


class Pulse(NoPulse):
    """The pulse of a scheduler at work. Used in a `with`.

    A beat says that a look came to its end, that the registry answered (or its trouble is known,
    and being waited out), and that no slot is left undecided past its grace.

    Args:
        app: The registry.
        notifier: The way to the service manager.
        heartbeat: The way to whoever watches from outside; None: as the settings say.
    """

    def __init__(self, app: App, notifier: Notifier, heartbeat: Heartbeat | None = None) -> None:
        self._app = app
        self._notifier = notifier
        self._heartbeat = heartbeat or Heartbeat(app.settings.heartbeat, app.secrets)
        self._state_file = StateFile(app)
        seconds = notifier.watchdog_seconds
        self._every = _USUAL_SECONDS if seconds is None else seconds / 4
        if seconds is not None:
            self.longest_wait = self._every
        self._told_at = -math.inf
        self._overdue: datetime | None = None
        self._overdue_since = 0.0
        self._stuck = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._heartbeat.fail(f"the scheduler has ended: {error}")
            self._notifier.send(STATUS=f"ended: {error}")
        self._state_file.close()
        self._heartbeat.close()

    def ready(self) -> None:
        """Say that the start is over."""
        self._notifier.send(READY=1, STATUS=self._status(0))

    def beat(self, running: int) -> None:
        """Say that a look has come to its end, if all is well."""
        self._state_file.look()
        now = self._app.clock.monotonic()
        if now - self._told_at < self._every and not self._heartbeat.is_due(now):
            return
        if not (self._notifier.listening or self._heartbeat.wanted):
            return
        if self._blind(now):
            return
        self._told_at = now
        status = self._status(running)
        self._notifier.send(WATCHDOG=1, STATUS=status)
        self._heartbeat.ping(now)

    def endure(self, error: Exception) -> None:
        """Say that the loop waits until trouble with the registry has passed."""
        self._notifier.send(WATCHDOG=1, STATUS=f"waiting: {error}")
        now = self._app.clock.monotonic()
        if self._heartbeat.is_due(now):
            self._heartbeat.fail(str(error), now)

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Say that the task files are read anew, and when that is over."""
        moment = int(self._app.clock.monotonic() * 1e6)
        self._notifier.send(
            RELOADING=1, MONOTONIC_USEC=moment, STATUS="reading the task files again"
        )
        try:
            yield
        finally:
            self._notifier.send(READY=1)
            self._told_at = -math.inf  # the next look tells the state again

    def drain(self, running: int, seconds: float) -> None:
        """Say that what runs may still end; ask for the time that takes."""
        words = f"{running} run(s) may end" if running else "ending"
        self._notifier.send(
            STOPPING=1,
            WATCHDOG=1,
            STATUS=f"stopping: {words}",
            EXTEND_TIMEOUT_USEC=int((max(seconds, 0.0) + _STOP_SECONDS) * 1e6),
        )

    def _blind(self, now: float) -> bool:
        """Return whether a slot is past that the loop does not see, though it looks."""
        oldest = self._app.tasks.next_due_at()
        if oldest is None or oldest > self._app.clock.now():
            self._overdue, self._stuck = None, False
        elif oldest != self._overdue:  # it gets on
            self._overdue, self._overdue_since = oldest, now
        elif now - self._overdue_since >= GRACE.total_seconds() and not self._stuck:
            self._stuck = True
            text = f"the slot of {oldest:%Y-%m-%d %H:%M:%S} UTC is not decided"
            _log.error("%s: no beat is sent any more", text)
            self._notifier.send(STATUS=text)
            self._heartbeat.fail(text, now)
        return self._stuck

    def _status(self, running: int) -> str:
        pause = paused(self._app)
        if pause is not None:
            return f"paused: {pause}"
        coming = self._app.tasks.next_due_at()
        words = f"next slot {coming:%Y-%m-%d %H:%M:%S} UTC" if coming else "no slot to come"
        return f"{running} run(s) at work; {words}" if running else f"idle; {words}"
