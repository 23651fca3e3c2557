"""Filings from request to row: one item for each, however often and wherever it is seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from stoma.app import App
from stoma.domain.run import Outcome, Run, RunState
from stoma.domain.task import Json
from stoma.pipeline import query_key
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, RELATIONS
from stoma.storage.read import reading
from stoma.storage.read_items import ItemDetail
from tests.edgar import (
    SEARCH,
    Made,
    company,
    company_path,
    headers_path,
    hits,
    insider,
    page,
    recorded,
    replay,
    serve_index,
    serve_latest,
    serve_texts,
)
from tests.fakes import START, FakeClock
from tests.makers import make_firing, make_task
from tests.registries import opened_app
from tests.replay import Answer, ReplayServer, dropped

FRIDAY = "2026-02-27"
DAY = 24 * 3600.0
REPORT = Made("8-K", 1, items=("7.01",))


@contextmanager
def opened(home: Path, server: ReplayServer, clock: FakeClock, contact: str) -> Iterator[App]:
    sites = ("base_url", "data_url", "search_url")
    overrides = {f"sources.sec_edgar.{name}": server.url for name in sites}
    loaded = load_settings(
        home=home, environ={}, overrides={**overrides, "sources.contact": contact}
    )
    with opened_app(loaded, clock=clock) as app:
        yield app


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock) -> Iterator[App]:
    with opened(tmp_path, server, clock, "you@example.org") as app:
        yield app


def add(app: App, task_id: str, **config: Json) -> str:
    task = make_task(task_id, type="sec_edgar", config=config)
    app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())
    return task_id


def rows(app: App) -> tuple[int, int]:
    with app.database.read() as connection:
        items = connection.scalar(select(func.count()).select_from(ITEMS)) or 0
        return items, connection.scalar(select(func.count()).select_from(ITEM_VERSIONS)) or 0


def item(app: App, name: str) -> ItemDetail:
    with reading(app.paths.database) as reader:
        assert reader is not None
        found = reader.items.find(name)
    assert found is not None
    return found


def extra(found: ItemDetail) -> Any:
    return found.extra


def attempt(app: App, run: Run) -> Run:
    claimed = app.runs.claim(run.id, owner="me", lease_until=START)
    assert claimed is not None
    return carry_out(app, app.runs.start(claimed, now=app.clock.now(), log_path=""))


def test_without_an_address_nothing_is_asked(
    tmp_path: Path, server: ReplayServer, clock: FakeClock
) -> None:
    with opened(tmp_path, server, clock, "") as app:
        run = run_now(app, add(app, "t"))

    assert (run.outcome, run.error_kind) == (Outcome.FAILED, "needs_configuration")
    assert "stoma config set sources.contact you@example.org" in run.error
    assert server.seen == []


def test_the_config_of_the_reference_collects(app: App, server: ReplayServer) -> None:
    serve_latest(server, "8-K", [REPORT, Made("8-K", 2), Made("8-K12B", 3)])
    serve_index(server, FRIDAY, [Made("8-K", 4, filed=FRIDAY)])

    run = run_now(app, add(app, "t", days_back=1, filing_type="8-K"))

    assert (run.outcome, run.counts.new, run.counts.pages) == (Outcome.SUCCEEDED, 3, 2)
    found = item(app, REPORT.accession)
    assert found.line.title == "8-K — Acme Doors, Inc."
    assert server.seen[0].headers["user-agent"].endswith("(+you@example.org)")


def test_nothing_new_is_empty_beyond_doubt_and_moves_the_cursor(
    app: App, server: ReplayServer
) -> None:
    serve_latest(server, "8-K", [REPORT])
    serve_index(server, FRIDAY, [])
    add(app, "t", filing_type="8-K")
    run_now(app, "t")
    before = rows(app)

    again = run_now(app, "t")

    assert (again.outcome, again.counts.items, again.attempts) == (Outcome.EMPTY, 0, 1)
    assert rows(app) == before == (1, 1)


def test_one_filing_in_four_answers_is_one_item(app: App, server: ReplayServer) -> None:
    serve_latest(server, "8-K", [REPORT])
    serve_latest(server, "", [Made("10-K", 9)])
    serve_index(server, FRIDAY, [REPORT])
    listed = company([REPORT], reportDate=["2026-02-28"], primaryDocument=["a.htm"], items=["7.01"])
    server.answer(company_path(700001), listed)
    server.answer(SEARCH, hits([REPORT]))
    tasks = [
        add(app, "latest", filing_type="8-K"),
        add(app, "index"),
        add(app, "company", ciks=["700001"]),
        add(app, "search", query="door"),
    ]

    runs = [run_now(app, task) for task in tasks]

    assert [run.outcome for run in runs] == [Outcome.SUCCEEDED] * 4
    assert rows(app) == (2, 3)  # the company's list added a period and a document, once
    found = item(app, REPORT.accession)
    assert found.line.title == "8-K — Acme Doors, Inc."
    assert found.line.published_at is not None
    assert extra(found)["period"] == "2026-02-28"
    assert extra(found)["document"] == "a.htm"
    assert extra(found)["items"] == ["7.01"]
    assert [(each.name, each.role) for each in found.contributors] == [
        ("Acme Doors, Inc.", "filer")
    ]


def test_an_ownership_form_is_whole_and_stays_whole(app: App, server: ReplayServer) -> None:
    made = [insider(1)]
    serve_latest(server, "4", made)
    serve_latest(server, "", made)
    serve_index(server, FRIDAY, [])
    serve_texts(server, made)
    run = run_now(app, add(app, "insiders", filing_type="4"))
    before = rows(app)

    run_now(app, add(app, "all", parse_ownership=False))

    assert (run.counts.new, run.counts.updated) == (1, 1)
    assert rows(app) == before == (1, 2)
    found = item(app, made[0].accession)
    assert found.line.title == "4 — Acme Doors, Inc. (2026-02-26)"
    assert extra(found)["ownership"]["transactions"][0]["code"] == "S"


def test_an_amendment_is_related_to_what_it_amends(app: App, server: ReplayServer) -> None:
    replay(server)
    amendment = Made("4/A", 30, filed=FRIDAY)
    listed = company([amendment], 700002).body
    listed = listed.replace(amendment.accession.encode(), b"0000799999-26-000030")
    server.answer(company_path(700002), Answer(listed))

    run_now(app, add(app, "t", ciks=["700002"], filing_type="4/A"))

    found = item(app, "0000799999-26-000030")
    with app.database.read() as connection:
        related = connection.execute(select(RELATIONS.c.type, RELATIONS.c.to_natural_id)).all()
    assert related == [("amends", "0000799999-26-000025")]
    assert len(extra(found)["ownership"]["owners"]) == 2


def test_a_filing_that_the_sec_took_back_is_marked(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    serve_latest(server, "8-K", [])
    serve_index(server, FRIDAY, [Made("8-K", 1, filed=FRIDAY), Made("8-K", 2, filed=FRIDAY)], [])
    server.answer(headers_path(Made("8-K", 1)), page("unavailable.html", 404))
    changed = recorded("headers_8k.html").replace(b"26-000011", b"26-000002")
    server.answer(headers_path(Made("8-K", 2)), Answer(changed))
    add(app, "t", filing_type="8-K")
    run_now(app, "t")
    clock.sleep(6 * DAY)

    run = run_now(app, "t")

    assert run.counts.updated == 2
    gone, changed_form = item(app, Made("8-K", 1).accession), item(app, Made("8-K", 2).accession)
    assert (gone.line.status, gone.line.title) == ("deleted", "8-K — Acme Doors, Inc.")
    assert changed_form.line.title == "8-K/A — Doors & Corridors, Inc. (New) (2026-02-26)"
    assert changed_form.line.status == "active"


@pytest.mark.parametrize("number", range(1, 12))
def test_a_run_cut_anywhere_goes_on_to_the_same_items(
    app: App, server: ReplayServer, clock: FakeClock, number: int
) -> None:
    made = [insider(n) for n in range(1, 5)]
    serve_latest(server, "4", made[:3])
    serve_index(server, FRIDAY, [])
    serve_texts(server, made)
    server.answer_request(number, dropped())
    task = add(app, "t", filing_type="4")
    run = app.runs.add(make_firing(task_id=task, max_attempts=3), now=START)

    first = attempt(app, run)
    if first.state is not RunState.DONE:
        assert first.error_kind == "network"
        assert app.items.cursor("t", query_key(app.tasks.get("t"))) == ({}, None)
        clock.sleep(DAY / 24)
        first = attempt(app, run)

    assert first.outcome is Outcome.SUCCEEDED
    assert (first.counts.new, first.counts.updated) == (3, 3)
    assert rows(app) == (3, 6)


def test_three_hosts_are_one_budget_of_nine_a_second(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    server.answer(SEARCH, hits([])).answer(company_path(1), company([], 1))
    serve_latest(server, "8-K", [])
    for task, config in {
        "a": {"query": "x"},
        "b": {"ciks": ["1"]},
        "c": {"filing_type": "8-K"},
    }.items():
        run_now(app, add(app, task, **config))  # type: ignore[arg-type]

    assert len(server.seen) == 4
    assert sum(clock.slept) == pytest.approx(3 * 0.112)


def test_a_block_page_keeps_every_task_away(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    server.answer(company_path(1), page("blocked.html"))
    serve_latest(server, "8-K", [REPORT])
    serve_index(server, FRIDAY, [])

    blocked = run_now(app, add(app, "a", ciks=["1"]))
    waiting = run_now(app, add(app, "b", filing_type="8-K"))

    assert blocked.error_kind == "blocked"
    assert (waiting.state, waiting.reason) == (RunState.PENDING, "budget")
    assert len(server.seen) == 1
    clock.sleep(601)
    assert run_now(app, "b").outcome is Outcome.SUCCEEDED


def test_an_app_may_be_opened_from_settings(tmp_path: Path) -> None:
    with opened_app(load_settings(home=tmp_path, environ={})) as app:
        assert app.settings.sources.sec_edgar.urls == (
            "https://www.sec.gov",
            "https://data.sec.gov",
            "https://efts.sec.gov",
        )
