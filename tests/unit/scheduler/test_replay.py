"""The replay law: what is simulated of a past week is what the ledger of that week says."""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from stoma.app import App
from stoma.clock import VirtualClock
from stoma.domain.run import Attempt, Failure, Outcome, Run
from stoma.executors.base import AttemptSpec
from stoma.executors.simulated import Act, SimulatedExecutor
from stoma.processes import this_process
from stoma.scheduler.attempt import record_failure
from stoma.scheduler.loop import Loop
from stoma.scheduler.simulation import Fate
from stoma.settings import load_settings
from stoma.storage.database import Database
from tests.unit.scheduler.tried import looked, registry
from tests.world import START, settings_of

DAY = timedelta(days=1)


def test_a_simulated_week_is_the_week_that_was(tmp_path: Path) -> None:
    """A real week on a virtual clock, and the same week simulated from its beginning."""
    home, snapshot = tmp_path / "real", tmp_path / "before"
    registry(
        home,
        slow={"schedule": "interval_4h", "overlap": "queue_one"},
        weekdays={"schedule": {"type": "daily", "hour": 6, "skip_weekends": True}},
        chain={"schedule": "run_then_wait_8h", "on_interrupt": "report"},
        busy={
            "schedule": "interval_3h",
            "overlap": "replace",
            "jitter_seconds": 120,
            "timeout_seconds": 20_000,
        },
        night={
            "schedule": "interval_5h",
            "timezone": "America/New_York",
            "only_if": ({"type": "time", "after": "22:00", "before": "06:00"},),
        },
        follower={"schedule": "manual", "after": ("weekdays:always",)},
    )
    snapshot.mkdir()
    with (
        closing(sqlite3.connect(home / "stoma.db")) as source,
        closing(sqlite3.connect(snapshot / "stoma.db")) as copy,
    ):
        source.backup(copy)

    app = live(home, until=START + 7 * DAY, seed=5)
    ledger = app.runs.after(0)
    found = looked(snapshot, 7, seed=5, fates=as_recorded(app))
    app.close()

    assert len(ledger) > 140
    assert {str(run.state) for run in ledger} >= {"done", "skipped", "pending"}
    assert {run.outcome for run in ledger} >= {Outcome.SUCCEEDED, Outcome.DEAD, Outcome.CANCELLED}
    assert [decided(run) for run in found.decided] == [decided(run) for run in ledger]


class HastyDatabase(Database):
    """A registry in a file that does not wait for the disk: nothing crashes here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        event.listen(self._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))


def live(home: Path, *, until: datetime, seed: int) -> App:
    """Let a scheduler live in *home* until a moment, and return its registry."""
    clock, roll = VirtualClock(START), random.Random(99)
    loaded = settings_of(load_settings(home=home, environ={}), drain_seconds=0.0)
    database = HastyDatabase(loaded.paths.database)
    app = App(loaded, clock=clock, roll=random.Random(seed).random, database=database)
    app.database.open(now=START)

    def act(spec: AttemptSpec) -> Act:
        run = app.runs.get(spec.run_id)
        task = app.tasks.definition(run.task_id, run.task_version)
        seconds = round(roll.choice([5, 60, 900, 4000, 12_000]) * (0.5 + roll.random()), 3)
        kind = roll.random()
        if kind < 0.1:
            return Act(seconds=seconds, exit_code=1)
        if kind < 0.35:
            failure = Failure(kind="network", message="no answer")
            return Act(seconds=seconds, end=lambda: record_failure(app, task, run, failure))
        ends = Outcome.SUCCEEDED
        return Act(seconds=seconds, end=lambda: app.runs.finish(run, ends, now=app.clock.now()))

    executor = SimulatedExecutor(app.clock, act)
    clock.alarms.append(executor.next_end)
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=START)
    Loop(app, executor, instance).run(until=until)
    return app


def as_recorded(app: App) -> Any:
    """Return what became of each attempt of a registry's runs."""

    def fate(run: Run) -> Fate:
        attempts = app.runs.attempts(run.id)
        this: Attempt = attempts[run.attempts - 1]
        if this.ended_at is None or this.error_kind in {"interrupted", "replaced"}:
            return Fate(seconds=10**6)
        seconds = (this.ended_at - this.started_at).total_seconds()
        if this.error_kind == "crash":
            return Fate(seconds=seconds, exit_code=1)
        failure = Failure(kind=this.error_kind, message=this.error) if this.error_kind else None
        return Fate(seconds=seconds, failure=failure)

    return fate


def decided(run: Run) -> Run:
    """Return what was decided of a run, without who carried it out."""
    return replace(run, owner=None, log_path="", peak_memory_bytes=None, cpu_seconds=None)
