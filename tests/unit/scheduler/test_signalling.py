"""Signals become wishes, whatever the main thread is at when one comes."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from stoma.scheduler.signalling import Wishes, by_signals

PATIENCE = 30


class Locked(threading.Event):
    """An event within which a signal comes: its lock is held by whoever gets the signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def clear(self) -> None:
        with self._cond:  # type: ignore[attr-defined]
            os.kill(os.getpid(), self._number)
            self._flag = False


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """End a handler that waits for the lock which its own thread holds."""
    before = signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_within_an_event_is_heard(number: int) -> None:
    wishes = Wishes(wake=Locked(number))
    with by_signals(wishes):
        wishes.wake.clear()

        assert wishes.stop.wait(PATIENCE)
        assert wishes.wake.wait(PATIENCE)
        assert not wishes.reload.is_set()


def test_a_hangup_without_a_terminal_asks_for_the_files() -> None:
    wishes = Wishes(wake=Locked(signal.SIGHUP))
    with by_signals(wishes):
        wishes.wake.clear()

        # With a terminal it is the same, for as long as that is open.
        assert wishes.reload.wait(PATIENCE)
    assert not wishes.stop.is_set()


def test_afterwards_all_is_as_it_was() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    threads = threading.active_count()

    with by_signals(Wishes()):
        assert threading.active_count() == threads + 1

    assert [signal.getsignal(number) for number in numbers] == before
    assert threading.active_count() == threads


def _too_late(number: int, frame: object) -> None:
    raise AssertionError("the handler waits for ever")
