"""A search that is asked again may be answered from what is kept; nothing else ever is."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.collection import CollectRequest
from stoma.domain.run import Outcome, Run
from stoma.domain.task import Json
from stoma.operations.running import run_task
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.answers import AnswerCache
from tests.fakes import START, FakeClock
from tests.feeds import papers, serve_pages
from tests.makers import make_firing, make_task
from tests.registries import opened_app
from tests.replay import ReplayServer, feed, page
from tests.unit.arxiv_made import Paper, channel, item, listing, record

HOUR = 3600.0


@pytest.fixture
def hours() -> float:
    return 6.0


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock, hours: float) -> Iterator[App]:
    overrides: dict[str, object] = {
        "sources.arxiv.base_url": server.url,
        "sources.arxiv.oai_url": f"{server.url}/oai",
        "sources.arxiv.rss_url": f"{server.url}/rss",
        "sources.arxiv.page_size": 10,
        "sources.arxiv.cache_hours": hours,
    }
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with opened_app(loaded, clock=clock) as app:
        yield app


def add(app: App, task_id: str = "papers", **config: Json) -> None:
    config = config or {"search_query": "testing", "max_results": 30}
    task = place(make_task(task_id, config=config), now=app.clock.now(), timezone="UTC")
    app.tasks.add(task, now=app.clock.now())


def attempt(app: App, run: Run) -> Run:
    claimed = app.runs.claim(run.id, owner="me", lease_until=START)
    assert claimed is not None
    return carry_out(app, app.runs.start(claimed, now=app.clock.now(), log_path=""))


def test_a_search_that_is_asked_again_costs_no_request(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)
    run_now(app, "papers")
    clock.sleep(5 * HOUR)

    again = run_now(app, "papers")

    assert (again.outcome, again.counts.unchanged, again.counts.updated) == (
        Outcome.SUCCEEDED, 30, 0,
    )  # fmt: skip
    assert (again.counts.requests, len(server.seen)) == (0, 3)


def test_another_task_with_the_same_query_is_spared_too(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)
    add(app, "others")

    runs = [run_now(app, name) for name in ("papers", "others")]

    assert [run.counts.requests for run in runs] == [3, 0]


def test_what_is_no_longer_fresh_is_asked_for(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)
    run_now(app, "papers")
    clock.sleep(6 * HOUR)

    assert run_now(app, "papers").counts.requests == 3


@pytest.mark.parametrize("hours", [0.0])
def test_without_the_setting_every_question_is_asked(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)

    runs = [run_now(app, "papers") for _ in range(2)]

    assert [run.counts.requests for run in runs] == [3, 3]
    assert (runs[1].counts.new, runs[1].counts.updated, runs[1].counts.unchanged) == (0, 0, 30)


def test_a_run_may_ask_for_new_answers(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)
    run_now(app, "papers")

    runs = [run_task(app, "papers", cached=cached).run for cached in (True, False)]

    assert [run.counts.requests for run in runs] == [0, 3]


def test_after_an_error_nothing_comes_from_the_cache(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)
    add(app, "others")
    run_now(app, "papers")
    with app.database.write() as connection:
        dropped = "UPDATE raw_answers SET body = x'', kept_bytes = 0 WHERE url LIKE '%start=20%'"
        connection.exec_driver_sql(dropped)
    server.answer_request(4, page("busy", 503))
    run = app.runs.add(make_firing(task_id="others", max_attempts=3), now=START)
    failed = attempt(app, run)
    clock.sleep(600)
    with app.database.write() as connection:  # as if it had come to nothing before the error
        connection.exec_driver_sql("UPDATE runs SET checkpoint = '{}' WHERE id = 2")

    done = attempt(app, app.runs.get(run.id))

    assert (failed.error_kind, failed.counts.requests) == ("source_failed", 0)
    assert (done.outcome, done.counts.requests) == (Outcome.SUCCEEDED, 3)


def test_harvests_and_lists_of_the_day_are_always_asked(app: App, server: ReplayServer) -> None:
    server.answer("/oai", feed(listing(record(Paper()))))
    server.answer("/rss/cs.AI", feed(channel(item(Paper()))))
    add(app, "harvest", mode="oai", categories=["cs.AI"])
    add(app, "daily", mode="rss", categories=["cs.AI"])

    runs = [run_now(app, name) for name in ("harvest", "harvest", "daily", "daily")]

    assert [run.counts.requests for run in runs] == [1, 1, 1, 1]


def test_a_kept_answer_is_the_one_that_was_given(app: App, server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 2)))
    add(app)
    run_now(app, "papers")
    asked = server.seen[0].params
    url = f"{server.url}/api/query?" + "&".join(f"{k}={v}" for k, v in asked.items())
    cache = AnswerCache(app.database, "arxiv", timedelta(hours=1))

    kept = cache.find(url, app.clock.now())

    assert kept is not None
    assert (kept.body, kept.url, kept.fetched_at) == (papers(0, 2), url, START)
    assert kept.media_type == "application/atom+xml"
    assert cache.find(f"{url}0", START) is None
    assert cache.find(url, START + timedelta(hours=1)) is None
    assert AnswerCache(app.database, "github", timedelta(hours=1)).find(url, START) is None


def test_nothing_is_kept_unless_somebody_keeps_it() -> None:
    assert CollectRequest(task_id="t", config={}).kept("http://x") is None
