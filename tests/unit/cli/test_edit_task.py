"""`stoma scheduler edit-task`, `enable-task`, `disable-task` and `remove-task`."""

from datetime import timedelta

import pytest

from stoma.domain.task import TaskStatus
from tests.fakes import START
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry, Terminal


@pytest.fixture
def task(registry: Registry) -> Registry:
    registry.task("a", config={"search_query": "testing", "max_results": 5})
    return registry


def test_only_what_is_given_changes(cli: Cli, task: Registry) -> None:
    before = task.app.tasks.get("a")

    shown = cli.scheduler("edit-task", "a", "--schedule", "daily", "--priority", "low")

    after = task.app.tasks.get("a")
    assert (after.schedule, after.priority, after.version) == ("daily", "low", 2)
    assert (after.config, after.name) == (before.config, before.name)
    assert shown.lines[:5] == [
        "changed a (version 2)",
        "  schedule: hourly -> daily",
        "  priority: normal -> low",
        "  every day at 00:00 (UTC)",
        "  next  Tue 2026-03-03 00:00 UTC  in 12h",
    ]


def test_nothing_new_changes_nothing(cli: Cli, task: Registry) -> None:
    shown = cli.scheduler("edit-task", "a", "--schedule", "hourly")

    assert shown.out == "unchanged a\n"
    assert task.app.tasks.get("a").version == 1


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        (["--set", "max_results=9"], {"search_query": "testing", "max_results": 9}),
        (["--set", "search_query=cat:cs.AI"], {"search_query": "cat:cs.AI", "max_results": 5}),
        (["--unset", "max_results"], {"search_query": "testing"}),
        (["--config", '{"ids": ["2401.00001"]}'], {"ids": ["2401.00001"]}),
        (
            ["--set", 'categories=["cs.AI"]', "--unset", "search_query"],
            {"categories": ["cs.AI"], "max_results": 5},
        ),
    ],
)
def test_the_config_changes_as_a_whole_or_by_key(
    cli: Cli, task: Registry, arguments: list[str], config: dict[str, object]
) -> None:
    shown = cli.scheduler("edit-task", "a", *arguments)

    assert shown.code == 0
    assert task.app.tasks.get("a").config == config
    assert "  config." in shown.out


def test_every_field_with_an_option_can_change(cli: Cli, task: Registry) -> None:
    cli.scheduler(
        *("edit-task", "a", "--name", "New", "--description", "For you", "--tag", "x"),
        *("--timeout", "90s", "--retries", "0", "--timezone", "Asia/Tokyo"),
    )
    cli.scheduler("edit-task", "a", "--type", "arxiv", "--timezone", "", "--tag", "")

    found = task.app.tasks.get("a")
    assert (found.name, found.description, found.tags) == ("New", "For you", ())
    assert (found.timeout_seconds, found.max_retries, found.timezone) == (90.0, 0, None)


def test_a_slot_that_is_due_survives_a_change_of_something_else(cli: Cli, task: Registry) -> None:
    due = task.app.tasks.get("a").next_slot_at
    cli.clock.advance(timedelta(hours=5))

    cli.scheduler("edit-task", "a", "--name", "New")

    assert task.app.tasks.get("a").next_slot_at == due


def test_a_new_schedule_counts_from_now(cli: Cli, task: Registry) -> None:
    cli.clock.advance(timedelta(hours=5))

    cli.scheduler("edit-task", "a", "--schedule", "interval_2h")

    assert task.app.tasks.get("a").next_slot_at == START + timedelta(hours=6)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["b"], 5, "no task 'b'"),
        (["a", "--set", "max_results"], 2, "--set is 'max_results', must be key=value"),
        (["a", "--set", "max_results=many"], 2, "config.max_results"),
        (["a", "--unset", "max_result"], 2, "did you mean: max_results ?"),
        (["a", "--schedule", "dayly"], 2, "did you mean: daily ?"),
        (["a", "--schedule", "once_at_2020-01-01T00:00"], 2, "never fires after"),
    ],
)
def test_what_can_not_be_used_changes_nothing(
    cli: Cli, task: Registry, arguments: list[str], code: int, message: str
) -> None:
    shown = cli.scheduler("edit-task", *arguments)

    assert shown.code == code
    assert message in shown.err
    assert task.app.tasks.get("a").version == 1


# --- enabling and disabling -------------------------------------------------------------------


def test_disabling_and_enabling(cli: Cli, task: Registry) -> None:
    task.task("b")

    disabled = cli.scheduler("disable-task", "a", "b", "--reason", "summer")
    there = task.app.tasks.get("a")
    enabled = cli.scheduler("enable-task", "a", "b")

    assert disabled.out == "disabled a\ndisabled b\n"
    assert (there.status, there.disabled_reason) == (TaskStatus.DISABLED, "summer")
    assert there.next_slot_at is None
    assert enabled.out.startswith("enabled a\n  every hour at :00 (UTC)\n  next  Mon 2026-03-02")
    assert task.app.tasks.get("b").next_slot_at == START + timedelta(hours=1)


def test_enabling_what_is_enabled_keeps_its_next_slot(cli: Cli, task: Registry) -> None:
    due = task.app.tasks.get("a").next_slot_at
    cli.clock.advance(timedelta(hours=5))

    assert cli.scheduler("enable-task", "a").code == 0
    assert task.app.tasks.get("a").next_slot_at == due


@pytest.mark.parametrize("verb", ["enable-task", "disable-task", "remove-task"])
def test_all_or_none(cli: Cli, task: Registry, verb: str) -> None:
    task.task("other", enabled=verb != "enable-task")

    shown = cli.scheduler(verb, "other", "othr")

    assert shown.code == 5
    assert "did you mean: other ?" in shown.err
    assert task.app.tasks.get("other").enabled == (verb != "enable-task")


# --- removing ---------------------------------------------------------------------------------


def test_removing_says_what_is_kept(cli: Cli, task: Registry) -> None:
    task.ran("a", items=[make_item("1"), make_item("2")])

    shown = cli.scheduler("remove-task", "a")

    assert (shown.code, shown.out) == (0, "removed a; kept: 1 run, 2 items\n")
    assert task.app.tasks.all() == []
    assert len(cli("items", "list", "-o", "name").lines) == 2


def test_a_run_that_is_still_going_is_told(cli: Cli, task: Registry) -> None:
    run = task.started("a")

    assert f"run {run.id} is still going" in cli.scheduler("remove-task", "a").err


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_on_a_terminal_it_is_asked(
    cli: Cli, task: Registry, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", screen)

    shown = cli.scheduler("remove-task", "a")

    assert screen.getvalue().startswith("Remove a? [y/N] ")
    assert (shown.code, len(task.app.tasks.all())) == (left, left)


def test_yes_answers_before_it_is_asked(
    cli: Cli, task: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("sys.stderr", Terminal())

    assert cli.scheduler("remove-task", "a", "--yes").code == 0
