"""The ledger: one row per slot for ever, one holder per run, no illegal change."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)
from sqlalchemy import select

from stoma.domain.ledger import Decision
from stoma.domain.run import (
    HELD,
    TRANSITIONS,
    Failure,
    GiveUp,
    Outcome,
    RetryAt,
    Run,
    RunState,
)
from stoma.exceptions import ConflictError, LostClaimError, NotFoundError
from stoma.storage.database import Database
from stoma.storage.runs import RunStore, Usage
from stoma.storage.tables import TASKS
from stoma.storage.tasks import Next, Placed, TaskStore
from tests.fakes import START
from tests.makers import make_firing, make_task
from tests.registries import empty_database

LATER = START + timedelta(minutes=1)
SLOT = Decision(state=RunState.PENDING, due_at=START)
BROKEN = Failure(kind="network", message="no answer")


@pytest.fixture
def runs(database: Database) -> RunStore:
    TaskStore(database).add(Placed(task=make_task(), next=Next(START, START)), now=START)
    return RunStore(database)


def claim(runs: RunStore, run: Run, owner: str = "one") -> Run:
    claimed = runs.claim(run.id, owner=owner, lease_until=LATER)
    assert claimed is not None
    return claimed


def started(runs: RunStore) -> Run:
    run = runs.add(make_firing(), now=START)
    return runs.start(claim(runs, run), now=START, log_path="x.log")


def test_a_claim_is_given_once(runs: RunStore) -> None:
    run = runs.add(make_firing(), now=START)

    claims = [runs.claim(run.id, owner=who, lease_until=LATER) is not None for who in "ab"]

    assert claims == [True, False]


def test_a_slot_has_one_row_however_often_it_is_fired(runs: RunStore) -> None:
    firing = make_firing(SLOT, seen_next_slot_at=START, next_slot_at=START)

    added = [runs.fire([firing], now=START) for _ in range(3)]

    assert added == [1, 0, 0]


def test_a_task_edited_since_it_was_planned_is_left_alone(
    runs: RunStore, database: Database
) -> None:
    TaskStore(database).put(
        [Placed(task=make_task(name="Other"), next=Next(LATER, LATER))], now=START
    )

    added = runs.fire([make_firing(SLOT, seen_next_slot_at=START)], now=START)

    assert added == 0
    assert runs.active() == []


def test_firing_moves_the_task_on(runs: RunStore, database: Database) -> None:
    runs.fire(
        [make_firing(SLOT, seen_next_slot_at=START, next_slot_at=LATER, watermark_at=START)],
        now=START,
    )

    with database.read() as connection:
        row = connection.execute(select(TASKS.c.next_slot_at, TASKS.c.watermark_at)).one()
    assert row == (LATER, START)


def test_a_stale_holder_can_change_nothing(runs: RunStore) -> None:
    old = started(runs)
    runs.interrupt(old, now=LATER, again=True, error="its process died")
    new = runs.start(claim(runs, old, "two"), now=LATER, log_path="y.log")

    with pytest.raises(LostClaimError):
        runs.finish(old, Outcome.SUCCEEDED, now=LATER)
    with pytest.raises(LostClaimError):
        runs.fail(old, BROKEN, GiveUp(Outcome.FAILED), now=LATER)

    assert runs.get(old.id).owner == "two"
    runs.finish(new, Outcome.SUCCEEDED, now=LATER)
    assert runs.get(old.id).outcome is Outcome.SUCCEEDED


def test_a_retry_waits_for_its_moment_and_counts_as_an_attempt(runs: RunStore) -> None:
    run = started(runs)
    runs.fail(run, BROKEN, RetryAt(LATER), now=START)

    assert runs.ready(START, limit=5) == []
    assert [each.id for each in runs.ready(LATER, limit=5)] == [run.id]
    assert runs.next_ready_at(START) == LATER
    assert runs.next_ready_at(LATER) is None
    again = runs.start(claim(runs, run), now=LATER, log_path="x.log")
    assert again.attempts == 2
    assert [each.error_kind for each in runs.attempts(run.id)] == ["network", ""]


def test_a_deferral_consumes_no_attempt(runs: RunStore) -> None:
    run = started(runs)

    runs.defer(run, BROKEN, now=START, not_before=LATER)

    stored = runs.get(run.id)
    assert (stored.state, stored.attempts, stored.reason) == (RunState.PENDING, 0, "budget")
    assert len(runs.attempts(run.id)) == 1


def test_a_released_run_is_as_it_was(runs: RunStore) -> None:
    run = runs.add(make_firing(), now=START)

    runs.release(claim(runs, run), not_before=LATER, reason="no process")

    assert runs.get(run.id).state is RunState.PENDING
    assert runs.get(run.id).attempts == 0


def test_the_most_urgent_runs_come_first_then_the_oldest(runs: RunStore) -> None:
    slots = [START + timedelta(seconds=second) for second in range(3)]
    for slot, priority in zip(slots, (2, 2, 0), strict=True):
        decision = Decision(state=RunState.PENDING, due_at=slot)
        firing = make_firing(
            decision, seen_next_slot_at=START, next_slot_at=START, priority=priority
        )
        runs.fire([firing], now=START)

    assert [run.due_at for run in runs.ready(LATER, limit=9)] == [slots[2], slots[0], slots[1]]


def test_a_task_at_work_does_not_start_a_second_run(runs: RunStore) -> None:
    first = started(runs)
    second = runs.add(make_firing(), now=START)

    assert runs.ready(LATER, limit=9) == []
    runs.finish(first, Outcome.SUCCEEDED, now=LATER)
    assert [run.id for run in runs.ready(LATER, limit=9)] == [second.id]


def test_a_missed_stretch_is_one_row(runs: RunStore) -> None:
    stretch = Decision(
        state=RunState.MISSED, due_at=START, due_to=LATER, slots=61, reason="downtime"
    )

    added = runs.fire([make_firing(stretch, seen_next_slot_at=START)], now=LATER)

    assert added == 1


def test_a_run_that_is_over_can_be_opened_again(runs: RunStore) -> None:
    run = started(runs)
    runs.fail(run, BROKEN, GiveUp(Outcome.DEAD), now=START)

    again = runs.reopen(run.id, max_attempts=2, reason="user")

    assert (again.state, again.outcome, again.max_attempts) == (RunState.PENDING, None, 3)
    with pytest.raises(ConflictError, match="pending"):
        runs.reopen(run.id, max_attempts=1, reason="user")


def test_only_what_has_not_started_is_cancelled_here(runs: RunStore) -> None:
    waiting, busy = runs.add(make_firing(), now=START), started(runs)

    assert runs.cancel(waiting.id, now=START, reason="user")
    assert not runs.cancel(busy.id, now=START, reason="user")
    assert runs.get(waiting.id).outcome is Outcome.CANCELLED


def test_usage_is_kept_with_run_and_attempt(runs: RunStore) -> None:
    run = started(runs)

    runs.note_usage([Usage(run, exit_code=-9, peak_memory_bytes=5000, cpu_seconds=1.5)])

    assert runs.get(run.id).peak_memory_bytes == 5000
    assert runs.attempts(run.id)[0].exit_code == -9


def test_a_run_has_taken_a_time_when_it_is_over(runs: RunStore) -> None:
    waiting = runs.add(make_firing(task_id="other"), now=START)
    run = started(runs)
    runs.finish(run, Outcome.SUCCEEDED, now=LATER)

    taken = [each.duration_seconds for each in (waiting, run, runs.get(run.id))]

    assert taken == [None, None, (LATER - START).total_seconds()]


def test_an_unknown_run_is_not_found(runs: RunStore) -> None:
    with pytest.raises(NotFoundError, match="no run 99"):
        runs.get(99)


@settings(max_examples=40, stateful_step_count=25, derandomize=True, deadline=None)
class Ledger(RuleBasedStateMachine):
    """Whatever happens in whatever order, runs only change as the table says."""

    runs_known = Bundle("runs_known")
    holds = Bundle("holds")

    @initialize()
    def open_registry(self) -> None:
        self.folder = TemporaryDirectory()
        self.opened = ExitStack()
        self.database = self.opened.enter_context(
            empty_database(Path(self.folder.name) / "stoma.db")
        )
        self.store = RunStore(self.database)
        self.before: dict[int, Run] = {}
        self.fences: dict[int, int] = {}

    def teardown(self) -> None:
        self.opened.close()
        self.folder.cleanup()

    @rule(target=runs_known)
    def add(self) -> int:
        return self.store.add(make_firing(task_id=f"task{len(self.before)}"), now=START).id

    @rule(target=holds, run_id=runs_known)
    def claim_and_start(self, run_id: int) -> Run | None:
        claimed = self.store.claim(run_id, owner="me", lease_until=LATER)
        return claimed and self.store.start(claimed, now=START, log_path="")

    @rule(hold=consumes(holds), outcome=st.sampled_from(Outcome))
    def finish(self, hold: Run | None, outcome: Outcome) -> None:
        self.attempt(hold, lambda run: self.store.finish(run, outcome, now=LATER))

    @rule(hold=holds, verdict=st.sampled_from([RetryAt(LATER), GiveUp(Outcome.DEAD)]))
    def fail(self, hold: Run | None, verdict: RetryAt | GiveUp) -> None:
        self.attempt(hold, lambda run: self.store.fail(run, BROKEN, verdict, now=LATER))

    @rule(hold=holds)
    def defer(self, hold: Run | None) -> None:
        self.attempt(hold, lambda run: self.store.defer(run, BROKEN, now=START, not_before=LATER))

    @rule(hold=holds, again=st.booleans())
    def crash(self, hold: Run | None, again: bool) -> None:
        self.attempt(hold, lambda run: self.store.interrupt(run, now=LATER, again=again, error=""))

    @rule(run_id=runs_known)
    def cancel(self, run_id: int) -> None:
        self.store.cancel(run_id, now=LATER, reason="user")

    @rule(run_id=runs_known)
    def reopen(self, run_id: int) -> None:
        try:
            self.store.reopen(run_id, max_attempts=2, reason="user")
        except ConflictError:
            assert self.store.get(run_id).state in {*HELD, RunState.PENDING}

    def attempt(self, hold: Run | None, change: Callable[[Run], None]) -> None:
        """Change a run, which works exactly while its fence is the newest and it runs."""
        if hold is None:
            return
        now = self.store.get(hold.id)
        valid = now.fence == hold.fence and now.state is RunState.RUNNING
        try:
            change(hold)
        except LostClaimError:
            assert not valid
        else:
            assert valid

    @invariant()
    def every_change_is_in_the_table(self) -> None:
        for run_id, old in list(self.before.items()):
            new = self.store.get(run_id)
            # A claim and a start are one rule here, so two steps of the table may have passed.
            steps = {old.state, *TRANSITIONS[old.state]}
            reachable = steps | {then for step in steps for then in TRANSITIONS[step]}
            assert new.state in reachable
            assert new.fence >= old.fence
            assert (new.state is RunState.DONE) == (new.outcome is not None)
            assert (new.state in HELD) == (new.owner is not None)
            assert 0 <= new.attempts <= len(self.store.attempts(run_id))
            self.before[run_id] = new
        for run in self.store.active():
            self.before.setdefault(run.id, run)


TestLedger = Ledger.TestCase


def test_every_state_of_the_table_is_a_state_and_no_state_is_missing() -> None:
    assert set(TRANSITIONS) == set(RunState)
