"""What a scheduler is asked by signals: to end, or to read its task files again."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
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
    the main thread only, and may find it within an event, holding its lock: another thread sets
    them. (The queue's `put` may be called by a handler, says the documentation of `queue`.)
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    asked: SimpleQueue[threading.Event | None] = SimpleQueue()

    def grant() -> None:
        while (wish := asked.get()) is not None:
            wish.set()
            wishes.wake.set()

    def end(number: int, frame: FrameType | None) -> None:
        asked.put(wishes.stop)

    def again(number: int, frame: FrameType | None) -> None:
        asked.put(wishes.reload if not in_front or has_terminal() else wishes.stop)

    in_front = has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN  # nohup
    wanted = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGHUP: again}
    granting = threading.Thread(target=grant, name="signals", daemon=True)
    granting.start()
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.put(None)
        granting.join()
