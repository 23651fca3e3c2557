"""The future that `simulate` sees: the loop itself, on a copy of the registry."""

import sqlite3
from datetime import timedelta
from pathlib import Path

from stoma.clock import VirtualClock
from stoma.domain.run import Failure, Run, RunState
from stoma.processes import this_process
from stoma.scheduler.pausing import pause
from stoma.scheduler.simulation import Fate
from stoma.settings import load_settings
from tests.makers import make_firing
from tests.registries import opened_app
from tests.unit.scheduler.tried import looked, registry
from tests.world import START

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_a_simulation_runs_what_is_due_and_touches_nothing(tmp_path: Path) -> None:
    registry(tmp_path, a={"schedule": "hourly"}, b={"schedule": "daily"})
    database = load_settings(home=tmp_path, environ={}).paths.database
    before = database.read_bytes()

    found = looked(tmp_path, 2)

    assert [start.run.task_id for start in found.starts].count("a") == 48
    assert [start.run.task_id for start in found.starts].count("b") == 2
    assert [task.id for task in found.tasks] == ["a", "b"]
    assert database.read_bytes() == before


def test_a_registry_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    found = looked(tmp_path, 30)

    assert (found.starts, found.tasks, found.decided) == ([], [], [])
    assert not any(tmp_path.iterdir())


def test_slow_runs_overlap_and_failing_ones_are_tried_again(tmp_path: Path) -> None:
    registry(tmp_path, slow={"schedule": "hourly"}, bad={"schedule": "daily", "max_retries": 1})
    failure = Failure(kind="network", message="no answer")

    def fates(run: Run) -> Fate:
        return Fate(seconds=5000) if run.task_id == "slow" else Fate(seconds=9, failure=failure)

    found = looked(tmp_path, 1, fates=fates)

    assert {run.reason for run in found.decided if run.state is RunState.SKIPPED} == {"overlap"}
    assert [start.run.attempts for start in found.starts if start.run.task_id == "bad"] == [1, 2]
    assert max(start.beside for start in found.starts) == 1


def test_what_is_at_work_elsewhere_ends_as_it_usually_does(tmp_path: Path) -> None:
    registry(tmp_path, a={"schedule": "hourly"}, b={"schedule": "manual"})
    with opened_app(load_settings(home=tmp_path, environ={}), clock=VirtualClock(START)) as app:
        mine = this_process("scheduler")
        app.instances.enter(mine, version="0", now=START)
        lease = START + DAY
        run = app.runs.add(make_firing(task_id="a"), now=START, owner=mine.id, lease_until=lease)
        app.runs.start(run, now=START - HOUR, log_path="")
        queued = app.runs.add(make_firing(task_id="b"), now=START)
        app.runs.claim(queued.id, owner=mine.id, lease_until=lease)

    found = looked(tmp_path, 0.2, Fate(seconds=3 * 3600 + 60))

    skipped = [run for run in found.decided if run.state is RunState.SKIPPED]
    assert [str(run.due_at)[11:16] for run in skipped] == ["13:00", "14:00", "16:00"]
    firsts = [start.run.task_id for start in found.starts if start.run.attempts == 1]
    assert firsts == ["b", "a"]


def test_a_pause_is_told_and_obeyed(tmp_path: Path) -> None:
    registry(tmp_path, a={"schedule": "hourly"})
    with opened_app(load_settings(home=tmp_path, environ={}), clock=VirtualClock(START)) as app:
        pause(app, until=START + 5 * HOUR + MINUTE, reason="holiday")

    found = looked(tmp_path, 0.5)

    assert len(found.starts) == 7
    assert "holiday" in found.paused


def test_a_task_that_wakes_up_is_not_slept_through(tmp_path: Path) -> None:
    registry(tmp_path, a={"schedule": "hourly"})
    with sqlite3.connect(tmp_path / "stoma.db") as connection:
        connection.execute(
            "UPDATE tasks SET enabled = 0, next_slot_at = NULL, next_run_at = NULL,"
            " disabled_until = '2026-03-06 18:30:00.000000'"
        )
    connection.close()

    found = looked(tmp_path, 0.5)

    assert len(found.starts) == 6


def test_a_dead_end_is_told_by_the_exit_code(tmp_path: Path) -> None:
    registry(tmp_path, a={"schedule": "daily", "max_retries": 0})

    found = looked(tmp_path, 1, Fate(seconds=5, exit_code=3))

    assert [run.error_kind for run in found.decided] == ["crash"]
