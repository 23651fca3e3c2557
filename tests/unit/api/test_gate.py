"""What nobody gets past: credentials, spellings of paths, names of hosts, pages of others."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.websockets import WebSocketDisconnect

from tests.routes import CALLS, OWN
from tests.web import Site, basic, site

OPEN = {"/healthz", "/login"}


def test_every_route_is_walked() -> None:
    paths = {call.path for call in CALLS}

    assert len(CALLS) > 45
    assert {"/", "/api/scheduler/runs/1/log/stream", "/api/scheduler/events", "/metrics"} <= paths


def test_every_route_but_the_open_ones_asks_for_a_scope() -> None:
    unscoped = {call.path for call in CALLS if not call.scope}

    assert unscoped <= OPEN | {"/logout"}


def test_no_route_answers_without_credentials(guarded: Site) -> None:
    answers = {
        call: guarded.send(call.method, call.path) for call in CALLS if call.path not in OPEN
    }

    assert [call for call, answer in answers.items() if answer.status_code != 401] == []
    assert not any("the log of" in answer.text for answer in answers.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"Authorization": "Bearer stoma_wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic cm9vdA=="},
        {"Authorization": "Digest x"},
        {"Cookie": "stoma_session=wrong"},
        basic("nobody"),
        basic("root", "wrong password"),
    ],
    ids=str,
)
def test_wrong_credentials_are_as_good_as_none(guarded: Site, wrong: dict[str, str]) -> None:
    answer = guarded.get("/api/scheduler/tasks", headers=wrong)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"]
    guarded.clock.advance(timedelta(minutes=1))


def test_a_websocket_needs_credentials_too(guarded: Site) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        guarded.client.websocket_connect("/api/scheduler/events"),
    ):
        pass

    assert refused.value.code == 1008


def test_before_there_is_an_account_only_this_machine_is_let_in(tmp_path: Path) -> None:
    with site(tmp_path / "near") as near:
        own = near.get("/api/scheduler/status").status_code
        proxied = near.get("/api/me", headers={"X-Forwarded-For": "192.0.2.1"}).status_code
    with site(tmp_path / "far", client="192.0.2.1") as far:
        other = far.get("/api/scheduler/status").status_code

    assert (own, proxied, other) == (200, 401, 401)


def test_the_first_account_closes_the_door_at_once_and_an_expired_token_keeps_it_shut(
    web: Site,
) -> None:
    before = web.get("/api/me").status_code
    end = web.clock.now() + timedelta(hours=1)
    headers = web.token("ci", expires_at=end)
    with_it = web.get("/api/me", headers=headers).status_code
    web.clock.advance(timedelta(hours=2))

    assert (before, with_it) == (200, 200)
    assert web.get("/api/me").status_code == 401
    assert web.get("/api/me", headers=headers).status_code == 401


SPELLINGS = [
    "/healthz/../api/scheduler/tasks",
    "/healthz/%2e%2e/api/scheduler/tasks",
    "/login/api/scheduler/tasks",
    "/static/../api/scheduler/tasks",
    "/static/%2e%2e/api/scheduler/tasks",
    "/static/..%2fapi%2fscheduler%2ftasks",
    "//api/scheduler/tasks",
    "/api//scheduler/tasks",
    "/api/scheduler/tasks/",
    "/api/scheduler/tasks;x=/healthz",
    "/api/scheduler/tasks;/login",
    "/API/scheduler/tasks",
    "/api/scheduler/tasks/configs",
    "/api/scheduler/tasks%2f",
    "/api/scheduler/tasks%00",
    "/healthz%00/../api/scheduler/tasks",
    "/HEALTHZ",
    "/login/",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_a_path_gets_past_the_gate(guarded: Site, path: str) -> None:
    answer = guarded.get(path)

    assert answer.status_code in {401, 404}
    assert OWN not in answer.text


ELSEWHERE: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"},
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_a_page_of_another_site_changes_nothing(web: Site, headers: dict[str, str]) -> None:
    web.task("ml")

    answers = {
        path: web.send(method, path, headers=headers).status_code
        for method, path in {
            ("POST", "/api/scheduler/tasks/ml/run"),
            ("DELETE", "/api/scheduler/tasks/ml"),
            ("PUT", "/api/scheduler/tasks/ml/disable"),
            ("POST", "/login"),
            ("POST", "/logout"),
        }
    }

    assert set(answers.values()) == {403}
    assert web.get("/api/scheduler/history").json() == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1:8000"}],
    ids=str,
)
def test_our_own_pages_and_programs_may(web: Site, headers: dict[str, str]) -> None:
    web.task("ml")

    assert web.send("POST", "/api/scheduler/tasks/ml/run", headers=headers).status_code == 202


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""]
)
def test_a_rebound_host_name_reaches_nothing(web: Site, host: str) -> None:
    answers = [
        web.get("/api/scheduler/tasks", headers={"Host": host}),
        web.get("/healthz", headers={"Host": host}),
        web.send("POST", "/api/scheduler/pause", headers={"Host": host}),
    ]

    assert {answer.status_code for answer in answers} == {421}


def test_names_of_ours_are_set(tmp_path: Path) -> None:
    with site(tmp_path / "h", allowed_hosts=("stoma.example",)) as web:
        known = [
            web.get("/healthz", headers={"Host": host}).status_code
            for host in ("stoma.example", "STOMA.example:443", "localhost:8000", "[::1]:8000")
        ]

    assert known == [200] * 4


def test_looking_changes_nothing(guarded: Site) -> None:
    app = guarded.app
    token = guarded.token("looks", scope="admin")
    guarded.get("/api/me", headers=token)  # that it was used is written down once a minute
    before = app.database.data_version()

    for call in CALLS:
        if call.method == "GET" and not call.path.endswith(("/stream", "/events")):
            guarded.get(call.path, headers=token)

    assert app.database.data_version() == before
