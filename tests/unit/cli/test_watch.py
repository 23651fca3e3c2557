"""`stoma scheduler status --watch`."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.settings import load_settings
from tests.fakes import FakeClock
from tests.registries import opened_app
from tests.unit.cli.support import Cli, Registry, Terminal


class Looks(FakeClock):
    """After so many looks, somebody presses Ctrl-C."""

    left = 3

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.fixture
def clock() -> Looks:
    return Looks()


@pytest.fixture
def registry(home: Path, clock: Looks) -> Iterator[Registry]:
    with opened_app(load_settings(home=home, environ={}), clock=clock) as app:
        registry = Registry(app, clock)
        registry.task("papers", schedule="hourly")
        yield registry


def test_on_a_pipe_the_pages_follow_each_other(cli: Cli, registry: Registry, clock: Looks) -> None:
    shown = cli.scheduler("status", "--watch")

    assert shown.code == 130
    assert shown.out.count("scheduler  ✗ not running") == 3
    assert "\x1b" not in shown.out
    assert clock.slept == [2.0, 2.0, 2.0]


def test_on_a_terminal_each_page_takes_the_place_of_the_one_before(
    cli: Cli, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("LINES", "3")

    cli.scheduler("status", "--watch", "--every", "1m")

    text = screen.getvalue()
    assert text.startswith("\x1b[?1049h\x1b[?25l\x1b[H")
    assert text.endswith("\x1b[?25h\x1b[?1049l")
    assert text.count("\x1b[H") == 3
    assert text.count("\n") == 3 * 2  # no more lines than the screen has room for


def test_for_programs_there_is_a_record_for_each_look(
    cli: Cli, registry: Registry, clock: Looks
) -> None:
    shown = cli.scheduler("status", "--watch", "-o", "jsonl", "--every", "30m")

    records = [json.loads(line) for line in shown.lines]
    assert [record["late"] for record in records] == [[], [], ["papers"]]
    assert clock.slept[0] == timedelta(minutes=30).total_seconds()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--watch", "--check"], "--check ends with the first look"),
        (["--watch", "--json"], "--json is one object"),
        (["--watch", "--every", "0s"], "must be 0.2s or more"),
        (["--every", "2s"], "--every is for --watch"),
    ],
)
def test_what_does_not_go_together_is_refused(
    cli: Cli, registry: Registry, options: list[str], words: str
) -> None:
    shown = cli.scheduler("status", *options)

    assert shown.code == 2
    assert words in shown.err
