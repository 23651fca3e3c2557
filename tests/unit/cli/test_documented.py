"""Every command of the reference works exactly as it is written there."""

import shlex

import pytest

from tests.unit.cli.support import Cli

#: In the order of the reference; `run-task` is in tests/integration/test_cli_run_task.py.
COMMANDS = (
    "stoma scheduler --help",
    "stoma scheduler status",
    "stoma scheduler list-tasks",
    "stoma scheduler load-preset --preset research",
    "stoma scheduler disable-task arxiv_daily_trending",
    "stoma scheduler enable-task arxiv_daily_trending",
    "stoma scheduler load-preset --preset default",
    "stoma scheduler load-preset --preset business",
    "stoma scheduler load-preset --preset development",
    "stoma scheduler remove-task arxiv_daily_trending",
)


@pytest.mark.parametrize("line", COMMANDS)
def test_it_works_as_written(cli: Cli, line: str) -> None:
    cli.scheduler("load-preset", "--preset", "default")

    shown = cli(*shlex.split(line)[1:])

    assert shown.code == 0
    assert shown.out


def test_start_takes_a_preset(cli: Cli) -> None:
    shown = cli.scheduler("start", "--preset", "research", "--once")

    assert shown.code == 0
    assert len(cli.scheduler("list-tasks", "-o", "name").lines) == 3
