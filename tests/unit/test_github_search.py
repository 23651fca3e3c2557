"""A search: which pages are asked for, when it is over, and what each page keeps."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from stoma.collectors.github import GithubCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    RateLimitedError,
    RequestRefusedError,
    SourceFailedError,
    SourceUnreachableError,
)
from stoma.httpclient import Gate, GatePolicy
from tests.fakes import START, FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer, cut_off, dropped, page, torn
from tests.repositories import found, numbered, refused, repository, said

SOURCE = "github"
PATH = "/search/repositories"


def collect(
    gate: Gate,
    config: Mapping[str, Json],
    *,
    checkpoint: Mapping[str, Json] | None = None,
    now: datetime = START,
) -> Iterator[Page]:
    request = CollectRequest(task_id="t", config=config, now=now, checkpoint=checkpoint or {})
    return GithubCollector(gate.policy.base_url).collect(request, gate)


def serve(server: ReplayServer, total: int, pages: Mapping[int, int], **headers: str) -> None:
    """Answer page after page with so many rows."""
    for number, rows in pages.items():
        answer = found(numbered(number * 1000, rows), total, **headers)
        server.answer(PATH, answer, page=str(number))


def asked(server: ReplayServer) -> list[tuple[str, str]]:
    return [(seen.params["page"], seen.params["per_page"]) for seen in server.seen]


def kept(pages: list[Page]) -> list[int]:
    return [len(each.only or ()) for each in pages]


# --- what is asked ----------------------------------------------------------------------------


def test_a_request_has_the_parameters_of_the_api_and_no_others(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets
) -> None:
    server.answer(PATH, found(numbered(1, 30), 700))

    list(collect(gate, {"language": "python", "since": "daily", "limit": 30}))

    (seen,) = server.seen
    assert dict(seen.params) == {
        "q": 'created:>=2026-03-01 stars:>=1 language:"python"',
        "sort": "stars",
        "order": "desc",
        "page": "1",
        "per_page": "30",
    }
    assert seen.headers["accept"] == "application/vnd.github+json"
    assert seen.headers["x-github-api-version"] == "2022-11-28"
    assert seen.headers["user-agent"].startswith("stoma/")
    assert "authorization" not in seen.headers
    assert budgets.reserved == ["github_search"]


@pytest.mark.parametrize(
    ("since", "day"), [("daily", "2026-02-28"), ("weekly", "2026-02-22"), ("monthly", "2026-01-30")]
)
def test_the_window_ends_with_the_attempts_moment(
    server: ReplayServer, gate: Gate, since: str, day: str
) -> None:
    server.answer(PATH, found([], 0))

    (only,) = collect(gate, {"since": since}, now=datetime(2026, 3, 1, 0, 30, tzinfo=UTC))

    assert server.seen[0].params["q"] == f"created:>={day} stars:>=1"
    assert only.cursor == {"created_since": day, "total": 0}


@pytest.mark.parametrize(
    ("limit", "pages", "keeps"),
    [
        (1, [("1", "1")], [1]),
        (100, [("1", "100")], [100]),
        (250, [("1", "100"), ("2", "100"), ("3", "100")], [100, 100, 50]),
        (0, [], []),
    ],
)
def test_pages_of_a_hundred_and_no_more_repositories_than_wanted(
    server: ReplayServer,
    gate: Gate,
    limit: int,
    pages: list[tuple[str, str]],
    keeps: list[int],
) -> None:
    serve(server, 700, {int(number): int(size) for number, size in pages})

    got = list(collect(gate, {"limit": limit}))

    assert asked(server) == pages
    assert kept([each for each in got if each.raw]) == keeps
    assert gate.requests == len(pages)
    assert {each.expected for each in got} == {limit}
    assert got[-1].last


def test_a_page_eleven_is_never_asked_for(server: ReplayServer, gate: Gate) -> None:
    serve(server, 2723, dict.fromkeys(range(1, 11), 100))
    server.answer(PATH, refused("Only the first 1000 search results are available", 422))

    pages = list(collect(gate, {"limit": 1000}))

    assert [number for number, _ in asked(server)] == [str(n) for n in range(1, 11)]
    assert pages[-1].note == "GitHub counts 2723 results, and a search gives 1000: narrow it"
    assert sum(kept(pages)) == 1000


def test_the_end_is_where_github_says_it_is(server: ReplayServer, gate: Gate) -> None:
    serve(server, 130, {1: 100, 2: 30})

    pages = list(collect(gate, {"limit": 500}))

    assert (len(server.seen), kept(pages)) == (2, [100, 30])
    assert (pages[-1].last, pages[-1].partial, pages[-1].note) == (True, "", "")


def test_a_total_that_shrinks_meanwhile_is_the_end(server: ReplayServer, gate: Gate) -> None:
    server.answer(PATH, found(numbered(1, 100), 101), page="1")
    server.answer(PATH, found([], 100), page="2")

    pages = list(collect(gate, {"limit": 200}))

    assert [each.last for each in pages] == [False, True]


def test_rows_that_github_drops_are_reported(server: ReplayServer, gate: Gate) -> None:
    serve(server, 150, {1: 97, 2: 50})

    pages = list(collect(gate, {"limit": 200}))

    assert pages[-1].note == "GitHub counts 150 results, and gave 147 of them"


def test_no_results_are_an_answer(server: ReplayServer, gate: Gate) -> None:
    server.answer(PATH, found([], 0))

    (only,) = collect(gate, {"language": "COBOL"})

    assert (only.last, only.expected, only.partial) == (True, 0, "")


@pytest.mark.parametrize("number", [1, 2])
def test_an_empty_page_where_there_should_be_more_is_no_end(
    server: ReplayServer, gate: Gate, number: int
) -> None:
    serve(server, 300, {1: 100, 2: 100})
    server.answer_request(number, found([], 300))

    with pytest.raises(BadAnswerError, match=f"page {number} is empty, but GitHub counts 300"):
        list(collect(gate, {"limit": 200}))


@pytest.mark.parametrize("number", [1, 2])
def test_incomplete_results_on_any_page_make_the_collection_partial(
    server: ReplayServer, gate: Gate, number: int
) -> None:
    serve(server, 200, {1: 100, 2: 100})
    server.answer_request(number, found(numbered(1, 100), 200, True))

    pages = list(collect(gate, {"limit": 200}))

    assert pages[-1].partial == "GitHub ran out of time: it did not find all"
    assert pages[0].partial == ""


def test_a_later_attempt_goes_on_after_the_last_stored_page_with_the_same_window(
    server: ReplayServer, gate: Gate
) -> None:
    serve(server, 300, {1: 100, 2: 100, 3: 100})
    first = next(collect(gate, {"limit": 300}))

    rest = list(
        collect(
            gate,
            {"limit": 300},
            checkpoint=first.checkpoint,
            now=datetime(2026, 3, 9, tzinfo=UTC),
        )
    )

    assert [seen.params["page"] for seen in server.seen] == ["1", "2", "3"]
    assert len({seen.params["q"] for seen in server.seen}) == 1
    assert rest[-1].last


def test_nothing_but_the_pages_is_asked_for(server: ReplayServer, gate: Gate) -> None:
    """Rows with gaps are no reason to ask again for each of them."""
    bare: list[dict[str, Json]] = [{"id": n, "full_name": f"a/{n}"} for n in range(1, 31)]
    server.answer(PATH, found(bare, 30))

    list(collect(gate, {"limit": 30}))

    assert len(server.seen) == 1


def test_a_next_link_to_another_host_is_not_followed(server: ReplayServer, gate: Gate) -> None:
    link = '<https://attacker.example/search/repositories?page=2>; rel="next"'
    serve(server, 200, {1: 100, 2: 100}, link=link)

    list(collect(gate, {"limit": 200}))

    assert asked(server) == [("1", "100"), ("2", "100")]


def test_a_path_in_the_base_address_is_kept(server: ReplayServer) -> None:
    base = f"{server.url}/api/v3"
    server.answer(f"/api/v3{PATH}", found(numbered(1, 1), 1))
    policy = GatePolicy(base_url=base)

    with Gate("github", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as gate:
        pages = list(collect(gate, {}))

    assert kept(pages) == [1]


# --- what is no answer ------------------------------------------------------------------------

BAD: dict[str, tuple[Callable[[], Answer], type[CollectError], str]] = {
    "a page": (
        lambda: page("<html><title>Unicorn!</title></html>"),
        BadAnswerError,
        'an HTML page "Unicorn!", not whole JSON',
    ),
    "nothing": (lambda: Answer(b""), BadAnswerError, "the answer is empty, not whole JSON"),
    "words": (lambda: page("Rate exceeded."), RateLimitedError, "asks us to slow down"),
    "another object": (lambda: said({"message": "hi"}), BadAnswerError, "not a page of search"),
    "a list": (lambda: said([]), BadAnswerError, "not an object"),
    "no total": (lambda: said({"items": []}), BadAnswerError, "not a page of search"),
    "a total below nothing": (lambda: found([], -1), BadAnswerError, "not a page of search"),
    "rows that are none": (
        lambda: said({"total_count": 2, "items": [None, 3]}),
        BadAnswerError,
        "something else than objects",
    ),
    "rows in no list": (
        lambda: said({"total_count": 1, "items": {}}),
        BadAnswerError,
        "in place of a list",
    ),
    "a row without a number": (
        lambda: found([repository(1, id="1")], 1),
        BadAnswerError,
        "id in the answer is '1', not a whole number",
    ),
    "half of it": (
        lambda: Answer(b'{"total_count": 3, "items": [{"id": 1'),
        BadAnswerError,
        "not whole JSON",
    ),
    "cut off": (lambda: cut_off(b'{"total_count": 0, "items": []}', 12), BadAnswerError, "cut off"),
    "no number": (lambda: Answer(b'{"total_count": NaN}'), BadAnswerError, "not whole JSON"),
    "too deep": (lambda: Answer(b"[" * 100_000), BadAnswerError, "not whole JSON"),
    "not yet": (lambda: said({}, 202), BadAnswerError, "no answer yet"),
    "a fault": (lambda: page("oops", 503), SourceFailedError, "HTTP 503"),
    "refused": (
        lambda: refused("Validation Failed", 422),
        RequestRefusedError,
        "GitHub refuses the request: Validation Failed",
    ),
    "no word": (dropped, SourceUnreachableError, "no answer from 127.0.0.1"),
    "torn down": (torn, SourceUnreachableError, "no answer from 127.0.0.1"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("number", [1, 2])
def test_a_bad_answer_ends_the_attempt(
    server: ReplayServer, gate: Gate, name: str, number: int
) -> None:
    answer, error, words = BAD[name]
    serve(server, 300, {1: 100, 2: 100, 3: 100})
    server.answer_request(number, answer())
    got: list[Page] = []

    with pytest.raises(error, match=words):
        got.extend(collect(gate, {"limit": 300}))

    assert kept(got) == [100] * (number - 1)
    assert not any(each.last for each in got)
