"""What people do here, in a real browser: with a mouse, with a keyboard alone, without scripts."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.feeds import papers
from tests.replay import ATOM, Answer, ReplayServer, feed

expect.set_options(timeout=PATIENCE_MS)


def held(body: bytes, until: threading.Event) -> Answer:
    """An answer that comes when *until* is set; it says something all the while."""
    head = f"Content-Type: {ATOM}\r\nContent-Length: {len(body)}\r\n\r\n"

    def pieces(server: ReplayServer) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        for _ in range(PATIENCE_MS // 1000):
            if until.wait(1) or server.closing.is_set():
                break
            yield b"X-Patience: please\r\n"
        yield head.encode() + body

    return Answer(raw=pieces)


def test_from_a_new_task_to_its_items(page: Page, fresh: str, source: ReplayServer) -> None:
    seen = threading.Event()
    source.answer("/api/query", feed(papers(0, 10, total=20)), start="0")
    source.answer("/api/query", held(papers(10, 10, total=20), seen), start="10")

    # A task is made; what its schedule means is shown while it is typed.
    page.goto(f"{fresh}/tasks")
    page.get_by_role("link", name="New task").click()
    page.get_by_role("link", name=re.compile("^arxiv")).click()
    page.get_by_label("Name", exact=True).fill("Agents")
    page.get_by_label("Id", exact=True).fill("agents")
    page.get_by_label("Search query").fill("abs:agent")
    page.get_by_label("Max results").fill("20")
    page.get_by_label("Time zone").select_option("America/New_York")
    page.get_by_label("Schedule").fill("daily_at_02:30")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Every day at 02:30 (America/New_York)")
    expect(preview).to_contain_text("02:30 does not exist on")
    page.get_by_role("button", name="Make the task").click()

    # Its next moments are there.
    expect(page.get_by_role("status").first).to_contain_text("Made Agents")
    expect(page.locator("main")).to_contain_text("When it is due")
    expect(page.locator("time[data-tick=until]").first).to_contain_text("in ")

    # It runs, and its log grows while one looks.
    page.get_by_role("button", name="Run now").click()
    expect(page).to_have_url(re.compile(r"/runs/1$"))
    log = page.get_by_role("log")
    expect(log).to_contain_text("10 new")
    expect(page.locator("#state")).to_contain_text("running")
    expect(page.locator("#ended")).to_be_hidden()
    seen.set()
    expect(page.locator("#ended")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("ok")
    expect(log.locator("div").last).to_be_in_viewport()

    # What it brought is found.
    page.get_by_role("link", name="Items", exact=True).first.click()
    page.get_by_label("Words").fill('"Paper 13"')
    page.get_by_role("button", name="Search").click()
    expect(page.locator("mark").first).to_have_text(re.compile("Paper"))
    page.get_by_role("link", name="Paper 13").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Paper 13")

    # Its schedule is edited.
    page.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="Edit").first.click()
    page.get_by_label("Schedule").fill("hourly")
    expect(preview).to_contain_text("more than now")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status").first).to_contain_text("Changed schedule")


def test_a_preset_is_loaded(page: Page, fresh: str) -> None:
    page.goto(f"{fresh}/presets")
    page.get_by_role("link", name="research", exact=True).click()
    expect(page.locator("main")).to_contain_text("3 added")
    page.get_by_role("button", name="Load it").click()

    expect(page.get_by_role("status").first).to_contain_text("Loaded research: 3 added")
    expect(page.get_by_role("link", name="arXiv AI research")).to_be_visible()


def focused(page: Page) -> Locator:
    """Return what has the focus."""
    return page.locator(":focus")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"no Tab leads to {wanted}")


def test_with_a_keyboard_alone(page: Page, demo: str) -> None:
    page.goto(f"{demo}/")

    # The first stop leads past the navigation.
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    expect(focused(page)).to_have_id("main")

    # Through the calendar: one stop, then arrows; from the month to a day to an hour.
    page.goto(f"{demo}/calendar")
    tab_to(page, page.locator("td.today a"))
    page.keyboard.press("ArrowLeft")
    expect(focused(page)).to_have_attribute("href", "/calendar/2026-11-19")
    page.keyboard.press("ArrowUp")
    expect(focused(page)).to_have_attribute("href", "/calendar/2026-11-12")
    page.keyboard.press("Home")
    expect(focused(page)).to_have_attribute("href", "/calendar/2026-11-09")
    page.keyboard.press("ArrowLeft")
    expect(focused(page)).to_have_attribute("href", "/calendar/2026-11-08")
    page.keyboard.press("End")
    page.keyboard.press("PageUp")
    expect(page.get_by_role("heading", level=1)).to_have_text("October 2026")
    page.goto(f"{demo}/calendar/2026-11-20")
    tab_to(page, page.locator("td a[tabindex='0']"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("h2#hour")).to_be_visible()

    # A menu opens, closes with Escape, and a button behind it works.
    page.goto(f"{demo}/tasks/agents_berlin")
    menu = page.locator("summary", has_text="Disable")
    tab_to(page, menu)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Why", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Why", exact=True)).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Disable"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("is disabled")

    # A task is made.
    page.goto(f"{demo}/tasks/new?type=github")
    for label, text in (("Schedule", "weekly"), ("Name", "By hand"), ("Id", "by_hand")):
        tab_to(page, page.get_by_label(label, exact=label != "Schedule"))
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Made By hand")


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts(page: Page, fresh: str) -> None:
    page.goto(f"{fresh}/tasks/new?type=arxiv")
    page.get_by_label("Name", exact=True).fill("Plain")
    page.get_by_label("Id", exact=True).fill("plain")
    page.get_by_label("Search query").fill("abs:agent")
    page.get_by_label("Schedule").fill("sometimes")
    page.get_by_role("button", name="Make the task").click()
    expect(page.locator("#schedule-fault")).to_contain_text("Not a known form", ignore_case=True)
    page.get_by_label("Schedule").fill("interval_2h")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Every 2 hours")
    page.get_by_role("button", name="Make the task").click()
    expect(page.get_by_role("status").first).to_contain_text("Made Plain")

    page.locator("summary", has_text="Disable").click()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("status").first).to_contain_text("Plain is disabled")
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("status").first).to_contain_text("Plain is enabled")
    page.goto(f"{fresh}/tasks")
    page.get_by_role("searchbox").fill("plain")
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Choose Plain").check()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("status").first).to_contain_text("1 task: disabled")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("link", name="Calendar", exact=True).first.click()
    page.locator("td a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
