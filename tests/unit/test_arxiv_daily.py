"""What is asked for the list of the day, and when it is believed."""

from collections.abc import Iterator

import pytest

from stoma.collectors.arxiv import ArxivCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    RateLimitedError,
    RequestRefusedError,
)
from stoma.httpclient import Gate, GatePolicy
from tests.fakes import FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer, feed, page
from tests.unit.arxiv_made import RECORDINGS, Paper, channel, item, listing, record

PAPERS = [Paper(id=f"2601.{n:05d}") for n in range(3)]
PATH = "/rss/cs.AI+hep-th+math"


@pytest.fixture
def gate(server: ReplayServer) -> Iterator[Gate]:
    policy = GatePolicy(base_url="http://search.test", also=(server.url,))
    with Gate("arxiv", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as opened:
        yield opened


def collect(gate: Gate) -> Iterator[Page]:
    config: dict[str, Json] = {"mode": "rss", "categories": ["cs.AI", "hep-th", "math.*"]}
    collector = ArxivCollector("http://search.test", rss_url=f"{gate.policy.also[0]}/rss")
    return collector.collect(CollectRequest(task_id="t", config=config), gate)


def test_categories_are_one_feed(server: ReplayServer, gate: Gate) -> None:
    server.answer(PATH, feed(channel(*map(item, PAPERS))))

    (only,) = collect(gate)

    assert (only.last, only.expected, only.partial, only.zero_is_proven) == (True, 3, "", False)
    assert only.cursor == {"announced_at": "2026-03-02T05:00:00+00:00"}


@pytest.mark.parametrize(("name", "proven"), [("sunday", True), ("monday", False)])
def test_an_empty_weekend_is_proven(
    server: ReplayServer, gate: Gate, name: str, proven: bool
) -> None:
    server.answer(PATH, feed((RECORDINGS / f"rss/{name}.xml").read_bytes()))

    (only,) = collect(gate)

    assert only.zero_is_proven is proven


def test_an_empty_working_day_is_believed_only_as_far_as_history_goes(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer(PATH, feed(channel()))

    (only,) = collect(gate)

    assert (only.expected, only.zero_is_proven, only.partial) == (0, False, "")


def test_a_full_feed_may_have_left_something_out(server: ReplayServer, gate: Gate) -> None:
    server.answer(PATH, feed(channel(*["<item/>"] * 2000)))

    (only,) = collect(gate)

    assert only.partial == "arXiv lists 2000 papers at most"


ERROR = (RECORDINGS / "rss" / "error.xml").read_bytes()
BARE = b"<rss version='2.0'><channel><title>x</title></channel></rss>"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(ERROR, 400), RequestRefusedError, "refuses the request: Bad archive 'nowhere'."),
        (feed(ERROR), RequestRefusedError, "refuses the request: Bad archive 'nowhere'."),
        (Answer(b"<rss><channel/></rss>", 400), RequestRefusedError, "no reason given"),
        (page("<html><title>Bad</title></html>", 400), RequestRefusedError, 'HTML page "Bad"'),
        (feed(BARE), BadAnswerError, "does not say on which days it has none"),
        (feed(channel(item(PAPERS[0]))[:-9]), BadAnswerError, "not a whole RSS feed"),
        (feed(listing(record(PAPERS[0]))), BadAnswerError, "not an RSS feed"),
        (Answer(b"Rate exceeded."), RateLimitedError, "slow down"),
    ],
)
def test_what_is_no_list_of_the_day_is_an_error(
    server: ReplayServer, gate: Gate, answer: Answer, kind: type[CollectError], words: str
) -> None:
    server.answer(PATH, answer)

    with pytest.raises(kind, match=words):
        list(collect(gate))
