"""Faults of the machine that a clock of our own, or a row of another life, can stand for."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from stoma.app import App
from stoma.clock import VirtualClock
from stoma.domain.run import Outcome, Run, RunState, Trigger
from stoma.domain.task import CatchUp
from stoma.executors.simulated import Act, SimulatedExecutor
from stoma.operations.editing import Change, edit_task
from stoma.processes import Instance, started, this_process
from stoma.scheduler.loop import Loop
from stoma.scheduler.recovery import recover
from stoma.settings import load_settings
from stoma.storage.database import Database
from stoma.storage.runs import RunStore
from tests.executors import ScriptedExecutor
from tests.fakes import START, FakeClock
from tests.registries import opened_app
from tests.unit.scheduler.test_loop import add

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def rows(app: App) -> list[Run]:
    return app.runs.after(0)


# --- a slow disk ------------------------------------------------------------------------------


class SlowDatabase(Database):
    """Every commit takes 300 ms, as on a disk that is nearly dead."""

    def __init__(self, path: Path, clock: VirtualClock) -> None:
        super().__init__(path)
        self._clock = clock

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
        self._clock.advance(timedelta(milliseconds=300))


def at_once(app: App, clock: VirtualClock) -> SimulatedExecutor:
    """An executor whose attempts take two seconds and end well."""

    def act(spec: Any) -> Act:
        def end() -> None:
            run = app.runs.get(spec.run_id)
            app.runs.finish(run, Outcome.SUCCEEDED, now=app.clock.now())

        return Act(seconds=2.0, end=end)

    executor = SimulatedExecutor(clock, act)
    clock.alarms.append(executor.next_end)
    return executor


def test_on_a_slow_disk_no_minute_is_missed(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    loaded = load_settings(home=tmp_path, environ={})
    app = App(loaded, clock=clock, database=SlowDatabase(loaded.paths.database, clock))
    app.database.open(now=START)
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=START)
    for name in ("a", "b", "c"):
        add(app, name, schedule="interval_1m")

    Loop(app, at_once(app, clock), instance).run(until=START + 8 * MINUTE + 30 * SECOND)

    found = rows(app)
    app.close()
    assert len(found) == 3 * 8
    assert {run.outcome for run in found} == {Outcome.SUCCEEDED}
    late = [run.started_at - run.due_at for run in found if run.started_at and run.due_at]
    assert len(late) == len(found)
    assert max(late) < MINUTE


# --- clocks -----------------------------------------------------------------------------------


@pytest.fixture
def virtual(tmp_path: Path) -> Iterator[tuple[App, VirtualClock]]:
    clock = VirtualClock(START)
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        yield app, clock


def at_work(app: App, clock: VirtualClock) -> Loop:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=app.clock.now())
    return Loop(app, at_once(app, clock), instance)


@pytest.mark.parametrize(
    ("catch_up", "runs", "fates"),
    [
        (CatchUp.LATEST, 1, {RunState.COALESCED}),
        (CatchUp.NONE, 1, {RunState.MISSED}),
        (CatchUp.ALL, 10, {RunState.MISSED}),
    ],
)
def test_ten_years_forward_cost_one_row_and_no_slot_is_lost(
    virtual: tuple[App, VirtualClock], catch_up: CatchUp, runs: int, fates: set[RunState]
) -> None:
    app, clock = virtual
    add(app, schedule="interval_1m", catch_up=catch_up)
    loop = at_work(app, clock)
    loop.run(until=START + MINUTE + 30 * SECOND)
    clock.set_by(timedelta(days=3652))

    loop.run(until=clock.now() + 25 * SECOND)

    found = rows(app)[1:]
    ran = [run for run in found if run.attempts]
    (stretch,) = [run for run in found if run.slots > 1]
    assert len(ran) == runs
    assert {stretch.state} == fates
    assert sum(run.slots for run in found) == 3652 * 24 * 60


def test_after_a_sleep_of_eight_hours_the_schedule_goes_on_at_once(
    virtual: tuple[App, VirtualClock],
) -> None:
    app, clock = virtual
    add(app, schedule="interval_5m")
    loop = at_work(app, clock)
    loop.run(until=START + 6 * MINUTE)
    clock.suspend(8 * HOUR)
    woken = clock.now()

    loop.run(until=woken + MINUTE)

    first, *missed, last = rows(app)
    assert (first.state, last.state) == (RunState.DONE, RunState.DONE)
    assert [(run.state, run.slots) for run in missed] == [(RunState.COALESCED, 8 * 12 - 1)]
    assert last.started_at is not None
    assert last.started_at - woken <= SECOND


# --- what another life left behind ------------------------------------------------------------


@pytest.fixture
def stranger() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has nothing to do with us."""
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with subprocess.Popen(command) as process:
        yield process
        process.kill()


def held_by(app: App, holder: Instance) -> Run:
    """A run of a slot that *holder* is at work on."""
    clock = app.clock
    add(app, schedule="hourly")
    executor = ScriptedExecutor()
    app.instances.enter(holder, version="0", now=clock.now())
    clock.sleep(HOUR.total_seconds())
    Loop(app, executor, holder).tick()
    (run,) = app.runs.held_by(holder.id)
    return run


def test_a_stranger_with_the_number_of_a_dead_scheduler_is_left_alone(
    app: App, stranger: "subprocess.Popen[bytes]"
) -> None:
    before_it = str(int(started(stranger.pid)) - 1)
    held_by(app, replace(this_process("scheduler"), pid=stranger.pid, pid_started=before_it))

    (taken,) = recover(app)

    assert app.runs.get(taken.id).state is RunState.PENDING
    assert stranger.poll() is None


def test_after_a_reboot_nothing_is_running_for_ever(app: App) -> None:
    holder = replace(this_process("scheduler"), boot_id="of the time before")
    run = held_by(app, holder)

    recover(app)

    again = app.runs.get(run.id)
    assert (again.state, again.reason) == (RunState.PENDING, "interrupted")
    assert app.instances.dead() == []


def test_one_that_ended_and_that_nobody_has_asked_about_is_dead(
    app: App, stranger: "subprocess.Popen[bytes]"
) -> None:
    holder = replace(this_process("scheduler"), pid=stranger.pid, pid_started=started(stranger.pid))
    run = held_by(app, holder)
    assert recover(app) == []
    stranger.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie

    recover(app)

    assert app.runs.get(run.id).state is RunState.PENDING


def test_what_was_to_be_cancelled_does_not_run_again_after_a_crash(app: App) -> None:
    run = held_by(app, replace(this_process("scheduler"), boot_id="of the time before"))
    app.runs.request_cancel(run.id, now=app.clock.now())

    recover(app)

    assert app.runs.get(run.id).outcome is Outcome.CANCELLED


def test_what_was_to_be_cancelled_does_not_run_again_after_a_stop(
    app: App, clock: FakeClock
) -> None:
    add(app, schedule="hourly")
    instance, executor = this_process("scheduler"), ScriptedExecutor()
    app.instances.enter(instance, version="0", now=clock.now())
    loop = Loop(app, executor, instance)
    clock.advance(HOUR)
    loop.tick()
    app.runs.request_cancel(1, now=clock.now())
    loop.drain()  # before it has looked

    assert app.runs.get(1).outcome is Outcome.CANCELLED


# --- a definition that changes under a run ----------------------------------------------------


def test_a_run_keeps_the_definition_it_began_with(app: App, clock: FakeClock) -> None:
    add(app, schedule="hourly", timeout_seconds=60.0)
    instance, executor = this_process("scheduler"), ScriptedExecutor()
    app.instances.enter(instance, version="0", now=clock.now())
    loop = Loop(app, executor, instance)
    clock.advance(HOUR)
    loop.tick()

    edit_task(app, "papers", Change(fields={"timeout_seconds": 5.0}))
    executor.end(1, exit_code=-9, timed_out=True)
    loop.tick()
    clock.advance(timedelta(hours=2))
    loop.tick()

    run = app.runs.get(1)
    assert run.task_version == 1
    assert "time limit of 60 s" in run.error
    assert executor.started[-1].timeout_seconds == 60.0  # its next attempt too


# --- very much at once ------------------------------------------------------------------------


def test_of_many_due_in_one_second_no_more_run_than_may_and_the_urgent_go_first(
    virtual: tuple[App, VirtualClock],
) -> None:
    app, clock = virtual
    for number in range(60):
        priority = ("low", "normal", "high", "critical")[number % 4]
        add(app, f"task_{number:02}", schedule="daily_at_12:01", priority=priority)
    most: list[int] = []
    loop = at_work(app, clock)
    executor = loop._executor
    assert isinstance(executor, SimulatedExecutor)
    clock.alarms.append(lambda: most.append(len(executor.at_work)))

    loop.run(until=START + 2 * MINUTE)

    found = sorted(rows(app), key=lambda run: (run.started_at or START, run.id))
    assert len(found) == 60
    assert {(run.trigger, run.outcome) for run in found} == {(Trigger.SCHEDULE, Outcome.SUCCEEDED)}
    assert max(most) == app.settings.scheduler.max_concurrent_tasks
    assert [run.priority for run in found] == sorted(run.priority for run in found)


class Raced(RunStore):
    """Between the look at a run and the hand on it, another process that recovers takes it."""

    def held_by(self, owner: str) -> list[Run]:
        found = super().held_by(owner)
        for run in found:
            super().interrupt(run, now=START, again=True, error="somebody else was faster")
        return found


def test_of_two_that_recover_one_takes_the_run(app: App) -> None:
    run = held_by(app, replace(this_process("scheduler"), boot_id="of the time before"))
    app.runs = Raced(app.database)

    assert recover(app) == []

    assert app.runs.get(run.id).error == "somebody else was faster"
