"""An app on a registry in a temporary folder, and a source on the loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.task import Json, StoredTask
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from tests.fakes import FakeClock
from tests.makers import make_task
from tests.registries import opened_app
from tests.replay import ReplayServer


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock) -> Iterator[App]:
    loaded = load_settings(
        home=tmp_path,
        environ={},
        overrides={"sources.arxiv.base_url": server.url, "sources.arxiv.page_size": 10},
    )
    with opened_app(loaded, clock=clock) as app:
        yield app


def add(app: App, task_id: str = "papers", /, **fields: object) -> StoredTask:
    config: dict[str, Json] = {"search_query": "testing", "max_results": 30, "sort_by": "relevance"}
    task = make_task(task_id, **({"config": config} | fields))
    return app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())
