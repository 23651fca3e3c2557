"""The scheduler as a process of its own: killed, stopped, started twice."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stoma.app import App, open_app
from stoma.domain.ledger import Decision
from stoma.domain.run import Outcome, Run, RunState
from stoma.domain.task import OnInterrupt
from stoma.scheduler.placing import place
from stoma.settings import Loaded, child_environment, load_settings
from stoma.storage.read import reading
from stoma.storage.read_items import ItemFilter
from tests.feeds import paper_id, serve_pages
from tests.makers import make_firing, make_task
from tests.replay import ReplayServer, Seen, silent

#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 60.0
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class WatchedServer(ReplayServer):
    """Lets a test wait for a request, instead of for time to pass."""

    def __init__(self) -> None:
        super().__init__()
        self._arrived = threading.Condition()

    def choose(self, seen: Seen) -> object:  # type: ignore[override]
        answer = super().choose(seen)
        with self._arrived:
            self._arrived.notify_all()
        return answer

    def wait_for(self, requests: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.seen) >= requests, PATIENCE)


@pytest.fixture
def server() -> Iterator[WatchedServer]:
    with WatchedServer() as server:
        yield server


@pytest.fixture
def loaded(tmp_path: Path, server: WatchedServer) -> Loaded:
    return settings(tmp_path, server, drain_seconds=0.5)


def settings(home: Path, server: WatchedServer, *, drain_seconds: float) -> Loaded:
    overrides: Mapping[str, object] = {
        "sources.arxiv.base_url": server.url,
        "sources.github.base_url": server.url,
        "sources.github.trending_url": server.url,
        "sources.arxiv.interval_seconds": 0.0,
        "sources.arxiv.page_size": 10,
        "scheduler.drain_seconds": drain_seconds,
        "scheduler.check_interval_seconds": 0.05,
    }
    return load_settings(home=home, environ={}, overrides=overrides)


@contextmanager
def scheduler(loaded: Loaded, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stoma.scheduler.manager", *arguments],
        env={**os.environ, **child_environment(loaded)},
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)
        assert process.stderr is not None
        process.stderr.close()


def add_due(app: App, **fields: object) -> None:
    """Register a task whose one slot is due now: the rest of the test decides when it ends."""
    config = {"search_query": "testing", "max_results": 30, "sort_by": "relevance"}
    task = make_task(schedule="manual", config=config, **fields)
    app.tasks.add(place(task, now=LONG_AGO, timezone="UTC"), now=LONG_AGO)
    slot = Decision(state=RunState.PENDING, due_at=LONG_AGO)
    app.runs.fire([make_firing(slot, task_id=task.id)], now=LONG_AGO)


def stop(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> tuple[int, str]:
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def wait_until_done(app: App, run_id: int = 1) -> Run:
    """Return the run when it is over. Looks again at each commit of another process."""
    looks = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        run = app.runs.get(run_id)
        if run.state is RunState.DONE:
            return run
        looks.wait(0.02)
    raise AssertionError(f"run {run_id} did not end: {app.runs.get(run_id)}")


def collected(app: App) -> list[str]:
    with reading(app.paths.database) as reader:
        assert reader is not None
        return sorted(line.natural_id for line in reader.items.newest(ItemFilter(), limit=999))


@pytest.mark.parametrize("page", [1, 2, 3])
def test_kill_9_in_the_middle_of_a_run_loses_and_doubles_nothing(
    loaded: Loaded, server: WatchedServer, page: int
) -> None:
    serve_pages(server, pages=3, size=10)
    server.answer_request(page, silent())
    with open_app(loaded) as app:
        add_due(app)
        with scheduler(loaded) as first:
            server.wait_for(page)
            first.kill()
            first.wait(PATIENCE)
        assert len(collected(app)) == 10 * (page - 1)

        with scheduler(loaded) as second:
            run = wait_until_done(app)
            code, said = stop(second)

        assert (code, run.outcome, run.counts.new) == (0, Outcome.SUCCEEDED, 30)
        assert "run 1 of task papers was interrupted" in said
        assert [each.outcome for each in app.runs.attempts(1)] == [
            Outcome.INTERRUPTED,
            Outcome.SUCCEEDED,
        ]
        assert collected(app) == [paper_id(number) for number in range(30)]
        assert len(server.seen) == 4  # no page was asked for twice but the one that was cut off


def test_a_task_that_must_not_repeat_is_reported_as_interrupted(
    loaded: Loaded, server: WatchedServer
) -> None:
    server.answer("/api/query", silent())
    with open_app(loaded) as app:
        add_due(app, on_interrupt=OnInterrupt.REPORT)
        with scheduler(loaded) as first:
            server.wait_for(1)
            first.kill()
            first.wait(PATIENCE)

        with scheduler(loaded) as second:
            run = wait_until_done(app)
            stop(second)

    assert run.outcome is Outcome.INTERRUPTED
    assert len(server.seen) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_runs_end_and_exits_0(
    tmp_path: Path, server: WatchedServer, number: int
) -> None:
    loaded = settings(tmp_path, server, drain_seconds=PATIENCE)
    serve_pages(server, pages=3, size=10)
    with open_app(loaded) as app:
        add_due(app)
        with scheduler(loaded) as process:
            server.wait_for(3)
            code, said = stop(process, number)

        assert code == 0
        assert "scheduler stopped" in said
        assert app.runs.get(1).outcome is Outcome.SUCCEEDED
        assert app.instances.dead() == []


def test_a_run_that_does_not_end_in_time_is_interrupted_by_a_stop(
    loaded: Loaded, server: WatchedServer
) -> None:
    server.answer("/api/query", silent())
    with open_app(loaded) as app:
        add_due(app)
        with scheduler(loaded) as process:
            server.wait_for(1)
            code, _ = stop(process)

        run = app.runs.get(1)
        assert code == 0
        assert (run.state, run.reason) == (RunState.PENDING, "interrupted")


def test_a_hard_time_limit_ends_the_attempt(loaded: Loaded, server: WatchedServer) -> None:
    server.answer("/api/query", silent())
    with open_app(loaded) as app:
        add_due(app, timeout_seconds=1.0)
        app.database.close()
        with app.database.write() as connection:
            connection.exec_driver_sql("UPDATE runs SET max_attempts = 1")
        with scheduler(loaded) as process:
            run = wait_until_done(app)
            stop(process)

    assert (run.outcome, run.error_kind) == (Outcome.TIMED_OUT, "timed_out")


def test_a_second_scheduler_on_the_registry_is_refused(
    loaded: Loaded, server: WatchedServer
) -> None:
    server.answer("/api/query", silent())
    with open_app(loaded) as app:
        add_due(app)
        with scheduler(loaded) as first:
            server.wait_for(1)
            with scheduler(loaded) as second:
                _, said = second.communicate(timeout=PATIENCE)
            assert first.poll() is None

    assert second.returncode == 6
    assert f"another scheduler (process {first.pid}) is already running" in said


def test_an_attempt_that_is_killed_fails_as_a_signal_and_is_tried_again(
    loaded: Loaded, server: WatchedServer
) -> None:
    serve_pages(server, pages=3, size=10)
    server.answer_request(1, silent())
    with open_app(loaded) as app:
        add_due(app, retry_delay_seconds=0.01)
        with scheduler(loaded) as process:
            server.wait_for(1)
            (zygote,) = children(process.pid)
            (child,) = children(zygote)
            os.kill(child, signal.SIGKILL)
            run = wait_until_done(app)
            stop(process)

        assert run.outcome is Outcome.SUCCEEDED
        first = app.runs.attempts(1)[0]
        assert (first.error_kind, first.exit_code) == ("signal", -9)


def children(pid: int) -> list[int]:
    """Return the processes that *pid* started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def test_an_empty_registry_gets_the_default_preset(loaded: Loaded) -> None:
    with open_app(loaded) as app:
        with scheduler(loaded) as process:
            assert process.stderr is not None
            said = ""
            while "scheduler started" not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            stop(process)

        assert "loading preset 'default'" in said
        assert "arxiv_daily_trending" in {task.id for task in app.tasks.all()}
