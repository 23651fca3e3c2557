"""A beat proves that the loop works: it stops when the loop is stuck, or blind."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.executors.base import AttemptEnd
from stoma.processes import this_process
from stoma.scheduler.heartbeat import Heartbeat
from stoma.scheduler.loop import Loop
from stoma.scheduler.placing import place
from stoma.scheduler.pulse import GRACE, Pulse
from stoma.service.notify import Notifier
from stoma.settings import load_settings
from stoma.settings.service import HeartbeatSettings
from stoma.storage.database import Database
from tests.executors import ScriptedExecutor
from tests.fakes import START, FakeClock
from tests.makers import make_task
from tests.systemd import Manager

WATCHDOG = 60.0


class StuckExecutor(ScriptedExecutor):
    """Does not return when it is asked what has ended, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck, self.free = threading.Event(), threading.Event()
        self.sticks = False

    def ended(self) -> list[AttemptEnd]:
        if self.sticks:
            self.stuck.set()
            assert self.free.wait(60)
        return super().ended()


class Waits(FakeClock):
    """Ends the loop at its so many-th wait."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 10
        self.at_end: threading.Event | None = None

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.left -= 1
        if self.left == 0 and self.at_end:
            self.at_end.set()
        return super().wait(event, seconds)


@pytest.fixture
def clock() -> Waits:
    return Waits()


@pytest.fixture
def app(tmp_path: Path, clock: Waits) -> Iterator[App]:
    loaded = load_settings(home=tmp_path / "home", environ={})
    (tmp_path / "home").mkdir()
    app = App(loaded, clock=clock, database=Database(loaded.paths.database, busy_timeout_seconds=0))
    app.database.open(now=START)
    yield app
    app.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with Manager(tmp_path) as manager:
        yield manager


def pulse_of(app: App, manager: Manager) -> Pulse:
    environ = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))}
    return Pulse(app, Notifier(environ))


def loop_of(app: App, pulse: Pulse, clock: Waits, executor: ScriptedExecutor | None = None) -> Loop:
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=START)
    loop = Loop(app, executor or ScriptedExecutor(), instance)
    loop.pulse = pulse
    clock.at_end = loop.stop
    return loop


def beats(heard: list[dict[str, str]]) -> int:
    return sum("WATCHDOG" in message and "STOPPING" not in message for message in heard)


def test_a_loop_at_work_beats_four_times_as_often_as_it_must(
    app: App, manager: Manager, clock: Waits
) -> None:
    clock.left = 121
    with pulse_of(app, manager) as pulse:
        loop_of(app, pulse, clock).run()

    assert beats(manager.waiting) == 9  # at 0, 15, ... 120 seconds


def test_a_long_pause_between_looks_does_not_silence_it(
    tmp_path: Path, manager: Manager, clock: Waits
) -> None:
    overrides = {"scheduler.check_interval_seconds": 60.0}
    app = App(load_settings(home=tmp_path, environ={}, overrides=overrides), clock=clock)
    app.database.open(now=START)
    with pulse_of(app, manager) as pulse:
        loop_of(app, pulse, clock).run()
    app.close()

    assert beats(manager.waiting) == 10  # at every look: after 15 seconds, not 60


def test_a_stuck_loop_stops_the_beat(app: App, manager: Manager, clock: Waits) -> None:
    executor = StuckExecutor()
    clock.left = 1_000_000
    with pulse_of(app, manager) as pulse:
        loop = loop_of(app, pulse, clock, executor)
        thread = threading.Thread(target=loop.run)
        thread.start()
        assert "WATCHDOG" in manager.hear()
        executor.sticks = True
        assert executor.stuck.wait(60)
        manager.waiting  # noqa: B018 - what was said before
        clock.advance(timedelta(seconds=3 * WATCHDOG))
        silence = manager.waiting
        executor.sticks = False
        loop.stop.set()
        executor.free.set()
        thread.join(60)

    assert silence == []


def test_trouble_with_the_registry_that_is_waited_out_is_no_hang(
    app: App, manager: Manager, clock: Waits
) -> None:
    app.tasks.add(place(make_task(), now=START - timedelta(hours=1), timezone="UTC"), now=START)
    clock.left = 12
    with pulse_of(app, manager) as pulse:
        loop = loop_of(app, pulse, clock)
        holder = sqlite3.connect(app.paths.database, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")  # from its first look on
        loop.run()
    holder.close()

    waiting = [
        message for message in manager.waiting if message.get("STATUS", "").startswith("waiting:")
    ]
    assert len(waiting) >= 5
    assert all("WATCHDOG" in message for message in waiting)
    assert "is locked by another process" in waiting[0]["STATUS"]


def test_a_slot_that_is_never_decided_stops_the_beat(
    app: App, manager: Manager, clock: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    app.tasks.add(place(make_task(), now=START - timedelta(hours=1), timezone="UTC"), now=START)
    with pulse_of(app, manager) as pulse:
        for _ in range(int(GRACE.total_seconds() * 3)):  # a loop that looks, and does not see it
            pulse.beat(0)
            clock.advance(timedelta(seconds=1))
        before = manager.waiting
        app.tasks.remove("papers")
        pulse.beat(0)
        after = manager.waiting

    assert beats(before) == 4  # at 0, 15, 30 and 45 seconds
    assert before[-1]["STATUS"].endswith("is not decided")
    assert beats(after) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_slots_that_are_decided_one_after_the_other_are_no_hang(
    app: App, manager: Manager, clock: Waits
) -> None:
    ids = [f"papers_{hours:02}" for hours in range(12, 2, -1)]
    for task_id in ids:
        late = START - timedelta(hours=int(task_id[-2:]))
        app.tasks.add(place(make_task(task_id), now=late, timezone="UTC"), now=START)
    with pulse_of(app, manager) as pulse:
        for task_id in ids:  # all are long past, and it takes half a minute to decide each
            clock.advance(timedelta(seconds=30))
            pulse.beat(0)
            app.tasks.remove(task_id)

    assert beats(manager.waiting) == len(ids)


def test_what_is_read_anew_is_told(app: App, manager: Manager) -> None:
    with pulse_of(app, manager) as pulse, pulse.reloading():
        begun = manager.waiting

    assert begun[0]["RELOADING"] == "1"
    assert begun[0]["MONOTONIC_USEC"].isdigit()
    assert manager.waiting == [{"READY": "1"}]


def test_the_state_is_told_in_words(app: App, manager: Manager, clock: Waits) -> None:
    app.tasks.add(place(make_task(), now=START, timezone="UTC"), now=START)
    with pulse_of(app, manager) as pulse:
        pulse.ready()
        pulse.beat(2)
        pulse.drain(2, 30)
        pulse.drain(0, 30)

    said = [message["STATUS"] for message in manager.waiting]
    assert said == [
        "idle; next slot 2026-03-02 13:00:00 UTC",
        "2 run(s) at work; next slot 2026-03-02 13:00:00 UTC",
        "stopping: 2 run(s) may end",
        "stopping: ending",
    ]


def test_an_error_that_ends_the_scheduler_is_told_to_both(app: App, manager: Manager) -> None:
    asked: list[tuple[str, str]] = []
    settings = HeartbeatSettings.model_validate({"url": "https://example.org/x?y=1"})
    heart = Heartbeat(settings, app.secrets, lambda url, text, _: asked.append((url, text)))
    pulse = Pulse(app, Notifier({"NOTIFY_SOCKET": manager.address}), heart)

    with pytest.raises(RuntimeError), pulse:
        raise RuntimeError("the disk is gone")

    assert manager.waiting == [{"STATUS": "ended: the disk is gone"}]
    assert asked == [
        ("https://example.org/x/fail?y=1", "the scheduler has ended: the disk is gone")
    ]
