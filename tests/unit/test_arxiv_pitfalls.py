"""What a naive collector of arXiv gets wrong, in each mode: numbered as in the design."""

import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.item import ItemStatus
from stoma.domain.run import Outcome, Run
from stoma.domain.task import Json
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.read import reading
from stoma.storage.read_items import ItemDetail
from tests.fakes import FakeClock
from tests.makers import make_task
from tests.registries import opened_app
from tests.replay import Answer, ReplayServer, feed
from tests.unit.arxiv_made import (
    RECORDINGS,
    Paper,
    atom,
    channel,
    entry,
    item,
    listing,
    normalized,
    record,
)

WAYS = ("search", "oai", "rss")
ONE = Paper()


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock) -> Iterator[App]:
    overrides: dict[str, object] = {
        "sources.arxiv.base_url": server.url,
        "sources.arxiv.oai_url": f"{server.url}/oai",
        "sources.arxiv.rss_url": f"{server.url}/rss",
    }
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with opened_app(loaded, clock=clock) as app:
        yield app


def run(app: App, mode: str, **config: Json) -> Run:
    """Run a task of *mode*, made for it if need be."""
    task_id = f"{mode}-{zlib.crc32(repr(sorted(config.items())).encode())}"
    usual: dict[str, Json] = {"categories": ["math.CO"]} if "ids" not in config else {}
    if mode != "search":
        usual["mode"] = mode
    task = make_task(task_id, config={**usual, **config})
    if app.tasks.find(task_id) is None:
        now = app.clock.now()
        app.tasks.add(place(task, now=now, timezone="UTC"), now=now)
    return run_now(app, task_id)


def tell(server: ReplayServer, mode: str, *papers: Paper) -> None:
    """Let *mode* tell of *papers* from now on."""
    path, body = {
        "search": ("/api/query", atom(*papers)),
        "oai": ("/oai", listing(*map(record, papers))),
        "rss": ("/rss/math.CO", channel(*map(item, papers))),
    }[mode]
    server._routes.insert(0, (path, {}, [feed(body)]))


def shown(app: App, name: str = ONE.id) -> ItemDetail:
    with reading(app.paths.database) as reader:
        assert reader is not None
        found = reader.items.find(name)
        assert found is not None
        return found


@pytest.mark.parametrize(
    "written",
    [
        "http://arxiv.org/abs/math.CA/0611800v2",
        "https://arxiv.org/abs/math/0611800v2",
        "https://arxiv.org/abs/math/0611800",
        "arXiv:math/0611800v2",
        "oai:arXiv.org:math/0611800",
    ],
)
def test_11_all_spellings_of_an_id_are_one_paper(written: str) -> None:
    plain = Paper(id="math/0611800", version=2)
    bodies = [
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">'
        f"{entry(plain).replace('http://arxiv.org/abs/math/0611800v2', written)}</feed>".encode(),
        listing(record(plain).replace("oai:arXiv.org:math/0611800", written)),
        channel(item(plain).replace("oai:arXiv.org:math/0611800v2", written)),
    ]

    assert {found.natural_id for body in bodies for found in normalized(body)} == {"math/0611800"}


@pytest.mark.parametrize("mode", WAYS)
def test_12_a_second_version_updates_and_a_late_first_one_takes_nothing_back(
    app: App, server: ReplayServer, mode: str
) -> None:
    second = ONE.revised(title="Second", title_read="Second")
    outcomes = []
    for paper in (ONE, second, ONE):
        tell(server, mode, paper)
        outcomes.append(run(app, mode).counts.updated)

    assert outcomes[:2] == [0, 1]
    assert (shown(app).line.version_key, shown(app).line.title) == ("v2", "Second")


@pytest.mark.parametrize("mode", ["search", "oai"])
def test_13_a_change_of_metadata_alone_is_detected(
    app: App, server: ReplayServer, mode: str
) -> None:
    tell(server, mode, ONE)
    run(app, mode)
    tell(server, mode, Paper(doi="10.5555/x"))

    assert run(app, mode).counts.updated == 1
    assert shown(app, "10.5555/x").line.version_key == "v1"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("mode", "file"),
    [("search", "error_bad_id.atom"), ("oai", "oai/bad_argument"), ("rss", "rss/error")],
)
def test_14_an_error_never_becomes_a_paper(
    app: App, server: ReplayServer, mode: str, file: str, status: int
) -> None:
    tell(server, mode)
    body = (RECORDINGS / f"{file}.xml").read_bytes()
    server.answer_request(1, Answer(body, status, {"Content-Type": "text/xml"}))

    failed = run(app, mode)

    assert (failed.outcome, failed.error_kind, failed.counts.items) == (
        Outcome.FAILED, "refused", 0,
    )  # fmt: skip
    assert "refuses the request" in failed.error


def test_14_one_bad_id_does_not_spoil_the_others(app: App, server: ReplayServer) -> None:
    tell(server, "search", ONE)

    done = run(app, "search", ids=["24-1", ONE.id])

    assert (done.outcome, done.counts.new) == (Outcome.PARTIAL, 1)
    assert server.seen[0].params["id_list"] == ONE.id


def test_15_an_unknown_id_is_reported_missing(app: App, server: ReplayServer) -> None:
    tell(server, "search", ONE)

    done = run(app, "search", ids=[ONE.id, "2601.99999"])

    assert "arXiv has no 2601.99999" in Path(done.log_path).read_text()


@pytest.mark.parametrize("mode", WAYS)
def test_16_a_title_of_zero_is_a_title_and_what_is_missing_is_null(
    app: App, server: ReplayServer, mode: str
) -> None:
    tell(server, mode, Paper(title="0", title_read="0", comment=None, comment_read=None))
    run(app, mode)

    found = shown(app)

    assert found.line.title == "0"
    assert isinstance(found.extra, dict)
    assert (found.extra.get("comment"), found.extra["journal_ref"]) == (None, None)
    assert [name.scheme for name in found.identifiers] == ["arxiv"]


def test_17_three_seconds_lie_between_any_two_requests_of_any_mode(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    for mode in WAYS:
        tell(server, mode, ONE)

    for mode in (*WAYS, *WAYS):
        run(app, mode)
    run(app, "search", sort_by="relevance")

    assert clock.slept == [3.0] * 6
    assert server.peak == 1


def test_18_a_paper_that_was_announced_late_is_collected(app: App, server: ReplayServer) -> None:
    newer = [Paper(id=f"2601.{n:05d}", version=5) for n in range(10, 20)]
    tell(server, "search", *newer)
    run(app, "search", since_last=True)
    tell(server, "search", *newer, ONE)

    assert run(app, "search", since_last=True).counts.new == 1
    assert shown(app).line.published_at == ONE.submitted_at(1)


def test_18_a_harvest_does_not_ask_when_papers_were_submitted(
    app: App, server: ReplayServer
) -> None:
    tell(server, "oai", Paper(id="2601.00009"))
    run(app, "oai")
    tell(server, "oai", ONE)

    assert run(app, "oai").counts.new == 1
    assert server.seen[1].params["from"] == "2026-03-01"  # a day before the last answer


@pytest.mark.parametrize("mode", WAYS)
def test_19_half_an_answer_is_an_error_and_no_half_success(
    app: App, server: ReplayServer, clock: FakeClock, mode: str
) -> None:
    tell(server, mode, ONE, Paper(id="2601.00002"))
    whole = server._routes[0][2][0]
    cuts = range(40, len(whole.body) - 10, len(whole.body) // 7)
    for number, cut in enumerate(cuts, 1):
        server.answer_request(number, feed(whole.body[:cut]))

    failed = []
    for _ in cuts:
        failed.append(run(app, mode))
        clock.advance(timedelta(hours=7))

    assert {each.error_kind for each in failed} == {"bad_answer"}
    assert {each.counts.items for each in failed} == {0}
    assert run(app, mode).counts.new == 2


def test_20_an_empty_weekend_is_success(app: App, server: ReplayServer) -> None:
    tell(server, "rss", ONE)
    run(app, "rss")
    sunday = (RECORDINGS / "rss" / "sunday.xml").read_bytes()
    server._routes.insert(0, ("/rss/math.CO", {}, [feed(sunday)]))

    empty = run(app, "rss")

    assert (empty.outcome, empty.error_kind, empty.detail) == (Outcome.EMPTY, "", "")


@pytest.mark.parametrize("mode", WAYS)
def test_21_a_withdrawn_paper_is_kept_and_marked(app: App, server: ReplayServer, mode: str) -> None:
    words = "This paper has been withdrawn by the authors"
    tell(server, "search", ONE)
    run(app, "search")
    gone = ONE.revised(comment=words, comment_read=words, withdrawn=True)
    tell(server, mode, gone)
    run(app, mode)

    # An announcement has no word for it: the paper is withdrawn when somebody says so.
    expected = ItemStatus.ACTIVE if mode == "rss" else ItemStatus.WITHDRAWN
    assert shown(app).line.status == expected
    assert shown(app).line.version_key == "v2"


@pytest.mark.parametrize("first", ["search", "oai"])
def test_21_the_spelling_of_an_author_makes_no_new_version(
    app: App, server: ReplayServer, first: str
) -> None:
    for mode in WAYS:
        tell(server, mode, ONE)
    run(app, first)

    announced = run(app, "rss")

    assert (announced.counts.updated, announced.counts.unchanged) == (0, 1)
    assert [each.name for each in shown(app).contributors] == list(ONE.authors_read)
    assert len(shown(app).versions) == 1


def test_22_no_results_asked_for_means_none(app: App, server: ReplayServer) -> None:
    assert run(app, "search", max_results=0).outcome is Outcome.EMPTY
    assert server.seen == []
