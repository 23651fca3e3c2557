"""Slots of the past that run after all: each keeps its one row."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.refill import Refill, Slots, Split
from stoma.domain.run import Failure, GiveUp, Outcome, Run, RunState, Trigger
from stoma.exceptions import ConflictError
from stoma.storage.database import Database
from stoma.storage.runs import RunStore
from stoma.storage.tasks import Next, Placed, TaskStore
from tests.fakes import START
from tests.makers import make_firing, make_task

HOUR = timedelta(hours=1)
NOW = START + timedelta(days=1)


@pytest.fixture
def runs(database: Database) -> RunStore:
    TaskStore(database).add(Placed(task=make_task(), next=Next(NOW, NOW)), now=START)
    return RunStore(database)


def missed(runs: RunStore, first: datetime, slots: int) -> Run:
    """A row that stands for slots hour by hour."""
    last = first + (slots - 1) * HOUR if slots > 1 else None
    decision = Decision(
        state=RunState.MISSED,
        due_at=first,
        due_to=last,
        slots=slots,
        reason="downtime",
        detail="nobody was there",
    )
    return runs.add(make_firing(decision), now=START)


def refill(**what: object) -> Refill:
    usual = {"task_id": "papers", "task_version": 1, "priority": 4, "attempts": 2}
    return Refill(**(usual | what))  # type: ignore[arg-type]


def ledger(runs: RunStore) -> list[tuple[int, str, int]]:
    """The rows by slot: its hour from the start, its state, for how many slots it stands."""
    rows = sorted(runs.after(0), key=lambda run: run.due_at or NOW)
    return [((run.due_at - START) // HOUR, str(run.state), run.slots) for run in rows if run.due_at]


def test_a_slot_without_a_row_gets_one(runs: RunStore) -> None:
    waiting = runs.refill(refill(fresh=(START + HOUR, START)), now=NOW)

    assert waiting == 2
    assert ledger(runs) == [(0, "pending", 1), (1, "pending", 1)]
    first = runs.after(0)[0]
    assert (first.trigger, first.priority, first.max_attempts) == (Trigger.BACKFILL, 4, 2)
    assert (first.not_before, first.reason) == (NOW, "backfill")


def test_a_row_of_one_slot_runs_after_all_and_says_what_it_was(runs: RunStore) -> None:
    idle = missed(runs, START, 1)
    failed = Decision(state=RunState.PENDING, due_at=START + HOUR)
    claimed = runs.add(make_firing(failed), now=START, owner="one", lease_until=NOW)
    started = runs.start(claimed, now=START, log_path="")
    runs.fail(started, Failure(kind="network", message="no answer"), GiveUp(Outcome.DEAD), now=NOW)
    dead = runs.get(claimed.id)

    assert runs.refill(refill(reopened=(idle, dead)), now=NOW) == 2

    again, once_more = runs.get(idle.id), runs.get(dead.id)
    assert (again.state, again.detail) == (RunState.PENDING, "was missed: nobody was there")
    assert (once_more.outcome, once_more.detail) == (None, "was dead: no answer")
    assert (once_more.attempts, once_more.max_attempts) == (1, 3)


def test_a_stretch_is_split_around_what_is_taken_out(runs: RunStore) -> None:
    run = missed(runs, START, 6)
    left = (Slots(START, START + HOUR, 2), Slots(START + 3 * HOUR, START + 5 * HOUR, 3))
    split = Split(run=run, taken=(START + 2 * HOUR,), left=left)

    assert runs.refill(refill(splits=(split,)), now=NOW) == 1

    assert ledger(runs) == [(0, "missed", 2), (2, "pending", 1), (3, "missed", 3)]
    assert {row.detail for row in runs.after(0) if row.slots > 1} == {"nobody was there"}


def test_a_stretch_that_is_taken_whole_leaves_no_row(runs: RunStore) -> None:
    run = missed(runs, START, 2)
    split = Split(run=run, taken=(START, START + HOUR), left=())

    assert runs.refill(refill(splits=(split,)), now=NOW) == 2

    assert ledger(runs) == [(0, "pending", 1), (1, "pending", 1)]


def test_what_has_changed_meanwhile_is_left_alone(runs: RunStore) -> None:
    run = missed(runs, START, 3)
    seen = replace(run, slots=4)
    split = Split(run=seen, taken=(START,), left=(Slots(START + HOUR, None, 1),))

    with pytest.raises(ConflictError, match=f"run {run.id} has changed"):
        runs.refill(refill(fresh=(START + 9 * HOUR,), splits=(split,)), now=NOW)

    assert ledger(runs) == [(0, "missed", 3)]


def test_nothing_to_fill_writes_nothing(runs: RunStore) -> None:
    assert runs.refill(refill(), now=NOW) == 0
    assert runs.after(0) == []


def test_rows_of_single_slots_are_found_by_their_slot(runs: RunStore) -> None:
    for hour in range(3):
        missed(runs, START + hour * HOUR, 1)
    missed(runs, START + 3 * HOUR, 5)

    found = runs.singles("papers", START + HOUR, START + 9 * HOUR)

    assert list(found) == [START + HOUR, START + 2 * HOUR]


def test_without_an_end_everything_later_is_found(runs: RunStore) -> None:
    stretch = missed(runs, START, 3)
    later = missed(runs, START + 5 * HOUR, 1)

    assert [run.id for run in runs.stretches("papers", START + HOUR)] == [stretch.id]
    assert runs.decided("papers", START + HOUR) == {later.due_at}
