"""A collection from request to row, under every kind of bad answer."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from stoma.app import App
from stoma.domain.run import Outcome, Run, RunState
from stoma.domain.task import StoredTask
from stoma.exceptions import TaskRunningError
from stoma.pipeline import query_key
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.now import run_now
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS
from stoma.storage.read import reading
from stoma.storage.read_items import ItemFilter
from stoma.storage.tasks import Next, Placed
from tests.fakes import START, FakeClock
from tests.feeds import page, paper_id, papers, serve_pages
from tests.integration.conftest import add
from tests.makers import make_firing, make_task
from tests.replay import (
    Answer,
    ReplayServer,
    bomb,
    cut_off,
    dropped,
    feed,
    slow_down,
    torn,
)
from tests.replay import page as html


def collected(app: App) -> list[str]:
    with reading(app.paths.database) as reader:
        assert reader is not None
        return sorted(line.natural_id for line in reader.items.newest(ItemFilter(), limit=999))


def rows(app: App) -> tuple[int, int]:
    with app.database.read() as connection:
        items = connection.scalar(select(func.count()).select_from(ITEMS)) or 0
        return items, connection.scalar(select(func.count()).select_from(ITEM_VERSIONS)) or 0


def attempt(app: App, run: Run) -> Run:
    claimed = app.runs.claim(run.id, owner="me", lease_until=START)
    assert claimed is not None
    return carry_out(app, app.runs.start(claimed, now=app.clock.now(), log_path=""))


def queue(app: App, task: StoredTask, max_attempts: int = 4) -> Run:
    return app.runs.add(make_firing(task_id=task.id, max_attempts=max_attempts), now=START)


ALL = [paper_id(number) for number in range(30)]


def test_three_pages_become_thirty_items(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)

    run = run_now(app, "papers")

    assert (run.outcome, run.counts.new, run.counts.requests) == (Outcome.SUCCEEDED, 30, 3)
    assert collected(app) == ALL


def test_the_same_answer_again_stores_nothing_new(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)
    run_now(app, "papers")
    before = rows(app)

    again = run_now(app, "papers")

    assert (again.counts.new, again.counts.updated, again.counts.unchanged) == (0, 0, 30)
    assert rows(app) == before == (30, 30)


def test_requests_are_three_seconds_apart_across_runs(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)

    for _ in range(2):
        run_now(app, "papers")

    assert sum(clock.slept) == pytest.approx(15.0)
    assert server.peak == 1


def test_a_new_version_is_an_update_of_the_same_paper(app: App, server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 5)), feed(papers(0, 5, version=2)))
    add(app)
    run_now(app, "papers")

    run = run_now(app, "papers")

    assert run.counts.updated == 5
    assert rows(app) == (5, 10)


_ERROR = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>https://arxiv.org/api/errors#x</id>'
    b"<title>Error</title><summary>incorrect id format for abc</summary></entry></feed>"
)
BAD: dict[str, tuple[Callable[[], Answer], str]] = {
    "error feed": (
        lambda: Answer(_ERROR, 400, {"Content-Type": "application/atom+xml"}),
        "refused",
    ),
    "error feed with status 200": (lambda: feed(_ERROR), "refused"),
    "a page with status 200": (
        lambda: html("<html><title>Maintenance</title></html>"),
        "bad_answer",
    ),
    "a block page": (lambda: html("<html>Access denied</html>", 403), "blocked"),
    "slow down": (slow_down, "rate_limited"),
    "slow down, in words": (lambda: html("Rate exceeded."), "rate_limited"),
    "a fault": (lambda: html("<html>oops</html>", 503), "source_failed"),
    "cut off": (lambda: cut_off(papers(0, 10), 600), "bad_answer"),
    "half a feed": (lambda: feed(papers(0, 10)[:900]), "bad_answer"),
    "nothing at all": (lambda: feed(b""), "bad_answer"),
    "no entries, yet results": (lambda: feed(papers(0, 0, total=500)), "bad_answer"),
    "no word": (dropped, "network"),
    "torn down": (torn, "network"),
    "a bomb": (lambda: bomb(200 * 2**20), "bad_answer"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_bad_answer_fails_the_attempt_and_a_later_one_completes_it(
    app: App, server: ReplayServer, clock: FakeClock, name: str, number: int
) -> None:
    answer, kind = BAD[name]
    serve_pages(server, pages=3, size=10)
    server.answer_request(number, answer())
    task = add(app)
    run = queue(app, task)

    failed = attempt(app, run)

    assert failed.error_kind == kind
    assert collected(app) == ALL[: 10 * (number - 1)]
    assert app.items.cursor("papers", query_key(task)) == ({}, None)
    if failed.state is RunState.DONE:  # the same request would be refused again
        assert failed.outcome is Outcome.FAILED
        app.runs.reopen(run.id, max_attempts=1, reason="user")
    clock.sleep(7 * 3600)
    done = attempt(app, run)
    assert (done.outcome, done.counts.new) == (Outcome.SUCCEEDED, 30)
    assert collected(app) == ALL
    assert len(server.seen) == 4  # it went on after the last stored page


def test_an_empty_answer_is_empty_and_moves_the_cursor(app: App, server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 0)))
    task = add(app)

    run = run_now(app, "papers")

    assert (run.outcome, run.counts.items) == (Outcome.EMPTY, 0)
    assert app.items.cursor("papers", query_key(task))[1] == 0


def test_a_suspicious_empty_is_asked_again_before_it_is_believed(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    server.answer("/api/query", feed(papers(0, 10)), feed(papers(0, 0)))
    task = add(app)
    run_now(app, "papers")
    proven = app.items.cursor("papers", query_key(task))
    run = queue(app, task, max_attempts=2)

    first = attempt(app, run)
    clock.sleep(3600)
    second = attempt(app, run)

    assert (first.state, first.error_kind) == (RunState.PENDING, "suspicious_empty")
    assert second.outcome is Outcome.EMPTY
    assert "10 items the last time" in second.detail
    assert app.items.cursor("papers", query_key(task)) == proven


def test_the_cursor_moves_with_the_last_page(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)
    task = add(app)

    run_now(app, "papers")

    cursor, items = app.items.cursor("papers", query_key(task))
    assert cursor["newest_updated_at"] == "2026-01-01T00:00:00Z"
    assert items == 30


def test_a_source_that_asks_to_wait_is_not_asked_by_anybody(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    server.answer("/api/query", slow_down("120"), page(0, pages=1, size=10))
    add(app)
    add(app, "others")

    first = run_now(app, "papers")
    second = run_now(app, "others")

    assert first.error_kind == "rate_limited"
    assert (second.state, second.reason, second.attempts) == (RunState.PENDING, "budget", 0)
    assert len(server.seen) == 1
    clock.sleep(120)
    assert run_now(app, "papers").outcome is Outcome.SUCCEEDED


def test_no_network_is_one_clear_line(app: App, server: ReplayServer) -> None:
    server.__exit__(None, None, None)
    add(app)

    run = run_now(app, "papers")

    assert (run.outcome, run.error_kind) == (Outcome.FAILED, "network")
    assert run.error.startswith("no answer from 127.0.0.1")
    assert "\n" not in run.error


def test_a_task_that_is_running_is_not_started_again(app: App) -> None:
    task = add(app)
    run = app.runs.add(make_firing(task_id=task.id), now=START, owner="me", lease_until=START)
    app.runs.start(run, now=START, log_path="")

    with pytest.raises(TaskRunningError) as caught:
        run_now(app, "papers")

    assert caught.value.exit_code == 6


def test_a_type_that_is_no_longer_installed_fails_and_says_so(app: App) -> None:
    task = make_task(type="gone", config={})
    app.tasks.add(Placed(task=task, next=Next()), now=START)

    run = run_now(app, "papers")

    assert (run.outcome, run.error_kind) == (Outcome.FAILED, "config")
    assert "unknown collector 'gone'" in run.error


def test_no_results_asked_for_is_an_empty_collection(app: App, server: ReplayServer) -> None:
    add(app, config={"search_query": "testing", "max_results": 0})

    assert run_now(app, "papers").outcome is Outcome.EMPTY
    assert server.seen == []


def test_a_run_has_a_log_of_its_own(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)
    add(app)

    run = run_now(app, "papers")

    lines = app.log_path("papers", run.id).read_text().splitlines()
    assert run.log_path == str(app.log_path("papers", run.id))
    assert "attempt 1 started" in lines[0]
    assert lines[-1].endswith("succeeded")
