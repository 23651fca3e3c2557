"""`stoma scheduler backfill`."""

import json
from datetime import timedelta

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import RunState, Trigger
from tests.fakes import START, FakeClock
from tests.makers import make_firing
from tests.unit.cli.support import Cli, Registry

HOUR = timedelta(hours=1)
#: Where the clock stands: noon of 2 March 2026.
MORNING = ("--from", "2026-03-02T06:00", "--to", "2026-03-02T11:00")


@pytest.fixture
def past(registry: Registry) -> Registry:
    """Hours 4 to 9 were missed, 10 was skipped, 11 did its work in a minute."""
    registry.task("papers", schedule="hourly")
    first = START - 8 * HOUR
    decision = Decision(
        state=RunState.MISSED,
        due_at=first,
        due_to=first + 5 * HOUR,
        slots=6,
        reason="downtime",
        detail="6 slots missed",
    )
    registry.app.runs.add(make_firing(decision), now=START)
    registry.skipped("papers", at=START - 2 * HOUR)
    slot = make_firing(Decision(state=RunState.PENDING, due_at=START - HOUR))
    run = registry.app.runs.add(slot, now=START, owner="x", lease_until=START)
    registry.app.runs.start(run, now=START - HOUR, log_path="")
    return registry


def rows(registry: Registry) -> list[tuple[str, int, str]]:
    found = sorted(registry.app.runs.after(0), key=lambda run: run.due_at or START)
    return [(f"{run.due_at:%H}", run.slots, str(run.state)) for run in found]


def test_a_plan_lists_its_slots_and_changes_nothing(cli: Cli, past: Registry) -> None:
    before = rows(past)

    shown = cli.scheduler("backfill", "papers", *MORNING, "--dry-run")

    assert shown.out == (
        "papers: 5 slots would run\n"
        "first  Mon 2026-03-02 06:00 UTC\n"
        "last   Mon 2026-03-02 10:00 UTC\n"
        "were   4 missed, 1 skipped\n"
        "\n"
        "SLOT                      WAS\n"
        "Mon 2026-03-02 06:00 UTC  missed\n"
        "Mon 2026-03-02 07:00 UTC  missed\n"
        "Mon 2026-03-02 08:00 UTC  missed\n"
        "Mon 2026-03-02 09:00 UTC  missed\n"
        "Mon 2026-03-02 10:00 UTC  skipped\n"
    )
    assert (shown.code, shown.err) == (0, "")
    assert rows(past) == before


def test_missing_slots_wait_to_run_and_the_rest_keeps_its_row(cli: Cli, past: Registry) -> None:
    shown = cli.scheduler("backfill", "papers", *MORNING)

    assert shown.lines[0] == "papers: 5 slots will run"
    assert shown.err == "no scheduler is running: stoma scheduler start\n"
    assert rows(past) == [
        ("04", 2, "missed"),
        ("06", 1, "pending"),
        ("07", 1, "pending"),
        ("08", 1, "pending"),
        ("09", 1, "pending"),
        ("10", 1, "pending"),
        ("11", 1, "running"),
    ]
    waiting = [run for run in past.app.runs.active() if run.state is RunState.PENDING]
    assert {run.trigger for run in waiting} == {Trigger.BACKFILL}


def test_a_second_time_there_is_nothing_left_to_fill(cli: Cli, past: Registry) -> None:
    cli.scheduler("backfill", "papers", *MORNING)

    shown = cli.scheduler("backfill", "papers", "--from", "2026-03-02T04:00", "--limit", "1")
    again = cli.scheduler("backfill", "papers", *MORNING)

    assert shown.lines[0] == "papers: 1 slot will run"
    assert "note: 1 more slot beyond --limit" in shown.err
    assert again.out == "papers: nothing to fill\nleft  5 pending: nothing to do\n"


def test_json_has_every_slot(cli: Cli, past: Registry) -> None:
    found = json.loads(cli.scheduler("backfill", "papers", *MORNING, "--dry-run", "--json").out)

    assert found["dry_run"] is True
    assert found["slots"][0] == {"due_at": "2026-03-02T06:00:00+00:00", "was": "missed"}
    assert (found["counts"], found["split_rows"]) == ({"missed": 4, "skipped": 1}, 1)
    assert (found["beyond_limit"], found["undecided_from"], found["seconds"]) == (0, None, None)


def test_a_long_plan_is_cut_short_for_people(cli: Cli, past: Registry) -> None:
    shown = cli.scheduler("backfill", "papers", "--from", "2026-03-01", "--dry-run")

    assert shown.lines[-1] == "and 15 more"


def test_what_the_scheduler_has_yet_to_decide_is_left_to_it(
    cli: Cli, past: Registry, clock: FakeClock
) -> None:
    clock.advance(3 * HOUR)

    shown = cli.scheduler("backfill", "papers", "--from", "2026-03-02T09:00", "--dry-run")

    assert "last   Mon 2026-03-02 12:00 UTC" in shown.lines
    assert "slots from Mon 2026-03-02 13:00 UTC on are not decided yet" in shown.err


def test_past_runs_say_how_long_it_takes(cli: Cli, past: Registry) -> None:
    past.ran("papers", at=START - HOUR)

    shown = cli.scheduler("backfill", "papers", *MORNING, "--dry-run")

    assert "takes  about 5m, one after the other" in shown.lines


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nobody", *MORNING), 5, "error: no task 'nobody'"),
        (("papers", "--from", "2027-01-01"), 2, "error: --from is 2027-01-01, which has not come"),
        (("papers", "--from", "soon"), 2, "error: --from is 'soon', which is no date or time"),
        (("papers", "--from", "2026-03-02", "--to", "2026-03-01"), 2, "error: the interval from"),
        (("papers", "--from", "2020-01-01"), 2, "error: 54,059 slots would run"),
        (("papers",), 2, "error: --from is missing"),
    ],
)
def test_what_can_not_be_filled_is_an_error(
    cli: Cli, past: Registry, arguments: tuple[str, ...], code: int, said: str
) -> None:
    shown = cli.scheduler("backfill", *arguments)

    assert (shown.code, shown.out) == (code, "")
    assert shown.err.startswith(said)


@pytest.mark.parametrize("schedule", ["manual", "run_then_wait_2h"])
def test_a_task_without_slots_of_its_own_has_none_to_fill(
    cli: Cli, registry: Registry, schedule: str
) -> None:
    registry.task("papers", schedule=schedule)

    shown = cli.scheduler("backfill", "papers", *MORNING)

    assert (shown.code, shown.err.partition(":")[0]) == (2, "error")
    assert "has no slots that could be filled" in shown.err
