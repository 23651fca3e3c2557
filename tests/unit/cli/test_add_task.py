"""`stoma scheduler add-task`, as the reference documents it and as people type it."""

import io
import json
import shlex
from pathlib import Path

import pytest

from stoma.domain.task import TaskPriority
from tests.unit.cli.support import Cli, Registry

QUERY = '{"search_query": "testing"}'

#: spec, "CLI Method": the line ends of the documented command are joined.
DOCUMENTED = """
stoma scheduler add-task \\
  my_custom_task \\
  "Custom ArXiv ML Scan" \\
  arxiv \\
  "daily_at_08:00" \\
  --priority high \\
  --config '{"search_query": "machine learning", "max_results": 25}'
"""


def test_the_documented_command_works_as_written(cli: Cli, registry: Registry) -> None:
    shown = cli(*shlex.split(DOCUMENTED.replace("\\\n", " "))[1:])

    task = registry.app.tasks.get("my_custom_task")
    assert shown.code == 0
    assert (task.name, task.type, task.schedule) == (
        "Custom ArXiv ML Scan",
        "arxiv",
        "daily_at_08:00",
    )
    assert task.config == {"search_query": "machine learning", "max_results": 25}
    assert task.priority is TaskPriority.HIGH
    assert task.enabled


def test_what_comes_next_is_shown(cli: Cli) -> None:
    shown = cli.scheduler("add-task", "a", "A", "arxiv", "daily_at_08:00", "--config", QUERY)

    assert shown.out == (
        "added a\n"
        "  every day at 08:00 (UTC)\n"
        "  next  Tue 2026-03-03 08:00 UTC  in 20h\n"
        "        Wed 2026-03-04 08:00 UTC  in 2d\n"
        "        Thu 2026-03-05 08:00 UTC  in 3d\n"
    )
    assert shown.err == ""


def test_a_clock_change_that_surprises_is_told(cli: Cli) -> None:
    shown = cli.scheduler(
        *("add-task", "a", "A", "arxiv", "daily_at_02:30", "--config", QUERY),
        *("--timezone", "America/New_York"),
    )

    assert "02:30 EST" in shown.out
    assert "note: 02:30 does not exist on 2026-03-08 in America/New_York" in shown.err


def test_every_option_is_kept(cli: Cli, registry: Registry) -> None:
    cli.scheduler(
        *("add-task", "a", "A", "arxiv", "interval_2h", "--config", QUERY),
        *("--timezone", "Europe/Berlin", "--timeout", "15m", "--retries", "1"),
        *("--tag", "ai", "--tag", "daily", "--description", "What is new", "--disabled"),
    )

    task = registry.app.tasks.get("a")
    assert (task.timezone, task.timeout_seconds, task.max_retries) == ("Europe/Berlin", 900.0, 1)
    assert (task.tags, task.description) == (("ai", "daily"), "What is new")
    assert (task.enabled, task.next_run_at) == (False, None)


@pytest.mark.parametrize(
    "schedule",
    [
        "hourly",
        "daily",
        "weekly",
        "daily_at_09:00",
        "interval_30m",
        "interval_2h",
        "cron: 0 9 * * 1-5",
        '{"type": "daily", "hour": 9}',
        "manual",
    ],
)
def test_every_form_of_a_schedule_is_taken(cli: Cli, registry: Registry, schedule: str) -> None:
    shown = cli.scheduler("add-task", "a", "A", "arxiv", schedule, "--config", QUERY)

    kept = registry.app.tasks.get("a").schedule
    assert shown.code == 0
    assert kept == (json.loads(schedule) if schedule.startswith("{") else schedule)


def test_a_task_without_slots_says_that_nothing_comes(cli: Cli) -> None:
    shown = cli.scheduler("add-task", "a", "A", "arxiv", "manual", "--config", QUERY)

    assert "  next  -" in shown.lines
    assert "a has no schedule: it runs when it is asked to" in shown.err


def test_a_chained_task_has_one_known_slot(cli: Cli) -> None:
    shown = cli.scheduler("add-task", "a", "A", "arxiv", "run_then_wait_10m", "--config", QUERY)

    assert "  next  Mon 2026-03-02 12:00 UTC  now" in shown.lines
    assert "counts from the end of the run before" in shown.err


def test_a_config_can_come_from_a_file(cli: Cli, registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(QUERY)

    cli.scheduler("add-task", "a", "A", "arxiv", "hourly", "--config", f"@{file}")

    assert registry.app.tasks.get("a").config == {"search_query": "testing"}


def test_a_config_can_come_from_stdin(
    cli: Cli, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(QUERY))

    cli.scheduler("add-task", "a", "A", "arxiv", "hourly", "--config", "-")

    assert registry.app.tasks.get("a").config == {"search_query": "testing"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": "{"}, "--config is not valid JSON: Expecting property name"),
        ({"config": "[1]"}, "--config holds a list, must be an object"),
        ({"config": "3"}, "--config holds a number, must be an object"),
        ({"config": '{"max_results": NaN}'}, "NaN is not a JSON number"),
        ({"config": '{"ids": [], "ids": []}'}, "key 'ids' is there twice"),
        ({"config": "[" * 100_000}, "--config is not valid JSON"),
        ({"config": "@/nowhere/x.json"}, "--config @/nowhere/x.json: can not be read: No such"),
        ({"config": '{"serch_query": "x"}'}, "did you mean: search_query ?"),
        ({"config": "{}"}, "one of search_query, categories and ids is needed"),
        ({"schedule": "dayly"}, "did you mean: daily ?"),
        ({"schedule": "daily_at_25:00"}, "is not a time of day"),
        ({"schedule": "once_at_2020-01-01T00:00"}, "never fires after 2026-03-02"),
        ({"schedule": "{oops"}, "the schedule is not valid JSON"),
        ({"kind": "arxive"}, "did you mean: arxiv ?"),
        ({"task_id": "two words"}, "task id 'two words' can not be used"),
        ({"name": " "}, "task 'a' needs a name"),
        ({"timeout": "soon"}, "--timeout is 'soon', which is no length of time"),
        ({"timeout": "0"}, "timeout_seconds is 0.0, must be 0.001 or more"),
        ({"timezone": "Europe/Berlinn"}, "did you mean: Europe/Berlin ?"),
        ({"priority": "urgent"}, "Invalid value for '--priority'"),
        ({"retries": "-1"}, "Invalid value for '--retries'"),
    ],
)
def test_what_can_not_be_used_is_refused_and_explained(
    cli: Cli, registry: Registry, changes: dict[str, str], message: str
) -> None:
    given = {"task_id": "a", "name": "A", "kind": "arxiv", "schedule": "hourly", "config": QUERY}
    given |= changes
    options = [
        word
        for name in ("config", "timeout", "timezone", "priority", "retries")
        if name in given
        for word in (f"--{name}", given[name])
    ]

    shown = cli.scheduler(
        "add-task", given["task_id"], given["name"], given["kind"], given["schedule"], *options
    )

    assert shown.code == 2
    assert message in shown.err
    assert registry.app.tasks.all() == []


def test_a_taken_id_is_a_conflict(cli: Cli, registry: Registry) -> None:
    registry.task("a")

    shown = cli.scheduler("add-task", "a", "A", "arxiv", "hourly", "--config", QUERY)

    assert shown.code == 6
    assert "choose another id, or remove it first" in shown.err
