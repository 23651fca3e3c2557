"""Tasks after tasks, conditions, pauses and cancelled runs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stoma.app import App
from stoma.domain.condition import Facts, check_condition, unmet
from stoma.domain.dependency import find_cycle, satisfies
from stoma.domain.run import Counts, Outcome, Run, RunState, Trigger
from stoma.domain.task import AfterOn, Condition
from stoma.exceptions import UsageError
from stoma.processes import this_process
from stoma.scheduler.loop import Loop
from stoma.scheduler.pausing import pause, paused, resume
from stoma.scheduler.placing import place
from stoma.scheduler.settling import settle
from stoma.storage.tasks import Next
from tests.executors import ScriptedExecutor
from tests.fakes import START, FakeClock
from tests.makers import make_firing
from tests.unit.scheduler.test_loop import add

MINUTE = timedelta(minutes=1)


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
def loop(app: App, executor: ScriptedExecutor) -> Loop:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=app.clock.now())
    return Loop(app, executor, instance)


def run_by_hand(app: App, task_id: str, outcome: Outcome = Outcome.SUCCEEDED) -> Run:
    added = app.runs.add(
        make_firing(task_id=task_id), now=app.clock.now(), owner="me", lease_until=START
    )
    run = app.runs.start(added, now=app.clock.now(), log_path="")
    app.runs.finish(run, outcome, now=app.clock.now())
    return app.runs.get(run.id)


def newest(app: App, task_id: str) -> Run | None:
    return app.runs.newest_triggered(task_id, Trigger.DEPENDENCY)


@pytest.mark.parametrize(
    ("after", "outcome", "state"),
    [
        ("first", Outcome.SUCCEEDED, RunState.PENDING),
        ("first", Outcome.EMPTY, RunState.PENDING),
        ("first", Outcome.PARTIAL, RunState.PENDING),
        ("first", Outcome.FAILED, RunState.SKIPPED),
        ("first:failure", Outcome.DEAD, RunState.PENDING),
        ("first:failure", Outcome.SUCCEEDED, RunState.SKIPPED),
        ("first:always", Outcome.CANCELLED, RunState.PENDING),
    ],
)
def test_a_task_runs_after_another(app: App, after: str, outcome: Outcome, state: RunState) -> None:
    add(app, "first", schedule="manual")
    add(app, "second", schedule="manual", after=(after,))
    parent = run_by_hand(app, "first", outcome)

    settle(app)

    run = newest(app, "second")
    assert run is not None
    assert (run.state, run.parent_run_id) == (state, parent.id)
    if state is RunState.SKIPPED:
        assert run.reason == "upstream"
        assert f"run {parent.id} of first is {outcome}" in run.detail


def test_an_end_is_followed_once_however_often_it_is_looked_at(app: App) -> None:
    add(app, "first", schedule="manual")
    add(app, "second", schedule="manual", after=("first",))
    run_by_hand(app, "first")

    assert [settle(app) for _ in range(3)] == [1, 0, 0]


def test_a_task_after_two_others_waits_for_both(app: App) -> None:
    for name in ("a", "b"):
        add(app, name, schedule="manual")
    add(app, "both", schedule="manual", after=("a", "b"))

    run_by_hand(app, "a")
    added = [settle(app)]
    run_by_hand(app, "b")
    added.append(settle(app))
    run_by_hand(app, "b")
    added.append(settle(app))
    run_by_hand(app, "a")
    added.append(settle(app))

    assert added == [0, 1, 0, 1]


def test_a_chain_runs_through_in_the_loop(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, "a", schedule="daily")
    add(app, "b", schedule="manual", after=("a",))
    add(app, "c", schedule="manual", after=("b",))
    clock.advance(timedelta(hours=12))
    for _ in range(3):
        loop.tick()
        executor.succeed(app, executor.run_ids[-1])
        loop.tick()

    assert [app.runs.get(run_id).task_id for run_id in executor.run_ids] == ["a", "b", "c"]


def test_a_circle_is_refused_and_named(app: App) -> None:
    add(app, "a", schedule="manual")
    add(app, "b", schedule="manual", after=("a",))

    changed = replace(app.tasks.get("a").definition, after=("b",))

    with pytest.raises(UsageError, match=r"circle: (a after b after a|b after a after b)"):
        app.tasks.put([place(changed, now=START, timezone="UTC")], now=START)
    assert app.tasks.get("a").after == ()


@pytest.mark.parametrize("text", ["b:sometimes", "../b", ""])
def test_an_upstream_that_can_not_be_is_refused(app: App, text: str) -> None:
    with pytest.raises(UsageError, match="after"):
        add(app, "a", after=(text,))


def test_an_upstream_that_is_not_there_is_named(app: App) -> None:
    add(app, "backup")

    with pytest.raises(UsageError, match="no such task") as caught:
        add(app, "a", after=("bakcup",))
    assert "did you mean: backup ?" in caught.value.hint


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({}, []),
        ({"a": ["b"], "b": ["c"]}, []),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"]}, []),
        ({"a": ["a"]}, ["a", "a"]),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "b", "c", "a"]),
    ],
)
def test_circles_are_found(graph: dict[str, list[str]], cycle: list[str]) -> None:
    assert find_cycle(graph) == cycle


def test_success_and_failure_share_every_outcome() -> None:
    for outcome in Outcome:
        assert satisfies(AfterOn.ALWAYS, outcome)
        assert satisfies(AfterOn.SUCCESS, outcome) != satisfies(AfterOn.FAILURE, outcome)


def facts(run: Run | None = None) -> Facts:
    return Facts(
        local_time=START,  # 12:00
        variables={"environment": "production"},
        environment={"STAGE": "one"},
        newest_run=lambda task_id: run,
    )


DONE = Run(
    id=1,
    task_id="a",
    task_version=1,
    trigger=Trigger.MANUAL,
    state=RunState.DONE,
    outcome=Outcome.SUCCEEDED,
    created_at=START,
    counts=Counts(new=2, updated=1),
)


@pytest.mark.parametrize(
    ("condition", "run", "reason"),
    [
        ({"type": "time", "after": "09:00", "before": "17:00"}, None, ""),
        ({"type": "time", "after": "22:00", "before": "06:00"}, None, "it is 12:00, not between"),
        ({"type": "time", "after": "22:00", "before": "13:00"}, None, ""),
        ({"type": "time", "operator": "greater", "value": "09:00"}, None, ""),
        ({"type": "time", "operator": "less", "value": "09:00"}, None, "it is 12:00"),
        ({"type": "variable", "operator": "equals", "value": "production"}, None, ""),
        ({"type": "variable", "name": "x", "equals": "y"}, None, "variable x is '', must be 'y'"),
        (
            {"type": "variable", "operator": "not_equals", "value": "production"},
            None,
            "variable environment is 'production', must not be 'production'",
        ),
        ({"type": "environment", "name": "STAGE", "equals": "one"}, None, ""),
        (
            {"type": "environment", "name": "STAGE", "equals": "two"},
            None,
            "is 'one', must be 'two'",
        ),
        ({"type": "last_status", "task": "a", "is": "succeeded"}, DONE, ""),
        (
            {"type": "last_status", "task": "a", "is": "failed"},
            DONE,
            "is succeeded, must be failed",
        ),
        ({"type": "last_status", "task": "a", "is": "failed"}, None, "is none yet"),
        ({"type": "items", "task": "a", "at_least": 3}, DONE, ""),
        ({"type": "items", "task": "a", "at_least": 4}, DONE, "brought 3 new or updated"),
        ({"type": "items", "task": "a"}, None, "brought 0"),
    ],
)
def test_conditions(condition: Condition, run: Run | None, reason: str) -> None:
    check_condition(condition)

    found = unmet(condition, facts(run))

    assert reason in found
    assert bool(found) == bool(reason)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({}, "type None"),
        ({"type": "moon"}, "type 'moon'"),
        ({"type": "time", "afer": "09:00"}, "has no 'afer'"),
        ({"type": "time", "after": "25:00"}, "no time of day"),
        ({"type": "environment", "equals": "x"}, "needs 'name'"),
        ({"type": "last_status", "task": "a"}, "needs 'is'"),
        ({"type": "items", "task": "a", "at_least": "many"}, "whole number"),
    ],
)
def test_a_condition_that_can_not_be_is_refused(condition: Condition, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_condition(condition)


def test_a_run_whose_condition_does_not_hold_is_skipped_with_the_reason(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, only_if=({"type": "time", "after": "20:00", "before": "21:00"},))
    clock.advance(MINUTE)
    loop.tick()

    run = app.runs.get(1)
    assert (run.state, run.reason) == (RunState.SKIPPED, "condition")
    assert "it is 12:01" in run.detail
    assert executor.started == []


def test_a_pause_skips_slots_and_ends_at_its_moment(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app)
    pause(app, until=clock.now() + 3 * MINUTE, reason="moving house")
    for _ in range(4):
        clock.advance(MINUTE)
        loop.tick()

    assert [app.runs.get(number).reason for number in (1, 2)] == ["paused", "paused"]
    assert "paused until 2026-03-02 12:03:00 UTC: moving house" in app.runs.get(1).detail
    assert executor.run_ids == [3]
    assert paused(app) is None


def test_a_resume_ends_a_pause(app: App) -> None:
    pause(app)

    assert str(paused(app)) == "the scheduler is paused"
    assert [resume(app), resume(app)] == [True, False]
    assert paused(app) is None


def test_a_run_at_work_is_cancelled_at_the_next_look(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, schedule="daily")
    clock.advance(timedelta(hours=12))
    loop.tick()

    told = app.runs.request_cancel(1, now=clock.now())
    loop.tick()
    loop.tick()

    assert told.cancel_requested
    assert executor.stopped == [1]
    assert (app.runs.get(1).outcome, app.runs.get(1).error_kind) == (
        Outcome.CANCELLED,
        "cancelled",
    )


def test_a_run_that_waits_is_cancelled_at_once(app: App) -> None:
    run = app.runs.add(make_firing(), now=START)

    assert app.runs.request_cancel(run.id, now=START).outcome is Outcome.CANCELLED


def test_a_task_disabled_until_a_moment_wakes_up(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    task = add(app)
    app.tasks.set_enabled(
        {task.id: Next()},
        enabled=False,
        until=clock.now() + 5 * MINUTE,
    )
    for _ in range(7):
        clock.advance(MINUTE)
        loop.tick()

    assert app.tasks.get("papers").enabled
    assert executor.run_ids == [1]


def test_tasks_that_share_a_key_run_one_at_a_time(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    for name in ("a", "b"):
        add(app, name, schedule="daily", concurrency_key="disk")
    clock.advance(timedelta(hours=12))
    loop.tick()
    started = [list(executor.run_ids)]
    executor.succeed(app, 1)
    loop.tick()
    started.append(list(executor.run_ids))

    assert started == [[1], [1, 2]]


def test_runs_at_once_of_one_task_are_limited(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, overlap="allow", max_running=2)
    for _ in range(4):
        clock.advance(MINUTE)
        loop.tick()

    assert executor.run_ids == [1, 2]


def test_nobody_waits_for_ever(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: FakeClock
) -> None:
    add(app, "low", schedule="daily", priority="low")
    for number in range(30):
        add(app, f"urgent{number}", schedule="daily", priority="critical")
    clock.advance(timedelta(hours=12))
    loop.tick()
    for _ in range(8):
        clock.advance(2 * MINUTE)
        executor.succeed(app, executor.run_ids[-1])
        loop.tick()

    assert "low" in {app.runs.get(run_id).task_id for run_id in executor.run_ids}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"no_retry_on": ("crash",)}, Outcome.FAILED),
        ({"no_retry_on": ("1",)}, Outcome.FAILED),
        ({"retry_on": ("network", "2")}, Outcome.FAILED),
        ({"retry_on": ("1",)}, None),
        ({"no_retry_on": ("2",)}, None),
    ],
)
def test_some_errors_are_not_tried_again(
    app: App,
    loop: Loop,
    executor: ScriptedExecutor,
    clock: FakeClock,
    fields: dict[str, Any],
    outcome: Outcome | None,
) -> None:
    add(app, **fields)
    clock.advance(MINUTE)
    loop.tick()

    executor.end(1, 1)
    loop.tick()

    assert app.runs.get(1).outcome is outcome
