"""Attempts that only take time keep the promise of every executor."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.executors.base import AttemptSpec
from stoma.executors.simulated import Act, SimulatedExecutor
from tests.fakes import FakeClock


class Stage:
    """An executor, and a clock that stands still."""

    def __init__(self, **acts: Act) -> None:
        self.clock = FakeClock()
        self.written: list[str] = []
        self._acts = acts
        self.executor = SimulatedExecutor(self.clock, lambda spec: self._acts[spec.log_path.name])

    def start(self, name: str, run_id: int = 1, timeout_seconds: float = 60) -> None:
        spec = AttemptSpec(
            run_id=run_id, fence=1, timeout_seconds=timeout_seconds, log_path=Path(name)
        )
        self.executor.start(spec, threading.Event())

    def after(self, seconds: float) -> list[tuple[int, int, bool, bool]]:
        self.clock.advance(timedelta(seconds=seconds))
        return [
            (each.spec.run_id, each.exit_code, each.timed_out, each.stopped)
            for each in self.executor.ended()
        ]


def test_an_attempt_ends_when_its_time_is_over_and_says_so_itself() -> None:
    stage = Stage()
    stage._acts["a"] = Act(seconds=10, end=lambda: stage.written.append("done"))
    stage.start("a")

    assert stage.executor.next_end() == 10
    assert stage.after(9.5) == []
    assert stage.executor.at_work == [1]
    assert stage.after(0.5) == [(1, 0, False, False)]
    assert stage.written == ["done"]
    assert (stage.executor.at_work, stage.executor.next_end()) == ([], None)


def test_one_that_takes_too_long_is_cut_off_and_says_nothing() -> None:
    stage = Stage()
    stage._acts["a"] = Act(seconds=100, end=lambda: stage.written.append("done"))
    stage.start("a", timeout_seconds=60)

    assert stage.after(60) == [(1, -15, True, False)]
    assert stage.written == []


def test_one_that_dies_silent_leaves_an_exit_code() -> None:
    stage = Stage(a=Act(seconds=1, exit_code=3))
    stage.start("a")

    assert stage.after(1) == [(1, 3, False, False)]


def test_one_that_is_stopped_ends_at_once_and_once() -> None:
    stage = Stage(a=Act(seconds=50))
    stage.start("a")

    stage.executor.stop(1)
    stage.executor.stop(1)

    assert stage.executor.next_end() == 0.0
    assert stage.after(0) == [(1, -15, False, True)]
    assert stage.after(50) == []


def test_no_process_to_be_had_is_an_error_of_the_system() -> None:
    stage = Stage(a=Act(seconds=0, refused=True))

    with pytest.raises(BlockingIOError):
        stage.start("a")

    assert stage.executor.at_work == []


def test_ends_come_in_the_order_of_time() -> None:
    stage = Stage(slow=Act(seconds=9), fast=Act(seconds=3))
    stage.start("slow", 1)
    stage.start("fast", 2)

    assert [run_id for run_id, *_ in stage.after(10)] == [2, 1]


def test_other_processes_end_in_their_own_time() -> None:
    stage = Stage()
    stage.executor.elsewhere(5, lambda: stage.written.append("elsewhere"))

    assert stage.executor.next_end() == 5
    assert stage.after(5) == []
    assert stage.after(5) == []
    assert stage.written == ["elsewhere"]
