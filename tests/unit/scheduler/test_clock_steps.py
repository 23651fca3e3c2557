"""The clock is set while the scheduler runs: fires go on, and no slot comes twice."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.clock import EngineClock
from stoma.processes import this_process
from stoma.scheduler.loop import Loop
from stoma.settings import load_settings
from tests.executors import ScriptedExecutor
from tests.fakes import START
from tests.registries import opened_app
from tests.unit.scheduler.test_loop import add

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class SteppedClock:
    """A machine's clock that somebody sets; what passes is the same on all its hands."""

    def __init__(self) -> None:
        self.wall = START
        self.elapsed = 0.0
        self.suspended = 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.elapsed

    def suspended_seconds(self) -> float:
        return self.suspended

    def sleep(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.elapsed += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.sleep(seconds)
        return event.is_set()


@pytest.fixture
def machine() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def app(tmp_path: Path, machine: SteppedClock) -> Iterator[App]:
    with opened_app(load_settings(home=tmp_path, environ={}), clock=machine) as app:
        yield app


def minutes(app: App, loop: Loop, machine: SteppedClock, count: int) -> None:
    executor = loop._executor
    assert isinstance(executor, ScriptedExecutor)
    for _ in range(count * 12):
        machine.sleep(5)
        loop.tick()
        for run_id in executor.run_ids:
            if app.runs.get(run_id).state == "running":
                executor.succeed(app, run_id)
        loop.tick()


@pytest.mark.parametrize(
    "step",
    [timedelta(0), timedelta(hours=1), -MINUTE, -timedelta(hours=1), -timedelta(days=1)],
    ids=["none", "+1h", "-60s", "-1h", "-1d"],
)
def test_fires_go_on_and_no_slot_comes_twice(
    app: App, machine: SteppedClock, step: timedelta
) -> None:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=app.clock.now())
    loop = Loop(app, ScriptedExecutor(), instance)
    add(app, schedule="interval_1m")
    minutes(app, loop, machine, 5)
    before = len(app.runs.after(0))

    machine.wall += step
    minutes(app, loop, machine, 10)

    runs = app.runs.after(0)
    slots = [run.due_at for run in runs]
    assert len(slots) == len(set(slots))
    assert before in {4, 5}
    assert 9 <= sum(run.attempts > 0 for run in runs) - before <= 11


@pytest.mark.parametrize(
    ("back", "slots"),
    [
        (timedelta(days=1), {1}),  # into the middle of what was missed
        (timedelta(days=4), set()),  # before all of it
    ],
    ids=["into it", "before it"],
)
def test_a_stretch_that_lies_ahead_again_is_cut_and_its_slots_come_once(
    app: App, machine: SteppedClock, back: timedelta, slots: set[int]
) -> None:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=app.clock.now())
    loop = Loop(app, ScriptedExecutor(), instance)
    add(app, schedule="interval_1m", catch_up="none")
    minutes(app, loop, machine, 2)
    machine.sleep(3 * 86_400)
    minutes(app, loop, machine, 2)
    (missed,) = [run for run in app.runs.after(0) if run.slots > 1]

    machine.wall -= back
    minutes(app, loop, machine, 3)

    runs = app.runs.after(0)
    ends = app.clock.now()
    left = [run.due_to for run in runs if run.id == missed.id]
    assert all(due_to is not None and due_to < ends for due_to in left)
    assert len(left) == len(slots)
    single = [run for run in runs if run.slots == 1]
    assert len(single) == len({run.due_at for run in single})
    # What had run before the step stays: it is not to run again.
    assert all(run.attempts for run in single if run.due_at is not None and run.due_at > ends)


def test_a_chained_task_goes_on_after_a_step_back(app: App, machine: SteppedClock) -> None:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=app.clock.now())
    loop = Loop(app, ScriptedExecutor(), instance)
    add(app, schedule="run_then_wait_1m")
    minutes(app, loop, machine, 5)
    before = len(app.runs.after(0))

    machine.wall -= timedelta(days=1)
    minutes(app, loop, machine, 10)

    assert 8 <= len(app.runs.after(0)) - before <= 11


def test_engine_time_is_never_behind_what_it_was(machine: SteppedClock) -> None:
    clock = EngineClock(machine)
    seen = [clock.now()]
    for step in (0, -60, 30, -600, 5, 700):
        machine.wall += step * SECOND
        machine.sleep(1)
        seen.append(clock.now())

    assert seen == sorted(seen)
    assert clock.now() == machine.now()


def test_a_sleep_of_the_machine_is_told_apart_from_a_clock_that_was_set(
    machine: SteppedClock,
) -> None:
    clock = EngineClock(machine)
    machine.wall += timedelta(hours=8)
    machine.suspended += 8 * 3600
    machine.sleep(1)

    (step,) = clock.steps()
    assert step.slept
    assert str(step).startswith("the machine slept for")


@pytest.mark.parametrize(
    ("jump", "words"),
    [
        (timedelta(hours=1), "set forward by"),
        (-timedelta(hours=1), "goes on without a break"),
        (-timedelta(days=1), "the schedule goes on from"),
    ],
)
def test_a_step_is_said_in_words(machine: SteppedClock, jump: timedelta, words: str) -> None:
    clock = EngineClock(machine)
    machine.wall += jump
    machine.sleep(1)

    assert words in str(clock.steps()[0])
    assert clock.steps() == []
