"""What a harvest asks, and when its answers are believed."""

from collections.abc import Iterator, Mapping

import pytest

from stoma.arxiv.harvest import set_name
from stoma.collectors.arxiv import ArxivCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    DeferredError,
    RateLimitedError,
    RequestRefusedError,
    SourceBlockedError,
    SourceFailedError,
    SourceUnreachableError,
)
from stoma.httpclient import Gate, GatePolicy
from tests.fakes import FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer, cut_off, dropped, feed, page, slow_down
from tests.unit.arxiv_made import RECORDINGS, Paper, listing, oai, record

HARVEST: dict[str, Json] = {"mode": "oai", "categories": ["cs.AI"]}
PAPERS = [Paper(id=f"2601.{n:05d}") for n in range(3)]
BAD_TOKEN = feed((RECORDINGS / "oai" / "bad_token.xml").read_bytes())
NOTHING = feed((RECORDINGS / "oai" / "nothing.xml").read_bytes())


@pytest.fixture
def gate(server: ReplayServer, budgets: FreeBudgets) -> Iterator[Gate]:
    policy = GatePolicy(base_url="http://search.test", also=(server.url,))
    with Gate("arxiv", policy=policy, budgets=budgets, clock=FakeClock()) as opened:
        yield opened


def collect(
    gate: Gate,
    config: Mapping[str, Json] = HARVEST,
    *,
    cursor: Mapping[str, Json] | None = None,
    checkpoint: Mapping[str, Json] | None = None,
) -> Iterator[Page]:
    collector = ArxivCollector("http://search.test", oai_url=f"{gate.policy.also[0]}/oai")
    request = CollectRequest(
        task_id="t", config=config, cursor=cursor or {}, checkpoint=checkpoint or {}
    )
    return collector.collect(request, gate)


def in_three(server: ReplayServer, name: str = "cs:cs:AI") -> None:
    """Let *server* tell of three papers in three answers, each of another second."""
    tokens = ["", "a%3D1 b", "c", ""]
    for n, paper in enumerate(PAPERS):
        answer = listing(record(paper), token=tokens[n + 1], date=f"2026-03-02T03:15:0{n}Z")
        asked = {"resumptionToken": tokens[n]} if n else {"set": name}
        server.answer("/oai", feed(answer), verb="ListRecords", **asked)


def asked(server: ReplayServer) -> list[dict[str, str]]:
    return [{k: v for k, v in seen.params.items() if k != "verb"} for seen in server.seen]


# --- what is asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.AI", "cs:cs:AI"),
        ("math.CO", "math:math:CO"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("econ.EM", "econ:econ:EM"),
        ("hep-th", "physics:hep-th"),
        ("math-ph", "physics:math-ph"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("physics.soc-ph", "physics:physics:soc-ph"),
        ("nlin.CD", "physics:nlin:CD"),
        ("cs", "cs:cs"),
        ("cs.*", "cs:cs"),
        ("physics:hep-th", "physics:hep-th"),
    ],
)
def test_every_category_is_a_set(category: str, name: str) -> None:
    assert set_name(category) == name


def test_the_first_harvest_asks_for_all_of_a_set(server: ReplayServer, gate: Gate) -> None:
    in_three(server)

    list(collect(gate))

    assert [seen.path for seen in server.seen] == ["/oai"] * 3
    assert asked(server) == [
        {"metadataPrefix": "arXivRaw", "set": "cs:cs:AI"},
        {"resumptionToken": "a%3D1 b"},
        {"resumptionToken": "c"},
    ]


@pytest.mark.parametrize(
    ("cursor", "since"),
    [
        ({}, "2026-01-15"),
        ({"newest_updated_at": "2026-02-01T00:00:00Z"}, "2026-01-15"),
        ({"responded_at": "2026-03-01T00:30:00Z"}, "2026-02-28"),
    ],
)
def test_a_harvest_begins_a_day_before_the_last_one(
    server: ReplayServer, gate: Gate, cursor: dict[str, Json], since: str
) -> None:
    server.answer("/oai", NOTHING)

    list(collect(gate, {**HARVEST, "changed_from": "2026-01-15"}, cursor=cursor))

    assert asked(server) == [{"metadataPrefix": "arXivRaw", "set": "cs:cs:AI", "from": since}]


def test_categories_are_read_one_after_another_each_once(server: ReplayServer, gate: Gate) -> None:
    in_three(server)
    server.answer("/oai", NOTHING, set="physics:hep-th")

    pages = list(collect(gate, {**HARVEST, "categories": ["cs.AI", "hep-th", "cs:cs:AI"]}))

    assert [each.get("set") for each in asked(server)] == [
        "cs:cs:AI", None, None, "physics:hep-th",
    ]  # fmt: skip
    assert [each.last for each in pages] == [False, False, False, True]


# --- the end, and the cursor ------------------------------------------------------------------


def test_the_cursor_is_the_date_of_the_first_answer(server: ReplayServer, gate: Gate) -> None:
    in_three(server)

    pages = list(collect(gate))

    assert [each.last for each in pages] == [False, False, True]
    assert [each.cursor for each in pages] == [{}, {}, {"responded_at": "2026-03-02T03:15:00Z"}]
    assert [each.partial + each.note for each in pages] == ["", "", ""]


@pytest.mark.parametrize("kept", [1, 2])
def test_a_harvest_goes_on_where_it_broke_off(server: ReplayServer, gate: Gate, kept: int) -> None:
    in_three(server)
    whole = list(collect(gate))
    server.seen.clear()

    rest = list(collect(gate, checkpoint=whole[kept - 1].checkpoint))

    assert len(server.seen) == 3 - kept
    assert rest[-1].cursor == whole[-1].cursor


def test_nothing_found_is_a_proven_end(server: ReplayServer, gate: Gate) -> None:
    server.answer("/oai", NOTHING)

    (nothing,) = collect(gate)

    assert (nothing.last, nothing.zero_is_proven, nothing.partial) == (True, True, "")
    assert nothing.cursor == {"responded_at": "2026-03-02T03:15:00Z"}


def test_a_list_may_say_how_long_it_is(server: ReplayServer, gate: Gate) -> None:
    server.answer("/oai", feed((RECORDINGS / "oai" / "parsed.xml").read_bytes()))

    assert next(collect(gate)).expected == 2001


def test_a_long_answer_is_stored_in_portions(server: ReplayServer, gate: Gate) -> None:
    many = [record(Paper(id=f"2601.{n:05d}")) for n in range(1001)]
    server.answer("/oai", feed(listing(*many, many[0])))

    pages = list(collect(gate))

    portions = [each.only or () for each in pages]
    assert [len(each) for each in portions] == [500, 500, 1]
    assert frozenset().union(*portions) == {f"2601.{n:05d}" for n in range(1001)}
    assert [each.checkpoint["token"] for each in pages] == ["", "", ""]
    assert [each.checkpoint["sets"] for each in pages] == [["cs:cs:AI"], ["cs:cs:AI"], []]
    assert [each.last for each in pages] == [False, False, True]
    assert gate.requests == 1


def test_a_checkpoint_with_nothing_left_begins_anew(server: ReplayServer, gate: Gate) -> None:
    in_three(server)
    done = list(collect(gate))[-1].checkpoint

    assert len(list(collect(gate, checkpoint=done))) == 3


# --- tokens that are no longer good -----------------------------------------------------------


@pytest.mark.parametrize("answer", [BAD_TOKEN, NOTHING])
@pytest.mark.parametrize("number", [2, 3])
def test_a_lost_place_means_to_read_the_list_again(
    server: ReplayServer, gate: Gate, number: int, answer: Answer
) -> None:
    in_three(server)
    server.answer_request(number, answer)

    pages = list(collect(gate, cursor={"responded_at": "2026-02-10T00:00:00Z"}))

    assert len(server.seen) == number + 3
    assert asked(server)[number]["from"] == "2026-02-09"
    assert [each.note for each in pages if each.note] == [
        "arXiv lost the place in its list of cs:cs:AI: it is read again"
    ]
    assert pages[-1].last
    assert pages[-1].cursor == {"responded_at": "2026-03-02T03:15:00Z"}


def test_an_old_token_is_refused_and_the_harvest_not(server: ReplayServer, gate: Gate) -> None:
    in_three(server)
    server.answer("/oai", BAD_TOKEN, resumptionToken="of yesterday")
    checkpoint: dict[str, Json] = {
        "sets": ["cs:cs:AI"],
        "token": "of yesterday",
        "responded_at": "2026-03-01T23:59:00Z",
    }

    pages = list(collect(gate, checkpoint=checkpoint))

    assert len(pages) == 3
    assert pages[-1].cursor == {"responded_at": "2026-03-01T23:59:00Z"}


def test_an_archive_that_refuses_every_token_is_not_asked_for_ever(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer("/oai", BAD_TOKEN, resumptionToken="x")
    server.answer("/oai", feed(listing(record(PAPERS[0]), token="x")))

    with pytest.raises(BadAnswerError, match="does not know the place it has given") as caught:
        list(collect(gate))

    assert len(server.seen) == 4
    assert caught.value.retryable


def test_a_list_that_does_not_go_on_is_an_error(server: ReplayServer, gate: Gate) -> None:
    server.answer("/oai", feed(listing(record(PAPERS[0]), token="x")))

    with pytest.raises(BadAnswerError, match="gives the same token again"):
        list(collect(gate))


# --- what is no answer ------------------------------------------------------------------------

BAD_ARGUMENT = (RECORDINGS / "oai" / "bad_argument.xml").read_bytes()
GOOD = listing(record(PAPERS[0]))


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (feed(BAD_ARGUMENT), RequestRefusedError, "badArgument: The request includes"),
        (Answer(BAD_ARGUMENT, 400), RequestRefusedError, "badArgument: The request includes"),
        (feed(oai("<error/>")), RequestRefusedError, "error: no reason given"),
        (page("<html><title>Bad</title></html>", 400), RequestRefusedError, 'HTML page "Bad"'),
        (page("<html><title>Sign in</title></html>"), BadAnswerError, 'HTML page "Sign in"'),
        (Answer(b"Rate exceeded."), RateLimitedError, "slow down"),
        (feed(GOOD[: len(GOOD) // 2]), BadAnswerError, "not a whole OAI-PMH answer"),
        (cut_off(GOOD, len(GOOD) // 2), BadAnswerError, "cut off"),
        (dropped(), SourceUnreachableError, "disconnected"),
        (slow_down("7"), RateLimitedError, "slow down"),
        (page("Access denied", 403), SourceBlockedError, "HTTP 403"),
        (page("first byte timeout", 503, **{"Retry-After": "0"}), SourceFailedError, "HTTP 503"),
    ],
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_is_no_answer_ends_the_harvest_and_keeps_what_came_before(
    server: ReplayServer,
    gate: Gate,
    number: int,
    answer: Answer,
    kind: type[CollectError],
    words: str,
) -> None:
    in_three(server)
    server.answer_request(number, answer)
    pages: list[Page] = []

    with pytest.raises(kind, match=words):
        pages.extend(collect(gate))

    assert [each.last for each in pages] == [False] * (number - 1)
    assert gate.requests == number


@pytest.mark.parametrize("number", [1, 2, 3])
def test_503_with_a_time_to_wait_is_no_failure(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets, number: int
) -> None:
    in_three(server)
    server.answer_request(number, page("busy", 503, **{"Retry-After": "20"}))

    assert len(list(collect(gate))) == 3
    assert budgets.held_off == [("arxiv", 20.0)]


def test_503_for_ever_is_a_failure(server: ReplayServer, gate: Gate) -> None:
    server.answer("/oai", page("busy", 503, **{"Retry-After": "20"}))

    with pytest.raises(SourceFailedError):
        list(collect(gate))

    assert len(server.seen) == 6


def test_a_long_wait_defers_the_run(server: ReplayServer) -> None:
    server.answer("/oai", page("busy", 503, **{"Retry-After": "900"}))
    policy = GatePolicy(base_url="http://search.test", also=(server.url,))
    budgets = FreeBudgets([0.0, 900.0])

    with (
        Gate("arxiv", policy=policy, budgets=budgets, clock=FakeClock()) as gate,
        pytest.raises(DeferredError),
    ):
        list(collect(gate))
