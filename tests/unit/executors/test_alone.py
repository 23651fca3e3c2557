"""An attempt in a process of its own that nobody else watches: its limit, and what it leaves."""

import os
import signal
import subprocess

import pytest

from stoma.executors.supervision.alone import TimeLimitReached, supervised
from stoma.executors.supervision.marks import INSTANCE, RUN


def test_at_its_limit_the_body_ends_whatever_it_does() -> None:
    with pytest.raises(TimeLimitReached), supervised("alone", 7, -0.99):
        signal.pause()


def test_what_it_started_is_killed_and_the_surroundings_are_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(RUN, "of another")
    handler = signal.getsignal(signal.SIGALRM)

    with supervised("alone-too", 8, 3600.0):
        assert (os.environ[INSTANCE], os.environ[RUN]) == ("alone-too", "8")
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True)

    assert child.wait(60) == -signal.SIGKILL
    assert INSTANCE not in os.environ
    assert os.environ[RUN] == "of another"
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
