"""The scheduler as a program uses it, and as the reference shows it."""

import asyncio
import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stoma import Scheduler
from stoma.exceptions import (
    NotFoundError,
    ScheduleError,
    SchedulerRunningError,
    TaskConfigError,
    TaskExistsError,
    UnknownTypeError,
)
from stoma.scheduler import manager
from stoma.scheduler.attempt import failure_of
from stoma.scheduler.base import TaskPriority, TaskStatus
from stoma.scheduler.config import create_custom_task
from stoma.scheduler.loading import load
from stoma.scheduler.lock import only_scheduler
from stoma.settings import load_settings
from tests.executors import ScriptedExecutor
from tests.fakes import START, FakeClock
from tests.feeds import papers
from tests.makers import make_task
from tests.replay import ReplayServer, feed


@pytest.fixture
def scheduler(tmp_path: Path, clock: FakeClock) -> Scheduler:
    return Scheduler(loaded=load_settings(home=tmp_path, environ={}), clock=clock)


def test_the_programmatic_example_of_the_reference(scheduler: Scheduler) -> None:
    task = create_custom_task(
        task_id="ml_papers_scan",
        name="Daily ML Papers Scan",
        collector_type="arxiv",
        collector_config={
            "search_query": "cat:cs.LG OR cat:cs.AI",
            "max_results": 50,
            "sort_by": "submittedDate",
        },
        schedule_pattern="daily_at_09:00",
        priority=TaskPriority.HIGH,
    )

    with scheduler:
        stored = scheduler.add_task(task)

    assert stored.definition == task
    assert stored.status == TaskStatus.PENDING
    assert stored.next_run_at == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_one_task_after_another_as_the_reference_writes_it(tmp_path: Path) -> None:
    async def chain(scheduler: Scheduler) -> TaskStatus:
        await scheduler.run_task_now("primary")
        primary_task = scheduler.get_task("primary")
        if primary_task.status == TaskStatus.COMPLETED:
            return (await scheduler.run_task_now("secondary_task_id")).status
        return primary_task.status

    with ReplayServer() as server:
        server.answer("/api/query", feed(papers(0, 3)))
        loaded = load_settings(
            home=tmp_path,
            environ={},
            overrides={
                "sources.arxiv.base_url": server.url,
                "sources.arxiv.interval_seconds": 0.0,
            },
        )
        with Scheduler(loaded=loaded) as scheduler:
            for name in ("primary", "secondary_task_id"):
                scheduler.add_task(make_task(name))
            status = asyncio.run(chain(scheduler))

    assert status is TaskStatus.COMPLETED
    assert len(server.seen) == 2


def test_the_configuration_example_of_the_reference(tmp_path: Path) -> None:
    scheduler_config = {"max_concurrent_tasks": 5, "check_interval_seconds": 30.0}

    with Scheduler(tmp_path, config=scheduler_config) as scheduler:
        assert scheduler.app.settings.scheduler.max_concurrent_tasks == 5


def test_registering_the_same_definition_again_changes_nothing(scheduler: Scheduler) -> None:
    with scheduler:
        first = scheduler.add_task(make_task())
        again = scheduler.add_task(make_task())
        with pytest.raises(TaskExistsError):
            scheduler.add_task(make_task(name="Other"))
        replaced = scheduler.add_task(make_task(name="Other"), replace=True)

        assert again == first
        assert (replaced.name, replaced.version) == ("Other", 2)
        assert [task.id for task in scheduler.list_tasks()] == ["papers"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"type": "arxvi"}, UnknownTypeError),
        ({"schedule": "daily_at_25:00"}, ScheduleError),
        ({"config": {"search_qurey": "x"}}, TaskConfigError),
        ({"config": {}}, TaskConfigError),
    ],
)
def test_a_task_that_could_not_run_is_refused(
    scheduler: Scheduler, fields: dict[str, object], error: type[Exception]
) -> None:
    with scheduler, pytest.raises(error):
        scheduler.add_task(make_task(**fields))


def test_a_schedule_that_can_not_be_is_refused_before_there_is_a_task() -> None:
    with pytest.raises(ScheduleError):
        create_custom_task(task_id="x", name="X", collector_type="arxiv", schedule_pattern="dayly")


def test_an_unknown_task_is_not_run(scheduler: Scheduler) -> None:
    with scheduler, pytest.raises(NotFoundError):
        asyncio.run(scheduler.run_task_now("nope"))


def test_start_loads_the_default_preset_into_an_empty_registry(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    with scheduler, caplog.at_level(logging.INFO):
        scheduler.start(once=True, executor=ScriptedExecutor())
        scheduler.start(once=True, executor=ScriptedExecutor())
        tasks = {task.id for task in scheduler.list_tasks()}

    assert "arxiv_daily_trending" in tasks
    assert caplog.text.count("is empty: loading preset 'default'") == 1
    assert "next: task " in caplog.text


def test_start_loads_the_preset_it_is_given(scheduler: Scheduler) -> None:
    with scheduler:
        scheduler.start(preset="research", once=True, executor=ScriptedExecutor())

        assert {task.preset for task in scheduler.list_tasks()} == {"research"}


def test_start_off_the_main_thread_leaves_signals_alone(scheduler: Scheduler) -> None:
    until = START + timedelta(seconds=2)
    thread = threading.Thread(
        target=lambda: scheduler.start(until=until, executor=ScriptedExecutor())
    )

    with scheduler:
        thread.start()
        thread.join()

        assert scheduler.app.instances.dead() == []


def test_the_lock_is_held_by_one(tmp_path: Path) -> None:
    lock, registry = tmp_path / "run" / "x.lock", tmp_path / "x.db"

    with (
        only_scheduler(lock, registry),
        pytest.raises(SchedulerRunningError, match="process"),
        only_scheduler(lock, registry),
    ):
        pass
    with only_scheduler(lock, registry):
        pass


def test_a_preset_loads_once_and_keeps_the_users_edits(scheduler: Scheduler) -> None:
    with scheduler:
        app = scheduler.app
        first = load(app, "research")
        again = load(app, "research")
        edited = app.tasks.get("arxiv_ai_research")
        scheduler.add_task(
            make_task("arxiv_ai_research", schedule="daily", config=edited.config), replace=True
        )

        assert {str(step.action) for step in first.steps} == {"added"}
        assert {str(step.action) for step in again.steps} == {"unchanged"}


def test_a_dry_run_writes_nothing(scheduler: Scheduler) -> None:
    with scheduler:
        planned = load(scheduler.app, "research", dry_run=True)

        assert [str(step.action) for step in planned.steps] == ["added"] * 3
        assert scheduler.list_tasks() == []


def test_the_module_runs_the_loop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[scheduler]\nmax_concurrent_tasks = "many"\n')
    monkeypatch.setenv("STOMA_HOME", str(tmp_path))

    with pytest.raises(SystemExit) as caught:
        manager.main(["--log-level", "DEBUG"])

    assert caught.value.code == 78


def test_an_error_of_the_configuration_is_a_failure_that_is_not_tried_again() -> None:
    failure = failure_of(ScheduleError("no such pattern"))

    assert (failure.kind, failure.retryable) == ("config", False)
