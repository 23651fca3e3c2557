"""Every page, on one registry that is only looked at."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.fakes import START
from tests.makers import make_item
from tests.pages import look, words
from tests.unit.cli.support import Registry
from tests.web import Site, site

PLACES = [
    "/",
    "/tasks",
    "/tasks/papers",
    "/tasks/papers/why",
    "/tasks/papers/edit",
    "/tasks/papers/backfill",
    "/tasks/new",
    "/tasks/new?type=arxiv",
    "/runs",
    "/runs/1",
    "/calendar",
    "/calendar/2026-03-02",
    "/timeline",
    "/items",
    "/items/1",
    "/presets",
    "/presets/research",
    "/settings",
    "/login",
]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with one task that ran, to be looked at only."""
    with site(tmp_path_factory.mktemp("pages") / "home") as found:
        registry = Registry(found.app, found.clock)
        registry.task("papers", name="Papers on testing")
        registry.ran("papers", at=START - timedelta(hours=1), items=[make_item()])
        yield found


@pytest.mark.parametrize("place", PLACES)
def test_every_page_is_whole(web: Site, place: str) -> None:
    page = look(web, place)

    (heading,) = page.findall(".//h1")
    assert heading.text_content().strip()
    assert page.get("lang") == "en"
    assert page.findtext(".//title", "").endswith("· stoma")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("place", PLACES)
def test_moments_name_their_instant_and_zone(web: Site, place: str) -> None:
    for moment in look(web, place).iter("time"):
        assert moment.get("datetime", "").endswith("Z")
        assert moment.get("title", "").endswith("UTC")


def test_the_overview_is_light(web: Site) -> None:
    raw = [
        int(web.get(path, headers={"Accept-Encoding": "gzip"}).headers["content-length"])
        for path in ["/", "/static/all.css", "/static/all.js", "/static/icon.svg"]
    ]

    assert sum(raw) < 60_000


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=testing", True),
        ("q=nothing", False),
        ("source=arxiv&kind=paper", True),
        ("source=github", False),
        ("tag=cs.SE&since=1d", True),
        ("run=1", True),
        ("run=x", True),
    ],
)
def test_items_are_found(web: Site, asked: str, found: bool) -> None:
    page = look(web, f"/items?{asked}")

    assert bool(page.xpath("//ul[contains(@class, 'hits')]/li")) is found


def test_a_hit_is_marked_and_facets_toggle(web: Site) -> None:
    page = look(web, "/items?q=testing&source=arxiv")

    assert page.xpath("//mark/text()") == ["Testing"]
    (chosen,) = page.xpath("//nav[@aria-label='Narrow by']//a[@aria-current]/@href")
    assert chosen == "/items?q=testing"


def test_items_can_be_exported_as_they_are_narrowed(web: Site) -> None:
    page = look(web, "/items?source=arxiv&since=1d")

    (csv,) = page.xpath("//a[text()='CSV']/@href")
    assert "On Testing" in web.get(csv).text


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=testing", True), ("q=test*+on&source=arxiv", True), ("q=nowhere", False), ("q=--", False)],
)
def test_an_export_holds_what_a_search_lists(web: Site, query: str, found: bool) -> None:
    page = look(web, f"/items?{query}")
    links = page.xpath("//a[text()='JSON lines']/@href")

    listed = page.xpath("//ul[contains(@class, 'hits')]/li")
    exported = web.get(f"/api/items/export?{query}").text.splitlines()

    assert len(exported) == len(listed)
    assert bool(links) is found
    assert not links or web.get(links[0]).text.splitlines() == exported


def test_an_item_shows_what_is_known_of_it(web: Site) -> None:
    said = words(look(web, "/items/1"))

    for each in ("José Raúl Romero", "We test.", "cs.SE", "Papers on testing", "2203.00001"):
        assert each in said


@pytest.mark.parametrize(
    "place",
    [
        "/tasks/none",
        "/runs/99",
        "/runs/x",
        "/items/99",
        "/items/x",
        "/presets/none",
        "/calendar/2026-13",
        "/calendar/2026-02-30",
        "/calendar/x",
        "/calendar/0001-01",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(web: Site, place: str) -> None:
    assert "Not found" in words(look(web, place, status=404))


def test_settings_hide_what_is_secret(web: Site) -> None:
    page = look(web, "/settings")

    (row,) = page.xpath("//tr[th/span[text()='sources.github.token']]")
    assert "empty" in row.text_content() or "*" in row.text_content()
    assert "There is no user and no token" in words(page)
