"""`stoma scheduler why`."""

import json
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import Failure, GiveUp, Outcome, RetryAt, Run, RunState, Trigger
from stoma.operations import editing
from stoma.scheduler.pausing import pause
from tests.fakes import START, FakeClock
from tests.makers import make_firing
from tests.unit.cli.support import Cli, Registry, Terminal

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def papers(registry: Registry, clock: FakeClock) -> Registry:
    """A task of every hour, registered a week ago; the clock stands at noon."""
    clock.advance(-7 * DAY)
    registry.task("papers", schedule="hourly")
    clock.advance(7 * DAY)
    return registry


def slot(registry: Registry, at: datetime, **fields: Any) -> Run:
    """A slot of the task that waits to run, unless *fields* say otherwise."""
    usual: dict[str, Any] = {"state": RunState.PENDING, "due_at": at}
    decision = Decision(**(usual | fields))
    return registry.app.runs.add(make_firing(decision), now=at)


def begun(registry: Registry, at: datetime, **fields: Any) -> Run:
    run = registry.app.runs.claim(slot(registry, at, **fields).id, owner="x", lease_until=START)
    assert run is not None
    return registry.app.runs.start(run, now=at + 5 * MINUTE, log_path="")


def decided(registry: Registry, *, next_at: datetime) -> None:
    """Say that the scheduler has decided everything before *next_at*."""
    task = registry.app.tasks.get("papers")
    firing = make_firing(
        seen_next_slot_at=task.next_slot_at,
        next_slot_at=next_at,
        next_run_at=next_at,
        watermark_at=next_at - MINUTE,
        task_version=task.version,
    )
    registry.app.runs.fire([replace(firing, decisions=())], now=START)


def told(cli: Cli, *arguments: object) -> list[str]:
    shown = cli.scheduler("why", "papers", *arguments)
    assert shown.code == 0, shown.err
    return [line.strip() for line in (shown.out + shown.err).splitlines()]


# --- what has been ------------------------------------------------------------------------------


def test_a_run_that_did_its_work_is_told_in_order(cli: Cli, papers: Registry) -> None:
    run = begun(papers, START - HOUR)
    papers.app.runs.finish(run, Outcome.SUCCEEDED, now=START - 50 * MINUTE)

    assert told(cli)[:4] == [
        "✓ slot Mon 2026-03-02 11:00 UTC (1h ago)",
        "11:00:00Z  due        hourly",
        "11:05:00Z  started    run 1, attempt 1, 5 min after its moment",
        "11:10:00Z  succeeded  after 5 min",
    ]


def test_a_skipped_slot_names_the_run_in_the_way_and_how_that_ended(
    cli: Cli, papers: Registry
) -> None:
    busy = begun(papers, START - 2 * HOUR)
    detail = f'overlap = "skip": run {busy.id} was still running (since 10:05:00 UTC)'
    skip = {"state": RunState.SKIPPED, "reason": "overlap", "detail": detail}
    slot(papers, START - HOUR, **skip)

    during = told(cli, "--at", "11:00")
    papers.app.runs.finish(busy, Outcome.SUCCEEDED, now=START - 50 * MINUTE)
    after = told(cli, "--at", "2026-03-02T11:00:00")

    assert f"11:00:00Z  skipped  {detail}" in during
    assert "run 1    is running still" in during
    assert "11:10:00Z  run 1    ended: succeeded after 1 h 5 min" in after


def test_every_attempt_is_told(cli: Cli, papers: Registry) -> None:
    run = begun(papers, START - HOUR)
    failure = Failure(kind="network", message="no answer")
    papers.app.runs.fail(run, failure, RetryAt(START + HOUR), now=START - 30 * MINUTE)

    waiting = told(cli)
    claimed = papers.app.runs.claim(run.id, owner="x", lease_until=START)
    assert claimed is not None
    again = papers.app.runs.start(claimed, now=START - 10 * MINUTE, log_path="")
    running = told(cli)
    papers.app.runs.fail(again, failure, GiveUp(Outcome.DEAD), now=START)
    dead = told(cli)

    assert "11:30:00Z  failed   network: no answer (after 25 min)" in waiting
    assert "13:00:00Z  waits    run 1 waits for its next attempt" in waiting
    assert "runs     run 1 is at work" in running
    assert "12:00:00Z  dead     run 1: all 2 attempts failed; again: retry-run 1" in dead


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"trigger": Trigger.CATCH_UP, "detail": "late by 3 h"},
            "11:00:00Z  catch_up  late by 3 h",
        ),
        ({"trigger": Trigger.BACKFILL}, "11:00:00Z  backfill  run 1"),
        ({}, "waits  run 1 waits for room"),
        (
            {"not_before": START, "reason": "budget"},
            "12:00:00Z  waits  run 1 waits for the source's",
        ),
    ],
)
def test_where_a_run_stands_is_told(
    cli: Cli, papers: Registry, fields: dict[str, Any], line: str
) -> None:
    slot(papers, START - HOUR, **fields)

    assert any(each.startswith(line) for each in told(cli))


def test_a_run_that_was_claimed_is_about_to_start(cli: Cli, papers: Registry) -> None:
    papers.app.runs.claim(slot(papers, START - HOUR).id, owner="x", lease_until=START)

    assert "starts  run 1 is about to start" in told(cli)


def test_a_run_cancelled_before_it_started_says_by_whom(cli: Cli, papers: Registry) -> None:
    papers.app.runs.cancel(slot(papers, START - HOUR).id, now=START, reason="replaced")

    assert told(cli)[2] == "12:00:00Z  cancelled  a newer slot took its place before it started"


def test_a_stretch_answers_for_each_of_its_slots(cli: Cli, papers: Registry) -> None:
    detail = "5 slots missed while nothing was running; catch_up is none"
    first = START - 6 * HOUR
    stretch = {"due_to": first + 4 * HOUR, "slots": 5, "reason": "downtime", "detail": detail}
    slot(papers, first, state=RunState.MISSED, **stretch)

    lines = told(cli, "--at", "08:00")

    assert lines[0] == "- slot Mon 2026-03-02 06:00 UTC (6h ago)"
    assert lines[1].endswith("due     hourly, 5 slots up to 2026-03-02 10:00:00 UTC")
    assert lines[2].endswith(f"missed  {detail}")
    assert any("no slot at 2026-03-02 08:30:00 UTC" in each for each in told(cli, "--at", "08:30"))


def test_a_moment_without_a_slot_says_so_and_shows_the_one_before(
    cli: Cli, papers: Registry
) -> None:
    slot(papers, START - 2 * HOUR, state=RunState.SKIPPED, reason="paused", detail="it was paused")

    lines = told(cli, "--at", "10:20")

    assert lines[0] == "- slot Mon 2026-03-02 10:00 UTC (2h ago)"
    assert any(
        "no slot at 2026-03-02 10:20:00 UTC: the schedule says hourly; the next slot after it is"
        in each
        for each in lines
    )


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-01-01", "the task was added later, at 2026-02-23 12:00:00 UTC"),
        ("2026-02-23T13:00", "not decided yet: no scheduler is running; start it: stoma scheduler"),
    ],
)
def test_a_slot_without_a_row_says_why(cli: Cli, papers: Registry, at: str, said: str) -> None:
    lines = told(cli, "--at", at)

    assert any("no row" in each and said in each for each in lines)


def test_a_slot_of_the_time_a_task_was_disabled_says_so(
    cli: Cli, papers: Registry, clock: FakeClock
) -> None:
    decided(papers, next_at=START)
    editing.disable_tasks(papers.app, ["papers"], reason="too slow")
    clock.advance(3 * HOUR)

    off = told(cli, "--at", "14:00")
    coming = told(cli, "--at", "2026-03-03")
    editing.enable_tasks(papers.app, ["papers"])
    on = told(cli, "--at", "14:00")

    assert any("no row" in each and "the task is disabled: too slow" in each for each in off)
    assert any("it will not be: the task is disabled: too slow" in each for each in coming)
    assert any("the schedule was not in force then" in each for each in on)


def test_without_a_past_there_is_nothing_to_tell(cli: Cli, papers: Registry) -> None:
    assert "note: it had no slot so far" in told(cli)


# --- what will be -------------------------------------------------------------------------------


def test_the_rules_that_will_decide_are_told(cli: Cli, papers: Registry) -> None:
    change = editing.Change(fields={"overlap": "queue_one", "catch_up": "all"})
    editing.edit_task(papers.app, "papers", change)

    lines = told(cli, "--at", "2026-03-02T15:20")

    assert lines[:4] == [
        "slot Mon 2026-03-02 16:00 UTC (in 4h)",
        "16:00:00Z  due      hourly",
        "grace    up to 30 min late it runs as itself; then it runs late (catch_up = all)",
        "overlap  if a run is still at work then: it waits, if nothing waits already"
        " (overlap = queue_one)",
    ]
    assert (
        "note: no slot at 2026-03-02 15:20:00 UTC; the next one is 2026-03-02 16:00:00 UTC" in lines
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"misfire_grace_seconds": 90}, "grace    up to 1 min 30 s late it runs as itself"),
        ({"only_if": ({"type": "time", "after": "22:00"},)}, "only_if  1 condition(s) must hold"),
        ({"schedule": "manual"}, "note: its slots are not known before they come: manual"),
        ({"schedule": "once_at_2026-03-03T09:00"}, "note: no slot at 2026-03-04 00:00:00 UTC or"),
        (
            {"schedule": {"type": "hourly", "only_between": "09:00-17:00"}},
            "filter  it will be skipped",
        ),
        (
            {"type": "sec_edgar", "config": {}},
            "skip  it will be skipped as things stand: sec_edgar",
        ),
    ],
)
def test_what_decides_depends_on_the_task(
    cli: Cli, registry: Registry, fields: dict[str, Any], said: str
) -> None:
    registry.task("papers", **fields)

    assert any(said in each for each in told(cli, "--at", "2026-03-04"))


def test_a_slot_that_a_filter_moves_says_from_where(cli: Cli, registry: Registry) -> None:
    schedule = {
        "cron": "0 3 * * *",
        "blackouts": [{"from": "02:00", "to": "05:00"}],
        "on_hit": "defer_to_end",
    }
    registry.task("papers", schedule=schedule)

    lines = told(cli, "--at", "2026-03-04T05:00")

    assert any(each.startswith("filter   moved from 2026-03-04 03:00:00 UTC by") for each in lines)


# --- how things stand ---------------------------------------------------------------------------


def test_a_pause_is_told(cli: Cli, papers: Registry) -> None:
    decided(papers, next_at=START + HOUR)
    pause(papers.app, until=START + DAY, reason="holiday")

    assert told(cli)[-1] == (
        "note: the scheduler is paused until 2026-03-03T12:00:00+00:00: holiday;"
        " to go on: stoma scheduler resume"
    )


def test_a_slot_that_is_due_and_undecided_is_told(cli: Cli, papers: Registry) -> None:
    said = "note: the slot of 2026-02-23 13:00:00 UTC is not decided yet: no scheduler is running"

    assert any(each.startswith(said) for each in told(cli))


@pytest.mark.parametrize(
    ("reason", "words"),
    [("overlap", "raise the interval"), ("downtime", "run it as a service"), ("other", "")],
)
def test_a_cause_that_comes_again_and_again_gets_advice(
    cli: Cli, papers: Registry, reason: str, words: str
) -> None:
    for hour in range(1, 5):
        slot(papers, START - hour * HOUR, state=RunState.SKIPPED, reason=reason)

    found = json.loads(cli.scheduler("why", "papers", "--json").out)

    assert len(found["slots"]) == 3
    assert [words in each for each in found["advice"]] == ([True] if words else [])


def test_failures_that_come_again_and_again_get_advice(cli: Cli, papers: Registry) -> None:
    for hour in range(1, 5):
        run = begun(papers, START - hour * HOUR)
        failure = Failure(kind="http", message="503")
        papers.app.runs.fail(run, failure, GiveUp(Outcome.FAILED), now=START)

    (advice,) = json.loads(cli.scheduler("why", "papers", "--json").out)["advice"]

    assert advice.startswith("4 of the last 4 slots ended the same way (http); read the log")


def test_json_has_the_rows_behind_it(cli: Cli, papers: Registry) -> None:
    slot(papers, START - HOUR, state=RunState.SKIPPED, reason="paused", detail="on holiday")

    found = json.loads(cli.scheduler("why", "papers", "--json").out)

    (told_slot,) = found["slots"]
    assert (told_slot["run_id"], told_slot["state"], told_slot["reason"]) == (
        1,
        "skipped",
        "paused",
    )
    assert told_slot["events"][1] == {
        "at": "2026-03-02T11:00:00+00:00",
        "word": "skipped",
        "text": "on holiday",
    }


def test_it_fits_the_terminal(cli: Cli, papers: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)

    cli.scheduler("why", "papers", "--at", "2026-03-04")

    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) > 5


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nobody"], 5, "error: no task 'nobody'"),
        (["papers", "--at", "noon"], 2, "error: --at is 'noon', which is no date or time"),
        (["papers", "--at", "25:00"], 2, "error: --at is"),
        ([], 2, "error: Missing argument 'TASK_ID'"),
    ],
)
def test_what_can_not_be_asked_is_an_error(
    cli: Cli, papers: Registry, arguments: list[str], code: int, said: str
) -> None:
    shown = cli.scheduler("why", *arguments)

    assert (shown.code, shown.out) == (code, "")
    assert shown.err.startswith(said)


def test_without_a_registry_there_is_no_task(cli: Cli, home: Path) -> None:
    assert cli.scheduler("why", "papers").code == 5
