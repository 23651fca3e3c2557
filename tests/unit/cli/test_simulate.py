"""`stoma scheduler simulate`."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stoma.scheduler.pausing import pause
from tests.fakes import START
from tests.unit.cli.support import Cli, Registry, Terminal

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def tasks(registry: Registry) -> Registry:
    """One with a past, one without, one that is off, one that can not run."""
    registry.task("hourly", schedule="hourly", max_retries=1, retry_delay_seconds=60)
    registry.task("morning", schedule="daily_at_06:00")
    registry.task("off", enabled=False)
    registry.task("filings", schedule="daily_at_07:00", type="sec_edgar", config={})
    for hour in range(3):
        registry.ran("hourly", at=START - (3 + hour) * HOUR)
    registry.failed("hourly", at=START - 2 * HOUR)
    return registry


def tried(cli: Cli, *arguments: object) -> Any:
    return json.loads(cli.scheduler("simulate", *arguments, "--json").out)


def test_the_coming_days_are_shown_and_nothing_is_changed(cli: Cli, tasks: Registry) -> None:
    before = tasks.app.runs.newest_id()

    shown = cli.scheduler("simulate", "--days", "3")

    assert shown.out == (
        "3 days from Mon 2026-03-02 12:00 UTC: 75 fires\n"
        "at most 2 runs at once (limit 3), first Tue 2026-03-03 06:00 UTC\n"
        "\n"
        "ID       FIRES  EACH  WAITS  REQUESTS  NOT RUN\n"
        "filings      0  1m?   -             0  3 needs configuration\n"
        "hourly      72  1m    -            72  -\n"
        "morning      3  1m?   -             3  -\n"
        "\n"
        "SOURCE  RUNS  REQUESTS  BUSIEST HOUR  ALLOWED  SHARE  AT\n"
        "arxiv     75        75             2  1,200/h     0%  Tue 2026-03-03 06:00 UTC\n"
        "\n"
        "FIRES PER DAY (█ = 24)\n"
        "         03-02\n"
        "hourly   ▄██▅\n"
        "morning   ▁▁▁\n"
    )
    assert shown.err.splitlines()[0] == "note: disabled, and so left out: off"
    assert shown.err.splitlines()[1].startswith("note: can not run: filings: sec_edgar needs")
    assert shown.err.splitlines()[2].endswith("how long it takes, 60 s assumed: morning")
    assert tasks.app.runs.newest_id() == before


def test_json_tells_all_of_it(cli: Cli, tasks: Registry) -> None:
    found = tried(cli, "--days", "1")

    assert (found["fires"], found["peak"], found["seed"]) == (25, 2, 0)
    assert found["until"] == "2026-03-03T12:00:00+00:00"
    filings, hourly, morning, off = found["tasks"]
    assert (hourly["seconds"], hourly["measured_runs"], hourly["requests"]) == (60, 3, 24)
    assert (morning["measured_runs"], off["enabled"]) == (0, False)
    (why,) = filings["not_run"]
    assert (why["state"], why["reason"], why["slots"]) == ("skipped", "needs_configuration", 1)
    (source,) = found["sources"]
    assert (source["source"], source["allowed_per_hour"]) == ("arxiv", 1200)


def test_slow_runs_overlap_wait_and_run_into_their_limit(cli: Cli, registry: Registry) -> None:
    for name in "abcde":
        registry.task(name, schedule="interval_2h", overlap="skip", timeout_seconds=20_000)
    registry.task("short", schedule="interval_4h", timeout_seconds=600, max_retries=0)

    found = tried(cli, "--days", "1", "--durations", "3h")
    shown = cli.scheduler("simulate", "--days", "1", "--durations", "3h", "--chart", "none")

    assert (found["peak"], found["max_concurrent_tasks"]) == (3, 3)
    by_id = {each["task_id"]: each for each in found["tasks"]}
    assert by_id["a"]["not_run"][0]["reason"] == "overlap"
    assert max(each["longest_wait_seconds"] for each in by_id.values()) > 0
    assert by_id["short"]["failed"] == by_id["short"]["fires"]
    assert "a run takes longer than its timeout_seconds allows: short" in shown.err
    assert "assumed" not in shown.err
    assert "FAILED" in shown.lines[3]
    assert "FIRES PER" not in shown.out


def test_attempts_fail_as_often_as_they_did_if_asked(cli: Cli, tasks: Registry) -> None:
    calm, rough, again, other = (
        tried(cli, "--days", "1", *more)["tasks"][1]
        for more in ([], ["--failures", "--seed", 2], ["--failures", "--seed", 2], ["--failures"])
    )

    assert (calm["retries"], calm["failed"]) == (0, 0)
    assert rough["retries"] > 0
    assert rough["failed"] > 0
    assert rough == again
    assert rough != other


def test_a_pause_is_named(cli: Cli, tasks: Registry) -> None:
    pause(tasks.app, reason="holiday")

    shown = cli.scheduler("simulate", "--days", "1")

    assert "0 fires" in shown.lines[0]
    assert "24 paused" in shown.out
    assert "note: the scheduler is paused: holiday" in shown.err


def test_what_clock_changes_do_is_told(cli: Cli, registry: Registry) -> None:
    registry.task("night", schedule="daily_at_02:30", timezone="America/New_York")

    shown = cli.scheduler("simulate", "--days", "10")
    (change,) = tried(cli, "--days", "10")["clock_changes"]

    assert "CLOCK CHANGES" in shown.out
    assert (change["task_id"], change["at"]) == ("night", "2026-03-08T07:00:00+00:00")
    assert change["text"] in shown.out


def test_many_tasks_are_shown_as_hours_of_the_day(cli: Cli, registry: Registry) -> None:
    for number in range(26):
        registry.task(f"t{number}", schedule="daily_at_06:00")

    shown = cli.scheduler("simulate", "--days", "2", "--durations", "fixed")

    assert "FIRES OF ALL TASKS, BY HOUR OF THE DAY, PER DAY (█ = 26)" in shown.lines
    assert "06:00   ██" in shown.lines


def test_a_short_time_is_shown_by_hours(cli: Cli, tasks: Registry) -> None:
    shown = cli.scheduler("simulate", "--days", "0.5")

    assert shown.lines[0] == "0.5 days from Mon 2026-03-02 12:00 UTC: 12 fires"
    assert "FIRES PER HOUR (█ = 1)" in shown.lines
    assert shown.lines[-2:] == ["        12:00  19:00", "hourly   ████████████"]


def test_it_fits_the_terminal(
    cli: Cli, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.task("a_task_with_a_name_that_is_long", schedule="weekly")
    registry.task("filings", schedule="weekly", type="sec_edgar", config={})
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)

    cli.scheduler("simulate", "--days", "200")

    lines = screen.getvalue().splitlines()
    assert "FIRES PER 8 DAYS (█ = 2)" in lines
    assert max(map(len, lines[2:])) <= 60


def test_without_a_registry_there_is_nothing_to_come(cli: Cli, home: Path) -> None:
    shown = cli.scheduler("simulate")

    assert shown.lines[:2] == [
        "30 days from Mon 2026-03-02 12:00 UTC: 0 fires",
        "at most 0 runs at once (limit 3)",
    ]
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--days", "0"], "error: days is 0, must be above 0 and at most 3660"),
        (["--days", "nan"], "error: days is nan, must be above 0 and at most 3660"),
        (["--days", "many"], "error: Invalid value for '--days'"),
        (["--durations", "long"], "error: --durations is 'long', which is no length of time"),
        (["--chart", "task"], "error: --chart is 'task', must be one of tasks, hours, none"),
    ],
)
def test_what_can_not_be_tried_is_an_error(cli: Cli, arguments: list[str], said: str) -> None:
    shown = cli.scheduler("simulate", *arguments)

    assert (shown.code, shown.out) == (2, "")
    assert shown.err.startswith(said)
