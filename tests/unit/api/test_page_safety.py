"""Attacks that concern pages: what others wrote is only ever text, and nobody sees too much."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from stoma.api.gate import CSP
from stoma.api.pages.choices import local_path
from stoma.api.pages.format import link, outward
from tests.fakes import START
from tests.makers import make_item
from tests.pages import look, parsed, post, words
from tests.unit.cli.support import Registry
from tests.web import Site, basic, site

EVIL = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}} ${x} \u202egnp.exe\x1b[31m"
)
PLACES = [
    "/",
    "/tasks",
    "/tasks?q=%3Cscript%3Ealert(1)%3C/script%3E%22%20onx=",
    "/tasks/evil",
    "/tasks/evil/edit",
    "/tasks/evil/why",
    "/tasks/evil/backfill?first=%22%3E%3Cscript%3E&until=x",
    "/runs?task=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/runs/1",
    "/runs/2",
    "/calendar",
    "/calendar/2026-03-02?hour=12&task=%3Cscript%3E",
    "/timeline?window=%3Cscript%3E",
    "/items?q=%3Cscript%3Ealert&tag=%22onx=",
    "/items/1",
    "/items?run=%22",
    "/preview?schedule=%3Cscript%3Ealert(1)%3C/script%3E&timezone=%22",
    "/login?next=javascript:alert(1)&failed=%3Cscript%3E",
    "/tasks/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site on which everything was written by somebody who means harm."""
    with site(tmp_path_factory.mktemp("evil") / "home") as found:
        registry = Registry(found.app, found.clock)
        registry.task("evil", name=EVIL, description=EVIL, tags=(EVIL,), config={"ids": [EVIL]})
        item = make_item(title=f"{EVIL} alert", summary=EVIL, url="javascript:alert(1)")
        registry.ran("evil", items=[item], log=f"ERROR {EVIL}\n<b>bold</b>\n")
        registry.failed("evil", error=EVIL)
        registry.skipped("evil", detail=EVIL, at=START)
        yield found


@pytest.mark.parametrize("place", PLACES)
def test_what_others_wrote_is_only_text(web: Site, place: str) -> None:
    answer = web.get(place, headers={"Accept": "text/html"})
    page = parsed(answer.content)

    assert answer.status_code in {200, 404, 422}
    assert not page.xpath("//script[not(@src)] | //img | //iframe | //b[.='bold'] | //style")
    assert not [name for each in page.iter() for name in each.attrib if str(name).startswith("on")]
    assert not page.xpath("//@style")
    assert not page.xpath("//@href[starts-with(., 'javascript:')] | //@src[contains(., ':')]")
    assert not {"\u202e", "\x1b"} & set(answer.text)
    assert "49" not in words(page) if place == "/tasks/evil" else True
    assert answer.headers["content-security-policy"] == CSP


def test_a_log_is_text_in_its_stream_too(web: Site) -> None:
    with web.client.stream("GET", "/runs/1/follow") as answer:
        body = b"".join(answer.iter_bytes()).decode()

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '<div class="ERROR">ERROR &lt;script&gt;' in body
    assert "<b>" not in body
    assert "\x1b" not in body
    assert body.endswith("event: ended\ndata: succeeded\n\n")


def test_a_follower_goes_on_where_it_was(web: Site) -> None:
    with web.client.stream("GET", "/runs/1/follow?after=1000000") as answer:
        rest = b"".join(answer.iter_bytes()).decode()
    with web.client.stream("GET", "/runs/1/follow", headers={"Last-Event-ID": "x"}) as answer:
        whole = b"".join(answer.iter_bytes()).decode()

    assert "data: <div" not in rest
    assert "data: <div" in whole


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/a\nb"],
)
def test_a_form_leads_to_no_other_site(target: str) -> None:
    assert local_path(target) == "/"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x", "http://", "http://[", "ftp://x/"]
)
def test_only_web_addresses_are_links(url: str) -> None:
    assert outward(url) == ""


def test_no_part_changes_a_path() -> None:
    assert link("/p", "/tasks", "../../x?y#z", q="a&b") == "/p/tasks/..%2F..%2Fx%3Fy%23z?q=a%26b"


@pytest.mark.parametrize(
    "cookie", ["%7B", "null", "5", '"x"', "%5B%5D", "{}", "%7B%22text%22:1%7D"]
)
def test_a_cookie_that_is_no_note_says_nothing(web: Site, cookie: str) -> None:
    page = look(web, "/", headers={"Cookie": f"stoma_said={cookie}"})

    assert not page.xpath("//*[@role='alert']")


def test_a_note_in_a_cookie_is_text(web: Site) -> None:
    note = quote('{"text": "<script>x", "tone": "bad", "hint": ""}')

    page = look(web, "/", headers={"Cookie": f"stoma_said={note}"})

    assert "<script>x" in words(page)
    assert not page.xpath("//script[not(@src)]")


def test_everything_that_changes_is_posted_from_here(web: Site) -> None:
    away = {"Origin": "https://evil.example"}
    other = {"Sec-Fetch-Site": "cross-site"}

    for headers in (away, other):
        status, _ = post(web, "/tasks/evil/run", {}, headers)
        assert status == 403


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[Site]:
    """Return a site with two users, each with a task that ran."""
    with site(tmp_path / "home") as found:
        registry = Registry(found.app, found.clock)
        for name in ("ada", "bob"):
            registry.task(f"of_{name}", name=f"Task of {name}", owner=name)
            registry.ran(f"of_{name}", items=[make_item(f"id-{name}", title=f"Paper of {name}")])
            registry.skipped(f"of_{name}", at=START)
        found.user("root", "admin")
        found.user("ada")
        found.user("bob")
        yield found


@pytest.mark.parametrize(
    "place",
    [
        "/",
        "/tasks",
        "/runs",
        "/calendar",
        "/calendar/2026-03-02",
        "/timeline",
        "/items",
        "/items?q=paper",
    ],
)
def test_nobody_sees_what_belongs_to_others(owned: Site, place: str) -> None:
    mine = words(look(owned, place, headers=basic("ada")))
    all_of_it = words(look(owned, place, headers=basic("root")))

    assert "bob" not in mine
    assert "of_bob" not in owned.get(place, headers=basic("ada")).text
    assert place == "/calendar" or "bob" in all_of_it


@pytest.mark.parametrize(
    "place",
    [
        "/tasks/of_bob",
        "/tasks/of_bob/why",
        "/tasks/of_bob/edit",
        "/tasks/of_bob/backfill",
        "/runs/3",
        "/runs/3/follow",
        "/items/2",
    ],
)
def test_what_belongs_to_others_is_as_unknown_as_what_is_not(owned: Site, place: str) -> None:
    assert owned.get(place, headers=basic("ada")).status_code == 404
    assert owned.get(place.replace("follow", ""), headers=basic("root")).status_code in {200, 307}


def test_a_form_changes_nothing_of_others(owned: Site) -> None:
    for verb in ("run", "enable", "disable", "edit", "remove", "backfill"):
        assert post(owned, f"/tasks/of_bob/{verb}", {}, headers=basic("ada"))[0] == 404
    post(owned, "/tasks/bulk", {"task": ["of_bob"], "do": "disable"}, headers=basic("ada"))

    assert owned.app.tasks.get("of_bob").enabled


def test_who_may_only_read_is_shown_no_buttons(owned: Site) -> None:
    owned.user("guest", "read")
    owned.user("helper", "run")

    assert not look(owned, "/tasks", headers=basic("guest")).xpath("//main//form[@method='post']")
    assert look(owned, "/tasks/new", status=403, headers=basic("guest")) is not None
    assert look(owned, "/presets/research", status=403, headers=basic("ada")) is not None
    assert look(owned, "/settings", status=403, headers=basic("ada")) is not None
    bulk = {"task": ["x"], "do": "disable"}
    assert post(owned, "/tasks/bulk", bulk, headers=basic("helper"))[0] == 403


def test_a_login_leads_back_and_ends(owned: Site) -> None:
    away = owned.get("/tasks?state=enabled", headers={"Accept": "text/html"})
    shown = look(owned, away.headers["location"])
    wrong = post(owned, "/login", {"name": "ada", "password": "no", "next": "/tasks"})
    status, place = post(
        owned, "/login", {"name": "ada", "password": "a password for tests", "next": "/tasks"}
    )
    inside = look(owned, "/tasks")
    post(owned, "/logout", {})

    assert away.headers["location"] == "/login?next=/tasks%3Fstate%3Denabled"
    assert shown.xpath("//input[@name='next']/@value") == ["/tasks?state=enabled"]
    assert "is wrong" in words(look(owned, wrong[1]))
    assert (status, place) == (303, "/tasks")
    assert inside.xpath("//button[.='Sign out']")
    assert owned.get("/tasks").status_code == 401
