"""From request to row, in every mode: one paper, faults at every request, kills, the cache."""

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import func, select

from stoma.app import App
from stoma.domain.item import Identifier, ItemStatus
from stoma.domain.run import Outcome, Run
from stoma.domain.task import Json, StoredTask
from stoma.pipeline import Progress, query_key
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, OBSERVATIONS
from stoma.storage.read import reading
from stoma.storage.read_items import ItemFilter
from tests.fakes import START, FakeClock
from tests.makers import make_firing, make_task
from tests.registries import opened_app
from tests.replay import Answer, ReplayServer, cut_off, dropped, feed, page, slow_down
from tests.unit.arxiv_made import (
    RECORDINGS,
    Paper,
    atom,
    channel,
    deleted,
    item,
    listing,
    record,
)

SEARCH: dict[str, Json] = {"search_query": "cat:math.CO"}
OAI: dict[str, Json] = {"mode": "oai", "categories": ["math.CO"]}
RSS: dict[str, Json] = {"mode": "rss", "categories": ["math.CO"]}
MODES = {"search": SEARCH, "oai": OAI, "rss": RSS}
NOTHING = feed((RECORDINGS / "oai" / "nothing.xml").read_bytes())
BAD_TOKEN = feed((RECORDINGS / "oai" / "bad_token.xml").read_bytes())


def opened(home: Path, server: ReplayServer, clock: FakeClock, **settings: object) -> App:
    overrides = {
        "sources.arxiv.base_url": f"{server.url}/search",
        "sources.arxiv.oai_url": f"{server.url}/oai",
        "sources.arxiv.rss_url": f"{server.url}/rss",
    } | {f"sources.arxiv.{name}": value for name, value in settings.items()}
    return App(load_settings(home=home, environ={}, overrides=overrides), clock=clock)


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock) -> Iterator[App]:
    with opened_app(opened(tmp_path, server, clock).loaded, clock=clock) as app:
        for mode, config in MODES.items():
            add(app, mode, config)
        yield app


def add(app: App, task_id: str, config: dict[str, Json]) -> StoredTask:
    task = place(make_task(task_id, config=config), now=app.clock.now(), timezone="UTC")
    return app.tasks.add(task, now=app.clock.now())


def tell(server: ReplayServer, *papers: Paper) -> None:
    """Let every way tell of *papers*."""
    server._routes.clear()
    server.answer("/search/api/query", feed(atom(*papers)))
    server.answer("/oai", feed(listing(*map(record, papers))))
    server.answer("/rss/math.CO", feed(channel(*map(item, papers))))


def stored(app: App) -> list[tuple[str, str]]:
    """Every paper with its content's hash."""
    with app.database.read() as connection:
        rows = connection.execute(select(ITEMS.c.natural_id, ITEMS.c.content_hash))
        return sorted((row.natural_id, row.content_hash) for row in rows)


def count(app: App, table: object = ITEM_VERSIONS) -> int:
    with app.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def attempt(app: App, run: Run, on_page: Callable[[Progress], None] = lambda _: None) -> Run:
    claimed = app.runs.claim(run.id, owner="me", lease_until=START)
    assert claimed is not None
    started = app.runs.start(claimed, now=app.clock.now(), log_path="")
    return carry_out(app, started, on_page=on_page)


def queue(app: App, task_id: str) -> Run:
    return app.runs.add(make_firing(task_id=task_id, max_attempts=4), now=START)


def counts(run: Run) -> tuple[int, int, int]:
    return run.counts.new, run.counts.updated, run.counts.unchanged


# --- one paper --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(MODES)))
def test_by_turns_every_mode_tells_of_one_paper_and_then_nothing_new(
    app: App, server: ReplayServer, order: tuple[str, ...]
) -> None:
    tell(server, Paper())
    for mode in order:
        run_now(app, mode)
    known, versions = stored(app), count(app)

    again = [counts(run_now(app, mode)) for mode in [*order, *reversed(order)]]

    assert again == [(0, 0, 1)] * 6
    assert (stored(app), count(app)) == (known, versions)
    assert len(known) == 1


@pytest.mark.parametrize("mode", MODES)
def test_the_same_answer_again_stores_nothing_new(
    app: App, server: ReplayServer, mode: str
) -> None:
    tell(server, Paper(), Paper(id="2601.00002"))

    assert [counts(run_now(app, mode)) for _ in range(2)] == [(2, 0, 0), (0, 0, 2)]


def test_a_new_version_comes_by_any_way_and_an_old_one_takes_nothing_back(
    app: App, server: ReplayServer
) -> None:
    tell(server, Paper())
    run_now(app, "search")
    tell(server, Paper().revised(title="New", title_read="New"))
    announced = run_now(app, "rss")
    tell(server, Paper())
    old = [run_now(app, mode) for mode in ("rss", "search")]

    assert [counts(run) for run in (announced, *old)] == [(0, 1, 0), (0, 0, 1), (0, 0, 1)]
    with reading(app.paths.database) as reader:
        assert reader is not None
        (line,) = reader.items.newest(ItemFilter(), limit=9)
        assert (line.version_key, line.title) == ("v2", "New")


def test_announcements_are_a_series(app: App, server: ReplayServer) -> None:
    for kind, paper in (("new", Paper()), ("cross", Paper()), ("replace", Paper().revised())):
        server._routes.clear()
        server.answer("/rss/math.CO", feed(channel(item(paper, kind))))
        run_now(app, "rss")

    with app.database.read() as connection:
        seen = connection.execute(select(OBSERVATIONS.c.context, OBSERVATIONS.c.value)).all()
    assert sorted((row.context, row.value) for row in seen) == [
        ("cross", 1.0), ("new", 1.0), ("replace", 2.0),
    ]  # fmt: skip


def test_a_deleted_paper_is_marked_and_one_never_known_is_not(
    app: App, server: ReplayServer
) -> None:
    tell(server, Paper())
    run_now(app, "oai")
    server._routes.clear()
    gone = listing(deleted(Paper()), deleted(Paper(id="2601.77777")))
    server.answer("/oai", feed(gone))

    run = run_now(app, "oai")

    assert counts(run) == (0, 1, 0)
    with app.database.read() as connection:
        statuses = connection.execute(select(ITEMS.c.natural_id, ITEMS.c.status)).all()
    assert [(row.natural_id, row.status) for row in statuses] == [
        ("2601.00001", ItemStatus.DELETED)
    ]


def test_a_doi_that_is_added_comes_by_the_harvest(app: App, server: ReplayServer) -> None:
    tell(server, Paper())
    run_now(app, "search")
    tell(server, Paper(doi="10.5555/x"))

    assert counts(run_now(app, "oai")) == (0, 1, 0)
    with reading(app.paths.database) as reader:
        assert reader is not None
        shown = reader.items.find("10.5555/x")
        assert shown is not None
        assert Identifier("doi", "10.5555/x") in shown.identifiers


def test_a_search_that_did_not_catch_up_leaves_the_cursor_where_it_was(
    app: App, server: ReplayServer
) -> None:
    task = add(app, "since", {**SEARCH, "since_last": True, "overlap_days": 0, "max_results": 2})
    key = query_key(task)
    tell(server, Paper())
    run_now(app, "since")
    proven = app.items.cursor("since", key)
    later = [Paper(id=f"2601.{n:05d}", version=9) for n in range(10, 12)]
    server._routes.clear()
    server.answer("/search/api/query", feed(atom(*later, total=5)))

    run = run_now(app, "since")

    assert (run.outcome, run.counts.new) == (Outcome.PARTIAL, 2)
    assert run.detail == "max_results = 2 was reached before 2026-01-01 12:30 GMT"
    assert app.items.cursor("since", key) == proven


# --- one budget -------------------------------------------------------------------------------


def test_all_modes_share_three_seconds_and_one_connection(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    tell(server, Paper())

    for mode in (*MODES, *MODES):
        run_now(app, mode)

    assert sum(clock.slept) == pytest.approx(5 * 3.0)
    assert server.peak == 1
    assert {seen.path for seen in server.seen} == {"/search/api/query", "/oai", "/rss/math.CO"}


def test_a_mode_that_is_told_to_wait_waits_for_all(app: App, server: ReplayServer) -> None:
    tell(server, Paper())
    server.answer_request(1, slow_down("120"))

    first, second = run_now(app, "rss"), run_now(app, "oai")

    assert (first.error_kind, second.reason) == ("rate_limited", "budget")
    assert len(server.seen) == 1


# --- faults at every request of a harvest ------------------------------------------------------

PAPERS = [Paper(id=f"2601.{n:05d}") for n in range(6)]


def in_three(server: ReplayServer) -> None:
    pages = [listing(*map(record, PAPERS[n : n + 2]), token=f"t{n}" if n < 4 else "")
             for n in (0, 2, 4)]  # fmt: skip
    server.answer("/oai", feed(pages[1]), resumptionToken="t0")
    server.answer("/oai", feed(pages[2]), resumptionToken="t2")
    server.answer("/oai", feed(pages[0]), set="math:math:CO")


FAULTS: dict[str, Callable[[], Answer]] = {
    "cut off": lambda: cut_off(listing(record(PAPERS[0])), 300),
    "half an answer": lambda: feed(listing(record(PAPERS[0]))[:400]),
    "a page for people": lambda: page("<html><title>Maintenance</title></html>"),
    "a fault": lambda: page("busy", 503),
    "busy": lambda: page("busy", 503, **{"Retry-After": "7"}),
    "busy for long": lambda: page("busy", 503, **{"Retry-After": "7000"}),
    "slow down": slow_down,
    "no word": dropped,
    "expired": lambda: BAD_TOKEN,
    "gone from the list": lambda: NOTHING,
}


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (name, number)
        for name in FAULTS
        for number in (1, 2, 3)
        if number > 1 or name not in {"expired", "gone from the list"}  # these are about tokens
    ],
)
def test_a_fault_at_any_request_of_a_harvest_ends_in_the_same_papers(
    app: App, server: ReplayServer, clock: FakeClock, name: str, number: int
) -> None:
    in_three(server)
    server.answer_request(number, FAULTS[name]())
    run = queue(app, "oai")

    for _ in range(3):
        if run.outcome is None:
            run = attempt(app, run)
            clock.sleep(7 * 3600)

    assert run.outcome is Outcome.SUCCEEDED
    assert [natural_id for natural_id, _ in stored(app)] == [each.id for each in PAPERS]
    assert count(app) == 6
    task = app.tasks.get("oai")
    assert app.items.cursor("oai", query_key(task))[0] == {"responded_at": "2026-03-02T03:15:00Z"}


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("number", [1, 2])
def test_a_kill_between_two_pages_loses_and_doubles_nothing(
    app: App, server: ReplayServer, number: int
) -> None:
    in_three(server)
    run = queue(app, "oai")
    pages = iter(range(1, 4))

    def kill(_: Progress) -> None:
        if next(pages) == number:
            raise Killed

    with pytest.raises(Killed):
        attempt(app, run, kill)
    app.runs.interrupt(app.runs.get(run.id), now=START, again=True, error="")
    done = attempt(app, run)

    assert (done.outcome, done.counts.new, done.counts.unchanged) == (Outcome.SUCCEEDED, 6, 0)
    assert count(app) == 6
    assert len(server.seen) == 3


# --- nothing new ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["oai", "rss"])
def test_a_proven_nothing_is_no_suspicion(app: App, server: ReplayServer, mode: str) -> None:
    tell(server, Paper())
    run_now(app, mode)
    server._routes.clear()
    server.answer("/oai", NOTHING)
    server.answer("/rss/math.CO", feed((RECORDINGS / "rss" / "sunday.xml").read_bytes()))

    run = attempt(app, queue(app, mode))

    assert (run.outcome, run.detail, run.attempts) == (Outcome.EMPTY, "", 1)
    assert app.items.cursor(mode, query_key(app.tasks.get(mode)))[1] == 0


def test_an_empty_list_of_a_working_day_is_asked_for_again(app: App, server: ReplayServer) -> None:
    tell(server, Paper())
    run_now(app, "rss")
    server._routes.clear()
    server.answer("/rss/math.CO", feed(channel()))

    assert attempt(app, queue(app, "rss")).error_kind == "suspicious_empty"
