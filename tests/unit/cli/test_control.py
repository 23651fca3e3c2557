"""`cancel-run`, `retry-run`, `history --dead`, `pause`, `resume`, `disable-task --until`."""

import json
from datetime import timedelta

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import Failure, GiveUp, Outcome, Run, RunState
from stoma.processes import Instance, this_process
from stoma.scheduler.now import PROGRAM, RUN_TASK
from stoma.scheduler.pausing import paused
from tests.fakes import START
from tests.makers import make_firing
from tests.unit.cli.support import Cli, Registry

HOUR = timedelta(hours=1)


@pytest.fixture
def papers(registry: Registry) -> Registry:
    registry.task("papers")
    return registry


def at_work(registry: Registry, holder: Instance) -> Run:
    """A run that *holder* carries out."""
    app, now = registry.app, registry.clock.now()
    app.instances.enter(holder, version="0", now=now)
    run = app.runs.add(make_firing(), now=now, owner=holder.id, lease_until=now + HOUR)
    return app.runs.start(run, now=now, log_path="")


def dead(registry: Registry, task_id: str = "papers") -> Run:
    """A run of which every attempt has failed."""
    run = registry.started(task_id)
    failure = Failure(kind="network", message="no answer")
    registry.app.runs.fail(run, failure, GiveUp(Outcome.DEAD), now=START)
    return registry.app.runs.get(run.id)


# --- cancel-run -------------------------------------------------------------------------------


def test_a_run_that_waits_will_not_start(cli: Cli, papers: Registry) -> None:
    papers.app.runs.add(make_firing(), now=START)

    shown = cli.scheduler("cancel-run", 1)

    assert (shown.code, shown.out) == (
        0,
        "cancelled run 1 of papers: it had not started, and will not\n",
    )
    assert papers.app.runs.get(1).outcome is Outcome.CANCELLED


def test_a_run_that_is_over_can_not_be_cancelled(cli: Cli, papers: Registry) -> None:
    papers.ran()

    shown = cli.scheduler("cancel-run", 1)

    assert shown.code == 6
    assert shown.err == (
        "error: run 1 is over already: succeeded\n  see: stoma scheduler show-run 1\n"
    )


def test_an_unknown_run_can_not_be_cancelled(cli: Cli, papers: Registry) -> None:
    assert cli.scheduler("cancel-run", 9).code == 5


def test_a_scheduler_that_does_not_look_is_told_and_that_is_said(
    cli: Cli, papers: Registry
) -> None:
    at_work(papers, this_process("scheduler"))

    shown = cli.scheduler("cancel-run", 1)

    assert shown.code == 75
    assert "was told to stop it, and has not yet" in shown.err
    assert papers.app.runs.get(1).cancel_requested


def test_of_a_run_inside_a_program_nothing_more_is_stored(cli: Cli, papers: Registry) -> None:
    at_work(papers, this_process(PROGRAM))

    shown = cli.scheduler("cancel-run", 1)

    assert shown.code == 0
    assert "nothing that the program process" in shown.out
    assert papers.app.runs.get(1).outcome is Outcome.CANCELLED
    assert papers.app.runs.attempts(1)[0].outcome is Outcome.CANCELLED


def test_a_run_that_nobody_holds_any_more_is_ended(cli: Cli, papers: Registry) -> None:
    papers.started()

    shown = cli.scheduler("cancel-run", 1)

    assert (shown.code, papers.app.runs.get(1).outcome) == (0, Outcome.CANCELLED)


def test_the_run_of_a_process_elsewhere_is_marked_and_left_to_it(
    cli: Cli, papers: Registry
) -> None:
    elsewhere = Instance(
        id="far", kind=RUN_TASK, host="elsewhere", boot_id="x", pid=1, pid_started="1"
    )
    at_work(papers, elsewhere)

    shown = cli.scheduler("cancel-run", 1)

    assert shown.code == 75
    assert "the run-task process 1 was told" in shown.err


# --- retry-run, history --dead ----------------------------------------------------------------


def test_the_dead_are_listed_with_the_way_out(cli: Cli, papers: Registry) -> None:
    papers.failed()
    dead(papers)

    shown = cli.scheduler("history", "--dead")

    assert [line.split()[1] for line in shown.lines[1:]] == ["2"]
    assert shown.err == (
        "to run one again: stoma scheduler retry-run 2\nwhat happened: stoma scheduler logs 2\n"
    )
    assert cli.scheduler("history", "--dead", "-o", "name").err == ""


def test_the_dead_run_again_with_all_their_attempts_or_none_does(
    cli: Cli, papers: Registry
) -> None:
    for _ in range(2):
        dead(papers)
    papers.app.runs.add(make_firing(), now=START)

    refused = cli.scheduler("retry-run", 1, 2, 3)
    shown = cli.scheduler("retry-run", 1, 2)

    assert refused.code == 6
    assert "run 3 is not over: it is pending" in refused.err
    assert shown.lines == [
        "run 1 of papers waits to run again",
        "run 2 of papers waits to run again",
    ]
    assert shown.err == "no scheduler is running: stoma scheduler start\n"
    runs = [papers.app.runs.get(number) for number in (1, 2)]
    assert [(run.state, run.attempts, run.max_attempts) for run in runs] == [
        (RunState.PENDING, 1, 5)
    ] * 2
    assert cli.scheduler("history", "--dead", "-o", "name").out == ""


def test_a_run_of_a_task_that_was_removed_can_run_again(cli: Cli, papers: Registry) -> None:
    dead(papers)
    papers.app.tasks.remove("papers")

    assert cli.scheduler("retry-run", 1).code == 0
    assert papers.app.runs.get(1).max_attempts == 5


def test_a_run_without_any_definition_can_not(cli: Cli, papers: Registry) -> None:
    dead(papers, "unheard_of")

    shown = cli.scheduler("retry-run", 1)

    assert shown.code == 6
    assert "task unheard_of is gone" in shown.err


def test_a_stretch_of_slots_is_filled_instead(cli: Cli, papers: Registry) -> None:
    stretch = Decision(state=RunState.MISSED, due_at=START - 3 * HOUR, due_to=START - HOUR, slots=3)
    papers.app.runs.add(make_firing(stretch), now=START)

    shown = cli.scheduler("retry-run", 1)

    assert shown.code == 6
    assert (
        "stoma scheduler backfill papers --from 2026-03-02T09:00:00+00:00"
        " --to 2026-03-02T11:00:01+00:00" in shown.err
    )


# --- pause, resume, disable-task --until ------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2h", "14:00:00"),
        ("90s", "12:01:30"),
        ("18:00", "18:00:00"),
        ("2026-03-02T15:00+01:00", "14:00:00"),
    ],
)
def test_a_pause_ends_when_it_is_said(cli: Cli, papers: Registry, until: str, end: str) -> None:
    shown = cli.scheduler("pause", "--until", until, "--reason", "moving house")

    assert shown.out == f"the scheduler is paused until 2026-03-02 {end} UTC: moving house\n"
    assert cli.scheduler("status").lines[1].startswith("paused     ! no run starts until Mon 2026")
    assert cli.scheduler("resume").out == "the scheduler goes on\n"
    assert cli.scheduler("resume").out == "the scheduler was not paused\n"


def test_a_time_of_day_that_is_past_means_tomorrow(cli: Cli, papers: Registry) -> None:
    cli.scheduler("pause", "--until", "9:30")

    found = json.loads(cli.scheduler("status", "--json").out)
    assert found["paused"] == {"until": "2026-03-03T09:30:00+00:00", "reason": ""}


def test_a_pause_without_an_end_is_told_to_who_asks_for_a_run(cli: Cli, papers: Registry) -> None:
    dead(papers)
    cli.scheduler("pause")

    shown = cli.scheduler("retry-run", 1)

    assert paused(papers.app) is not None
    assert "the scheduler is paused; to go on: stoma scheduler resume\n" in shown.err
    assert "! no run starts; go on: stoma scheduler resume" in cli.scheduler("status").out


@pytest.mark.parametrize("command", [["pause"], ["disable-task", "papers"]])
@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("2020-01-01", "--until is 2020-01-01T00:00:00+00:00, which is past"),
        ("soon", "--until is 'soon', which is no date or time"),
        ("xm", "--until is 'xm', which is no length of time"),
    ],
)
def test_an_end_that_can_not_be_is_refused(
    cli: Cli, papers: Registry, command: list[str], until: str, words: str
) -> None:
    shown = cli.scheduler(*command, "--until", until)

    assert shown.code == 2
    assert words in shown.err
    assert paused(papers.app) is None
    assert papers.app.tasks.get("papers").enabled


def test_a_task_is_disabled_for_a_while_and_that_is_shown(cli: Cli, papers: Registry) -> None:
    shown = cli.scheduler("disable-task", "papers", "--until", "3h", "--reason", "too much")

    assert shown.out == "disabled papers until Mon 2026-03-02 15:00 UTC (in 3h)\n"
    assert "disabled, back in 3h" in cli.scheduler("list-tasks").out
    page = cli.scheduler("show-task", "papers").out
    assert "disabled until Mon 2026-03-02 15:00 UTC (in 3h): too much" in page
    (found,) = json.loads(cli.scheduler("list-tasks", "--json").out)
    assert found["disabled_until"] == "2026-03-02T15:00:00+00:00"


def test_enabled_by_hand_it_has_no_end_any_more(cli: Cli, papers: Registry) -> None:
    cli.scheduler("disable-task", "papers", "--until", "3h")
    cli.scheduler("enable-task", "papers")

    assert papers.app.tasks.get("papers").disabled_until is None


def test_without_a_registry_nothing_is_paused(cli: Cli) -> None:
    assert cli.scheduler("resume").out == "the scheduler was not paused\n"


# --- run as of --------------------------------------------------------------------------------


def test_a_run_says_which_time_it_stands_for(cli: Cli, registry: Registry) -> None:
    registry.task("papers", schedule="hourly")
    slot = Decision(state=RunState.PENDING, due_at=START, params={"since": "2026-03-02T10:00:00Z"})
    registry.app.runs.add(make_firing(slot), now=START)

    shown = cli.scheduler("show-run", 1, "--utc")
    found = json.loads(cli.scheduler("show-run", 1, "--json").out)

    assert "stands for  2026-03-02T09:00:00Z to 2026-03-02T12:00:00Z\n" in shown.out
    assert found["scheduled_for"] == found["window_end"] == "2026-03-02T12:00:00+00:00"
    assert found["window_start"] == "2026-03-02T09:00:00+00:00"


@pytest.mark.parametrize(
    ("decision", "scheduled_for"),
    [
        (Decision(state=RunState.PENDING, due_at=None), None),
        (Decision(state=RunState.SKIPPED, due_at=START, reason="overlap"), None),
        (Decision(state=RunState.PENDING, due_at=START), "2026-03-02T12:00:00+00:00"),
    ],
)
def test_without_a_window_there_is_none_to_show(
    cli: Cli, registry: Registry, decision: Decision, scheduled_for: str | None
) -> None:
    registry.app.runs.add(make_firing(decision, task_id="removed_long_ago"), now=START)

    found = json.loads(cli.scheduler("show-run", 1, "--json").out)

    assert (found["scheduled_for"], found["window_start"], found["window_end"]) == (
        scheduled_for,
        None,
        None,
    )


def test_a_schedule_that_can_not_be_read_any_more_has_no_window(
    cli: Cli, registry: Registry
) -> None:
    registry.task("papers", schedule="hourly")
    with registry.app.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE task_versions SET definition = json_set(definition, '$.timezone', 'No/Where')"
        )
    registry.app.runs.add(make_firing(Decision(state=RunState.PENDING, due_at=START)), now=START)

    found = json.loads(cli.scheduler("show-run", 1, "--json").out)

    assert (found["scheduled_for"], found["window_start"]) == ("2026-03-02T12:00:00+00:00", None)
