"""The sources of `tests.contract.sources` behind a real server, and a registry that asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from stoma.app import App
from stoma.domain.run import Run
from stoma.pipeline import Progress
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, OBSERVATIONS, TAGS, TASK_ITEMS
from stoma.testing import CollectorContract
from tests.fakes import START, FakeClock
from tests.makers import make_firing, make_task
from tests.registries import opened_app
from tests.replay import Answer, ReplayServer

Contract = type[CollectorContract]


def serve(server: ReplayServer, contract: Contract) -> ReplayServer:
    """Let *server* say what the played source of *contract* says."""
    for path, params, said in contract().source()._routes:
        answers = [
            Answer(each.body, each.status, {"Content-Type": each.media_type, **each.headers})
            for each in said
        ]
        server.answer(path, *answers, **params)
    return server


def overrides(contract: Contract, url: str) -> dict[str, object]:
    """Return the settings with which the source of *contract* is at *url*."""
    name = contract.collector.source
    places: dict[str, object] = {"base_url": url}
    least = 10 if name == "sec_edgar" else 1
    for key, value in contract.options.items():
        if key.endswith("_url"):
            places[key] = f"{url}/{str(value).partition('://')[2].partition('/')[2]}".rstrip("/")
        elif key == "page_size":
            places[key] = max(value, least) if isinstance(value, int) else value
    contact = {"sources.contact": "me@example.org"}
    return {**contact, **{f"sources.{name}.{key}": value for key, value in places.items()}}


@contextmanager
def registry(home: Path, contract: Contract, url: str) -> Iterator[tuple[App, FakeClock]]:
    """Open a registry with the task of *contract*, which finds its source at *url*."""
    clock = FakeClock(contract.now)
    loaded = load_settings(home=home, environ={}, overrides=overrides(contract, url))
    with opened_app(loaded, clock=clock) as app:
        task = make_task("t", type=contract.collector.source, config=dict(contract.config))
        if app.tasks.find("t") is None:
            app.tasks.add(place(task, now=clock.now(), timezone="UTC"), now=clock.now())
        yield app, clock


def queued(app: App) -> Run:
    """Return a run that may be tried four times."""
    return app.runs.add(make_firing(task_id="t", max_attempts=4), now=START)


def attempt(app: App, run: Run, on_page: Any = lambda _: None, *, owner: str = "me") -> Run:
    """Carry out one attempt."""
    claimed = app.runs.claim(run.id, owner=owner, lease_until=START)
    assert claimed is not None
    started = app.runs.start(claimed, now=app.clock.now(), log_path="")
    return carry_out(app, started, on_page=on_page)


class Killed(BaseException):
    """The process is gone."""


def kill_after(page: int) -> Any:
    """Return what ends the process after so many pages were stored."""
    pages = iter(range(1, page + 1))

    def kill(_: Progress) -> None:
        if next(pages) == page:
            raise Killed

    return kill


def rows(app: App) -> dict[str, list[tuple[Any, ...]]]:
    """Return what was collected, without when and by which run."""
    items, versions = ITEMS.c, ITEM_VERSIONS.c
    of = (items.source, items.natural_id)
    queries = {
        "items": select(*of, items.title, items.summary, items.status, items.content_hash),
        "versions": select(*of, versions.version_key, versions.content_hash, versions.content).join(
            ITEM_VERSIONS, versions.item_id == items.id
        ),
        "tags": select(*of, TAGS.c.term).join(TAGS, TAGS.c.item_id == items.id),
        "observations": select(*of, OBSERVATIONS.c.metric, OBSERVATIONS.c.value).join(
            OBSERVATIONS, OBSERVATIONS.c.item_id == items.id
        ),
        "tasks": select(*of, TASK_ITEMS.c.task_id).join(
            TASK_ITEMS, TASK_ITEMS.c.item_id == items.id
        ),
    }
    with app.database.read() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(query)), key=repr)
            for name, query in queries.items()
        }
