"""Runs of tasks of type github, from request to row: items, versions, series, cursors, pauses."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from stoma.app import App
from stoma.domain.run import Outcome, Run, RunState
from stoma.domain.task import Json, StoredTask
from stoma.pipeline import query_key
from stoma.presets import load_preset
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, OBSERVATIONS, RAW_ANSWERS
from tests.fakes import START, FakeClock
from tests.makers import make_firing, make_task
from tests.registries import opened_app
from tests.replay import ReplayServer, dropped, page
from tests.repositories import found, numbered, refused, release, repository, said, unchanged

RECORDINGS = Path(__file__).parents[1] / "recordings" / "github"
SEARCH = "/search/repositories"
TOKEN = "ghp_0123456789abcdef"
WATCH: dict[str, Json] = {"repositories": ["owner/repo"]}


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock) -> Iterator[App]:
    overrides = {
        "sources.github.base_url": server.url,
        "sources.github.trending_url": f"{server.url}/trending",
        "sources.github.token": TOKEN,
    }
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with opened_app(loaded, clock=clock) as app:
        yield app


def add(app: App, config: dict[str, Json], task_id: str = "repos") -> StoredTask:
    task = make_task(task_id, type="github", config=config)
    return app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())


def versions(app: App) -> int:
    with app.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(ITEM_VERSIONS)) or 0


def stored(app: App) -> dict[str, tuple[str, str, str]]:
    """Return kind, title and status of every item by its natural id."""
    with app.database.read() as connection:
        rows = connection.execute(select(ITEMS))
        return {row.natural_id: (row.kind, row.title, row.status) for row in rows}


def series(app: App, metric: str) -> list[float]:
    query = select(OBSERVATIONS.c.value).where(OBSERVATIONS.c.metric == metric)
    with app.database.read() as connection:
        return list(connection.scalars(query.order_by(OBSERVATIONS.c.observed_at)))


def counts(run: Run) -> tuple[int, int, int]:
    return run.counts.new, run.counts.updated, run.counts.unchanged


def serve_watch(server: ReplayServer, **other: Json) -> None:
    row = repository(1, **{"full_name": "owner/repo"} | other)
    server.answer("/repos/owner/repo", said(row, etag='"a"'))
    server.answer("/repositories/1/releases", said([release(5)], etag='"b"'))


# --- search -----------------------------------------------------------------------------------


def test_a_search_of_three_pages(app: App, server: ReplayServer) -> None:
    for number, first in (("1", 1), ("2", 101), ("3", 201)):
        server.answer(SEARCH, found(numbered(first, 100), 700), page=number)
    add(app, {"limit": 250})

    run = run_now(app, "repos")

    assert (run.outcome, counts(run)) == (Outcome.SUCCEEDED, (250, 0, 0))
    assert (run.counts.requests, run.counts.pages) == (3, 3)
    assert len(stored(app)) == 250


def test_the_same_repository_on_two_pages_is_one_item(app: App, server: ReplayServer) -> None:
    server.answer(SEARCH, found(numbered(1, 100), 200), page="1")
    server.answer(SEARCH, found(numbered(100, 100), 200), page="2")
    add(app, {"limit": 200})

    run = run_now(app, "repos")

    assert (len(stored(app)), counts(run)) == (199, (199, 0, 1))


def test_the_same_answer_again_stores_nothing_new(app: App, server: ReplayServer) -> None:
    server.answer(SEARCH, found(numbered(1, 30), 30))
    add(app, {})
    run_now(app, "repos")

    again = run_now(app, "repos")

    assert counts(again) == (0, 0, 30)
    assert versions(app) == 30
    assert len(series(app, "stars")) == 30


def test_stars_are_a_series_and_no_version(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    rows = [repository(1, stargazers_count=stars) for stars in (10, 10, 25)]
    server.answer(SEARCH, *(found([row], 1) for row in rows))
    add(app, {})

    runs = []
    for _ in rows:
        runs.append(run_now(app, "repos"))
        clock.advance(timedelta(days=1))

    assert [counts(run) for run in runs] == [(1, 0, 0), (0, 0, 1), (0, 0, 1)]
    assert versions(app) == 1
    assert series(app, "stars") == [10, 25]


def test_a_description_that_changes_is_a_version(app: App, server: ReplayServer) -> None:
    changed = repository(1, description="Other.")
    server.answer(SEARCH, found([repository(1)], 1), found([changed], 1))
    add(app, {})
    run_now(app, "repos")

    assert counts(run_now(app, "repos")) == (0, 1, 0)
    assert versions(app) == 2


def test_searches_are_paced_and_one_at_a_time(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    server.answer(SEARCH, found(numbered(1, 100), 300))
    add(app, {"limit": 300})

    run_now(app, "repos")

    assert clock.slept == [pytest.approx(2.1)] * 2
    assert server.peak == 1


def test_a_search_that_breaks_off_is_completed_by_a_later_attempt(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    for number, first in (("1", 1), ("2", 101)):
        server.answer(SEARCH, found(numbered(first, 100), 120), page=number)
    server.answer_request(2, dropped())
    task = add(app, {"limit": 120})
    run = app.runs.add(make_firing(task_id=task.id, max_attempts=3), now=START)

    def attempt() -> Run:
        claimed = app.runs.claim(run.id, owner="me", lease_until=START)
        assert claimed is not None
        return carry_out(app, app.runs.start(claimed, now=clock.now(), log_path=""))

    broken = attempt()
    clock.advance(timedelta(days=1))
    done = attempt()

    assert (broken.state, broken.error_kind) == (RunState.PENDING, "network")
    assert (done.outcome, len(stored(app))) == (Outcome.SUCCEEDED, 120)
    assert [seen.params["page"] for seen in server.seen] == ["1", "2", "2"]
    assert len({seen.params["q"] for seen in server.seen}) == 1


def test_incomplete_results_are_partial_and_move_no_cursor(app: App, server: ReplayServer) -> None:
    server.answer(SEARCH, found(numbered(1, 30), 30, True))
    task = add(app, {})

    run = run_now(app, "repos")

    assert (run.outcome, counts(run)) == (Outcome.PARTIAL, (30, 0, 0))
    assert app.items.cursor("repos", query_key(task)) == ({}, None)


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_fails_the_attempt_and_defers_whoever_comes_next(
    app: App, server: ReplayServer, clock: FakeClock, status: int
) -> None:
    reset = str(int(START.timestamp()) + 1800)
    limit = refused(
        "API rate limit exceeded", status, x_ratelimit_remaining="0", x_ratelimit_reset=reset
    )
    server.answer(SEARCH, limit, found(numbered(1, 30), 30))
    add(app, {})
    add(app, {"language": "Go"}, "others")

    first, second = run_now(app, "repos"), run_now(app, "others")

    assert (first.outcome, first.error_kind) == (Outcome.FAILED, "rate_limited")
    assert (second.state, second.reason, second.attempts) == (RunState.PENDING, "budget", 0)
    assert (second.not_before or START) - START == timedelta(seconds=1800)
    assert (len(server.seen), clock.slept) == (1, [])
    clock.advance(timedelta(seconds=1800))
    assert run_now(app, "repos").outcome is Outcome.SUCCEEDED


# --- watching ---------------------------------------------------------------------------------


def test_a_watched_repository_and_its_releases(app: App, server: ReplayServer) -> None:
    serve_watch(server)
    add(app, WATCH)

    run = run_now(app, "repos")

    assert (run.outcome, counts(run)) == (Outcome.SUCCEEDED, (2, 0, 0))
    assert stored(app) == {
        "1": ("repository", "owner/repo", "active"),
        "release/5": ("release", "owner/repo v5", "active"),
    }


def test_what_is_unchanged_is_a_success_and_no_version(app: App, server: ReplayServer) -> None:
    serve_watch(server)
    server.answer("/repositories/1", unchanged())
    add(app, {**WATCH, "releases": 0})
    run_now(app, "repos")

    run = run_now(app, "repos")

    assert (run.outcome, counts(run), run.counts.requests) == (Outcome.SUCCEEDED, (0, 0, 1), 1)
    assert server.seen[-1].headers["if-none-match"] == '"a"'
    assert versions(app) == 1


def test_a_renamed_repository_stays_one_item(app: App, server: ReplayServer) -> None:
    serve_watch(server)
    server.answer("/repositories/1", said(repository(1, full_name="heir/thing")))
    add(app, {**WATCH, "releases": 0})
    run_now(app, "repos")

    run = run_now(app, "repos")

    assert counts(run) == (0, 1, 0)
    assert stored(app) == {"1": ("repository", "heir/thing", "active")}
    assert "owner/repo is called heir/thing now" in Path(run.log_path).read_text()


def test_a_repository_that_is_gone_is_marked_and_keeps_its_history(
    app: App, server: ReplayServer
) -> None:
    serve_watch(server)
    gone, back = refused("Not Found", 404), said(repository(1, full_name="owner/repo"))
    server.answer("/repositories/1", gone, gone, back)
    add(app, {**WATCH, "releases": 0})
    run_now(app, "repos")
    server.answer_request(3, gone)
    server.answer_request(5, gone)

    lost, still, found_again = (run_now(app, "repos") for _ in range(3))

    assert [counts(run) for run in (lost, still, found_again)] == [(0, 1, 0), (0, 0, 1), (0, 1, 0)]
    assert lost.outcome is Outcome.SUCCEEDED
    assert stored(app)["1"] == ("repository", "owner/repo", "active")
    assert versions(app) == 2
    assert series(app, "stars") == [42]


def test_a_name_that_another_repository_took_over_is_a_second_item(
    app: App, server: ReplayServer
) -> None:
    serve_watch(server)
    server.answer("/repositories/1", refused("Not Found", 404))
    add(app, {**WATCH, "releases": 0})
    run_now(app, "repos")
    server.answer_request(3, said(repository(2, full_name="owner/repo")))

    run_now(app, "repos")

    assert stored(app) == {
        "1": ("repository", "owner/repo", "deleted"),
        "2": ("repository", "owner/repo", "active"),
    }


def test_a_limit_marks_nothing_as_gone(app: App, server: ReplayServer) -> None:
    serve_watch(server)
    server.answer("/repositories/1", refused("API rate limit exceeded", 403))
    add(app, {**WATCH, "releases": 0})
    run_now(app, "repos")

    assert run_now(app, "repos").error_kind == "rate_limited"
    assert stored(app)["1"] == ("repository", "owner/repo", "active")


def test_one_that_is_refused_makes_the_run_partial(app: App, server: ReplayServer) -> None:
    serve_watch(server)
    server.answer("/repos/a/b", refused("Resource protected by SAML", 403))
    add(app, {"repositories": ["a/b", "owner/repo"], "releases": 0})

    run = run_now(app, "repos")

    assert (run.outcome, counts(run)) == (Outcome.PARTIAL, (1, 0, 0))
    assert run.detail == "a/b: GitHub refuses the request: Resource protected by SAML"


def test_a_name_that_nobody_has_is_empty(app: App, server: ReplayServer) -> None:
    server.answer("/repos/owner/repo", refused("Not Found", 404))
    add(app, WATCH)

    run = run_now(app, "repos")

    assert run.outcome is Outcome.EMPTY
    assert "GitHub has no owner/repo" in Path(run.log_path).read_text()


# --- the trending page, and what two modes say of one repository --------------------------------


def test_a_repository_from_the_page_and_from_the_api_is_one_item(
    app: App, server: ReplayServer
) -> None:
    daily = (RECORDINGS / "trending_daily.html").read_text()
    orrery = repository(900000001, full_name="ada-example/orrery", homepage="https://example.org")
    quiet = repository(900000031, full_name="gus-example/quiet", description="Was here before.")
    server.answer(SEARCH, found([orrery, quiet], 2))
    server.answer("/trending", page(daily))
    add(app, {})
    add(app, {"source": "trending_page"}, "page")
    run_now(app, "repos")

    run = run_now(app, "page")

    assert (run.outcome, run.counts.items, run.counts.new) == (Outcome.SUCCEEDED, 3, 1)
    with app.database.read() as connection:
        query = select(ITEMS).where(ITEMS.c.natural_id == "900000031")
        row = connection.execute(query).one()
    assert (row.summary, row.extra["default_branch"]) == ("Was here before.", "main")
    assert "Python" in row.tags_text
    assert sorted(series(app, "trending_rank")) == [1, 2, 3]
    assert sorted(series(app, "stars_gained")) == [1, 1105]


def test_an_empty_trending_page_is_a_success_with_nothing(app: App, server: ReplayServer) -> None:
    daily, blank = (
        (RECORDINGS / f"trending_{name}.html").read_text() for name in ("daily", "blank")
    )
    server.answer("/trending", page(daily), page(blank))
    add(app, {"source": "trending_page"})

    assert run_now(app, "repos").outcome is Outcome.SUCCEEDED
    assert run_now(app, "repos").outcome is Outcome.EMPTY


# --- the token, the presets -----------------------------------------------------------------------


def test_the_token_is_sent_and_stored_nowhere(app: App, server: ReplayServer) -> None:
    serve_watch(server)
    add(app, WATCH)

    run = run_now(app, "repos")

    assert {seen.headers["authorization"] for seen in server.seen} == {f"token {TOKEN}"}
    assert TOKEN not in Path(run.log_path).read_text()
    with app.database.read() as connection:
        kept = connection.execute(select(RAW_ANSWERS.c.headers, RAW_ANSWERS.c.url)).all()
    assert TOKEN not in repr(kept)
    home = app.paths.database.parent
    assert not any(TOKEN.encode() in file.read_bytes() for file in home.glob("stoma.db*"))


@pytest.mark.parametrize("name", ["default", "development"])
def test_the_presets_run(app: App, server: ReplayServer, name: str) -> None:
    server.answer(SEARCH, found(numbered(1, 50), 50))
    preset = load_preset(name, [Path(__file__).parents[2] / "presets"])
    tasks = [task for task in preset.tasks if task.type == "github"]

    for task in tasks:
        add(app, dict(task.config), task.id)
        assert run_now(app, task.id).outcome is Outcome.SUCCEEDED

    assert tasks
