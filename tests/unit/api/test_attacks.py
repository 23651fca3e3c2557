"""Attacks on logins, bodies, texts and secrets."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from stoma.api.gate import CSP
from stoma.operations import accounts
from tests.routes import calls
from tests.web import PASSWORD, Site, basic, bearer, site


def log_in(site: Site, name: str = "u", password: str = PASSWORD, to: str = "/") -> str:
    """Log in with a form; return the Set-Cookie header, empty if that was refused."""
    form = {"name": name, "password": password, "next": to}
    answer = site.send("POST", "/login", data=form, headers={"Origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 303
    return answer.headers.get("Set-Cookie", "")


def works(site: Site, cookie: str) -> bool:
    """Return whether somebody with that cookie is let in."""
    site.client.cookies.clear()
    headers = {"Cookie": cookie.partition(";")[0]}
    return site.get("/api/me", headers=headers).status_code == 200


def test_a_login_ends_with_logout_a_new_password_idleness_and_age(tmp_path: Path) -> None:
    with site(tmp_path / "h", idle_minutes=30.0, session_hours=2.0) as web:
        web.user("u")
        ended = []

        cookie = log_in(web)
        ended.append(works(web, cookie))
        web.send("POST", "/logout", headers={"Cookie": cookie.partition(";")[0]})
        ended.append(works(web, cookie))

        cookie = log_in(web)
        accounts.change_password(web.app, "u", PASSWORD)
        ended.append(works(web, cookie))

        cookie = log_in(web)
        web.clock.advance(timedelta(minutes=31))
        ended.append(works(web, cookie))

        cookie = log_in(web)
        for _ in range(5):
            web.clock.advance(timedelta(minutes=20))
            ended.append(works(web, cookie))
        web.clock.advance(timedelta(minutes=25))
        ended.append(works(web, cookie))

    assert ended == [True, False, False, False, True, True, True, True, True, False]


def test_a_cookie_goes_nowhere_else(tmp_path: Path) -> None:
    with site(tmp_path / "h", prefix="/stoma", https=True) as web:
        web.user("u")
        answer = web.send("POST", "/stoma/login", data={"name": "u", "password": PASSWORD})
        cookie = answer.headers["Set-Cookie"]
        below = web.get("/stoma/api/me", headers={"Cookie": cookie.partition(";")[0]})

    assert answer.headers["Location"] == "/stoma/"
    assert "Path=/stoma;" in cookie
    assert {"HttpOnly", "Secure", "SameSite=lax"} <= {*cookie.split("; ")}
    assert below.json()["name"] == "u"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/\r\nX: y"],
)
def test_a_login_leads_to_no_other_site(web: Site, target: str) -> None:
    web.user("u")

    answer = web.send("POST", "/login", data={"name": "u", "password": PASSWORD, "next": target})

    assert answer.headers["Location"] == "/"
    assert "X" not in answer.headers


def test_wrong_passwords_become_slow(web: Site) -> None:
    web.user("u")
    wrong = [log_in(web, password=f"wrong {n}") for n in range(10)]
    right = log_in(web)
    headers = web.get("/api/me", headers=basic("u", "wrong too")).status_code
    web.clock.advance(timedelta(minutes=1))

    assert set(wrong) == {""}
    assert (right, headers) == ("", 429)
    assert log_in(web) != ""


def test_a_removed_user_is_out_and_so_are_their_tokens(web: Site) -> None:
    headers = web.user("u")
    token = web.token("of-u", owner="u", scope="admin")
    cookie = log_in(web)
    inside = [web.get("/api/me", headers=each).json()["scopes"] for each in (headers, token)]
    web.token("keeps-the-door-shut")
    accounts.remove_user(web.app, "u")

    assert inside == [["read", "run", "write"]] * 2
    assert not works(web, cookie)
    assert {web.get("/api/me", headers=each).status_code for each in (headers, token)} == {401}


def test_a_body_is_json_small_and_no_file(web: Site) -> None:
    """Attack 1: what is posted is data; no name in it leads to a file."""
    path = "/api/scheduler/tasks"
    crafted = {"files": {"x": {"filepath": "/etc/passwd"}}}

    answers = [
        web.send("POST", path, json=crafted),
        web.send("POST", path, content=b"{}", headers={"Content-Type": "text/plain"}),
        web.send("POST", path, files={"x": b"y"}),
        web.send("POST", path, data={"id": "x"}),
        web.send("POST", path, content=b"{" * 200_000, headers=_JSON),
        web.send("POST", path, content=b'"' + b"x" * 1_100_000 + b'"', headers=_JSON),
        web.send("POST", path, content=iter([b"x" * 600_000] * 2), headers=_JSON),
        web.send("POST", path, content=b"\xff\xfe", headers=_JSON),
    ]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [422, 415, 415, 415, 422, 413, 413, 422] or statuses == [
        422,
        415,
        415,
        415,
        400,
        413,
        413,
        400,
    ]
    assert "root:" not in "".join(answer.text for answer in answers)


_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("text", ["{{7*7}}", "${__class__}", "{0.__globals__}", "%(x)s", "#{7*7}"])
def test_a_template_in_a_field_stays_text(web: Site, text: str) -> None:
    """Attack 2."""
    web.task("ml", name=text, description=text, tags=(text,), config={"search_query": text})

    found = web.get("/api/scheduler/tasks/ml").json()

    assert (found["name"], found["description"], found["tags"]) == (text, text, [text])
    assert found["definition"]["config"] == {"search_query": text}


def test_no_answer_shows_a_secret(tmp_path: Path) -> None:
    """Attack 13: not the token of a source, nor passwords and tokens of accounts."""
    secret = "ghp_a_token_that_nobody_sees"
    home = tmp_path / "h"
    home.mkdir()
    (home / "config.toml").write_text(f'[sources.github]\ntoken = "{secret}"\n')
    with site(home) as web:
        token = accounts.create_token(web.app, "ci", scope="admin").text
        web.user("u")
        known = web.app.accounts.find_user("u")
        assert known is not None
        web.task("ml")
        web.run("ml", log="fine\n")
        answers = [
            web.get(call.path, headers=bearer(token)).text
            for call in calls("ml", 1)
            if call.method == "GET" and not call.path.endswith("/events")
        ]

    shown = "".join(answers)
    assert len(shown) > 10_000
    assert not any(each in shown for each in (secret, token, PASSWORD, known.password))
    for file in home.glob("stoma.db*"):
        assert token.encode() not in file.read_bytes()


@pytest.mark.parametrize("path", ["/api/scheduler/tasks", "/healthz", "/nope", "/", "/login"])
def test_every_answer_has_the_headers_that_keep_pages_inert(web: Site, path: str) -> None:
    """Attack 19."""
    answer = web.get(path)

    assert answer.headers["Content-Security-Policy"] == CSP
    assert "unsafe" not in CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_markup_in_names_is_data(web: Site) -> None:
    """Attack 19: JSON is told as JSON, and no browser takes it for a page."""
    web.task("ml", name="<script>alert(1)</script>")

    answer = web.get("/api/scheduler/tasks/ml")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["name"] == "<script>alert(1)</script>"


HOSTILE = "a\x1b]0;owned\x07\r\u202egpj.exe\x9b31m[/x]"


def test_what_a_terminal_would_obey_is_escaped(web: Site) -> None:
    """Attack 23."""
    web.task("ml", name=HOSTILE)
    run = web.run("ml", log=f"{HOSTILE}\n")

    answers = [
        web.get("/api/scheduler/tasks").text,
        web.get(f"/api/scheduler/runs/{run}/log").text,
        web.get(f"/api/scheduler/runs/{run}/log/stream").text,
        web.get(f"/api/scheduler/tasks/{quote(HOSTILE)}").text,
        web.get("/api/scheduler/preview", params={"schedule": HOSTILE}).text,
    ]

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", "".join(answers))
    assert web.get("/api/scheduler/tasks").json()[0]["name"] == HOSTILE
