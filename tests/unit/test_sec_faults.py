"""What is no answer of EDGAR ends the run, keeps what came before, and a later attempt goes on."""

from collections.abc import Callable, Iterator

import pytest

from stoma.domain.collection import Page
from stoma.domain.task import Json
from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    RateLimitedError,
    SourceBlockedError,
    SourceFailedError,
    SourceUnreachableError,
)
from stoma.httpclient import Gate, GatePolicy, user_agent
from tests.edgar import (
    SEARCH,
    Made,
    asked,
    collect,
    company,
    company_path,
    entries,
    hits,
    index,
    insider,
    kept,
    latest,
    page,
    recorded,
    serve_index,
    serve_latest,
    serve_texts,
    submission,
)
from tests.fakes import FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer, bomb, cut_off, dropped, slow_down, torn

INSIDERS: dict[str, Json] = {"filing_type": ["4", "4/A"]}
FRIDAY = "2026-02-27"
MADE = [insider(number) for number in range(1, 6)]
#: Five pages of the list, five forms, one index with another form.
STEPS = 12


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        serve_latest(running, "4", MADE, size=4)
        serve_index(running, FRIDAY, [insider(6, filed=FRIDAY)])
        serve_texts(running, MADE)
        # An index does not tell who is the issuer: the first row's number is asked for.
        sixth = insider(6, filed=FRIDAY)
        path = f"/Archives/edgar/data/{sixth.who[0][1]}/{sixth.accession}.txt"
        running.answer(path, Answer(submission(sixth)))
        yield running


@pytest.fixture
def gate(server: ReplayServer, budgets: FreeBudgets) -> Iterator[Gate]:
    policy = GatePolicy(base_url=server.url, limited_seconds=600)
    with Gate("sec_edgar", policy=policy, budgets=budgets, clock=FakeClock()) as opened:
        yield opened


FAULTS: dict[str, tuple[Callable[[], Answer], type[CollectError]]] = {
    "a block page with 403": (lambda: page("blocked.html", 403), SourceBlockedError),
    "a block page with 200": (lambda: page("blocked.html"), SourceBlockedError),
    "too fast with 403": (lambda: page("too_fast.html", 403), SourceBlockedError),
    "too fast with 200": (lambda: page("too_fast.html"), SourceBlockedError),
    "too fast with 429": (lambda: slow_down(), RateLimitedError),
    "a page with 200": (lambda: page("unavailable.html"), BadAnswerError),
    "503": (lambda: page("unavailable.html", 503), SourceFailedError),
    "nothing at all": (lambda: Answer(b""), BadAnswerError),
    "half a list": (lambda: Answer(latest(entries(MADE))[:700]), BadAnswerError),
    "half a submission": (lambda: Answer(submission(MADE[0])[:700]), BadAnswerError),
    "half an index": (lambda: Answer(index(MADE)[:-7]), BadAnswerError),
    "cut off": (lambda: cut_off(latest(entries(MADE)), 300), BadAnswerError),
    "no word": (dropped, SourceUnreachableError),
    "torn down": (torn, SourceUnreachableError),
    "a bomb": (lambda: bomb(20_000_000), BadAnswerError),
    "JSON": (lambda: Answer(b'{"a": 1}'), BadAnswerError),
}


@pytest.fixture
def whole(gate: Gate, server: ReplayServer) -> list[Page]:
    pages = list(collect(gate, INSIDERS, page_size=4))
    server.seen.clear()
    return pages


def test_the_walk_without_a_fault(whole: list[Page]) -> None:
    assert len(whole) == STEPS
    assert sorted(kept(whole)) == sorted([*range(1, 7), *range(1, 7)])


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *((name, number) for name in FAULTS for number in (1, 2, STEPS - 1)),
        *(("a page with 200", number) for number in range(3, STEPS - 1)),
        ("no word", STEPS),
    ],
)
def test_a_fault_anywhere_and_what_a_later_attempt_makes_of_it(
    server: ReplayServer, gate: Gate, whole: list[Page], name: str, number: int
) -> None:
    answer, kind = FAULTS[name]
    server.answer_request(number, answer())
    pages: list[Page] = []

    with pytest.raises(kind):
        pages.extend(collect(gate, INSIDERS, page_size=4))

    before = pages or list[Page]()
    assert not any(each.last for each in before)
    checkpoint = before[-1].checkpoint if before else {}
    rest = list(collect(gate, INSIDERS, page_size=4, checkpoint=checkpoint))
    assert kept([*before, *rest]) == kept(whole)
    assert rest[-1].cursor == whole[-1].cursor
    assert len(asked(server)) == STEPS + 1


@pytest.mark.parametrize(
    ("name", "status"), [("blocked.html", 403), ("blocked.html", 200), ("too_fast.html", 200)]
)
@pytest.mark.parametrize("number", [1, 2, STEPS - 1])
def test_a_block_page_keeps_everybody_away_for_ten_minutes(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets, name: str, status: int, number: int
) -> None:
    server.answer_request(number, page(name, status))

    with pytest.raises(SourceBlockedError) as caught:
        list(collect(gate, INSIDERS, page_size=4))

    assert budgets.held_off == [("sec_edgar", 600.0)]
    assert caught.value.retry_after_seconds == 600


def test_a_block_page_says_its_words(server: ReplayServer, gate: Gate) -> None:
    server.answer_request(1, page("blocked.html"))

    with pytest.raises(SourceBlockedError, match="HTTP 200 and the words 'Undeclared Automated"):
        list(collect(gate, INSIDERS))


@pytest.mark.parametrize("number", [11, 12])
def test_a_block_page_is_not_taken_for_an_index_or_a_text_that_is_missing(
    server: ReplayServer, gate: Gate, number: int
) -> None:
    server.answer_request(number, page("too_fast.html", 403))

    with pytest.raises(SourceBlockedError):
        list(collect(gate, INSIDERS, page_size=4))


def test_429_without_a_time_is_ten_minutes(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets
) -> None:
    server.answer_request(1, slow_down())

    with pytest.raises(RateLimitedError):
        list(collect(gate, INSIDERS))

    assert budgets.held_off == [("sec_edgar", 600)]


@pytest.mark.parametrize("fault", ["a block page with 200", "a page with 200", "nothing at all"])
@pytest.mark.parametrize("config", [{"ciks": ["1"]}, {"query": "x"}])
def test_faults_of_the_other_hosts(
    server: ReplayServer, gate: Gate, config: dict[str, Json], fault: str
) -> None:
    answer, kind = FAULTS[fault]
    server.answer(company_path(1), answer()).answer(SEARCH, answer())

    with pytest.raises(kind):
        list(collect(gate, config))


def test_every_request_says_who_asks(server: ReplayServer, budgets: FreeBudgets) -> None:
    server.answer(SEARCH, hits([])).answer(company_path(1), company([Made("4", 1)], 1))
    policy = GatePolicy(base_url=server.url, user_agent=user_agent("you@example.org"))

    with Gate("sec_edgar", policy=policy, budgets=budgets, clock=FakeClock()) as gate:
        configs: list[dict[str, Json]] = [{"query": "x"}, {"ciks": ["1"], "filing_type": "8-K"}]
        for config in (INSIDERS, *configs):
            list(collect(gate, config))

    assert {seen.headers["user-agent"].partition("(")[2] for seen in server.seen} == {
        "+you@example.org)"
    }
    assert set(budgets.reserved) == {"sec_edgar"}


def test_a_checkpoint_of_another_making_begins_anew(gate: Gate, whole: list[Page]) -> None:
    odd: list[dict[str, Json]] = [{"today": 5}, {"today": "now"}, {"queue": [5]}]
    checkpoints: list[dict[str, Json]] = [{"start": 5}]
    checkpoints += [{**whole[0].checkpoint, **each} for each in odd]
    for checkpoint in checkpoints:
        pages = list(collect(gate, INSIDERS, page_size=4, checkpoint=checkpoint))

        assert kept(pages) == kept(whole)


def test_a_cursor_of_another_making_is_not_trusted(gate: Gate, whole: list[Page]) -> None:
    odd: dict[str, Json] = {"unread_from": 5, "swept": "x", "newest": [], "seen": 1, "indexed": []}

    assert kept(collect(gate, INSIDERS, page_size=4, cursor=odd)) == kept(whole)


def test_recorded_pages_are_what_they_seem() -> None:
    assert b"Undeclared" in recorded("blocked.html")
