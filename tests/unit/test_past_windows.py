"""A run of a slot of the past asks its source for the time of that slot, and moves no cursor."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.ledger import Decision
from stoma.domain.run import Outcome, Run, RunState, Trigger
from stoma.domain.task import Json
from stoma.domain.window import SINCE
from stoma.pipeline import query_key
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from tests.edgar import Made, serve_index, serve_latest
from tests.fakes import START, FakeClock
from tests.feeds import papers
from tests.makers import make_firing, make_task
from tests.registries import opened_app
from tests.replay import ReplayServer, feed
from tests.repositories import found, numbered
from tests.unit.arxiv_made import RECORDINGS

DAY = timedelta(days=1)
#: A Wednesday; now is the Monday after it.
SLOT = START - 5 * DAY


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer) -> Iterator[App]:
    sites = {
        "arxiv": {"base_url": "", "oai_url": "/oai", "rss_url": "/rss"},
        "github": {"base_url": "", "trending_url": "/trending"},
        "sec_edgar": {"base_url": "", "data_url": "", "search_url": ""},
    }
    overrides: dict[str, object] = {
        f"sources.{source}.{name}": f"{server.url}{path}"
        for source, names in sites.items()
        for name, path in names.items()
    }
    overrides["sources.contact"] = "you@example.org"
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with opened_app(loaded, clock=FakeClock()) as app:
        yield app


def add(app: App, kind: str, config: dict[str, Json]) -> None:
    task = make_task(type=kind, config=config, schedule="daily_at_12:00", timezone="UTC")
    app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())


def run(app: App, trigger: Trigger = Trigger.BACKFILL, **params: Json) -> Run:
    decision = Decision(state=RunState.PENDING, due_at=SLOT, trigger=trigger, params=params)
    now = app.clock.now()
    claimed = app.runs.add(make_firing(decision), now=now, owner="me", lease_until=now)
    return carry_out(app, app.runs.start(claimed, now=now, log_path=""))


def cursor(app: App) -> dict[str, Json]:
    return app.items.cursor("papers", query_key(app.tasks.get("papers")))[0]


@pytest.mark.parametrize("config", [{}, {"since_last": True}])
def test_arxiv_is_asked_for_what_was_submitted_then(
    app: App, server: ReplayServer, config: dict[str, Json]
) -> None:
    add(app, "arxiv", {"search_query": "cat:cs.SE", **config})
    server.answer("/api/query", feed(papers(0, 3)))

    ended = run(app)

    assert (ended.outcome, ended.counts.new) == (Outcome.SUCCEEDED, 3)
    assert server.seen[0].params["search_query"] == (
        "(cat:cs.SE) AND submittedDate:[202602241200 TO 202602251200]"
    )
    assert cursor(app) == {}


def test_a_run_that_stands_for_missed_slots_is_no_run_of_the_past(
    app: App, server: ReplayServer
) -> None:
    add(app, "arxiv", {"search_query": "cat:cs.SE"})
    server.answer("/api/query", feed(papers(0, 3)))

    run(app, Trigger.CATCH_UP, **{SINCE: (SLOT - 3 * DAY).isoformat()})

    assert server.seen[0].params["search_query"] == "cat:cs.SE"
    assert cursor(app) != {}


def test_arxiv_is_harvested_between_two_days(app: App, server: ReplayServer) -> None:
    add(app, "arxiv", {"mode": "oai", "categories": ["cs.SE"]})
    server.answer("/oai", feed((RECORDINGS / "oai" / "nothing.xml").read_bytes()))

    assert run(app).outcome is Outcome.EMPTY

    params = server.seen[0].params
    assert (params["from"], params["until"]) == ("2026-02-24", "2026-02-25")
    assert cursor(app) == {}


def test_github_is_searched_for_what_was_created_then(app: App, server: ReplayServer) -> None:
    add(app, "github", {"language": "python"})
    server.answer("/search/repositories", found(numbered(1, 2), 2))

    assert run(app).outcome is Outcome.SUCCEEDED

    assert "created:2026-02-24..2026-02-25" in server.seen[0].params["q"]
    assert cursor(app) == {}


def test_of_edgar_only_the_indexes_of_those_days_are_read(app: App, server: ReplayServer) -> None:
    add(app, "sec_edgar", {"filing_type": "8-K"})
    then, later = Made("8-K", 1, filed="2026-02-25"), Made("8-K", 2, filed="2026-02-26")
    serve_latest(server, "8-K", [later])
    serve_index(server, "2026-02-25", [then, later])

    ended = run(app)

    assert (ended.outcome, ended.counts.new) == (Outcome.SUCCEEDED, 1)
    assert all("master.2026022" in each.path for each in server.seen)
    assert cursor(app) == {}


def test_of_edgar_today_is_read_as_ever(app: App, server: ReplayServer) -> None:
    add(app, "sec_edgar", {"filing_type": "8-K"})
    serve_latest(server, "8-K", [Made("8-K", 1, filed="2026-03-02")])
    now = app.clock.now()
    decision = Decision(state=RunState.PENDING, due_at=START, trigger=Trigger.BACKFILL)
    claimed = app.runs.add(make_firing(decision), now=now, owner="me", lease_until=now)

    ended = carry_out(app, app.runs.start(claimed, now=now, log_path=""))

    assert ended.counts.new == 1


@pytest.mark.parametrize(
    ("kind", "config", "words"),
    [
        ("arxiv", {"mode": "rss", "categories": ["cs.SE"]}, "the daily feed tells of today only"),
        ("arxiv", {"ids": ["2203.00001"]}, "the same for every slot"),
        ("github", {"source": "trending_page"}, "of today only"),
        ("github", {"repositories": ["python/cpython"]}, "of today only"),
        ("github", {"query": "created:>2026-01-01"}, "says itself since when"),
    ],
)
def test_what_can_not_be_asked_of_the_past_fails_and_says_so(
    app: App, server: ReplayServer, kind: str, config: dict[str, Json], words: str
) -> None:
    add(app, kind, config)

    ended = run(app)

    assert (ended.outcome, ended.error_kind) == (Outcome.FAILED, "refused")
    assert words in ended.error
    assert server.seen == []
