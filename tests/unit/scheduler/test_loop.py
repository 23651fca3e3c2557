"""The loop, tick by tick, on a clock that stands still."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from stoma.app import App
from stoma.domain.run import Outcome, Run, RunState
from stoma.domain.task import StoredTask, TaskPriority
from stoma.processes import this_process
from stoma.scheduler.loop import Loop
from stoma.scheduler.placing import place
from stoma.scheduler.recovery import recover
from stoma.settings import load_settings
from stoma.storage.tables import TASKS
from stoma.storage.tasks import Next, Placed
from tests.executors import ScriptedExecutor
from tests.fakes import FakeClock
from tests.makers import make_firing, make_task
from tests.registries import opened_app

MINUTE = timedelta(minutes=1)


def add(
    app: App, task_id: str = "papers", /, schedule: object = "interval_1m", **more: object
) -> StoredTask:
    task = make_task(task_id, schedule=schedule, **more)
    return app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
def loop(app: App, executor: ScriptedExecutor) -> Loop:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=app.clock.now())
    return Loop(app, executor, instance)


def only(app: App) -> Run:
    return app.runs.get(1)


def test_a_due_task_is_started_once(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app)

    loop.tick()
    clock.advance(MINUTE)
    loop.tick()
    loop.tick()

    assert executor.run_ids == [1]
    assert only(app).state is RunState.RUNNING
    assert app.tasks.get("papers").next_slot_at == clock.now() + MINUTE


def test_the_most_urgent_go_first_and_no_more_than_three_at_once(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    for name, priority in zip(
        "abcde", ("low", "normal", "critical", "normal", "high"), strict=True
    ):
        add(app, name, priority=TaskPriority(priority))
    clock.advance(MINUTE)

    loop.tick()

    started = [app.runs.get(run_id).task_id for run_id in executor.run_ids]
    assert started == ["c", "e", "b"]
    executor.succeed(app, executor.run_ids[0])
    loop.tick()
    assert app.runs.get(executor.run_ids[3]).task_id == "d"


def test_an_attempt_that_ended_itself_keeps_its_word_and_its_usage(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app)
    clock.advance(MINUTE)
    loop.tick()

    executor.succeed(app, 1)
    loop.tick()

    assert only(app).outcome is Outcome.SUCCEEDED
    assert only(app).peak_memory_bytes == 1000
    assert app.runs.attempts(1)[0].exit_code == 0


@pytest.mark.parametrize(
    ("exit_code", "timed_out", "kind", "words"),
    [
        (-9, False, "signal", "SIGKILL"),
        (1, False, "crash", "exit code 1"),
        (-15, True, "timed_out", "time limit of 3600 s"),
    ],
)
def test_an_attempt_that_died_is_told_apart_and_tried_again(
    app: App,
    loop: Loop,
    executor: ScriptedExecutor,
    clock: FakeClock,
    exit_code: int,
    timed_out: bool,
    kind: str,
    words: str,
) -> None:
    add(app, schedule="hourly")
    clock.advance(60 * MINUTE)
    loop.tick()

    executor.end(1, exit_code, timed_out=timed_out)
    loop.tick()

    assert (only(app).state, only(app).error_kind) == (RunState.PENDING, kind)
    assert words in only(app).error
    clock.advance(2 * MINUTE)
    loop.tick()
    assert executor.run_ids == [1, 1]


def test_attempts_end_with_the_dead_list(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, schedule="daily", max_retries=2)
    clock.advance(timedelta(hours=12))
    loop.tick()

    for _ in range(3):
        executor.end(1, 1)
        loop.tick()
        clock.advance(timedelta(hours=1))
        loop.tick()

    assert only(app).outcome is Outcome.DEAD
    assert len(app.runs.attempts(1)) == 3


def test_what_can_not_be_started_waits_and_consumes_no_attempt(app: App, clock: FakeClock) -> None:
    executor = ScriptedExecutor(refuses=1)
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=clock.now())
    loop = Loop(app, executor, instance)
    add(app, schedule="hourly")
    clock.advance(60 * MINUTE)

    loop.tick()

    assert (only(app).state, only(app).attempts) == (RunState.PENDING, 0)
    clock.advance(MINUTE)
    loop.tick()
    assert executor.run_ids == [1]


def test_a_slot_during_a_run_is_recorded_as_skipped(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app)
    for _ in range(2):
        clock.advance(MINUTE)
        loop.tick()

    assert app.runs.get(2).reason == "overlap"
    assert executor.run_ids == [1]


def test_a_slot_that_replaces_stops_the_run_before_it(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, overlap="replace")
    for _ in range(3):
        clock.advance(MINUTE)
        loop.tick()
        loop.tick()  # the end of the old run wakes the loop

    assert executor.stopped == [1, 2]
    assert [app.runs.get(number).outcome for number in (1, 2)] == [Outcome.CANCELLED] * 2
    assert app.runs.get(1).error_kind == "replaced"


def test_a_waiting_run_is_replaced_without_a_start(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    for name in ("a", "b", "c"):
        add(app, name, schedule="daily", priority=TaskPriority.CRITICAL)
    clock.advance(timedelta(hours=12))
    loop.tick()
    add(app, overlap="replace")
    for _ in range(2):
        clock.advance(MINUTE)
        loop.tick()

    assert app.runs.get(4).outcome is Outcome.CANCELLED
    assert app.runs.get(4).reason == "replaced"


def test_a_task_that_can_not_be_planned_stops_no_other(
    app: App,
    loop: Loop,
    executor: ScriptedExecutor,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    add(app, "good")
    add(app, "bad")
    with app.database.write() as connection:
        connection.execute(update(TASKS).where(TASKS.c.id == "bad").values(schedule="nonsense"))
    clock.advance(MINUTE)

    with caplog.at_level(logging.ERROR):
        loop.tick()

    assert [app.runs.get(run_id).task_id for run_id in executor.run_ids] == ["good"]
    assert "task bad can not be planned" in caplog.text
    assert app.tasks.get("bad").next_slot_at is None


def test_a_chained_task_is_due_after_the_end_of_its_run(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, schedule="run_then_wait_10m")
    loop.tick()
    clock.advance(5 * MINUTE)
    executor.succeed(app, 1)
    loop.tick()

    assert app.tasks.get("papers").next_run_at == clock.now() + 10 * MINUTE


def test_a_type_that_is_no_longer_installed_is_skipped_with_the_reason(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    task = make_task(type="gone", config={}, schedule="interval_1m")
    due = clock.now() + MINUTE
    app.tasks.add(Placed(task=task, next=Next(due, due)), now=clock.now())
    clock.advance(MINUTE)
    loop.tick()

    assert (only(app).state, only(app).reason) == (RunState.SKIPPED, "unknown_type")
    assert executor.started == []


def test_a_source_that_needs_a_setting_is_not_asked(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, type="sec_edgar", config={"days_back": 1, "filing_type": "8-K"})
    clock.advance(MINUTE)
    loop.tick()

    assert (only(app).state, only(app).reason) == (RunState.SKIPPED, "needs_configuration")
    assert "contact" in only(app).detail
    assert executor.started == []


def test_tasks_of_another_process_are_noticed_at_the_next_look(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock, tmp_path: Path
) -> None:
    loop.tick()
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as other:
        add(other)
    clock.advance(MINUTE)
    loop.tick()

    assert executor.run_ids == [1]


def test_a_removed_task_ends_its_run_with_its_own_definition(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, timeout_seconds=7)
    clock.advance(MINUTE)
    loop.tick()
    app.tasks.remove("papers")

    executor.end(1, -15, timed_out=True)
    loop.tick()

    assert "time limit of 7 s" in only(app).error


def test_once_ends_when_all_that_is_due_has_run(
    app: App, loop: Loop, executor: ScriptedExecutor
) -> None:
    add(app)

    loop.run(once=True)

    assert executor.started == []


def test_until_ends_at_its_moment(app: App, loop: Loop, clock: FakeClock) -> None:
    end = clock.now() + timedelta(seconds=90)

    loop.run(until=end)

    assert clock.now() >= end


def test_a_drain_waits_then_stops_and_the_run_is_interrupted(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app)
    clock.advance(MINUTE)
    loop.tick()
    before = clock.now()

    loop.stop.set()
    loop.run()

    assert clock.now() - before >= timedelta(seconds=30)
    assert (only(app).state, only(app).reason) == (RunState.PENDING, "interrupted")
    assert app.runs.attempts(1)[0].outcome is Outcome.INTERRUPTED


def test_an_instance_says_that_it_is_at_work(app: App, loop: Loop, clock: FakeClock) -> None:
    loop.tick()
    clock.advance(timedelta(seconds=20))
    loop.tick()

    assert app.instances.dead() == []


@pytest.mark.parametrize(
    ("on_interrupt", "attempts", "manual", "state"),
    [
        ("retry", 1, False, RunState.PENDING),
        ("retry", 9, False, RunState.DONE),
        ("report", 1, False, RunState.DONE),
        ("retry", 1, True, RunState.DONE),
    ],
)
def test_a_dead_instances_runs_are_taken_over(
    app: App, clock: FakeClock, on_interrupt: str, attempts: int, manual: bool, state: RunState
) -> None:
    task = add(app, on_interrupt=on_interrupt)
    clock.advance(MINUTE)
    gone = this_process("scheduler")
    app.instances.enter(
        type(gone)(**{name: getattr(gone, name) for name in gone.__slots__} | {"pid_started": "1"}),
        version="0",
        now=clock.now(),
    )
    loop = Loop(app, ScriptedExecutor(), gone)
    if manual:
        app.runs.add(make_firing(task_id=task.id), now=clock.now())
        app.tasks.set_enabled(
            {"papers": place(task, now=clock.now(), timezone="UTC").next}, enabled=False
        )
    loop.tick()
    with app.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET attempts = {attempts}")

    taken = recover(app)

    assert [run.id for run in taken] == [1]
    assert only(app).state is state
    assert only(app).error_kind == "interrupted"
    assert recover(app) == []
