"""Where the gate lets requests go, and where redirects may lead."""

import pytest

from stoma.exceptions import BadAnswerError, RequestRefusedError, SettingsError
from stoma.httpclient import Gate, GatePolicy, origin
from stoma.wire import MIB
from tests.fakes import FreeBudgets
from tests.replay import Answer, ReplayServer, page

SOURCE = "arxiv"
POLICY = {"read_seconds": 5, "max_body_bytes": 4 * MIB}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://export.arxiv.org/api/query?x=1", "https://export.arxiv.org:443"),
        ("HTTP://Export.arXiv.org", "http://export.arxiv.org:80"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/x", "http://::1:8000"),
        ("ftp://export.arxiv.org/x", None),
        ("file:///etc/passwd", None),
        ("unix:/run/x", None),
        ("javascript:alert(1)", None),
        ("https:///api", None),
        ("https://me:secret@export.arxiv.org/", None),
        ("https://export.arxiv.org@evil.example/", None),
        ("https://evil.example\\@export.arxiv.org/", None),
        ("https://export.arxiv.org:port/", None),
        ("https://export.arxiv.org:99999/", None),
        ("https://[::1/", None),
        ("https://export.arxiv.org/a b", None),
        ("https://еxport.arxiv.org/", None),  # noqa: RUF001 - a Cyrillic letter
        ("", None),
    ],
)
def test_origin(url: str, expected: str | None) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    ("base_url", "url", "allowed"),
    [
        ("https://export.arxiv.org", "https://export.arxiv.org/api/query", True),
        ("https://export.arxiv.org", "https://export.arxiv.org:443/x", True),
        ("https://export.arxiv.org", "http://export.arxiv.org/x", False),  # would be in the clear
        ("http://export.arxiv.org", "https://export.arxiv.org/x", True),
        ("http://127.0.0.1:8000/mirror", "http://127.0.0.1:8000/x", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001/x", False),
        ("http://127.0.0.1:8000", "https://127.0.0.1/x", False),
        ("https://export.arxiv.org", "https://export.arxiv.org.evil.example/", False),
        ("https://export.arxiv.org", "https://rss.arxiv.org/", True),
        ("https://export.arxiv.org", "http://169.254.169.254/latest/meta-data", False),
    ],
)
def test_a_policy_allows_its_own_addresses_only(base_url: str, url: str, allowed: bool) -> None:
    policy = GatePolicy(base_url=base_url, also=("https://rss.arxiv.org",))

    assert policy.allows(url) is allowed


@pytest.mark.parametrize("url", ["", "export.arxiv.org", "ftp://x", "https://me:pw@x"])
def test_a_policy_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises(SettingsError, match="can not be a source's address"):
        GatePolicy(base_url=url)


def test_a_foreign_address_costs_nothing(gate: Gate, budgets: FreeBudgets) -> None:
    with pytest.raises(RequestRefusedError, match=r"evil\.example.*does not belong to arxiv"):
        gate.get("https://evil.example/api")

    assert gate.requests == 0
    assert budgets.reserved == []


def test_a_redirect_inside_the_source_is_followed_and_costs_a_request(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets
) -> None:
    server.answer("/old", Answer(status=301, headers={"Location": "/new?x=1"}))
    server.answer("/new", Answer(b"here"), x="1")

    answer = gate.get(f"{server.url}/old")

    assert (answer.url, answer.body) == (f"{server.url}/new?x=1", b"here")
    assert gate.requests == len(budgets.reserved) == 2


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "file:///etc/passwd",
        "http://[::1",
        "/same",
        "",
    ],
)
def test_a_redirect_elsewhere_or_nowhere_is_refused(
    server: ReplayServer, gate: Gate, location: str
) -> None:
    server.answer("/same", Answer(status=302, headers={"Location": location} if location else {}))

    with pytest.raises(BadAnswerError, match=r"answered HTTP 302 to .*, which is not followed"):
        gate.get(f"{server.url}/same")

    assert gate.requests == 1


def test_a_redirect_to_another_port_reaches_nobody(server: ReplayServer, gate: Gate) -> None:
    with ReplayServer() as other:
        server.answer("/", Answer(status=307, headers={"Location": f"{other.url}/"}))

        with pytest.raises(BadAnswerError, match="not followed"):
            gate.get(f"{server.url}/")

        assert other.seen == []


def test_redirects_end(server: ReplayServer, gate: Gate) -> None:
    for n in range(9):
        server.answer(f"/{n}", Answer(status=302, headers={"Location": f"/{n + 1}"}))

    with pytest.raises(BadAnswerError, match="redirects more than 3 times"):
        gate.get(f"{server.url}/0")

    assert gate.requests == 4


def test_an_allowed_status_is_an_answer(server: ReplayServer, gate: Gate) -> None:
    server.answer("/moved", Answer(status=301, headers={"Location": "/"}))
    server.answer("/bad", page("what?", 400))

    assert gate.get(f"{server.url}/moved", allow=(301,)).status == 301
    assert gate.get(f"{server.url}/bad", allow=(400,)).body == b"what?"
