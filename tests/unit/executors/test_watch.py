"""The rules for one attempt, at moments of the test's choosing."""

import math
import signal
from pathlib import Path

import pytest

from stoma.executors.base import AttemptSpec
from stoma.executors.supervision.watch import LINGER_SECONDS, Exit, Watch

GRACE = 5.0


class ScriptedProcess:
    """Ends when the test says, and remembers what was done to it."""

    pid = 4711

    def __init__(self, *, announced: bool = True) -> None:
        self.announced = announced
        self.exit: Exit | None = None
        self.done: list[str] = []

    def poll(self) -> Exit | None:
        return self.exit

    def ask(self) -> None:
        self.done.append("ask")

    def kill(self) -> None:
        self.done.append("kill")


def watch(process: ScriptedProcess, *, memory_bytes: int | None = None, used: int = 0) -> Watch:
    """Watch an attempt that starts at 100 and may take 10."""
    spec = AttemptSpec(
        run_id=1, fence=1, timeout_seconds=10, log_path=Path("x"), memory_bytes=memory_bytes
    )
    return Watch(
        spec, process, now=100.0, grace_seconds=GRACE, exceeds=lambda pid, limit: used > limit
    )


def test_within_its_limits_an_attempt_is_left_alone() -> None:
    process = ScriptedProcess()
    attempt = watch(process)

    assert not attempt.look(109.99)
    assert process.done == []
    assert attempt.next_look_at == 110.0


def test_at_its_time_limit_it_is_asked_and_after_the_grace_killed_again_and_again() -> None:
    process = ScriptedProcess()
    attempt = watch(process)

    for moment in (110.0, 114.99, 115.0, 119.99, 120.0):
        assert not attempt.look(moment)

    assert process.done == ["ask", "kill", "kill"]
    assert attempt.next_look_at == 125.0
    process.exit = Exit(code=-9)
    attempt.piped = False
    assert attempt.look(120.1)
    assert (attempt.end().timed_out, attempt.end().stopped) == (True, False)


def test_the_first_reason_stays_the_reason() -> None:
    process = ScriptedProcess()
    attempt = watch(process)

    attempt.stop(105.0)
    attempt.look(110.0)
    process.exit = Exit(code=-15)
    attempt.look(110.1)

    assert process.done == ["ask", "kill"]
    assert (attempt.end().timed_out, attempt.end().stopped) == (False, True)


def test_one_that_ends_in_the_very_moment_of_its_limit_is_not_asked() -> None:
    process = ScriptedProcess()
    attempt = watch(process)
    process.exit = Exit(code=0)

    attempt.look(110.0)

    assert process.done == []
    assert not attempt.end().timed_out


def test_it_is_over_when_its_pipe_is_empty_or_a_while_after_its_end() -> None:
    process = ScriptedProcess()
    attempt = watch(process)
    process.exit = Exit(code=0)

    assert not attempt.look(101.0)
    assert attempt.next_look_at == 101.0 + LINGER_SECONDS
    assert attempt.look(101.0 + LINGER_SECONDS)

    attempt.piped = False
    assert attempt.look(101.5)


def test_an_empty_pipe_alone_does_not_end_it() -> None:
    attempt = watch(ScriptedProcess())
    attempt.piped = False

    assert not attempt.look(105.0)


@pytest.mark.parametrize(
    ("announced", "piped", "ended", "seconds"),
    [
        (True, True, False, math.inf),
        (False, True, False, 0.05),
        (False, False, False, 0.005),
        (False, True, True, math.inf),
    ],
)
def test_only_an_end_that_is_not_announced_is_looked_for(
    announced: bool, piped: bool, ended: bool, seconds: float
) -> None:
    process = ScriptedProcess(announced=announced)
    attempt = watch(process)
    attempt.piped = piped
    process.exit = Exit(code=0) if ended else None
    attempt.look(101.0)

    assert attempt.poll_seconds == seconds


def test_too_much_memory_kills_without_asking() -> None:
    process = ScriptedProcess()
    attempt = watch(process, memory_bytes=1000, used=1001)

    attempt.look(100.0)
    process.exit = Exit(code=-9, peak_memory_bytes=1001, cpu_seconds=0.5)
    attempt.look(100.1)

    end = attempt.end()
    assert process.done == ["kill"]
    assert (end.out_of_memory, end.timed_out, end.stopped) == (True, False, False)
    assert (end.peak_memory_bytes, end.cpu_seconds) == (1001, 0.5)


def test_memory_is_looked_at_twice_a_second_and_up_to_the_limit_is_fine() -> None:
    process = ScriptedProcess()
    attempt = watch(process, memory_bytes=1000, used=1000)

    attempt.look(100.0)

    assert process.done == []
    assert attempt.next_look_at == 100.5


@pytest.mark.parametrize(
    ("code", "stopped", "unexplained"),
    [
        (-signal.SIGKILL, False, True),
        (-signal.SIGKILL, True, False),
        (-signal.SIGTERM, False, False),
        (0, False, False),
    ],
)
def test_a_kill_that_was_not_ours_is_unexplained(
    code: int, stopped: bool, unexplained: bool
) -> None:
    process = ScriptedProcess()
    attempt = watch(process)
    if stopped:
        attempt.kill(101.0)
    process.exit = Exit(code=code)
    attempt.look(102.0)

    assert attempt.unexplained == unexplained


def test_one_that_runs_is_not_unexplained() -> None:
    assert not watch(ScriptedProcess()).unexplained
