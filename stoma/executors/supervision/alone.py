"""One attempt in a process that is there for nothing else: its hard limit, and what it leaves."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from stoma.executors.supervision import marks

#: What waits for a source keeps the limit itself, and ends in better order.
_MARGIN_SECONDS = 1.0


class TimeLimitReached(BaseException):
    """The attempt has reached its time limit."""


@contextmanager
def supervised(instance: str, run_id: int, limit_seconds: float) -> Iterator[None]:
    """End the body at its time limit, whatever it does; kill what it started and left behind.

    For the main thread only. What the body starts bears the marks of the run.

    Raises:
        TimeLimitReached: Raised in the body.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise TimeLimitReached

    own = {marks.INSTANCE: instance, marks.RUN: str(run_id)}
    before = {name: os.environ.get(name) for name in own}  # noqa: TID251 - put back below
    handler = signal.signal(signal.SIGALRM, end)
    os.environ.update(own)  # noqa: TID251 - written, for what the attempt will start
    try:
        signal.setitimer(signal.ITIMER_REAL, limit_seconds + _MARGIN_SECONDS)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]  # noqa: TID251
            else:
                os.environ[name] = value  # noqa: TID251
        marks.kill_marked(instance, {run_id})
