"""A real browser, and sites that it looks at. Without Chromium, tests are skipped and say so."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from stoma.app import open_app
from stoma.settings import load_settings
from tests.browser.serving import serving
from tests.demo import NOW, Demo
from tests.fakes import FakeClock
from tests.replay import ReplayServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: What a busy machine may need for what takes an instant.
PATIENCE_MS = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if CHROMIUM is None:
        reason = "no Chromium on this machine (Debian: apt-get install chromium)"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return the one browser."""
    with sync_playwright() as playwright:
        # As root, as in CI, Chromium has no sandbox of its own; it sees pages of ours only.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@contextmanager
def watched(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page; nothing it does may be refused by the policy or end in an error."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    found = context.new_page()
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # That a page was asked for which is not there, or a form was wrong, is no fault of ours.
        if message.type in {"error", "warning"} and "the server responded" not in message.text:
            said.append(message.text)

    found.on("console", heard)
    found.on("pageerror", lambda error: said.append(str(error)))
    yield found
    context.close()
    assert said == []


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return a fresh page."""
    with watched(browser, **getattr(request, "param", {})) as found:
        yield found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return a site that looks like two days of use, at a moment that stands still."""
    loaded = load_settings(home=tmp_path_factory.mktemp("demo"), environ={})
    with open_app(loaded, clock=FakeClock(NOW)) as app:
        Demo(app, days=2).fill()
    with serving(loaded, FakeClock(NOW)) as address:
        yield address


@pytest.fixture(scope="module")
def source() -> Iterator[ReplayServer]:
    """Return a source on the loopback."""
    with ReplayServer() as server:
        yield server


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, source: ReplayServer) -> Iterator[str]:
    """Return a site on an empty registry, whose tasks ask *source*, by the clock on the wall."""
    overrides = {
        "sources.arxiv.base_url": source.url,
        "sources.arxiv.page_size": 10,
        "sources.arxiv.interval_seconds": 0.0,
    }
    home = tmp_path_factory.mktemp("fresh")
    loaded = load_settings(home=home, environ={}, overrides=overrides)
    with serving(loaded) as address:
        yield address
