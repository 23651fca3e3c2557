"""Every page, in both themes, by the rules of WCAG 2.2 AA; and on the smallest screen."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched

PLACES = [
    "/",
    "/tasks",
    "/tasks/github_rust_trending",
    "/tasks/insider_watch/why",
    "/tasks/night_harvest/edit",
    "/tasks/insider_watch/backfill?first=2026-11-18T00:00&until=2026-11-20T00:00",
    "/tasks/new",
    "/tasks/new?type=sec_edgar",
    "/runs",
    "/runs/3",
    "/calendar",
    "/calendar/2026-11-20?hour=7",
    "/timeline",
    "/items?q=attention",
    "/items/1",
    "/presets",
    "/presets/research",
    "/settings",
    "/login",
    "/nowhere",
]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: The smallest width in use, which is also 1280 pixels at 400 %; and 1280 at 200 %.
_WIDTHS = [640, 320]
#: Rows are made alike: of long lists and tables the first few are checked.
_FEWER = """document.querySelectorAll(
    'table:not([data-grid]) tbody tr:nth-child(n+4), ul.list > li:nth-child(n+4),'
    + 'table.day tbody tr:nth-child(n+4), main > section:nth-of-type(n+5)'
).forEach((each) => each.remove())"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def still(browser: Browser) -> Iterator[Page]:
    """Return one page for all of them, on which nothing moves."""
    with watched(browser, reduced_motion="reduce") as page:
        yield page


@pytest.mark.parametrize("place", PLACES)
def test_a_page_is_for_everybody(still: Page, demo: str, place: str) -> None:
    page = still
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{demo}{place}")
    page.evaluate(_FEWER)

    light = Axe().run(page, options={"runOnly": _RULES, "resultTypes": ["violations"]})
    page.emulate_media(color_scheme="dark")
    dark = Axe().run(page, options={"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    too_wide = []
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 640})
        too_wide.append(page.evaluate(_TOO_WIDE))

    assert light.violations_count == 0, light.generate_report()
    assert dark.violations_count == 0, dark.generate_report()
    assert too_wide == [0, 0]


def test_what_moves_stands_still_for_who_wants_that(still: Page, demo: str) -> None:
    still.goto(f"{demo}/runs?show=open")

    assert still.evaluate("document.getAnimations().length") == 0


def test_updates_can_be_held(page: Page, demo: str) -> None:
    page.goto(f"{demo}/")
    button = page.get_by_role("button", name="Hold updates")

    button.click()

    assert button.get_attribute("aria-pressed") == "true"
