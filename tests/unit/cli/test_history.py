"""`stoma scheduler history`, `show-run` and `logs`."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.domain.run import Outcome
from tests.fakes import START, FakeClock
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry


@pytest.fixture
def past(registry: Registry) -> Registry:
    registry.task("daily")
    registry.task("hourly")
    registry.ran("daily", at=START - timedelta(hours=5), items=[make_item()], log="one\ntwo\n")
    registry.failed("hourly", at=START - timedelta(hours=4))
    registry.ran(
        "hourly",
        at=START - timedelta(hours=3),
        items=[make_item("2"), make_item("3")],
        outcome=Outcome.PARTIAL,
    )
    registry.skipped("daily", at=START - timedelta(hours=2), detail="run 9 was still running")
    return registry


def test_runs_are_listed_newest_first(cli: Cli, past: Registry) -> None:
    shown = cli.scheduler("history")

    assert shown.out == (
        "   RUN  TASK    RESULT   WHEN    TOOK  GOT    DETAIL\n"
        "-    4  daily   skipped  2h ago  -     -      run 9 was still running\n"
        "!    3  hourly  partial  3h ago  1m    2 new  the end is not sure\n"
        "✗    2  hourly  failed   4h ago  2s    -      no answer from example.org: timed out\n"
        "✓    1  daily   ok       5h ago  1m    1 new  the end is not sure\n"
    )


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        ([], ["4", "3", "2", "1"]),
        (["-n", "2"], ["4", "3"]),
        (["daily"], ["4", "1"]),
        (["--failed"], ["3", "2"]),
        (["daily", "--failed"], []),
    ],
)
def test_runs_can_be_chosen(
    cli: Cli, past: Registry, arguments: list[str], runs: list[str]
) -> None:
    assert cli.scheduler("history", *arguments, "-o", "name").lines == runs


def test_the_history_of_a_removed_task_stays(cli: Cli, past: Registry) -> None:
    past.app.tasks.remove("daily")

    assert cli.scheduler("history", "daily", "-o", "name").lines == ["4", "1"]


def test_an_unknown_task_has_no_history(cli: Cli, past: Registry) -> None:
    shown = cli.scheduler("history", "dayly")

    assert shown.code == 5
    assert "did you mean: daily ?" in shown.err


def test_the_wide_form_shows_what_started_a_run(cli: Cli, past: Registry) -> None:
    shown = cli.scheduler("history", "-o", "wide", "-n", "1")

    assert "schedule  0/3    Mon 2026-03-02 10:00 UTC" in shown.out


def test_json_has_the_documented_fields(cli: Cli, past: Registry) -> None:
    skipped, partial, *_ = json.loads(cli.scheduler("history", "--json").out)

    assert (skipped["state"], skipped["outcome"], skipped["status"]) == ("skipped", None, "skipped")
    assert (skipped["reason"], skipped["started_at"]) == ("overlap", None)
    assert (partial["outcome"], partial["new"], partial["requests"]) == ("partial", 2, 1)
    assert partial["duration_seconds"] == 60


def test_without_a_registry_there_are_no_runs(cli: Cli) -> None:
    assert (cli.scheduler("history").code, cli.scheduler("history", "--json").out) == (0, "[]\n")
    assert cli.scheduler("history", "daily").code == 5


# --- one run ----------------------------------------------------------------------------------


def test_a_page_says_what_became_of_a_run(cli: Cli, past: Registry) -> None:
    with past.app.database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET peak_memory_bytes = 52e6, cpu_seconds = 1.25")

    shown = cli.scheduler("show-run", 2)

    assert shown.out == (
        "✗ run 2 of hourly: failed\n\n"
        "started by  manual\n"
        "decided     Mon 2026-03-02 08:00 UTC (4h ago)\n"
        "started     Mon 2026-03-02 08:00 UTC (4h ago)\n"
        "ended       Mon 2026-03-02 08:00 UTC (4h ago)\n"
        "took        2s\n"
        "came        0 new, 0 updated, 0 unchanged in 0 requests\n"
        "used        1.2 s of CPU, 52.0 MB of memory at its peak\n"
        "error       network: no answer from example.org: timed out\n"
        f"log         {past.app.log_path('hourly', 2)}\n"
        "\n"
        "attempts (1 of 3)\n"
        "✗  1  failed  Mon 2026-03-02 08:00 UTC  2s  -  no answer from example.org: timed out\n"
    )


def test_a_slot_that_did_not_run_says_which_rule(cli: Cli, past: Registry) -> None:
    shown = cli.scheduler("show-run", 4, "--utc")

    assert shown.out == (
        "- run 4 of daily: skipped\n\n"
        "started by  schedule\n"
        "slot        2026-03-02T10:00:00Z\n"
        "decided     2026-03-02T10:00:00Z\n"
        "reason      overlap: run 9 was still running\n"
    )


def test_a_run_at_work_has_an_attempt_without_an_end(cli: Cli, past: Registry) -> None:
    run = past.started("daily")

    shown = cli.scheduler("show-run", run.id)
    found = json.loads(cli.scheduler("show-run", run.id, "--json").out)

    assert shown.lines[-1] == "▮  1  running  Mon 2026-03-02 12:00 UTC  -  -"
    assert found["state"] == "running"
    assert found["attempt_list"][0]["ended_at"] is None
    assert found["attempt_list"][0]["number"] == 1


@pytest.mark.parametrize("number", ["77", "0", "-1"])
def test_a_run_that_is_not_there_exits_5(cli: Cli, past: Registry, number: str) -> None:
    shown = cli.scheduler("show-run", "--", number)

    assert shown.code == 5
    assert "see: stoma scheduler history" in shown.err


@pytest.mark.parametrize("number", ["one", "99999999999999999999"])
def test_what_is_no_number_of_a_run_is_a_usage_error(cli: Cli, number: str) -> None:
    assert cli.scheduler("show-run", number).code == 2


# --- logs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1", "daily"])
def test_a_log_is_found_by_run_and_by_task(cli: Cli, past: Registry, name: str) -> None:
    shown = cli.scheduler("logs", name)

    assert (shown.code, shown.out) == (0, "one\ntwo\n")
    assert shown.err == "run 1 of daily: succeeded\n"


@pytest.mark.parametrize(("count", "out"), [("1", "two\n"), ("9", "one\ntwo\n"), ("0", "")])
def test_the_end_of_a_log_is_enough(cli: Cli, past: Registry, count: str, out: str) -> None:
    assert cli.scheduler("logs", "1", "--tail", count).out == out


def test_a_run_that_never_started_says_why(cli: Cli, past: Registry) -> None:
    shown = cli.scheduler("logs", "4")

    assert (shown.code, shown.out) == (0, "")
    assert "it has not started: run 9 was still running; there is no log" in shown.err


def test_a_log_that_was_removed_is_told(cli: Cli, past: Registry) -> None:
    past.app.log_path("daily", 1).unlink()

    assert "is empty or not there any more" in cli.scheduler("logs", "1").err


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("99", "see: stoma scheduler history"),
        ("dayly", "did you mean: daily ?"),
        ("new", "to run it now: stoma scheduler run-task new"),
    ],
)
def test_what_has_no_log_exits_5(cli: Cli, past: Registry, name: str, hint: str) -> None:
    past.task("new")

    shown = cli.scheduler("logs", name)

    assert shown.code == 5
    assert hint in shown.err


def test_a_task_whose_id_is_a_number_has_logs_too(cli: Cli, registry: Registry) -> None:
    registry.task("2024")
    registry.ran("2024", log="of the year\n")

    assert cli.scheduler("logs", "2024").out == "of the year\n"


class WritingClock(FakeClock):
    """While somebody sleeps, others go on with their work."""

    def __init__(self, *work: Callable[[], object]) -> None:
        super().__init__()
        self._work = list(work)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._work.pop(0)()


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_a_log_can_be_followed_to_its_end(cli: Cli, registry: Registry) -> None:
    registry.task("daily")
    run = registry.started("daily", log="one\n")
    path = Path(run.log_path)
    cli.clock = WritingClock(
        lambda: append(path, "two\nthr"),
        lambda: None,
        lambda: append(path, "ee\nfour"),
        lambda: registry.app.runs.finish(run, Outcome.SUCCEEDED, now=START),
    )

    shown = cli.scheduler("logs", "-f", "daily")

    assert shown.lines == ["one", "two", "three", "four"]


def test_a_log_can_be_followed_from_its_last_lines(cli: Cli, registry: Registry) -> None:
    registry.task("daily")
    run = registry.started("daily", log="one\ntwo\n")
    path = Path(run.log_path)
    cli.clock = WritingClock(
        lambda: path.write_text("one\ntwo\nthree\n"),
        lambda: registry.app.runs.finish(run, Outcome.SUCCEEDED, now=START),
    )

    assert cli.scheduler("logs", "-f", "--tail", 1, "daily").lines == ["two", "three"]
