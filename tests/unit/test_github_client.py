"""What GitHub's refusals mean, which pauses follow from them, and where the token goes."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr

from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    DeferredError,
    NeedsConfigurationError,
    RateLimitedError,
    RequestRefusedError,
    SourceBlockedError,
)
from stoma.github.client import GithubClient
from stoma.github.limits import API, SEARCH, TRENDING, allowances
from stoma.httpclient import Gate, GatePolicy
from tests.fakes import START, FakeClock, FreeBudgets, PacedBudgets
from tests.replay import Answer, ReplayServer, page
from tests.repositories import found, refused, repository, said, unchanged

SOURCE = "github"
TOKEN = "ghp_0123456789abcdef"
PATH = "/repositories/1"
PRIMARY = "API rate limit exceeded for 192.0.2.7."
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
SOON = str(int((START + timedelta(seconds=1200)).timestamp()))
LONG_AGO = str(int((START - timedelta(days=1)).timestamp()))
FAR = "99999999999"


@pytest.fixture
def client(gate: Gate) -> GithubClient:
    return GithubClient(gate, gate.policy.base_url, SecretStr(""))


# --- limits -----------------------------------------------------------------------------------

BOTH = [(API, 60.0), (SEARCH, 60.0)]
LIMITS: dict[str, tuple[Callable[[], Answer], list[tuple[str, float]]]] = {
    "primary": (
        lambda: refused(PRIMARY, 403, x_ratelimit_remaining="0", x_ratelimit_reset=SOON),
        [(API, 1200.0)],
    ),
    "primary, as 429": (
        lambda: refused(PRIMARY, 429, x_ratelimit_remaining="0", x_ratelimit_reset=SOON),
        [(API, 1200.0)],
    ),
    "primary, reset not told": (
        lambda: refused(PRIMARY, 403, x_ratelimit_remaining="0"),
        [(API, 60.0)],
    ),
    "primary, reset by a clock that is behind": (
        lambda: refused(PRIMARY, 403, x_ratelimit_remaining="0", x_ratelimit_reset=LONG_AGO),
        [(API, 60.0)],
    ),
    "primary, reset in a thousand years": (
        lambda: refused(PRIMARY, 403, x_ratelimit_remaining="0", x_ratelimit_reset=FAR),
        [(API, 6 * 3600.0)],
    ),
    "primary, by its words": (lambda: refused(PRIMARY, 403), BOTH),
    "spent, and a time to wait": (
        lambda: refused(PRIMARY, 403, x_ratelimit_remaining="0", retry_after="90"),
        [(API, 90.0)],
    ),
    "secondary": (lambda: refused(SECONDARY, 403, x_ratelimit_remaining="41"), BOTH),
    "secondary, as 429": (lambda: refused(SECONDARY, 429), BOTH),
    "secondary, with a time to wait": (
        lambda: refused(SECONDARY, 403, retry_after="300"),
        [(API, 300.0), (SEARCH, 300.0)],
    ),
    "a time to wait and no known words": (
        lambda: refused("Please be gentle", 403, retry_after="75"),
        [(API, 75.0), (SEARCH, 75.0)],
    ),
    "a time to wait that is none": (lambda: refused(SECONDARY, 429, retry_after="soon"), BOTH),
    "429 and a page": (lambda: page("<html>Too many requests</html>", 429), BOTH),
    "429 and nothing": (lambda: Answer(b"", 429), BOTH),
    "429 and something strange": (lambda: said({"message": ["?"]}, 429), BOTH),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_a_pause_and_no_verdict_on_the_repository(
    server: ReplayServer, budgets: FreeBudgets, client: GithubClient, name: str
) -> None:
    answer, pauses = LIMITS[name]
    server.answer(PATH, answer())

    with pytest.raises(RateLimitedError, match="GitHub asks us to slow down") as caught:
        client.repository(1)

    assert sorted(budgets.held_off) == pauses
    assert caught.value.retry_after_seconds == pauses[0][1]
    assert caught.value.retryable
    assert len(server.seen) == 1


def test_a_limit_of_searches_leaves_the_rest_alone(
    server: ReplayServer, budgets: FreeBudgets, client: GithubClient
) -> None:
    limit = refused(PRIMARY, 403, x_ratelimit_remaining="0", x_ratelimit_reset=SOON)
    server.answer("/search/repositories", limit)

    with pytest.raises(RateLimitedError):
        client.search("x", "stars", page=1, size=1)

    assert budgets.held_off == [(SEARCH, 1200.0)]


@pytest.mark.parametrize(
    "answer",
    [
        said(repository(1), x_ratelimit_remaining="0", x_ratelimit_reset=SOON),
        refused("Not Found", 404, x_ratelimit_remaining="0", x_ratelimit_reset=SOON),
    ],
)
def test_the_last_request_allowed_is_noticed_before_the_next_is_refused(
    server: ReplayServer, budgets: FreeBudgets, client: GithubClient, answer: Answer
) -> None:
    server.answer(PATH, answer)

    client.repository(1)

    assert budgets.held_off == [(API, 1200.0)]


def test_a_pause_longer_than_our_patience_defers_and_sends_nothing(server: ReplayServer) -> None:
    clock = FakeClock()
    budgets = PacedBudgets(clock, allowances(1.0, token=False)[API])
    server.answer(PATH, refused(PRIMARY, 403, x_ratelimit_remaining="0", x_ratelimit_reset=SOON))
    policy = GatePolicy(base_url=server.url)

    with Gate("github", policy=policy, budgets=budgets, clock=clock) as gate:
        client = GithubClient(gate, server.url, SecretStr(""))
        with pytest.raises(RateLimitedError):
            client.repository(1)
        with pytest.raises(DeferredError, match=f"budget of {API} is used up for another 1200 s"):
            client.repository(1)

    assert (len(server.seen), clock.slept) == (1, [])


@pytest.mark.parametrize(("token", "per_minute"), [(True, 30), (False, 10)])
def test_searches_are_paced_by_their_own_limit(
    server: ReplayServer, token: bool, per_minute: int
) -> None:
    clock = FakeClock()
    budgets = PacedBudgets(clock, allowances(1.0, token=token)[SEARCH])
    server.answer("/search/repositories", found([], 0))
    policy = GatePolicy(base_url=server.url)

    with Gate("github", policy=policy, budgets=budgets, clock=clock) as gate:
        client = GithubClient(gate, server.url, SecretStr(""))
        for number in range(1, per_minute + 2):
            client.search("x", "stars", page=number, size=1)

    assert clock.now() - START > timedelta(minutes=1)


def test_without_a_token_an_hour_has_sixty_requests_at_most() -> None:
    anonymous = allowances(1.0, token=False)[API]

    assert anonymous.burst + timedelta(hours=1) / anonymous.interval <= 60


def test_a_longer_interval_of_the_users_counts_for_everything() -> None:
    allowed = allowances(240.0, token=True)

    assert {each.interval for each in allowed.values()} == {timedelta(seconds=240)}
    assert set(allowed) == {API, SEARCH, TRENDING}


# --- other refusals ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        refused("Not Found", 404),
        refused("Repository access blocked", 451),
        refused("Repository access blocked", 403),
        said({"message": "Sorry", "block": {"reason": "tos"}}, 403),
    ],
)
def test_what_is_gone_is_an_answer(
    server: ReplayServer, budgets: FreeBudgets, client: GithubClient, answer: Answer
) -> None:
    server.answer(PATH, answer)

    assert client.repository(1).status == answer.status
    assert budgets.held_off == []


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refused("Bad credentials", 401), NeedsConfigurationError, "token: Bad credentials"),
        (
            refused("Resource not accessible by personal access token", 403),
            RequestRefusedError,
            "refuses the request: Resource not accessible",
        ),
        (refused("Validation Failed", 422), RequestRefusedError, "Validation Failed"),
        (page("<html><title>Nope</title></html>", 404), BadAnswerError, "HTTP 404 with an HTML"),
        (page("<html><title>Nope</title></html>", 451), BadAnswerError, "HTTP 451 with an HTML"),
        (page("<html>Access denied</html>", 403), SourceBlockedError, "HTTP 403 with an HTML"),
        (said({"message": 3}, 404), BadAnswerError, "HTTP 404 with the text"),
        (page("go away, rate limit", 403), RateLimitedError, "slow down"),
    ],
)
def test_other_refusals_are_errors(
    server: ReplayServer,
    client: GithubClient,
    answer: Answer,
    error: type[CollectError],
    words: str,
) -> None:
    server.answer(PATH, answer)

    with pytest.raises(error, match=words):
        client.repository(1)


def test_a_page_that_turns_us_away_keeps_everybody_away(
    server: ReplayServer, budgets: FreeBudgets, client: GithubClient
) -> None:
    server.answer(PATH, page("<html>Access denied</html>", 403))

    with pytest.raises(SourceBlockedError) as caught:
        client.repository(1)

    assert budgets.held_off == [(API, 600.0)]
    assert caught.value.retry_after_seconds == 600


# --- conditional requests, redirects ----------------------------------------------------------


def test_a_state_that_is_known_is_not_sent_again(
    server: ReplayServer, client: GithubClient
) -> None:
    server.answer(PATH, unchanged('"abc"'))

    answer = client.repository(1, 'W/"abc"')

    assert server.seen[0].headers["if-none-match"] == 'W/"abc"'
    assert (answer.status, answer.body) == (304, b"")


def test_a_name_that_moved_leads_to_the_number(
    server: ReplayServer, gate: Gate, client: GithubClient
) -> None:
    server.answer("/repos/old/name", Answer(b"{}", 301, {"Location": f"{server.url}{PATH}"}))
    server.answer(PATH, said(repository(1)))

    answer = client.repository("old/name")

    assert answer.url == f"{server.url}{PATH}"
    assert gate.requests == 2


# --- the token --------------------------------------------------------------------------------


def test_the_token_is_presented_and_seen_nowhere(
    server: ReplayServer, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer(PATH, said(repository(1)), refused("Validation Failed", 422))
    client = GithubClient(gate, gate.policy.base_url, SecretStr(TOKEN))

    answer = client.repository(1)
    with pytest.raises(RequestRefusedError) as caught:
        client.repository(1)

    assert server.seen[0].headers["authorization"] == f"token {TOKEN}"
    assert TOKEN not in caplog.text
    assert TOKEN not in f"{answer!r} {answer.headers} {caught.value!r} {vars(caught.value)}"


def test_the_token_does_not_follow_a_redirect_to_another_host(server: ReplayServer) -> None:
    with ReplayServer() as other:
        server.answer(PATH, Answer(b"", 302, {"Location": f"{other.url}/elsewhere"}))
        other.answer("/elsewhere", said(repository(1)))
        policy = GatePolicy(base_url=server.url, also=(other.url,))

        with Gate("github", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as gate:
            GithubClient(gate, server.url, SecretStr(TOKEN)).repository(1)

    assert "authorization" in server.seen[0].headers
    assert "authorization" not in other.seen[0].headers
    assert other.seen[0].headers["user-agent"].startswith("stoma/")


def test_a_redirect_to_a_strange_host_is_refused(
    server: ReplayServer, client: GithubClient
) -> None:
    server.answer(PATH, Answer(b"", 301, {"Location": "https://attacker.example/"}))

    with pytest.raises(BadAnswerError, match="which is not followed"):
        client.repository(1)
