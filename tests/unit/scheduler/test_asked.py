"""Runs that somebody asked for, where no scheduler is at work."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.ledger import Decision
from stoma.domain.run import Failure, Outcome, RetryAt, RunState, Trigger
from stoma.domain.task import Overlap
from stoma.exceptions import ConflictError, NotFoundError, TaskRunningError
from stoma.operations.asked import ask_for_run
from stoma.operations.control import cancel_run, retry_runs
from stoma.processes import Instance, this_process
from stoma.scheduler.asked import AskedLoop, AskedRuns, scheduler_at_work
from stoma.scheduler.pausing import pause
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from tests.executors import ScriptedExecutor
from tests.fakes import FakeClock
from tests.makers import make_firing, make_task
from tests.registries import opened_app


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        for name in ("a", "b"):
            add(app, name)
        yield app


def add(app: App, name: str, **fields: object) -> None:
    app.tasks.add(
        place(make_task(name, **fields), now=app.clock.now(), timezone="UTC"), now=app.clock.now()
    )


@pytest.fixture
def instance(app: App) -> Instance:
    found = this_process("api")
    app.instances.enter(found, version="test", now=app.clock.now())
    return found


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
def loop(app: App, executor: ScriptedExecutor, instance: Instance) -> AskedLoop:
    return AskedLoop(app, executor, instance)


def test_what_was_asked_for_runs_and_nothing_else(
    app: App, loop: AskedLoop, executor: ScriptedExecutor
) -> None:
    slot = Decision(state=RunState.PENDING, due_at=app.clock.now(), trigger=Trigger.SCHEDULE)
    app.runs.add(make_firing(slot, task_id="b"), now=app.clock.now())
    asked = ask_for_run(app, "a")

    loop.tick()
    executor.succeed(app, asked.id)
    loop.tick()

    assert executor.run_ids == [asked.id]
    assert app.runs.get(asked.id).outcome is Outcome.SUCCEEDED


def test_a_scheduler_at_work_is_left_to_do_it(
    app: App, loop: AskedLoop, executor: ScriptedExecutor
) -> None:
    scheduler = this_process("scheduler")
    app.instances.enter(scheduler, version="test", now=app.clock.now())
    ask_for_run(app, "a")

    loop.tick()
    there = (scheduler_at_work(app), list(executor.started))
    app.instances.leave(scheduler.id, now=app.clock.now())
    loop.tick()

    assert there == (True, [])
    assert len(executor.started) == 1


def test_a_failed_attempt_is_tried_again_when_its_time_has_come(
    app: App, clock: FakeClock, loop: AskedLoop, executor: ScriptedExecutor
) -> None:
    run = ask_for_run(app, "a")
    loop.tick()
    later = clock.now() + timedelta(minutes=1)
    failure = Failure(kind="network", message="no")
    app.runs.fail(app.runs.get(run.id), failure, RetryAt(later), now=clock.now())
    executor.end(run.id)
    loop.tick()
    waiting = len(executor.started)
    clock.advance(timedelta(minutes=1))
    loop.tick()

    assert (waiting, len(executor.started)) == (1, 2)


def test_a_run_is_stopped_when_somebody_asks_and_runs_again_when_somebody_asks(
    app: App, loop: AskedLoop, executor: ScriptedExecutor
) -> None:
    run = ask_for_run(app, "a")
    loop.tick()
    cancel_run(app, run.id, patience_seconds=0.0)
    loop.tick()
    loop.tick()
    ended = app.runs.get(run.id).outcome
    retry_runs(app, [run.id])
    loop.tick()

    assert (executor.stopped, ended) == ([run.id], Outcome.CANCELLED)
    assert executor.run_ids == [run.id, run.id]


def test_nothing_starts_while_all_is_paused(
    app: App, loop: AskedLoop, executor: ScriptedExecutor
) -> None:
    pause(app)
    ask_for_run(app, "a")

    loop.tick()

    assert executor.started == []


def test_it_says_that_it_is_at_work(app: App, clock: FakeClock, loop: AskedLoop) -> None:
    loop.tick()
    clock.advance(timedelta(minutes=1))
    loop.tick()
    ask_for_run(app, "b")
    loop.tick()

    assert app.runs.active(["b"])[0].state is RunState.RUNNING


def test_a_task_is_asked_for_once_at_a_time(app: App, loop: AskedLoop) -> None:
    first = ask_for_run(app, "a")
    with pytest.raises(ConflictError, match=f"run {first.id} waits to start"):
        ask_for_run(app, "a")
    loop.tick()
    with pytest.raises(TaskRunningError):
        ask_for_run(app, "a")
    with pytest.raises(NotFoundError):
        ask_for_run(app, "nope")
    add(app, "many", overlap=Overlap.ALLOW)

    assert [ask_for_run(app, "many").task_id for _ in range(2)] == ["many", "many"]


def test_what_is_closed_begins_nothing_and_loses_nothing(app: App, clock: FakeClock) -> None:
    runs = AskedRuns(app.loaded, clock=clock)
    run = ask_for_run(app, "a")
    runs.close()
    runs.resume(app)
    runs.begin()
    runs.close()

    assert app.runs.get(run.id).state is RunState.PENDING
