"""Every task of every preset that comes with stoma, against answers made for it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.run import Outcome
from stoma.domain.task import Task
from stoma.operations.editing import add_task
from stoma.presets import load_preset, preset_folders
from stoma.scheduler.now import run_now
from stoma.settings import load_settings
from tests.edgar import Made, insider, serve_latest, serve_texts
from tests.fakes import START, FakeClock
from tests.feeds import papers
from tests.registries import opened_app
from tests.replay import ReplayServer, feed
from tests.repositories import found, numbered

FOLDER = Path(__file__).parents[2] / "presets"
TASKS = [
    (path.stem, task)
    for path in sorted(FOLDER.glob("*.toml"))
    for task in load_preset(path.stem, preset_folders(FOLDER)).tasks
]
FORMS = ("8-K", "10-K", "10-Q", "3", "4", "5")


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        running.answer("/api/query", feed(papers(0, 30)))
        running.answer("/search/repositories", found(numbered(1, 30), 30))
        for number, form in enumerate(FORMS, 1):
            filing = insider(number, form) if form in "345" else Made(form, number)
            serve_latest(running, form, [filing])
            if form in "345":
                serve_texts(running, [filing])
        yield running


def opened(home: Path, url: str, contact: str) -> AbstractContextManager[App]:
    names = ("base_url", "data_url", "search_url")
    places = {f"sources.sec_edgar.{name}": url for name in names}
    places |= {f"sources.{name}.base_url": url for name in ("arxiv", "github")}
    loaded = load_settings(
        home=home, environ={}, overrides={**places, "sources.contact": contact or None}
    )
    return opened_app(loaded, clock=FakeClock(START))


def test_there_are_four_presets() -> None:
    assert {name for name, _ in TASKS} == {"default", "research", "business", "development"}


@pytest.mark.parametrize(("preset", "task"), TASKS, ids=lambda each: getattr(each, "id", each))
def test_a_task_of_a_preset_collects(
    tmp_path: Path, server: ReplayServer, preset: str, task: Task
) -> None:
    with opened(tmp_path, server.url, "me@example.org") as app:
        add_task(app, task)

        run = run_now(app, task.id)

        assert (run.outcome, run.error) == (Outcome.SUCCEEDED, "")
        assert run.counts.new > 0


SEC = [task for _, task in TASKS if task.type == "sec_edgar"]


@pytest.mark.parametrize("task", SEC, ids=lambda each: each.id)
def test_a_task_that_needs_a_setting_says_which_and_how(
    tmp_path: Path, server: ReplayServer, task: Task
) -> None:
    with opened(tmp_path, server.url, "") as app:
        added = add_task(app, task)

        run = run_now(app, task.id)

        assert (run.outcome, run.error_kind) == (Outcome.FAILED, "needs_configuration")
        for said in (run.error, "\n".join(added.notes)):
            assert "stoma config set sources.contact you@example.org" in said
        assert server.seen == []
