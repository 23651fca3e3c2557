"""The state as a file: written anew when the registry changes, whole, and never in the way."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.processes import this_process
from stoma.scheduler.placing import place
from stoma.scheduler.state_file import StateFile
from stoma.settings import load_settings
from tests.fakes import START, FakeClock
from tests.makers import make_task
from tests.registries import opened_app


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    overrides = {"scheduler.state_file": "state.json"}
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with opened_app(loaded, clock=clock) as app:
        yield app


def written(app: App) -> dict[str, object]:
    path = app.paths.database.with_name("state.json")
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_it_holds_what_the_registry_does(app: App, clock: FakeClock) -> None:
    file = StateFile(app)
    app.tasks.add(place(make_task(), now=START, timezone="UTC"), now=START)
    app.instances.enter(this_process("scheduler"), version="0.1.0", now=START)

    file.look()
    file.close()

    state = written(app)
    assert (state["running"], state["written_at"]) == (True, START.isoformat())
    assert list(state["tasks"]) == ["papers"]  # type: ignore[call-overload]
    names = {path.name for path in app.paths.database.parent.glob("*.json*")}
    assert names == {"state.json"}  # nothing half written is left


def test_it_is_written_once_a_second_at_most_and_only_if_something_changed(
    app: App, clock: FakeClock
) -> None:
    file = StateFile(app)
    file.look()
    app.tasks.add(place(make_task(), now=START, timezone="UTC"), now=START)
    clock.advance(timedelta(milliseconds=500))
    file.look()  # too soon
    before = file._written_at

    clock.advance(timedelta(seconds=1))
    file.look()
    after = file._written_at
    clock.advance(timedelta(seconds=1))
    file.look()  # nothing changed
    file.close()

    assert (before, after, file._written_at) == (0.0, 1.5, 1.5)


def test_trouble_with_it_is_only_logged(
    app: App, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    app.paths.database.with_name("state.json").mkdir()
    file = StateFile(app)

    file.look()
    file.close()

    assert caplog.messages[0].startswith("state file: ")


def test_without_the_setting_there_is_none(tmp_path: Path, clock: FakeClock) -> None:
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        file = StateFile(app)
        file.look()
        file.close()

    assert list(tmp_path.glob("*.json")) == []
