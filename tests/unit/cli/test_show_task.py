"""`stoma scheduler show-task`."""

import json
from datetime import timedelta

from stoma.operations.editing import Change, disable_tasks, edit_task
from tests.fakes import START
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry


def test_a_page_says_what_a_task_is_and_did(cli: Cli, registry: Registry) -> None:
    registry.task(
        "daily",
        name="Daily papers",
        description="What is new",
        schedule="daily_at_06:00",
        config={"search_query": "cat:cs.AI", "max_results": 50},
        tags=("ai",),
    )
    registry.ran("daily", at=START - timedelta(hours=3), items=[make_item()])

    shown = cli.scheduler("show-task", "daily")

    assert shown.out == (
        "✓ daily: Daily papers\n"
        "                 What is new\n"
        "type             arxiv\n"
        "schedule         every day at 06:00 (UTC), written as daily_at_06:00\n"
        "next             Tue 2026-03-03 06:00 UTC (in 18h)\n"
        "                 Wed 2026-03-04 06:00 UTC (in 2d)\n"
        "                 Thu 2026-03-05 06:00 UTC (in 3d)\n"
        "last             ok 3h ago, run 1, took 1m, 1 new\n"
        "last 10          ✓\n"
        "so far           1 run, 1 item\n"
        'config           search_query = "cat:cs.AI"\n'
        "                 max_results = 50\n"
        "priority         normal\n"
        'tags             ["ai"]\n'
        "timeout seconds  3600\n"
        "max retries      3\n"
        "added            Mon 2026-03-02 12:00 UTC (now)\n"
        "changed          Mon 2026-03-02 12:00 UTC (now), version 1\n"
    )


def test_the_past_of_a_definition_is_kept(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule="daily")
    change = Change(fields={"schedule": "hourly"}, config_set={"max_results": 5})
    edit_task(registry.app, "daily", change)

    shown = cli.scheduler("show-task", "daily", "--history")

    assert shown.lines[-3:] == [
        "definitions",
        "version 2  Mon 2026-03-02 12:00 UTC  schedule: daily -> hourly, config: "
        '{"search_query": "testing"} -> {"search_query": "testing", "max_results": 5}',
        "version 1  Mon 2026-03-02 12:00 UTC  first definition",
    ]


def test_json_has_the_definition_and_its_past(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule="daily")
    edit_task(registry.app, "daily", Change(fields={"max_retries": 1}))

    found = json.loads(cli.scheduler("show-task", "daily", "--json").out)

    assert (found["id"], found["version"], found["runs"], found["items"]) == ("daily", 2, 0, 0)
    assert found["definition"]["max_retries"] == 1
    assert [each["version"] for each in found["history"]] == [2, 1]
    assert found["history"][1]["definition"]["max_retries"] == 3


def test_a_disabled_task_says_why(cli: Cli, registry: Registry) -> None:
    registry.task("daily")
    disable_tasks(registry.app, ["daily"], reason="summer")

    assert "next             disabled: summer" in cli.scheduler("show-task", "daily").lines


def test_a_run_that_waits_comes_before_the_schedule(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule="daily")
    registry.failed("daily", retry_at=START + timedelta(minutes=5))

    shown = cli.scheduler("show-task", "daily")

    assert "next             in 5m (try 2/3)" in shown.lines
    assert "last             failed in 2s, run 1, took 2s" in shown.lines
    assert "                 no answer from example.org: timed out" in shown.lines


def test_a_late_task_says_so(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule="daily")
    cli.clock.advance(timedelta(hours=13))

    assert "next             late 1h" in cli.scheduler("show-task", "daily").lines


def test_a_schedule_that_became_unusable_is_shown_as_it_is(cli: Cli, registry: Registry) -> None:
    task = registry.task("daily", schedule="daily")
    with registry.app.database.write() as connection:
        connection.exec_driver_sql("UPDATE tasks SET schedule = '\"dayly\"'")

    shown = cli.scheduler("show-task", task.id)

    assert shown.code == 0
    assert "schedule         dayly can not be used: schedule 'dayly': not a known form" in (
        shown.lines
    )


def test_an_unknown_id_is_answered_with_the_nearest(cli: Cli, registry: Registry) -> None:
    registry.task("arxiv_daily")

    shown = cli.scheduler("show-task", "arxiv_dialy")

    assert (shown.code, shown.out) == (5, "")
    assert shown.err == "error: no task 'arxiv_dialy'\n  did you mean: arxiv_daily ?\n"


def test_without_a_registry_there_is_no_task(cli: Cli) -> None:
    assert cli.scheduler("show-task", "daily").code == 5
