"""The registry in trouble while the loop runs. Faults 5, 7, 9 and 12 of the catalogue.

Time passes only where the loop waits, so that a test says what happens at the how manieth wait.
"""

import logging
import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.run import Outcome, RunState
from stoma.exceptions import (
    RegistryBusyError,
    RegistryIoError,
    RegistryReplacedError,
    RegistryUnavailableError,
)
from stoma.executors.base import AttemptSpec
from stoma.processes import this_process
from stoma.scheduler.attempt import failure_of
from stoma.scheduler.housekeeping import Housekeeper
from stoma.scheduler.loop import Loop
from stoma.scheduler.patience import LIMIT_SECONDS
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.database import Database
from stoma.usage import Resources
from tests.executors import ScriptedExecutor
from tests.fakes import START, FakeClock
from tests.makers import make_task

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Waits(FakeClock):
    """Calls what the test planned, when the loop waits for so many times."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: dict[int, Callable[[], object]] = {}
        self.number = 0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.number += 1
        self.plans.pop(self.number, lambda: None)()
        return super().wait(event, seconds)


@pytest.fixture
def clock() -> Waits:
    return Waits()


@pytest.fixture
def app(tmp_path: Path, clock: Waits) -> Iterator[App]:
    """An app that waits for nobody's lock, and has one task that is due now."""
    loaded = load_settings(home=tmp_path, environ={})
    app = App(loaded, clock=clock, database=Database(loaded.paths.database, busy_timeout_seconds=0))
    app.database.open(now=START)
    app.tasks.add(place(make_task(), now=START - HOUR, timezone="UTC"), now=START)
    yield app
    app.close()


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
def loop(app: App, executor: ScriptedExecutor) -> Loop:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=START)
    return Loop(app, executor, instance)


@contextmanager
def locked(app: App) -> Iterator[sqlite3.Connection]:
    """Hold the write lock, until the end or a ROLLBACK."""
    holder = sqlite3.connect(app.paths.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield holder
    holder.close()


def set_pragma(app: App, setting: str) -> None:
    with app.database.read() as connection:
        connection.exec_driver_sql(f"PRAGMA {setting}")


def test_a_lock_is_outlasted(
    app: App,
    loop: Loop,
    executor: ScriptedExecutor,
    clock: Waits,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "stoma.scheduler.patience")
    with locked(app) as holder:
        clock.plans[9] = lambda: holder.execute("ROLLBACK")
        clock.plans[30] = loop.stop.set
        clock.plans[29] = lambda: executor.succeed(app, 1)

        loop.run()

    assert app.runs.get(1).outcome is Outcome.SUCCEEDED
    first, last = caplog.messages
    assert first.endswith("is locked by another process; the scheduler waits and tries again")
    assert last.startswith("the registry can be used again, after")


def test_a_lock_that_is_never_given_up_ends_the_loop(
    app: App, loop: Loop, clock: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    with locked(app), pytest.raises(RegistryBusyError) as caught:
        loop.run()

    assert caught.value.exit_code == 75
    waited = (clock.now() - START).total_seconds()
    assert LIMIT_SECONDS <= waited < LIMIT_SECONDS + 60
    assert len(caplog.messages) == 2  # at once, and once more while nothing changed


def test_a_registry_that_stays_read_only_ends_the_loop(app: App, loop: Loop) -> None:
    set_pragma(app, "query_only = ON")

    with pytest.raises(RegistryUnavailableError, match="readonly") as caught:
        loop.run()

    assert caught.value.exit_code == 75


def test_a_full_disk_is_waited_for_as_long_as_it_takes(
    app: App,
    loop: Loop,
    executor: ScriptedExecutor,
    clock: Waits,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # More than fits into pages that are there already.
    many = [place(make_task(f"t{n}"), now=START - HOUR, timezone="UTC") for n in range(99)]
    app.tasks.put(many, now=START)
    set_pragma(app, "max_page_count = 1")
    clock.plans[100] = lambda: set_pragma(app, "max_page_count = 1000000")
    clock.plans[119] = lambda: executor.succeed(app, executor.run_ids[0])
    clock.plans[120] = loop.stop.set

    loop.run()

    assert "disk is full; the scheduler waits and tries again" in caplog.text
    assert (clock.now() - START).total_seconds() > 2 * LIMIT_SECONDS
    assert app.runs.get(executor.run_ids[0]).outcome is Outcome.SUCCEEDED


def test_the_end_of_an_attempt_during_trouble_is_not_lost(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: Waits
) -> None:
    loop.tick()
    (run_id,) = executor.run_ids
    executor.end(run_id, exit_code=-9)
    with locked(app) as holder:
        clock.plans[5] = lambda: holder.execute("ROLLBACK")
        clock.plans[6] = loop.stop.set

        loop.run()

    run = app.runs.get(run_id)
    assert (run.state, run.error_kind) == (RunState.PENDING, "signal")
    assert run.peak_memory_bytes == 1000


def test_a_stop_that_was_asked_for_keeps_its_reason_through_trouble(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: Waits
) -> None:
    loop.tick()
    app.runs.request_cancel(1, now=clock.now())
    loop.tick()
    with locked(app) as holder:
        clock.plans[2] = lambda: holder.execute("ROLLBACK")
        clock.plans[5] = loop.stop.set

        loop.run()

    assert executor.stopped == [1]
    assert app.runs.get(1).outcome is Outcome.CANCELLED


def test_a_disk_that_fails_ends_the_loop_at_once(
    app: App, loop: Loop, executor: ScriptedExecutor, clock: Waits
) -> None:
    log = app.paths.database.with_name("stoma.db-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        with pytest.raises(RegistryIoError) as caught:
            loop.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert caught.value.exit_code == 75
    assert clock.number == 0
    assert executor.started == []


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_registry_that_is_moved_away_ends_the_loop_at_the_next_tick(
    app: App, executor: ScriptedExecutor, clock: Waits, suffix: str
) -> None:
    loop = Loop(app, executor, this_process("scheduler"), keeper=Housekeeper(app))
    file = app.paths.database.with_name(f"stoma.db{suffix}")
    clock.plans[3] = lambda: file.rename(file.with_name("elsewhere"))

    with pytest.raises(RegistryReplacedError) as caught:
        loop.run()

    assert caught.value.exit_code == 78
    assert clock.number == 3


def test_while_the_disk_is_nearly_full_no_run_starts_and_then_it_does(
    app: App, executor: ScriptedExecutor, clock: Waits
) -> None:
    def resources(free: int) -> Resources:
        return Resources(
            cpu_seconds=1.0, memory_bytes=1, open_files=1, load=0.0, cores=1, disk_free_bytes=free
        )

    room = [10**6]
    keeper = Housekeeper(app, lambda: resources(room[0]))
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=START)
    loop = Loop(app, executor, instance, keeper=keeper)
    seen: list[tuple[int, RunState]] = []
    clock.plans[20] = lambda: seen.append((len(executor.started), app.runs.get(1).state))
    clock.plans[21] = lambda: room.insert(0, 10**10)

    loop.run(until=START + MINUTE)

    assert seen == [(0, RunState.PENDING)]
    assert executor.run_ids == [1]


def test_an_attempt_that_the_registry_failed_is_tried_again() -> None:
    failure = failure_of(RegistryBusyError("stoma.db"))

    assert (failure.kind, failure.retryable) == ("registry", True)


def test_an_attempt_may_use_as_much_memory_as_its_task_says(
    app: App, loop: Loop, executor: ScriptedExecutor
) -> None:
    task = make_task("small", memory_limit_mb=64)
    app.tasks.add(place(task, now=START - HOUR, timezone="UTC"), now=START)

    loop.tick()

    limits = {spec.log_path.parent.name: spec.memory_bytes for spec in executor.started}
    assert limits == {"papers": None, "small": 64_000_000}


class Unlucky(ScriptedExecutor):
    """Can start nothing at first, and just then somebody locks the registry."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self.holder = sqlite3.connect(app.paths.database, isolation_level=None)

    def start(self, spec: AttemptSpec, wake: threading.Event) -> None:
        if not self.started and not self.holder.in_transaction:
            self.holder.execute("BEGIN IMMEDIATE")
            raise BlockingIOError(11, "Resource temporarily unavailable")
        super().start(spec, wake)


def test_what_is_written_down_as_started_is_started_when_trouble_is_over(
    app: App, clock: Waits
) -> None:
    executor = Unlucky(app)
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=START)
    app.tasks.add(place(make_task("second"), now=START - HOUR, timezone="UTC"), now=START)
    loop = Loop(app, executor, instance)
    clock.plans[5] = lambda: executor.holder.execute("ROLLBACK")

    loop.run(until=START + MINUTE)

    executor.holder.close()
    assert sorted(executor.run_ids) == [1, 2]
    assert executor.stopped == [1, 2]
