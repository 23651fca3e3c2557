"""Housekeeping, on a clock that stands still: one call goes through everything."""

import logging
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from stoma.app import App
from stoma.domain.ledger import Decision
from stoma.domain.run import Outcome, RunState
from stoma.domain.task import StoredTask
from stoma.processes import this_process
from stoma.scheduler.housekeeping import EVERY_SECONDS, FINISHED, Housekeeper, NoHousekeeper
from stoma.scheduler.loop import Loop
from stoma.scheduler.placing import first, place, schedule_of
from stoma.settings import load_settings
from stoma.storage.item_tables import RAW_ANSWERS
from stoma.storage.items import PageToStore
from stoma.storage.migrations import back_up
from stoma.storage.read import reading
from stoma.storage.tables import INSTANCES, RUNS, SAMPLES, TASKS
from stoma.usage import Resources
from tests.executors import ScriptedExecutor
from tests.fakes import START, FakeClock
from tests.makers import make_firing, make_raw, make_task
from tests.registries import opened_app

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PASS = timedelta(seconds=EVERY_SECONDS)
PLENTY = Resources(
    cpu_seconds=1.0,
    memory_bytes=50_000_000,
    open_files=9,
    load=0.5,
    cores=2,
    disk_free_bytes=10**12,
)


@pytest.fixture
def keeper(app: App) -> Housekeeper:
    return Housekeeper(app, lambda: PLENTY)


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
def loop(app: App, executor: ScriptedExecutor, keeper: Housekeeper) -> Loop:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=app.clock.now())
    return Loop(app, executor, instance, keeper=keeper)


def add(app: App, task_id: str = "papers", schedule: object = "hourly", **more: Any) -> StoredTask:
    task = make_task(task_id, schedule=schedule, **more)
    return app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())


def ran(app: App, task_id: str = "papers", *, due_at: datetime | None = None) -> int:
    """Let a run be started, write a log, bring an answer, and end, at this moment."""
    now = app.clock.now()
    decision = Decision(state=RunState.PENDING, due_at=due_at)
    claimed = app.runs.add(
        make_firing(decision, task_id=task_id), now=now, owner="me", lease_until=now
    )
    path = app.log_path(task_id, claimed.id)
    run = app.runs.start(claimed, now=now, log_path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("it ran\n")
    os.utime(path, (now.timestamp(), now.timestamp()))
    raw = make_raw(f"answer {run.id}".encode())
    app.items.store_page(run, PageToStore(raw=raw, items=[]), now=now)
    with app.database.write() as connection:
        own = RAW_ANSWERS.c.sha256 == raw.sha256
        connection.execute(update(RAW_ANSWERS).where(own).values(fetched_at=now))
    app.runs.finish(run, Outcome.SUCCEEDED, now=now)
    app.runs.settle([run], [], now=now)
    return run.id


def count(app: App, table: Any) -> int:
    with app.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def settings(app: App, folder: Path, **retention: int) -> App:
    """Return an app on the same registry whose retention is another one."""
    overrides = {f"retention.{name}": value for name, value in retention.items()}
    loaded = load_settings(home=folder, environ={}, overrides=overrides)
    return App(loaded, clock=app.clock)


# --- what goes ------------------------------------------------------------------------------------


def test_old_runs_their_logs_and_raw_answers_go_and_it_is_said(
    app: App, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    add(app)
    for _ in range(3):
        ran(app)
    clock.advance(91 * DAY)
    newest = ran(app)
    other = settings(app, tmp_path, runs_per_task=1)

    Housekeeper(other, lambda: PLENTY).tidy()
    other.close()

    with reading(app.paths.database) as reader:
        assert reader is not None
        assert [run.id for run in reader.history("papers")] == [newest]
    assert [path.stem for path in app.paths.logs_dir.rglob("*.log")] == [str(newest)]
    assert count(app, RAW_ANSWERS) == 1
    (said,) = [text for text in caplog.messages if text.startswith("housekeeping")]
    assert "removed 3 runs" in said


def test_nothing_goes_where_everything_is_kept_for_ever(
    app: App, clock: FakeClock, tmp_path: Path
) -> None:
    add(app)
    ran(app)
    clock.advance(9999 * DAY)
    ran(app)
    zero = dict.fromkeys(
        ("runs_days", "runs_most", "dead_days", "logs_days", "raw_days", "raw_megabytes"), 0
    )
    other = settings(app, tmp_path, **zero, logs_megabytes=0, runs_per_task=1)

    Housekeeper(other, lambda: PLENTY).tidy()
    other.close()

    assert (count(app, RUNS), count(app, RAW_ANSWERS)) == (2, 2)
    assert len(list(app.paths.logs_dir.rglob("*.log"))) == 2


def test_the_log_of_a_run_goes_with_it_whatever_its_own_age(
    app: App, clock: FakeClock, tmp_path: Path
) -> None:
    add(app)
    ran(app)
    clock.advance(91 * DAY)
    ran(app)
    other = settings(app, tmp_path, runs_per_task=1, logs_days=0)

    Housekeeper(other, lambda: PLENTY).tidy()
    other.close()

    assert [path.stem for path in app.paths.logs_dir.rglob("*.log")] == ["2"]


def test_a_name_from_elsewhere_leads_to_no_file_outside(
    app: App, clock: FakeClock, keeper: Housekeeper, tmp_path: Path
) -> None:
    """A registry that was put back may hold any text; no task of ours could be called so."""
    outside = tmp_path / "logs" / "1.log"
    outside.parent.mkdir(exist_ok=True)
    outside.touch()
    app.runs.add(make_firing(task_id=".."), now=clock.now())
    with app.database.write() as connection:
        connection.execute(
            update(RUNS).values(state=RunState.SKIPPED, created_at=START - 999 * DAY)
        )

    keeper.tidy()

    assert count(app, RUNS) == 0
    assert outside.exists()


def test_instances_samples_and_backups_are_kept_in_small_numbers(
    app: App, clock: FakeClock, loop: Loop, tmp_path: Path
) -> None:
    old = this_process("run-task")
    app.instances.enter(old, version="0", now=clock.now())
    app.instances.leave(old.id, now=clock.now())
    for _ in range(12):
        back_up(app.paths.database, version=1, now=clock.now())
        clock.advance(MINUTE)
        loop.tick()
    before = count(app, SAMPLES)

    clock.advance(8 * DAY)
    loop.tick()

    assert before == 12
    assert (count(app, SAMPLES), count(app, INSTANCES)) == (1, 1)
    assert len(list((tmp_path / "backups").glob("*.db"))) == 10


def test_free_pages_and_a_long_log_are_given_back(
    app: App, clock: FakeClock, keeper: Housekeeper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    log = app.paths.database.with_name("stoma.db-wal")
    with closing(sqlite3.connect(app.paths.database, isolation_level=None)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("CREATE TABLE ballast (text)")
        other.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)"
            " INSERT INTO ballast SELECT hex(zeroblob(500)) FROM n"
        )
        other.execute("DROP TABLE ballast")
        assert log.stat().st_size > 20_000_000

        keeper.tidy()

        assert log.stat().st_size < 100_000
        assert app.paths.database.stat().st_size < 6_000_000
    assert "emptied the write-ahead log" in caplog.text


# --- what stays -----------------------------------------------------------------------------------


def test_no_slot_is_due_again_because_its_run_is_gone(
    app: App, clock: FakeClock, loop: Loop, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    task = add(app)
    for _ in range(5):
        clock.advance(timedelta(hours=1))
        loop.tick()
        executor.succeed(app, executor.run_ids[-1])
        loop.tick()
    watermark = app.tasks.get("papers").watermark_at
    with app.database.write() as connection:
        connection.execute(update(RUNS).values(created_at=START - DAY, ended_at=START - DAY))
    other = settings(app, tmp_path, runs_days=1, runs_per_task=1)
    clock.advance(DAY - timedelta(hours=6) + 59 * MINUTE)

    Housekeeper(other, lambda: PLENTY).tidy()
    assert count(app, RUNS) == 1
    app.tasks.set_enabled({"papers": task_next(app, task)}, enabled=True)
    again = Loop(other, executor, this_process("scheduler"))
    for _ in range(3):
        again.tick()
        clock.advance(timedelta(hours=1))
    other.close()

    with app.database.read() as connection:
        slots = list(connection.scalars(select(RUNS.c.due_at).order_by(RUNS.c.id)))
    assert watermark == START + timedelta(hours=5)
    assert len(slots) == len(set(slots))
    assert all(slot > watermark for slot in slots[1:])


def task_next(app: App, task: StoredTask) -> Any:
    return first(schedule_of(task, "UTC"), app.clock.now())


# --- one-time tasks -------------------------------------------------------------------------------

ONCE = "once_at_2026-03-02T13:00"


def test_a_one_time_task_is_disabled_when_it_has_run_and_removed_much_later(
    app: App, clock: FakeClock, loop: Loop, executor: ScriptedExecutor
) -> None:
    add(app, schedule=ONCE)
    add(app, "asked", schedule="manual")
    clock.advance(timedelta(hours=1))
    loop.tick()
    clock.advance(PASS)
    loop.tick()
    assert app.tasks.get("papers").enabled  # its run goes on

    executor.succeed(app, 1)
    loop.tick()
    clock.advance(PASS)
    loop.tick()
    task = app.tasks.get("papers")
    assert (task.enabled, task.disabled_reason) == (False, FINISHED)

    clock.advance(91 * DAY)
    loop.tick()
    assert [task.id for task in app.tasks.all()] == ["asked"]


def test_a_one_time_task_that_others_run_after_stays(
    app: App, clock: FakeClock, keeper: Housekeeper
) -> None:
    add(app, schedule=ONCE)
    add(app, "after", schedule="manual", after=("papers",))
    clock.advance(DAY)
    app.tasks.set_next("papers", first(schedule_of(app.tasks.get("papers"), "UTC"), clock.now()))

    keeper.tidy()
    clock.advance(99 * DAY)
    keeper.tidy()

    assert [task.id for task in app.tasks.all()] == ["after", "papers"]


def test_a_schedule_that_can_not_be_read_is_no_ones_end(app: App, keeper: Housekeeper) -> None:
    add(app, schedule=ONCE)
    with app.database.write() as connection:
        connection.execute(update(TASKS).values(schedule="nonsense", next_slot_at=None))

    keeper.tidy()

    assert app.tasks.find("papers") is not None


# --- when and how much ----------------------------------------------------------------------------


class SlowClock(FakeClock):
    """Every look at it takes a hundredth of a second."""

    def monotonic(self) -> float:
        self.advance(timedelta(seconds=0.01))
        return super().monotonic()


def test_at_one_tick_only_a_little_is_done(tmp_path: Path) -> None:
    clock = SlowClock()
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        for number in range(30):
            app.runs.add(make_firing(task_id=f"gone{number}"), now=START - 999 * DAY)
        with app.database.write() as connection:
            connection.execute(update(RUNS).values(state=RunState.MISSED))
        keeper = Housekeeper(app, lambda: PLENTY)

        kept: list[int] = []
        while not kept or kept[-1]:
            keeper.tidy()
            kept.append(count(app, RUNS))

    assert len(kept) > 5
    assert kept == sorted(set(kept), reverse=True)


def test_everything_is_gone_through_again_after_a_while(
    app: App, clock: FakeClock, keeper: Housekeeper
) -> None:
    keeper.tidy()
    app.runs.add(make_firing(task_id="gone"), now=START - 999 * DAY)
    with app.database.write() as connection:
        connection.execute(update(RUNS).values(state=RunState.MISSED))

    clock.advance(PASS - timedelta(seconds=1))
    keeper.tidy()
    assert count(app, RUNS) == 1
    clock.advance(timedelta(seconds=1))
    keeper.tidy()
    assert count(app, RUNS) == 0


def test_files_that_can_not_be_removed_are_named_and_stop_nothing(
    app: App, keeper: Housekeeper, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app.runs.add(make_firing(task_id="gone"), now=START - 999 * DAY)
    with app.database.write() as connection:
        connection.execute(update(RUNS).values(state=RunState.MISSED))
    (tmp_path / "logs" / "runs" / "gone" / "1.log").mkdir(parents=True)
    for number in range(11):
        name = f"stoma-v1-202601{number + 10}T000000Z.db"
        (tmp_path / "backups" / name).mkdir(parents=True)

    keeper.tidy()

    assert count(app, RUNS) == 0
    assert "1.log" in caplog.text
    assert "stoma-v1-20260110T000000Z.db" in caplog.text


def test_logs_that_can_not_be_read_are_named_and_stop_nothing(
    app: App, keeper: Housekeeper, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "logs").mkdir(exist_ok=True)
    (tmp_path / "logs" / "runs").write_text("in the way")

    keeper.tidy()

    assert "not every old log could be removed" in caplog.text


def test_a_loop_that_is_tried_out_keeps_no_house() -> None:
    nobody = NoHousekeeper()

    nobody.look()
    nobody.tidy()

    assert (nobody.blocked(), nobody.sample()) == ("", None)
