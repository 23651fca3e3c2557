"""What a scheduler is asked by signals: to end, or to read its task files again."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from stoma.processes import has_terminal


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a loop is to do besides its work; anybody may set them."""

    #: To look at once: an attempt ended, a signal came.
    wake: threading.Event = field(default_factory=threading.Event)
    #: To end.
    stop: threading.Event = field(default_factory=threading.Event)
    #: To read the task files again.
    reload: threading.Event = field(default_factory=threading.Event)


@contextmanager
def by_signals(wishes: Wishes) -> Iterator[None]:
    """Let SIGTERM and SIGINT wish for the end, and SIGHUP that the task files be read again.

    A closed terminal sends SIGHUP too, to what was started in it: that is the end. Signals reach
    the main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        wishes.stop.set()
        wishes.wake.set()

    def again(number: int, frame: FrameType | None) -> None:
        if in_front and not has_terminal():
            end(number, frame)
        wishes.reload.set()
        wishes.wake.set()

    in_front = has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN  # nohup
    wanted = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGHUP: again}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
