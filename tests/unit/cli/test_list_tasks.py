"""`stoma scheduler list-tasks`."""

import csv
import io
import json
from datetime import timedelta

import pytest

import stoma
from stoma.domain.run import Outcome
from stoma.operations.editing import disable_tasks
from stoma.processes import this_process
from tests.fakes import START
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry, Terminal


@pytest.fixture
def tasks(registry: Registry) -> Registry:
    """Four tasks: one fine, one that fails and is tried again, one at work, one disabled."""
    registry.task("arxiv_daily", schedule="daily_at_06:00", tags=("ai", "daily"))
    registry.task("failing", schedule="interval_2h")
    registry.task("at_work", schedule="daily_at_07:00", timezone="Europe/Berlin")
    registry.task("resting", schedule="manual", name="Rests")
    registry.ran("arxiv_daily", at=START - timedelta(hours=6), items=[make_item()])
    registry.ran("arxiv_daily", at=START - timedelta(hours=3), outcome=Outcome.EMPTY)
    registry.failed(
        "failing", at=START - timedelta(minutes=4), retry_at=START + timedelta(minutes=56)
    )
    registry.started("at_work", at=START - timedelta(seconds=12))
    disable_tasks(registry.app, ["resting"], reason="summer")
    return registry


def test_a_line_says_how_a_task_is_doing(cli: Cli, tasks: Registry) -> None:
    shown = cli.scheduler("list-tasks")

    assert shown.code == 0
    assert shown.out == (
        "   ID           SCHEDULE                   LAST           TOOK  NEXT"
        "              LAST 10\n"
        "○  arxiv_daily  daily 06:00 UTC            empty 3h ago   1m    in 18h"
        "            ✓○\n"
        "▮  at_work      daily 07:00 Europe/Berlin  running 12s    -     in 18h"
        "            ▮\n"
        "✗  failing      every 2h                   failed 4m ago  2s    in 56m (try 2/3)  ·\n"
        "-  resting      manual                     -              -     disabled\n"
    )


def test_the_footer_says_what_wants_a_look(cli: Cli, tasks: Registry) -> None:
    shown = cli.scheduler("list-tasks")

    assert shown.err.splitlines() == [
        "4 tasks, 1 failing: stoma scheduler logs failing",
        "no scheduler is running: stoma scheduler start",
    ]


def test_a_scheduler_at_work_is_no_reason_for_a_note(cli: Cli, tasks: Registry) -> None:
    instance = this_process("scheduler")
    tasks.app.instances.enter(instance, version=stoma.__version__, now=START)

    assert "no scheduler" not in cli.scheduler("list-tasks").err


def test_json_has_the_documented_fields(cli: Cli, tasks: Registry) -> None:
    records = {each["id"]: each for each in json.loads(cli.scheduler("list-tasks", "--json").out)}

    daily, failing = records["arxiv_daily"], records["failing"]
    assert daily["next_run_at"] == "2026-03-03T06:00:00+00:00"
    assert (daily["last_outcome"], daily["recent"]) == ("empty", ["succeeded", "empty"])
    assert (daily["last_duration_seconds"], daily["tags"]) == (60, ["ai", "daily"])
    assert (failing["failing"], failing["status"]) == (True, "pending")
    assert failing["last_error"] == "no answer from example.org: timed out"
    assert failing["next_run_at"] == (START + timedelta(minutes=56)).isoformat()
    assert records["resting"]["status"] == "disabled"
    assert records["resting"]["disabled_reason"] == "summer"
    assert records["resting"]["next_run_at"] is None


def test_tsv_can_be_cut_into_columns(cli: Cli, tasks: Registry) -> None:
    shown = cli.scheduler("list-tasks", "-o", "tsv")

    head, *rows = [line.split("\t") for line in shown.lines]
    assert head[:3] == ["id", "name", "description"]
    assert [row[0] for row in rows] == ["arxiv_daily", "at_work", "failing", "resting"]
    assert {len(row) for row in rows} == {len(head)}


def test_csv_can_be_read_by_any_program(cli: Cli, tasks: Registry) -> None:
    rows = list(csv.DictReader(io.StringIO(cli.scheduler("list-tasks", "-o", "csv").out)))

    assert rows[0]["tags"] == '["ai", "daily"]'
    assert [row["enabled"] for row in rows] == ["true", "true", "true", "false"]


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (["-o", "name"], "arxiv_daily"),
        (["-o", "jsonl", "--fields", "id,enabled"], '{"id": "arxiv_daily", "enabled": true}'),
        (["-o", "tsv", "--fields", "last_run_id,id", "--no-headers"], "2\tarxiv_daily"),
        (["--fields", "next,id", "--no-headers"], "in 18h            arxiv_daily"),
        (
            ["--fields", "id,last_outcome,tags", "--no-headers"],
            "arxiv_daily  empty    ai,daily",
        ),
        (
            ["--fields", "id,next", "--utc", "--no-headers"],
            "arxiv_daily  2026-03-03T06:00:00Z",
        ),
    ],
)
def test_a_script_gets_what_it_asks_for(
    cli: Cli, tasks: Registry, arguments: list[str], first: str
) -> None:
    shown = cli.scheduler("list-tasks", *arguments)

    assert shown.lines[0].rstrip() == first
    assert len(shown.lines) == 4


def test_the_wide_form_shows_more(cli: Cli, tasks: Registry) -> None:
    shown = cli.scheduler("list-tasks", "-o", "wide")

    assert shown.lines[0].split()[-5:] == ["TYPE", "PRIORITY", "TAGS", "PRESET", "NAME"]
    assert shown.lines[4].endswith("arxiv  normal              -       Rests")


def test_the_environment_can_choose_the_form(
    cli: Cli, tasks: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_OUTPUT", "name")

    assert cli.scheduler("list-tasks").lines[0] == "arxiv_daily"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["-o", "jsno"], "--output is 'jsno', must be one of table", "did you mean: json ?"),
        (["--json", "--fields", "ids"], "no field 'ids'; known: id, ", "did you mean: id ?"),
        (["--fields", "nxt"], "no field 'nxt'; known: id, name", "did you mean: next ?"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(
    cli: Cli, tasks: Registry, arguments: list[str], message: str, hint: str
) -> None:
    shown = cli.scheduler("list-tasks", *arguments)

    assert shown.code == 2
    assert message in shown.err
    assert hint in shown.err


def test_an_empty_registry_is_an_empty_result_and_a_way_to_begin(
    cli: Cli, registry: Registry
) -> None:
    shown = cli.scheduler("list-tasks")

    assert (shown.code, shown.out) == (0, "")
    assert "load-preset --preset default" in shown.err
    assert cli.scheduler("list-tasks", "--json").out == "[]\n"
    assert cli.scheduler("list-tasks", "-o", "tsv").out.startswith("id\tname\t")


def test_no_registry_is_an_empty_result_and_a_way_to_begin(cli: Cli) -> None:
    shown = cli.scheduler("list-tasks")

    assert (shown.code, shown.out) == (0, "")
    assert "begin with: stoma scheduler start" in shown.err


def test_a_slot_that_nobody_decided_is_late(cli: Cli, tasks: Registry) -> None:
    cli.clock.advance(timedelta(hours=20))

    shown = cli.scheduler("list-tasks", "--fields", "id,next", "--no-headers")

    assert [line.split(maxsplit=1)[1] for line in shown.lines] == [
        "late 2h",
        "late 2h",
        "waiting (try 2/3)",
        "disabled",
    ]


def test_a_task_that_was_only_skipped_says_so(cli: Cli, registry: Registry) -> None:
    registry.task("later")
    registry.skipped("later", at=START - timedelta(hours=1))

    shown = cli.scheduler("list-tasks", "--fields", "state,last", "--no-headers")

    assert shown.lines == ["-  skipped 1h ago"]


def test_a_narrow_terminal_keeps_what_matters(
    cli: Cli, tasks: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "68")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", terminal)

    cli.scheduler("list-tasks")

    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) == 68
    assert "TOOK" not in lines[0]
    assert lines[2].startswith("▮  at_work      daily 07:00…  running 12s")
    assert lines[3].endswith("in 56m (try 2/3)  ·")


def test_colour_is_for_terminals_that_want_it(
    cli: Cli, tasks: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(**variables: str) -> str:
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", terminal)
            patch.setenv("TERM", "xterm")
            patch.delenv("NO_COLOR", raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            cli.scheduler("list-tasks")
        return terminal.getvalue()

    assert "\x1b[31m✗\x1b[0m  failing" in shown()
    assert "\x1b" not in shown(NO_COLOR="1")
    assert "\x1b" not in shown(TERM="dumb")
