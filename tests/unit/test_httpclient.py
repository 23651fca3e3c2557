"""The gate: what it lets through, what it makes of bad manners, and what it costs."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma import __version__
from stoma.budgets import Allowance
from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    DeadlineError,
    DeferredError,
    RateLimitedError,
    RequestRefusedError,
    SourceBlockedError,
    SourceFailedError,
)
from stoma.httpclient import Gate, GatePolicy, retry_after, user_agent
from stoma.wire import MIB, HttpxWire, Reply
from tests.fakes import START, FakeClock, FreeBudgets, PacedBudgets
from tests.replay import (
    Answer,
    ReplayServer,
    feed,
    page,
    slow_down,
)

SOURCE = "arxiv"
POLICY = {"read_seconds": 5, "max_body_bytes": 4 * MIB}


# --- a good answer ----------------------------------------------------------------------------


def test_an_answer_keeps_its_bytes_and_where_they_came_from(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer("/api", feed(b"<feed/>"), q="a b&c")

    answer = gate.get(f"{server.url}/api", {"q": "a b&c"})

    assert (answer.source, answer.status, answer.body) == ("arxiv", 200, b"<feed/>")
    assert answer.url == f"{server.url}/api?q=a+b%26c"
    assert answer.media_type == "application/atom+xml"
    assert answer.fetched_at == START
    assert gate.requests == 1


def test_only_harmless_headers_are_kept(server: ReplayServer, gate: Gate) -> None:
    said = {
        "ETag": '"1"',
        "X-RateLimit-Remaining": "9",
        "Set-Cookie": "session=secret",
        "Authorization": "Bearer secret",
        "Server": "x",
    }
    server.answer("/", Answer(b"ok", headers=said))

    answer = gate.get(f"{server.url}/")

    assert answer.headers["etag"] == '"1"'
    assert answer.headers["x-ratelimit-remaining"] == "9"
    assert answer.headers.keys() <= {"etag", "x-ratelimit-remaining", "date", "content-type"}
    assert "secret" not in repr(answer)


def test_a_request_says_who_asks_and_nothing_of_the_environment(
    server: ReplayServer, gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    for name, value in {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "",
        "NETRC": str(netrc),
    }.items():
        monkeypatch.setenv(name, value)
    server.answer("/", Answer(b"ok"))
    policy = GatePolicy(base_url=server.url, user_agent=user_agent("me@example.org"))

    with Gate("arxiv", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as fresh:
        fresh.get(f"{server.url}/")

    (seen,) = server.seen
    assert seen.headers["user-agent"] == f"stoma/{__version__} (+me@example.org)"
    assert seen.headers["accept-encoding"] == "gzip"
    assert seen.headers["connection"] == "close"
    assert seen.headers.keys().isdisjoint({"authorization", "cookie", "proxy-authorization"})


def test_cookies_of_one_answer_do_not_reach_the_next_request(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer("/", Answer(b"ok", headers={"Set-Cookie": "session=1; Path=/"}))

    gate.get(f"{server.url}/")
    gate.get(f"{server.url}/")

    assert "cookie" not in server.seen[1].headers


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("", f"stoma/{__version__}"),
        ("me@example.org", f"stoma/{__version__} (+me@example.org)"),
        ("https://example.org/me", f"stoma/{__version__} (+https://example.org/me)"),
        ("me@example.org\r\nX-Evil: 1", f"stoma/{__version__} (+me@example.org X-Evil: 1)"),
        ("José", f"stoma/{__version__} (+Jos)"),
    ],
)
def test_user_agent(contact: str, expected: str) -> None:
    assert user_agent(contact) == expected


# --- what a status means ----------------------------------------------------------------------

IN_90_S = "Mon, 02 Mar 2026 12:01:30 GMT"  # START and 90 seconds


@pytest.mark.parametrize(
    ("status", "header", "kind", "held_off", "asked"),
    [
        (429, "7", RateLimitedError, 7, 7),
        (429, IN_90_S, RateLimitedError, 90, 90),
        (429, "", RateLimitedError, 60, 60),
        (429, "soon", RateLimitedError, 60, 60),
        (429, "0", RateLimitedError, 60, 60),
        (429, "-5", RateLimitedError, 60, 60),
        (429, "99999999999999999999", RateLimitedError, 21600, 21600),
        (403, "", SourceBlockedError, 600, 600),
        (403, "30", SourceBlockedError, 600, 600),
        (403, "900", SourceBlockedError, 900, 900),
        (400, "", RequestRefusedError, None, None),
        (401, "30", RequestRefusedError, None, None),
        (404, "", RequestRefusedError, None, None),
        (410, "", RequestRefusedError, None, None),
        (422, "", RequestRefusedError, None, None),
        (500, "", SourceFailedError, None, None),
        (502, "", SourceFailedError, None, None),
        (503, "", SourceFailedError, None, None),
        (503, "0", SourceFailedError, None, None),
        (503, "45", SourceFailedError, 45, 45),
        (503, IN_90_S, SourceFailedError, 90, 90),
        (599, "", SourceFailedError, None, None),
        (304, "", BadAnswerError, None, None),
    ],
)
def test_statuses(
    server: ReplayServer,
    gate: Gate,
    budgets: FreeBudgets,
    status: int,
    header: str,
    kind: type[CollectError],
    held_off: float | None,
    asked: float | None,
) -> None:
    body = b"" if status == 304 else b"<html>no</html>"
    server.answer("/", Answer(body, status, {"Retry-After": header} if header else {}))

    with pytest.raises(kind, match=re.escape(server.url.removeprefix("http://"))) as caught:
        gate.get(f"{server.url}/")

    assert budgets.held_off == ([] if held_off is None else [("arxiv", held_off)])
    assert caught.value.retry_after_seconds == asked
    assert gate.requests == 1  # the gate never tries twice


def test_an_error_page_of_any_size_still_counts_as_its_status(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets
) -> None:
    server.answer("/", Answer(bytes(5 * MIB), 429, {"Retry-After": "7"}))

    with pytest.raises(RateLimitedError):
        gate.get(f"{server.url}/")

    assert budgets.held_off == [("arxiv", 7)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("0", None),
        ("120", 120),
        (" 120 ", 120),
        ("86400", 3600),
        ("9" * 5000, 3600),
        ("-1", None),
        ("1.5", None),
        ("1e400", None),
        ("nan", None),
        ("٣", None),
        (IN_90_S, 90),
        ("Mon, 02 Mar 2026 12:01:30 -0000", 90),
        ("Mon, 02 Mar 2026 13:01:30 +0100", 90),
        ("Monday, 02-Mar-26 12:01:30 GMT", 90),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Mon, 02 Mar 2026 11:59:59 GMT", None),
        ("Mon, 02 Mar 99999 11:59:59 GMT", None),
        ("Mon, 02 Mar 2026 12:01:30 +9999", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    assert retry_after(value, START, 3600) == expected


@given(value=st.text() | st.integers().map(str) | st.datetimes().map(str))
def test_retry_after_reads_anything_and_stays_within_its_cap(value: str) -> None:
    seconds = retry_after(value, START, 3600)

    assert seconds is None or 0 < seconds <= 3600


@pytest.mark.parametrize(
    "body",
    [
        b"Rate exceeded.",
        b"rate limit exceeded",
        b"<html><h1>429 Too Many Requests</h1></html>",
        b"API rate-limit reached",
    ],
)
def test_a_few_words_that_ask_us_to_slow_down_are_heeded(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets, body: bytes
) -> None:
    server.answer("/", Answer(body, headers={"Retry-After": "9"}))
    answer = gate.get(f"{server.url}/")

    with pytest.raises(RateLimitedError, match="asks us to slow down"):
        gate.heed(answer)

    assert budgets.held_off == [("arxiv", 9)]


@pytest.mark.parametrize("body", [b"", b"<html>ok</html>", b"Rate exceeded." + bytes(5000)])
def test_other_words_are_not(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets, body: bytes
) -> None:
    server.answer("/", Answer(body))

    gate.heed(gate.get(f"{server.url}/"))

    assert budgets.held_off == []


# --- how often --------------------------------------------------------------------------------


def test_a_short_wait_for_the_budget_is_slept(server: ReplayServer, clock: FakeClock) -> None:
    server.answer("/", Answer(b"ok"))
    policy = GatePolicy(base_url=server.url)

    with Gate("arxiv", policy=policy, budgets=FreeBudgets([2.5]), clock=clock) as gate:
        gate.get(f"{server.url}/")

    assert clock.slept == [2.5]


def test_a_long_wait_for_the_budget_defers_the_run(server: ReplayServer, clock: FakeClock) -> None:
    policy = GatePolicy(base_url=server.url)

    with (
        Gate("arxiv", policy=policy, budgets=FreeBudgets([30.1]), clock=clock) as gate,
        pytest.raises(DeferredError, match="used up for another 30 s") as caught,
    ):
        gate.get(f"{server.url}/")

    assert caught.value.retry_after_seconds == 30.1
    assert (clock.slept, server.seen, gate.requests) == ([], [], 0)


def test_nobody_waits_beyond_the_deadline(server: ReplayServer, clock: FakeClock) -> None:
    policy = GatePolicy(base_url=server.url)

    with (
        Gate("arxiv", policy=policy, budgets=FreeBudgets([9]), clock=clock, deadline=4) as gate,
        pytest.raises(DeadlineError, match="time limit of 4 s"),
    ):
        gate.get(f"{server.url}/")

    assert clock.slept == [4]
    assert server.seen == []


def test_after_the_deadline_nothing_is_sent(
    server: ReplayServer, clock: FakeClock, budgets: FreeBudgets
) -> None:
    policy = GatePolicy(base_url=server.url)

    with Gate("arxiv", policy=policy, budgets=budgets, clock=clock, deadline=60) as gate:
        clock.advance(timedelta(seconds=60))
        with pytest.raises(DeadlineError, match="time limit of 60 s"):
            gate.get(f"{server.url}/")

    assert (server.seen, budgets.reserved) == ([], [])


def test_requests_are_apart_across_gates_and_failures(
    server: ReplayServer, clock: FakeClock
) -> None:
    server.answer("/", Answer(b"ok"), page("no", 500), Answer(b"ok"))
    budgets = PacedBudgets(clock, Allowance(timedelta(seconds=3)))
    policy = GatePolicy(base_url=server.url)
    starts: list[datetime] = []

    for _ in range(4):
        with Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as gate:
            with suppress(SourceFailedError):
                gate.get(f"{server.url}/")
            starts.append(clock.now())

    assert [b - a for a, b in pairwise(starts)] == [timedelta(seconds=3)] * 3


def test_a_slow_down_for_one_gate_holds_for_the_next(
    server: ReplayServer, clock: FakeClock
) -> None:
    server.answer("/", slow_down("20"), Answer(b"ok"))
    budgets = PacedBudgets(clock, Allowance(timedelta(seconds=3)))
    policy = GatePolicy(base_url=server.url)

    with (
        Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as first,
        pytest.raises(RateLimitedError),
    ):
        first.get(f"{server.url}/")
    with Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as second:
        second.get(f"{server.url}/")

    assert clock.slept == [20]


class CountingWire(HttpxWire):
    """The real wire, which notes how many exchanges are under way in all."""

    under_way = peak = 0

    @contextmanager
    def exchange(self, url: str, headers: Mapping[str, str], seconds: float) -> Iterator[Reply]:
        CountingWire.under_way += 1
        CountingWire.peak = max(CountingWire.peak, CountingWire.under_way)
        with super().exchange(url, headers, seconds) as reply:
            yield reply
        CountingWire.under_way -= 1


def test_gates_never_have_two_connections(server: ReplayServer, clock: FakeClock) -> None:
    server.answer("/", Answer(b"ok"))
    budgets = PacedBudgets(clock, Allowance(timedelta(0)))
    policy = GatePolicy(base_url=server.url)

    def ask() -> None:
        wire = CountingWire(clock, connect_seconds=5, read_seconds=5)
        with Gate("arxiv", policy=policy, budgets=budgets, clock=clock, wire=wire) as gate:
            for _ in range(10):
                gate.get(f"{server.url}/")

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.seen) == 30
    assert CountingWire.peak == server.peak == 1
