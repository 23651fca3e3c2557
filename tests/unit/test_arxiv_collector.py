"""What is asked of arXiv, and when its answers are believed."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stoma.collectors.arxiv import ArxivCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    RateLimitedError,
    RequestRefusedError,
    SourceBlockedError,
    SourceFailedError,
    SourceUnreachableError,
)
from stoma.httpclient import Gate
from tests.fakes import FreeBudgets
from tests.replay import Answer, ReplayServer, cut_off, dropped, feed, page, slow_down

SOURCE = "arxiv"
RECORDINGS = Path(__file__).parents[1] / "recordings" / "arxiv"
QUERY: dict[str, Json] = {"search_query": "cat:cs.AI"}


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        yield running.replay(RECORDINGS)


def collect(
    gate: Gate,
    config: Mapping[str, Json],
    *,
    page_size: int = 2,
    checkpoint: Mapping[str, Json] | None = None,
    cursor: Mapping[str, Json] | None = None,
) -> Iterator[Page]:
    request = CollectRequest(
        task_id="t", config=config, checkpoint=checkpoint or {}, cursor=cursor or {}
    )
    return ArxivCollector(gate.policy.base_url, page_size).collect(request, gate)


def made(count: int, total: int | None, start: int = 0) -> Answer:
    """A page with so many entries, from the one at *start*."""
    says = "" if total is None else f"<o:totalResults>{total}</o:totalResults>"
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2401.{start + n:05}v1</id></entry>" for n in range(count)
    )
    return feed(
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:o="http://a9.com/-/spec/opensearch/1.1/">{says}{entries}</feed>'.encode()
    )


def starts(server: ReplayServer) -> list[tuple[str, str]]:
    return [(seen.params["start"], seen.params["max_results"]) for seen in server.seen]


# --- what is asked ----------------------------------------------------------------------------


def test_a_request_has_the_parameters_of_the_api_and_no_others(
    server: ReplayServer, gate: Gate
) -> None:
    config = {**QUERY, "sort_by": "lastUpdatedDate", "sort_order": "ascending", "max_results": 2}

    list(collect(gate, config))

    assert [seen.path for seen in server.seen] == ["/api/query"]
    assert dict(server.seen[0].params) == {
        "search_query": "cat:cs.AI",
        "id_list": "",
        "sortBy": "lastUpdatedDate",
        "sortOrder": "ascending",
        "start": "0",
        "max_results": "2",
    }


@pytest.mark.parametrize(
    ("config", "query", "ids"),
    [
        ({"search_query": "machine learning"}, "machine learning", ""),
        ({"search_query": " ti:a OR ti:b "}, "ti:a OR ti:b", ""),
        ({"categories": ["cs.AI"]}, "cat:cs.AI", ""),
        ({"categories": ["cs.AI", "hep-th"]}, "cat:cs.AI OR cat:hep-th", ""),
        (
            {"search_query": "ti:a OR ti:b", "categories": ["cs.AI", "cs.*"]},
            "(ti:a OR ti:b) AND (cat:cs.AI OR cat:cs.*)",
            "",
        ),
        ({"ids": ["2401.00001v2", "arXiv:2401.00001v2"]}, "", "2401.00001v2"),
        (
            {
                "search_query": "au:x",
                "ids": ["https://arxiv.org/abs/2401.00001", "math.CA/0612999"],
            },
            "au:x",
            "2401.00001,math/0612999",
        ),
    ],
)
def test_queries(
    server: ReplayServer, gate: Gate, config: dict[str, Json], query: str, ids: str
) -> None:
    server.answer("/api/query", made(0, 0))

    list(collect(gate, config))

    seen = server.seen[0]
    assert (seen.params["search_query"], seen.params["id_list"]) == (query, ids)
    assert (seen.params["sortBy"], seen.params["sortOrder"]) == ("submittedDate", "descending")


@pytest.mark.parametrize(
    ("max_results", "page_size", "asked"),
    [
        (1, 100, [("0", "1")]),
        (100, 100, [("0", "100")]),
        (30, 10, [("0", "10"), ("10", "10"), ("20", "10")]),
        (25, 10, [("0", "10"), ("10", "10"), ("20", "5")]),
        (0, 10, []),
    ],
)
def test_pages_of_the_asked_size_and_no_more_than_wanted(
    server: ReplayServer,
    gate: Gate,
    max_results: int,
    page_size: int,
    asked: list[tuple[str, str]],
) -> None:
    for start, size in asked:
        found = made(int(size), 214881, int(start))
        server.answer("/api/query", found, search_query="all:x", start=start)

    pages = list(
        collect(gate, {"search_query": "all:x", "max_results": max_results}, page_size=page_size)
    )

    assert starts(server) == asked
    assert [each.last for each in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[-1].expected == max_results


@pytest.mark.parametrize("base", ["", "/", "/api/query", "/api/query/", "/mirror", "/mirror/"])
def test_a_base_may_be_written_in_several_ways(server: ReplayServer, gate: Gate, base: str) -> None:
    server.answer("/mirror/api/query", made(0, 0)).answer("/api/query", made(0, 0))
    collector = ArxivCollector(server.url + base)

    list(collector.collect(CollectRequest(task_id="t", config={"search_query": "x"}), gate))

    assert server.seen[0].path == ("/mirror" if "mirror" in base else "") + "/api/query"


# --- the walk ---------------------------------------------------------------------------------


def test_a_walk_ends_with_a_page_that_proves_it(server: ReplayServer, gate: Gate) -> None:
    pages = list(collect(gate, QUERY))

    assert starts(server) == [("0", "2"), ("2", "2"), ("4", "2")]
    assert [each.last for each in pages] == [False, False, True]
    assert [each.checkpoint["start"] for each in pages] == [2, 4, 5]
    assert [each.expected for each in pages] == [5, 5, 5]
    assert pages[-1].cursor == {"newest_updated_at": "2025-02-06T00:00:00Z", "total": 5}
    assert [each.partial + each.note for each in pages] == ["", "", ""]


def test_a_walk_goes_on_where_it_broke_off(server: ReplayServer, gate: Gate) -> None:
    whole = list(collect(gate, QUERY))
    server.seen.clear()

    rest = list(collect(gate, QUERY, checkpoint=whole[0].checkpoint))

    assert starts(server) == [("2", "2"), ("4", "2")]
    assert [each.cursor for each in rest] == [each.cursor for each in whole[1:]]


def test_a_walk_that_had_come_to_its_end_asks_nothing(server: ReplayServer, gate: Gate) -> None:
    config = {**QUERY, "max_results": 2}
    (only,) = collect(gate, config)
    server.seen.clear()

    (rest,) = collect(gate, config, checkpoint=only.checkpoint, cursor={"total": 5})

    assert server.seen == []
    assert (rest.raw, rest.last, rest.cursor) == (None, True, {"total": 5})


def test_nothing_is_asked_when_none_are_wanted(server: ReplayServer, gate: Gate) -> None:
    (nothing,) = collect(gate, {**QUERY, "max_results": 0})

    assert (nothing.raw, nothing.last, nothing.partial) == (None, True, "")
    assert gate.requests == 0


def test_a_short_page_moves_the_start_by_what_it_held(server: ReplayServer, gate: Gate) -> None:
    for start, count in [(0, 7), (7, 10), (17, 3), (20, 5)]:
        server.answer("/api/query", made(count, 25, start), search_query="all:x", start=str(start))

    pages = list(collect(gate, {"search_query": "all:x"}, page_size=10))

    assert [start for start, _ in starts(server)] == ["0", "7", "17", "20"]
    assert pages[-1].last


def test_an_entry_nobody_can_read_is_counted_all_the_same(server: ReplayServer, gate: Gate) -> None:
    body = made(2, 3).body.replace(b"http://arxiv.org/abs/2401.00001v1", b"unreadable")
    server.answer("/api/query", feed(body), search_query="all:x", start="0")
    server.answer("/api/query", made(1, 3, 2), search_query="all:x", start="2")

    pages = list(collect(gate, {"search_query": "all:x"}))

    assert [each.checkpoint["start"] for each in pages] == [2, 3]


def test_a_well_formed_zero_is_a_proven_end(gate: Gate) -> None:
    (nothing,) = collect(gate, {"search_query": "", "ids": ["0000.0000"]}, page_size=100)

    assert nothing.last
    assert nothing.cursor == {"newest_updated_at": "", "total": 0}
    assert nothing.partial == ""


@pytest.mark.parametrize(
    ("answer", "checkpoint", "words"),
    [
        (made(0, 500), {}, "the page from 0 has no entries, but a total of 500"),
        (made(0, None), {}, "the page from 0 has no entries, but no total"),
        (made(0, 500), {"start": 2}, "the page from 2 has no entries, but a total of 500"),
        (made(0, 0), {"start": 2}, "the page from 2 has no entries, but a total of 0"),
    ],
)
def test_an_empty_page_that_proves_nothing_is_an_error(
    server: ReplayServer, gate: Gate, answer: Answer, checkpoint: dict[str, Json], words: str
) -> None:
    server.answer_request(1, answer)
    if checkpoint:
        checkpoint = {"newest": "", "missing": [], **checkpoint}

    with pytest.raises(BadAnswerError, match=words) as caught:
        list(collect(gate, QUERY, checkpoint=checkpoint))

    assert caught.value.retryable


@pytest.mark.parametrize(
    ("count", "partial"), [(1, "arXiv did not say how many results there are"), (2, "")]
)
def test_without_a_total_a_short_page_ends_the_walk_but_proves_nothing(
    server: ReplayServer, gate: Gate, count: int, partial: str
) -> None:
    server.answer("/api/query", made(2, None), search_query="all:x", start="0")
    server.answer("/api/query", made(count, None, 2), search_query="all:x", start="2")

    pages = list(collect(gate, {"search_query": "all:x", "max_results": 4}))

    assert [each.last for each in pages] == [False, True]
    assert pages[-1].partial == partial


# --- ids --------------------------------------------------------------------------------------


def test_one_malformed_id_does_not_spoil_the_others(server: ReplayServer, gate: Gate) -> None:
    (found,) = collect(gate, {"ids": ["xyz", "2401.01234", "24-1"]}, page_size=100)

    assert server.seen[0].params["id_list"] == "2401.01234"
    assert found.last
    assert found.partial == "not asked for: 'xyz', '24-1', not arXiv ids"


@pytest.mark.parametrize("query", [{}, {"search_query": "all:x"}])
def test_only_malformed_ids_are_refused_before_anything_is_asked(
    server: ReplayServer, gate: Gate, query: dict[str, Json]
) -> None:
    with pytest.raises(RequestRefusedError, match="no arXiv id is written like 'xyz'"):
        list(collect(gate, {**query, "ids": ["xyz"]}))

    assert server.seen == []


def test_an_unknown_id_is_reported_missing(server: ReplayServer, gate: Gate) -> None:
    known = (RECORDINGS / "single.atom.xml").read_bytes()
    server.answer("/api/query", feed(known), id_list="2401.01234v1,2499.99999")

    (found,) = collect(gate, {"ids": ["2401.01234v1", "2499.99999"]}, page_size=100)

    assert found.note == "arXiv has no 2499.99999"
    assert found.partial == ""


def test_ids_spread_over_pages_are_not_missing(server: ReplayServer, gate: Gate) -> None:
    ids: list[Json] = [f"2401.{n:05}" for n in (0, 1, 2, 7)]
    listed = ",".join(str(each) for each in ids)
    server.answer("/api/query", made(2, 3), id_list=listed, start="0")
    server.answer("/api/query", made(1, 3, 2), id_list=listed, start="2")
    first = next(collect(gate, {"ids": ids}))

    pages = list(collect(gate, {"ids": ids}, checkpoint=first.checkpoint))

    assert pages[-1].note == "arXiv has no 2401.00007"


def test_ids_that_a_query_leaves_out_are_not_missing(server: ReplayServer, gate: Gate) -> None:
    server.answer("/api/query", made(0, 0), search_query="all:x")

    (found,) = collect(gate, {"ids": ["2401.01234"], "search_query": "all:x"})

    assert found.note == ""


# --- what is no answer ------------------------------------------------------------------------

GOOD = (RECORDINGS / "page_s0_m2.atom.xml").read_bytes()
REFUSAL = (RECORDINGS / "error_bad_id.atom.xml").read_bytes()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (page("<html><title>Sign in</title></html>"), BadAnswerError, 'HTML page "Sign in"'),
        (page(""), BadAnswerError, "empty"),
        (Answer(b"Rate exceeded."), RateLimitedError, "slow down"),
        (Answer(b"Rate exceeded.", 400), RateLimitedError, "slow down"),
        (feed(GOOD[: len(GOOD) // 2]), BadAnswerError, "not a whole Atom feed"),
        (feed(GOOD[:-3]), BadAnswerError, "not a whole Atom feed"),
        (feed(b"<rss version='2.0'/>"), BadAnswerError, "not an Atom feed"),
        (feed(GOOD.replace(b"Ada", b"\xff\xfe")), BadAnswerError, "not a whole Atom feed"),
        (cut_off(GOOD, len(GOOD) // 2), BadAnswerError, "cut off"),
        (dropped(), SourceUnreachableError, "disconnected"),
        (slow_down("7"), RateLimitedError, "slow down"),
        (page("Access denied", 403), SourceBlockedError, "HTTP 403"),
        (page("Unavailable", 503), SourceFailedError, "HTTP 503"),
        (page("Not found", 404), RequestRefusedError, "HTTP 404"),
        (Answer(REFUSAL, 400), RequestRefusedError, "incorrect id format for xyz"),
        (feed(REFUSAL), RequestRefusedError, "incorrect id format for xyz"),
        (
            feed(REFUSAL.replace(b"<summary>incorrect id format for xyz</summary>", b"")),
            RequestRefusedError,
            "no reason given",
        ),
        (Answer(GOOD, 400), RequestRefusedError, "HTTP 400 and a feed"),
        (page("<html><title>Bad</title></html>", 400), RequestRefusedError, 'HTML page "Bad"'),
    ],
)
@pytest.mark.parametrize("number", [1, 2])
def test_what_is_no_answer_ends_the_walk_and_keeps_what_came_before(
    server: ReplayServer,
    gate: Gate,
    number: int,
    answer: Answer,
    kind: type[CollectError],
    words: str,
) -> None:
    server.answer_request(number, answer)
    pages: list[Page] = []

    with pytest.raises(kind, match=words):
        pages.extend(collect(gate, QUERY))

    assert [each.last for each in pages] == [False] * (number - 1)
    assert gate.requests == number


def test_rate_exceeded_holds_everybody_off(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets
) -> None:
    server.answer_request(1, Answer(b"Rate exceeded."))

    with pytest.raises(RateLimitedError):
        list(collect(gate, QUERY))

    assert budgets.held_off == [("arxiv", 60)]


def test_a_search_for_rate_limits_is_no_rate_limit(server: ReplayServer, gate: Gate) -> None:
    body = made(0, 0).body.replace(b"<o:", b"<title>all:rate limit exceeded</title><o:")
    server.answer("/api/query", feed(body))

    (found,) = collect(gate, {"search_query": 'all:"rate limit exceeded"'})

    assert found.last
