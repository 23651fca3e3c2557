"""A task run by hand: its hard limit, its log, and what is left when somebody stops it."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.run import Outcome
from stoma.operations.control import cancel_run
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from tests.fakes import FakeClock
from tests.feeds import papers
from tests.makers import make_task
from tests.registries import opened_app
from tests.replay import Answer, ReplayServer

#: Never asks for anything, and never ends: no deadline of a request can end it.
SPINNING = """
from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.item import ItemKind

class Spinning(BaseCollector):
    source, kind, normalizer = "spinning", ItemKind.OTHER, "arxiv"
    base_url = "http://127.0.0.1:9"

    def collect(self, request, gate):
        while True:
            yield from ()
"""


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock) -> Iterator[App]:
    overrides = {"sources.arxiv.base_url": server.url}
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with opened_app(loaded, clock=clock) as app:
        yield app


def add(app: App, **fields: object) -> None:
    task, now = make_task(schedule="manual", **fields), app.clock.now()
    app.tasks.add(place(task, now=now, timezone="UTC", own=app.own), now=now)


def write(app: App, name: str, text: str) -> str:
    folder = app.own.folders[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return f"{name}:{name.removesuffix('.py').capitalize()}"


def test_what_hangs_is_ended_at_its_limit(app: App) -> None:
    kind = write(app, "spinning.py", SPINNING)
    add(app, type=kind, config={}, timeout_seconds=0.001)

    run = run_now(app, "papers")

    assert (run.outcome, run.error_kind) == (Outcome.TIMED_OUT, "timed_out")
    assert run.error == "stopped after its time limit of 0.001 s"
    assert app.instances.dead() == []


def test_inside_a_program_a_run_can_be_cancelled_and_the_program_goes_on(
    app: App, server: ReplayServer
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def late(server: ReplayServer) -> Iterator[bytes]:
        asked.set()
        go_on.wait(60)
        body = papers(0, 5)
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\n"
        yield f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    server.answer("/api/query", Answer(raw=late))
    add(app, config={"search_query": "x"})
    ended: list[object] = []
    thread = threading.Thread(target=lambda: ended.append(run_now(app, "papers")), daemon=True)
    thread.start()
    assert asked.wait(60)

    cancelled = cancel_run(app, 1)

    go_on.set()  # what it gets now, nobody wants any more
    thread.join(60)
    assert cancelled.run.outcome is Outcome.CANCELLED
    assert ended == [app.runs.get(1)]
    assert app.runs.get(1).counts.new == 0


def test_without_a_place_for_its_log_a_run_goes_on(app: App) -> None:
    add(app, config={"search_query": "x", "max_results": 0})
    logs = app.paths.logs_dir
    shutil.rmtree(logs, ignore_errors=True)
    logs.parent.mkdir(parents=True, exist_ok=True)
    logs.write_text("in the way")

    assert run_now(app, "papers").outcome is Outcome.EMPTY
