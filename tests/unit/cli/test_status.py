"""`stoma scheduler status`."""

import json
from datetime import timedelta

import pytest

import stoma
from stoma.processes import this_process
from tests.fakes import START
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry


def begin_scheduler(registry: Registry, **since: float) -> None:
    instance = this_process("scheduler")
    at = START - timedelta(**since)
    registry.app.instances.enter(instance, version=stoma.__version__, now=at)


@pytest.fixture
def busy(registry: Registry) -> Registry:
    registry.task("fine", schedule="hourly")
    registry.task("failing", schedule="interval_2h")
    registry.task("at_work", schedule="daily")
    registry.ran("fine", at=START - timedelta(minutes=30), items=[make_item()])
    registry.failed("failing", at=START - timedelta(minutes=10))
    registry.started("at_work", at=START - timedelta(seconds=41))
    return registry


def test_a_page_says_what_there_is_to_know(cli: Cli, busy: Registry) -> None:
    begin_scheduler(busy)

    shown = cli.scheduler("status")

    assert shown.code == 0
    head, *sections = shown.out.split("\n\n")
    scheduler, registry, tasks = head.splitlines()
    assert scheduler.startswith("scheduler  ✓ running for 0s (process ")
    assert registry.startswith(f"registry   {busy.app.paths.database} (")
    assert registry.endswith("kB, 1 item)")
    assert tasks == "tasks      3, 1 running, 1 failing"
    assert sections == [
        "RUNNING\n▮  at_work  41s  -  run 3",
        "FAILING\n✗  failing  failed 10m ago  next in 2h  no answer from example.org: timed out",
        "NEXT\n"
        "✓  fine     in 1h   Mon 2026-03-02 13:00 UTC  hourly\n"
        "✗  failing  in 2h   Mon 2026-03-02 14:00 UTC  every 2h\n"
        "▮  at_work  in 12h  Tue 2026-03-03 00:00 UTC  daily 00:00 UTC",
        "RECENT\n"
        "▮  at_work  running 41s ago  -   -      run 3\n"
        "✗  failing  failed 10m ago   2s  -      run 2\n"
        "✓  fine     ok 29m ago       1m  1 new  run 1\n",
    ]


def test_without_a_scheduler_the_page_says_how_to_start_one(cli: Cli, registry: Registry) -> None:
    shown = cli.scheduler("status")

    assert shown.lines[0] == "scheduler  ✗ not running; start it: stoma scheduler start"
    assert shown.code == 0


def test_json_has_the_documented_fields(cli: Cli, busy: Registry) -> None:
    begin_scheduler(busy)

    found = json.loads(cli.scheduler("status", "--json").out)

    assert (found["alive"], found["healthy"]) == (True, False)
    assert found["problems"] == ["failing: failing"]
    assert found["scheduler"]["started_at"] == START.isoformat()
    assert (found["tasks"], found["enabled"], found["items"]) == (3, 3, 1)
    assert found["next"][0] == {"task_id": "fine", "at": "2026-03-02T13:00:00+00:00"}
    assert [run["task_id"] for run in found["running"]] == ["at_work"]
    assert [run["task_id"] for run in found["recent"]] == ["at_work", "failing", "fine"]


#: How bad each state is that is not the worst.
_WORDS = {"fine": "OK", "failing": "WARNING"}


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ("fine", ""),
        ("no scheduler", "no scheduler is running"),
        ("silent", "does not respond since 2026-03-02 11:58:00 UTC"),
        ("late", "late: fine"),
        ("failing", "failing: failing"),
    ],
)
def test_check_exits_1_if_something_is_wrong(
    cli: Cli, registry: Registry, state: str, problem: str
) -> None:
    registry.task("fine", schedule="hourly")
    registry.ran("fine", at=START - timedelta(hours=1))
    if state == "failing":
        registry.task("failing")
        registry.failed("failing", at=START - timedelta(hours=1))
    if state != "no scheduler":
        begin_scheduler(registry, minutes=2 if state == "silent" else 0)
    if state == "late":
        cli.clock.advance(timedelta(minutes=62))
        instance = this_process("scheduler")
        registry.app.instances.enter(instance, version="0", now=cli.clock.now())

    shown = cli.scheduler("status", "--check")

    assert shown.code == int(bool(problem))
    (line,) = shown.lines
    assert problem in line
    assert line.startswith(f"STOMA {_WORDS.get(state, 'CRITICAL')} - ")
    assert " | tasks=" in line


def test_a_silent_scheduler_is_not_called_running(cli: Cli, registry: Registry) -> None:
    begin_scheduler(registry, minutes=5)

    assert cli.scheduler("status").lines[0].startswith("scheduler  ! the scheduler (process ")


def test_no_registry_is_unhealthy_and_says_how_to_begin(cli: Cli) -> None:
    checked, shown = cli.scheduler("status", "--check"), cli.scheduler("status")

    assert checked.code == 1
    assert checked.out.startswith("STOMA CRITICAL - no scheduler is running | tasks=0 ")
    assert "tasks      0" in shown.out
    assert "begin with: stoma scheduler start" in shown.err
    assert cli.scheduler("status", "-o", "name").out == "unhealthy\n"


def test_utc_shows_moments_in_full(cli: Cli, busy: Registry) -> None:
    begin_scheduler(busy)

    shown = cli.scheduler("status", "--utc")

    assert "running since 2026-03-02T12:00:00Z" in shown.lines[0]
    assert "2026-03-02T13:00:00Z" in shown.out


def test_a_long_list_of_troubles_is_cut_and_counted(cli: Cli, registry: Registry) -> None:
    for number in range(13):
        registry.task(f"task_{number:02}", schedule="manual")
        registry.failed(f"task_{number:02}")

    shown = cli.scheduler("status")

    assert shown.out.count("next -") == 10
    assert "   and 3 more: stoma scheduler list-tasks" in shown.lines
