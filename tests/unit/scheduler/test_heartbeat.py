"""The sign of life for a monitor outside: sent while the loop works, and never in its way."""

import logging
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.scheduler.aside import Aside
from stoma.scheduler.heartbeat import Heartbeat, fail_url, request
from stoma.secrets import Places, Secrets
from stoma.service.errors import HeartbeatError
from stoma.settings.service import HeartbeatSettings
from tests.monitor import Monitor

SECRETS = Secrets(Places(environ={"STOMA_SECRET_HC": "https://hc.example/abcd"}))


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with Monitor() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def settings(url: str, **others: float) -> HeartbeatSettings:
    return HeartbeatSettings.model_validate({"url": url, **others})


def test_it_is_sent_at_every_interval_and_says_what_is_wrong(monitor: Monitor) -> None:
    heart = Heartbeat(settings(monitor.url, interval_seconds=60.0), SECRETS)

    for now in (0.0, 30.0, 61.0):
        heart.ping(now)
        if now != 30.0:
            assert monitor.arrived.acquire(timeout=60)
    heart.fail("the disk is full", 62.0)
    heart.close()

    assert monitor.heard == [
        ("GET", "/ping/uuid", ""),
        ("GET", "/ping/uuid", ""),
        ("POST", "/ping/uuid/fail", "the disk is full"),
    ]


def test_a_slow_monitor_holds_nobody_up(monitor: Monitor) -> None:
    monitor.hold = threading.Event()
    heart = Heartbeat(settings(monitor.url, interval_seconds=1.0), SECRETS)

    for now in range(100):  # returns at once, each time: nothing here waits for an answer
        heart.ping(float(now))
    assert monitor.arrived.acquire(timeout=60)
    heart.ping(100.0)
    monitor.hold.set()
    heart.close()

    assert len(monitor.heard) <= 3  # the first, perhaps one more, and the newest


def test_trouble_is_logged_once_and_its_end_too(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "stoma.scheduler.aside")
    heart = Heartbeat(settings(monitor.url), SECRETS)
    for number, status in enumerate((500, 500, 200, 200)):
        monitor.status = status
        heart.ping(number * 100.0)
        assert monitor.arrived.acquire(timeout=60)
    heart.close()

    assert caplog.messages == [
        "heartbeat: no sign of life was taken by 127.0.0.1: it answered 500",
        "heartbeat: all is well again",
    ]
    assert "uuid" not in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/uuid", "http://[::1]:1/uuid"])
def test_an_error_does_not_tell_the_address(url: str) -> None:
    with pytest.raises(HeartbeatError) as caught:
        request(url, "", 5)

    assert "uuid" not in str(caught.value)
    assert "ConnectError" in str(caught.value)


def test_the_address_may_be_a_secret() -> None:
    asked: list[str] = []
    heart = Heartbeat(
        settings('{secret = "HC"}'), SECRETS, lambda url, text, seconds: asked.append(url)
    )

    heart.ping(0.0)
    heart.close()

    assert asked == ["https://hc.example/abcd"]


def test_what_was_not_taken_is_sent_again_sooner() -> None:
    def refuse(url: str, text: str, seconds: float) -> None:
        raise HeartbeatError("hc.example", "it answered 503")

    heart = Heartbeat(settings("https://hc.example/x", interval_seconds=60.0), SECRETS, refuse)
    heart.ping(0.0)
    heart.close()

    assert not heart.is_due(14.0)
    assert heart.is_due(15.0)


def test_without_an_address_nothing_is_sent() -> None:
    heart = Heartbeat(settings(""), SECRETS, lambda *_: pytest.fail("nobody is to be asked"))

    heart.ping(0.0)
    heart.fail("x")
    heart.close()

    assert not heart.wanted


@given(path=st.text("abc/-", max_size=9), query=st.text("ab=&", max_size=5))
def test_the_address_of_failures_keeps_what_stands_behind_the_path(path: str, query: str) -> None:
    end = f"?{query}" if query else ""

    assert fail_url(f"https://h/{path}{end}") == f"https://h/{path}".rstrip("/") + f"/fail{end}"


def test_of_jobs_that_wait_only_the_newest_is_done() -> None:
    started, free, done = threading.Event(), threading.Event(), list[int]()
    aside = Aside("jobs")

    def first() -> None:
        started.set()
        free.wait(60)

    aside.do(first)
    assert started.wait(60)
    for number in range(5):
        aside.do(lambda number=number: done.append(number))  # type: ignore[misc]
    free.set()
    aside.close(60)

    assert done == [4]


def test_nothing_to_do_is_soon_closed() -> None:
    aside = Aside("jobs")

    aside.close(60)
